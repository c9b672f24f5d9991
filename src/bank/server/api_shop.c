/* Merchants' requests (docs/protocol.md, 8). */
#include "api.h"
#include "api_json.h"
#include "bill_json.h"
#include "callback_url.h"
#include "json_text.h"
#include "jwe.h"
#include "pos_orders.h"
#include "requests.h"
#include "secret.h"

/* --- what the merchant has to know --------------------------------------- */

/* The key for sensitive fields, as a JWK (RFC 7517). */
static json_t *json_seal_key(const struct bank *b)
{
	uint8_t storage[65];
	uk_buf point = UK_BUF(storage);
	uk_blob x = { NULL, 0 }, y = { NULL, 0 };
	json_t *o = NULL;

	if (uk_is_ok(uk_key_point(b->seal, &point)) &&
	    uk_is_ok(uk_base64url_encode(uk_view(storage + 1, 32), &x)) &&
	    uk_is_ok(uk_base64url_encode(uk_view(storage + 33, 32), &y)))
		o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "kty", "EC", "crv",
		    "P-256", "use", "enc", "alg", "ECDH-ES", "x",
		    (const char *)x.p, "y", (const char *)y.p);
	uk_blob_free(&x);
	uk_blob_free(&y);
	return o;
}

enum bank_code bank_api_merchant(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_merchant m;

	if (!uk_is_ok(bank_merchant_get(b->store, call->merchant, &m)))
		return BANK_INTERNAL;
	*answer = json_pack("{s:s,s:s,s:s,s:s,s:o}", "merchant", m.name,
	    "account", m.number, "currency", m.currency, "callback", m.callback,
	    "sealKey", json_seal_key(b));
	return BANK_OK;
}

/* --- placing ------------------------------------------------------------- */

static bool text_ok(const uk_blob *v, bool empty_too)
{
	return v->n == 0 ? empty_too : uk_tx_value_ok(uk_blob_view(v));
}

/* {"name", "quantity", "amount"}: what can be shown, and nothing else. */
static bool item_ok(const json_t *item)
{
	const json_t *name = json_object_get(item, "name");
	const json_t *quantity = json_object_get(item, "quantity");
	const json_t *amount = json_object_get(item, "amount");
	size_t known = 1;

	if (!json_is_string(name) ||
	    !uk_tx_value_ok(
		uk_view(json_string_value(name), json_string_length(name))))
		return false;
	if (quantity != NULL && !json_is_integer(quantity))
		return false;
	if (amount != NULL && !json_is_integer(amount))
		return false;
	known += (quantity != NULL) + (amount != NULL);
	return json_object_size(item) == known;
}

/* Written again, so that blanks do not make another order of it. */
static bool take_items(uk_blob *text)
{
	json_t *list = json_loadb((const char *)text->p, text->n, 0, NULL);
	bool good = list != NULL;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		good = good && item_ok(item);
	}
	good = good && uk_is_ok(bank_json_text(list, text));
	json_decref(list);
	return good;
}

static enum bank_code check_texts(
    struct bank *b, struct bank_merchant_request *r)
{
	if (!bank_order_number_ok(uk_blob_view(&r->number)) ||
	    !text_ok(&r->payee, false) || !text_ok(&r->memo, true) ||
	    !take_items(&r->items))
		return BANK_MALFORMED;
	if (r->method.n > 0 &&
	    !uk_bytes_eq(uk_blob_view(&r->method), uk_view_str("card")) &&
	    !uk_bytes_eq(uk_blob_view(&r->method), uk_view_str("bill")))
		return BANK_MALFORMED;
	if (r->seconds < BANK_BILL_SECONDS_MIN ||
	    r->seconds > BANK_BILL_SECONDS_MAX)
		return BANK_MALFORMED;
	if (r->amount <= 0 || r->amount > b->config.transfer_limit)
		return BANK_AMOUNT;
	return BANK_OK;
}

/* The account's currency, and a call-back where he is registered. */
static enum bank_code check_merchant(const struct bank_merchant *m,
    const struct bank_merchant_request *r, uk_bytes *callback)
{
	*callback = uk_view_str(m->callback);
	if (!uk_bytes_eq(uk_view_str(m->currency), uk_blob_view(&r->currency)))
		return BANK_ACCOUNT;
	if (r->callback.n == 0)
		return BANK_OK;
	if (!bank_callback_same_origin(uk_blob_view(&r->callback), *callback))
		return BANK_MALFORMED;
	*callback = uk_blob_view(&r->callback);
	return BANK_OK;
}

/* How it is to be paid: by the customer with a phone number, or at a terminal
 * with a card. */
struct payer {
	struct bank *bank;
	const struct bank_merchant *merchant;
	const struct bank_merchant_request *request;
	int64_t now;
	bool card;
	int64_t owner; /* of the terminal */
	uk_bytes phone;
};

/* What the terminal shows is the merchant's text. */
static uk_err add_pos_order(void *arg, int64_t bill, uk_bytes number)
{
	const struct payer *p = arg;
	const struct bank_merchant_request *r = p->request;
	struct bank_pos_new_order n = { .owner = p->owner,
		.number = number,
		.merchant = uk_blob_view(&r->payee),
		.goods = uk_blob_view(r->memo.n > 0 ? &r->memo : &r->payee),
		.currency = uk_blob_view(&r->currency),
		.amount = r->amount,
		.expires = p->now + r->seconds,
		.bill = bill };

	return bank_pos_order_add(&p->bank->pos, &n, p->now) == BANK_OK
		   ? uk_ok()
		   : uk_fail(UK_ERR_INTERNAL);
}

