/*
 * Login tokens: JSON to a struct, by the rules of Web eID's formats 1.0 and 1.1
 * (github.com/web-eid: "authentication token format", and what its validation
 * libraries for Java, .NET and PHP agree on) and of our own format. What is
 * said of certificates is said in login.h; here is only the form.
 */
#ifndef BANK_LOGIN_TOKEN_H
#define BANK_LOGIN_TOKEN_H

#include "json.h"
#include "mem.h"

enum {
	BANK_TOKEN_CERTS = 4, /* in a list */
	BANK_TOKEN_CERT_MAX = 8192,
	BANK_TOKEN_SIG_MAX = 1024
};

enum bank_token_kind {
	BANK_TOKEN_WEB_EID, /* signs origin and nonce */
	BANK_TOKEN_CHANNEL  /* and what the connection is bound to */
};

struct bank_cert_list {
	size_t n;
	uk_blob der[BANK_TOKEN_CERTS];
};

struct bank_signing_cert {
	uk_blob der;
	struct bank_cert_list intermediates;
};

struct bank_token {
	enum bank_token_kind kind;
	uint32_t minor; /* of web-eid:1.x */
	uk_blob certificate, algorithm, signature;
	uk_blob binding; /* "tls-exporter", "tls-server-end-point"; channel */
	struct bank_cert_list intermediates; /* from 1.1 on */
	size_t signing_count;
	struct bank_signing_cert signing[BANK_TOKEN_CERTS];
};

/* token: what uk_json_parse has judged. UK_ERR_FORMAT for anything that is not
 * such a token. To be freed also on failure. */
UK_RESULT bank_token_read(uk_json token, struct bank_token *out);
void bank_token_free(struct bank_token *t);

/* "web-eid:1", "web-eid:1.3" (RFC-like numbers, no leading zeros): the minor
 * version. */
UK_RESULT bank_token_minor(uk_bytes format, uint32_t *minor);

#endif
