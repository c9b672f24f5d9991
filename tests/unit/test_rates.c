/* Token buckets: how many, how fast they come back, and whose they are. */
#include "rates.h"

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"

enum { LOGIN, ASK, FREE, KINDS };

static const struct bank_rate kinds[KINDS] = {
	[LOGIN] = { 3, 6 }, /* three at once, one more each 10 seconds */
	[ASK] = { 1, 60 },
	[FREE] = { 0, 1 },
};

static const int64_t T0 = 1800000000000;
static bool take(struct bank_rates *r, size_t kind, const char *key, int64_t ms)
{
	return bank_rates_take(r, kind, uk_view_str(key), 1, T0 + ms);
}

static struct bank_rates *open_room(size_t room)
{
	struct bank_rates *r;

	expect_ok(bank_rates_open(crypto, kinds, KINDS, room, &r));
	return r;
}

static void so_many_and_so_fast(void **state)
{
	struct bank_rates *r = open_room(8);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(take(r, LOGIN, "a", 0));
	assert_false(take(r, LOGIN, "a", 0));
	assert_false(take(r, LOGIN, "a", 9999));
	assert_true(take(r, LOGIN, "a", 10000));
	assert_false(take(r, LOGIN, "a", 10001));
	/* fractions are not lost: 20 times half a second, and a bit */
	for (int i = 1; i < 20; i++)
		assert_false(take(r, LOGIN, "a", 10000 + i * 500));
	assert_true(take(r, LOGIN, "a", 20000));
	/* it never holds more than it may, however long it rests */
	for (int i = 0; i < 3; i++)
		assert_true(take(r, LOGIN, "a", INT64_C(1) << 40));
	assert_false(take(r, LOGIN, "a", INT64_C(1) << 40));
	/* a clock set back brings nothing and breaks nothing */
	assert_false(take(r, LOGIN, "a", 0));
	assert_true(take(r, LOGIN, "a", 10000));
	bank_rates_close(&r);
	bank_rates_close(&r);
}

static void keys_and_kinds_are_apart(void **state)
{
	struct bank_rates *r = open_room(8);

	(void)state;
	assert_true(take(r, ASK, "a", 0));
	assert_false(take(r, ASK, "a", 0));
	assert_true(take(r, ASK, "b", 0));
	assert_true(take(r, LOGIN, "a", 0));
	for (int i = 0; i < 100; i++) {
		assert_true(take(r, FREE, "a", 0));
		assert_true(take(r, KINDS, "a", 0));
	}
	bank_rates_close(&r);
}

static void costs_and_gifts(void **state)
{
	struct bank_rates *r = open_room(8);
	uk_bytes a = uk_view_str("a");

	(void)state;
	assert_false(bank_rates_take(r, LOGIN, a, 4, T0));
	assert_true(bank_rates_take(r, LOGIN, a, 2, T0));
	assert_true(bank_rates_take(r, LOGIN, a, 0, T0)); /* only asks */
	assert_true(bank_rates_take(r, LOGIN, a, 1, T0));
	assert_false(bank_rates_take(r, LOGIN, a, 0, T0));
	bank_rates_give(r, LOGIN, a, 1, T0);
	assert_true(bank_rates_take(r, LOGIN, a, 1, T0));
	bank_rates_give(r, LOGIN, a, INT64_MAX / 100000, T0);
	assert_true(bank_rates_take(r, LOGIN, a, 3, T0));
	assert_false(bank_rates_take(r, LOGIN, a, 1, T0));
	bank_rates_close(&r);
}

/* Only so many; whoever was seen least lately makes room. */
static void bounded(void **state)
{
	struct bank_rates *r = open_room(3);

	(void)state;
	assert_true(take(r, ASK, "a", 0));
	assert_true(take(r, ASK, "b", 0));
	assert_true(take(r, ASK, "c", 0));
	assert_false(take(r, ASK, "a", 1));
	assert_true(take(r, ASK, "d", 2)); /* in place of b */
	assert_false(take(r, ASK, "a", 3));
	assert_false(take(r, ASK, "c", 3));
	assert_true(take(r, ASK, "b", 4)); /* in place of d */
	assert_false(take(r, ASK, "a", 5));
	bank_rates_close(&r);
}

static uk_err open_one(void *arg)
{
	struct bank_rates *r = NULL;
	uk_err err = bank_rates_open(crypto, kinds, KINDS, 4, &r);

	(void)arg;
	bank_rates_close(&r);
	return err;
}

static void every_allocation(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(open_one, NULL) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_and_so_fast),
		cmocka_unit_test(keys_and_kinds_are_apart),
		cmocka_unit_test(costs_and_gifts),
		cmocka_unit_test(bounded),
		cmocka_unit_test(every_allocation),
	};

	return cmocka_run_group_tests_name(
	    "rates", tests, open_crypto, close_crypto);
}
