/* Posting. */
#include "ledger.h"

/* --- the two accounts ---------------------------------------------------- */

/* What a change of a balance left behind. */
struct moved {
	int64_t balance;
	char currency[BANK_CURRENCY_LEN + 1];
};

/* UK_ERR_NOT_FOUND: the statement found no row that allows it. */
static uk_err read_moved(bank_query *q, struct moved *out)
{
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	if (bank_query_row(q)) {
		out->balance = bank_col_int(q, 0);
		err = uk_copy_str(
		    out->currency, sizeof(out->currency), bank_col(q, 1));
	}
	UK_TRY(bank_query_end(q));
	return err;
}

static int64_t counted(const struct bank_posting *p)
{
	return p->limited ? p->amount : 0;
}

/* Why a debit found no row that allows it. */
static uk_err refusal(struct bank_store *s, const struct bank_posting *p)
{
	bank_query q = bank_query_of(s,
	    "SELECT CASE WHEN (max_transfer > 0 AND ? > max_transfer) OR"
	    " (max_day > 0 AND"
	    "  CASE WHEN spent_day >= ? THEN spent ELSE 0 END + ? > max_day)"
	    " THEN 1 ELSE 0 END FROM accounts WHERE id = ?");
	uk_err err = uk_fail(UK_ERR_ARGUMENT);

	bank_bind_int(&q, counted(p));
	bank_bind_int(&q, p->time / BANK_DAY);
	bank_bind_int(&q, counted(p));
	bank_bind_int(&q, p->from);
	if (bank_query_row(&q))
		err = uk_fail(bank_col_int(&q, 0) != 0 ? UK_ERR_TOO_SMALL
						       : UK_ERR_CONDITIONS);
	UK_TRY(bank_query_end(&q));
	return err;
}

/* A day that is over counts no more; a clock that was set back does not begin
 * a new one. */
static uk_err debit(struct bank_store *s, const struct bank_posting *p,
    int64_t freed, struct moved *out)
{
	int64_t day = p->time / BANK_DAY;
	bank_query q = bank_query_of(s,
	    "UPDATE accounts SET balance = balance - ?, held = held - ?,"
	    " spent = CASE WHEN spent_day >= ? THEN spent ELSE 0 END + ?,"
	    " spent_day = CASE WHEN spent_day >= ? THEN spent_day ELSE ? END"
	    " WHERE id = ? AND balance >= min_balance + held - ? + ?"
	    " AND (max_transfer = 0 OR ? <= max_transfer)"
	    " AND (max_day = 0 OR"
	    "  CASE WHEN spent_day >= ? THEN spent ELSE 0 END + ? <= max_day)"
	    " RETURNING balance, currency");
	uk_err err;

	bank_bind_int(&q, p->amount);
	bank_bind_int(&q, freed);
	bank_bind_int(&q, day);
	bank_bind_int(&q, counted(p));
	bank_bind_int(&q, day);
	bank_bind_int(&q, day);
	bank_bind_int(&q, p->from);
	bank_bind_int(&q, freed);
	bank_bind_int(&q, p->amount);
	bank_bind_int(&q, counted(p));
	bank_bind_int(&q, day);
	bank_bind_int(&q, counted(p));
	err = read_moved(&q, out);
	return uk_is(err, UK_ERR_NOT_FOUND) ? refusal(s, p) : err;
}

static uk_err credit(struct bank_store *s, const struct bank_posting *p,
    const char *currency, struct moved *out)
{
	bank_query q = bank_query_of(s,
	    "UPDATE accounts SET balance = balance + ? WHERE id = ? AND"
	    " currency = ? AND balance <= 9223372036854775807 - ?"
	    " RETURNING balance, currency");
	uk_err err;

	bank_bind_int(&q, p->amount);
	bank_bind_int(&q, p->to);
	bank_bind_text(&q, uk_view_str(currency));
	bank_bind_int(&q, p->amount);
	err = read_moved(&q, out);
	/* Nobody, another currency, or too rich: not a lack of funds. */
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_fail(UK_ERR_ARGUMENT) : err;
}

/* Of an open hold on this account so much is used up: all of it, if it is less
 * than what is asked for. */
