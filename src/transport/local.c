/* The way to a reader behind a socket, and what it tells about its slots. */
#include "local.h"

#include "fdpass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	/* No command of a card takes that long; a reader that was stopped would
	 * otherwise hold its user for ever. */
	PATIENCE_S = 120,
	/* What its slots are it says at once. */
	WATCH_PATIENCE_S = 5,
	NUMBER_MAX = 65535
};

#define UNIX_PREFIX "unix:"
#define FD_PREFIX   "fd:"
#define NAME_FORMAT "Virtual Card Reader %02u %02u"

/* errno of socket calls: what they say about the reader. */
static uk_err from_errno(int number)
{
	switch (number) {
	case EACCES:
	case EPERM:
		return uk_fail(UK_ERR_NO_PERMISSION);
	case ENOMEM:
	case ENOBUFS:
	case EMFILE:
	case ENFILE:
		return uk_fail(UK_ERR_MEMORY);
	case EAGAIN:
		return uk_fail(UK_ERR_TIMEOUT);
	case EPIPE:
	case ECONNRESET:
		return uk_fail(UK_ERR_IO);
	default: /* ENOENT, ECONNREFUSED, EBADF ... */
		return uk_fail(UK_ERR_NO_READER);
	}
}

/* --- addresses and names ---------------------------------------------------
 */

static bool after_prefix(const char *text, const char *prefix, const char **out)
{
	size_t n = strlen(prefix);

	*out = text;
	if (strncmp(text, prefix, n) != 0)
		return false;
	*out = &text[n];
	return true;
}

static bool get_descriptor(const char *text, int *fd)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*fd = (int)v;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
	       v <= NUMBER_MAX;
}

bool uk_local_is_address(const char *text)
{
	struct sockaddr_un a;
	const char *rest;
	int fd;

	if (after_prefix(text, UNIX_PREFIX, &rest))
		return rest[0] == '/' && strlen(rest) < sizeof(a.sun_path);
	return after_prefix(text, FD_PREFIX, &rest) &&
	       get_descriptor(rest, &fd);
}

void uk_local_name(unsigned number, size_t slot, char *name)
{
	snprintf(name, UK_READER_NAME_MAX, NAME_FORMAT, number, (unsigned)slot);
}

bool uk_local_parse_name(const char *name, unsigned *number, unsigned *slot)
{
	char again[UK_READER_NAME_MAX];

	if (sscanf(name, NAME_FORMAT, number, slot) != 2)
		return false;
	uk_local_name(*number, *slot, again);
	return strcmp(name, again) == 0;
}

/* --- dialling --------------------------------------------------------------
 */

static uk_err be_patient(int fd, long seconds)
{
	struct timeval t = { seconds, 0 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) != 0)
		return from_errno(errno);
	return uk_ok();
}

static uk_err dial_path(const char *path, int *fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	uk_err err;

	UK_TRY(uk_copy_str(a.sun_path, sizeof(a.sun_path), uk_view_str(path)));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return from_errno(errno);
	err = be_patient(*fd, PATIENCE_S);
	if (uk_is_ok(err) &&
	    connect(*fd, (const struct sockaddr *)&a, sizeof(a)) != 0)
		err = from_errno(errno);
	return err;
}

/* A number may have been given to another file since: hand nothing over to
 * what is not the socket that we were promised. */
static bool is_pair_socket(int fd)
{
	int domain = 0, type = 0;
	socklen_t n = sizeof(domain), m = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &m) == 0 &&
	       domain == AF_UNIX && type == SOCK_SEQPACKET;
}

static uk_err dial_descriptor(int pair, int *fd)
{
	int ends[2];
	uk_err err;

	if (!is_pair_socket(pair))
		return uk_fail(UK_ERR_NO_READER);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return from_errno(errno);
	*fd = ends[0];
	err = be_patient(*fd, PATIENCE_S);
	if (uk_is_ok(err) && !uk_fd_send(pair, ends[1]))
		err = from_errno(errno);
	close(ends[1]);
	return err;
}

uk_err uk_local_dial(const char *address, int *fd)
{
	uk_err err = uk_fail(UK_ERR_ARGUMENT);
	const char *rest;
	int pair;

	*fd = -1;
	if (after_prefix(address, UNIX_PREFIX, &rest))
		err = dial_path(rest, fd);
	else if (after_prefix(address, FD_PREFIX, &rest) &&
		 get_descriptor(rest, &pair))
		err = dial_descriptor(pair, fd);
	if (uk_is_ok(err))
		return err;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return err;
}

