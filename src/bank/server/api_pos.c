/* The handlers of card terminals: docs/protocol.md, section "Card terminals".
 */
#include "api.h"

#include "api_json.h"
#include "hex.h"
#include "pos_records.h"
#include "requests.h"
#include "strokes.h"
#include "users.h"

enum { LIMIT = 50, LIMIT_MAX = 100, SWEEP = 16 };

/* --- who ------------------------------------------------------------------ */

/* Each request also brings back what a terminal has left behind, so that the
 * server's own timer is not the only one who does. */
static enum bank_code owner_of(
    struct bank *b, const struct bank_call *call, int64_t *owner)
{
	bool more;
	enum bank_code code;

	if (!uk_is_ok(bank_pos_sweep(&b->pos, call->now, SWEEP, &more)))
		return BANK_INTERNAL;
	code = bank_user_session(&b->pos, call->token, call->now, owner);
	return code;
}

static uk_err pin_of(uk_pin *pin, const uk_blob *text)
{
	return uk_pin_set(pin, uk_blob_view(text));
}

/* So many guesses in a minute for one address and one name, and so many for one
 * address: nobody else's guesses keep an owner out. */
static bool may_try(
    struct bank *b, const struct bank_call *call, const uk_blob *email)
{
	char name[BANK_EMAIL_MAX + 1] = "";
	uint8_t storage[BANK_EMAIL_MAX + 64];
	uk_buf key = UK_BUF(storage);
	int64_t now_ms = call->now * 1000;

	(void)bank_email_normalize(uk_blob_view(email), name); /* or "" */
	uk_put(&key, call->peer.address);
	uk_put_u8(&key, 0);
	uk_put_str(&key, name);
	return !key.bad &&
	       bank_rates_take(b->pos_rates, BANK_POS_RATE_ADDRESS,
		   call->peer.address, 1, now_ms) &&
	       bank_rates_take(b->pos_rates, BANK_POS_RATE_NAME,
		   uk_buf_view(&key), 1, now_ms);
}

/* --- registration --------------------------------------------------------- */

enum bank_code bank_api_pos_register(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_pos_register_request r;
	enum bank_code code = bank_code_of(
	    bank_read_pos_register(call->body, &r));
	uk_pin password = { 0 };

	if (code == BANK_OK && !may_try(b, call, &r.email))
		code = BANK_BUSY;
	if (code == BANK_OK)
		code = bank_code_of(pin_of(&password, &r.password));
	if (code == BANK_OK)
		code = bank_user_register(&b->pos,
		    &(struct bank_registration){ uk_blob_view(&r.email),
			uk_blob_view(&r.account), &password },
		    call->now);
	if (code == BANK_OK)
		*answer = json_pack("{s:s}", "state", "unconfirmed");
	uk_wipe(&password, sizeof(password));
	bank_free_pos_register(&r);
	return code;
}

enum bank_code bank_api_pos_confirm(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_pos_confirm_request r;
	enum bank_code code = bank_code_of(
	    bank_read_pos_confirm(call->body, &r));
	uk_blob nobody = { NULL, 0 };
	uk_pin password = { 0 };

	if (code == BANK_OK && !may_try(b, call, &nobody))
		code = BANK_BUSY;
	if (code == BANK_OK)
		code = bank_code_of(pin_of(&password, &r.password));
	if (code == BANK_OK)
		code = bank_user_confirm(
		    &b->pos, uk_blob_view(&r.token), &password, call->now);
	if (code == BANK_OK)
		*answer = json_pack("{s:s}", "state", "active");
	uk_wipe(&password, sizeof(password));
	bank_free_pos_confirm(&r);
	return code;
}

