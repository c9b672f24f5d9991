/* Signatures and digests. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "p11_make.h"
#include "p11_run.h"

#include <string.h>

/* FIPS 180-4 examples: SHA-1 and SHA-256 of "abc". */
#define SHA1_ABC "a9993e364706816aba3e25717850c26c9cd0d89d"
#define SHA256_ABC                                                             \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* RFC 8017, 9.2, note 1: the DigestInfo in front of a SHA-256. */
#define INFO_SHA256 "3031300d060960864801650304020105000420"

static CK_BYTE abc[] = { 'a', 'b', 'c' };
static CK_BYTE sig[512];
static CK_ULONG sig_len;

static CK_RV init(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_ULONG key)
{
	CK_MECHANISM m = { type, NULL, 0 };

	return F->C_SignInit(s, &m, key);
}

static CK_RV sign(CK_SESSION_HANDLE s, uk_bytes data)
{
	CK_BYTE copy[600];
	uk_buf b = UK_BUF(copy);

	uk_put(&b, data);
	sig_len = sizeof(sig);
	return F->C_Sign(s, copy, b.len, sig, &sig_len);
}

static CK_SESSION_HANDLE user(void)
{
	CK_SESSION_HANDLE s = open_ro(0);

	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	return s;
}

static uk_bytes last(void)
{
	return uk_view(fake_last.input, fake_last.input_len);
}

static void rsa(void **state)
{
	CK_SESSION_HANDLE s = user();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 1);
	uint8_t long_input[246] = { 0 };

	(void)state;
	expect_rv(init(s, CKM_SHA256_RSA_PKCS, key), CKR_OK);
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_OK);
	assert_int_equal(sig_len, 256);
	assert_int_equal(fake_last.scheme, UK_SIG_PKCS1);
	assert_int_equal(fake_last.hash, UK_HASH_SHA256);
	expect_bytes(last(), hex(INFO_SHA256 SHA256_ABC));
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(sign(s, hex(INFO_SHA256 SHA256_ABC)), CKR_OK);
	assert_int_equal(fake_last.hash, UK_HASH_NONE);
	expect_bytes(last(), hex(INFO_SHA256 SHA256_ABC));
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(sign(s, uk_view(long_input, 245)), CKR_OK); /* k - 11 */
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(sign(s, uk_view(long_input, 246)), CKR_DATA_LEN_RANGE);
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(s, CKM_SHA256_RSA_PKCS, key), CKR_OK);
	expect_rv(F->C_SignUpdate(s, abc, 1), CKR_OK);
	expect_rv(F->C_SignUpdate(s, abc, 0), CKR_OK);
	expect_rv(F->C_SignUpdate(s, abc + 1, 2), CKR_OK);
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_OPERATION_ACTIVE);
	expect_rv(F->C_SignFinal(s, NULL, &sig_len), CKR_OK);
	assert_int_equal(sig_len, 256);
	expect_rv(F->C_SignFinal(s, sig, &sig_len), CKR_OK);
	expect_bytes(last(), hex(INFO_SHA256 SHA256_ABC));
}

static void pss(void **state)
{
	static const struct {
		CK_MECHANISM_TYPE mechanism, hash;
		CK_ULONG mgf, salt;
		CK_RV rv;
	} rows[] = {
		{ CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32, CKR_OK },
		{ CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32,
		    CKR_OK },
		{ CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48,
		    CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA1, 32,
		    CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 20,
		    CKR_MECHANISM_PARAM_INVALID },
		{ CKM_RSA_PKCS_PSS, CKM_MD5, CKG_MGF1_SHA256, 32,
		    CKR_MECHANISM_PARAM_INVALID },
	};
	CK_SESSION_HANDLE s = user();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 1);

	(void)state;
	expect_rv(init(s, CKM_RSA_PKCS_PSS, key), CKR_MECHANISM_PARAM_INVALID);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_RSA_PKCS_PSS_PARAMS p = { rows[i].hash, rows[i].mgf,
			rows[i].salt };
		CK_MECHANISM m = { rows[i].mechanism, &p, sizeof(p) - 1 };

		expect_rv(
		    F->C_SignInit(s, &m, key), CKR_MECHANISM_PARAM_INVALID);
		m.ulParameterLen = sizeof(p);
		expect_rv(F->C_SignInit(s, &m, key), rows[i].rv);
		if (rows[i].rv != CKR_OK)
			continue;
		if (rows[i].mechanism == CKM_RSA_PKCS_PSS)
			expect_rv(sign(s, hex(SHA256_ABC)), CKR_OK);
		else
			expect_rv(sign(s, UK_ARRAY(abc)), CKR_OK);
		assert_int_equal(fake_last.scheme, UK_SIG_PSS);
		assert_int_equal(fake_last.hash, UK_HASH_SHA256);
		expect_bytes(last(), hex(SHA256_ABC));
	}
}

