/* What responders have said: remembered for its time, asked for once, bounded.
 */
#include "statuses.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

enum { T0 = 1700000000 };

static struct bank_statuses *open_table(size_t room)
{
	struct bank_statuses *s = NULL;

	expect_ok(bank_statuses_open(room, &s));
	return s;
}

/* Fingerprints of one set of places (the first four bytes choose it). */
static uk_bytes print_of(uint8_t number)
{
	static uint8_t ring[8][BANK_FINGERPRINT];
	static unsigned at;
	uint8_t *p = ring[at++ % 8];

	memset(p, 0, BANK_FINGERPRINT);
	p[BANK_FINGERPRINT - 1] = number;
	return uk_view(p, BANK_FINGERPRINT);
}

static enum bank_status find(struct bank_statuses *s, uint8_t n, int64_t now)
{
	return bank_statuses_find(s, print_of(n), now, NULL);
}

static void keep(struct bank_statuses *s, uint8_t n, enum bank_status status)
{
	bank_statuses_keep(
	    s, print_of(n), status, T0, T0 + 100, uk_view_str("answer"));
}

static void for_its_time(void **state)
{
	static const enum bank_status kinds[] = { BANK_STATUS_GOOD,
		BANK_STATUS_REVOKED, BANK_STATUS_UNKNOWN, BANK_STATUS_FAILED };
	struct bank_statuses *s = open_table(4);
	uk_bytes answer;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		keep(s, 1, kinds[i]);
		assert_int_equal(find(s, 1, T0), kinds[i]);
		assert_int_equal(find(s, 1, T0 + 99), kinds[i]);
		assert_int_equal(find(s, 1, T0 + 100), BANK_STATUS_NONE);
		/* a clock that was set back */
		assert_int_equal(find(s, 1, T0 - 1), BANK_STATUS_NONE);
		assert_int_equal(find(s, 2, T0), BANK_STATUS_NONE);
		/* the answer is evidence only of what is good */
		bank_statuses_find(s, print_of(1), T0, &answer);
		expect_bytes(answer, kinds[i] == BANK_STATUS_GOOD
					 ? uk_view_str("answer")
					 : UK_NONE);
	}
	bank_statuses_close(&s);
	bank_statuses_close(&s);
}

static void asked_once(void **state)
{
	struct bank_statuses *s = open_table(4);

	(void)state;
	assert_true(bank_statuses_ask(s, print_of(1)));
	assert_int_equal(find(s, 1, T0), BANK_STATUS_ASKING);
	/* however long it takes, and whatever is forgotten */
	assert_int_equal(find(s, 1, T0 + 100000), BANK_STATUS_ASKING);
	keep(s, 2, BANK_STATUS_GOOD);
	bank_statuses_forget(s);
	assert_int_equal(find(s, 1, T0), BANK_STATUS_ASKING);
	assert_int_equal(find(s, 2, T0), BANK_STATUS_NONE);
	keep(s, 1, BANK_STATUS_REVOKED);
	assert_int_equal(find(s, 1, T0), BANK_STATUS_REVOKED);
	bank_statuses_close(&s);
}

/* Four places: what is least used goes, what is being asked never. */
static void bounded(void **state)
{
	struct bank_statuses *s = open_table(4);

	(void)state;
	for (uint8_t i = 1; i <= 4; i++)
		keep(s, i, BANK_STATUS_GOOD);
	assert_int_equal(find(s, 1, T0), BANK_STATUS_GOOD);
	keep(s, 5, BANK_STATUS_GOOD);
	assert_int_equal(find(s, 2, T0), BANK_STATUS_NONE);
	assert_int_equal(find(s, 1, T0), BANK_STATUS_GOOD);
	for (uint8_t i = 11; i <= 14; i++)
		assert_true(bank_statuses_ask(s, print_of(i)));
	assert_false(bank_statuses_ask(s, print_of(15)));
	keep(s, 15, BANK_STATUS_GOOD); /* there is no place for it */
	assert_int_equal(find(s, 15, T0), BANK_STATUS_NONE);
	assert_int_equal(find(s, 11, T0), BANK_STATUS_ASKING);
	/* asked, and let go */
	bank_statuses_keep(s, print_of(11), BANK_STATUS_NONE, 0, 0, UK_NONE);
	assert_true(bank_statuses_ask(s, print_of(15)));
	bank_statuses_close(&s);
}

/* An answer that cannot be kept is asked for again: never "good" without it. */
static uk_err whole(void *arg)
{
	struct bank_statuses *s = NULL;
	uk_err err = bank_statuses_open(4, &s);
	uk_bytes answer;

	(void)arg;
	if (!uk_is_ok(err))
		return err;
	keep(s, 1, BANK_STATUS_GOOD);
	if (bank_statuses_find(s, print_of(1), T0, &answer) != BANK_STATUS_GOOD)
		err = uk_fail(UK_ERR_MEMORY);
	else
		expect_bytes(answer, uk_view_str("answer"));
	bank_statuses_close(&s);
	return err;
}

static void allocation_fails(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(whole, NULL) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_its_time),
		cmocka_unit_test(asked_once),
		cmocka_unit_test(bounded),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name("statuses", tests, NULL, NULL);
}
