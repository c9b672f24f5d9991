/* The books: double entry, limits, and an audit that notices. */
#include "audit.h"
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

static uk_err deposit(const struct bank_account *to, int64_t amount)
{
	uk_err err;

	expect_ok(bank_begin(store));
	err = bank_ledger_deposit(store, to, amount, 1);
	if (uk_is_ok(err))
		expect_ok(bank_commit(store));
	bank_rollback(store);
	return err;
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
	expect_ok(deposit(&alice, 100));
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

	expect_ok(bank_audit(store, UK_NONE, &a));
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
	expect_ok(deposit(&bob, INT64_MAX - 110));
	find_both();
	expect_code(deposit(&bob, 100), UK_ERR_CONDITIONS);
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

static void run(const char *sql)
{
	bank_query q = bank_query_of(store, sql);

	expect_ok(bank_query_run(&q));
}

/* Who can do this can also write what he likes: the chain finds him. */
static void drop_guards(void)
{
	if (db_is_postgresql()) { /* no triggers, no foreign keys */
		run("SET session_replication_role = replica");
		return;
	}
	run("DROP TRIGGER journal_update");
	run("DROP TRIGGER journal_delete");
	run("DROP TRIGGER entries_update");
	run("DROP TRIGGER entries_delete");
	run("PRAGMA foreign_keys = OFF");
}

/* Every column of the books, and what holds them together. */
static const char *const damage[] = {
	"UPDATE accounts SET balance = balance + 1 WHERE number = 'A'",
	"UPDATE accounts SET held = 1 WHERE number = 'A'",
	"UPDATE accounts SET currency = 'EUR' WHERE number = 'A'",
	"UPDATE entries SET amount = amount + 1 WHERE id = 1",
	"UPDATE entries SET balance = balance + 1 WHERE id = 1",
	"UPDATE entries SET account = 2 WHERE id = 3",
	"UPDATE entries SET journal = 1 WHERE id = 3",
	"UPDATE entries SET id = 99 WHERE id = 3",
	"DELETE FROM entries WHERE id = 2",
	"INSERT INTO entries (journal, account, amount, balance)"
	" VALUES (1, 1, 1, 1)",
	"UPDATE journal SET time = time + 1 WHERE id = 2",
	"UPDATE journal SET kind = 'deposit' WHERE id = 2",
	"UPDATE journal SET memo = 'alms' WHERE id = 2",
	"UPDATE journal SET currency = 'EUR' WHERE id = 2",
	"UPDATE journal SET reverses = 1 WHERE id = 2",
	"UPDATE journal SET basis = hash WHERE id = 2",
	"UPDATE journal SET hash = NULL WHERE id = 2",
	"UPDATE journal SET hash = basis WHERE id = 1",
	"UPDATE journal SET id = 77 WHERE id = 3",
	"DELETE FROM journal WHERE id = 3",
	"UPDATE journal_head SET height = 2",
	"UPDATE journal_head SET hash = (SELECT hash FROM journal WHERE id = "
	"1)",
};

static void audit_notices(void **state)
{
	struct bank_audit a;

	(void)state;
	expect_ok(post(alice.id, bob.id, 30));
	expect_ok(post(alice.id, bob.id, 5));
	drop_guards();
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		expect_ok(bank_begin(store));
		run(damage[i]);
		expect_ok(bank_commit(store));
		a = audit();
		if (bank_audit_good(&a))
			print_error("not noticed: %s\n", damage[i]);
		assert_false(bank_audit_good(&a));
		close_books(NULL);
		open_books(NULL);
		expect_ok(post(alice.id, bob.id, 30));
		expect_ok(post(alice.id, bob.id, 5));
		drop_guards();
	}
}

static void guards_hold(void **state)
{
	static const char *const attempts[] = {
		"UPDATE journal SET memo = 'x' WHERE id = 1",
		"DELETE FROM journal WHERE id = 1",
		"UPDATE entries SET amount = 1 WHERE id = 1",
		"DELETE FROM entries WHERE id = 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		bank_query q = bank_query_of(store, attempts[i]);

		expect_code(bank_query_run(&q), UK_ERR_IO);
	}
}

/* A head noted earlier is still there, or it is noticed. */
static void audit_since(void **state)
{
	struct bank_audit first, later;

	(void)state;
	first = audit();
	assert_int_equal(first.head.height, 1);
	expect_ok(post(alice.id, bob.id, 30));
	expect_ok(bank_audit(store, UK_ARRAY(first.head.hash), &later));
	assert_true(bank_audit_good(&later));
	assert_int_equal(later.head.height, 2);
	first.head.hash[0] ^= 1;
	expect_code(bank_audit(store, UK_ARRAY(first.head.hash), &later),
	    UK_ERR_NOT_FOUND);
}

