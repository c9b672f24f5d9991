/* Connections: who comes and goes, and whose turn it is. */
#include "vc_reader_parts.h"

#include "fdpass.h"
#include "mem.h"
#include "secret.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
	struct vc_client *c = uk_new(sizeof(*c));
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

static void drop_client(struct vc_reader *r, size_t i)
{
	struct vc_client *c = r->clients[i];

	r->clients[i] = NULL;
	if (c->plug != NULL)
		vc_plug_forget(c->plug, c);
	vc_client_let_go(c, UK_WIRE_RESET);
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

static void tell(struct vc_reader *r, struct vc_client *c)
{
	if (c->role != VC_WATCHER || c->ends || c->out.len > 0 ||
	    c->told == r->version)
		return;
	c->told = r->version;
	vc_client_say(c, &r->state);
}

/* --- rounds ----------------------------------------------------------------
 */

/* As much as the other end takes now; true when that was the last of it. */
static bool flush(struct vc_client *c)
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
static struct vc_client *next_client(struct vc_reader *r, uint64_t after)
{
	struct vc_client *best = NULL;

	for (size_t i = 0; i < VC_CLIENTS_MAX; i++) {
		struct vc_client *c = r->clients[i];

		if (c != NULL && c->ticket > after &&
		    (best == NULL || c->ticket < best->ticket))
			best = c;
	}
	return best;
}

static bool serve_waiting(struct vc_reader *r)
{
	struct vc_client *c;
	bool any = false;

	for (uint64_t at = 0; (c = next_client(r, at)) != NULL;) {
		at = c->ticket;
		any = vc_client_advance(c) || any;
	}
	return any;
}

static bool serve_others(struct vc_reader *r)
{
	bool any = false;

	for (size_t i = 0; i < VC_CLIENTS_MAX; i++) {
		struct vc_client *c = r->clients[i];

		if (c == NULL)
			continue;
		if (c->ticket == 0)
			any = vc_client_advance(c) || any;
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
		const struct vc_client *c = r->clients[i];
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
	int fd = uk_fd_receive(r->listener, false);

	if (fd < 0 && errno != 0 && errno != EAGAIN) {
		(void)close(r->listener); /* nobody is left to come */
		r->listener = -1;
	}
	return fd;
}

static void take_connection(struct vc_reader *r)
{
	int fd = r->handed_over ? receive_connection(r) : accept_connection(r);

	if (fd >= 0)
		add_client(r, fd);
}

static void hear(struct vc_client *c)
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
		struct vc_client *c = r->clients[i];

		if (c == NULL)
			continue;
		if ((fds[n].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			hear(c);
		n++;
	}
	if (fds[0].revents != 0)
		take_connection(r);
}
