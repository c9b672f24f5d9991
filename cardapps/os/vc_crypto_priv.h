/* What vc_crypto.c and vc_keys.c share: OpenSSL's types stay inside the room.
 */
#ifndef VC_CRYPTO_PRIV_H
#define VC_CRYPTO_PRIV_H

#include "vc_crypto.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

struct vc_crypto {
	OSSL_LIB_CTX *lib;
};

/* OpenSSL's convention (1 is good, 0 or negative bad, details in a queue that
 * we empty) into ours. */
UK_RESULT vc_from_openssl(int ret);
/* A key pair (or, if not private, a public key) of the kind `name` from its
 * parameters; NULL if they make no key. The caller frees build. */
EVP_PKEY *vc_pkey_build(
    struct vc_crypto *c, const char *name, OSSL_PARAM_BLD *build, bool private);
/* Appends d times the generator as 04||x||y; 1 if that was possible. */
int vc_ec_put_point(const EC_GROUP *group, const BIGNUM *d, BN_CTX *ctx,
    size_t field, uk_buf *out);
/* A key on a named curve from its parts; scalar may be empty (public key only).
 * name is "EC" or "SM2". NULL if the parts make no key. */
EVP_PKEY *vc_ec_load(struct vc_crypto *c, const char *name, const char *group,
    uk_bytes scalar, uk_bytes point);
/* A point 04||x||y on that curve? UK_ERR_FORMAT if not. */
UK_RESULT vc_ec_check(
    struct vc_crypto *c, const char *name, const char *group, uk_bytes point);

#endif
