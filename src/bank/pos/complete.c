/* A card's last word, and what happens without one. */
#include "authorise.h"

#include "bills.h"
#include "holds.h"
#include "secret.h"

/* --- payments under way --------------------------------------------------- */

struct payment {
	int64_t id, order, card, hold, settlement, amount;
	int64_t complete_before, source, bill;
	enum bank_pos_state state;
	char code[3], masked[UK_EMV_PAN_MAX + 1];
	char merchant[BANK_POS_MERCHANT_MAX + 1];
	uk_blob emv; /* of the first GENERATE AC */
};

#define COLUMNS                                                                \
	"y.id, y.order_id, y.card, y.hold, u.account, o.amount,"               \
	" y.complete_before, y.state, y.code, y.masked, o.merchant, y.emv,"    \
	" (SELECT account FROM holds h WHERE h.id = y.hold), o.bill"           \
	" FROM pos_payments y"                                                 \
	" JOIN pos_orders o ON o.id = y.order_id"                              \
	" JOIN pos_users u ON u.id = o.owner"

static uk_err read_payment(const bank_query *q, struct payment *y)
{
	y->id = bank_col_int(q, 0);
	y->order = bank_col_int(q, 1);
	y->card = bank_col_int(q, 2);
	y->hold = bank_col_int(q, 3);
	y->settlement = bank_col_int(q, 4);
	y->amount = bank_col_int(q, 5);
	y->complete_before = bank_col_int(q, 6);
	y->state = (enum bank_pos_state)bank_col_int(q, 7);
	UK_TRY(uk_copy_str(y->code, sizeof(y->code), bank_col(q, 8)));
	UK_TRY(uk_copy_str(y->masked, sizeof(y->masked), bank_col(q, 9)));
	UK_TRY(uk_copy_str(y->merchant, sizeof(y->merchant), bank_col(q, 10)));
	y->source = bank_col_int(q, 12);
	y->bill = bank_col_int(q, 13);
	return uk_blob_set(&y->emv, bank_col(q, 11));
}

static uk_err read_one(bank_query *q, struct payment *y)
{
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*y = (struct payment){ 0 };
	if (bank_query_row(q))
		err = read_payment(q, y);
	UK_TRY(bank_query_end(q));
	return err;
}

/* The last that the issuer approved; there is at most one under way. */
static uk_err payment_of(struct bank_pos *p, int64_t order, struct payment *y)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT " COLUMNS " WHERE y.order_id = ? AND y.state <> ?"
	    " ORDER BY y.id DESC LIMIT 1 FOR UPDATE");

	bank_bind_int(&q, order);
	bank_bind_int(&q, BANK_POS_DECLINED);
	return read_one(&q, y);
}

static uk_err next_late(struct bank_pos *p, int64_t now, struct payment *y)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT " COLUMNS " WHERE y.state = ? AND y.complete_before <= ?"
	    " ORDER BY y.id LIMIT 1 FOR UPDATE");

	bank_bind_int(&q, BANK_POS_AUTHORISED);
	bank_bind_int(&q, now);
	return read_one(&q, y);
}

/* --- the end of a payment ------------------------------------------------- */

static uk_err put_end(struct bank_pos *p, const struct payment *y,
    enum bank_pos_state state, uk_bytes emv, int64_t journal, int64_t now)
{
	bank_query q = bank_query_of(p->store,
	    "UPDATE pos_payments SET state = ?, last_emv = ?, last_journal = ?,"
	    " ended = ? WHERE id = ?");

	bank_bind_int(&q, state);
	bank_bind_blob(&q, emv);
	if (journal > 0)
		bank_bind_int(&q, journal);
	else
		bank_bind_null(&q);
	bank_bind_int(&q, now);
	bank_bind_int(&q, y->id);
	UK_TRY(bank_query_run(&q));
	return bank_pos_put_state(p, y->order, state);
}

/* What was set aside goes to the owner, and the merchant's bill is paid. */
static uk_err settle(
    struct bank_pos *p, const struct payment *y, int64_t now, int64_t *journal)
{
	char receipt[32];

