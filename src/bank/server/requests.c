/* Request bodies: one table row per member (docs/protocol.md, 3 to 5). */
#include "requests.h"

#include "authorise.h"
#include "crypto.h"
#include "hex.h"
#include "json.h"
#include "proto.h"
#include "secret.h"
#include "strokes.h"
#include "users.h"

enum kind {
	TEXT,        /* UTF-8, kept as it is */
	BASE64,      /* decoded */
	BASE64_TEXT, /* must decode to min..max bytes, but the text is kept */
	HEX,         /* decoded */
	SECRET,      /* TEXT that is wiped when it is freed */
	INTEGER,
	OPTIONAL_INTEGER, /* 0 if it is absent */
	LIST              /* an array: its JSON text */
};

struct member {
	const char *object; /* inside this member; NULL: at the top */
	const char *name;
	enum kind kind;
	size_t min, max; /* bytes, after decoding */
	size_t offset;   /* of a uk_blob, or of an int64_t for INTEGER */
	bool optional;
};

#define BILL_TEXT (4 * UK_TX_VALUE_MAX)

enum {
	CERT_MAX = 8192,
	SIG_MAX = 1024,
	ALG_MAX = 16,
	JWE_MAX = 2048,
	URL_MAX = 512,
	ITEMS_MAX = 4096
};

#define AT(type, field) offsetof(struct bank_##type##_request, field)
#define ROWS(t)         (sizeof(t) / sizeof((t)[0]))

static const struct member challenge_members[] = {
	{ NULL, "clientNonce", BASE64_TEXT, BANK_NONCE_BYTES, BANK_NONCE_BYTES,
	    AT(challenge, client_nonce), false },
};

static const struct member login_members[] = {
	{ NULL, "nonce", TEXT, 1, 128, AT(login, nonce), false },
};

static const struct member enrol_members[] = {
	{ NULL, "name", TEXT, 1, 64, AT(enrol, name), false },
	{ NULL, "purpose", TEXT, 1, 16, AT(enrol, purpose), false },
	{ NULL, "request", TEXT, 1, CERT_MAX, AT(enrol, request), false },
};

static const struct member order_members[] = {
	{ NULL, "orderNumber", TEXT, 1, BANK_ORDER_NUMBER_MAX,
	    AT(order, number), false },
	{ NULL, "from", TEXT, 1, 64, AT(order, from), false },
	{ NULL, "to", TEXT, 1, 64, AT(order, to), false },
	{ NULL, "toName", TEXT, 1, 256, AT(order, payee), false },
	{ NULL, "amount", INTEGER, 0, 0, AT(order, amount), false },
	{ NULL, "currency", TEXT, 3, 3, AT(order, currency), false },
	{ NULL, "memo", TEXT, 0, 512, AT(order, memo), true },
};

static const struct member merchant_members[] = {
	{ NULL, "orderNumber", TEXT, 1, BANK_ORDER_NUMBER_MAX,
	    AT(merchant, number), false },
	{ NULL, "amount", INTEGER, 0, 0, AT(merchant, amount), false },
	{ NULL, "currency", TEXT, 3, 3, AT(merchant, currency), false },
	{ NULL, "payerPhone", TEXT, 1, JWE_MAX, AT(merchant, phone), true },
	{ NULL, "payee", TEXT, 1, BILL_TEXT, AT(merchant, payee), false },
	{ NULL, "memo", TEXT, 0, BILL_TEXT, AT(merchant, memo), true },
	{ NULL, "items", LIST, 2, ITEMS_MAX, AT(merchant, items), true },
	{ NULL, "expiresIn", OPTIONAL_INTEGER, 0, 0, AT(merchant, seconds),
	    true },
	{ NULL, "callback", TEXT, 0, URL_MAX, AT(merchant, callback), true },
	{ NULL, "method", TEXT, 4, 4, AT(merchant, method), true },
	{ NULL, "terminal", TEXT, 3, BANK_EMAIL_MAX, AT(merchant, terminal),
	    true },
};