enum bank_code bank_api_pos_login(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_pos_login_request r;
	enum bank_code code = bank_code_of(bank_read_pos_login(call->body, &r));
	uint8_t storage[BANK_POS_SESSION_TEXT];
	uk_buf token = UK_BUF(storage);
	uk_pin password = { 0 };
	int64_t expires = 0;

	if (code == BANK_OK && !may_try(b, call, &r.email))
		code = BANK_BUSY;
	if (code == BANK_OK)
		code = bank_code_of(pin_of(&password, &r.password));
	if (code == BANK_OK)
		code = bank_user_login(&b->pos, uk_blob_view(&r.email),
		    &password, call->now, &token, &expires);
	if (code == BANK_OK)
		*answer = json_pack("{s:o,s:o}", "session",
		    bank_json_string(uk_buf_view(&token)), "expiresAt",
		    bank_json_time(expires));
	uk_wipe(storage, sizeof(storage));
	uk_wipe(&password, sizeof(password));
	bank_free_pos_login(&r);
	return code;
}

enum bank_code bank_api_pos_logout(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	int64_t owner;
	enum bank_code code = owner_of(b, call, &owner);

	if (code == BANK_OK)
		code = bank_user_logout(&b->pos, call->token);
	*answer = json_object();
	return code;
}

enum bank_code bank_api_pos_password(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_pos_password_request r;
	enum bank_code code = bank_code_of(
	    bank_read_pos_password(call->body, &r));
	uk_pin old = { 0 }, fresh = { 0 };
	int64_t owner = 0;

	if (code == BANK_OK)
		code = owner_of(b, call, &owner);
	if (code == BANK_OK)
		code = bank_code_of(pin_of(&old, &r.old));
	if (code == BANK_OK)
		code = bank_code_of(pin_of(&fresh, &r.fresh));
	if (code == BANK_OK)
		code = bank_user_password(&b->pos, owner, &old, &fresh);
	*answer = json_object();
	uk_wipe(&old, sizeof(old));
	uk_wipe(&fresh, sizeof(fresh));
	bank_free_pos_password(&r);
	return code;
}

/* --- readers -------------------------------------------------------------- */

static void add_reader(void *arg, const struct bank_reader *r)
{
	json_array_append_new(
	    arg, json_pack("{s:I,s:s,s:s}", "reader", (json_int_t)r->id,
		     "algorithm", r->kind == BANK_READER_AES ? "aes" : "tdes",
		     "state", r->released ? "active" : "requested"));
}

enum bank_code bank_api_pos_readers(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	json_t *list = json_array();
	int64_t owner;
	enum bank_code code = owner_of(b, call, &owner);

	if (code == BANK_OK && list != NULL &&
	    !uk_is_ok(bank_readers_each(&b->pos, owner, add_reader, list)))
		code = BANK_INTERNAL;
	*answer = json_pack("{s:o}", "readers", list);
	return code;
}

enum bank_code bank_api_pos_reader(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_pos_reader_request r;
	enum bank_code code = bank_code_of(
	    bank_read_pos_reader(call->body, &r));
	uk_bytes name = uk_blob_view(&r.algorithm);
	bool tdes = uk_bytes_eq(name, uk_view_str("tdes"));
	int64_t owner = 0, id = 0;

	if (code == BANK_OK && !tdes && name.n > 0 &&
	    !uk_bytes_eq(name, uk_view_str("aes")))
		code = BANK_MALFORMED;
	if (code == BANK_OK)
		code = owner_of(b, call, &owner);
	if (code == BANK_OK)
		code = bank_reader_request(&b->pos, owner,
		    tdes ? BANK_READER_TDES : BANK_READER_AES, call->now, &id);
	if (code == BANK_OK)
		*answer = json_pack("{s:I,s:s}", "reader", (json_int_t)id,
		    "state", "requested");
	bank_free_pos_reader(&r);
	return code;
}

/* --- orders --------------------------------------------------------------- */

struct order_list {
	json_t *array;
	uk_crypto *crypto;
};

