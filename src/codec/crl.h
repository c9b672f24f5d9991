/*
 * Certificate revocation lists (RFC 5280, 5), as views into the DER. A list of
 * a hundred thousand entries is walked in a few milliseconds; no signature is
 * checked here (src/crypto).
 *
 * Only whole lists of one CA about its own certificates are read: delta lists,
 * indirect ones and such of a part (a critical extension we do not know) are
 * UK_ERR_UNSUPPORTED.
 */
#ifndef UK_CRL_H
#define UK_CRL_H

#include "bytes.h"

typedef struct uk_crl {
	uk_bytes tbs;                     /* what is signed, whole */
	uk_bytes algorithm;               /* AlgorithmIdentifier, whole */
	uk_bytes signature;               /* BIT STRING, whole */
	uk_bytes issuer;                  /* Name, whole */
	int64_t this_update, next_update; /* seconds since 1970; INT64_MAX: no
					   * next one was announced */
	size_t count;                     /* entries */
	uk_bytes entries;                 /* for uk_crl_next */
} uk_crl;

UK_RESULT uk_crl_parse(uk_bytes der, uk_crl *out);
/* Serial number of the next entry (content of the INTEGER); r is over
 * .entries. False at the end. */
bool uk_crl_next(uk_reader *r, uk_bytes *serial);

/* UTCTime or GeneralizedTime as RFC 5280, 4.1.2.5 allows them. */
int64_t uk_der_get_time(uk_reader *r);

#endif
