/* The issuer security domain's keys: PUT KEY and DELETE [key]. */
#include "isd_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"

#include <stdio.h>
#include <string.h>

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
		gp_put_key(&isd_rig.host, type, uk_view(key, n), &b);
	header[4] = (uint8_t)b.len;
	memset(command, 0, sizeof(command));
	uk_put_hex(&text, UK_ARRAY(header));
	uk_put_hex(&text, uk_buf_view(&b));
	uk_put_hex(&text, uk_view("\0", 1));
	return command;
}

static void new_host_keys(size_t n, uint8_t fill)
{
	isd_rig.host.n = n;
	memset(isd_rig.host.enc, fill, sizeof(isd_rig.host.enc));
	memset(isd_rig.host.mac, fill, sizeof(isd_rig.host.mac));
	memset(isd_rig.host.dek, fill, sizeof(isd_rig.host.dek));
}

static void test_put_key(void **state)
{
	(void)state;
	open_channel(0x33);
	/* 16 bytes 11: KCV is AES-128 of 16 bytes 01; checked below by the
	 * channel that the keys open. */
	expect_gp(put_keys(0, 0x01, 0x88, 16, 0x11), 0x9000, NULL);
	assert_int_equal(isd_rig.host.answer_len, 10);
	assert_int_equal(isd_rig.host.answer[0], 0x01);
	/* Those that it was born with are gone; this session goes on. */
	expect_gp("80CA00E000", 0x9000,
	    "E012 C00401018810 C00402018810 C00403018810");
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_begin(&isd_rig.host, 0xff), 0x6A88);
	assert_int_equal(gp_begin(&isd_rig.host, 0x01), 0);
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
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_open(&isd_rig.host, 0x20, 0x03), 0x9000);
	assert_int_equal(isd_rig.host.protocol, 2);
	expect_gp(put_keys(0x20, 0x20, 0x80, 16, 0x55), 0x9000, NULL);
	/* Known check value: 3DES with 40..4F, 8BAF47 (in all places that tell
	 * of these keys). */
	expect_gp(put_keys(0x20, 0x21, 0x80, 16, 0x55), 0x9000, NULL);
	new_host_keys(16, 0x55);
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_open(&isd_rig.host, 0x21, 0x03), 0x9000);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, isd_set_up, isd_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_put_key),
		TEST(test_put_key_refusals),
		TEST(test_delete_key),
		TEST(test_many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
