/* Files: profile section 2. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "tlv.h"

static int set_up(void **state)
{
	*state = card_in_use(NULL, 0x11, false);
	return 0;
}

static int set_up_creation(void **state)
{
	*state = card_in_creation(NULL, 0x11, false);
	return 0;
}

static int tear_down(void **state)
{
	struct vc_card *card = *state;

	vc_card_close(&card);
	return 0;
}

static uint32_t content_version(struct vc_card *card)
{
	uk_bytes v;
	uk_reader r;

	assert_true(uk_tlv_find(answer_of(card, "00CA010100"), 0x82, &v));
	r = uk_read(v);
	return uk_get_u32(&r);
}

/* Who could set a PIN may write without one; what nobody may write stays so. */
static void test_the_officer_writes(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00D6820001 AA", 0x6982);
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_sw(card, "00D6820001 AA", 0x9000);
	expect_sw(card, "000E8200", 0x9000);
	expect_sw(card, "00E000000A 6208 83024331 81020100", 0x9000);
	expect_sw(card, "00E4020002 4331", 0x9000);
	expect_sw(card, "00D6910001 AA", 0x6982);
	expect_sw(card, "0020FF83", 0x9000);
	expect_sw(card, "00D6820001 AA", 0x6982);
}

static void test_select_file(void **state)
{
	struct vc_card *card = *state;

	expect_apdu(card, "00A402000250 3100",
	    "6F15 820101 83025031 80020000 81021000 880188 8A0105 9000");
	expect_apdu(card, "00A402040244 0400",
	    "6215 820101 83024404 80020000 81021000 880120 8A0105 9000");
	expect_apdu(card, "00A4020C024405", "9000");
	/* By path from the application, which has one level of files. */
	expect_apdu(card, "00A409040244 0400",
	    "6215 820101 83024404 80020000 81021000 880120 8A0105 9000");
	expect_apdu(card, "00A4090C024405", "9000");
	expect_sw(card, "00A4090C0444054404", 0x6700);
	expect_sw(card, "00A4090C", 0x6700);
	expect_sw(card, "00A4090C024499", 0x6A82);
	expect_sw(card, "00A409080244 0500", 0x6A86);
	expect_sw(card, "00A402080244 0500", 0x6A86);
	expect_sw(card, "00A4030C024405", 0x6A86);
	expect_sw(card, "00A4020C0144", 0x6700);
	expect_sw(card, "00A4020C03440500", 0x6700);
	expect_sw(card, "00A4020C024331", 0x6A82); /* not yet made */
	expect_sw(card, "00A4020C024499", 0x6A82); /* not in the profile */
	/* A data object has no short identifier: 88 is empty. */
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00E000000A 6208 8302450F 81020020", 0x9000);
	expect_apdu(card, "00A402040245 0F00",
	    "6214 820101 8302450F 80020000 81020020 8800 8A0105 9000");
}

/* Profile 2, 4601 to 460F: who is not logged in learns nothing of what is in
 * them, the officer included; he may delete them. */
static void test_private(void **state)
{
	static const char *const looks[] = { "00A4020C024601",
		"00A40204024601 00", "00B1460103 540100 00" };
	struct vc_card *card = *state;

	expect_sw(card, "00E000000A 6208 83024601 81020020", 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00E000000A 6208 83024601 81020020", 0x9000);
	expect_sw(card, "00E000000A 6208 83024610 81020020", 0x6A80);
	expect_apdu(card, "00A402040246 0100",
	    "6214 820101 83024601 80020000 81020020 8800 8A0105 9000");
	expect_sw(card, "00D6000003 A1A2A3", 0x9000);
	expect_apdu(card, "00B0000000", "A1A2A3 9000");
	expect_apdu(card, "00B1460103 540100 00", "5303A1A2A3 9000");
	/* Still selected, and open to nobody else. */
	expect_sw(card, "0020FF81", 0x9000);
	expect_apdu(card, "00B0000000", "6982");
	expect_apdu(card, "00B0000103", "6982");
	expect_sw(card, "00D6000001 00", 0x6982);
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		expect_apdu(card, looks[i], "6982");
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000);
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		expect_apdu(card, looks[i], "6982");
	expect_sw(card, "00A4020C024602", 0x6A82); /* not there */
	expect_sw(card, "00E40200024601", 0x9000);
	expect_sw(card, "00A4020C024601", 0x6A82);
}

