/* Payment card data. Layouts: EMV 4.3 Book 3, annexes A to C; the bytes are
 * those of docs/virtual-card.md's account, read with other people's terminals
 * in tests/system/test_emv.sh. */
#include "cmocka_all.h"
#include "emv.h"
#include "fixtures.h"

static uk_bytes got(const struct uk_emv_set *s, uint32_t tag)
{
	uk_bytes v;

	assert_true(uk_emv_get(s, tag, &v));
	return v;
}

static void objects(void **state)
{
	struct uk_emv_set s = { .count = 0 };
	uk_bytes v;

	(void)state;
	/* filling before, between and behind; BF0C is constructed */
	expect_ok(uk_emv_collect(
	    &s, hex("00 5A086222021234567890 0000 5F340101 BF0C029F4D 00")));
	assert_int_equal(s.count, 2);
	expect_bytes(got(&s, UK_EMV_PAN), hex("6222021234567890"));
	expect_bytes(got(&s, UK_EMV_SEQUENCE), hex("01"));
	assert_false(uk_emv_get(&s, UK_EMV_TVR, &v));
	assert_false(uk_emv_get_n(&s, UK_EMV_PAN, 7, &v));
	expect_code(uk_emv_put(&s, UK_EMV_SEQUENCE, hex("02")), UK_ERR_EXISTS);
	/* twice */
	expect_code(uk_emv_collect(&s, hex("5F340102")), UK_ERR_FORMAT);
	/* cut */
	expect_code(uk_emv_collect(&s, hex("9F360200")), UK_ERR_FORMAT);
}

static void bounded(void **state)
{
	static const uint8_t big[UK_EMV_STORE + 1];
	struct uk_emv_set s = { .count = 0 };

	(void)state;
	expect_code(uk_emv_put(&s, 0x5a, UK_ARRAY(big)), UK_ERR_TOO_SMALL);
	for (uint32_t i = 0; i < UK_EMV_OBJECTS; i++)
		expect_ok(uk_emv_put(&s, 0x100 + i, UK_NONE));
	expect_code(uk_emv_put(&s, 0x5a, UK_NONE), UK_ERR_TOO_SMALL);
}

static void answers(void **state)
{
	static const char *const options[] = {
		"800A 1C00 08010100 10010200",
		"770E 82021C00 9408 08010100 10010200",
	};
	static const char *const cryptograms[] = {
		"8013 80 0001 7C4CBB39668B8B3D 07010103A0100001",
		"7720 9F270180 9F36020001 9F26087C4CBB39668B8B3D"
		"9F100807010103A0100001 00",
	};
	static const char *const bad[] = {
		"",
		"8001 80",
		"800A 80 0001 7C4CBB39668B8B", /* seven bytes */
		"7705 9F36020001",
		"8100",
		/* thirty-three bytes for the issuer */
		"802C 80 0001 7C4CBB39668B8B3D 000102030405060708090A0B0C0D0E0F"
		"101112131415161718191A1B1C1D1E1F20",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct uk_emv_set s = { .count = 0 };

		expect_ok(uk_emv_read_options(&s, hex(options[i])));
		expect_bytes(got(&s, UK_EMV_AIP), hex("1C00"));
		expect_bytes(got(&s, UK_EMV_AFL), hex("0801010010010200"));
		s = (struct uk_emv_set){ .count = 0 };
		expect_ok(uk_emv_read_ac(&s, hex(cryptograms[i])));
		expect_bytes(got(&s, UK_EMV_AC), hex("7C4CBB39668B8B3D"));
		expect_bytes(got(&s, UK_EMV_IAD), hex("07010103A0100001"));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct uk_emv_set s = { .count = 0 };

		expect_code(uk_emv_read_ac(&s, hex(bad[i])), UK_ERR_FORMAT);
	}
}

