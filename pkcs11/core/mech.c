/* The mechanism table, and the parameters that go with it. */
#include "mech.h"

#include "gm.h"
#include "gm_numbers.h"

#define SIGN                                                                   \
	(CKF_HW | CKF_SIGN | CKF_VERIFY | CKF_MESSAGE_SIGN |                   \
	    CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE)
#define RECOVER (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define CRYPT   (CKF_HW | CKF_ENCRYPT | CKF_DECRYPT)
#define CURVE   (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

/* Names are made where the macro is written: further down they are numbers. */
#define RSA(m, name, scheme, enc, hash, params, flags)                         \
	{                                                                      \
		m, name, P11_RSA_KEY, scheme, enc, hash, params, flags, 2048,  \
		    4096                                                       \
	}
#define RSA_SIGN(m, scheme, hash, params)                                      \
	RSA(m, #m, scheme, UK_ENC_RSA_RAW, hash, params, SIGN)
#define EC(m, name, hash, params, flags)                                       \
	{                                                                      \
		m, name, P11_EC_KEY, UK_SIG_ECDSA, UK_ENC_RSA_RAW, hash,       \
		    params, (flags) | CURVE, 256, 521                          \
	}
#define ECDSA(m, hash) EC(m, #m, hash, P11_NO_PARAMS, SIGN)
#define DIGEST(m, name, hash)                                                  \
	{                                                                      \
		m, name, P11_NO_KEY, UK_SIG_PKCS1, UK_ENC_RSA_RAW, hash,       \
		    P11_NO_PARAMS, CKF_DIGEST, 0, 0                            \
	}
#define SM2(m, name, hash, params, flags)                                      \
	{                                                                      \
		m, name, P11_SM2_KEY, UK_SIG_SM2, UK_ENC_SM2, hash, params,    \
		    (flags) | CURVE, 256, 256                                  \
	}

#define GENERATE(m, key, flags, min, max)                                      \
	{                                                                      \
		m, #m, key, UK_SIG_PKCS1, UK_ENC_RSA_RAW, UK_HASH_NONE,        \
		    P11_NO_PARAMS, CKF_HW | CKF_GENERATE_KEY_PAIR | (flags),   \
		    min, max                                                   \
	}

/* PKCS1 decryption is missing on purpose: docs/mechanisms.md says why. */
static const struct p11_mech table[] = {
	RSA(CKM_RSA_PKCS, "CKM_RSA_PKCS", UK_SIG_PKCS1, UK_ENC_PKCS1,
	    UK_HASH_NONE, P11_NO_PARAMS, SIGN | RECOVER | CKF_ENCRYPT),
	RSA(CKM_RSA_X_509, "CKM_RSA_X_509", UK_SIG_RSA_RAW, UK_ENC_RSA_RAW,
	    UK_HASH_NONE, P11_NO_PARAMS, SIGN | RECOVER | CRYPT),
	RSA(CKM_RSA_PKCS_OAEP, "CKM_RSA_PKCS_OAEP", UK_SIG_PKCS1, UK_ENC_OAEP,
	    UK_HASH_NONE, P11_OAEP_PARAMS, CRYPT),
	RSA_SIGN(CKM_SHA1_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA1, P11_NO_PARAMS),
	RSA_SIGN(
	    CKM_SHA224_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA224, P11_NO_PARAMS),
	RSA_SIGN(
	    CKM_SHA256_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA256, P11_NO_PARAMS),
	RSA_SIGN(
	    CKM_SHA384_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA384, P11_NO_PARAMS),
	RSA_SIGN(
	    CKM_SHA512_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA512, P11_NO_PARAMS),
	RSA_SIGN(CKM_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_NONE, P11_PSS_PARAMS),
	RSA_SIGN(
	    CKM_SHA1_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA1, P11_PSS_PARAMS),
	RSA_SIGN(CKM_SHA224_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA224,
	    P11_PSS_PARAMS),
	RSA_SIGN(CKM_SHA256_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA256,
	    P11_PSS_PARAMS),
	RSA_SIGN(CKM_SHA384_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA384,
	    P11_PSS_PARAMS),
	RSA_SIGN(CKM_SHA512_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA512,
	    P11_PSS_PARAMS),
	ECDSA(CKM_ECDSA, UK_HASH_NONE),
	ECDSA(CKM_ECDSA_SHA1, UK_HASH_SHA1),
	ECDSA(CKM_ECDSA_SHA224, UK_HASH_SHA224),
	ECDSA(CKM_ECDSA_SHA256, UK_HASH_SHA256),
	ECDSA(CKM_ECDSA_SHA384, UK_HASH_SHA384),
	ECDSA(CKM_ECDSA_SHA512, UK_HASH_SHA512),
	EC(CKM_ECDH1_DERIVE, "CKM_ECDH1_DERIVE", UK_HASH_NONE, P11_ECDH_PARAMS,
	    CKF_HW | CKF_DERIVE),
	DIGEST(CKM_SHA_1, "CKM_SHA_1", UK_HASH_SHA1),
	DIGEST(CKM_SHA224, "CKM_SHA224", UK_HASH_SHA224),
	DIGEST(CKM_SHA256, "CKM_SHA256", UK_HASH_SHA256),
	DIGEST(CKM_SHA384, "CKM_SHA384", UK_HASH_SHA384),
	DIGEST(CKM_SHA512, "CKM_SHA512", UK_HASH_SHA512),
	DIGEST(CKM_SHA3_224, "CKM_SHA3_224", UK_HASH_SHA3_224),
	DIGEST(CKM_SHA3_256, "CKM_SHA3_256", UK_HASH_SHA3_256),
	DIGEST(CKM_SHA3_384, "CKM_SHA3_384", UK_HASH_SHA3_384),
	DIGEST(CKM_SHA3_512, "CKM_SHA3_512", UK_HASH_SHA3_512),
	GENERATE(CKM_RSA_PKCS_KEY_PAIR_GEN, P11_RSA_KEY, 0, 2048, 4096),
	GENERATE(CKM_EC_KEY_PAIR_GEN, P11_EC_KEY, CURVE, 256, 521),
};

enum { ROWS = sizeof(table) / sizeof(table[0]), GM_ROWS = 5 };

#define GM_TABLE(preset, key, generate, sign, sign_sm3, encrypt, sm3)          \
	{ SM2(sign, "SM2 signature of e", UK_HASH_NONE, P11_NO_PARAMS, SIGN),  \
		SM2(sign_sm3, "SM2 signature with SM3", UK_HASH_SM3,           \
		    P11_SM2_ID, SIGN),                                         \
		SM2(encrypt, "SM2 encryption", UK_HASH_NONE, P11_NO_PARAMS,    \
		    CRYPT),                                                    \
		DIGEST(sm3, "SM3", UK_HASH_SM3),                               \
		{ generate, "SM2 key pair", P11_SM2_KEY, UK_SIG_SM2,           \
		    UK_ENC_SM2, UK_HASH_NONE, P11_NO_PARAMS,                   \
		    CKF_HW | CKF_GENERATE_KEY_PAIR | CURVE, 256, 256 } },

static const struct p11_mech gm_tables[][GM_ROWS] = { P11_GM_PRESETS(
    GM_TABLE) };

const struct p11_mech *p11_mech_at(size_t i)
{
	if (i < ROWS)
		return &table[i];
	return i - ROWS < GM_ROWS ? &gm_tables[p11_gm_place()][i - ROWS] : NULL;
}

const struct p11_mech *p11_mech_find(CK_MECHANISM_TYPE type, CK_FLAGS flags)
{
	const struct p11_mech *m;

	for (size_t i = 0; (m = p11_mech_at(i)) != NULL; i++) {
		if (m->type == type)
			return (m->flags & flags) == flags ? m : NULL;
	}
	return NULL;
}

/* --- what a card makes of it --------------------------------------------- */

enum p11_family p11_family_of(enum uk_key_type type)
{
	switch (type) {
	case UK_KEY_NONE:
		return P11_NO_KEY;
	case UK_KEY_RSA:
		return P11_RSA_KEY;
	case UK_KEY_SM2:
		return P11_SM2_KEY;
	default:
		return P11_EC_KEY;
	}
}

bool p11_signs_raw(const uk_card *c, const uk_object *key)
{
	struct uk_sign_request r = { .key = key, .scheme = UK_SIG_RSA_RAW };

	return key->kind == UK_OBJ_PRIVATE_KEY && key->key_type == UK_KEY_RSA &&
	       uk_card_can_sign(c, &r);
}

/* Cards say it key by key, so as long as no such key was seen it is not said
 * of the card. */
static bool has_raw_key(const uk_card *c)
{
	for (size_t i = 0; i < c->object_count; i++) {
		if (p11_signs_raw(c, &c->objects[i]))
			return true;
	}
	return false;
}

CK_FLAGS p11_mech_flags(const struct p11_mech *m, const uk_card *c)
{
	const CK_FLAGS signs = CKF_SIGN | CKF_SIGN_RECOVER | CKF_MESSAGE_SIGN;
	const CK_FLAGS deciphers = CKF_DECRYPT | CKF_DERIVE;
	CK_FLAGS flags = m->flags;

	if (c->ops->sign == NULL ||
	    (m->scheme == UK_SIG_RSA_RAW && !has_raw_key(c)))
		flags &= ~signs;
	if (c->ops->decipher == NULL)
		flags &= ~deciphers;
	if (c->ops->generate == NULL)
		flags &= ~(CK_FLAGS)CKF_GENERATE_KEY_PAIR;
	if ((flags & (signs | deciphers | CKF_GENERATE_KEY_PAIR)) == 0)
		flags &= ~(CK_FLAGS)CKF_HW;
	return (flags & ~CURVE) == 0 ? 0 : flags;
}

const struct p11_mech *p11_mech_for(
    const uk_card *c, CK_MECHANISM_TYPE type, CK_FLAGS flags)
{
	const struct p11_mech *m = p11_mech_find(type, flags);

	return m != NULL && (p11_mech_flags(m, c) & flags) == flags ? m : NULL;
}

bool p11_mech_suits(
    const struct p11_mech *m, const uk_card *c, const uk_object *key)
{
	static const struct {
		CK_FLAGS flags;
		uint32_t usage;
	} uses[] = {
		{ CKF_SIGN | CKF_VERIFY,
		    UK_USE_SIGN | UK_USE_NON_REPUDIATION | UK_USE_VERIFY },
		{ CKF_ENCRYPT | CKF_DECRYPT, UK_USE_DECRYPT | UK_USE_ENCRYPT },
		{ CKF_DERIVE, UK_USE_DERIVE },
	};
	CK_FLAGS flags = p11_mech_flags(m, c);

	if (m->key == P11_NO_KEY || m->key != p11_family_of(key->key_type))
		return false;
	if (m->scheme == UK_SIG_RSA_RAW && !p11_signs_raw(c, key))
		flags &= ~(CK_FLAGS)(CKF_SIGN | CKF_VERIFY);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if ((flags & uses[i].flags) != 0 &&
		    (key->usage & uses[i].usage) != 0)
			return true;
	}
	return false;
}

