/* Single cipher blocks and PSS blocks. */
#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#define BYTES16 "000102030405060708090A0B0C0D0E0F"

static const struct block_row {
	enum uk_cipher cipher;
	const char *key, *plain, *encrypted;
} blocks[] = {
	/* FIPS 197, appendix C */
	{ UK_CIPHER_AES, BYTES16, "00112233445566778899AABBCCDDEEFF",
	    "69C4E0D86A7B0430D8CDB78070B4C55A" },
	{ UK_CIPHER_AES, BYTES16 "1011121314151617",
	    "00112233445566778899AABBCCDDEEFF",
	    "DDA97CA4864CDFE06EAF70A0EC0D7191" },
	{ UK_CIPHER_AES, BYTES16 "101112131415161718191A1B1C1D1E1F",
	    "00112233445566778899AABBCCDDEEFF",
	    "8EA2B7CA516745BFEAFC49904B496089" },
	/* NIST SP 800-67, appendix B.1 */
	{ UK_CIPHER_3DES, "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123",
	    "5468652071756663", "A826FD8CE53B855F" },
	/* ANSI X9.24-1:2009, A.4: the base key and what it makes of
	 * FFFF9876543210E0, the left half of the initial key */
	{ UK_CIPHER_3DES, "0123456789ABCDEFFEDCBA9876543210",
	    "FFFF9876543210E0", "6AC292FAA1315B4D" },
	/* GB/T 32907, A.1 */
	{ UK_CIPHER_SM4, "0123456789ABCDEFFEDCBA9876543210",
	    "0123456789ABCDEFFEDCBA9876543210",
	    "681EDF34D206965E86B3E94F536E4246" },
};

static void cipher_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		const struct block_row *row = &blocks[i];
		uint8_t room[32];
		uk_buf out = UK_BUF(room);

		expect_ok(uk_cipher_block(crypto, row->cipher, true,
		    hex(row->key), hex(row->plain), &out));
		expect_bytes(uk_buf_view(&out), hex(row->encrypted));
		out.len = 0;
		expect_ok(uk_cipher_block(crypto, row->cipher, false,
		    hex(row->key), hex(row->encrypted), &out));
		expect_bytes(uk_buf_view(&out), hex(row->plain));
	}
}

/* NIST SP 800-38A, F.2.1: AES-128 in CBC, the first two blocks. */
static void cipher_chains(void **state)
{
	static const char key[] = "2B7E151628AED2A6ABF7158809CF4F3C";
	static const char plain[] = "6BC1BEE22E409F96E93D7E117393172A"
				    "AE2D8A571E03AC9C9EB76FAC45AF8E51";
	static const char sealed[] = "7649ABAC8119B246CEE98E9B12E9197D"
				     "5086CB9B507219EE95DB113A917678B2";
	uint8_t room[64];
	uk_buf out = UK_BUF(room);

	(void)state;
	expect_ok(uk_cipher_cbc(crypto, UK_CIPHER_AES, true, hex(key),
	    hex(BYTES16), hex(plain), &out));
	expect_bytes(uk_buf_view(&out), hex(sealed));
	out.len = 0;
	expect_ok(uk_cipher_cbc(crypto, UK_CIPHER_AES, false, hex(key),
	    hex(BYTES16), hex(sealed), &out));
	expect_bytes(uk_buf_view(&out), hex(plain));
	expect_code(uk_cipher_cbc(crypto, UK_CIPHER_AES, true, hex(key),
			UK_NONE, hex("00"), &out),
	    UK_ERR_ARGUMENT);
	expect_code(uk_cipher_cbc(crypto, UK_CIPHER_AES, true, hex(key),
			hex("00"), hex(plain), &out),
	    UK_ERR_ARGUMENT);
	expect_code(uk_cipher_cbc(crypto, UK_CIPHER_AES, true, hex(key),
			UK_NONE, UK_NONE, &out),
	    UK_ERR_ARGUMENT);
}

