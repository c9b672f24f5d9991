/*
 * The driver before a whole card: the virtual one, in memory, behind a link
 * that can lose any exchange or let the card refuse it.
 */
#ifndef UKEY_LIVE_H
#define UKEY_LIVE_H

#include "card.h"

enum live_failure {
	LOST_BEFORE, /* the card is gone; the command never reached it */
	LOST_AFTER,  /* the card did it, and then was gone */
	REFUSED,     /* 6581, once: memory failure, nothing was changed */
	LIVE_FAILURES
};

struct live;

/* A card in use: PIN 1234, PUK 12345678, keys 01 ("login", id B1B2B3B4) and 02
 * ("transfer", id A1A2A3A4) on P-256, both certificates, and in each directory
 * an entry that nobody understands. */
struct live *live_new(void);
void live_free(struct live **l);
/* Reset, as when it is put in again; a driver that finds it. */
void live_insert(struct live *l);
uk_card *live_card(struct live *l);
void live_login(struct live *l);
/* The nth exchange from now on fails; 0: none. Was there one that did? */
void live_fail(struct live *l, unsigned nth, enum live_failure how);
bool live_failed(const struct live *l);
/* Exchanges since live_insert or live_fail. */
unsigned live_exchanges(const struct live *l);
/* One command as it is, the answer with its status word. */
uk_bytes live_raw(struct live *l, const char *command);
/* All objects with their contents, as text, as a driver new to the card sees
 * them; the caller frees it with free. Inserts the card anew. */
char *live_listing(struct live *l);
/* An object by its label; fails the test if there is none. */
const uk_object *live_find(
    struct live *l, enum uk_object_kind kind, const char *label);
/* The foreign entries, and the public half of key 01 that somebody listed by
 * its id alone, are in the directories, byte for byte. */
void live_expect_foreign(struct live *l);

#endif