/* Book 3, 5.4: numbers keep and fill on the left, others on the right. */
static void filled_lists(void **state)
{
	static const struct {
		const char *dol, *want;
	} rows[] = {
		{ "9F0206", "000000010000" },
		{ "9F0204", "00010000" },
		{ "9F0208", "0000000000010000" },
		{ "9F3704", "01020304" },
		{ "9F3702", "0102" },
		{ "9F3706", "010203040000" },
		{ "5A0A", "6222021234567890FFFF" },
		{ "9F4E03 9F3701", "000000 01" },
		{ "DF810103", "000000" }, /* nobody knows it */
		{ "", "" },
	};
	struct uk_emv_set s = { .count = 0 };
	uint8_t room[300];

	(void)state;
	expect_ok(uk_emv_put(&s, UK_EMV_AMOUNT, hex("000000010000")));
	expect_ok(uk_emv_put(&s, UK_EMV_UN, hex("01020304")));
	expect_ok(uk_emv_put(&s, UK_EMV_PAN, hex("6222021234567890")));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_buf b = UK_BUF(room);

		expect_ok(uk_emv_dol_fill(hex(rows[i].dol), &s, &b));
		expect_bytes(uk_buf_view(&b), hex(rows[i].want));
	}
}

static void no_lists(void **state)
{
	static const char *const dols[] = { "9F", "9F02", "9F02069F",
		"9FFFFFFF01", "9F02FC9F0201", "9F02FF" };
	static const char *const afls[] = { "080101", "00010100", "F8010100",
		"09010100", "08000100", "08020100", "08010102" };
	struct uk_emv_set s = { .count = 0 };
	uint8_t room[600];

	(void)state;
	for (size_t i = 0; i < sizeof(dols) / sizeof(dols[0]); i++) {
		uk_buf b = UK_BUF(room);

		expect_code(
		    uk_emv_dol_fill(hex(dols[i]), &s, &b), UK_ERR_FORMAT);
	}
	for (size_t i = 0; i < sizeof(afls) / sizeof(afls[0]); i++) {
		uk_reader r = uk_read(hex(afls[i]));
		struct uk_emv_file f;

		assert_false(uk_emv_afl_next(&r, &f));
		expect_code(uk_read_end(&r), UK_ERR_FORMAT);
	}
}

static void locators(void **state)
{
	uk_reader r = uk_read(hex("08010100 10010201"));
	struct uk_emv_file f;

	(void)state;
	assert_true(uk_emv_afl_next(&r, &f));
	assert_true(f.sfi == 1 && f.first == 1 && f.last == 1);
	assert_true(uk_emv_afl_next(&r, &f));
	assert_true(f.sfi == 2 && f.last == 2 && f.offline == 1);
	assert_false(uk_emv_afl_next(&r, &f));
	expect_ok(uk_read_end(&r));
}

static void directory_entries(void **state)
{
	struct uk_emv_app app;

	(void)state;
	expect_ok(uk_emv_app_read(
	    hex("4F08A000000333010101 500A50424F43204445424954 870181"), &app));
	assert_string_equal(app.label, "PBOC DEBIT");
	assert_int_equal(app.aid_len, 8);
	assert_int_equal(app.priority, 1);
	expect_ok(uk_emv_app_read(hex("5003411B42 4F05A000000333"), &app));
	assert_string_equal(app.label, "A?B"); /* no ESC to a screen */
	expect_code(uk_emv_app_read(hex("4F04A0000003"), &app), UK_ERR_FORMAT);
	expect_code(uk_emv_app_read(hex("500141"), &app), UK_ERR_FORMAT);
}

static void tracks(void **state)
{
	static const char *const bad[] = { "", "6222021234567890",
		"6222021234567890D301222", "62220212345D3012220F",
		"62220212345678901234D3012220", "6222021234567890D30122",
		"6222021234567890D301222012AF", "6222021234567890D3012220FF1F",
		"6222021234567890D30122200000000000000000" };
	struct uk_track2 t;

	(void)state;
	expect_ok(uk_emv_track2(hex("6222021234567890D3012220"), &t));
	assert_string_equal(t.pan, "6222021234567890");
	assert_string_equal(t.expiry, "3012");
	assert_string_equal(t.service, "220");
	expect_ok(uk_emv_track2(hex("6222021234567890123D30122201234F"), &t));
	assert_string_equal(t.pan, "6222021234567890123");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (uk_view_str(bad[i]).n % 2 == 0)
			expect_code(
			    uk_emv_track2(hex(bad[i]), &t), UK_ERR_FORMAT);
	}
}

