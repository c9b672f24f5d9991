/*
 * What a merchant has to be told, until he acknowledges it.
 *
 * Whoever takes up a delivery moves its next time first: so when the server is
 * killed in between, it comes again by itself, and several servers do not call
 * at once. Merchants may hear the same thing twice; its number is the same.
 */
#ifndef BANK_DELIVERIES_H
#define BANK_DELIVERIES_H

#include "store.h"

enum {
	BANK_DELIVERY_PAUSE = 900,       /* longest pause, seconds */
	BANK_DELIVERY_TRIES = 3 * 86400, /* given up after, seconds */
};

/* In the transaction of what is told. */
UK_RESULT bank_delivery_add(
    struct bank_store *s, int64_t bill, const char *event, int64_t now);

struct bank_delivery {
	int64_t id, bill, tries;
	char event[16];
};
/* Due ones of merchants that are not disabled, the longest waiting first, at
 * most so many. */
UK_RESULT bank_deliveries_due(struct bank_store *s, int64_t now, size_t room,
    struct bank_delivery *out, size_t *n);
/* How far the call about a bill has come. UK_ERR_NOT_FOUND: there is nothing to
 * tell, or not yet. */
struct bank_delivery_state {
	char event[16], state[16]; /* "waiting", "done", "given-up" */
	int64_t tries, next;       /* next: when, while it is waiting */
};
UK_RESULT bank_delivery_of(
    struct bank_store *s, int64_t bill, struct bank_delivery_state *out);
/* The pause before try number `tries` + 1: 1, 2, 4 ... seconds, give or take a
 * quarter by `random`. */
int64_t bank_delivery_pause(int64_t tries, uint8_t random);
/* UK_ERR_CONDITIONS: somebody else was faster. */
UK_RESULT bank_delivery_claim(struct bank_store *s,
    const struct bank_delivery *d, int64_t now, int64_t next);
/* The merchant has acknowledged: the bill says so, and the customer is told.
 * *customer: who (0: nobody, or it was done before). A transaction of its own.
 */
UK_RESULT bank_delivery_done(struct bank_store *s,
    const struct bank_delivery *d, int64_t now, int64_t *customer);
/* Those that have been tried too long are given up; *n = how many. */
UK_RESULT bank_deliveries_give_up(
    struct bank_store *s, int64_t now, int64_t *n);

#endif
