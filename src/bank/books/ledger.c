/* Money from outside, and rows taken back. post.c posts. */
#include "ledger.h"

#include <inttypes.h>
#include <stdio.h>

void bank_receipt_number(int64_t journal, char out[BANK_RECEIPT_NUMBER])
{
	snprintf(out, BANK_RECEIPT_NUMBER, "R%010" PRId64, journal);
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
