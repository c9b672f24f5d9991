/*
 * PIN pads. Feature lists and properties as pcsc-lite's reader.h and libccid's
 * SCARDCONTROL.md give them; structures worked out field by field from PC/SC
 * part 10, 2.5.2 and 2.5.3.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "pinpad.h"

/* --- features ------------------------------------------------------------ */

static void features(void **state)
{
	struct uk_pinpad_features f;

	(void)state;
	/* libccid's list for a GemPC PinPad */
	expect_ok(uk_pinpad_parse_features(
	    hex("0604 42330006 0704 42330007 0A04 4233000A 1204 42330012"),
	    &f));
	assert_int_equal(f.verify, 0x42330006);
	assert_int_equal(f.modify, 0x42330007);
	assert_int_equal(f.properties, 0x4233000a);
	assert_int_equal(f.tlv_properties, 0x42330012);
	/* a reader without a pad has TLV properties only */
	expect_ok(uk_pinpad_parse_features(hex("1204 42330012"), &f));
	assert_int_equal(f.verify, 0);
	assert_int_equal(f.tlv_properties, 0x42330012);
	/* others' features: VERIFY_PIN_START, EXECUTE_PACE, one unheard of */
	expect_ok(uk_pinpad_parse_features(
	    hex("0104 00000001 2004 00000020 FF04 000000FF"), &f));
	assert_int_equal(f.verify | f.modify | f.tlv_properties, 0);
	expect_ok(uk_pinpad_parse_features(UK_NONE, &f));
}

static void features_that_lie(void **state)
{
	static const char *const rows[] = {
		"06",
		"0604",
		"0604 423300",
		"0603 423300",
		"0605 4233000600",
		"0600",
		"06FF 42330006",
		"0604 42330006 07",
		"0604 42330006 0704 4233",
		"0604 42330006 FF00 0704 42330007",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uk_pinpad_features f = { .verify = 9 };

		expect_code(
		    uk_pinpad_parse_features(hex(rows[i]), &f), UK_ERR_FORMAT);
		assert_int_equal(f.verify, 0);
		assert_int_equal(f.modify, 0);
	}
}

/* --- properties ---------------------------------------------------------- */

static void properties(void **state)
{
	struct uk_pinpad_limits l = { 4, 8, 0 };

	(void)state;
	/* 16 characters, one line; any of key, length, time; no time-out 2 */
	expect_ok(uk_pinpad_parse_properties(hex("1001 07 00"), &l));
	assert_int_equal(l.validation, 7);
	assert_int_equal(l.pin_max, 8);
	expect_code(
	    uk_pinpad_parse_properties(hex("100102"), &l), UK_ERR_FORMAT);
	expect_code(
	    uk_pinpad_parse_properties(hex("1001020000"), &l), UK_ERR_FORMAT);
	assert_int_equal(l.validation, 7);
}

static void tlv_properties(void **state)
{
	struct uk_pinpad_limits l = { 0 };

	(void)state;
	/* wLcdLayout, validation, timeout2, minimum, maximum, firmware "V1",
	 * PPDU, dwMaxAPDUDataSize 10000, vendor and product */
	expect_ok(uk_pinpad_parse_tlv(
	    hex("01021001 020102 030100 060104 070108 08025631 090100"
		"0A0400000100 0B02E608 0C027834"),
	    &l));
	assert_int_equal(l.validation, 2);
	assert_int_equal(l.pin_min, 4);
	assert_int_equal(l.pin_max, 8);
	expect_ok(uk_pinpad_parse_tlv(UK_NONE, &l));
	assert_int_equal(l.pin_max, 8);
}

static void tlv_that_lies(void **state)
{
	static const char *const rows[] = {
		"06",
		"0601",
		"0600",
		"06020400",
		"060104 0702",
		"060104 0800 07",
		"060104 08FF00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uk_pinpad_limits l = { 1, 2, 3 };

		expect_code(
		    uk_pinpad_parse_tlv(hex(rows[i]), &l), UK_ERR_FORMAT);
		assert_int_equal(l.pin_min, 1);
		assert_int_equal(l.pin_max, 2);
		assert_int_equal(l.validation, 3);
	}
}

/* --- structures ---------------------------------------------------------- */

#define FF16 "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

