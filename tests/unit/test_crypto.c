/* Hashes, base64, random bytes; and that the host's error queue is left alone.
 */

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <string.h>

/* "abc": FIPS 180-4's published examples; SM3: GB/T 32905-2016, A.1 */
static const struct {
	enum uk_hash hash;
	const char *value;
} of_abc[] = {
	{ UK_HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ UK_HASH_SHA224,
	    "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ UK_HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223"
			  "b00361a396177a9cb410ff61f20015ad" },
	{ UK_HASH_SHA384, "cb00753f45a35e8bb5a03d699ac65007"
			  "272c32ab0eded1631a8b605a43ff5bed"
			  "8086072ba1e7cc2358baeca134c825a7" },
	{ UK_HASH_SHA512, "ddaf35a193617abacc417349ae204131"
			  "12e6fa4e89a97ea20a9eeee64b55d39a"
			  "2192992a274fc1a836ba3c23a3feebbd"
			  "454d4423643ce80e2a9ac94fa54ca49f" },
	{ UK_HASH_SM3, "66c7f0f462eeedd9d1f2d46bdc10e4e2"
		       "4167c4875cf2f7a2297da02b8f4ba8e0" },
};

static void hashes_of_abc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(of_abc) / sizeof(of_abc[0]); i++) {
		uint8_t s[UK_HASH_MAX];
		uk_buf one = UK_BUF(s);
		uk_bytes parts[] = { uk_view("a", 1), UK_NONE,
			uk_view("bc", 2) };

		expect_ok(uk_hash_one(
		    crypto, of_abc[i].hash, uk_view("abc", 3), &one));
		expect_bytes(uk_buf_view(&one), hex(of_abc[i].value));
		one.len = 0;
		expect_ok(
		    uk_hash_parts(crypto, of_abc[i].hash, parts, 3, &one));
		expect_bytes(uk_buf_view(&one), hex(of_abc[i].value));
	}
}

/* Both go on from where the one was. */
static void copied_hashes(void **state)
{
	uk_hasher *a = NULL, *b = NULL;
	uint8_t s[UK_HASH_MAX], t[UK_HASH_MAX];
	uk_buf one = UK_BUF(s), two = UK_BUF(t);

	(void)state;
	expect_ok(uk_hasher_open(crypto, UK_HASH_SHA256, &a));
	expect_ok(uk_hasher_add(a, uk_view("ab", 2)));
	expect_ok(uk_hasher_copy(a, &b));
	expect_ok(uk_hasher_add(a, uk_view("x", 1)));
	expect_ok(uk_hasher_finish(a, &one));
	uk_hasher_close(&a);
	expect_ok(uk_hasher_add(b, uk_view("c", 1)));
	expect_ok(uk_hasher_finish(b, &two));
	uk_hasher_close(&b);
	expect_bytes(uk_buf_view(&two), hex(of_abc[2].value));
	assert_memory_not_equal(s, t, 32);
}

static void hash_refusals(void **state)
{
	uint8_t s[31];
	uk_buf small = UK_BUF(s);

	(void)state;
	expect_code(uk_hash_one(crypto, UK_HASH_SHA256, UK_NONE, &small),
	    UK_ERR_TOO_SMALL);
	small = UK_BUF(s);
	expect_code(uk_hash_one(crypto, UK_HASH_NONE, UK_NONE, &small),
	    UK_ERR_UNSUPPORTED);
	expect_code(uk_hash_one(crypto, (enum uk_hash)99, UK_NONE, &small),
	    UK_ERR_UNSUPPORTED);
}

/* RFC 4648, section 10 */
static const struct {
	const char *plain, *text;
} base64[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

static void base64_both_ways(void **state)
{
	uk_blob b = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++) {
		expect_ok(uk_base64_encode(uk_view_str(base64[i].plain), &b));
		assert_string_equal((char *)b.p, base64[i].text);
		assert_int_equal(b.n, strlen(base64[i].text));
		expect_ok(uk_base64_decode(uk_view_str(base64[i].text), &b));
		expect_bytes(uk_blob_view(&b), uk_view_str(base64[i].plain));
	}
	uk_blob_free(&b);
}