static const struct member bill_pay_members[] = {
	{ NULL, "orderNumber", TEXT, 1, BANK_ORDER_NUMBER_MAX,
	    AT(bill_pay, number), false },
	{ NULL, "from", TEXT, 1, 64, AT(bill_pay, from), false },
};

static const struct member bill_reject_members[] = {
	{ NULL, "reason", TEXT, 0, BILL_TEXT, AT(bill_reject, reason), true },
};

static const struct member proof_members[] = {
	{ NULL, "serial", HEX, 8, 8, AT(proof, serial), false },
	{ NULL, "challenge", HEX, 8, 32, AT(proof, challenge), false },
	{ NULL, "algorithm", TEXT, 1, ALG_MAX, AT(proof, algorithm), false },
	{ NULL, "certificate", BASE64, 1, CERT_MAX, AT(proof, certificate),
	    true },
};

static const struct member confirm_members[] = {
	{ NULL, "text", BASE64, 1, UK_TX_MAX, AT(confirm, text), false },
	{ NULL, "algorithm", TEXT, 1, ALG_MAX, AT(confirm, algorithm), false },
	{ NULL, "signature", BASE64, 1, SIG_MAX, AT(confirm, signature),
	    false },
	{ NULL, "certificate", BASE64, 1, CERT_MAX, AT(confirm, certificate),
	    false },
	{ "display", "level", TEXT, 0, 16, AT(confirm, display), true },
	{ "display", "statement", BASE64, 1, 1024, AT(confirm, statement),
	    true },
};

/* --- card terminals: field by field as docs/protocol.md has them -----------
 */

static const struct member pos_register_members[] = {
	{ NULL, "email", TEXT, 3, BANK_EMAIL_MAX, AT(pos_register, email),
	    false },
	{ NULL, "password", SECRET, 1, UK_PIN_MAX, AT(pos_register, password),
	    false },
	{ NULL, "account", TEXT, 1, BANK_ACCOUNT_MAX, AT(pos_register, account),
	    false },
};

static const struct member pos_confirm_members[] = {
	{ NULL, "token", SECRET, BANK_TOKEN_TEXT, BANK_TOKEN_TEXT,
	    AT(pos_confirm, token), false },
	{ NULL, "password", SECRET, 1, UK_PIN_MAX, AT(pos_confirm, password),
	    false },
};

static const struct member pos_login_members[] = {
	{ NULL, "email", TEXT, 1, BANK_EMAIL_MAX, AT(pos_login, email), false },
	{ NULL, "password", SECRET, 1, UK_PIN_MAX, AT(pos_login, password),
	    false },
};

static const struct member pos_password_members[] = {
	{ NULL, "old", SECRET, 1, UK_PIN_MAX, AT(pos_password, old), false },
	{ NULL, "new", SECRET, 1, UK_PIN_MAX, AT(pos_password, fresh), false },
};

static const struct member pos_reader_members[] = {
	{ NULL, "algorithm", TEXT, 1, ALG_MAX, AT(pos_reader, algorithm),
	    true },
};

static const struct member pos_authorise_members[] = {
	{ NULL, "ksn", HEX, UK_DUKPT_KSN_TDES, UK_DUKPT_KSN,
	    AT(pos_authorise, ksn), false },
	{ NULL, "card", BASE64, 8, BANK_POS_CARD_MAX, AT(pos_authorise, card),
	    false },
	{ NULL, "emv", BASE64, 1, BANK_POS_EMV_MAX, AT(pos_authorise, emv),
	    false },
	{ NULL, "pinBlock", HEX, UK_PIN_BLOCK_0, UK_PIN_BLOCK_4,
	    AT(pos_authorise, pin_block), true },
	{ NULL, "signature", BASE64, 1, UK_STROKES_BYTES_MAX,
	    AT(pos_authorise, signature), true },
	{ NULL, "mac", HEX, BANK_AC, UK_CMAC_SIZE, AT(pos_authorise, mac),
	    false },
};

