/* Sending answers, after the commit that they depend on. */
#include "answers.h"

#include "connections.h"
#include "json_text.h"
#include "log.h"
#include "routes.h"
#include "secret.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum {
	TOGETHER = BANK_ROUND,
	LAST_PRIORITY = BANK_PRIORITIES - 1,
	ATTEMPTS = 2 /* more, of all together and then of each alone */
};

struct waiting {
	struct evhttp_request *req; /* NULL: its connection is gone */
	enum bank_code code;
	json_t *answer;
	struct bank_later later;
	int64_t since_us; /* it was complete */
};

struct bank_answers {
	struct bank *bank;
	struct bank_answers_use use;
	struct event *when_idle;
	uint32_t run;      /* of the server: numbers of requests are */
	uint64_t requests; /* unique by it */
	size_t count;
	struct waiting waiting[TOGETHER];
};

/* libevent would make a record, and a packet, of each piece. */
static void send_in_one(struct evhttp_connection *connection)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(connection);

	(void)evbuffer_pullup(bufferevent_get_output(bev), -1);
}

/* To HEAD, only how long it would be: libevent sends whatever is there, and
 * the peer would take it for the next answer (RFC 9110, 9.3.2). */
static void put_body(struct evhttp_request *req, uk_bytes text)
{
	char length[24];

	if (evhttp_request_get_command(req) != EVHTTP_REQ_HEAD) {
		evbuffer_add(
		    evhttp_request_get_output_buffer(req), text.p, text.n);
		return;
	}
	evutil_snprintf(length, sizeof(length), "%zu", text.n);
	evhttp_add_header(
	    evhttp_request_get_output_headers(req), "Content-Length", length);
}

/* Microseconds that no one can set back. */
static int64_t steady_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static const char *method_name(struct evhttp_request *req)
{
	switch (evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	default:
		return "other";
	}
}

/* The number goes along with the answer, so that somebody who complains can
 * say it. Nothing of the request itself is written: the route is a row of the
 * table. */
static void log_one(struct bank_answers *a, const struct waiting *w)
{
	char id[32];

	snprintf(
	    id, sizeof(id), "%08" PRIx32 "-%" PRIu64, a->run, ++a->requests);
	evhttp_add_header(
	    evhttp_request_get_output_headers(w->req), "X-Request-Id", id);
	if (w->later.route == NULL)
		return; /* it waited elsewhere, or was logged there */
	uk_log(UK_LOG_INFO,
	    "event=request route=%s customer=%" PRId64
	    " result=%s status=%d method=%s us=%" PRId64 " id=%s",
	    w->later.route, w->later.customer,
	    w->code == BANK_OK ? "ok" : bank_code_name(w->code),
	    bank_code_http(w->code), method_name(w->req),
	    steady_us() - w->since_us, id);
}

static void send_one(struct bank_answers *a, struct waiting *w)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    w->req);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(w->req);
	uk_blob text = { NULL, 0 };

	log_one(a, w);
	evhttp_add_header(headers, "Content-Type", "application/json");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	/* A browser takes it for what it is, however it was led here. */
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	if (uk_is_ok(bank_json_text(w->answer, &text)))
		put_body(w->req, uk_blob_view(&text));
	if (w->code == BANK_METHOD && w->later.allow != NULL)
		evhttp_add_header(headers, "Allow", w->later.allow);
	if (w->later.by_merchant)
		a->use.seal(a->use.arg, w->req, w->code, uk_blob_view(&text));
	uk_wipe(text.p, text.n); /* it may hold a session */
	uk_blob_free(&text);
	evhttp_send_reply(
	    w->req, bank_code_http(w->code), bank_code_name(w->code), NULL);
	send_in_one(connection);
	bank_connections_answered(connection);
}

/* The request goes with its connection. */
static void on_gone(struct evhttp_connection *connection, void *arg)
{
	struct bank_answers *a = arg;

	for (size_t i = 0; i < a->count; i++) {
		struct evhttp_request *req = a->waiting[i].req;

		if (req != NULL &&
		    evhttp_request_get_connection(req) == connection)
			a->waiting[i].req = NULL;
	}
}

static void finish(struct bank_answers *a, struct waiting *w)
{
	if (w->req != NULL) {
		evhttp_connection_set_closecb(
		    evhttp_request_get_connection(w->req), NULL, NULL);
		if (w->answer == NULL && w->code == BANK_OK &&
		    w->later.wait.kind != BANK_WAIT_NOT)
			a->use.wait(a->use.arg, w->req, &w->later);
		else
			send_one(a, w);
	}
	json_decref(w->answer);
	bank_later_free(&w->later);
	*w = (struct waiting){ .req = NULL };
}

/* --- rounds -------------------------------------------------------------- */

