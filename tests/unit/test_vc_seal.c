/*
 * Cards' files under a key. The sealed file that is opened here was not made by
 * our code: the test puts it together as vc_seal.h says, with scrypt and
 * AES-256-GCM straight from OpenSSL.
 */
#include "secret.h"
#include "tlv.h"
#include "vc_nv.h"
#include "vc_seal.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSPHRASE "correct horse"
/* A card with one object: application 1, kind 1, reference 0244, value 68. */
#define IMAGE "E010 800103 8F00 E109 8104 01010244 820168"
#define SALT  "000102030405060708090A0B0C0D0E0F"
#define NONCE "101112131415161718191A1B"
#define HEAD  "800101 8110" SALT

static char folder[64], path[96], lock[128], temporary[128];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/vc_seal_XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/card", folder);
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	(void)snprintf(temporary, sizeof(temporary), "%s.new", path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	expect_ok(vc_seal_use(UK_NONE));
	(void)unlink(path);
	(void)unlink(lock);
	(void)unlink(temporary);
	return rmdir(folder);
}

/* The sealed file of IMAGE, by OpenSSL alone. */
static uk_bytes sealed_by_openssl(uint8_t *storage, size_t cap)
{
	uk_bytes image = hex(IMAGE), head = hex(HEAD);
	uint8_t key[32], text[64], tag[16];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uk_buf b = uk_buf_over(storage, cap);
	int n;

	assert_int_equal(EVP_PBE_scrypt(PASSPHRASE, strlen(PASSPHRASE),
			     hex(SALT).p, 16, 16384, 8, 1, 64 << 20, key, 32),
	    1);
	assert_int_equal(
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, hex(NONCE).p),
	    1);
	assert_int_equal(
	    EVP_EncryptUpdate(ctx, NULL, &n, head.p, (int)head.n), 1);
	assert_int_equal(
	    EVP_EncryptUpdate(ctx, text, &n, image.p, (int)image.n), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, text, &n), 1);
	assert_int_equal(
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag), 1);
	EVP_CIPHER_CTX_free(ctx);
	/* E2 L { head, 82 0C nonce, 83 L text and tag } */
	uk_put_u8(&b, 0xe2);
	uk_put_u8(&b, (uint8_t)(head.n + 14 + 2 + image.n + 16));
	uk_put(&b, head);
	uk_put(&b, hex("820C" NONCE));
	uk_put_u8(&b, 0x83);
	uk_put_u8(&b, (uint8_t)(image.n + 16));
	uk_put(&b, uk_view(text, image.n));
	uk_put(&b, UK_ARRAY(tag));
	assert_false(b.bad);
	return uk_buf_view(&b);
}

static void write_file(uk_bytes content)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
	(void)fclose(f);
}

static uk_bytes read_file(uint8_t *storage, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(storage, 1, cap, f);
	(void)fclose(f);
	return uk_view(storage, n);
}

static const struct vc_nv_id id = { 1, VC_NV_DATA, 0x0244 };

static uk_err open_card(const char *secret)
{
	struct vc_nv *nv = NULL;
	uk_bytes value;
	uk_err err;

	expect_ok(vc_seal_use(uk_view_str(secret)));
	err = vc_nv_open(path, VC_STORE_WRITE, &nv);
	if (uk_is_ok(err)) {
		assert_true(vc_nv_get(nv, id, &value));
		expect_bytes(value, hex("68"));
	}
	vc_nv_close(&nv);
	return err;
}

static void test_format(void **state)
{
	uint8_t storage[256];

	(void)state;
	write_file(sealed_by_openssl(storage, sizeof(storage)));
	expect_ok(open_card(PASSPHRASE));
	expect_code(open_card("correct horsf"), UK_ERR_CRYPTO);
	expect_code(open_card("correct horse\n"), UK_ERR_CRYPTO);
	expect_code(open_card(""), UK_ERR_NO_PERMISSION);
}

