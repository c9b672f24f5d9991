/* Curves by numbers, through OpenSSL. */
#include "vc_curve.h"

#include "secret.h"
#include "vc_crypto_priv.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

/* --- the numbers, as OpenSSL takes them ----------------------------------- */

enum number { P, A, B, N, H, NUMBERS };

static const char *const names[NUMBERS] = {
	[P] = OSSL_PKEY_PARAM_EC_P,
	[A] = OSSL_PKEY_PARAM_EC_A,
	[B] = OSSL_PKEY_PARAM_EC_B,
	[N] = OSSL_PKEY_PARAM_EC_ORDER,
	[H] = OSSL_PKEY_PARAM_EC_COFACTOR,
};

struct domain {
	OSSL_PARAM_BLD *build; /* refers to what is below until it is built */
	BIGNUM *v[NUMBERS];
};

static bool has_form(const struct vc_curve *k)
{
	return k->p.n > 0 && k->p.n <= VC_CURVE_FIELD_MAX && k->a.n <= k->p.n &&
	       k->b.n <= k->p.n && k->n.n > 0 && k->n.n <= k->p.n &&
	       k->g.n == 1 + 2 * k->p.n && k->g.p[0] == 0x04 && k->cofactor > 0;
}

static void domain_free(struct domain *d)
{
	OSSL_PARAM_BLD_free(d->build);
	for (size_t i = 0; i < NUMBERS; i++)
		BN_free(d->v[i]);
}

static int domain_open(struct domain *d, const struct vc_curve *k)
{
	const uint8_t h[] = { (uint8_t)(k->cofactor >> 8),
		(uint8_t)k->cofactor };
	const uk_bytes parts[NUMBERS] = { k->p, k->a, k->b, k->n, UK_ARRAY(h) };
	int good;

	*d = (struct domain){ .build = OSSL_PARAM_BLD_new() };
	good = d->build != NULL &&
	       OSSL_PARAM_BLD_push_utf8_string(d->build,
		   OSSL_PKEY_PARAM_EC_FIELD_TYPE, SN_X9_62_prime_field, 0) &&
	       OSSL_PARAM_BLD_push_octet_string(
		   d->build, OSSL_PKEY_PARAM_EC_GENERATOR, k->g.p, k->g.n);
	for (size_t i = 0; good && i < NUMBERS; i++) {
		d->v[i] = BN_bin2bn(parts[i].p, (int)parts[i].n, NULL);
		/* Padded, because zero has no bytes of its own. */
		good = d->v[i] != NULL && OSSL_PARAM_BLD_push_BN_pad(d->build,
					      names[i], d->v[i], k->p.n);
	}
	return good;
}

/* NULL if the numbers are no curve: composite p, wrong order, singular. Nor is
 * that of SM2, with which OpenSSL signs in its own way only. */
static EC_GROUP *group_of(struct vc_crypto *c, const struct vc_curve *k)
{
	struct domain d;
	OSSL_PARAM *params = NULL;
	EC_GROUP *group = NULL;

	if (domain_open(&d, k))
		params = OSSL_PARAM_BLD_to_param(d.build);
	if (params != NULL)
		group = EC_GROUP_new_from_params(params, c->lib, NULL);
	if (group != NULL && (EC_GROUP_get_curve_name(group) == NID_sm2 ||
				 EC_GROUP_check(group, NULL) != 1)) {
		EC_GROUP_free(group);
		group = NULL;
	}
	OSSL_PARAM_free(params);
	domain_free(&d);
	return group;
}

/* --- key pairs ------------------------------------------------------------ */

