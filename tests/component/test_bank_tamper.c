/*
 * Every message of login, order and enrolment, with everything done to it that
 * somebody in between, or a client that lies, can do: members taken away or of
 * another type; replayed, out of order, taken from another login, order or
 * customer. Each has its exact answer, and nothing is posted.
 */
#include "bank_fixture.h"
#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

#define SERIAL "0102030405060708"
#define RANDOM "a0a1a2a3a4a5a6a7"

static struct fx_link alice, bob, nobody;
static uk_blob text, other_text; /* of the orders "mine" and "other" */

static uk_blob prepare(const char *number, int64_t amount)
{
	json_t *a = fx_call(
	    &alice, "/v1/orders", fx_order(number, "A-1", "B-1", amount));
	uk_blob t = fx_b64(a, "text");

	assert_string_equal(fx_code(a), "ok");
	return t;
}

static int set_up(void **state)
{
	if (fx_open(state) != 0)
		return -1;
	fx_link_open(&alice);
	fx_link_open(&bob);
	fx_link_open(&nobody);
	json_decref(fx_login_as(&alice, "alice-login", NULL, NULL));
	json_decref(fx_login_as(&bob, "bob-login", NULL, NULL));
	text = prepare("mine", 100);
	other_text = prepare("other", 200);
	return 0;
}

static int tear_down(void **state)
{
	uk_blob_free(&text);
	uk_blob_free(&other_text);
	fx_link_close(&alice);
	fx_link_close(&bob);
	fx_link_close(&nobody);
	return fx_close(state);
}

/* --- the messages, as they should be ------------------------------------- */