static void test_read(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00B0000000", 0x6986); /* nothing selected */
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00D6820008 0102030405060708", 0x9000);
	expect_apdu(card, "00B0000000", "0102030405060708 9000");
	expect_apdu(card, "00B0820000", "0102030405060708 9000");
	expect_apdu(card, "00B08200 000000", "0102030405060708 9000");
	expect_apdu(card, "00B0820008", "0102030405060708 9000");
	expect_apdu(card, "00B0820003", "010203 9000");
	expect_apdu(card, "00B0820009", "0102030405060708 6282");
	expect_apdu(card, "00B0820504", "060708 6282");
	expect_apdu(card, "00B0000504", "060708 6282");
	expect_apdu(card, "00B0820800", "9000"); /* at the end: nothing */
	expect_apdu(card, "00B0820801", "6282");
	expect_sw(card, "00B0820900", 0x6B00);
	expect_sw(card, "00B07FFF00", 0x6B00);
	expect_apdu(card, "00B08200", "6108"); /* no Le */
	expect_apdu(card, "00C0000000", "0102030405060708 9000");
	expect_sw(card, "00B0800000", 0x6A86);
	expect_sw(card, "00B0E20000", 0x6A86);
	expect_sw(card, "00B0860000", 0x6A82);       /* no such SFI */
	expect_sw(card, "00B08B0000", 0x6A82);       /* file not made */
	expect_sw(card, "00B082000101", 0x6700 + 0); /* data makes no sense */
}

static void test_read_odd(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00D6820008 0102030405060708", 0x9000);
	expect_apdu(card, "00B14402 03 540100 00", "53080102030405060708 9000");
	expect_apdu(card, "00B10000 03 540106 00", "53020708 9000");
	expect_apdu(card, "00B14402 05 5403000006 00", "53020708 9000");
	/* Le counts tag and length too. */
	expect_apdu(card, "00B14402 03 540100 05", "5303010203 9000");
	expect_apdu(card, "00B14402 03 540106 05", "53020708 6282");
	expect_apdu(card, "00B14402 03 540108 00", "5300 9000");
	expect_sw(card, "00B14402 03 540109 00", 0x6B00);
	expect_sw(card, "00B14402 06 540401000000 00", 0x6B00);
	expect_sw(card, "00B14402 07 54050000000000 00", 0x6A80);
	expect_sw(card, "00B14402 02 5400 00", 0x6A80);
	expect_sw(card, "00B14402 03 530100 00", 0x6A80);
	expect_sw(card, "00B14402 06 540100 540100 00", 0x6A80);
	expect_sw(card, "00B14402 00", 0x6A80);
	expect_sw(card, "00B14499 03 540100 00", 0x6A82);
	/* 253 bytes are what 256 leave beside 53 81 FD. */
	expect_sw(card,
	    "00D68200 0000FF" /* 255 bytes */
	    "00000000000000000000000000000000000000000000000000000000000000000"
	    "00000000000000000000000000000000000000000000000000000000000000000"
	    "00000000000000000000000000000000000000000000000000000000000000000"
	    "00000000000000000000000000000000000000000000000000000000000000000"
	    "00000000000000000000000000000000000000000000000000000000000000000"
	    "00000000000000000000000000000000000000000000000000000000000000000"
	    "00000000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000",
	    0x9000);
	assert_int_equal(answer_of(card, "00B14402 03 540100 00").n, 256);
	assert_int_equal(answer_of(card, "00B14402 000003 540100 0000").n, 258);
}

static void test_update(void **state)
{
	struct vc_card *card = *state;
	uint32_t before = content_version(card);

	expect_sw(card, "00D6820001 AA", 0x6982); /* no login */
	assert_int_equal(content_version(card), before);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00D6820003 AABBCC", 0x9000);
	assert_int_equal(content_version(card), before + 1);
	expect_sw(card, "00D6000102 DDEE", 0x9000); /* lays over */
	expect_apdu(card, "00B0820000", "AADDEE 9000");
	expect_sw(card, "00D6820302 1122", 0x9000); /* extends */
	expect_sw(card, "00D6820601 33", 0x6B00);   /* would leave a gap */
	expect_sw(card, "00D682000133", 0x9000);
	expect_apdu(card, "00B0820000", "33DDEE1122 9000");
	expect_sw(card, "00D68200", 0x6700);
	expect_sw(card, "00D7440207 540101 5302 7788", 0x9000);
	expect_apdu(card, "00B0820000", "3377881122 9000");
	expect_sw(card, "00D7440203 540101", 0x6A80);
	expect_sw(card, "00D7440208 540101 5302 7788 00", 0x6A80);
	/* Never, whoever is logged in. */
	expect_sw(card, "00D6910001 AA", 0x6982);
	expect_sw(card, "00D6920001 AA", 0x6982);
	expect_sw(card, "00D6810001 AA", 0x6982);
	assert_int_equal(content_version(card), before + 5);
}

