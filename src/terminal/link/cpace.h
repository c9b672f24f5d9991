/*
 * CPace with ristretto255 and SHA-512: two sides that both know a short code
 * come to a long key, and who does not know the code learns nothing by
 * listening and can try one code in each conversation. draft-irtf-cfrg-cpace,
 * "CPACE-RISTR255-SHA512" in the order initiator, responder, with the explicit
 * confirmation of section 10.4. The group is libsodium's.
 *
 *   initiator  trm_cpace_begin -> sid, share, name    responder
 *              share, name <- trm_cpace_begin
 *   both       trm_cpace_finish with the other's share and name
 *   initiator  confirm -> trm_cpace_confirmed; then the other way round
 */
#ifndef TRM_CPACE_H
#define TRM_CPACE_H

#include "bytes.h"

enum {
	TRM_CPACE_SID = 16,
	TRM_CPACE_SHARE = 32,
	TRM_CPACE_NAME_MAX = 127, /* bytes, what a side says of itself */
	TRM_CPACE_CODE_MAX = 32,
	TRM_CPACE_KEY = 64,
	TRM_CPACE_TAG = 64
};

/* Secret until finish, and after it: wipe it whole. */
struct trm_cpace {
	bool initiator;
	uint8_t sid[TRM_CPACE_SID];
	uint8_t scalar[32];
	uint8_t share[TRM_CPACE_SHARE]; /* our own, to be sent */
	uint8_t key[TRM_CPACE_KEY];     /* once finished: ISK */
	uint8_t mac_key[64];
	uint8_t tag[TRM_CPACE_TAG];      /* our confirmation, to be sent */
	uint8_t expected[TRM_CPACE_TAG]; /* the other side's */
};

/* The initiator makes sid anew and sends it before anything else; the responder
 * passes what was received. scalar: NULL, or 32 bytes for a test. context: what
 * both sides know they are doing. UK_ERR_ARGUMENT: code, context or sid of a
 * length that cannot be. */
UK_RESULT trm_cpace_begin(struct trm_cpace *c, bool initiator, uk_bytes code,
    uk_bytes context, uk_bytes sid, const uint8_t *scalar);
/* Fills in key, tag and expected. UK_ERR_FORMAT: the other side's share is no
 * point of the group, or the neutral one. */
UK_RESULT trm_cpace_finish(struct trm_cpace *c, uk_bytes own_name,
    uk_bytes other_share, uk_bytes other_name);
/* UK_ERR_SIGNATURE: the other side does not know the code. */
UK_RESULT trm_cpace_confirmed(const struct trm_cpace *c, uk_bytes tag);

/* n <= 64 bytes for another purpose: the beginning of HMAC-SHA-512 with the key
 * over the label. */
UK_RESULT trm_cpace_derive(
    const struct trm_cpace *c, const char *label, uint8_t *out, size_t n);

#endif
