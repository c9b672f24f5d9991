/* Private halves of keys that somebody brings: do the numbers belong together,
 * and what follows from them? RFC 8017, 3.2; SEC 1, 3.2.1. */
#include "crypto_impl.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

enum number { N, E, D, P, Q, DP, DQ, QINV, NUMBERS };

/* All numbers belong to ctx, which wipes them. */
struct work {
	BN_CTX *ctx;
	BIGNUM *v[NUMBERS], *below, *made;
};

static bool take(BIGNUM *n, uk_bytes v)
{
	if (n == NULL || v.n > UK_RSA_MAX ||
	    BN_bin2bn(v.p, (int)v.n, n) == NULL)
		return false;
	BN_set_flags(n, BN_FLG_CONSTTIME);
	return true;
}

static bool take_all(struct work *w, const struct uk_rsa_numbers *given)
{
	const uk_bytes v[NUMBERS] = { given->n, given->e, given->d, given->p,
		given->q, given->dp, given->dq, given->qinv };

	for (size_t i = 0; i < NUMBERS; i++) {
		w->v[i] = BN_CTX_get(w->ctx);
		if (!take(w->v[i], v[i]))
			return false;
	}
	w->below = BN_CTX_get(w->ctx);
	w->made = BN_CTX_get(w->ctx);
	return w->made != NULL;
}

/* What the other checks say nothing about. */
static bool are_primes_of(struct work *w)
{
	return BN_check_prime(w->v[P], w->ctx, NULL) == 1 &&
	       BN_check_prime(w->v[Q], w->ctx, NULL) == 1 &&
	       BN_mul(w->made, w->v[P], w->v[Q], w->ctx) == 1 &&
	       BN_cmp(w->made, w->v[N]) == 0;
}

/* Is what was worked out what was given, if it was? */
static bool agrees(const struct work *w, enum number given)
{
	return BN_is_zero(w->v[given]) || BN_cmp(w->v[given], w->made) == 0;
}

static bool put(const struct work *w, size_t n, uk_buf *out)
{
	uint8_t *room = uk_put_room(out, n);

	return !out->bad && BN_bn2binpad(w->made, room, (int)n) == (int)n;
}

/* e^-1 modulo the prime less one; d, where it is given, says the same. */
static bool put_exponent(
    struct work *w, enum number prime, enum number given, size_t n, uk_buf *out)
{
	if (BN_copy(w->below, w->v[prime]) == NULL ||
	    BN_sub_word(w->below, 1) != 1)
		return false;
	BN_set_flags(w->below, BN_FLG_CONSTTIME);
	if (!BN_is_zero(w->v[D])) {
		BIGNUM *left = BN_CTX_get(w->ctx);

		if (left == NULL ||
		    BN_mod(left, w->v[D], w->below, w->ctx) != 1 ||
		    BN_mod_mul(left, left, w->v[E], w->below, w->ctx) != 1 ||
		    !BN_is_one(left))
			return false;
	}
	return BN_mod_inverse(w->made, w->v[E], w->below, w->ctx) != NULL &&
	       agrees(w, given) && put(w, n, out);
}

static bool complete(
    struct work *w, const struct uk_rsa_numbers *given, uk_buf *out)
{
	size_t n = given->p.n;

	return take_all(w, given) && are_primes_of(w) &&
	       put_exponent(w, P, DP, n, out) &&
	       put_exponent(w, Q, DQ, n, out) &&
	       BN_mod_inverse(w->made, w->v[Q], w->v[P], w->ctx) != NULL &&
	       agrees(w, QINV) && put(w, n, out);
}

/* Through the context that does not show in core dumps, if there is one. */
static BN_CTX *new_context(const uk_crypto *c)
{
	BN_CTX *ctx = BN_CTX_secure_new_ex(c->lib);

	if (ctx != NULL)
		BN_CTX_start(ctx);
	return ctx;
}

static void free_context(BN_CTX *ctx)
{
	if (ctx != NULL)
		BN_CTX_end(ctx);
	BN_CTX_free(ctx);
}

uk_err uk_rsa_complete(
    uk_crypto *c, const struct uk_rsa_numbers *given, uk_buf *out)
{
	struct work w = { 0 };
	size_t before = out->len;
	uk_err err = uk_ok();

	if (given->p.n == 0 || given->p.n != given->q.n ||
	    2 * given->p.n > UK_RSA_MAX)
		return uk_fail(UK_ERR_FORMAT);
	if (uk_buf_left(out) < 3 * given->p.n)
		return uk_fail(UK_ERR_TOO_SMALL);
	uk_ossl_enter();
	w.ctx = new_context(c);
	if (w.ctx == NULL || !complete(&w, given, out)) {
		out->len = before;
		err = uk_ossl_failed(UK_ERR_FORMAT);
	}
	free_context(w.ctx);
	return uk_ossl_leave(err);
}

/* --- curves ----------------------------------------------------------------
 */

static const struct curve_row {
	enum uk_key_type type;
	int nid;
} curves[] = {
	{ UK_KEY_P256, NID_X9_62_prime256v1 },
	{ UK_KEY_P384, NID_secp384r1 },
	{ UK_KEY_P521, NID_secp521r1 },
	{ UK_KEY_SM2, NID_sm2 },
};

static EC_GROUP *open_group(const uk_crypto *c, enum uk_key_type type)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (curves[i].type == type)
			return EC_GROUP_new_by_curve_name_ex(
			    c->lib, NULL, curves[i].nid);
	}
	return NULL;
}

/* Made by EC_POINT_mul in constant time: one factor, and the base point. */
static bool multiply(
    const EC_GROUP *group, BN_CTX *ctx, uk_bytes d, size_t n, uk_buf *out)
{
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *scalar = BN_CTX_get(ctx);
	bool done = point != NULL && take(scalar, d) && !BN_is_zero(scalar) &&
		    BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0 &&
		    EC_POINT_mul(group, point, scalar, NULL, NULL, ctx) == 1;

	if (done) {
		uint8_t *room = uk_put_room(out, n);

		done = !out->bad &&
		       EC_POINT_point2oct(group, point,
			   POINT_CONVERSION_UNCOMPRESSED, room, n, ctx) == n;
	}
	EC_POINT_free(point);
	return done;
}

uk_err uk_curve_public(
    uk_crypto *c, enum uk_key_type type, uk_bytes d, uk_buf *out)
{
	size_t n = 1 + 2 * uk_key_field(type), before = out->len;
	EC_GROUP *group;
	BN_CTX *ctx;
	uk_err err = uk_ok();

	if (n == 1)
		return uk_fail(UK_ERR_ARGUMENT);
	if (uk_buf_left(out) < n)
		return uk_fail(UK_ERR_TOO_SMALL);
	uk_ossl_enter();
	group = open_group(c, type);
	ctx = new_context(c);
	if (group == NULL || ctx == NULL) {
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	} else if (!multiply(group, ctx, d, n, out)) {
		out->len = before;
		err = uk_ossl_failed(UK_ERR_FORMAT);
	}
	free_context(ctx);
	EC_GROUP_free(group);
	return uk_ossl_leave(err);
}