static void serve(struct bank_answers *a, struct waiting *w)
{
	bool nonce_taken = w->later.nonce_taken;

	json_decref(w->answer);
	bank_later_free(&w->later);
	w->later.nonce_taken = nonce_taken;
	w->answer = NULL;
	w->code = a->use.serve(a->use.arg, w->req, &w->later, &w->answer);
}

/* All that was left of these, and the commit. */
static uk_err end_round(struct bank_answers *a, struct waiting *w, size_t count)
{
	bank_round_end(a->bank);
	for (size_t i = 0; i < count; i++) {
		if (w[i].later.finish != NULL)
			w[i].code = bank_serve_later(
			    a->bank, &w[i].later, &w[i].answer);
	}
	return bank_flush(a->bank->store);
}

/* Who has hung up asks again, if at all. */
static uk_err serve_again(
    struct bank_answers *a, struct waiting *w, size_t count)
{
	uk_err err = uk_fail(UK_ERR_AGAIN);

	for (int i = 0; i < ATTEMPTS && uk_is(err, UK_ERR_AGAIN); i++) {
		bank_metrics_retried(a->bank->metrics);
		for (size_t k = 0; k < count; k++) {
			if (w[k].req != NULL)
				serve(a, &w[k]);
		}
		err = end_round(a, w, count);
	}
	return err;
}

static void refuse(struct waiting *w, size_t count, uk_err err)
{
	enum bank_code code = uk_is(err, UK_ERR_AGAIN) ? BANK_BUSY
						       : BANK_INTERNAL;

	/* Their own lines in the log said what the handlers thought. */
	uk_log(UK_LOG_ERROR, "event=commit result=%s requests=%zu",
	    uk_err_name(err), count);
	for (size_t i = 0; i < count; i++) {
		json_decref(w[i].answer);
		w[i].code = code;
		w[i].answer = bank_error_json(code);
	}
}

static void flush(struct bank_answers *a)
{
	struct waiting *w = a->waiting;
	size_t n = a->count;
	uk_err err = end_round(a, w, n);

	if (uk_is(err, UK_ERR_AGAIN))
		err = serve_again(a, w, n);
	if (!uk_is(err, UK_ERR_AGAIN) && !uk_is_ok(err))
		refuse(w, n, err);
	for (size_t i = 0; i < n && uk_is(err, UK_ERR_AGAIN); i++) {
		uk_err one = serve_again(a, &w[i], 1);

		if (!uk_is_ok(one))
			refuse(&w[i], 1, one);
	}
	if (n > 0)
		bank_metrics_commit(a->bank->metrics, n);
	a->count = 0;
	for (size_t i = 0; i < n; i++)
		finish(a, &w[i]);
}

static void on_idle(evutil_socket_t fd, short events, void *arg)
{
	(void)fd, (void)events;
	flush(arg);
}

uk_err bank_answers_open(struct event_base *base, struct bank *bank,
    const struct bank_answers_use *use, struct bank_answers **out)
{
	struct bank_answers *a = uk_new(sizeof(*a));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (a == NULL)
		return err;
	a->bank = bank;
	a->use = *use;
	a->run = (uint32_t)time(NULL);
	a->when_idle = event_new(base, -1, 0, on_idle, a);
	if (a->when_idle == NULL ||
	    event_priority_set(a->when_idle, LAST_PRIORITY) != 0)
		goto out;
	bank_store_collect(bank->store);
	*out = a;
	a = NULL; /* handed over */
	err = uk_ok();
out:
	bank_answers_close(&a);
	return err;
}

void bank_answers_close(struct bank_answers **a)
{
	if (*a == NULL)
		return;
	flush(*a);
	if ((*a)->when_idle != NULL)
		event_free((*a)->when_idle);
	uk_free(*a);
	*a = NULL;
}

static bool must_wait(const struct bank_answers *a, const struct waiting *w)
{
	return w->later.finish != NULL ||
	       bank_store_has_collected(a->bank->store);
}

void bank_answers_take(struct bank_answers *a, struct evhttp_request *req)
{
	struct waiting w = { .req = req, .since_us = steady_us() };

	serve(a, &w);
	if (!must_wait(a, &w)) {
		finish(a, &w);
		return;
	}
	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(req), on_gone, a);
	a->waiting[a->count++] = w;
	if (a->count >= (size_t)a->bank->config.requests_per_commit)
		flush(a);
	else
		event_active(a->when_idle, EV_TIMEOUT, 1);
}

void bank_answers_flush(struct bank_answers *a)
{
	flush(a);
}

void bank_answers_send(struct bank_answers *a, struct evhttp_request *req,
    enum bank_code code, json_t *answer)
{
	struct waiting w = { .req = req, .code = code, .answer = answer };

	finish(a, &w);
}
