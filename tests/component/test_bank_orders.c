/*
 * Logins and orders inside one process, where the test says what time it is,
 * who else has the database open and which allocation fails.
 */
#include "audit.h"
#include "bank.h"
#include "bank_fixture.h"
#include "cmocka_all.h"
#include "fixtures.h"
#include "ledger.h"
#include "login.h"
#include "orders.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RACES = 20, RACERS = 2 };

static struct bank *bank;
static int64_t alice_id, t0;

static struct bank *open_bank(void)
{
	struct bank *b = NULL;
	char why[256];

	if (!uk_is_ok(bank_open(fx_dir(), &b, why, sizeof(why))))
		print_error("%s\n", why);
	assert_non_null(b);
	return b;
}

static int set_up(void **state)
{
	if (fx_make(state) != 0)
		return -1;
	bank = open_bank();
	t0 = time(NULL);
	return uk_is_ok(bank_customer_find(
		   bank->store, uk_view_str("Alice"), &alice_id))
		   ? 0
		   : -1;
}

static int tear_down(void **state)
{
	bank_close(&bank);
	return fx_close(state);
}

/* --- pieces -------------------------------------------------------------- */

static uk_err blob(uk_blob *b, const char *text)
{
	return uk_blob_set(b, uk_view_str(text));
}

static enum bank_code prepare(struct bank *b, const char *number,
    int64_t amount, int64_t now, struct bank_order *out)
{
	struct bank_order_request r = { .amount = amount };
	enum bank_code code = BANK_INTERNAL;

	if (uk_is_ok(blob(&r.number, number)) &&
	    uk_is_ok(blob(&r.from, "A-1")) && uk_is_ok(blob(&r.to, "B-1")) &&
	    uk_is_ok(blob(&r.payee, "Bob")) &&
	    uk_is_ok(blob(&r.currency, "CNY")) && uk_is_ok(blob(&r.memo, "")))
		code = bank_order_prepare(b, alice_id, &r, now, out);
	bank_free_order(&r);
	return code;
}

/* The card's part is done by a key file. */
static uk_err sign(
    uk_crypto *c, const char *key_file, uk_bytes message, uk_blob *out)
{
	uint8_t storage[64];
	uk_buf sig = UK_BUF(storage);
	uk_key *key = NULL;
	uk_err err = uk_key_from_pem_file(c, fx_file(key_file), &key);

	if (uk_is_ok(err))
		err = uk_key_sign(
		    key, UK_SIG_ECDSA, UK_HASH_SHA256, message, &sig);
	if (uk_is_ok(err))
		err = uk_blob_set(out, uk_buf_view(&sig));
	uk_key_close(&key);
	return err;
}

static uk_err load_cert(uk_crypto *c, const char *file, uk_blob *out)
{
	uk_cert *cert = NULL;
	uk_err err = uk_cert_from_pem_file(c, fx_file(file), &cert);

	if (uk_is_ok(err))
		err = uk_blob_set(out, uk_cert_der(cert));
	uk_cert_close(&cert);
	return err;
}

static enum bank_code confirm(struct bank *b, const char *number, uk_bytes text,
    int64_t now, struct bank_order *out)
{
	struct bank_confirm_request r = { 0 };
	enum bank_code code = BANK_INTERNAL;

	if (uk_is_ok(uk_blob_set(&r.text, text)) &&
	    uk_is_ok(blob(&r.algorithm, "ES256")) &&
	    uk_is_ok(sign(b->crypto, "alice-sign.key", text, &r.signature)) &&
	    uk_is_ok(load_cert(b->crypto, "alice-sign.pem", &r.certificate)))
		code = bank_order_confirm(
		    b, alice_id, uk_view_str(number), &r, now, out);
	bank_free_confirm(&r);
	return code;
}

static enum bank_code login(struct bank *b, int64_t asked, int64_t answered)
{
	struct bank_challenge_request q = { 0 };
	struct bank_login_request r = { 0 };
	const struct bank_peer nobody = { .exporter = NULL };
	struct bank_challenge c;
	struct bank_logged_in in;
	uint8_t storage[64];
	uk_buf message = UK_BUF(storage);
	enum bank_code code = BANK_INTERNAL;

