/* Token buckets, found by kind and key, in the order of their last use. */
#include "rates.h"

#include "index.h"

#define NONE UK_INDEX_NONE

enum { KEY = 16, MINUTE_MS = 60000 };

struct bucket {
	uint8_t key[KEY]; /* hash of secret, kind and key */
	int64_t level;    /* tokens * MINUTE_MS, so that nothing is rounded */
	int64_t touched;  /* ms */
	size_t older, newer;
};

struct bank_rates {
	uk_crypto *crypto; /* borrowed */
	const struct bank_rate *kinds;
	size_t kind_count, room, used;
	/* Peers choose keys: without it they would choose their chain. */
	uint8_t secret[KEY];
	struct bucket *buckets;
	uk_index index;
	size_t oldest, newest;
};

uk_err bank_rates_open(uk_crypto *c, const struct bank_rate *kinds, size_t n,
    size_t room, struct bank_rates **out)
{
	struct bank_rates *l = uk_new(sizeof(*l));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (l == NULL)
		goto out;
	l->crypto = c;
	l->kinds = kinds;
	l->kind_count = n;
	l->room = room;
	l->oldest = l->newest = NONE;
	l->buckets = uk_new_array(room, sizeof(*l->buckets));
	if (l->buckets == NULL)
		goto out;
	err = uk_index_open(&l->index, room);
	if (uk_is_ok(err))
		err = uk_random(c, l->secret, sizeof(l->secret));
	if (!uk_is_ok(err))
		goto out;
	*out = l;
	l = NULL; /* handed over */
out:
	bank_rates_close(&l);
	return err;
}

void bank_rates_close(struct bank_rates **l)
{
	if (*l == NULL)
		return;
	uk_index_close(&(*l)->index);
	uk_free((*l)->buckets);
	uk_free(*l);
	*l = NULL;
}

/* --- the list by use ----------------------------------------------------- */

static void unlink_bucket(struct bank_rates *l, size_t at)
{
	struct bucket *b = &l->buckets[at];

	if (b->older == NONE)
		l->oldest = b->newer;
	else
		l->buckets[b->older].newer = b->newer;
	if (b->newer == NONE)
		l->newest = b->older;
	else
		l->buckets[b->newer].older = b->older;
}

static void link_newest(struct bank_rates *l, size_t at)
{
	struct bucket *b = &l->buckets[at];

	b->older = l->newest;
	b->newer = NONE;
	if (l->newest == NONE)
		l->oldest = at;
	else
		l->buckets[l->newest].newer = at;
	l->newest = at;
}

/* --- one bucket ---------------------------------------------------------- */

static uk_err hash_key(
    struct bank_rates *l, size_t kind, uk_bytes key, uk_buf *out)
{
	const uint8_t number = (uint8_t)kind;
	const uk_bytes parts[] = { UK_ARRAY(l->secret), uk_view(&number, 1),
		key };

	return uk_hash_parts(l->crypto, UK_HASH_SHA256, parts, 3, out);
}

static size_t find(const struct bank_rates *l, uk_bytes key)
{
	size_t at = uk_index_first(&l->index, uk_index_of(key));

	while (at != NONE && !uk_bytes_eq(UK_ARRAY(l->buckets[at].key), key))
		at = uk_index_next(&l->index, at);
	return at;
}

static size_t make(struct bank_rates *l, size_t kind, uk_bytes key, int64_t now)
{
	size_t at = l->used;
	struct bucket *b;

	if (at < l->room) {
		l->used++;
	} else {
		at = l->oldest;
		unlink_bucket(l, at);
		uk_index_remove(
		    &l->index, at, uk_index_of(UK_ARRAY(l->buckets[at].key)));
	}
	b = &l->buckets[at];
	UK_IGNORE(uk_copy_exact(b->key, sizeof(b->key), key)); /* it fits */
	b->level = l->kinds[kind].burst * MINUTE_MS;
	b->touched = now;
	uk_index_add(&l->index, at, uk_index_of(key));
	link_newest(l, at);
	return at;
}

static void add(struct bucket *b, const struct bank_rate *k, int64_t tokens)
{
	int64_t most = k->burst * MINUTE_MS;

	b->level = tokens >= most - b->level ? most : b->level + tokens;
}

/* What has come in since it was touched. A clock set back brings nothing. */
static void fill(struct bucket *b, const struct bank_rate *k, int64_t now)
{
	int64_t ms = now - b->touched;

	b->touched = now;
	if (ms <= 0)
		return;
	if (ms > INT64_MAX / 2 / k->per_minute)
		ms = INT64_MAX / 2 / k->per_minute;
	add(b, k, ms * k->per_minute);
}

/* NULL: there is no limit on this, or no memory to hash. */
static struct bucket *bucket_of(
    struct bank_rates *l, size_t kind, uk_bytes key, int64_t now)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);
	uk_bytes short_key;
	size_t at;

	if (kind >= l->kind_count || l->kinds[kind].burst <= 0 ||
	    !uk_is_ok(hash_key(l, kind, key, &hash)))
		return NULL;
	short_key = uk_bytes_first(uk_buf_view(&hash), KEY);
	at = find(l, short_key);
	if (at == NONE) {
		at = make(l, kind, short_key, now);
	} else {
		unlink_bucket(l, at);
		link_newest(l, at);
	}
	fill(&l->buckets[at], &l->kinds[kind], now);
	return &l->buckets[at];
}

bool bank_rates_take(struct bank_rates *l, size_t kind, uk_bytes key,
    int64_t cost, int64_t now_ms)
{
	struct bucket *b = bucket_of(l, kind, key, now_ms);
	int64_t need = (cost > 0 ? cost : 1) * MINUTE_MS;

	if (b == NULL)
		return true;
	if (b->level < need)
		return false;
	if (cost > 0)
		b->level -= need;
	return true;
}

void bank_rates_give(struct bank_rates *l, size_t kind, uk_bytes key,
    int64_t tokens, int64_t now_ms)
{
	struct bucket *b = bucket_of(l, kind, key, now_ms);

	if (b != NULL && tokens > 0)
		add(b, &l->kinds[kind], tokens * MINUTE_MS);
}
