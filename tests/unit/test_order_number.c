/* Order numbers: the layout of a ULID. */
#include "bank_client.h"
#include "bc_order_number.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

/* The time part is the example of github.com/ulid/spec's reference
 * implementation, test.js: encodeTime(1469918176385) is "01ARYZ6S41". The
 * random part by hand: 80 bits in 16 groups of 5. */
static void known_numbers(void **state)
{
	static const uint8_t zeros[10] = { 0 };
	static const uint8_t ones[10] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff };
	/* 00001 00010 00011 00100 | 00101 00110 00111 01000 */
	static const uint8_t steps[10] = { 0x08, 0x86, 0x42, 0x98, 0xe8, 0x08,
		0x86, 0x42, 0x98, 0xe8 };
	char out[BC_ORDER_NUMBER_LEN + 1];

	(void)state;
	bc_format_order_number(1469918176385, zeros, out);
	assert_string_equal(out, "01ARYZ6S410000000000000000");
	bc_format_order_number(1469918176385, ones, out);
	assert_string_equal(out, "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
	bc_format_order_number(0, steps, out);
	assert_string_equal(out, "00000000001234567812345678");
}

static void sort_by_time_and_are_valid(void **state)
{
	char first[BANK_ORDER_NUMBER_MAX + 1], later[BANK_ORDER_NUMBER_MAX + 1];
	char same[BANK_ORDER_NUMBER_MAX + 1];
	uk_crypto *c;

	(void)state;
	expect_ok(uk_crypto_open(&c));
	expect_ok(bc_make_order_number(c, 1795000000000, first));
	expect_ok(bc_make_order_number(c, 1795000000000, same));
	expect_ok(bc_make_order_number(c, 1795000000001, later));
	uk_crypto_close(&c);
	assert_true(strcmp(first, later) < 0);
	assert_true(strcmp(first, same) != 0);
	assert_true(bank_order_number_ok(uk_view_str(first)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_numbers),
		cmocka_unit_test(sort_by_time_and_are_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
