/* Finished hashes and whole blocks: against values of standards, and with
 * OpenSSL's private keys as the card. */
#include "crypto.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "pki_fixture.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string.h>

static uk_crypto *crypto;
static uk_key *rsa;
static EVP_PKEY *card; /* the private half */

static void open_rsa(void)
{
	FILE *f = fopen(pki_file("rsa.key"), "rb");

	assert_non_null(f);
	card = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(card);
	expect_ok(uk_key_from_pem_file(crypto, pki_file("rsa.pub"), &rsa));
}

static int set_up(void **state)
{
	if (pki_make(state) != 0)
		return -1;
	if (!uk_is_ok(uk_crypto_open(&crypto)))
		return -1;
	open_rsa();
	return 0;
}

static int tear_down(void **state)
{
	EVP_PKEY_free(card);
	uk_key_close(&rsa);
	uk_crypto_close(&crypto);
	return pki_remove(state);
}

/* --- SHA-3 and SM3 ------------------------------------------------------- */

/* "abc": FIPS 202 examples (NIST, Cryptographic Standards and Guidelines) and
 * GB/T 32905, A.1. */
static void new_hashes(void **state)
{
	static const struct {
		enum uk_hash hash;
		const char *value;
	} rows[] = {
		{ UK_HASH_SHA3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d"
				    "0c94ad73b46fdf" },
		{ UK_HASH_SHA3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e"
				    "9d525b46bfe245114"
				    "31532" },
		{ UK_HASH_SHA3_384, "ec01498288516fc926459f58e2c6ad8df9b473cb0f"
				    "c08c2596da7cf0e49"
				    "be4b298d88cea927ac7f539f1edf228376d25" },
		{ UK_HASH_SHA3_512, "b751850b1a57168a5693cd924b6b096e08f6218274"
				    "44f70d884f5d0240d"
				    "2712e10e116e9192af3c91a7ec57647e3934057340"
				    "b4cf408d5a56592f8"
				    "274eec53f0" },
		{ UK_HASH_SM3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a"
			       "2297da02b8f4"
			       "ba8e0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t storage[UK_HASH_MAX];
		uk_buf b = UK_BUF(storage);

		expect_ok(
		    uk_hash_one(crypto, rows[i].hash, uk_view_str("abc"), &b));
		expect_bytes(uk_buf_view(&b), hex(rows[i].value));
	}
}

/* --- RSA ----------------------------------------------------------------- */

/* What a card does: the private key and nothing else. */
static uk_bytes decipher(uk_bytes in, int padding)
{
	static uint8_t out[512];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(card, NULL);
	size_t n = sizeof(out);

	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
	assert_int_equal(EVP_PKEY_decrypt(ctx, out, &n, in.p, in.n), 1);
	EVP_PKEY_CTX_free(ctx);
	return uk_view(out, n);
}

static uk_bytes encrypted(
    enum uk_enc_scheme scheme, const struct uk_padding *pad, uk_bytes msg)
{
	static uint8_t storage[512];
	uk_buf out = UK_BUF(storage);

	expect_ok(uk_key_encrypt(rsa, scheme, pad, msg, &out));
	assert_int_equal(out.len, 256);
	return uk_buf_view(&out);
}

static void rsa_encryption(void **state)
{
	uk_bytes msg = uk_view_str("a message");
	uint8_t longest[257] = { 1 };
	uk_buf out = UK_BUF(longest);

	(void)state;
	expect_bytes(
	    decipher(encrypted(UK_ENC_PKCS1, NULL, msg), RSA_PKCS1_PADDING),
	    msg);
	expect_bytes(uk_bytes_trim_zeros(decipher(
			 encrypted(UK_ENC_RSA_RAW, NULL, msg), RSA_NO_PADDING)),
	    msg);
	expect_code(uk_key_encrypt(
			rsa, UK_ENC_PKCS1, NULL, uk_view(longest, 246), &out),
	    UK_ERR_ARGUMENT);
	expect_code(uk_key_encrypt(
			rsa, UK_ENC_RSA_RAW, NULL, uk_view(longest, 257), &out),
	    UK_ERR_ARGUMENT);
	memset(longest, 0xff, sizeof(longest)); /* not below the modulus */
	expect_code(uk_key_encrypt(
			rsa, UK_ENC_RSA_RAW, NULL, uk_view(longest, 256), &out),
	    UK_ERR_ARGUMENT);
	expect_code(
	    uk_key_encrypt(rsa, UK_ENC_SM2, NULL, msg, &out), UK_ERR_ARGUMENT);
}

static void oaep(void **state)
{
	static const struct {
		enum uk_hash hash, mgf;
		const char *label;
		size_t longest; /* RFC 8017, 7.1.1: k - 2 hLen - 2 */
	} rows[] = {
		{ UK_HASH_SHA1, UK_HASH_SHA1, "", 214 },
		{ UK_HASH_SHA256, UK_HASH_SHA256, "", 190 },
		{ UK_HASH_SHA512, UK_HASH_SHA1, "label", 126 },
	};
	uint8_t msg[256], storage[512], block[256];

	(void)state;
	memset(msg, 'm', sizeof(msg));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uk_padding pad = { .hash = rows[i].hash,
			.mgf = rows[i].mgf,
			.label = uk_view_str(rows[i].label) };
		uk_bytes m = uk_view(msg, rows[i].longest);
		uk_buf out = UK_BUF(storage), b = UK_BUF(block);

		uk_put(&b,
		    decipher(encrypted(UK_ENC_OAEP, &pad, m), RSA_NO_PADDING));
		expect_ok(uk_oaep_unpad(crypto, &pad, uk_buf_view(&b), &out));
		expect_bytes(uk_buf_view(&out), m);
		expect_code(uk_key_encrypt(rsa, UK_ENC_OAEP, &pad,
				uk_view(msg, m.n + 1), &out),
		    UK_ERR_ARGUMENT);
		/* every byte counts, and all errors are one */
		for (size_t j = 0; j < sizeof(block); j++) {
			block[j] ^= 1;
			out = UK_BUF(storage);
			if (j <= 2 * uk_hash_size(pad.hash))
				expect_code(uk_oaep_unpad(crypto, &pad,
						uk_buf_view(&b), &out),
				    UK_ERR_FORMAT);
			block[j] ^= 1;
		}
		pad.label = uk_view_str("other");
		expect_code(uk_oaep_unpad(crypto, &pad, uk_buf_view(&b), &out),
		    UK_ERR_FORMAT);
		expect_code(uk_oaep_unpad(crypto, &pad,
				uk_bytes_first(uk_buf_view(&b), 41), &out),
		    UK_ERR_ARGUMENT);
	}
}

