/* Signatures judged by OpenSSL. */
#include "sigcheck.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = NULL;

	if (ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *rsa_key(const struct sig_key *k)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(k->a, (int)k->a_len, NULL);
	BIGNUM *e = BN_bin2bn(k->b, (int)k->b_len, NULL);
	EVP_PKEY *key = NULL;

	if (build != NULL && n != NULL && e != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		key = from_params("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return key;
}

/* CKA_EC_PARAMS is a DER OID, CKA_EC_POINT a DER OCTET STRING. */
static EVP_PKEY *ec_key(const struct sig_key *k)
{
	const unsigned char *p = k->a;
	ASN1_OBJECT *oid = d2i_ASN1_OBJECT(NULL, &p, (long)k->a_len);
	const char *name = OBJ_nid2sn(OBJ_obj2nid(oid));
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	ASN1_OCTET_STRING *point;
	EVP_PKEY *key = NULL;

	p = k->b;
	point = d2i_ASN1_OCTET_STRING(NULL, &p, (long)k->b_len);
	if (build != NULL && point != NULL && name != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(
		build, OSSL_PKEY_PARAM_GROUP_NAME, name, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
		ASN1_STRING_get0_data(point),
		(size_t)ASN1_STRING_length(point)) == 1)
		key = from_params("EC", build);
	OSSL_PARAM_BLD_free(build);
	ASN1_OCTET_STRING_free(point);
	ASN1_OBJECT_free(oid);
	return key;
}

/* r || s as DER; the length, or 0. */
static size_t to_der(const unsigned char *sig, size_t n, unsigned char **out)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	int len = 0;

	if (s != NULL && ECDSA_SIG_set0(s, BN_bin2bn(sig, (int)n / 2, NULL),
			     BN_bin2bn(sig + n / 2, (int)n / 2, NULL)) == 1)
		len = i2d_ECDSA_SIG(s, out);
	ECDSA_SIG_free(s);
	return len > 0 ? (size_t)len : 0;
}

static bool set_padding(EVP_PKEY_CTX *ctx, bool is_rsa, int pss_salt)
{
	if (!is_rsa || pss_salt < 0)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, pss_salt) == 1;
}

static bool verify_data(EVP_PKEY *key, const struct sig_key *k,
    const char *hash, int pss_salt, const unsigned char *data, size_t data_len,
    const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	bool good = md != NULL &&
		    EVP_DigestVerifyInit_ex(
			md, &ctx, hash, NULL, NULL, key, NULL) == 1 &&
		    set_padding(ctx, k->is_rsa, pss_salt) &&
		    EVP_DigestVerify(md, sig, sig_len, data, data_len) == 1;

	EVP_MD_CTX_free(md);
	return good;
}

static bool verify_hash(EVP_PKEY *key, const unsigned char *data,
    size_t data_len, const unsigned char *sig, size_t sig_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
		    EVP_PKEY_verify(ctx, sig, sig_len, data, data_len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

bool sig_verify(const struct sig_key *k, const char *hash, int pss_salt,
    const unsigned char *data, size_t data_len, const unsigned char *sig,
    size_t sig_len)
{
	EVP_PKEY *key = k->is_rsa ? rsa_key(k) : ec_key(k);
	unsigned char *der = NULL;
	bool good = false;

	if (!k->is_rsa) {
		sig_len = to_der(sig, sig_len, &der);
		sig = der;
	}
	if (key != NULL && sig_len > 0)
		good = hash != NULL
			   ? verify_data(key, k, hash, pss_salt, data, data_len,
				 sig, sig_len)
			   : verify_hash(key, data, data_len, sig, sig_len);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return good;
}
