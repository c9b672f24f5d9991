/*
 * What cards say of themselves, as other people's cards and readers have it:
 * ATS, ATQB, the answer to ATTRIB, answers to reset; and what follows from it.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "prox_chip.h"

#define ONE   "0084000001"
#define LONG1 "00A4040008F0756B65792E3031" /* 13 bytes */

/*
 * ATRs as readers of other makers show them: ACS, ACR1281U-C1 Application
 * Programming Interface 1.08, 5.2.3, examples 1 (DESFire) and 2 (EZ-Link, type
 * B; PUPI made up); the others by hand from PC/SC part 3, 3.1.3.2.3.1.
 */
static void shows_the_answer_to_reset(void **state)
{
	static const struct {
		const char *atqb, *said, *atr;
	} cases[] = {
		{ "", "067577810280", "3B8180018080" },
		{ "50010203041C2D9411F77185", "00",
		    "3B8880011C2D9411F7718500BE" },
		/* MBLI 2, and an answer of a higher layer */
		{ "50010203041C2D9411F77185", "209000",
		    "3B8880011C2D9411F77185209E" },
		/* no historical bytes; only TL; a format byte alone */
		{ "", "0578807002", "3B80800101" },
		{ "", "01", "3B80800101" },
		{ "", "0208", "3B80800101" },
		/* 16 historical bytes: an ATR has room for 15 */
		{ "", "1208000102030405060708090A0B0C0D0E0F",
		    "3B8F8001000102030405060708090A0B0C0D0E01" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t storage[TRM_PROX_ATR];
		uk_buf atr = UK_BUF(storage);
		struct trm_prox_says says;

		if (cases[i].atqb[0] == '\0') {
			expect_ok(trm_ats_parse(hex(cases[i].said), &says));
		} else {
			expect_ok(trm_atqb_parse(hex(cases[i].atqb), &says));
			expect_ok(trm_attrib_parse(hex(cases[i].said), &says));
		}
		trm_prox_put_atr(&says, &atr);
		expect_bytes(uk_buf_view(&atr), hex(cases[i].atr));
	}
}

static void refuses_what_lies(void **state)
{
	static const char *ats[] = { "", "00", "02", "0572", "0278", "0470",
		"047000", "050800010203", "0300" };
	static const char *atqb[] = { "", "50",
		"5001020304"
		"1C2D9411"
		"F771",
		"5101020304"
		"1C2D9411"
		"F77185",
		"5001020304"
		"1C2D9411"
		"F7718500"
		"00" };
	struct trm_prox_says says;

	(void)state;
	for (size_t i = 0; i < sizeof(ats) / sizeof(ats[0]); i++)
		expect_code(trm_ats_parse(hex(ats[i]), &says), UK_ERR_FORMAT);
	for (size_t i = 0; i < sizeof(atqb) / sizeof(atqb[0]); i++)
		expect_code(trm_atqb_parse(hex(atqb[i]), &says), UK_ERR_FORMAT);
	expect_code(trm_atqb_parse(hex("50010203041C2D9411F77085"), &says),
	    UK_ERR_UNSUPPORTED);
	expect_ok(trm_atqb_parse(hex("50010203041C2D9411F7118520"), &says));
	assert_int_equal(says.fsc, 24);
	assert_int_equal(says.fwi, 8);
	assert_int_equal(says.sfgi, 2);
	expect_code(trm_attrib_parse(UK_NONE, &says), UK_ERR_FORMAT);
	expect_code(trm_attrib_parse(hex("01"), &says), UK_ERR_FORMAT);
	expect_ok(trm_attrib_parse(hex("30"), &says));
	assert_int_equal(says.mbl, 4 * 24);
}

/* FSC and FSD, 5.1: what is reserved is read as the longest. */
static void knows_the_frame_sizes(void **state)
{
	static const uint16_t sizes[16] = { 16, 24, 32, 40, 48, 64, 96, 128,
		256, 256, 256, 256, 256, 256, 256, 256 };

	(void)state;
	for (uint8_t code = 0; code < 16; code++) {
		const uint8_t ats[] = { 2, code };
		struct trm_prox_says says;

		expect_ok(trm_ats_parse(UK_ARRAY(ats), &says));
		assert_int_equal(says.fsc, sizes[code]);
	}
}

/* FWT = 4096/fc * 2^FWI, 7.2, and 49152/fc that a reader waits longer; times
 * WTXM for one block, at most 4949 ms, 7.3. */
static void waits_as_long_as_it_must(void **state)
{
	static const struct {
		const char *ats, *wtx;
		uint64_t fwt_us, extended_us, guard_us;
	} cases[] = {
		{ "0570004002", "F201", 8458, 8458, 5100 },
		{ "0570004002", "F23B", 8458, 59 * 8458, 5100 },
		{ "057000E002", "F202", 4952657, 4952657, 5100 },
		{ "0570000202", "F201", 3927, 3927, 1209 }, /* SFGI 2 */
		{ "057000F202", "F201", 8458, 8458, 1209 }, /* 15: as 4 */
		{ "0570004F02", "F201", 8458, 8458, 5100 }, /* 15: as 0 */
		{ "01", "F201", 8458, 8458, 5100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chip_row rows[] = { { "E080", cases[i].ats },
			{ "02" ONE, cases[i].wtx }, { cases[i].wtx, "" },
			{ "B2", "029000" }, { "03" ONE, "~039000" },
			{ "B3", "039000" }, CHIP_END };
		const char *commands[2] = { ONE };
		uint8_t storage[32];
		uk_buf answer = UK_BUF(storage);

		expect_ok(chip_play(rows, commands, &answer));
		assert_int_equal(chip.paused_us, cases[i].guard_us);
		/* Nothing was received yet: R(NAK) has the longer time, too. */
		assert_int_equal(chip.waited_us, cases[i].extended_us);
		expect_ok(trm_prox_transmit(&chip.prox, hex(ONE), &answer));
		assert_int_equal(chip.waited_us, cases[i].fwt_us);
	}
}

/* Three times from the start, since no card answers a second RATS. */
static void tries_activation_again(void **state)
{
	static const struct chip_row good[] = { { "E080", "" },
		{ "E080", "~0570004002" }, CHIP_ATS, CHIP_END };
	static const struct chip_row bad[] = { { "E080", "0670004002" },
		{ "E080", "00" }, { "E080", "" }, CHIP_END };
	uint8_t storage[TRM_PROX_ATR];
	uk_buf atr = UK_BUF(storage);

	(void)state;
	chip.found = (struct trm_prox_found){ .sak = 0x20 };
	expect_ok(chip_power(good, &atr));
	assert_int_equal(chip.fields, 3);
	atr = UK_BUF(storage);
	expect_code(chip_power(bad, &atr), UK_ERR_CARD_MUTE);
	assert_int_equal(chip.fields, 3);
	assert_int_equal(atr.len, 0);
	chip.found.sak = 0x08; /* no part 4: once is enough */
	expect_code(chip_power(bad, &atr), UK_ERR_UNSUPPORTED);
	assert_int_equal(chip.fields, 1);
}

/* MBL 32 (FSC 16, MBLI 2): 13 and 13 bytes with three around each are 32. */
static void does_not_overrun_the_card(void **state)
{
	static const char atqb[] = "5001020304"
				   "00000000"
				   "000140";
	static const struct chip_row rows[] = { { "1D01020304"
						  "00080100",
						    "20" },
		{ "12" LONG1, "A2" }, { "03" LONG1, "039000" }, CHIP_END };
	uint8_t storage[32];
	uk_buf answer = UK_BUF(storage), put = UK_BUF(chip.found.atqb);

	(void)state;
	chip.found.type_b = true;
	uk_put(&put, hex(atqb));
	chip.found.atqb_n = put.len;
	expect_ok(chip_power(rows, &answer));
	expect_code(
	    trm_prox_transmit(&chip.prox, hex(LONG1 LONG1 "00"), &answer),
	    UK_ERR_UNSUPPORTED);
	assert_true(chip.prox.active);
	expect_ok(trm_prox_transmit(&chip.prox, hex(LONG1 LONG1), &answer));
	assert_null(chip.next->sent);
	expect_code(
	    trm_prox_transmit(&chip.prox, UK_NONE, &answer), UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_answer_to_reset),
		cmocka_unit_test(refuses_what_lies),
		cmocka_unit_test(knows_the_frame_sizes),
		cmocka_unit_test(waits_as_long_as_it_must),
		cmocka_unit_test(tries_activation_again),
		cmocka_unit_test(does_not_overrun_the_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
