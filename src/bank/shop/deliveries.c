/* Calls to merchants: the queue. */
#include "deliveries.h"

#include "bill_events.h"

/* A next time beyond this was set by a clock that has been put back since. */
enum { LATEST = 2 * BANK_DELIVERY_PAUSE };

uk_err bank_delivery_add(
    struct bank_store *s, int64_t bill, const char *event, int64_t now)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO deliveries (bill, event, created, next, tries, state)"
	    " VALUES (?, ?, ?, ?, 0, 'waiting')");

	bank_bind_int(&q, bill);
	bank_bind_text(&q, uk_view_str(event));
	bank_bind_int(&q, now);
	bank_bind_int(&q, now);
	return bank_query_run(&q);
}

static uk_err read_delivery(const bank_query *q, struct bank_delivery *d)
{
	d->id = bank_col_int(q, 0);
	d->bill = bank_col_int(q, 1);
	d->tries = bank_col_int(q, 3);
	return uk_copy_str(d->event, sizeof(d->event), bank_col(q, 2));
}

uk_err bank_deliveries_due(struct bank_store *s, int64_t now, size_t room,
    struct bank_delivery *out, size_t *n)
{
	bank_query q = bank_query_of(s,
	    "SELECT d.id, d.bill, d.event, d.tries FROM deliveries d"
	    " JOIN bills b ON b.id = d.bill JOIN merchants m"
	    " ON m.id = b.merchant WHERE d.state = 'waiting'"
	    " AND (d.next <= ? OR d.next > ?) AND m.disabled = 0 ORDER BY "
	    "d.next, d.id LIMIT ?");
	uk_err err = uk_ok();

	*n = 0;
	bank_bind_int(&q, now);
	bank_bind_int(&q, now + LATEST);
	bank_bind_int(&q, (int64_t)room);
	while (uk_is_ok(err) && bank_query_row(&q))
		err = read_delivery(&q, &out[(*n)++]);
	UK_TRY(bank_query_end(&q));
	return err;
}

/* A bill ends once, so there is one at most. */
uk_err bank_delivery_of(
    struct bank_store *s, int64_t bill, struct bank_delivery_state *out)
{
	bank_query q = bank_query_of(s,
	    "SELECT event, state, tries, next FROM deliveries WHERE bill = ?"
	    " ORDER BY id DESC LIMIT 1");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bind_int(&q, bill);
	if (bank_query_row(&q)) {
		out->tries = bank_col_int(&q, 2);
		out->next = bank_col_int(&q, 3);
		err = uk_copy_str(
		    out->event, sizeof(out->event), bank_col(&q, 0));
		if (uk_is_ok(err))
			err = uk_copy_str(
			    out->state, sizeof(out->state), bank_col(&q, 1));
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

int64_t bank_delivery_pause(int64_t tries, uint8_t random)
{
	int64_t pause = tries < 10 ? INT64_C(1) << tries : BANK_DELIVERY_PAUSE;

	if (pause > BANK_DELIVERY_PAUSE)
		pause = BANK_DELIVERY_PAUSE;
	return pause - pause / 4 + pause * random / 512;
}

uk_err bank_delivery_claim(struct bank_store *s, const struct bank_delivery *d,
    int64_t now, int64_t next)
{
	bank_query q = bank_query_of(s,
	    "UPDATE deliveries SET next = ?, tries = tries + 1 WHERE id = ?"
	    " AND state = 'waiting' AND (next <= ? OR next > ?)"
	    " RETURNING id");
	bool ours;

	bank_bind_int(&q, next);
	bank_bind_int(&q, d->id);
	bank_bind_int(&q, now);
	bank_bind_int(&q, now + LATEST);
	ours = bank_query_row(&q);
	UK_TRY(bank_query_end(&q));
	return ours ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
}

static uk_err mark_done(struct bank_store *s, int64_t id, bool *first)
{
	bank_query q = bank_query_of(s,
	    "UPDATE deliveries SET state = 'done' WHERE id = ?"
	    " AND state = 'waiting' RETURNING id");

	bank_bind_int(&q, id);
	*first = bank_query_row(&q);
	return bank_query_end(&q);
}

static uk_err mark_told(
    struct bank_store *s, int64_t bill, int64_t now, int64_t *customer)
{
	bank_query q = bank_query_of(s,
	    "UPDATE bills SET acknowledged = 1 WHERE id = ? RETURNING payer");

	bank_bind_int(&q, bill);
	if (bank_query_row(&q))
		*customer = bank_col_int(&q, 0); /* NULL reads as 0 */
	UK_TRY(bank_query_end(&q));
	if (*customer == 0)
		return uk_ok();
	return bank_event_add(s, *customer, bill, "told", now);
}

uk_err bank_delivery_done(struct bank_store *s, const struct bank_delivery *d,
    int64_t now, int64_t *customer)
{
	bool first = false;
	uk_err err;

	*customer = 0;
	UK_TRY(bank_begin(s));
	err = mark_done(s, d->id, &first);
	if (uk_is_ok(err) && first)
		err = mark_told(s, d->bill, now, customer);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

uk_err bank_deliveries_give_up(struct bank_store *s, int64_t now, int64_t *n)
{
	bank_query q = bank_query_of(s,
	    "UPDATE deliveries SET state = 'given-up' WHERE state = 'waiting'"
	    " AND created < ? RETURNING id");

	*n = 0;
	bank_bind_int(&q, now - BANK_DELIVERY_TRIES);
	while (bank_query_row(&q))
		(*n)++;
	return bank_query_end(&q);
}
