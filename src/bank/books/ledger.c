/* Posting and auditing. */
#include "ledger.h"

/* Changes a balance; UK_ERR_CONDITIONS if the row does not allow it. */
static uk_err change(
    struct bank_store *s, const char *sql, int64_t account, int64_t amount)
{
	bank_query q = bank_query_of(s, sql);

	bank_bind_int(&q, account);
	bank_bind_int(&q, amount);
	UK_TRY(bank_query_run(&q));
	return bank_changes(s) == 1 ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
}

/* The bank's own account may go down to the least number there is. */
static uk_err debit(struct bank_store *s, int64_t account, int64_t amount)
{
	return change(s,
	    "UPDATE accounts SET balance = balance - ?2 WHERE id = ?1 AND"
	    " balance >= CASE WHEN customer IS NULL"
	    "  THEN -9223372036854775807 + ?2 ELSE ?2 END",
	    account, amount);
}

static uk_err credit(struct bank_store *s, int64_t account, int64_t amount)
{
	uk_err err = change(s,
	    "UPDATE accounts SET balance = balance + ?2 WHERE id = ?1 AND"
	    " balance <= 9223372036854775807 - ?2",
	    account, amount);

	/* Too rich: an amount that cannot be, not a lack of funds. */
	return uk_is(err, UK_ERR_CONDITIONS) ? uk_fail(UK_ERR_ARGUMENT) : err;
}

static uk_err add_journal(
    struct bank_store *s, const struct bank_posting *p, int64_t *journal)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO journal (time, kind, memo, order_id)"
	    " VALUES (?, ?, ?, ?) ON CONFLICT (order_id) DO NOTHING"
	    " RETURNING id");
	uk_err err;

	bank_bind_int(&q, p->time);
	bank_bind_text(&q, uk_view_str(p->kind));
	bank_bind_text(&q, p->memo);
	if (p->order == 0)
		bank_bind_null(&q);
	else
		bank_bind_int(&q, p->order);
	err = bank_query_id(&q, journal);
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_fail(UK_ERR_EXISTS) : err;
}

static uk_err add_entry(
    struct bank_store *s, int64_t journal, int64_t account, int64_t amount)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO entries (journal, account, amount, balance)"
	    " SELECT ?1, ?2, ?3, balance FROM accounts WHERE id = ?2");

	bank_bind_int(&q, journal);
	bank_bind_int(&q, account);
	bank_bind_int(&q, amount);
	return bank_query_run(&q);
}

uk_err bank_ledger_post(
    struct bank_store *s, const struct bank_posting *p, int64_t *journal)
{
	*journal = 0;
	if (p->amount <= 0 || p->from == p->to)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(debit(s, p->from, p->amount));
	UK_TRY(credit(s, p->to, p->amount));
	UK_TRY(add_journal(s, p, journal));
	UK_TRY(add_entry(s, *journal, p->from, -p->amount));
	return add_entry(s, *journal, p->to, p->amount);
}

/* --- deposits ------------------------------------------------------------ */

static uk_err cash_account(struct bank_store *s, uk_bytes currency, int64_t *id)
{
	uint8_t storage[BANK_ACCOUNT_MAX];
	uk_buf number = UK_BUF(storage);
	struct bank_account cash;
	uk_err err;

	uk_put_str(&number, "BANK-CASH-");
	uk_put(&number, currency);
	err = bank_account_find(s, uk_buf_view(&number), &cash);
	*id = cash.id;
	if (!uk_is(err, UK_ERR_NOT_FOUND))
		return err;
	return bank_account_make(
	    s, 0, uk_buf_view(&number), uk_view_str("Cash"), currency, id);
}

uk_err bank_ledger_deposit(struct bank_store *s, const struct bank_account *to,
    int64_t amount, int64_t time)
{
	struct bank_posting p = { .to = to->id,
		.amount = amount,
		.time = time,
		.kind = "deposit",
		.memo = uk_view_str("Deposit") };
	int64_t journal;
	uk_err err;

	UK_TRY(bank_begin(s));
	err = cash_account(s, uk_view_str(to->currency), &p.from);
	if (uk_is_ok(err))
		err = bank_ledger_post(s, &p, &journal);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

/* --- audit --------------------------------------------------------------- */

static uk_err count(struct bank_store *s, const char *sql, int64_t *out)
{
	bank_query q = bank_query_of(s, sql);

	*out = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;
	return bank_query_end(&q);
}

uk_err bank_ledger_audit(struct bank_store *s, struct bank_audit *out)
{
	const struct {
		const char *sql;
		int64_t *value;
	} checks[] = {
		{ "SELECT count(*) FROM journal", &out->journal_rows },
		{ "SELECT count(*) FROM entries", &out->entries },
		{ "SELECT count(*) FROM orders WHERE state = 'posted'",
		    &out->orders_posted },
		{ "SELECT count(*) FROM journal j WHERE"
		  " (SELECT count(*) FROM entries WHERE journal = j.id) <> 2 OR"
		  " (SELECT sum(amount) FROM entries WHERE journal = j.id) <> "
		  "0",
		    &out->unbalanced_rows },
		{ "SELECT count(*) FROM accounts a WHERE balance <>"
		  " (SELECT coalesce(sum(amount), 0) FROM entries"
		  "  WHERE account = a.id)",
		    &out->wrong_balances },
		{ "SELECT count(*) FROM (SELECT sum(balance) AS total"
		  " FROM accounts GROUP BY currency) t WHERE total <> 0",
		    &out->uneven_currencies },
		{ "SELECT count(*) FROM orders o WHERE"
		  " CASE state WHEN 'posted' THEN 1 ELSE 0 END <>"
		  " (SELECT count(*) FROM journal WHERE order_id = o.id)",
		    &out->unposted_orders },
	};

	*out = (struct bank_audit){ 0 };
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		UK_TRY(count(s, checks[i].sql, checks[i].value));
	return uk_ok();
}
