/* Digests, signatures and ciphers: 5.8 to 5.19, and 2.1, 2.3. */
#include "conform.h"

#include <string.h>

#include "sigcheck.h"

static bool signing(struct conf *c, CK_MECHANISM *m)
{
	if (c->key.private != 0 && conf_mechanism(c, CONF_ROLE_SIGN, m))
		return true;
	conf_skip(c, "no key that signs freely");
	return false;
}

static bool is_type(struct conf *c, CK_KEY_TYPE type)
{
	if (c->key.private != 0 && c->key.type == type)
		return true;
	conf_skip(c, "no such key");
	return false;
}

static bool offered(struct conf *c, CK_MECHANISM_TYPE type, CK_FLAGS flag)
{
	if (conf_offers(c, type, flag))
		return true;
	conf_skip(c, "0x%lX is not offered", type);
	return false;
}

/* --- how much room ------------------------------------------------------ */

typedef CK_RV whole_fn(CK_SESSION_HANDLE s, CK_BYTE *in, CK_ULONG in_len,
    CK_BYTE *out, CK_ULONG *out_len);
typedef CK_RV last_fn(CK_SESSION_HANDLE s, CK_BYTE *out, CK_ULONG *out_len);

/* A call that ends an operation: in one part, or after updates. */
struct ending {
	const char *name;
	whole_fn *whole;
	last_fn *last;
};

static CK_RV end_with(
    struct conf *c, const struct ending *e, CK_BYTE *out, CK_ULONG *len)
{
	return e->whole != NULL ? e->whole(c->s, c->in, 3, out, len)
				: e->last(c->s, out, len);
}

/* 5.2: NULL asks, too little room tells, neither ends it; the right room does.
 */
static void room(struct conf *c, struct ending e)
{
	CK_ULONG n = 0, needed;

	if (!conf_want(c, e.name, end_with(c, &e, NULL, &n),
		(const CK_RV[]){ CKR_OK, CONF_END }) ||
	    !CHECK(c, n > 0 && n <= CONF_BUF, "%s asks for %lu", e.name, n))
		return;
	needed = n;
	n = 0;
	conf_want(c, e.name, end_with(c, &e, c->out, &n),
	    (const CK_RV[]){ CKR_BUFFER_TOO_SMALL, CONF_END });
	CHECK(c, n == needed, "too small: %lu, not %lu", n, needed);
	n = needed - 1;
	conf_want(c, e.name, end_with(c, &e, c->out, &n),
	    (const CK_RV[]){ CKR_BUFFER_TOO_SMALL, CONF_END });
	n = CONF_BUF;
	conf_want(c, e.name, end_with(c, &e, c->out, &n),
	    (const CK_RV[]){ CKR_OK, CONF_END });
	CHECK(c, n <= needed, "the size grew from %lu to %lu", needed, n);
	conf_want(c, e.name, end_with(c, &e, c->out, &n),
	    (const CK_RV[]){ CKR_OPERATION_NOT_INITIALIZED, CONF_END });
}

