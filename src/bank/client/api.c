/* The bank, its session, and login: docs/protocol.md, 1 to 3. */
#include "bc_api.h"

#include "bc_check.h"
#include "hex.h"
#include "secret.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

bc_result bc_local(uk_err err)
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
	return uk_is_ok(err) ? bc_ok() : bc_local(err);
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

bc_result bc_get(bc_bank *bank, const char *path, uk_blob *body)
{
	struct bc_request q = { .path = path, .bearer = bank->session };

	return bc_http_call(bank->http, &q, body);
}

bc_result bc_post(bc_bank *bank, const char *path, json_t *json, uk_blob *body)
{
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	struct bc_request q = { path, bank->session, text };
	bc_result r = bc_local(uk_fail(UK_ERR_MEMORY));

	json_decref(json);
	if (text != NULL)
		r = bc_http_call(bank->http, &q, body);
	free(text); /* jansson's own */
	return r;
}

bool bc_set_b64(json_t *o, const char *name, uk_bytes v)
{
	uk_blob text = { 0 };
	bool done = o != NULL && uk_is_ok(uk_base64_encode(v, &text)) &&
		    json_object_set_new(o, name,
			json_stringn((const char *)text.p, text.n)) == 0;

	uk_blob_free(&text);
	return done;
}

bc_result bc_parsed(uk_err err)
{
	if (uk_is_ok(err))
		return bc_ok();
	if (uk_is(err, UK_ERR_MEMORY))
		return bc_local(err);
	return bc_fail(BC_MALFORMED);
}

void bc_put_number(uk_buf *out, const char *name, int64_t value)
{
	char text[48];

	snprintf(text, sizeof(text), "%s%lld", name, (long long)value);
	uk_put_str(out, text);
}

/* --- bank and login ------------------------------------------------------- */

bc_result bc_get_bank(bc_bank *bank, struct bc_bank_info *out)
{
	uk_cert *cert = NULL;
	uk_blob body = { 0 };
	bc_result r;

	*out = (struct bc_bank_info){ 0 };
	r = bc_get(bank, "/v1/bank", &body);
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_bank(uk_blob_view(&body), out));
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
		return bc_local(err);
	r = bc_post(bank, "/v1/login/challenge",
	    json_pack("{s:s}", "clientNonce", (const char *)nonce.p), &body);
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_challenge(uk_blob_view(&body), out));
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
	if (!bc_set_b64(token, "unverifiedCertificate", certificate) ||
	    !bc_set_b64(token, "signature", signature)) {
		json_decref(token);
		return bc_local(uk_fail(UK_ERR_MEMORY));
	}
	r = bc_post(bank, "/v1/login",
	    json_pack("{s:s,s:o}", "nonce", nonce, "authToken", token), &body);
	bc_http_bind(bank->http, false);
	if (bc_is_ok(r))
		r = bc_parsed(bc_parse_login(uk_blob_view(&body), out));
	if (bc_is_ok(r)) {
		uk_err err = bc_set_session(bank, out->session);

		if (!uk_is_ok(err))
			r = bc_local(err);
	}
	uk_wipe(body.p, body.n);
	uk_blob_free(&body);
	return r;
}

bc_result bc_logout(bc_bank *bank)
{
	uk_blob body = { 0 };
	bc_result r = bc_post(bank, "/v1/logout", json_object(), &body);

	uk_blob_free(&body);
	uk_wipe(bank->session, sizeof(bank->session));
	return r;
}
