/*
 * Waiting clients: an array of places, found by customer, and a list of those
 * that have something to be told. So what an event costs does not depend on how
 * many wait.
 */
#include "watch.h"

#include "api_json.h"
#include "bill_events.h"
#include "bill_json.h"
#include "index.h"
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

#define NONE UK_INDEX_NONE

struct watcher {
	struct bank_watch *all;
	size_t at;                  /* its number */
	struct evhttp_request *req; /* NULL: a free place */
	int64_t customer, after;
	int64_t until; /* a poll is answered; a stream's next heartbeat */
	bool stream;
	bool marked; /* this place is in the list */
	size_t next_free;
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
	uk_index by_customer;
	size_t free, fresh; /* fresh: never used from there */
	size_t *marks;      /* places, each once */
	size_t mark_count;
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
	w->free = NONE;
	w->places = uk_new_array(room, sizeof(*w->places));
	w->marks = uk_new_array(room, sizeof(*w->marks));
	if (w->places == NULL || w->marks == NULL ||
	    !uk_is_ok(uk_index_open(&w->by_customer, room))) {
		bank_watch_close(out);
		return uk_fail(UK_ERR_MEMORY);
	}
	return uk_ok();
}

/* --- places -------------------------------------------------------------- */

static uint64_t hash_of(int64_t customer)
{
	return uk_index_mix((uint64_t)customer);
}

/* NULL: there is none. */
static struct watcher *take_place(struct bank_watch *w)
{
	size_t at = w->free;

	if (at != NONE)
		w->free = w->places[at].next_free;
	else if (w->fresh < w->room)
		at = w->fresh++;
	else
		return NULL;
	w->used++;
	w->places[at].at = at;
	return &w->places[at];
}

static void leave(struct watcher *p)
{
	struct bank_watch *w = p->all;

	uk_index_remove(&w->by_customer, p->at, hash_of(p->customer));
	uk_wipe(p->token, sizeof(p->token));
	p->req = NULL;
	p->next_free = w->free;
	w->free = p->at;
	w->used--;
}

static void mark(struct watcher *p)
{
	if (!p->marked)
		p->all->marks[p->all->mark_count++] = p->at;
	p->marked = true;
}

static void release(struct watcher *p)
{
	struct evhttp_connection *c = evhttp_request_get_connection(p->req);

	if (c != NULL)
		evhttp_connection_set_closecb(c, NULL, NULL);
	leave(p);
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
	uk_index_close(&(*w)->by_customer);
	uk_free((*w)->marks);
	uk_free((*w)->places);
	uk_free(*w);
	*w = NULL;
}

/* --- writing ------------------------------------------------------------- */

/* libevent would make a record, and a packet, of each piece of a chunk. */
static void send_chunk(struct watcher *p, struct evbuffer *chunk)
{
	struct evhttp_connection *c = evhttp_request_get_connection(p->req);

	evhttp_send_reply_chunk(p->req, chunk);
	if (c != NULL)
		(void)evbuffer_pullup(bufferevent_get_output(
					  evhttp_connection_get_bufferevent(c)),
		    -1);
}

static void send_text(struct watcher *p, const char *text)
{
	struct evbuffer *chunk = evbuffer_new();

	if (chunk == NULL)
		return; /* it is told with the next event */
	evbuffer_add(chunk, text, strlen(text));
	send_chunk(p, chunk);
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
		send_chunk(p, chunk);
	if (chunk != NULL)
		evbuffer_free(chunk);
	uk_blob_free(&data);
	json_decref(o);
	return good;
}

/* false: not all of it; asked again each second. */
static bool push_stream(struct watcher *p)
{
	struct bank_bill_event events[BANK_EVENTS_AT_ONCE];
	size_t n = 0;

	if (is_slow(p) ||
	    !uk_is_ok(bank_events_after(p->all->bank->store, p->customer,
		p->after, BANK_EVENTS_AT_ONCE, events, &n)))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!send_event(p, &events[i]))
			return false;
		p->after = events[i].number;
	}
	return n < BANK_EVENTS_AT_ONCE;
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
	leave(p);
	/* Of a peer that hung up: libevent leaves it to us. */
	if (evhttp_request_get_connection(req) == NULL)
		evhttp_request_free(req);
}

