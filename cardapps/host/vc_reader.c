/* Connections, and who may speak to a card. */
#include "vc_reader.h"

#include "mem.h"
#include "secret.h"
#include "wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum role { NEW, WATCHER, LINK };

struct client {
	struct vc_reader *reader;
	int fd;
	enum role role;
	bool ends; /* when its answer is sent */
	/* LINK */
	struct vc_plug *plug;
	size_t slot;
	uint32_t events, resets; /* of the plug, as this one knows them */
	bool at_work;            /* its command is with the card */
	uint64_t ticket;         /* waits since; 0: does not */
	/* WATCHER */
	uint64_t told; /* the reader's version */
	size_t sent;   /* of out */
	uk_buf in, out;
	uint8_t in_bytes[UK_WIRE_MAX], out_bytes[UK_WIRE_MAX];
};

struct vc_reader {
	int listener; /* -1: nobody can come any more */
	bool handed_over;
	struct vc_plug *const *plugs;
	size_t count;
	struct client *owners[UK_WIRE_SLOTS_MAX]; /* of transactions */
	struct uk_wire state;                     /* as last compared */
	uint64_t version, tickets;
	struct client *clients[VC_CLIENTS_MAX];
};

/* --- opening and closing ---------------------------------------------------
 */

static bool is_listening(int fd)
{
	int yes = 0;
	socklen_t n = sizeof(yes);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &n) == 0 &&
	       yes != 0;
}

uk_err vc_reader_open(int listener, struct vc_plug *const *plugs, size_t count,
    struct vc_reader **out)
{
	struct vc_reader *r = uk_new(sizeof(*r));

	*out = r;
	if (r == NULL || count > UK_WIRE_SLOTS_MAX) {
		(void)close(listener);
		uk_free(r);
		*out = NULL;
		return uk_fail(r == NULL ? UK_ERR_MEMORY : UK_ERR_ARGUMENT);
	}
	r->listener = listener;
	r->handed_over = !is_listening(listener);
	r->plugs = plugs;
	r->count = count;
	r->version = 1;
	for (size_t i = 0; i < count; i++)
		plugs[i]->tells_resets = true;
	return uk_ok();
}

static void add_client(struct vc_reader *r, int fd)
{
	struct client *c = uk_new(sizeof(*c));
	size_t i = 0;

	while (i < VC_CLIENTS_MAX && r->clients[i] != NULL)
		i++;
	if (c == NULL || i == VC_CLIENTS_MAX) { /* it sees us hang up */
		uk_free(c);
		(void)close(fd);
		return;
	}
	c->reader = r;
	c->fd = fd;
	c->in = UK_BUF(c->in_bytes);
	c->out = UK_BUF(c->out_bytes);
	r->clients[i] = c;
}

static bool owns(const struct client *c)
{
	return c->plug != NULL && c->reader->owners[c->slot] == c;
}

static bool is_lost(const struct client *c)
{
	return !c->plug->inserted || c->plug->events != c->events;
}

/* Ends its hold on the card, if it has one. */
static void let_go(struct client *c, enum uk_wire_fate fate)
{
	if (c->plug == NULL)
		return;
	if (owns(c))
		c->reader->owners[c->slot] = NULL;
	if (fate == UK_WIRE_RESET && !is_lost(c))
		vc_plug_reset(c->plug);
}

static void drop_client(struct vc_reader *r, size_t i)
{
	struct client *c = r->clients[i];

	r->clients[i] = NULL;
	if (c->plug != NULL)
		vc_plug_forget(c->plug, c);
	let_go(c, UK_WIRE_RESET);
	(void)close(c->fd);
	uk_wipe(c->in_bytes, c->in.len);
	uk_wipe(c->out_bytes, c->out.len);
	uk_free(c);
}

void vc_reader_close(struct vc_reader **reader)
{
	struct vc_reader *r = *reader;

	*reader = NULL;
	if (r == NULL)
		return;
	for (size_t i = 0; i < VC_CLIENTS_MAX; i++) {
		if (r->clients[i] != NULL)
			drop_client(r, i);
	}
	if (r->listener >= 0)
		(void)close(r->listener);
	uk_free(r);
}

