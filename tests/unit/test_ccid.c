/* CCID messages. Expected bytes: CCID revision 1.1, tables of chapter 6, laid
 * out by hand; the escape and slot change bytes are those Debian's libccidtwin
 * sends to and takes from a GemPC Twin. */
#include "ccid.h"

#include "cmocka_all.h"
#include "fixtures.h"

static const struct row {
	const char *bytes;
	struct uk_ccid m;
	const char *data;
} rows[] = {
	/* PC_to_RDR_IccPowerOn, 5 V, slot 1 */
	{ "62 00000000 01 05 01 0000",
	    { .type = UK_CCID_POWER_ON, .slot = 1, .seq = 5, .p = { 1, 0, 0 } },
	    "" },
	/* PC_to_RDR_XfrBlock, bBWI 4, wLevelParameter 0 */
	{ "6F 05000000 00 FF 04 0000 00A4000C00",
	    { .type = UK_CCID_XFR_BLOCK, .seq = 255, .p = { 4, 0, 0 } },
	    "00A4000C00" },
	/* RDR_to_PC_DataBlock: failed, no card, mute */
	{ "80 00000000 00 01 42 FE 00",
	    { .type = UK_CCID_DATA_BLOCK,
		.seq = 1,
		.p = { UK_CCID_FAILED | UK_CCID_NO_CARD, UK_CCID_E_MUTE, 0 } },
	    "" },
	{ "6B 03000000 00 02 000000 010101",
	    { .type = UK_CCID_ESCAPE, .seq = 2 }, "010101" },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_put(void **state)
{
	uint8_t storage[64];

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct uk_ccid m = rows[i].m;
		uk_buf out = UK_BUF(storage);

		m.data = hex(rows[i].data);
		uk_ccid_put(&out, &m);
		expect_ok(uk_buf_result(&out));
		expect_bytes(uk_buf_view(&out), hex(rows[i].bytes));
	}
}

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct uk_ccid *want = &rows[i].m;
		struct uk_ccid m;

		expect_ok(uk_ccid_parse(hex(rows[i].bytes), &m));
		assert_int_equal(m.type, want->type);
		assert_int_equal(m.slot, want->slot);
		assert_int_equal(m.seq, want->seq);
		assert_memory_equal(m.p, want->p, 3);
		expect_bytes(m.data, hex(rows[i].data));
	}
}

static void test_wrong_lengths(void **state)
{
	static const char *const wrong[] = { "", "62", "62 00000000 00 00 0000",
		"62 01000000 00 00 000000", "62 00000000 00 00 000000 00",
		"62 FFFFFFFF 00 00 000000", "62 00000100 00 00 000000" };
	struct uk_ccid m;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_code(uk_ccid_parse(hex(wrong[i]), &m), UK_ERR_FORMAT);
}

static void test_size(void **state)
{
	size_t size;

	(void)state;
	expect_ok(uk_ccid_size(hex("6F 0500000000 0000 00"), &size));
	assert_int_equal(size, 0);
	expect_ok(uk_ccid_size(hex("6F 0500000000 0000 0000"), &size));
	assert_int_equal(size, 15);
	expect_code(
	    uk_ccid_size(hex("6F 0900010000 0000 0000"), &size), UK_ERR_FORMAT);
}

/* Two bits a slot: 6.3.1. Slot 0 present and changed, slot 1 changed. */
static void test_slots(void **state)
{
	uint8_t storage[8];
	uk_buf out = UK_BUF(storage);
	struct uk_ccid_slots s;

	(void)state;
	expect_ok(uk_ccid_parse_slots(hex("500B"), &s));
	assert_int_equal(s.present, 1);
	assert_int_equal(s.changed, 3);
	uk_ccid_put_slots(&out, &s);
	expect_bytes(uk_buf_view(&out), hex("500B"));
	expect_code(uk_ccid_parse_slots(hex("50"), &s), UK_ERR_FORMAT);
	expect_code(uk_ccid_parse_slots(hex("510B"), &s), UK_ERR_FORMAT);
	expect_code(uk_ccid_parse_slots(hex("500B00"), &s), UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
