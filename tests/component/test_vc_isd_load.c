/* The issuer security domain: LOAD, and what comes of it. */
#include "isd_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

/* --- loading ---------------------------------------------------------------
 */

/* A CAP file's header component: magic, minor, major, flags, package 1.2 with
 * this AID; and applet component with one applet: Java Card VM 3.0.4, 6.3 and
 * 6.5. 25 and 13 bytes. */
#define CAP(package, module)                                                   \
	"01 000F DECAFFED 01 02 04 02 01 05" package "03 000B 01 07" module    \
	"0010"
#define UNKNOWN_FILE   "F000000001"
#define UNKNOWN_MODULE "F0000000010101"

static void begin_load(const char *aid, unsigned sw)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "80E60200:05%s 00 00 00 00", aid);
	expect_gp(text, sw, sw == 0x9000 ? "00" : "");
}

static void test_load(void **state)
{
	(void)state;
	open_channel(0x33);
	expect_gp("80E4008007 4F05" UKEY_FILE "00", 0x9000, "00");
	begin_load(UKEY_FILE, 0x9000);
	expect_gp(
	    "80E80000:C420 01 000F DECAFFED 01 02 04 02 01 05", 0x9000, "00");
	expect_gp("80E88001:" UKEY_FILE "03 000B 01 07" UKEY_MODULE "0010",
	    0x9000, "00");
	expect_gp("80F21002024F0000", 0x9000,
	    "E322 4F05" UKEY_FILE "9F700101 CE020102 8407" UKEY_MODULE
	    "CC08" ISD "E325 4F07A0000001515350 9F700101 CE020100"
	    "8408A000000151535041 CC08" ISD);
	/* Now it can be installed, and used. */
	expect_gp("80E60C00:" INSTALL_UKEY2, 0x9000, "00");
	expect_sw(isd_rig.card, "00A4040008F0756B65792E3032", 0x613F);
	open_channel(0x01);
	begin_load(UKEY_FILE, 0x6985); /* it is there */
}

/* Load, install and make selectable in one: P2 01 begins, 03 ends. */
static void test_all_in_one(void **state)
{
	(void)state;
	open_channel(0x33);
	expect_gp("80E4008007 4F05" UKEY_FILE "00", 0x9000, "00");
	expect_gp("80E60E03:" INSTALL_UKEY2, 0x6985, "");
	expect_gp("80E60E01:05" UKEY_FILE "00 00 00 00", 0x9000, "00");
	expect_gp("80E88000:C420" CAP(UKEY_FILE, UKEY_MODULE), 0x9000, "00");
	expect_gp("80E60E03:" INSTALL_UKEY2, 0x9000, "00");
	expect_gp("80E60E03:" INSTALL_UKEY2, 0x6985, ""); /* it has ended */
	expect_sw(isd_rig.card, "00A4040008F0756B65792E3032", 0x613F);
	/* Ended before it was loaded. */
	open_channel(0x01);
	expect_gp("80E60E01:05" UNKNOWN_FILE "00 00 00 00", 0x9000, "00");
	expect_gp("80E60E03:" INSTALL_UKEY2, 0x6985, "");
	expect_gp(
	    "80E88000:C420" CAP(UNKNOWN_FILE, UNKNOWN_MODULE), 0x6985, "");
}

/* The hash that was announced: sha1sum's and sha256sum's. */
static void test_announced_hash(void **state)
{
	static const char *const hashes[] = {
		"80E60200:05" UNKNOWN_FILE "00 14"
		"FD091BE80E3B28A17BA9F32E2C8352BFBC21793A 00 00",
		"80E60200:05" UNKNOWN_FILE "00 20"
		"2956354EE3F17AE4FD72456D9F900316"
		"88AAEB2DC437BF84768D00458A163A5F 00 00",
	};

	(void)state;
	open_channel(0x01);
	for (size_t i = 0; i < 2; i++) {
		expect_gp(hashes[i], 0x9000, "00");
		expect_gp("80E88000:C420" CAP(UNKNOWN_FILE, UNKNOWN_MODULE),
		    0x9000, "00");
		expect_gp("80E4000007 4F05" UNKNOWN_FILE "00", 0x9000, "00");
	}
	expect_gp("80E60200:05" UNKNOWN_FILE "00 14"
		  "00112233445566778899AABBCCDDEEFF00112233 00 00",
	    0x9000, "00");
	expect_gp(
	    "80E88000:C420" CAP(UNKNOWN_FILE, UNKNOWN_MODULE), 0x6A80, "");
}

static void test_unknown_load_file(void **state)
{
	(void)state;
	open_channel(0x01);
	begin_load(UNKNOWN_FILE, 0x9000);
	expect_gp(
	    "80E88000:C420" CAP(UNKNOWN_FILE, UNKNOWN_MODULE), 0x9000, "00");
	expect_gp("80E60C00:05" UNKNOWN_FILE "07" UNKNOWN_MODULE
		  "08F0756B65792E3033 0100 02C900 00",
	    0x6A80, "");
	expect_gp("80E4000007 4F05" UNKNOWN_FILE "00", 0x9000, "00");
	expect_gp("80E4000007 4F05" UNKNOWN_FILE "00", 0x6A88, "");
}