/* --- answers ---------------------------------------------------------------
 */

static void say(struct client *c, const struct uk_wire *m)
{
	/* One message fits: nobody gets the next before the last is sent. */
	if (!uk_is_ok(uk_wire_encode(m, &c->out)))
		c->ends = true;
}

static void say_done(struct client *c)
{
	say(c, &(struct uk_wire){ .type = UK_WIRE_DONE });
}

static void say_error(struct client *c, enum uk_wire_error error)
{
	say(c, &(struct uk_wire){
		   .type = UK_WIRE_ERROR, .error = (uint8_t)error });
}

/* What the card made of a command. */
static void deliver(void *to, enum vc_outcome outcome, uk_bytes answer)
{
	struct client *c = to;
	struct uk_wire m = { .type = UK_WIRE_ANSWER, .apdu = answer };

	c->at_work = false;
	if (outcome == VC_PULLED) {
		say_error(c, UK_WIRE_E_REMOVED);
	} else if (outcome == VC_WAS_RESET) {
		c->resets = c->plug->resets;
		say_error(c, UK_WIRE_E_RESET);
	} else if (outcome == VC_SILENT || answer.n < 2) {
		say_error(c, UK_WIRE_E_MUTE); /* as PC/SC calls a short one */
	} else {
		say(c, &m);
	}
}

/* --- requests --------------------------------------------------------------
 */

/* false: not now; asked again when something has changed. */
typedef bool request_fn(struct client *c, const struct uk_wire *m);

static bool may_have(const struct client *c)
{
	const struct client *owner = c->reader->owners[c->slot];

	/* A transaction with a card that was pulled is over. */
	return (owner == NULL || owner == c || is_lost(owner)) &&
	       !vc_plug_busy(c->plug);
}

/* The card is gone, or was reset since this one last heard: says so. */
static bool has_news(struct client *c)
{
	if (is_lost(c)) {
		say_error(c, UK_WIRE_E_REMOVED);
		return true;
	}
	if (c->resets == c->plug->resets)
		return false;
	c->resets = c->plug->resets;
	say_error(c, UK_WIRE_E_RESET);
	return true;
}

static bool do_watch(struct client *c, const struct uk_wire *m)
{
	c->role = WATCHER;
	if (m->version != UK_WIRE_VERSION) {
		say_error(c, UK_WIRE_E_VERSION);
		c->ends = true;
	}
	return true;
}

static bool do_connect(struct client *c, const struct uk_wire *m)
{
	struct vc_reader *r = c->reader;

	c->ends = true; /* unless it is good */
	if (m->version != UK_WIRE_VERSION) {
		say_error(c, UK_WIRE_E_VERSION);
	} else if (m->slot >= r->count) {
		say_error(c, UK_WIRE_E_SLOT);
	} else if (!r->plugs[m->slot]->inserted) {
		say_error(c, UK_WIRE_E_NO_CARD);
	} else {
		c->role = LINK;
		c->slot = m->slot;
		c->plug = r->plugs[m->slot];
		c->events = c->plug->events;
		c->resets = c->plug->resets;
		c->ends = false;
		say_done(c);
	}
	return true;
}

static bool do_begin(struct client *c, const struct uk_wire *m)
{
	(void)m;
	if (owns(c)) {
		say_error(c, UK_WIRE_E_ORDER);
		return true;
	}
	if (has_news(c))
		return true;
	if (!may_have(c))
		return false;
	c->reader->owners[c->slot] = c;
	say_done(c);
	return true;
}

static bool do_end(struct client *c, const struct uk_wire *m)
{
	if (!owns(c)) {
		say_error(c, UK_WIRE_E_ORDER);
		return true;
	}
	let_go(c, m->fate);
	say_done(c);
	return true;
}

