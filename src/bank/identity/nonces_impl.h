/* What remembers used nonces: in memory, or in the database. */
#ifndef BANK_NONCES_IMPL_H
#define BANK_NONCES_IMPL_H

#include "nonces.h"

enum { BANK_NONCE_KEY = 32, BANK_NONCE_TAG = 16 };

/* BANK_OK if tag was not there and is now; BANK_NONCE_UNKNOWN if it was;
 * BANK_BUSY if there is no room; else BANK_INTERNAL. */
typedef enum bank_code bank_used_fn(
    void *used, uk_bytes tag, int64_t expires, int64_t now);

struct bank_used_kind {
	bank_used_fn *add;
	/* All of it; NULL: never, and use is taken back by a rollback. */
	void (*forget)(void *used);
	void (*close)(void *used);
};

UK_RESULT bank_used_open_memory(size_t room, void **used);
extern const struct bank_used_kind bank_used_memory;

/* The key is made if the database has none yet. */
UK_RESULT bank_used_open_shared(uk_crypto *c, struct bank_store *s,
    uint8_t key[BANK_NONCE_KEY], void **used);
extern const struct bank_used_kind bank_used_shared;

#endif
