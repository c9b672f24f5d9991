/*
 * The issuer security domain through APDUs and a secure channel. What it must
 * answer is worked out from GlobalPlatform 2.3.1; the host side of the channel
 * is written a second time in tests/testlib/gp_host.c, and a third time in
 * Python in tests/system.
 */
#include "gp_host.h"
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"

#include <stdio.h>
#include <string.h>

#define ISD         "A000000151000000"
#define SELECT_ISD  "00A4040008" ISD "00"
#define UKEY        "F0756B65792E3031"
#define UKEY_FILE   "F0756B6579"
#define UKEY_MODULE "F0756B65792E6D"

struct rig {
	struct vc_card *card;
	struct vc_crypto *crypto;
	struct gp_host host;
};

static struct rig rig;

static void close_rig(void)
{
	vc_card_close(&rig.card);
	vc_crypto_close(&rig.crypto);
}

static int set_up(void **state)
{
	expect_ok(vc_crypto_open(&rig.crypto));
	expect_ok(vc_apps_open(NULL, VC_STORE_CREATE, &rig.card));
	gp_host_keys(&rig.host, rig.crypto, rig.card);
	*state = &rig;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_rig();
	return 0;
}

/* "header:data" gets its length, and Le 00. */
static unsigned gp(const char *text)
{
	const char *colon = strchr(text, ':');
	uint8_t apdu[300];
	uk_buf b = UK_BUF(apdu);
	uk_bytes data;

	if (colon == NULL)
		return gp_send(&rig.host, hex(text));
	data = hex(colon + 1);
	assert_in_range(data.n, 1, 230);
	expect_ok(uk_hex_decode(uk_view(text, 8), &b));
	uk_put_u8(&b, (uint8_t)data.n);
	uk_put(&b, data);
	uk_put_u8(&b, 0);
	return gp_send(&rig.host, uk_buf_view(&b));
}

/* Status word, and what the answer says when its protection is gone. */
#define expect_gp(command, sw, answer)                                         \
	expect_gp_at(command, sw, answer, __FILE__, __LINE__)
static void expect_gp_at(const char *command, unsigned sw, const char *answer,
    const char *file, int line)
{
	unsigned got = gp(command);

	if (got != sw) {
		print_error("%s: got %04X, want %04X\n", command, got, sw);
		_fail(file, line);
	}
	if (answer != NULL)
		expect_bytes_at(uk_view(rig.host.answer, rig.host.answer_len),
		    hex(answer), file, line);
}

static void open_channel(uint8_t level)
{
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_open(&rig.host, 0, level), 0x9000);
}

static void expect_locked_out(void)
{
	expect_sw(rig.card, "80F28002024F0000", 0x6982);
	expect_sw(rig.card, "80E400000A4F08" UKEY, 0x6982);
	expect_sw(rig.card, "80D8008103010203", 0x6982);
	expect_sw(rig.card, "80E20000020102", 0x6982);
	expect_sw(rig.card, "80E60C00020000", 0x6982);
	expect_sw(rig.card, "80E80000020000", 0x6982);
	expect_sw(rig.card, "80F0807F00", 0x6982);
}

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
	expect_apdu(rig.card, SELECT_ISD, fci);
	expect_apdu(rig.card, "00A4040000", fci); /* no name */
	expect_apdu(rig.card, "00A4040006A0000001510000", fci);
	expect_apdu(rig.card, "00A4040C08" ISD, "9000");
	/* It is not in EF.DIR, and a reset selects the MF as ever. */
	vc_card_reset(rig.card);
	expect_apdu(rig.card, "00B09E0000",
	    "6110 4F08F0756B65792E3031 5004756B6579 9000");
	expect_sw(rig.card, "80CA006600", 0x6E00);
}

