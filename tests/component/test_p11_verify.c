/* Verifying with the keys of certificates that openssl has made: they are
 * self-signed, so each holds a signature by its own key. */
#include "cert_samples.h"
#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "mem.h"
#include "p11_run.h"

#include <string.h>

/* What is signed, and the signature as PKCS#11 has it. */
struct signed_cert {
	CK_BYTE data[2048], sig[256];
	CK_ULONG data_len, sig_len;
};

static struct signed_cert rsa, ec;

static void take(const char *cert, size_t field, struct signed_cert *out)
{
	uk_reader all = uk_read(hex(cert));
	uk_reader r = uk_der_enter(&all, UK_DER_SEQUENCE);
	uk_buf data = UK_BUF(out->data), sig = UK_BUF(out->sig);
	uk_bytes bits;

	uk_put(&data, uk_der_get_whole(&r, UK_DER_SEQUENCE));
	uk_der_get(&r, UK_DER_SEQUENCE); /* algorithm */
	bits = uk_der_get_bits(&r);
	expect_ok(uk_read_end(&r));
	if (field == 0)
		uk_put(&sig, bits);
	else
		expect_ok(uk_sig_from_der(bits, field, &sig));
	expect_ok(uk_buf_result(&data));
	out->data_len = data.len;
	out->sig_len = sig.len;
}

static int up(void **state)
{
	take(CERT_RSA, 0, &rsa);
	take(CERT_EC, 32, &ec);
	return p11_up(state);
}

static CK_RV init(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_ULONG key)
{
	CK_MECHANISM m = { type, NULL, 0 };

	return F->C_VerifyInit(s, &m, key);
}

static CK_RV verify(CK_SESSION_HANDLE s, struct signed_cert *c)
{
	return F->C_Verify(s, c->data, c->data_len, c->sig, c->sig_len);
}

/* Right, wrong, short, long, nothing: with the whole message at once and in
 * parts; without a login. */
static void check(struct signed_cert *c, CK_MECHANISM_TYPE type, uint8_t id)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_ULONG key = find(s, CKO_PUBLIC_KEY, id);

	expect_rv(verify(s, c), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(s, type, key), CKR_OK);
	expect_rv(init(s, type, key), CKR_OPERATION_ACTIVE);
	expect_rv(verify(s, c), CKR_OK);
	expect_rv(verify(s, c), CKR_OPERATION_NOT_INITIALIZED);
	for (CK_ULONG i = 0; i < c->sig_len; i += 31) {
		c->sig[i] ^= 0x10;
		expect_rv(init(s, type, key), CKR_OK);
		expect_rv(verify(s, c), CKR_SIGNATURE_INVALID);
		c->sig[i] ^= 0x10;
	}
	expect_rv(init(s, type, key), CKR_OK);
	expect_rv(F->C_Verify(s, c->data, c->data_len, c->sig, c->sig_len - 1),
	    CKR_SIGNATURE_LEN_RANGE);
	expect_rv(init(s, type, key), CKR_OK);
	expect_rv(F->C_Verify(s, c->data, c->data_len, c->sig, c->sig_len + 1),
	    CKR_SIGNATURE_LEN_RANGE);
	expect_rv(init(s, type, key), CKR_OK);
	expect_rv(
	    F->C_Verify(s, NULL, 3, c->sig, c->sig_len), CKR_ARGUMENTS_BAD);
	expect_rv(init(s, type, key), CKR_OK);
	expect_rv(F->C_Verify(s, c->data, c->data_len, NULL, c->sig_len),
	    CKR_ARGUMENTS_BAD);
	expect_rv(init(s, type, key), CKR_OK);
	expect_rv(F->C_VerifyUpdate(s, c->data, 7), CKR_OK);
	expect_rv(verify(s, c), CKR_OPERATION_ACTIVE);
	expect_rv(F->C_VerifyUpdate(s, c->data, 0), CKR_OK);
	expect_rv(F->C_VerifyUpdate(s, c->data + 7, c->data_len - 7), CKR_OK);
	expect_rv(F->C_VerifyFinal(s, c->sig, c->sig_len), CKR_OK);
	expect_rv(init(s, type, key), CKR_OK);
	expect_rv(F->C_VerifyUpdate(s, c->data, c->data_len - 1), CKR_OK);
	expect_rv(
	    F->C_VerifyFinal(s, c->sig, c->sig_len), CKR_SIGNATURE_INVALID);
	expect_rv(F->C_VerifyFinal(s, c->sig, c->sig_len),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(
	    F->C_VerifyUpdate(s, c->data, 1), CKR_OPERATION_NOT_INITIALIZED);
}

