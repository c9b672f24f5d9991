/*
 * PKCS#15: what is remembered of IsoApplet cards, and what is not believed.
 * Files are as pkcs15-init of OpenSC 0.23 writes them; commands by hand, from
 * ISO/IEC 7816-4, 11.2 and 11.3.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "folder_fixture.h"
#include "ukey_script.h"

#include "p15/p15_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

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

/* --- cards ------------------------------------------------------------------
 */

#define SELECT_FID(fid) "00A40000 02" fid "00"
#define FILE_FCI(fid, size, acl)                                               \
	"6F15 8102" size "820101 8302" fid "8608 FF" acl "9000"
#define OPEN_TO_ALL "90909090909000"
#define FILE_STEPS(fid, size, le, content)                                     \
	{ SELECT_FID(fid), FILE_FCI(fid, size, OPEN_TO_ALL), UK_OK },          \
	{                                                                      \
		"00B00000" le, content "9000", UK_OK                           \
	}
#define NO_FILE(fid)                                                           \
	{                                                                      \
		SELECT_FID(fid), "6A82", UK_OK                                 \
	}
#define SHORT(sfi, le, answer)                                                 \
	{                                                                      \
		"00B0" sfi "00" le, answer, UK_OK                              \
	}
#define INFO_AT(time) "301D 020100 040109 03020410 A511180F" time
/* 1 January 2020 */
#define INFO INFO_AT("32303230303130313030303030305A")
#define VERSION                                                                \
	{                                                                      \
		"00CA0101 00", "0100 2F 9000", UK_OK                           \
	}
#define OPEN_WITH(acl, info)                                                   \
	{ SELECT_FID("5032"), FILE_FCI("5032", "001F", acl), UK_OK },          \
	{                                                                      \
		"00B00000 1F", info "9000", UK_OK                              \
	}
#define OPEN OPEN_WITH("00000000000000", INFO)

#define KEY(label, ref)                                                        \
	"A02D 300B 0C02" label "030206C0 040101"                               \
	"     300E 040122 03020520 030203B8 0201" ref                          \
	"     A10E 300C 300604043F005015 02020100"
#define EC_1 KEY("6563", "01")
#define EC_2 KEY("6564", "02")
#define Z4   "00000000"
#define LIST                                                                   \
	FILE_STEPS("4402", "0033", "33", EC_1 Z4), NO_FILE("4404"),            \
	    NO_FILE("4403"), NO_FILE("4405")
#define SAME_KEYS SHORT("82", "34", EC_1 Z4 "9000")
#define NO_OTHERS                                                              \
	SHORT("83", "01", "6A82"), SHORT("84", "01", "6A82"),                  \
	    SHORT("85", "01", "6A82")

/* nth: the exchange that fails. Opens, lists and looks, whatever is remembered;
 * label: of the only key. */
static uk_err list_card(const struct script_step *steps, size_t n, unsigned nth,
    uint32_t kinds, char label[UK_LABEL_MAX + 1])
{
	struct uk_selected s = { UK_ARRAY(uk_isoapplet_aid), UK_NONE };
	uk_link *script = script_link(steps, n);
	uk_link *link = broken_link(&script, nth, UK_ERR_CARD_REMOVED);
	struct desk d = { NULL, NULL };
	uk_err err;

	script_reset();
	label[0] = 0;
	err = uk_channel_open(&link, &d.ch);
	if (uk_is_ok(err))
		err = uk_p15_ops.open(d.ch, &s, &d.card);
	if (uk_is_ok(err))
		err = uk_card_load_objects(d.card);
	if (uk_is_ok(err))
		err = uk_card_look(d.card, kinds);
	if (uk_is_ok(err))
		err = uk_card_load_objects(d.card);
	if (uk_is_ok(err) && d.card->object_count == 1)
		UK_IGNORE(uk_copy_str(label, UK_LABEL_MAX + 1,
		    uk_view_str(d.card->objects[0].label)));
	desk_close(&d);
	return err;
}

static void expect_listed(const struct script_step *steps, size_t n,
    uint32_t kinds, const char *wanted)
{
	char label[UK_LABEL_MAX + 1];

	expect_ok(list_card(steps, n, 0, kinds, label));
	assert_string_equal(label, wanted);
	assert_int_equal(script_log.commands, n); /* and no more */
}
#define EXPECT(steps, kinds, label)                                            \
	expect_listed(steps, sizeof(steps) / sizeof((steps)[0]), kinds, label)

static const struct script_step first[] = { OPEN, VERSION, LIST };
static const struct script_step again[] = { OPEN, SAME_KEYS, NO_OTHERS };
enum { ALL = ~0U, KEYS = 1 << UK_OBJ_PRIVATE_KEY };

/* --- what is believed --------------------------------------------------------
 */

static void met_again(void **state)
{
	const struct script_step keys[] = { OPEN, SAME_KEYS };

	(void)state;
	EXPECT(first, ALL, "ec");
	EXPECT(again, ALL, "ec");
	EXPECT(keys, KEYS, "ec"); /* only what was asked for */
	uk_cache_use(NULL);
	EXPECT(first, ALL, "ec");
}

/* lastUpdate is as it was: only the directory tells. */
static void another_directory(void **state)
{
	const struct script_step changed[] = { OPEN,
		SHORT("82", "34", EC_2 Z4 "9000"),
		FILE_STEPS("4402", "0033", "33", EC_2 Z4), NO_OTHERS };
	const struct script_step grown[] = { OPEN,
		SHORT("82", "34", EC_2 Z4 "00 9000"),
		FILE_STEPS("4402", "0034", "34", EC_2 Z4 "00"), NO_OTHERS };
	const struct script_step known[] = { OPEN,
		SHORT("82", "35", EC_2 Z4 "00 9000"), NO_OTHERS };

	(void)state;
	EXPECT(first, ALL, "ec");
	EXPECT(changed, ALL, "ed");
	EXPECT(grown, ALL, "ed");
	EXPECT(known, ALL, "ed");
}

