/* What SM2 hashes before it signs: GB/T 32918.2, 5.5 and 6.1. */
#ifndef VC_SM2_H
#define VC_SM2_H

#include "err.h"

#include <openssl/evp.h>

/* The signer's identity where nothing else was agreed (GM/T 0009, 10). */
#define VC_SM2_ID "1234567812345678"

enum { VC_SM2_HASH = 32 };

/* e = SM3(Z || message), Z made of the default identity, the curve and the
 * key. */
UK_RESULT vc_sm2_hash(
    EVP_PKEY *public, const void *message, size_t n, uint8_t e[VC_SM2_HASH]);

#endif
