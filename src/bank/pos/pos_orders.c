/* Orders to be paid at a terminal. */
#include "pos_orders.h"

#include "utf8.h"

#include <string.h>

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

static const char *const names[] = { "", "pending", "authorised", "completed",
	"reversed", "refused", "declined" };

const char *bank_pos_state_name(enum bank_pos_state s)
{
	return s > 0 && (size_t)s < COUNT(names) ? names[s] : "";
}

/* ISO 4217, table A.1: of those that bank_currency_decimals knows. */
static const struct {
	const char *code;
	unsigned number;
} currencies[] = {
	{ "AUD", 36 },
	{ "CAD", 124 },
	{ "CHF", 756 },
	{ "CNY", 156 },
	{ "EUR", 978 },
	{ "GBP", 826 },
	{ "HKD", 344 },
	{ "JPY", 392 },
	{ "KRW", 410 },
	{ "MOP", 446 },
	{ "SGD", 702 },
	{ "USD", 840 },
};

unsigned bank_pos_currency(const char *code)
{
	for (size_t i = 0; i < COUNT(currencies); i++) {
		if (strcmp(currencies[i].code, code) == 0)
			return currencies[i].number;
	}
	return 0;
}

/* --- reading -------------------------------------------------------------- */

#define COLUMNS                                                                \
	"o.id, o.owner, u.account, o.number, o.merchant, o.goods, o.terms,"    \
	" o.currency, o.amount, o.created, o.expires, o.attempts, o.state,"    \
	" o.challenge, o.bill, (SELECT b.order_number FROM bills b"            \
	" WHERE b.id = o.bill), (SELECT b.state FROM bills b"                  \
	" WHERE b.id = o.bill) FROM pos_orders o"                              \
	" JOIN pos_users u ON u.id = o.owner"

/* Somebody has cancelled it, or it is over. */
static bool bill_has_ended(uk_bytes state)
{
	return state.n > 0 && !uk_bytes_eq(state, uk_view_str("open")) &&
	       !uk_bytes_eq(state, uk_view_str("shown"));
}

static uk_err read_bill(const bank_query *q, struct bank_pos_order *o)
{
	o->bill = bank_col_int(q, 14);
	if (o->state == BANK_POS_PENDING && bill_has_ended(bank_col(q, 16)))
		o->state = BANK_POS_REFUSED;
	return uk_copy_str(
	    o->merchant_order, sizeof(o->merchant_order), bank_col(q, 15));
}

static uk_err read_order(const bank_query *q, struct bank_pos_order *o)
{
	const struct {
		char *to;
		size_t cap;
	} texts[] = { { o->number, sizeof(o->number) },
		{ o->merchant, sizeof(o->merchant) },
		{ o->goods, sizeof(o->goods) }, { o->terms, sizeof(o->terms) },
		{ o->currency, sizeof(o->currency) } };

	o->id = bank_col_int(q, 0);
	o->owner = bank_col_int(q, 1);
	o->account = bank_col_int(q, 2);
	for (int i = 0; i < (int)COUNT(texts); i++)
		UK_TRY(
		    uk_copy_str(texts[i].to, texts[i].cap, bank_col(q, 3 + i)));
	o->amount = bank_col_int(q, 8);
	o->created = bank_col_int(q, 9);
	o->expires = bank_col_int(q, 10);
	o->attempts = bank_col_int(q, 11);
	o->state = (enum bank_pos_state)bank_col_int(q, 12);
	UK_TRY(read_bill(q, o));
	return uk_copy_exact(
	    o->challenge, sizeof(o->challenge), bank_col(q, 13));
}

static uk_err load(
    struct bank_pos *p, uk_bytes number, struct bank_pos_order *out)
{
	bank_query q = bank_query_of(
	    p->store, "SELECT " COLUMNS " WHERE o.number = ? FOR UPDATE");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*out = (struct bank_pos_order){ 0 };
	bank_bind_text(&q, number);
	if (bank_query_row(&q))
		err = read_order(&q, out);
	UK_TRY(bank_query_end(&q));
	return err;
}

