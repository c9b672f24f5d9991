/*
 * Mechanisms: one table. docs/mechanisms.md is what it says.
 */
#ifndef P11_MECH_H
#define P11_MECH_H

#include "cryptoki.h"
#include "keyalg.h"

enum p11_params { P11_NO_PARAMS, P11_PSS_PARAMS };

struct p11_mech {
	CK_MECHANISM_TYPE type;
	const char *name;
	CK_KEY_TYPE key_type; /* CKK_RSA, CKK_EC; unused for digests */
	enum uk_sig_scheme scheme;
	enum uk_hash hash; /* we hash the input; NONE = it comes as it is */
	enum p11_params params;
	CK_FLAGS flags;
	CK_ULONG min_size, max_size; /* bits of the key */
};

/* NULL if there is none with this number and all of these flags. */
const struct p11_mech *p11_mech_find(CK_MECHANISM_TYPE type, CK_FLAGS flags);
/* Row i, NULL behind the last one. */
const struct p11_mech *p11_mech_at(size_t i);

/* Checks the parameters. *hash = the hash that the signature is made with, NONE
 * if the mechanism does not say. */
CK_RV p11_mech_params(
    const struct p11_mech *m, const CK_MECHANISM *given, enum uk_hash *hash);

/* For CKA_ALLOWED_MECHANISMS: may a key of this type use the mechanism to sign?
 */
bool p11_mech_signs_with(const struct p11_mech *m, enum uk_key_type type);

#endif
