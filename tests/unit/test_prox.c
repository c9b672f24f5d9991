/*
 * ISO/IEC 14443-4 from the reader's side, frame by frame. The situations are
 * the scenarios of the standard's annex B, by their numbers; their blocks were
 * written by hand from 7.1 and 7.5, and a check code is put behind them that
 * the recorded frames of test_prox_recorded.c pin down.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "prox_chip.h"

#define ONE   "0084000001"
#define TWO   "0084000002"
#define LONG  "00A4040008F0756B65792E303100" /* 14 bytes: 13 and 1 */
#define LONG1 "00A4040008F0756B65792E3031"
#define LAST  "00"
/* What most end with, after the part that matters. */
#define AND_ON                                                                 \
	{                                                                      \
		"03" TWO, "039000"                                             \
	}

static const struct scenario {
	unsigned number; /* in annex B; 0: not there */
	const char *commands[2];
	const char *answers; /* both, one behind the other */
	unsigned asked;
	struct chip_row rows[10];
} scenarios[] = {
	/* exchange of I-blocks */
	{ 1, { ONE, TWO }, "1190009000", 0,
	    { CHIP_ATS, { "02" ONE, "02119000" }, AND_ON, CHIP_END } },
	/* request for waiting time extension */
	{ 2, { ONE, TWO }, "90009000", 1,
	    { CHIP_ATS, { "02" ONE, "F205" }, { "F205", "029000" }, AND_ON,
		CHIP_END } },
	/* the reader chains */
	{ 4, { LONG, ONE }, "90009000", 0,
	    { CHIP_ATS, { "12" LONG1, "A2" }, { "03" LAST, "039000" },
		{ "02" ONE, "029000" }, CHIP_END } },
	/* the card chains */
	{ 5, { ONE, TWO }, "112290009000", 0,
	    { CHIP_ATS, { "02" ONE, "121122" }, { "A3", "039000" },
		{ "02" TWO, "029000" }, CHIP_END } },
	/* the first block is lost */
	{ 6, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "" }, { "B2", "A3" },
		{ "02" ONE, "029000" }, AND_ON, CHIP_END } },
	/* a later one is lost */
	{ 7, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "029000" }, { "03" TWO, "" },
		{ "B3", "A2" }, { "03" TWO, "039000" }, CHIP_END } },
	/* the answer is spoilt */
	{ 8, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "~029000" }, { "B2", "029000" }, AND_ON,
		CHIP_END } },
	/* and R(NAK), too */
	{ 9, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "~029000" }, { "B2", "" },
		{ "B2", "029000" }, AND_ON, CHIP_END } },
	/* the request for time is spoilt */
	{ 10, { ONE, TWO }, "90009000", 1,
	    { CHIP_ATS, { "02" ONE, "~F201" }, { "B2", "F201" },
		{ "F201", "029000" }, AND_ON, CHIP_END } },
	/* and R(NAK), too */
	{ 11, { ONE, TWO }, "90009000", 1,
	    { CHIP_ATS, { "02" ONE, "~F201" }, { "B2", "" }, { "B2", "F201" },
		{ "F201", "029000" }, AND_ON, CHIP_END } },
	/* the response to it is lost */
	{ 12, { ONE, TWO }, "90009000", 2,
	    { CHIP_ATS, { "02" ONE, "F201" }, { "F201", "" }, { "B2", "F201" },
		{ "F201", "029000" }, AND_ON, CHIP_END } },
	/* the answer after it is spoilt */
	{ 13, { ONE, TWO }, "90009000", 1,
	    { CHIP_ATS, { "02" ONE, "F201" }, { "F201", "~029000" },
		{ "B2", "029000" }, AND_ON, CHIP_END } },
	/* and R(NAK), too */
	{ 14, { ONE, TWO }, "90009000", 1,
	    { CHIP_ATS, { "02" ONE, "F201" }, { "F201", "~029000" },
		{ "B2", "" }, { "B2", "029000" }, AND_ON, CHIP_END } },
	/* the reader chains: R(ACK) is spoilt */
	{ 16, { LONG, ONE }, "90009000", 0,
	    { CHIP_ATS, { "12" LONG1, "~A2" }, { "B2", "A2" },
		{ "03" LAST, "039000" }, { "02" ONE, "029000" }, CHIP_END } },
	/* a piece is lost */
	{ 17, { LONG, ONE }, "90009000", 0,
	    { CHIP_ATS, { "12" LONG1, "A2" }, { "03" LAST, "" }, { "B3", "A2" },
		{ "03" LAST, "039000" }, { "02" ONE, "029000" }, CHIP_END } },
	/* R(ACK) is spoilt and R(NAK) lost */
	{ 18, { LONG, ONE }, "90009000", 0,
	    { CHIP_ATS, { "12" LONG1, "~A2" }, { "B2", "" }, { "B2", "A2" },
		{ "03" LAST, "039000" }, { "02" ONE, "029000" }, CHIP_END } },
	/* the card chains: R(ACK) is lost */
	{ 19, { ONE, TWO }, "1190009000", 0,
	    { CHIP_ATS, { "02" ONE, "1211" }, { "A3", "" }, { "A3", "039000" },
		{ "02" TWO, "029000" }, CHIP_END } },
	/* a piece is spoilt */
	{ 20, { ONE, TWO }, "112290009000", 0,
	    { CHIP_ATS, { "02" ONE, "1211" }, { "A3", "~1322" },
		{ "A3", "1322" }, { "A2", "029000" }, AND_ON, CHIP_END } },
	/* time asked for within either chain */
	{ 0, { LONG, ONE }, "90009000", 1,
	    { CHIP_ATS, { "12" LONG1, "F201" }, { "F201", "A2" },
		{ "03" LAST, "039000" }, { "02" ONE, "029000" }, CHIP_END } },
	{ 0, { ONE, TWO }, "1190009000", 1,
	    { CHIP_ATS, { "02" ONE, "1211" }, { "A3", "F201" },
		{ "F201", "~039000" }, { "A3", "039000" },
		{ "02" TWO, "029000" }, CHIP_END } },
	/* a block with the other number is none: neither a command's answer
	 * nor a piece of one is taken twice */
	{ 0, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "039000" }, { "B2", "029000" }, AND_ON,
		CHIP_END } },
	{ 0, { ONE, TWO }, "1190009000", 0,
	    { CHIP_ATS, { "02" ONE, "1211" }, { "A3", "1211" },
		{ "A3", "039000" }, { "02" TWO, "029000" }, CHIP_END } },
	/* R(ACK) that nobody has asked for does not repeat a command */
	{ 0, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "A3" }, { "B2", "029000" }, AND_ON,
		CHIP_END } },
	/* blocks that are none of ours: with CID, NAD, an empty chained one,
	 * R(NAK), a request to deselect, WTXM out of range, a long R(ACK) */
	{ 0, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "0A009000" }, { "B2", "06009000" },
		{ "B2", "029000" }, AND_ON, CHIP_END } },
	{ 0, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "12" }, { "B2", "B2" }, { "B2", "029000" },
		AND_ON, CHIP_END } },
	{ 0, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "F200" }, { "B2", "F23C" },
		{ "B2", "029000" }, AND_ON, CHIP_END } },
	{ 0, { ONE, TWO }, "90009000", 0,
	    { CHIP_ATS, { "02" ONE, "C2" }, { "B2", "A200" },
		{ "B2", "029000" }, AND_ON, CHIP_END } },
};