static enum bank_code place(struct bank *b, const struct bank_call *call,
    struct payer *p, uk_bytes callback, json_t **answer)
{
	const struct bank_merchant_request *r = p->request;
	struct bank_bill bill = { 0 };
	int64_t payer = 0;
	uk_err err = bank_bill_place(b->store, b->crypto, b->fields,
	    &(struct bank_bill_wanted){
		.merchant = call->merchant,
		.amount = r->amount,
		.seconds = r->seconds,
		.order = uk_blob_view(&r->number),
		.phone = p->phone,
		.payee = uk_blob_view(&r->payee),
		.memo = uk_blob_view(&r->memo),
		.items = uk_blob_view(&r->items),
		.currency = uk_blob_view(&r->currency),
		.callback = callback,
		.card = p->card,
		.also = p->card ? add_pos_order : NULL,
		.arg = p,
	    },
	    call->now, &bill, &payer);

	if (uk_is_ok(err))
		*answer = bank_json_merchant_bill(&bill, call->now);
	if (payer != 0)
		bank_touch(b, payer);
	bank_bill_free(&bill);
	if (uk_is(err, UK_ERR_EXISTS))
		return BANK_ORDER_CONFLICT;
	if (uk_is(err, UK_ERR_CONDITIONS))
		return BANK_BUSY;
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

/* The terminal of the merchant's account. Its screen has less room. */
static enum bank_code find_terminal(struct bank *b, struct payer *p)
{
	const struct bank_merchant_request *r = p->request;
	uk_err err;

	if (r->phone.n > 0 || r->payee.n > BANK_POS_MERCHANT_MAX ||
	    r->memo.n > BANK_POS_GOODS_MAX)
		return BANK_MALFORMED;
	if (r->amount > BANK_POS_AMOUNT_MAX)
		return BANK_AMOUNT;
	if (bank_pos_currency(p->merchant->currency) == 0)
		return BANK_ACCOUNT;
	err = bank_pos_owner_of(&b->pos, p->merchant->account,
	    uk_blob_view(&r->terminal), &p->owner);
	if (uk_is(err, UK_ERR_NOT_FOUND) || uk_is(err, UK_ERR_CONDITIONS))
		return BANK_ACCOUNT;
	return bank_code_of(err);
}

static enum bank_code open_phone(struct bank *b, struct payer *p, uk_buf *phone)
{
	const struct bank_merchant_request *r = p->request;
	uk_err err;

	if (r->terminal.n > 0)
		return BANK_MALFORMED;
	err = bank_jwe_open(b->crypto, b->seal, uk_blob_view(&r->phone), phone);
	p->phone = uk_buf_view(phone);
	return uk_is_ok(err) && bank_phone_ok(p->phone) ? BANK_OK
							: BANK_MALFORMED;
}

static enum bank_code open_and_place(struct bank *b,
    const struct bank_call *call, const struct bank_merchant_request *r,
    json_t **answer)
{
	uint8_t storage[BANK_JWE_PLAIN_MAX];
	uk_buf phone = UK_BUF(storage);
	struct bank_merchant m;
	struct payer p = { .bank = b,
		.merchant = &m,
		.request = r,
		.now = call->now,
		.card = uk_bytes_eq(
		    uk_blob_view(&r->method), uk_view_str("card")) };
	uk_bytes callback;
	enum bank_code code;

	if (!uk_is_ok(bank_merchant_get(b->store, call->merchant, &m)))
		return BANK_INTERNAL;
	code = check_merchant(&m, r, &callback);
	if (code == BANK_OK)
		code = p.card ? find_terminal(b, &p)
			      : open_phone(b, &p, &phone);
	if (code == BANK_OK)
		code = place(b, call, &p, callback, answer);
	uk_wipe(storage, sizeof(storage));
	return code;
}

enum bank_code bank_api_place(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_merchant_request r;
	enum bank_code code = bank_code_of(bank_read_merchant(call->body, &r));

	if (code == BANK_OK && r.items.n == 0)
		code = bank_code_of(uk_blob_set(&r.items, uk_view_str("[]")));
	if (r.seconds == 0)
		r.seconds = BANK_BILL_SECONDS;
	if (code == BANK_OK)
		code = check_texts(b, &r);
	if (code == BANK_OK)
		code = open_and_place(b, call, &r, answer);
	bank_free_merchant(&r);
	return code;
}

/* --- asking and taking back ---------------------------------------------- */

static enum bank_code find(
    struct bank *b, const struct bank_call *call, struct bank_bill *out)
{
	uk_err err = bank_bill_of_order(
	    b->store, call->merchant, call->order, out);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_NOT_FOUND;
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

enum bank_code bank_api_placed(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_bill bill = { 0 };
	enum bank_code code = find(b, call, &bill);

	if (code == BANK_OK)
		*answer = bank_json_merchant_bill(&bill, call->now);
	bank_bill_free(&bill);
	return code;
}

enum bank_code bank_api_cancel(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_bill bill = { 0 };
	enum bank_code code = find(b, call, &bill);
	uk_err err;

	if (code != BANK_OK)
		goto out;
	err = bank_bill_change(
	    b->store, &bill, BANK_BILL_CANCELLED, UK_NONE, call->now);
	if (uk_is(err, UK_ERR_CONDITIONS))
		code = BANK_BILL_CLOSED;
	else if (!uk_is_ok(err))
		code = BANK_INTERNAL;
	if (code == BANK_OK)
		code = find(b, call, &bill);
	if (code == BANK_OK) {
		*answer = bank_json_merchant_bill(&bill, call->now);
		bank_touch(b, bill.payer);
	}
out:
	bank_bill_free(&bill);
	return code;
}