static void rsa_pkcs1(void **state)
{
	(void)state;
	check(&rsa, CKM_SHA256_RSA_PKCS, 1);
}

static void ecdsa(void **state)
{
	(void)state;
	check(&ec, CKM_ECDSA_SHA256, 2);
}

static void digest(struct signed_cert *c, CK_BYTE *out)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };
	CK_ULONG n = 32;

	expect_rv(F->C_DigestInit(s, &m), CKR_OK);
	expect_rv(F->C_Digest(s, c->data, c->data_len, out, &n), CKR_OK);
}

/* RFC 8017, 9.2, note 1: the DigestInfo in front of a SHA-256. */
#define INFO_SHA256 "3031300d060960864801650304020105000420"

/* Mechanisms that are given the hash, and what the RSA signature says. */
static void of_hashes(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_ULONG key = find(s, CKO_PUBLIC_KEY, 1);
	CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
	CK_MECHANISM x509 = { CKM_RSA_X_509, NULL, 0 };
	CK_BYTE info[19 + 32], block[256], said[256];
	CK_ULONG n = 0;
	uk_buf b = UK_BUF(info);

	(void)state;
	uk_put(&b, hex(INFO_SHA256));
	digest(&rsa, info + 19);
	memset(block, 0xff, sizeof(block));
	block[0] = 0;
	block[1] = 1;
	block[255 - sizeof(info)] = 0;
	memcpy(block + 256 - sizeof(info), info, sizeof(info));
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(F->C_Verify(s, info, sizeof(info), rsa.sig, 256), CKR_OK);
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(
	    F->C_Verify(s, info + 19, 32, rsa.sig, 256), CKR_SIGNATURE_INVALID);
	expect_rv(init(s, CKM_RSA_X_509, key), CKR_OK);
	expect_rv(F->C_Verify(s, block, 256, rsa.sig, 256), CKR_OK);
	expect_rv(init(s, CKM_RSA_X_509, key), CKR_OK); /* the same number */
	expect_rv(F->C_Verify(s, block + 1, 255, rsa.sig, 256), CKR_OK);

	expect_rv(F->C_VerifyRecover(s, rsa.sig, 256, said, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_VerifyRecoverInit(s, &pkcs, key), CKR_OK);
	expect_rv(F->C_VerifyRecoverInit(s, &pkcs, key), CKR_OPERATION_ACTIVE);
	expect_rv(F->C_VerifyRecover(s, rsa.sig, 256, NULL, &n), CKR_OK);
	assert_int_equal(n, sizeof(info));
	n = sizeof(info) - 1;
	expect_rv(F->C_VerifyRecover(s, rsa.sig, 256, said, &n),
	    CKR_BUFFER_TOO_SMALL);
	expect_rv(F->C_VerifyRecover(s, rsa.sig, 256, said, &n), CKR_OK);
	expect_bytes(uk_view(said, n), UK_ARRAY(info));
	expect_rv(F->C_VerifyRecoverInit(s, &pkcs, key), CKR_OK);
	expect_rv(
	    F->C_VerifyRecover(s, rsa.sig, 16, said, NULL), CKR_ARGUMENTS_BAD);

	expect_rv(F->C_VerifyRecoverInit(s, &x509, key), CKR_OK);
	n = sizeof(said);
	expect_rv(F->C_VerifyRecover(s, rsa.sig, 256, said, &n), CKR_OK);
	expect_bytes(uk_view(said, n), UK_ARRAY(block));
	expect_rv(F->C_VerifyRecoverInit(s, &pkcs, key), CKR_OK);
	expect_rv(F->C_VerifyRecover(s, rsa.sig, 255, said, &n),
	    CKR_SIGNATURE_LEN_RANGE);
	expect_rv(F->C_VerifyRecoverInit(s, &pkcs, key), CKR_OK);
	rsa.sig[9] ^= 1;
	expect_rv(F->C_VerifyRecover(s, rsa.sig, 256, said, &n),
	    CKR_SIGNATURE_INVALID);

	key = find(s, CKO_PUBLIC_KEY, 2);
	digest(&ec, said);
	expect_rv(init(s, CKM_ECDSA, key), CKR_OK);
	expect_rv(F->C_Verify(s, said, 32, ec.sig, 64), CKR_OK);
	expect_rv(init(s, CKM_ECDSA, key), CKR_OK); /* leftmost bits only */
	expect_rv(F->C_Verify(s, said, 48, ec.sig, 64), CKR_OK);
	expect_rv(init(s, CKM_ECDSA, key), CKR_OK);
	expect_rv(F->C_Verify(s, said, 31, ec.sig, 64), CKR_SIGNATURE_INVALID);
	expect_rv(init(s, CKM_ECDSA, key), CKR_OK);
	expect_rv(F->C_Verify(s, said, 0, ec.sig, 64), CKR_DATA_LEN_RANGE);
	expect_rv(
	    F->C_VerifyRecoverInit(s, &pkcs, key), CKR_KEY_TYPE_INCONSISTENT);
}

static void wrong_inits(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_ULONG key = find(s, CKO_PUBLIC_KEY, 1);
	CK_ULONG cert = find(s, CKO_CERTIFICATE, 1);
	CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA1, 7 };
	CK_MECHANISM m = { CKM_RSA_PKCS_PSS, &pss, sizeof(pss) };

	(void)state;
	expect_rv(init(s, CKM_RSA_PKCS, 0), CKR_KEY_HANDLE_INVALID);
	expect_rv(init(s, CKM_RSA_PKCS, cert), CKR_KEY_HANDLE_INVALID);
	expect_rv(init(s, CKM_ECDSA, key), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(init(s, CKM_SHA256, key), CKR_MECHANISM_INVALID);
	expect_rv(init(s, CKM_RSA_PKCS_OAEP, key), CKR_MECHANISM_INVALID);
	expect_rv(init(s, CKM_RSA_PKCS_PSS, key), CKR_MECHANISM_PARAM_INVALID);
	expect_rv(F->C_VerifyInit(s, NULL, key), CKR_ARGUMENTS_BAD);
	/* any hash of MGF1 and any salt can be verified */
	expect_rv(F->C_VerifyInit(s, &m, key), CKR_OK);
	expect_rv(
	    F->C_Verify(s, rsa.data, 32, rsa.sig, 256), CKR_SIGNATURE_INVALID);
	expect_rv(F->C_VerifyInit(s, &m, key), CKR_OK);
	expect_rv(
	    F->C_Verify(s, rsa.data, 31, rsa.sig, 256), CKR_DATA_LEN_RANGE);
	expect_rv(F->C_VerifyInit(s, &m, key), CKR_OK);
	expect_rv(F->C_VerifyInit(s, NULL, 0), CKR_OK); /* 3.0: ends it */
	expect_rv(verify(s, &rsa), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(s, CKO_PRIVATE_KEY, 1);
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_KEY_TYPE_INCONSISTENT);
}

static void cancelled(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_ULONG key = find(s, CKO_PUBLIC_KEY, 1);
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_ULONG n = 256;

	(void)state;
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(F->C_VerifyRecoverInit(s, &m, key), CKR_OK);
	expect_rv(F3->C_SessionCancel(s, 0), CKR_OK);
	expect_rv(F3->C_SessionCancel(s, CKF_SIGN | CKF_ENCRYPT), CKR_OK);
	expect_rv(init(s, CKM_RSA_PKCS, key), CKR_OPERATION_ACTIVE);
	expect_rv(F3->C_SessionCancel(s, CKF_VERIFY), CKR_OK);
	expect_rv(verify(s, &rsa), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_VerifyRecoverInit(s, &m, key), CKR_OPERATION_ACTIVE);
	expect_rv(F3->C_SessionCancel(s, CKF_VERIFY_RECOVER), CKR_OK);
	expect_rv(F->C_VerifyRecover(s, rsa.sig, 256, rsa.sig, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
}

/* --- messages (3.0, 5.16) ------------------------------------------------- */

static CK_RV verify_message(CK_SESSION_HANDLE s, struct signed_cert *c)
{
	return F3->C_VerifyMessage(
	    s, NULL, 0, c->data, c->data_len, c->sig, c->sig_len);
}

static CK_RV next(
    CK_SESSION_HANDLE s, CK_BYTE *part, CK_ULONG n, struct signed_cert *c)
{
	return F3->C_VerifyMessageNext(s, NULL, 0, part, n,
	    c == NULL ? NULL : c->sig, c == NULL ? 0 : c->sig_len);
}

static void messages(void **state)
{
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE key = find(s, CKO_PUBLIC_KEY, 1);

	(void)state;
	expect_rv(verify_message(s, &rsa), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F3->C_MessageVerifyInit(s, NULL, key), CKR_ARGUMENTS_BAD);
	expect_rv(F3->C_MessageVerifyInit(s, &m, key), CKR_OK);
	expect_rv(F3->C_MessageVerifyInit(s, &m, key), CKR_OPERATION_ACTIVE);
	for (int i = 0; i < 3; i++) {
		expect_rv(verify_message(s, &rsa), CKR_OK);
		rsa.sig[i] ^= 1;
		expect_rv(verify_message(s, &rsa), CKR_SIGNATURE_INVALID);
		rsa.sig[i] ^= 1;
		expect_rv(F3->C_VerifyMessage(
			      s, NULL, 0, rsa.data, rsa.data_len, rsa.sig, 255),
		    CKR_SIGNATURE_LEN_RANGE);
		expect_rv(F3->C_VerifyMessageBegin(s, NULL, 0), CKR_OK);
		expect_rv(verify_message(s, &rsa), CKR_OPERATION_ACTIVE);
		expect_rv(next(s, rsa.data, 9, NULL), CKR_OK);
		expect_rv(
		    next(s, rsa.data + 9, rsa.data_len - 9, &rsa), CKR_OK);
		expect_rv(
		    next(s, rsa.data, 9, NULL), CKR_OPERATION_NOT_INITIALIZED);
		expect_rv(F3->C_VerifyMessageBegin(s, NULL, 0), CKR_OK);
		expect_rv(next(s, rsa.data, 9, &rsa), CKR_SIGNATURE_INVALID);
	}
	expect_rv(F3->C_VerifyMessageBegin(s, rsa.data, 2),
	    CKR_MECHANISM_PARAM_INVALID);
	expect_rv(verify(s, &rsa), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F3->C_MessageVerifyFinal(s), CKR_OK);
	expect_rv(F3->C_MessageVerifyFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F3->C_MessageVerifyInit(s, &m, key), CKR_OK);
	expect_rv(F3->C_SessionCancel(s, CKF_MESSAGE_VERIFY), CKR_OK);
	expect_rv(verify_message(s, &rsa), CKR_OPERATION_NOT_INITIALIZED);
}

/* --- the signature first (3.2) -------------------------------------------- */

static CK_RV first(
    CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, struct signed_cert *c)
{
	CK_MECHANISM m = { type, NULL, 0 };

	return F3->C_VerifySignatureInit(s, &m,
	    find(s, CKO_PUBLIC_KEY, c == &rsa ? 1 : 2), c->sig, c->sig_len);
}

static void check_first(struct signed_cert *c, CK_MECHANISM_TYPE type)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_BYTE saved = c->sig[5];

	expect_rv(F3->C_VerifySignature(s, c->data, c->data_len),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(first(s, type, c), CKR_OK);
	c->sig[5] ^= 0xff; /* the module has a copy */
	expect_rv(F3->C_VerifySignature(s, c->data, c->data_len), CKR_OK);
	expect_rv(F3->C_VerifySignature(s, c->data, c->data_len),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(first(s, type, c), CKR_OK);
	expect_rv(F3->C_VerifySignature(s, c->data, c->data_len),
	    CKR_SIGNATURE_INVALID);
	c->sig[5] = saved;
	expect_rv(first(s, type, c), CKR_OK);
	expect_rv(F3->C_VerifySignatureUpdate(s, c->data, 5), CKR_OK);
	expect_rv(F3->C_VerifySignature(s, c->data, 5), CKR_OPERATION_ACTIVE);
	expect_rv(F3->C_VerifySignatureUpdate(s, c->data + 5, c->data_len - 5),
	    CKR_OK);
	expect_rv(F3->C_VerifySignatureFinal(s), CKR_OK);
	expect_rv(F3->C_VerifySignatureFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(first(s, type, c), CKR_OK);
	expect_rv(F3->C_VerifySignatureUpdate(s, c->data, 5), CKR_OK);
	expect_rv(F3->C_VerifySignatureFinal(s), CKR_SIGNATURE_INVALID);
	c->sig_len--;
	expect_rv(first(s, type, c), CKR_SIGNATURE_LEN_RANGE);
	c->sig_len++;
	expect_rv(F3->C_VerifySignatureFinal(s), CKR_OPERATION_NOT_INITIALIZED);
}

/* One way of verifying is not ended in the other way. */
static void signature_first(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE key = find(s, CKO_PUBLIC_KEY, 1);
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS, NULL, 0 };

	(void)state;
	check_first(&rsa, CKM_SHA256_RSA_PKCS);
	check_first(&ec, CKM_ECDSA_SHA256);
	expect_rv(first(s, CKM_SHA256_RSA_PKCS, &rsa), CKR_OK);
	expect_rv(verify(s, &rsa), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(
	    F->C_VerifyUpdate(s, rsa.data, 1), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(s, CKM_SHA256_RSA_PKCS, key), CKR_OPERATION_ACTIVE);
	expect_rv(F3->C_VerifySignatureInit(s, NULL, 0, NULL, 0), CKR_OK);
	expect_rv(init(s, CKM_SHA256_RSA_PKCS, key), CKR_OK);
	expect_rv(F3->C_VerifySignature(s, rsa.data, 1),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(first(s, CKM_SHA256_RSA_PKCS, &rsa), CKR_OPERATION_ACTIVE);
	expect_rv(verify(s, &rsa), CKR_OK);
	expect_rv(F3->C_VerifySignatureInit(s, &m, key, NULL, 256),
	    CKR_ARGUMENTS_BAD);
	expect_rv(F3->C_VerifySignatureInit(s, &m, key, rsa.sig, 0),
	    CKR_SIGNATURE_LEN_RANGE);
	expect_rv(F3->C_VerifySignatureInit(s, NULL, key, rsa.sig, 256),
	    CKR_ARGUMENTS_BAD);
	expect_rv(first(s, CKM_ECDSA, &rsa), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(first(s, CKM_SHA256_RSA_PKCS, &rsa), CKR_OK);
	expect_rv(F3->C_SessionCancel(s, CKF_VERIFY), CKR_OK);
	expect_rv(F3->C_VerifySignatureFinal(s), CKR_OPERATION_NOT_INITIALIZED);
}

/* A verification never says yes because memory was missing. */
static void without_memory(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_ULONG key = find(s, CKO_PUBLIC_KEY, 1);
	unsigned long n = 0;
	CK_RV rv = CKR_HOST_MEMORY;

	(void)state;
	for (n = 1; rv != CKR_OK; n++) {
		uk_mem_fail_nth(n);
		rv = init(s, CKM_SHA256_RSA_PKCS, key);
		if (rv == CKR_OK)
			rv = verify(s, &rsa);
		uk_mem_fail_nth(0);
		if (rv != CKR_OK)
			expect_rv(rv, CKR_HOST_MEMORY);
	}
	assert_true(n > 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rsa_pkcs1),
		TEST(ecdsa),
		TEST(of_hashes),
		TEST(wrong_inits),
		TEST(cancelled),
		TEST(messages),
		TEST(signature_first),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