enum bank_code bank_pos_order_find(struct bank_pos *p, int64_t owner,
    uk_bytes number, struct bank_pos_order *out)
{
	uk_err err = load(p, number, out);

	if (uk_is(err, UK_ERR_NOT_FOUND) ||
	    (uk_is_ok(err) && out->owner != owner))
		return BANK_NOT_FOUND;
	return bank_pos_code(err);
}

uk_err bank_pos_orders_each(struct bank_pos *p, int64_t owner, int64_t now,
    bank_pos_order_fn *fn, void *arg)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT " COLUMNS " WHERE o.owner = ? AND o.state = ?"
	    " AND o.expires > ? AND (o.bill IS NULL OR EXISTS (SELECT 1"
	    " FROM bills b WHERE b.id = o.bill"
	    " AND b.state IN ('open', 'shown'))) ORDER BY o.id LIMIT ?");
	struct bank_pos_order o;
	uk_err err = uk_ok(), end;

	bank_bind_int(&q, owner);
	bank_bind_int(&q, BANK_POS_PENDING);
	bank_bind_int(&q, now);
	bank_bind_int(&q, BANK_POS_LIST_MAX);
	while (uk_is_ok(err) && bank_query_row(&q)) {
		o = (struct bank_pos_order){ 0 };
		err = read_order(&q, &o);
		if (uk_is_ok(err))
			fn(arg, &o);
	}
	end = bank_query_end(&q);
	return uk_is_ok(end) ? err : end;
}

/* --- making --------------------------------------------------------------- */

/* One line that any screen shows as it is. */
static bool is_text(uk_bytes v, size_t least, size_t most)
{
	uk_reader r = uk_read(v);

	if (v.n < least || v.n > most || !uk_utf8_valid(v))
		return false;
	while (r.left > 0) {
		if (!uk_utf8_is_shown(uk_utf8_next(&r)))
			return false;
	}
	return true;
}

static enum bank_code check(const struct bank_pos_new_order *n)
{
	char currency[BANK_CURRENCY_LEN + 1];

	if (!bank_order_number_ok(n->number) ||
	    !is_text(n->merchant, 1, BANK_POS_MERCHANT_MAX) ||
	    !is_text(n->goods, 1, BANK_POS_GOODS_MAX) ||
	    !is_text(n->terms, 0, BANK_POS_TERMS_MAX) ||
	    !uk_is_ok(uk_copy_str(currency, sizeof(currency), n->currency)))
		return BANK_MALFORMED;
	if (n->amount <= 0 || n->amount > BANK_POS_AMOUNT_MAX)
		return BANK_AMOUNT;
	return bank_pos_currency(currency) == 0 ? BANK_ACCOUNT : BANK_OK;
}

static bool same(
    const struct bank_pos_order *o, const struct bank_pos_new_order *n)
{
	return o->owner == n->owner && o->amount == n->amount &&
	       uk_bytes_eq(uk_view_str(o->merchant), n->merchant) &&
	       uk_bytes_eq(uk_view_str(o->goods), n->goods) &&
	       uk_bytes_eq(uk_view_str(o->terms), n->terms) &&
	       uk_bytes_eq(uk_view_str(o->currency), n->currency);
}

static uk_err owner_currency(
    struct bank_pos *p, int64_t owner, uk_bytes currency, bool *good)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT a.currency FROM pos_users u JOIN accounts a"
	    " ON a.id = u.account WHERE u.id = ?");

	bank_bind_int(&q, owner);
	*good = bank_query_row(&q) && uk_bytes_eq(bank_col(&q, 0), currency);
	return bank_query_end(&q);
}

static uk_err insert(
    struct bank_pos *p, const struct bank_pos_new_order *n, int64_t now)
{
	uint8_t challenge[BANK_POS_CHALLENGE];
	bank_query q = bank_query_of(p->store,
	    "INSERT INTO pos_orders (owner, number, merchant, goods, terms,"
	    " currency, amount, created, expires, attempts, state, challenge,"
	    " bill) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)");
	uk_err err = uk_random(p->crypto, challenge, sizeof(challenge)), end;

