/* Secrets: the PIN's one place, wiping, comparing, locked pages. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "secret.h"

#include <stdio.h>
#include <string.h>

static void pin_takes_1_to_64_bytes(void **state)
{
	uint8_t digits[UK_PIN_MAX + 1];
	uk_pin pin;

	(void)state;
	memset(digits, '7', sizeof(digits));
	expect_code(uk_pin_set(&pin, UK_NONE), UK_ERR_PIN_LENGTH);
	assert_int_equal(pin.n, 0);
	expect_ok(uk_pin_set(&pin, uk_view(digits, 1)));
	assert_int_equal(pin.n, 1);
	expect_ok(uk_pin_set(&pin, uk_view(digits, UK_PIN_MAX)));
	expect_bytes(uk_pin_view(&pin), uk_view(digits, UK_PIN_MAX));
	expect_code(uk_pin_set(&pin, uk_view(digits, UK_PIN_MAX + 1)),
	    UK_ERR_PIN_LENGTH);
	/* a refused PIN leaves nothing of the one before */
	assert_int_equal(pin.n, 0);
	for (size_t i = 0; i < UK_PIN_MAX; i++)
		assert_int_equal(pin.p[i], 0);
}

static void a_shorter_pin_leaves_no_tail(void **state)
{
	uk_pin pin;

	(void)state;
	expect_ok(uk_pin_set(&pin, uk_view_str("12345678")));
	expect_ok(uk_pin_set(&pin, uk_view_str("1234")));
	expect_bytes(uk_pin_view(&pin), uk_view_str("1234"));
	assert_int_equal(pin.p[4], 0);
	assert_int_equal(pin.p[7], 0);
}

static void wipes(void **state)
{
	uint8_t a[4] = { 1, 2, 3, 4 };

	(void)state;
	uk_wipe(a + 1, 2);
	expect_bytes(UK_ARRAY(a), hex("01000004"));
	uk_wipe(a, 0);
	uk_wipe(NULL, 0);
	uk_wipe(NULL, 5);
	expect_bytes(UK_ARRAY(a), hex("01000004"));
}

static void compares(void **state)
{
	(void)state;
	assert_true(uk_equal(hex("0102"), hex("0102")));
	assert_false(uk_equal(hex("0102"), hex("0103")));
	assert_false(uk_equal(hex("0102"), hex("8102")));
	assert_false(uk_equal(hex("0102"), hex("010200")));
	assert_true(uk_equal(UK_NONE, UK_NONE));
	assert_false(uk_equal(UK_NONE, hex("00")));
}

/* The VmLck line of /proc/self/status, in kB. */
static long locked_kb(void)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "VmLck: %ld", &kb) == 1)
			break;
	}
	fclose(f);
	return kb;
}

static void pages_are_zeroed_locked_and_counted(void **state)
{
	long live = uk_mem_live();
	long locked = locked_kb();
	uint8_t *p = uk_secret_new(5000);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(p[i], 0);
	memset(p, 0xaa, 5000);
	assert_int_equal(uk_mem_live(), live + 1);
	/* sanitizers turn mlock off; and RLIMIT_MEMLOCK may be 0 */
	if (locked_kb() != locked)
		assert_true(locked_kb() >= locked + 5);
	uk_secret_free(p, 5000);
	uk_secret_free(NULL, 5000);
	assert_int_equal(uk_mem_live(), live);
}

static void impossible_secrets_give_nothing(void **state)
{
	long live = uk_mem_live();

	(void)state;
	assert_null(uk_secret_new(0));
	assert_null(uk_secret_new(SIZE_MAX));
	assert_null(uk_secret_new(SIZE_MAX / 2)); /* mmap refuses */
	uk_mem_fail_nth(1);
	assert_null(uk_secret_new(16));
	uk_mem_fail_nth(0);
	assert_int_equal(uk_mem_live(), live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pin_takes_1_to_64_bytes),
		cmocka_unit_test(a_shorter_pin_leaves_no_tail),
		cmocka_unit_test(wipes),
		cmocka_unit_test(compares),
		cmocka_unit_test(pages_are_zeroed_locked_and_counted),
		cmocka_unit_test(impossible_secrets_give_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
