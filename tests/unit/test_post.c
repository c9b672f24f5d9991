/* Many postings at once: each has its own result, in their order. Expected
 * balances are worked out by hand beside the postings. */
#include "audit.h"
#include "ledger.h"

#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"

#include <stdio.h>

enum { ACCOUNTS = 40 };

static struct bank_store *store;
static int64_t customer, ids[ACCOUNTS], euro;

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

static int64_t open_account(const char *number, const char *currency)
{
	int64_t id;

	expect_ok(bank_account_make(
	    store, customer, str(number), str("Ann"), str(currency), &id));
	return id;
}

/* Account i has 100 if i is below 4, and nothing otherwise. */
static int open_books(void **state)
{
	char number[16];

	(void)state;
	expect_ok(bank_store_open(db_fresh(), &store));
	expect_ok(bank_begin(store));
	expect_ok(bank_customer_make(store, str("Ann"), &customer));
	euro = open_account("EUR", "EUR");
	for (int i = 0; i < ACCOUNTS; i++) {
		struct bank_account a = { 0 };

		snprintf(number, sizeof(number), "N-%02d", i);
		ids[i] = open_account(number, "CNY");
		expect_ok(bank_account_find(store, str(number), &a));
		if (i < 4)
			expect_ok(bank_ledger_deposit(store, &a, 100, 1));
	}
	expect_ok(bank_commit(store));
	return 0;
}

static int close_books(void **state)
{
	(void)state;
	bank_store_close(&store);
	return 0;
}

static int64_t balance(int i)
{
	bank_query q = bank_query_of(
	    store, "SELECT balance FROM accounts WHERE id = ?");
	int64_t v;

	bank_bind_int(&q, ids[i]);
	expect_ok(bank_query_id(&q, &v));
	return v;
}

static void expect_good_books(int64_t rows)
{
	struct bank_audit a;

	expect_ok(bank_audit(store, UK_NONE, &a));
	assert_true(bank_audit_good(&a));
	assert_int_equal(a.journal_rows, rows + 4); /* the deposits */
}

static struct bank_posting posting(int from, int to, int64_t amount)
{
	return (struct bank_posting){ .from = ids[from],
		.to = ids[to],
		.amount = amount,
		.time = 5,
		.kind = "transfer",
		.memo = str("x") };
}

static void post(const struct bank_posting *p, struct bank_posted *r, size_t n)
{
	expect_ok(bank_begin(store));
	expect_ok(bank_ledger_post_many(store, p, r, n));
	expect_ok(bank_commit(store));
}

/* An order that is there, for those that name one. */
static int64_t make_order(const char *number)
{
	bank_query q = bank_query_of(store,
	    "INSERT INTO orders (customer, number, content, source, target,"
	    " payee, amount, currency, memo, text, expires, state)"
	    " VALUES (?, ?, ?, ?, ?, 'x', 1, 'CNY', 'x', ?, 99, 'prepared')"
	    " RETURNING id");
	int64_t id;

	bank_bind_int(&q, customer);
	bank_bind_text(&q, str(number));
	bank_bind_blob(&q, str("content"));
	bank_bind_int(&q, ids[0]);
	bank_bind_int(&q, ids[1]);
	bank_bind_blob(&q, str("text"));
	expect_ok(bank_query_id(&q, &id));
	return id;
}

static void each_has_its_result(void **state)
{
	struct bank_posting p[] = {
		posting(0, 9, 60), /* 0: 40, 9: 60 */
		posting(0, 9, 41), /* refused: only 40 are left */
		posting(9, 0, 1),  /* what has just come in: 9: 59, 0: 41 */
		posting(0, 9, 41), /* now it is enough: 0: 0, 9: 100 */
		posting(0, 0, 1),
		posting(1, 2, 0),
		posting(1, 2, -1),
		posting(1, 2, INT64_MAX),
		posting(1, 2, 5), /* 1: 95, 2: 105 */
		posting(1, 2, 5),
		posting(1, 2, 5),
	};
	static const enum uk_code want[] = { UK_OK, UK_ERR_CONDITIONS, UK_OK,
		UK_OK, UK_ERR_ARGUMENT, UK_ERR_ARGUMENT, UK_ERR_ARGUMENT,
		UK_ERR_CONDITIONS, UK_OK, UK_ERR_ARGUMENT, UK_ERR_ARGUMENT };
	enum { N = sizeof(want) / sizeof(want[0]) };
	struct bank_posted r[N];

	(void)state;
	p[9].to = euro;
	p[10].from = 999999; /* nobody */
	post(p, r, N);
	for (size_t i = 0; i < N; i++) {
		expect_code(r[i].err, want[i]);
		assert_int_equal(r[i].journal != 0, want[i] == UK_OK);
	}
	assert_int_equal(r[8].journal, r[0].journal + 3);
	assert_int_equal(balance(0), 0);
	assert_int_equal(balance(9), 100);
	assert_int_equal(balance(1), 95);
	assert_int_equal(balance(2), 105);
	expect_good_books(4);
}