static void test_get_data(void **state)
{
	(void)state;
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	expect_apdu(rig.card, "80CA006600",
	    "6631 732F 0607 2A864886FC6B01 600C 060A 2A864886FC6B02 020301"
	    "6309 0607 2A864886FC6B03 640B 0609 2A864886FC6B04 0370 9000");
	expect_sw(rig.card, "00CA006600", 0x9000);
	/* Three AES keys of version FF. */
	expect_apdu(rig.card, "80CA00E000",
	    "E012 C00401FF8810 C00402FF8810 C00403FF8810 9000");
	expect_apdu(rig.card, "80CA00C100", "C103 000000 9000");
	assert_int_equal(answer_of(rig.card, "80CA9F7F00").n, 45);
	assert_int_equal(answer_of(rig.card, "80CA00CF00").n, 12);
	expect_apdu(rig.card, "80CA00D300", "D30100 9000");
	expect_sw(rig.card, "80CA004200", 0x6A88);
	expect_sw(rig.card, "80CA123400", 0x6A88);
}

static void test_nothing_without_channel(void **state)
{
	(void)state;
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	expect_sw(rig.card, "84F280020A4F00000102030405060700", 0x6982);
	expect_sw(
	    rig.card, "8482010010000102030405060708090A0B0C0D0E0F", 0x6985);
	expect_sw(rig.card, "8050000007 01020304050607 00", 0x6700);
	expect_sw(rig.card, "8050000108 0102030405060708 00", 0x6A86);
	expect_sw(rig.card, "8050010008 0102030405060708 00", 0x6A88);
	expect_sw(rig.card, "0050000008 0102030405060708 00", 0x6E00);
	expect_sw(rig.card, "8450000008 0102030405060708 00", 0x6E00);
	expect_sw(rig.card, "80A4040C08" UKEY, 0x6D00); /* not SELECT's class */
	expect_sw(rig.card, "80B0000000", 0x6D00);
	/* Begun is not open. */
	assert_int_equal(gp_begin(&rig.host, 0), 0x9000);
	expect_locked_out();
}

/* --- channels --------------------------------------------------------------
 */

/* A card with one key set as the parameters of installation say. */
static void other_keys(const char *params)
{
	expect_ok(vc_card_remove(rig.card, hex(ISD)));
	expect_ok(vc_card_install(rig.card, "isd", UK_NONE, hex(params)));
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
	expect_ok(vc_card_remove(rig.card, hex(ISD)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_code(
		    vc_card_install(rig.card, "isd", UK_NONE, hex(bad[i])),
		    UK_ERR_FORMAT);
	expect_sw(rig.card, SELECT_ISD, 0x6A82);
	/* Two sets: the first is the default. */
	expect_ok(vc_card_install(rig.card, "isd", UK_NONE,
	    hex(SET("20", "02", "55") SET("30", "03", "70"))));
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_open(&rig.host, 0, 0x01), 0x9000);
	assert_int_equal(rig.host.protocol, 2);
	assert_int_equal(gp_open(&rig.host, 0x30, 0x33), 0x9000);
	assert_int_equal(rig.host.protocol, 3);
	assert_int_equal(gp_open(&rig.host, 0x31, 0x33), 0x6A88);
}

/* What counts as fresh: SCP03 counts what begins, SCP02 what was opened. */
static void test_sequence(void **state)
{
	(void)state;
	open_channel(0x01);
	expect_gp("80CA00C100", 0x9000, "C103000001");
	assert_int_equal(gp_begin(&rig.host, 0), 0x9000);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	expect_apdu(rig.card, "80CA00C100", "C103 000002 9000");
	other_keys(SET("20", "02", "55"));
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_begin(&rig.host, 0), 0x9000);
	assert_int_equal(gp_begin(&rig.host, 0), 0x9000);
	expect_apdu(rig.card, "80CA00C100", "C102 0000 9000");
	assert_int_equal(gp_open(&rig.host, 0, 0x01), 0x9000);
	expect_gp("80CA00C100", 0x9000, "C1020001");
}