static const struct member pos_complete_members[] = {
	{ NULL, "emv", BASE64, 1, BANK_POS_EMV_MAX, AT(pos_complete, emv),
	    true },
};

/* The tables' offsets are the only addresses computed here. */
static void *field_at(void *out, size_t offset)
{
	return (uint8_t *)out + offset;
}

static uk_err read_hex(uk_bytes text, uk_blob *out)
{
	uint8_t storage[64];
	uk_buf b = UK_BUF(storage);

	if (text.n > 2 * sizeof(storage) || !uk_is_ok(uk_hex_decode(text, &b)))
		return uk_fail(UK_ERR_FORMAT);
	return uk_blob_set(out, uk_buf_view(&b));
}

static uk_err in_range(const struct member *m, size_t n)
{
	return n < m->min || n > m->max ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

/* The text without escapes: the value itself, or made in room. */
static uk_err plain_text(const uk_json *v, uk_blob *room, uk_bytes *out)
{
	uk_buf b;

	*out = v->raw;
	if (uk_json_is_plain(v))
		return uk_ok();
	room->p = uk_new(v->raw.n);
	room->n = v->raw.n;
	if (room->p == NULL)
		return uk_fail(UK_ERR_MEMORY);
	b = uk_buf_over(room->p, room->n);
	UK_TRY(uk_json_text(v, &b));
	*out = uk_buf_view(&b);
	return uk_ok();
}

static uk_err read_text(const struct member *m, uk_bytes text, uk_blob *out)
{
	uk_err err;

	/* Nothing long is decoded first and measured afterwards. */
	if (text.n > 2 * m->max + 4)
		return uk_fail(UK_ERR_FORMAT);
	switch (m->kind) {
	case BASE64:
	case BASE64_TEXT:
		err = uk_base64_decode(text, out);
		break;
	case HEX:
		err = read_hex(text, out);
		break;
	default:
		err = uk_blob_set(out, text);
		break;
	}
	UK_TRY(err);
	UK_TRY(in_range(m, out->n));
	return m->kind == BASE64_TEXT ? uk_blob_set(out, text) : uk_ok();
}

static bool is_number(const struct member *m)
{
	return m->kind == INTEGER || m->kind == OPTIONAL_INTEGER;
}

static uk_err read_list(const struct member *m, const uk_json *v, uk_blob *out)
{
	if (v->kind != UK_JSON_ARRAY || v->raw.n > m->max)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_blob_set(out, uk_view_str("[")));
	UK_TRY(uk_blob_add(out, v->raw));
	return uk_blob_add(out, uk_view_str("]"));
}

static uk_err read_member(const struct member *m, const uk_json *v, void *out)
{
	uk_blob room = { NULL, 0 };
	uk_bytes text;
	uk_err err;

	if (m->kind == LIST)
		return read_list(m, v, field_at(out, m->offset));
	if (is_number(m))
		return uk_json_int(v, field_at(out, m->offset));
	if (v->kind != UK_JSON_STRING)
		return uk_fail(UK_ERR_FORMAT);
	err = plain_text(v, &room, &text);
	if (uk_is_ok(err))
		err = read_text(m, text, field_at(out, m->offset));
	if (m->kind == SECRET && room.n > 0 && room.p != NULL)
		uk_wipe(room.p, room.n);
	uk_blob_free(&room);
	return err;
}

struct reading {
	const struct member *members;
	size_t count;
	uint32_t found; /* a bit for each row */
	void *out;
};

static bool in_object(const struct member *m, const uk_json *object)
{
	if (m->object == NULL || object == NULL)
		return m->object == NULL && object == NULL;
	return uk_json_is(object, m->object);
}

