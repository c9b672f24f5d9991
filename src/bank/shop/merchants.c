/* Merchants, their keys and their nonces. */
#include "merchants.h"

uk_err bank_merchant_make(struct bank_store *s, uk_bytes name, int64_t account,
    uk_bytes callback, int64_t *id)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO merchants (name, account, callback, disabled)"
	    " VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING RETURNING id");
	uk_err err;

	bank_bind_text(&q, name);
	bank_bind_int(&q, account);
	bank_bind_text(&q, callback);
	err = bank_query_id(&q, id);
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_fail(UK_ERR_EXISTS) : err;
}

static uk_err read_merchant(const bank_query *q, struct bank_merchant *m)
{
	m->id = bank_col_int(q, 0);
	m->account = bank_col_int(q, 2);
	m->disabled = bank_col_int(q, 6) != 0;
	UK_TRY(uk_copy_str(m->name, sizeof(m->name), bank_col(q, 1)));
	UK_TRY(uk_copy_str(m->number, sizeof(m->number), bank_col(q, 3)));
	UK_TRY(uk_copy_str(m->currency, sizeof(m->currency), bank_col(q, 4)));
	return uk_copy_str(m->callback, sizeof(m->callback), bank_col(q, 5));
}

#define SELECT_MERCHANT                                                        \
	"SELECT m.id, m.name, m.account, a.number, a.currency, m.callback,"    \
	" m.disabled FROM merchants m JOIN accounts a ON a.id = m.account"

static uk_err read_one(bank_query *q, struct bank_merchant *out)
{
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*out = (struct bank_merchant){ 0 };
	if (bank_query_row(q))
		err = read_merchant(q, out);
	UK_TRY(bank_query_end(q));
	return err;
}

uk_err bank_merchant_find(
    struct bank_store *s, uk_bytes name, struct bank_merchant *out)
{
	bank_query q = bank_query_of(s, SELECT_MERCHANT " WHERE m.name = ?");

	bank_bind_text(&q, name);
	return read_one(&q, out);
}

uk_err bank_merchant_get(
    struct bank_store *s, int64_t id, struct bank_merchant *out)
{
	bank_query q = bank_query_of(s, SELECT_MERCHANT " WHERE m.id = ?");

	bank_bind_int(&q, id);
	return read_one(&q, out);
}

static uk_err read_all(bank_query *q, bank_merchant_fn *fn, void *arg)
{
	struct bank_merchant m;
	uk_err err = uk_ok();

	while (uk_is_ok(err) && bank_query_row(q)) {
		err = read_merchant(q, &m);
		if (uk_is_ok(err))
			fn(arg, &m);
	}
	UK_TRY(bank_query_end(q));
	return err;
}

uk_err bank_merchants_each(
    struct bank_store *s, bank_merchant_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s, SELECT_MERCHANT " ORDER BY m.name");

	return read_all(&q, fn, arg);
}

uk_err bank_merchants_of(
    struct bank_store *s, int64_t customer, bank_merchant_fn *fn, void *arg)
{
	bank_query q = bank_query_of(
	    s, SELECT_MERCHANT " WHERE a.customer = ? ORDER BY m.name LIMIT ?");

	bank_bind_int(&q, customer);
	bank_bind_int(&q, BANK_MERCHANTS_OF);
	return read_all(&q, fn, arg);
}

uk_err bank_merchant_of(struct bank_store *s, int64_t customer, int64_t id,
    struct bank_merchant *out)
{
	bank_query q = bank_query_of(
	    s, SELECT_MERCHANT " WHERE m.id = ? AND a.customer = ?");

	bank_bind_int(&q, id);
	bank_bind_int(&q, customer);
	return read_one(&q, out);
}

uk_err bank_merchant_disable(struct bank_store *s, int64_t id, bool yes)
{
	bank_query q = bank_query_of(
	    s, "UPDATE merchants SET disabled = ? WHERE id = ?");

	bank_bind_int(&q, yes);
	bank_bind_int(&q, id);
	return bank_query_run(&q);
}