static json_t *challenge_body(void)
{
	return json_pack("{s:s}", "clientNonce",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
}

static char nonce_text[129];

static const char *fresh_nonce(void)
{
	json_t *a = fx_challenge(&nobody);

	snprintf(nonce_text, sizeof(nonce_text), "%s",
	    json_string_value(json_object_get(a, "nonce")));
	json_decref(a);
	return nonce_text;
}

/* Signed with NAME.key for this origin and nonce, certificate CERT.pem. */
static json_t *login_of(const char *key, const char *cert, const char *site,
    const char *signed_nonce, const char *sent_nonce)
{
	uint8_t storage[2 * UK_HASH_MAX];
	uk_buf m = UK_BUF(storage);
	const char *alg;
	json_t *sig;

	expect_ok(
	    uk_hash_one(fx_crypto, UK_HASH_SHA256, uk_view_str(site), &m));
	expect_ok(uk_hash_one(
	    fx_crypto, UK_HASH_SHA256, uk_view_str(signed_nonce), &m));
	sig = fx_sig(key, uk_buf_view(&m), &alg);
	return json_pack("{s:s,s:{s:o,s:s,s:o,s:s}}", "nonce", sent_nonce,
	    "authToken", "unverifiedCertificate", fx_cert(cert), "algorithm",
	    alg, "signature", sig, "format", "web-eid:1.0");
}

static json_t *login_body(void)
{
	const char *n = fresh_nonce();

	return login_of("alice-login", "alice-login", fx_origin(), n, n);
}

static json_t *order_body(void)
{
	return fx_order("fresh", "A-1", "B-1", 100);
}

static json_t *proof_body(void)
{
	return json_pack("{s:s,s:s,s:s}", "serial", SERIAL, "challenge", RANDOM,
	    "algorithm", "ES256");
}

/* The text that is sent, the text that was signed. */
static json_t *confirm_of(const uk_blob *sent, const uk_blob *was_signed,
    const char *key, const char *cert)
{
	const char *alg;
	json_t *sig = fx_sig(key, uk_blob_view(was_signed), &alg);

	return json_pack("{s:o,s:s,s:o,s:o}", "text",
	    fx_to_b64(uk_blob_view(sent)), "algorithm", alg, "signature", sig,
	    "certificate", fx_cert(cert));
}

static json_t *confirm_body(void)
{
	return confirm_of(&text, &text, "alice-sign", "alice-sign");
}

static json_t *enrol_body(void)
{
	char pem[4096] = "";
	FILE *f = fopen(fx_file("alice-login.csr"), "r");

	assert_non_null(f);
	assert_true(fread(pem, 1, sizeof(pem) - 1, f) > 0);
	fclose(f);
	return json_pack("{s:s,s:s,s:s}", "name", "Alice", "purpose", "login",
	    "request", pem);
}

static const struct message {
	const char *path;
	struct fx_link *link;
	json_t *(*body)(void);
	const char *inside; /* an object in it, whose members count */
} messages[] = {
	{ "/v1/login/challenge", &nobody, challenge_body, NULL },
	{ "/v1/login", &nobody, login_body, NULL },
	{ "/v1/login", &nobody, login_body, "authToken" },
	{ "/v1/orders", &alice, order_body, NULL },
	{ "/v1/orders/mine/proof", &alice, proof_body, NULL },
	{ "/v1/orders/mine/confirm", &alice, confirm_body, NULL },
	{ "/v1/enrol", &nobody, enrol_body, NULL },
};

enum { MESSAGES = sizeof(messages) / sizeof(messages[0]) };

/* --- members ------------------------------------------------------------- */

enum harm { GONE, IS_NULL, IS_LIST, IS_BOOLEAN, OTHER_TYPE, HARMS };

static void do_harm(json_t *o, const char *name, enum harm harm)
{
	bool number = json_is_integer(json_object_get(o, name));

	switch (harm) {
	case GONE:
		json_object_del(o, name);
		break;
	case IS_NULL:
		json_object_set_new(o, name, json_null());
		break;
	case IS_LIST:
		json_object_set_new(o, name, json_pack("[s]", "x"));
		break;
	case IS_BOOLEAN:
		json_object_set_new(o, name, json_true());
		break;
	case OTHER_TYPE:
	case HARMS:
		json_object_set_new(
		    o, name, number ? json_string("7") : json_integer(7));
		break;
	}
}

static void every_member(const struct message *m)
{
	json_t *names = m->body(), *value;
	const char *name;

	json_object_foreach(
	    m->inside == NULL ? names : json_object_get(names, m->inside), name,
	    value)
	{
		for (enum harm harm = GONE; harm < HARMS; harm++) {
			json_t *body = m->body();
			const char *code;

			/* an empty memo is no memo (5) */
			if (strcmp(name, "memo") == 0 && harm <= IS_NULL) {
				json_decref(body);
				continue;
			}
			do_harm(m->inside == NULL
				    ? body
				    : json_object_get(body, m->inside),
			    name, harm);
			code = fx_code(fx_call(m->link, m->path, body));
			if (strcmp(code, "malformed") != 0)
				print_message("%s: %s, harm %d\n", m->path,
				    name, (int)harm);
			assert_string_equal(code, "malformed");
			assert_int_equal(m->link->status, 400);
		}
	}
	json_decref(names);
}

static void members(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGES; i++)
		every_member(&messages[i]);
}

/* Half of a message, and one with something behind it. */
static void cut_and_longer(void **state)
{
	(void)state;
	for (size_t i = 0; i < MESSAGES; i++) {
		const struct message *m = &messages[i];
		json_t *body = m->body();
		char *whole = json_dumps(body, JSON_COMPACT);
		char longer[8192];

		snprintf(longer, sizeof(longer), "%s{}", whole);
		assert_string_equal(fx_code(fx_call_raw(m->link, m->path, whole,
					strlen(whole) / 2)),
		    "malformed");
		assert_string_equal(fx_code(fx_call_raw(m->link, m->path,
					longer, strlen(longer))),
		    "malformed");
		free(whole);
		json_decref(body);
	}
}

/* --- login --------------------------------------------------------------- */