/* A database from before there was a chain is chained where it is. */
static void old_rows_begin_the_chain(void **state)
{
	struct bank_audit before, after;

	(void)state;
	expect_ok(post(alice.id, bob.id, 30));
	before = audit();
	drop_guards();
	run("UPDATE journal SET hash = NULL");
	run("UPDATE journal_head SET hash = NULL");
	after = audit();
	assert_true(bank_audit_good(&after));
	assert_memory_equal(before.head.hash, after.head.hash, BANK_HASH);
	run("UPDATE journal SET hash = NULL");
	run("UPDATE journal_head SET hash = NULL");
	expect_ok(post(alice.id, bob.id, 1));
	after = audit();
	assert_true(bank_audit_good(&after));
	assert_int_equal(after.head.height, 3);
}

static uk_err limit(int64_t min_balance, int64_t transfer, int64_t day)
{
	struct bank_account a = alice;

	a.min_balance = min_balance;
	a.max_transfer = transfer;
	a.max_day = day;
	return bank_account_limit(store, &a);
}

static uk_err transfer_at(int64_t amount, int64_t time)
{
	const struct bank_posting p = { .from = alice.id,
		.to = bob.id,
		.amount = amount,
		.time = time,
		.kind = "transfer",
		.limited = true };
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

static void overdraft(void **state)
{
	struct bank_audit a;

	(void)state;
	expect_ok(limit(-50, 0, 0));
	expect_ok(post(alice.id, bob.id, 150));
	assert_int_equal(alice.balance, -50);
	expect_code(post(alice.id, bob.id, 1), UK_ERR_CONDITIONS);
	expect_code(limit(-49, 0, 0), UK_ERR_CONDITIONS);
	expect_code(limit(-BANK_LIMIT_MAX - 1, 0, 0), UK_ERR_ARGUMENT);
	a = audit();
	assert_true(bank_audit_good(&a));
	/* a balance that must stay on the account */
	expect_ok(post(bob.id, alice.id, 150));
	expect_ok(limit(20, 0, 0));
	expect_code(post(alice.id, bob.id, 81), UK_ERR_CONDITIONS);
	expect_ok(post(alice.id, bob.id, 80));
}

static void limits_of_transfers(void **state)
{
	const int64_t day = BANK_DAY;

	(void)state;
	expect_ok(limit(0, 30, 50));
	expect_code(transfer_at(31, 10 * day), UK_ERR_TOO_SMALL);
	expect_ok(transfer_at(30, 10 * day));
	expect_ok(transfer_at(20, 11 * day - 1));
	expect_code(transfer_at(1, 11 * day - 1), UK_ERR_TOO_SMALL);
	/* a clock set back begins no new day */
	expect_code(transfer_at(1, 9 * day), UK_ERR_TOO_SMALL);
	expect_ok(transfer_at(1, 11 * day));
	/* what a customer does not order is not counted */
	expect_ok(post(alice.id, bob.id, 49));
	assert_int_equal(alice.balance, 0);
	expect_code(transfer_at(1, 11 * day), UK_ERR_CONDITIONS);
}

static void currencies_do_not_mix(void **state)
{
	int64_t euro;

	(void)state;
	expect_ok(bank_account_make(
	    store, alice.customer, str("E"), str("Alice"), str("EUR"), &euro));
	expect_code(post(alice.id, euro, 1), UK_ERR_ARGUMENT);
	assert_int_equal(alice.balance, 100);
}

static uk_err reverse(int64_t row, int64_t *counter)
{
	uk_err err;

	expect_ok(bank_begin(store));
	err = bank_ledger_reverse(store, row, str("by mistake"), 9, counter);
	if (uk_is_ok(err))
		expect_ok(bank_commit(store));
	bank_rollback(store);
	find_both();
	return err;
}

static void taken_back_once(void **state)
{
	struct bank_audit a;
	int64_t counter;

	(void)state;
	expect_ok(post(alice.id, bob.id, 30));
	expect_ok(reverse(2, &counter));
	assert_int_equal(counter, 3);
	assert_int_equal(alice.balance, 100);
	assert_int_equal(bob.balance, 0);
	expect_code(reverse(2, &counter), UK_ERR_EXISTS);
	expect_code(reverse(3, &counter), UK_ERR_ARGUMENT);
	expect_code(reverse(4, &counter), UK_ERR_NOT_FOUND);
	expect_code(reverse(0, &counter), UK_ERR_NOT_FOUND);
	expect_code(reverse(INT64_MIN, &counter), UK_ERR_NOT_FOUND);
	/* gone already */
	expect_ok(post(alice.id, bob.id, 10));
	expect_ok(post(bob.id, alice.id, 10));
	expect_code(reverse(4, &counter), UK_ERR_CONDITIONS);
	a = audit();
	assert_true(bank_audit_good(&a));
	drop_guards();
	run("UPDATE entries SET amount = 2 * amount WHERE journal = 3");
	a = audit();
	assert_int_equal(a.wrong_reversals, 2);
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
		WITH_BOOKS(guards_hold),
		WITH_BOOKS(audit_since),
		WITH_BOOKS(old_rows_begin_the_chain),
		WITH_BOOKS(overdraft),
		WITH_BOOKS(limits_of_transfers),
		WITH_BOOKS(currencies_do_not_mix),
		WITH_BOOKS(taken_back_once),
		WITH_BOOKS(records_in_pages),
		WITH_BOOKS(names_and_numbers),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name("ledger", tests, db_open, db_close);
}
