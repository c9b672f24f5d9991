/* One function per request of docs/protocol.md. */
#include "bank_client.h"

#include "bc_check.h"
#include "bc_http.h"
#include "bc_stream.h"
#include "hex.h"
#include "secret.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_MAX_BYTES = 512 };

struct bc_bank {
	uk_crypto *c; /* borrowed */
	struct bc_http *http;
	uk_trust *trust;
	char origin[BC_TEXT_MAX + 1];
	char session[BC_SECRET_MAX + 1];
	enum bc_binding binding;
};

static bc_result local(uk_err err)
{
	return bc_fail_err(BC_LOCAL, err);
}

bc_result bc_open(
    uk_crypto *c, const char *origin, const char *ca_file, bc_bank **out)
{
	struct bc_bank *bank = uk_new(sizeof(*bank));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (bank == NULL)
		goto out;
	bank->c = c;
	err = bc_origin_normalize(origin, bank->origin, sizeof(bank->origin));
	if (uk_is_ok(err))
		err = uk_trust_open(c, &bank->trust);
	if (uk_is_ok(err))
		err = uk_trust_add_ca_file(bank->trust, ca_file);
	if (uk_is_ok(err))
		err = bc_http_open(bank->origin, ca_file, &bank->http);
	if (!uk_is_ok(err))
		goto out;
	*out = bank;
	bank = NULL; /* handed over */
out:
	bc_close(&bank);
	return uk_is_ok(err) ? bc_ok() : local(err);
}

void bc_close(bc_bank **bank)
{
	if (*bank == NULL)
		return;
	bc_http_close(&(*bank)->http);
	uk_trust_close(&(*bank)->trust);
	uk_wipe((*bank)->session, sizeof((*bank)->session));
	uk_free(*bank);
	*bank = NULL;
}

const char *bc_origin(const bc_bank *bank)
{
	return bank->origin;
}

const uk_trust *bc_trust(const bc_bank *bank)
{
	return bank->trust;
}

const char *bc_session(const bc_bank *bank)
{
	return bank->session;
}

uk_err bc_set_session(bc_bank *bank, const char *session)
{
	uk_wipe(bank->session, sizeof(bank->session));
	return uk_copy_str(
	    bank->session, sizeof(bank->session), uk_view_str(session));
}

/* --- calls ---------------------------------------------------------------- */

static bc_result get(bc_bank *bank, const char *path, uk_blob *body)
{
	struct bc_request q = { .path = path, .bearer = bank->session };

	return bc_http_call(bank->http, &q, body);
}

/* Takes over the reference to `json`; NULL (lack of memory) is allowed. */
static bc_result post(
    bc_bank *bank, const char *path, json_t *json, uk_blob *body)
{
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	struct bc_request q = { path, bank->session, text };
	bc_result r = local(uk_fail(UK_ERR_MEMORY));

	json_decref(json);
	if (text != NULL)
		r = bc_http_call(bank->http, &q, body);
	free(text); /* jansson's own */
	return r;
}

/* A member with base64 of v; false for lack of memory. */
static bool set_b64(json_t *o, const char *name, uk_bytes v)
{
	uk_blob text = { 0 };
	bool done = o != NULL && uk_is_ok(uk_base64_encode(v, &text)) &&
		    json_object_set_new(o, name,
			json_stringn((const char *)text.p, text.n)) == 0;

	uk_blob_free(&text);
	return done;
}

static bc_result parsed(uk_err err)
{
	if (uk_is_ok(err))
		return bc_ok();
	if (uk_is(err, UK_ERR_MEMORY))
		return local(err);
	return bc_fail(BC_MALFORMED);
}

/* --- bank and login ------------------------------------------------------- */

