/* Key pairs from outside: the card is given two primes or a scalar, and works
 * out the rest itself. */
#include "der.h"
#include "secret.h"
#include "tlv.h"
#include "vc_keys_priv.h"

#include <openssl/ec.h>
#include <openssl/objects.h>

enum { EXPONENT = 65537 };

/* --- RSA ------------------------------------------------------------------ */

/* The fields of RSAPrivateKey (RFC 8017, A.1.2), in their order. */
enum number { N, E, D, P, Q, DP, DQ, QINV, NUMBERS };

struct rsa {
	BN_CTX *ctx; /* owns all numbers, wipes them */
	BIGNUM *v[NUMBERS];
	BIGNUM *p1, *q1, *phi;
};

/* Secret numbers: OpenSSL then takes its constant-time ways with them. */
static int get_number(BIGNUM **out, BN_CTX *ctx)
{
	if ((*out = BN_CTX_get(ctx)) == NULL)
		return 0;
	BN_set_flags(*out, BN_FLG_CONSTTIME);
	return 1;
}

static int get_numbers(struct rsa *r)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		if (!get_number(&r->v[i], r->ctx))
			return 0;
	}
	return get_number(&r->p1, r->ctx) && get_number(&r->q1, r->ctx) &&
	       get_number(&r->phi, r->ctx);
}

/* Two different primes of half the length each, with a product of the whole
 * length, and p > q as usual. */
static bool are_primes(struct rsa *r, unsigned bits)
{
	BIGNUM *p = r->v[P], *q = r->v[Q];

	if (BN_num_bits(p) != (int)bits / 2 || BN_num_bits(q) != (int)bits / 2)
		return false;
	if (BN_ucmp(p, q) < 0)
		BN_swap(p, q);
	return BN_ucmp(p, q) != 0 && BN_check_prime(p, r->ctx, NULL) == 1 &&
	       BN_check_prime(q, r->ctx, NULL) == 1 &&
	       BN_mul(r->v[N], p, q, r->ctx) == 1 &&
	       BN_num_bits(r->v[N]) == (int)bits;
}

/* No inverse of the exponent: no key. */
static bool work_out(struct rsa *r)
{
	BIGNUM **v = r->v;

	return BN_set_word(v[E], EXPONENT) == 1 &&
	       BN_sub(r->p1, v[P], BN_value_one()) == 1 &&
	       BN_sub(r->q1, v[Q], BN_value_one()) == 1 &&
	       BN_mul(r->phi, r->p1, r->q1, r->ctx) == 1 &&
	       BN_mod_inverse(v[D], v[E], r->phi, r->ctx) != NULL &&
	       BN_mod(v[DP], v[D], r->p1, r->ctx) == 1 &&
	       BN_mod(v[DQ], v[D], r->q1, r->ctx) == 1 &&
	       BN_mod_inverse(v[QINV], v[Q], v[P], r->ctx) != NULL;
}

static void put_number(uk_buf *out, const BIGNUM *v)
{
	uint8_t bytes[VC_SIG_MAX];
	int n = BN_bn2bin(v, bytes);

	uk_put_der_uint(out, uk_view(bytes, (size_t)n));
	uk_wipe(bytes, sizeof(bytes));
}

static void put_rsa(uk_buf *out, struct rsa *r)
{
	size_t seq = uk_tlv_begin(out, UK_DER_SEQUENCE);

	uk_put_der_u32(out, UK_DER_INTEGER, 0); /* version: two primes */
	for (size_t i = 0; i < NUMBERS; i++)
		put_number(out, r->v[i]);
	uk_tlv_end(out, seq);
}