static void keyed_checksums(void **state)
{
	uint8_t room[64];
	uk_buf out = UK_BUF(room);
	uk_bytes parts[2] = { hex("6BC1BEE22E409F96E9"),
		hex("3D7E117393172A") };

	(void)state;
	/* RFC 4493, 4: examples 1 and 2 */
	expect_ok(uk_cmac_aes(
	    crypto, hex("2B7E151628AED2A6ABF7158809CF4F3C"), NULL, 0, &out));
	expect_bytes(
	    uk_buf_view(&out), hex("BB1D6929E95937287FA37D129B756746"));
	out.len = 0;
	expect_ok(uk_cmac_aes(
	    crypto, hex("2B7E151628AED2A6ABF7158809CF4F3C"), parts, 2, &out));
	expect_bytes(
	    uk_buf_view(&out), hex("070A16B46B4D4144F79BDD9DD04A287C"));
	out.len = 0;
	/* RFC 4231, 4.3 */
	parts[0] = hex("7768617420646F2079612077616E7420");
	parts[1] = hex("666F72206E6F7468696E673F");
	expect_ok(
	    uk_hmac(crypto, UK_HASH_SHA256, hex("4A656665"), parts, 2, &out));
	expect_bytes(
	    uk_buf_view(&out), hex("5BDCC146BF60754E6A042426089575C7"
				   "5A003F089D2739839DEC58B964EC3843"));
	expect_code(
	    uk_cmac_aes(crypto, hex("00"), NULL, 0, &out), UK_ERR_ARGUMENT);
	expect_code(
	    uk_hmac(crypto, UK_HASH_NONE, hex("4A656665"), parts, 2, &out),
	    UK_ERR_ARGUMENT);
}

/* The same example, with the key kept: each time as if it were the first. */
static void hmac_kept_key(void **state)
{
	uint8_t room[32];
	uk_buf out = UK_BUF(room);
	uk_bytes parts[] = { uk_view_str("what do ya want for nothing?") };
	uk_bytes other[] = { uk_view_str("something else") };
	uk_hmac_key *k = NULL;

	(void)state;
	expect_ok(uk_hmac_open(crypto, UK_HASH_SHA256, hex("4A656665"), &k));
	for (int i = 0; i < 3; i++) {
		uk_buf_cut(&out, 0);
		expect_ok(uk_hmac_by(k, other, 1, &out));
		uk_buf_cut(&out, 0);
		expect_ok(uk_hmac_by(k, parts, 1, &out));
		expect_bytes(
		    uk_buf_view(&out), hex("5BDCC146BF60754E6A042426089575C7"
					   "5A003F089D2739839DEC58B964EC3843"));
	}
	expect_code(uk_hmac_by(k, parts, 1, &out), UK_ERR_TOO_SMALL);
	uk_hmac_close(&k);
	assert_null(k);
	expect_code(
	    uk_hmac_open(crypto, UK_HASH_SHA256, UK_NONE, &k), UK_ERR_ARGUMENT);
}

static void other_lengths(void **state)
{
	uint8_t room[4];
	uk_buf out = UK_BUF(room);

	(void)state;
	expect_code(uk_cipher_block(crypto, UK_CIPHER_AES, true,
			hex(BYTES16 "00"), hex(BYTES16), &out),
	    UK_ERR_ARGUMENT);
	expect_code(uk_cipher_block(crypto, UK_CIPHER_AES, true, hex(BYTES16),
			hex(BYTES16 "00"), &out),
	    UK_ERR_ARGUMENT);
	expect_code(uk_cipher_block(crypto, UK_CIPHER_3DES, true,
			hex(BYTES16 "00"), hex("0011223344556677"), &out),
	    UK_ERR_ARGUMENT);
	expect_code(uk_cipher_block(crypto, UK_CIPHER_AES, true, hex(BYTES16),
			hex(BYTES16), &out),
	    UK_ERR_TOO_SMALL);
}

/* --- PSS: a block is good when OpenSSL, given x^d mod n of it, says so ------
 */

