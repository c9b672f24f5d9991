/* Waiting clients. */
#include "watch.h"

#include "api_json.h"
#include "bill_events.h"
#include "bill_json.h"
#include "json_text.h"
#include "login.h"
#include "secret.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include <inttypes.h>
#include <string.h>

enum { TOKEN_MAX = 64, BACKLOG_MAX = 64 * 1024 };

struct watcher {
	struct bank_watch *all;
	struct evhttp_request *req; /* NULL: a free place */
	int64_t customer, after;
	int64_t until; /* a poll is answered; a stream's next heartbeat */
	bool stream, marked;
	uint8_t token[TOKEN_MAX];
	size_t token_n;
};

struct bank_watch {
	struct bank *bank;
	struct bank_answers *answers;
	size_t room, used;
	int64_t beat;
	void (*alive)(void *arg, struct evhttp_connection *c);
	void *arg;
	struct watcher *places;
};

uk_err bank_watch_open(struct bank *b, struct bank_answers *answers,
    size_t room, int64_t beat_seconds,
    void (*alive)(void *arg, struct evhttp_connection *c), void *arg,
    struct bank_watch **out)
{
	struct bank_watch *w = uk_new(sizeof(*w));

	*out = w;
	if (w == NULL)
		return uk_fail(UK_ERR_MEMORY);
	w->bank = b;
	w->answers = answers;
	w->room = room;
	w->beat = beat_seconds;
	w->alive = alive;
	w->arg = arg;
	w->places = uk_new_array(room, sizeof(*w->places));
	if (w->places == NULL) {
		bank_watch_close(out);
		return uk_fail(UK_ERR_MEMORY);
	}
	return uk_ok();
}

static void release(struct watcher *p)
{
	struct evhttp_connection *c = evhttp_request_get_connection(p->req);

	if (c != NULL)
		evhttp_connection_set_closecb(c, NULL, NULL);
	p->all->used--;
	uk_wipe(p->token, sizeof(p->token));
	p->req = NULL;
}

static void end_stream(struct watcher *p)
{
	struct evhttp_request *req = p->req;

	release(p);
	evhttp_send_reply_end(req);
}

void bank_watch_close(struct bank_watch **w)
{
	if (*w == NULL)
		return;
	for (size_t i = 0; (*w)->places != NULL && i < (*w)->room; i++) {
		struct watcher *p = &(*w)->places[i];

		if (p->req != NULL && p->stream)
			end_stream(p);
		else if (p->req != NULL)
			release(p); /* goes with its connection */
	}
	uk_free((*w)->places);
	uk_free(*w);
	*w = NULL;
}

/* --- writing ------------------------------------------------------------- */

static void send_text(struct watcher *p, const char *text)
{
	struct evbuffer *chunk = evbuffer_new();

	if (chunk == NULL)
		return; /* it is told with the next event */
	evbuffer_add(chunk, text, strlen(text));
	evhttp_send_reply_chunk(p->req, chunk);
	evbuffer_free(chunk);
}

static bool is_slow(const struct watcher *p)
{
	struct evhttp_connection *c = evhttp_request_get_connection(p->req);

	return evbuffer_get_length(bufferevent_get_output(
		   evhttp_connection_get_bufferevent(c))) > BACKLOG_MAX;
}

/* One event; false: not now. */
static bool send_event(struct watcher *p, const struct bank_bill_event *e)
{
	json_t *o = bank_json_event(p->all->bank->store, e);
	uk_blob data = { NULL, 0 };
	struct evbuffer *chunk = evbuffer_new();
	bool good = uk_is_ok(bank_json_text(o, &data)) && chunk != NULL &&
		    evbuffer_add_printf(chunk,
			"id: %" PRId64 "\nevent: bill\ndata: %.*s\n\n",
			e->number, (int)data.n, (const char *)data.p) > 0;

	if (good)
		evhttp_send_reply_chunk(p->req, chunk);
	if (chunk != NULL)
		evbuffer_free(chunk);
	uk_blob_free(&data);
	json_decref(o);
	return good;
}

static void push_stream(struct watcher *p)
{
	struct bank_bill_event events[BANK_EVENTS_AT_ONCE];
	size_t n = 0;

	if (is_slow(p))
		return; /* stays marked: asked again each second */
	if (!uk_is_ok(bank_events_after(p->all->bank->store, p->customer,
		p->after, BANK_EVENTS_AT_ONCE, events, &n)))
		return;
	for (size_t i = 0; i < n; i++) {
		if (!send_event(p, &events[i]))
			return;
		p->after = events[i].number;
	}
	p->marked = n == BANK_EVENTS_AT_ONCE;
}

static void add_bill(void *arg, const struct bank_bill *b)
{
	json_array_append_new(arg, bank_json_bill(b));
}