	UK_TRY(bank_hold_capture(p->store,
	    &(struct bank_posting){ .from = y->source,
		.to = y->settlement,
		.amount = y->amount,
		.time = now,
		.kind = "card",
		.memo = uk_view_str(y->merchant),
		.hold = y->hold },
	    journal));
	if (y->bill == 0)
		return uk_ok();
	bank_receipt_number(*journal, receipt);
	return bank_bill_settle(p->store, y->bill, uk_view_str(receipt), now);
}

/* Not found: the hold was over first, and the money is free already. */
static uk_err give_back(
    struct bank_pos *p, const struct payment *y, int64_t now)
{
	uk_err err = bank_hold_release(p->store, y->hold);

	if (!uk_is(err, UK_ERR_NOT_FOUND))
		UK_TRY(err);
	if (y->bill == 0)
		return uk_ok();
	err = bank_bill_refuse(p->store, y->bill,
	    uk_view_str("the card did not complete the payment"), now);
	/* Ended already: nothing that the card's money has to wait for. */
	return uk_is(err, UK_ERR_CONDITIONS) ? uk_ok() : err;
}

static uk_err end(struct bank_pos *p, struct payment *y,
    enum bank_pos_state state, uk_bytes emv, int64_t now)
{
	int64_t journal = 0;

	UK_TRY(state == BANK_POS_COMPLETED ? settle(p, y, now, &journal)
					   : give_back(p, y, now));
	y->state = state;
	return put_end(p, y, state, emv, journal, now);
}

/* --- the card's last word ------------------------------------------------- */

/* What both cryptograms of one payment have in common. */
static const uint32_t same[] = { UK_EMV_AMOUNT, UK_EMV_OTHER, UK_EMV_CURRENCY,
	UK_EMV_DATE, UK_EMV_TYPE, UK_EMV_UN, UK_EMV_AIP, UK_EMV_ATC,
	UK_EMV_COUNTRY };

static bool is_same_payment(
    const struct payment *y, const struct uk_emv_set *last)
{
	struct uk_emv_set first;
	uk_bytes a, b;

	if (!uk_is_ok(bank_pos_read_emv(uk_blob_view(&y->emv), &first)))
		return false;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if (!uk_emv_get(&first, same[i], &a) ||
		    !uk_emv_get(last, same[i], &b) || !uk_bytes_eq(a, b))
			return false;
	}
	return true;
}

static uk_err card_by_id(struct bank_pos *p, int64_t id, struct bank_card *card)
{
	uint8_t room[UK_EMV_PAN_MAX];
	uk_buf pan = UK_BUF(room);
	int64_t sequence = 0;
	bank_query q = bank_query_of(
	    p->store, "SELECT pan, sequence FROM pos_cards WHERE id = ?");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND), end;

	bank_bind_int(&q, id);
	if (bank_query_row(&q)) {
		err = bank_vault_unseal(
		    p->vault, "card pan", bank_col(&q, 0), &pan);
		sequence = bank_col_int(&q, 1);
	}
	end = bank_query_end(&q);
	if (uk_is_ok(end) && uk_is_ok(err))
		err = bank_card_find(
		    p, uk_buf_view(&pan), (uint8_t)sequence, card);
	uk_wipe(room, sizeof(room));
	return uk_is_ok(end) ? err : end;
}

/* UK_ERR_SIGNATURE: not this card's TC over this payment. */
static uk_err check_tc(
    struct bank_pos *p, const struct payment *y, const struct uk_emv_set *emv)
{
	struct bank_card card = { 0 };
	uint8_t key[BANK_CARD_KEY];
	uk_err err;

	if (!is_same_payment(y, emv))
		return uk_fail(UK_ERR_SIGNATURE);
	err = card_by_id(p, y->card, &card);
	if (uk_is_ok(err))
		err = bank_pos_check_ac(p, &card, emv, key);
	uk_wipe(&card, sizeof(card));
	uk_wipe(key, sizeof(key));
	return err;
}

static bool is_tc(const struct uk_emv_set *emv)
{
	uk_bytes v;

	return uk_emv_get_n(emv, UK_EMV_CID, 1, &v) &&
	       (v.p[0] & 0xc0) == UK_EMV_TC;
}

static enum bank_code hear(
    struct bank_pos *p, struct payment *y, uk_bytes emv, int64_t now)
{
	struct uk_emv_set set;
	uk_err err;

