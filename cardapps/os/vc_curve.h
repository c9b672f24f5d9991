/*
 * Key pairs on curves that are given by their numbers (SEC 1, C.2), for cards
 * whose commands carry the whole curve and not its name.
 */
#ifndef VC_CURVE_H
#define VC_CURVE_H

#include "vc_crypto.h"

enum { VC_CURVE_FIELD_MAX = 66, VC_CURVE_SIG_MAX = 8 + 2 * 67 };

/* y^2 = x^3 + ax + b over the integers modulo the prime p, and a point g =
 * 04||x||y of the prime order n. The length of p is the length of a coordinate,
 * and no number is longer. */
struct vc_curve {
	uk_bytes p, a, b, g, n;
	uint16_t cofactor;
};

struct vc_curve_key {
	struct vc_curve curve;
	uk_bytes scalar, point;
};

/* The point of this scalar. UK_ERR_FORMAT if the numbers are no curve, or the
 * scalar is not from 1 to n - 1. */
UK_RESULT vc_curve_point(struct vc_crypto *c, const struct vc_curve *curve,
    uk_bytes scalar, uk_buf *point);
/* A new pair; the scalar is as long as p. UK_ERR_FORMAT as above. */
UK_RESULT vc_curve_make(struct vc_crypto *c, const struct vc_curve *curve,
    uk_buf *scalar, uk_buf *point);
/* ECDSA in DER. hash NONE: input is a hash; SHA1: input is what is hashed. */
UK_RESULT vc_curve_sign(struct vc_crypto *c, const struct vc_curve_key *key,
    enum uk_hash hash, uk_bytes input, uk_buf *der);

#endif
