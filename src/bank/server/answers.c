/* Sending answers, after the commit that they depend on. */
#include "answers.h"

#include "json_text.h"
#include "log.h"
#include "routes.h"
#include "secret.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

enum { TOGETHER = 64, LAST_PRIORITY = BANK_PRIORITIES - 1 };

struct waiting {
	struct evhttp_request *req; /* NULL: its connection is gone */
	enum bank_code code;
	json_t *answer;
};

struct bank_answers {
	struct bank_store *store;
	struct event *when_idle;
	size_t count;
	struct waiting waiting[TOGETHER];
};

/* libevent would make a record, and a packet, of each piece. */
static void send_in_one(struct evhttp_connection *connection)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(connection);

	(void)evbuffer_pullup(bufferevent_get_output(bev), -1);
}

static void send_one(struct waiting *w)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    w->req);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(w->req);
	struct evbuffer *out = evhttp_request_get_output_buffer(w->req);
	uk_blob text = { NULL, 0 };

	evhttp_add_header(headers, "Content-Type", "application/json");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	if (uk_is_ok(bank_json_text(w->answer, &text)))
		evbuffer_add(out, text.p, text.n);
	uk_wipe(text.p, text.n); /* it may hold a session */
	uk_blob_free(&text);
	evhttp_send_reply(
	    w->req, bank_code_http(w->code), bank_code_name(w->code), NULL);
	send_in_one(connection);
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

static void finish(struct waiting *w)
{
	if (w->req != NULL) {
		evhttp_connection_set_closecb(
		    evhttp_request_get_connection(w->req), NULL, NULL);
		send_one(w);
	}
	json_decref(w->answer);
	*w = (struct waiting){ NULL, BANK_OK, NULL };
}

static void flush(struct bank_answers *a)
{
	uk_err err = bank_flush(a->store);
	size_t n = a->count;

	a->count = 0;
	for (size_t i = 0; i < n; i++) {
		struct waiting *w = &a->waiting[i];

		if (!uk_is_ok(err)) {
			json_decref(w->answer);
			w->code = BANK_INTERNAL;
			w->answer = bank_error_json(BANK_INTERNAL);
		}
		finish(w);
	}
}

static void on_idle(evutil_socket_t fd, short events, void *arg)
{
	(void)fd, (void)events;
	flush(arg);
}

uk_err bank_answers_open(struct event_base *base, struct bank_store *store,
    struct bank_answers **out)
{
	struct bank_answers *a = uk_new(sizeof(*a));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (a == NULL)
		return err;
	a->store = store;
	a->when_idle = event_new(base, -1, 0, on_idle, a);
	if (a->when_idle == NULL ||
	    event_priority_set(a->when_idle, LAST_PRIORITY) != 0)
		goto out;
	bank_store_collect(store);
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

void bank_answers_send(struct bank_answers *a, struct evhttp_request *req,
    enum bank_code code, json_t *answer)
{
	struct waiting w = { req, code, answer };

	if (!bank_store_has_collected(a->store)) {
		finish(&w);
		return;
	}
	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(req), on_gone, a);
	a->waiting[a->count++] = w;
	if (a->count == TOGETHER)
		flush(a);
	else
		event_active(a->when_idle, EV_TIMEOUT, 1);
}