	if (!uk_is_ok(bank_pos_read_emv(emv, &set)))
		return BANK_CARD_DATA;
	if (y->complete_before <= now || !is_tc(&set))
		return bank_pos_code(end(p, y, BANK_POS_REVERSED, emv, now));
	err = check_tc(p, y, &set);
	if (uk_is(err, UK_ERR_SIGNATURE))
		return BANK_CARD_DATA;
	if (uk_is_ok(err))
		err = end(p, y, BANK_POS_COMPLETED, emv, now);
	return bank_pos_code(err);
}

static enum bank_code complete(struct bank_pos *p, int64_t owner,
    uk_bytes number, uk_bytes emv, int64_t now, struct payment *y)
{
	struct bank_pos_order order;
	enum bank_code code = bank_pos_order_find(p, owner, number, &order);
	uk_err err;

	if (code != BANK_OK)
		return code;
	err = payment_of(p, order.id, y);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_ORDER_CONFLICT;
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	/* Ended already: it is said again how. */
	return y->state == BANK_POS_AUTHORISED ? hear(p, y, emv, now) : BANK_OK;
}

enum bank_code bank_pos_complete(struct bank_pos *p, int64_t owner,
    uk_bytes number, uk_bytes emv, int64_t now, struct bank_pos_outcome *out)
{
	struct payment y = { 0 };
	enum bank_code code;

	*out = (struct bank_pos_outcome){ .pin_left = -1 };
	if (!uk_is_ok(bank_begin(p->store)))
		return BANK_INTERNAL;
	code = complete(p, owner, number, emv, now, &y);
	if (code == BANK_OK)
		code = bank_pos_code(bank_commit(p->store));
	if (code != BANK_OK)
		bank_rollback(p->store);
	out->state = y.state;
	if (!uk_is_ok(uk_copy_str(
		out->code, sizeof(out->code), uk_view_str(y.code))) ||
	    !uk_is_ok(uk_copy_str(
		out->masked, sizeof(out->masked), uk_view_str(y.masked))))
		code = BANK_INTERNAL;
	uk_blob_free(&y.emv);
	return code;
}

/* --- nobody answered ------------------------------------------------------ */

static uk_err reverse_late(struct bank_pos *p, int64_t now)
{
	struct payment y = { 0 };
	uk_err err = bank_begin(p->store);

	UK_TRY(err);
	err = next_late(p, now, &y);
	if (uk_is_ok(err))
		err = end(p, &y, BANK_POS_REVERSED, UK_NONE, now);
	if (uk_is_ok(err))
		err = bank_commit(p->store);
	if (!uk_is_ok(err))
		bank_rollback(p->store);
	uk_blob_free(&y.emv);
	return err;
}

/* Asked without a transaction: mostly there is nothing. */
static uk_err is_late(struct bank_pos *p, int64_t now, bool *late)
{
	bank_query q = bank_query_of(p->store,
	    "SELECT id FROM pos_payments WHERE state = ?"
	    " AND complete_before <= ? LIMIT 1");

	bank_bind_int(&q, BANK_POS_AUTHORISED);
	bank_bind_int(&q, now);
	*late = bank_query_row(&q);
	return bank_query_end(&q);
}

/* What is set aside without a payment under way. */
static uk_err expire_holds(struct bank_pos *p, int64_t now, bool *more)
{
	size_t count = 0;
	uk_err err;

	UK_TRY(bank_holds_due(p->store, now, more));
	if (!*more)
		return uk_ok();
	UK_TRY(bank_begin(p->store));
	err = bank_holds_expire(p->store, now, &count);
	if (uk_is_ok(err))
		err = bank_commit(p->store);
	if (!uk_is_ok(err))
		bank_rollback(p->store);
	*more = count == BANK_HOLDS_SWEPT;
	return err;
}

uk_err bank_pos_sweep(struct bank_pos *p, int64_t now, int64_t most, bool *more)
{
	bool late;

	*more = false;
	UK_TRY(is_late(p, now, &late));
	for (int64_t i = 0; late && i < most; i++) {
		uk_err err = reverse_late(p, now);

		if (uk_is(err, UK_ERR_NOT_FOUND))
			return expire_holds(p, now, more);
		UK_TRY(err);
	}
	if (!late)
		return expire_holds(p, now, more);
	*more = true;
	return uk_ok();
}
