/*
 * U-key: PINs entered on the reader. Structures as in test_pinpad.c, commands
 * from docs/card-profile.md, section 3.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "ukey_script.h"

#define FF16           "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

#define ASK_FEATURES   "42000D48"
#define ASK_PROPERTIES "4233000A"
#define ASK_TLV        "42330012"
#define FEATURES       "0604 42330006 0704 42330007 0A04 4233000A 1204 42330012"
/* 4 to 15 digits of the PIN, 8 to 15 of the PUK */
#define VERIFY(ref, range)                                                     \
	"42330006 1E1E820F00" range "0201090400000000 15000000 002000" ref     \
	"10" FF16
/* Before the pad: what it sends is not ours to see, and an empty VERIFY would
 * be good while another program is logged in. */
#define LOGOUT(ref)                                                            \
	{                                                                      \
		"0020FF" ref, "9000", UK_OK                                    \
	}
#define CHANGE(ref, range)                                                     \
	"42330007 1E1E820F000010" range                                        \
	"0302030904000102000000 25000000 002400" ref "20" FF16 FF16
#define UNBLOCK                                                                \
	"42330007 1E1E820F000000 0F04"                                         \
	"0102020904010201000000 15000000 002C028110" FF16

static uk_err try_open(struct desk *d, const struct script_step *steps,
    size_t count, unsigned nth, enum uk_code failure)
{
	uk_link *script, *broken;
	uk_err err;

	script_reset();
	*d = (struct desk){ 0 };
	script = script_reader(steps, count);
	broken = broken_link(&script, nth, failure);
	err = uk_channel_open(&broken, &d->ch);
	if (!uk_is_ok(err))
		return err;
	uk_channel_find_pinpad(d->ch);
	err = uk_card_open(d->ch, &d->card);
	if (!uk_is_ok(err))
		uk_channel_close(&d->ch, UK_LEAVE_CARD);
	return err;
}

/* A card in a reader with a pad: three controls and the selection. */
static struct desk open_pad(const struct script_step *steps, size_t count)
{
	struct desk d;

	expect_ok(try_open(&d, steps, count, 0, UK_OK));
	assert_true(d.card->info.pin_pad);
	return d;
}
#define PAD_DESK(steps) open_pad(steps, sizeof(steps) / sizeof((steps)[0]))

#define START                                                                  \
	{ ASK_FEATURES, FEATURES, UK_OK },                                     \
	    { ASK_PROPERTIES, "10010700", UK_OK },                             \
	    { ASK_TLV, "0A0400000100", UK_OK },                                \
	{                                                                      \
		SELECT_UKEY, FCI_GOOD, UK_OK                                   \
	}

static void verify(void **state)
{
	const struct script_step steps[] = {
		START,
		LOGOUT("81"),
		{ VERIFY("81", "0F04"), "63C2", UK_OK },
		LOGOUT("81"),
		{ VERIFY("81", "0F04"), "9000", UK_OK },
		LOGOUT("82"),
		{ VERIFY("82", "0F04"), "9000", UK_OK },
		LOGOUT("83"),
		{ VERIFY("83", "0F08"), "63C4", UK_OK },
		LOGOUT("81"),
		{ VERIFY("81", "0F04"), "6983", UK_OK },
	};
	struct desk d = PAD_DESK(steps);

	(void)state;
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, NULL), UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[0].tries_left, 2);
	expect_ok(uk_card_verify(d.card, UK_PIN_USER, NULL));
	assert_int_equal(d.card->pins[0].tries_left, 3);
	expect_ok(uk_card_verify(d.card, UK_PIN_CONSENT, NULL));
	expect_code(uk_card_verify(d.card, UK_PIN_SO, NULL), UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[1].tries_left, 4);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, NULL), UK_ERR_PIN_BLOCKED);
	assert_int_equal(d.card->pins[0].tries_left, 0);
	assert_int_equal(script_log.controls, 8);
	desk_close_after(&d, 6);
}