#define ROOM(ident, whole_name, last_name)                                     \
	static void room_##ident(struct conf *c, const void *row)              \
	{                                                                      \
		(void)row;                                                     \
		room(c, (struct ending){ #ident, whole_name, last_name });     \
	}
ROOM(digest, c->f.v2.C_Digest, NULL)
ROOM(digest_final, NULL, c->f.v2.C_DigestFinal)
ROOM(sign, c->f.v2.C_Sign, NULL)
ROOM(sign_final, NULL, c->f.v2.C_SignFinal)
ROOM(encrypt, c->f.v2.C_Encrypt, NULL)

/* --- what ends an operation --------------------------------------------- */

static void digest_error_ends(struct conf *c, const void *row)
{
	CK_ULONG n = CONF_BUF;

	(void)row;
	WANT(c, C_Digest(c->s, c->in, 3, c->out, NULL), CKR_ARGUMENTS_BAD);
	WANT(c, C_Digest(c->s, c->in, 3, c->out, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
}

static void sign_error_ends(struct conf *c, const void *row)
{
	CK_ULONG n = CONF_BUF;

	(void)row;
	WANT(c, C_Sign(c->s, c->in, 3, c->out, NULL), CKR_ARGUMENTS_BAD);
	WANT(c, C_Sign(c->s, c->in, 3, c->out, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
}

/* 3.0, 5.13.1: no mechanism means no operation. */
static void null_cancels(struct conf *c, const void *row)
{
	CK_ULONG n = CONF_BUF;

	(void)row;
	WANT(c, C_SignInit(c->s, NULL, 0), CKR_OK,
	    API_CKR_OPERATION_CANCEL_FAILED);
	WANT(c, C_Sign(c->s, c->in, 3, c->out, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
}

static void logout_ends(struct conf *c, const void *row)
{
	CK_ULONG n = CONF_BUF;

	(void)row;
	WANT(c, C_Logout(c->s), CKR_OK);
	WANT(c, C_Sign(c->s, c->in, 3, c->out, &n),
	    CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN);
}

/* --- signatures are right ----------------------------------------------- */

bool conf_load_public(struct conf *c, struct sig_key *k)
{
	if (c->key.public == 0) {
		conf_skip(c, "no public key");
		return false;
	}
	memset(k, 0, sizeof(*k));
	k->is_rsa = c->key.type == CKK_RSA;
	k->a_len = conf_get_bytes(c, c->key.public,
	    k->is_rsa ? CKA_MODULUS : CKA_EC_PARAMS, k->a, sizeof(k->a));
	k->b_len = conf_get_bytes(c, c->key.public,
	    k->is_rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT, k->b, sizeof(k->b));
	return CHECK(c, k->a_len <= sizeof(k->a) && k->b_len <= sizeof(k->b),
	    "the public key cannot be read");
}

/* Every mechanism that hashes, with the hash that OpenSSL is to expect. */
static const struct {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key;
	const char *hash;
	CK_MECHANISM_TYPE pss_hash; /* 0: no PSS */
	CK_RSA_PKCS_MGF_TYPE mgf;
	CK_ULONG salt;
} hashing[] = {
	{ CKM_SHA1_RSA_PKCS, CKK_RSA, "SHA1", 0, 0, 0 },
	{ CKM_SHA224_RSA_PKCS, CKK_RSA, "SHA224", 0, 0, 0 },
	{ CKM_SHA256_RSA_PKCS, CKK_RSA, "SHA256", 0, 0, 0 },
	{ CKM_SHA384_RSA_PKCS, CKK_RSA, "SHA384", 0, 0, 0 },
	{ CKM_SHA512_RSA_PKCS, CKK_RSA, "SHA512", 0, 0, 0 },
	{ CKM_SHA256_RSA_PKCS_PSS, CKK_RSA, "SHA256", CKM_SHA256,
	    CKG_MGF1_SHA256, 32 },
	{ CKM_SHA384_RSA_PKCS_PSS, CKK_RSA, "SHA384", CKM_SHA384,
	    CKG_MGF1_SHA384, 48 },
	{ CKM_SHA512_RSA_PKCS_PSS, CKK_RSA, "SHA512", CKM_SHA512,
	    CKG_MGF1_SHA512, 64 },
	{ CKM_ECDSA_SHA1, CKK_EC, "SHA1", 0, 0, 0 },
	{ CKM_ECDSA_SHA224, CKK_EC, "SHA224", 0, 0, 0 },
	{ CKM_ECDSA_SHA256, CKK_EC, "SHA256", 0, 0, 0 },
	{ CKM_ECDSA_SHA384, CKK_EC, "SHA384", 0, 0, 0 },
	{ CKM_ECDSA_SHA512, CKK_EC, "SHA512", 0, 0, 0 },
};

static bool fits(struct conf *c, size_t i)
{
	return hashing[i].key == c->key.type &&
	       conf_offers(c, hashing[i].type, CKF_SIGN);
}

static void check_one(
    struct conf *c, const struct sig_key *k, size_t i, bool in_parts)
{
	CK_RSA_PKCS_PSS_PARAMS pss = { hashing[i].pss_hash, hashing[i].mgf,
		hashing[i].salt };
	CK_MECHANISM m = { hashing[i].type, NULL, 0 };
	CK_ULONG n = CONF_BUF;

	if (hashing[i].pss_hash != 0)
		m = (CK_MECHANISM){ hashing[i].type, &pss, sizeof(pss) };
	if (!WANT(c, C_SignInit(c->s, &m, c->key.private), CKR_OK))
		return;
	if (in_parts) {
		WANT(c, C_SignUpdate(c->s, c->in, 1), CKR_OK);
		WANT(c, C_SignUpdate(c->s, c->in + 1, 0), CKR_OK);
		WANT(c, C_SignUpdate(c->s, c->in + 1, 59), CKR_OK);
		WANT(c, C_SignFinal(c->s, c->out, &n), CKR_OK);
	} else {
		WANT(c, C_Sign(c->s, c->in, 60, c->out, &n), CKR_OK);
	}
	CHECK(c,
	    sig_verify(k, hashing[i].hash,
		hashing[i].pss_hash != 0 ? (int)hashing[i].salt : -1, c->in, 60,
		c->out, n),
	    "0x%lX%s: the signature is wrong", hashing[i].type,
	    in_parts ? " in parts" : "");
}

static void signatures(struct conf *c, bool in_parts)
{
	struct sig_key k;
	int tried = 0;

	if (!conf_load_public(c, &k))
		return;
	for (size_t i = 0; i < CONF_COUNT(hashing); i++) {
		if (fits(c, i)) {
			check_one(c, &k, i, in_parts);
			tried++;
		}
	}
	if (tried == 0)
		conf_skip(c, "no mechanism hashes and signs");
}

static void sign_whole(struct conf *c, const void *row)
{
	(void)row;
	signatures(c, false);
}

static void sign_in_parts(struct conf *c, const void *row)
{
	(void)row;
	signatures(c, true);
}

/* FIPS 186-5, 6.4.1: longer than the order is cut, shorter is taken as it is.
 */
static void ecdsa_lengths(struct conf *c, const void *row)
{
	static const CK_ULONG lengths[] = { 20, 28, 32, 48, 64 };
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	struct sig_key k;
	CK_ULONG n, whole = 0;

	(void)row;
	if (!is_type(c, CKK_EC) || !offered(c, CKM_ECDSA, CKF_SIGN) ||
	    !conf_load_public(c, &k))
		return;
	for (size_t i = 0; i < CONF_COUNT(lengths); i++) {
		n = CONF_BUF;
		WANT(c, C_SignInit(c->s, &m, c->key.private), CKR_OK);
		WANT(c, C_Sign(c->s, c->in, lengths[i], c->out, &n), CKR_OK);
		CHECK(c, n % 2 == 0 && (whole == 0 || n == whole),
		    "a signature of %lu bytes", n);
		whole = n;
		CHECK(c, sig_verify(&k, NULL, -1, c->in, lengths[i], c->out, n),
		    "%lu bytes: the signature is wrong", lengths[i]);
	}
}

/* --- RSA ---------------------------------------------------------------- */

static void rsa_raw(struct conf *c, const void *row)
{
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_BYTE modulus[1024];
	CK_ULONG k, n = CONF_BUF;

	(void)row;
	if (!is_type(c, CKK_RSA) || !offered(c, CKM_RSA_PKCS, CKF_SIGN))
		return;
	k = conf_get_bytes(
	    c, c->key.private, CKA_MODULUS, modulus, sizeof(modulus));
	if (!CHECK(c, k > 64 && k <= sizeof(modulus), "no CKA_MODULUS"))
		return;
	memset(modulus, 'b', sizeof(modulus));
	WANT(c, C_SignInit(c->s, &m, c->key.private), CKR_OK);
	WANT(c, C_Sign(c->s, c->in, 51, c->out, &n), CKR_OK);
	n = CONF_BUF;
	WANT(c, C_SignInit(c->s, &m, c->key.private), CKR_OK);
	WANT(c, C_Sign(c->s, modulus, k - 10, c->out, &n), CKR_DATA_LEN_RANGE);
	n = CONF_BUF;
	WANT(c, C_Sign(c->s, c->in, 51, c->out, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
}

/* 2.1.10: hash, mask and salt belong to the mechanism. */
static void pss_parameters(struct conf *c, const void *row)
{
	CK_RSA_PKCS_PSS_PARAMS good = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_RSA_PKCS_PSS_PARAMS other = { CKM_SHA512, CKG_MGF1_SHA512, 64 };
	CK_RSA_PKCS_PSS_PARAMS mgf = { CKM_SHA256, 0x77, 32 };
	CK_RSA_PKCS_PSS_PARAMS salt = { CKM_SHA256, CKG_MGF1_SHA256, 100000 };
	CK_MECHANISM_TYPE type = CKM_SHA256_RSA_PKCS_PSS;
	const CK_MECHANISM bad[] = { { type, NULL, 0 },
		{ type, &good, sizeof(good) - 1 },
		{ type, &other, sizeof(other) }, { type, &mgf, sizeof(mgf) },
		{ type, &salt, sizeof(salt) } };

	(void)row;
	if (!is_type(c, CKK_RSA) || !offered(c, type, CKF_SIGN))
		return;
	for (size_t i = 0; i < CONF_COUNT(bad); i++) {
		CK_MECHANISM m = bad[i];
		CK_RV rv = c->f.v2.C_SignInit(c->s, &m, c->key.private);

		if (!CHECK(c,
			rv == CKR_MECHANISM_PARAM_INVALID ||
			    (i == 0 && rv == CKR_ARGUMENTS_BAD),
			"bad parameter %zu: %s", i + 1, conf_rv_name(rv)))
			c->f.v2.C_SignInit(c->s, NULL, 0);
	}
}

/* --- keys that do not fit ----------------------------------------------- */

static void wrong_key_type(struct conf *c, const void *row)
{
	CK_MECHANISM m = { c->key.type == CKK_RSA ? CKM_ECDSA : CKM_RSA_PKCS,
		NULL, 0 };

	(void)row;
	if (c->key.private == 0) {
		conf_skip(c, "no key that signs freely");
		return;
	}
	if (offered(c, m.mechanism, CKF_SIGN))
		WANT(c, C_SignInit(c->s, &m, c->key.private),
		    CKR_KEY_TYPE_INCONSISTENT);
}

static void certificate_as_key(struct conf *c, const void *row)
{
	CK_MECHANISM m;
	CK_OBJECT_HANDLE o;

	(void)row;
	if (!signing(c, &m))
		return;
	if (conf_find_class(c, CKO_CERTIFICATE, &o, 1) == 0)
		conf_skip(c, "no certificate");
	else
		WANT(c, C_SignInit(c->s, &m, o), CKR_KEY_HANDLE_INVALID,
		    CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED);
}

/* --- verifying ---------------------------------------------------------- */

static CK_RV verify(struct conf *c, CK_MECHANISM *m, CK_BYTE *sig, CK_ULONG n)
{
	CK_RV rv = c->f.v2.C_VerifyInit(c->s, m, c->key.public);

	return rv == CKR_OK ? c->f.v2.C_Verify(c->s, c->in, 60, sig, n) : rv;
}

static void want_verify(
    struct conf *c, const char *what, CK_RV rv, const CK_RV *expected)
{
	char call[64] = "C_Verify ";

	strncat(call, what, sizeof(call) - strlen(call) - 1);
	conf_want(c, call, rv, expected);
}

static void verify_signatures(struct conf *c, const void *row)
{
	static const CK_RV ok[] = { CKR_OK, CONF_END };
	static const CK_RV invalid[] = { CKR_SIGNATURE_INVALID, CONF_END };
	static const CK_RV length[] = { CKR_SIGNATURE_LEN_RANGE, CONF_END };
	CK_MECHANISM m;
	CK_BYTE sig[1024];
	CK_ULONG n = sizeof(sig);

	(void)row;
	if (!signing(c, &m) || !offered(c, m.mechanism, CKF_VERIFY))
		return;
	if (c->key.public == 0) {
		conf_skip(c, "no public key");
		return;
	}
	WANT(c, C_SignInit(c->s, &m, c->key.private), CKR_OK);
	WANT(c, C_Sign(c->s, c->in, 60, sig, &n), CKR_OK);
	want_verify(c, "good", verify(c, &m, sig, n), ok);
	want_verify(c, "short", verify(c, &m, sig, n - 1), length);
	want_verify(c, "long", verify(c, &m, sig, n + 1), length);
	sig[n - 1] ^= 1;
	want_verify(c, "bad", verify(c, &m, sig, n), invalid);
	sig[n - 1] ^= 1;
	c->in[0] ^= 1;
	want_verify(c, "other data", verify(c, &m, sig, n), invalid);
	WANT(c, C_Verify(c->s, c->in, 60, sig, n),
	    CKR_OPERATION_NOT_INITIALIZED);
}

/* --- keys that ask every time ------------------------------------------- */

static bool asking_key(struct conf *c, CK_OBJECT_HANDLE *key, CK_MECHANISM *m)
{
	CK_BBOOL yes = CK_TRUE;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = 0;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_ALWAYS_AUTHENTICATE, &yes, sizeof(yes) } };

	if (conf_find(c, t, 2, key, 1) == 0 ||
	    !conf_get(c, *key, CKA_KEY_TYPE, &type, sizeof(type))) {
		conf_skip(c, "no key has CKA_ALWAYS_AUTHENTICATE");
		return false;
	}
	*m = (CK_MECHANISM){ type == CKK_RSA ? CKM_SHA256_RSA_PKCS
					     : CKM_ECDSA_SHA256,
		NULL, 0 };
	return true;
}

static void always_authenticate(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE key;
	CK_MECHANISM m;
	CK_ULONG n = CONF_BUF;
	CK_RV rv;

	(void)row;
	if (!asking_key(c, &key, &m))
		return;
	WANT(c, C_SignInit(c->s, &m, key), CKR_OK);
	WANT(c, C_Sign(c->s, c->in, 32, c->out, &n), CKR_USER_NOT_LOGGED_IN);
	n = CONF_BUF;
	WANT(c, C_Sign(c->s, c->in, 32, c->out, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
	for (int i = 0; i < 2; i++) {
		n = CONF_BUF;
		WANT(c, C_SignInit(c->s, &m, key), CKR_OK);
		rv = conf_login(c, c->s, CKU_CONTEXT_SPECIFIC);
		conf_want(
		    c, "C_Login", rv, (const CK_RV[]){ CKR_OK, CONF_END });
		WANT(c, C_Sign(c->s, c->in, 32, c->out, &n), CKR_OK);
	}
	WANT(c, C_SignInit(c->s, &m, key), CKR_OK);
	WANT(c, C_SignUpdate(c->s, c->in, 32), CKR_OK, CKR_USER_NOT_LOGGED_IN);
	n = CONF_BUF;
	WANT(c, C_SignFinal(c->s, c->out, &n), CKR_USER_NOT_LOGGED_IN,
	    CKR_OPERATION_NOT_INITIALIZED);
}

static void wrong_context_pin(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE key;
	CK_MECHANISM m;
	CK_ULONG n = CONF_BUF;
	struct conf_secret wrong = c->opt->pin;

	(void)row;
	if (!asking_key(c, &key, &m))
		return;
	wrong.text[wrong.len - 1] ^= 1;
	WANT(c, C_SignInit(c->s, &m, key), CKR_OK);
	WANT(c, C_Login(c->s, CKU_CONTEXT_SPECIFIC, wrong.text, wrong.len),
	    CKR_PIN_INCORRECT);
	conf_want(c, "C_Login", conf_login(c, c->s, CKU_CONTEXT_SPECIFIC),
	    (const CK_RV[]){ CKR_OK, CONF_END });
	WANT(c, C_Sign(c->s, c->in, 32, c->out, &n), CKR_OK);
}

/* --- digests ------------------------------------------------------------ */

/* FIPS 180-4: the three letters of its examples, "abc", with SHA-256. */
static void digest_value(struct conf *c, const void *row)
{
	static const CK_BYTE expected[32] = { 0xBA, 0x78, 0x16, 0xBF, 0x8F,
		0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D, 0xAE, 0x22,
		0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96, 0x17, 0x7A, 0x9C, 0xB4,
		0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15, 0xAD };
	CK_BYTE abc[] = { 'a', 'b', 'c' };
	CK_ULONG n = CONF_BUF;

	(void)row;
	WANT(c, C_DigestUpdate(c->s, abc, 1), CKR_OK);
	WANT(c, C_DigestUpdate(c->s, abc, 0), CKR_OK);
	WANT(c, C_DigestUpdate(c->s, abc + 1, 2), CKR_OK);
	WANT(c, C_DigestFinal(c->s, c->out, &n), CKR_OK);
	CHECK(c, n == 32 && memcmp(c->out, expected, 32) == 0,
	    "SHA-256 of abc is something else");
}

static void random_bytes(struct conf *c, const void *row)
{
	CK_BYTE a[64] = { 0 }, b[64] = { 0 };

	(void)row;
	WANT(c, C_GenerateRandom(c->s, a, sizeof(a)), CKR_OK);
	WANT(c, C_GenerateRandom(c->s, b, sizeof(b)), CKR_OK);
	CHECK(c, memcmp(a, b, sizeof(a)) != 0, "twice the same");
}

/* 5.13.6: what is recovered is what was signed. */
static void sign_and_recover(struct conf *c, const void *row)
{
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE private = conf_key_of(c, CONF_ROLE_RECOVER);
	CK_OBJECT_HANDLE public = c->key.public;
	CK_BYTE sig[1024];
	CK_ULONG n = sizeof(sig), said = CONF_BUF;

	(void)row;
	if (private == 0 || private != c->key.private) {
		conf_skip(c, "no key pair signs with recovery");
		return;
	}
	WANT(c, C_SignRecoverInit(c->s, &m, private), CKR_OK);
	WANT(c, C_SignRecover(c->s, c->in, 20, sig, &n), CKR_OK);
	WANT(c, C_VerifyRecoverInit(c->s, &m, public), CKR_OK);
	WANT(c, C_VerifyRecover(c->s, sig, n, c->out, &said), CKR_OK);
	CHECK(c, said == 20 && memcmp(c->out, c->in, 20) == 0,
	    "something else comes back");
	sig[n / 2] ^= 1;
	WANT(c, C_VerifyRecoverInit(c->s, &m, public), CKR_OK);
	WANT(c, C_VerifyRecover(c->s, sig, n, c->out, &said),
	    CKR_SIGNATURE_INVALID);
}

static const struct conf_rule rules[] = {
	{ "operations/room_of_digest", "5.2", CONF_DIGEST, 0, room_digest,
	    NULL },
	{ "operations/room_of_digest_final", "5.2", CONF_DIGESTING, 0,
	    room_digest_final, NULL },
	{ "operations/room_of_sign", "5.2", CONF_SIGN, 0, room_sign, NULL },
	{ "operations/room_of_sign_final", "5.2", CONF_SIGNING, 0,
	    room_sign_final, NULL },
	{ "operations/room_of_encrypt", "5.2", CONF_ENCRYPT, 0, room_encrypt,
	    NULL },
	{ "operations/digest_error_ends_it", "5.12.2", CONF_DIGEST, 0,
	    digest_error_ends, NULL },
	{ "operations/sign_error_ends_it", "5.13.2", CONF_SIGN, 0,
	    sign_error_ends, NULL },
	{ "operations/no_mechanism_cancels", "5.13.1", CONF_SIGN, CONF_V3,
	    null_cancels, NULL },
	{ "operations/logout_ends_it", "5.6.10", CONF_SIGN, 0, logout_ends,
	    NULL },
	{ "operations/sign", "5.13.2", CONF_USER, 0, sign_whole, NULL },
	{ "operations/sign_in_parts", "5.13.4", CONF_USER, 0, sign_in_parts,
	    NULL },
	{ "operations/ecdsa_lengths", "2.3.6", CONF_USER, 0, ecdsa_lengths,
	    NULL },
	{ "operations/rsa_data_length", "2.1.6", CONF_USER, 0, rsa_raw, NULL },
	{ "operations/pss_parameters", "2.1.10", CONF_USER, 0, pss_parameters,
	    NULL },
	{ "operations/key_of_another_type", "5.13.1", CONF_USER, 0,
	    wrong_key_type, NULL },
	{ "operations/certificate_as_key", "5.13.1", CONF_USER, 0,
	    certificate_as_key, NULL },
	{ "operations/verify", "5.15.2", CONF_USER, 0, verify_signatures,
	    NULL },
	{ "operations/always_authenticate", "5.6.8", CONF_USER, 0,
	    always_authenticate, NULL },
	{ "operations/wrong_context_pin", "5.6.8", CONF_USER, CONF_DESTRUCTIVE,
	    wrong_context_pin, NULL },
	{ "operations/digest_value", "5.12.5", CONF_DIGEST, 0, digest_value,
	    NULL },
	{ "operations/random", "5.19.2", CONF_RW, 0, random_bytes, NULL },
	{ "operations/sign_and_recover", "5.13.6", CONF_USER, 0,
	    sign_and_recover, NULL },
};

const struct conf_rules conf_operation_rules = { rules, CONF_COUNT(rules) };
