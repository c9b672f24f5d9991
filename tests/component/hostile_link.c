/* A card that turns hostile. */
#include "hostile_link.h"

#include "apdu.h"
#include "cmocka_all.h"
#include "fixtures.h"

#include <malloc.h>
#include <stdlib.h>

struct hostile {
	uk_link base;
	uk_link *script;
	size_t left; /* steps of the script */
	enum hostile_way way;
};

struct hostile_log hostile_log;

/* --- the heap ------------------------------------------------------------- */

static size_t heap, heap_before;

/* The linker's --wrap sends the calls of all object files here. */
void *__real_calloc(size_t count, size_t size);
void __real_free(void *p);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *p);

void *__wrap_calloc(size_t count, size_t size)
{
	void *p = __real_calloc(count, size);

	if (p != NULL)
		heap += malloc_usable_size(p);
	if (heap - heap_before > hostile_log.heap_peak && heap > heap_before)
		hostile_log.heap_peak = heap - heap_before;
	return p;
}

void __wrap_free(void *p)
{
	size_t n = p == NULL ? 0 : malloc_usable_size(p);

	heap -= n < heap ? n : heap; /* some have come by other ways */
	__real_free(p);
}

void hostile_reset(void)
{
	hostile_log = (struct hostile_log){ 0 };
	heap_before = heap;
}

/* --- answers -------------------------------------------------------------- */

static const struct way_row {
	const char *pattern; /* repeated; NULL: zeros */
	enum { NO_BYTES, ONE, AS_ASKED, ONE_MORE, MOST, TOO_MANY } length;
	const char *status;
} rows[HOSTILE_WAYS] = {
	[HOSTILE_DROPS] = { NULL, ONE, "61FF" },
	[HOSTILE_PIECES] = { NULL, AS_ASKED, "6100" },
	[HOSTILE_LE] = { NULL, NO_BYTES, "6C01" },
	[HOSTILE_FULL] = { "30", AS_ASKED, "9000" },
	[HOSTILE_LONGER] = { "30", ONE_MORE, "9000" },
	[HOSTILE_HUGE] = { "30", MOST, "9000" },
	[HOSTILE_BEYOND] = { "30", TOO_MANY, "9000" },
	[HOSTILE_EMPTY] = { NULL, NO_BYTES, "9000" },
	[HOSTILE_HALF] = { "30", ONE, "9000" },
	[HOSTILE_WARNING] = { "30", AS_ASKED, "6282" },
	[HOSTILE_NESTED] = { "3080", AS_ASKED, "9000" },
	[HOSTILE_PROMISES] = { "53823FF070823FEC30823FE8", AS_ASKED, "6100" },
	[HOSTILE_LISTS] = { "3012 3003 0C0141 3003 040111 A106 3004 3002 0400",
	    AS_ASKED, "9000" },
	[HOSTILE_TRIES] = { NULL, NO_BYTES, "63C3" },
	[HOSTILE_BUSY] = { NULL, NO_BYTES, "9F10" },
};

static size_t length_of(const struct way_row *row, uk_bytes cmd)
{
	uk_cmd c;
	size_t asked = uk_is_ok(uk_cmd_decode(cmd, &c)) ? c.le : 0;

	switch (row->length) {
	case ONE:
		return 1;
	case AS_ASKED:
		return asked;
	case ONE_MORE:
		return asked + 1;
	case MOST:
		return UK_LE_MAX;
	case TOO_MANY:
		return UK_LE_MAX + 1;
	default:
		return 0;
	}
}

static uk_err answer(const struct way_row *row, uk_bytes cmd, uk_buf *resp)
{
	uk_bytes pattern = hex(row->pattern == NULL ? "00" : row->pattern);
	size_t left = length_of(row, cmd);

	while (left > 0 && !resp->bad) {
		uk_bytes part = uk_bytes_first(pattern, left);

		uk_put(resp, part);
		left -= part.n;
	}
	uk_put(resp, hex(row->status));
	return uk_buf_result(resp);
}

static uk_err hostile_transmit(
    uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	struct hostile *h = (struct hostile *)l;

	if (h->left > 0) {
		h->left--;
		return uk_link_transmit(h->script, cmd, resp, secret);
	}
	hostile_log.commands++;
	hostile_log.secrets += secret;
	return answer(&rows[h->way], cmd, resp);
}

static uk_err hostile_begin(uk_link *l)
{
	(void)l;
	return uk_ok();
}

static void hostile_end(uk_link *l, enum uk_card_fate fate)
{
	(void)l;
	(void)fate;
}

static void hostile_close(uk_link *l, enum uk_card_fate fate)
{
	struct hostile *h = (struct hostile *)l;

	uk_link_close(&h->script, fate);
	free(h);
}

static const struct uk_link_ops hostile_ops = {
	.transmit = hostile_transmit,
	.begin = hostile_begin,
	.end = hostile_end,
	.close = hostile_close,
};

uk_link *hostile_link(
    const struct script_step *steps, size_t count, enum hostile_way way)
{
	struct hostile *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->base.ops = &hostile_ops;
	h->script = script_link(steps, count);
	h->left = count;
	h->way = way;
	return &h->base;
}
