/* Bills: what becomes of them. */
#include "bills.h"

#include "bill_events.h"
#include "deliveries.h"

/* Who is told of which change. */
static const struct told {
	bool customer, merchant;
} told[BANK_BILL_STATES] = {
	[BANK_BILL_SHOWN] = { false, false },
	[BANK_BILL_PAID] = { true, true },
	[BANK_BILL_REJECTED] = { true, true },
	[BANK_BILL_EXPIRED] = { true, true },
	[BANK_BILL_CANCELLED] = { true, false }, /* he did it himself */
};

static uk_err tell(struct bank_store *s, int64_t bill, int64_t payer,
    enum bank_bill_state to, int64_t now)
{
	if (told[to].customer && payer != 0)
		UK_TRY(bank_event_add(
		    s, payer, bill, bank_bill_state_name(to), now));
	if (told[to].merchant)
		UK_TRY(
		    bank_delivery_add(s, bill, bank_bill_state_name(to), now));
	return uk_ok();
}

/* Only from open or shown; *changed says whether. */
static uk_err update(struct bank_store *s, int64_t bill,
    enum bank_bill_state to, uk_bytes reason, uk_bytes receipt, int64_t now,
    bool *changed)
{
	bank_query q = bank_query_of(s,
	    "UPDATE bills SET state = ?, reason = ?, receipt = ?, changed = ?"
	    " WHERE id = ? AND state IN ('open', 'shown') AND state <> ?"
	    " AND (reserved = 0 OR ? IN ('paid', 'rejected'))"
	    " AND (expires > ? OR reserved = 1 OR ? = 'expired')"
	    " RETURNING id");

	bank_bind_text(&q, uk_view_str(bank_bill_state_name(to)));
	bank_bind_text(&q, reason);
	bank_bind_text(&q, receipt);
	bank_bind_int(&q, now);
	bank_bind_int(&q, bill);
	bank_bind_text(&q, uk_view_str(bank_bill_state_name(to)));
	bank_bind_text(&q, uk_view_str(bank_bill_state_name(to)));
	bank_bind_int(&q, now);
	bank_bind_text(&q, uk_view_str(bank_bill_state_name(to)));
	*changed = bank_query_row(&q);
	return bank_query_end(&q);
}

static uk_err change(struct bank_store *s, int64_t bill, int64_t payer,
    enum bank_bill_state to, uk_bytes reason, uk_bytes receipt, int64_t now)
{
	bool changed;

	UK_TRY(update(s, bill, to, reason, receipt, now, &changed));
	if (!changed)
		return uk_fail(UK_ERR_CONDITIONS);
	return tell(s, bill, payer, to, now);
}

uk_err bank_bill_change(struct bank_store *s, const struct bank_bill *b,
    enum bank_bill_state to, uk_bytes reason, int64_t now)
{
	uk_err err;

	if (b->state == to)
		return uk_ok();
	UK_TRY(bank_begin(s));
	err = change(s, b->id, b->payer, to, reason, UK_NONE, now);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

/* --- paying -------------------------------------------------------------- */

uk_err bank_bill_link(struct bank_store *s, int64_t order, int64_t bill)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO bill_orders (order_id, bill) VALUES (?, ?)"
	    " ON CONFLICT DO NOTHING");

	bank_bind_int(&q, order);
	bank_bind_int(&q, bill);
	return bank_query_run(&q);
}

/* Runs what takes hold of a bill that can still be paid. */
static uk_err take_payable(bank_query *q, int64_t bill, int64_t now)
{
	int64_t id;
	uk_err err;

	bank_bind_int(q, bill);
	bank_bind_int(q, now);
	err = bank_query_id(q, &id);
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_fail(UK_ERR_CONDITIONS) : err;
}

uk_err bank_bill_lock(struct bank_store *s, int64_t bill, int64_t now)
{
	bank_query q = bank_query_of(s,
	    "SELECT id FROM bills WHERE id = ? AND expires > ?"
	    " AND state IN ('open', 'shown') FOR UPDATE");

	return take_payable(&q, bill, now);
}

uk_err bank_bill_settle(
    struct bank_store *s, int64_t bill, uk_bytes receipt, int64_t now)
{
	bank_query q = bank_query_of(s, "SELECT payer FROM bills WHERE id = ?");
	int64_t payer;

	bank_bind_int(&q, bill);
	UK_TRY(bank_query_id(&q, &payer));
	return change(s, bill, payer, BANK_BILL_PAID, UK_NONE, receipt, now);
}

uk_err bank_bill_reserve(struct bank_store *s, int64_t bill, int64_t now)
{
	bank_query q = bank_query_of(s,
	    "UPDATE bills SET reserved = 1 WHERE id = ? AND reserved = 0"
	    " AND state IN ('open', 'shown') AND expires > ? RETURNING id");

	return take_payable(&q, bill, now);
}

uk_err bank_bill_refuse(
    struct bank_store *s, int64_t bill, uk_bytes reason, int64_t now)
{
	return change(s, bill, 0, BANK_BILL_REJECTED, reason, UK_NONE, now);
}

/* --- time ---------------------------------------------------------------- */

enum { EXPIRE_AT_ONCE = 64 };

struct overdue {
	int64_t bill, payer;
};

static uk_err find_overdue(struct bank_store *s, int64_t now,
    struct overdue found[EXPIRE_AT_ONCE], size_t *n)
{
	bank_query q = bank_query_of(s,
	    "SELECT id, payer FROM bills WHERE state IN ('open', 'shown')"
	    " AND expires <= ? AND reserved = 0 ORDER BY expires LIMIT ?");

	*n = 0;
	bank_bind_int(&q, now);
	bank_bind_int(&q, EXPIRE_AT_ONCE);
	while (*n < EXPIRE_AT_ONCE && bank_query_row(&q))
		found[(*n)++] = (struct overdue){ bank_col_int(&q, 0),
			bank_col_int(&q, 1) };
	return bank_query_end(&q);
}

uk_err bank_bills_expire(struct bank_store *s, int64_t now,
    void (*fn)(void *arg, int64_t customer), void *arg)
{
	struct overdue found[EXPIRE_AT_ONCE];
	size_t n;
	uk_err err;

	UK_TRY(find_overdue(s, now, found, &n));
	for (size_t i = 0; i < n; i++) {
		UK_TRY(bank_begin(s));
		err = change(s, found[i].bill, found[i].payer,
		    BANK_BILL_EXPIRED, UK_NONE, UK_NONE, now);
		if (uk_is_ok(err))
			err = bank_commit(s);
		if (!uk_is_ok(err))
			bank_rollback(s);
		if (!uk_is_ok(err) && !uk_is(err, UK_ERR_CONDITIONS))
			return err;
		if (uk_is_ok(err) && found[i].payer != 0)
			fn(arg, found[i].payer);
	}
	return uk_ok();
}