static bool do_transmit(struct client *c, const struct uk_wire *m)
{
	if (has_news(c))
		return true;
	if (!may_have(c))
		return false;
	c->at_work = true;
	vc_plug_command(c->plug, m->apdu, deliver, c);
	return true;
}

static bool do_disconnect(struct client *c, const struct uk_wire *m)
{
	let_go(c, m->fate);
	c->plug = NULL;
	c->ends = true;
	say_done(c);
	return true;
}

static const struct request {
	uint8_t type;
	enum role role;
	request_fn *run;
} requests[] = {
	{ UK_WIRE_WATCH, NEW, do_watch },
	{ UK_WIRE_CONNECT, NEW, do_connect },
	{ UK_WIRE_BEGIN, LINK, do_begin },
	{ UK_WIRE_END, LINK, do_end },
	{ UK_WIRE_TRANSMIT, LINK, do_transmit },
	{ UK_WIRE_DISCONNECT, LINK, do_disconnect },
};

/* NULL: not from a client in this role. */
static const struct request *find_request(uint8_t type, enum role role)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].type == type && requests[i].role == role)
			return &requests[i];
	}
	return NULL;
}

static void take_off(uk_buf *b, uint8_t *storage, size_t n)
{
	uk_bytes rest = uk_bytes_from(uk_buf_view(b), n);
	size_t was = b->len;

	b->len = 0;
	uk_put(b, rest);
	uk_wipe(storage + b->len, was - b->len);
}

/* The message at the front, if this one may be served now. A client that says
 * what it may not say is hung up on. */
static bool advance(struct client *c)
{
	const struct request *q;
	struct uk_wire m;
	size_t size;
	uk_err err;

	if (c->ends || c->at_work || c->out.len > 0)
		return false;
	err = uk_wire_decode(uk_buf_view(&c->in), &m, &size);
	if (uk_is(err, UK_ERR_TOO_SMALL))
		return false;
	q = uk_is_ok(err) ? find_request(m.type, c->role) : NULL;
	if (q == NULL) {
		c->ends = true;
		return true;
	}
	if (!q->run(c, &m)) {
		if (c->ticket == 0)
			c->ticket = ++c->reader->tickets;
		return false;
	}
	c->ticket = 0;
	take_off(&c->in, c->in_bytes, size);
	return true;
}

/* --- telling the state -----------------------------------------------------
 */

static bool same_slot(
    const struct uk_wire_slot *a, const struct uk_wire_slot *b)
{
	return a->present == b->present && a->events == b->events &&
	       uk_bytes_eq(
		   uk_view(a->atr, a->atr_len), uk_view(b->atr, b->atr_len));
}

static void compare_state(struct vc_reader *r)
{
	bool changed = r->state.slot_count != r->count;

	r->state.type = UK_WIRE_STATE;
	r->state.slot_count = r->count;
	for (size_t i = 0; i < r->count; i++) {
		struct uk_wire_slot now = { .present = r->plugs[i]->inserted,
			.events = r->plugs[i]->events };
		uk_buf atr = UK_BUF(now.atr);

		if (now.present)
			uk_put(&atr, vc_plug_atr(r->plugs[i]));
		now.atr_len = atr.len;
		changed = changed || !same_slot(&now, &r->state.slots[i]);
		r->state.slots[i] = now;
	}
	if (changed)
		r->version++;
}

static void tell(struct vc_reader *r, struct client *c)
{
	if (c->role != WATCHER || c->ends || c->out.len > 0 ||
	    c->told == r->version)
		return;
	c->told = r->version;
	say(c, &r->state);
}

/* --- rounds ----------------------------------------------------------------
 */

