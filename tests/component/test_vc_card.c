/* The operating system: classes, selection, chaining, GET RESPONSE, the MF. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"

static int set_up(void **state)
{
	*state = card_in_use(NULL, 0x11, false);
	return 0;
}

static int tear_down(void **state)
{
	struct vc_card *card = *state;

	vc_card_close(&card);
	return 0;
}

static void test_atr(void **state)
{
	(void)state;
	/* docs/card-profile.md, section 1; TCK: all bytes from T0 xor to 0. */
	expect_bytes(vc_card_atr(), hex("3B8A018073D401C054756B65793B"));
}

static void test_classes(void **state)
{
	static const struct {
		const char *command;
		unsigned sw;
	} rows[] = {
		{ "00CA010100", 0x9000 },
		{ "01CA010100", 0x6881 },
		{ "03CA010100", 0x6881 },
		{ "13CA010100", 0x6881 },
		{ "40CA010100", 0x6881 }, /* channel 4 */
		{ "04CA010100", 0x6E00 }, /* secure messaging */
		{ "0CCA010100", 0x6E00 },
		{ "20CA010100", 0x6E00 },
		{ "80CA010100", 0x6E00 },
		{ "A0CA010100", 0x6E00 },
		{ "FFCA010100", 0x6E00 },
		{ "00FE000000", 0x6D00 },
		{ "10FE000000", 0x6D00 }, /* not only at the chain's end */
		{ "0060000000", 0x6D00 },
		{ "0000000000", 0x6D00 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sw(*state, rows[i].command, rows[i].sw);
}

static void test_malformed(void **state)
{
	expect_apdu(*state, "", "6700");
	expect_apdu(*state, "00", "6700");
	expect_apdu(*state, "00CA01", "6700");
	expect_apdu(*state, "00200081 05 313233", "6700"); /* Lc too long */
	expect_apdu(*state, "00200081 02 31323334 0000", "6700");
	expect_apdu(*state, "00200081 000003 31", "6700");
	expect_sw(*state, "00200081", 0x63C3); /* and no try was counted */
	expect_sw(*state, "00200081 00 0000", 0x63C3); /* extended, case 2 */
}

static void test_select(void **state)
{
	struct vc_card *card = *state;
	uk_bytes fci;

	/* Profile 1.1: serial is random, all the rest is known. */
	fci = answer_of(card, VC_SELECT);
	assert_int_equal(fci.n, 0x49);
	expect_bytes(uk_bytes_first(fci, 17),
	    hex("6F47 8408F0756B65792E3031 8A0105 A538"));
	expect_bytes(
	    uk_bytes_first(uk_bytes_from(fci, 17), 6), hex("80020102 8108"));
	expect_bytes(uk_bytes_first(uk_bytes_last(fci, 10), 2), hex("8608"));
	fci = uk_bytes_first(fci, fci.n - 10);
	expect_bytes(uk_bytes_from(fci, 31),
	    hex("8204 00000003 8309 810303 820303 830505 8404FFF0FFF0 850100 "
		"5004 756B6579"));
}

/* Another one with every change, and not only another number. */
static void test_mark(void **state)
{
	uint8_t marks[3][8];
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	for (int i = 0; i < 3; i++) {
		uk_buf mark = UK_BUF(marks[i]);

		uk_put(&mark, uk_bytes_last(answer_of(card, VC_SELECT), 8));
		if (i == 0)
			expect_bytes(
			    uk_bytes_last(answer_of(card, "00CA010100"), 8),
			    UK_ARRAY(marks[0]));
		expect_sw(card, "00D68500 01 30", 0x9000);
	}
	assert_memory_not_equal(marks[0], marks[1], 8);
	assert_memory_not_equal(marks[1], marks[2], 8);
}

static void test_select_forms(void **state)
{
	struct vc_card *card = *state;
	uk_bytes fcp = answer_of(card, "00A4040408F0756B65792E303100");

	expect_bytes(uk_bytes_first(fcp, 2), hex("6247"));
	expect_apdu(card, "00A4040C08F0756B65792E3031", "9000");
	expect_sw(card, "00A4040001F000", 0x9000); /* partial */
	expect_sw(card, "00A4040007F0756B65792E3000", 0x9000);
	expect_sw(card, "00A4040008F0756B65792E303200", 0x6A82);
	expect_sw(card, "00A4040009F0756B65792E30310000", 0x6A82);
	expect_sw(card, "00A4040208F0756B65792E303100", 0x6A82); /* no next */
	expect_sw(card, "00A4040108F0756B65792E303100", 0x6A86);
	expect_sw(card, "00A4040808F0756B65792E303100", 0x6A86);
	expect_sw(card, "00A4041008F0756B65792E303100", 0x6A86);
	expect_sw(card, "00A4090008F0756B65792E303100", 0x6700); /* a path */
	expect_sw(card, "00A40A0008F0756B65792E303100", 0x6A86);
	expect_sw(card, "00A4020C025031", 0x9000); /* still selected */
	/* No name is the issuer security domain's. */
	expect_sw(card, "00A4040000", 0x9000);
	expect_sw(card, "00A4020C025031", 0x6D00);
}

/* Selecting what is selected keeps logins (by whatever name, with whatever
 * answer), and ends a consent, which is for the next signature. */
static void test_select_again(void **state)
{
	static const char *const again[] = { VC_SELECT,
		"00A4040408F0756B65792E303100", "00A4040C08F0756B65792E3031",
		"00A4040004F0756B6500" };

	expect_sw(*state, VC_LOGIN, 0x9000);
	expect_sw(*state, "00200083" VC_PUK, 0x9000);
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
		expect_sw(*state, VC_CONSENT, 0x9000);
		expect_sw(*state, "00A4020C025031", 0x9000);
		expect_sw(*state, again[i], 0x9000);
		expect_sw(*state, "00200081", 0x9000);
		expect_sw(*state, "00200083", 0x9000);
		expect_sw(*state, "00200082", 0x63C3);
		expect_sw(*state, "00B0000000", 0x6986); /* no file */
	}
	expect_sw(*state, "0020FF81", 0x9000);
	expect_sw(*state, VC_SELECT, 0x9000);
	expect_sw(*state, "00200081", 0x63C3); /* nor does it open anything */
	expect_sw(*state, "00200083", 0x9000);
}

static void test_select_ends_statuses(void **state)
{
	expect_sw(*state, VC_LOGIN, 0x9000);
	expect_sw(*state, "00A4040008F0756B65792E303200", 0x6A82);
	expect_sw(*state, "00200081", 0x9000); /* a failed one ends nothing */
	expect_sw(*state, "00A4000C023F00", 0x9000);
	expect_sw(*state, VC_SELECT, 0x9000);
	expect_sw(*state, "00200081", 0x63C3);
	expect_sw(*state, VC_LOGIN, 0x9000);
	vc_card_reset(*state);
	expect_sw(*state, "00200081", 0x6D00); /* the MF has no PIN */
	expect_sw(*state, VC_SELECT, 0x9000);
	expect_sw(*state, "00200081", 0x63C3);
}

static void test_master_file(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_apdu(
	    card, "00A40000023F0000", "6F0A 820138 83023F00 8A0105 9000");
	expect_apdu(
	    card, "00A40004023F0000", "620A 820138 83023F00 8A0105 9000");
	expect_apdu(card, "00A4000C023F00", "9000");
	expect_apdu(card, "00A4000C", "9000"); /* 7816-4: nothing is the MF */
	expect_sw(card, "00A40008023F0000", 0x6A86);
	expect_sw(card, "00B0000000", 0x6986);
	/* 61 { 4F AID 50 label } */
	expect_apdu(
	    card, "00B09E0000", "6110 4F08F0756B65792E3031 5004756B6579 9000");
	expect_apdu(
	    card, "00B0000000", "6110 4F08F0756B65792E3031 5004756B6579 9000");
	expect_apdu(card, "00B0001004", "6579 6282");
	expect_sw(card, "00B0001300", 0x6B00);
	expect_sw(card, "00B0810000", 0x6A82);
	expect_sw(card, "00B0FE0000", 0x6A86);
	expect_sw(card, "00A4020C022F00", 0x9000);
	expect_apdu(card, "00A40204022F0000",
	    "6215 820101 83022F00 80020012 81020400 8801F0 8A0105 9000");
	expect_sw(card, "00A4020C025031", 0x6A82); /* of the application */
	expect_sw(card, "00A4020C012F", 0x6700);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, "00200081", 0x63C3);
}

