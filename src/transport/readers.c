/* PC/SC's readers, then local ones in the order of their configuration. */
#include "local.h"

#include "log.h"
#include "mem.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Nothing wakes us from two waits at once: with local readers the
	 * service is asked in slices, */
	SLICE_MS = 100,
	/* and what is not there is looked for so often. */
	RETRY_MS = 500
};

struct uk_readers {
	struct uk_readers_config config;
	_Atomic(uk_pcsc *) pcsc; /* NULL: not connected */
	_Atomic bool cancelled;
	int wake; /* an eventfd: uk_readers_cancel wakes who waits */
	struct uk_local *locals; /* config.count of them, or NULL */
	uk_reader_state now[UK_READERS_MAX];
};

uk_err uk_readers_add(struct uk_readers_config *c, const char *address)
{
	if (!uk_local_is_address(address))
		return uk_fail(UK_ERR_FORMAT);
	if (c->count == UK_LOCALS_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	UK_TRY(uk_copy_str(
	    c->local[c->count], UK_ADDRESS_MAX, uk_view_str(address)));
	c->count++;
	return uk_ok();
}

uk_err uk_readers_open(const struct uk_readers_config *config, uk_readers **out)
{
	uk_readers *r = uk_new(sizeof(*r));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (r == NULL)
		return err;
	r->config = *config;
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->wake < 0)
		goto out;
	if (config->count > 0 && (r->locals = uk_new_array(config->count,
				      sizeof(*r->locals))) == NULL)
		goto out;
	for (size_t i = 0; i < r->config.count; i++)
		uk_local_init(&r->locals[i], r->config.local[i], (unsigned)i);
	*out = r;
	r = NULL; /* handed over */
	err = uk_ok();
out:
	if (r != NULL && r->wake >= 0)
		close(r->wake);
	uk_free(r);
	return err;
}

static void close_pcsc(uk_readers *r)
{
	uk_pcsc *p = atomic_exchange(&r->pcsc, NULL);

	uk_pcsc_close(&p);
}

void uk_readers_close(uk_readers **readers)
{
	uk_readers *r = *readers;

	*readers = NULL;
	if (r == NULL)
		return;
	close_pcsc(r);
	for (size_t i = 0; i < r->config.count; i++)
		uk_local_hang_up(&r->locals[i]);
	close(r->wake);
	uk_free(r->locals);
	uk_free(r);
}

/* --- listing ---------------------------------------------------------------
 */

static uk_err open_pcsc(uk_readers *r)
{
	uk_pcsc *p = NULL;

	if (atomic_load(&r->pcsc) != NULL)
		return uk_ok();
	UK_TRY(uk_pcsc_open(&p));
	atomic_store(&r->pcsc, p);
	return uk_ok();
}

static uk_err list_pcsc(
    uk_readers *r, uk_reader_state *out, size_t cap, size_t *n)
{
	uk_err err = open_pcsc(r);

	*n = 0;
	if (uk_is_ok(err))
		err = uk_pcsc_readers(atomic_load(&r->pcsc), out, cap, n);
	if (!uk_is_ok(err) && !uk_is(err, UK_ERR_TOO_SMALL))
		close_pcsc(r); /* it went away: start afresh next time */
	return err;
}

static void describe(
    const struct uk_local *l, size_t slot, uk_reader_state *out)
{
	const struct uk_wire_slot *s = &l->slots[slot];
	uk_buf atr = UK_BUF(out->atr);

	*out = (uk_reader_state){ .present = s->present, .events = s->events };
	uk_local_name(l->number, slot, out->name);
	if (s->present)
		uk_put(&atr, uk_view(s->atr, s->atr_len));
	out->atr_len = atr.len;
}

static uk_err list_locals(
    uk_readers *r, uk_reader_state *out, size_t cap, size_t *n)
{
	for (size_t i = 0; i < r->config.count; i++) {
		struct uk_local *l = &r->locals[i];

		uk_local_refresh(l);
		for (size_t k = 0; k < l->slot_count; k++) {
			if (*n == cap)
				return uk_fail(UK_ERR_TOO_SMALL);
			describe(l, k, &out[(*n)++]);
		}
	}
	return uk_ok();
}

