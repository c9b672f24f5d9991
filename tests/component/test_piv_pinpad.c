/*
 * PIV: PINs entered on the reader. Structures from PC/SC part 10, 2.5.2 and
 * 2.5.3, commands from SP 800-73-4 part 2, 3.2.1 and 3.2.2: blocks of eight.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "piv_script.h"

#define FF8   "FFFFFFFFFFFFFFFF"
#define START { "42000D48", "0604 42330006 0704 42330007", UK_OK }, PIV_OPEN
#define LOGOUT                                                                 \
	{                                                                      \
		"0020FF80", "9000", UK_OK                                      \
	}
/* 30 s, ASCII from the left, blocks of 8, 4 to 8 digits, one message */
#define VERIFY                                                                 \
	"42330006 1E1E820800 0804 02 01 0904 00 000000 0D000000"               \
	"00200080 08" FF8
/* the old one at 0, the new one at 8, 6 to 8 digits, entered twice */
#define CHANGE                                                                 \
	"42330007 1E1E820800 00 08 0806 03 02 03 0904 000102 000000"           \
	"15000000 00240080 10" FF8 FF8

static struct desk open_pad(const struct script_step *steps, size_t count)
{
	struct desk d = { NULL, NULL };
	uk_link *link;

	script_reset();
	link = script_reader(steps, count);
	expect_ok(uk_channel_open(&link, &d.ch));
	uk_channel_find_pinpad(d.ch);
	expect_ok(uk_card_open(d.ch, &d.card));
	assert_true(d.card->info.pin_pad);
	return d;
}
#define PAD_DESK(steps) open_pad(steps, sizeof(steps) / sizeof((steps)[0]))

static void verify(void **state)
{
	const struct script_step steps[] = { START, NO_DISCOVERY, LOGOUT,
		{ VERIFY, "63C2", UK_OK }, LOGOUT, { VERIFY, "9000", UK_OK },
		LOGOUT, { VERIFY, "9000", UK_OK }, LOGOUT,
		{ VERIFY, "6401", UK_OK } };
	struct desk d = PAD_DESK(steps);

	(void)state;
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, NULL), UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[0].tries_left, 2);
	expect_ok(uk_card_verify(d.card, UK_PIN_USER, NULL));
	expect_ok(uk_card_verify(d.card, UK_PIN_CONSENT, NULL));
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, NULL), UK_ERR_CANCELLED);
	/* the management key is not typed on a pad */
	expect_code(
	    uk_card_verify(d.card, UK_PIN_SO, NULL), UK_ERR_UNSUPPORTED);
	desk_close(&d);
}

static void change(void **state)
{
	const struct script_step steps[] = { START, NO_DISCOVERY,
		{ CHANGE, "63C1", UK_OK }, { CHANGE, "9000", UK_OK },
		{ CHANGE, "6402", UK_OK }, { CHANGE, "6983", UK_OK } };
	struct desk d = PAD_DESK(steps);

	(void)state;
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, NULL, NULL),
	    UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[0].tries_left, 1);
	expect_ok(uk_card_change_pin(d.card, UK_PIN_USER, NULL, NULL));
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, NULL, NULL),
	    UK_ERR_CANCELLED);
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, NULL, NULL),
	    UK_ERR_PIN_BLOCKED);
	/* the PUK is nothing for the pad: it stands before the new PIN */
	expect_code(uk_card_unblock(d.card, NULL, NULL), UK_ERR_UNSUPPORTED);
	desk_close(&d);
}

static void no_pad(void **state)
{
	const struct script_step steps[] = { PIV_OPEN };
	struct desk d = DESK(steps);

	(void)state;
	assert_false(d.card->info.pin_pad);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, NULL), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, NULL, NULL),
	    UK_ERR_UNSUPPORTED);
	desk_close_after(&d, PIV_OPEN_COMMANDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify),
		cmocka_unit_test(change),
		cmocka_unit_test(no_pad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