static json_t *other_origin(void)
{
	const char *n = fresh_nonce();

	return login_of(
	    "alice-login", "alice-login", "https://evil.example", n, n);
}

static json_t *other_case(void)
{
	const char *n = fresh_nonce();

	return login_of(
	    "alice-login", "alice-login", "https://LOCALHOST", n, n);
}

/* A signature over one challenge sent with another one, both good. */
static json_t *other_nonce(void)
{
	char first[129];

	snprintf(first, sizeof(first), "%s", fresh_nonce());
	return login_of(
	    "alice-login", "alice-login", fx_origin(), first, fresh_nonce());
}

static json_t *made_up_nonce(void)
{
	static const char n[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

	return login_of("alice-login", "alice-login", fx_origin(), n, n);
}

/* Bob's certificate on Alice's signature (an RSA key on ES256), and a key of
 * the same kind that is Alice's other one. */
static json_t *swapped_certificate(void)
{
	const char *n = fresh_nonce();

	return login_of("alice-login", "bob-login", fx_origin(), n, n);
}

static json_t *other_key(void)
{
	const char *n = fresh_nonce();

	return login_of("alice-sign", "alice-login", fx_origin(), n, n);
}

static json_t *for_transactions(void)
{
	const char *n = fresh_nonce();

	return login_of("alice-sign", "alice-sign", fx_origin(), n, n);
}

static json_t *with_algorithm(const char *name)
{
	json_t *body = login_body();

	json_object_set_new(
	    json_object_get(body, "authToken"), "algorithm", json_string(name));
	return body;
}

static json_t *other_algorithm(void)
{
	return with_algorithm("ES384");
}

static json_t *no_algorithm(void)
{
	return with_algorithm("none");
}

/* Extra members are passed over, but not those that a 1.0 token must not have.
 */
static json_t *signing_certificates_in_1_0(void)
{
	json_t *body = login_body();

	json_object_set_new(json_object_get(body, "authToken"),
	    "unverifiedSigningCertificates", json_pack("[]"));
	return body;
}

/* --- orders -------------------------------------------------------------- */

static json_t *others_text(void)
{
	return confirm_of(&other_text, &other_text, "alice-sign", "alice-sign");
}

static json_t *others_signature(void)
{
	return confirm_of(&text, &other_text, "alice-sign", "alice-sign");
}

static json_t *by_bob(void)
{
	return confirm_of(&text, &text, "bob-sign", "bob-sign");
}

static json_t *certificate_swapped(void)
{
	return confirm_of(&text, &text, "alice-sign", "bob-sign");
}

static json_t *by_the_login_key(void)
{
	return confirm_of(&text, &text, "alice-login", "alice-login");
}

/* The same text, but as a login's signature would be: over its hash. */
static json_t *hash_signed(void)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf h = UK_BUF(storage);
	uk_blob hash = { NULL, 0 };
	json_t *body;

	expect_ok(
	    uk_hash_one(fx_crypto, UK_HASH_SHA256, uk_blob_view(&text), &h));
	expect_ok(uk_blob_set(&hash, uk_buf_view(&h)));
	body = confirm_of(&text, &hash, "alice-sign", "alice-sign");
	uk_blob_free(&hash);
	return body;
}

static json_t *sm2_without_certificate(void)
{
	json_t *body = proof_body();

	json_object_set_new(body, "algorithm", json_string("SM2"));
	return body;
}

static json_t *sm2_of(const char *cert)
{
	json_t *body = sm2_without_certificate();

	json_object_set_new(body, "certificate", fx_cert(cert));
	return body;
}

static json_t *sm2_with_p256(void)
{
	return sm2_of("alice-sign");
}

static json_t *sm2_of_bob(void)
{
	return sm2_of("bob-sign");
}

static json_t *sm2_of_login(void)
{
	return sm2_of("alice-login");
}

/* --- enrolment ----------------------------------------------------------- */

