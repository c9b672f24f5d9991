/* News reach those who subscribed, through the event loop, also after the
 * connection was lost. */
#include "newsroom.h"

#include "cmocka_all.h"
#include "db_fixture.h"
#include "fixtures.h"

#include <event2/event.h>

static struct event_base *base;
static struct bank_store *store;
static struct bank_newsroom *room;
static int64_t bills;
static int missed, others;

static void on_bill(void *arg, const struct bank_news *n)
{
	(void)arg;
	if (n->topic[0] == '\0')
		missed++;
	else
		bills += n->id;
	event_base_loopbreak(base);
}

static void on_other(void *arg, const struct bank_news *n)
{
	(void)arg;
	others += n->topic[0] != '\0';
}

static int set_up(void **state)
{
	(void)state;
	bills = missed = others = 0;
	base = event_base_new();
	expect_ok(bank_store_open(db_fresh(), &store));
	expect_ok(bank_newsroom_open(base, store, &room));
	expect_ok(bank_newsroom_subscribe(room, "bill", on_bill, NULL));
	expect_ok(bank_newsroom_subscribe(room, "other", on_other, NULL));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bank_newsroom_close(&room);
	bank_store_close(&store);
	event_base_free(base);
	return 0;
}

static void say(const char *topic, int64_t id)
{
	expect_ok(bank_begin(store));
	expect_ok(bank_notify(store, topic, id));
	expect_ok(bank_commit(store));
}

static void subscribers_hear(void **state)
{
	(void)state;
	say("nobody", 1);
	say("other", 2);
	say("bill", 40);
	while (bills < 40)
		event_base_dispatch(base);
	say("bill", 2);
	while (bills < 42)
		event_base_dispatch(base);
	assert_int_equal(others, 1);
	for (int i = 2; i < BANK_SUBSCRIBERS_MAX; i++)
		expect_ok(bank_newsroom_subscribe(room, "x", on_other, NULL));
	expect_code(bank_newsroom_subscribe(room, "x", on_other, NULL),
	    UK_ERR_TOO_SMALL);
}

static void after_a_loss(void **state)
{
	int before;

	(void)state;
	if (!db_is_postgresql())
		skip();
	say("bill", 1);
	while (bills < 1)
		event_base_dispatch(base);
	before = missed;
	db_kill();
	db_start();
	while (missed == before)
		event_base_dispatch(base);
	say("bill", 1);
	while (bills < 2)
		event_base_dispatch(base);
}

#define FRESH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FRESH(subscribers_hear),
		FRESH(after_a_loss),
	};

	if (!db_choose(argc, argv))
		return 64;
	return cmocka_run_group_tests_name(
	    "newsroom", tests, db_open, db_close);
}
