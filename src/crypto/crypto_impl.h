/*
 * Inside src/crypto only: how our handles look to the other files of the room,
 * and the border to OpenSSL's error queue.
 */
#ifndef UK_CRYPTO_IMPL_H
#define UK_CRYPTO_IMPL_H

#include "crypto.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

struct uk_crypto {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *provider;
	EVP_MD *md[UK_HASH_COUNT]; /* fetched once; NULL: not in this build */
};

struct uk_key {
	uk_crypto *crypto; /* borrowed */
	EVP_PKEY *pkey;
	enum uk_key_type kind;
	bool is_private;
	/* uk_key_prepare: set up for these, never used themselves; or NULL */
	EVP_MD_CTX *ready_sign, *ready_verify;
	enum uk_sig_scheme ready_scheme;
	enum uk_hash ready_hash;
};

struct uk_cert {
	X509 *x509;
	uk_blob der;
	uint8_t fingerprint[32];
	uk_key *key;
};

/*
 * The error queue belongs to the thread, so in somebody else's process it may
 * hold his errors. We mark where ours begin and take away only those.
 */
void uk_ossl_enter(void);
/* Gives err back, for `return uk_ossl_leave(err)`. */
UK_RESULT uk_ossl_leave(uk_err err);
/*
 * The translation of OpenSSL's language: its functions answer 1 for success, 0
 * or a negative number or NULL for failure, and leave the reason in the queue.
 * Memory is told apart; everything else is `otherwise`.
 */
UK_RESULT uk_ossl_failed(enum uk_code otherwise);

const EVP_MD *uk_ossl_md(const uk_crypto *c, enum uk_hash hash);
UK_RESULT uk_ossl_open_file(const char *path, BIO **out);
/* Takes over pkey, also on failure. */
UK_RESULT uk_key_wrap(
    uk_crypto *c, EVP_PKEY *pkey, bool is_private, uk_key **out);
/* An empty certificate in our library context, to be decoded into. */
X509 *uk_ossl_new_cert(uk_crypto *c);
/* SM2 signatures over certificates use the default ID (GB/T 32918.2, A.2),
 * which OpenSSL wants to be told. */
UK_RESULT uk_ossl_set_sm2_id(X509 *x509);

#define UK_SM2_DEFAULT_ID "1234567812345678"

#endif
