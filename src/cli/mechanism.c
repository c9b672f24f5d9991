/* The bank's signature algorithms in the language of the module. */
#include "cli_token.h"

static const struct {
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	CK_MECHANISM_TYPE mechanism;
} table[] = {
	{ UK_SIG_ECDSA, UK_HASH_SHA256, CKM_ECDSA_SHA256 },
	{ UK_SIG_ECDSA, UK_HASH_SHA384, CKM_ECDSA_SHA384 },
	{ UK_SIG_PKCS1, UK_HASH_SHA256, CKM_SHA256_RSA_PKCS },
	/* "SM2 with SM3": no number is everybody's (docs/mechanisms.md), so
	 * the module is asked which of them it knows. What a wrong one signs
	 * the certificate does not verify. */
	{ UK_SIG_SM2, UK_HASH_SM3, 0x80000b22 }, /* luna */
	{ UK_SIG_SM2, UK_HASH_SM3, 0x80008102 }, /* sansec */
	{ UK_SIG_SM2, UK_HASH_SM3, 0x80008100 }, /* tass */
	{ UK_SIG_SM2, UK_HASH_SM3, 0x8005000c }, /* ep11 */
};

static bool signs(const struct token *t, CK_MECHANISM_TYPE mechanism)
{
	CK_MECHANISM_INFO info = { 0 };

	return t->m->f->C_GetMechanismInfo(t->slot, mechanism, &info) ==
		   CKR_OK &&
	       (info.flags & CKF_SIGN) != 0;
}

bool token_mechanism(
    const struct token *t, const struct bank_alg *alg, CK_MECHANISM *out)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].scheme != alg->scheme ||
		    table[i].hash != alg->hash)
			continue;
		if (alg->scheme == UK_SIG_SM2 && !signs(t, table[i].mechanism))
			continue;
		*out = (CK_MECHANISM){ table[i].mechanism, NULL, 0 };
		return true;
	}
	return false;
}
