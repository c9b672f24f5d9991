/* A payment, from the message to the books. */
#include "attempt.h"

#include "bills.h"
#include "secret.h"
#include "strokes.h"

enum { MESSAGE_MAX = 24 * 1024 };

#define FIELD_SIGNATURE "pos signature"

/* --- writing it down ------------------------------------------------------ */

static uk_err seal_signature(struct attempt *a, uk_blob *out)
{
	size_t n = a->m->signature.n + BANK_SEALED_MORE;
	uint8_t *room;
	uk_buf b;
	uk_err err;

	if (a->m->signature.n == 0)
		return uk_ok();
	room = uk_new_array(n, 1);
	if (room == NULL)
		return uk_fail(UK_ERR_MEMORY);
	b = uk_buf_over(room, n);
	err = bank_vault_seal(
	    a->p->vault, FIELD_SIGNATURE, a->m->signature, &b);
	if (uk_is_ok(err))
		err = uk_blob_set(out, uk_buf_view(&b));
	uk_free(room);
	return err;
}

static uk_err insert_payment(struct attempt *a, uk_bytes signature)
{
	const struct bank_pos_outcome *o = a->out;
	bank_query q = bank_query_of(a->p->store,
	    "INSERT INTO pos_payments (order_id, request, reader, card, state,"
	    " code, issuer_data, masked, pin_left, emv, signature, time,"
	    " complete_before, hold) VALUES"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bank_bind_int(&q, a->order.id);
	bank_bind_blob(&q, UK_ARRAY(a->hash));
	bank_bind_int(&q, a->reader.id);
	if (a->known)
		bank_bind_int(&q, a->card.id);
	else
		bank_bind_null(&q);
	bank_bind_int(&q, o->state);
	bank_bind_text(&q, uk_view_str(o->code));
	bank_bind_blob(&q, uk_view(o->issuer_data, o->issuer_data_len));
	bank_bind_text(&q, uk_view_str(o->masked));
	bank_bind_int(&q, o->pin_left);
	bank_bind_blob(&q, a->m->emv);
	bank_bind_blob(&q, signature);
	bank_bind_int(&q, a->now);
	bank_bind_int(&q, o->complete_before);
	if (a->hold > 0)
		bank_bind_int(&q, a->hold);
	else
		bank_bind_null(&q);
	return bank_query_run(&q);
}

/* A refused card leaves the order for another, with another number to sign. */
static uk_err count_attempt(struct attempt *a)
{
	bool last = a->order.attempts + 1 >= a->p->rules.order_attempts;
	bank_query q = bank_query_of(a->p->store,
	    "UPDATE pos_orders SET attempts = attempts + 1, state = ?"
	    " WHERE id = ?");

	bank_bind_int(&q, last ? BANK_POS_REFUSED : BANK_POS_PENDING);
	bank_bind_int(&q, a->order.id);
	UK_TRY(bank_query_run(&q));
	if (!last || a->order.bill == 0)
		return uk_ok();
	return bank_bill_refuse(a->p->store, a->order.bill,
	    uk_view_str("too many cards were declined"), a->now);
}

uk_err bank_pos_put_state(
    struct bank_pos *p, int64_t order, enum bank_pos_state state)
{
	bank_query q = bank_query_of(
	    p->store, "UPDATE pos_orders SET state = ? WHERE id = ?");

	bank_bind_int(&q, state);
	bank_bind_int(&q, order);
	return bank_query_run(&q);
}

/* From here on nobody cancels the bill, and it does not expire. */
static uk_err approve(struct attempt *a)
{
	if (a->order.bill != 0)
		UK_TRY(bank_bill_reserve(a->p->store, a->order.bill, a->now));
	return bank_pos_put_state(a->p, a->order.id, BANK_POS_AUTHORISED);
}

static uk_err record(struct attempt *a, const char *code)
{
	struct bank_pos_outcome *o = a->out;
	bool good = uk_bytes_eq(uk_view_str(code), uk_view_str(APPROVED));
	uk_blob signature = { NULL, 0 };
	uk_err err;

	UK_TRY(uk_copy_str(o->code, sizeof(o->code), uk_view_str(code)));
	uk_mask_pan(a->track.pan, o->masked);
	o->state = good ? BANK_POS_AUTHORISED : BANK_POS_DECLINED;
	o->complete_before = good ? a->now + a->p->rules.complete_seconds : 0;
	err = bank_attempt_answer(a, code);
	if (uk_is_ok(err))
		err = seal_signature(a, &signature);
	if (uk_is_ok(err))
		err = insert_payment(a, uk_blob_view(&signature));
	uk_blob_free(&signature);
	UK_TRY(err);
	UK_TRY(bank_reader_used(a->p, &a->reader, a->m->ksn));
	return good ? approve(a) : count_attempt(a);
}

/* --- from the beginning --------------------------------------------------- */

/* The same message again: what was said the first time. */
static uk_err find_again(struct attempt *a)
{
	bank_query q = bank_query_of(a->p->store,
	    "SELECT state, code, issuer_data, masked, complete_before, pin_left"
	    " FROM pos_payments WHERE order_id = ? AND request = ?");
	struct bank_pos_outcome *o = a->out;
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bind_int(&q, a->order.id);
	bank_bind_blob(&q, UK_ARRAY(a->hash));
	if (bank_query_row(&q)) {
		uk_bytes data = bank_col(&q, 2);
		uk_buf b = UK_BUF(o->issuer_data);

		o->state = (enum bank_pos_state)bank_col_int(&q, 0);
		o->complete_before = bank_col_int(&q, 4);
		o->pin_left = bank_col_int(&q, 5);
		uk_put(&b, data);
		o->issuer_data_len = b.len;
		err = uk_buf_result(&b);
		if (uk_is_ok(err))
			err = uk_copy_str(
			    o->code, sizeof(o->code), bank_col(&q, 1));
		if (uk_is_ok(err))
			err = uk_copy_str(
			    o->masked, sizeof(o->masked), bank_col(&q, 3));
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

static enum bank_code open_order(struct attempt *a)
{
	uk_err err;

	if (a->order.state != BANK_POS_PENDING)
		return BANK_ORDER_CONFLICT;
	if (a->order.expires <= a->now)
		return BANK_ORDER_EXPIRED;
	if (a->order.bill == 0)
		return BANK_OK;
	err = bank_bill_lock(a->p->store, a->order.bill, a->now);
	return uk_is(err, UK_ERR_CONDITIONS) ? BANK_BILL_CLOSED
					     : bank_pos_code(err);
}

static enum bank_code open_message(
    struct attempt *a, int64_t owner, uk_bytes message)
{
	struct uk_strokes strokes;
	enum bank_code code;

	code = bank_reader_keys(a->p, owner, a->m->ksn, &a->reader, &a->keys);
	if (code == BANK_OK)
		code = bank_attempt_mac(a, message);
	if (code == BANK_OK && a->m->signature.n > 0 &&
	    !uk_is_ok(uk_strokes_check(a->m->signature, &strokes)))
		code = BANK_MALFORMED;
	if (code == BANK_OK)
		code = bank_attempt_card(a);
	if (code == BANK_OK &&
	    (!uk_is_ok(bank_pos_read_emv(a->m->emv, &a->emv)) ||
		!bank_attempt_is_arqc(&a->emv) ||
		!bank_pos_fits(a->p, &a->order, &a->emv, a->now)))
		code = BANK_CARD_DATA;
	return code;
}

static enum bank_code settle(struct attempt *a)
{
	const char *code = NULL;
	uk_err err = bank_attempt_decide(a, &code);

	if (uk_is_ok(err))
		err = record(a, code == NULL ? APPROVED : code);
	return bank_pos_code(err);
}

static enum bank_code run(
    struct attempt *a, int64_t owner, uk_bytes number, uk_bytes message)
{
	enum bank_code code = bank_pos_order_find(
	    a->p, owner, number, &a->order);
	uk_err err;

	if (code != BANK_OK)
		return code;
	err = find_again(a);
	if (!uk_is(err, UK_ERR_NOT_FOUND))
		return bank_pos_code(err);
	code = open_order(a);
	if (code == BANK_OK)
		code = open_message(a, owner, message);
	return code == BANK_OK ? settle(a) : code;
}

static enum bank_code run_in_transaction(
    struct attempt *a, int64_t owner, uk_bytes number, uk_bytes message)
{
	enum bank_code code;

	if (!uk_is_ok(bank_begin(a->p->store)))
		return BANK_INTERNAL;
	code = run(a, owner, number, message);
	if (code == BANK_OK)
		code = bank_pos_code(bank_commit(a->p->store));
	if (code != BANK_OK)
		bank_rollback(a->p->store);
	return code;
}

enum bank_code bank_pos_authorise(struct bank_pos *p, int64_t owner,
    uk_bytes number, const struct bank_pos_message *m, int64_t now,
    struct bank_pos_outcome *out)
{
	struct attempt *a = uk_secret_new(sizeof(*a));
	uint8_t *room = uk_new_array(MESSAGE_MAX, 1);
	uk_buf message = uk_buf_over(room, room == NULL ? 0 : MESSAGE_MAX), h;
	enum bank_code code = BANK_INTERNAL;

	*out = (struct bank_pos_outcome){ .pin_left = -1 };
	if (a == NULL || room == NULL)
		goto out;
	*a = (struct attempt){ .p = p, .m = m, .now = now, .out = out };
	h = (uk_buf)UK_BUF(a->hash);
	bank_pos_put_message(&message, number, m);
	uk_put(&message, m->mac);
	if (!uk_is_ok(uk_buf_result(&message)) ||
	    !uk_is_ok(uk_hash_one(
		p->crypto, UK_HASH_SHA256, uk_buf_view(&message), &h)))
		goto out;
	uk_buf_cut(&message, message.len - m->mac.n);
	code = run_in_transaction(a, owner, number, uk_buf_view(&message));
out:
	uk_free(room);
	uk_secret_free(a, sizeof(*a));
	return code;
}
