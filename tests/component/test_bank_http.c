/* The server over HTTPS: the main path, and every refusal of docs/protocol.md.
 */
#include "bank_fixture.h"
#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"
#include "proto.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct fx_link alice, bob, nobody;

static int set_up(void **state)
{
	if (fx_open(state) != 0)
		return -1;
	fx_link_open(&alice);
	fx_link_open(&bob);
	fx_link_open(&nobody);
	return 0;
}

static int tear_down(void **state)
{
	fx_link_close(&alice);
	fx_link_close(&bob);
	fx_link_close(&nobody);
	return fx_close(state);
}

static void expect_answer(
    struct fx_link *l, json_t *answer, const char *code, long status)
{
	assert_string_equal(fx_code(answer), code);
	assert_int_equal(l->status, status);
}

static const uk_key *bank_key(uk_cert **cert)
{
	expect_ok(
	    uk_cert_from_pem_file(fx_crypto, fx_file("bank/sign.pem"), cert));
	return uk_cert_key(*cert);
}

/* --- login --------------------------------------------------------------- */

static void bank_says_who_it_is(void **state)
{
	json_t *a = fx_call(&nobody, "/v1/bank", NULL);
	uk_blob cert_sent = fx_b64(a, "certificate");
	uk_cert *cert = NULL;

	(void)state;
	assert_string_equal(
	    json_string_value(json_object_get(a, "origin")), fx_origin());
	assert_string_equal(
	    json_string_value(json_object_get(a, "name")), "Bank of Tests");
	(void)bank_key(&cert);
	expect_bytes(uk_blob_view(&cert_sent), uk_cert_der(cert));
	uk_blob_free(&cert_sent);
	uk_cert_close(&cert);
	json_decref(a);
}

static void challenge_is_signed_by_the_bank(void **state)
{
	static const char client[] =
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
	json_t *a = fx_call(&nobody, "/v1/login/challenge",
	    json_pack("{s:s}", "clientNonce", client));
	uk_blob sig = fx_b64(a, "signature");
	uint8_t storage[256];
	uk_buf message = UK_BUF(storage);
	uk_cert *cert = NULL;

	(void)state;
	/* docs/protocol.md, 3, written out by hand */
	uk_put_str(&message, "ukey login challenge 1");
	expect_ok(uk_hash_one(
	    fx_crypto, UK_HASH_SHA256, uk_view_str(fx_origin()), &message));
	expect_ok(uk_hash_one(fx_crypto, UK_HASH_SHA256,
	    uk_view_str(json_string_value(json_object_get(a, "nonce"))),
	    &message));
	expect_ok(uk_hash_one(
	    fx_crypto, UK_HASH_SHA256, uk_view_str(client), &message));
	expect_ok(uk_key_verify(bank_key(&cert), UK_SIG_ECDSA, UK_HASH_SHA256,
	    uk_buf_view(&message), uk_blob_view(&sig)));
	uk_blob_free(&sig);
	uk_cert_close(&cert);
	json_decref(a);
}

static void login_with_ec_and_rsa(void **state)
{
	json_t *a = fx_login_as(&alice, "alice-login", NULL, NULL);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(a, "customer"), "name")),
	    "Alice");
	assert_int_equal(json_array_size(json_object_get(a, "accounts")), 2);
	expect_answer(&alice, a, "ok", 200);
	expect_answer(
	    &bob, fx_login_as(&bob, "bob-login", NULL, NULL), "ok", 200);
}

static const struct {
	const char *name, *code;
	long status;
} bad_certs[] = {
	{ "expired", "cert-expired", 403 },
	{ "notyet", "cert-not-yet", 403 },
	{ "revoked", "cert-revoked", 403 },
	{ "foreign", "cert-untrusted", 403 },
	{ "alice-sign", "cert-purpose", 403 },
	{ "stranger", "cert-unknown", 403 },
};