/* 7816-4:2020, 11.2.2, table 63: P1 = 08, path from the MF. */
static void test_directory_by_path(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	/* What is not there changes nothing. */
	expect_sw(card, "00A4080C022F01", 0x6A82);
	expect_sw(card, "00A4080C025031", 0x6A82);
	expect_sw(card, "00A4080C042F002F00", 0x6A82);
	expect_sw(card, "00A40808022F0000", 0x6A86);
	expect_sw(card, "00A4080C012F", 0x6700);
	expect_sw(card, "00A4080C", 0x6700);
	expect_sw(card, "00200081", 0x9000);
	/* EF.DIR is above the application, which ends with it. */
	expect_apdu(card, "00A40804022F0000",
	    "6215 820101 83022F00 80020012 81020400 8801F0 8A0105 9000");
	expect_apdu(
	    card, "00B0000000", "6110 4F08F0756B65792E3031 5004756B6579 9000");
	expect_sw(card, "00200081", 0x6D00);
	expect_apdu(card, "00A4080C022F00", "9000");
	expect_sw(card, "00A4080C025031", 0x6A82);
	expect_sw(card, "00A4080C032F0000", 0x6700);
	expect_sw(card, "00A4080C", 0x6700);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, "00200081", 0x63C3);
}

static void test_get_response(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00C0000000", 0x6985);
	expect_apdu(card, "00A4040008F0756B65792E3031", "6149"); /* no Le */
	expect_apdu(card, "00C0000002", "6F47 6147");
	expect_apdu(card, "00C000000A", "8408F0756B65792E3031 613D");
	expect_sw(card, "00C0010000", 0x6A86); /* loses the rest? */
	expect_sw(card, "00C0000000", 0x6985); /* yes: any other command */
	expect_apdu(card, "00A4040008F0756B65792E303102", "6F47 6147");
	expect_sw(card, "00200081", 0x63C3);
	expect_sw(card, "00C0000000", 0x6985);
	expect_apdu(card, "00A4040008F0756B65792E3031", "6149");
	assert_int_equal(answer_of(card, "00C0000000").n, 0x49);
	expect_sw(card, "00C0000000", 0x6985);
	expect_apdu(card, "00A4040008F0756B65792E3031", "6149");
	vc_card_reset(card);
	expect_sw(card, "00C0000000", 0x6985);
}

