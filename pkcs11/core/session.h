/*
 * Sessions of one slot, and the operations that run in them.
 *
 * A handle is a number that only grows, so the table is sorted by it and a
 * closed session's handle never comes back.
 */
#ifndef P11_SESSION_H
#define P11_SESSION_H

#include "card.h"
#include "crypto.h"
#include "cryptoki.h"
#include "mech.h"

struct p11_slot;

/* One running operation, of whichever kind. */
struct p11_op {
	const struct p11_mech *mech; /* NULL = none is running */
	CK_OBJECT_HANDLE key;
	uk_key *pub;           /* the public key, if it works with one */
	struct uk_padding pad; /* the parameters; hash: else the mechanism's */
	uint8_t label[P11_OAEP_LABEL_MAX]; /* pad's */
	bool parts;   /* update was called: only final may end it */
	bool consent; /* context-specific login was given for it */
	uk_hasher
	    *hasher;      /* NULL when the mechanism takes its input as it is */
	bool messages;    /* one message after the other, until it is ended */
	uk_hasher *fresh; /* messages: the hash as each begins, or NULL */
	uint8_t raw[UK_MODULUS_MAX]; /* that input, collected */
	size_t raw_len;
};

struct p11_search {
	bool active;
	CK_OBJECT_HANDLE *found; /* or NULL */
	size_t count, next;
};

struct p11_session {
	CK_SESSION_HANDLE handle;
	bool rw;
	struct p11_search search;
	struct p11_op sign, verify, digest;
	struct p11_op encrypt, decrypt;
	struct p11_op sign_recover, verify_recover;
	struct p11_op sign_messages, verify_messages;
	/* what `verify` shall judge, if that was given first; else empty */
	uint8_t signature[UK_SIGNATURE_MAX];
	size_t signature_len;
};

enum { P11_SESSIONS_MAX = 4096 };

struct p11_sessions {
	struct p11_session **list; /* sorted by handle */
	size_t count, cap;
	size_t rw_count;
};

/* All expect the slot's lock. */
struct p11_session *p11_session_find(struct p11_slot *s, CK_SESSION_HANDLE h);
CK_RV p11_session_open(
    struct p11_slot *s, CK_FLAGS flags, CK_SESSION_HANDLE *out);
/* Logs out when it was the last one. */
CK_RV p11_session_close(struct p11_slot *s, struct p11_session *session);
CK_RV p11_session_close_all(struct p11_slot *s);
/* Frees the table without a word to the card. */
void p11_sessions_free(struct p11_sessions *t);
CK_STATE p11_session_state(
    const struct p11_slot *s, const struct p11_session *session);

void p11_op_end(struct p11_op *op);
/* Those that use a private key, and so end with the login. */
void p11_session_end_private(struct p11_session *session);
void p11_search_end(struct p11_search *search);

#endif
