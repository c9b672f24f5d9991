/* The handlers of enrolment: docs/protocol.md, section 12. */
#include "api.h"

#include "api_json.h"
#include "customers.h"
#include "enrol.h"
#include "login.h"
#include "requests.h"
#include "secret.h"

static enum bank_code code_of(uk_err err)
{
	switch (err.code) {
	case UK_OK:
		return BANK_OK;
	case UK_ERR_FORMAT:
	case UK_ERR_SIGNATURE:
	case UK_ERR_UNSUPPORTED:
		return BANK_MALFORMED;
	case UK_ERR_NOT_FOUND:
		return BANK_NOT_FOUND;
	case UK_ERR_CARD_BUSY:
		return BANK_BUSY;
	default:
		return BANK_INTERNAL;
	}
}

static bool purpose_of(const uk_blob *name, enum uk_purpose *out)
{
	bool login = uk_bytes_eq(uk_blob_view(name), uk_view_str("login"));

	*out = login ? UK_FOR_LOGIN : UK_FOR_TRANSACTION;
	return login ||
	       uk_bytes_eq(uk_blob_view(name), uk_view_str("transaction"));
}

static enum bank_code ask(struct bank *b, const struct bank_enrol_request *r,
    int64_t now, json_t **answer)
{
	uint8_t storage[BANK_ENROL_RECEIPT];
	uk_buf receipt = UK_BUF(storage);
	enum uk_purpose purpose;
	uk_err err;

	if (!purpose_of(&r->purpose, &purpose) ||
	    !bank_customer_name_ok(uk_blob_view(&r->name)))
		return BANK_MALFORMED;
	err = bank_enrol_ask(b->store, b->crypto, uk_blob_view(&r->name),
	    purpose, uk_blob_view(&r->request), now, &receipt);
	if (uk_is_ok(err))
		*answer = json_pack("{s:o,s:s}", "enrolment",
		    bank_json_string(uk_buf_view(&receipt)), "state",
		    bank_enrol_state_name(BANK_ENROL_ASKED));
	uk_wipe(storage, sizeof(storage));
	return code_of(err);
}

/* Anybody may ask, so each time is counted against the address. */
enum bank_code bank_api_enrol(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_enrol_request r;
	enum bank_code code;

	if (!bank_login_may_try(b, &call->peer, call->now, 1))
		return BANK_BUSY;
	code = bank_code_of(bank_read_enrol(call->body, &r));
	if (code == BANK_OK)
		code = ask(b, &r, call->now, answer);
	bank_free_enrol(&r);
	return code;
}

static json_t *json_enrol(const struct bank_enrol *e)
{
	json_t *j = json_pack(
	    "{s:s}", "state", bank_enrol_state_name(e->state));

	if (e->state == BANK_ENROL_APPROVED)
		json_object_set_new(j, "certificate",
		    bank_json_base64(uk_blob_view(&e->certificate)));
	if (e->state == BANK_ENROL_REJECTED)
		json_object_set_new(
		    j, "reason", bank_json_string(uk_blob_view(&e->reason)));
	return j;
}

enum bank_code bank_api_enrolled(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_enrol e;
	uk_err err;

	if (!bank_login_may_try(b, &call->peer, call->now, 0))
		return BANK_BUSY;
	err = bank_enrol_by_receipt(b->store, b->crypto, call->order, &e);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		(void)bank_login_may_try(b, &call->peer, call->now, 1);
	if (uk_is_ok(err))
		*answer = json_enrol(&e);
	bank_enrol_free(&e);
	return code_of(err);
}
