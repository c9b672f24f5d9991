/* What keeps sessions: memory or the database. */
#ifndef BANK_SESSIONS_IMPL_H
#define BANK_SESSIONS_IMPL_H

#include "sessions.h"

struct bank_session_kind {
	/* The hashes are 32 bytes. */
	enum bank_code (*put)(void *kept, uk_bytes hash,
	    const struct bank_session *session, int64_t now);
	enum bank_code (*use)(
	    void *kept, uk_bytes hash, int64_t now, struct bank_session *out);
	void (*end)(void *kept, uk_bytes hash);
	size_t (*count)(void *kept);
	void (*close)(void *kept); /* accepts NULL */
};

/* When it ends if it is not used again. */
int64_t bank_session_ends(
    const struct bank_session_rules *r, const struct bank_session *s);

UK_RESULT bank_kept_open_memory(
    const struct bank_session_rules *r, void **kept);
extern const struct bank_session_kind bank_kept_memory;

UK_RESULT bank_kept_open_shared(
    const struct bank_session_rules *r, struct bank_store *store, void **kept);
extern const struct bank_session_kind bank_kept_shared;

#endif
