/* The books: double entry, limits, and an audit that notices. */
#include "ledger.h"

#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"
#include "records.h"

static struct bank_store *store;
static struct bank_account alice, bob;

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

static void find_both(void)
{
	expect_ok(bank_account_find(store, str("A"), &alice));
	expect_ok(bank_account_find(store, str("B"), &bob));
}

/* A fresh bank in memory: A has 100, B nothing. */
static int open_books(void **state)
{
	int64_t a, b, id;

	(void)state;
	expect_ok(bank_store_open(db_fresh(), &store));
	expect_ok(bank_customer_make(store, str("Alice"), &a));
	expect_ok(bank_customer_make(store, str("Bob"), &b));
	expect_ok(bank_account_make(
	    store, a, str("A"), str("Alice"), str("CNY"), &id));
	expect_ok(
	    bank_account_make(store, b, str("B"), str("Bob"), str("CNY"), &id));
	find_both();
	expect_ok(bank_ledger_deposit(store, &alice, 100, 1));
	find_both();
	return 0;
}

static int close_books(void **state)
{
	(void)state;
	bank_store_close(&store);
	return 0;
}

static uk_err post(int64_t from, int64_t to, int64_t amount)
{
	const struct bank_posting p = { .from = from,
		.to = to,
		.amount = amount,
		.time = 2,
		.kind = "transfer",
		.memo = str("rent") };
	int64_t journal;
	uk_err err;

	expect_ok(bank_begin(store));
	err = bank_ledger_post(store, &p, &journal);
	if (uk_is_ok(err))
		expect_ok(bank_commit(store));
	bank_rollback(store);
	find_both();
	return err;
}

static struct bank_audit audit(void)
{
	struct bank_audit a;

	expect_ok(bank_ledger_audit(store, &a));
	return a;
}

static void money_moves(void **state)
{
	struct bank_account cash;
	struct bank_audit a;

	(void)state;
	expect_ok(post(alice.id, bob.id, 30));
	assert_int_equal(alice.balance, 70);
	assert_int_equal(bob.balance, 30);
	expect_ok(bank_account_find(store, str("BANK-CASH-CNY"), &cash));
	assert_int_equal(cash.balance, -100);
	a = audit();
	assert_true(bank_audit_good(&a));
	assert_int_equal(a.journal_rows, 2);
	assert_int_equal(a.entries, 4);
}

static void last_cent_and_no_further(void **state)
{
	struct bank_audit a;

	(void)state;
	expect_code(post(alice.id, bob.id, 101), UK_ERR_CONDITIONS);
	assert_int_equal(alice.balance, 100);
	expect_ok(post(alice.id, bob.id, 100));
	expect_code(post(alice.id, bob.id, 1), UK_ERR_CONDITIONS);
	assert_int_equal(alice.balance, 0);
	a = audit();
	assert_true(bank_audit_good(&a));
	assert_int_equal(a.journal_rows, 2);
}

static void amounts_that_cannot_be(void **state)
{
	struct bank_audit a;

	(void)state;
	expect_code(post(alice.id, bob.id, 0), UK_ERR_ARGUMENT);
	expect_code(post(alice.id, bob.id, -1), UK_ERR_ARGUMENT);
	expect_code(post(alice.id, alice.id, 1), UK_ERR_ARGUMENT);
	expect_code(post(alice.id, bob.id, INT64_MAX), UK_ERR_CONDITIONS);
	/* sums beyond 2^63: Bob is rich already, and so poor is the bank */
	expect_ok(bank_ledger_deposit(store, &bob, INT64_MAX - 110, 3));
	find_both();
	expect_code(
	    bank_ledger_deposit(store, &bob, 100, 3), UK_ERR_CONDITIONS);
	expect_code(post(alice.id, 99, 1), UK_ERR_ARGUMENT); /* nobody */
	find_both();
	assert_int_equal(alice.balance, 100);
	assert_int_equal(bob.balance, INT64_MAX - 110);
	a = audit();
	assert_true(bank_audit_good(&a));
}

static void credit_overflow(void **state)
{
	(void)state;
	/* Bob's balance is raised behind the ledger's back */
	bank_query q = bank_query_of(store,
	    "UPDATE accounts SET balance = 9223372036854775800"
	    " WHERE number = 'B'");

	expect_ok(bank_query_run(&q));
	expect_code(post(alice.id, bob.id, 8), UK_ERR_ARGUMENT);
	expect_ok(post(alice.id, bob.id, 7));
	assert_int_equal(bob.balance, INT64_MAX);
}

static void audit_notices(void **state)
{
	static const char *const damage[] = {
		"UPDATE accounts SET balance = balance + 1 WHERE number = 'A'",
		"UPDATE entries SET amount = amount + 1 WHERE id = 1",
		"DELETE FROM entries WHERE id = 2",
	};
	struct bank_audit a;

	(void)state;
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		bank_query q;

		expect_ok(bank_begin(store));
		q = bank_query_of(store, damage[i]);
		expect_ok(bank_query_run(&q));
		a = audit();
		assert_false(bank_audit_good(&a));
		bank_rollback(store);
		a = audit();
		assert_true(bank_audit_good(&a));
	}
}

struct seen {
	int count;
	int64_t last_id, amounts[8];
};

static void see(void *arg, const struct bank_record *r)
{
	struct seen *s = arg;

	if (s->count < 8)
		s->amounts[s->count] = r->amount;
	s->count++;
	s->last_id = r->id;
}

static void records_in_pages(void **state)
{
	struct seen s = { 0 };
	bool more;

	(void)state;
	for (int i = 1; i <= 4; i++)
		expect_ok(post(alice.id, bob.id, i));
	expect_ok(bank_records_each(store, alice.id, 0, 3, see, &s, &more));
	assert_int_equal(s.count, 3);
	assert_true(more);
	assert_int_equal(s.amounts[0], -4);
	assert_int_equal(s.amounts[2], -2);
	s.count = 0;
	expect_ok(
	    bank_records_each(store, alice.id, s.last_id, 3, see, &s, &more));
	assert_int_equal(s.count, 2);
	assert_false(more);
	assert_int_equal(s.amounts[0], -1);
	assert_int_equal(s.amounts[1], 100);
}

static void names_and_numbers(void **state)
{
	int64_t id;

	(void)state;
	expect_code(
	    bank_account_make(store, 1, str("A"), str("x"), str("CNY"), &id),
	    UK_ERR_EXISTS);
	expect_code(
	    bank_account_make(store, 1, str("A B"), str("x"), str("CNY"), &id),
	    UK_ERR_ARGUMENT);
	expect_code(
	    bank_account_make(store, 1, str(""), str("x"), str("CNY"), &id),
	    UK_ERR_ARGUMENT);
	expect_code(bank_customer_make(store, str(""), &id), UK_ERR_ARGUMENT);
	expect_code(bank_account_find(store, str("' OR 1=1"), &alice),
	    UK_ERR_NOT_FOUND);
	find_both();
}

#define WITH_BOOKS(f)                                                          \
	cmocka_unit_test_setup_teardown(f, open_books, close_books)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_BOOKS(money_moves),
		WITH_BOOKS(last_cent_and_no_further),
		WITH_BOOKS(amounts_that_cannot_be),
		WITH_BOOKS(credit_overflow),
		WITH_BOOKS(audit_notices),
		WITH_BOOKS(records_in_pages),
		WITH_BOOKS(names_and_numbers),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name("ledger", tests, db_open, db_close);
}