static void test_session_ends(void **state)
{
	(void)state;
	/* Selected again, another application, reset, a new beginning. */
	open_channel(0x01);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	open_channel(0x01);
	expect_sw(rig.card, "00A4040C08" UKEY, 0x9000);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	open_channel(0x01);
	vc_card_reset(rig.card);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	expect_locked_out();
	open_channel(0x00);
	expect_gp("80F28002024F0000", 0x9000, NULL);
	expect_sw(rig.card, "8050000007 01020304050607 00", 0x6700);
	expect_locked_out();
	/* Without protection, where there must be. */
	open_channel(0x01);
	expect_sw(rig.card, "80CA00E000", 0x6982);
	expect_sw(rig.card, "80CA00E000", 0x9000);
	expect_locked_out();
	/* With a MAC that is wrong. */
	open_channel(0x33);
	expect_sw(rig.card, "84CA00E0080102030405060708", 0x6982);
	expect_locked_out();
	assert_int_equal(gp("80F28002024F0000"), 0x6982);
	/* At level 00 commands come as they are. */
	open_channel(0x00);
	expect_sw(rig.card, "84CA00E0080102030405060708", 0x6982);
	expect_locked_out();
}

static void test_tries(void **state)
{
	(void)state;
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	rig.host.mac[0] ^= 0xff;
	/* The card's cryptogram is not the one that these keys give. */
	for (int i = 0; i < 9; i++) {
		assert_int_equal(gp_begin(&rig.host, 0), 0);
		expect_sw(rig.card,
		    "8482010010000102030405060708090A0B0C0D0E0F", 0x6300);
	}
	rig.host.mac[0] ^= 0xff;
	/* The tenth is good: all ten are there again. */
	assert_int_equal(gp_open(&rig.host, 0, 0x01), 0x9000);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(gp_begin(&rig.host, 0), 0x9000);
		expect_sw(rig.card,
		    "8482010010000102030405060708090A0B0C0D0E0F", 0x6300);
	}
	assert_int_equal(gp_begin(&rig.host, 0), 0x6983);
	expect_sw(
	    rig.card, "8482010010000102030405060708090A0B0C0D0E0F", 0x6983);
	vc_card_reset(rig.card);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_begin(&rig.host, 0), 0x6983);
	expect_sw(rig.card, "80CA00E000", 0x9000);
}

/* A try that could not be written down is none. */
static void test_tries_are_written(void **state)
{
	(void)state;
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	for (unsigned nth = 1; nth <= 3; nth++) {
		vc_store_fail_nth(nth);
		assert_int_equal(gp_open(&rig.host, 0, 0x01), 0x6581);
		vc_store_fail_nth(0);
		expect_locked_out();
	}
	assert_int_equal(gp_open(&rig.host, 0, 0x01), 0x9000);
}

/* --- keys ------------------------------------------------------------------
 */

static char command[600];

/* PUT KEY with three keys, each byte of which is `fill`. */
static const char *put_keys(
    uint8_t old, uint8_t version, uint8_t type, size_t n, uint8_t fill)
{
	uint8_t data[200], key[32];
	uk_buf b = UK_BUF(data);
	uk_buf text = uk_buf_over(command, sizeof(command) - 1);
	uint8_t header[5] = { 0x80, 0xd8, old, 0x81, 0 };

	memset(key, fill, sizeof(key));
	uk_put_u8(&b, version);
	for (int i = 0; i < 3; i++)
		gp_put_key(&rig.host, type, uk_view(key, n), &b);
	header[4] = (uint8_t)b.len;
	memset(command, 0, sizeof(command));
	uk_put_hex(&text, UK_ARRAY(header));
	uk_put_hex(&text, uk_buf_view(&b));
	uk_put_hex(&text, uk_view("\0", 1));
	return command;
}

static void new_host_keys(size_t n, uint8_t fill)
{
	rig.host.n = n;
	memset(rig.host.enc, fill, sizeof(rig.host.enc));
	memset(rig.host.mac, fill, sizeof(rig.host.mac));
	memset(rig.host.dek, fill, sizeof(rig.host.dek));
}

