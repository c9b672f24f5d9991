/* Keys and signatures, against values of standards and of the openssl program.
 */

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"
#include "pki_fixture.h"

#include <stdio.h>

/* SubjectPublicKeyInfo up to the point, RFC 5480, section 2. */
#define SPKI_P256                                                              \
	"3059 3013 0607 2a8648ce3d0201 0608 2a8648ce3d030107 "                 \
	"0342 00 04"
#define SPKI_P384 "3076 3010 0607 2a8648ce3d0201 0605 2b81040022 0362 00 04"
#define SPKI_SM2                                                               \
	"3059 3013 0607 2a8648ce3d0201 0608 2a811ccf5501822d "                 \
	"0342 00 04"

static const struct vector {
	const char *name, *spki;
	enum uk_key_type kind;
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	const char *msg, *sig;
} vectors[] = {
	{ "RFC 6979, A.2.5: P-256, SHA-256, sample",
	    SPKI_P256
	    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
	    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
	    UK_KEY_P256, UK_SIG_ECDSA, UK_HASH_SHA256, "sample",
	    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
	    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA"
	    "8" },
	{ "RFC 6979, A.2.6: P-384, SHA-384, sample",
	    SPKI_P384 "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E"
		      "06AAE5286B300C64DEF8F0EA9055866064A254515480BC13"
		      "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9"
		      "F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
	    UK_KEY_P384, UK_SIG_ECDSA, UK_HASH_SHA384, "sample",
	    "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA7"
	    "3D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
	    "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526"
	    "203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8" },
	{ "chain33 project, TestUshieldSm2: a display key's signature",
	    SPKI_SM2
	    "77dac51899bbdf4fdf3b7b9ba7f931f1e03cc2718894ae20cb823ecc9e5b5c2a"
	    "170f4345b75c591b13c810d812bd7bd00d42f275cac6fb2ce9546eda3f2d25b3",
	    UK_KEY_SM2, UK_SIG_SM2, UK_HASH_SM3,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?><T><D><M><k>Remitter "
	    "Name:</k><v>Alan</v></M><M><k>Remitter "
	    "Account:</k><v>1234567890123456</v></M><M><k>Amount:</k>"
	    "<v>123.23</v></M></D><E><M><k>Trade "
	    "ID:</k><v>1234567890</v></M></E></T>",
	    "3eddc5b028c4196fd5bb9ecfad0b0c933421126a183c39af81dbe0e391baa898"
	    "5c7bc896ce4ae81a44bec94c1493a719d504bce6076380c9b36fa0e3aa3f10d"
	    "b" },
};

/* Prepared or not, a key says the same. */
static void check_vector(const struct vector *v, bool prepared)
{
	uk_key *k = NULL;
	uk_bytes msg = uk_view_str(v->msg);
	uk_bytes sig = hex(v->sig);
	uint8_t copy[128];
	uk_buf bad = UK_BUF(copy);
	uk_blob spki = { NULL, 0 };

	print_message("%s\n", v->name);
	expect_ok(uk_key_from_spki(crypto, hex(v->spki), &k));
	assert_int_equal(uk_key_kind(k), v->kind);
	if (prepared) {
		expect_code(uk_key_prepare(k, UK_SIG_PSS, UK_HASH_SHA256),
		    UK_ERR_ARGUMENT);
		expect_ok(uk_key_prepare(k, v->scheme, v->hash));
		expect_ok(uk_key_prepare(k, v->scheme, v->hash)); /* again */
	}
	assert_int_equal(uk_key_size_bits(k), sig.n * 4);
	expect_ok(uk_key_spki(k, &spki));
	expect_bytes(uk_blob_view(&spki), hex(v->spki));
	expect_ok(uk_key_verify(k, v->scheme, v->hash, msg, sig));

	/* one byte less, one more, every byte changed, nothing, r = s = 0 */
	expect_code(uk_key_verify(k, v->scheme, v->hash, msg,
			uk_bytes_first(sig, sig.n - 1)),
	    UK_ERR_SIGNATURE);
	for (size_t i = 0; i < sig.n; i++) {
		bad = UK_BUF(copy);
		uk_put(&bad, sig);
		copy[i] ^= 1;
		expect_code(uk_key_verify(
				k, v->scheme, v->hash, msg, uk_buf_view(&bad)),
		    UK_ERR_SIGNATURE);
	}
	bad = UK_BUF(copy);
	uk_put_fill(&bad, 0, sig.n);
	expect_code(
	    uk_key_verify(k, v->scheme, v->hash, msg, uk_buf_view(&bad)),
	    UK_ERR_SIGNATURE);
	expect_code(uk_key_verify(k, v->scheme, v->hash, msg, UK_NONE),
	    UK_ERR_SIGNATURE);
	expect_code(uk_key_verify(k, v->scheme, v->hash,
			uk_bytes_first(msg, msg.n - 1), sig),
	    UK_ERR_SIGNATURE);
	/* a scheme of another kind of key */
	expect_code(uk_key_verify(k, UK_SIG_PSS, UK_HASH_SHA256, msg, sig),
	    UK_ERR_ARGUMENT);
	/* there is no private part */
	bad = UK_BUF(copy);
	expect_code(
	    uk_key_sign(k, v->scheme, v->hash, msg, &bad), UK_ERR_ARGUMENT);
	uk_blob_free(&spki);
	uk_key_close(&k);
}

static void published_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		check_vector(&vectors[i], false);
		check_vector(&vectors[i], true);
	}
}

static uk_bytes read_file(const char *name)
{
	static uint8_t storage[4096];
	FILE *f = fopen(pki_file(name), "rb");
	size_t n;

	assert_non_null(f);
	n = fread(storage, 1, sizeof(storage), f);
	fclose(f);
	return uk_view(storage, n);
}