static void login_with_a_bad_certificate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_certs) / sizeof(bad_certs[0]); i++)
		expect_answer(&nobody,
		    fx_login_as(&nobody, bad_certs[i].name, NULL, NULL),
		    bad_certs[i].code, bad_certs[i].status);
}

static void login_replayed(void **state)
{
	struct fx_link l;
	char nonce[129];

	(void)state;
	fx_link_open(&l);
	expect_answer(
	    &l, fx_login_as(&l, "alice-login", NULL, nonce), "ok", 200);
	expect_answer(&l, fx_token_login(&l, "alice-login", NULL, nonce),
	    "nonce-unknown", 401);
	expect_answer(&l,
	    fx_token_login(&l, "alice-login", NULL,
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
	    "nonce-unknown", 401);
	fx_link_close(&l);
}

static void login_for_another_origin(void **state)
{
	char nonce[129];

	(void)state;
	expect_answer(&nobody,
	    fx_login_as(&nobody, "alice-login", "https://evil.example", nonce),
	    "login-signature", 401);
	/* and that has used the nonce up */
	expect_answer(&nobody,
	    fx_token_login(&nobody, "alice-login", NULL, nonce),
	    "nonce-unknown", 401);
}

static void logout_ends_the_session(void **state)
{
	struct fx_link l;

	(void)state;
	fx_link_open(&l);
	expect_answer(&l, fx_call(&l, "/v1/accounts", NULL), "no-session", 401);
	expect_answer(
	    &l, fx_login_as(&l, "alice-login", NULL, NULL), "ok", 200);
	expect_answer(&l, fx_call(&l, "/v1/accounts", NULL), "ok", 200);
	expect_answer(&l, fx_call(&l, "/v1/logout", json_object()), "ok", 200);
	expect_answer(&l, fx_call(&l, "/v1/accounts", NULL), "no-session", 401);
	fx_link_close(&l);
}

static void revocation_list_is_read_again(void **state)
{
	const char *stale[] = { "crl", "--dir", fx_dir(), "--days", "1", NULL };
	const char *fresh[] = { "crl", "--dir", fx_dir(), NULL };

	(void)state;
	/* a list of somebody else: as good as none */
	assert_int_equal(
	    rename(fx_file("bank/ca.crl"), fx_file("kept.crl")), 0);
	assert_int_equal(
	    link(fx_file("other/ca.crl"), fx_file("bank/ca.crl")), 0);
	expect_answer(&nobody, fx_login_as(&nobody, "alice-login", NULL, NULL),
	    "crl-missing", 403);
	assert_int_equal(fx_bankd(fresh), 0);
	expect_answer(&nobody, fx_login_as(&nobody, "alice-login", NULL, NULL),
	    "ok", 200);
	assert_int_equal(fx_bankd(stale), 0);
	fx_signal(SIGHUP);
	expect_answer(&nobody, fx_login_as(&nobody, "revoked", NULL, NULL),
	    "cert-revoked", 403);
	nobody.session[0] = '\0';
}

/* --- what is malformed --------------------------------------------------- */

#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void bad_json(void **state)
{
	static const char *const bodies[] = {
		"",
		"{",
		"[]",
		"null",
		"\"x\"",
		"{}",
		"{\"clientNonce\":1}",
		"{\"clientNonce\":\"AAAA\"}",
		"{\"clientNonce\":\"\\ud800\"}",
		("{\"clientNonce\":\"" NONCE "\",\"clientNonce\":\"" NONCE
		 "\"}"),
		("{\"clientNonce\":\"" NONCE "\"} x"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		expect_answer(&nobody,
		    fx_call_raw(&nobody, "/v1/login/challenge", bodies[i],
			strlen(bodies[i])),
		    "malformed", 400);
	expect_answer(&nobody,
	    fx_call_raw(&nobody, "/v1/login", "{\"nonce\":\"x\"}", 13),
	    "malformed", 400);
}

static void oversized(void **state)
{
	static char body[2 * 1024 * 1024];

	(void)state;
	memset(body, 'a', sizeof(body));
	expect_answer(&nobody,
	    fx_call_raw(&nobody, "/v1/login", body, BANK_BODY_MAX + 1),
	    "too-large", 413);
	expect_answer(&nobody,
	    fx_call_raw(&nobody, "/v1/login", body, BANK_BODY_MAX), "malformed",
	    400);
	expect_answer(&nobody,
	    fx_call_raw(&nobody, "/v1/login", body, sizeof(body)), "too-large",
	    413);
	expect_answer(&nobody, fx_call(&nobody, "/v1/bank", NULL), "ok", 200);
}

static void wrong_path_or_method(void **state)
{
	(void)state;
	expect_answer(&nobody, fx_call(&nobody, "/", NULL), "not-found", 404);
	expect_answer(
	    &nobody, fx_call(&nobody, "/v1/bank/", NULL), "not-found", 404);
	expect_answer(&nobody, fx_call(&nobody, "/v1/bank", json_object()),
	    "method", 405);
	expect_answer(
	    &nobody, fx_call(&nobody, "/v1/login", NULL), "method", 405);
}

static int connect_silently(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)fx_port()),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct timeval patience = { 15, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			     sizeof(patience)),
	    0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void slow_client_is_hung_up_on(void **state)
{
	int fd = connect_silently();
	char byte;

	(void)state;
	assert_int_equal(read(fd, &byte, 1), 0); /* the end, not a time-out */
	close(fd);
}

/* Always something to read, but never a whole ClientHello (RFC 8446, 5.1: a
 * record of 512 bytes is announced). */
static void dribbling_client_is_hung_up_on(void **state)
{
	static const uint8_t start[] = { 0x16, 0x03, 0x01, 0x02, 0x00 };
	int fd = connect_silently();
	bool ended = false;
	char byte = 1;

	(void)state;
	assert_int_equal(send(fd, start, sizeof(start), 0), sizeof(start));
	for (int i = 0; i < 25 && !ended; i++) {
		nanosleep(&(struct timespec){ 0, 400000000 }, NULL);
		ended = send(fd, &byte, 1, MSG_NOSIGNAL) != 1 ||
			recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
	}
	assert_true(ended);
	close(fd);
}

static void full_house_empties_itself(void **state)
{
	int fds[24]; /* more than maxConnections of make-bank */
	struct fx_link l;

	(void)state;
	for (size_t i = 0; i < 24; i++)
		fds[i] = connect_silently();
	fx_link_open(&l);
	expect_answer(&l, fx_call(&l, "/v1/bank", NULL), "ok", 200);
	fx_link_close(&l);
	for (size_t i = 0; i < 24; i++)
		close(fds[i]);
}

/* --- transfers ----------------------------------------------------------- */

static void check_receipt(const json_t *a, const char *number)
{
	uk_blob receipt = fx_b64(a, "receipt"), sig = fx_b64(a, "signature");
	uk_cert *cert = NULL;
	uk_bytes value;
	uk_tx tx;

	assert_string_equal(
	    json_string_value(json_object_get(a, "state")), "posted");
	expect_ok(uk_key_verify(bank_key(&cert), UK_SIG_ECDSA, UK_HASH_SHA256,
	    uk_blob_view(&receipt), uk_blob_view(&sig)));
	expect_ok(uk_tx_parse(uk_blob_view(&receipt), &tx));
	assert_true(uk_tx_find(&tx, "Order", &value));
	expect_bytes(value, uk_view_str(number));
	assert_true(uk_tx_find(&tx, "Result", &value));
	expect_bytes(value, uk_view_str("posted"));
	uk_blob_free(&receipt);
	uk_blob_free(&sig);
	uk_cert_close(&cert);
}

/* Prepares it; its text. */
static uk_blob prepare(struct fx_link *l, const char *number, const char *from,
    const char *to, int64_t amount)
{
	json_t *a = fx_call(
	    l, "/v1/orders", fx_order(number, from, to, amount));
	uk_blob text = fx_b64(a, "text");

	expect_answer(l, a, "ok", 200);
	return text;
}

static void proof_is_for_this_text(
    struct fx_link *l, const char *number, uk_bytes text)
{
	uint8_t h[32], storage[256];
	uk_buf hash = UK_BUF(h), message = UK_BUF(storage);
	char path[128], hash_hex[65];
	uk_cert *cert = NULL;
	uk_blob proof;
	json_t *a;

	snprintf(path, sizeof(path), "/v1/orders/%s/proof", number);
	a = fx_call(l, path,
	    json_pack("{s:s,s:s,s:s}", "serial", "0102030405060708",
		"challenge", "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "algorithm",
		"ES256"));
	proof = fx_b64(a, "proof");
	expect_ok(uk_hash_one(fx_crypto, UK_HASH_SHA256, text, &hash));
	uk_hex_str(hash_hex, sizeof(hash_hex), uk_buf_view(&hash));
	assert_string_equal(
	    json_string_value(json_object_get(a, "hash")), hash_hex);
	/* docs/card-profile.md, 6, written out by hand */
	uk_put_str(&message, "ukey bank proof 1");
	uk_put(&message, hex("0102030405060708"));
	uk_put(&message, hex("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"));
	uk_put(&message, uk_buf_view(&hash));
	expect_ok(uk_key_verify(bank_key(&cert), UK_SIG_ECDSA, UK_HASH_SHA256,
	    uk_buf_view(&message), uk_blob_view(&proof)));
	uk_blob_free(&proof);
	uk_cert_close(&cert);
	json_decref(a);
}

static void transfer_from_end_to_end(void **state)
{
	int64_t a_before = fx_balance(&alice, "A-1");
	int64_t b_before = fx_balance(&bob, "B-1");
	uk_blob text = prepare(&alice, "end-to-end", "A-1", "B-1", 12345);
	uk_bytes value;
	json_t *first, *again, *record;
	uk_tx tx;

	(void)state;
	expect_ok(uk_tx_parse(uk_blob_view(&text), &tx));
	assert_true(uk_tx_find(&tx, "Amount", &value));
	expect_bytes(value, uk_view_str("123.45 CNY"));
	proof_is_for_this_text(&alice, "end-to-end", uk_blob_view(&text));
	first = fx_confirm(
	    &alice, "end-to-end", uk_blob_view(&text), "alice-sign");
	check_receipt(first, "end-to-end");
	assert_int_equal(fx_balance(&alice, "A-1"), a_before - 12345);
	assert_int_equal(fx_balance(&bob, "B-1"), b_before + 12345);

	/* every step again: the same receipt, and nothing moves */
	again = fx_confirm(
	    &alice, "end-to-end", uk_blob_view(&text), "alice-sign");
	assert_true(json_equal(first, again));
	json_decref(again);
	again = fx_call(
	    &alice, "/v1/orders", fx_order("end-to-end", "A-1", "B-1", 12345));
	assert_true(json_equal(first, again));
	json_decref(again);
	again = fx_call(&alice, "/v1/orders/end-to-end", NULL);
	assert_true(json_equal(first, again));
	json_decref(again);
	again = fx_call(&alice, "/v1/orders/end-to-end/proof",
	    json_pack("{s:s,s:s,s:s}", "serial", "0102030405060708",
		"challenge", "a0a1a2a3a4a5a6a7", "algorithm", "ES256"));
	assert_true(json_equal(first, again));
	json_decref(again);
	json_decref(first);
	assert_int_equal(fx_balance(&alice, "A-1"), a_before - 12345);

	again = fx_call(&alice, "/v1/records?account=A-1&limit=1", NULL);
	record = json_array_get(json_object_get(again, "records"), 0);
	assert_int_equal(
	    json_integer_value(json_object_get(record, "amount")), -12345);
	assert_string_equal(
	    json_string_value(json_object_get(record, "counterparty")), "B-1");
	assert_string_equal(
	    json_string_value(json_object_get(record, "order")), "end-to-end");
	assert_true(json_is_true(json_object_get(again, "more")));
	json_decref(again);
	uk_blob_free(&text);
}

static void order_refusals(void **state)
{
	static const struct {
		const char *number, *from, *to;
		int64_t amount;
		const char *code;
		long status;
	} rows[] = {
		{ "r1", "A-1", "B-9", 1, "account", 422 },
		{ "r2", "B-1", "A-1", 1, "account", 422 }, /* not hers */
		{ "r3", "A-1", "A-1", 1, "account", 422 },
		{ "r4", "A-1", "BANK-CASH-CNY", 1, "account", 422 },
		{ "r5", "A-2", "B-1", 1, "account", 422 }, /* EUR */
		{ "r6", "A-1", "B-1", 0, "amount", 422 },
		{ "r7", "A-1", "B-1", -5, "amount", 422 },
		{ "r8", "A-1", "B-1", 5000001, "amount", 422 },
		{ "r9", "A-1", "B-1", INT64_MAX, "amount", 422 },
		{ "r 10", "A-1", "B-1", 1, "malformed", 400 },
		{ "end-to-end", "A-1", "B-1", 1, "order-conflict", 409 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_answer(&alice,
		    fx_call(&alice, "/v1/orders",
			fx_order(rows[i].number, rows[i].from, rows[i].to,
			    rows[i].amount)),
		    rows[i].code, rows[i].status);
	/* somebody else's order is no order */
	expect_answer(&bob, fx_call(&bob, "/v1/orders/end-to-end", NULL),
	    "not-found", 404);
	expect_answer(&alice, fx_call(&alice, "/v1/records?account=B-1", NULL),
	    "account", 422);
	expect_answer(&alice,
	    fx_call(&alice, "/v1/records?account=A-1&limit=101", NULL),
	    "malformed", 400);
}

static void confirm_refusals(void **state)
{
	int64_t before = fx_balance(&alice, "A-1");
	uk_blob text = prepare(&alice, "c1", "A-1", "B-1", 100);
	uk_bytes good = uk_blob_view(&text);
	uk_blob altered = { NULL, 0 };
	const char *alg;
	json_t *body;

	(void)state;
	expect_ok(uk_blob_set(&altered, good));
	altered.p[altered.n / 2] ^= 1;
	expect_answer(&alice,
	    fx_confirm(&alice, "c1", uk_blob_view(&altered), "alice-sign"),
	    "text-altered", 422);
	expect_answer(&alice, fx_confirm(&alice, "c1", good, "bob-sign"),
	    "wrong-customer", 403);
	expect_answer(&alice, fx_confirm(&alice, "c1", good, "alice-login"),
	    "cert-purpose", 403);
	expect_answer(&alice, fx_confirm(&alice, "c1", good, "expired-sign"),
	    "cert-expired", 403);
	expect_answer(&alice, fx_confirm(&alice, "none", good, "alice-sign"),
	    "not-found", 404);
	/* a good signature over other bytes */
	body = json_pack("{s:s,s:o}", "algorithm", "ES256", "signature",
	    fx_sig("alice-sign", uk_blob_view(&altered), &alg));
	{
		uk_cert *cert = NULL;
		uk_blob b64 = { NULL, 0 };

		expect_ok(uk_base64_encode(good, &b64));
		json_object_set_new(
		    body, "text", json_string((const char *)b64.p));
		expect_ok(uk_cert_from_pem_file(
		    fx_crypto, fx_file("alice-sign.pem"), &cert));
		expect_ok(uk_base64_encode(uk_cert_der(cert), &b64));
		json_object_set_new(
		    body, "certificate", json_string((const char *)b64.p));
		uk_cert_close(&cert);
		uk_blob_free(&b64);
	}
	json_incref(body);
	expect_answer(&alice, fx_call(&alice, "/v1/orders/c1/confirm", body),
	    "order-signature", 422);
	json_object_set_new(body, "certificate", json_string("AAAA"));
	expect_answer(&alice, fx_call(&alice, "/v1/orders/c1/confirm", body),
	    "cert-malformed", 403);
	assert_int_equal(fx_balance(&alice, "A-1"), before);
	/* and after all that it can still be confirmed, once */
	expect_answer(
	    &alice, fx_confirm(&alice, "c1", good, "alice-sign"), "ok", 200);
	assert_int_equal(fx_balance(&alice, "A-1"), before - 100);
	uk_blob_free(&text);
	uk_blob_free(&altered);
}

static void insufficient_funds_post_nothing(void **state)
{
	int64_t before = fx_balance(&bob, "B-1");
	uk_blob text = prepare(&bob, "poor", "B-1", "A-1", before + 1);
	json_t *a;

	(void)state;
	expect_answer(&bob,
	    fx_confirm(&bob, "poor", uk_blob_view(&text), "bob-sign"),
	    "insufficient-funds", 409);
	assert_int_equal(fx_balance(&bob, "B-1"), before);
	a = fx_call(&bob, "/v1/orders/poor", NULL);
	assert_string_equal(
	    json_string_value(json_object_get(a, "state")), "prepared");
	json_decref(a);
	uk_blob_free(&text);
}

struct racer {
	pthread_t thread;
	struct fx_link link;
	const uk_blob *text;
	json_t *answer;
};

static void *confirm_now(void *arg)
{
	struct racer *r = arg;

	r->answer = fx_confirm(
	    &r->link, "race", uk_blob_view(r->text), "alice-sign");
	return NULL;
}

static void two_clients_confirm_at_once(void **state)
{
	int64_t before = fx_balance(&alice, "A-1");
	uk_blob text = prepare(&alice, "race", "A-1", "B-1", 700);
	struct racer racers[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		racers[i].text = &text;
		fx_link_open(&racers[i].link);
		expect_answer(&racers[i].link,
		    fx_login_as(&racers[i].link, "alice-login", NULL, NULL),
		    "ok", 200);
	}
	for (size_t i = 0; i < 4; i++)
		pthread_create(
		    &racers[i].thread, NULL, confirm_now, &racers[i]);
	for (size_t i = 0; i < 4; i++)
		pthread_join(racers[i].thread, NULL);
	for (size_t i = 0; i < 4; i++) {
		check_receipt(racers[i].answer, "race");
		assert_true(json_equal(racers[0].answer, racers[i].answer));
	}
	for (size_t i = 0; i < 4; i++) {
		json_decref(racers[i].answer);
		fx_link_close(&racers[i].link);
	}
	assert_int_equal(fx_balance(&alice, "A-1"), before - 700);
	uk_blob_free(&text);
}

/* docs/bankd.md */
static void exit_codes_of_commands(void **state)
{
	const char *const dir = fx_dir();
	char request[128], cert[128], port[16], none[128];
	const struct {
		const char *args[12];
		int code;
	} rows[] = {
		{ { "audit", "--dir", dir }, 0 },
		{ { "audit" }, 64 },
		{ { "pay", "--dir", dir }, 64 },
		{ { "revoke", "--dir", dir }, 64 },
		{ { "account", "--dir", dir, "--customer", "A", "--account",
		      "X", "--currency", "XXX" },
		    65 },
		{ { "account", "--dir", dir, "--customer", "A", "--account",
		      "X", "--currency", "CNY", "--deposit", "1.234" },
		    65 },
		/* what no screen shows exactly, no customer could ever sign */
		{ { "account", "--dir", dir, "--customer", "A<B", "--account",
		      "X", "--currency", "CNY" },
		    65 },
		{ { "account", "--dir", dir, "--customer", "A\nB", "--account",
		      "X", "--currency", "CNY" },
		    65 },
		{ { "enroll", "--dir", dir, "--customer", "A\x1b[2J",
		      "--request", request, "--purpose", "login" },
		    65 },
		{ { "enroll", "--dir", dir, "--customer", "", "--request",
		      request, "--purpose", "login" },
		    65 },
		{ { "enroll", "--dir", dir, "--customer", "A", "--request",
		      cert, "--purpose", "login" },
		    65 },
		{ { "enroll", "--dir", dir, "--customer", "A", "--request",
		      request, "--purpose", "sign" },
		    65 },
		{ { "enroll", "--dir", dir, "--customer", "A", "--request",
		      "/nonexistent", "--purpose", "login" },
		    66 },
		/* a number mistyped must not look revoked */
		{ { "revoke", "--dir", dir, "--serial", "ABCDEF" }, 66 },
		/* refused before anything is made: no half a bank */
		{ { "init", "--dir", none, "--host", "a,b" }, 65 },
		{ { "init", "--dir", none, "--name", "a\nb" }, 65 },
		{ { "audit", "--dir", none }, 78 },
		{ { "serve", "--dir", dir, "--port", port }, 69 },
		{ { "init", "--dir", dir }, 73 },
		{ { "account", "--dir", dir, "--customer", "A", "--account",
		      "A-1", "--currency", "CNY" },
		    73 },
		{ { "audit", "--dir", "/nonexistent" }, 78 },
		{ { "serve", "--dir", "/nonexistent" }, 78 },
	};

	(void)state;
	snprintf(request, sizeof(request), "%s", fx_file("alice-login.csr"));
	snprintf(cert, sizeof(cert), "%s", fx_file("alice-login.pem"));
	snprintf(port, sizeof(port), "%u", fx_port());
	snprintf(none, sizeof(none), "%s", fx_file("none"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(fx_bankd(rows[i].args), rows[i].code);
}

static void stops_when_told(void **state)
{
	const char *audit[] = { "audit", "--dir", fx_dir(), NULL };
	uk_blob log = { NULL, 0 };
	char text[4096];
	FILE *f;
	size_t n;

	(void)state;
	fx_kill(SIGTERM);
	assert_int_equal(fx_exit_status(), 0);
	assert_int_equal(fx_bankd(audit), 0);
	/* no session's token is in the log */
	f = fopen(fx_file("server.log"), "r");
	assert_non_null(f);
	while ((n = fread(text, 1, sizeof(text), f)) > 0)
		expect_ok(uk_blob_add(&log, uk_view(text, n)));
	fclose(f);
	assert_int_equal(strlen(alice.session), 64);
	assert_null(strstr((const char *)log.p, alice.session));
	uk_blob_free(&log);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bank_says_who_it_is),
		cmocka_unit_test(challenge_is_signed_by_the_bank),
		cmocka_unit_test(login_with_ec_and_rsa),
		cmocka_unit_test(login_with_a_bad_certificate),
		cmocka_unit_test(login_replayed),
		cmocka_unit_test(login_for_another_origin),
		cmocka_unit_test(logout_ends_the_session),
		cmocka_unit_test(revocation_list_is_read_again),
		cmocka_unit_test(bad_json),
		cmocka_unit_test(oversized),
		cmocka_unit_test(wrong_path_or_method),
		cmocka_unit_test(slow_client_is_hung_up_on),
		cmocka_unit_test(dribbling_client_is_hung_up_on),
		cmocka_unit_test(full_house_empties_itself),
		cmocka_unit_test(transfer_from_end_to_end),
		cmocka_unit_test(order_refusals),
		cmocka_unit_test(confirm_refusals),
		cmocka_unit_test(insufficient_funds_post_nothing),
		cmocka_unit_test(two_clients_confirm_at_once),
		cmocka_unit_test(exit_codes_of_commands),
		cmocka_unit_test(stops_when_told),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name(
	    "bank over HTTPS", tests, set_up, tear_down);
}
