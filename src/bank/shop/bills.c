/* Bills: placing and finding. */
#include "bills.h"

#include "bill_events.h"

static const char *const states[BANK_BILL_STATES] = {
	[BANK_BILL_OPEN] = "open",
	[BANK_BILL_SHOWN] = "shown",
	[BANK_BILL_PAID] = "paid",
	[BANK_BILL_REJECTED] = "rejected",
	[BANK_BILL_EXPIRED] = "expired",
	[BANK_BILL_CANCELLED] = "cancelled",
};

const char *bank_bill_state_name(enum bank_bill_state state)
{
	return states[state];
}

void bank_bill_free(struct bank_bill *b)
{
	uk_blob_free(&b->payee);
	uk_blob_free(&b->memo);
	uk_blob_free(&b->items);
	uk_blob_free(&b->reason);
}

/* --- reading ------------------------------------------------------------- */

#define SELECT_BILL                                                            \
	"SELECT b.id, b.merchant, b.payer, b.state, b.acknowledged, b.amount," \
	" b.created, b.expires, b.changed, b.number, b.order_number, m.name,"  \
	" a.number, b.currency, b.callback, b.receipt, b.payee, b.memo,"       \
	" b.items, b.reason, b.content, b.method FROM bills b"                 \
	" JOIN merchants m ON m.id = b.merchant"                               \
	" JOIN accounts a ON a.id = m.account"

static uk_err read_state(uk_bytes name, enum bank_bill_state *out)
{
	for (int i = 0; i < BANK_BILL_STATES; i++) {
		if (uk_bytes_eq(name, uk_view_str(states[i]))) {
			*out = (enum bank_bill_state)i;
			return uk_ok();
		}
	}
	return uk_fail(UK_ERR_INTERNAL);
}

static uk_err read_texts(const bank_query *q, struct bank_bill *b)
{
	const struct {
		char *to;
		size_t cap;
	} texts[] = {
		{ b->number, sizeof(b->number) },
		{ b->order, sizeof(b->order) },
		{ b->merchant_name, sizeof(b->merchant_name) },
		{ b->account, sizeof(b->account) },
		{ b->currency, sizeof(b->currency) },
		{ b->callback, sizeof(b->callback) },
		{ b->receipt, sizeof(b->receipt) },
	};
	uk_blob *const blobs[] = { &b->payee, &b->memo, &b->items, &b->reason };

	for (int i = 0; i < 7; i++)
		UK_TRY(
		    uk_copy_str(texts[i].to, texts[i].cap, bank_col(q, 9 + i)));
	for (int i = 0; i < 4; i++)
		UK_TRY(uk_blob_set(blobs[i], bank_col(q, 16 + i)));
	return uk_copy_exact(b->content, sizeof(b->content), bank_col(q, 20));
}

static uk_err read_bill(const bank_query *q, struct bank_bill *b)
{
	b->id = bank_col_int(q, 0);
	b->merchant = bank_col_int(q, 1);
	b->payer = bank_col_int(q, 2); /* NULL reads as 0 */
	b->acknowledged = bank_col_int(q, 4) != 0;
	b->amount = bank_col_int(q, 5);
	b->created = bank_col_int(q, 6);
	b->expires = bank_col_int(q, 7);
	b->changed = bank_col_int(q, 8);
	b->card = uk_bytes_eq(bank_col(q, 21), uk_view_str("card"));
	UK_TRY(read_state(bank_col(q, 3), &b->state));
	return read_texts(q, b);
}

static uk_err read_one(bank_query *q, struct bank_bill *out)
{
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bill_free(out);
	*out = (struct bank_bill){ 0 };
	if (bank_query_row(q))
		err = read_bill(q, out);
	UK_TRY(bank_query_end(q));
	return err;
}

static uk_err read_all(bank_query *q, bank_bill_fn *fn, void *arg)
{
	struct bank_bill b = { 0 };
	uk_err err = uk_ok();

	while (uk_is_ok(err) && bank_query_row(q)) {
		err = read_bill(q, &b);
		if (uk_is_ok(err))
			fn(arg, &b);
	}
	bank_bill_free(&b);
	UK_TRY(bank_query_end(q));
	return err;
}

