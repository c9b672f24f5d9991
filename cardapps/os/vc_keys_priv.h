/* What the files about keys share. */
#ifndef VC_KEYS_PRIV_H
#define VC_KEYS_PRIV_H

#include "vc_crypto_priv.h"
#include "vc_keys.h"

struct vc_kind {
	uint8_t kind; /* enum vc_key_kind */
	enum uk_key_type type;
	unsigned bits;
	const char *name, *group; /* OpenSSL's */
};

/* NULL if there is no such kind. */
const struct vc_kind *vc_kind_of(uint8_t kind);
const struct vc_kind *vc_kind_of_key(uk_bytes key);
/* The stored key as OpenSSL's; NULL if it is none. */
EVP_PKEY *vc_key_load(struct vc_crypto *c, uk_bytes key);

#endif
