/*
 * Is a certificate revoked? Asked of its CA's responder (RFC 6960).
 *
 * OpenSSL writes the request and takes the answer apart; whether to believe it
 * is decided here: an answer counts if it is about this certificate, fresh, to
 * this request (nonce, RFC 8954), and signed by the CA itself or by whom the CA
 * has given a certificate for that (RFC 6960, 4.2.2.2). SM2 responders are not
 * understood.
 */
#ifndef UK_OCSP_H
#define UK_OCSP_H

#include "crypto.h"

enum { UK_OCSP_ANSWER_MAX = 64 * 1024, UK_OCSP_NONCE = 32 };

enum uk_ocsp_status { UK_OCSP_GOOD, UK_OCSP_REVOKED, UK_OCSP_UNKNOWN };

/* One question, from its request to its answer. */
typedef struct uk_ocsp uk_ocsp;

/* The CA is looked for in t and among `extra`, certificates that were sent
 * along. UK_ERR_NOT_FOUND: it is nowhere. */
UK_RESULT uk_ocsp_open(const uk_trust *t, const uk_cert *cert,
    uk_cert *const *extra, size_t extra_count, uk_ocsp **out);
void uk_ocsp_close(uk_ocsp **q); /* accepts NULL */
/* What to send (OCSPRequest, DER), with a nonce. */
UK_RESULT uk_ocsp_request(const uk_ocsp *q, uk_blob *der);
/* Is this certificate that of the CA? */
bool uk_ocsp_is_issuer(const uk_ocsp *q, const uk_cert *ca);
/* Where the certificate says that its responder is (authorityInfoAccess).
 * UK_ERR_NOT_FOUND: it does not say; UK_ERR_TOO_SMALL. */
UK_RESULT uk_ocsp_url(const uk_cert *cert, char *out, size_t cap);

struct uk_ocsp_rules {
	int64_t now;
	int64_t skew;    /* seconds that clocks may differ */
	int64_t max_age; /* of thisUpdate, seconds */
	bool need_nonce; /* or only if the answer has one */
	bool kept;       /* an answer to somebody else's request: any nonce */
};

struct uk_ocsp_answer {
	enum uk_ocsp_status status;
	int64_t until; /* it may be believed before */
};

/* An answer (OCSPResponse, DER). t: lists that may name the responder.
 * UK_ERR_FORMAT: malformed, not about this certificate, or the responder has
 * refused; UK_ERR_SIGNATURE: not signed by who may; UK_ERR_TIMEOUT: stale;
 * UK_ERR_CONDITIONS: the nonce is not ours; UK_ERR_UNSUPPORTED: something
 * critical that we do not know. */
UK_RESULT uk_ocsp_check(const uk_ocsp *q, const uk_trust *t, uk_bytes der,
    const struct uk_ocsp_rules *rules, struct uk_ocsp_answer *out);

#endif
