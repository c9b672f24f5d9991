/*
 * Sessions in memory: an array, found by the token's hash and by customer, and
 * a list of all of them in the order of their last use. The one that was used
 * least lately runs out first, so making room never searches: one that is over
 * because it is too old is not used any more, and soon at the end of the list.
 */
#include "index.h"
#include "secret.h"
#include "sessions_impl.h"

#define NONE UK_INDEX_NONE

struct place {
	uint8_t hash[32];
	struct bank_session session; /* customer 0: free */
	size_t older, newer;         /* by last use; a free one: older is the
				      * next free one */
};

struct kept {
	struct bank_session_rules rules;
	struct place *places;
	uk_index by_hash, by_customer;
	size_t oldest, newest, free, fresh; /* fresh: never used from there */
	size_t count;
};

static void close_kept(void *arg)
{
	struct kept *k = arg;

	if (k == NULL)
		return;
	uk_index_close(&k->by_hash);
	uk_index_close(&k->by_customer);
	uk_free(k->places);
	uk_free(k);
}

uk_err bank_kept_open_memory(const struct bank_session_rules *r, void **kept)
{
	struct kept *k = uk_new(sizeof(*k));

	*kept = k;
	if (k == NULL)
		return uk_fail(UK_ERR_MEMORY);
	k->rules = *r;
	k->oldest = k->newest = k->free = NONE;
	k->places = uk_new_array(r->room, sizeof(*k->places));
	if (k->places == NULL)
		return uk_fail(UK_ERR_MEMORY);
	UK_TRY(uk_index_open(&k->by_hash, r->room));
	return uk_index_open(&k->by_customer, r->room);
}

/* --- the list by use ----------------------------------------------------- */

static void unlink_place(struct kept *k, size_t at)
{
	struct place *p = &k->places[at];

	if (p->older == NONE)
		k->oldest = p->newer;
	else
		k->places[p->older].newer = p->newer;
	if (p->newer == NONE)
		k->newest = p->older;
	else
		k->places[p->newer].older = p->older;
}

static void link_newest(struct kept *k, size_t at)
{
	struct place *p = &k->places[at];

	p->older = k->newest;
	p->newer = NONE;
	if (k->newest == NONE)
		k->oldest = at;
	else
		k->places[k->newest].newer = at;
	k->newest = at;
}

/* --- one session --------------------------------------------------------- */

static uint64_t by_customer(const struct place *p)
{
	return uk_index_mix((uint64_t)p->session.customer);
}

static void drop(struct kept *k, size_t at)
{
	struct place *p = &k->places[at];

	uk_index_remove(&k->by_hash, at, uk_index_of(UK_ARRAY(p->hash)));
	uk_index_remove(&k->by_customer, at, by_customer(p));
	unlink_place(k, at);
	uk_wipe(p, sizeof(*p));
	p->older = k->free;
	k->free = at;
	k->count--;
}

static bool is_over(const struct kept *k, size_t at, int64_t now)
{
	return bank_session_ends(&k->rules, &k->places[at].session) <= now;
}

static size_t find(const struct kept *k, uk_bytes hash)
{
	size_t at = uk_index_first(&k->by_hash, uk_index_of(hash));

	while (at != NONE && !uk_bytes_eq(UK_ARRAY(k->places[at].hash), hash))
		at = uk_index_next(&k->by_hash, at);
	return at;
}

/* If the customer has as many as he may, his least used one ends. */
static void make_room_of(struct kept *k, int64_t customer)
{
	size_t at = uk_index_first(
	    &k->by_customer, uk_index_mix((uint64_t)customer));
	size_t n = 0, oldest = NONE;

	for (; at != NONE; at = uk_index_next(&k->by_customer, at)) {
		const struct place *p = &k->places[at];

		if (p->session.customer != customer)
			continue;
		n++;
		if (oldest == NONE ||
		    p->session.used < k->places[oldest].session.used ||
		    (p->session.used == k->places[oldest].session.used &&
			p->session.began <= k->places[oldest].session.began))
			oldest = at;
	}
	if (n >= k->rules.each)
		drop(k, oldest);
}

static size_t take_place(struct kept *k, int64_t now)
{
	size_t at;

	if (k->free == NONE && k->fresh == k->rules.room && k->oldest != NONE &&
	    is_over(k, k->oldest, now))
		drop(k, k->oldest);
	at = k->free;
	if (at != NONE)
		k->free = k->places[at].older;
	else if (k->fresh < k->rules.room)
		at = k->fresh++;
	return at;
}

static enum bank_code put(
    void *arg, uk_bytes hash, const struct bank_session *session, int64_t now)
{
	struct kept *k = arg;
	struct place *p;
	size_t at;

	make_room_of(k, session->customer);
	at = take_place(k, now);
	if (at == NONE)
		return BANK_BUSY;
	p = &k->places[at];
	p->session = *session;
	/* 32 bytes, from our own hand */
	UK_IGNORE(uk_copy_exact(p->hash, sizeof(p->hash), hash));
	uk_index_add(&k->by_hash, at, uk_index_of(hash));
	uk_index_add(&k->by_customer, at, by_customer(p));
	link_newest(k, at);
	k->count++;
	return BANK_OK;
}

static enum bank_code use(
    void *arg, uk_bytes hash, int64_t now, struct bank_session *out)
{
	struct kept *k = arg;
	size_t at = find(k, hash);

	if (at == NONE)
		return BANK_NO_SESSION;
	if (is_over(k, at, now)) {
		drop(k, at);
		return BANK_NO_SESSION;
	}
	k->places[at].session.used = now;
	unlink_place(k, at);
	link_newest(k, at);
	*out = k->places[at].session;
	return BANK_OK;
}

static void end(void *arg, uk_bytes hash)
{
	struct kept *k = arg;
	size_t at = find(k, hash);

	if (at != NONE)
		drop(k, at);
}

static size_t count(void *arg)
{
	return ((struct kept *)arg)->count;
}

const struct bank_session_kind bank_kept_memory = { put, use, end, count,
	close_kept };
