/* Transfers: reading and preparing. confirm.c posts them. */
#include "orders.h"

#include "payee.h"

#include "bills.h"

void bank_order_free(struct bank_order *o)
{
	uk_blob_free(&o->number);
	uk_blob_free(&o->payee);
	uk_blob_free(&o->memo);
	uk_blob_free(&o->text);
	uk_blob_free(&o->receipt);
	uk_blob_free(&o->receipt_signature);
}

/* --- reading ------------------------------------------------------------- */

static uk_err read_row(const bank_query *q, struct bank_order *o)
{
	o->id = bank_col_int(q, 0);
	o->source = bank_col_int(q, 2);
	o->target = bank_col_int(q, 3);
	o->amount = bank_col_int(q, 7);
	o->expires = bank_col_int(q, 12);
	o->posted = bank_col_int(q, 13) != 0;
	o->bill = bank_col_int(q, 16); /* NULL reads as 0 */
	UK_TRY(uk_copy_exact(o->content, sizeof(o->content), bank_col(q, 1)));
	UK_TRY(uk_copy_str(o->from, sizeof(o->from), bank_col(q, 4)));
	UK_TRY(uk_copy_str(o->to, sizeof(o->to), bank_col(q, 5)));
	UK_TRY(uk_blob_set(&o->payee, bank_col(q, 6)));
	UK_TRY(uk_copy_str(o->currency, sizeof(o->currency), bank_col(q, 8)));
	UK_TRY(uk_blob_set(&o->memo, bank_col(q, 9)));
	UK_TRY(uk_blob_set(&o->text, bank_col(q, 10)));
	UK_TRY(uk_blob_set(&o->number, bank_col(q, 11)));
	UK_TRY(uk_blob_set(&o->receipt, bank_col(q, 14)));
	UK_TRY(uk_copy_str(o->holder, sizeof(o->holder), bank_col(q, 17)));
	if (!bank_display_by_name(bank_col(q, 18), &o->display))
		return uk_fail(UK_ERR_FORMAT);
	return uk_blob_set(&o->receipt_signature, bank_col(q, 15));
}

static uk_err load(struct bank_store *s, int64_t customer, uk_bytes number,
    struct bank_order *out)
{
	bank_query q = bank_query_of(s,
	    "SELECT o.id, o.content, o.source, o.target, f.number, t.number,"
	    " o.payee, o.amount, o.currency, o.memo, o.text, o.number,"
	    " o.expires, o.state = 'posted', o.receipt, o.receipt_signature,"
	    " l.bill, t.name, o.display FROM orders o"
	    " JOIN accounts f ON f.id = o.source"
	    " JOIN accounts t ON t.id = o.target"
	    " LEFT JOIN bill_orders l ON l.order_id = o.id"
	    " WHERE o.customer = ? AND o.number = ?");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_order_free(out);
	*out = (struct bank_order){ .customer = customer };
	bank_bind_int(&q, customer);
	bank_bind_text(&q, number);
	if (bank_query_row(&q))
		err = read_row(&q, out);
	UK_TRY(bank_query_end(&q));
	return err;
}

static enum bank_code state_of(const struct bank_order *o, int64_t now)
{
	return o->posted || now < o->expires ? BANK_OK : BANK_ORDER_EXPIRED;
}

enum bank_code bank_order_find(struct bank *b, int64_t customer,
    uk_bytes number, int64_t now, struct bank_order *out)
{
	uk_err err = load(b->store, customer, number, out);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_NOT_FOUND;
	return uk_is_ok(err) ? state_of(out, now) : BANK_INTERNAL;
}

uk_err bank_orders_each(struct bank_store *s, int64_t customer, int64_t now,
    bank_open_order_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s,
	    "SELECT o.amount, o.expires, o.number, f.number, t.number, o.payee,"
	    " o.currency, o.memo, coalesce(b.number, '') FROM orders o"
	    " JOIN accounts f ON f.id = o.source"
	    " JOIN accounts t ON t.id = o.target"
	    " LEFT JOIN bill_orders l ON l.order_id = o.id"
	    " LEFT JOIN bills b ON b.id = l.bill"
	    " WHERE o.customer = ? AND o.state = 'prepared' AND o.expires > ?"
	    " ORDER BY o.expires DESC, o.id DESC LIMIT ?");

	bank_bind_int(&q, customer);
	bank_bind_int(&q, now);
	bank_bind_int(&q, BANK_ORDERS_LISTED);
	while (bank_query_row(&q)) {
		struct bank_open_order o = {
			.amount = bank_col_int(&q, 0),
			.expires = bank_col_int(&q, 1),
			.number = bank_col(&q, 2),
			.from = bank_col(&q, 3),
			.to = bank_col(&q, 4),
			.payee = bank_col(&q, 5),
			.currency = bank_col(&q, 6),
			.memo = bank_col(&q, 7),
			.bill = bank_col(&q, 8),
		};

		fn(arg, &o);
	}
	return bank_query_end(&q);
}

