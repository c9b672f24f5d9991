/* Answers about orders and bills. */
#include "bc_members.h"

#include "hex.h"

#include <string.h>

/* --- orders --------------------------------------------------------------- */

uk_err bc_parse_order(uk_bytes json, struct bc_order *out)
{
	char state[16] = "";
	struct bc_members m;
	json_t *root;

	*out = (struct bc_order){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	bc_take_text(&m, "orderNumber", out->number, sizeof(out->number));
	bc_take_text(&m, "state", state, sizeof(state));
	out->posted = strcmp(state, "posted") == 0;
	if (out->posted) {
		bc_take_bytes(&m, "receipt", &out->receipt);
		bc_take_bytes(&m, "signature", &out->signature);
		bc_take_bytes(&m, "certificate", &out->certificate);
	} else if (strcmp(state, "prepared") == 0) {
		bc_take_bytes(&m, "text", &out->text);
		bc_take_time(&m, "expiresAt", &out->expires);
	} else {
		m.err = uk_fail(UK_ERR_FORMAT);
	}
	json_decref(root);
	if (!uk_is_ok(m.err))
		bc_order_free(out);
	return m.err;
}

void bc_order_free(struct bc_order *o)
{
	uk_blob_free(&o->text);
	uk_blob_free(&o->receipt);
	uk_blob_free(&o->signature);
	uk_blob_free(&o->certificate);
}

uk_err bc_parse_evidence(uk_bytes json, const char *number, uk_blob *out)
{
	struct bc_members m;
	json_t *root;

	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	if (!uk_bytes_eq(
		bc_string_of(&m, "orderNumber"), uk_view_str(number)) &&
	    uk_is_ok(m.err))
		m.err = uk_fail(UK_ERR_FORMAT);
	bc_take_bytes(&m, "evidence", out);
	json_decref(root);
	if (!uk_is_ok(m.err))
		uk_blob_free(out);
	return m.err;
}

uk_err bc_parse_proof(uk_bytes json, struct bc_proof *out)
{
	uk_buf hash = UK_BUF(out->hash);
	uk_blob proof = { 0 };
	struct bc_members m;
	json_t *root;

	*out = (struct bc_proof){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	if (uk_is_ok(m.err))
		m.err = uk_hex_decode(bc_string_of(&m, "hash"), &hash);
	out->hash_len = hash.len;
	bc_take_bytes(&m, "proof", &proof);
	if (uk_is_ok(m.err))
		m.err = uk_copy_exact(out->signature, sizeof(out->signature),
		    uk_blob_view(&proof));
	uk_blob_free(&proof);
	json_decref(root);
	return m.err;
}

/* --- bills ---------------------------------------------------------------- */

static uk_err read_bill(const json_t *o, void *item)
{
	struct bc_bill *b = item;
	struct bc_members m = bc_members_of(o);

	bc_take_text(&m, "bill", b->bill, sizeof(b->bill));
	bc_take_text(&m, "to", b->to, sizeof(b->to));
	bc_take_text(&m, "merchant", b->merchant, sizeof(b->merchant));
	bc_take_text(
	    &m, "orderNumber", b->merchant_order, sizeof(b->merchant_order));
	bc_take_text(&m, "payee", b->payee, sizeof(b->payee));
	bc_take_text(&m, "memo", b->memo, sizeof(b->memo));
	bc_take_text(&m, "reason", b->reason, sizeof(b->reason));
	bc_take_text(&m, "state", b->state, sizeof(b->state));
	bc_take_text(&m, "receipt", b->receipt, sizeof(b->receipt));
	bc_take_currency(&m, "currency", b->currency);
	bc_take_integer(&m, "amount", &b->amount);
	bc_take_time(&m, "expiresAt", &b->expires);
	bc_take_bool(&m, "merchantTold", &b->merchant_told);
	/* It becomes a part of paths. */
	if (uk_is_ok(m.err) && !bank_order_number_ok(uk_view_str(b->bill)))
		m.err = uk_fail(UK_ERR_FORMAT);
	return m.err;
}

uk_err bc_parse_bill(uk_bytes json, struct bc_bill *out)
{
	json_t *root;
	uk_err err;

	*out = (struct bc_bill){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	err = read_bill(root, out);
	json_decref(root);
	return err;
}

uk_err bc_parse_event(uk_bytes json, struct bc_event *out)
{
	struct bc_members m;
	json_t *root;

	*out = (struct bc_event){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	bc_take_integer(&m, "number", &out->number);
	bc_take_text(&m, "event", out->kind, sizeof(out->kind));
	if (uk_is_ok(m.err) && out->number <= 0)
		m.err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(m.err))
		m.err = read_bill(bc_member(&m, "bill"), &out->bill);
	json_decref(root);
	return m.err;
}

uk_err bc_parse_bills(uk_bytes json, struct bc_bills *out)
{
	struct bc_members m;
	json_t *root;

	*out = (struct bc_bills){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	out->items = bc_take_list(
	    &m, "bills", sizeof(*out->items), read_bill, &out->n);
	bc_take_integer(&m, "last", &out->last);
	json_decref(root);
	if (!uk_is_ok(m.err))
		bc_bills_free(out);
	return m.err;
}

void bc_bills_free(struct bc_bills *b)
{
	uk_free(b->items);
	*b = (struct bc_bills){ 0 };
}