static void each_order_once(void **state)
{
	struct bank_posting p[3] = { posting(0, 1, 1), posting(0, 1, 1),
		posting(0, 1, 1) };
	struct bank_posted r[3], again[3];

	(void)state;
	p[0].order = p[1].order = make_order("one");
	p[2].order = make_order("two");
	post(p, r, 2); /* twice in one list */
	expect_ok(r[0].err);
	expect_code(r[1].err, UK_ERR_EXISTS);
	assert_int_equal(r[1].journal, r[0].journal);
	post(p, again, 3); /* and once more, beside another */
	expect_code(again[0].err, UK_ERR_EXISTS);
	expect_code(again[1].err, UK_ERR_EXISTS);
	assert_int_equal(again[0].journal, r[0].journal);
	expect_ok(again[2].err);
	assert_int_equal(balance(0), 98);
	assert_int_equal(balance(1), 102);
}

/* More accounts and orders than one question asks for. */
static void a_full_list(void **state)
{
	struct bank_posting p[BANK_POSTINGS_MAX] = { 0 };
	struct bank_posted r[BANK_POSTINGS_MAX];

	(void)state;
	expect_code(bank_ledger_post_many(store, p, r, BANK_POSTINGS_MAX + 1),
	    UK_ERR_ARGUMENT);
	/* 3 gives one to each of 4..39, and these one each to 2 */
	for (int i = 4; i < ACCOUNTS; i++) {
		p[i - 4] = posting(3, i, 1);
		p[i - 4 + 36] = posting(i, 2, 1);
	}
	for (int i = 72; i < BANK_POSTINGS_MAX; i++)
		p[i] = posting(2, 3, 1); /* 56 of them */
	post(p, r, BANK_POSTINGS_MAX);
	for (int i = 0; i < BANK_POSTINGS_MAX; i++)
		expect_ok(r[i].err);
	assert_int_equal(balance(3), 100 - 36 + 56);
	assert_int_equal(balance(2), 100 + 36 - 56);
	for (int i = 4; i < ACCOUNTS; i++)
		assert_int_equal(balance(i), 0);
	expect_good_books(BANK_POSTINGS_MAX);
}

static void taken_back(void **state)
{
	struct bank_posting p[2] = { posting(0, 1, 10), posting(1, 0, 3) };
	struct bank_posted r[2];

	(void)state;
	expect_ok(bank_begin(store));
	expect_ok(bank_ledger_post_many(store, p, r, 2));
	bank_rollback(store);
	assert_int_equal(balance(0), 100);
	assert_int_equal(balance(1), 100);
	expect_good_books(0);
}

/* A server that holds the head of the journal and is heard of no more: the
 * database takes its work back after a while, and the others go on. */
static void cut_off_while_holding(void **state)
{
	struct bank_posting p = posting(0, 1, 10);
	struct bank_store *other = NULL;
	struct bank_head head;
	struct bank_posted r;

	(void)state;
	if (!db_is_postgresql())
		skip(); /* of SQLite's writers one waits for the other */
	expect_ok(bank_store_connect(db_where(), &other));
	expect_ok(bank_begin(other));
	expect_ok(bank_ledger_post_many(other, &p, &r, 1));
	expect_ok(r.err);
	post(&p, &r, 1);
	expect_ok(r.err);
	assert_int_equal(balance(0), 90);
	/* back again: nothing of what it held has happened, and it is told */
	expect_code(bank_commit(other), UK_ERR_AGAIN);
	bank_rollback(other);
	expect_ok(bank_begin(other));
	expect_ok(bank_journal_lock(other, &head));
	bank_rollback(other);
	bank_store_close(&other);
	assert_int_equal(balance(0), 90);
	expect_good_books(1);
}

static uk_err post_once(void *arg)
{
	struct bank_posting p = posting(0, 1, 1);
	struct bank_posted r;
	uk_err err;

	(void)arg;
	UK_TRY(bank_begin(store));
	err = bank_ledger_post_many(store, &p, &r, 1);
	if (uk_is_ok(err))
		err = bank_commit(store);
	bank_rollback(store);
	return uk_is_ok(err) ? r.err : err;
}

static void out_of_memory(void **state)
{
	(void)state;
	fail_every_allocation(post_once, NULL);
	assert_int_equal(balance(0), 99);
	expect_good_books(1);
}

#define WITH_BOOKS(f)                                                          \
	cmocka_unit_test_setup_teardown(f, open_books, close_books)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_BOOKS(each_has_its_result),
		WITH_BOOKS(each_order_once),
		WITH_BOOKS(a_full_list),
		WITH_BOOKS(taken_back),
		WITH_BOOKS(cut_off_while_holding),
		WITH_BOOKS(out_of_memory),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name("post", tests, db_open, db_close);
}