/* The same as an answer that did not have to wait. */
static void answer_poll(struct watcher *p)
{
	struct bank_store *s = p->all->bank->store;
	struct evhttp_request *req = p->req;
	struct bank_watch *w = p->all;
	json_t *bills = json_array();
	int64_t last = p->after;
	enum bank_code code = BANK_OK;

	if (!uk_is_ok(bank_events_last(s, p->customer, &last)) ||
	    !uk_is_ok(
		bank_bills_each(s, p->customer, true, 100, add_bill, bills)))
		code = BANK_INTERNAL;
	release(p);
	if (code == BANK_OK) {
		bank_answers_send(w->answers, req, code,
		    json_pack(
			"{s:o,s:I}", "bills", bills, "last", (json_int_t)last));
		return;
	}
	json_decref(bills);
	bank_answers_send(w->answers, req, code, bank_error_json(code));
}

static void push_poll(struct watcher *p)
{
	int64_t last = 0;

	p->marked = false;
	if (uk_is_ok(
		bank_events_last(p->all->bank->store, p->customer, &last)) &&
	    last > p->after)
		answer_poll(p);
}

/* --- beginning ----------------------------------------------------------- */

static void on_gone(struct evhttp_connection *c, void *arg)
{
	struct watcher *p = arg;
	struct evhttp_request *req = p->req;

	(void)c;
	p->all->used--;
	uk_wipe(p->token, sizeof(p->token));
	p->req = NULL;
	/* Of a peer that hung up: libevent leaves it to us. */
	if (evhttp_request_get_connection(req) == NULL)
		evhttp_request_free(req);
}

/* A free place; NULL: he has his share, or there is none. */
static struct watcher *find_place(struct bank_watch *w, int64_t customer)
{
	struct watcher *free_place = NULL;
	size_t his = 0;

	for (size_t i = 0; i < w->room; i++) {
		struct watcher *p = &w->places[i];

		if (p->req == NULL)
			free_place = free_place == NULL ? p : free_place;
		else if (p->customer == customer)
			his++;
	}
	return his < BANK_WATCH_EACH ? free_place : NULL;
}

static void begin_stream(struct watcher *p)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(p->req);

	evhttp_add_header(headers, "Content-Type", "text/event-stream");
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Accel-Buffering", "no"); /* nginx */
	evhttp_send_reply_start(p->req, 200, "ok");
	send_text(p, "retry: 2000\n\n");
}

void bank_watch_start(struct bank_watch *w, struct evhttp_request *req,
    uk_bytes token, const struct bank_later *later, int64_t now)
{
	const struct bank_wait *wait = &later->wait;
	struct watcher *p = find_place(w, later->customer);

	if (p == NULL || token.n > TOKEN_MAX) {
		bank_answers_send(
		    w->answers, req, BANK_BUSY, bank_error_json(BANK_BUSY));
		return;
	}
	*p = (struct watcher){ .all = w,
		.req = req,
		.customer = later->customer,
		.after = wait->after,
		.stream = wait->kind == BANK_WAIT_STREAM,
		.token_n = token.n,
		.marked = true };
	p->until = now + (p->stream ? w->beat : wait->seconds);
	UK_IGNORE(uk_copy_exact(p->token, token.n, token));
	w->used++;
	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(req), on_gone, p);
	if (p->stream)
		begin_stream(p);
}

/* --- telling ------------------------------------------------------------- */

void bank_watch_mark(struct bank_watch *w, int64_t customer)
{
	for (size_t i = 0; w->used > 0 && i < w->room; i++) {
		if (w->places[i].customer == customer)
			w->places[i].marked = true;
	}
}

void bank_watch_push(struct bank_watch *w, int64_t now)
{
	(void)now;
	for (size_t i = 0; w->used > 0 && i < w->room; i++) {
		struct watcher *p = &w->places[i];

		if (p->req == NULL || !p->marked)
			continue;
		if (p->stream)
			push_stream(p);
		else
			push_poll(p);
	}
}

/* The session is asked for, which counts as use: who watches is there. */
static void beat(struct watcher *p, int64_t now)
{
	int64_t customer;
	enum bank_code code = bank_session_of(
	    p->all->bank, uk_view(p->token, p->token_n), now, &customer);

	if (code != BANK_OK) {
		send_text(p, "event: end\ndata: no-session\n\n");
		end_stream(p);
		return;
	}
	p->until = now + p->all->beat;
	p->all->alive(p->all->arg, evhttp_request_get_connection(p->req));
	if (!is_slow(p))
		send_text(p, ":\n\n");
}

void bank_watch_tick(struct bank_watch *w, int64_t now)
{
	for (size_t i = 0; w->used > 0 && i < w->room; i++) {
		struct watcher *p = &w->places[i];

		if (p->req == NULL || now < p->until)
			continue;
		if (p->stream)
			beat(p, now);
		else
			answer_poll(p);
	}
}
