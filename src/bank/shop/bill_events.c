/* Events of a customer's bills. */
#include "bill_events.h"

#include "news.h"

/* The row of the counter is locked until the commit: so numbers become visible
 * in their order, whoever else is writing. */
static uk_err next_number(struct bank_store *s, int64_t customer, int64_t *out)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO event_counters (customer, last) VALUES (?, 1)"
	    " ON CONFLICT (customer) DO UPDATE"
	    " SET last = event_counters.last + 1 RETURNING last");

	bank_bind_int(&q, customer);
	*out = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;
	return bank_query_end(&q);
}

uk_err bank_event_add(struct bank_store *s, int64_t customer, int64_t bill,
    const char *kind, int64_t now)
{
	int64_t number;
	bank_query q;

	UK_TRY(next_number(s, customer, &number));
	q = bank_query_of(s,
	    "INSERT INTO bill_events (customer, number, bill, kind, time)"
	    " VALUES (?, ?, ?, ?, ?)");
	bank_bind_int(&q, customer);
	bank_bind_int(&q, number);
	bank_bind_int(&q, bill);
	bank_bind_text(&q, uk_view_str(kind));
	bank_bind_int(&q, now);
	UK_TRY(bank_query_run(&q));
	return bank_notify(s, BANK_NEWS_BILLS, customer);
}

static uk_err read_event(const bank_query *q, struct bank_bill_event *e)
{
	e->number = bank_col_int(q, 0);
	e->bill = bank_col_int(q, 1);
	e->time = bank_col_int(q, 3);
	return uk_copy_str(e->kind, sizeof(e->kind), bank_col(q, 2));
}

uk_err bank_events_after(struct bank_store *s, int64_t customer, int64_t after,
    size_t room, struct bank_bill_event *out, size_t *n)
{
	bank_query q = bank_query_of(s,
	    "SELECT number, bill, kind, time FROM bill_events"
	    " WHERE customer = ? AND number > ? ORDER BY number LIMIT ?");
	uk_err err = uk_ok();

	*n = 0;
	bank_bind_int(&q, customer);
	bank_bind_int(&q, after);
	bank_bind_int(&q, (int64_t)room);
	while (uk_is_ok(err) && bank_query_row(&q))
		err = read_event(&q, &out[(*n)++]);
	UK_TRY(bank_query_end(&q));
	return err;
}

uk_err bank_events_last(struct bank_store *s, int64_t customer, int64_t *number)
{
	bank_query q = bank_query_of(
	    s, "SELECT last FROM event_counters WHERE customer = ?");

	bank_bind_int(&q, customer);
	*number = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;
	return bank_query_end(&q);
}

uk_err bank_events_forget(struct bank_store *s, int64_t before)
{
	bank_query q = bank_query_of(
	    s, "DELETE FROM bill_events WHERE time < ?");

	bank_bind_int(&q, before);
	return bank_query_run(&q);
}
