/*
 * The connection to the bank: HTTPS by libcurl, and nothing but HTTPS.
 *
 * TLS 1.3, only the CAs of one file, no redirects, no other protocols, bounded
 * time and a bounded body. Foreign error language: CURLcode, translated in
 * http.c.
 */
#ifndef BC_HTTP_H
#define BC_HTTP_H

#include "bc_answer.h"
#include "crypto.h"

struct bc_http;

/* `origin` as bc_origin_normalize made it. */
uk_err bc_http_open(const char *origin, const char *ca_file,
    struct bc_http **out) __attribute__((warn_unused_result));
void bc_http_close(struct bc_http **http); /* accepts NULL */

struct bc_request {
	const char *path;   /* from "/" on */
	const char *bearer; /* NULL or "": without Authorization */
	const char *body;   /* NULL: GET; else POST with this JSON */
};

/* The body of a 200 answer in `body` (replaced). BC_REFUSED with the bank's
 * code for any other answer that carries one. */
bc_result bc_http_call(struct bc_http *http, const struct bc_request *request,
    uk_blob *body) BC_MUST_USE;

/* The exporter (RFC 9266) of the connection that the last call went over. Calls
 * after bc_http_bind go over this very one or answer BC_REBOUND before anything
 * of them is sent. UK_ERR_UNSUPPORTED if libcurl does not use OpenSSL. */
UK_RESULT bc_http_exporter(
    const struct bc_http *http, uint8_t out[BANK_EXPORTER_BYTES]);
/* The hash of the server's certificate (RFC 5929), likewise; appends. */
UK_RESULT bc_http_end_point(
    const struct bc_http *http, uk_crypto *c, uk_buf *out);
void bc_http_bind(struct bc_http *http, bool bound);

/* https://host[:port][/] as origins are compared: lower case, no :443, no
 * slash. UK_ERR_ARGUMENT for anything else (user names, paths, queries, http).
 */
UK_RESULT bc_origin_normalize(const char *url, char *out, size_t cap);

#endif