static void test_chaining(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "10200081 02 3132", 0x9000);
	expect_sw(card, "10200081 01 33", 0x9000);
	expect_sw(card, "00200081 01 34", 0x9000);
	expect_sw(card, "00200081", 0x9000); /* 1234 it was */
	expect_sw(card, "0020FF81", 0x9000);
	/* Broken by each of INS, P1, P2: refused, and nothing is carried out.
	 */
	expect_sw(card, "10200081 03 313233", 0x9000);
	expect_sw(card, "00240081 01 34", 0x6883);
	expect_sw(card, "10200081 03 313233", 0x9000);
	expect_sw(card, "00200181 01 34", 0x6883);
	expect_sw(card, "10200081 03 313233", 0x9000);
	expect_sw(card, "00200082 01 34", 0x6883);
	expect_sw(card, "10200081 03 313233", 0x9000);
	expect_sw(card, "00C0000000", 0x6883);
	expect_sw(card, "10200081 03 313233", 0x9000);
	expect_sw(card, "01200081 01 34", 0x6881); /* ends it too */
	expect_sw(card, "00200081 01 34", 0x6A80);
	expect_sw(card, "00200081", 0x63C3); /* no try was counted */
	expect_sw(card, "10200081 03 313233", 0x9000);
	vc_card_reset(card);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, "00200081 01 34", 0x6A80);
}

/* FFFF bytes at most, however they are cut. */
static void test_chain_length(void **state)
{
	static uint8_t part[4 + 1 + 255] = { 0x10, 0xD6, 0x91, 0x00, 255 };
	struct vc_card *card = *state;

	for (int i = 0; i < 257; i++)
		assert_int_equal(
		    sw_of(vc_card_transmit(card, UK_ARRAY(part))), 0x9000);
	expect_sw(card, "10D69100 01 00", 0x6700);
	expect_sw(card, "00D69100 01 00", 0x6982); /* a new command */
}

static void test_longest_answer(void **state)
{
	static uint8_t update[4 + 3 + 0xFF00] = { 0x00, 0xD6, 0x00, 0x00, 0x00,
		0xFF, 0x00 };
	struct vc_card *card = *state;
	uk_bytes answer;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00E00000 0A 6208 83024501 8102FFFF", 0x9000);
	assert_int_equal(
	    sw_of(vc_card_transmit(card, UK_ARRAY(update))), 0x9000);
	expect_sw(card, "00D77FFF", 0x6A80);
	expect_sw(card, "00D74501 05 5402FF00 53", 0x6A80);
	expect_apdu(card, "00D74501 08 5402FF00 5302AABB", "9000");
	answer = vc_card_transmit(card, hex("00B00000 000000"));
	assert_int_equal(answer.n, 0xFF02 + 2);
	assert_int_equal(sw_of(answer), 0x9000);
	expect_bytes(uk_bytes_last(answer, 4), hex("AABB9000"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_atr),
		TEST(test_classes),
		TEST(test_malformed),
		TEST(test_select),
		TEST(test_mark),
		TEST(test_select_forms),
		TEST(test_select_again),
		TEST(test_select_ends_statuses),
		TEST(test_master_file),
		TEST(test_directory_by_path),
		TEST(test_get_response),
		TEST(test_chaining),
		TEST(test_chain_length),
		TEST(test_longest_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
