/* Streams, by libcurl's multi interface. */
#include "bc_stream.h"

#include "bc_http_parts.h"
#include "log.h"

enum {
	LOOK_MS = 1000,
	SILENCE_SECONDS = 45 /* banks send something every 15 (protocol, 7) */
};

struct bc_stream {
	CURL *curl;
	CURLM *multi;
	struct curl_slist *headers;
	char url[BC_URL_MAX];
	uk_blob in; /* not handed over yet */
	uk_err in_err;
	bool added, ended, full;
	CURLcode rc; /* why it ended */
};

static size_t collect(char *data, size_t size, size_t n, void *arg)
{
	struct bc_stream *s = arg;

	/* It is given again when there is room. */
	s->full = s->in.n > 0 && s->in.n + size * n > BANK_BODY_MAX;
	if (s->full)
		return CURL_WRITEFUNC_PAUSE;
	s->in_err = uk_blob_add(&s->in, uk_view(data, size * n));
	return uk_is_ok(s->in_err) ? size * n : 0;
}

/* What a stream has otherwise than a call. */
static CURLcode set_up(struct bc_stream *s)
{
	CURL *c = s->curl;
	CURLcode rc = CURLE_OK;

#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = curl_easy_setopt(c, option, value);               \
	} while (0)
	SET(CURLOPT_URL, s->url);
	SET(CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_HTTPHEADER, s->headers);
	SET(CURLOPT_TIMEOUT_MS, 0L);
	SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET(CURLOPT_LOW_SPEED_TIME, (long)SILENCE_SECONDS);
	SET(CURLOPT_WRITEFUNCTION, collect);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_PREREQFUNCTION, NULL);
	SET(CURLOPT_PREREQDATA, NULL);
#undef SET
	return rc;
}

/* Something has come, or it is over. */
static bc_result wait_for_more(struct bc_stream *s)
{
	int running = 1, left;
	CURLMcode rc = CURLM_OK;
	CURLMsg *m;

	if (s->full && s->in.n == 0)
		(void)curl_easy_pause(s->curl, CURLPAUSE_CONT);
	while (rc == CURLM_OK && !s->ended && s->in.n == 0) {
		rc = curl_multi_perform(s->multi, &running);
		if (rc == CURLM_OK && running > 0 && s->in.n == 0)
			rc = curl_multi_poll(s->multi, NULL, 0, LOOK_MS, NULL);
		while ((m = curl_multi_info_read(s->multi, &left)) != NULL) {
			s->ended = m->msg == CURLMSG_DONE;
			s->rc = m->data.result;
		}
	}
	if (rc != CURLM_OK)
		return bc_fail_err(BC_LOCAL,
		    uk_fail(rc == CURLM_OUT_OF_MEMORY ? UK_ERR_MEMORY
						      : UK_ERR_INTERNAL));
	return bc_ok();
}

/* An ended stream is no answer, whatever libcurl thinks of its end. */
static bc_result why_ended(struct bc_stream *s)
{
	bc_result r = bc_http_translate(s->rc, s->curl, s->in_err);

	uk_log(UK_LOG_INFO, "stream: %s", curl_easy_strerror(s->rc));
	if (bc_is_ok(r))
		r = bc_http_judge(s->curl, uk_blob_view(&s->in));
	return bc_is_ok(r) ? bc_fail(BC_NO_ANSWER) : r;
}

/* 200 has begun; of anything else the whole is waited for. */
static bc_result begin(struct bc_stream *s)
{
	long status = 0;
	bc_result r = wait_for_more(s);

	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	while (bc_is_ok(r) && !s->ended && status != 200) {
		uk_blob rest = s->in;

		s->in = (uk_blob){ 0 };
		r = wait_for_more(s);
		if (!uk_is_ok(uk_blob_add(&rest, uk_blob_view(&s->in))))
			r = bc_fail_err(BC_LOCAL, uk_fail(UK_ERR_MEMORY));
		else if (rest.n > BANK_BODY_MAX)
			r = bc_fail(BC_MALFORMED);
		uk_blob_free(&s->in);
		s->in = rest;
	}
	if (bc_is_ok(r) && s->ended)
		r = why_ended(s);
	return r;
}

bc_result bc_stream_open(const struct bc_http *http, const char *path,
    const char *bearer, struct bc_stream **out)
{
	struct bc_stream *s = uk_new(sizeof(*s));
	bc_result r = bc_fail_err(BC_LOCAL, uk_fail(UK_ERR_MEMORY));

	*out = NULL;
	if (s == NULL)
		return r;
	s->headers = bc_http_headers(bearer);
	s->curl = bc_http_copy(http, path, s->url);
	s->multi = curl_multi_init();
	if (s->headers == NULL || s->curl == NULL || s->multi == NULL ||
	    set_up(s) != CURLE_OK)
		goto out;
	s->added = curl_multi_add_handle(s->multi, s->curl) == CURLM_OK;
	if (!s->added)
		goto out;
	r = begin(s);
	if (bc_is_ok(r)) {
		*out = s;
		s = NULL; /* handed over */
	}
out:
	bc_stream_close(&s);
	return r;
}

void bc_stream_close(struct bc_stream **s)
{
	if (*s == NULL)
		return;
	if ((*s)->added)
		curl_multi_remove_handle((*s)->multi, (*s)->curl);
	if ((*s)->multi != NULL)
		curl_multi_cleanup((*s)->multi);
	curl_easy_cleanup((*s)->curl); /* accepts NULL */
	bc_http_free_headers((*s)->headers);
	uk_blob_free(&(*s)->in);
	uk_free(*s);
	*s = NULL;
}

bc_result bc_stream_read(struct bc_stream *s, uk_blob *out)
{
	bc_result r = wait_for_more(s);
	uk_err err;

	if (bc_is_ok(r) && s->in.n == 0)
		return why_ended(s);
	if (!bc_is_ok(r))
		return r;
	err = uk_blob_add(out, uk_blob_view(&s->in));
	uk_blob_free(&s->in);
	return uk_is_ok(err) ? bc_ok() : bc_fail_err(BC_LOCAL, err);
}
