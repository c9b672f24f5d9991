/* The issuer security domain: what it tells everybody, and its channels. */
#include "isd_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

/* --- without keys ----------------------------------------------------------
 */

static void test_select(void **state)
{
	/* 2.3.1, H.2 and 11.9.3.1; SCP03 with i = 70. */
	static const char fci[] =
	    "6F41 8408" ISD "A535 732F 0607 2A864886FC6B01"
	    "600C 060A 2A864886FC6B02 020301 6309 0607 2A864886FC6B03"
	    "640B 0609 2A864886FC6B04 0370 9F65 01FF 9000";

	(void)state;
	expect_apdu(isd_rig.card, SELECT_ISD, fci);
	expect_apdu(isd_rig.card, "00A4040000", fci); /* no name */
	expect_apdu(isd_rig.card, "00A4040006A0000001510000", fci);
	expect_apdu(isd_rig.card, "00A4040C08" ISD, "9000");
	/* It is not in EF.DIR, and a reset selects the MF as ever. */
	vc_card_reset(isd_rig.card);
	expect_apdu(isd_rig.card, "00B09E0000",
	    "6110 4F08F0756B65792E3031 5004756B6579 9000");
	expect_sw(isd_rig.card, "80CA006600", 0x6E00);
}

static void test_get_data(void **state)
{
	(void)state;
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	expect_apdu(isd_rig.card, "80CA006600",
	    "6631 732F 0607 2A864886FC6B01 600C 060A 2A864886FC6B02 020301"
	    "6309 0607 2A864886FC6B03 640B 0609 2A864886FC6B04 0370 9000");
	expect_sw(isd_rig.card, "00CA006600", 0x9000);
	/* Three AES keys of version FF. */
	expect_apdu(isd_rig.card, "80CA00E000",
	    "E012 C00401FF8810 C00402FF8810 C00403FF8810 9000");
	expect_apdu(isd_rig.card, "80CA00C100", "C103 000000 9000");
	assert_int_equal(answer_of(isd_rig.card, "80CA9F7F00").n, 45);
	assert_int_equal(answer_of(isd_rig.card, "80CA00CF00").n, 12);
	expect_apdu(isd_rig.card, "80CA00D300", "D30100 9000");
	expect_sw(isd_rig.card, "80CA004200", 0x6A88);
	expect_sw(isd_rig.card, "80CA123400", 0x6A88);
}

static void test_nothing_without_channel(void **state)
{
	(void)state;
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	expect_sw(isd_rig.card, "84F280020A4F00000102030405060700", 0x6982);
	expect_sw(
	    isd_rig.card, "8482010010000102030405060708090A0B0C0D0E0F", 0x6985);
	expect_sw(isd_rig.card, "8050000007 01020304050607 00", 0x6700);
	expect_sw(isd_rig.card, "8050000108 0102030405060708 00", 0x6A86);
	expect_sw(isd_rig.card, "8050010008 0102030405060708 00", 0x6A88);
	expect_sw(isd_rig.card, "0050000008 0102030405060708 00", 0x6E00);
	expect_sw(isd_rig.card, "8450000008 0102030405060708 00", 0x6E00);
	expect_sw(
	    isd_rig.card, "80A4040C08" UKEY, 0x6D00); /* not SELECT's class */
	expect_sw(isd_rig.card, "80B0000000", 0x6D00);
	/* Begun is not open. */
	assert_int_equal(gp_begin(&isd_rig.host, 0), 0x9000);
	expect_locked_out();
}

/* --- channels --------------------------------------------------------------
 */

/* A card with one key set as the parameters of installation say. */
static void other_keys(const char *params)
{
	expect_ok(vc_card_remove(isd_rig.card, hex(ISD)));
	expect_ok(vc_card_install(isd_rig.card, "isd", UK_NONE, hex(params)));
}

#define K16 "404142434445464748494A4B4C4D4E4F"
#define SET(version, scp, i)                                                   \
	"A03F 8001" version "8101" scp "8201" i "8310" K16 "8410" K16 "851"    \
	"0" K16