/* --- preparing ----------------------------------------------------------- */

/* Lengths go in, so that no two orders have the same bytes. */
static uk_err content_hash(
    struct bank *b, const struct bank_order_request *r, uk_buf *hash)
{
	const uk_blob *fields[] = { &r->from, &r->to, &r->payee, &r->currency,
		&r->memo };
	uint8_t storage[2048];
	uk_buf all = UK_BUF(storage);

	uk_put_u64(&all, (uint64_t)r->amount);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uk_put_u32(&all, (uint32_t)fields[i]->n);
		uk_put(&all, uk_blob_view(fields[i]));
	}
	if (r->bill != NULL)
		uk_put_str(&all, r->bill->number);
	UK_TRY(uk_buf_result(&all));
	return uk_hash_one(b->crypto, UK_HASH_SHA256, uk_buf_view(&all), hash);
}

/* The account of this number and currency; BANK_ACCOUNT if there is none. */
static enum bank_code find_account(struct bank *b, const uk_blob *number,
    const uk_blob *currency, struct bank_account *out)
{
	uk_err err = bank_account_find(b->store, uk_blob_view(number), out);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_ACCOUNT;
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	if (!uk_bytes_eq(uk_view_str(out->currency), uk_blob_view(currency)))
		return BANK_ACCOUNT;
	return BANK_OK;
}

static enum bank_code check_accounts(struct bank *b, int64_t customer,
    const struct bank_order_request *r, struct bank_account *from,
    struct bank_account *to)
{
	enum bank_code code = find_account(b, &r->from, &r->currency, from);

	if (code == BANK_OK)
		code = find_account(b, &r->to, &r->currency, to);
	if (code != BANK_OK)
		return code;
	/* From somebody else's, to the bank's own, or to itself: not allowed.
	 */
	if (from->customer != customer || to->customer == 0 ||
	    from->id == to->id)
		return BANK_ACCOUNT;
	return BANK_OK;
}

static enum bank_code make_text(struct bank *b, int64_t customer,
    const struct bank_order_request *r, int64_t now, uk_buf *text)
{
	char name[BANK_NAME_MAX + 1];
	uint8_t stamps[2][24];
	uk_buf prepared = UK_BUF(stamps[0]), expires = UK_BUF(stamps[1]);
	const struct bank_bill none = { .number = "" };
	const struct bank_bill *bill = r->bill == NULL ? &none : r->bill;
	uk_err err = bank_customer_name(b->store, customer, name);

	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	bank_put_time(&prepared, now);
	bank_put_time(&expires, now + BANK_ORDER_SECONDS);
	err = bank_put_order_text(
	    text, &(struct bank_order_text){
		      .from = uk_blob_view(&r->from),
		      .to = uk_blob_view(&r->to),
		      .payee = uk_blob_view(&r->payee),
		      .memo = uk_blob_view(&r->memo),
		      .amount = r->amount,
		      .currency = uk_blob_view(&r->currency),
		      .bank = uk_view_str(b->origin),
		      .order = uk_blob_view(&r->number),
		      .customer = uk_view_str(name),
		      .prepared = uk_buf_view(&prepared),
		      .expires = uk_buf_view(&expires),
		      .merchant = uk_view_str(bill->merchant_name),
		      .merchant_order = uk_view_str(bill->order),
		      .bill = uk_view_str(bill->number),
		  });
	/* What cannot be shown exactly is not ours to sign. */
	return uk_is_ok(err) ? BANK_OK : BANK_MALFORMED;
}

static uk_err insert(struct bank *b, int64_t customer,
    const struct bank_order_request *r, uk_bytes content, int64_t source,
    int64_t target, uk_bytes text, int64_t expires)
{
	bank_query q = bank_query_of(b->store,
	    "INSERT INTO orders (customer, number, content, source, target,"
	    " payee, amount, currency, memo, text, expires, state)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'prepared')"
	    " ON CONFLICT DO NOTHING RETURNING id");
	int64_t id;

	bank_bind_int(&q, customer);
	bank_bind_text(&q, uk_blob_view(&r->number));
	bank_bind_blob(&q, content);
	bank_bind_int(&q, source);
	bank_bind_int(&q, target);
	bank_bind_text(&q, uk_blob_view(&r->payee));
	bank_bind_int(&q, r->amount);
	bank_bind_text(&q, uk_blob_view(&r->currency));
	bank_bind_text(&q, uk_blob_view(&r->memo));
	bank_bind_blob(&q, text);
	bank_bind_int(&q, expires);
	UK_TRY(bank_query_id(&q, &id));
	return r->bill == NULL ? uk_ok()
			       : bank_bill_link(b->store, id, r->bill->id);
}

