/* The handlers: request struct in, JSON out; the work is done elsewhere. */
#include "api.h"

#include "api_json.h"
#include "customers.h"
#include "hex.h"
#include "login.h"
#include "orders.h"
#include "payee.h"
#include "records.h"
#include "requests.h"
#include "secret.h"

#include <stdlib.h>

/* --- pieces of answers --------------------------------------------------- */

static json_t *json_hex(uk_bytes v)
{
	uint8_t storage[2 * UK_HASH_MAX];
	uk_buf text = UK_BUF(storage);

	uk_put_hex(&text, v);
	return text.bad ? NULL : bank_json_string(uk_buf_view(&text));
}

static json_t *json_certificate(const struct bank *b)
{
	return bank_json_base64(uk_cert_der(b->certificate));
}

static void add_account(void *arg, const struct bank_account *a)
{
	json_array_append_new(
	    arg, json_pack("{s:s,s:s,s:s,s:I}", "account", a->number, "name",
		     a->name, "currency", a->currency, "balance",
		     (json_int_t)a->balance));
}

static json_t *json_accounts(struct bank *b, int64_t customer)
{
	json_t *list = json_array();

	if (list != NULL && !uk_is_ok(bank_accounts_each(
				b->store, customer, add_account, list))) {
		json_decref(list);
		return NULL;
	}
	return list;
}

/* NULL: the bank does not look, or a merchant's bill names the payee. */
static const char *payee_match(const struct bank *b, const struct bank_order *o)
{
	if (b->config.payee_check == 0 || o->bill != 0)
		return NULL;
	return bank_payee_name(
	    bank_payee_match(uk_blob_view(&o->payee), uk_view_str(o->holder)));
}

json_t *bank_json_order(const struct bank *b, const struct bank_order *o)
{
	if (!o->posted)
		return json_pack("{s:o,s:s,s:o,s:o,s:s*}", "orderNumber",
		    bank_json_string(uk_blob_view(&o->number)), "state",
		    "prepared", "text",
		    bank_json_base64(uk_blob_view(&o->text)), "expiresAt",
		    bank_json_time(o->expires), "payeeMatch",
		    payee_match(b, o));
	return json_pack("{s:o,s:s,s:o,s:o,s:o}", "orderNumber",
	    bank_json_string(uk_blob_view(&o->number)), "state", "posted",
	    "receipt", bank_json_base64(uk_blob_view(&o->receipt)), "signature",
	    bank_json_base64(uk_blob_view(&o->receipt_signature)),
	    "certificate", json_certificate(b));
}

/* --- the bank, and logging in -------------------------------------------- */

enum bank_code bank_api_bank(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	(void)call;
	*answer = json_pack("{s:s,s:s,s:o}", "name", b->config.name, "origin",
	    b->origin, "certificate", json_certificate(b));
	return BANK_OK;
}

enum bank_code bank_api_challenge(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_challenge_request r;
	struct bank_challenge c = { 0 };
	enum bank_code code = bank_code_of(bank_read_challenge(call->body, &r));

	if (code == BANK_OK)
		code = bank_login_challenge(b, &r, call->now, &c);
	if (code == BANK_OK)
		*answer = json_pack("{s:o,s:o,s:s,s:o,s:o}", "nonce",
		    bank_json_string(UK_ARRAY(c.nonce)), "expiresAt",
		    bank_json_time(c.expires), "algorithm", "ES256",
		    "signature", bank_json_base64(UK_ARRAY(c.signature)),
		    "certificate", json_certificate(b));
	bank_free_challenge(&r);
	return code;
}

static json_t *json_logged_in(struct bank *b, const struct bank_logged_in *in)
{
	return json_pack("{s:o,s:o,s:{s:s},s:o}", "session",
	    bank_json_string(UK_ARRAY(in->token)), "expiresAt",
	    bank_json_time(in->expires), "customer", "name", in->owner.name,
	    "accounts", json_accounts(b, in->owner.customer));
}

/* The network serves it again when more is known. */
static enum bank_code wait_if(
    const struct bank_call *call, const struct bank_pending *p)
{
	if (!p->yes)
		return BANK_OK;
	if (call->later == NULL)
		return BANK_BUSY;
	call->later->wait.kind = BANK_WAIT_STATUS;
	UK_IGNORE(uk_copy_exact(call->later->wait.certificate, BANK_FINGERPRINT,
	    UK_ARRAY(p->certificate)));
	return BANK_OK;
}

