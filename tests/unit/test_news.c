/* News: told when committed, not when taken back, and what is missed is said.
 */
#include "news.h"

#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"

#include <poll.h>

static struct bank_store *store;
static struct bank_listener *listener;

static bool readable(const struct bank_listener *l, int ms)
{
	struct pollfd p = { bank_listener_fd(l), POLLIN, 0 };

	return p.fd >= 0 && poll(&p, 1, ms) == 1;
}

/* Waits for it, but not for ever. */
static void expect_news(struct bank_listener *l, const char *topic, int64_t id)
{
	struct bank_news n;

	while (!bank_listener_next(l, &n))
		assert_true(readable(l, 20000));
	assert_string_equal(n.topic, topic);
	assert_int_equal(n.id, id);
}

static int set_up(void **state)
{
	struct bank_news n;

	(void)state;
	expect_ok(bank_store_open(db_fresh(), &store));
	expect_ok(bank_listener_open(store, &listener));
	/* whoever begins to listen has missed what was before */
	if (db_is_postgresql())
		expect_news(listener, "", 0);
	assert_false(bank_listener_next(listener, &n));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bank_listener_close(&listener);
	bank_store_close(&store);
	return 0;
}

static void say(const char *topic, int64_t id)
{
	expect_ok(bank_notify(store, topic, id));
}

static void told_when_committed(void **state)
{
	struct bank_news n;

	(void)state;
	expect_ok(bank_begin(store));
	say("bill", 7);
	say("card-ready", -1);
	assert_false(bank_listener_next(listener, &n));
	assert_false(readable(listener, 0));
	expect_ok(bank_commit(store));
	expect_news(listener, "bill", 7);
	expect_news(listener, "card-ready", -1);
	assert_false(bank_listener_next(listener, &n));
	assert_false(readable(listener, 0));
	expect_ok(bank_begin(store));
	say("bill", 8);
	bank_rollback(store);
	expect_ok(bank_begin(store));
	say("bill", 9);
	expect_ok(bank_commit(store));
	expect_news(listener, "bill", 9);
}

static void told_when_flushed(void **state)
{
	struct bank_news n;

	(void)state;
	bank_store_collect(store);
	expect_ok(bank_begin(store));
	say("bill", 1);
	expect_ok(bank_commit(store));
	expect_ok(bank_begin(store));
	say("bill", 2);
	bank_rollback(store);
	expect_ok(bank_begin(store));
	say("bill", 3);
	expect_ok(bank_commit(store));
	assert_false(bank_listener_next(listener, &n));
	expect_ok(bank_flush(store));
	expect_news(listener, "bill", 1);
	expect_news(listener, "bill", 3);
	assert_false(bank_listener_next(listener, &n));
}

static void topics(void **state)
{
	static const char *const bad[] = { "", "Bill", "a b", "bill1", "a:b",
		"abcdefghijklmnopqrstuvwxy" };

	(void)state;
	expect_ok(bank_begin(store));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_code(bank_notify(store, bad[i], 1), UK_ERR_ARGUMENT);
	say("abcdefghijklmnopqrstuvwx", INT64_MIN);
	expect_ok(bank_commit(store));
	expect_news(listener, "abcdefghijklmnopqrstuvwx", INT64_MIN);
}

/* More than are kept for one who does not listen: then look everywhere. */
static void too_many(void **state)
{
	struct bank_news n;

	(void)state;
	expect_ok(bank_begin(store));
	for (int i = 0; i < 1000; i++)
		say("bill", i);
	expect_ok(bank_commit(store));
	if (!db_is_postgresql()) {
		expect_news(listener, "", 0);
		assert_false(bank_listener_next(listener, &n));
	}
	for (int i = 0; i < 1000 && db_is_postgresql(); i++)
		expect_news(listener, "bill", i);
}

/* --- PostgreSQL: other servers, and a connection that is lost ------------- */

static void from_another_server(void **state)
{
	struct bank_store *other = NULL;
	bank_query q;

	(void)state;
	expect_ok(bank_store_connect(db_where(), &other));
	expect_ok(bank_begin(other));
	expect_ok(bank_notify(other, "bill", 5));
	/* and what somebody says who is not one of ours */
	q = bank_query_of(other,
	    "SELECT pg_notify('ukey_bank', x) FROM (VALUES ('bill'), (':1'),"
	    " ('bill:'), ('bill:1x'), ('BILL:1'), ('')) AS v (x)");
	expect_ok(bank_query_run(&q));
	expect_ok(bank_notify(other, "bill", 6));
	expect_ok(bank_commit(other));
	expect_news(listener, "bill", 5);
	expect_news(listener, "bill", 6);
	bank_store_close(&other);
}

static void lost_and_found(void **state)
{
	struct bank_news n;

	(void)state;
	db_kill();
	while (bank_listener_fd(listener) >= 0)
		assert_false(bank_listener_next(listener, &n));
	db_start();
	while (!bank_listener_next(listener, &n))
		(void)poll(NULL, 0, 20);
	assert_string_equal(n.topic, "");
	/* the store comes back by itself, too */
	expect_ok(bank_begin(store));
	say("bill", 4);
	expect_ok(bank_commit(store));
	expect_news(listener, "bill", 4);
}

#define FRESH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest both[] = {
		FRESH(told_when_committed),
		FRESH(told_when_flushed),
		FRESH(topics),
		FRESH(too_many),
	};
	const struct CMUnitTest remote[] = {
		FRESH(from_another_server),
		FRESH(lost_and_found),
	};
	int wrong;

	if (!db_choose(argc, argv))
		return 64;
	wrong = cmocka_run_group_tests(both, db_open, db_close);
	if (db_is_postgresql())
		wrong += cmocka_run_group_tests(remote, db_open, db_close);
	return wrong;
}
