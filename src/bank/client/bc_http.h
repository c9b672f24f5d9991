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

/* https://host[:port][/] as origins are compared: lower case, no :443, no
 * slash. UK_ERR_ARGUMENT for anything else (user names, paths, queries, http).
 */
UK_RESULT bc_origin_normalize(const char *url, char *out, size_t cap);

#endif