static void test_put_key(void **state)
{
	(void)state;
	open_channel(0x33);
	/* 16 bytes 11: KCV is AES-128 of 16 bytes 01; checked below by the
	 * channel that the keys open. */
	expect_gp(put_keys(0, 0x01, 0x88, 16, 0x11), 0x9000, NULL);
	assert_int_equal(rig.host.answer_len, 10);
	assert_int_equal(rig.host.answer[0], 0x01);
	/* Those that it was born with are gone; this session goes on. */
	expect_gp("80CA00E000", 0x9000,
	    "E012 C00401018810 C00402018810 C00403018810");
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_begin(&rig.host, 0xff), 0x6A88);
	assert_int_equal(gp_begin(&rig.host, 0x01), 0);
	new_host_keys(16, 0x11);
	open_channel(0x33);
	/* 24 and 32 bytes, replacing; the counter begins again. */
	expect_gp(put_keys(0x01, 0x01, 0x88, 24, 0x22), 0x9000, NULL);
	new_host_keys(24, 0x22);
	open_channel(0x33);
	expect_gp("80CA00C100", 0x9000, "C103000001");
	expect_gp(put_keys(0x01, 0x02, 0x88, 32, 0x33), 0x9000, NULL);
	expect_gp("80CA00E000", 0x9000,
	    "E012 C00401028820 C00402028820 C00403028820");
	new_host_keys(32, 0x33);
	open_channel(0x33);
	/* DES keys beside them: another protocol. */
	expect_gp(put_keys(0, 0x20, 0x80, 16, 0x44), 0x9000, NULL);
	new_host_keys(16, 0x44);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_open(&rig.host, 0x20, 0x03), 0x9000);
	assert_int_equal(rig.host.protocol, 2);
	expect_gp(put_keys(0x20, 0x20, 0x80, 16, 0x55), 0x9000, NULL);
	/* Known check value: 3DES with 40..4F, 8BAF47 (in all places that tell
	 * of these keys). */
	expect_gp(put_keys(0x20, 0x21, 0x80, 16, 0x55), 0x9000, NULL);
	new_host_keys(16, 0x55);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_open(&rig.host, 0x21, 0x03), 0x9000);
}

static void test_put_key_refusals(void **state)
{
	(void)state;
	open_channel(0x01);
	/* Nothing to replace; a version that cannot be; one that is there. */
	expect_gp(put_keys(0x05, 0x05, 0x88, 16, 0x11), 0x6A88, "");
	expect_gp(put_keys(0, 0x00, 0x88, 16, 0x11), 0x6A80, "");
	expect_gp(put_keys(0, 0x80, 0x88, 16, 0x11), 0x6A80, "");
	expect_gp(put_keys(0, 0x01, 0x85, 16, 0x11), 0x6A80, "");
	/* A wrong check value, the last of the third key. */
	(void)put_keys(0, 0x01, 0x88, 16, 0x11);
	command[strlen(command) - 3] ^= 0x01;
	expect_gp(command, 0x6A80, "");
	/* Cut at every byte. */
	for (size_t n = 1; n < 70; n++) {
		(void)put_keys(0, 0x01, 0x88, 16, 0x11);
		(void)snprintf(command + 8, 3, "%02zX", n);
		command[10 + 2 * n] = 0;
		if (n == 24 || n == 47)
			continue; /* fewer keys, but whole ones */
		expect_gp(command, 0x6A80, "");
	}
	/* P2 says one key, and there are three. */
	(void)put_keys(0, 0x01, 0x88, 16, 0x11);
	command[6] = '0';
	expect_gp(command, 0x6A80, "");
	(void)put_keys(0, 0x01, 0x88, 16, 0x11);
	command[7] = '0';
	expect_gp(command, 0x6A86, "");
	/* Nothing of all that has changed a key. */
	expect_gp("80CA00E000", 0x9000,
	    "E012 C00401FF8810 C00402FF8810 C00403FF8810");
	vc_store_fail_nth(1);
	expect_gp(put_keys(0, 0x01, 0x88, 16, 0x11), 0x6581, "");
	vc_store_fail_nth(0);
	expect_gp("80CA00E000", 0x9000,
	    "E012 C00401FF8810 C00402FF8810 C00403FF8810");
}