static enum bank_code login(struct bank *b, const struct bank_login_request *r,
    const struct bank_call *call, struct bank_logged_in *in)
{
	enum bank_code code;

	in->nonce_taken = call->later != NULL && call->later->nonce_taken;
	code = bank_login(b, r, &call->peer, call->now, in);
	if (call->later != NULL)
		call->later->nonce_taken = in->nonce_taken;
	return code == BANK_OK ? wait_if(call, &in->pending) : code;
}

enum bank_code bank_api_login(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_login_request r;
	struct bank_logged_in in = { 0 };
	enum bank_code code = bank_code_of(bank_read_login(call->body, &r));

	if (code == BANK_OK)
		code = login(b, &r, call, &in);
	if (code == BANK_OK && !in.pending.yes)
		*answer = json_logged_in(b, &in);
	uk_wipe(&in, sizeof(in));
	bank_free_login(&r);
	return code;
}

/* A browser shows a certificate for whatever page asks; it also says whether
 * that was one of ours (Fetch Metadata, Sec-Fetch-Site). Others could not read
 * the answer, but end sessions by beginning too many. */
static bool asked_by_other_site(const struct bank_call *call)
{
	uk_bytes site;

	return call->message.field != NULL &&
	       call->message.field(call->message.arg,
		   uk_view_str("sec-fetch-site"), 0, &site) &&
	       !uk_bytes_eq(site, uk_view_str("same-origin")) &&
	       !uk_bytes_eq(site, uk_view_str("none"));
}

enum bank_code bank_api_login_by_tls(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_logged_in in = { 0 };
	enum bank_code code = BANK_MALFORMED;

	if (!asked_by_other_site(call))
		code = bank_login_by_tls(b, &call->peer, call->now, &in);
	if (code == BANK_OK)
		code = wait_if(call, &in.pending);
	if (code == BANK_OK && !in.pending.yes)
		*answer = json_logged_in(b, &in);
	uk_wipe(&in, sizeof(in));
	return code;
}

/* As Web eID's examples have it: for their extension, which proves the site's
 * identity by TLS and asks for no proof of ours. */
enum bank_code bank_api_plain_challenge(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	uint8_t nonce[BANK_NONCE_TEXT];
	enum bank_code code = bank_nonces_make(b->nonces, call->now, nonce);

	if (code == BANK_OK)
		*answer = json_pack(
		    "{s:o}", "nonce", bank_json_string(UK_ARRAY(nonce)));
	return code;
}

enum bank_code bank_api_logout(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	bank_sessions_end(b->sessions, call->token);
	*answer = json_object();
	return BANK_OK;
}

/* --- accounts and records ------------------------------------------------ */

enum bank_code bank_api_accounts(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	*answer = json_pack(
	    "{s:o}", "accounts", json_accounts(b, call->customer));
	return BANK_OK;
}

struct record_list {
	json_t *array;
	const struct bank_account *account;
};

static void add_record(void *arg, const struct bank_record *r)
{
	struct record_list *list = arg;

	json_array_append_new(list->array,
	    json_pack("{s:I,s:o,s:s,s:I,s:s,s:I,s:o,s:o,s:o,s:o}", "id",
		(json_int_t)r->id, "time", bank_json_time(r->time), "account",
		list->account->number, "amount", (json_int_t)r->amount,
		"currency", list->account->currency, "balance",
		(json_int_t)r->balance, "counterparty",
		bank_json_string(r->counterparty), "counterpartyName",
		bank_json_string(r->counterparty_name), "memo",
		bank_json_string(r->memo), "order",
		bank_json_string(r->order)));
}

