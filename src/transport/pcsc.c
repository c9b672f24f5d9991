/*
 * PC/SC: the service and its readers. libpcsclite keeps one socket and one lock
 * for each context, so calls on one context wait for each other.
 */
#include "transport.h"

#include "mem.h"
#include "pcsc_err.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

/* Where Debian's libpcsclite looks unless PCSCLITE_CSOCK_NAME says otherwise.
 */
#define SERVICE_SOCKET "/run/pcscd/pcscd.comm"
/* The name that stands for "readers come and go" (pcsc-lite 1.6 and later). */
#define PNP_NAME "\\\\?PnP?\\Notification"

struct uk_pcsc {
	SCARDCONTEXT ctx;
	_Atomic bool waiting, cancelled;
	char names[UK_READERS_MAX * UK_READER_NAME_MAX]; /* multi-string */
	SCARD_READERSTATE table[UK_READERS_MAX + 1];     /* one more for PnP */
};

/* --- errors -------------------------------------------------------------- */

static const struct err_row {
	LONG rv;
	uint16_t service, card; /* enum uk_code, by who was asked */
} rows[] = {
	{ SCARD_S_SUCCESS, UK_OK, UK_OK },
	{ SCARD_E_NO_MEMORY, UK_ERR_MEMORY, UK_ERR_MEMORY },
	{ SCARD_E_TIMEOUT, UK_ERR_TIMEOUT, UK_ERR_TIMEOUT },
	{ SCARD_E_CANCELLED, UK_ERR_CANCELLED, UK_ERR_CANCELLED },
	{ SCARD_E_SYSTEM_CANCELLED, UK_ERR_NO_SERVICE, UK_ERR_NO_SERVICE },
	{ SCARD_E_INSUFFICIENT_BUFFER, UK_ERR_TOO_SMALL, UK_ERR_TOO_SMALL },
	{ SCARD_E_NO_SERVICE, UK_ERR_NO_SERVICE, UK_ERR_NO_SERVICE },
	{ SCARD_E_SERVICE_STOPPED, UK_ERR_NO_SERVICE, UK_ERR_NO_SERVICE },
	/* the socket to the service broke; a card that fails is NOT_TRANSACTED
	 */
	{ SCARD_F_COMM_ERROR, UK_ERR_NO_SERVICE, UK_ERR_NO_SERVICE },
	{ SCARD_W_SECURITY_VIOLATION, UK_ERR_NO_PERMISSION,
	    UK_ERR_NO_PERMISSION },
	{ SCARD_E_NO_ACCESS, UK_ERR_NO_PERMISSION, UK_ERR_NO_PERMISSION },
	/* the service forgot us: it was started again, or the reader left */
	{ SCARD_E_INVALID_HANDLE, UK_ERR_NO_SERVICE, UK_ERR_CARD_REMOVED },
	{ SCARD_E_NO_READERS_AVAILABLE, UK_ERR_NO_READER, UK_ERR_CARD_REMOVED },
	{ SCARD_E_UNKNOWN_READER, UK_ERR_NO_READER, UK_ERR_CARD_REMOVED },
	{ SCARD_E_READER_UNAVAILABLE, UK_ERR_NO_READER, UK_ERR_CARD_REMOVED },
	{ SCARD_E_NO_SMARTCARD, UK_ERR_NO_CARD, UK_ERR_CARD_REMOVED },
	{ SCARD_W_REMOVED_CARD, UK_ERR_NO_CARD, UK_ERR_CARD_REMOVED },
	{ SCARD_W_RESET_CARD, UK_ERR_CARD_RESET, UK_ERR_CARD_RESET },
	{ SCARD_E_SHARING_VIOLATION, UK_ERR_CARD_BUSY, UK_ERR_CARD_BUSY },
	{ SCARD_W_UNPOWERED_CARD, UK_ERR_CARD_MUTE, UK_ERR_CARD_MUTE },
	{ SCARD_W_UNRESPONSIVE_CARD, UK_ERR_CARD_MUTE, UK_ERR_CARD_MUTE },
	{ SCARD_W_UNSUPPORTED_CARD, UK_ERR_CARD_MUTE, UK_ERR_CARD_MUTE },
	{ SCARD_E_PROTO_MISMATCH, UK_ERR_CARD_MUTE, UK_ERR_CARD_MUTE },
	{ SCARD_E_NOT_TRANSACTED, UK_ERR_CARD_MUTE, UK_ERR_CARD_MUTE },
	{ SCARD_E_COMM_DATA_LOST, UK_ERR_CARD_MUTE, UK_ERR_CARD_MUTE },
};

uk_err uk_pcsc_err(LONG rv, enum uk_pcsc_asked asked)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		if (rows[i].rv == rv)
			return uk_fail(asked == UK_ASKED_CARD
					   ? rows[i].card
					   : rows[i].service);
	}
	return uk_fail(UK_ERR_IO);
}

/* --- the service --------------------------------------------------------- */

