/*
 * Inside src/crypto only: one revocation list, loaded once into a set of serial
 * numbers, its signature checked once for each issuer that claims it.
 */
#ifndef UK_REVOCATION_H
#define UK_REVOCATION_H

#include "crypto_impl.h"

typedef struct uk_revoked uk_revoked;

/* Takes der over (empty afterwards), also on failure. */
UK_RESULT uk_revoked_open(uk_crypto *c, uk_blob *der, uk_revoked **out);
void uk_revoked_close(uk_revoked **r); /* accepts NULL */
const X509_NAME *uk_revoked_issuer(const uk_revoked *r);
int64_t uk_revoked_next_update(const uk_revoked *r);
/* Is it in force at this time? */
bool uk_revoked_current(const uk_revoked *r, int64_t now);
/* Was it signed by this CA (of its name, allowed to sign lists)? The answer is
 * remembered: for one thread. */
UK_RESULT uk_revoked_is_by(uk_revoked *r, X509 *issuer, bool *yes);
bool uk_revoked_lists(const uk_revoked *r, const X509 *x);

/* The list itself; lives as long. */
uk_bytes uk_revoked_der(const uk_revoked *r);

enum { UK_TRUST_LISTS = 1024 }; /* i.e. CAs, in one trust store */

struct uk_trust {
	uk_crypto *crypto; /* borrowed */
	STACK_OF(X509) * cas;
	STACK_OF(X509) * listless;
	X509_STORE *store;  /* made of them */
	uk_revoked **lists; /* CRL_MAX places */
	size_t list_count;
	bool need_crl;
};

#endif