/* Another file has the same short identifier, or the card knows none. */
static void no_short_identifier(void **state)
{
	static const char *const answers[] = { "3003020101 9000", "6A86",
		"6981", "9000" };

	(void)state;
	EXPECT(first, ALL, "ec");
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = { OPEN,
			SHORT("82", "34", answers[i]),
			FILE_STEPS("4402", "0033", "33", EC_1 Z4), NO_OTHERS };

		EXPECT(steps, ALL, "ec");
	}
}

/* A file that was not there. */
static void one_directory_more(void **state)
{
	const struct script_step steps[] = { OPEN, SAME_KEYS,
		SHORT("83", "01", "30 9000"),
		FILE_STEPS("4403", "0004", "04", Z4), SHORT("84", "01", "6A82"),
		SHORT("85", "01", "6A82") };

	(void)state;
	EXPECT(first, ALL, "ec");
	EXPECT(steps, ALL, "ec");
}

/* --- what proves nothing
 * ------------------------------------------------------
 */

static void another_token_info(void **state)
{
	const struct script_step steps[] = {
		OPEN_WITH("00000000000000",
		    INFO_AT("32303230303130313030303030315A")),
		VERSION, LIST
	};

	(void)state;
	EXPECT(first, ALL, "ec");
	EXPECT(steps, ALL, "ec");
}

static void never_written(void **state)
{
	const struct script_step fixed[] = { OPEN_WITH("0000000000FF00", INFO),
		VERSION, LIST };
	const struct script_step no_time[] = {
		OPEN_WITH("00000000000000",
		    "3008 020100 040109 0300 00000000000000000000"
		    "00000000000000000000 00"),
		VERSION, LIST
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		EXPECT(fixed, ALL, "ec");
		EXPECT(no_time, ALL, "ec");
	}
}

/* The second in which it was written is not over; a clock that is ahead. */
static void just_now(void **state)
{
	static char answer[128], digits[40];
	const time_t ahead[] = { 5, 86400 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		time_t t = time(NULL) + ahead[i];
		struct script_step steps[] = { OPEN, VERSION, LIST };
		char text[16];
		struct tm utc;

		assert_non_null(gmtime_r(&t, &utc));
		assert_int_equal(
		    strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &utc), 15);
		for (size_t j = 0; j < 15; j++)
			(void)snprintf(digits + 2 * j, 3, "%02X", text[j]);
		(void)snprintf(answer, sizeof(answer),
		    "301D 020100 040109 03020410 A511180F%s 9000", digits);
		steps[1].answer = answer;
		EXPECT(steps, ALL, "ec");
		EXPECT(steps, ALL, "ec");
	}
}

/* What needs the PIN is not remembered. */
static void not_for_all(void **state)
{
	const struct script_step steps[] = { OPEN, VERSION,
		{ SELECT_FID("4402"),
		    FILE_FCI("4402", "0033", "90909090909090"), UK_OK },
		{ "00B00000 33", EC_1 Z4 "9000", UK_OK }, NO_FILE("4404"),
		NO_FILE("4403"), NO_FILE("4405") };
	const struct script_step later[] = { OPEN,
		{ SELECT_FID("4402"),
		    FILE_FCI("4402", "0033", "90909090909090"), UK_OK },
		{ "00B00000 33", EC_1 Z4 "9000", UK_OK }, NO_OTHERS };

	(void)state;
	EXPECT(steps, ALL, "ec");
	EXPECT(later, ALL, "ec");
}

/* --- failures ----------------------------------------------------------------
 */

static uk_err list_broken(void *arg, unsigned nth)
{
	char label[UK_LABEL_MAX + 1];

	(void)arg;
	return list_card(
	    again, sizeof(again) / sizeof(again[0]), nth, ALL, label);
}

static void survives_the_loss_of_the_card(void **state)
{
	(void)state;
	EXPECT(first, ALL, "ec");
	assert_int_equal(
	    fail_every_exchange(list_broken, NULL, UK_ERR_CARD_REMOVED),
	    sizeof(again) / sizeof(again[0]));
}

/* A card that was never seen is listed with or without a cache; what is missing
 * is only remembered. */
static void survives_the_loss_of_memory(void **state)
{
	long live = uk_mem_live();
	bool touched = true;

	(void)state;
	for (unsigned nth = 1; touched; nth++) {
		char label[UK_LABEL_MAX + 1];
		uk_err err;

		uk_mem_fail_nth(nth);
		err = list_card(
		    first, sizeof(first) / sizeof(first[0]), 0, ALL, label);
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		assert_int_equal(uk_mem_live(), live);
		if (uk_is_ok(err))
			assert_string_equal(label, "ec");
		else
			expect_code(err, UK_ERR_MEMORY);
		assert_int_equal(folder_remove(), 0);
		uk_cache_use(folder_make());
	}
}

int main(void)
{
#define WITH_CACHE(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		WITH_CACHE(met_again),
		WITH_CACHE(another_directory),
		WITH_CACHE(no_short_identifier),
		WITH_CACHE(one_directory_more),
		WITH_CACHE(another_token_info),
		WITH_CACHE(never_written),
		WITH_CACHE(just_now),
		WITH_CACHE(not_for_all),
		WITH_CACHE(survives_the_loss_of_the_card),
		WITH_CACHE(survives_the_loss_of_memory),
	};
#undef WITH_CACHE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