/* Nothing in the file can be changed, and a wrong one is left alone. */
static void test_every_byte_counts(void **state)
{
	uint8_t storage[256], after[256];
	uk_bytes file = sealed_by_openssl(storage, sizeof(storage));

	(void)state;
	for (size_t i = 0; i < file.n; i++) {
		storage[i] ^= 0x01;
		write_file(file);
		if (uk_is_ok(open_card(PASSPHRASE)))
			fail_msg("byte %zu does not count", i);
		expect_bytes(read_file(after, sizeof(after)), file);
		storage[i] ^= 0x01;
	}
	for (size_t n = 1; n < file.n; n++) {
		write_file(uk_bytes_first(file, n));
		expect_code(open_card(PASSPHRASE), UK_ERR_FORMAT);
	}
}

static void test_sealed_from_the_beginning(void **state)
{
	uint8_t first[512], second[512];
	uk_bytes one, two;
	struct vc_nv *nv;

	(void)state;
	expect_ok(vc_seal_use(uk_view_str(PASSPHRASE)));
	expect_ok(vc_nv_open(path, VC_STORE_CREATE, &nv));
	expect_ok(vc_nv_put(nv, id, hex("68")));
	expect_ok(vc_nv_commit(nv));
	one = read_file(first, sizeof(first));
	expect_ok(vc_nv_put(nv, id, hex("68")));
	expect_ok(vc_nv_commit(nv));
	two = read_file(second, sizeof(second));
	vc_nv_close(&nv);
	assert_int_equal(one.n, two.n);
	/* The salt stays, the nonce never comes again. */
	expect_bytes(uk_bytes_first(one, 23), uk_bytes_first(two, 23));
	assert_false(uk_bytes_eq(uk_bytes_from(uk_bytes_first(one, 37), 23),
	    uk_bytes_from(uk_bytes_first(two, 37), 23)));
	expect_ok(open_card(PASSPHRASE));
}

/* In the clear, with the remark; sealed with the next change. */
static void test_from_clear_to_sealed(void **state)
{
	uint8_t storage[512];
	uk_bytes file;
	struct vc_nv *nv;

	(void)state;
	expect_ok(vc_nv_open(path, VC_STORE_CREATE, &nv));
	expect_ok(vc_nv_put(nv, id, hex("68")));
	expect_ok(vc_nv_commit(nv));
	vc_nv_close(&nv);
	file = read_file(storage, sizeof(storage) - 1);
	storage[file.n] = 0;
	assert_non_null(memmem(storage, file.n, "TEST ONLY", 9));
	expect_ok(open_card(PASSPHRASE)); /* still readable */
	expect_ok(open_card(""));
	expect_ok(vc_seal_use(uk_view_str(PASSPHRASE)));
	expect_ok(vc_nv_open(path, VC_STORE_WRITE, &nv));
	expect_ok(vc_nv_put(nv, id, hex("68")));
	expect_ok(vc_nv_commit(nv));
	vc_nv_close(&nv);
	file = read_file(storage, sizeof(storage));
	assert_int_equal(storage[0], 0xe2);
	assert_null(memmem(storage, file.n, "TEST ONLY", 9));
	expect_code(open_card(""), UK_ERR_NO_PERMISSION);
	expect_ok(open_card(PASSPHRASE));
}

static uk_err open_and_write(void *arg)
{
	struct vc_nv *nv = NULL;
	uk_err err = vc_nv_open(path, VC_STORE_WRITE, &nv);

	(void)arg;
	if (uk_is_ok(err))
		err = vc_nv_put(nv, id, hex("68"));
	if (uk_is_ok(err))
		err = vc_nv_commit(nv);
	vc_nv_close(&nv);
	return err;
}

static void test_out_of_memory(void **state)
{
	uint8_t storage[256];

	(void)state;
	write_file(sealed_by_openssl(storage, sizeof(storage)));
	expect_ok(vc_seal_use(uk_view_str(PASSPHRASE)));
	assert_true(fail_every_allocation(open_and_write, NULL) > 5);
	expect_ok(open_card(PASSPHRASE));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_format),
		TEST(test_every_byte_counts),
		TEST(test_sealed_from_the_beginning),
		TEST(test_from_clear_to_sealed),
		TEST(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
