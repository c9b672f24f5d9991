/* What only a page with lists asks for: a customer's open orders, and for a
 * merchant what became of his (docs/protocol.md, 5 and 8). */
#include "api.h"
#include "api_json.h"
#include "bill_json.h"
#include "deliveries.h"
#include "orders.h"

/* --- orders of a customer ------------------------------------------------ */

static void add_order(void *arg, const struct bank_open_order *o)
{
	json_array_append_new(arg,
	    json_pack("{s:o,s:o,s:o,s:o,s:I,s:o,s:o,s:o,s:o}", "orderNumber",
		bank_json_string(o->number), "from", bank_json_string(o->from),
		"to", bank_json_string(o->to), "payee",
		bank_json_string(o->payee), "amount", (json_int_t)o->amount,
		"currency", bank_json_string(o->currency), "memo",
		bank_json_string(o->memo), "bill", bank_json_string(o->bill),
		"expiresAt", bank_json_time(o->expires)));
}

enum bank_code bank_api_orders(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	json_t *list = json_array();
	uk_err err = bank_orders_each(
	    b->store, call->customer, call->now, add_order, list);

	*answer = json_pack("{s:o}", "orders", list);
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

/* --- merchants: whose account it is, he may look ------------------------- */

static void add_shop(void *arg, const struct bank_merchant *m)
{
	json_array_append_new(arg,
	    json_pack("{s:I,s:s,s:s,s:s,s:s,s:b}", "shop", (json_int_t)m->id,
		"merchant", m->name, "account", m->number, "currency",
		m->currency, "callback", m->callback, "disabled", m->disabled));
}

enum bank_code bank_api_shops(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	json_t *list = json_array();
	uk_err err = bank_merchants_of(
	    b->store, call->customer, add_shop, list);

	*answer = json_pack("{s:o}", "shops", list);
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

struct shop_list {
	struct bank_store *store;
	json_t *array;
	int64_t now, left; /* left: room for so many */
	bool more, failed;
};

/* null: there is nothing to tell. */
static json_t *json_call(struct shop_list *list, int64_t bill)
{
	struct bank_delivery_state d = { 0 };
	uk_err err = bank_delivery_of(list->store, bill, &d);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return json_null();
	list->failed = list->failed || !uk_is_ok(err);
	return json_pack("{s:s,s:s,s:I,s:o}", "event", d.event, "state",
	    d.state, "tries", (json_int_t)d.tries, "nextAt",
	    bank_json_time(d.next));
}

static void add_bill(void *arg, const struct bank_bill *b)
{
	struct shop_list *list = arg;
	json_t *o;

	if (list->left-- == 0) { /* one more than asked for */
		list->more = true;
		return;
	}
	o = bank_json_merchant_bill(b, list->now);
	list->failed = list->failed || o == NULL ||
		       json_object_set_new(
			   o, "id", json_integer((json_int_t)b->id)) != 0 ||
		       json_object_set_new(o, "payee",
			   bank_json_string(uk_blob_view(&b->payee))) != 0 ||
		       json_object_set_new(o, "memo",
			   bank_json_string(uk_blob_view(&b->memo))) != 0 ||
		       json_object_set_new(o, "call", json_call(list, b->id)) !=
			   0;
	json_array_append_new(list->array, o);
}

enum bank_code bank_api_shop_orders(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct shop_list list = { .store = b->store, .now = call->now };
	struct bank_merchant m;
	int64_t shop, before, limit;
	enum bank_code code;
	uk_err err;

	code = bank_query_number(call, "shop", 1, INT64_MAX, 0, &shop);
	if (code == BANK_OK)
		code = bank_query_number(
		    call, "before", 1, INT64_MAX, 0, &before);
	if (code == BANK_OK)
		code = bank_query_number(call, "limit", 1, 100, 20, &limit);
	if (code != BANK_OK || shop == 0)
		return BANK_MALFORMED;
	err = bank_merchant_of(b->store, call->customer, shop, &m);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_NOT_FOUND; /* also if it is somebody else's */
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	list.array = json_array();
	list.left = limit;
	err = bank_bills_of_merchant(
	    b->store, m.id, before, limit + 1, add_bill, &list);
	*answer = json_pack(
	    "{s:o,s:b}", "orders", list.array, "more", list.more);
	return uk_is_ok(err) && !list.failed ? BANK_OK : BANK_INTERNAL;
}
