/* What SM2 signs of a message: GB/T 32918.2, 5.5 and 6.1. */
#ifndef VC_SM2Z_H
#define VC_SM2Z_H

#include "vc_crypto.h"

/* The signer's identity where nothing else was agreed (GM/T 0009, 10). */
#define VC_SM2_DEFAULT_ID "1234567812345678"

/* Of an identity: its length in bits has two bytes. */
enum { VC_SM2_ID_MAX = 0xffff / 8 };

/* e = SM3(Z || message), Z made of the identity, the curve and the public point
 * 04||x||y. UK_ERR_ARGUMENT: the identity is too long, or the point is none. */
UK_RESULT vc_sm2_e(struct vc_crypto *c, uk_bytes id, uk_bytes point,
    uk_bytes message, uint8_t e[VC_SM3_SIZE]);

#endif
