/* Owners of terminals, readers and cards at the bank, without a network: where
 * the test says what time it is and which allocation fails. Payments are judged
 * by tests/system/test_pos.sh. */
#include "cmocka_all.h"
#include "customers.h"
#include "db_fixture.h"
#include "fixtures.h"
#include "mem.h"
#include "pos_cards.h"
#include "pos_readers.h"
#include "pos_records.h"
#include "users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/ukey-pos-XXXXXX";
static struct bank_pos pos = { .rules = { .password = { 8, 1, 1 },
				   .complete_seconds = 10,
				   .order_attempts = 3 } };
static char token[BANK_TOKEN_TEXT + 1];
static int64_t account;

static uk_pin pin(const char *text)
{
	uk_pin p;

	expect_ok(uk_pin_set(&p, uk_view_str(text)));
	return p;
}

static int set_up(void **state)
{
	int64_t customer;

	if (db_open(state) != 0)
		return -1;
	assert_non_null(mkdtemp(dir));
	expect_ok(uk_crypto_open(&pos.crypto));
	expect_ok(bank_store_open(db_fresh(), &pos.store));
	expect_ok(bank_vault_open(pos.crypto, dir, &pos.vault));
	expect_ok(bank_begin(pos.store));
	expect_ok(
	    bank_customer_make(pos.store, uk_view_str("Shop"), &customer));
	expect_ok(bank_account_make(pos.store, customer, uk_view_str("S-1"),
	    uk_view_str("Shop"), uk_view_str("CNY"), &account));
	expect_ok(bank_commit(pos.store));
	return 0;
}

static int tear_down(void **state)
{
	char path[64];

	bank_vault_close(&pos.vault);
	bank_store_close(&pos.store);
	uk_crypto_close(&pos.crypto);
	(void)snprintf(path, sizeof(path), "%s/pos.key", dir);
	return unlink(path) == 0 && rmdir(dir) == 0 && db_close(state) == 0
		   ? 0
		   : -1;
}

static void keep_token(void *arg, const struct bank_message *m)
{
	(void)arg;
	expect_ok(uk_copy_str(
	    token, sizeof(token), uk_bytes_last(m->body, BANK_TOKEN_TEXT)));
}

static enum bank_code enroll(const char *email, const char *number, int64_t now)
{
	uk_pin p = pin("12345678");
	struct bank_registration r = { uk_view_str(email), uk_view_str(number),
		&p };

	return bank_user_register(&pos, &r, now);
}

static void addresses(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: none */
	} rows[] = { { "A.b+c%d_e-1@Example.ORG", "a.b+c%d_e-1@example.org" },
		{ "a@b", "a@b" }, { "@b", NULL }, { "a@", NULL },
		{ "a@b@c", NULL }, { "a b@c", NULL }, { "a\n@c", NULL },
		{ "ab", NULL }, { "a@\xc3\xa4", NULL } };
	char out[BANK_EMAIL_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = bank_email_normalize(uk_view_str(rows[i].in), out);

		assert_int_equal(good, rows[i].out != NULL);
		if (good)
			assert_string_equal(out, rows[i].out);
	}
}

static void confirmed_in_time(void **state)
{
	uk_pin p = pin("12345678");

	(void)state;
	assert_int_equal(enroll("a@b.c", "S-1", 1000), BANK_OK);
	expect_ok(bank_outbox_each(pos.store, 0, keep_token, NULL));
	assert_int_equal(bank_user_confirm(&pos, uk_view_str(token), &p,
			     1000 + BANK_TOKEN_SECONDS),
	    BANK_TOKEN);
	/* late: the address is free again, and the old token is nothing */
	assert_int_equal(
	    enroll("A@B.C", "S-1", 1000 + BANK_TOKEN_SECONDS), BANK_OK);
	assert_int_equal(
	    bank_user_confirm(&pos, uk_view_str(token), &p, 1001), BANK_TOKEN);
	expect_ok(bank_outbox_each(pos.store, 0, keep_token, NULL));
	assert_int_equal(bank_user_confirm(&pos, uk_view_str(token), &p,
			     1001 + BANK_TOKEN_SECONDS),
	    BANK_OK);
	/* nobody's account */
	assert_int_equal(enroll("x@y.z", "S-9", 2000), BANK_OK);
	expect_ok(bank_outbox_each(pos.store, 0, keep_token, NULL));
	assert_int_equal(bank_user_confirm(&pos, uk_view_str(token), &p, 2001),
	    BANK_ACCOUNT);
}