static uk_err import_rsa(struct vc_crypto *c, const struct vc_kind *kind,
    const struct vc_key_parts *parts, uk_buf *out)
{
	struct rsa r = { .ctx = BN_CTX_secure_new_ex(c->lib) };
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	if (r.ctx == NULL)
		return vc_from_openssl(0);
	BN_CTX_start(r.ctx);
	if (!get_numbers(&r) ||
	    BN_bin2bn(parts->p.p, (int)parts->p.n, r.v[P]) == NULL ||
	    BN_bin2bn(parts->q.p, (int)parts->q.n, r.v[Q]) == NULL)
		goto out;
	err = uk_fail(UK_ERR_FORMAT);
	if (!are_primes(&r, kind->bits) || !work_out(&r))
		goto out;
	put_rsa(out, &r);
	err = uk_buf_result(out);
out:
	UK_IGNORE(vc_from_openssl(0)); /* empties the error queue */
	BN_CTX_end(r.ctx);
	BN_CTX_free(r.ctx);
	return err;
}

/* --- curves --------------------------------------------------------------- */

/* 1 <= d <= n - 1; for SM2 n - 2 (GB/T 32918.1, 6.1). */
static bool is_scalar(
    const struct vc_kind *kind, const EC_GROUP *group, BIGNUM *d)
{
	BIGNUM *end = BN_dup(EC_GROUP_get0_order(group));
	bool good = end != NULL && !BN_is_zero(d) &&
		    (kind->type != UK_KEY_SM2 || BN_sub_word(end, 1) == 1) &&
		    BN_cmp(d, end) < 0;

	BN_free(end);
	return good;
}

int vc_ec_put_point(const EC_GROUP *group, const BIGNUM *d, BN_CTX *ctx,
    size_t field, uk_buf *out)
{
	EC_POINT *point = EC_POINT_new(group);
	uint8_t *room = uk_put_room(out, 1 + 2 * field);
	int good = point != NULL && room != NULL &&
		   EC_POINT_mul(group, point, d, NULL, NULL, ctx) == 1 &&
		   EC_POINT_point2oct(group, point,
		       POINT_CONVERSION_UNCOMPRESSED, room, 1 + 2 * field,
		       ctx) == 1 + 2 * field;

	EC_POINT_free(point);
	return good;
}

static uk_err import_curve(struct vc_crypto *c, const struct vc_kind *kind,
    const struct vc_key_parts *parts, uk_buf *out)
{
	size_t field = (kind->bits + 7) / 8;
	BN_CTX *ctx = BN_CTX_secure_new_ex(c->lib);
	BIGNUM *d = BN_secure_new();
	EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(c->lib, NULL,
	    kind->type == UK_KEY_SM2 ? NID_sm2
				     : EC_curve_nist2nid(kind->group));
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	if (ctx == NULL || d == NULL || group == NULL ||
	    BN_bin2bn(parts->d.p, (int)parts->d.n, d) == NULL)
		goto out;
	err = uk_fail(UK_ERR_FORMAT);
	if (!is_scalar(kind, group, d))
		goto out;
	uk_put_padded(out, parts->d, field);
	BN_set_flags(d, BN_FLG_CONSTTIME);
	err = vc_from_openssl(vc_ec_put_point(group, d, ctx, field, out));
out:
	UK_IGNORE(vc_from_openssl(0)); /* empties the error queue */
	EC_GROUP_free(group);
	BN_clear_free(d);
	BN_CTX_free(ctx);
	return err;
}

uk_err vc_key_import(struct vc_crypto *c, uint8_t kind,
    const struct vc_key_parts *parts, uk_buf *out)
{
	const struct vc_kind *row = vc_kind_of(kind);
	bool rsa = row != NULL && row->type == UK_KEY_RSA;
	size_t most = row == NULL ? 0 : (row->bits + 7) / 8;

	if (row == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (rsa ? parts->p.n == 0 || parts->q.n == 0 || parts->d.n > 0
		: parts->p.n > 0 || parts->q.n > 0 || parts->d.n == 0)
		return uk_fail(UK_ERR_FORMAT);
	if (parts->p.n > most || parts->q.n > most || parts->d.n > most)
		return uk_fail(UK_ERR_FORMAT);
	uk_put_u8(out, kind);
	return rsa ? import_rsa(c, row, parts, out)
		   : import_curve(c, row, parts, out);
}
