/* Money that is set aside. */
#include "holds.h"

static uk_err set_aside(struct bank_store *s, int64_t account, int64_t amount)
{
	bank_query q = bank_query_of(s,
	    "UPDATE accounts SET held = held + ? WHERE id = ?"
	    " AND customer IS NOT NULL AND balance - held - min_balance >= ?");

	bank_bind_int(&q, amount);
	bank_bind_int(&q, account);
	bank_bind_int(&q, amount);
	UK_TRY(bank_query_run(&q));
	return bank_changes(s) == 1 ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
}

uk_err bank_hold_reserve(struct bank_store *s, int64_t account, int64_t amount,
    int64_t now, int64_t expires, uk_bytes memo, int64_t *hold)
{
	bank_query q;

	*hold = 0;
	if (amount <= 0 || now < 0 || expires <= now ||
	    expires - now > BANK_HOLD_SECONDS_MAX || memo.n > BANK_MEMO_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(set_aside(s, account, amount));
	q = bank_query_of(s,
	    "INSERT INTO holds (account, amount, remaining, created, expires,"
	    " memo, state) VALUES (?, ?, ?, ?, ?, ?, 'open') RETURNING id");
	bank_bind_int(&q, account);
	bank_bind_int(&q, amount);
	bank_bind_int(&q, amount);
	bank_bind_int(&q, now);
	bank_bind_int(&q, expires);
	bank_bind_text(&q, memo);
	return bank_query_id(&q, hold);
}

uk_err bank_hold_capture(
    struct bank_store *s, const struct bank_posting *p, int64_t *journal)
{
	*journal = 0;
	return p->hold > 0 ? bank_ledger_post(s, p, journal)
			   : uk_fail(UK_ERR_ARGUMENT);
}

/* The account first: once the hold is closed, what was left of it is gone. */
static uk_err close_hold(struct bank_store *s, int64_t hold, const char *state)
{
	bank_query q = bank_query_of(s,
	    "UPDATE accounts SET held = held -"
	    " (SELECT remaining FROM holds WHERE id = ?)"
	    " WHERE id = (SELECT account FROM holds"
	    "  WHERE id = ? AND state = 'open')");

	bank_bind_int(&q, hold);
	bank_bind_int(&q, hold);
	UK_TRY(bank_query_run(&q));
	if (bank_changes(s) != 1)
		return uk_fail(UK_ERR_NOT_FOUND);
	q = bank_query_of(
	    s, "UPDATE holds SET remaining = 0, state = ? WHERE id = ?");
	bank_bind_text(&q, uk_view_str(state));
	bank_bind_int(&q, hold);
	return bank_query_run(&q);
}

uk_err bank_hold_release(struct bank_store *s, int64_t hold)
{
	return close_hold(s, hold, "released");
}

uk_err bank_holds_due(struct bank_store *s, int64_t now, bool *due)
{
	bank_query q = bank_query_of(s,
	    "SELECT id FROM holds WHERE state = 'open' AND expires <= ?"
	    " LIMIT 1");

	bank_bind_int(&q, now);
	*due = bank_query_row(&q);
	return bank_query_end(&q);
}

uk_err bank_holds_expire(struct bank_store *s, int64_t now, size_t *count)
{
	int64_t over[BANK_HOLDS_SWEPT];
	bank_query q = bank_query_of(s,
	    "SELECT id FROM holds WHERE state = 'open' AND expires <= ?"
	    " ORDER BY expires, id LIMIT ?");
	size_t n = 0;

	*count = 0;
	bank_bind_int(&q, now);
	bank_bind_int(&q, BANK_HOLDS_SWEPT);
	while (n < BANK_HOLDS_SWEPT && bank_query_row(&q))
		over[n++] = bank_col_int(&q, 0);
	UK_TRY(bank_query_end(&q));
	for (; *count < n; (*count)++)
		UK_TRY(close_hold(s, over[*count], "expired"));
	return uk_ok();
}