static void sessions_end(void **state)
{
	uint8_t rooms[BANK_POS_SESSIONS_EACH + 1][BANK_POS_SESSION_TEXT];
	uk_pin p = pin("12345678");
	int64_t user, expires;
	uk_bytes first = UK_ARRAY(rooms[0]);

	(void)state;
	for (int i = 0; i <= BANK_POS_SESSIONS_EACH; i++) {
		uk_buf b = UK_BUF(rooms[i]);

		assert_int_equal(bank_user_login(&pos, uk_view_str("a@b.c"), &p,
				     5000 + i, &b, &expires),
		    BANK_OK);
	}
	/* one too many: the oldest is gone */
	assert_int_equal(
	    bank_user_session(&pos, first, 5010, &user), BANK_NO_SESSION);
	first = UK_ARRAY(rooms[1]);
	assert_int_equal(bank_user_session(&pos, first, 5010, &user), BANK_OK);
	assert_int_not_equal(user, 0);
	assert_int_equal(
	    bank_user_session(&pos, first, 5010 + BANK_POS_SESSION_IDLE, &user),
	    BANK_NO_SESSION);
	assert_int_equal(
	    bank_user_session(&pos, uk_view_str("00"), 5010, &user),
	    BANK_NO_SESSION);
}

static struct bank_new_card new_card(const uk_pin *p)
{
	return (struct bank_new_card){ .pan = uk_view_str("6222021234567890"),
		.expiry = uk_view_str("9912"),
		.sequence = 1,
		.account = account,
		.scheme = BANK_SCHEME_PBOC,
		.key = { 1, 2, 3 },
		.method = 1,
		.pin = p };
}

/* Each counter once, in any order within the window. */
static void counters(void **state)
{
	static const struct {
		uint16_t atc;
		bool fresh;
	} rows[] = { { 10, true }, { 10, false }, { 12, true }, { 11, true },
		{ 11, false }, { 12, false }, { 10, false }, { 9, true },
		{ 9, false }, { 70, true }, { 12, false }, { 69, true },
		{ 8, true }, { 7, false }, { 8, false }, { 1000, true },
		{ 70, false }, { 937, false }, { 938, true }, { 65535, true },
		{ 65535, false }, { 0, false } };
	uk_pin p = pin("1234");
	struct bank_new_card n = new_card(&p);
	struct bank_card c;

	(void)state;
	expect_ok(bank_card_make(&pos, &n));
	expect_code(bank_card_make(&pos, &n), UK_ERR_EXISTS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_err err;

		expect_ok(bank_begin(pos.store));
		expect_ok(bank_card_find(&pos, n.pan, 1, &c));
		err = bank_card_count(&pos, &c, rows[i].atc);
		expect_ok(bank_commit(pos.store));
		if (uk_is_ok(err) != rows[i].fresh)
			fail_msg("row %zu: %u", i, rows[i].atc);
	}
	expect_bytes(UK_ARRAY(c.key), UK_ARRAY(n.key));
	assert_string_equal(c.masked, "622202******7890");
	expect_code(bank_card_find(&pos, n.pan, 2, &c), UK_ERR_NOT_FOUND);
}

static uk_err try_pin(const char *text)
{
	uk_pin p = pin(text);
	uk_bytes pan = uk_view_str("6222021234567890");
	struct bank_card c;
	uk_err err;

	expect_ok(bank_begin(pos.store));
	expect_ok(bank_card_find(&pos, pan, 1, &c));
	err = bank_card_pin(&pos, &c, pan, &p);
	expect_ok(bank_commit(pos.store));
	return err;
}

static void pins(void **state)
{
	(void)state;
	expect_code(try_pin("9999"), UK_ERR_PIN_WRONG);
	expect_code(try_pin("12345"), UK_ERR_PIN_WRONG);
	expect_ok(try_pin("1234"));
	for (int i = 0; i < BANK_CARD_PIN_TRIES; i++)
		expect_code(try_pin("0000"), UK_ERR_PIN_WRONG);
	expect_code(try_pin("1234"), UK_ERR_PIN_BLOCKED);
	expect_ok(bank_card_unblock(&pos, uk_view_str("6222021234567890"), 1));
	expect_ok(try_pin("1234"));
}

/* The vault is made once, and what it has sealed it opens as that only. */
static void sealed_fields(void **state)
{
	struct bank_vault *again = NULL;
	uint8_t room[64], plain[64];
	uk_buf b = UK_BUF(room), p = UK_BUF(plain);

	(void)state;
	expect_ok(bank_vault_seal(pos.vault, "a", uk_view_str("text"), &b));
	expect_ok(bank_vault_open(pos.crypto, dir, &again));
	expect_ok(bank_vault_unseal(again, "a", uk_buf_view(&b), &p));
	expect_bytes(uk_buf_view(&p), uk_view_str("text"));
	expect_code(bank_vault_unseal(again, "b", uk_buf_view(&b), &p),
	    UK_ERR_SIGNATURE);
	room[3] ^= 1;
	expect_code(bank_vault_unseal(again, "a", uk_buf_view(&b), &p),
	    UK_ERR_SIGNATURE);
	bank_vault_close(&again);
}

