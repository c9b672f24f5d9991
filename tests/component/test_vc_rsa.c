/* Signatures with RSA keys: profile section 4. Verified by plain OpenSSL. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <openssl/rsa.h>
#include <stdio.h>

static bool rsa_good(
    EVP_PKEY *key, int padding, const EVP_MD *md, uk_bytes input, uk_bytes sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good = EVP_PKEY_verify_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1 &&
		    (md == NULL ||
			EVP_PKEY_CTX_set_signature_md(ctx, md) == 1) &&
		    (padding != RSA_PKCS1_PSS_PADDING ||
			EVP_PKEY_CTX_set_rsa_pss_saltlen(
			    ctx, RSA_PSS_SALTLEN_DIGEST) == 1) &&
		    EVP_PKEY_verify(ctx, sig.p, sig.n, input.p, input.n) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static void test_rsa(void **state)
{
	static const struct {
		unsigned low;
		const EVP_MD *(*md)(void);
		const char *size, *hash;
	} rows[] = {
		{ 1, EVP_sha1, "14", VC_HASH20 },
		{ 2, EVP_sha224, "1C", VC_HASH20 "89ABCDEF01234567" },
		{ 3, EVP_sha256, "20", VC_HASH },
		{ 4, EVP_sha384, "30",
		    VC_HASH "00112233445566778899AABBCCDDEEFF" },
		{ 5, EVP_sha512, "40", VC_HASH64 },
	};
	struct vc_card *card = card_in_use(NULL, 0x01, false);
	EVP_PKEY *key = public_of(card, 1);
	char command[512];

	(void)state;
	expect_sw(card, VC_LOGIN, 0x9000);
	for (size_t i = 0; i < 5; i++) {
		(void)snprintf(command, sizeof(command),
		    "00881%X010000%s%s0000", rows[i].low, rows[i].size,
		    rows[i].hash);
		assert_true(rsa_good(key, RSA_PKCS1_PADDING, rows[i].md(),
		    hex(rows[i].hash), answer_of(card, command)));
		(void)snprintf(command, sizeof(command),
		    "00882%X010000%s%s0000", rows[i].low, rows[i].size,
		    rows[i].hash);
		assert_true(rsa_good(key, RSA_PKCS1_PSS_PADDING, rows[i].md(),
		    hex(rows[i].hash), answer_of(card, command)));
	}
	/* Padding only: any bytes. */
	assert_true(rsa_good(key, RSA_PKCS1_PADDING, NULL, hex("AABB"),
	    answer_of(card, "0088100100 0002 AABB 0000")));
	expect_sw(card, "00881001", 0x6A80);
	expect_sw(card, "0088130114" VC_HASH20 "00", 0x6A80);
	expect_sw(card, "0088160120" VC_HASH "00", 0x6A80); /* SM3 */
	expect_sw(card, "0088200120" VC_HASH "00", 0x6A80); /* PSS of what? */
	expect_sw(card, "0088300120" VC_HASH "00", 0x6A80);
	expect_sw(card, "0088F30120" VC_HASH "00", 0x6A80);
	EVP_PKEY_free(key);
	/* Key 02: hashes only. */
	expect_sw(card, "002241B606800110840102", 0x6A80);
	expect_sw(card, "002241B606800113840102", 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000);
	key = public_of(card, 2);
	assert_true(rsa_good(key, RSA_PKCS1_PADDING, EVP_sha256(), hex(VC_HASH),
	    answer_of(card, "002A9E9A000020" VC_HASH "0000")));
	EVP_PKEY_free(key);
	vc_card_close(&card);
}

static void test_rsa_longest_input(void **state)
{
	static uint8_t longest[4 + 3 + 245 + 2] = { 0x00, 0x88, 0x10, 0x01,
		0x00, 0x00, 245 };
	static uint8_t more[4 + 3 + 246 + 2] = { 0x00, 0x88, 0x10, 0x01, 0x00,
		0x00, 246 };
	struct vc_card *card = card_in_use(NULL, 0x01, false);

	(void)state;
	expect_sw(card, VC_LOGIN, 0x9000);
	assert_int_equal(
	    sw_of(vc_card_transmit(card, UK_ARRAY(longest))), 0x9000);
	assert_int_equal(sw_of(vc_card_transmit(card, UK_ARRAY(more))), 0x6A80);
	vc_card_close(&card);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_rsa_longest_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
