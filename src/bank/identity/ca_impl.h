/* What ca.c, ca_init.c, ca_enroll.c and crl.c share. */
#ifndef BANK_CA_IMPL_H
#define BANK_CA_IMPL_H

#include "ca.h"

#include <openssl/x509.h>

struct bank_issuer {
	X509 *cert; /* NULL: signs itself */
	EVP_PKEY *key;
};

/* GM/T 0009, 10: by which everything that SM2 signs is signed. */
#define BANK_SM2_ID "1234567812345678"

/* To sign something with, once; NULL on failure. */
EVP_MD_CTX *bank_issuer_start(const struct bank_issuer *by);

/* The CA of this folder; to be freed also on failure. */
UK_RESULT bank_issuer_read(const char *dir, struct bank_issuer *out);
void bank_issuer_free(struct bank_issuer *i);

struct bank_wanted {
	enum bank_profile profile;
	EVP_PKEY *key; /* public part of it */
	const char *cn, *host;
	int64_t not_before, not_after;
};
/* NULL on failure. */
X509 *bank_issue(const struct bank_issuer *by, const struct bank_wanted *w);

/* What a memory BIO holds goes into a file of mode 0600. */
UK_RESULT bank_bio_to_file(
    BIO *bio, const char *dir, const char *name, bool replace);

#endif
