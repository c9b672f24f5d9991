/*
 * Calls to merchants: signed POSTs by libcurl, on the server's event loop, so
 * that a merchant who is slow keeps nobody waiting. What is to be told stands
 * in the database (deliveries.h) until a signed answer has acknowledged it.
 */
#ifndef BANK_CALLBACKS_H
#define BANK_CALLBACKS_H

#include "bank.h"

struct bank_callbacks;
struct event_base;

enum {
	BANK_CALLBACKS_MAX = 16,    /* at a time */
	BANK_CALLBACKS_EACH = 2,    /* to one merchant */
	BANK_CALLBACK_SECONDS = 10, /* for the whole of one */
	BANK_CALLBACK_ANSWER = 4096 /* bytes of the answer */
};

/* done is told of customers whose merchant has acknowledged. Borrows b and
 * base. */
UK_RESULT bank_callbacks_open(
    struct bank *b, struct event_base *base, struct bank_callbacks **out);
/* Before the base goes; what runs is tried again later. Accepts NULL. */
void bank_callbacks_close(struct bank_callbacks **c);
/* Begins those that are due. What was collected must be on the disk; what this
 * writes has to be put there by the caller, before the loop goes on. */
void bank_callbacks_run(struct bank_callbacks *c, int64_t now);

#endif