uk_err bank_bill_of_order(struct bank_store *s, int64_t merchant,
    uk_bytes order, struct bank_bill *out)
{
	bank_query q = bank_query_of(
	    s, SELECT_BILL " WHERE b.merchant = ? AND b.order_number = ?");

	bank_bind_int(&q, merchant);
	bank_bind_text(&q, order);
	return read_one(&q, out);
}

uk_err bank_bill_of_payer(struct bank_store *s, int64_t customer,
    uk_bytes number, struct bank_bill *out)
{
	bank_query q = bank_query_of(
	    s, SELECT_BILL " WHERE b.payer = ? AND b.number = ?");

	bank_bind_int(&q, customer);
	bank_bind_text(&q, number);
	return read_one(&q, out);
}

uk_err bank_bill_get(struct bank_store *s, int64_t id, struct bank_bill *out)
{
	bank_query q = bank_query_of(s, SELECT_BILL " WHERE b.id = ?");

	bank_bind_int(&q, id);
	return read_one(&q, out);
}

uk_err bank_bills_each(struct bank_store *s, int64_t customer, bool unanswered,
    int64_t limit, bank_bill_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s,
	    SELECT_BILL " WHERE b.payer = ? AND (? = 0 OR"
			" b.state IN ('open', 'shown'))"
			" ORDER BY b.id DESC LIMIT ?");

	bank_bind_int(&q, customer);
	bank_bind_int(&q, unanswered);
	bank_bind_int(&q, limit);
	return read_all(&q, fn, arg);
}

uk_err bank_bills_of_merchant(struct bank_store *s, int64_t merchant,
    int64_t before, int64_t limit, bank_bill_fn *fn, void *arg)
{
	bank_query q = bank_query_of(s,
	    SELECT_BILL " WHERE b.merchant = ? AND b.id < ?"
			" ORDER BY b.id DESC LIMIT ?");

	bank_bind_int(&q, merchant);
	bank_bind_int(&q, before == 0 ? INT64_MAX : before);
	bank_bind_int(&q, limit);
	return read_all(&q, fn, arg);
}

/* --- placing ------------------------------------------------------------- */

/* Lengths go in, so that no two orders have the same bytes; of the phone number
 * its index. */
static uk_err content_hash(uk_crypto *c, const struct bank_bill_wanted *w,
    uk_bytes phone_index, uk_buf *hash)
{
	const uk_bytes fields[] = { w->payee, w->memo, w->items, w->currency,
		w->callback, phone_index };
	uint8_t storage[BANK_BILL_ITEMS_MAX + 4096];
	uk_buf all = UK_BUF(storage);

	uk_put_u64(&all, (uint64_t)w->amount);
	uk_put_u64(&all, (uint64_t)w->seconds);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uk_put_u32(&all, (uint32_t)fields[i].n);
		uk_put(&all, fields[i]);
	}
	if (w->card)
		uk_put_str(&all, "card");
	UK_TRY(uk_buf_result(&all));
	return uk_hash_one(c, UK_HASH_SHA256, uk_buf_view(&all), hash);
}

/* 130 random bits in Crockford's base 32, as order numbers are written. */
static uk_err make_number(uk_crypto *c, char out[BANK_BILL_NUMBER + 1])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t random[BANK_BILL_NUMBER];

	UK_TRY(uk_random(c, random, sizeof(random)));
	for (size_t i = 0; i < sizeof(random); i++)
		out[i] = digits[random[i] & 31];
	out[BANK_BILL_NUMBER] = '\0';
	return uk_ok();
}

static uk_err check_count(
    struct bank_store *s, const struct bank_bill_wanted *w, uk_bytes index)
{
	bank_query q = bank_query_of(s,
	    "SELECT (SELECT count(*) FROM bills WHERE phone_lookup = ?"
	    "  AND state IN ('open', 'shown')),"
	    " (SELECT count(*) FROM bills WHERE merchant = ?"
	    "  AND state IN ('open', 'shown'))");
	bool room = false;

	bank_bind_blob(&q, index);
	bank_bind_int(&q, w->merchant);
	if (bank_query_row(&q))
		room = (w->card ||
			   bank_col_int(&q, 0) < BANK_BILLS_OPEN_PHONE) &&
		       bank_col_int(&q, 1) < BANK_BILLS_OPEN_MERCHANT;
	UK_TRY(bank_query_end(&q));
	return room ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
}

