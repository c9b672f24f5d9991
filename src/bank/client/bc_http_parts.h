/* What calls (http.c) and streams (stream.c) share. Inside the room. */
#ifndef BC_HTTP_PARTS_H
#define BC_HTTP_PARTS_H

#include "bc_http.h"

#include <curl/curl.h>

enum { BC_URL_MAX = BC_TEXT_MAX + 512 };

/* NULL for lack of memory; to be freed so, which wipes the session. */
struct curl_slist *bc_http_headers(const char *bearer);
void bc_http_free_headers(struct curl_slist *list);

/* Another handle with all that makes the connection a safe one, and the URL of
 * this path. NULL: too long, or no memory. */
CURL *bc_http_copy(
    const struct bc_http *http, const char *path, char url[BC_URL_MAX]);

/* body_err: why collecting the body was stopped. */
bc_result bc_http_translate(
    CURLcode rc, CURL *curl, uk_err body_err) BC_MUST_USE;
/* 200, or the bank's code. */
bc_result bc_http_judge(CURL *curl, uk_bytes body) BC_MUST_USE;

#endif
