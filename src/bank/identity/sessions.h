/*
 * Who is logged in.
 *
 * A session is known by the SHA-256 of its token; the token itself is kept
 * nowhere. It ends when it was not used for some time, some time after it began
 * at the latest, when its owner begins too many others, and with logout. It
 * remembers by which certificate it was begun, so that whoever asks can see
 * whether that is still good.
 *
 * Two kinds, as with nonces.h: in the memory of one server, and in the database
 * that several share.
 */
#ifndef BANK_SESSIONS_H
#define BANK_SESSIONS_H

#include "crypto.h"
#include "proto.h"
#include "store.h"

enum {
	BANK_SESSION_TEXT = 64,       /* hex of 256 random bits */
	BANK_SESSION_CERTIFICATE = 32 /* SHA-256 of its DER */
};

struct bank_session_rules {
	int64_t idle_seconds, seconds;
	size_t room; /* in memory; BANK_BUSY beyond it */
	size_t each; /* of one customer; a further one ends his oldest */
};

struct bank_session {
	int64_t customer;
	/* All zeros: not begun by a certificate. */
	uint8_t certificate[BANK_SESSION_CERTIFICATE];
	int64_t began, used;
};

struct bank_sessions;

/* Both borrow what they are given, but copy the rules. */
UK_RESULT bank_sessions_open(uk_crypto *c, const struct bank_session_rules *r,
    struct bank_sessions **out);
UK_RESULT bank_sessions_open_shared(uk_crypto *c, struct bank_store *store,
    const struct bank_session_rules *r, struct bank_sessions **out);
void bank_sessions_close(struct bank_sessions **s); /* accepts NULL */

/* Appends the token. certificate: the fingerprint, or none. */
enum bank_code bank_sessions_add(struct bank_sessions *s, int64_t customer,
    uk_bytes certificate, int64_t now, uk_buf *token, int64_t *expires);
/* BANK_NO_SESSION, or whose it is; counts as use. */
enum bank_code bank_sessions_find(struct bank_sessions *s, uk_bytes token,
    int64_t now, struct bank_session *out);
void bank_sessions_end(struct bank_sessions *s, uk_bytes token);
/* How many are kept, with those that ran out and were not asked for since. */
size_t bank_sessions_count(struct bank_sessions *s);

#endif
