/* Audit: sums that SQL can do, and the chain, which it cannot. */
#include "audit.h"

#include <stddef.h>

#define AT(field) offsetof(struct bank_audit, field)

static const struct check {
	const char *sql;
	size_t offset;
	bool wrong; /* must be zero */
} checks[] = {
	{ "SELECT count(*) FROM journal", AT(journal_rows), false },
	{ "SELECT count(*) FROM entries", AT(entries), false },
	{ "SELECT count(*) FROM orders WHERE state = 'posted'",
	    AT(orders_posted), false },
	{ "SELECT count(*) FROM journal j WHERE"
	  " (SELECT count(*) FROM entries WHERE journal = j.id) <> 2 OR"
	  " (SELECT sum(amount) FROM entries WHERE journal = j.id) <> 0",
	    AT(unbalanced_rows), true },
	{ "SELECT count(*) FROM accounts a WHERE balance <>"
	  " (SELECT coalesce(sum(amount), 0) FROM entries"
	  "  WHERE account = a.id)",
	    AT(wrong_balances), true },
	{ "SELECT count(*) FROM (SELECT sum(balance) AS total"
	  " FROM accounts GROUP BY currency) t WHERE total <> 0",
	    AT(uneven_currencies), true },
	{ "SELECT count(*) FROM orders o WHERE"
	  " CASE WHEN state = 'posted' THEN 1 ELSE 0 END <>"
	  " (SELECT count(*) FROM journal WHERE order_id = o.id)",
	    AT(unposted_orders), true },
	{ "SELECT count(*) FROM accounts a WHERE held <>"
	  " (SELECT coalesce(sum(remaining), 0) FROM holds"
	  "  WHERE account = a.id AND state = 'open')",
	    AT(wrong_holds), true },
	{ "SELECT count(*) FROM accounts WHERE customer IS NOT NULL AND"
	  " balance - held < min_balance",
	    AT(below_limit), true },
	{ "SELECT count(*) FROM journal j JOIN entries e ON e.journal = j.id"
	  " WHERE j.reverses IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entries"
	  " x WHERE x.journal = j.reverses AND x.account = e.account AND"
	  " x.amount = -e.amount)",
	    AT(wrong_reversals), true },
	{ "SELECT count(*) FROM journal j JOIN entries e ON e.journal = j.id"
	  " JOIN accounts a ON a.id = e.account"
	  " WHERE j.currency <> '' AND a.currency <> j.currency",
	    AT(wrong_currencies), true },
};

enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };

/* The table's offsets are the only addresses computed here. */
static int64_t *value_of(const struct bank_audit *a, const struct check *c)
{
	return (int64_t *)(void *)((char *)(uintptr_t)a + c->offset);
}

static uk_err count(struct bank_store *s, const char *sql, int64_t *out)
{
	bank_query q = bank_query_of(s, sql);

	*out = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;
	return bank_query_end(&q);
}

/* One link more; the first that does not fit is remembered, and the rest goes
 * on from what is stored there. */
static uk_err follow(
    void *arg, const struct bank_journal_row *row, uk_bytes hash)
{
	struct bank_audit *a = arg;
	uk_err err = row->count > BANK_ENTRIES_MAX
			 ? uk_fail(UK_ERR_ARGUMENT)
			 : bank_journal_chain(row, a->head.hash);
	bool fits = uk_is_ok(err) && uk_bytes_eq(UK_ARRAY(a->head.hash), hash);

	a->head.height = row->id;
	if (!fits && a->broken_chain == 0)
		a->broken_chain = row->id;
	if (!fits && hash.n == BANK_HASH)
		return uk_copy_exact(a->head.hash, BANK_HASH, hash);
	return uk_ok();
}

/* Rows from before there was a chain get their hashes now, not in the middle of
 * somebody's transfer. */
static uk_err begin_chain(struct bank_store *s)
{
	struct bank_head head;
	uk_err err;

	UK_TRY(bank_begin(s));
	err = bank_journal_lock(s, &head);
	if (uk_is_ok(err))
		err = bank_journal_unlock(s, &head);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

static uk_err check_chain(
    struct bank_store *s, uk_bytes since, int64_t from, struct bank_audit *a)
{
	struct bank_head stored;

	a->head.height = from;
	if (since.n > 0)
		UK_TRY(uk_copy_exact(a->head.hash, BANK_HASH, since));
	UK_TRY(bank_journal_each(s, from, INT64_MAX, follow, a));
	UK_TRY(bank_journal_head(s, &stored));
	if (a->broken_chain == 0 &&
	    (stored.height != a->head.height ||
		!uk_bytes_eq(UK_ARRAY(stored.hash), UK_ARRAY(a->head.hash))))
		a->broken_chain = stored.height + 1;
	return uk_ok();
}

static uk_err check_evidence(
    struct bank_store *s, int64_t from, struct bank_audit *a)
{
	bank_query q = bank_query_of(s,
	    "SELECT o.text, o.signature, j.basis FROM journal j"
	    " JOIN orders o ON o.id = j.order_id"
	    " WHERE j.id > ? AND j.basis IS NOT NULL ORDER BY j.id");
	uint8_t basis[BANK_HASH];
	uk_err err = uk_ok();

	bank_bind_int(&q, from);
	while (uk_is_ok(err) && bank_query_row(&q)) {
		err = bank_journal_basis(
		    bank_col(&q, 0), bank_col(&q, 1), basis);
		if (uk_is_ok(err) &&
		    !uk_bytes_eq(UK_ARRAY(basis), bank_col(&q, 2)))
			a->wrong_evidence++;
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

static uk_err check_all(
    struct bank_store *s, uk_bytes since, struct bank_audit *a)
{
	int64_t from = 0;

	for (size_t i = 0; i < CHECKS; i++)
		UK_TRY(count(s, checks[i].sql, value_of(a, &checks[i])));
	if (since.n > 0)
		UK_TRY(bank_journal_find(s, since, &from));
	UK_TRY(check_evidence(s, from, a));
	return check_chain(s, since, from, a);
}

uk_err bank_audit(struct bank_store *s, uk_bytes since, struct bank_audit *out)
{
	uk_err err;

	*out = (struct bank_audit){ 0 };
	UK_TRY(begin_chain(s));
	UK_TRY(bank_snapshot(s));
	err = check_all(s, since, out);
	bank_rollback(s);
	return err;
}

bool bank_audit_good(const struct bank_audit *a)
{
	for (size_t i = 0; i < CHECKS; i++) {
		if (checks[i].wrong && *value_of(a, &checks[i]) != 0)
			return false;
	}
	return a->wrong_evidence == 0 && a->broken_chain == 0;
}
