/* Group commit: parts that fail alone, and a disk that says no to all. */
#include "customers.h"
#include "store.h"

#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"

#include <signal.h>
#include <sys/resource.h>

static struct bank_store *store;

static int set_up(void **state)
{
	if (db_open(state) != 0)
		return -1;
	return uk_is_ok(bank_store_open(db_fresh(), &store)) ? 0 : -1;
}

static int tear_down(void **state)
{
	bank_store_close(&store);
	return db_close(state);
}

static uk_err add(const char *name)
{
	int64_t id;

	return bank_customer_make(store, uk_view_str(name), &id);
}

/* Seen from outside: through another connection. */
static bool is_there(const char *name)
{
	struct bank_store *other = NULL;
	int64_t id;
	uk_err err;

	expect_ok(bank_store_open(db_where(), &other));
	err = bank_customer_find(other, uk_view_str(name), &id);
	bank_store_close(&other);
	return uk_is_ok(err);
}

static void alone(void **state)
{
	(void)state;
	expect_ok(bank_begin(store));
	expect_ok(add("Ann"));
	expect_ok(bank_commit(store));
	assert_false(bank_store_has_collected(store));
	assert_true(is_there("Ann"));
	expect_ok(bank_begin(store));
	expect_ok(add("Bea"));
	bank_rollback(store);
	bank_rollback(store);
	assert_false(is_there("Bea"));
	expect_ok(bank_flush(store));
}

static void together(void **state)
{
	int64_t id;

	(void)state;
	bank_store_collect(store);
	expect_ok(bank_flush(store));
	expect_ok(bank_begin(store));
	expect_ok(add("Cai"));
	expect_ok(bank_commit(store));
	bank_rollback(store); /* after a commit: nothing */
	expect_ok(bank_begin(store));
	expect_ok(add("Dan"));
	bank_rollback(store);
	assert_true(bank_store_has_collected(store));
	expect_ok(bank_begin(store));
	expect_ok(add("Eve"));
	expect_ok(bank_commit(store));
	expect_ok(bank_flush(store));
	assert_false(bank_store_has_collected(store));
	assert_true(is_there("Cai"));
	assert_true(is_there("Eve"));
	assert_false(is_there("Dan"));
	expect_code(bank_customer_find(store, uk_view_str("Dan"), &id),
	    UK_ERR_NOT_FOUND);
}

/* Files may not grow: as on a full disk, the log cannot be written. */
static void let_files_grow(bool may)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = may ? limit.rlim_max : 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void disk_full(void **state)
{
	(void)state;
	if (db_is_postgresql())
		skip(); /* its files are another process's */
	(void)signal(SIGXFSZ, SIG_IGN);
	expect_ok(bank_begin(store));
	expect_ok(add("Fay"));
	expect_ok(bank_commit(store));
	expect_ok(bank_begin(store));
	expect_ok(add("Gus"));
	expect_ok(bank_commit(store));
	let_files_grow(false);
	expect_code(bank_flush(store), UK_ERR_IO);
	let_files_grow(true);
	assert_false(bank_store_has_collected(store));
	assert_false(is_there("Fay"));
	assert_false(is_there("Gus"));
	/* and the next one is as good as ever */
	expect_ok(bank_begin(store));
	expect_ok(add("Fay"));
	expect_ok(bank_commit(store));
	expect_ok(bank_flush(store));
	assert_true(is_there("Fay"));
}

/* A failure after which SQLite takes back the whole transaction: what others
 * had collected is lost, and nobody is told otherwise. */
static void taken_back(void **state)
{
	bank_query q;

	(void)state;
	expect_ok(bank_begin(store));
	expect_ok(add("Hal"));
	expect_ok(bank_commit(store));
	expect_ok(bank_begin(store));
	if (db_is_postgresql()) {
		/* outside of a part, as a read that fails would be */
		bank_rollback(store);
		q = bank_query_of(store, "SELECT 1 / length(?)");
		bank_bind_text(&q, UK_NONE);
		expect_code(bank_query_run(&q), UK_ERR_IO);
	} else {
		q = bank_query_of(store,
		    "INSERT OR ROLLBACK INTO customers (name) VALUES (?)");
		bank_bind_text(&q, uk_view_str("Hal"));
		expect_code(bank_query_run(&q), UK_ERR_EXISTS);
		bank_rollback(store);
	}
	assert_true(bank_store_has_collected(store));
	expect_code(bank_begin(store), UK_ERR_IO);
	expect_code(bank_flush(store), UK_ERR_IO);
	assert_false(is_there("Hal"));
	expect_ok(bank_begin(store));
	expect_ok(add("Hal"));
	expect_ok(bank_commit(store));
	expect_ok(bank_flush(store));
	assert_true(is_there("Hal"));
}

/* What fails inside a part is gone with it, and nothing else is. */
static void part_fails(void **state)
{
	bank_query q;

	(void)state;
	expect_ok(bank_begin(store));
	expect_ok(add("Ida"));
	expect_ok(bank_commit(store));
	expect_ok(bank_begin(store));
	expect_ok(add("Jon"));
	q = bank_query_of(store, "INSERT INTO customers (name) VALUES (?)");
	bank_bind_text(&q, uk_view_str("Ida"));
	expect_code(bank_query_run(&q), UK_ERR_EXISTS);
	bank_rollback(store);
	expect_ok(bank_begin(store));
	expect_ok(add("Kim"));
	expect_ok(bank_commit(store));
	expect_ok(bank_flush(store));
	assert_true(is_there("Ida"));
	assert_false(is_there("Jon"));
	assert_true(is_there("Kim"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(together),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(taken_back),
		cmocka_unit_test(part_fails),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
