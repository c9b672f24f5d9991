/* Customers' phone numbers. */
#include "phones.h"

#include "bill_events.h"

#include <inttypes.h>
#include <stdio.h>

enum { CLAIMED_AT_ONCE = 64 };

/* What the sealed number is bound to. */
static uk_bytes row_name(int64_t customer, char out[40])
{
	snprintf(out, 40, "customer %" PRId64, customer);
	return uk_view_str(out);
}

static uk_err store_number(
    struct bank_store *s, int64_t customer, uk_bytes sealed, uk_bytes index)
{
	bank_query q = bank_query_of(s,
	    "INSERT INTO phones (customer, sealed, lookup) VALUES (?, ?, ?)"
	    " ON CONFLICT (customer) DO UPDATE SET sealed = excluded.sealed,"
	    " lookup = excluded.lookup");

	bank_bind_int(&q, customer);
	bank_bind_blob(&q, sealed);
	bank_bind_blob(&q, index);
	return bank_query_run(&q);
}

/* Bills that came before their customer was known. */
static uk_err claim_bills(
    struct bank_store *s, int64_t customer, uk_bytes index, int64_t now)
{
	int64_t bills[CLAIMED_AT_ONCE];
	size_t n = 0;
	bank_query q = bank_query_of(s,
	    "UPDATE bills SET payer = ? WHERE phone_lookup = ?"
	    " AND payer IS NULL AND state = 'open' AND expires > ?"
	    " RETURNING id");

	bank_bind_int(&q, customer);
	bank_bind_blob(&q, index);
	bank_bind_int(&q, now);
	while (n < CLAIMED_AT_ONCE && bank_query_row(&q))
		bills[n++] = bank_col_int(&q, 0);
	UK_TRY(bank_query_end(&q));
	for (size_t i = 0; i < n; i++)
		UK_TRY(bank_event_add(s, customer, bills[i], "new", now));
	return uk_ok();
}

uk_err bank_phone_set(struct bank_store *s, const struct bank_fields *f,
    int64_t customer, uk_bytes phone, int64_t now)
{
	uint8_t sealed_room[BANK_FIELD_SEALED_MAX], room[BANK_FIELD_INDEX];
	uk_buf sealed = UK_BUF(sealed_room), index = UK_BUF(room);
	char name[40];
	uk_err err;

	if (!bank_phone_ok(phone))
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(bank_field_index(f, BANK_FIELD_PHONE, phone, &index));
	UK_TRY(bank_field_seal(
	    f, BANK_FIELD_PHONE, row_name(customer, name), phone, &sealed));
	UK_TRY(bank_begin(s));
	err = store_number(
	    s, customer, uk_buf_view(&sealed), uk_buf_view(&index));
	if (uk_is_ok(err))
		err = claim_bills(s, customer, uk_buf_view(&index), now);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

uk_err bank_phone_owner(struct bank_store *s, uk_bytes index, int64_t *customer)
{
	bank_query q = bank_query_of(
	    s, "SELECT customer FROM phones WHERE lookup = ?");

	bank_bind_blob(&q, index);
	*customer = bank_query_row(&q) ? bank_col_int(&q, 0) : 0;
	return bank_query_end(&q);
}

uk_err bank_phone_of(struct bank_store *s, const struct bank_fields *f,
    int64_t customer, uk_buf *out)
{
	bank_query q = bank_query_of(
	    s, "SELECT sealed FROM phones WHERE customer = ?");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);
	char name[40];

	bank_bind_int(&q, customer);
	if (bank_query_row(&q))
		err = bank_field_open(f, BANK_FIELD_PHONE,
		    row_name(customer, name), bank_col(&q, 0), out);
	UK_TRY(bank_query_end(&q));
	return err;
}
