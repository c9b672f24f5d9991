/*
 * News of this and other servers (store/news.h) in the event loop: whoever
 * subscribed to a topic is called when something of it was committed anywhere.
 */
#ifndef BANK_NEWSROOM_H
#define BANK_NEWSROOM_H

#include "news.h"

struct bank_newsroom;
struct event_base;

/* n->topic empty: some may have been missed; look into the tables. Called from
 * the event loop, between rounds. */
typedef void bank_news_fn(void *arg, const struct bank_news *n);

enum { BANK_SUBSCRIBERS_MAX = 16 };

/* Both are borrowed. */
UK_RESULT bank_newsroom_open(
    struct event_base *base, struct bank_store *s, struct bank_newsroom **out);
void bank_newsroom_close(struct bank_newsroom **r); /* accepts NULL */
/* topic: a string literal. UK_ERR_TOO_SMALL: too many. */
UK_RESULT bank_newsroom_subscribe(
    struct bank_newsroom *r, const char *topic, bank_news_fn *fn, void *arg);

#endif