static void test_delete_key(void **state)
{
	(void)state;
	open_channel(0x01);
	/* The last way in stays. */
	expect_gp("80E4000003 D201FF 00", 0x6985, "");
	expect_gp("80E4000006 D00101 D201FF 00", 0x6985, "");
	expect_gp("80E4000003 D20101 00", 0x6A88, "");
	expect_gp("80E4000003 D20100 00", 0x6A80, "");
	expect_gp(put_keys(0, 0x01, 0x88, 16, 0x11), 0x9000, NULL);
	expect_gp(put_keys(0, 0x02, 0x88, 16, 0x22), 0x9000, NULL);
	expect_gp("80E4000003 D20101 00", 0x9000, "00");
	expect_gp("80CA00E000", 0x9000,
	    "E012 C00401028810 C00402028810 C00403028810");
	expect_gp("80E4000003 D00101 00", 0x6985, "");
}

static void test_many_keys(void **state)
{
	(void)state;
	open_channel(0x01);
	for (uint8_t v = 1; v <= 8; v++)
		expect_gp(put_keys(0, v, 0x88, 16, v), 0x9000, NULL);
	expect_gp(put_keys(0, 0x40, 0x88, 16, 0x40), 0x6A84, "");
	expect_gp("80E4000003 D20103 00", 0x9000, "00");
	expect_gp(put_keys(0, 0x40, 0x88, 16, 0x40), 0x9000, NULL);
}

/* --- the card's content ----------------------------------------------------
 */

static void test_get_status(void **state)
{
	(void)state;
	open_channel(0x03);
	expect_gp("80F28002024F0000", 0x9000,
	    "E326 4F08" ISD "9F700101 C5039AFE80 C407A0000001515350 CC08" ISD);
	expect_gp("80F24002024F0000", 0x9000,
	    "E324 4F08" UKEY "9F700107 C503000000 C405" UKEY_FILE "CC08" ISD);
	expect_gp("80F22002024F0000", 0x9000,
	    "E319 4F05" UKEY_FILE "9F700101 CE020100 CC08" ISD
	    "E31B 4F07A0000001515350 9F700101 CE020100 CC08" ISD);
	expect_gp("80F21002074F05" UKEY_FILE "00", 0x9000,
	    "E322 4F05" UKEY_FILE "9F700101 CE020100 8407" UKEY_MODULE
	    "CC08" ISD);
	/* Fewer tags, and the old form. */
	expect_gp("80F24002085C064F9F70C5CC00", 0x6A80, "");
	expect_gp("80F240020A4F005C064F9F70C5CC84 00", 0x9000,
	    "E31D 4F08" UKEY "9F700107 C503000000 CC08" ISD);
	expect_gp("80F24000024F0000", 0x9000, "08" UKEY "0700");
	expect_gp("80F21000074F05" UKEY_FILE "00", 0x9000,
	    "05" UKEY_FILE "010001"
	    "07" UKEY_MODULE);
	expect_gp("80F24002034F01F000", 0x9000, NULL);
	expect_gp("80F24002034F01EE00", 0x6A88, "");
	expect_gp("80F26002024F0000", 0x6A86, "");
	expect_gp("80F24004024F0000", 0x6A86, "");
	expect_gp("80F24003024F0000", 0x6985, ""); /* nothing to continue */
}

/* As many instances as do not fit one answer. */
static void test_get_status_in_parts(void **state)
{
	char aid[20];
	size_t entries = 0;
	unsigned sw;

	(void)state;
	for (int i = 0; i < 10; i++) {
		(void)snprintf(aid, sizeof(aid), "F0756B65792E40%02X", i);
		expect_ok(vc_card_install(rig.card, "ukey", hex(aid), UK_NONE));
	}
	open_channel(0x33);
	sw = gp("80F24002024F0000");
	assert_int_equal(sw, 0x6310);
	for (int parts = 1; parts < 10; parts++) {
		assert_int_equal(rig.host.answer_len % 38, 0);
		entries += rig.host.answer_len / 38;
		if (sw == 0x9000)
			break;
		sw = gp("80F24003024F0000");
	}
	assert_int_equal(sw, 0x9000);
	assert_int_equal(entries, 11);
	/* Interrupted. */
	assert_int_equal(gp("80F24002024F0000"), 0x6310);
	expect_gp("80CA00C100", 0x9000, NULL);
	expect_gp("80F24003024F0000", 0x6985, "");
}