	if (uk_is_ok(blob(&q.client_nonce, "any text")))
		code = bank_login_challenge(b, &q, asked, &c);
	if (code != BANK_OK)
		goto out;
	code = BANK_INTERNAL;
	if (uk_is_ok(uk_hash_one(
		b->crypto, UK_HASH_SHA256, uk_view_str(b->origin), &message)) &&
	    uk_is_ok(uk_hash_one(
		b->crypto, UK_HASH_SHA256, UK_ARRAY(c.nonce), &message)) &&
	    uk_is_ok(uk_blob_set(&r.nonce, UK_ARRAY(c.nonce))) &&
	    uk_is_ok(blob(&r.token.algorithm, "ES256")) &&
	    uk_is_ok(sign(b->crypto, "alice-login.key", uk_buf_view(&message),
		&r.token.signature)) &&
	    uk_is_ok(
		load_cert(b->crypto, "alice-login.pem", &r.token.certificate)))
		code = bank_login(b, &r, &nobody, answered, &in);
out:
	bank_free_challenge(&q);
	bank_free_login(&r);
	return code;
}

static void expect_good_books(void)
{
	struct bank_audit a;

	expect_ok(bank_audit(bank->store, UK_NONE, &a));
	assert_true(bank_audit_good(&a));
}

/* --- tests --------------------------------------------------------------- */

static void login_in_time_and_late(void **state)
{
	(void)state;
	assert_int_equal(login(bank, t0, t0 + 299), BANK_OK);
	/* from where the clock was; in a shared database it never goes back */
	assert_int_equal(login(bank, t0 + 299, t0 + 599), BANK_NONCE_EXPIRED);
}

/* What was good once is looked at again when its revocation list is over, and
 * when it is over itself. */
static void login_after_the_list_and_the_certificate(void **state)
{
	enum { DAY = 86400, LIST_DAYS = 30, CERT_DAYS = 730 };

	(void)state;
	assert_int_equal(login(bank, t0, t0), BANK_OK);
	assert_int_equal(login(bank, t0, t0), BANK_OK);
	assert_int_equal(
	    login(bank, t0 + (LIST_DAYS - 1) * DAY, t0 + (LIST_DAYS - 1) * DAY),
	    BANK_OK);
	assert_int_equal(
	    login(bank, t0 + (LIST_DAYS + 1) * DAY, t0 + (LIST_DAYS + 1) * DAY),
	    BANK_CRL_MISSING);
	assert_int_equal(
	    login(bank, t0 + (CERT_DAYS + 1) * DAY, t0 + (CERT_DAYS + 1) * DAY),
	    BANK_CERT_EXPIRED);
	assert_int_equal(login(bank, t0, t0), BANK_OK);
}

static void order_in_time_and_late(void **state)
{
	struct bank_order o = { 0 };
	uk_blob text = { NULL, 0 };

	(void)state;
	assert_int_equal(prepare(bank, "late", 5, t0, &o), BANK_OK);
	assert_int_equal(o.expires, t0 + 600);
	expect_ok(uk_blob_set(&text, uk_blob_view(&o.text)));
	/* prepared again later: the same order, the same text */
	assert_int_equal(prepare(bank, "late", 5, t0 + 599, &o), BANK_OK);
	expect_bytes(uk_blob_view(&o.text), uk_blob_view(&text));
	assert_int_equal(prepare(bank, "late", 6, t0, &o), BANK_ORDER_CONFLICT);
	assert_int_equal(
	    prepare(bank, "late", 5, t0 + 600, &o), BANK_ORDER_EXPIRED);
	assert_int_equal(
	    confirm(bank, "late", uk_blob_view(&text), t0 + 600, &o),
	    BANK_ORDER_EXPIRED);
	assert_int_equal(
	    bank_order_find(bank, alice_id, uk_view_str("late"), t0 + 600, &o),
	    BANK_ORDER_EXPIRED);
	assert_int_equal(
	    confirm(bank, "late", uk_blob_view(&text), t0 + 599, &o), BANK_OK);
	/* once posted it never expires */
	assert_true(o.posted);
	assert_int_equal(prepare(bank, "late", 5, t0 + 100000, &o), BANK_OK);
	assert_true(o.posted);
	bank_order_free(&o);
	uk_blob_free(&text);
	expect_good_books();
}

struct racer {
	pthread_t thread;
	struct bank *bank; /* a connection of its own */
	char number[16];
	uk_blob text;
	enum bank_code code;
	struct bank_order order;
};