static void wrong_inits(void **state)
{
	CK_SESSION_HANDLE s = user();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 1);
	CK_OBJECT_HANDLE pub = find(s, CKO_PUBLIC_KEY, 1);
	CK_MECHANISM odd = { CKM_RSA_PKCS, abc, 3 };

	(void)state;
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(
	    F->C_SignFinal(s, sig, &sig_len), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_SignUpdate(s, abc, 3), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(s, CKM_RSA_PKCS, 0), CKR_KEY_HANDLE_INVALID);
	expect_rv(init(s, CKM_RSA_PKCS, pub), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(init(s, CKM_ECDSA, key), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(init(s, CKM_SHA256, key), CKR_MECHANISM_INVALID);
	expect_rv(init(s, CKM_AES_CBC, key), CKR_MECHANISM_INVALID);
	expect_rv(F->C_SignInit(s, &odd, key), CKR_MECHANISM_PARAM_INVALID);
	expect_rv(F->C_SignInit(s, NULL, key), CKR_ARGUMENTS_BAD);
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OPERATION_ACTIVE);
	expect_rv(F->C_SignInit(s, NULL, 0), CKR_OK); /* 3.0: ends it */
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_OPERATION_NOT_INITIALIZED);
}

static void room(void **state)
{
	CK_SESSION_HANDLE s = user();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 1);

	(void)state;
	expect_rv(init(s, CKM_SHA256_RSA_PKCS, key), CKR_OK);
	sig_len = 0;
	expect_rv(F->C_Sign(s, abc, 3, NULL, &sig_len), CKR_OK);
	assert_int_equal(sig_len, 256);
	sig_len = 255;
	expect_rv(F->C_Sign(s, abc, 3, sig, &sig_len), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(sig_len, 256);
	expect_rv(F->C_Sign(s, abc, 3, sig, &sig_len), CKR_OK);
	expect_rv(
	    F->C_Sign(s, abc, 3, sig, &sig_len), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(s, CKM_SHA256_RSA_PKCS, key), CKR_OK);
	expect_rv(F->C_Sign(s, abc, 3, sig, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(init(s, CKM_SHA256_RSA_PKCS, key), CKR_OK); /* it was over */
	expect_rv(F->C_Sign(s, NULL, 3, sig, &sig_len), CKR_ARGUMENTS_BAD);
}

static void consent(void **state)
{
	CK_SESSION_HANDLE s = user();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 2);

	(void)state;
	expect_rv(login(s, CKU_CONTEXT_SPECIFIC, FAKE_PIN),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(s, CKM_ECDSA_SHA256, key), CKR_OK);
	fake_commands();
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(fake_commands(), 0); /* the card was not asked */
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(s, CKM_ECDSA_SHA256, key), CKR_OK);
	expect_rv(login(s, CKU_CONTEXT_SPECIFIC, "000000"), CKR_PIN_INCORRECT);
	expect_rv(login(s, CKU_CONTEXT_SPECIFIC, FAKE_PIN), CKR_OK);
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_OK);
	assert_int_equal(sig_len, 64);
	assert_int_equal(fake_last.scheme, UK_SIG_ECDSA);
	expect_bytes(last(), hex(SHA256_ABC));
	/* once only */
	expect_rv(init(s, CKM_ECDSA_SHA256, key), CKR_OK);
	expect_rv(sign(s, UK_ARRAY(abc)), CKR_USER_NOT_LOGGED_IN);
	/* key 1 needs none */
	expect_rv(init(s, CKM_RSA_PKCS, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	expect_rv(login(s, CKU_CONTEXT_SPECIFIC, FAKE_PIN),
	    CKR_OPERATION_NOT_INITIALIZED);
}

/* FIPS 186-5, 6.4.1: the leftmost bits; shorter inputs are the same number. */
static void ecdsa_lengths(void **state)
{
	static const size_t lengths[] = { 1, 19, 20, 28, 32, 48, 64, 200 };
	CK_SESSION_HANDLE s = user();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 2);
	uint8_t input[200];

	(void)state;
	memset(input, 0xab, sizeof(input));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t n = lengths[i];

		expect_rv(init(s, CKM_ECDSA, key), CKR_OK);
		expect_rv(login(s, CKU_CONTEXT_SPECIFIC, FAKE_PIN), CKR_OK);
		expect_rv(sign(s, uk_view(input, n)), CKR_OK);
		assert_int_equal(fake_last.input_len, n < 20   ? 20
						      : n > 32 ? 32
							       : n);
		assert_int_equal(fake_last.input[0], n < 20 ? 0 : 0xab);
	}
	expect_rv(init(s, CKM_ECDSA, key), CKR_OK);
	expect_rv(login(s, CKU_CONTEXT_SPECIFIC, FAKE_PIN), CKR_OK);
	expect_rv(sign(s, UK_NONE), CKR_DATA_LEN_RANGE);
}

