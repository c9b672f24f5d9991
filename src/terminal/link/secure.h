/*
 * The secured stream between a host and the terminal it is paired with: TLS 1.3
 * with the key from pairing and nothing else (RFC 8446, 2.2: external PSK with
 * (EC)DHE). Who does not have the key gets no further than the handshake; what
 * is changed, repeated or left out on the way ends the stream.
 *
 * Bytes go in and come out; who moves them is not known here. The host speaks
 * first. After a failure nothing works but close.
 */
#ifndef TRM_SECURE_H
#define TRM_SECURE_H

#include "bytes.h"

enum {
	TRM_SECURE_ID = 16, /* bytes: names a pairing */
	TRM_SECURE_KEY = 32
};

struct trm_secret {
	uint8_t id[TRM_SECURE_ID];
	uint8_t key[TRM_SECURE_KEY];
};

/* The terminal may be paired with several hosts: whose id is this? False if
 * nobody's. *out is wiped by the caller of this function. */
typedef bool trm_secret_fn(void *arg, uk_bytes id, struct trm_secret *out);

struct trm_secure;

/* The host's end; the secret is copied. */
UK_RESULT trm_secure_host(
    const struct trm_secret *secret, struct trm_secure **out);
/* The terminal's end; find and arg live as long as it. */
UK_RESULT trm_secure_terminal(
    trm_secret_fn *find, void *arg, struct trm_secure **out);
void trm_secure_close(struct trm_secure **s); /* accepts NULL */

/* Bytes from the other side; all of them are taken. UK_ERR_SIGNATURE: not the
 * one we are paired with, or somebody has changed something. */
UK_RESULT trm_secure_feed(struct trm_secure *s, uk_bytes raw);
/* Bytes for the other side: appends as much as out has room for. */
void trm_secure_pending(struct trm_secure *s, uk_buf *out);

/* Both sides have proved that they know the key. */
bool trm_secure_ready(const struct trm_secure *s);
/* The pairing in use, on the terminal's side; empty before ready. */
uk_bytes trm_secure_id(const struct trm_secure *s);
/* UK_ERR_CONDITIONS before ready. */
UK_RESULT trm_secure_send(struct trm_secure *s, uk_bytes plain);
/* Appends what has come, as much as out has room for. */
UK_RESULT trm_secure_receive(struct trm_secure *s, uk_buf *out);

#endif
