/*
 * Used nonces in memory: a set of 64-bit numbers for each minute in which they
 * run out, so that forgetting is dropping a whole set. Their tags are MACs, so
 * the first 8 bytes are as good as random to everybody: they are both hash and
 * key. Two of five million share them once in a million times; then somebody
 * has to log in again.
 */
#include "index.h"
#include "nonces_impl.h"

enum {
	WINDOW = 60,
	WINDOWS = BANK_NONCE_SECONDS / WINDOW + 2,
	FIRST_CAP = 1024
};

struct window {
	int64_t number;  /* of the minute */
	size_t cap, n;   /* cap: a power of two, at least 2 n */
	uint64_t *slots; /* 0: free */
};

struct used {
	size_t room, n;
	struct window windows[WINDOWS];
};

static void empty(struct used *u, struct window *w)
{
	u->n -= w->n;
	uk_free(w->slots);
	*w = (struct window){ 0, 0, 0, NULL };
}

static void forget(void *used)
{
	struct used *u = used;

	for (size_t i = 0; i < WINDOWS; i++)
		empty(u, &u->windows[i]);
}

static void close_used(void *used)
{
	if (used != NULL)
		forget(used);
	uk_free(used);
}

uk_err bank_used_open_memory(size_t room, void **used)
{
	struct used *u = uk_new(sizeof(*u));

	*used = u;
	if (u == NULL)
		return uk_fail(UK_ERR_MEMORY);
	u->room = room;
	return uk_ok();
}

/* Where the number is, or where it would go: linear probing. */
static uint64_t *slot_of(const struct window *w, uint64_t v)
{
	size_t at = v & (w->cap - 1);

	while (w->slots[at] != 0 && w->slots[at] != v)
		at = (at + 1) & (w->cap - 1);
	return &w->slots[at];
}

static bool grow(struct window *w)
{
	struct window bigger = { w->number,
		w->cap == 0 ? FIRST_CAP : 2 * w->cap, w->n, NULL };

	bigger.slots = uk_new_array(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < w->cap; i++) {
		if (w->slots[i] != 0)
			*slot_of(&bigger, w->slots[i]) = w->slots[i];
	}
	uk_free(w->slots);
	*w = bigger;
	return true;
}

/* Those that have run out make room. */
static void drop_old(struct used *u, int64_t now)
{
	for (size_t i = 0; i < WINDOWS; i++) {
		if (u->windows[i].n > 0 &&
		    (u->windows[i].number + 1) * WINDOW <= now)
			empty(u, &u->windows[i]);
	}
}

static struct window *window_of(struct used *u, int64_t expires)
{
	int64_t number = expires / WINDOW;
	struct window *w = &u->windows[(uint64_t)number % WINDOWS];

	if (w->number != number) {
		empty(u, w);
		w->number = number;
	}
	return w;
}

static enum bank_code add(
    void *used, uk_bytes tag, int64_t expires, int64_t now)
{
	struct used *u = used;
	uint64_t v = uk_index_of(tag);
	struct window *w;
	uint64_t *slot;

	drop_old(u, now);
	w = window_of(u, expires);
	if (v == 0)
		v = 1; /* 0 is "free" */
	if (2 * (w->n + 1) > w->cap && !grow(w))
		return BANK_BUSY;
	slot = slot_of(w, v);
	if (*slot == v)
		return BANK_NONCE_UNKNOWN;
	if (u->n >= u->room)
		return BANK_BUSY;
	*slot = v;
	w->n++;
	u->n++;
	return BANK_OK;
}

const struct bank_used_kind bank_used_memory = { add, forget, close_used };
