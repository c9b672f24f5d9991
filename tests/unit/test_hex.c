/* Hexadecimal text; examples of RFC 4648, section 10 (BASE16). */
#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"

static void writes_lower_case(void **state)
{
	uint8_t room[16];
	uk_buf b = UK_BUF(room);

	(void)state;
	uk_put_hex(&b, uk_view_str("foobar")); /* RFC 4648: 666F6F626172 */
	expect_bytes(uk_buf_view(&b), uk_view_str("666f6f626172"));
	uk_put_hex(&b, hex("00FF"));
	uk_put_hex(&b, hex("01"));
	expect_code(uk_buf_result(&b), UK_ERR_TOO_SMALL);
}

static void writes_strings(void **state)
{
	char text[5] = "????";

	(void)state;
	uk_hex_str(text, sizeof(text), hex("0AB1"));
	assert_string_equal(text, "0ab1");
	uk_hex_str(text, 4, hex("0AB1")); /* no room for the NUL */
	assert_string_equal(text, "");
	uk_hex_str(text, sizeof(text), UK_NONE);
	assert_string_equal(text, "");
	text[0] = 'x';
	uk_hex_str(text, 0, hex("01"));
	assert_int_equal(text[0], 'x');
}

static void reads_both_cases(void **state)
{
	uint8_t room[8];
	uk_buf b = UK_BUF(room);

	(void)state;
	expect_ok(uk_hex_decode(uk_view_str("666F6f626172"), &b));
	expect_bytes(uk_buf_view(&b), uk_view_str("foobar"));
	expect_ok(uk_hex_decode(UK_NONE, &b));
	expect_code(
	    uk_hex_decode(uk_view_str("0102030405"), &b), UK_ERR_TOO_SMALL);
}

static void refuses_the_rest(void **state)
{
	static const char *const rows[] = { "0", "000", "0g", "g0", "0x", " 00",
		"00 ", "0 0", "/0", ":0", "@0", "G0", "`0", "-1", "+1",
		"\xef\xbc\x90z" };
	uint8_t room[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_buf b = UK_BUF(room);

		expect_code(
		    uk_hex_decode(uk_view_str(rows[i]), &b), UK_ERR_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_lower_case),
		cmocka_unit_test(writes_strings),
		cmocka_unit_test(reads_both_cases),
		cmocka_unit_test(refuses_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
