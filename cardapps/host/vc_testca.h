/* A CA made on the spot, or given: certificates for the keys of test cards. */
#ifndef VC_TESTCA_H
#define VC_TESTCA_H

#include "mem.h"

#include <openssl/x509.h>

struct vc_testca {
	EVP_PKEY *key;
	X509 *cert;
};

/* A P-256 key and a certificate, ten years into past and future, that says it
 * is a test's. */
UK_RESULT vc_testca_make(const char *subject, struct vc_testca *out);
/* From PEM files; UK_ERR_NOT_FOUND, UK_ERR_SIGNATURE if they do not fit. */
UK_RESULT vc_testca_read(
    const char *cert, const char *key, struct vc_testca *out);
void vc_testca_free(struct vc_testca *ca);
/* The certificate as PEM text, which the caller frees with OPENSSL_free. */
UK_RESULT vc_testca_pem(const struct vc_testca *ca, char **out);

/* What a certificate is to say. Extensions are written as in OpenSSL's
 * configuration ("critical,digitalSignature"); NULL: none. */
struct vc_wish {
	const char *subject; /* /CN=Name/O=Bank */
	int64_t from, to;    /* seconds since 1970 */
	const char *key_usage, *extended_key_usage, *alternative_names;
};

/* UK_ERR_ARGUMENT: the wish cannot be understood. DER, the caller's to free. */
UK_RESULT vc_testca_issue(const struct vc_testca *ca, EVP_PKEY *public,
    const struct vc_wish *wish, uk_blob *der);

#endif