/* With `new`, d is zero and becomes a scalar; otherwise it is one. */
static uk_err make_pair(struct vc_crypto *c, const struct vc_curve *curve,
    BIGNUM *d, bool new, uk_buf *point)
{
	BN_CTX *ctx = BN_CTX_secure_new_ex(c->lib);
	EC_GROUP *group = has_form(curve) ? group_of(c, curve) : NULL;
	const BIGNUM *order = group == NULL ? NULL : EC_GROUP_get0_order(group);
	uk_err err = uk_fail(UK_ERR_FORMAT);

	if (ctx == NULL)
		err = uk_fail(UK_ERR_CRYPTO);
	if (ctx == NULL || group == NULL)
		goto out;
	while (new &&BN_is_zero(d)) {
		err = vc_from_openssl(BN_priv_rand_range_ex(d, order, 0, ctx));
		if (!uk_is_ok(err))
			goto out;
	}
	err = uk_fail(UK_ERR_FORMAT);
	if (BN_is_zero(d) || BN_cmp(d, order) >= 0)
		goto out;
	BN_set_flags(d, BN_FLG_CONSTTIME);
	err = vc_from_openssl(
	    vc_ec_put_point(group, d, ctx, curve->p.n, point));
out:
	UK_IGNORE(vc_from_openssl(0)); /* empties the error queue */
	EC_GROUP_free(group);
	BN_CTX_free(ctx);
	return err;
}

uk_err vc_curve_point(struct vc_crypto *c, const struct vc_curve *curve,
    uk_bytes scalar, uk_buf *point)
{
	BIGNUM *d = BN_secure_new();
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	if (d == NULL)
		return err;
	if (scalar.n > VC_CURVE_FIELD_MAX)
		err = uk_fail(UK_ERR_FORMAT);
	else if (BN_bin2bn(scalar.p, (int)scalar.n, d) != NULL)
		err = make_pair(c, curve, d, false, point);
	BN_clear_free(d);
	return err;
}

uk_err vc_curve_make(struct vc_crypto *c, const struct vc_curve *curve,
    uk_buf *scalar, uk_buf *point)
{
	BIGNUM *d = BN_secure_new();
	uk_err err = uk_fail(UK_ERR_CRYPTO);
	int field = (int)curve->p.n;
	uint8_t *room;

	if (d == NULL)
		return err;
	err = make_pair(c, curve, d, true, point);
	if (uk_is_ok(err)) {
		room = uk_put_room(scalar, curve->p.n);
		err = vc_from_openssl(
		    room != NULL && BN_bn2binpad(d, room, field) == field);
	}
	BN_clear_free(d);
	return err;
}

/* --- signatures ----------------------------------------------------------- */

static EVP_PKEY *load(struct vc_crypto *c, const struct vc_curve_key *k)
{
	struct domain d;
	BIGNUM *s = BN_secure_new();
	EVP_PKEY *key = NULL;

	if (domain_open(&d, &k->curve) && s != NULL &&
	    BN_bin2bn(k->scalar.p, (int)k->scalar.n, s) != NULL &&
	    OSSL_PARAM_BLD_push_BN(d.build, OSSL_PKEY_PARAM_PRIV_KEY, s) &&
	    OSSL_PARAM_BLD_push_octet_string(
		d.build, OSSL_PKEY_PARAM_PUB_KEY, k->point.p, k->point.n))
		key = vc_pkey_build(c, "EC", d.build, true);
	BN_clear_free(s);
	domain_free(&d);
	return key;
}

uk_err vc_curve_sign(struct vc_crypto *c, const struct vc_curve_key *key,
    enum uk_hash hash, uk_bytes input, uk_buf *der)
{
	uint8_t digest[VC_SHA1_SIZE], made[VC_CURVE_SIG_MAX];
	size_t n = sizeof(made);
	EVP_PKEY *pair;
	EVP_PKEY_CTX *ctx;
	int good;

	if (hash == UK_HASH_SHA1) {
		UK_TRY(vc_sha1(c, &input, 1, digest));
		input = UK_ARRAY(digest);
	}
	pair = load(c, key);
	ctx = pair == NULL ? NULL
			   : EVP_PKEY_CTX_new_from_pkey(c->lib, pair, NULL);
	good = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
	       EVP_PKEY_sign(ctx, made, &n, input.p, input.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pair);
	UK_TRY(vc_from_openssl(good));
	uk_put(der, uk_view(made, n));
	return uk_buf_result(der);
}
