/* Sessions in the database, for servers that share it. */
#include "sessions_impl.h"

enum {
	/* Use is written down so often and no more: a session may end as much
	 * earlier. */
	TOUCH_EVERY = 15,
	CLEAN_EVERY = 60
};

struct kept {
	struct bank_session_rules rules;
	struct bank_store *store; /* borrowed */
	int64_t cleaned;
};

uk_err bank_kept_open_shared(
    const struct bank_session_rules *r, struct bank_store *store, void **kept)
{
	struct kept *k = uk_new(sizeof(*k));

	*kept = k;
	if (k == NULL)
		return uk_fail(UK_ERR_MEMORY);
	k->rules = *r;
	k->store = store;
	return uk_ok();
}

/* --- statements ---------------------------------------------------------- */

static uk_err insert(
    struct kept *k, uk_bytes hash, const struct bank_session *s)
{
	bank_query q = bank_query_of(k->store,
	    "INSERT INTO sessions (hash, customer, certificate, began, used)"
	    " VALUES (?, ?, ?, ?, ?)");

	bank_bind_blob(&q, hash);
	bank_bind_int(&q, s->customer);
	bank_bind_blob(&q, UK_ARRAY(s->certificate));
	bank_bind_int(&q, s->began);
	bank_bind_int(&q, s->used);
	return bank_query_run(&q);
}

/* Only as many of his stay as he may have beside a new one. */
static uk_err make_room_of(struct kept *k, int64_t customer)
{
	bank_query q = bank_query_of(k->store,
	    "DELETE FROM sessions WHERE customer = ? AND hash NOT IN"
	    " (SELECT hash FROM sessions WHERE customer = ?"
	    "  ORDER BY used DESC, began DESC, hash LIMIT ?)");

	bank_bind_int(&q, customer);
	bank_bind_int(&q, customer);
	bank_bind_int(&q, (int64_t)k->rules.each - 1);
	return bank_query_run(&q);
}

static uk_err clean(struct kept *k, int64_t now)
{
	bank_query q;

	if (now >= k->cleaned && now < k->cleaned + CLEAN_EVERY)
		return uk_ok();
	k->cleaned = now;
	q = bank_query_of(
	    k->store, "DELETE FROM sessions WHERE used < ? OR began < ?");
	bank_bind_int(&q, now - k->rules.idle_seconds);
	bank_bind_int(&q, now - k->rules.seconds);
	return bank_query_run(&q);
}

static enum bank_code put(
    void *arg, uk_bytes hash, const struct bank_session *session, int64_t now)
{
	struct kept *k = arg;
	uk_err err = bank_begin(k->store);

	if (uk_is_ok(err))
		err = clean(k, now);
	if (uk_is_ok(err))
		err = make_room_of(k, session->customer);
	if (uk_is_ok(err))
		err = insert(k, hash, session);
	if (uk_is_ok(err))
		err = bank_commit(k->store);
	bank_rollback(k->store); /* does nothing after a commit */
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

static uk_err read_row(
    struct kept *k, uk_bytes hash, struct bank_session *out, bool *found)
{
	bank_query q = bank_query_of(k->store,
	    "SELECT customer, certificate, began, used FROM sessions"
	    " WHERE hash = ?");
	uk_err err = uk_ok();

	bank_bind_blob(&q, hash);
	*found = bank_query_row(&q);
	if (*found) {
		out->customer = bank_col_int(&q, 0);
		err = uk_copy_exact(out->certificate, sizeof(out->certificate),
		    bank_col(&q, 1));
		out->began = bank_col_int(&q, 2);
		out->used = bank_col_int(&q, 3);
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

static uk_err touch(struct kept *k, uk_bytes hash, int64_t now)
{
	bank_query q;

	UK_TRY(bank_begin(k->store));
	q = bank_query_of(
	    k->store, "UPDATE sessions SET used = ? WHERE hash = ?");
	bank_bind_int(&q, now);
	bank_bind_blob(&q, hash);
	if (!uk_is_ok(bank_query_run(&q))) {
		bank_rollback(k->store);
		return uk_fail(UK_ERR_IO);
	}
	return bank_commit(k->store);
}

static uk_err drop(struct kept *k, uk_bytes hash)
{
	bank_query q = bank_query_of(
	    k->store, "DELETE FROM sessions WHERE hash = ?");

	bank_bind_blob(&q, hash);
	return bank_query_run(&q);
}

static void end(void *arg, uk_bytes hash)
{
	struct kept *k = arg;
	uk_err err = bank_begin(k->store);

	if (uk_is_ok(err))
		err = drop(k, hash);
	if (uk_is_ok(err))
		err = bank_commit(k->store);
	bank_rollback(k->store); /* does nothing after a commit */
	UK_IGNORE(err);          /* it runs out by itself */
}

static enum bank_code use(
    void *arg, uk_bytes hash, int64_t now, struct bank_session *out)
{
	struct kept *k = arg;
	bool found = false;
	uk_err err = read_row(k, hash, out, &found);

	if (uk_is_ok(err) &&
	    (!found || bank_session_ends(&k->rules, out) <= now)) {
		if (found)
			end(k, hash);
		*out = (struct bank_session){ 0 };
		return BANK_NO_SESSION;
	}
	if (uk_is_ok(err) && now >= out->used + TOUCH_EVERY)
		err = touch(k, hash, now);
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

static size_t count(void *arg)
{
	struct kept *k = arg;
	bank_query q = bank_query_of(k->store, "SELECT count(*) FROM sessions");
	int64_t n = 0;

	UK_IGNORE(bank_query_id(&q, &n)); /* a figure: none today */
	return n < 0 ? 0 : (size_t)n;
}

const struct bank_session_kind bank_kept_shared = { put, use, end, count,
	uk_free };