/* Asks the socket itself: 0 if somebody answers there, or an errno. */
static int knock(void)
{
	const char *path = secure_getenv("PCSCLITE_CSOCK_NAME");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, error = 0;

	if (!uk_is_ok(uk_copy_str(a.sun_path, sizeof(a.sun_path),
		uk_view_str(path == NULL ? SERVICE_SOCKET : path))))
		return ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0)
		error = errno;
	close(fd);
	return error;
}

/*
 * libpcsclite says "no service" or "communication error" also to a user whom
 * the service refuses: the socket is closed to him, or, where polkit is asked,
 * pcscd takes the connection and hangs up before it has read anything. (If that
 * comes late enough, SCARD_W_SECURITY_VIOLATION is the answer.)
 */
static uk_err establish(SCARDCONTEXT *ctx)
{
	LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, ctx);
	int error;

	if (rv != SCARD_E_NO_SERVICE && rv != SCARD_F_COMM_ERROR)
		return uk_pcsc_err(rv, UK_ASKED_SERVICE);
	error = knock();
	if (error == EACCES)
		return uk_fail(UK_ERR_NO_PERMISSION);
	if (error != 0)
		return uk_fail(UK_ERR_NO_SERVICE);
	/* It may have come up just now. */
	rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, ctx);
	if (rv == SCARD_E_NO_SERVICE || rv == SCARD_F_COMM_ERROR)
		return uk_fail(UK_ERR_NO_PERMISSION);
	return uk_pcsc_err(rv, UK_ASKED_SERVICE);
}

uk_err uk_pcsc_open(uk_pcsc **out)
{
	uk_pcsc *p = uk_new(sizeof(*p));
	uk_err err;

	*out = NULL;
	if (p == NULL)
		return uk_fail(UK_ERR_MEMORY);
	err = establish(&p->ctx);
	if (!uk_is_ok(err)) {
		uk_free(p);
		return err;
	}
	*out = p;
	return uk_ok();
}

void uk_pcsc_close(uk_pcsc **p)
{
	if (*p == NULL)
		return;
	/* Only fails when the service is gone, and then nothing is left. */
	(void)SCardReleaseContext((*p)->ctx);
	uk_free(*p);
	*p = NULL;
}

/* --- the readers --------------------------------------------------------- */

static bool take_name(uk_reader *r, uk_bytes *name)
{
	uk_reader start = *r;

	while (uk_peek_u8(r) > 0)
		(void)uk_get_u8(r);
	*name = uk_view(start.p, start.left - r->left);
	(void)uk_get_u8(r); /* its NUL, which must be there */
	return !r->bad && name->n > 0;
}

/* Cuts the multi-string in p->names[0..n) into readers; the length is the
 * service's word, so nothing is believed of it. */
static uk_err fill_table(uk_pcsc *p, size_t n, size_t cap, size_t *count)
{
	uk_reader r = uk_read(uk_view(p->names, n));
	uk_bytes name;

	for (*count = 0; r.left > 0 && take_name(&r, &name); (*count)++) {
		if (name.n >= UK_READER_NAME_MAX)
			return uk_fail(UK_ERR_FORMAT);
		if (*count >= cap || *count >= UK_READERS_MAX)
			return uk_fail(UK_ERR_TOO_SMALL);
		p->table[*count] = (SCARD_READERSTATE){
			.szReader = (const char *)name.p,
			.dwCurrentState = SCARD_STATE_UNAWARE,
		};
	}
	return uk_read_ok(&r);
}

/* SCARD_E_NO_READERS_AVAILABLE is an answer, not a failure: none. */
static uk_err list_readers(uk_pcsc *p, size_t cap, size_t *count)
{
	DWORD n = sizeof(p->names);
	LONG rv = SCardListReaders(p->ctx, NULL, p->names, &n);

	*count = 0;
	if (rv == SCARD_E_NO_READERS_AVAILABLE)
		return uk_ok();
	UK_TRY(uk_pcsc_err(rv, UK_ASKED_SERVICE));
	if (n > sizeof(p->names))
		return uk_fail(UK_ERR_FORMAT);
	return fill_table(p, n, cap, count);
}

static uk_err describe(const SCARD_READERSTATE *s, uk_reader_state *out)
{
	DWORD now = s->dwEventState;
	uk_buf atr = UK_BUF(out->atr);

	*out = (uk_reader_state){ 0 };
	UK_TRY(uk_copy_str(
	    out->name, sizeof(out->name), uk_view_str(s->szReader)));
	out->present = (now & SCARD_STATE_PRESENT) != 0 &&
		       (now & SCARD_STATE_MUTE) == 0;
	out->exclusive = (now & SCARD_STATE_EXCLUSIVE) != 0;
	out->events = (uint32_t)(now >> 16 & 0xffff);
	if (!out->present)
		return uk_ok();
	if (s->cbAtr > sizeof(s->rgbAtr))
		return uk_fail(UK_ERR_FORMAT);
	uk_put(&atr, uk_view(s->rgbAtr, s->cbAtr));
	out->atr_len = atr.len;
	return uk_buf_result(&atr);
}

