/* Money set aside: reserved, captured in parts, released, over. */
#include "holds.h"

#include "audit.h"
#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"

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

/* A has 100. */
static int open_books(void **state)
{
	int64_t a, b, id;

	(void)state;
	expect_ok(bank_store_open(db_fresh(), &store));
	expect_ok(bank_begin(store));
	expect_ok(bank_customer_make(store, str("Alice"), &a));
	expect_ok(bank_customer_make(store, str("Bob"), &b));
	expect_ok(bank_account_make(
	    store, a, str("A"), str("Alice"), str("CNY"), &id));
	expect_ok(
	    bank_account_make(store, b, str("B"), str("Bob"), str("CNY"), &id));
	find_both();
	expect_ok(bank_ledger_deposit(store, &alice, 100, 1));
	expect_ok(bank_commit(store));
	find_both();
	return 0;
}

static int close_books(void **state)
{
	struct bank_audit a;

	(void)state;
	expect_ok(bank_audit(store, UK_NONE, &a));
	assert_true(bank_audit_good(&a));
	bank_store_close(&store);
	return 0;
}

static uk_err end(uk_err err)
{
	if (uk_is_ok(err))
		expect_ok(bank_commit(store));
	bank_rollback(store);
	find_both();
	return err;
}

static uk_err reserve(int64_t amount, int64_t expires, int64_t *hold)
{
	expect_ok(bank_begin(store));
	return end(bank_hold_reserve(
	    store, alice.id, amount, 10, expires, str("shop"), hold));
}

static uk_err capture(int64_t hold, int64_t amount, int64_t time)
{
	const struct bank_posting p = { .from = alice.id,
		.to = bob.id,
		.amount = amount,
		.time = time,
		.kind = "capture",
		.hold = hold };
	int64_t journal;

	expect_ok(bank_begin(store));
	return end(bank_hold_capture(store, &p, &journal));
}

static uk_err release(int64_t hold)
{
	expect_ok(bank_begin(store));
	return end(bank_hold_release(store, hold));
}

static uk_err pay(int64_t amount)
{
	const struct bank_posting p = { .from = alice.id,
		.to = bob.id,
		.amount = amount,
		.time = 11,
		.kind = "transfer" };
	int64_t journal;

	expect_ok(bank_begin(store));
	return end(bank_ledger_post(store, &p, &journal));
}

static void what_is_held_cannot_be_spent(void **state)
{
	int64_t hold, second;

	(void)state;
	expect_ok(reserve(70, 1000, &hold));
	assert_int_equal(alice.balance, 100);
	assert_int_equal(alice.held, 70);
	expect_code(pay(31), UK_ERR_CONDITIONS);
	expect_code(reserve(31, 1000, &second), UK_ERR_CONDITIONS);
	expect_ok(pay(30));
	expect_ok(release(hold));
	assert_int_equal(alice.held, 0);
	expect_code(release(hold), UK_ERR_NOT_FOUND);
	expect_ok(pay(70));
}

static void captured_in_parts(void **state)
{
	int64_t hold;

	(void)state;
	expect_ok(reserve(70, 1000, &hold));
	expect_ok(capture(hold, 30, 20));
	assert_int_equal(alice.balance, 70);
	assert_int_equal(alice.held, 40);
	assert_int_equal(bob.balance, 30);
	expect_code(capture(hold, 41, 20), UK_ERR_CONDITIONS);
	expect_ok(capture(hold, 40, 20));
	assert_int_equal(alice.balance, 30);
	assert_int_equal(alice.held, 0);
	expect_code(capture(hold, 1, 20), UK_ERR_CONDITIONS);
	expect_code(release(hold), UK_ERR_NOT_FOUND);
}

static void over_in_time(void **state)
{
	int64_t first, second;
	size_t n;

	(void)state;
	expect_ok(reserve(60, 100, &first));
	expect_ok(reserve(40, 200, &second));
	expect_code(capture(first, 1, 100), UK_ERR_CONDITIONS);
	expect_ok(capture(first, 1, 99));
	expect_ok(bank_begin(store));
	expect_ok(end(bank_holds_expire(store, 99, &n)));
	assert_int_equal(n, 0);
	expect_ok(bank_begin(store));
	expect_ok(end(bank_holds_expire(store, 100, &n)));
	assert_int_equal(n, 1);
	assert_int_equal(alice.held, 40);
	expect_code(release(first), UK_ERR_NOT_FOUND);
	expect_ok(bank_begin(store));
	expect_ok(end(bank_holds_expire(store, 1000, &n)));
	assert_int_equal(n, 1);
	assert_int_equal(alice.held, 0);
}

static void holds_that_cannot_be(void **state)
{
	int64_t hold;

	(void)state;
	expect_code(reserve(0, 100, &hold), UK_ERR_ARGUMENT);
	expect_code(reserve(-1, 100, &hold), UK_ERR_ARGUMENT);
	expect_code(reserve(1, 10, &hold), UK_ERR_ARGUMENT);
	expect_code(
	    reserve(1, 11 + BANK_HOLD_SECONDS_MAX, &hold), UK_ERR_ARGUMENT);
	expect_code(reserve(INT64_MAX, 100, &hold), UK_ERR_CONDITIONS);
	expect_code(capture(0, 1, 20), UK_ERR_ARGUMENT);
	expect_code(capture(99, 1, 20), UK_ERR_CONDITIONS);
	/* somebody else's */
	expect_ok(reserve(50, 100, &hold));
	expect_ok(pay(50));
	const struct bank_posting p = { .from = bob.id,
		.to = alice.id,
		.amount = 10,
		.time = 20,
		.kind = "capture",
		.hold = hold };
	int64_t journal;

	expect_ok(bank_begin(store));
	expect_code(
	    end(bank_hold_capture(store, &p, &journal)), UK_ERR_CONDITIONS);
}

#define WITH_BOOKS(f)                                                          \
	cmocka_unit_test_setup_teardown(f, open_books, close_books)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_BOOKS(what_is_held_cannot_be_spent),
		WITH_BOOKS(captured_in_parts),
		WITH_BOOKS(over_in_time),
		WITH_BOOKS(holds_that_cannot_be),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name("holds", tests, db_open, db_close);
}
