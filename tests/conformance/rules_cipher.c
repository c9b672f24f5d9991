/* Encryption and decryption with RSA: 5.8, 5.10, 2.1.8; SM2 and SM3. */
#include "conform.h"

#include <string.h>

static bool offered(struct conf *c, CK_MECHANISM_TYPE type)
{
	if (conf_offers(c, type, CKF_DECRYPT) &&
	    conf_offers(c, type, CKF_ENCRYPT))
		return true;
	conf_skip(c, "0x%lX does not encrypt and decrypt", type);
	return false;
}

/* --- there and back ------------------------------------------------------- */

static bool deciphering_pair(
    struct conf *c, CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_BYTE id[CONF_IDS_MAX];
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, id, 0 } };

	*private = conf_key_of(c, CONF_ROLE_DECRYPT);
	if (*private != 0)
		t[1].ulValueLen = conf_get_bytes(
		    c, *private, CKA_ID, id, sizeof(id));
	if (*private == 0 || t[1].ulValueLen > sizeof(id) ||
	    conf_find(c, t, 2, public, 1) == 0) {
		conf_skip(c, "no key pair deciphers");
		return false;
	}
	return true;
}

static void encrypt_and_decrypt(struct conf *c, const void *row)
{
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_BYTE secret[1024];
	CK_ULONG n = sizeof(secret), plain = CONF_BUF;

	(void)row;
	if (!offered(c, CKM_RSA_PKCS) ||
	    !deciphering_pair(c, &public, &private))
		return;
	WANT(c, C_EncryptInit(c->s, &m, public), CKR_OK);
	WANT(c, C_Encrypt(c->s, c->in, 20, secret, &n), CKR_OK);
	WANT(c, C_DecryptInit(c->s, &m, private), CKR_OK);
	WANT(c, C_Decrypt(c->s, secret, n, c->out, &plain), CKR_OK);
	CHECK(c, plain == 20 && memcmp(c->out, c->in, 20) == 0,
	    "something else comes back");
	plain = CONF_BUF;
	WANT(c, C_DecryptInit(c->s, &m, private), CKR_OK);
	WANT(c, C_Decrypt(c->s, secret, n - 1, c->out, &plain),
	    CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID);
	WANT(c, C_Decrypt(c->s, secret, n, c->out, &plain),
	    CKR_OPERATION_NOT_INITIALIZED);
}

/* --- OAEP (2.1.8) --------------------------------------------------------- */

static CK_RSA_PKCS_OAEP_PARAMS oaep_of(
    CK_MECHANISM_TYPE hash, CK_RSA_PKCS_MGF_TYPE mgf)
{
	return (
	    CK_RSA_PKCS_OAEP_PARAMS){ hash, mgf, CKZ_DATA_SPECIFIED, NULL, 0 };
}

/* A bad parameter is found when the operation begins, by both sides. */
static void oaep_parameters(struct conf *c, const void *row)
{
	CK_RSA_PKCS_OAEP_PARAMS good = oaep_of(CKM_SHA_1, CKG_MGF1_SHA1);
	CK_RSA_PKCS_OAEP_PARAMS hash = oaep_of(0x77, CKG_MGF1_SHA1);
	CK_RSA_PKCS_OAEP_PARAMS mgf = oaep_of(CKM_SHA_1, 0x77);
	CK_RSA_PKCS_OAEP_PARAMS source = good, data = good;
	CK_MECHANISM_TYPE type = CKM_RSA_PKCS_OAEP;
	const CK_MECHANISM bad[] = { { type, NULL, 0 },
		{ type, &good, sizeof(good) - 1 },
		{ type, &hash, sizeof(hash) }, { type, &mgf, sizeof(mgf) },
		{ type, &source, sizeof(source) },
		{ type, &data, sizeof(data) } };
	CK_OBJECT_HANDLE public = 0, private = 0;

	(void)row;
	source.source = 0x77;
	data.ulSourceDataLen = 5; /* and no data */
	if (!offered(c, type) || !deciphering_pair(c, &public, &private))
		return;
	for (size_t i = 0; i < CONF_COUNT(bad) * 2; i++) {
		CK_MECHANISM m = bad[i / 2];
		CK_RV rv = i % 2 == 0
			       ? c->f.v2.C_EncryptInit(c->s, &m, public)
			       : c->f.v2.C_DecryptInit(c->s, &m, private);

		CHECK(c,
		    rv == CKR_MECHANISM_PARAM_INVALID ||
			(i < 2 && rv == CKR_ARGUMENTS_BAD),
		    "%s, bad parameter %zu: %s",
		    i % 2 == 0 ? "C_EncryptInit" : "C_DecryptInit", i / 2 + 1,
		    conf_rv_name(rv));
		if (rv == CKR_OK)
			return; /* the operation is active now */
	}
}

/* Decrypts what is in `secret` with a parameter. */
static CK_RV unwrap(struct conf *c, CK_MECHANISM *m, CK_OBJECT_HANDLE private,
    CK_BYTE *secret, CK_ULONG n, CK_ULONG *plain)
{
	*plain = CONF_BUF;
	if (!WANT(c, C_DecryptInit(c->s, m, private), CKR_OK))
		return CKR_GENERAL_ERROR;
	return c->f.v2.C_Decrypt(c->s, secret, n, c->out, plain);
}

static const CK_RV not_decrypted[] = { CKR_ENCRYPTED_DATA_INVALID, CONF_END };

