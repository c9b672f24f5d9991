/* Public keys, in and out. */
#include "vc_public.h"

#include "der.h"
#include "tlv.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { SPKI_MAX = 1024, TAG_SPKI = 0xa1 };

uk_err vc_host_openssl(int ret)
{
	if (ret > 0)
		return uk_ok();
	ERR_clear_error();
	return uk_fail(UK_ERR_CRYPTO);
}

static const char *group_of(enum uk_key_type type)
{
	switch (type) {
	case UK_KEY_P256:
		return "P-256";
	case UK_KEY_P384:
		return "P-384";
	case UK_KEY_P521:
		return "P-521";
	default:
		return "SM2";
	}
}

static int push_rsa(
    OSSL_PARAM_BLD *build, uk_bytes template, BIGNUM *n, BIGNUM *e)
{
	uk_bytes modulus, exponent;

	return uk_tlv_find(template, 0x81, &modulus) &&
	       uk_tlv_find(template, 0x82, &exponent) &&
	       BN_bin2bn(modulus.p, (int)modulus.n, n) != NULL &&
	       BN_bin2bn(exponent.p, (int)exponent.n, e) != NULL &&
	       OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	       OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
}

static int push_curve(
    OSSL_PARAM_BLD *build, uk_bytes template, enum uk_key_type type)
{
	uk_bytes point;

	return uk_tlv_find(template, 0x86, &point) &&
	       OSSL_PARAM_BLD_push_utf8_string(
		   build, OSSL_PKEY_PARAM_GROUP_NAME, group_of(type), 0) &&
	       OSSL_PARAM_BLD_push_octet_string(
		   build, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n);
}

uk_err vc_public_load(enum uk_key_type type, uk_bytes template, EVP_PKEY **out)
{
	const char *name = type == UK_KEY_RSA   ? "RSA"
			   : type == UK_KEY_SM2 ? "SM2"
						: "EC";
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	BIGNUM *n = BN_new(), *e = BN_new(); /* must outlive build */
	int good = build != NULL && ctx != NULL && n != NULL && e != NULL;

	*out = NULL;
	if (good)
		good = type == UK_KEY_RSA ? push_rsa(build, template, n, e)
					  : push_curve(build, template, type);
	if (good)
		params = OSSL_PARAM_BLD_to_param(build);
	good = params != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	       EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return vc_host_openssl(good);
}

uk_err vc_public_put_directory(EVP_PKEY *key, uk_buf *out)
{
	uint8_t der[SPKI_MAX];
	unsigned char *p = der;
	int n = i2d_PUBKEY(key, NULL);
	uk_bytes content;

	if (n <= 0 || n > SPKI_MAX || i2d_PUBKEY(key, &p) != n)
		return vc_host_openssl(0);
	UK_TRY(uk_tlv_only(uk_view(der, (size_t)n), UK_DER_SEQUENCE, &content));
	uk_put_der(out, TAG_SPKI, content);
	return uk_buf_result(out);
}

uk_err vc_public_from_directory(uk_bytes spki, EVP_PKEY **out)
{
	uint8_t der[SPKI_MAX];
	uk_buf b = UK_BUF(der);
	const unsigned char *p = der;
	uk_bytes content;

	*out = NULL;
	UK_TRY(uk_tlv_only(spki, TAG_SPKI, &content));
	uk_put_der(&b, UK_DER_SEQUENCE, content);
	UK_TRY(uk_buf_result(&b));
	*out = d2i_PUBKEY(NULL, &p, (long)b.len);
	return vc_host_openssl(*out != NULL);
}

/* Whatever PEM there is: the first that reads is it. */
uk_err vc_public_from_pem(const char *path, EVP_PKEY **out)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *cert = NULL;

	*out = NULL;
	if (file == NULL) {
		ERR_clear_error();
		return uk_fail(UK_ERR_IO);
	}
	*out = PEM_read_bio_PUBKEY(file, NULL, NULL, NULL);
	if (*out == NULL && BIO_reset(file) == 0 &&
	    (cert = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL)
		*out = X509_get_pubkey(cert);
	if (*out == NULL && BIO_reset(file) == 0)
		*out = PEM_read_bio_PrivateKey(
		    file, NULL, vc_no_password, NULL);
	X509_free(cert);
	BIO_free(file);
	ERR_clear_error();
	return *out == NULL ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

uk_err vc_public_point(EVP_PKEY *key, uint8_t point[65])
{
	char group[32] = "";
	size_t n = 0;

	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
		group, sizeof(group), &n) != 1 ||
	    !uk_bytes_eq(uk_view_str(group), uk_view_str("prime256v1")) ||
	    EVP_PKEY_get_octet_string_param(
		key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, 65, &n) != 1 ||
	    n != 65 || point[0] != 0x04) {
		ERR_clear_error();
		return uk_fail(UK_ERR_UNSUPPORTED);
	}
	return uk_ok();
}

int vc_no_password(char *out, int cap, int writing, void *arg)
{
	(void)out, (void)cap, (void)writing, (void)arg;
	return 0;
}
