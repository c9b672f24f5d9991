/*
 * Questions to OCSP responders on the event loop, and the requests that wait
 * for them: one question per certificate, however many wait; they are served
 * again when it is answered, or when its time is over.
 */
#ifndef BANK_STATUS_LOOP_H
#define BANK_STATUS_LOOP_H

#include "answers.h"

struct bank_status_loop;

enum {
	BANK_STATUS_FLIGHTS = 16, /* questions at a time */
	BANK_STATUS_WAITERS = 256 /* requests */
};

/* b->ask becomes ours. All is borrowed. */
UK_RESULT bank_status_loop_open(struct bank *b, struct event_base *base,
    struct bank_answers *answers, struct bank_status_loop **out);
/* Before the answers go; who waits goes with his connection. Accepts NULL. */
void bank_status_loop_close(struct bank_status_loop **l);
/* Takes over a request that waits for this certificate's status. */
void bank_status_loop_wait(struct bank_status_loop *l,
    struct evhttp_request *req, const uint8_t certificate[BANK_FINGERPRINT]);

#endif