/* A request whose last bytes, of its signature, are another's. */
static json_t *request_altered(void)
{
	json_t *body = enrol_body();
	char pem[4096], *end;

	snprintf(pem, sizeof(pem), "%s",
	    json_string_value(json_object_get(body, "request")));
	end = strstr(pem, "-----END");
	assert_non_null(end);
	end -= 12;
	*end = *end == 'A' ? 'B' : 'A';
	json_object_set_new(body, "request", json_string(pem));
	return body;
}

static json_t *purpose_of_the_bank(void)
{
	json_t *body = enrol_body();

	json_object_set_new(body, "purpose", json_string("sign"));
	return body;
}

static json_t *name_with_controls(void)
{
	json_t *body = enrol_body();

	json_object_set_new(body, "name", json_string("A\u202elice"));
	return body;
}

/* --- the table ----------------------------------------------------------- */

#define MINE "/v1/orders/mine"

static const struct row {
	const char *path;
	struct fx_link *link;
	json_t *(*body)(void);
	const char *code;
	long status;
} rows[] = {
	{ "/v1/login", &nobody, other_origin, "login-signature", 401 },
	{ "/v1/login", &nobody, other_case, "login-signature", 401 },
	{ "/v1/login", &nobody, other_nonce, "login-signature", 401 },
	{ "/v1/login", &nobody, made_up_nonce, "nonce-unknown", 401 },
	{ "/v1/login", &nobody, swapped_certificate, "login-signature", 401 },
	{ "/v1/login", &nobody, other_key, "login-signature", 401 },
	{ "/v1/login", &nobody, for_transactions, "cert-purpose", 403 },
	{ "/v1/login", &nobody, other_algorithm, "login-signature", 401 },
	{ "/v1/login", &nobody, no_algorithm, "malformed", 400 },
	{ "/v1/login", &nobody, signing_certificates_in_1_0, "malformed", 400 },
	/* out of order: before there is an order, or a session */
	{ "/v1/orders/later/proof", &alice, proof_body, "not-found", 404 },
	{ "/v1/orders/later/confirm", &alice, confirm_body, "not-found", 404 },
	{ "/v1/orders", &nobody, order_body, "no-session", 401 },
	{ MINE "/proof", &nobody, proof_body, "no-session", 401 },
	{ MINE "/confirm", &nobody, confirm_body, "no-session", 401 },
	/* another customer's session: the order is not there */
	{ "/v1/orders", &bob, order_body, "account", 422 },
	{ MINE "/proof", &bob, proof_body, "not-found", 404 },
	{ MINE "/confirm", &bob, confirm_body, "not-found", 404 },
	/* of another order */
	{ MINE "/confirm", &alice, others_text, "text-altered", 422 },
	{ MINE "/confirm", &alice, others_signature, "order-signature", 422 },
	{ "/v1/orders/other/confirm", &alice, confirm_body, "text-altered",
	    422 },
	/* of another key: the certificate swapped in the middle of a session */
	{ MINE "/confirm", &alice, by_bob, "wrong-customer", 403 },
	{ MINE "/confirm", &alice, certificate_swapped, "wrong-customer", 403 },
	{ MINE "/confirm", &alice, by_the_login_key, "cert-purpose", 403 },
	{ MINE "/confirm", &alice, hash_signed, "order-signature", 422 },
	/* SM2's hash is of text and key: it must be the customer's */
	{ MINE "/proof", &alice, sm2_without_certificate, "malformed", 400 },
	{ MINE "/proof", &alice, sm2_with_p256, "order-signature", 422 },
	{ MINE "/proof", &alice, sm2_of_bob, "wrong-customer", 403 },
	{ MINE "/proof", &alice, sm2_of_login, "cert-purpose", 403 },
	/* enrolment */
	{ "/v1/enrol", &nobody, request_altered, "malformed", 400 },
	{ "/v1/enrol", &nobody, purpose_of_the_bank, "malformed", 400 },
	{ "/v1/enrol", &nobody, name_with_controls, "malformed", 400 },
};

