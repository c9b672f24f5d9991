/* Accounts, records and orders: docs/protocol.md, 4 and 5. */
#include "bc_api.h"

#include "hex.h"

#include <string.h>

/* --- accounts and records ------------------------------------------------- */

bc_result bc_get_accounts(bc_bank *bank, struct bc_accounts *out)
{
	uk_blob body = { 0 };
	bc_result r = bc_get(bank, "/v1/accounts", &body);

	*out = (struct bc_accounts){ 0 };
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_accounts(uk_blob_view(&body), out));
	uk_blob_free(&body);
	return r;
}

/* A query value: what is not unreserved (RFC 3986, 2.3) as %XX. */
static void put_query(uk_buf *out, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *s != '\0'; s++) {
		if (strchr(plain, *s) != NULL) {
			uk_put_u8(out, (uint8_t)*s);
			continue;
		}
		uk_put_u8(out, '%');
		uk_put_hex(out, uk_view(s, 1));
	}
}

bc_result bc_get_records(bc_bank *bank, const char *account, int64_t before,
    unsigned limit, struct bc_records *out)
{
	char path[BC_PATH_MAX];
	uk_buf b = uk_buf_over(path, sizeof(path));
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_records){ 0 };
	uk_put_str(&b, "/v1/records?");
	bc_put_number(&b, "limit=", limit);
	if (before > 0)
		bc_put_number(&b, "&before=", before);
	uk_put_str(&b, "&account=");
	put_query(&b, account);
	uk_put_u8(&b, 0);
	if (!uk_is_ok(uk_buf_result(&b)))
		return bc_local(uk_fail(UK_ERR_ARGUMENT));
	r = bc_get(bank, path, &body);
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_records(uk_blob_view(&body), out));
	uk_blob_free(&body);
	return r;
}

/* --- orders --------------------------------------------------------------- */

/* An answer about order `number`, and no other. */
static bc_result take_order(
    bc_result r, uk_blob *body, const char *number, struct bc_order *out)
{
	*out = (struct bc_order){ 0 };
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_order(uk_blob_view(body), out));
	if (bc_is_ok(r) && strcmp(out->number, number) != 0) {
		bc_order_free(out);
		r = bc_fail(BC_MALFORMED);
	}
	uk_blob_free(body);
	return r;
}

static uk_err order_path(
    const char *number, const char *tail, char path[BC_PATH_MAX])
{
	uk_buf b = uk_buf_over(path, BC_PATH_MAX);

	if (!bank_order_number_ok(uk_view_str(number)))
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_str(&b, "/v1/orders/");
	uk_put_str(&b, number);
	uk_put_str(&b, tail);
	uk_put_u8(&b, 0);
	return uk_buf_result(&b);
}

static json_t *transfer_json(const struct bc_transfer *want)
{
	if (want->bill[0] != '\0')
		return json_pack("{s:s,s:s}", "orderNumber", want->order,
		    "from", want->from);
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:s}", "orderNumber",
	    want->order, "from", want->from, "to", want->to, "toName",
	    want->payee, "amount", (json_int_t)want->amount, "currency",
	    want->currency, "memo", want->memo);
}

bc_result bc_prepare(
    bc_bank *bank, const struct bc_transfer *want, struct bc_order *out)
{
	char path[BC_PATH_MAX] = "/v1/orders";
	uk_blob body = { 0 };
	json_t *json = transfer_json(want);
	uk_err err = want->bill[0] == '\0'
			 ? uk_ok()
			 : bc_bill_path(want->bill, "/order", path);

	/* json_pack fails for lack of memory and for text that is not UTF-8;
	 * the second comes from a command line. */
	if (json == NULL || !uk_is_ok(err)) {
		json_decref(json);
		*out = (struct bc_order){ 0 };
		return bc_local(uk_fail(UK_ERR_ARGUMENT));
	}
	return take_order(
	    bc_post(bank, path, json, &body), &body, want->order, out);
}