#define INSTALL_UKEY2                                                          \
	"05" UKEY_FILE "07" UKEY_MODULE "08F0756B65792E3032 0100 02C900 00"

static void test_install_and_delete(void **state)
{
	(void)state;
	open_channel(0x33);
	expect_gp("80E60C00:" INSTALL_UKEY2, 0x9000, "00");
	expect_gp("80E60C00:" INSTALL_UKEY2, 0x6985, "");
	expect_apdu(rig.card, "00A40400 08 F0756B65792E3032", "613F");
	expect_sw(
	    rig.card, "002400811031323334FFFFFFFFFFFFFFFFFFFFFFFF", 0x6700);
	/* The MF shows both; each has what is its own. */
	expect_sw(rig.card, "00A4000C", 0x9000);
	expect_apdu(rig.card, "00B09E0000",
	    "6110 4F08" UKEY "5004756B6579"
	    "6110 4F08F0756B65792E3032 5004756B6579 9000");
	open_channel(0x01);
	expect_gp("80E400000A 4F08" UKEY "00", 0x9000, "00");
	expect_gp("80E400000A 4F08" UKEY "00", 0x6A88, "");
	expect_sw(rig.card, "00A4040008" UKEY, 0x6A82);
	expect_sw(rig.card, "00A4040007F0756B65792E30", 0x613F);
	open_channel(0x01);
	/* The file is in use; with all that is from it, it goes. */
	expect_gp("80E4000007 4F05" UKEY_FILE "00", 0x6985, "");
	vc_store_fail_nth(1);
	expect_gp("80E4008007 4F05" UKEY_FILE "00", 0x6581, "");
	vc_store_fail_nth(0);
	expect_gp("80F24002024F0000", 0x9000,
	    "E324 4F08F0756B65792E3032 9F700107 C503000000 C405" UKEY_FILE
	    "CC08" ISD);
	expect_gp("80E4008007 4F05" UKEY_FILE "00", 0x9000, "00");
	expect_gp("80F24002024F0000", 0x6A88, "");
	expect_gp("80E60C00:" INSTALL_UKEY2, 0x6A88, "");
	/* The domain does not delete itself. */
	expect_gp("80E400000A 4F08" ISD "00", 0x6985, "");
	expect_gp("80E4008009 4F07A0000001515350 00", 0x6985, "");
	expect_sw(rig.card, "00A4000C", 0x9000);
	expect_apdu(rig.card, "00B09E0000", "9000");
}

static void test_install_in_steps(void **state)
{
	(void)state;
	open_channel(0x01);
	expect_gp("80E60400:" INSTALL_UKEY2, 0x9000, "00");
	expect_sw(rig.card, "00A4040008F0756B65792E3032", 0x6A82);
	open_channel(0x01);
	expect_gp("80F240020A4F08F0756B65792E303200", 0x9000,
	    "E324 4F08F0756B65792E3032 9F700103 C503000000 C405" UKEY_FILE
	    "CC08" ISD);
	expect_gp("80E60800:00 00 08F0756B65792E3032 0104 00 00", 0x9000, "00");
	expect_gp("80E60800:00 00 08F0756B65792E3032 0104 00 00", 0x6985, "");
	/* It is the default now, and no other can be. */
	expect_gp("80E64000:00 00 08" UKEY "0104 00 00", 0x6985, "");
	vc_card_reset(rig.card);
	expect_sw(rig.card, "00CA010100", 0x9000);
	open_channel(0x01);
	expect_gp("80E64000:00 00 08F0756B65792E3032 0100 00 00", 0x9000, "00");
	expect_gp("80E64000:00 00 08" UKEY "0104 00 00", 0x9000, "00");
	/* Not a security domain's. */
	expect_gp("80E64000:00 00 08" UKEY "0180 00 00", 0x6A80, "");
	expect_gp("80E64000:00 00 08" ISD "0100 00 00", 0x6985, "");
	expect_gp("80E64000:00 00 08F0756B65792E3039 0100 00 00", 0x6A88, "");
	/* U-key does not want to be personalised this way. */
	expect_gp("80E62000:00 00 08" UKEY "00 00 00", 0x6985, "");
	expect_gp("80E62000:00 00 08F0756B65792E3039 00 00 00", 0x6A88, "");
	expect_gp("80E61000:00 00 08" UKEY "00 00 00", 0x6A86, "");
}