uk_err uk_readers_list(
    uk_readers *r, uk_reader_state *out, size_t cap, size_t *n)
{
	uk_err err = uk_ok();

	*n = 0;
	if (!r->config.no_pcsc)
		err = list_pcsc(r, out, cap, n);
	if (r->config.count == 0)
		return err;
	if (!uk_is_ok(err))
		uk_log(UK_LOG_INFO, "PC/SC: %s; local readers only",
		    uk_err_name(err));
	return list_locals(r, out, cap, n);
}

/* --- waiting ---------------------------------------------------------------
 */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool same(const uk_reader_state *a, const uk_reader_state *b)
{
	return a->present == b->present && a->exclusive == b->exclusive &&
	       a->events == b->events &&
	       uk_bytes_eq(uk_view_str(a->name), uk_view_str(b->name));
}

/* Does the list differ from what is known? One that cannot be had does. */
static bool changed(uk_readers *r, const uk_reader_state *known, size_t n)
{
	size_t count;

	if (!uk_is_ok(uk_readers_list(r, r->now, UK_READERS_MAX, &count)) ||
	    count != n)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (!same(&r->now[i], &known[i]))
			return true;
	}
	return false;
}

/* Until something local happens, or for this long. */
static void doze(uk_readers *r, int ms)
{
	struct pollfd fds[1 + UK_LOCALS_MAX] = { { r->wake, POLLIN, 0 } };

	for (size_t i = 0; i < r->config.count; i++)
		fds[1 + i] = (struct pollfd){ r->locals[i].fd, POLLIN, 0 };
	(void)poll(fds, 1 + r->config.count, ms);
}

/* How long may nobody look? */
static int nap_ms(const uk_readers *r, int64_t left)
{
	int64_t nap = left;

	if (!r->config.no_pcsc)
		nap = atomic_load(&r->pcsc) != NULL ? SLICE_MS : RETRY_MS;
	for (size_t i = 0; i < r->config.count; i++) {
		if (r->locals[i].fd < 0 && nap > RETRY_MS)
			nap = RETRY_MS;
	}
	return (int)(nap < left ? nap : left);
}

static uk_err wait_for_change(
    uk_readers *r, const uk_reader_state *known, size_t n, unsigned timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;

	for (int64_t left = timeout_ms; left >= 0; left = end - now_ms()) {
		if (atomic_load(&r->cancelled))
			return uk_fail(UK_ERR_CANCELLED);
		if (changed(r, known, n))
			return uk_ok();
		doze(r, nap_ms(r, left));
	}
	return uk_fail(UK_ERR_TIMEOUT);
}

uk_err uk_readers_wait(
    uk_readers *r, const uk_reader_state *known, size_t n, unsigned timeout_ms)
{
	uint64_t count;
	uk_err err;

	if (n > UK_READERS_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	if (r->config.count == 0 && !r->config.no_pcsc) {
		UK_TRY(open_pcsc(r));
		return uk_pcsc_wait(
		    atomic_load(&r->pcsc), known, n, timeout_ms);
	}
	err = wait_for_change(r, known, n, timeout_ms);
	if (atomic_exchange(&r->cancelled, false))
		err = uk_fail(UK_ERR_CANCELLED);
	if (read(r->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
		uk_log(UK_LOG_ERROR, "eventfd: errno %d", errno);
	return err;
}

void uk_readers_cancel(uk_readers *r)
{
	uk_pcsc *p = atomic_load(&r->pcsc);
	const uint64_t one = 1;

	if (r->config.count == 0 && !r->config.no_pcsc) {
		if (p != NULL)
			uk_pcsc_cancel(p);
		return;
	}
	atomic_store(&r->cancelled, true);
	if (write(r->wake, &one, sizeof(one)) < 0)
		return; /* full: whoever waits is awake already */
}

uk_err uk_readers_connect(uk_readers *r, const char *reader, uk_link **out)
{
	unsigned number, slot;

	*out = NULL;
	if (r->config.count == 0 ||
	    !uk_local_parse_name(reader, &number, &slot) ||
	    number >= r->config.count)
		return uk_pcsc_connect(atomic_load(&r->pcsc), reader, out);
	if (slot >= UK_WIRE_SLOTS_MAX)
		return uk_fail(UK_ERR_NO_READER);
	return uk_local_connect(r->config.local[number], slot, out);
}
