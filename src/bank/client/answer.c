/* Answers of the bank, parsed strictly. jansson reads the JSON; what a member
 * must look like is decided here. */
#include "bc_answer.h"

#include "crypto.h"
#include "hex.h"
#include "secret.h"

#include <jansson.h>
#include <string.h>

/* --- one object, read member by member ------------------------------------ */

/* Remembers its first failure, as uk_reader does. */
struct members {
	const json_t *o;
	uk_err err;
};

static struct members members_of(const json_t *o)
{
	struct members m = { o, uk_ok() };

	if (!json_is_object(o))
		m.err = uk_fail(UK_ERR_FORMAT);
	return m;
}

static const json_t *member(struct members *m, const char *name)
{
	const json_t *v = NULL;

	if (uk_is_ok(m->err) && (v = json_object_get(m->o, name)) == NULL)
		m->err = uk_fail(UK_ERR_FORMAT);
	return v;
}

/* C0, DEL and C1 (in UTF-8: C2 80..9F): what could drive a terminal. */
static bool shows_as_text(uk_bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < 0x20 || v.p[i] == 0x7f)
			return false;
		if (v.p[i] == 0xc2 && i + 1 < v.n && v.p[i + 1] < 0xa0)
			return false;
	}
	return true;
}

static uk_bytes string_of(struct members *m, const char *name)
{
	const json_t *v = member(m, name);

	if (v == NULL)
		return UK_NONE;
	if (!json_is_string(v)) {
		m->err = uk_fail(UK_ERR_FORMAT);
		return UK_NONE;
	}
	return uk_view(json_string_value(v), json_string_length(v));
}

static void take_text(
    struct members *m, const char *name, char *out, size_t cap)
{
	uk_bytes v = string_of(m, name);

	if (uk_is_ok(m->err) &&
	    (!shows_as_text(v) || !uk_is_ok(uk_copy_str(out, cap, v))))
		m->err = uk_fail(UK_ERR_FORMAT);
}

/* null and absence are the same as "". */
static void take_optional_text(
    struct members *m, const char *name, char *out, size_t cap)
{
	const json_t *v = json_object_get(m->o, name);

	if (v != NULL && !json_is_null(v))
		take_text(m, name, out, cap);
}

static void take_bytes(struct members *m, const char *name, uk_blob *out)
{
	uk_bytes v = string_of(m, name);

	if (uk_is_ok(m->err))
		m->err = uk_base64_decode(v, out);
	if (uk_is_ok(m->err) && out->n == 0)
		m->err = uk_fail(UK_ERR_FORMAT);
}

static void take_time(struct members *m, const char *name, int64_t *out)
{
	uk_bytes v = string_of(m, name);

	if (uk_is_ok(m->err))
		m->err = bank_parse_time(v, out);
}

static void take_integer(struct members *m, const char *name, int64_t *out)
{
	const json_t *v = member(m, name);

	if (v == NULL)
		return;
	if (json_is_integer(v))
		*out = json_integer_value(v);
	else
		m->err = uk_fail(UK_ERR_FORMAT);
}

static void take_bool(struct members *m, const char *name, bool *out)
{
	const json_t *v = member(m, name);

	if (v == NULL)
		return;
	if (json_is_boolean(v))
		*out = json_is_true(v);
	else
		m->err = uk_fail(UK_ERR_FORMAT);
}

static void take_currency(struct members *m, const char *name, char out[4])
{
	take_text(m, name, out, 4);
	if (uk_is_ok(m->err) && strlen(out) != 3)
		m->err = uk_fail(UK_ERR_FORMAT);
}

/* --- whole answers -------------------------------------------------------- */

