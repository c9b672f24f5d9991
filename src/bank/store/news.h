/*
 * News between servers of one database: "something of this topic has happened
 * to the row of this number".
 *
 * Said inside a transaction, told when that is committed and not at all if it
 * is taken back; to every listener, also of the server that said it, at most
 * once each. News may get lost (a connection breaks, nobody listened), so what
 * counts stands in tables: a listener that may have missed something is told
 * that, and looks there.
 *
 * PostgreSQL: NOTIFY and LISTEN on a connection of the listener's own. SQLite:
 * inside the process, whose the file is.
 */
#ifndef BANK_NEWS_H
#define BANK_NEWS_H

#include "store.h"

enum { BANK_TOPIC_MAX = 24 }; /* characters: lower-case letters and '-' */

struct bank_news {
	char topic[BANK_TOPIC_MAX + 1]; /* empty: some may have been missed */
	int64_t id;
};

/* Inside a transaction. UK_ERR_ARGUMENT: the topic is not one. */
UK_RESULT bank_notify(struct bank_store *s, const char *topic, int64_t id);

struct bank_listener;

/* One for each store; borrows it. */
UK_RESULT bank_listener_open(struct bank_store *s, struct bank_listener **out);
void bank_listener_close(struct bank_listener **l); /* accepts NULL */
/* To be waited for until it can be read; another one after a connection was
 * lost, and -1 as long as there is none: ask for news every second or so, by
 * which the connection is made anew. */
int bank_listener_fd(const struct bank_listener *l);
/* The next of the news; false if there is none now. */
bool bank_listener_next(struct bank_listener *l, struct bank_news *out);

#endif