static void test_all_options(void **state)
{
	static const struct {
		const char *params;
		uint8_t levels[6];
	} rows[] = {
		{ SET("FF", "02", "15"), { 0x00, 0x01, 0x03, 0xff } },
		{ SET("20", "02", "55"), { 0x00, 0x01, 0x03, 0xff } },
		{ SET("01", "03", "00"), { 0x00, 0x01, 0x03, 0xff } },
		{ SET("01", "03", "10"), { 0x00, 0x01, 0x03, 0xff } },
		{ SET("01", "03", "30"), { 0x01, 0x03, 0x11, 0x13, 0xff } },
		{ SET("30", "03", "70"),
		    { 0x00, 0x01, 0x03, 0x11, 0x13, 0x33 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		other_keys(rows[i].params);
		for (size_t k = 0; k < 6 && rows[i].levels[k] != 0xff; k++) {
			open_channel(rows[i].levels[k]);
			expect_gp("80F28002024F0000", 0x9000,
			    "E326 4F08" ISD "9F7001 01 C503 9AFE80"
			    "C407 A0000001515350 CC08" ISD);
			expect_gp("80F28002064F04DDDDDDDD00", 0x6A88, "");
			expect_gp("80CA00C100", 0x9000, NULL);
			expect_gp("80F2400200", 0x6A80, "");
		}
	}
}

static void test_parameters(void **state)
{
	static const char *const bad[] = {
		SET("00", "03", "70"),
		SET("80", "03", "70"),
		SET("01", "03", "15"),
		SET("01", "01", "05"),
		SET("01", "03", "70") SET("01", "03", "10"),
		"A003800101",
		"8100",
		"A0",
		"A03E 800101 810103 820170 8310" K16 "8410" K16 "850F"
		"404142434445464748494A4B4C4D4E",
	};

	(void)state;
	expect_ok(vc_card_remove(isd_rig.card, hex(ISD)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_code(
		    vc_card_install(isd_rig.card, "isd", UK_NONE, hex(bad[i])),
		    UK_ERR_FORMAT);
	expect_sw(isd_rig.card, SELECT_ISD, 0x6A82);
	/* Two sets: the first is the default. */
	expect_ok(vc_card_install(isd_rig.card, "isd", UK_NONE,
	    hex(SET("20", "02", "55") SET("30", "03", "70"))));
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_open(&isd_rig.host, 0, 0x01), 0x9000);
	assert_int_equal(isd_rig.host.protocol, 2);
	assert_int_equal(gp_open(&isd_rig.host, 0x30, 0x33), 0x9000);
	assert_int_equal(isd_rig.host.protocol, 3);
	assert_int_equal(gp_open(&isd_rig.host, 0x31, 0x33), 0x6A88);
}

/* What counts as fresh: SCP03 counts what begins, SCP02 what was opened. */
static void test_sequence(void **state)
{
	(void)state;
	open_channel(0x01);
	expect_gp("80CA00C100", 0x9000, "C103000001");
	assert_int_equal(gp_begin(&isd_rig.host, 0), 0x9000);
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	expect_apdu(isd_rig.card, "80CA00C100", "C103 000002 9000");
	other_keys(SET("20", "02", "55"));
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_begin(&isd_rig.host, 0), 0x9000);
	assert_int_equal(gp_begin(&isd_rig.host, 0), 0x9000);
	expect_apdu(isd_rig.card, "80CA00C100", "C102 0000 9000");
	assert_int_equal(gp_open(&isd_rig.host, 0, 0x01), 0x9000);
	expect_gp("80CA00C100", 0x9000, "C1020001");
}

static void test_session_ends(void **state)
{
	(void)state;
	/* Selected again, another application, reset, a new beginning. */
	open_channel(0x01);
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	open_channel(0x01);
	expect_sw(isd_rig.card, "00A4040C08" UKEY, 0x9000);
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	open_channel(0x01);
	vc_card_reset(isd_rig.card);
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	open_channel(0x00);
	expect_gp("80F28002024F0000", 0x9000, NULL);
	expect_sw(isd_rig.card, "8050000007 01020304050607 00", 0x6700);
	expect_locked_out();
	/* Without protection, where there must be. */
	open_channel(0x01);
	expect_sw(isd_rig.card, "80CA00E000", 0x6982);
	expect_sw(isd_rig.card, "80CA00E000", 0x9000);
	expect_locked_out();
	/* With a MAC that is wrong. */
	open_channel(0x33);
	expect_sw(isd_rig.card, "84CA00E0080102030405060708", 0x6982);
	expect_locked_out();
	assert_int_equal(gp("80F28002024F0000"), 0x6982);
	/* At level 00 commands come as they are. */
	open_channel(0x00);
	expect_sw(isd_rig.card, "84CA00E0080102030405060708", 0x6982);
	expect_locked_out();
}

static void test_tries(void **state)
{
	(void)state;
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	isd_rig.host.mac[0] ^= 0xff;
	/* The card's cryptogram is not the one that these keys give. */
	for (int i = 0; i < 9; i++) {
		assert_int_equal(gp_begin(&isd_rig.host, 0), 0);
		expect_sw(isd_rig.card,
		    "8482010010000102030405060708090A0B0C0D0E0F", 0x6300);
	}
	isd_rig.host.mac[0] ^= 0xff;
	/* The tenth is good: all ten are there again. */
	assert_int_equal(gp_open(&isd_rig.host, 0, 0x01), 0x9000);
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(gp_begin(&isd_rig.host, 0), 0x9000);
		expect_sw(isd_rig.card,
		    "8482010010000102030405060708090A0B0C0D0E0F", 0x6300);
	}
	assert_int_equal(gp_begin(&isd_rig.host, 0), 0x6983);
	expect_sw(
	    isd_rig.card, "8482010010000102030405060708090A0B0C0D0E0F", 0x6983);
	vc_card_reset(isd_rig.card);
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_begin(&isd_rig.host, 0), 0x6983);
	expect_sw(isd_rig.card, "80CA00E000", 0x9000);
}

