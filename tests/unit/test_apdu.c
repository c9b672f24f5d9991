/*
 * Command and response APDUs. The seven cases and their lengths are those of
 * ISO/IEC 7816-4:2020, 5.2 (table 2) and 7816-3:2006, 12.1.3.
 */
#include "apdu.h"
#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

static uint8_t zeros[UK_LC_MAX + 1];
static uint8_t room[UK_APDU_MAX + 16];

/* Header, the bytes before the data, how much data (zeros), the bytes behind.
 */
struct row {
	const char *name;
	size_t nc;
	uint32_t ne;
	const char *before, *behind;
};

static const struct row rows[] = {
	{ "case 1", 0, 0, "", "" },
	{ "case 2S", 0, 1, "", "01" },
	{ "case 2S", 0, 255, "", "FF" },
	{ "case 2S, all", 0, 256, "", "00" },
	{ "case 2E", 0, 257, "00", "0101" },
	{ "case 2E", 0, 65535, "00", "FFFF" },
	{ "case 2E, all", 0, 65536, "00", "0000" },
	{ "case 3S", 1, 0, "01", "" },
	{ "case 3S", 255, 0, "FF", "" },
	{ "case 3E", 256, 0, "000100", "" },
	{ "case 3E", 65535, 0, "00FFFF", "" },
	{ "case 4S", 1, 1, "01", "01" },
	{ "case 4S", 255, 256, "FF", "00" },
	{ "case 4E for the answer", 1, 257, "000001", "0101" },
	{ "case 4E for the data", 256, 1, "000100", "0001" },
	{ "case 4E, all", 65535, 65536, "00FFFF", "0000" },
};

static uk_bytes expected(const struct row *row)
{
	uk_buf b = UK_BUF(room);

	uk_put(&b, hex("00A40400"));
	uk_put(&b, hex(row->before));
	uk_put(&b, uk_view(zeros, row->nc));
	uk_put(&b, hex(row->behind));
	expect_ok(uk_buf_result(&b));
	return uk_buf_view(&b);
}

static void encodes_the_seven_cases(void **state)
{
	static uint8_t out[UK_APDU_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_cmd cmd = { 0x00, 0xa4, 0x04, 0x00,
			uk_view(zeros, rows[i].nc), rows[i].ne, false };
		uk_buf b = UK_BUF(out);

		print_message("%s\n", rows[i].name);
		expect_ok(uk_cmd_encode(&cmd, &b));
		expect_bytes(uk_buf_view(&b), expected(&rows[i]));
		assert_int_equal(uk_cmd_extended(&cmd),
		    rows[i].nc > 255 || rows[i].ne > 256);
		/* a byte less of room is refused */
		b = uk_buf_over(out, b.len - 1);
		expect_code(uk_cmd_encode(&cmd, &b), UK_ERR_TOO_SMALL);
	}
}

static void decodes_the_seven_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_cmd cmd;

		expect_ok(uk_cmd_decode(expected(&rows[i]), &cmd));
		assert_int_equal(cmd.cla, 0x00);
		assert_int_equal(cmd.ins, 0xa4);
		assert_int_equal(cmd.p1, 0x04);
		assert_int_equal(cmd.p2, 0x00);
		expect_bytes(cmd.data, uk_view(zeros, rows[i].nc));
		assert_int_equal(cmd.le, rows[i].ne);
		assert_false(cmd.secret);
	}
}

static void decodes_extended_form_of_short_lengths(void **state)
{
	uk_cmd cmd;

	(void)state;
	expect_ok(uk_cmd_decode(hex("00A40400 00 0002 3F00"), &cmd));
	expect_bytes(cmd.data, hex("3F00"));
	assert_int_equal(cmd.le, 0);
	expect_ok(uk_cmd_decode(hex("00A40400 00 0002 3F00 0001"), &cmd));
	assert_int_equal(cmd.le, 1);
	expect_ok(uk_cmd_decode(hex("00B00000 00 0010"), &cmd));
	assert_int_equal(cmd.data.n, 0);
	assert_int_equal(cmd.le, 16);
}

static void refuses_lengths_that_disagree(void **state)
{
	static const char *const bad[] = {
		"",
		"00",
		"00A404",                 /* no header */
		"00A40400 02 3F",         /* data missing */
		"00A40400 02 3F00 00 00", /* two bytes of Le in short form */
		"00A40400 01 3F00 00",
		"00A40400 00 00", /* extended length cut */
		"00A40400 00 0002 3F",
		"00A40400 00 0002 3F00 00",
		"00A40400 00 0002 3F00 0000 00",
		"00A40400 00 0000 3F", /* Lc = 0 is never coded */
		"00A40400 00 0000 0000",
	};
	uk_cmd cmd;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_code(uk_cmd_decode(hex(bad[i]), &cmd), UK_ERR_FORMAT);
}

static void refuses_what_cannot_be_said(void **state)
{
	uk_buf b = UK_BUF(room);
	uk_cmd cmd = { 0, 0, 0, 0, uk_view(zeros, UK_LC_MAX + 1), 0, false };

	(void)state;
	expect_code(uk_cmd_encode(&cmd, &b), UK_ERR_ARGUMENT);
	cmd.data = UK_NONE;
	cmd.le = UK_LE_MAX + 1;
	expect_code(uk_cmd_encode(&cmd, &b), UK_ERR_ARGUMENT);
	assert_int_equal(b.len, 0);
}

static void decodes_responses(void **state)
{
	static uint8_t big[UK_RESPONSE_MAX + 1];
	uk_resp resp;

	(void)state;
	expect_ok(uk_resp_decode(hex("9000"), &resp));
	assert_int_equal(resp.sw, 0x9000);
	assert_int_equal(resp.data.n, 0);
	expect_ok(uk_resp_decode(hex("6F00 6A82"), &resp));
	assert_int_equal(resp.sw, 0x6a82);
	expect_bytes(resp.data, hex("6F00"));
	expect_ok(uk_resp_decode(hex("6105"), &resp));
	memset(big, 0x90, sizeof(big));
	expect_ok(uk_resp_decode(uk_view(big, UK_RESPONSE_MAX), &resp));
	assert_int_equal(resp.data.n, 65536);
	expect_code(uk_resp_decode(uk_view(big, UK_RESPONSE_MAX + 1), &resp),
	    UK_ERR_CARD_MUTE);
	assert_int_equal(resp.data.n, 0);
}

static void refuses_garbage_for_a_response(void **state)
{
	static const char *const bad[] = { "", "90", "0000", "FFFF", "1234",
		"8000", "A000", "900000", "5FFF", "7000" };
	uk_resp resp;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect_code(
		    uk_resp_decode(hex(bad[i]), &resp), UK_ERR_CARD_MUTE);
		assert_int_equal(resp.sw, 0);
		assert_int_equal(resp.data.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_the_seven_cases),
		cmocka_unit_test(decodes_the_seven_cases),
		cmocka_unit_test(decodes_extended_form_of_short_lengths),
		cmocka_unit_test(refuses_lengths_that_disagree),
		cmocka_unit_test(refuses_what_cannot_be_said),
		cmocka_unit_test(decodes_responses),
		cmocka_unit_test(refuses_garbage_for_a_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