bc_result bc_get_bank(bc_bank *bank, struct bc_bank_info *out)
{
	uk_cert *cert = NULL;
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_bank_info){ 0 };
	r = get(bank, "/v1/bank", &body);
	if (bc_is_ok(r))
		r = parsed(bc_parse_bank(uk_blob_view(&body), out));
	uk_blob_free(&body);
	if (!bc_is_ok(r))
		return r;
	r = bc_check_bank_cert(bank->c, bank->trust,
	    uk_blob_view(&out->certificate), time(NULL), &cert);
	uk_cert_close(&cert);
	if (bc_is_ok(r) && strcmp(out->origin, bank->origin) != 0)
		r = bc_fail_err(BC_NOT_BANK, uk_fail(UK_ERR_ARGUMENT));
	if (!bc_is_ok(r))
		bc_bank_info_free(out);
	return r;
}

/* Is the challenge this bank's, for us? */
static bc_result check_challenge(bc_bank *bank, const char *client_nonce,
    const struct bc_challenge *challenge)
{
	uk_cert *cert = NULL;
	bc_result r = bc_check_bank_cert(bank->c, bank->trust,
	    uk_blob_view(&challenge->certificate), time(NULL), &cert);

	if (bc_is_ok(r))
		r = bc_check_challenge(
		    bank->c, cert, bank->origin, client_nonce, challenge);
	uk_cert_close(&cert);
	return r;
}

bc_result bc_get_challenge(bc_bank *bank, struct bc_challenge *out)
{
	uint8_t random[BANK_NONCE_BYTES];
	uk_blob nonce = { 0 }, body = { 0 };
	uk_err err;
	bc_result r;

	*out = (struct bc_challenge){ 0 };
	bc_http_bind(bank->http, false);
	err = uk_random(bank->c, random, sizeof(random));
	if (uk_is_ok(err))
		err = uk_base64_encode(UK_ARRAY(random), &nonce);
	if (!uk_is_ok(err))
		return local(err);
	r = post(bank, "/v1/login/challenge",
	    json_pack("{s:s}", "clientNonce", (const char *)nonce.p), &body);
	if (bc_is_ok(r))
		r = parsed(bc_parse_challenge(uk_blob_view(&body), out));
	if (bc_is_ok(r)) {
		r = check_challenge(bank, (const char *)nonce.p, out);
		if (!bc_is_ok(r))
			bc_challenge_free(out);
	}
	bc_http_bind(
	    bank->http, bc_is_ok(r) && bank->binding == BC_BIND_EXPORTER);
	uk_blob_free(&nonce);
	uk_blob_free(&body);
	return r;
}

void bc_set_binding(bc_bank *bank, enum bc_binding binding)
{
	bank->binding = binding;
}

static const char *const binding_names[] = {
	[BC_BIND_EXPORTER] = BANK_BIND_EXPORTER,
	[BC_BIND_END_POINT] = BANK_BIND_END_POINT,
};

/* "tls-exporter:" and the exporter, or the like (docs/protocol.md, 3). */
static uk_err put_binding(const bc_bank *bank, uk_buf *out)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf value = UK_BUF(storage);
	uk_err err;

	if (bank->binding == BC_BIND_EXPORTER)
		err = bc_http_exporter(
		    bank->http, uk_put_room(&value, BANK_EXPORTER_BYTES));
	else
		err = bc_http_end_point(bank->http, bank->c, &value);
	uk_put_str(out, binding_names[bank->binding]);
	uk_put_u8(out, ':');
	uk_put(out, uk_buf_view(&value));
	uk_wipe(storage, sizeof(storage));
	return uk_is_ok(err) ? uk_buf_result(out) : err;
}

uk_err bc_put_login_message(
    const bc_bank *bank, const char *nonce, enum uk_hash hash, uk_buf *out)
{
	uint8_t storage[128];
	uk_buf binding = UK_BUF(storage);

	UK_TRY(uk_hash_one(bank->c, hash, uk_view_str(bank->origin), out));
	UK_TRY(uk_hash_one(bank->c, hash, uk_view_str(nonce), out));
	if (bank->binding == BC_BIND_NOTHING)
		return uk_ok();
	UK_TRY(put_binding(bank, &binding));
	return uk_hash_one(bank->c, hash, uk_buf_view(&binding), out);
}