/* --- parameters ---------------------------------------------------------- */

static const struct hash_row {
	enum uk_hash hash;
	CK_MECHANISM_TYPE mechanism;
	CK_RSA_PKCS_MGF_TYPE mgf;
} hashes[] = {
	{ UK_HASH_SHA1, CKM_SHA_1, CKG_MGF1_SHA1 },
	{ UK_HASH_SHA224, CKM_SHA224, CKG_MGF1_SHA224 },
	{ UK_HASH_SHA256, CKM_SHA256, CKG_MGF1_SHA256 },
	{ UK_HASH_SHA384, CKM_SHA384, CKG_MGF1_SHA384 },
	{ UK_HASH_SHA512, CKM_SHA512, CKG_MGF1_SHA512 },
};

/* Both are names of hashes; false if either is unknown. */
static bool set_hashes(
    struct uk_padding *pad, CK_MECHANISM_TYPE hash, CK_RSA_PKCS_MGF_TYPE mgf)
{
	pad->hash = pad->mgf = UK_HASH_NONE;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (hashes[i].mechanism == hash)
			pad->hash = hashes[i].hash;
		if (hashes[i].mgf == mgf)
			pad->mgf = hashes[i].hash;
	}
	return pad->hash != UK_HASH_NONE && pad->mgf != UK_HASH_NONE;
}

