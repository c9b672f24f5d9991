/*
 * Clients that wait for bills: streams of server-sent events (HTML Living
 * Standard, 9.2) and long polls.
 *
 * What a client is told is read from the database, after the number it has seen
 * last; so nothing is kept for it here but that number, and a stream that
 * breaks is resumed anywhere. Waiting is measured in steady seconds, which
 * nobody sets (bank_steady_now); sessions end by the clock.
 */
#ifndef BANK_WATCH_H
#define BANK_WATCH_H

#include "answers.h"
#include "routes.h"

struct bank_watch;
struct evhttp_connection;
struct evhttp_request;

enum { BANK_WATCH_EACH = 8 }; /* waiting connections of one customer */

/* room: watchers at a time. alive is told of connections that have shown life
 * (so that nobody hangs up on them). All is borrowed. */
UK_RESULT bank_watch_open(struct bank *b, struct bank_answers *answers,
    size_t room, int64_t beat_seconds,
    void (*alive)(void *arg, struct evhttp_connection *c), void *arg,
    struct bank_watch **out);
/* Before the answers go: who waits is let go. Accepts NULL. */
void bank_watch_close(struct bank_watch **w);

/* Takes over the request: answers it now or later. */
void bank_watch_start(struct bank_watch *w, struct evhttp_request *req,
    uk_bytes token, const struct bank_later *later, int64_t steady);
/* Something is new for this customer. */
void bank_watch_mark(struct bank_watch *w, int64_t customer);
/* Tells those who are marked. What was collected must be on the disk. */
void bank_watch_push(struct bank_watch *w);
/* Once a second: heartbeats, time-outs, sessions that have ended by now. */
void bank_watch_tick(struct bank_watch *w, int64_t now, int64_t steady);
/* How many wait. */
size_t bank_watch_used(const struct bank_watch *w);

#endif