static void count_order(void *arg, const struct bank_pos_order *o)
{
	assert_string_equal(o->number, "O-1");
	++*(int *)arg;
}

static void count_record(void *arg, const struct bank_pos_record *r)
{
	(void)r;
	++*(int *)arg;
}

static void count_reader(void *arg, const struct bank_reader *r)
{
	*(int *)arg += r->released ? 1 : 0;
}

static struct bank_pos_new_order new_order(void)
{
	struct bank_pos_new_order n = { .number = uk_view_str("O-1"),
		.merchant = uk_view_str("Tea"),
		.goods = uk_view_str("Green tea"),
		.currency = uk_view_str("CNY"),
		.amount = 100,
		.expires = 7000 };

	expect_ok(bank_user_find(&pos, uk_view_str("A@b.c"), &n.owner));
	return n;
}

static void orders_and_records(void **state)
{
	const struct bank_pos_filter all = { .text = uk_view_str("100%_"),
		.until = INT64_MAX,
		.most = INT64_MAX,
		.before = INT64_MAX,
		.limit = 5 };
	struct bank_pos_new_order n = new_order();
	struct bank_pos_order o;
	bool more;
	int count = 0;

	(void)state;
	assert_int_equal(bank_pos_order_make(&pos, &n, 6000), BANK_OK);
	assert_int_equal(bank_pos_order_make(&pos, &n, 6001), BANK_OK);
	n.amount = 101;
	assert_int_equal(
	    bank_pos_order_make(&pos, &n, 6002), BANK_ORDER_CONFLICT);
	assert_int_equal(
	    bank_pos_order_find(&pos, n.owner, n.number, &o), BANK_OK);
	assert_int_equal(o.amount, 100);
	assert_int_equal(bank_pos_order_find(&pos, n.owner + 1, n.number, &o),
	    BANK_NOT_FOUND);
	expect_ok(
	    bank_pos_orders_each(&pos, n.owner, 6999, count_order, &count));
	expect_ok(
	    bank_pos_orders_each(&pos, n.owner, 7000, count_order, &count));
	assert_int_equal(count, 1); /* until it expires */
	expect_ok(bank_pos_records_each(
	    &pos, n.owner, &all, count_record, &count, &more));
	assert_int_equal(count, 1);
	assert_false(more);
	expect_ok(bank_pos_sweep(&pos, 9999, 5, &more));
	assert_false(more);
}

static void readers_are_released_once(void **state)
{
	struct bank_pos_new_order n = new_order();
	struct bank_reader_key key;
	struct bank_reader reader;
	struct uk_dukpt_keys keys;
	uint8_t room[UK_DUKPT_KSN];
	uk_buf ksn = UK_BUF(room);
	int64_t id;
	int count = 0;

	(void)state;
	assert_int_equal(
	    bank_reader_request(&pos, n.owner, BANK_READER_AES, 1, &id),
	    BANK_OK);
	expect_ok(bank_reader_release(&pos, id, &key));
	expect_code(bank_reader_release(&pos, id, &key), UK_ERR_EXISTS);
	expect_code(bank_reader_release(&pos, id + 9, &key), UK_ERR_NOT_FOUND);
	expect_ok(bank_readers_each(&pos, n.owner, count_reader, &count));
	assert_int_equal(count, 1);
	uk_put_u32(&ksn, 11);
	uk_put_u32(&ksn, (uint32_t)id);
	uk_put_u32(&ksn, 5);
	assert_int_equal(
	    bank_reader_keys(&pos, n.owner, uk_buf_view(&ksn), &reader, &keys),
	    BANK_OK);
	expect_ok(bank_begin(pos.store));
	expect_ok(bank_reader_used(&pos, &reader, uk_buf_view(&ksn)));
	expect_ok(bank_commit(pos.store));
	assert_int_equal(
	    bank_reader_keys(&pos, n.owner, uk_buf_view(&ksn), &reader, &keys),
	    BANK_READER);
}

static uk_err open_vault(void *arg)
{
	struct bank_vault *v = NULL;
	uk_err err = bank_vault_open(pos.crypto, dir, &v);

	(void)arg;
	bank_vault_close(&v);
	return err;
}

static void memory(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(open_vault, NULL) > 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(confirmed_in_time),
		cmocka_unit_test(sessions_end),
		cmocka_unit_test(counters),
		cmocka_unit_test(pins),
		cmocka_unit_test(sealed_fields),
		cmocka_unit_test(orders_and_records),
		cmocka_unit_test(readers_are_released_once),
		cmocka_unit_test(memory),
	};

	if (!db_choose(argc, argv))
		return 2;

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
