/*
 * Terminals that customers trust to show what is signed: a public key (P-256)
 * each, registered by the bank for one customer. A terminal states that it
 * showed a text and saw this signature made; every statement counts once,
 * because its counter must be more than the last one's.
 */
#ifndef BANK_TERMINALS_H
#define BANK_TERMINALS_H

#include "crypto.h"
#include "proto.h"
#include "store.h"

enum {
	BANK_TERMINAL_NAME_MAX = 64,
	/* How far its clock may be from ours. */
	BANK_STATEMENT_SECONDS = 15 * 60
};

/* In transactions of the caller's. UK_ERR_EXISTS: this key is registered;
 * UK_ERR_UNSUPPORTED: not P-256. */
UK_RESULT bank_terminal_register(
    struct bank_store *s, int64_t customer, uk_bytes name, const uk_key *key);
/* UK_ERR_NOT_FOUND: this customer has none of this name, or it is revoked. */
UK_RESULT bank_terminal_revoke(
    struct bank_store *s, int64_t customer, uk_bytes name);

/* Is it true, by a terminal of this customer, and new? It is used up then, in
 * a transaction of the caller's. UK_ERR_FORMAT, UK_ERR_NOT_FOUND (no such
 * terminal), UK_ERR_SIGNATURE, UK_ERR_TIMEOUT (too old, or not new). */
UK_RESULT bank_terminal_use(struct bank_store *s, uk_crypto *c,
    int64_t customer, uk_bytes statement, uk_bytes text, uk_bytes signature,
    int64_t now);

#endif