static void base64_refusals(void **state)
{
	/* length, left-over bits, padding in the middle or too much of it,
	 * blanks, the other alphabet, NUL */
	static const char *const bad[] = { "Z", "Zg",
		"Zg=", "Zh==", "Zm9=", "=",
		"====", "Z===", "Zg==Zg==", "Zm9v\n", "Zm9v\nAA=", " Zm9v",
		"Zm9v    ", "Zm-_", "Zm9*", "Zm9v*m9v", "Zm9vYm\xc3v",
		"Zm9vYmE=Zm9v" };
	uk_blob b = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect_code(
		    uk_base64_decode(uk_view_str(bad[i]), &b), UK_ERR_FORMAT);
		assert_null(b.p);
	}
	expect_code(uk_base64_decode(uk_view("Zm\0v", 4), &b), UK_ERR_FORMAT);
}

/* Every character at every place, as libcrypto has it. */
static void base64_alphabet(void **state)
{
	uint8_t all[48], text[65];
	uk_buf b = UK_BUF(all);
	uk_blob back = { NULL, 0 };

	(void)state;
	for (unsigned shift = 0; shift < 64; shift++) {
		uk_buf_cut(&b, 0);
		for (unsigned i = 0; i < 64; i += 4) { /* i + shift, ... */
			uint32_t v = (i + shift) % 64 << 18 |
				     (i + 1 + shift) % 64 << 12 |
				     (i + 2 + shift) % 64 << 6 |
				     (i + 3 + shift) % 64;

			uk_put_u8(&b, (uint8_t)(v >> 16));
			uk_put_u16(&b, (uint16_t)v);
		}
		assert_int_equal(EVP_EncodeBlock(text, all, sizeof(all)), 64);
		expect_ok(uk_base64_decode(uk_view(text, 64), &back));
		expect_bytes(uk_blob_view(&back), UK_ARRAY(all));
	}
	uk_blob_free(&back);
}

static void random_bytes_differ(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	expect_ok(uk_random(crypto, a, sizeof(a)));
	expect_ok(uk_random(crypto, b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void hosts_errors_stay(void **state)
{
	uk_key *k = NULL;
	unsigned long mine;

	(void)state;
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 42);
	mine = ERR_peek_last_error();
	expect_code(
	    uk_key_from_spki(crypto, hex("30030201"), &k), UK_ERR_FORMAT);
	assert_null(k);
	assert_int_equal(ERR_peek_last_error(), mine);
	assert_int_equal(ERR_get_error(), mine);
	assert_int_equal(ERR_get_error(), 0);
}

static uk_err every_step(void *arg)
{
	uint8_t s[32];
	uk_buf out = UK_BUF(s);
	uk_blob b = { NULL, 0 };
	uk_crypto *c = NULL;
	uk_err err;

	(void)arg;
	err = uk_crypto_open(&c);
	if (uk_is_ok(err))
		err = uk_hash_one(c, UK_HASH_SHA256, UK_NONE, &out);
	if (uk_is_ok(err))
		err = uk_base64_encode(uk_buf_view(&out), &b);
	if (uk_is_ok(err))
		err = uk_base64_decode(uk_view_str("Zm9v"), &b);
	uk_blob_free(&b);
	uk_crypto_close(&c);
	return err;
}

static void allocation_fails(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(every_step, NULL) > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_of_abc),
		cmocka_unit_test(copied_hashes),
		cmocka_unit_test(hash_refusals),
		cmocka_unit_test(base64_both_ways),
		cmocka_unit_test(base64_refusals),
		cmocka_unit_test(base64_alphabet),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(hosts_errors_stay),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name(
	    "crypto", tests, open_crypto, close_crypto);
}