/* --- messages --------------------------------------------------------------
 */

uk_err uk_local_send(int fd, uk_bytes message)
{
	while (message.n > 0) {
		ssize_t put = send(fd, message.p, message.n, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return from_errno(errno);
		message = uk_bytes_from(message, (size_t)put);
	}
	return uk_ok();
}

/* UK_ERR_TIMEOUT also when nothing more is there and flags say not to wait. */
static uk_err receive_some(int fd, uk_buf *storage, int flags)
{
	size_t before = storage->len, room = uk_buf_left(storage);
	uint8_t *at = uk_put_room(storage, room);
	ssize_t got;

	if (room == 0 || at == NULL)
		return uk_fail(UK_ERR_FORMAT);
	do
		got = recv(fd, at, room, flags);
	while (got < 0 && errno == EINTR);
	uk_buf_cut(storage, before + (got > 0 ? (size_t)got : 0));
	if (got == 0)
		return uk_fail(UK_ERR_IO);
	return got < 0 ? from_errno(errno) : uk_ok();
}

uk_err uk_local_receive(
    int fd, uk_buf *storage, struct uk_wire *m, size_t *size)
{
	for (;;) {
		uk_err err = uk_wire_decode(uk_buf_view(storage), m, size);

		if (!uk_is(err, UK_ERR_TOO_SMALL))
			return err;
		UK_TRY(receive_some(fd, storage, 0));
	}
}

/* --- watching --------------------------------------------------------------
 */

void uk_local_init(struct uk_local *l, const char *address, unsigned number)
{
	*l =
	    (struct uk_local){ .address = address, .number = number, .fd = -1 };
}

void uk_local_hang_up(struct uk_local *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->slot_count = 0;
	l->have = 0;
}

static void note_state(struct uk_local *l, const struct uk_wire *m)
{
	l->slot_count = m->slot_count;
	for (size_t i = 0; i < m->slot_count; i++)
		l->slots[i] = m->slots[i];
}

/* Everything whole in `in`; false: that is not a reader. */
static bool take_states(struct uk_local *l)
{
	uk_buf in = UK_BUF(l->in);
	uk_reader r = uk_read(uk_view(l->in, l->have));
	struct uk_wire m;
	size_t size;
	uk_err err;

	for (;;) {
		err = uk_wire_decode(uk_view(r.p, r.left), &m, &size);
		if (!uk_is_ok(err) || m.type != UK_WIRE_STATE)
			break;
		(void)uk_get(&r, size);
		note_state(l, &m);
	}
	uk_put(&in, uk_get_rest(&r)); /* moves it to the front */
	l->have = in.len;
	return uk_is(err, UK_ERR_TOO_SMALL);
}

static bool hear(struct uk_local *l, int flags)
{
	uk_buf in = UK_BUF(l->in);
	uk_err err;

	in.len = l->have;
	err = receive_some(l->fd, &in, flags);
	l->have = in.len;
	if (uk_is(err, UK_ERR_TIMEOUT))
		return false;
	if (uk_is_ok(err) && take_states(l))
		return true;
	uk_local_hang_up(l);
	return false;
}

static void start_watching(struct uk_local *l)
{
	struct uk_wire watch = { .type = UK_WIRE_WATCH,
		.version = UK_WIRE_VERSION };
	uint8_t storage[16];
	uk_buf out = UK_BUF(storage);

	if (!uk_is_ok(uk_local_dial(l->address, &l->fd)))
		return;
	if (!uk_is_ok(be_patient(l->fd, WATCH_PATIENCE_S)) ||
	    !uk_is_ok(uk_wire_encode(&watch, &out)) ||
	    !uk_is_ok(uk_local_send(l->fd, uk_buf_view(&out)))) {
		uk_local_hang_up(l);
		return;
	}
	/* The first word tells the slots; a reader has at least one. */
	while (l->fd >= 0 && l->slot_count == 0) {
		if (!hear(l, 0))
			uk_local_hang_up(l);
	}
}

void uk_local_refresh(struct uk_local *l)
{
	while (l->fd >= 0 && hear(l, MSG_DONTWAIT))
		;
	if (l->fd < 0)
		start_watching(l);
}