static json_t *json_pos_order(uk_crypto *c, const struct bank_pos_order *o)
{
	char un[2 * 4 + 1];
	uint8_t number[4];

	json_t *j;

	if (!uk_is_ok(bank_pos_number(c, o, number)))
		return NULL;
	uk_hex_str(un, sizeof(un), UK_ARRAY(number));
	j = json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:i,s:s,s:o,s:o}",
	    "orderNumber", o->number, "state", bank_pos_state_name(o->state),
	    "merchant", o->merchant, "goods", o->goods, "terms", o->terms,
	    "amount", (json_int_t)o->amount, "currency", o->currency,
	    "currencyNumber", (int)bank_pos_currency(o->currency),
	    "unpredictableNumber", un, "createdAt", bank_json_time(o->created),
	    "expiresAt", bank_json_time(o->expires));
	if (o->bill != 0)
		json_object_set_new(
		    j, "merchantOrder", json_string(o->merchant_order));
	return j;
}

static void add_order(void *arg, const struct bank_pos_order *o)
{
	struct order_list *list = arg;

	json_array_append_new(list->array, json_pos_order(list->crypto, o));
}

enum bank_code bank_api_pos_orders(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct order_list list = { json_array(), b->crypto };
	int64_t owner;
	enum bank_code code = owner_of(b, call, &owner);

	if (code == BANK_OK && list.array != NULL &&
	    !uk_is_ok(bank_pos_orders_each(
		&b->pos, owner, call->now, add_order, &list)))
		code = BANK_INTERNAL;
	*answer = json_pack("{s:o}", "orders", list.array);
	return code;
}

enum bank_code bank_api_pos_order(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_pos_order o;
	int64_t owner;
	enum bank_code code = owner_of(b, call, &owner);

	if (code == BANK_OK)
		code = bank_pos_order_find(&b->pos, owner, call->order, &o);
	if (code == BANK_OK)
		*answer = json_pos_order(b->crypto, &o);
	return code;
}

/* --- payments ------------------------------------------------------------- */

static json_t *json_outcome(
    const struct bank_call *call, const struct bank_pos_outcome *o)
{
	char data[2 * BANK_POS_ISSUER_DATA_MAX + 1];
	json_t *j = json_pack("{s:o,s:s,s:s,s:s}", "orderNumber",
	    bank_json_string(call->order), "state",
	    bank_pos_state_name(o->state), "responseCode", o->code, "card",
	    o->masked);

	uk_hex_str(
	    data, sizeof(data), uk_view(o->issuer_data, o->issuer_data_len));
	if (o->issuer_data_len > 0)
		json_object_set_new(j, "issuerData", json_string(data));
	if (o->complete_before > 0)
		json_object_set_new(
		    j, "completeBefore", bank_json_time(o->complete_before));
	if (o->pin_left >= 0)
		json_object_set_new(
		    j, "pinTriesLeft", json_integer(o->pin_left));
	return j;
}

enum bank_code bank_api_pos_authorise(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_pos_authorise_request r;
	struct bank_pos_outcome outcome;
	int64_t owner = 0;
	enum bank_code code = bank_code_of(
	    bank_read_pos_authorise(call->body, &r));

	if (code == BANK_OK)
		code = owner_of(b, call, &owner);
	if (code == BANK_OK)
		code = bank_pos_authorise(&b->pos, owner, call->order,
		    &(struct bank_pos_message){ uk_blob_view(&r.ksn),
			uk_blob_view(&r.card), uk_blob_view(&r.emv),
			uk_blob_view(&r.pin_block), uk_blob_view(&r.signature),
			uk_blob_view(&r.mac) },
		    call->now, &outcome);
	if (code == BANK_OK)
		bank_touch(b, 0); /* the merchant may have to be told */
	if (code == BANK_OK)
		*answer = json_outcome(call, &outcome);
	bank_free_pos_authorise(&r);
	return code;
}