/* As much as the other end takes now; true when that was the last of it. */
static bool flush(struct client *c)
{
	uk_bytes rest = uk_bytes_from(uk_buf_view(&c->out), c->sent);
	ssize_t put;

	if (rest.n == 0)
		return false;
	put = send(c->fd, rest.p, rest.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (put < 0) {
		c->ends = c->ends || (errno != EAGAIN && errno != EINTR);
		if (c->ends)
			c->out.len = 0;
		return false;
	}
	c->sent += (size_t)put;
	if (c->sent < c->out.len)
		return false;
	uk_wipe(c->out_bytes, c->out.len);
	c->out = UK_BUF(c->out_bytes);
	c->sent = 0;
	return true;
}

/* Those who wait go in the order of their tickets, the others at once. */
static struct client *next_client(struct vc_reader *r, uint64_t after)
{
	struct client *best = NULL;

	for (size_t i = 0; i < VC_CLIENTS_MAX; i++) {
		struct client *c = r->clients[i];

		if (c != NULL && c->ticket > after &&
		    (best == NULL || c->ticket < best->ticket))
			best = c;
	}
	return best;
}

static bool serve_waiting(struct vc_reader *r)
{
	struct client *c;
	bool any = false;

	for (uint64_t at = 0; (c = next_client(r, at)) != NULL;) {
		at = c->ticket;
		any = advance(c) || any;
	}
	return any;
}

static bool serve_others(struct vc_reader *r)
{
	bool any = false;

	for (size_t i = 0; i < VC_CLIENTS_MAX; i++) {
		struct client *c = r->clients[i];

		if (c == NULL)
			continue;
		if (c->ticket == 0)
			any = advance(c) || any;
		tell(r, c);
		any = flush(c) || any;
		if (c->ends && c->out.len == 0) {
			drop_client(r, i);
			any = true;
		}
	}
	return any;
}

void vc_reader_settle(struct vc_reader *r)
{
	bool any = true;

	while (any) {
		compare_state(r);
		any = serve_waiting(r);
		any = serve_others(r) || any;
	}
}

size_t vc_reader_poll(const struct vc_reader *r, struct pollfd *fds)
{
	size_t n = 0;

	fds[n++] = (struct pollfd){ r->listener, POLLIN, 0 };
	for (size_t i = 0; i < VC_CLIENTS_MAX; i++) {
		const struct client *c = r->clients[i];
		bool full;

		if (c == NULL)
			continue;
		/* Readable also when it has gone, which those who wait for
		 * the card must not keep from us. */
		full = uk_buf_left(&c->in) == 0;
		fds[n++] = (struct pollfd){ c->fd,
			(short)((full ? 0 : POLLIN) |
				(c->out.len > 0 ? POLLOUT : 0)),
			0 };
	}
	return n;
}

static int accept_connection(struct vc_reader *r)
{
	return accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
}

/* A connection that somebody made and hands over; -1: there was none. */
static int receive_connection(struct vc_reader *r)
{
	uint8_t byte;
	struct iovec part = { &byte, 1 };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} rights;
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = rights.room,
		.msg_controllen = sizeof(rights.room) };
	struct cmsghdr *c;
	ssize_t got = recvmsg(r->listener, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		(void)close(r->listener); /* nobody is left to come */
		r->listener = -1;
	}
	c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	return *(int *)(void *)CMSG_DATA(c);
}

static void take_connection(struct vc_reader *r)
{
	int fd = r->handed_over ? receive_connection(r) : accept_connection(r);

	if (fd >= 0)
		add_client(r, fd);
}

static void hear(struct client *c)
{
	size_t before = c->in.len, room = uk_buf_left(&c->in);
	uint8_t *at = uk_put_room(&c->in, room);
	ssize_t got = recv(c->fd, at, room, MSG_DONTWAIT);

	uk_buf_cut(&c->in, before + (got > 0 ? (size_t)got : 0));
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		c->ends = true;
		c->out.len = 0; /* nobody reads it */
	}
}

void vc_reader_serve(struct vc_reader *r, const struct pollfd *fds)
{
	size_t n = 1;

	for (size_t i = 0; i < VC_CLIENTS_MAX; i++) {
		struct client *c = r->clients[i];

		if (c == NULL)
			continue;
		if ((fds[n].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			hear(c);
		n++;
	}
	if (fds[0].revents != 0)
		take_connection(r);
}