static bool judged_good(EVP_PKEY *key, uk_bytes block, const EVP_MD *md,
    const EVP_MD *mgf, int salt, uk_bytes value)
{
	unsigned char sig[512];
	size_t n = sizeof(sig);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good;

	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING);
	assert_int_equal(EVP_PKEY_sign(ctx, sig, &n, block.p, block.n), 1);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new(key, NULL);
	EVP_PKEY_verify_init(ctx);
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
	EVP_PKEY_CTX_set_signature_md(ctx, md);
	EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf);
	EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt);
	good = EVP_PKEY_verify(ctx, sig, n, value.p, value.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

#define HASH32 BYTES16 BYTES16

static void pss_blocks(void **state)
{
	/* a modulus of 8n + 1 bits has a block that is one byte shorter */
	static const unsigned bits[] = { 1024, 1025, 1030, 2048 };
	static const size_t salts[] = { 0, 20, 32 };

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		EVP_PKEY *key = EVP_RSA_gen(bits[i]);

		assert_non_null(key);
		for (size_t j = 0; j < 3; j++) {
			const struct uk_padding pad = { .hash = UK_HASH_SHA256,
				.mgf = UK_HASH_SHA1,
				.salt = salts[j] };
			uint8_t room[256];
			uk_buf block = UK_BUF(room);

			expect_ok(uk_pss_pad(
			    crypto, &pad, bits[i], hex(HASH32), &block));
			assert_int_equal(block.len, (bits[i] + 7) / 8);
			assert_true(
			    judged_good(key, uk_buf_view(&block), EVP_sha256(),
				EVP_sha1(), (int)salts[j], hex(HASH32)));
			assert_false(
			    judged_good(key, uk_buf_view(&block), EVP_sha256(),
				EVP_sha256(), (int)salts[j], hex(HASH32)));
		}
		EVP_PKEY_free(key);
	}
}

static void salts_differ(void **state)
{
	const struct uk_padding pad = {
		.hash = UK_HASH_SHA256, .mgf = UK_HASH_SHA256, .salt = 32
	};
	uint8_t one[128], two[128];
	uk_buf a = UK_BUF(one), b = UK_BUF(two);

	(void)state;
	expect_ok(uk_pss_pad(crypto, &pad, 1024, hex(HASH32), &a));
	expect_ok(uk_pss_pad(crypto, &pad, 1024, hex(HASH32), &b));
	assert_false(uk_bytes_eq(uk_buf_view(&a), uk_buf_view(&b)));
}

static void pss_that_does_not_fit(void **state)
{
	struct uk_padding pad = {
		.hash = UK_HASH_SHA512, .mgf = UK_HASH_SHA512, .salt = 62
	};
	uint8_t room[128], small[127];
	uk_buf out = UK_BUF(room), tight = UK_BUF(small);
	uk_bytes hash = hex(HASH32 HASH32);

	(void)state;
	assert_true(uk_pss_fits(&pad, 1024)); /* 64 + 62 + 2 = 128 */
	pad.salt = 63;
	assert_false(uk_pss_fits(&pad, 1024));
	expect_code(
	    uk_pss_pad(crypto, &pad, 1024, hash, &out), UK_ERR_ARGUMENT);
	pad.salt = 20;
	expect_code(
	    uk_pss_pad(crypto, &pad, 1024, hex(HASH32), &out), UK_ERR_ARGUMENT);
	expect_code(
	    uk_pss_pad(crypto, &pad, 1024, hash, &tight), UK_ERR_TOO_SMALL);
	pad.mgf = UK_HASH_NONE;
	assert_false(uk_pss_fits(&pad, 1024));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cipher_blocks),
		cmocka_unit_test(cipher_chains),
		cmocka_unit_test(keyed_checksums),
		cmocka_unit_test(hmac_kept_key),
		cmocka_unit_test(other_lengths),
		cmocka_unit_test(pss_blocks),
		cmocka_unit_test(salts_differ),
		cmocka_unit_test(pss_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