/* What the person or the clock ended costs no try, and is not asked again. */
static void entries_that_end_early(void **state)
{
	static const struct {
		const char *answer;
		enum uk_code failure, code;
	} rows[] = {
		{ "6400", UK_OK, UK_ERR_TIMEOUT },
		{ "6401", UK_OK, UK_ERR_CANCELLED },
		{ "6402", UK_OK, UK_ERR_CANCELLED },
		{ "6403", UK_OK, UK_ERR_PIN_LENGTH },
		{ "6B80", UK_OK, UK_ERR_CARD_STATUS },
		{ "", UK_OK, UK_ERR_CARD_MUTE },
		{ NULL, UK_ERR_CARD_REMOVED, UK_ERR_CARD_REMOVED },
		{ NULL, UK_ERR_UNSUPPORTED, UK_ERR_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script_step steps[] = {
			START,
			LOGOUT("81"),
			{ VERIFY("81", "0F04"), rows[i].answer,
			    rows[i].failure },
			{ CHANGE("81", "0F04"), rows[i].answer,
			    rows[i].failure },
		};
		struct desk d = PAD_DESK(steps);

		expect_code(
		    uk_card_verify(d.card, UK_PIN_USER, NULL), rows[i].code);
		expect_code(uk_card_change_pin(d.card, UK_PIN_USER, NULL, NULL),
		    rows[i].code);
		assert_int_equal(d.card->pins[0].tries_left, 3);
		desk_close_after(&d, 2);
	}
}

static void changes(void **state)
{
	const struct script_step steps[] = {
		START,
		{ CHANGE("81", "0F04"), "63C1", UK_OK },
		{ CHANGE("81", "0F04"), "9000", UK_OK },
		{ CHANGE("83", "0F08"), "9000", UK_OK },
		{ UNBLOCK, "6982", UK_OK },
		{ UNBLOCK, "9000", UK_OK },
	};
	struct desk d = PAD_DESK(steps);
	uk_pin pin = pin_of("123456");

	(void)state;
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, NULL, NULL),
	    UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[0].tries_left, 1);
	expect_ok(uk_card_change_pin(d.card, UK_PIN_CONSENT, NULL, NULL));
	assert_int_equal(d.card->pins[0].tries_left, 3);
	expect_ok(uk_card_change_pin(d.card, UK_PIN_SO, NULL, NULL));
	expect_code(uk_card_unblock(d.card, NULL, NULL), UK_ERR_NOT_LOGGED_IN);
	expect_ok(uk_card_unblock(d.card, NULL, NULL));
	/* half of it here and half of it there */
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, &pin, NULL),
	    UK_ERR_ARGUMENT);
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, NULL, &pin),
	    UK_ERR_ARGUMENT);
	expect_code(uk_card_unblock(d.card, &pin, NULL), UK_ERR_ARGUMENT);
	desk_close_after(&d, 1);
}

/* A program that has the PIN may still send it. */
static void given_pins(void **state)
{
	const struct script_step steps[] = {
		START,
		{ "00200081 10 31323334 FFFFFFFFFFFFFFFFFFFFFFFF", "9000",
		    UK_OK },
	};
	struct desk d = PAD_DESK(steps);
	uk_pin pin = pin_of("1234");

	(void)state;
	expect_ok(uk_card_verify(d.card, UK_PIN_USER, &pin));
	desk_close_after(&d, 2);
}

/* The pad takes six digits at most, the PUK has eight at least. */
static void pads_that_are_too_small(void **state)
{
	const struct script_step steps[] = {
		{ ASK_FEATURES, "0604 42330006 1204 42330012", UK_OK },
		{ ASK_TLV, "060104 070106", UK_OK },
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		LOGOUT("81"),
		{ VERIFY("81", "0604"), "9000", UK_OK },
		LOGOUT("83"),
	};
	struct desk d = PAD_DESK(steps);

	(void)state;
	expect_ok(uk_card_verify(d.card, UK_PIN_USER, NULL));
	expect_code(
	    uk_card_verify(d.card, UK_PIN_SO, NULL), UK_ERR_UNSUPPORTED);
	/* and it cannot change a PIN */
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, NULL, NULL),
	    UK_ERR_UNSUPPORTED);
	desk_close_after(&d, 3);
}

/* One question, no APDU more, and no pad. */
static void readers_without_a_pad(void **state)
{
	static const char *const rows[] = {
		NULL,                     /* does not know the question */
		"",                       /* knows it and has nothing */
		"1204 42330012",          /* no way to enter a PIN */
		"0704 42330007",          /* cannot verify */
		"0604 42330006 0704 4233" /* lies */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script_step steps[] = {
			{ ASK_FEATURES, rows[i], UK_ERR_UNSUPPORTED },
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
		};
		struct desk d;

		expect_ok(try_open(&d, steps, 2, 0, UK_OK));
		assert_false(d.card->info.pin_pad);
		expect_code(uk_card_verify(d.card, UK_PIN_USER, NULL),
		    UK_ERR_UNSUPPORTED);
		assert_int_equal(script_log.controls, 1);
		desk_close_after(&d, 1);
	}
}

/* Nobody asked: the pad is as if it were not there. */
static void not_asked(void **state)
{
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct desk d = DESK(steps);

	(void)state;
	assert_false(d.card->info.pin_pad);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, NULL), UK_ERR_UNSUPPORTED);
	desk_close_after(&d, 1);
}

/* The reader goes away after any exchange: never a login, never a leak. */
static void every_exchange_fails(void **state)
{
	const struct script_step steps[] = {
		START,
		LOGOUT("81"),
		{ VERIFY("81", "0F04"), "9000", UK_OK },
	};
	long live = uk_mem_live();

	(void)state;
	for (unsigned nth = 1; nth <= 5; nth++) {
		struct desk d;
		uk_err err = try_open(&d, steps, 5, nth, UK_ERR_CARD_REMOVED);

		if (uk_is_ok(err)) {
			assert_int_equal(nth, 5);
			err = uk_card_verify(d.card, UK_PIN_USER, NULL);
			assert_int_equal(d.card->pins[0].tries_left, 3);
			desk_close(&d);
		}
		expect_code(err, UK_ERR_CARD_REMOVED);
		assert_int_equal(uk_mem_live(), live);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify),
		cmocka_unit_test(entries_that_end_early),
		cmocka_unit_test(changes),
		cmocka_unit_test(given_pins),
		cmocka_unit_test(pads_that_are_too_small),
		cmocka_unit_test(readers_without_a_pad),
		cmocka_unit_test(not_asked),
		cmocka_unit_test(every_exchange_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
