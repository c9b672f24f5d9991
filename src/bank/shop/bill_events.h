/*
 * What a customer's client is told: one row per change of one of his bills,
 * numbered for him from 1 without gaps, so that a client that was away asks for
 * what came after the last number it has seen.
 */
#ifndef BANK_BILL_EVENTS_H
#define BANK_BILL_EVENTS_H

#include "store.h"

/* News (news.h): the customer of this number has a new event. */
#define BANK_NEWS_BILLS "bills"

enum { BANK_EVENTS_KEPT = 30 * 86400, BANK_EVENTS_AT_ONCE = 50 };

struct bank_bill_event {
	int64_t number, bill, time;
	char kind[16]; /* "new", "paid", "told" ... */
};

/* In the transaction of what is told. */
UK_RESULT bank_event_add(struct bank_store *s, int64_t customer, int64_t bill,
    const char *kind, int64_t now);
/* Those after a number, in order, at most so many; *n = how many. */
UK_RESULT bank_events_after(struct bank_store *s, int64_t customer,
    int64_t after, size_t room, struct bank_bill_event *out, size_t *n);
/* The number of the last one, 0 if there was none. */
UK_RESULT bank_events_last(
    struct bank_store *s, int64_t customer, int64_t *number);
UK_RESULT bank_events_forget(struct bank_store *s, int64_t before);

#endif
