/* Answers of the bank, parsed strictly. jansson reads the JSON; what a member
 * must look like is decided here. */
#include "bc_members.h"

#include "secret.h"

#include <string.h>

uk_err bc_parse_error(uk_bytes json, enum bank_code *code)
{
	char name[BC_NAME_MAX + 1] = "";
	struct bc_members m;
	json_t *root;

	*code = BANK_INTERNAL;
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(json_object_get(root, "error"));
	bc_take_text(&m, "code", name, sizeof(name));
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
	struct bc_members m;
	json_t *root;

	*out = (struct bc_bank_info){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	bc_take_text(&m, "name", out->name, sizeof(out->name));
	bc_take_text(&m, "origin", out->origin, sizeof(out->origin));
	bc_take_bytes(&m, "certificate", &out->certificate);
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
	struct bc_members m;
	json_t *root;

	*out = (struct bc_challenge){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	bc_take_text(&m, "nonce", out->nonce, sizeof(out->nonce));
	bc_take_time(&m, "expiresAt", &out->expires);
	if (uk_is_ok(m.err) && (strlen(out->nonce) < BANK_NONCE_TEXT_MIN ||
				   !uk_bytes_eq(bc_string_of(&m, "algorithm"),
				       uk_view_str("ES256"))))
		m.err = uk_fail(UK_ERR_FORMAT);
	bc_take_bytes(&m, "signature", &out->signature);
	bc_take_bytes(&m, "certificate", &out->certificate);
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

static uk_err read_account(const json_t *o, void *item)
{
	struct bc_account *a = item;
	struct bc_members m = bc_members_of(o);

	bc_take_text(&m, "account", a->account, sizeof(a->account));
	bc_take_text(&m, "name", a->name, sizeof(a->name));
	bc_take_currency(&m, "currency", a->currency);
	bc_take_integer(&m, "balance", &a->balance);
	return m.err;
}

uk_err bc_parse_accounts(uk_bytes json, struct bc_accounts *out)
{
	struct bc_members m;
	json_t *root;

	*out = (struct bc_accounts){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	out->items = bc_take_list(
	    &m, "accounts", sizeof(*out->items), read_account, &out->n);
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
	struct bc_members m, customer;
	json_t *root;

	*out = (struct bc_login){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	bc_take_text(&m, "session", out->session, sizeof(out->session));
	if (out->session[0] == '\0' || !fits_in_header(out->session))
		m.err = uk_fail(UK_ERR_FORMAT);
	bc_take_time(&m, "expiresAt", &out->expires);
	customer = bc_members_of(bc_member(&m, "customer"));
	bc_take_text(&customer, "name", out->customer, sizeof(out->customer));
	if (uk_is_ok(m.err))
		m.err = customer.err;
	out->accounts.items = bc_take_list(&m, "accounts",
	    sizeof(*out->accounts.items), read_account, &out->accounts.n);
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

static uk_err read_record(const json_t *o, void *item)
{
	struct bc_record *r = item;
	struct bc_members m = bc_members_of(o);

	bc_take_integer(&m, "id", &r->id);
	bc_take_time(&m, "time", &r->time);
	bc_take_text(&m, "account", r->account, sizeof(r->account));
	bc_take_integer(&m, "amount", &r->amount);
	bc_take_currency(&m, "currency", r->currency);
	bc_take_integer(&m, "balance", &r->balance);
	if (!uk_is_ok(m.err))
		return m.err;
	bc_take_optional_text(
	    &m, "counterparty", r->counterparty, sizeof(r->counterparty));
	bc_take_optional_text(&m, "counterpartyName", r->counterparty_name,
	    sizeof(r->counterparty_name));
	bc_take_optional_text(&m, "memo", r->memo, sizeof(r->memo));
	bc_take_optional_text(&m, "order", r->order, sizeof(r->order));
	return m.err;
}

uk_err bc_parse_records(uk_bytes json, struct bc_records *out)
{
	struct bc_members m;
	json_t *root;

	*out = (struct bc_records){ 0 };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	out->items = bc_take_list(
	    &m, "records", sizeof(*out->items), read_record, &out->n);
	bc_take_bool(&m, "more", &out->more);
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

/* --- enrolment ------------------------------------------------------------ */

bool bc_is_receipt(const char *text)
{
	return strlen(text) == BC_ENROL_RECEIPT &&
	       strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == BC_ENROL_RECEIPT;
}

static void take_enrol_state(struct bc_members *m, enum bc_enrol_state *out)
{
	static const char *const names[] = {
		[BC_ENROL_WAITING] = "waiting",
		[BC_ENROL_APPROVED] = "approved",
		[BC_ENROL_REJECTED] = "rejected",
	};
	uk_bytes name = bc_string_of(m, "state");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!uk_bytes_eq(name, uk_view_str(names[i])))
			continue;
		*out = (enum bc_enrol_state)i;
		return;
	}
	m->err = uk_fail(UK_ERR_FORMAT);
}

uk_err bc_parse_enrolment(uk_bytes json, struct bc_enrolment *out)
{
	struct bc_members m;
	json_t *root;

	*out = (struct bc_enrolment){ .state = BC_ENROL_WAITING };
	UK_TRY(bc_parse_object(json, &root));
	m = bc_members_of(root);
	take_enrol_state(&m, &out->state);
	bc_take_optional_text(
	    &m, "enrolment", out->enrolment, sizeof(out->enrolment));
	if (out->state == BC_ENROL_APPROVED)
		bc_take_bytes(&m, "certificate", &out->certificate);
	if (out->state == BC_ENROL_REJECTED)
		bc_take_text(&m, "reason", out->reason, sizeof(out->reason));
	json_decref(root);
	if (!uk_is_ok(m.err))
		bc_enrolment_free(out);
	return m.err;
}

void bc_enrolment_free(struct bc_enrolment *e)
{
	uk_wipe(e->enrolment, sizeof(e->enrolment));
	uk_blob_free(&e->certificate);
}
