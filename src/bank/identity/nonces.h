/*
 * Login challenges: given out without being remembered, used once.
 *
 * A nonce carries when it runs out and a MAC by a key of ours, so giving one
 * out costs no memory and nobody can fill any. What is remembered is which ones
 * were used, until they would have run out anyway.
 *
 *   version (1 byte, 1) | expiry (8, seconds since 1970) | 32 random bytes |
 *   HMAC-SHA-256 of these 41 bytes, its first 16
 *
 * in base64: 76 characters (Web eID asks for 44 to 128 of at least 256 random
 * bits). The layout is nobody else's business: to clients it is text.
 *
 * Two kinds: one server alone has a key of its own for as long as it runs, so
 * that a restart forgets both nonces and their use; servers that share a
 * database share key and use there, and a restart changes nothing.
 */
#ifndef BANK_NONCES_H
#define BANK_NONCES_H

#include "crypto.h"
#include "proto.h"
#include "store.h"

enum { BANK_NONCE_SECONDS = 5 * 60 };

struct bank_nonces;

/* At most room used ones are remembered; both borrow what they are given. */
UK_RESULT bank_nonces_open(uk_crypto *c, size_t room, struct bank_nonces **out);
UK_RESULT bank_nonces_open_shared(
    uk_crypto *c, struct bank_store *s, struct bank_nonces **out);
void bank_nonces_close(struct bank_nonces **n); /* accepts NULL */

/* Writes a fresh one. BANK_INTERNAL if it cannot be made. */
enum bank_code bank_nonces_make(
    struct bank_nonces *n, int64_t now, uint8_t text[BANK_NONCE_TEXT]);
/* Ours, in time and not used before? Whatever the answer, it is used now.
 * BANK_BUSY: so many were used that no more can be remembered.
 * again: the same request took it before, and is served once more because the
 * database has taken back all that it did; where the use is remembered there,
 * that was taken back as well. */
enum bank_code bank_nonces_take(
    struct bank_nonces *n, uk_bytes text, int64_t now, bool again);
/* Ours and in time? Nothing is used by asking. */
enum bank_code bank_nonces_look(
    struct bank_nonces *n, uk_bytes text, int64_t now);

#endif
