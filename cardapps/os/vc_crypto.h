/*
 * The card's crypto processor: OpenSSL in a library context of its own, so that
 * neither the host program's settings nor the middleware's can reach it.
 */
#ifndef VC_CRYPTO_H
#define VC_CRYPTO_H

#include "keyalg.h"

enum {
	VC_SHA1_SIZE = 20,
	VC_SHA256_SIZE = 32,
	VC_SM3_SIZE = 32,
	VC_POINT_P256 = 65
};

struct vc_crypto;

UK_RESULT vc_crypto_open(struct vc_crypto **out);
void vc_crypto_close(struct vc_crypto **crypto);

UK_RESULT vc_random(struct vc_crypto *c, uint8_t *p, size_t n);
/* SHA-256 of the parts, one after the other. */
UK_RESULT vc_sha256(struct vc_crypto *c, const uk_bytes *parts, size_t count,
    uint8_t out[VC_SHA256_SIZE]);
/* SM3 (GB/T 32905). */
UK_RESULT vc_sm3(struct vc_crypto *c, const uk_bytes *parts, size_t count,
    uint8_t out[VC_SM3_SIZE]);
/* For old formats that name it. */
UK_RESULT vc_sha1(struct vc_crypto *c, const uk_bytes *parts, size_t count,
    uint8_t out[VC_SHA1_SIZE]);

/* 04||x||y on the curve P-256? UK_ERR_FORMAT if not. */
UK_RESULT vc_p256_check(struct vc_crypto *c, uk_bytes point);
/* UK_ERR_SIGNATURE unless sig (r||s) is good for the digest. */
UK_RESULT vc_p256_verify(
    struct vc_crypto *c, uk_bytes point, uk_bytes digest, uk_bytes sig);

#endif
