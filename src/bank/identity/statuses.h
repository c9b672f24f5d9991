/*
 * What responders (OCSP) have said of certificates, until it runs out: a
 * bounded table by the SHA-256 of the certificate.
 *
 * Also that there is no use in asking is remembered, for a moment: else every
 * request would wait for a responder that is down. Where many are asked for at
 * once each certificate is asked for once (BANK_STATUS_ASKING).
 */
#ifndef BANK_STATUSES_H
#define BANK_STATUSES_H

#include "certs.h"

enum bank_status {
	BANK_STATUS_NONE,   /* nothing is known */
	BANK_STATUS_ASKING, /* somebody asks already */
	BANK_STATUS_GOOD,
	BANK_STATUS_REVOKED,
	BANK_STATUS_UNKNOWN, /* to the responder */
	BANK_STATUS_FAILED   /* no answer that counts */
};

struct bank_statuses;

/* room: certificates; at least 1. */
UK_RESULT bank_statuses_open(size_t room, struct bank_statuses **out);
void bank_statuses_close(struct bank_statuses **s); /* accepts NULL */
/* All but what is being asked. */
void bank_statuses_forget(struct bank_statuses *s);

/* answer (may be NULL): the OCSPResponse, borrowed until the next call; none
 * unless BANK_STATUS_GOOD. */
enum bank_status bank_statuses_find(struct bank_statuses *s,
    uk_bytes fingerprint, int64_t now, uk_bytes *answer);
/* It is asked now. false: there is no room, all of it is being asked. */
bool bank_statuses_ask(struct bank_statuses *s, uk_bytes fingerprint);
/* That is what came of it; answer is copied. */
void bank_statuses_keep(struct bank_statuses *s, uk_bytes fingerprint,
    enum bank_status status, int64_t now, int64_t until, uk_bytes answer);

#endif
