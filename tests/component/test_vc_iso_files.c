/* IsoApplet: the file system. Templates are those that OpenSC 0.23 sends for
 * `pkcs15-init --create-pkcs15` and `--store-pin`. */
#include "iso_card.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>

#define DF_5015 "6F1581021388820138830250158608FF00000000000000"
#define EF_5031 "6F1581020100820101830250318608FF00000000000000"
#define EF_2F00 "6F158102008082010183022F008608FF00000000000000"
#define EF_4402 "6F1581020200820101830244028608FF90909090909000"
#define EF_3300 "6F158102010E820101830233008608FF90FFFFFFFF9000"
#define CREATE  "00E0000017"
#define THIS_DF "00A4080C02 5015"

/* MF { 2F00, 5015 { 5031, 4402, 3300 } }, the PIN set and not given. */
static int set_up(void **state)
{
	struct vc_card *card = iso_card("isoapplet0", false);

	expect_sw(card, CREATE DF_5015, 0x9000);
	expect_sw(card, CREATE EF_5031, 0x9000);
	expect_sw(card, CREATE EF_4402, 0x9000);
	expect_sw(card, CREATE EF_3300, 0x9000);
	expect_sw(card, "00A4000C02 3F00", 0x9000);
	expect_sw(card, CREATE EF_2F00, 0x9000);
	expect_sw(card, "0024010110" ISO_PIN16, 0x9000);
	expect_sw(card, ISO_SELECT, 0x9000);
	*state = card;
	return 0;
}

static int tear_down(void **state)
{
	return vc_tear_down(state);
}

static void login(void **state)
{
	expect_sw(*state, ISO_LOGIN, 0x9000);
}

/* --- SELECT ----------------------------------------------------------------
 */