static void oaep_label(struct conf *c, const void *row)
{
	CK_RSA_PKCS_OAEP_PARAMS one = oaep_of(CKM_SHA256, CKG_MGF1_SHA256);
	CK_RSA_PKCS_OAEP_PARAMS other;
	CK_MECHANISM m = { CKM_RSA_PKCS_OAEP, &one, sizeof(one) };
	CK_MECHANISM m2 = { CKM_RSA_PKCS_OAEP, &other, sizeof(other) };
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_BYTE secret[1024];
	CK_ULONG n = sizeof(secret), plain;
	CK_RV rv;

	(void)row;
	one.pSourceData = c->in;
	one.ulSourceDataLen = 5;
	other = one;
	other.ulSourceDataLen = 4;
	if (!offered(c, CKM_RSA_PKCS_OAEP) ||
	    !deciphering_pair(c, &public, &private))
		return;
	WANT(c, C_EncryptInit(c->s, &m, public), CKR_OK);
	WANT(c, C_Encrypt(c->s, c->in, 20, secret, &n), CKR_OK);
	rv = unwrap(c, &m, private, secret, n, &plain);
	CHECK(c, rv == CKR_OK && plain == 20 && memcmp(c->out, c->in, 20) == 0,
	    "something else comes back: %s", conf_rv_name(rv));
	conf_want(c, "C_Decrypt with another label",
	    unwrap(c, &m2, private, secret, n, &plain), not_decrypted);
	secret[n / 2] ^= 1;
	conf_want(c, "C_Decrypt of something else",
	    unwrap(c, &m, private, secret, n, &plain), not_decrypted);
}

/* --- SM2, SM3 ------------------------------------------------------------- */

/* No standard has numbers for them; these are the ones that several vendors
 * share (Thales Luna, and OpenSC from there). */
enum { SM3 = 0x80000b01, SM3_WITH_SM2 = 0x80000b22 };

/* GB/T 32905-2016, annex A.1. */
static void sm3_value(struct conf *c, const void *row)
{
	static const CK_BYTE want[32] = { 0x66, 0xc7, 0xf0, 0xf4, 0x62, 0xee,
		0xed, 0xd9, 0xd1, 0xf2, 0xd4, 0x6b, 0xdc, 0x10, 0xe4, 0xe2,
		0x41, 0x67, 0xc4, 0x87, 0x5c, 0xf2, 0xf7, 0xa2, 0x29, 0x7d,
		0xa0, 0x2b, 0x8f, 0x4b, 0xa8, 0xe0 };
	CK_MECHANISM m = { SM3, NULL, 0 };
	CK_BYTE abc[] = { 'a', 'b', 'c' };
	CK_ULONG n = CONF_BUF;

	(void)row;
	if (!conf_offers(c, SM3, CKF_DIGEST)) {
		conf_skip(c, "no SM3");
		return;
	}
	WANT(c, C_DigestInit(c->s, &m), CKR_OK);
	WANT(c, C_Digest(c->s, abc, sizeof(abc), c->out, &n), CKR_OK);
	CHECK(c, n == sizeof(want) && memcmp(c->out, want, n) == 0,
	    "the digest is another");
}

/* The halves of a pair on the curve 1.2.156.10197.1.301 that signs freely. */
static bool sm2_pair(
    struct conf *c, CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	CK_BYTE curve[] = { 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01,
		0x82, 0x2d };
	CK_BYTE own[32];

	*private = c->key.private;
	*public = c->key.public;
	if (*private != 0 && *public != 0 &&
	    conf_get_bytes(c, *private, CKA_EC_PARAMS, own, sizeof(own)) ==
		sizeof(curve) &&
	    memcmp(own, curve, sizeof(curve)) == 0)
		return true;
	conf_skip(c, "no SM2 key that signs freely");
	return false;
}

static void sm2_is_not_ecdsa(struct conf *c, const void *row)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_OBJECT_HANDLE public = 0, private = 0;

	(void)row;
	if (!sm2_pair(c, &public, &private))
		return;
	WANT(c, C_SignInit(c->s, &m, private), CKR_KEY_TYPE_INCONSISTENT,
	    CKR_MECHANISM_INVALID);
	WANT(c, C_VerifyInit(c->s, &m, public), CKR_KEY_TYPE_INCONSISTENT,
	    CKR_MECHANISM_INVALID);
}

static void sm2_sign(struct conf *c, const void *row)
{
	CK_MECHANISM m = { SM3_WITH_SM2, NULL, 0 };
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_ULONG n = CONF_BUF;

	(void)row;
	if (!sm2_pair(c, &public, &private))
		return;
	WANT(c, C_SignInit(c->s, &m, private), CKR_OK);
	WANT(c, C_Sign(c->s, c->in, 60, c->out, &n), CKR_OK);
	CHECK(c, n == 64, "a signature of %lu bytes", n);
	WANT(c, C_VerifyInit(c->s, &m, public), CKR_OK);
	WANT(c, C_Verify(c->s, c->in, 60, c->out, n), CKR_OK);
	WANT(c, C_VerifyInit(c->s, &m, public), CKR_OK);
	WANT(c, C_Verify(c->s, c->in, 59, c->out, n), CKR_SIGNATURE_INVALID);
}

static const struct conf_rule rules[] = {
	{ "operations/encrypt_and_decrypt", "5.10.2", CONF_USER, 0,
	    encrypt_and_decrypt, NULL },
	{ "operations/oaep_parameters", "2.1.8", CONF_USER, 0, oaep_parameters,
	    NULL },
	{ "operations/oaep_label", "2.1.8", CONF_USER, 0, oaep_label, NULL },
	{ "sm/sm3_value", "-", CONF_RW, 0, sm3_value, NULL },
	{ "sm/sm2_is_not_ecdsa", "-", CONF_USER, 0, sm2_is_not_ecdsa, NULL },
	{ "sm/sm2_sign", "-", CONF_USER, 0, sm2_sign, NULL },
};

const struct conf_rules conf_cipher_rules = { rules, CONF_COUNT(rules) };