struct new_bill {
	const struct bank_bill_wanted *w;
	int64_t payer, now;
	char number[BANK_BILL_NUMBER + 1];
	uk_bytes content, index, sealed;
};

static uk_err insert(
    struct bank_store *s, const struct new_bill *n, int64_t *id)
{
	const struct bank_bill_wanted *w = n->w;
	bank_query q = bank_query_of(s,
	    "INSERT INTO bills (number, merchant, order_number, content,"
	    " payer, phone, phone_lookup, payee, amount, currency, memo,"
	    " items, callback, state, method, created, changed, expires)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?,"
	    " ?)"
	    " ON CONFLICT DO NOTHING RETURNING id");
	uk_err err;

	bank_bind_text(&q, uk_view_str(n->number));
	bank_bind_int(&q, w->merchant);
	bank_bind_text(&q, w->order);
	bank_bind_blob(&q, n->content);
	if (n->payer == 0)
		bank_bind_null(&q);
	else
		bank_bind_int(&q, n->payer);
	bank_bind_blob(&q, n->sealed);
	bank_bind_blob(&q, n->index);
	bank_bind_text(&q, w->payee);
	bank_bind_int(&q, w->amount);
	bank_bind_text(&q, w->currency);
	bank_bind_text(&q, w->memo);
	bank_bind_text(&q, w->items);
	bank_bind_text(&q, w->callback);
	bank_bind_text(&q, uk_view_str(w->card ? "card" : "bill"));
	bank_bind_int(&q, n->now);
	bank_bind_int(&q, n->now);
	bank_bind_int(&q, n->now + w->seconds);
	err = bank_query_id(&q, id);
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_fail(UK_ERR_EXISTS) : err;
}

/* Inside the transaction: an order number that is there already ends it. */
static uk_err place(struct bank_store *s, uk_crypto *c,
    const struct bank_fields *f, struct new_bill *n)
{
	uint8_t storage[BANK_FIELD_SEALED_MAX];
	uk_buf sealed = UK_BUF(storage);
	int64_t id;

	UK_TRY(check_count(s, n->w, n->index));
	UK_TRY(make_number(c, n->number));
	if (!n->w->card) {
		UK_TRY(bank_field_seal(f, BANK_FIELD_PHONE,
		    uk_view_str(n->number), n->w->phone, &sealed));
		UK_TRY(bank_phone_owner(s, n->index, &n->payer));
	}
	n->sealed = uk_buf_view(&sealed);
	UK_TRY(insert(s, n, &id));
	if (n->w->also != NULL)
		UK_TRY(n->w->also(n->w->arg, id, uk_view_str(n->number)));
	if (n->payer == 0)
		return uk_ok();
	return bank_event_add(s, n->payer, id, "new", n->now);
}

static uk_err place_new(struct bank_store *s, uk_crypto *c,
    const struct bank_fields *f, struct new_bill *n)
{
	uk_err err;

	UK_TRY(bank_begin(s));
	err = place(s, c, f, n);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

uk_err bank_bill_place(struct bank_store *s, uk_crypto *c,
    const struct bank_fields *f, const struct bank_bill_wanted *w, int64_t now,
    struct bank_bill *out, int64_t *payer)
{
	uint8_t content_room[UK_HASH_MAX], index_room[BANK_FIELD_INDEX];
	uk_buf content = UK_BUF(content_room), index = UK_BUF(index_room);
	struct new_bill n = { .w = w, .now = now };
	uk_err err;

	*payer = 0;
	if (!w->card)
		UK_TRY(bank_field_index(f, BANK_FIELD_PHONE, w->phone, &index));
	UK_TRY(content_hash(c, w, uk_buf_view(&index), &content));
	n.content = uk_buf_view(&content);
	n.index = uk_buf_view(&index);
	err = bank_bill_of_order(s, w->merchant, w->order, out);
	if (uk_is(err, UK_ERR_NOT_FOUND)) {
		err = place_new(s, c, f, &n);
		if (uk_is_ok(err))
			*payer = n.payer;
		/* Exists: another server process was faster. */
		if (uk_is_ok(err) || uk_is(err, UK_ERR_EXISTS))
			err = bank_bill_of_order(s, w->merchant, w->order, out);
	}
	UK_TRY(err);
	return uk_bytes_eq(UK_ARRAY(out->content), n.content)
		   ? uk_ok()
		   : uk_fail(UK_ERR_EXISTS);
}