static void test_malformed_install(void **state)
{
	static const char *const bad[] = {
		"80E60C00:00 00",
		"80E60C00:05" UKEY_FILE "07" UKEY_MODULE
		"08F0756B65792E3032 0200 00 02C900 00",
		"80E60C00:05" UKEY_FILE "07" UKEY_MODULE "00 0100 02C900 00"
		"00",
		"80E60C00:" INSTALL_UKEY2 "00",
		"80E60C00:05" UKEY_FILE "07" UKEY_MODULE
		"08F0756B65792E3032 0100 01C9 00 00",
		"80E60200:00 00 00 00",
		"80E60200:11 00 00",
	};

	(void)state;
	open_channel(0x01);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_gp(bad[i], 0x6A80, "");
	expect_gp("80E60C01:" INSTALL_UKEY2, 0x6A86, "");
	expect_gp("80E60E03:" INSTALL_UKEY2, 0x6985, "");
	/* A module that is not in this file; the domain a second time. */
	expect_gp("80E60C00:05" UKEY_FILE "07F0756B65792E6E"
		  "08F0756B65792E3032 0100 02C900 00",
	    0x6A88, "");
	expect_gp("80E60C00:07A0000001515350 08A000000151535041"
		  "08F0756B65792E3032 0100 02C900 00",
	    0x6A80, "");
}

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
	expect_sw(rig.card, "00A4040008F0756B65792E3032", 0x613F);
	open_channel(0x01);
	begin_load(UKEY_FILE, 0x6985); /* it is there */
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
	expect_sw(rig.card, "00A404000B" PIV "00", 0x9000);
	expect_apdu(rig.card, "00FD000000", "050403 9000");
	expect_apdu(rig.card, "00200080", "63C3");
	open_channel(0x01);
	expect_gp("80E400000D 4F0B" PIV "00", 0x9000, "00");
	expect_gp("80E60C00:09" PIV_FILE "0A" PIV_FILE "31 0B" PIV
		  "0100 03C90101 00",
	    0x6A80, ""); /* it has no parameters */
	expect_gp("80E60C00:09" PIV_FILE "0A" PIV_FILE "31 0B" PIV
		  "0100 02C900 00",
	    0x9000, "00");
	expect_sw(rig.card, "00A404000B" PIV "00", 0x9000);
	expect_sw(rig.card, "00FD000000", 0x6D00);
	expect_apdu(rig.card, "00200080", "63C5");
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
	vc_card_reset(rig.card);
	open_channel(0x01);
	expect_gp(
	    "80E88000:C420" CAP(UNKNOWN_FILE, UNKNOWN_MODULE), 0x6985, "");
}

/* --- life cycles -----------------------------------------------------------
 */

static void test_application_locked(void **state)
{
	(void)state;
	open_channel(0x01);
	expect_gp("80F0408008" UKEY, 0x9000, "");
	expect_gp("80F0408008" UKEY, 0x6985, "");
	expect_sw(rig.card, "00A4040008" UKEY, 0x6A82);
	expect_sw(rig.card, "00A4000C", 0x9000);
	expect_apdu(rig.card, "00B09E0000", "9000");
	open_channel(0x01);
	expect_gp("80F24002024F0000", 0x9000,
	    "E324 4F08" UKEY "9F700187 C503000000 C405" UKEY_FILE "CC08" ISD);
	expect_gp("80F0400008" UKEY, 0x9000, "");
	expect_sw(rig.card, "00A4040008" UKEY, 0x613F);
	open_channel(0x01);
	expect_gp("80F0408008" ISD, 0x6985, "");
	expect_gp("80F0408008F0756B65792E3039", 0x6A88, "");
	expect_gp("80F0208008" UKEY, 0x6A86, "");
}