/* The customer's next place from this one on (uk_index_first). */
static size_t skip_others(
    const struct bank_watch *w, size_t at, int64_t customer)
{
	while (at != NONE && w->places[at].customer != customer)
		at = uk_index_next(&w->by_customer, at);
	return at;
}

static size_t first_of(const struct bank_watch *w, int64_t customer)
{
	return skip_others(
	    w, uk_index_first(&w->by_customer, hash_of(customer)), customer);
}

static size_t next_of(const struct bank_watch *w, size_t at)
{
	return skip_others(
	    w, uk_index_next(&w->by_customer, at), w->places[at].customer);
}

/* A free place; NULL: he has his share, or there is none. */
static struct watcher *find_place(struct bank_watch *w, int64_t customer)
{
	size_t his = 0;

	for (size_t at = first_of(w, customer); at != NONE; at = next_of(w, at))
		his++;
	return his < BANK_WATCH_EACH ? take_place(w) : NULL;
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
    uk_bytes token, const struct bank_later *later, int64_t steady)
{
	const struct bank_wait *wait = &later->wait;
	struct watcher *p = token.n > TOKEN_MAX
				? NULL
				: find_place(w, later->customer);

	if (p == NULL) {
		bank_answers_send(
		    w->answers, req, BANK_BUSY, bank_error_json(BANK_BUSY));
		return;
	}
	*p = (struct watcher){ .all = w,
		.at = p->at,
		.req = req,
		.customer = later->customer,
		.after = wait->after,
		.stream = wait->kind == BANK_WAIT_STREAM,
		.token_n = token.n,
		.marked = p->marked };
	p->until = steady + (p->stream ? w->beat : wait->seconds);
	UK_IGNORE(uk_copy_exact(p->token, token.n, token));
	uk_index_add(&w->by_customer, p->at, hash_of(p->customer));
	mark(p);
	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(req), on_gone, p);
	if (p->stream)
		begin_stream(p);
}

/* --- telling ------------------------------------------------------------- */

void bank_watch_mark(struct bank_watch *w, int64_t customer)
{
	for (size_t at = first_of(w, customer); at != NONE; at = next_of(w, at))
		mark(&w->places[at]);
}

static bool push_one(struct watcher *p)
{
	if (p->req == NULL)
		return true; /* nobody is here any more */
	if (p->stream)
		return push_stream(p);
	push_poll(p);
	return true;
}

void bank_watch_push(struct bank_watch *w)
{
	size_t count = w->mark_count;

	w->mark_count = 0; /* fills behind us with those who stay */
	for (size_t i = 0; i < count; i++) {
		struct watcher *p = &w->places[w->marks[i]];

		p->marked = false;
		if (!push_one(p))
			mark(p);
	}
}

/* The session is asked for, which counts as use: who watches is there. */
static void beat(struct watcher *p, int64_t now, int64_t steady)
{
	int64_t customer;
	enum bank_code code = bank_session_of(
	    p->all->bank, uk_view(p->token, p->token_n), now, &customer);

	if (code == BANK_NO_SESSION) {
		send_text(p, "event: end\ndata: no-session\n\n");
		end_stream(p);
		return;
	}
	/* If the database cannot say whether it has ended, the next one asks.
	 */
	p->until = steady + p->all->beat;
	p->all->alive(p->all->arg, evhttp_request_get_connection(p->req));
	if (!is_slow(p))
		send_text(p, ":\n\n");
}

void bank_watch_tick(struct bank_watch *w, int64_t now, int64_t steady)
{
	for (size_t i = 0; w->used > 0 && i < w->fresh; i++) {
		struct watcher *p = &w->places[i];

		if (p->req == NULL || steady < p->until)
			continue;
		if (p->stream)
			beat(p, now, steady);
		else
			answer_poll(p);
	}
}

size_t bank_watch_used(const struct bank_watch *w)
{
	return w->used;
}