static void digests(void **state)
{
	CK_SESSION_HANDLE s = user();
	CK_MECHANISM sha1 = { CKM_SHA_1, NULL, 0 },
		     rsa_ = { CKM_RSA_PKCS, 0, 0 };
	CK_BYTE out[64];
	CK_ULONG n = sizeof(out);

	(void)state;
	expect_rv(
	    F->C_Digest(s, abc, 3, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_DigestInit(s, &rsa_), CKR_MECHANISM_INVALID);
	expect_rv(F->C_DigestInit(s, NULL), CKR_ARGUMENTS_BAD);
	/* beside a running signature */
	expect_rv(init(s, CKM_RSA_PKCS, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	expect_rv(F->C_DigestInit(s, &sha1), CKR_OK);
	expect_rv(F->C_DigestInit(s, &sha1), CKR_OPERATION_ACTIVE);
	expect_rv(F->C_Digest(s, abc, 3, NULL, &n), CKR_OK);
	assert_int_equal(n, 20);
	n = 19;
	expect_rv(F->C_Digest(s, abc, 3, out, &n), CKR_BUFFER_TOO_SMALL);
	expect_rv(F->C_Digest(s, abc, 3, out, &n), CKR_OK);
	expect_bytes(uk_view(out, n), hex(SHA1_ABC));
	expect_rv(F->C_DigestInit(s, &sha1), CKR_OK);
	expect_rv(F->C_DigestUpdate(s, abc, 2), CKR_OK);
	expect_rv(F->C_Digest(s, abc, 3, out, &n), CKR_OPERATION_ACTIVE);
	expect_rv(F->C_DigestUpdate(s, abc + 2, 1), CKR_OK);
	expect_rv(F->C_DigestFinal(s, out, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_DigestFinal(s, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(fake_commands() > 0, 1);
}

/* C_SessionCancel ends what its flags name, and nothing beside it. */
static void cancelled(void **state)
{
	CK_SESSION_HANDLE s = user();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 1);
	CK_OBJECT_HANDLE pub = find(s, CKO_PUBLIC_KEY, 1);
	CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	const CK_FLAGS all[] = { CKF_SIGN, CKF_VERIFY, CKF_VERIFY_RECOVER,
		CKF_DIGEST, CKF_MESSAGE_SIGN, CKF_MESSAGE_VERIFY,
		CKF_FIND_OBJECTS };
	enum { KINDS = sizeof(all) / sizeof(all[0]) };

	(void)state;
	for (unsigned ended = 0; ended <= KINDS; ended++) {
		CK_RV rv[KINDS];

		expect_rv(F3->C_SessionCancel(s, ~(CK_FLAGS)0), CKR_OK);
		for (int round = 0; round < 2; round++) {
			rv[0] = F->C_SignInit(s, &pkcs, key);
			rv[1] = F->C_VerifyInit(s, &pkcs, pub);
			rv[2] = F->C_VerifyRecoverInit(s, &pkcs, pub);
			rv[3] = F->C_DigestInit(s, &sha256);
			rv[4] = F3->C_MessageSignInit(s, &pkcs, key);
			rv[5] = F3->C_MessageVerifyInit(s, &pkcs, pub);
			rv[6] = F->C_FindObjectsInit(s, NULL, 0);
			for (unsigned i = 0; i < KINDS; i++)
				expect_rv(rv[i], round == 0 || i == ended
						     ? CKR_OK
						     : CKR_OPERATION_ACTIVE);
			if (round == 0 && ended < KINDS)
				expect_rv(
				    F3->C_SessionCancel(s, all[ended]), CKR_OK);
		}
	}
}

/* A key that computes x^d mod n is given the padded block, whatever salt and
 * mask are asked for; too long a salt is told at once. */
static void pss_that_the_card_does_not_know(void **state)
{
	CK_SESSION_HANDLE s = open_rw(0);
	CK_RSA_PKCS_PSS_PARAMS p = { CKM_SHA256, CKG_MGF1_SHA1, 10 };
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p) };
	CK_BYTE made[512], data[3] = { 1, 2, 3 };
	CK_ULONG n = sizeof(made);
	CK_OBJECT_HANDLE key;
	struct tmpl t = { 0 };

	(void)state;
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	t_rsa_private(&t);
	expect_rv(t_create(s, &t, &key), CKR_OK);
	expect_rv(F->C_SignInit(s, &m, key), CKR_OK);
	expect_rv(F->C_Sign(s, data, sizeof(data), made, &n), CKR_OK);
	assert_int_equal(fake_last.scheme, UK_SIG_RSA_RAW);
	assert_int_equal(fake_last.input_len, 256);
	assert_int_equal(fake_last.input[255], 0xbc); /* RFC 8017, 9.1.1 */
	p.sLen = 223;                                 /* 256 = 32 + 222 + 2 */
	expect_rv(F->C_SignInit(s, &m, key), CKR_MECHANISM_PARAM_INVALID);
	p.sLen = 222;
	expect_rv(F->C_SignInit(s, &m, key), CKR_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rsa),
		TEST(pss_that_the_card_does_not_know),
		TEST(pss),
		TEST(wrong_inits),
		TEST(room),
		TEST(consent),
		TEST(ecdsa_lengths),
		TEST(digests),
		TEST(cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
