/*
 * Answers to reset. Interface bytes by ISO/IEC 7816-3:2006, 8.2; real ones from
 * the public list of pcsc-tools (smartcard_list.txt).
 */
#include "atr.h"
#include "cmocka_all.h"
#include "fixtures.h"

static void reads_answers(void **state)
{
	static const struct {
		const char *atr;
		uint16_t protocols;
		const char *historical;
		bool says, chaining, extended;
	} rows[] = {
		/* docs/card-profile.md, section 1 */
		{ "3B8A018073D401C054756B65793B", 1 << 1,
		    "8073D401C054756B6579", true, true, true },
		/* shortest: nothing offered but T=0, so no TCK */
		{ "3B00", 1 << 0, "", false, false, false },
		{ "3F00", 1 << 0, "", false, false, false },
		{ "3B02 1450", 1 << 0, "1450", false, false, false },
		/* smartcard_list: YubiKey NEO */
		{ "3BFC1300008131FE15597562696B65794E454F7233E1", 1 << 1,
		    "597562696B65794E454F7233", false, false, false },
		/* smartcard_list: Estonian eID 2018; T=0 and T=1 */
		{ "3BDB960080B1FE451F830012233F536549440F9000F1",
		    1 << 0 | 1 << 1, "0012233F536549440F9000", false, false,
		    false },
		/* smartcard_list: OpenPGP card 3.x; card capabilities */
		{ "3BDA18FF81B1FE751F030031F573C001600090001C", 1 << 1,
		    "0031F573C00160009000", true, false, true },
		/* TD1 says T=15 in the second place only: global bytes */
		{ "3B80 80 1F 00 1F", 1 << 0, "", false, false, false },
		/* one and two software function tables */
		{ "3B03 80 71C0", 1 << 0, "8071C0", true, false, false },
		{ "3B04 80 72C001", 1 << 0, "8072C001", true, false, false },
		{ "3B05 80 73000180", 1 << 0, "8073000180", true, true, false },
		/* proprietary category, and a value longer than there is */
		{ "3B05 FF 730001C0", 1 << 0, "FF730001C0", false, false,
		    false },
		{ "3B04 80 7F0001", 1 << 0, "807F0001", false, false, false },
		/* category 00 with a status indicator of three bytes */
		{ "3B08 00 730001C0 079000", 1 << 0, "00730001C0079000", true,
		    true, true },
		{ "3B04 00 73C0C0", 1 << 0, "0073C0C0", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_bytes atr = hex(rows[i].atr);
		uk_atr a;

		expect_ok(uk_atr_parse(atr, &a));
		assert_int_equal(a.protocols, rows[i].protocols);
		expect_bytes(a.historical, hex(rows[i].historical));
		assert_int_equal(a.says_capabilities, rows[i].says);
		assert_int_equal(a.chaining, rows[i].chaining);
		assert_int_equal(a.extended, rows[i].extended);
	}
}

static void refuses_the_rest(void **state)
{
	static const char *const rows[] = {
		"",
		"3B",
		"00",
		"3C00",
		"FF00", /* TS */
		"3B01",
		"3B0100FF", /* historical bytes missing, too many */
		"3B10",
		"3B80",
		"3BF0112233", /* interface bytes missing */
		"3B8001",     /* TCK missing */
		"3B800100",
		"3B800182",   /* TCK wrong */
		"3B80018100", /* a byte behind TCK */
		"3B8A018073D401C054756B65793A",
		"3B8A018073D401C054756B657A3B",
		/* endless */
		("3B8080808080808080808080808080808080808080808080808080808080"
		 "80808080808080"),
	};
	uk_atr a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		a.protocols = 99;
		expect_code(uk_atr_parse(hex(rows[i]), &a), UK_ERR_FORMAT);
		assert_int_equal(a.protocols, 0);
		assert_int_equal(a.historical.n, 0);
	}
	expect_ok(uk_atr_parse(hex("3B800181"), &a));
}

/* Card service data (7816-4, 12.1.1.7): selection by name, with and without an
 * EF.DIR; an empty one. */
static void directories(void **state)
{
	static const struct {
		const char *atr;
		bool directory;
	} rows[] = {
		{ "3B83018031A093", true },
		{ "3B8301803180B3", false },
		{ "3B8201803033", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_atr a;

		expect_ok(uk_atr_parse(hex(rows[i].atr), &a));
		assert_int_equal(a.directory, rows[i].directory);
	}
}

/* ISO/IEC 7816-3:2006, 8.3, 10.2 and 11.4: what the bytes of those cards say.
 */
static void reads_interface_bytes(void **state)
{
	static const struct uk_atr_interface none = {
		.fi_di = 0x11, .wi = 10, .ifsc = 32, .bwi = 4, .cwi = 13
	};
	static const struct {
		const char *atr;
		struct uk_atr_interface i;
	} rows[] = {
		{ "3B00", none },
		/* YubiKey NEO: TA1 13, TB1 00, TC1 00; T=1 with FE, 15 */
		{ "3BFC1300008131FE15597562696B65794E454F7233E1",
		    { .first = 1,
			.fi_di = 0x13,
			.wi = 10,
			.ifsc = 254,
			.bwi = 1,
			.cwi = 5 } },
		/* Estonian eID: TA1 96; T=0, then T=1 with FE, 45 */
		{ "3BDB960080B1FE451F830012233F536549440F9000F1",
		    { .fi_di = 0x96,
			.wi = 10,
			.ifsc = 254,
			.bwi = 4,
			.cwi = 5 } },
		/* OpenPGP: TA1 18, TC1 FF; T=1 with FE, 75 */
		{ "3BDA18FF81B1FE751F030031F573C001600090001C",
		    { .first = 1,
			.fi_di = 0x18,
			.guard = 0xff,
			.wi = 10,
			.ifsc = 254,
			.bwi = 7,
			.cwi = 5 } },
		/* TD1 D1: TA2 91 (specific, implicit, T=1), TC2 05; TD2 71: TA3
		 * 20, TB3 34, TC3 01 (CRC) */
		{ "3B80D1910571203401 A1", { .first = 1,
					       .fi_di = 0x11,
					       .specific = true,
					       .implicit = true,
					       .only = 1,
					       .wi = 5,
					       .ifsc = 32,
					       .bwi = 3,
					       .cwi = 4,
					       .crc = true } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct uk_atr_interface *w = &rows[i].i;
		uk_atr a;

		expect_ok(uk_atr_parse(hex(rows[i].atr), &a));
		assert_int_equal(a.interface.first, w->first);
		assert_int_equal(a.interface.fi_di, w->fi_di);
		assert_int_equal(a.interface.guard, w->guard);
		assert_int_equal(a.interface.specific, w->specific);
		assert_int_equal(a.interface.implicit, w->implicit);
		assert_int_equal(a.interface.only, w->only);
		assert_int_equal(a.interface.wi, w->wi);
		assert_int_equal(a.interface.ifsc, w->ifsc);
		assert_int_equal(a.interface.bwi, w->bwi);
		assert_int_equal(a.interface.cwi, w->cwi);
		assert_int_equal(a.interface.crc, w->crc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories),
		cmocka_unit_test(reads_answers),
		cmocka_unit_test(reads_interface_bytes),
		cmocka_unit_test(refuses_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