static uk_bytes signed_by_card(int padding, const EVP_MD *md, uk_bytes value)
{
	static uint8_t sig[512];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(card, NULL);
	size_t n = sizeof(sig);

	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
	if (md != NULL) {
		assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, md), 1);
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha1()), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 7), 1);
	}
	assert_int_equal(EVP_PKEY_sign(ctx, sig, &n, value.p, value.n), 1);
	EVP_PKEY_CTX_free(ctx);
	return uk_view(sig, n);
}

static uk_bytes number_of_card(const char *name)
{
	static uint8_t numbers[2][512];
	static unsigned at;
	BIGNUM *n = NULL;
	int len;

	at = (at + 1) % 2;
	assert_int_equal(EVP_PKEY_get_bn_param(card, name, &n), 1);
	len = BN_bn2bin(n, numbers[at]);
	BN_free(n);
	return uk_view(numbers[at], (size_t)len);
}

static void rsa_by_arithmetic(void **state)
{
	uk_bytes n = number_of_card("n"), e = number_of_card("e"), v, sig;
	uint8_t value[246], bad[256];
	uk_buf b = UK_BUF(bad);

	(void)state;
	memset(value, 0x31, sizeof(value));
	v = uk_view(value, 51);
	sig = signed_by_card(RSA_PKCS1_PADDING, NULL, v);
	expect_ok(uk_rsa_verify_plain(UK_SIG_PKCS1, n, e, v, sig));
	expect_code(
	    uk_rsa_verify_plain(UK_SIG_PKCS1, n, e, uk_bytes_first(v, 50), sig),
	    UK_ERR_SIGNATURE);
	expect_code(uk_rsa_verify_plain(
			UK_SIG_PKCS1, n, e, v, uk_bytes_first(sig, 255)),
	    UK_ERR_SIGNATURE);
	uk_put(&b, sig);
	bad[200] ^= 1;
	expect_code(uk_rsa_verify_plain(UK_SIG_PKCS1, n, e, v, uk_buf_view(&b)),
	    UK_ERR_SIGNATURE);
	memset(bad, 0xff, sizeof(bad)); /* not below the modulus */
	expect_code(uk_rsa_verify_plain(UK_SIG_PKCS1, n, e, v, uk_buf_view(&b)),
	    UK_ERR_SIGNATURE);
	/* RFC 8017, 9.2: at least eight bytes of padding */
	expect_code(
	    uk_rsa_verify_plain(UK_SIG_PKCS1, n, e, UK_ARRAY(value), sig),
	    UK_ERR_ARGUMENT);
	expect_code(
	    uk_rsa_verify_plain(UK_SIG_PSS, n, e, v, sig), UK_ERR_ARGUMENT);
	bad[0] = 0;
	sig = signed_by_card(RSA_NO_PADDING, NULL, uk_buf_view(&b));
	expect_ok(uk_rsa_verify_plain(
	    UK_SIG_RSA_RAW, n, e, uk_bytes_from(uk_buf_view(&b), 1), sig));
	/* an even number is no modulus, nothing is no number */
	memset(bad, 0xfe, sizeof(bad));
	expect_code(
	    uk_rsa_verify_plain(UK_SIG_PKCS1, uk_buf_view(&b), e, v, sig),
	    UK_ERR_SIGNATURE);
	expect_code(uk_rsa_verify_plain(UK_SIG_PKCS1, UK_NONE, e, v, sig),
	    UK_ERR_ARGUMENT);
}