/* A try that could not be written down is none. */
static void test_tries_are_written(void **state)
{
	(void)state;
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	for (unsigned nth = 1; nth <= 3; nth++) {
		vc_store_fail_nth(nth);
		assert_int_equal(gp_open(&isd_rig.host, 0, 0x01), 0x6581);
		vc_store_fail_nth(0);
		expect_locked_out();
	}
	assert_int_equal(gp_open(&isd_rig.host, 0, 0x01), 0x9000);
}

static void test_logical_channel(void **state)
{
	(void)state;
	expect_apdu(isd_rig.card, "0070000001", "01 9000");
	expect_sw(isd_rig.card, "01A4040008" ISD "00", 0x9000);
	isd_rig.host.channel = 1;
	assert_int_equal(gp_open(&isd_rig.host, 0, 0x33), 0x9000);
	expect_gp("80F28002024F0000", 0x9000, NULL);
	/* One at a time; and the other channel has no part in this one's. */
	expect_sw(isd_rig.card, SELECT_ISD, 0x6985);
	expect_sw(isd_rig.card, "80F28002024F0000", 0x6E00);
	expect_sw(isd_rig.card, "00A4040008" UKEY "00", 0x9000);
	expect_gp("80E400000A 4F08" UKEY "00", 0x6985, ""); /* in use */
	expect_sw(isd_rig.card, "00A4000C", 0x9000);
	expect_gp("80E400000A 4F08" UKEY "00", 0x9000, "00");
	expect_apdu(isd_rig.card, "00708001", "9000");
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	isd_rig.host.channel = 0;
	assert_int_equal(gp("80F28002024F0000"), 0x6982);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, isd_set_up, isd_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_select),
		TEST(test_get_data),
		TEST(test_nothing_without_channel),
		TEST(test_all_options),
		TEST(test_parameters),
		TEST(test_sequence),
		TEST(test_session_ends),
		TEST(test_tries),
		TEST(test_tries_are_written),
		TEST(test_logical_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
