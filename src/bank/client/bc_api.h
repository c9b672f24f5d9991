/*
 * Inside the room: a bank, and a request to it, for api.c and its kin: one
 * function per request of docs/protocol.md.
 */
#ifndef BC_API_H
#define BC_API_H

#include "bank_client.h"
#include "bc_http.h"

#include <jansson.h>

enum { BC_PATH_MAX = 512 };

struct bc_bank {
	uk_crypto *c; /* borrowed */
	struct bc_http *http;
	uk_trust *trust;
	char origin[BC_TEXT_MAX + 1];
	char session[BC_SECRET_MAX + 1];
	enum bc_binding binding;
};

bc_result bc_local(uk_err err) BC_MUST_USE;
/* Of a parser: UK_ERR_MEMORY is ours, anything else the bank's fault. */
bc_result bc_parsed(uk_err err) BC_MUST_USE;

bc_result bc_get(bc_bank *bank, const char *path, uk_blob *body) BC_MUST_USE;
/* Takes over the reference to `json`; NULL (lack of memory) is allowed. */
bc_result bc_post(
    bc_bank *bank, const char *path, json_t *json, uk_blob *body) BC_MUST_USE;
/* A member with base64 of v; false for lack of memory. */
bool bc_set_b64(json_t *o, const char *name, uk_bytes v);
/* name and the number, for a query. */
void bc_put_number(uk_buf *out, const char *name, int64_t value);
/* "/v1/bills/NUMBER" and what is behind it. */
UK_RESULT bc_bill_path(
    const char *number, const char *tail, char path[BC_PATH_MAX]);

#endif