/* The caller's struct need not be aligned. */
static bool take_struct(const CK_MECHANISM *given, void *p, size_t n)
{
	uk_buf copy = uk_buf_over(p, n);

	if (given->pParameter == NULL || given->ulParameterLen != n)
		return false;
	uk_put(&copy, uk_view(given->pParameter, n));
	return true;
}

static CK_RV pss_params(
    const struct p11_mech *m, const CK_MECHANISM *given, struct uk_padding *pad)
{
	CK_RSA_PKCS_PSS_PARAMS p;

	if (!take_struct(given, &p, sizeof(p)) ||
	    !set_hashes(pad, p.hashAlg, p.mgf) || p.sLen > UK_MODULUS_MAX ||
	    (m->hash != UK_HASH_NONE && m->hash != pad->hash))
		return CKR_MECHANISM_PARAM_INVALID;
	pad->salt = p.sLen;
	return CKR_OK;
}

bool p11_pss_is_usual(const struct uk_padding *pad)
{
	return pad->mgf == pad->hash && pad->salt == uk_hash_size(pad->hash);
}

static CK_RV oaep_params(const CK_MECHANISM *given, struct uk_padding *pad)
{
	CK_RSA_PKCS_OAEP_PARAMS p;

	if (!take_struct(given, &p, sizeof(p)) ||
	    !set_hashes(pad, p.hashAlg, p.mgf))
		return CKR_MECHANISM_PARAM_INVALID;
	/* Callers without a label leave the source at 0, too. */
	if ((p.source != CKZ_DATA_SPECIFIED &&
		(p.source != 0 || p.ulSourceDataLen != 0)) ||
	    p.ulSourceDataLen > P11_OAEP_LABEL_MAX ||
	    (p.pSourceData == NULL && p.ulSourceDataLen != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	pad->label = uk_view(p.pSourceData, p.ulSourceDataLen);
	return CKR_OK;
}

CK_RV p11_mech_params(
    const struct p11_mech *m, const CK_MECHANISM *given, struct uk_padding *pad)
{
	*pad = (struct uk_padding){ .hash = m->hash };
	switch (m->params) {
	case P11_PSS_PARAMS:
		return pss_params(m, given, pad);
	case P11_OAEP_PARAMS:
		return oaep_params(given, pad);
	case P11_SM2_ID:
		if (given->pParameter == NULL && given->ulParameterLen != 0)
			return CKR_MECHANISM_PARAM_INVALID;
		pad->label = uk_view(given->pParameter, given->ulParameterLen);
		return CKR_OK;
	default:
		/* Some callers pass a pointer with length 0. */
		return given->ulParameterLen == 0 ? CKR_OK
						  : CKR_MECHANISM_PARAM_INVALID;
	}
}
