/*
 * Answers that wait for the disk (store.h, group commit).
 *
 * While the store collects, whatever a handler has answered is told only when
 * it is on the disk: also answers that only read, because they may have read
 * what is not there yet. The commit happens when no request is left to be read,
 * so a lonely request waits for nobody and a busy server commits many at once.
 */
#ifndef BANK_ANSWERS_H
#define BANK_ANSWERS_H

#include "proto.h"
#include "store.h"

#include <jansson.h>

struct bank_answers;
struct event_base;
struct evhttp_request;

enum { BANK_PRIORITIES = 3 }; /* that the event base must have */

/* The store begins to collect. Both are borrowed. */
UK_RESULT bank_answers_open(struct event_base *base, struct bank_store *store,
    struct bank_answers **out);
/* Before the connections and the base go: what waits is committed and sent.
 * Accepts NULL. */
void bank_answers_close(struct bank_answers **a);
/* Takes over answer (NULL: there was no memory for it). */
void bank_answers_send(struct bank_answers *a, struct evhttp_request *req,
    enum bank_code code, json_t *answer);

#endif
