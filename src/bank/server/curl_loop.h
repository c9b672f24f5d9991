/*
 * Requests of our own, by libcurl on the server's event loop, so that a peer
 * who is slow keeps nobody waiting.
 */
#ifndef BANK_CURL_LOOP_H
#define BANK_CURL_LOOP_H

#include "bytes.h"

#include <curl/curl.h>

struct bank_curl;
struct event_base;

/* One has ended; `of` is its CURLOPT_PRIVATE. The handle is to be given to
 * bank_curl_end. */
typedef void bank_curl_done(void *of, CURLcode rc);

UK_RESULT bank_curl_open(
    struct event_base *base, bank_curl_done *done, struct bank_curl **out);
/* After all handles were ended, before the base goes. Accepts NULL. */
void bank_curl_close(struct bank_curl **c);

struct bank_curl_target {
	const char *url;
	const char *ca; /* PEM; empty: the system's */
	bool plain;     /* http is allowed, too */
	int64_t seconds;
	/* what is posted; all of it stays until the end */
	uk_bytes body;
	struct curl_slist *headers;
	curl_write_callback take_body; /* of the answer; gets `of` */
};
/* A POST that goes there and nowhere else: no proxy, no redirection. NULL if
 * it cannot be made. */
CURL *bank_curl_new(const struct bank_curl_target *t, void *of);
UK_RESULT bank_curl_start(struct bank_curl *c, CURL *e);
/* Started or not, and NULL. */
void bank_curl_end(struct bank_curl *c, CURL *e);

#endif