bc_result bc_get_order(bc_bank *bank, const char *number, struct bc_order *out)
{
	char path[BC_PATH_MAX];
	uk_blob body = { 0 };
	uk_err err = order_path(number, "", path);

	*out = (struct bc_order){ 0 };
	if (!uk_is_ok(err))
		return bc_local(err);
	return take_order(bc_get(bank, path, &body), &body, number, out);
}

/* A proof or, once the order is posted, the order with its receipt. */
static bc_result take_proof(bc_result r, uk_blob *body, const char *number,
    struct bc_proof *out, struct bc_order *posted)
{
	uk_err err;

	if (!bc_is_ok(r)) {
		uk_blob_free(body);
		return r;
	}
	err = bc_parse_proof(uk_blob_view(body), out);
	if (uk_is(err, UK_ERR_FORMAT))
		return take_order(r, body, number, posted);
	uk_blob_free(body);
	return bc_parsed(err);
}

bc_result bc_get_proof(bc_bank *bank, const char *number, uk_bytes serial,
    uk_bytes challenge, const char *algorithm, uk_bytes certificate,
    struct bc_proof *out, struct bc_order *posted)
{
	json_t *json;
	char path[BC_PATH_MAX], s[2 * 32 + 1], ch[2 * 32 + 1];
	uk_blob body = { 0 };
	uk_err err = order_path(number, "/proof", path);
	bc_result r;

	*out = (struct bc_proof){ 0 };
	*posted = (struct bc_order){ 0 };
	if (!uk_is_ok(err))
		return bc_local(err);
	uk_hex_str(s, sizeof(s), serial);
	uk_hex_str(ch, sizeof(ch), challenge);
	json = json_pack("{s:s,s:s,s:s}", "serial", s, "challenge", ch,
	    "algorithm", algorithm);
	if (!bc_set_b64(json, "certificate", certificate)) {
		json_decref(json);
		return bc_local(uk_fail(UK_ERR_MEMORY));
	}
	r = bc_post(bank, path, json, &body);
	r = take_proof(r, &body, number, out, posted);
	if (bc_is_ok(r) && out->hash_len == 0 && !posted->posted) {
		bc_order_free(posted);
		r = bc_fail(BC_MALFORMED);
	}
	return r;
}

/* docs/protocol.md, section 9. */
static json_t *display_json(const struct bc_confirmation *c)
{
	json_t *o = json_pack(
	    "{s:s}", "level", c->display[0] == '\0' ? "none" : c->display);

	if (c->statement.n == 0 || bc_set_b64(o, "statement", c->statement))
		return o;
	json_decref(o);
	return NULL;
}

bc_result bc_confirm(bc_bank *bank, const char *number,
    const struct bc_confirmation *c, struct bc_order *out)
{
	char path[BC_PATH_MAX];
	uk_blob body = { 0 };
	uk_err err = order_path(number, "/confirm", path);
	json_t *json;

	*out = (struct bc_order){ 0 };
	if (!uk_is_ok(err))
		return bc_local(err);
	json = json_pack(
	    "{s:s,s:o}", "algorithm", c->algorithm, "display", display_json(c));
	if (!bc_set_b64(json, "text", c->text) ||
	    !bc_set_b64(json, "signature", c->signature) ||
	    !bc_set_b64(json, "certificate", c->certificate)) {
		json_decref(json);
		return bc_local(uk_fail(UK_ERR_MEMORY));
	}
	return take_order(bc_post(bank, path, json, &body), &body, number, out);
}

bc_result bc_get_evidence(bc_bank *bank, const char *number, uk_blob *out)
{
	char path[BC_PATH_MAX];
	uk_blob body = { 0 };
	uk_err err = order_path(number, "/evidence", path);
	bc_result r;

	if (!uk_is_ok(err))
		return bc_local(err);
	r = bc_get(bank, path, &body);
	if (bc_is_ok(r))
		r = bc_parsed(
		    bc_parse_evidence(uk_blob_view(&body), number, out));
	uk_blob_free(&body);
	return r;
}