/* Orders that were over long ago, some at a time. Those that a bill knows of
 * stay. */
static uk_err sweep(struct bank *b, int64_t customer, int64_t now)
{
	bank_query q = bank_query_of(b->store,
	    "DELETE FROM orders WHERE id IN (SELECT o.id FROM orders o"
	    " WHERE o.customer = ? AND o.state = 'prepared' AND o.expires < ?"
	    " AND NOT EXISTS (SELECT 1 FROM bill_orders l"
	    "  WHERE l.order_id = o.id) ORDER BY o.expires LIMIT ?)");

	bank_bind_int(&q, customer);
	bank_bind_int(&q, now - BANK_ORDER_KEPT_SECONDS);
	bank_bind_int(&q, BANK_ORDERS_SWEPT);
	return bank_query_run(&q);
}

/* The order, and which bill it pays: both or none. */
static uk_err insert_whole(struct bank *b, int64_t customer,
    const struct bank_order_request *r, uk_bytes content, int64_t source,
    int64_t target, uk_bytes text, int64_t expires)
{
	uk_err err;

	UK_TRY(bank_begin(b->store));
	err = sweep(b, customer, expires - BANK_ORDER_SECONDS);
	if (uk_is_ok(err))
		err = insert(
		    b, customer, r, content, source, target, text, expires);
	if (uk_is_ok(err))
		err = bank_commit(b->store);
	if (!uk_is_ok(err))
		bank_rollback(b->store);
	return err;
}

/* Nobody fills the database with orders that he never confirms. */
static enum bank_code check_open(struct bank *b, int64_t customer, int64_t now)
{
	bank_query q = bank_query_of(b->store,
	    "SELECT 1 FROM orders WHERE customer = ? AND state = 'prepared'"
	    " AND expires > ? ORDER BY expires LIMIT 1 OFFSET ?");
	bool full;

	bank_bind_int(&q, customer);
	bank_bind_int(&q, now);
	bank_bind_int(&q, b->config.max_open_orders - 1);
	full = bank_query_row(&q);
	if (!uk_is_ok(bank_query_end(&q)))
		return BANK_INTERNAL;
	return full ? BANK_BUSY : BANK_OK;
}

static enum bank_code check_payee(struct bank *b,
    const struct bank_order_request *r, const struct bank_account *to)
{
	if (b->config.payee_check < 2 || r->bill != NULL)
		return BANK_OK;
	return bank_payee_match(uk_blob_view(&r->payee),
		   uk_view_str(to->name)) == BANK_PAYEE_NONE
		   ? BANK_PAYEE
		   : BANK_OK;
}

static enum bank_code make_order(struct bank *b, int64_t customer,
    const struct bank_order_request *r, uk_bytes content, int64_t now)
{
	uint8_t storage[UK_TX_MAX];
	uk_buf text = UK_BUF(storage);
	struct bank_account from, to;
	enum bank_code code;
	uk_err err;

	if (bank_currency_decimals(uk_blob_view(&r->currency)) < 0)
		return BANK_ACCOUNT;
	if (r->amount <= 0 || r->amount > b->config.transfer_limit)
		return BANK_AMOUNT;
	code = check_open(b, customer, now);
	if (code == BANK_OK)
		code = check_accounts(b, customer, r, &from, &to);
	if (code == BANK_OK)
		code = check_payee(b, r, &to);
	if (code == BANK_OK)
		code = make_text(b, customer, r, now, &text);
	if (code != BANK_OK)
		return code;
	err = insert_whole(b, customer, r, content, from.id, to.id,
	    uk_buf_view(&text), now + BANK_ORDER_SECONDS);
	/* Another client was faster: then that one's order counts. */
	return uk_is_ok(err) || uk_is(err, UK_ERR_NOT_FOUND) ? BANK_OK
							     : BANK_INTERNAL;
}

enum bank_code bank_order_prepare(struct bank *b, int64_t customer,
    const struct bank_order_request *r, int64_t now, struct bank_order *out)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf content = UK_BUF(storage);
	uk_bytes number = uk_blob_view(&r->number);
	enum bank_code code;

	if (!bank_order_number_ok(number))
		return BANK_MALFORMED;
	if (!uk_is_ok(content_hash(b, r, &content)))
		return BANK_INTERNAL;
	code = bank_order_find(b, customer, number, now, out);
	if (code == BANK_NOT_FOUND) {
		code = make_order(b, customer, r, uk_buf_view(&content), now);
		if (code == BANK_OK)
			code = bank_order_find(b, customer, number, now, out);
	}
	if ((code == BANK_OK || code == BANK_ORDER_EXPIRED) &&
	    !uk_bytes_eq(UK_ARRAY(out->content), uk_buf_view(&content)))
		code = BANK_ORDER_CONFLICT;
	return code;
}