static json_t *new_token(const bc_bank *bank, const char *algorithm)
{
	if (bank->binding == BC_BIND_NOTHING)
		return json_pack("{s:s,s:s,s:s}", "algorithm", algorithm,
		    "format", BANK_TOKEN_FORMAT, "appVersion",
		    "ukey/" UKEY_VERSION);
	return json_pack("{s:s,s:s,s:s,s:s}", "algorithm", algorithm, "format",
	    BANK_CHANNEL_FORMAT, "binding", binding_names[bank->binding],
	    "appVersion", "ukey/" UKEY_VERSION);
}

bc_result bc_login(bc_bank *bank, const char *nonce, const char *algorithm,
    uk_bytes signature, uk_bytes certificate, struct bc_login *out)
{
	json_t *token = new_token(bank, algorithm);
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_login){ 0 };
	if (!set_b64(token, "unverifiedCertificate", certificate) ||
	    !set_b64(token, "signature", signature)) {
		json_decref(token);
		return local(uk_fail(UK_ERR_MEMORY));
	}
	r = post(bank, "/v1/login",
	    json_pack("{s:s,s:o}", "nonce", nonce, "authToken", token), &body);
	bc_http_bind(bank->http, false);
	if (bc_is_ok(r))
		r = parsed(bc_parse_login(uk_blob_view(&body), out));
	if (bc_is_ok(r)) {
		uk_err err = bc_set_session(bank, out->session);

		if (!uk_is_ok(err))
			r = local(err);
	}
	uk_wipe(body.p, body.n);
	uk_blob_free(&body);
	return r;
}

bc_result bc_logout(bc_bank *bank)
{
	uk_blob body = { 0 };
	bc_result r = post(bank, "/v1/logout", json_object(), &body);

	uk_blob_free(&body);
	uk_wipe(bank->session, sizeof(bank->session));
	return r;
}

/* --- accounts and records ------------------------------------------------- */

bc_result bc_get_accounts(bc_bank *bank, struct bc_accounts *out)
{
	uk_blob body = { 0 };
	bc_result r = get(bank, "/v1/accounts", &body);

	*out = (struct bc_accounts){ 0 };
	if (bc_is_ok(r))
		r = parsed(bc_parse_accounts(uk_blob_view(&body), out));
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

static void put_number(uk_buf *out, const char *name, int64_t value)
{
	char text[48];

	snprintf(text, sizeof(text), "%s%lld", name, (long long)value);
	uk_put_str(out, text);
}

bc_result bc_get_records(bc_bank *bank, const char *account, int64_t before,
    unsigned limit, struct bc_records *out)
{
	char path[PATH_MAX_BYTES];
	uk_buf b = uk_buf_over(path, sizeof(path));
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_records){ 0 };
	uk_put_str(&b, "/v1/records?");
	put_number(&b, "limit=", limit);
	if (before > 0)
		put_number(&b, "&before=", before);
	uk_put_str(&b, "&account=");
	put_query(&b, account);
	uk_put_u8(&b, 0);
	if (!uk_is_ok(uk_buf_result(&b)))
		return local(uk_fail(UK_ERR_ARGUMENT));
	r = get(bank, path, &body);
	if (bc_is_ok(r))
		r = parsed(bc_parse_records(uk_blob_view(&body), out));
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
		r = parsed(bc_parse_order(uk_blob_view(body), out));
	if (bc_is_ok(r) && strcmp(out->number, number) != 0) {
		bc_order_free(out);
		r = bc_fail(BC_MALFORMED);
	}
	uk_blob_free(body);
	return r;
}

