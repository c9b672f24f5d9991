/* Whole requests, one at a time. */
#include "http_gate.h"

#include "connections.h"
#include "framing.h"
#include "log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/ssl.h>

#include <sys/queue.h>
#include <sys/socket.h>

enum {
	/* So much may wait behind a request that is not answered yet, */
	AHEAD_MAX = BANK_HEAD_MAX + BANK_BODY_MAX,
	/* and so much is dropped behind one that was refused: a body that is
	 * too long is often sent whole before the answer is read. */
	DROPPED_MAX = 32 * BANK_BODY_MAX
};

enum state {
	AT_HEAD,
	IN_BODY,
	IN_CHUNKS,
	ANSWERING, /* nothing may pass */
	REFUSED    /* nor will it ever again */
};

struct guard {
	LIST_ENTRY(guard) next; /* of those without TLS */
	struct bufferevent *bev;
	struct evbuffer *held; /* has come, and has not passed */
	enum state state;
	uint64_t left; /* IN_BODY */
	struct bank_chunks chunks;
	enum bank_code refusal;
	size_t dropped;         /* behind it */
	struct bank_gate *gate; /* who has it in his list; NULL with TLS */
	bool busy;              /* our own changes of the buffer */
	bool reading; /* called from there, where it is open for them */
};

struct bank_gate {
	LIST_HEAD(, guard) plain;
};

/* --- passing -------------------------------------------------------------- */

/* A bufferevent of a socket keeps others from writing into what it has read. */
static void pass_from(struct guard *g, struct evbuffer *from, size_t n)
{
	struct evbuffer *in = bufferevent_get_input(g->bev);
	bool frozen = g->gate != NULL && !g->reading;

	g->busy = true;
	if (frozen)
		(void)evbuffer_unfreeze(in, 0);
	(void)evbuffer_remove_buffer(from, in, n);
	if (frozen)
		(void)evbuffer_freeze(in, 0);
	g->busy = false;
}

static void pass_bytes(struct guard *g, uk_bytes v)
{
	struct evbuffer *piece = evbuffer_new();

	if (piece != NULL && evbuffer_add(piece, v.p, v.n) == 0)
		pass_from(g, piece, v.n);
	if (piece != NULL)
		evbuffer_free(piece);
}

static void pass_text(struct guard *g, const char *text)
{
	pass_bytes(g, uk_view_str(text));
}

static uk_bytes held_bytes(struct guard *g)
{
	size_t n = evbuffer_get_length(g->held);

	return n == 0 ? UK_NONE : uk_view(evbuffer_pullup(g->held, -1), n);
}

/* What is behind a request that is refused may be anything. The plain request
 * in its place, or the end of its body, brings us to the answer. */
static void refuse(struct guard *g, enum bank_code code)
{
	bool in_body = g->state == IN_CHUNKS;

	(void)evbuffer_drain(g->held, evbuffer_get_length(g->held));
	g->refusal = code;
	g->state = REFUSED;
	pass_text(g,
	    in_body ? "0\r\n\r\n" : "GET / HTTP/1.1\r\nHost: refused\r\n\r\n");
}

/* --- one step ------------------------------------------------------------- */

static void enter_body(struct guard *g, const struct bank_head *head)
{
	g->left = head->length;
	g->chunks = (struct bank_chunks){ .at = 0 };
	g->state = head->body == BANK_BODY_LENGTH    ? IN_BODY
		   : head->body == BANK_BODY_CHUNKED ? IN_CHUNKS
						     : ANSWERING;
}

/* Every target leaves in origin form. */
static void pass_head(struct guard *g, size_t n, const struct bank_head *head)
{
	if (head->cut > 0) {
		pass_from(g, g->held, head->cut_at);
		(void)evbuffer_drain(g->held, head->cut);
		if (head->no_path)
			pass_text(g, "/");
		n -= head->cut_at + head->cut;
	}
	pass_from(g, g->held, n);
}