static void test_capacity(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00E000000D 620B 83024333 81020004 880168", 0x9000);
	expect_sw(card, "00D6000003 010203", 0x9000); /* CREATE selects it */
	expect_sw(card, "00D6000302 0405", 0x6A84);
	expect_sw(card, "00D6000301 04", 0x9000);
	expect_sw(card, "00D6000401 05", 0x6A84);
	expect_apdu(card, "00B08D0000", "01020304 9000");
}

static void test_erase(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00D6820004 01020304", 0x9000);
	expect_sw(card, "000E8205", 0x6B00);
	expect_sw(card, "000E8204", 0x9000);
	expect_sw(card, "000E000301 00", 0x6700);
	expect_sw(card, "000E0002", 0x9000);
	expect_apdu(card, "00B0820000", "0102 9000");
	expect_sw(card, "000E8200", 0x9000);
	expect_apdu(card, "00B0820000", "9000");
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, "000E8200", 0x6982);
}

static void test_create_and_delete(void **state)
{
	struct vc_card *card = *state;
	uint32_t before = content_version(card);

	expect_sw(card, "00E000000A 6208 83024331 81020100", 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00E000010A 6208 83024331 81020100", 0x6A86);
	expect_sw(card, "00E000000A 6208 83024330 81020100", 0x6A80);
	expect_sw(card, "00E000000A 6208 83024340 81020100", 0x6A80);
	expect_sw(card, "00E000000A 6208 83024331 81020000", 0x6A80);
	expect_sw(card, "00E000000A 6108 83024331 81020100", 0x6A80);
	expect_sw(card, "00E0000006 6204 83024331", 0x6A80);
	/* 4331 has SFI 0B, not 0C */
	expect_sw(card, "00E000000D 620B 83024331 81020100 880160", 0x6A80);
	expect_sw(card, "00E000000D 620B 83024331 81020100 880158", 0x9000);
	assert_int_equal(content_version(card), before + 1);
	expect_sw(card, "00E000000A 6208 83024331 81020100", 0x6A89);
	expect_sw(card, "00E000000A 6208 83024402 81020100", 0x6A89);
	expect_sw(card, "00E000000A 6208 83025031 81020100", 0x6982);
	expect_apdu(card, "00B08B0000", "9000");
	expect_sw(card, "00E4020002 4402", 0x6982);
	expect_sw(card, "00E4020002 5031", 0x6982);
	expect_sw(card, "00E4020002 4332", 0x6A82);
	expect_sw(card, "00E4020002 4477", 0x6A82);
	expect_sw(card, "00E4020001 43", 0x6700);
	expect_sw(card, "00E4000002 4331", 0x6A86);
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, "00E4020002 4331", 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00E4020002 4331", 0x9000);
	expect_sw(card, "00B0000000", 0x6986); /* it was the current one */
	expect_sw(card, "00B08B0000", 0x6A82);
}

static void test_creation_state_writes_all(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00D6910001 AA", 0x9000);
	expect_sw(card, "00D6810001 AA", 0x9000);
	expect_sw(card, "00E000000A 6208 83024331 81020100", 0x9000);
	expect_sw(card, "00440000", 0x9000);
	expect_sw(card, "00D6910001 AA", 0x6982);
	expect_sw(card, "00D68B0001 AA", 0x6982);
}

static void test_card_full(void **state)
{
	static uint8_t update[4 + 3 + 0xF000] = { 0x00, 0xD6, 0x00, 0x00, 0x00,
		0xF0, 0x00 };
	struct vc_card *card = *state;
	static const char *const create[] = {
		"00E000000A 6208 83024501 8102FFFF",
		"00E000000A 6208 83024502 8102FFFF",
		"00E000000A 6208 83024503 8102FFFF",
		"00E000000A 6208 83024504 8102FFFF",
		"00E000000A 6208 83024505 8102FFFF",
		"00E000000A 6208 83024506 8102FFFF",
		"00E000000A 6208 83024507 8102FFFF",
		"00E000000A 6208 83024508 8102FFFF",
		"00E000000A 6208 83024509 8102FFFF",
	};

	expect_sw(card, VC_LOGIN, 0x9000);
	for (size_t i = 0; i < 9; i++) {
		expect_sw(card, create[i], 0x9000);
		assert_int_equal(
		    sw_of(vc_card_transmit(card, UK_ARRAY(update))),
		    i < 8 ? 0x9000 : 0x6A84);
	}
	expect_apdu(card, "00B0000000", "9000"); /* nothing of it was kept */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_select_file),
		TEST(test_private),
		TEST(test_read),
		TEST(test_read_odd),
		TEST(test_update),
		TEST(test_capacity),
		TEST(test_erase),
		TEST(test_create_and_delete),
		TEST(test_card_full),
		cmocka_unit_test_setup_teardown(
		    test_the_officer_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_creation_state_writes_all, set_up_creation, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
