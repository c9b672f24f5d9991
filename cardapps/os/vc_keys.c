/* Key pairs through OpenSSL's EVP interface. */
#include "vc_keys.h"

#include "tlv.h"
#include "vc_keys_priv.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

static const struct vc_kind kinds[] = {
	{ VC_RSA2048, UK_KEY_RSA, 2048, "RSA", NULL },
	{ VC_RSA3072, UK_KEY_RSA, 3072, "RSA", NULL },
	{ VC_RSA4096, UK_KEY_RSA, 4096, "RSA", NULL },
	{ VC_RSA1024, UK_KEY_RSA, 1024, "RSA", NULL },
	{ VC_P256, UK_KEY_P256, 256, "EC", "P-256" },
	{ VC_P384, UK_KEY_P384, 384, "EC", "P-384" },
	{ VC_P521, UK_KEY_P521, 521, "EC", "P-521" },
	{ VC_SM2, UK_KEY_SM2, 256, "SM2", "SM2" },
};

const struct vc_kind *vc_kind_of(uint8_t kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].kind == kind)
			return &kinds[i];
	}
	return NULL;
}

const struct vc_kind *vc_kind_of_key(uk_bytes key)
{
	return key.n == 0 ? NULL : vc_kind_of(key.p[0]);
}

bool vc_key_kind_known(uint8_t kind)
{
	return vc_kind_of(kind) != NULL;
}

enum uk_key_type vc_key_kind_type(uint8_t kind)
{
	const struct vc_kind *row = vc_kind_of(kind);

	return row == NULL ? UK_KEY_NONE : row->type;
}

enum uk_key_type vc_key_type(uk_bytes key)
{
	return key.n == 0 ? UK_KEY_NONE : vc_key_kind_type(key.p[0]);
}

size_t vc_key_size(uk_bytes key)
{
	const struct vc_kind *row = vc_kind_of_key(key);

	return row == NULL ? 0 : (row->bits + 7) / 8;
}

/* --- stored form ---------------------------------------------------------- */

static int put_rsa(EVP_PKEY *key, uk_buf *out)
{
	int n = i2d_PrivateKey(key, NULL);
	uint8_t *room = n <= 0 ? NULL : uk_put_room(out, (size_t)n);

	return room != NULL && i2d_PrivateKey(key, &room) == n;
}

static int put_curve(EVP_PKEY *key, uk_buf *out, size_t field)
{
	BIGNUM *d = NULL;
	uint8_t *scalar = uk_put_room(out, field);
	uint8_t *point = uk_put_room(out, 1 + 2 * field);
	size_t n = 0;
	int good = point != NULL &&
		   EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) ==
		       1 &&
		   BN_bn2binpad(d, scalar, (int)field) == (int)field &&
		   EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
		       point, 1 + 2 * field, &n) == 1 &&
		   n == 1 + 2 * field && point[0] == 0x04;

	BN_clear_free(d);
	return good;
}

EVP_PKEY *vc_key_load(struct vc_crypto *c, uk_bytes key)
{
	const struct vc_kind *row = vc_kind_of_key(key);
	uk_bytes body = uk_bytes_from(key, 1);
	size_t field = vc_key_size(key);
	const unsigned char *p = body.p;

	if (row == NULL)
		return NULL;
	if (row->type == UK_KEY_RSA)
		return d2i_PrivateKey_ex(
		    EVP_PKEY_RSA, NULL, &p, (long)body.n, c->lib, NULL);
	return vc_ec_load(c, row->name, row->group, uk_bytes_first(body, field),
	    uk_bytes_from(body, field));
}

uk_err vc_key_make(struct vc_crypto *c, uint8_t kind, uk_buf *out)
{
	const struct vc_kind *row = vc_kind_of(kind);
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;
	int good;

	if (row == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	ctx = EVP_PKEY_CTX_new_from_name(c->lib, row->name, NULL);
	good = ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1;
	if (good && row->type == UK_KEY_RSA)
		good = EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)row->bits);
	else if (good && row->type != UK_KEY_SM2)
		good = EVP_PKEY_CTX_set_group_name(ctx, row->group);
	good = good && EVP_PKEY_generate(ctx, &key) == 1;
	uk_put_u8(out, kind);
	if (good && row->type == UK_KEY_RSA)
		good = put_rsa(key, out);
	else if (good)
		good = put_curve(key, out, (row->bits + 7) / 8);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
	return vc_from_openssl(good);
}

/* --- public half ---------------------------------------------------------- */

static void put_number(
    uk_buf *out, uint8_t tag, EVP_PKEY *key, const char *name)
{
	uint8_t bytes[VC_SIG_MAX];
	BIGNUM *n = NULL;
	int len = 0;

	if (EVP_PKEY_get_bn_param(key, name, &n) == 1 &&
	    BN_num_bytes(n) <= VC_SIG_MAX)
		len = BN_bn2bin(n, bytes);
	if (len > 0)
		uk_put_tlv(out, tag, uk_view(bytes, (size_t)len));
	else
		out->bad = true;
	BN_free(n);
}

uk_err vc_key_put_public(struct vc_crypto *c, uk_bytes key, uk_buf *out)
{
	size_t field = vc_key_size(key), template;
	EVP_PKEY *rsa;

	if (vc_key_type(key) != UK_KEY_RSA) {
		template = uk_tlv_begin(out, 0x7f49);
		uk_put_tlv(out, 0x86, uk_bytes_from(key, 1 + field));
		uk_tlv_end(out, template);
		return uk_buf_result(out);
	}
	if ((rsa = vc_key_load(c, key)) == NULL)
		return vc_from_openssl(0);
	template = uk_tlv_begin(out, 0x7f49);
	put_number(out, 0x81, rsa, OSSL_PKEY_PARAM_RSA_N);
	put_number(out, 0x82, rsa, OSSL_PKEY_PARAM_RSA_E);
	uk_tlv_end(out, template);
	EVP_PKEY_free(rsa);
	return uk_buf_result(out);
}
