/* Payments with their goods. */
#include "pos_records.h"

enum { TEXT_MAX = 64, PATTERN_MAX = 2 * TEXT_MAX + 2 };

/* %text%, in lower case as lower() has it for ASCII, with '\' before what LIKE
 * takes for a pattern. */
static uk_err put_pattern(uk_bytes text, uk_buf *out)
{
	if (text.n > TEXT_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_u8(out, '%');
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c == '%' || c == '_' || c == '\\')
			uk_put_u8(out, '\\');
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		uk_put_u8(out, c);
	}
	if (text.n > 0)
		uk_put_u8(out, '%');
	return uk_buf_result(out);
}

static void read_record(const bank_query *q, struct bank_pos_record *r)
{
	*r = (struct bank_pos_record){ .id = bank_col_int(q, 0),
		.time = bank_col_int(q, 1),
		.ended = bank_col_int(q, 2),
		.amount = bank_col_int(q, 3),
		.state = (enum bank_pos_state)bank_col_int(q, 4),
		.number = bank_col(q, 5),
		.merchant = bank_col(q, 6),
		.goods = bank_col(q, 7),
		.terms = bank_col(q, 8),
		.currency = bank_col(q, 9),
		.masked = bank_col(q, 10),
		.code = bank_col(q, 11),
		.has_signature = bank_col_int(q, 12) != 0 };
}

static void bind_filter(bank_query *q, int64_t owner,
    const struct bank_pos_filter *f, uk_bytes pattern)
{
	bank_bind_int(q, owner);
	for (int i = 0; i < 3; i++)
		bank_bind_text(q, pattern);
	bank_bind_int(q, f->merchant.n == 0 ? 1 : 0);
	bank_bind_text(q, f->merchant);
	bank_bind_int(q, f->from);
	bank_bind_int(q, f->until);
	bank_bind_int(q, f->least);
	bank_bind_int(q, f->most);
	bank_bind_int(q, f->before);
	bank_bind_int(q, f->limit + 1);
}

uk_err bank_pos_records_each(struct bank_pos *p, int64_t owner,
    const struct bank_pos_filter *f, bank_pos_record_fn *fn, void *arg,
    bool *more)
{
	uint8_t storage[PATTERN_MAX];
	uk_buf pattern = UK_BUF(storage);
	bank_query q;
	int64_t n = 0;

	*more = false;
	UK_TRY(put_pattern(f->text, &pattern));
	q = bank_query_of(p->store,
	    "SELECT y.id, y.time, coalesce(y.ended, 0), o.amount, y.state,"
	    " o.number, o.merchant, o.goods, o.terms, o.currency, y.masked,"
	    " y.code, CASE WHEN length(y.signature) > 0 THEN 1 ELSE 0 END"
	    " FROM pos_payments y JOIN pos_orders o ON o.id = y.order_id"
	    " WHERE o.owner = ? AND (lower(o.number) LIKE ? ESCAPE '\\'"
	    "  OR lower(o.goods) LIKE ? ESCAPE '\\'"
	    "  OR lower(o.merchant) LIKE ? ESCAPE '\\')"
	    " AND (? = 1 OR o.merchant = ?) AND y.time >= ? AND y.time < ?"
	    " AND o.amount >= ? AND o.amount <= ? AND y.id < ?"
	    " ORDER BY y.id DESC LIMIT ?");
	bind_filter(&q, owner, f, uk_buf_view(&pattern));
	while (bank_query_row(&q)) {
		struct bank_pos_record r;

		read_record(&q, &r);
		*more = ++n > f->limit;
		if (!*more)
			fn(arg, &r);
	}
	return bank_query_end(&q);
}

uk_err bank_pos_signature(
    struct bank_pos *p, int64_t owner, uk_bytes number, uk_buf *out)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT y.signature FROM pos_payments y"
	    " JOIN pos_orders o ON o.id = y.order_id"
	    " WHERE o.owner = ? AND o.number = ? AND length(y.signature) > 0"
	    " ORDER BY y.id DESC LIMIT 1");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND), end;

	bank_bind_int(&q, owner);
	bank_bind_text(&q, number);
	if (bank_query_row(&q))
		err = bank_vault_unseal(
		    p->vault, "pos signature", bank_col(&q, 0), out);
	end = bank_query_end(&q);
	return uk_is_ok(end) ? err : end;
}