static void rsa_signatures_of_openssl(void **state)
{
	uk_bytes msg = uk_view_str("pay 100");
	uk_key *k = NULL;

	(void)state;
	expect_ok(uk_key_from_pem_file(crypto, pki_file("rsa.pub"), &k));
	assert_int_equal(uk_key_kind(k), UK_KEY_RSA);
	assert_int_equal(uk_key_size_bits(k), 2048);
	expect_ok(uk_key_verify(
	    k, UK_SIG_PKCS1, UK_HASH_SHA256, msg, read_file("rsa.pkcs1")));
	expect_ok(uk_key_verify(
	    k, UK_SIG_PSS, UK_HASH_SHA256, msg, read_file("rsa.pss")));
	/* a salt of another length than the hash: not PS256 (RFC 7518, 3.5) */
	expect_code(uk_key_verify(k, UK_SIG_PSS, UK_HASH_SHA256, msg,
			read_file("rsa.pss20")),
	    UK_ERR_SIGNATURE);
	expect_code(uk_key_verify(k, UK_SIG_PKCS1, UK_HASH_SHA256, msg,
			read_file("rsa.pss")),
	    UK_ERR_SIGNATURE);
	expect_code(uk_key_verify(k, UK_SIG_PKCS1, UK_HASH_SHA384, msg,
			read_file("rsa.pkcs1")),
	    UK_ERR_SIGNATURE);
	uk_key_close(&k);
}

static void sign_and_verify(
    const char *file, enum uk_sig_scheme scheme, enum uk_hash hash, size_t n)
{
	uint8_t storage[512];
	uk_buf sig = UK_BUF(storage);
	uk_buf small = uk_buf_over(storage, n - 1);
	uk_bytes msg = uk_view_str("pay 100");
	uk_key *k = NULL;

	expect_ok(uk_key_from_pem_file(crypto, pki_file(file), &k));
	expect_ok(uk_key_sign(k, scheme, hash, msg, &sig));
	assert_int_equal(sig.len, n);
	expect_ok(uk_key_verify(k, scheme, hash, msg, uk_buf_view(&sig)));
	expect_code(
	    uk_key_sign(k, scheme, hash, msg, &small), UK_ERR_TOO_SMALL);
	expect_ok(uk_key_prepare(k, scheme, hash));
	for (int i = 0; i < 3; i++) {
		sig = UK_BUF(storage);
		expect_ok(uk_key_sign(k, scheme, hash, msg, &sig));
		expect_ok(
		    uk_key_verify(k, scheme, hash, msg, uk_buf_view(&sig)));
		/* another hash than was prepared for */
		expect_code(uk_key_verify(k, scheme, UK_HASH_SHA384, msg,
				uk_buf_view(&sig)),
		    UK_ERR_SIGNATURE);
	}
	uk_key_close(&k);
}

static void own_signatures(void **state)
{
	(void)state;
	sign_and_verify("rsa.key", UK_SIG_PKCS1, UK_HASH_SHA256, 256);
	sign_and_verify("rsa.key", UK_SIG_PSS, UK_HASH_SHA512, 256);
	for (int i = 0; i < 20; i++) /* short r or s are padded */
		sign_and_verify("login.key", UK_SIG_ECDSA, UK_HASH_SHA256, 64);
}

static void bad_files(void **state)
{
	uk_key *k = NULL;

	(void)state;
	expect_code(uk_key_from_pem_file(crypto, pki_file("none"), &k),
	    UK_ERR_NOT_FOUND);
	expect_code(uk_key_from_pem_file(crypto, pki_file("login.pem"), &k),
	    UK_ERR_FORMAT);
	/* under a pass phrase: refused, and nobody is asked */
	expect_code(uk_key_from_pem_file(crypto, pki_file("rsa.locked"), &k),
	    UK_ERR_FORMAT);
	assert_null(k);
}

static void bad_spki(void **state)
{
	uk_bytes good = hex(vectors[0].spki);
	uint8_t longer[128];
	uk_buf b = UK_BUF(longer);
	uk_key *k = NULL;

	(void)state;
	for (size_t n = 0; n < good.n; n++) {
		expect_code(
		    uk_key_from_spki(crypto, uk_bytes_first(good, n), &k),
		    UK_ERR_FORMAT);
	}
	uk_put(&b, good);
	uk_put_u8(&b, 0);
	expect_code(
	    uk_key_from_spki(crypto, uk_buf_view(&b), &k), UK_ERR_FORMAT);
	longer[40] ^= 1; /* no longer a point of the curve */
	expect_code(uk_key_from_spki(
			crypto, uk_bytes_first(uk_buf_view(&b), good.n), &k),
	    UK_ERR_FORMAT);
	/* X25519 (RFC 8410, section 3): well-formed, signs nothing */
	expect_code(uk_key_from_spki(crypto,
			hex("302a300506032b656e032100"
			    "19bf44096984cdfe8541bac167dc3b96"
			    "c85086aa30b6b6cb0c5c38ad703166e1"),
			&k),
	    UK_ERR_UNSUPPORTED);
}

static uk_err load_key(void *arg)
{
	uk_blob spki = { NULL, 0 };
	uk_key *k = NULL;
	uk_err err = uk_key_from_pem_file(crypto, pki_file("login.key"), &k);

	(void)arg;
	if (uk_is_ok(err))
		err = uk_key_spki(k, &spki);
	uk_blob_free(&spki);
	uk_key_close(&k);
	return err;
}

static void allocation_fails(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(load_key, NULL) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_signatures),
		cmocka_unit_test(rsa_signatures_of_openssl),
		cmocka_unit_test(own_signatures),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(bad_spki),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name(
	    "pubkey", tests, pki_open, pki_close);
}