static uk_err order_path(
    const char *number, const char *tail, char path[PATH_MAX_BYTES])
{
	uk_buf b = uk_buf_over(path, PATH_MAX_BYTES);

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

/* "/v1/bills/NUMBER" and what is behind it. */
static uk_err bill_path(
    const char *number, const char *tail, char path[PATH_MAX_BYTES])
{
	uk_buf b = uk_buf_over(path, PATH_MAX_BYTES);

	if (!bank_order_number_ok(uk_view_str(number)))
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_str(&b, "/v1/bills/");
	uk_put_str(&b, number);
	uk_put_str(&b, tail);
	uk_put_u8(&b, 0);
	return uk_buf_result(&b);
}

bc_result bc_prepare(
    bc_bank *bank, const struct bc_transfer *want, struct bc_order *out)
{
	char path[PATH_MAX_BYTES] = "/v1/orders";
	uk_blob body = { 0 };
	json_t *json = transfer_json(want);
	uk_err err = want->bill[0] == '\0'
			 ? uk_ok()
			 : bill_path(want->bill, "/order", path);

	/* json_pack fails for lack of memory and for text that is not UTF-8;
	 * the second comes from a command line. */
	if (json == NULL || !uk_is_ok(err)) {
		json_decref(json);
		*out = (struct bc_order){ 0 };
		return local(uk_fail(UK_ERR_ARGUMENT));
	}
	return take_order(
	    post(bank, path, json, &body), &body, want->order, out);
}

bc_result bc_get_order(bc_bank *bank, const char *number, struct bc_order *out)
{
	char path[PATH_MAX_BYTES];
	uk_blob body = { 0 };
	uk_err err = order_path(number, "", path);

	*out = (struct bc_order){ 0 };
	if (!uk_is_ok(err))
		return local(err);
	return take_order(get(bank, path, &body), &body, number, out);
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
	return parsed(err);
}

bc_result bc_get_proof(bc_bank *bank, const char *number, uk_bytes serial,
    uk_bytes challenge, const char *algorithm, uk_bytes certificate,
    struct bc_proof *out, struct bc_order *posted)
{
	json_t *json;
	char path[PATH_MAX_BYTES], s[2 * 32 + 1], ch[2 * 32 + 1];
	uk_blob body = { 0 };
	uk_err err = order_path(number, "/proof", path);
	bc_result r;

	*out = (struct bc_proof){ 0 };
	*posted = (struct bc_order){ 0 };
	if (!uk_is_ok(err))
		return local(err);
	uk_hex_str(s, sizeof(s), serial);
	uk_hex_str(ch, sizeof(ch), challenge);
	json = json_pack("{s:s,s:s,s:s}", "serial", s, "challenge", ch,
	    "algorithm", algorithm);
	if (!set_b64(json, "certificate", certificate)) {
		json_decref(json);
		return local(uk_fail(UK_ERR_MEMORY));
	}
	r = post(bank, path, json, &body);
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

	if (c->statement.n == 0 || set_b64(o, "statement", c->statement))
		return o;
	json_decref(o);
	return NULL;
}

bc_result bc_confirm(bc_bank *bank, const char *number,
    const struct bc_confirmation *c, struct bc_order *out)
{
	char path[PATH_MAX_BYTES];
	uk_blob body = { 0 };
	uk_err err = order_path(number, "/confirm", path);
	json_t *json;

	*out = (struct bc_order){ 0 };
	if (!uk_is_ok(err))
		return local(err);
	json = json_pack(
	    "{s:s,s:o}", "algorithm", c->algorithm, "display", display_json(c));
	if (!set_b64(json, "text", c->text) ||
	    !set_b64(json, "signature", c->signature) ||
	    !set_b64(json, "certificate", c->certificate)) {
		json_decref(json);
		return local(uk_fail(UK_ERR_MEMORY));
	}
	return take_order(post(bank, path, json, &body), &body, number, out);
}

bc_result bc_get_evidence(bc_bank *bank, const char *number, uk_blob *out)
{
	char path[PATH_MAX_BYTES];
	uk_blob body = { 0 };
	uk_err err = order_path(number, "/evidence", path);
	bc_result r;

	if (!uk_is_ok(err))
		return local(err);
	r = get(bank, path, &body);
	if (bc_is_ok(r))
		r = parsed(bc_parse_evidence(uk_blob_view(&body), number, out));
	uk_blob_free(&body);
	return r;
}

/* --- bills ---------------------------------------------------------------- */

bc_result bc_get_bills(
    bc_bank *bank, bool all, int64_t after, unsigned wait, struct bc_bills *out)
{
	char path[PATH_MAX_BYTES];
	uk_buf b = uk_buf_over(path, sizeof(path));
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_bills){ 0 };
	uk_put_str(&b, "/v1/bills?");
	put_number(&b, "all=", all);
	put_number(&b, "&after=", after);
	put_number(&b, "&wait=", wait);
	uk_put_u8(&b, 0);
	if (!uk_is_ok(uk_buf_result(&b)))
		return local(uk_fail(UK_ERR_ARGUMENT));
	r = get(bank, path, &body);
	if (bc_is_ok(r))
		r = parsed(bc_parse_bills(uk_blob_view(&body), out));
	uk_blob_free(&body);
	return r;
}