static enum bank_code list_records(struct bank *b,
    const struct bank_account *account, int64_t before, int64_t limit,
    json_t **answer)
{
	struct record_list list = { json_array(), account };
	bool more = false;
	uk_err err = bank_records_each(
	    b->store, account->id, before, limit, add_record, &list, &more);

	*answer = json_pack("{s:o,s:b}", "records", list.array, "more", more);
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

enum bank_code bank_api_records(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	const char *number = call->query(call->query_arg, "account");
	struct bank_account account;
	int64_t before, limit;
	enum bank_code code;
	uk_err err;

	code = bank_query_number(call, "before", 1, INT64_MAX, 0, &before);
	if (code == BANK_OK)
		code = bank_query_number(call, "limit", 1, 100, 20, &limit);
	if (code != BANK_OK || number == NULL)
		return BANK_MALFORMED;
	err = bank_account_find(b->store, uk_view_str(number), &account);
	/* Somebody else's account is called unknown, too. */
	if (uk_is(err, UK_ERR_NOT_FOUND) ||
	    (uk_is_ok(err) && account.customer != call->customer))
		return BANK_ACCOUNT;
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	return list_records(b, &account, before, limit, answer);
}

/* --- orders -------------------------------------------------------------- */

enum bank_code bank_api_prepare(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_order order = { 0 };
	struct bank_order_request r;
	enum bank_code code = bank_code_of(bank_read_order(call->body, &r));

	if (code == BANK_OK)
		code = bank_order_prepare(
		    b, call->customer, &r, call->now, &order);
	if (code == BANK_OK)
		*answer = bank_json_order(b, &order);
	bank_order_free(&order);
	bank_free_order(&r);
	return code;
}

enum bank_code bank_api_order(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_order order = { 0 };
	enum bank_code code = bank_order_find(
	    b, call->customer, call->order, call->now, &order);

	if (code == BANK_OK)
		*answer = bank_json_order(b, &order);
	bank_order_free(&order);
	return code;
}

enum bank_code bank_api_proof(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	uint8_t hash_storage[UK_HASH_MAX], proof_storage[64];
	uk_buf hash = UK_BUF(hash_storage), proof = UK_BUF(proof_storage);
	struct bank_order order = { 0 };
	struct bank_proof_request r;
	enum bank_code code = bank_code_of(bank_read_proof(call->body, &r));

	if (code == BANK_OK)
		code = bank_order_proof(b, call->customer, call->order, &r,
		    call->now, &hash, &proof, &order);
	if (code == BANK_OK && order.posted)
		*answer = bank_json_order(b, &order); /* the receipt */
	else if (code == BANK_OK)
		*answer = json_pack("{s:o,s:o}", "hash",
		    json_hex(uk_buf_view(&hash)), "proof",
		    bank_json_base64(uk_buf_view(&proof)));
	bank_order_free(&order);
	bank_free_proof(&r);
	return code;
}

/* --- confirming: posted at the end of the round -------------------------- */

static enum bank_code answer_confirm(struct bank *b, void *arg, json_t **answer)
{
	const struct bank_confirm *c = arg;

	if (c->code == BANK_OK)
		*answer = bank_json_order(b, &c->order);
	return c->code;
}

static void free_confirm(void *arg)
{
	bank_confirm_free(arg);
	uk_free(arg);
}

/* Where it can be left for the end of the round, it is. */
static enum bank_code post_or_leave(struct bank *b,
    const struct bank_call *call, struct bank_confirm **c, json_t **answer)
{
	if ((*c)->order.posted)
		return answer_confirm(b, *c, answer);
	if (call->later == NULL || b->confirm_count == BANK_ROUND) {
		bank_confirms_post(b, c, 1);
		return answer_confirm(b, *c, answer);
	}
	b->confirms[b->confirm_count++] = *c;
	*call->later = (struct bank_later){
		.finish = answer_confirm,
		.free = free_confirm,
		.arg = *c,
	};
	*c = NULL; /* handed over */
	return BANK_OK;
}

enum bank_code bank_api_confirm(
    struct bank *b, const struct bank_call *call, json_t **answer)
{
	struct bank_confirm *c = uk_new(sizeof(*c));
	struct bank_confirm_request r;
	enum bank_code code = bank_code_of(bank_read_confirm(call->body, &r));

	if (code == BANK_OK && c == NULL)
		code = BANK_INTERNAL;
	if (code == BANK_OK)
		code = bank_confirm_check(
		    b, call->customer, call->order, &r, call->now, c);
	if (code == BANK_OK)
		code = wait_if(call, &c->pending);
	if (code == BANK_OK && !c->pending.yes)
		code = post_or_leave(b, call, &c, answer);
	if (c != NULL)
		free_confirm(c);
	bank_free_confirm(&r);
	return code;
}
