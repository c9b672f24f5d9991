/* Login challenges: single use, in time, so many and no more. */
#include "nonces.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>

enum { T0 = 1800000000, FIVE_MINUTES = 300 };

/* 44 characters that differ in the last ones. */
static uk_bytes text(unsigned n)
{
	static char ring[8][BANK_NONCE_TEXT + 1];
	static unsigned at;

	at = (at + 1) % 8;
	snprintf(ring[at], sizeof(ring[at]), "%044u", n);
	return uk_view(ring[at], BANK_NONCE_TEXT);
}

static void good_once(void **state)
{
	struct bank_nonces *n;

	(void)state;
	expect_ok(bank_nonces_open(4, &n));
	assert_int_equal(bank_nonces_take(n, text(1), T0), BANK_NONCE_UNKNOWN);
	assert_int_equal(bank_nonces_add(n, text(1), T0), BANK_OK);
	assert_int_equal(bank_nonces_take(n, text(2), T0), BANK_NONCE_UNKNOWN);
	assert_int_equal(bank_nonces_take(n, text(1), T0), BANK_OK);
	assert_int_equal(bank_nonces_take(n, text(1), T0), BANK_NONCE_UNKNOWN);
	assert_int_equal(bank_nonces_take(n, UK_NONE, T0), BANK_NONCE_UNKNOWN);
	bank_nonces_close(&n);
	bank_nonces_close(&n);
}

static void late(void **state)
{
	struct bank_nonces *n;

	(void)state;
	expect_ok(bank_nonces_open(4, &n));
	assert_int_equal(bank_nonces_add(n, text(1), T0), BANK_OK);
	assert_int_equal(bank_nonces_add(n, text(2), T0), BANK_OK);
	assert_int_equal(
	    bank_nonces_take(n, text(1), T0 + FIVE_MINUTES - 1), BANK_OK);
	assert_int_equal(bank_nonces_take(n, text(2), T0 + FIVE_MINUTES),
	    BANK_NONCE_EXPIRED);
	assert_int_equal(bank_nonces_take(n, text(2), T0 + FIVE_MINUTES),
	    BANK_NONCE_UNKNOWN);
	bank_nonces_close(&n);
}

static void full(void **state)
{
	struct bank_nonces *n;

	(void)state;
	expect_ok(bank_nonces_open(2, &n));
	assert_int_equal(bank_nonces_add(n, text(1), T0), BANK_OK);
	assert_int_equal(bank_nonces_add(n, text(2), T0 + 1), BANK_OK);
	assert_int_equal(bank_nonces_add(n, text(3), T0 + 2), BANK_BUSY);
	/* the first runs out and makes room; the second is still known */
	assert_int_equal(
	    bank_nonces_add(n, text(3), T0 + FIVE_MINUTES), BANK_OK);
	assert_int_equal(bank_nonces_take(n, text(1), T0 + FIVE_MINUTES),
	    BANK_NONCE_UNKNOWN);
	assert_int_equal(
	    bank_nonces_take(n, text(2), T0 + FIVE_MINUTES), BANK_OK);
	/* using one makes room as well */
	assert_int_equal(
	    bank_nonces_add(n, text(4), T0 + FIVE_MINUTES), BANK_OK);
	bank_nonces_close(&n);
}

static uk_err open_close(void *arg)
{
	struct bank_nonces *n = NULL;
	uk_err err = bank_nonces_open(4, &n);

	(void)arg;
	bank_nonces_close(&n);
	return err;
}

static void allocation_fails(void **state)
{
	(void)state;
	assert_int_equal(fail_every_allocation(open_close, NULL), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_once),
		cmocka_unit_test(late),
		cmocka_unit_test(full),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name("nonces", tests, NULL, NULL);
}