static void test_card_life(void **state)
{
	(void)state;
	open_channel(0x01);
	expect_gp("80F0800F00", 0x6985, ""); /* not without 07 */
	expect_gp("80F0800700", 0x9000, "");
	expect_gp("80F0800F00", 0x9000, "");
	expect_gp("80F0800700", 0x6985, ""); /* no way back */
	expect_gp("80F0807F00", 0x9000, "");
	expect_gp("80E400000A 4F08" UKEY "00", 0x6985, "");
	expect_gp("80F28002024F0000", 0x9000, NULL);
	assert_int_equal(rig.host.answer[15], 0x7f);
	expect_sw(rig.card, SELECT_ISD, 0x6283);
	expect_sw(rig.card, "00A4040008" UKEY, 0x6A82);
	/* And back, by who has the keys. */
	assert_int_equal(gp_open(&rig.host, 0, 0x33), 0x9000);
	expect_gp("80F0800F00", 0x9000, "");
	expect_sw(rig.card, "00A4040008" UKEY, 0x613F);
	open_channel(0x01);
	expect_gp("80F080FF00", 0x9000, "");
	expect_gp("80F0800F00", 0x6985, NULL);
	vc_card_reset(rig.card);
	expect_sw(rig.card, "00A4040008" UKEY, 0x6A82);
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	expect_sw(rig.card, "80CA9F7F00", 0x9000);
	expect_sw(rig.card, "8050000008 0102030405060708 00", 0x6985);
}

/* --- STORE DATA ------------------------------------------------------------
 */

static void test_store_data(void **state)
{
	(void)state;
	open_channel(0x03);
	expect_gp("80E2100006 4204 12345678", 0x9000, "");
	expect_gp("80E2900106 4504 AABBCCDD", 0x9000, "");
	expect_gp("80CA004200", 0x9000, "420412345678");
	expect_gp("80CA004500", 0x9000, "4504AABBCCDD");
	/* In groups; the diversification data comes back when a channel is
	 * begun. */
	expect_gp("80E288000F 0070 0C CF0A 00112233445566778899", 0x9000, "");
	expect_sw(rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_begin(&rig.host, 0), 0x9000);
	expect_bytes(uk_view(rig.host.answer, 10), hex("00112233445566778899"));
	open_channel(0x01);
	expect_gp("80E2900003 CF0100", 0x6A80, "");
	expect_gp("80E2900004 99020102", 0x6A88, "");
	expect_gp("80E2900103 420112", 0x6A86, ""); /* block 0 first */
	expect_gp("80E2F00003 420112", 0x6A86, "");
	expect_gp("80E2980003 420112", 0x6A86, "");
	expect_gp("80E2880005 0071 02 4200", 0x6A88, "");
	expect_gp("80E2880004 0070 02 42", 0x6A80, "");
	expect_gp("80CA004200", 0x9000, "420412345678");
	vc_store_fail_nth(1);
	expect_gp("80E2900003 420112", 0x6581, "");
	vc_store_fail_nth(0);
	expect_gp("80CA004200", 0x9000, "420412345678");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

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
		TEST(test_put_key),
		TEST(test_put_key_refusals),
		TEST(test_delete_key),
		TEST(test_many_keys),
		TEST(test_get_status),
		TEST(test_get_status_in_parts),
		TEST(test_install_and_delete),
		TEST(test_install_in_steps),
		TEST(test_malformed_install),
		TEST(test_load),
		TEST(test_announced_hash),
		TEST(test_unknown_load_file),
		TEST(test_install_piv),
		TEST(test_load_refusals),
		TEST(test_application_locked),
		TEST(test_card_life),
		TEST(test_store_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