static void account_numbers(void **state)
{
	static const struct {
		const char *pan, *masked;
	} rows[] = {
		{ "6222021234567890123", "622202*********0123" },
		{ "6222021234567890", "622202******7890" },
		{ "6222021234567", "622******4567" },
		{ "622202123456", "62******3456" },
	};
	char pan[UK_EMV_PAN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_mask_pan(rows[i].pan, pan);
		assert_string_equal(pan, rows[i].masked);
	}
	expect_ok(uk_emv_pan(hex("6222021234567890123F"), pan));
	assert_string_equal(pan, "6222021234567890123");
	expect_ok(uk_emv_pan(hex("6222021234567890FFFF"), pan));
	assert_string_equal(pan, "6222021234567890");
	expect_code(uk_emv_pan(hex("62220212345F"), pan), UK_ERR_FORMAT);
	expect_code(uk_emv_pan(hex("6222021234F67890"), pan), UK_ERR_FORMAT);
	expect_code(
	    uk_emv_pan(hex("62220212345678901234"), pan), UK_ERR_FORMAT);
}

static void decimals(void **state)
{
	uint8_t room[16];
	uk_buf b = UK_BUF(room);
	uint64_t v;

	(void)state;
	uk_put_bcd(&b, 10000, 6);
	expect_bytes(uk_buf_view(&b), hex("000000010000"));
	expect_ok(uk_read_bcd(uk_buf_view(&b), &v));
	assert_int_equal(v, 10000);
	expect_code(uk_read_bcd(hex("0A"), &v), UK_ERR_FORMAT);
	uk_put_bcd(&b, 100, 1);
	assert_true(b.bad);
}

/* X = 10.00, Y = 100.00 */
#define AMOUNTS "000003E8 00002710"

static const struct {
	const char *list;
	uint64_t amount;
	enum uk_cvm method;
	const char *result;
} cvms[] = {
	/* the virtual card's: plain PIN is not for us, so a signature */
	{ "0000000000000000 4103 5E03 1F00", 1, UK_CVM_SIGNATURE, "5E0300" },
	{ AMOUNTS "4203 1E03 1F00", 1, UK_CVM_ONLINE_PIN, "420300" },
	{ AMOUNTS "1F06 4203 1E03", 999, UK_CVM_NONE, "1F0602" },
	{ AMOUNTS "1F06 4203 1E03", 1000, UK_CVM_ONLINE_PIN, "420300" },
	{ AMOUNTS "0209 1E07 1F00", 10001, UK_CVM_ONLINE_PIN, "020900" },
	{ AMOUNTS "0209 1E07 1F00", 10000, UK_CVM_SIGNATURE, "1E0700" },
	{ AMOUNTS "0209 1E07 1F08", 1000, UK_CVM_NONE, "1F0802" },
	/* a plain PIN and nothing else; and if not, nothing else */
	{ AMOUNTS "0100 1F00", 1, UK_CVM_FAILED, "010001" },
	{ AMOUNTS "4100 1F00", 1, UK_CVM_NONE, "1F0002" },
	{ AMOUNTS "4100", 1, UK_CVM_FAILED, "410001" },
	/* conditions that do not apply, or that nobody knows */
	{ AMOUNTS "0201 0204 0277", 1, UK_CVM_FAILED, "3F0001" },
	{ "", 1, UK_CVM_NONE, "3F0000" },
};

static void cardholders(void **state)
{
	struct uk_cvm_choice c;

	(void)state;
	for (size_t i = 0; i < sizeof(cvms) / sizeof(cvms[0]); i++) {
		expect_ok(
		    uk_cvm_choose(hex(cvms[i].list), cvms[i].amount, true, &c));
		assert_int_equal(c.method, cvms[i].method);
		expect_bytes(UK_ARRAY(c.result), hex(cvms[i].result));
	}
	expect_ok(uk_cvm_choose(hex(AMOUNTS "1F06 0200"), 1, false, &c));
	assert_int_equal(c.method, UK_CVM_ONLINE_PIN);
	expect_code(uk_cvm_choose(hex(AMOUNTS), 1, true, &c), UK_ERR_FORMAT);
	expect_code(
	    uk_cvm_choose(hex(AMOUNTS "410002"), 1, true, &c), UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects),
		cmocka_unit_test(bounded),
		cmocka_unit_test(answers),
		cmocka_unit_test(filled_lists),
		cmocka_unit_test(no_lists),
		cmocka_unit_test(locators),
		cmocka_unit_test(directory_entries),
		cmocka_unit_test(tracks),
		cmocka_unit_test(account_numbers),
		cmocka_unit_test(decimals),
		cmocka_unit_test(cardholders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
