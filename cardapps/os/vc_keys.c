/* Key pairs through OpenSSL's EVP interface. */
#include "vc_keys.h"

#include "der.h"
#include "mem.h"
#include "secret.h"
#include "tlv.h"
#include "vc_crypto_priv.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

static const struct kind_row {
	uint8_t kind;
	enum uk_key_type type;
	unsigned bits;
	const char *name, *group; /* OpenSSL's */
} kinds[] = {
	{ VC_RSA2048, UK_KEY_RSA, 2048, "RSA", NULL },
	{ VC_RSA3072, UK_KEY_RSA, 3072, "RSA", NULL },
	{ VC_RSA4096, UK_KEY_RSA, 4096, "RSA", NULL },
	{ VC_P256, UK_KEY_P256, 256, "EC", "P-256" },
	{ VC_P384, UK_KEY_P384, 384, "EC", "P-384" },
	{ VC_P521, UK_KEY_P521, 521, "EC", "P-521" },
	{ VC_SM2, UK_KEY_SM2, 256, "SM2", "SM2" },
};

static const char *const hash_names[UK_HASH_COUNT] = {
	[UK_HASH_SHA1] = "SHA1",
	[UK_HASH_SHA224] = "SHA224",
	[UK_HASH_SHA256] = "SHA256",
	[UK_HASH_SHA384] = "SHA384",
	[UK_HASH_SHA512] = "SHA512",
};

static const struct kind_row *row_of(uint8_t kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].kind == kind)
			return &kinds[i];
	}
	return NULL;
}

static const struct kind_row *row_of_key(uk_bytes key)
{
	return key.n == 0 ? NULL : row_of(key.p[0]);
}

bool vc_key_kind_known(uint8_t kind)
{
	return row_of(kind) != NULL;
}

enum uk_key_type vc_key_type(uk_bytes key)
{
	const struct kind_row *row = row_of_key(key);

	return row == NULL ? UK_KEY_NONE : row->type;
}

size_t vc_key_size(uk_bytes key)
{
	const struct kind_row *row = row_of_key(key);

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

static EVP_PKEY *load(struct vc_crypto *c, uk_bytes key)
{
	const struct kind_row *row = row_of_key(key);
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
	const struct kind_row *row = row_of(kind);
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
	if ((rsa = load(c, key)) == NULL)
		return vc_from_openssl(0);
	template = uk_tlv_begin(out, 0x7f49);
	put_number(out, 0x81, rsa, OSSL_PKEY_PARAM_RSA_N);
	put_number(out, 0x82, rsa, OSSL_PKEY_PARAM_RSA_E);
	uk_tlv_end(out, template);
	EVP_PKEY_free(rsa);
	return uk_buf_result(out);
}

/* --- signatures ----------------------------------------------------------- */

/* By names, so that the digest too comes from the card's library context. */
static int set_padding(
    EVP_PKEY_CTX *ctx, enum uk_sig_scheme scheme, enum uk_hash hash)
{
	char pss[] = OSSL_PKEY_RSA_PAD_MODE_PSS;
	char as_digest[] = OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST;
	char name[16] = "";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_PAD_MODE, pss, sizeof(pss) - 1),
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_DIGEST, name, sizeof(name)),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
		    as_digest, sizeof(as_digest) - 1),
		OSSL_PARAM_END,
	};

	if (scheme == UK_SIG_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	if (scheme != UK_SIG_PSS)
		return 1;
	if (hash_names[hash] == NULL ||
	    !uk_is_ok(
		uk_copy_str(name, sizeof(name), uk_view_str(hash_names[hash]))))
		return 0;
	params[1].data_size = uk_view_str(name).n;
	return EVP_PKEY_CTX_set_params(ctx, params);
}

static uk_err sign_raw(struct vc_crypto *c, EVP_PKEY *pkey,
    enum uk_sig_scheme scheme, enum uk_hash hash, uk_bytes input, uk_buf *sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, pkey, NULL);
	size_t n = sig->cap;
	int good = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
		   set_padding(ctx, scheme, hash) == 1 &&
		   EVP_PKEY_sign(ctx, sig->p, &n, input.p, input.n) == 1;

	if (good)
		sig->len = n;
	EVP_PKEY_CTX_free(ctx);
	return vc_from_openssl(good);
}

uk_err vc_key_sign(struct vc_crypto *c, uk_bytes key, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes input, uk_buf *out)
{
	uint8_t info[128], made[VC_SIG_MAX];
	uk_buf digest_info = UK_BUF(info), sig = UK_BUF(made);
	EVP_PKEY *pkey;
	uk_err err;

	if (scheme == UK_SIG_PKCS1 && hash != UK_HASH_NONE) {
		UK_TRY(uk_put_digest_info(&digest_info, hash, input));
		input = uk_buf_view(&digest_info);
	}
	if ((pkey = load(c, key)) == NULL)
		return vc_from_openssl(0);
	err = sign_raw(c, pkey, scheme, hash, input, &sig);
	EVP_PKEY_free(pkey);
	UK_TRY(err);
	if (scheme == UK_SIG_ECDSA || scheme == UK_SIG_SM2)
		return uk_sig_from_der(
		    uk_buf_view(&sig), vc_key_size(key), out);
	uk_put(out, uk_buf_view(&sig));
	return uk_buf_result(out);
}
