/*
 * The pages for people with a browser, compiled in: no file is opened to serve
 * them, and a path is one of these or nothing. Their scripts talk to the same
 * requests as every client (docs/protocol.md).
 */
#ifndef BANK_PAGES_H
#define BANK_PAGES_H

#include "bytes.h"

struct bank_page {
	const char *path; /* "/", "/style.css" ... */
	const char *type; /* of its content */
	const char *etag; /* with its quotation marks (RFC 9110, 8.8.3) */
	uk_bytes body;
};

/* The page of exactly this path, as it came (nothing is decoded); NULL: none.
 */
const struct bank_page *bank_page_find(uk_bytes path);

/* Does If-None-Match name this version (RFC 9110, 13.1.2)? */
bool bank_page_known(const struct bank_page *page, uk_bytes if_none_match);

/* What goes with each of them: what a browser may do with it, and no more. */
struct bank_page_field {
	const char *name, *value;
};
extern const struct bank_page_field bank_page_fields[];
extern const size_t bank_page_field_count;

#endif