/* False: more must come first. */
static bool step_head(struct guard *g)
{
	struct bank_head head;
	size_t skip, n;
	enum bank_code code = bank_head_find(held_bytes(g), &skip, &n);

	if (code == BANK_OK && n == 0)
		return false;
	if (code == BANK_OK)
		code = bank_head_read(
		    uk_bytes_first(uk_bytes_from(held_bytes(g), skip), n),
		    &head);
	if (code != BANK_OK) {
		refuse(g, code);
		return false;
	}
	(void)evbuffer_drain(g->held, skip);
	pass_head(g, n, &head);
	enter_body(g, &head);
	return true;
}

static bool step_body(struct guard *g)
{
	size_t n = evbuffer_get_length(g->held);

	if (n > g->left)
		n = (size_t)g->left;
	pass_from(g, g->held, n);
	g->left -= n;
	if (g->left == 0)
		g->state = ANSWERING;
	return false;
}

/* Chunks leave without extensions and trailers, in pieces as they come. */
static bool step_chunks(struct guard *g)
{
	uk_bytes content;
	size_t used;
	enum bank_code code = bank_chunks_next(
	    &g->chunks, held_bytes(g), &used, &content);
	char size[24];

	if (code != BANK_OK) {
		refuse(g, code);
		return false;
	}
	if (content.n > 0) {
		(void)evutil_snprintf(size, sizeof(size), "%zx\r\n", content.n);
		pass_text(g, size);
		pass_bytes(g, content);
		pass_text(g, "\r\n");
	}
	(void)evbuffer_drain(g->held, used);
	if (g->chunks.done) {
		g->state = ANSWERING;
		pass_text(g, "0\r\n\r\n");
	}
	return !g->chunks.done && used > 0;
}

static void advance(struct guard *g)
{
	static bool (*const steps[])(struct guard *) = {
		[AT_HEAD] = step_head,
		[IN_BODY] = step_body,
		[IN_CHUNKS] = step_chunks,
	};

	while (g->state < ANSWERING && evbuffer_get_length(g->held) > 0 &&
	       steps[g->state](g))
		;
}

/* --- what comes ----------------------------------------------------------- */

/* The new part of the buffer, from `old` on, is taken back. */
static void hold(struct guard *g, struct evbuffer *in, size_t old)
{
	struct evbuffer *before = NULL;

	g->busy = true;
	if (old > 0 && (before = evbuffer_new()) != NULL)
		(void)evbuffer_remove_buffer(in, before, old);
	(void)evbuffer_add_buffer(g->held, in);
	if (before != NULL) {
		(void)evbuffer_add_buffer(in, before);
		evbuffer_free(before);
	}
	g->busy = false;
}

/* Somebody who sends on and on and reads no answer. */
static void hang_up(struct guard *g)
{
	uk_log(UK_LOG_INFO, "event=too-far-ahead");
	g->state = REFUSED;
	bank_connection_cut(g->bev);
}

/* To where guard_of looks first: what comes is soon asked about. */
static void to_front(struct guard *g)
{
	LIST_REMOVE(g, next);
	LIST_INSERT_HEAD(&g->gate->plain, g, next);
}

static void drop(struct guard *g)
{
	size_t n = evbuffer_get_length(g->held);

	(void)evbuffer_drain(g->held, n);
	g->dropped += n;
	if (g->dropped > DROPPED_MAX)
		bank_connection_cut(g->bev);
}

static void on_input(
    struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct guard *g = arg;

	if (g->busy || info->n_added == 0)
		return;
	/* The usual way of a body: nothing is moved. */
	if (g->state == IN_BODY && info->n_added < g->left &&
	    evbuffer_get_length(g->held) == 0) {
		g->left -= info->n_added;
		return;
	}
	if (g->gate != NULL)
		to_front(g);
	g->reading = true;
	hold(g, in, info->orig_size);
	advance(g);
	g->reading = false;
	if (g->state == REFUSED)
		drop(g);
	else if (evbuffer_get_length(g->held) > AHEAD_MAX)
		hang_up(g);
}

/* --- connections ---------------------------------------------------------- */

static void forget(struct guard *g)
{
	evbuffer_free(g->held);
	uk_free(g);
}

static void on_ssl_gone(
    void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (ptr != NULL)
		forget(ptr);
}

static int guard_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_gone);
	return index;
}

