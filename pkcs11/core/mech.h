/*
 * Mechanisms: one table. docs/mechanisms.md is what it says.
 */
#ifndef P11_MECH_H
#define P11_MECH_H

#include "card.h"
#include "crypto.h"
#include "cryptoki.h"
#include "keyalg.h"

enum p11_params {
	P11_NO_PARAMS,
	P11_PSS_PARAMS,
	P11_OAEP_PARAMS,
	P11_ECDH_PARAMS,
	P11_SM2_ID /* the signer's identity, or nothing for the default one */
};

/* The kind of key that a mechanism works with. */
enum p11_family { P11_NO_KEY, P11_RSA_KEY, P11_EC_KEY, P11_SM2_KEY };

struct p11_mech {
	CK_MECHANISM_TYPE type;
	const char *name;
	enum p11_family key;
	enum uk_sig_scheme scheme; /* signatures */
	enum uk_enc_scheme enc;    /* encryption */
	enum uk_hash hash; /* we hash the input; NONE = it comes as it is */
	enum p11_params params;
	CK_FLAGS flags;
	CK_ULONG min_size, max_size; /* bits of the key */
};

enum { P11_OAEP_LABEL_MAX = 64 };

/* Row i, NULL behind the last one. SM2 and SM3 have the numbers of gm.h. */
const struct p11_mech *p11_mech_at(size_t i);
/* NULL if there is none with this number and all of these flags. */
const struct p11_mech *p11_mech_find(CK_MECHANISM_TYPE type, CK_FLAGS flags);

/* The row's flags without what this card cannot do; 0 = it is not offered. */
CK_FLAGS p11_mech_flags(const struct p11_mech *m, const uk_card *c);
/* p11_mech_find, and the card can do it. */
const struct p11_mech *p11_mech_for(
    const uk_card *c, CK_MECHANISM_TYPE type, CK_FLAGS flags);

/* Checks the parameters. pad->hash = the hash that it is all about, NONE if the
 * mechanism does not say; pad->label = a view into `given`: the label of OAEP,
 * the identity of SM2. */
CK_RV p11_mech_params(const struct p11_mech *m, const CK_MECHANISM *given,
    struct uk_padding *pad);
/* PSS as cards make it: MGF1 with the same hash, salt as long as it. */
bool p11_pss_is_usual(const struct uk_padding *pad);

enum p11_family p11_family_of(enum uk_key_type type);
/* For CKA_ALLOWED_MECHANISMS: may this private key, or its public half, use the
 * mechanism? */
bool p11_mech_suits(
    const struct p11_mech *m, const uk_card *c, const uk_object *key);
/* A key that the card lets sign whatever it is given, without padding. */
bool p11_signs_raw(const uk_card *c, const uk_object *key);

#endif