static void rsa_signatures(void **state)
{
	struct uk_padding pad = {
		.hash = UK_HASH_SHA256, .mgf = UK_HASH_SHA1, .salt = 7
	};
	uint8_t value[32], storage[512];
	uk_buf out = UK_BUF(storage);
	uk_bytes v = UK_ARRAY(value), sig;

	(void)state;
	memset(value, 0x77, sizeof(value));
	sig = signed_by_card(RSA_PKCS1_PSS_PADDING, EVP_sha256(), v);
	expect_ok(uk_key_verify_hash(rsa, UK_SIG_PSS, &pad, v, sig));
	pad.salt = 8;
	expect_code(uk_key_verify_hash(rsa, UK_SIG_PSS, &pad, v, sig),
	    UK_ERR_SIGNATURE);
	pad = (struct uk_padding){ UK_HASH_SHA256, UK_HASH_SHA256, 7, UK_NONE };
	expect_code(uk_key_verify_hash(rsa, UK_SIG_PSS, &pad, v, sig),
	    UK_ERR_SIGNATURE);

	sig = signed_by_card(RSA_PKCS1_PADDING, NULL, v);
	expect_ok(uk_key_verify_hash(rsa, UK_SIG_PKCS1, NULL, v, sig));
	expect_ok(uk_key_recover(rsa, UK_SIG_PKCS1, sig, &out));
	expect_bytes(uk_buf_view(&out), v);
	expect_code(uk_key_verify_hash(
			rsa, UK_SIG_PKCS1, NULL, uk_bytes_first(v, 31), sig),
	    UK_ERR_SIGNATURE);
	expect_code(uk_key_verify_hash(rsa, UK_SIG_ECDSA, NULL, v, sig),
	    UK_ERR_ARGUMENT);
	expect_code(
	    uk_key_recover(rsa, UK_SIG_PKCS1, uk_bytes_first(sig, 255), &out),
	    UK_ERR_SIGNATURE);
	expect_code(
	    uk_key_recover(rsa, UK_SIG_PSS, sig, &out), UK_ERR_ARGUMENT);
	/* no padding at all: not a PKCS1 signature */
	storage[0] = 0;
	memset(storage + 1, 0x31, 255);
	sig = signed_by_card(RSA_NO_PADDING, NULL, uk_view(storage, 256));
	expect_ok(uk_key_verify_hash(
	    rsa, UK_SIG_RSA_RAW, NULL, uk_view(storage, 256), sig));
	expect_ok(uk_key_verify_hash(/* the same number */
	    rsa, UK_SIG_RSA_RAW, NULL, uk_view(storage + 1, 255), sig));
	expect_code(
	    uk_key_recover(rsa, UK_SIG_PKCS1, sig, &out), UK_ERR_SIGNATURE);
}

/* --- SM2 ----------------------------------------------------------------- */

/* GB/T 32918.5-2017, annex A: the recommended curve's examples. */
#define SM2_POINT                                                              \
	"04 09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"  \
	"CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
#define SM2_SPKI                                                               \
	"3059 3013 0607 2a8648ce3d0201 0608 2a811ccf5501822d 0342 "            \
	"00 " SM2_POINT
