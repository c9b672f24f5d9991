/* The handler of evidence. */
#include "api.h"

#include "api_json.h"
#include "orders.h"

/* RFC 8551, 3.2.2 names the type of what is inside. */
static json_t *json_evidence(uk_bytes number, const struct bank_proven *p)
{
	json_t *display = json_pack(
	    "{s:s}", "level", bank_display_name(p->level));

	if (display != NULL && p->statement.n > 0)
		json_object_set_new(display, "statement",
		    bank_json_base64(uk_blob_view(&p->statement)));
	return json_pack("{s:o,s:s,s:o,s:o}", "orderNumber",
	    bank_json_string(number), "type",
	    "application/pkcs7-mime; smime-type=signed-data", "evidence",
	    bank_json_base64(uk_blob_view(&p->evidence)), "display", display);
}

enum bank_code bank_api_evidence(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_proven p = { .level = BANK_DISPLAY_NONE };
	enum bank_code code = bank_order_evidence(
	    b->store, b->crypto, call->customer, call->order, &p);

	if (code == BANK_OK)
		*answer = json_evidence(call->order, &p);
	bank_proven_free(&p);
	return code;
}