/* The one place where text becomes JSON. */
static uk_err parse_object(uk_bytes json, json_t **out)
{
	*out = NULL;
	if (json.n == 0 || json.n > BANK_BODY_MAX)
		return uk_fail(UK_ERR_FORMAT);
	*out = json_loadb(
	    (const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	return *out == NULL ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

uk_err bc_parse_error(uk_bytes json, enum bank_code *code)
{
	char name[BC_NAME_MAX + 1] = "";
	struct members m;
	json_t *root;

	*code = BANK_INTERNAL;
	UK_TRY(parse_object(json, &root));
	m = members_of(json_object_get(root, "error"));
	take_text(&m, "code", name, sizeof(name));
	if (uk_is_ok(m.err))
		*code = bank_code_from_name(name);
	/* "ok" is a name too, but not one for an error. */
	if (*code == BANK_OK)
		*code = BANK_INTERNAL;
	json_decref(root);
	return m.err;
}

uk_err bc_parse_bank(uk_bytes json, struct bc_bank_info *out)
{
	struct members m;
	json_t *root;

	*out = (struct bc_bank_info){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	take_text(&m, "name", out->name, sizeof(out->name));
	take_text(&m, "origin", out->origin, sizeof(out->origin));
	take_bytes(&m, "certificate", &out->certificate);
	json_decref(root);
	if (!uk_is_ok(m.err))
		bc_bank_info_free(out);
	return m.err;
}

void bc_bank_info_free(struct bc_bank_info *b)
{
	uk_blob_free(&b->certificate);
}

uk_err bc_parse_challenge(uk_bytes json, struct bc_challenge *out)
{
	struct members m;
	json_t *root;

	*out = (struct bc_challenge){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	take_text(&m, "nonce", out->nonce, sizeof(out->nonce));
	take_time(&m, "expiresAt", &out->expires);
	if (uk_is_ok(m.err) &&
	    (strlen(out->nonce) < BANK_NONCE_TEXT_MIN ||
		!uk_bytes_eq(string_of(&m, "algorithm"), uk_view_str("ES256"))))
		m.err = uk_fail(UK_ERR_FORMAT);
	take_bytes(&m, "signature", &out->signature);
	take_bytes(&m, "certificate", &out->certificate);
	json_decref(root);
	if (!uk_is_ok(m.err))
		bc_challenge_free(out);
	return m.err;
}

void bc_challenge_free(struct bc_challenge *c)
{
	uk_blob_free(&c->signature);
	uk_blob_free(&c->certificate);
}

/* --- lists ---------------------------------------------------------------- */

/* The array `name`, its size bounded; NULL once m is bad. */
static const json_t *array_of(struct members *m, const char *name)
{
	const json_t *list = member(m, name);

	if (list == NULL)
		return NULL;
	if (!json_is_array(list) || json_array_size(list) > BC_LIST_MAX) {
		m->err = uk_fail(UK_ERR_FORMAT);
		return NULL;
	}
	return list;
}

static uk_err read_account(const json_t *o, struct bc_account *a)
{
	struct members m = members_of(o);

	take_text(&m, "account", a->account, sizeof(a->account));
	take_text(&m, "name", a->name, sizeof(a->name));
	take_currency(&m, "currency", a->currency);
	take_integer(&m, "balance", &a->balance);
	return m.err;
}

static void take_accounts(struct members *m, struct bc_accounts *out)
{
	const json_t *list = array_of(m, "accounts");
	size_t n = json_array_size(list);

	if (list == NULL || n == 0)
		return;
	out->items = uk_new_array(n, sizeof(*out->items));
	if (out->items == NULL) {
		m->err = uk_fail(UK_ERR_MEMORY);
		return;
	}
	for (size_t i = 0; i < n && uk_is_ok(m->err); i++)
		m->err = read_account(json_array_get(list, i), &out->items[i]);
	out->n = n;
}

uk_err bc_parse_accounts(uk_bytes json, struct bc_accounts *out)
{
	struct members m;
	json_t *root;

	*out = (struct bc_accounts){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	take_accounts(&m, out);
	json_decref(root);
	if (!uk_is_ok(m.err))
		bc_accounts_free(out);
	return m.err;
}

void bc_accounts_free(struct bc_accounts *a)
{
	uk_free(a->items);
	*a = (struct bc_accounts){ 0 };
}

/* The secret goes into a header line: visible ASCII only. */
static bool fits_in_header(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s <= ' ' || *s > '~')
			return false;
	}
	return true;
}

uk_err bc_parse_login(uk_bytes json, struct bc_login *out)
{
	struct members m, customer;
	json_t *root;

	*out = (struct bc_login){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	take_text(&m, "session", out->session, sizeof(out->session));
	if (out->session[0] == '\0' || !fits_in_header(out->session))
		m.err = uk_fail(UK_ERR_FORMAT);
	take_time(&m, "expiresAt", &out->expires);
	customer = members_of(member(&m, "customer"));
	take_text(&customer, "name", out->customer, sizeof(out->customer));
	if (uk_is_ok(m.err))
		m.err = customer.err;
	take_accounts(&m, &out->accounts);
	json_decref(root);
	if (!uk_is_ok(m.err))
		bc_login_free(out);
	return m.err;
}

void bc_login_free(struct bc_login *l)
{
	uk_wipe(l->session, sizeof(l->session));
	bc_accounts_free(&l->accounts);
}

static uk_err read_record(const json_t *o, struct bc_record *r)
{
	struct members m = members_of(o);

	take_integer(&m, "id", &r->id);
	take_time(&m, "time", &r->time);
	take_text(&m, "account", r->account, sizeof(r->account));
	take_integer(&m, "amount", &r->amount);
	take_currency(&m, "currency", r->currency);
	take_integer(&m, "balance", &r->balance);
	if (!uk_is_ok(m.err))
		return m.err;
	take_optional_text(
	    &m, "counterparty", r->counterparty, sizeof(r->counterparty));
	take_optional_text(&m, "counterpartyName", r->counterparty_name,
	    sizeof(r->counterparty_name));
	take_optional_text(&m, "memo", r->memo, sizeof(r->memo));
	take_optional_text(&m, "order", r->order, sizeof(r->order));
	return m.err;
}

static void take_records(struct members *m, struct bc_records *out)
{
	const json_t *list = array_of(m, "records");
	size_t n = json_array_size(list);

	if (list == NULL || n == 0)
		return;
	out->items = uk_new_array(n, sizeof(*out->items));
	if (out->items == NULL) {
		m->err = uk_fail(UK_ERR_MEMORY);
		return;
	}
	for (size_t i = 0; i < n && uk_is_ok(m->err); i++)
		m->err = read_record(json_array_get(list, i), &out->items[i]);
	out->n = n;
}

uk_err bc_parse_records(uk_bytes json, struct bc_records *out)
{
	struct members m;
	json_t *root;

	*out = (struct bc_records){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	take_records(&m, out);
	take_bool(&m, "more", &out->more);
	json_decref(root);
	if (!uk_is_ok(m.err))
		bc_records_free(out);
	return m.err;
}

void bc_records_free(struct bc_records *r)
{
	uk_free(r->items);
	*r = (struct bc_records){ 0 };
}

/* --- orders --------------------------------------------------------------- */

uk_err bc_parse_order(uk_bytes json, struct bc_order *out)
{
	char state[16] = "";
	struct members m;
	json_t *root;

	*out = (struct bc_order){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	take_text(&m, "orderNumber", out->number, sizeof(out->number));
	take_text(&m, "state", state, sizeof(state));
	out->posted = strcmp(state, "posted") == 0;
	if (out->posted) {
		take_bytes(&m, "receipt", &out->receipt);
		take_bytes(&m, "signature", &out->signature);
		take_bytes(&m, "certificate", &out->certificate);
	} else if (strcmp(state, "prepared") == 0) {
		take_bytes(&m, "text", &out->text);
		take_time(&m, "expiresAt", &out->expires);
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
	struct members m;
	json_t *root;

	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	if (!uk_bytes_eq(string_of(&m, "orderNumber"), uk_view_str(number)) &&
	    uk_is_ok(m.err))
		m.err = uk_fail(UK_ERR_FORMAT);
	take_bytes(&m, "evidence", out);
	json_decref(root);
	if (!uk_is_ok(m.err))
		uk_blob_free(out);
	return m.err;
}

uk_err bc_parse_proof(uk_bytes json, struct bc_proof *out)
{
	uk_buf hash = UK_BUF(out->hash);
	uk_blob proof = { 0 };
	struct members m;
	json_t *root;

	*out = (struct bc_proof){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	if (uk_is_ok(m.err))
		m.err = uk_hex_decode(string_of(&m, "hash"), &hash);
	out->hash_len = hash.len;
	take_bytes(&m, "proof", &proof);
	if (uk_is_ok(m.err))
		m.err = uk_copy_exact(out->signature, sizeof(out->signature),
		    uk_blob_view(&proof));
	uk_blob_free(&proof);
	json_decref(root);
	return m.err;
}

/* --- bills ---------------------------------------------------------------- */

static uk_err read_bill(const json_t *o, struct bc_bill *b)
{
	struct members m = members_of(o);

	take_text(&m, "bill", b->bill, sizeof(b->bill));
	take_text(&m, "to", b->to, sizeof(b->to));
	take_text(&m, "merchant", b->merchant, sizeof(b->merchant));
	take_text(
	    &m, "orderNumber", b->merchant_order, sizeof(b->merchant_order));
	take_text(&m, "payee", b->payee, sizeof(b->payee));
	take_text(&m, "memo", b->memo, sizeof(b->memo));
	take_text(&m, "reason", b->reason, sizeof(b->reason));
	take_text(&m, "state", b->state, sizeof(b->state));
	take_text(&m, "receipt", b->receipt, sizeof(b->receipt));
	take_currency(&m, "currency", b->currency);
	take_integer(&m, "amount", &b->amount);
	take_time(&m, "expiresAt", &b->expires);
	take_bool(&m, "merchantTold", &b->merchant_told);
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
	UK_TRY(parse_object(json, &root));
	err = read_bill(root, out);
	json_decref(root);
	return err;
}

uk_err bc_parse_event(uk_bytes json, struct bc_event *out)
{
	struct members m;
	json_t *root;

	*out = (struct bc_event){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	take_integer(&m, "number", &out->number);
	take_text(&m, "event", out->kind, sizeof(out->kind));
	if (uk_is_ok(m.err) && out->number <= 0)
		m.err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(m.err))
		m.err = read_bill(member(&m, "bill"), &out->bill);
	json_decref(root);
	return m.err;
}

static void take_bills(struct members *m, struct bc_bills *out)
{
	const json_t *list = array_of(m, "bills");
	size_t n = json_array_size(list);

	if (list == NULL || n == 0)
		return;
	out->items = uk_new_array(n, sizeof(*out->items));
	if (out->items == NULL) {
		m->err = uk_fail(UK_ERR_MEMORY);
		return;
	}
	for (size_t i = 0; i < n && uk_is_ok(m->err); i++)
		m->err = read_bill(json_array_get(list, i), &out->items[i]);
	out->n = n;
}

uk_err bc_parse_bills(uk_bytes json, struct bc_bills *out)
{
	struct members m;
	json_t *root;

	*out = (struct bc_bills){ 0 };
	UK_TRY(parse_object(json, &root));
	m = members_of(root);
	take_bills(&m, out);
	take_integer(&m, "last", &out->last);
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