static void *confirm_one(void *arg)
{
	struct racer *r = arg;

	r->code = confirm(
	    r->bank, r->number, uk_blob_view(&r->text), t0, &r->order);
	return NULL;
}

static void race(struct racer r[RACERS], int round)
{
	for (int i = 0; i < RACERS; i++) {
		snprintf(r[i].number, sizeof(r[i].number), "race-%d", round);
		assert_int_equal(
		    prepare(r[i].bank, r[i].number, 1, t0, &r[i].order),
		    BANK_OK);
		expect_ok(
		    uk_blob_set(&r[i].text, uk_blob_view(&r[i].order.text)));
	}
	for (int i = 0; i < RACERS; i++)
		pthread_create(&r[i].thread, NULL, confirm_one, &r[i]);
	for (int i = 0; i < RACERS; i++)
		pthread_join(r[i].thread, NULL);
	for (int i = 0; i < RACERS; i++) {
		assert_int_equal(r[i].code, BANK_OK);
		assert_true(r[i].order.posted);
		expect_bytes(uk_blob_view(&r[i].order.receipt_signature),
		    uk_blob_view(&r[0].order.receipt_signature));
	}
}

static void two_servers_post_once(void **state)
{
	struct racer r[RACERS] = { 0 };
	struct bank_account before, after;

	(void)state;
	expect_ok(bank_account_find(bank->store, uk_view_str("A-1"), &before));
	for (int i = 0; i < RACERS; i++)
		r[i].bank = open_bank();
	for (int round = 0; round < RACES; round++)
		race(r, round);
	for (int i = 0; i < RACERS; i++) {
		bank_order_free(&r[i].order);
		uk_blob_free(&r[i].text);
		bank_close(&r[i].bank);
	}
	expect_ok(bank_account_find(bank->store, uk_view_str("A-1"), &after));
	assert_int_equal(after.balance, before.balance - RACES);
	expect_good_books();
}

/* The whole of a customer's visit; each repetition is the same order. */
static uk_err visit(void *arg)
{
	struct bank_order o = { 0 };
	uk_blob text = { NULL, 0 };
	enum bank_code code = login(bank, t0, t0);

	(void)arg;
	if (code == BANK_OK)
		code = prepare(bank, "visit", 3, t0, &o);
	if (code == BANK_OK &&
	    !uk_is_ok(uk_blob_set(&text, uk_blob_view(&o.text))))
		code = BANK_INTERNAL;
	if (code == BANK_OK)
		code = confirm(bank, "visit", uk_blob_view(&text), t0, &o);
	bank_order_free(&o);
	uk_blob_free(&text);
	if (code == BANK_OK)
		return uk_ok();
	return uk_fail(
	    code == BANK_INTERNAL ? UK_ERR_MEMORY : UK_ERR_CONDITIONS);
}

static void allocation_fails(void **state)
{
	struct bank_account before, after;
	unsigned runs;

	(void)state;
	expect_ok(bank_account_find(bank->store, uk_view_str("A-1"), &before));
	runs = fail_every_allocation(visit, NULL);
	print_message("%u allocations\n", runs - 1);
	assert_true(runs > 20);
	expect_ok(bank_account_find(bank->store, uk_view_str("A-1"), &after));
	assert_int_equal(after.balance, before.balance - 3);
	expect_good_books();
}

static uk_err prove(void *arg)
{
	struct bank_proven p = { .level = BANK_DISPLAY_NONE };
	enum bank_code code = bank_order_evidence(
	    bank->store, bank->crypto, alice_id, uk_view_str("visit"), &p);

	(void)arg;
	if (code == BANK_OK)
		assert_true(p.evidence.n > 500);
	bank_proven_free(&p);
	if (code == BANK_OK)
		return uk_ok();
	return uk_fail(
	    code == BANK_INTERNAL ? UK_ERR_MEMORY : UK_ERR_CONDITIONS);
}

static void allocation_fails_while_proving(void **state)
{
	(void)state;
	expect_ok(prove(NULL)); /* statements are kept from now on */
	assert_true(fail_every_allocation(prove, NULL) > 5);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_in_time_and_late),
		cmocka_unit_test(login_after_the_list_and_the_certificate),
		cmocka_unit_test(order_in_time_and_late),
		cmocka_unit_test(two_servers_post_once),
		cmocka_unit_test(allocation_fails),
		cmocka_unit_test(allocation_fails_while_proving),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name("orders", tests, set_up, tear_down);
}