static void structures(void **state)
{
	static const struct {
		struct uk_pinpad_entry e;
		struct uk_pinpad_limits pad;
		const char *bytes;
	} rows[] = {
		/* VERIFY of 4 to 16: fifteen fit; wPINMaxExtraDigit 0x040F */
		{ { 0x00, 0x20, 0x00, 0x81, true, false, 4, 16, 30, 0 }, { 0 },
		    "1E 1E 82 0F 00 0F04 02 01 0904 00 000000 15000000"
		    "00200081 10" FF16 },
		/* the pad takes 5 to 8 */
		{ { 0x00, 0x20, 0x00, 0x82, true, false, 4, 16, 0, 0 },
		    { 5, 8, 7 },
		    "00 00 82 0F 00 0805 02 01 0904 00 000000 15000000"
		    "00200082 10" FF16 },
		/* CHANGE: old at 0, new at 16, confirmed, three messages */
		{ { 0x00, 0x24, 0x00, 0x81, true, true, 4, 16, 30, 16 },
		    { 4, 8, 2 },
		    "1E 1E 82 0F 00 00 10 0804 03 02 03 0904 00 01 02"
		    "000000 25000000 00240081 20" FF16 FF16 },
		/* blocks of eight may be full */
		{ { 0x00, 0x20, 0x00, 0x80, true, false, 4, 16, 30, 8 }, { 0 },
		    "1E 1E 82 08 00 0804 02 01 0904 00 000000 0D000000"
		    "00200080 08 FFFFFFFFFFFFFFFF" },
		/* RESET RETRY COUNTER with the new PIN only */
		{ { 0x00, 0x2c, 0x02, 0x81, false, true, 4, 16, 30, 0 }, { 0 },
		    "1E 1E 82 0F 00 00 00 0F04 01 02 02 0904 01 02 01"
		    "000000 15000000 002C0281 10" FF16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t storage[UK_PINPAD_ENTRY_MAX];
		uk_buf out = UK_BUF(storage);

		expect_ok(uk_pinpad_put_entry(&rows[i].e, &rows[i].pad, &out));
		expect_bytes(uk_buf_view(&out), hex(rows[i].bytes));
	}
}

static void structures_that_cannot_be(void **state)
{
	static const struct uk_pinpad_limits short_pad = { 4, 6, 2 };
	static const struct uk_pinpad_limits long_pad = { 16, 20, 2 };
	static const struct uk_pinpad_limits any = { 0 };
	struct uk_pinpad_entry e = { 0x00, 0x20, 0x00, 0x83, true, false, 8, 16,
		30, 0 };
	uint8_t storage[UK_PINPAD_ENTRY_MAX];
	uk_buf out = UK_BUF(storage);
	uk_buf little = uk_buf_over(storage, 39);

	(void)state;
	expect_code(
	    uk_pinpad_put_entry(&e, &short_pad, &out), UK_ERR_UNSUPPORTED);
	expect_code(
	    uk_pinpad_put_entry(&e, &long_pad, &out), UK_ERR_UNSUPPORTED);
	expect_code(uk_pinpad_put_entry(&e, &any, &little), UK_ERR_TOO_SMALL);
	e.pin_min = 0; /* an empty PIN never reaches a card */
	expect_code(uk_pinpad_put_entry(&e, &any, &out), UK_ERR_UNSUPPORTED);
	e = (struct uk_pinpad_entry){ .pin_min = 4, .pin_max = 8 };
	expect_code(uk_pinpad_put_entry(&e, &any, &out), UK_ERR_ARGUMENT);
	assert_int_equal(out.len, 0);
}

/* --- answers ------------------------------------------------------------- */

static void answers(void **state)
{
	static const struct {
		const char *answer;
		enum uk_code code;
		uint16_t sw;
	} rows[] = {
		{ "9000", UK_OK, 0 },
		{ "63C2", UK_ERR_PIN_WRONG, 0x63c2 },
		{ "6983", UK_ERR_PIN_BLOCKED, 0x6983 },
		{ "6400", UK_ERR_TIMEOUT, 0x6400 },
		{ "6401", UK_ERR_CANCELLED, 0x6401 },
		{ "6402", UK_ERR_CANCELLED, 0x6402 },
		{ "6403", UK_ERR_PIN_LENGTH, 0x6403 },
		{ "6404", UK_ERR_CARD_STATUS, 0x6404 },
		{ "6B80", UK_ERR_CARD_STATUS, 0x6b80 },
		{ "", UK_ERR_CARD_MUTE, 0 },
		{ "90", UK_ERR_CARD_MUTE, 0 },
		{ "009000", UK_ERR_CARD_MUTE, 0 },
		{ "0000", UK_ERR_CARD_MUTE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_err err = uk_pinpad_result(hex(rows[i].answer));

		expect_code(err, rows[i].code);
		assert_int_equal(err.sw, rows[i].sw);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features),
		cmocka_unit_test(features_that_lie),
		cmocka_unit_test(properties),
		cmocka_unit_test(tlv_properties),
		cmocka_unit_test(tlv_that_lies),
		cmocka_unit_test(structures),
		cmocka_unit_test(structures_that_cannot_be),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