static void test_select(void **state)
{
	static const struct {
		const char *command, *answer;
	} rows[] = {
		/* the MF's own: no size, no rights */
		{ "00A4000000", "6F0782013883023F009000" },
		{ "00A4000002 3F00 00", "6F0782013883023F009000" },
		/* what was given is given back */
		{ "00A4080002 5015 00", DF_5015 "9000" },
		{ "00A4080004 50155031 00", EF_5031 "9000" },
		{ "00A4080404 50155031 00", EF_5031 "9000" },
		{ "00A4080C04 50155031", "9000" },
		{ "00A4080006 3F0050155031 00", EF_5031 "9000" },
		/* anywhere on the card */
		{ "00A4000002 5031 00", EF_5031 "9000" },
		{ "00A4020002 2F00 00", "6A82" }, /* not in 5015, where EF is */
		{ "00A4000002 2F00 00", EF_2F00 "9000" },
		{ "00A4000C02 3F00", "9000" },
		{ "00A4020002 2F00 00", EF_2F00 "9000" },
		{ "00A4000C02 3F00", "9000" },
		{ "00A4020002 5031 00", EF_5031 "9000" }, /* below below */
		{ "00A4010002 5015 00", "6A82" },
		{ "00A4030000", "6F0782013883023F009000" },
		{ "00A4030000", "6A82" }, /* nothing above the MF */
		{ "00A4010002 5015 00", DF_5015 "9000" },
		{ "00A4090002 5031 00", EF_5031 "9000" },
		{ "00A4090004 50155031 00", "6A82" },
		{ "00A4010002 5031 00", "6A82" }, /* an EF */
		{ "00A4020002 5015 00", "6A82" }, /* a DF */
		{ "00A4000002 5016 00", "6A82" },
		{ "00A4080004 50155016 00", "6A82" },
		{ "00A4080004 2F005031 00", "6A82" },
		{ "00A4080003 501550 00", "6A82" },
		{ "00A4080000", "6A82" },
		{ "00A4040005 A000000063 00", "6A82" },
		{ "00A4000202 5031 00", "6A86" },
		{ "00A4050002 5031 00", "6A86" },
		{ "00A40A0002 5031 00", "6A86" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_apdu(*state, rows[i].command, rows[i].answer);
}

/* The card's own MF and EF.DIR are out of reach while the application is
 * selected, and other applications are not. */
static void test_own_root(void **state)
{
	expect_sw(*state, "00A4000C02 3F00", 0x9000);
	expect_sw(*state, "00A4000C02 5031", 0x9000);
	expect_sw(*state, VC_SELECT, 0x9000);
	expect_sw(*state, "00A4000C02 5032", 0x9000); /* the U-key's */
	expect_sw(*state, "00A4000C02 4402", 0x9000);
	expect_sw(*state, ISO_SELECT, 0x9000);
	expect_sw(*state, "00A4000C02 5032", 0x6A82);
}

static void test_by_name(void **state)
{
	/* A DF with the name of PKCS#15 (A0 00 00 00 63, "PKCS-15"). */
	expect_sw(*state,
	    "00E0000017 6F15 820138 83025020 840C A000000063504B43532D3135",
	    0x9000);
	expect_sw(*state, "00A4000C02 3F00", 0x9000);
	expect_apdu(*state, "00A404000C A000000063504B43532D3135 00",
	    "6F15 820138 83025020 840C A000000063504B43532D3135 9000");
	expect_sw(*state, "00A4040C0B A000000063504B43532D31", 0x6A82);
	/* Out of the application it is the name of nothing. */
	vc_card_reset(*state);
	expect_sw(*state, "00A4040C0C A000000063504B43532D3135", 0x6A82);
}

/* --- READ and UPDATE -------------------------------------------------------
 */

static void test_read(void **state)
{
	expect_sw(*state, "00B0000000", 0x6981); /* nothing is selected */
	expect_sw(*state, "00A4000C02 5031", 0x9000);
	expect_sw(*state, "00D6000003 A1B2C3", 0x9000);
	expect_apdu(*state, "00B0000003", "A1B2C39000");
	expect_apdu(*state, "00B0000102", "B2C39000");
	expect_apdu(*state, "00B000FD00", "0000009000"); /* never 6282 */
	expect_apdu(*state, "00B000FD10", "0000009000");
	expect_sw(*state, "00B0010001", 0x6B00);
	expect_sw(*state, "00B07FFF01", 0x6B00);
	expect_sw(*state, "00D6010001 AA", 0x6B00);
	expect_sw(*state, "00D600FF02 AABB", 0x6B00);
	expect_sw(*state, "00D600FF01 AA", 0x9000);
	expect_apdu(*state, "00B000FF01", "AA9000");
	assert_int_equal(answer_of(*state, "00B0000000").n, 256);
	assert_int_equal(answer_of(*state, "00B00000000000").n, 256);
	/* Selecting a DF leaves the EF. */
	expect_sw(*state, "00A4000C02 3F00", 0x9000);
	expect_apdu(*state, "00B0000003", "A1B2C39000");
}

/* Short identifiers are the last five bits, in the current DF; and an offset
 * of 80 and more is taken for a negative one. */
static void test_short_identifiers(void **state)
{
	expect_sw(*state, THIS_DF, 0x9000);
	login(state);
	expect_sw(*state, "00D6910003 A1B2C3", 0x9000); /* 5031 */
	expect_apdu(*state, "00B0910102", "B2C39000");
	expect_apdu(*state, "00B0917F01", "009000");
	expect_sw(*state, "00B0918001", 0x6B00);
	expect_sw(*state, "00D6918001 AA", 0x6F00);
	expect_sw(*state, "00B0930001", 0x6A82);
	expect_sw(*state, "00B0B10001", 0x6A86);
	expect_sw(*state, "00B0C00001", 0x6A86);
	expect_sw(*state, "00A4000C02 3F00", 0x9000);
	expect_sw(*state, "00B0910001", 0x6A82); /* the other DF's */
}

static void test_rights(void **state)
{
	expect_sw(*state, "00A4000C02 4402", 0x9000);
	expect_sw(*state, "00B0000001", 0x9000);
	expect_sw(*state, "00D6000001 AA", 0x6982);
	expect_sw(*state, "00E4000002 4402", 0x6982);
	login(state);
	expect_sw(*state, "00D6000001 AA", 0x9000);
	/* A file that is never read; OpenSC's way to say so. */
	expect_sw(*state,
	    CREATE "6F1581020004820101830244FF8608FFFFFFFFFFFFFFFF", 0x9000);
	expect_sw(*state, "00B0000001", 0x6982);
	expect_sw(*state, "00D6000001 AA", 0x6982);
	expect_sw(*state, "00E4000002 44FF", 0x6982);
	/* Rights that the card does not know are none. */
	expect_sw(*state,
	    CREATE "6F1581020004820101830244FE8608FF0000000000008F", 0x9000);
	expect_sw(*state, "00B0000001", 0x6982);
	expect_sw(*state, "00D6000001 AA", 0x9000);
	expect_sw(*state, ISO_SELECT, 0x9000);
	expect_sw(*state, "00A4000C02 4402", 0x9000);
	expect_sw(*state, "00D6000001 AA", 0x6982);
}

/* --- CREATE and DELETE -----------------------------------------------------
 */

static void test_create_refusals(void **state)
{
	static const struct {
		const char *command;
		unsigned sw;
	} rows[] = {
		{ CREATE EF_5031, 0x6984 }, /* taken, though elsewhere */
		{ "00E0000107"
		  "62058201018302",
		    0x6A86 },
		{ "00E0000000", 0x6984 },
		{ "00E0000009 6407 820101 83024501", 0x6984 },
		{ "00E0000009 6F06 820101 83024501", 0x6984 },
		{ "00E0000009 6F08 820101 83024501", 0x6984 },
		{ "00E0000006 6F04 83024501", 0x6984 },
		{ "00E0000005 6F03 820101", 0x6984 },
		{ "00E0000008 6F06 820101 830145", 0x6984 },
		{ "00E0000009 6F07 820100 83024501", 0x6984 },
		{ "00E0000009 6F07 820139 83024501", 0x6984 },
		{ "00E000000C 6F0A 820101 83024501 8601FF", 0x6984 },
		{ "00E000000E 6F0C 820101 83024501 8103010000", 0x6984 },
		{ "00E000000D 6F0B 820101 83024501 81028000", 0x6984 },
		{ "00E0000009 6F07 820101 83023F00", 0x6984 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sw(*state, rows[i].command, rows[i].sw);
	/* 62 does as well; 128 bytes if nothing is said. */
	expect_sw(*state, "00E0000009 6207 820101 83024501", 0x9000);
	expect_apdu(*state, "00B0007F05", "009000");
	expect_sw(*state, "00B0008005", 0x6B00);
	expect_sw(*state, "00E000000C 6F0A 820101 83024502 810105", 0x9000);
	expect_apdu(*state, "00B0000000", "00000000009000");
	/* Records may be made, and nothing be done with them. */
	expect_sw(*state, "00E000000C 6F0A 8204 02000010 83024503", 0x9000);
	expect_sw(*state, "00B0000000", 0x6981);
}

static void test_who_may_create(void **state)
{
	/* A DF in which the PIN is wanted for EFs, and nobody may make DFs. */
	expect_sw(*state,
	    "00E0000013 6F11 820138 83026000 8608FF00000000FF9000", 0x9000);
	expect_sw(*state, "00E0000009 6F07 820101 83026001", 0x6982);
	expect_sw(*state, "00E0000009 6F07 820138 83026002", 0x6982);
	login(state);
	expect_sw(*state, "00E0000009 6F07 820138 83026002", 0x6982);
	expect_sw(*state, "00E0000009 6F07 820101 83026001", 0x9000);
}

static void test_delete(void **state)
{
	expect_sw(*state, "00E4000002 3F00", 0x6986);
	expect_sw(*state, "00E4000002 5016", 0x6A82);
	expect_sw(*state, "00E4000001 50", 0x6700);
	expect_sw(*state, "00E4020002 5031", 0x6A86);
	/* With what is in it, even what the PIN guards. */
	expect_sw(*state, "00E4000002 5015", 0x9000);
	expect_sw(*state, "00A4000C02 4402", 0x6A82);
	expect_sw(*state, "00A4000C02 5031", 0x6A82);
	expect_sw(*state, "00A4000C02 5015", 0x6A82);
	expect_sw(*state, "00A4000C02 2F00", 0x9000);
	expect_sw(*state, CREATE DF_5015, 0x9000);
	expect_sw(*state, CREATE EF_5031, 0x9000);
}

static void test_deleted_is_not_selected(void **state)
{
	expect_sw(*state, "00A4000C02 5031", 0x9000);
	expect_sw(*state, "00E4000002 5031", 0x9000);
	expect_sw(*state, "00B0000001", 0x6981);
	expect_sw(*state, "00A4020C02 4402", 0x9000); /* 5015 is current */
}

static void test_thirty_in_one(void **state)
{
	char command[64];

	expect_sw(*state, "00E0000009 6F07 820138 83027000", 0x9000);
	for (unsigned i = 0; i < 31; i++) {
		(void)snprintf(command, sizeof(command),
		    "00E000000C 6F0A 820101 83027%03X 810101", i + 1);
		expect_sw(*state, command, i < 30 ? 0x9000 : 0x6A84);
	}
	expect_sw(*state, "00E4000002 7001", 0x9000);
	expect_sw(*state, command, 0x9000);
}

/* What is deleted with its DF takes no room: more files, one after the other,
 * than the card's memory has objects. */
static void test_room_comes_back(void **state)
{
	char command[64];

	for (unsigned i = 0; i < 600; i++) {
		if (i % 30 == 0)
			expect_sw(
			    *state, "00E0000009 6F07 820138 83027000", 0x9000);
		(void)snprintf(command, sizeof(command),
		    "00E000000C 6F0A 820101 83027%03X 810101", i + 1);
		expect_sw(*state, command, 0x9000);
		if (i % 30 == 29)
			expect_sw(*state, "00E4000002 7000", 0x9000);
	}
}

/* A DF in a DF in a DF, until there is no room; and all of it goes at once. */
static void test_deep(void **state)
{
	char command[64];
	unsigned n;

	for (n = 0; n < 300; n++) {
		(void)snprintf(command, sizeof(command),
		    "00E0000009 6F07 820138 83027%03X", n);
		if (sw_of(vc_card_transmit(*state, hex(command))) != 0x9000)
			break;
	}
	expect_sw(*state, command, 0x6A84);
	assert_true(n > 200);
	expect_sw(*state, "00A4030C", 0x9000);
	expect_sw(*state, "00E4000002 7000", 0x9000);
	expect_sw(*state, "00A4000C02 7001", 0x6A82);
	expect_sw(*state, "00A4000C02 5031", 0x9000);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_select),
		TEST(test_own_root),
		TEST(test_by_name),
		TEST(test_read),
		TEST(test_short_identifiers),
		TEST(test_rights),
		TEST(test_create_refusals),
		TEST(test_who_may_create),
		TEST(test_delete),
		TEST(test_deleted_is_not_selected),
		TEST(test_thirty_in_one),
		TEST(test_room_comes_back),
		TEST(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