/* One look; SCARD_E_UNKNOWN_READER: one left between the two calls. */
static uk_err look(uk_pcsc *p, size_t cap, size_t *n)
{
	LONG rv;

	UK_TRY(list_readers(p, cap, n));
	if (*n == 0)
		return uk_ok();
	rv = SCardGetStatusChange(p->ctx, 0, p->table, (DWORD)*n);
	return uk_pcsc_err(
	    rv == SCARD_E_TIMEOUT ? SCARD_S_SUCCESS : rv, UK_ASKED_SERVICE);
}

uk_err uk_pcsc_readers(uk_pcsc *p, uk_reader_state *out, size_t cap, size_t *n)
{
	uk_err err = uk_fail(UK_ERR_NO_READER);
	size_t count = 0;

	*n = 0;
	for (int tries = 0; uk_is(err, UK_ERR_NO_READER) && tries < 3; tries++)
		err = look(p, cap, &count);
	for (size_t i = 0; uk_is_ok(err) && i < count; i++)
		err = describe(&p->table[i], &out[i]);
	if (uk_is_ok(err))
		*n = count;
	return err;
}

/* --- waiting ------------------------------------------------------------- */

static bool same_readers(
    const uk_pcsc *p, size_t count, const uk_reader_state *known, size_t n)
{
	if (count != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!uk_bytes_eq(uk_view_str(p->table[i].szReader),
			uk_view_str(known[i].name)))
			return false;
	}
	return true;
}

static void expect_known(uk_pcsc *p, const uk_reader_state *known, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		p->table[i].szReader = known[i].name;
		p->table[i].dwCurrentState =
		    (DWORD)known[i].events << 16 |
		    (known[i].present ? SCARD_STATE_PRESENT
				      : SCARD_STATE_EMPTY) |
		    (known[i].exclusive ? SCARD_STATE_EXCLUSIVE : 0);
	}
	p->table[n] = (SCARD_READERSTATE){ .szReader = PNP_NAME };
}

/* Did anything happen that uk_pcsc_readers would show? The service also wakes
 * us for a mute card, or when others connect: that is fed back as known. */
static bool differs(uk_pcsc *p, const uk_reader_state *known, size_t n)
{
	bool changed = (p->table[n].dwEventState & SCARD_STATE_CHANGED) != 0;
	uk_reader_state now;

	for (size_t i = 0; i < n; i++) {
		if ((p->table[i].dwEventState & SCARD_STATE_UNKNOWN) != 0 ||
		    !uk_is_ok(describe(&p->table[i], &now)) ||
		    now.present != known[i].present ||
		    now.exclusive != known[i].exclusive ||
		    now.events != known[i].events)
			changed = true;
	}
	for (size_t i = 0; i <= n; i++)
		p->table[i].dwCurrentState = p->table[i].dwEventState &
					     ~(DWORD)SCARD_STATE_CHANGED;
	return changed;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uk_err wait_for_change(
    uk_pcsc *p, const uk_reader_state *known, size_t n, unsigned timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	size_t count;
	LONG rv;

	UK_TRY(list_readers(p, UK_READERS_MAX, &count));
	if (!same_readers(p, count, known, n))
		return uk_ok();
	expect_known(p, known, n);
	for (int64_t left = timeout_ms; left >= 0; left = end - now_ms()) {
		if (atomic_load(&p->cancelled))
			return uk_fail(UK_ERR_CANCELLED);
		rv = SCardGetStatusChange(
		    p->ctx, (DWORD)left, p->table, (DWORD)n + 1);
		if (rv == SCARD_E_UNKNOWN_READER)
			return uk_ok(); /* one of the known has left */
		UK_TRY(uk_pcsc_err(rv, UK_ASKED_SERVICE));
		if (differs(p, known, n))
			return uk_ok();
	}
	return uk_fail(UK_ERR_TIMEOUT);
}

uk_err uk_pcsc_wait(
    uk_pcsc *p, const uk_reader_state *known, size_t n, unsigned timeout_ms)
{
	uk_err err;

	if (n > UK_READERS_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	atomic_store(&p->waiting, true);
	err = wait_for_change(p, known, n, timeout_ms);
	atomic_store(&p->waiting, false);
	if (atomic_exchange(&p->cancelled, false))
		return uk_fail(UK_ERR_CANCELLED);
	return err;
}

/* SCardCancel is lost on a context that is only about to block, so it is said
 * until the other thread has come back; for a second at most. */
void uk_pcsc_cancel(uk_pcsc *p)
{
	const struct timespec pause = { 0, 5 * 1000 * 1000 };

	atomic_store(&p->cancelled, true);
	for (int i = 0; atomic_load(&p->waiting) && i < 200; i++) {
		(void)SCardCancel(p->ctx);
		nanosleep(&pause, NULL);
	}
}
