/* Bills in JSON. */
#include "bill_json.h"

#include "api_json.h"
#include "bill_events.h"

json_t *bank_json_bill(const struct bank_bill *b)
{
	return json_pack(
	    "{s:s,s:s,s:s,s:s,s:o,s:I,s:s,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:s,s:b}",
	    "bill", b->number, "merchant", b->merchant_name, "orderNumber",
	    b->order, "to", b->account, "payee",
	    bank_json_string(uk_blob_view(&b->payee)), "amount",
	    (json_int_t)b->amount, "currency", b->currency, "memo",
	    bank_json_string(uk_blob_view(&b->memo)), "items",
	    json_loadb((const char *)b->items.p, b->items.n, 0, NULL), "state",
	    bank_bill_state_name(b->state), "createdAt",
	    bank_json_time(b->created), "expiresAt", bank_json_time(b->expires),
	    "changedAt", bank_json_time(b->changed), "reason",
	    bank_json_string(uk_blob_view(&b->reason)), "receipt", b->receipt,
	    "merchantTold", b->acknowledged);
}

json_t *bank_json_merchant_bill(const struct bank_bill *b, int64_t now)
{
	enum bank_bill_state state = b->state;

	/* Whether it was seen is not for the merchant to know. */
	if (state == BANK_BILL_SHOWN)
		state = BANK_BILL_OPEN;
	if (state == BANK_BILL_OPEN && now >= b->expires)
		state = BANK_BILL_EXPIRED;
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:o,s:o,s:o,s:o,s:s}",
	    "orderNumber", b->order, "bill", b->number, "method",
	    b->card ? "card" : "bill", "state", bank_bill_state_name(state),
	    "amount", (json_int_t)b->amount, "currency", b->currency,
	    "createdAt", bank_json_time(b->created), "expiresAt",
	    bank_json_time(b->expires), "changedAt",
	    bank_json_time(
		b->state == BANK_BILL_SHOWN ? b->created : b->changed),
	    "reason", bank_json_string(uk_blob_view(&b->reason)), "receipt",
	    b->receipt);
}

json_t *bank_json_event(struct bank_store *s, const struct bank_bill_event *e)
{
	struct bank_bill b = { 0 };
	json_t *o = NULL;

	if (uk_is_ok(bank_bill_get(s, e->bill, &b)))
		o = json_pack("{s:I,s:s,s:o,s:o}", "number",
		    (json_int_t)e->number, "event", e->kind, "time",
		    bank_json_time(e->time), "bill", bank_json_bill(&b));
	bank_bill_free(&b);
	return o;
}