/* name in the object of that name, NULL: at the top. */
static uk_err read_named(struct reading *r, const uk_json *object,
    const uk_json *name, const uk_json *v)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct member *m = &r->members[i];

		if (!uk_json_is(name, m->name) || !in_object(m, object))
			continue;
		r->found |= UINT32_C(1) << i;
		return read_member(m, v, r->out);
	}
	return uk_ok(); /* of a later version: let it pass */
}

static uk_err read_object(
    struct reading *r, const uk_json *object, uk_bytes rest)
{
	uk_json name, v;
	uk_err err = uk_ok();

	while (uk_is_ok(err) && uk_json_next(&rest, &name, &v)) {
		err = read_named(r, object, &name, &v);
		if (uk_is_ok(err) && object == NULL && v.kind == UK_JSON_OBJECT)
			err = read_object(r, &name, v.raw);
	}
	return err;
}

static uk_err read_missing(const struct reading *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct member *m = &r->members[i];

		if ((r->found >> i & 1) != 0)
			continue;
		if (!m->optional)
			return uk_fail(UK_ERR_FORMAT);
		if (is_number(m))
			continue; /* it is 0 already */
		UK_TRY(uk_blob_set(field_at(r->out, m->offset), UK_NONE));
	}
	return uk_ok();
}

static uk_err read_root(uk_bytes body, uk_json *root)
{
	if (body.n == 0 || body.n > BANK_BODY_MAX)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_json_parse(body, root));
	return root->kind == UK_JSON_OBJECT ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static uk_err read_members(
    const uk_json *root, const struct member *members, size_t n, void *out)
{
	struct reading r = { members, n, 0, out };

	UK_TRY(read_object(&r, NULL, root->raw));
	return read_missing(&r);
}

static uk_err read_body(
    uk_bytes body, const struct member *members, size_t n, void *out)
{
	uk_json root;

	UK_TRY(read_root(body, &root));
	return read_members(&root, members, n, out);
}

static void free_body(const struct member *members, size_t n, void *r)
{
	for (size_t i = 0; i < n; i++) {
		uk_blob *field;

		if (is_number(&members[i]))
			continue;
		field = field_at(r, members[i].offset);
		if (members[i].kind == SECRET && field->n > 0)
			uk_wipe(field->p, field->n);
		uk_blob_free(field);
	}
}

#define READ_AND_FREE(type)                                                    \
	uk_err bank_read_##type(                                               \
	    uk_bytes body, struct bank_##type##_request *out)                  \
	{                                                                      \
		*out = (struct bank_##type##_request){ 0 };                    \
		return read_body(                                              \
		    body, type##_members, ROWS(type##_members), out);          \
	}                                                                      \
	void bank_free_##type(struct bank_##type##_request *r)                 \
	{                                                                      \
		free_body(type##_members, ROWS(type##_members), r);            \
	}

READ_AND_FREE(challenge)
READ_AND_FREE(order)
READ_AND_FREE(enrol)
READ_AND_FREE(proof)
READ_AND_FREE(confirm)
READ_AND_FREE(merchant)
READ_AND_FREE(bill_pay)
READ_AND_FREE(bill_reject)
READ_AND_FREE(pos_register)
READ_AND_FREE(pos_confirm)
READ_AND_FREE(pos_login)
READ_AND_FREE(pos_password)
READ_AND_FREE(pos_reader)
READ_AND_FREE(pos_authorise)
READ_AND_FREE(pos_complete)

uk_err bank_read_login(uk_bytes body, struct bank_login_request *out)
{
	uk_json root;

	*out = (struct bank_login_request){ 0 };
	UK_TRY(read_root(body, &root));
	UK_TRY(read_members(&root, login_members, ROWS(login_members), out));
	return bank_token_read(uk_json_member(&root, "authToken"), &out->token);
}

void bank_free_login(struct bank_login_request *r)
{
	uk_blob_free(&r->nonce);
	bank_token_free(&r->token);
}
