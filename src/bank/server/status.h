/*
 * Is a certificate revoked, by what its CA's responder says (OCSP)? On top of
 * the revocation lists, which count in any case.
 *
 * Setting "ocsp": "off"; "soft": asked, and whoever has no answer that counts
 * is let pass; "hard": he is not. "revoked" and "unknown to the responder"
 * refuse with both. A certificate that names no responder, and whose CA has
 * none in "ocspResponders", is left to the lists. A CA of "ocspOnly" has no
 * lists: for it everything is as with "hard", and no responder is no answer.
 *
 * Nothing waits here: a question that has to be asked is handed to bank.ask
 * (status_loop.h), and the request is served again when it is answered.
 */
#ifndef BANK_STATUS_H
#define BANK_STATUS_H

#include "bank.h"
#include "ocsp.h"

enum {
	BANK_STATUS_ROOM = 4096, /* certificates */
	BANK_STATUS_RETRY = 10,  /* seconds until a failure is tried again */
	BANK_STATUS_SKEW = 60,   /* seconds that clocks may differ */
	BANK_STATUS_URL = 512
};

struct bank_status_question {
	uint8_t certificate[BANK_FINGERPRINT];
	enum uk_purpose purpose;
	char url[BANK_STATUS_URL];
	uk_ocsp *ocsp;
};
void bank_status_question_free(struct bank_status_question *q); /* inside */

/* cert was found good otherwise; extra (may be NULL): what was sent along. If
 * pending->yes after BANK_OK, nothing is known yet. answer (may be NULL): the
 * OCSPResponse on which it rests, or none; borrowed until the next call. */
enum bank_code bank_check_status(struct bank *b, const uk_cert *cert,
    const struct bank_cert_list *extra, enum uk_purpose purpose, int64_t now,
    struct bank_pending *pending, uk_bytes *answer);

/* What came back; none: nothing did. */
void bank_status_answered(struct bank *b, const struct bank_status_question *q,
    uk_bytes der, int64_t now);

#endif
