/* Which applications a card is asked for, from one program to the next: never
 * more than three, and not always the same. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "folder_fixture.h"
#include "piv_script.h"

#include <stdio.h>
#include <stdlib.h>

static int up(void **state)
{
	(void)state;
	uk_cache_use(folder_make());
	return 0;
}

static int down(void **state)
{
	(void)state;
	uk_cache_use(NULL);
	return folder_remove();
}

/* One program's look at a card with this answer to reset; how many applications
 * it found. */
static size_t look(const struct script_step *steps, size_t n)
{
	uk_link *link = script_link(steps, n);
	uk_channel *ch = NULL;
	struct uk_cards cards;
	size_t found;
	uk_err err;

	script_reset();
	script_atr("3B00");
	expect_ok(uk_channel_open(&link, &ch));
	err = uk_cards_open(ch, &cards);
	assert_true(uk_is_ok(err) || uk_is(err, UK_ERR_CARD_UNKNOWN));
	assert_int_equal(script_log.commands, n);
	found = cards.count;
	uk_cards_close(&cards);
	uk_channel_close(&ch, UK_LEAVE_CARD);
	return found;
}
#define LOOK(...)                                                              \
	look((const struct script_step[]){ __VA_ARGS__ },                      \
	    sizeof((const struct script_step[]){ __VA_ARGS__ }) /              \
		sizeof(struct script_step))

#define SELECT_P15 "00A40400 0C A000000063504B43532D3135 00"
#define NO(select)                                                             \
	{                                                                      \
		select, "6A82", UK_OK                                          \
	}
/* The standard's application, of which nobody has written TokenInfo. */
#define A_P15                                                                  \
	{ SELECT_P15, "9000", UK_OK }, NO("00A40200 02 5032 00"),              \
	    NO("00A40000 02 5032 00")

/* By turns, where nothing was ever found. */
static void another_one_next_time(void **state)
{
	(void)state;
	assert_int_equal(
	    LOOK(NO(SELECT_UKEY), NO(SELECT_ISO), NO(SELECT_PIV)), 0);
	assert_int_equal(
	    LOOK(NO(SELECT_P15), NO(SELECT_UKEY), NO(SELECT_PIV)), 0);
	assert_int_equal(
	    LOOK(NO(SELECT_ISO), NO(SELECT_UKEY), NO(SELECT_PIV)), 0);
	assert_int_equal(LOOK(A_P15, NO(SELECT_UKEY), NO(SELECT_PIV)), 1);
	/* and from then on it is known */
	assert_int_equal(LOOK(A_P15, NO(SELECT_UKEY), NO(SELECT_PIV)), 1);
	assert_int_equal(
	    LOOK(A_P15, NO(SELECT_UKEY), { SELECT_PIV, PIV_FCI, UK_OK },
		{ GET_CHUID, CHUID, UK_OK }),
	    2);
	assert_int_equal(LOOK(A_P15, NO(SELECT_UKEY), NO(SELECT_PIV)), 1);
}

/* A card like this was ours once: what is empty now may be so again. */
static void not_where_one_was_ours(void **state)
{
	(void)state;
	assert_int_equal(
	    LOOK(NO(SELECT_UKEY), { SELECT_ISO, "9000", UK_OK },
		NO("00A40000 02 5032 00"),
		{ "00CA0101 00", "0100 2F 9000", UK_OK }, NO(SELECT_PIV)),
	    1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    LOOK(NO(SELECT_ISO), NO(SELECT_UKEY), NO(SELECT_PIV)), 0);
}

/* Nothing is remembered: the same each time. */
static void without_memory(void **state)
{
	(void)state;
	uk_cache_use(NULL);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    LOOK(NO(SELECT_UKEY), NO(SELECT_ISO), NO(SELECT_PIV)), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_one_next_time),
		TEST(not_where_one_was_ours),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