static void substitutions(void **state)
{
	int64_t before = fx_balance(&alice, "A-1");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *code;

		print_message("%zu: %s, %s\n", i, rows[i].path, rows[i].code);
		code = fx_code(
		    fx_call(rows[i].link, rows[i].path, rows[i].body()));
		assert_string_equal(code, rows[i].code);
		assert_int_equal(rows[i].link->status, rows[i].status);
	}
	assert_int_equal(fx_balance(&alice, "A-1"), before);
}

/* --- names and texts ----------------------------------------------------- */

/* What a display cannot show exactly makes no order (docs/protocol.md, 6), and
 * what only looks like a payee is another payee. */
static void texts(void **state)
{
	static const char *const fields[] = { "toName", "memo", "orderNumber" };
	static const char *const bad[] = { "a\u202eb", "a\u2067b", "a\u200bb",
		"\ufeffab", "a\u2028b",
		"a\xc2\x85"
		"b",
		"a\nb", "a\tb",
		"a\x7f"
		"b",
		" ab", "ab ", "a  b", "a<b", "a&b",
		"a \u00a0"
		"b" };
	json_t *a;

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
			json_t *body = order_body();
			const char *code;

			json_object_set_new(
			    body, fields[i], json_string(bad[j]));
			code = fx_code(fx_call(&alice, "/v1/orders", body));
			if (strcmp(code, "malformed") != 0)
				print_message(
				    "%s, %zu: %s\n", fields[i], j, code);
			assert_string_equal(code, "malformed");
		}
	}
	/* Cyrillic o, U+043E; the account's holder is Bob */
	a = order_body();
	json_object_set_new(a, "orderNumber", json_string("looks-like"));
	json_object_set_new(a, "toName", json_string("B\u043eb"));
	a = fx_call(&alice, "/v1/orders", a);
	assert_string_equal(
	    json_string_value(json_object_get(a, "payeeMatch")), "none");
	json_decref(a);
}

/* --- again --------------------------------------------------------------- */

static void replays(void **state)
{
	json_t *login = login_body(), *order = confirm_body(), *first, *again;
	int64_t before = fx_balance(&alice, "A-1");
	char receipt[128];

	(void)state;
	assert_string_equal(
	    fx_code(fx_call(&nobody, "/v1/login", json_incref(login))), "ok");
	assert_string_equal(
	    fx_code(fx_call(&nobody, "/v1/login", login)), "nonce-unknown");
	/* an order is posted once, and says the same for ever */
	first = fx_call(&alice, MINE "/confirm", json_incref(order));
	assert_non_null(json_object_get(first, "receipt"));
	again = fx_call(&alice, MINE "/confirm", order);
	assert_true(json_equal(first, again));
	json_decref(first);
	json_decref(again);
	assert_int_equal(fx_balance(&alice, "A-1"), before - 100);
	/* a request may wait twice; each has a receipt of its own */
	first = fx_call(&nobody, "/v1/enrol", enrol_body());
	again = fx_call(&nobody, "/v1/enrol", enrol_body());
	assert_string_not_equal(
	    json_string_value(json_object_get(first, "enrolment")),
	    json_string_value(json_object_get(again, "enrolment")));
	snprintf(receipt, sizeof(receipt), "/v1/enrol/%s",
	    json_string_value(json_object_get(first, "enrolment")));
	assert_string_equal(fx_code(fx_call(&nobody, receipt, NULL)), "ok");
	receipt[strlen(receipt) - 1] ^= 1;
	assert_string_equal(
	    fx_code(fx_call(&nobody, receipt, NULL)), "not-found");
	json_decref(first);
	json_decref(again);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(cut_and_longer),
		cmocka_unit_test(substitutions),
		cmocka_unit_test(texts),
		cmocka_unit_test(replays),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name(
	    "messages tampered with", tests, set_up, tear_down);
}
