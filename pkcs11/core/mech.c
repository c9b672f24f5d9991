/* The mechanism table, and the parameters that go with it. */
#include "mech.h"

#define SIGN (CKF_HW | CKF_SIGN)
#define EC   (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define RSA(mechanism, scheme, hash, params)                                   \
	{                                                                      \
		mechanism, #mechanism, CKK_RSA, scheme, hash, params, SIGN,    \
		    2048, 4096                                                 \
	}
#define ECDSA(mechanism, hash)                                                 \
	{                                                                      \
		mechanism, #mechanism, CKK_EC, UK_SIG_ECDSA, hash,             \
		    P11_NO_PARAMS, SIGN | EC, 256, 521                         \
	}
#define DIGEST(mechanism, hash)                                                \
	{                                                                      \
		mechanism, #mechanism, 0, UK_SIG_PKCS1, hash, P11_NO_PARAMS,   \
		    CKF_DIGEST, 0, 0                                           \
	}

#define GENERATE(mechanism, type, flags, min, max)                             \
	{                                                                      \
		mechanism, #mechanism, type, UK_SIG_PKCS1, UK_HASH_NONE,       \
		    P11_NO_PARAMS, CKF_HW | CKF_GENERATE_KEY_PAIR | (flags),   \
		    min, max                                                   \
	}

static const struct p11_mech table[] = {
	RSA(CKM_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_NONE, P11_NO_PARAMS),
	RSA(CKM_SHA1_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA1, P11_NO_PARAMS),
	RSA(CKM_SHA224_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA224, P11_NO_PARAMS),
	RSA(CKM_SHA256_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA256, P11_NO_PARAMS),
	RSA(CKM_SHA384_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA384, P11_NO_PARAMS),
	RSA(CKM_SHA512_RSA_PKCS, UK_SIG_PKCS1, UK_HASH_SHA512, P11_NO_PARAMS),
	RSA(CKM_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_NONE, P11_PSS_PARAMS),
	RSA(CKM_SHA1_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA1, P11_PSS_PARAMS),
	RSA(CKM_SHA224_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA224,
	    P11_PSS_PARAMS),
	RSA(CKM_SHA256_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA256,
	    P11_PSS_PARAMS),
	RSA(CKM_SHA384_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA384,
	    P11_PSS_PARAMS),
	RSA(CKM_SHA512_RSA_PKCS_PSS, UK_SIG_PSS, UK_HASH_SHA512,
	    P11_PSS_PARAMS),
	ECDSA(CKM_ECDSA, UK_HASH_NONE),
	ECDSA(CKM_ECDSA_SHA1, UK_HASH_SHA1),
	ECDSA(CKM_ECDSA_SHA224, UK_HASH_SHA224),
	ECDSA(CKM_ECDSA_SHA256, UK_HASH_SHA256),
	ECDSA(CKM_ECDSA_SHA384, UK_HASH_SHA384),
	ECDSA(CKM_ECDSA_SHA512, UK_HASH_SHA512),
	DIGEST(CKM_SHA_1, UK_HASH_SHA1),
	DIGEST(CKM_SHA224, UK_HASH_SHA224),
	DIGEST(CKM_SHA256, UK_HASH_SHA256),
	DIGEST(CKM_SHA384, UK_HASH_SHA384),
	DIGEST(CKM_SHA512, UK_HASH_SHA512),
	GENERATE(CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, 0, 2048, 4096),
	GENERATE(CKM_EC_KEY_PAIR_GEN, CKK_EC, EC, 256, 521),
};

enum { ROWS = sizeof(table) / sizeof(table[0]) };

const struct p11_mech *p11_mech_at(size_t i)
{
	return i < ROWS ? &table[i] : NULL;
}

const struct p11_mech *p11_mech_find(CK_MECHANISM_TYPE type, CK_FLAGS flags)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (table[i].type == type)
			return (table[i].flags & flags) == flags ? &table[i]
								 : NULL;
	}
	return NULL;
}

static const struct {
	enum uk_hash hash;
	CK_MECHANISM_TYPE mechanism;
	CK_RSA_PKCS_MGF_TYPE mgf;
} pss_hashes[] = {
	{ UK_HASH_SHA1, CKM_SHA_1, CKG_MGF1_SHA1 },
	{ UK_HASH_SHA224, CKM_SHA224, CKG_MGF1_SHA224 },
	{ UK_HASH_SHA256, CKM_SHA256, CKG_MGF1_SHA256 },
	{ UK_HASH_SHA384, CKM_SHA384, CKG_MGF1_SHA384 },
	{ UK_HASH_SHA512, CKM_SHA512, CKG_MGF1_SHA512 },
};

/* The card makes PSS with MGF1 over the same hash and a salt as long as it. */
static CK_RV pss_params(
    const struct p11_mech *m, const CK_MECHANISM *given, enum uk_hash *hash)
{
	CK_RSA_PKCS_PSS_PARAMS p;
	uk_buf copy = uk_buf_over(&p, sizeof(p));

	if (given->pParameter == NULL || given->ulParameterLen != sizeof(p))
		return CKR_MECHANISM_PARAM_INVALID;
	/* The caller's struct need not be aligned. */
	uk_put(&copy, uk_view(given->pParameter, sizeof(p)));
	for (size_t i = 0; i < sizeof(pss_hashes) / sizeof(pss_hashes[0]);
	     i++) {
		if (pss_hashes[i].mechanism != p.hashAlg)
			continue;
		*hash = pss_hashes[i].hash;
		if (p.mgf != pss_hashes[i].mgf || p.sLen != uk_hash_size(*hash))
			return CKR_MECHANISM_PARAM_INVALID;
		if (m->hash != UK_HASH_NONE && m->hash != *hash)
			return CKR_MECHANISM_PARAM_INVALID;
		return CKR_OK;
	}
	return CKR_MECHANISM_PARAM_INVALID;
}

CK_RV p11_mech_params(
    const struct p11_mech *m, const CK_MECHANISM *given, enum uk_hash *hash)
{
	*hash = m->hash;
	if (m->params == P11_PSS_PARAMS)
		return pss_params(m, given, hash);
	/* Some callers pass a pointer with length 0. */
	return given->ulParameterLen == 0 ? CKR_OK
					  : CKR_MECHANISM_PARAM_INVALID;
}

bool p11_mech_signs_with(const struct p11_mech *m, enum uk_key_type type)
{
	if ((m->flags & CKF_SIGN) == 0 || type == UK_KEY_NONE)
		return false;
	if (type == UK_KEY_RSA)
		return m->key_type == CKK_RSA;
	return type != UK_KEY_SM2 && m->key_type == CKK_EC;
}
