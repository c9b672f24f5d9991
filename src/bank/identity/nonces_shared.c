/* Used nonces in the database, with the key, for servers that share it. */
#include "nonces_impl.h"

enum {
	CLEAN_EVERY = 60,
	/* Kept so long after they ran out: clocks of servers differ. */
	KEEP = 3600
};

struct used {
	struct bank_store *store; /* borrowed */
	int64_t cleaned;
};

static uk_err read_key(
    struct bank_store *s, uint8_t key[BANK_NONCE_KEY], bool *found)
{
	bank_query q = bank_query_of(
	    s, "SELECT key FROM login_key WHERE id = 1");
	uk_err err = uk_ok();

	*found = bank_query_row(&q);
	if (*found)
		err = uk_copy_exact(key, BANK_NONCE_KEY, bank_col(&q, 0));
	UK_TRY(bank_query_end(&q));
	return err;
}

/* Whoever comes first makes it; all read what is there then. */
static uk_err make_key(
    uk_crypto *c, struct bank_store *s, uint8_t key[BANK_NONCE_KEY])
{
	bank_query q;

	UK_TRY(uk_random(c, key, BANK_NONCE_KEY));
	q = bank_query_of(s, "INSERT INTO login_key (id, key) VALUES (1, ?)"
			     " ON CONFLICT DO NOTHING");
	bank_bind_blob(&q, uk_view(key, BANK_NONCE_KEY));
	return bank_query_run(&q);
}

uk_err bank_used_open_shared(uk_crypto *c, struct bank_store *s,
    uint8_t key[BANK_NONCE_KEY], void **used)
{
	struct used *u = uk_new(sizeof(*u));
	bool found = false;
	uk_err err;

	*used = u;
	if (u == NULL)
		return uk_fail(UK_ERR_MEMORY);
	u->store = s;
	err = bank_begin(s);
	if (uk_is_ok(err))
		err = read_key(s, key, &found);
	if (uk_is_ok(err) && !found)
		err = make_key(c, s, key);
	if (uk_is_ok(err) && !found)
		err = read_key(s, key, &found);
	if (uk_is_ok(err))
		err = bank_commit(s);
	bank_rollback(s); /* does nothing after a commit */
	return uk_is_ok(err) && !found ? uk_fail(UK_ERR_IO) : err;
}

static uk_err insert(struct used *u, uk_bytes tag, int64_t expires, bool *fresh)
{
	bank_query q = bank_query_of(u->store,
	    "INSERT INTO login_nonces (tag, expires) VALUES (?, ?)"
	    " ON CONFLICT DO NOTHING RETURNING expires");

	bank_bind_blob(&q, tag);
	bank_bind_int(&q, expires);
	*fresh = bank_query_row(&q);
	while (bank_query_row(&q)) {
	}
	return bank_query_end(&q);
}

static uk_err clean(struct used *u, int64_t now)
{
	bank_query q;

	if (now >= u->cleaned && now < u->cleaned + CLEAN_EVERY)
		return uk_ok();
	u->cleaned = now;
	q = bank_query_of(
	    u->store, "DELETE FROM login_nonces WHERE expires < ?");
	bank_bind_int(&q, now - KEEP);
	return bank_query_run(&q);
}

static enum bank_code add(
    void *used, uk_bytes tag, int64_t expires, int64_t now)
{
	struct used *u = used;
	bool fresh = false;
	uk_err err = bank_begin(u->store);

	if (uk_is_ok(err))
		err = insert(u, tag, expires, &fresh);
	if (uk_is_ok(err))
		err = clean(u, now);
	if (uk_is_ok(err))
		err = bank_commit(u->store);
	bank_rollback(u->store); /* does nothing after a commit */
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	return fresh ? BANK_OK : BANK_NONCE_UNKNOWN;
}

const struct bank_used_kind bank_used_shared = { add, NULL, uk_free };
