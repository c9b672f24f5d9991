/* Status words, ISO/IEC 7816-4:2020, tables 6 and 7. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "sw.h"

static void words_become_errors(void **state)
{
	static const struct {
		uint16_t sw;
		enum uk_code code;
	} rows[] = {
		{ 0x63c3, UK_ERR_PIN_WRONG },
		{ 0x63c0, UK_ERR_PIN_WRONG },
		{ 0x63cf, UK_ERR_PIN_WRONG },
		{ 0x6300, UK_ERR_PIN_WRONG },
		{ 0x63d0, UK_ERR_CARD_STATUS },
		{ 0x6381, UK_ERR_CARD_STATUS },
		{ 0x6982, UK_ERR_NOT_LOGGED_IN },
		{ 0x6983, UK_ERR_PIN_BLOCKED },
		{ 0x6984, UK_ERR_CONDITIONS },
		{ 0x6985, UK_ERR_CONDITIONS },
		{ 0x6884, UK_ERR_UNSUPPORTED },
		{ 0x6a81, UK_ERR_UNSUPPORTED },
		{ 0x6d00, UK_ERR_UNSUPPORTED },
		{ 0x6e00, UK_ERR_UNSUPPORTED },
		{ 0x6a82, UK_ERR_NOT_FOUND },
		{ 0x6a83, UK_ERR_NOT_FOUND },
		{ 0x6a88, UK_ERR_NOT_FOUND },
		{ 0x6a89, UK_ERR_EXISTS },
		{ 0x6700, UK_ERR_CARD_STATUS },
		{ 0x6282, UK_ERR_CARD_STATUS },
		{ 0x6a80, UK_ERR_CARD_STATUS },
		{ 0x6f00, UK_ERR_CARD_STATUS },
		{ 0x9001, UK_ERR_CARD_STATUS },
		{ 0x6100, UK_ERR_CARD_STATUS },
		{ 0x6c10, UK_ERR_CARD_STATUS },
		{ 0x0000, UK_ERR_CARD_STATUS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_err err = uk_sw_err(rows[i].sw);

		expect_code(err, rows[i].code);
		assert_int_equal(err.sw, rows[i].sw); /* kept */
	}
}

static void only_9000_is_success(void **state)
{
	unsigned good = 0;

	(void)state;
	for (unsigned sw = 0; sw <= 0xffff; sw++)
		good += uk_is_ok(uk_sw_err((uint16_t)sw));
	assert_int_equal(good, 1);
	expect_ok(uk_sw_err(0x9000));
	assert_int_equal(uk_sw_err(0x9000).sw, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_errors),
		cmocka_unit_test(only_9000_is_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
