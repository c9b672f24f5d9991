/*
 * HTTP message signatures (RFC 9421): which bytes are signed.
 *
 * The fields Signature-Input and Signature of a message are read into a struct
 * uk_httpsig; uk_httpsig_base then writes the signature base (2.5): a line for
 * each covered component and one for the parameters. Signing and verifying go
 * through the same text: a signer writes its Signature-Input, reads it back and
 * signs that base. Pure: keys, clocks and policy are the caller's.
 *
 * Known: @method @authority @scheme @target-uri @request-target @path @query
 * @query-param;name @status, any field, and the parameters req, key and name.
 * The parameters sf, bs and tr are UK_ERR_UNSUPPORTED.
 */
#ifndef UK_HTTPSIG_H
#define UK_HTTPSIG_H

#include "sfv.h"

enum { UK_HTTPSIG_BASE_MAX = 16 * 1024 };

/* A message as its signature sees it; views. */
struct uk_http_message {
	uk_bytes method, scheme; /* of a request */
	uk_bytes authority;      /* lower case, without a default port */
	uk_bytes path;           /* as on the wire; empty means "/" */
	uk_bytes query;          /* behind the '?' */
	bool has_query;
	int status; /* of an answer; 0 = this is a request */
	/* Value number i of the field, name in lower case; false: no more. */
	bool (*field)(void *arg, uk_bytes name, size_t i, uk_bytes *value);
	void *arg;
	const struct uk_http_message *request; /* of an answer; may be NULL */
};

struct uk_httpsig {
	uk_sf_member input;              /* label, components, parameters */
	uk_bytes signature;              /* base64 */
	int64_t created, expires;        /* -1: absent */
	uk_bytes keyid, nonce, alg, tag; /* none: absent */
};

/* The signature with this label or, if label is NULL, the only one with this
 * tag. UK_ERR_NOT_FOUND; UK_ERR_FORMAT also for two of that tag, for unknown
 * types of parameters and for a component named twice. */
UK_RESULT uk_httpsig_find(uk_bytes input_field, uk_bytes signature_field,
    const char *label, const char *tag, struct uk_httpsig *out);
/* A Signature-Input alone, with one member: for signing. */
UK_RESULT uk_httpsig_read_input(uk_bytes field, struct uk_httpsig *out);

/* Is the component covered (with ;req: that of the request)? */
bool uk_httpsig_covers(
    const struct uk_httpsig *s, const char *name, bool of_request);

/* Appends the signature base. UK_ERR_NOT_FOUND: a component that the message
 * does not have. UK_ERR_FORMAT: a value that must not be signed (line ends). */
UK_RESULT uk_httpsig_base(
    const struct uk_httpsig *s, const struct uk_http_message *m, uk_buf *out);

#endif
