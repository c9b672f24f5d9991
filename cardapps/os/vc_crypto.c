/* Random numbers, hashing and the bank's public key. */
#include "vc_crypto_priv.h"

#include "der.h"
#include "mem.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

uk_err vc_from_openssl(int ret)
{
	if (ret > 0)
		return uk_ok();
	ERR_clear_error();
	return uk_fail(UK_ERR_CRYPTO);
}

uk_err vc_crypto_open(struct vc_crypto **out)
{
	struct vc_crypto *c = uk_new(sizeof(*c));

	*out = NULL;
	if (c == NULL || (c->lib = OSSL_LIB_CTX_new()) == NULL) {
		uk_free(c);
		return uk_fail(UK_ERR_MEMORY);
	}
	*out = c;
	return uk_ok();
}

void vc_crypto_close(struct vc_crypto **crypto)
{
	if (*crypto == NULL)
		return;
	OSSL_LIB_CTX_free((*crypto)->lib);
	uk_free(*crypto);
	*crypto = NULL;
}

uk_err vc_random(struct vc_crypto *c, uint8_t *p, size_t n)
{
	return vc_from_openssl(RAND_bytes_ex(c->lib, p, n, 0));
}

static uk_err digest(struct vc_crypto *c, const char *name,
    const uk_bytes *parts, size_t count, uint8_t *out)
{
	EVP_MD *md = EVP_MD_fetch(c->lib, name, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int good = md != NULL && ctx != NULL &&
		   EVP_DigestInit_ex2(ctx, md, NULL) == 1;

	for (size_t i = 0; good && i < count; i++)
		good = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
	if (good)
		good = EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return vc_from_openssl(good);
}

uk_err vc_sha256(struct vc_crypto *c, const uk_bytes *parts, size_t count,
    uint8_t out[VC_SHA256_SIZE])
{
	return digest(c, "SHA256", parts, count, out);
}

uk_err vc_sha1(struct vc_crypto *c, const uk_bytes *parts, size_t count,
    uint8_t out[VC_SHA1_SIZE])
{
	return digest(c, "SHA1", parts, count, out);
}

uk_err vc_sm3(struct vc_crypto *c, const uk_bytes *parts, size_t count,
    uint8_t out[VC_SM3_SIZE])
{
	return digest(c, "SM3", parts, count, out);
}

EVP_PKEY *vc_pkey_build(
    struct vc_crypto *c, const char *name, OSSL_PARAM_BLD *build, bool private)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(c->lib, name, NULL);
	EVP_PKEY *key = NULL;
	int good = params != NULL && ctx != NULL &&
		   EVP_PKEY_fromdata_init(ctx) == 1 &&
		   EVP_PKEY_fromdata(ctx, &key,
		       private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
		       params) == 1;

	UK_IGNORE(vc_from_openssl(good)); /* empties the error queue */
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params); /* wipes what came from secure BIGNUMs */
	return key;
}

EVP_PKEY *vc_ec_load(struct vc_crypto *c, const char *name, const char *group,
    uk_bytes scalar, uk_bytes point)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *d = BN_secure_new();
	EVP_PKEY *key = NULL;
	bool private = scalar.n > 0;
	int good;

	good = build != NULL && d != NULL &&
	       OSSL_PARAM_BLD_push_utf8_string(
		   build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
	       OSSL_PARAM_BLD_push_octet_string(
		   build, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n);
	if (good && private)
		good = BN_bin2bn(scalar.p, (int)scalar.n, d) != NULL &&
		       OSSL_PARAM_BLD_push_BN(
			   build, OSSL_PKEY_PARAM_PRIV_KEY, d);
	if (good)
		key = vc_pkey_build(c, name, build, private);
	BN_clear_free(d);
	OSSL_PARAM_BLD_free(build);
	return key;
}

uk_err vc_ec_check(
    struct vc_crypto *c, const char *name, const char *group, uk_bytes point)
{
	/* Only the uncompressed form; its length is checked with the curve. */
	EVP_PKEY *key = point.n > 0 && point.p[0] == 0x04
			    ? vc_ec_load(c, name, group, UK_NONE, point)
			    : NULL;
	EVP_PKEY_CTX *ctx = key == NULL
				? NULL
				: EVP_PKEY_CTX_new_from_pkey(c->lib, key, NULL);
	uk_err err = vc_from_openssl(
	    ctx == NULL ? 0 : EVP_PKEY_public_check(ctx));

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return uk_is_ok(err) ? err : uk_fail(UK_ERR_FORMAT);
}

uk_err vc_p256_check(struct vc_crypto *c, uk_bytes point)
{
	return vc_ec_check(c, "EC", "P-256", point);
}

uk_err vc_p256_verify(
    struct vc_crypto *c, uk_bytes point, uk_bytes digest, uk_bytes sig)
{
	uint8_t storage[80];
	uk_buf der = UK_BUF(storage);
	EVP_PKEY *key;
	EVP_PKEY_CTX *ctx;
	int good;
	uk_err err;

	if (sig.n != 64 || point.n != VC_POINT_P256)
		return uk_fail(UK_ERR_SIGNATURE);
	UK_TRY(uk_sig_to_der(sig, &der));
	key = vc_ec_load(c, "EC", "P-256", UK_NONE, point);
	ctx = key == NULL ? NULL
			  : EVP_PKEY_CTX_new_from_pkey(c->lib, key, NULL);
	good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	       EVP_PKEY_verify(ctx, der.p, der.len, digest.p, digest.n) == 1;
	err = vc_from_openssl(good);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return uk_is_ok(err) ? err : uk_fail(UK_ERR_SIGNATURE);
}