/* An answer about this bill, and no other. */
static bc_result take_bill(
    bc_result r, uk_blob *body, const char *number, struct bc_bill *out)
{
	if (bc_is_ok(r))
		r = parsed(bc_parse_bill(uk_blob_view(body), out));
	if (bc_is_ok(r) && strcmp(out->bill, number) != 0)
		r = bc_fail(BC_MALFORMED);
	uk_blob_free(body);
	return r;
}

bc_result bc_get_bill(bc_bank *bank, const char *number, struct bc_bill *out)
{
	char path[PATH_MAX_BYTES];
	uk_blob body = { 0 };
	uk_err err = bill_path(number, "", path);

	if (!uk_is_ok(err))
		return local(err);
	return take_bill(get(bank, path, &body), &body, number, out);
}

bc_result bc_show_bill(bc_bank *bank, const char *number)
{
	char path[PATH_MAX_BYTES];
	struct bc_bill bill;
	uk_blob body = { 0 };
	uk_err err = bill_path(number, "/shown", path);

	if (!uk_is_ok(err))
		return local(err);
	return take_bill(
	    post(bank, path, json_object(), &body), &body, number, &bill);
}

bc_result bc_reject_bill(
    bc_bank *bank, const char *number, const char *reason, struct bc_bill *out)
{
	char path[PATH_MAX_BYTES];
	uk_blob body = { 0 };
	uk_err err = bill_path(number, "/reject", path);

	if (!uk_is_ok(err))
		return local(err);
	return take_bill(
	    post(bank, path, json_pack("{s:s}", "reason", reason), &body),
	    &body, number, out);
}

bc_result bc_events_open(bc_bank *bank, int64_t after, bc_events **out)
{
	char path[PATH_MAX_BYTES];
	uk_buf b = uk_buf_over(path, sizeof(path));
	struct bc_stream *stream = NULL;
	bc_result r;

	*out = NULL;
	uk_put_str(&b, "/v1/events");
	put_number(&b, "?after=", after);
	uk_put_u8(&b, 0);
	if (!uk_is_ok(uk_buf_result(&b)))
		return local(uk_fail(UK_ERR_ARGUMENT));
	r = bc_stream_open(bank->http, path, bank->session, &stream);
	if (bc_is_ok(r))
		r = bc_events_over(&stream, out);
	bc_stream_close(&stream);
	return r;
}

uk_err bc_bill_transfer(const struct bc_bill *bill, struct bc_transfer *out)
{
	const struct {
		char *to;
		size_t cap;
		const char *from;
	} texts[] = {
		{ out->to, sizeof(out->to), bill->to },
		{ out->payee, sizeof(out->payee), bill->payee },
		{ out->memo, sizeof(out->memo), bill->memo },
		{ out->currency, sizeof(out->currency), bill->currency },
		{ out->bill, sizeof(out->bill), bill->bill },
		{ out->merchant, sizeof(out->merchant), bill->merchant },
		{ out->merchant_order, sizeof(out->merchant_order),
		    bill->merchant_order },
	};

	out->amount = bill->amount;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		UK_TRY(uk_copy_str(
		    texts[i].to, texts[i].cap, uk_view_str(texts[i].from)));
	return uk_ok();
}
