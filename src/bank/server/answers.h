/*
 * Answers that wait for the disk (store.h, group commit).
 *
 * While the store collects, whatever a handler has answered is told only when
 * it is on the disk: also answers that only read, because they may have read
 * what is not there yet. The commit happens when no request is left to be read,
 * so a lonely request waits for nobody and a busy server commits many at once.
 * That is a round; what handlers left for its end (routes.h, bank_later) is
 * done just before the commit.
 *
 * If the database takes a round back for the sake of other servers, or was lost
 * and is there again, the requests of the round are served again from their
 * beginning: all together, then one by one, and in the end they are told that
 * the bank is busy.
 */
#ifndef BANK_ANSWERS_H
#define BANK_ANSWERS_H

#include "routes.h"

struct bank_answers;
struct event_base;
struct evhttp_request;

enum { BANK_PRIORITIES = 3 }; /* that the event base must have */

struct bank_answers_use {
	/* Serves a request, for the first time or again. */
	enum bank_code (*serve)(void *arg, struct evhttp_request *req,
	    struct bank_later *later, json_t **answer);
	/* Adds fields to an answer that later says has to be signed. */
	void (*seal)(void *arg, struct evhttp_request *req, enum bank_code code,
	    uk_bytes body);
	/* Takes over a request whose answer waits for something. */
	void (*wait)(void *arg, struct evhttp_request *req,
	    const struct bank_later *later);
	void *arg;
};

/* The bank's store begins to collect. All of these are borrowed. */
UK_RESULT bank_answers_open(struct event_base *base, struct bank *bank,
    const struct bank_answers_use *use, struct bank_answers **out);
/* Before the connections and the base go: what waits is committed and sent.
 * Accepts NULL. */
void bank_answers_close(struct bank_answers **a);
/* Serves it and sees to it that it is answered. */
void bank_answers_take(struct bank_answers *a, struct evhttp_request *req);
/* What waits is committed and sent now. */
void bank_answers_flush(struct bank_answers *a);
/* An answer that has waited elsewhere; takes over answer. */
void bank_answers_send(struct bank_answers *a, struct evhttp_request *req,
    enum bank_code code, json_t *answer);

#endif