#define PIV      "A000000308000010000100"
#define PIV_FILE "F0756B65792E706976"

/* One file, two modules; the second one has Yubico's additions. */
static void test_install_piv(void **state)
{
	(void)state;
	open_channel(0x33);
	expect_gp("80E60200:09" PIV_FILE "00 00 00 00", 0x9000, "00");
	expect_gp("80E88000:C434 01 0013 DECAFFED 01 02 04 02 01 09" PIV_FILE
		  "03 001B 02 0A" PIV_FILE "31 0010 0A" PIV_FILE "32 0020",
	    0x9000, "00");
	expect_gp("80E60C00:09" PIV_FILE "0A" PIV_FILE "32 0B" PIV
		  "0100 02C900 00",
	    0x9000, "00");
	expect_sw(isd_rig.card, "00A404000B" PIV "00", 0x9000);
	expect_apdu(isd_rig.card, "00FD000000", "050403 9000");
	expect_apdu(isd_rig.card, "00200080", "63C3");
	open_channel(0x01);
	expect_gp("80E400000D 4F0B" PIV "00", 0x9000, "00");
	expect_gp("80E60C00:09" PIV_FILE "0A" PIV_FILE "31 0B" PIV
		  "0100 03C90101 00",
	    0x6A80, ""); /* it has no parameters */
	expect_gp("80E60C00:09" PIV_FILE "0A" PIV_FILE "31 0B" PIV
		  "0100 02C900 00",
	    0x9000, "00");
	expect_sw(isd_rig.card, "00A404000B" PIV "00", 0x9000);
	expect_sw(isd_rig.card, "00FD000000", 0x6D00);
	expect_apdu(isd_rig.card, "00200080", "63C5");
}

static void test_load_refusals(void **state)
{
	static const char *const bad[] = {
		"80E88000:C400",
		"80E88000:C41F" CAP(UNKNOWN_FILE, UNKNOWN_MODULE),
		"80E88000:C420" CAP("F000000002", UNKNOWN_MODULE),
		"80E88000:C520" CAP(UNKNOWN_FILE, UNKNOWN_MODULE),
		/* applets before the header, header twice, no header */
		"80E88000:C40E 03 000B 01 07" UNKNOWN_MODULE "0010",
		"80E88000:C424 01 000F DECAFFED 01 02 04 02 01 05" UNKNOWN_FILE
		"01 000F DECAFFED 01 02 04 02 01 05" UNKNOWN_FILE "00",
		/* longer than it is; two applets announced */
		"80E88000:C420 01 000F DECAFFED 01 02 04 02 01 05" UNKNOWN_FILE
		"03 000C 01 07" UNKNOWN_MODULE "0010",
		"80E88000:C420 01 000F DECAFFED 01 02 04 02 01 05" UNKNOWN_FILE
		"03 000B 02 07" UNKNOWN_MODULE "0010",
		"80E88000:C420 01 000F DECAFFEE 01 02 04 02 01 05" UNKNOWN_FILE
		"03 000B 01 07" UNKNOWN_MODULE "0010",
	};

	(void)state;
	open_channel(0x01);
	expect_gp("80E88000:C400", 0x6985, ""); /* not announced */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin_load(UNKNOWN_FILE, 0x9000);
		expect_gp(bad[i], 0x6A80, "");
		expect_gp("80E88000:C400", 0x6985, "");
	}
	/* Blocks out of order. */
	begin_load(UNKNOWN_FILE, 0x9000);
	expect_gp("80E80001:C420", 0x6A86, "");
	expect_gp("80E80000:C420", 0x6985, "");
	/* Another hash than was announced. */
	expect_gp("80E60200:05" UNKNOWN_FILE "00 20"
		  "00112233445566778899AABBCCDDEEFF"
		  "00112233445566778899AABBCCDDEEFF 00 00",
	    0x9000, "00");
	expect_gp(
	    "80E88000:C420" CAP(UNKNOWN_FILE, UNKNOWN_MODULE), 0x6A80, "");
	/* For another domain. */
	expect_gp(
	    "80E60200:05" UNKNOWN_FILE "05F000000009 00 00 00", 0x6A88, "");
	/* The last write fails: nothing is there. */
	begin_load(UNKNOWN_FILE, 0x9000);
	vc_store_fail_nth(1);
	expect_gp(
	    "80E88000:C420" CAP(UNKNOWN_FILE, UNKNOWN_MODULE), 0x6581, "");
	vc_store_fail_nth(0);
	expect_gp("80F22002074F05" UNKNOWN_FILE "00", 0x6A88, "");
	/* Reset in the middle. */
	begin_load(UNKNOWN_FILE, 0x9000);
	vc_card_reset(isd_rig.card);
	open_channel(0x01);
	expect_gp(
	    "80E88000:C420" CAP(UNKNOWN_FILE, UNKNOWN_MODULE), 0x6985, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, isd_set_up, isd_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_load),
		TEST(test_all_in_one),
		TEST(test_announced_hash),
		TEST(test_unknown_load_file),
		TEST(test_install_piv),
		TEST(test_load_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