/* Nobody tells when a plain connection ends: we keep it, and look. */
static bool keep(struct bank_gate *gate, struct guard *g)
{
	SSL *ssl = bufferevent_openssl_get_ssl(g->bev);

	if (ssl != NULL)
		return SSL_set_ex_data(ssl, guard_index(), g) == 1;
	g->gate = gate;
	bufferevent_incref(g->bev);
	LIST_INSERT_HEAD(&gate->plain, g, next);
	return true;
}

bool bank_gate_guard(struct bank_gate *gate, struct bufferevent *bev)
{
	struct guard *g = uk_new(sizeof(*g));

	if (g == NULL)
		return false;
	g->bev = bev;
	g->held = evbuffer_new();
	if (g->held == NULL ||
	    evbuffer_add_cb(bufferevent_get_input(bev), on_input, g) == NULL)
		goto out;
	/* libevent's server must not hear of what we keep from it. */
	bufferevent_setwatermark(bev, EV_READ, 1, 0);
	if (keep(gate, g))
		return true;
	(void)evbuffer_remove_cb(bufferevent_get_input(bev), on_input, g);
out:
	if (g->held != NULL)
		evbuffer_free(g->held);
	uk_free(g);
	return false;
}

static void let_go(struct guard *g)
{
	struct bufferevent *bev = g->bev;

	LIST_REMOVE(g, next);
	(void)evbuffer_remove_cb(bufferevent_get_input(bev), on_input, g);
	forget(g);
	(void)bufferevent_decref(bev);
}

/* A bufferevent that its owner has freed calls nobody any more. */
static bool has_ended(const struct guard *g)
{
	bufferevent_event_cb cb = NULL;

	bufferevent_getcb(g->bev, NULL, NULL, &cb, NULL);
	return cb == NULL;
}

void bank_gate_sweep(struct bank_gate *gate)
{
	struct guard *g = LIST_FIRST(&gate->plain), *next;

	for (; g != NULL; g = next) {
		next = LIST_NEXT(g, next);
		if (has_ended(g))
			let_go(g);
	}
}

uk_err bank_gate_open(struct bank_gate **out)
{
	*out = uk_new(sizeof(**out));
	return *out == NULL ? uk_fail(UK_ERR_MEMORY) : uk_ok();
}

void bank_gate_close(struct bank_gate **gate)
{
	if (*gate == NULL)
		return;
	while (!LIST_EMPTY(&(*gate)->plain))
		let_go(LIST_FIRST(&(*gate)->plain));
	uk_free(*gate);
	*gate = NULL;
}

/* --- requests ------------------------------------------------------------- */

static struct guard *guard_of(struct bank_gate *gate, struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	struct guard *g;

	if (ssl != NULL)
		return SSL_get_ex_data(ssl, guard_index());
	LIST_FOREACH(g, &gate->plain, next)
	{
		if (g->bev == bev)
			return g;
	}
	return NULL;
}

/* Its answer is on the way: the next one may come. Of a refused one nothing
 * more is said, but what the peer still sends is taken in and dropped, until he
 * hangs up or keeps us waiting: hung up on at once, he might never see the
 * answer (9.6). */
static void on_answered(struct evhttp_request *req, void *arg)
{
	struct guard *g = arg;

	(void)req;
	if (g->state == REFUSED) {
		(void)shutdown(bufferevent_getfd(g->bev), SHUT_WR);
		return;
	}
	g->state = AT_HEAD;
	advance(g);
}

enum bank_code bank_gate_judge(
    struct bank_gate *gate, struct evhttp_request *req)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(req));
	struct guard *g = guard_of(gate, bev);

	if (g == NULL) { /* no memory when it began */
		evhttp_add_header(evhttp_request_get_output_headers(req),
		    "Connection", "close");
		return BANK_INTERNAL;
	}
	evhttp_request_set_on_complete_cb(req, on_answered, g);
	if (g->state != REFUSED)
		return BANK_OK;
	/* In a form that libevent does not take for an order to hang up. */
	evhttp_add_header(evhttp_request_get_output_headers(req), "Connection",
	    "close, close");
	return g->refusal;
}