uk_err bank_merchant_move(struct bank_store *s, int64_t id, uk_bytes callback)
{
	bank_query q = bank_query_of(
	    s, "UPDATE merchants SET callback = ? WHERE id = ?");

	bank_bind_text(&q, callback);
	bank_bind_int(&q, id);
	return bank_query_run(&q);
}

/* --- keys ---------------------------------------------------------------- */

uk_err bank_merchant_add_key(struct bank_store *s, int64_t merchant,
    uk_bytes keyid, uk_bytes alg, uk_bytes spki, int64_t from)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO merchant_keys"
	    " (keyid, merchant, algorithm, spki, valid_from)"
	    " VALUES (?, ?, ?, ?, ?)");

	bank_bind_text(&q, keyid);
	bank_bind_int(&q, merchant);
	bank_bind_text(&q, alg);
	bank_bind_blob(&q, spki);
	bank_bind_int(&q, from);
	return bank_query_run(&q);
}

uk_err bank_merchant_end_keys(
    struct bank_store *s, int64_t merchant, uk_bytes keyid, int64_t when)
{
	bank_query q = bank_query_of(s,
	    "UPDATE merchant_keys SET valid_until = ? WHERE merchant = ?"
	    " AND keyid <> ? AND (valid_until IS NULL OR valid_until > ?)");

	bank_bind_int(&q, when);
	bank_bind_int(&q, merchant);
	bank_bind_text(&q, keyid);
	bank_bind_int(&q, when);
	return bank_query_run(&q);
}

static uk_err read_key(const bank_query *q, struct bank_merchant_key *out)
{
	out->merchant = bank_col_int(q, 0);
	UK_TRY(uk_copy_str(out->alg, sizeof(out->alg), bank_col(q, 1)));
	return uk_blob_set(&out->spki, bank_col(q, 2));
}

uk_err bank_merchant_find_key(struct bank_store *s, uk_bytes keyid, int64_t now,
    struct bank_merchant_key *out)
{
	bank_query q = bank_query_of(s,
	    "SELECT k.merchant, k.algorithm, k.spki FROM merchant_keys k"
	    " JOIN merchants m ON m.id = k.merchant WHERE k.keyid = ?"
	    " AND m.disabled = 0 AND k.valid_from <= ?"
	    " AND (k.valid_until IS NULL OR k.valid_until > ?)");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*out = (struct bank_merchant_key){ 0 };
	bank_bind_text(&q, keyid);
	bank_bind_int(&q, now);
	bank_bind_int(&q, now);
	if (bank_query_row(&q))
		err = read_key(&q, out);
	UK_TRY(bank_query_end(&q));
	return err;
}

/* --- nonces -------------------------------------------------------------- */

static uk_err forget_nonces(struct bank_store *s, int64_t now)
{
	bank_query q = bank_query_of(
	    s, "DELETE FROM merchant_nonces WHERE until < ?");

	bank_bind_int(&q, now);
	return bank_query_run(&q);
}

static uk_err add_nonce(
    struct bank_store *s, int64_t merchant, uk_bytes nonce, int64_t until)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO merchant_nonces (merchant, nonce, until)"
	    " VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING until");
	bool added;

	bank_bind_int(&q, merchant);
	bank_bind_text(&q, nonce);
	bank_bind_int(&q, until);
	added = bank_query_row(&q);
	UK_TRY(bank_query_end(&q));
	return added ? uk_ok() : uk_fail(UK_ERR_EXISTS);
}

uk_err bank_merchant_nonce(struct bank_store *s, int64_t merchant,
    uk_bytes nonce, int64_t now, int64_t until)
{
	uk_err err;

	UK_TRY(bank_begin(s));
	err = forget_nonces(s, now);
	if (uk_is_ok(err))
		err = add_nonce(s, merchant, nonce, until);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}
