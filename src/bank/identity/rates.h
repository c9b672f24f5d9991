/*
 * How often somebody may do something: token buckets.
 *
 * A bucket belongs to a kind of deed and to a key: an address, a certificate,
 * an account. It holds `burst` tokens when full, gets `per_minute` of them back
 * in a minute, and each deed costs some. The table is bounded; the bucket that
 * was touched least lately makes room, so whoever floods the table with keys
 * gets fresh buckets for himself but fills nobody's memory: what must be
 * counted for sure needs a room larger than the number of its keys.
 *
 * Nothing here knows a name that somebody merely claims: to count failures
 * against a customer, take the key of what he really proved (a certificate
 * whose signature verified), or else anybody could lock him out.
 */
#ifndef BANK_RATES_H
#define BANK_RATES_H

#include "crypto.h"

struct bank_rate {
	int64_t burst;      /* 0: no limit */
	int64_t per_minute; /* at least 1 */
};

struct bank_rates;

/* kinds: n rows, borrowed; a kind is its place in them. room: buckets. */
UK_RESULT bank_rates_open(uk_crypto *c, const struct bank_rate *kinds, size_t n,
    size_t room, struct bank_rates **out);
void bank_rates_close(struct bank_rates **l); /* accepts NULL */

/* Takes `cost` tokens at `now_ms`; false, and nothing taken, if there are not
 * enough. cost 0 asks whether there is at least one. */
bool bank_rates_take(struct bank_rates *l, size_t kind, uk_bytes key,
    int64_t cost, int64_t now_ms);
/* Gives tokens back: the deed was a good one. */
void bank_rates_give(struct bank_rates *l, size_t kind, uk_bytes key,
    int64_t tokens, int64_t now_ms);

#endif
