/*
 * Strict UTF-8. Sequences from RFC 3629 (section 7 and the table in section 3)
 * and from the Unicode Standard 15, tables 3-7 to 3-9; classes from
 * UnicodeData.txt.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "utf8.h"

static void decodes_every_length(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t c;
	} rows[] = {
		{ "00", 0x0000 },
		{ "41", 0x0041 },
		{ "7F", 0x007f },
		{ "C280", 0x0080 },
		{ "DFBF", 0x07ff },
		{ "E0A080", 0x0800 },
		{ "E28982", 0x2242 },
		{ "E289A2", 0x2262 }, /* RFC 3629, 7: NOT IDENTICAL TO */
		{ "ED959C", 0xd55c }, /* RFC 3629, 7: Hangul han */
		{ "E69CAC", 0x672c }, /* RFC 3629, 7: hon */
		{ "ED9FBF", 0xd7ff },
		{ "EE8080", 0xe000 },
		{ "EFBFBF", 0xffff },
		{ "F0908080", 0x10000 },
		{ "F0A38EB4", 0x233b4 }, /* RFC 3629, 7 */
		{ "F48FBFBF", 0x10ffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i].bytes));

		assert_int_equal(uk_utf8_next(&r), rows[i].c);
		expect_ok(uk_read_end(&r));
	}
}

static void refuses_what_is_not_utf8(void **state)
{
	static const char *const rows[] = {
		"80",
		"BF", /* continuation alone */
		"C2",
		"E0A0",
		"F09080", /* cut */
		"C241",
		"E0A041",
		"F0908041", /* continuation missing */
		"C080",
		"C1BF", /* overlong, 2 bytes */
		"E08080",
		"E09FBF", /* overlong, 3 bytes */
		"F0808080",
		"F08FBFBF", /* overlong, 4 bytes */
		"EDA080",
		"EDBFBF",       /* surrogates */
		"EDA18CEDBEB4", /* RFC 3629, 10: a surrogate pair */
		"F4908080",
		"F7BFBFBF", /* over 10FFFF */
		"F888808080",
		"FC8480808080",
		"FE",
		"FF", /* no such lead */
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i]));

		assert_int_equal(uk_utf8_next(&r), 0);
		assert_true(r.bad);
	}
}

static void validates_whole_texts(void **state)
{
	(void)state;
	assert_true(uk_utf8_valid(UK_NONE));
	assert_true(uk_utf8_valid(uk_view_str("plain")));
	assert_true(uk_utf8_valid(hex("E5BCA0E4B889")));
	assert_false(uk_utf8_valid(hex("41 42 C0AF")));
	assert_false(uk_utf8_valid(hex("E5BCA0E4B8")));
}

static void knows_what_is_shown(void **state)
{
	static const uint32_t shown[] = { ' ', '~', 0xa0, 0xe9, 0x3b1, 0x5d0,
		0x627, 0xe01, 0x1100, 0x20ac, 0x4e2d, 0xac00, 0xff1a, 0xffef,
		0x1f4b3, 0x233b4, 0x3fffd };
	static const uint32_t hidden[] = { 0, 0x09, 0x0a, 0x0d, 0x1b, 0x1f,
		0x7f, 0x80, 0x85, 0x9f, 0xad, 0x34f, 0x61c, 0x115f, 0x1160,
		0x180b, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028,
		0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2064,
		0x2066, 0x2067, 0x2068, 0x2069, 0x206f, 0x2800, 0x3164, 0xd800,
		0xdfff, 0xe000, 0xf8ff, 0xfdd0, 0xfdef, 0xfe00, 0xfe0f, 0xfeff,
		0xffa0, 0xfff9, 0xfffb, 0xfffc, 0xfffd, 0xfffe, 0xffff, 0x1d173,
		0x1fffe, 0x2ffff, 0xe0001, 0xe007f, 0xe0100, 0xe01ef, 0xf0000,
		0x10fffd, 0x10ffff, 0x110000, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		assert_true(uk_utf8_is_shown(shown[i]));
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		assert_false(uk_utf8_is_shown(hidden[i]));
}

static void knows_blanks_and_marks(void **state)
{
	(void)state;
	assert_true(uk_utf8_is_blank(' '));
	assert_true(uk_utf8_is_blank(0x3000));
	assert_false(uk_utf8_is_blank('x'));
	assert_true(uk_utf8_is_combining(0x301));
	assert_true(uk_utf8_is_combining(0x20dd));
	assert_false(uk_utf8_is_combining(0xe9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_length),
		cmocka_unit_test(refuses_what_is_not_utf8),
		cmocka_unit_test(validates_whole_texts),
		cmocka_unit_test(knows_what_is_shown),
		cmocka_unit_test(knows_blanks_and_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