#define SM2_Z "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
#define SM2_E "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"
#define SM2_SIG                                                                \
	"F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"     \
	"B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
#define SM2_C1X                                                                \
	"04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
#define SM2_C1Y                                                                \
	"E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
#define SM2_C3                                                                 \
	"59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
#define SM2_C2 "21886CA989CA9C7D58087307CA93092D651EFA"

static void sm2_signature(void **state)
{
	uint8_t value[32], long_id[8192] = { 0 };
	uk_buf z = UK_BUF(value), e = UK_BUF(value);
	uk_bytes parts[2];
	uk_key *k = NULL;

	(void)state;
	expect_ok(uk_sm2_z(crypto, UK_NONE, hex(SM2_POINT), &z));
	expect_bytes(uk_buf_view(&z), hex(SM2_Z));
	z = UK_BUF(value);
	expect_ok(uk_sm2_z(
	    crypto, uk_view_str("1234567812345678"), hex(SM2_POINT), &z));
	expect_bytes(uk_buf_view(&z), hex(SM2_Z));
	parts[0] = hex(SM2_Z);
	parts[1] = uk_view_str("message digest");
	expect_ok(uk_hash_parts(crypto, UK_HASH_SM3, parts, 2, &e));
	expect_bytes(uk_buf_view(&e), hex(SM2_E));
	z = UK_BUF(value);
	expect_code(uk_sm2_z(crypto, UK_ARRAY(long_id), hex(SM2_POINT), &z),
	    UK_ERR_ARGUMENT);
	expect_code(
	    uk_sm2_z(crypto, UK_NONE, hex("04 00"), &z), UK_ERR_ARGUMENT);

	expect_ok(uk_key_from_spki(crypto, hex(SM2_SPKI), &k));
	expect_ok(
	    uk_key_verify_hash(k, UK_SIG_SM2, NULL, hex(SM2_E), hex(SM2_SIG)));
	expect_code(
	    uk_key_verify_hash(k, UK_SIG_SM2, NULL, hex(SM2_Z), hex(SM2_SIG)),
	    UK_ERR_SIGNATURE);
	expect_code(
	    uk_key_verify_hash(k, UK_SIG_ECDSA, NULL, hex(SM2_E), hex(SM2_SIG)),
	    UK_ERR_ARGUMENT);
	e = UK_BUF(value);
	expect_ok(
	    uk_key_hash(k, UK_HASH_SM3, uk_view_str("message digest"), &e));
	expect_bytes(uk_buf_view(&e), hex(SM2_E));
	uk_key_close(&k);
}

static void sm2_encryption(void **state)
{
	uint8_t storage[256];
	uk_buf out = UK_BUF(storage);
	uk_bytes der = hex(
	    "307C 0220" SM2_C1X "0221 00" SM2_C1Y "0420" SM2_C3 "0413" SM2_C2);
	uk_key *k = NULL;

	(void)state;
	expect_ok(uk_sm2_cipher_from_der(der, &out));
	expect_bytes(
	    uk_buf_view(&out), hex("04" SM2_C1X SM2_C1Y SM2_C3 SM2_C2));
	for (size_t n = 0; n < der.n; n++) {
		out = UK_BUF(storage);
		expect_code(
		    uk_sm2_cipher_from_der(uk_bytes_first(der, n), &out),
		    UK_ERR_FORMAT);
	}
	/* ours is judged by OpenSSL in the test of the virtual card */
	expect_ok(uk_key_from_spki(crypto, hex(SM2_SPKI), &k));
	out = UK_BUF(storage);
	expect_ok(uk_key_encrypt(
	    k, UK_ENC_SM2, NULL, uk_view_str("encryption standard"), &out));
	assert_int_equal(out.len, 97 + 19);
	assert_int_equal(storage[0], 0x04);
	expect_code(uk_key_encrypt(k, UK_ENC_SM2, NULL, UK_NONE, &out),
	    UK_ERR_ARGUMENT);
	expect_code(
	    uk_key_encrypt(k, UK_ENC_OAEP, NULL, uk_view_str("x"), &out),
	    UK_ERR_ARGUMENT);
	uk_key_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_hashes),
		cmocka_unit_test(rsa_encryption),
		cmocka_unit_test(oaep),
		cmocka_unit_test(rsa_signatures),
		cmocka_unit_test(rsa_by_arithmetic),
		cmocka_unit_test(sm2_signature),
		cmocka_unit_test(sm2_encryption),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