	bank_bind_int(&q, n->owner);
	bank_bind_text(&q, n->number);
	bank_bind_text(&q, n->merchant);
	bank_bind_text(&q, n->goods);
	bank_bind_text(&q, n->terms);
	bank_bind_text(&q, n->currency);
	bank_bind_int(&q, n->amount);
	bank_bind_int(&q, now);
	bank_bind_int(&q, n->expires);
	bank_bind_int(&q, BANK_POS_PENDING);
	bank_bind_blob(&q, UK_ARRAY(challenge));
	if (n->bill == 0)
		bank_bind_null(&q);
	else
		bank_bind_int(&q, n->bill);
	if (uk_is_ok(err))
		return bank_query_run(&q);
	end = bank_query_end(&q);
	return uk_is_ok(end) ? err : end;
}

static enum bank_code make(
    struct bank_pos *p, const struct bank_pos_new_order *n, int64_t now)
{
	struct bank_pos_order there;
	bool good = false;
	uk_err err = load(p, n->number, &there);

	if (uk_is_ok(err))
		return same(&there, n) ? BANK_OK : BANK_ORDER_CONFLICT;
	if (!uk_is(err, UK_ERR_NOT_FOUND) ||
	    !uk_is_ok(owner_currency(p, n->owner, n->currency, &good)))
		return BANK_INTERNAL;
	return good ? bank_pos_code(insert(p, n, now)) : BANK_ACCOUNT;
}

enum bank_code bank_pos_order_add(
    struct bank_pos *p, const struct bank_pos_new_order *n, int64_t now)
{
	enum bank_code code = check(n);

	return code == BANK_OK ? make(p, n, now) : code;
}

uk_err bank_pos_owner_of(
    struct bank_pos *p, int64_t account, uk_bytes email, int64_t *owner)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT id FROM pos_users WHERE account = ? AND active = 1"
	    " AND (? = '' OR email = ?) ORDER BY id LIMIT 2");
	bool one, two = false;

	bank_bind_int(&q, account);
	bank_bind_text(&q, email);
	bank_bind_text(&q, email);
	one = bank_query_row(&q);
	*owner = one ? bank_col_int(&q, 0) : 0;
	if (one)
		two = bank_query_row(&q);
	UK_TRY(bank_query_end(&q));
	if (two)
		return uk_fail(UK_ERR_CONDITIONS);
	return one ? uk_ok() : uk_fail(UK_ERR_NOT_FOUND);
}

enum bank_code bank_pos_order_make(
    struct bank_pos *p, const struct bank_pos_new_order *n, int64_t now)
{
	enum bank_code code = check(n);

	if (code != BANK_OK)
		return code;
	if (!uk_is_ok(bank_begin(p->store)))
		return BANK_INTERNAL;
	code = make(p, n, now);
	if (code == BANK_OK)
		code = bank_pos_code(bank_commit(p->store));
	if (code != BANK_OK)
		bank_rollback(p->store);
	return code;
}

/* --- bound to the card ---------------------------------------------------- */

uk_err bank_pos_number(
    uk_crypto *c, const struct bank_pos_order *o, uint8_t un[4])
{
	uint8_t storage[160], hash[32];
	uk_buf b = UK_BUF(storage), h = UK_BUF(hash);

	uk_put_str(&b, "ukey pos order 1");
	uk_put(&b, UK_ARRAY(o->challenge));
	uk_put_u64(&b, (uint64_t)o->amount);
	uk_put_str(&b, o->currency);
	uk_put_str(&b, o->number);
	UK_TRY(uk_buf_result(&b));
	UK_TRY(uk_hash_one(c, UK_HASH_SHA256, uk_buf_view(&b), &h));
	return uk_copy_exact(un, 4, uk_view(hash, 4));
}
