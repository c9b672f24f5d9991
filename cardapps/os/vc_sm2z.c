/* Z and e; the curve's numbers are OpenSSL's. */
#include "vc_sm2z.h"

#include "vc_crypto_priv.h"

#include <openssl/obj_mac.h>

enum { FIELD = 32, POINT = 1 + 2 * FIELD };

/* a and b of the curve, and G as 04||x||y. */
struct curve {
	uint8_t a[FIELD], b[FIELD], g[POINT];
};

static int get_curve(const EC_GROUP *group, BN_CTX *ctx, struct curve *out)
{
	BIGNUM *a, *b;
	int good;

	BN_CTX_start(ctx);
	a = BN_CTX_get(ctx);
	b = BN_CTX_get(ctx);
	good = b != NULL && EC_GROUP_get_curve(group, NULL, a, b, ctx) == 1 &&
	       BN_bn2binpad(a, out->a, FIELD) == FIELD &&
	       BN_bn2binpad(b, out->b, FIELD) == FIELD &&
	       EC_POINT_point2oct(group, EC_GROUP_get0_generator(group),
		   POINT_CONVERSION_UNCOMPRESSED, out->g, POINT, ctx) == POINT;
	BN_CTX_end(ctx);
	return good;
}

static uk_err load_curve(struct vc_crypto *c, struct curve *out)
{
	BN_CTX *ctx = BN_CTX_new_ex(c->lib);
	EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(c->lib, NULL, NID_sm2);
	int good = ctx != NULL && group != NULL && get_curve(group, ctx, out);

	EC_GROUP_free(group);
	BN_CTX_free(ctx);
	return vc_from_openssl(good);
}

static uk_err hash_z(
    struct vc_crypto *c, uk_bytes id, uk_bytes point, uint8_t z[VC_SM3_SIZE])
{
	uint8_t entl[2];
	uk_buf bits = UK_BUF(entl);
	struct curve k;
	const uk_bytes parts[] = { UK_ARRAY(entl), id, UK_ARRAY(k.a),
		UK_ARRAY(k.b), uk_bytes_from(UK_ARRAY(k.g), 1),
		uk_bytes_from(point, 1) };

	UK_TRY(load_curve(c, &k));
	uk_put_u16(&bits, (uint16_t)(8 * id.n));
	return vc_sm3(c, parts, sizeof(parts) / sizeof(parts[0]), z);
}

uk_err vc_sm2_e(struct vc_crypto *c, uk_bytes id, uk_bytes point,
    uk_bytes message, uint8_t e[VC_SM3_SIZE])
{
	uint8_t z[VC_SM3_SIZE];
	const uk_bytes parts[] = { UK_ARRAY(z), message };

	if (id.n > VC_SM2_ID_MAX || point.n != POINT)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(hash_z(c, id, point, z));
	return vc_sm3(c, parts, sizeof(parts) / sizeof(parts[0]), e);
}
