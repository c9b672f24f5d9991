/* Every error has a name of its own and a sentence. */
#include "cmocka_all.h"
#include "err.h"
#include "fixtures.h"

#include <string.h>

static void every_code_is_named_once(void **state)
{
	(void)state;
	for (int i = 0; i < UK_CODE_COUNT; i++) {
		uk_err a = uk_fail((enum uk_code)i);

		assert_non_null(uk_err_name(a));
		assert_true(strlen(uk_err_text(a)) >= 4);
		assert_null(strchr(uk_err_text(a), '\n'));
		for (int j = 0; j < i; j++) {
			uk_err b = uk_fail((enum uk_code)j);

			assert_string_not_equal(uk_err_name(a), uk_err_name(b));
			assert_string_not_equal(uk_err_text(a), uk_err_text(b));
		}
	}
	assert_string_equal(uk_err_name(uk_ok()), "ok");
	assert_string_equal(uk_err_name((uk_err){ 9999, 0 }), "internal");
}

static void only_zero_is_success(void **state)
{
	(void)state;
	assert_true(uk_is_ok(uk_ok()));
	for (int i = 1; i < UK_CODE_COUNT; i++) {
		assert_false(uk_is_ok(uk_fail((enum uk_code)i)));
		assert_true(uk_is(uk_fail((enum uk_code)i), (enum uk_code)i));
	}
}

static void tells_tries_left(void **state)
{
	(void)state;
	assert_int_equal(
	    uk_err_tries_left(uk_fail_sw(UK_ERR_PIN_WRONG, 0x63c2)), 2);
	assert_int_equal(
	    uk_err_tries_left(uk_fail_sw(UK_ERR_PIN_WRONG, 0x63c0)), 0);
	assert_int_equal(
	    uk_err_tries_left(uk_fail_sw(UK_ERR_PIN_BLOCKED, 0x6983)), 0);
	assert_int_equal(
	    uk_err_tries_left(uk_fail_sw(UK_ERR_PIN_WRONG, 0x6300)), -1);
	assert_int_equal(uk_err_tries_left(uk_fail(UK_ERR_NO_CARD)), -1);
	assert_int_equal(uk_err_tries_left(uk_ok()), -1);
}

static uk_err tries(uk_err first, int *reached)
{
	UK_TRY(first);
	*reached = 1;
	return uk_fail(UK_ERR_EXISTS);
}

static void leaves_early_with_the_same_error(void **state)
{
	int reached = 0;
	uk_err err = tries(uk_fail_sw(UK_ERR_CARD_STATUS, 0x6f01), &reached);

	(void)state;
	expect_code(err, UK_ERR_CARD_STATUS);
	assert_int_equal(err.sw, 0x6f01);
	assert_int_equal(reached, 0);
	expect_code(tries(uk_ok(), &reached), UK_ERR_EXISTS);
	assert_int_equal(reached, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_named_once),
		cmocka_unit_test(only_zero_is_success),
		cmocka_unit_test(tells_tries_left),
		cmocka_unit_test(leaves_early_with_the_same_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