enum bank_code bank_api_pos_complete(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_pos_complete_request r;
	struct bank_pos_outcome outcome;
	int64_t owner = 0;
	enum bank_code code = bank_code_of(
	    bank_read_pos_complete(call->body, &r));

	if (code == BANK_OK)
		code = owner_of(b, call, &owner);
	if (code == BANK_OK)
		code = bank_pos_complete(&b->pos, owner, call->order,
		    uk_blob_view(&r.emv), call->now, &outcome);
	if (code == BANK_OK)
		bank_touch(b, 0);
	if (code == BANK_OK)
		*answer = json_outcome(call, &outcome);
	bank_free_pos_complete(&r);
	return code;
}

enum bank_code bank_api_pos_signature(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	uint8_t *room = uk_new_array(UK_STROKES_BYTES_MAX, 1);
	uk_buf image = uk_buf_over(
	    room, room == NULL ? 0 : UK_STROKES_BYTES_MAX);
	int64_t owner;
	enum bank_code code = owner_of(b, call, &owner);
	uk_err err;

	if (code == BANK_OK) {
		err = bank_pos_signature(&b->pos, owner, call->order, &image);
		code = uk_is(err, UK_ERR_NOT_FOUND) ? BANK_NOT_FOUND
						    : bank_code_of(err);
	}
	if (code == BANK_OK)
		*answer = json_pack("{s:o}", "signature",
		    bank_json_base64(uk_buf_view(&image)));
	uk_free(room);
	return code;
}

/* --- records -------------------------------------------------------------- */

static void add_record(void *arg, const struct bank_pos_record *r)
{
	json_array_append_new(arg,
	    json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:I,s:o,s:s,s:o,s:o,s:b}", "id",
		(json_int_t)r->id, "time", bank_json_time(r->time),
		"orderNumber", bank_json_string(r->number), "merchant",
		bank_json_string(r->merchant), "goods",
		bank_json_string(r->goods), "terms", bank_json_string(r->terms),
		"amount", (json_int_t)r->amount, "currency",
		bank_json_string(r->currency), "state",
		bank_pos_state_name(r->state), "responseCode",
		bank_json_string(r->code), "card", bank_json_string(r->masked),
		"signature", r->has_signature));
}

static uk_bytes query_text(const struct bank_call *call, const char *name)
{
	return uk_view_str(call->query(call->query_arg, name));
}

static enum bank_code read_filter(
    const struct bank_call *call, struct bank_pos_filter *f)
{
	const struct {
		const char *name;
		int64_t min, max, otherwise, *out;
	} numbers[] = {
		{ "from", 0, INT64_MAX, 0, &f->from },
		{ "until", 0, INT64_MAX, INT64_MAX, &f->until },
		{ "min", 0, INT64_MAX, 0, &f->least },
		{ "max", 0, INT64_MAX, INT64_MAX, &f->most },
		{ "before", 1, INT64_MAX, INT64_MAX, &f->before },
		{ "limit", 1, LIMIT_MAX, LIMIT, &f->limit },
	};
	enum bank_code code = BANK_OK;

	*f = (struct bank_pos_filter){ .text = query_text(call, "search"),
		.merchant = query_text(call, "merchant") };
	for (size_t i = 0;
	     code == BANK_OK && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		code = bank_query_number(call, numbers[i].name, numbers[i].min,
		    numbers[i].max, numbers[i].otherwise, numbers[i].out);
	return code;
}

enum bank_code bank_api_pos_records(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	json_t *list = json_array();
	struct bank_pos_filter f;
	bool more = false;
	int64_t owner;
	enum bank_code code = owner_of(b, call, &owner);

	if (code == BANK_OK)
		code = read_filter(call, &f);
	if (code == BANK_OK && list != NULL) {
		uk_err err = bank_pos_records_each(
		    &b->pos, owner, &f, add_record, list, &more);

		code = uk_is(err, UK_ERR_ARGUMENT) ? BANK_MALFORMED
						   : bank_code_of(err);
	}
	*answer = json_pack("{s:o,s:b}", "records", list, "more", more);
	return code;
}
