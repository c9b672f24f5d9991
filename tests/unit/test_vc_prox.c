/*
 * The card's end of the field, frame by frame: what a reader says, and what a
 * card must say to it by ISO/IEC 14443-4, annex B (scenarios by their numbers),
 * 5.6, 6 and 7.5. Written by hand; the check codes are those of test_crc16.c.
 */
#include "vc_prox.h"

#include "crc16.h"

#include "cmocka_all.h"
#include "fixtures.h"

enum { ROWS = 12 };

/* Without check codes; said "": the card is silent. heard "~...": it comes with
 * a wrong check code. */
struct row {
	const char *heard, *said;
};

static struct vc_prox card;
static const char *reply, *own_atr = "3B02AABB";

static uk_bytes card_atr(void *arg)
{
	(void)arg;
	return hex(own_atr);
}

static void card_reset(void *arg)
{
	(void)arg;
}

static uk_bytes card_transmit(void *arg, uk_bytes command)
{
	(void)arg, (void)command;
	return hex(reply);
}

static void hear(const struct row *r)
{
	enum uk_crc16 which = card.wish.type_b ? UK_CRC_B : UK_CRC_A;
	uint8_t storage[VC_PROX_FRAME + 2], expected[VC_PROX_FRAME + 2];
	uk_buf in = UK_BUF(storage), want = UK_BUF(expected);
	bool spoilt = r->heard[0] == '~';
	uint16_t crc;

	uk_put(&in, hex(r->heard + spoilt));
	crc = uk_crc16(which, uk_buf_view(&in)) ^ spoilt;
	uk_put_u8(&in, (uint8_t)crc);
	uk_put_u8(&in, (uint8_t)(crc >> 8));
	uk_put(&want, hex(r->said));
	crc = uk_crc16(which, uk_buf_view(&want));
	if (want.len > 0) {
		uk_put_u8(&want, (uint8_t)crc);
		uk_put_u8(&want, (uint8_t)(crc >> 8));
	}
	expect_bytes(vc_prox_hear(&card, uk_buf_view(&in)), uk_buf_view(&want));
}

static void put_card(const struct vc_prox_wish *wish)
{
	static const struct vc_line_card behind = { card_atr, card_reset,
		card_transmit, NULL };
	uint8_t storage[32];
	uk_buf found = UK_BUF(storage);

	vc_prox_init(&card, &behind, wish);
	assert_false(vc_prox_wake(&card, true, &found)); /* no field */
	vc_prox_field(&card, true);
	assert_true(vc_prox_wake(&card, false, &found));
	expect_bytes(uk_buf_view(&found),
	    hex(wish->type_b ? "50 0875 6B79 AABB0000 00 21 41"
			     : "08756B7920"));
}

static void play(const struct row *rows)
{
	for (; rows->heard != NULL; rows++)
		hear(rows);
}

/* FSC 32, FWI 4; CID possible, but in this session it is 0 */
static const struct vc_prox_wish plain = { .fsci = 2, .fwi = 4, .cid = true };
static const struct vc_prox_wish slow = {
	.fsci = 2, .fwi = 4, .cid = true, .waits = 1, .wtxm = 2
};
static const struct vc_prox_wish type_b = {
	.fsci = 2, .fwi = 4, .cid = true, .type_b = true, .mbli = 3
};

#define ATS                                                                    \
	{                                                                      \
		"E080", "07 72 80 40 02 AABB"                                  \
	}
/* FSD 16: 13 bytes of an answer in a block */
#define ATS16                                                                  \
	{                                                                      \
		"E000", "07 72 80 40 02 AABB"                                  \
	}
#define ONE "00840000"
#define A13 "01020304050607080910111213"

