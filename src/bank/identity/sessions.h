/*
 * Who is logged in: in memory, so many and no more. A session is known by the
 * SHA-256 of its token; the token itself is kept nowhere.
 */
#ifndef BANK_SESSIONS_H
#define BANK_SESSIONS_H

#include "crypto.h"
#include "proto.h"

enum {
	BANK_SESSION_IDLE_SECONDS = 10 * 60,
	BANK_SESSION_SECONDS = 60 * 60,
	BANK_SESSIONS_EACH =
	    8, /* of one customer; a further one ends the oldest */
	BANK_SESSION_TEXT = 64 /* hex of 256 random bits */
};

struct bank_sessions;

UK_RESULT bank_sessions_open(
    uk_crypto *c, size_t room, struct bank_sessions **out);
void bank_sessions_close(struct bank_sessions **s); /* accepts NULL */

/* Appends the token. BANK_BUSY if all places are taken. */
enum bank_code bank_sessions_add(struct bank_sessions *s, int64_t customer,
    int64_t now, uk_buf *token, int64_t *expires);
/* BANK_NO_SESSION, or whose it is; counts as use. */
enum bank_code bank_sessions_find(
    struct bank_sessions *s, uk_bytes token, int64_t now, int64_t *customer);
void bank_sessions_end(struct bank_sessions *s, uk_bytes token);

#endif