static uk_err use_hold(
    struct bank_store *s, const struct bank_posting *p, int64_t *freed)
{
	bank_query q = bank_query_of(s,
	    "UPDATE holds SET remaining = remaining - ?,"
	    " state = CASE WHEN remaining = ? THEN 'captured' ELSE 'open' END"
	    " WHERE id = ? AND account = ? AND state = 'open' AND expires > ?"
	    " AND remaining >= ?");

	*freed = 0;
	if (p->hold == 0)
		return uk_ok();
	bank_bind_int(&q, p->amount);
	bank_bind_int(&q, p->amount);
	bank_bind_int(&q, p->hold);
	bank_bind_int(&q, p->from);
	bank_bind_int(&q, p->time);
	bank_bind_int(&q, p->amount);
	UK_TRY(bank_query_run(&q));
	*freed = p->amount;
	return bank_changes(s) == 1 ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
}

/* --- posting ------------------------------------------------------------- */

uk_err bank_ledger_add(struct bank_store *s, struct bank_head *head,
    const struct bank_posting *p, int64_t *journal)
{
	struct bank_journal_row row = {
		.time = p->time,
		.kind = uk_view_str(p->kind),
		.memo = p->memo,
		.order = p->order,
		.reverses = p->reverses,
		.hold = p->hold,
		.basis = p->basis,
		.count = 2,
	};
	struct moved from, to;
	int64_t freed;

	*journal = 0;
	if (p->amount <= 0 || p->from == p->to || p->time < 0)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(use_hold(s, p, &freed));
	UK_TRY(debit(s, p, freed, &from));
	UK_TRY(credit(s, p, from.currency, &to));
	row.currency = uk_view_str(from.currency);
	row.entries[0] = (struct bank_entry){ p->from, -p->amount,
		from.balance };
	row.entries[1] = (struct bank_entry){ p->to, p->amount, to.balance };
	UK_TRY(bank_journal_add(s, head, &row));
	*journal = row.id;
	return uk_ok();
}

uk_err bank_ledger_post(
    struct bank_store *s, const struct bank_posting *p, int64_t *journal)
{
	struct bank_head head;

	*journal = 0;
	UK_TRY(bank_journal_lock(s, &head));
	UK_TRY(bank_ledger_add(s, &head, p, journal));
	return bank_journal_unlock(s, &head);
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

	UK_TRY(cash_account(s, uk_view_str(to->currency), &p.from));
	return bank_ledger_post(s, &p, &journal);
}

/* --- taking back --------------------------------------------------------- */

/* The opposite of the row that is found. */
static uk_err read_opposite(
    void *arg, const struct bank_journal_row *row, uk_bytes hash)
{
	struct bank_posting *p = arg;
	const struct bank_entry *out = &row->entries[0];
	const struct bank_entry *in = &row->entries[1];

	(void)hash;
	if (row->reverses != 0)
		return uk_fail(UK_ERR_ARGUMENT);
	if (row->count != 2 || in->amount <= 0 || out->amount != -in->amount)
		return uk_fail(UK_ERR_INTERNAL);
	p->from = in->account;
	p->to = out->account;
	p->amount = in->amount;
	return uk_ok();
}

/* The journal would refuse it too, but only if the money is still there. */
static uk_err not_yet_reversed(struct bank_store *s, int64_t journal)
{
	bank_query q = bank_query_of(
	    s, "SELECT 1 FROM journal WHERE reverses = ?");
	bool found;

	bank_bind_int(&q, journal);
	found = bank_query_row(&q);
	UK_TRY(bank_query_end(&q));
	return found ? uk_fail(UK_ERR_EXISTS) : uk_ok();
}

uk_err bank_ledger_reverse(struct bank_store *s, int64_t journal,
    uk_bytes reason, int64_t time, int64_t *counter)
{
	struct bank_posting p = { .time = time,
		.kind = "reversal",
		.memo = reason,
		.reverses = journal };

	*counter = 0;
	if (journal <= 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	UK_TRY(bank_journal_each(s, journal - 1, journal, read_opposite, &p));
	if (p.amount == 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	UK_TRY(not_yet_reversed(s, journal));
	return bank_ledger_post(s, &p, counter);
}