static void answers_by_the_scenarios(void **state)
{
	static const struct {
		const struct vc_prox_wish *wish;
		const char *reply;
		unsigned commands;
		struct row rows[ROWS];
	} cases[] = {
		/* 1, 7: I-blocks; the second is lost on the way to the card */
		{ &plain, "9000", 2,
		    { ATS, { "02" ONE, "029000" }, { "B3", "A2" },
			{ "03" ONE, "039000" } } },
		/* 2, 12, 13: S(WTX), asked for again, granted, answer again */
		{ &slow, "9000", 1,
		    { ATS, { "02" ONE, "F202" }, { "B2", "F202" },
			{ "F202", "029000" }, { "B2", "029000" } } },
		/* what does not grant it */
		{ &slow, "9000", 1,
		    { ATS, { "F202", "" }, { "02" ONE, "F202" }, { "F203", "" },
			{ "F2", "" }, { "F202", "029000" }, { "F202", "" } } },
		/* 3, 15: S(DESELECT); then it is halted */
		{ &plain, "9000", 1,
		    { ATS, { "02" ONE, "029000" }, { "~C2", "" },
			{ "C2", "C2" }, { "C2", "" }, { "03" ONE, "" } } },
		/* 4, 16, 17: the reader chains */
		{ &plain, "9000", 1,
		    { ATS,
			{ "12"
			  "0084",
			    "A2" },
			{ "B2", "A2" }, { "B3", "A2" },
			{ "03"
			  "0000",
			    "039000" } } },
		/* 5, 19, 20: the card chains */
		{ &plain, A13 "9000", 1,
		    { ATS16, { "02" ONE, "12" A13 }, { "A3", "039000" },
			{ "A3", "039000" }, { "B3", "039000" } } },
		{ &plain, A13 A13 "9000", 1,
		    { ATS16, { "02" ONE, "12" A13 }, { "A3", "13" A13 },
			{ "A3", "13" A13 }, { "A2", "029000" },
			{ "A3", "" } } },
		/* 6: the first is lost */
		{ &plain, "9000", 1,
		    { ATS, { "~02" ONE, "" }, { "B2", "A3" }, { "B2", "A3" },
			{ "02" ONE, "029000" } } },
		/* 8, 9: the answer is lost */
		{ &plain, "9000", 1,
		    { ATS, { "02" ONE, "029000" }, { "~B2", "" },
			{ "B2", "029000" }, { "B2", "029000" } } },
		/* 7.5.5: is it there? both ways */
		{ &plain, "9000", 0,
		    { ATS, { "B2", "A3" }, { "02", "02" }, { "B2", "02" } } },
		/* neither NAD, nor a longer R-block, nor what is no block */
		{ &plain, "9000", 0,
		    { ATS, { "0600" ONE, "" }, { "B200", "" }, { "E2", "" },
			{ "C200", "" }, { "00" ONE, "" } } },
		/* a frame longer than FSC */
		{ &plain, "9000", 0,
		    { ATS, { "02" A13 A13 "00000000", "" }, { "B2", "A3" } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_card(cases[i].wish);
		reply = cases[i].reply;
		play(cases[i].rows);
		assert_int_equal(card.commands, cases[i].commands);
	}
}

/* 5.6.1.2: anything but RATS is ignored, and RATS comes once; 14443-3, 7.10:
 * ATTRIB must be for this card, at a rate and in a protocol that it has. */
static void is_activated_once(void **state)
{
	static const struct {
		const struct vc_prox_wish *wish;
		struct row rows[ROWS];
	} cases[] = {
		{ &plain, { { "02" ONE, "" }, { "~E080", "" }, { "E08F", "" },
			      { "E0", "" }, ATS, { "E080", "" } } },
		{ &type_b, { { "1D 0875 6B78 00080100", "" },
			       { "1D 0875 6B79 00480100", "" },
			       { "1D 0875 6B79 00080000", "" },
			       { "1D 0875 6B79 0008010F", "" },
			       { "1D 0875 6B79 000801", "" }, { "E080", "" },
			       { "1D 0875 6B79 00080105 AA", "35" },
			       { "1D 0875 6B79 00080100", "" } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_card(cases[i].wish);
		play(cases[i].rows);
	}
}

/* 7.1.1.2: its own CID is answered with it; without one only if it is 0. */
static void keeps_to_its_number(void **state)
{
	static const struct row five[] = { { "E085", "07 72 80 40 02 AABB" },
		{ "02" ONE, "" }, { "0A04" ONE, "" }, { "0A", "" },
		{ "0A05" ONE, "0A059000" }, { "BA05", "0A059000" },
		{ "B2", "" }, { "CA04", "" }, { "CA05", "CA05" },
		{ NULL, NULL } };
	static const struct row none[] = { { "E080", "07 72 80 40 00 AABB" },
		{ "0A00" ONE, "" }, { "02" ONE, "029000" }, { NULL, NULL } };

	(void)state;
	reply = "9000";
	put_card(&plain);
	play(five);
	assert_int_equal(card.commands, 1);
	put_card(&(struct vc_prox_wish){ .fsci = 2, .fwi = 4 });
	play(none);
	assert_int_equal(card.commands, 1);
}

/* A halted card wants WUP; one without power has forgotten everything. */
static void sleeps_and_forgets(void **state)
{
	static const struct row end[] = { ATS, { "C2", "C2" }, { NULL, NULL } };
	static const struct row again[] = { ATS, { "02" ONE, "029000" },
		{ NULL, NULL } };
	uint8_t storage[64];
	uk_buf found = UK_BUF(storage);

	(void)state;
	reply = "9000";
	put_card(&plain);
	play(end);
	assert_false(vc_prox_wake(&card, false, &found));
	assert_true(vc_prox_wake(&card, true, &found));
	play(again);
	assert_false(vc_prox_wake(&card, true, &found));
	vc_prox_field(&card, true); /* it was on */
	assert_int_equal(card.state, VC_PROX_BLOCKS);
	vc_prox_field(&card, false);
	hear(&(struct row){ "02" ONE, "" });
	vc_prox_field(&card, true);
	assert_true(vc_prox_wake(&card, false, &found));
}

/* A card that does not answer does not answer R(NAK) either. */
static void may_be_mute(void **state)
{
	static const struct row rows[] = { ATS, { "02" ONE, "" }, { "B2", "" },
		{ "B3", "A2" }, { NULL, NULL } };

	(void)state;
	reply = "";
	put_card(&plain);
	play(rows);
}

/* A command longer than any, and an ATS that the reader could not take. */
static void has_bounds(void **state)
{
	static const struct row piece[] = { { "12" A13 A13, "A2" },
		{ "12" A13 A13, "A3" } };
	static const struct row small[] = { { "E000", "05 72 80 40 02" },
		{ NULL, NULL } };
	static const struct row given[] = { { "1D 0875 6B79 00080105", "" },
		{ "1D 0875 6B79 00080100", "00" }, { NULL, NULL } };

	(void)state;
	put_card(&plain);
	hear(&(struct row)ATS);
	for (unsigned i = 0; i < UK_APDU_MAX / 26; i++)
		hear(&piece[i % 2]);
	hear(&(struct row){ "12" A13 A13, "" });
	hear(&(struct row){ "B2", "" });
	assert_int_equal(card.commands, 0);
	put_card(&plain);
	own_atr = "3B0A01020304050607080910";
	play(small);
	own_atr = "3B02AABB";
	card.wish.type_b = true; /* without CID it can only have 0 */
	card.wish.cid = false;
	card.state = VC_PROX_SELECTED;
	play(given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_by_the_scenarios),
		cmocka_unit_test(is_activated_once),
		cmocka_unit_test(keeps_to_its_number),
		cmocka_unit_test(sleeps_and_forgets),
		cmocka_unit_test(may_be_mute),
		cmocka_unit_test(has_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