static void keeps_to_the_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *s = &scenarios[i];
		uint8_t storage[32];
		uk_buf answer = UK_BUF(storage);

		print_message("scenario %u (row %zu)\n", s->number, i);
		expect_ok(chip_play(s->rows, s->commands, &answer));
		assert_null(chip.next->sent); /* all of it was said */
		expect_bytes(uk_buf_view(&answer), hex(s->answers));
		assert_int_equal(chip.asked, s->asked);
	}
}

/* Scenarios 3 and 15: S(DESELECT), twice at most; then the field is off. */
static void deselects(void **state)
{
	static const char *commands[2] = { ONE };
	static const struct chip_row cases[][6] = {
		{ CHIP_ATS, { "02" ONE, "029000" }, { "C2", "C2" }, CHIP_END },
		{ CHIP_ATS, { "02" ONE, "029000" }, { "C2", "" },
		    { "C2", "C2" }, CHIP_END },
		{ CHIP_ATS, { "02" ONE, "029000" }, { "C2", "029000" },
		    { "C2", "" }, CHIP_END },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t storage[32];
		uk_buf answer = UK_BUF(storage);

		expect_ok(chip_play(cases[i], commands, &answer));
		trm_prox_off(&chip.prox);
		assert_null(chip.next->sent);
		assert_false(chip.prox.active);
		assert_true(
		    uk_is(trm_prox_transmit(&chip.prox, hex(ONE), &answer),
			UK_ERR_CARD_MUTE));
	}
}

/* After the third block in a row the command's fate is not known; it is not
 * sent again, and the card must be powered. */
static void gives_up_cleanly(void **state)
{
	static const char *one[2] = { ONE }, *chain[2] = { LONG };
	static const struct {
		const char *const *commands;
		struct chip_row rows[9];
	} cases[] = {
		{ one, { CHIP_ATS, { "02" ONE, "" }, { "B2", "" }, { "B2", "" },
			   { "C2", "" }, { "C2", "" }, CHIP_END } },
		{ one, { CHIP_ATS, { "02" ONE, "1211" }, { "A3", "" },
			   { "A3", "" }, { "A3", "~039000" }, { "C2", "C2" },
			   CHIP_END } },
		/* it never has the piece */
		{ chain, { CHIP_ATS, { "12" LONG1, "" }, { "B2", "A3" },
			     { "12" LONG1, "" }, { "B2", "A3" },
			     { "12" LONG1, "" }, { "C2", "C2" }, CHIP_END } },
		/* an answer, although half of the command is still here */
		{ chain,
		    { CHIP_ATS, { "12" LONG1, "029000" }, { "B2", "029000" },
			{ "B2", "029000" }, { "C2", "C2" }, CHIP_END } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t storage[32];
		uk_buf answer = UK_BUF(storage);

		assert_true(
		    uk_is(chip_play(cases[i].rows, cases[i].commands, &answer),
			UK_ERR_CARD_MUTE));
		assert_null(chip.next->sent);
		assert_int_equal(answer.len, 0);
		assert_false(chip.prox.active);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_to_the_scenarios),
		cmocka_unit_test(deselects),
		cmocka_unit_test(gives_up_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
