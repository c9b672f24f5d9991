/* The issuer security domain and the card's content: GET STATUS, INSTALL,
 * DELETE, SET STATUS, STORE DATA. */
#include "isd_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

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
		expect_ok(
		    vc_card_install(isd_rig.card, "ukey", hex(aid), UK_NONE));
	}
	open_channel(0x33);
	sw = gp("80F24002024F0000");
	assert_int_equal(sw, 0x6310);
	for (int parts = 1; parts < 10; parts++) {
		assert_int_equal(isd_rig.host.answer_len % 38, 0);
		entries += isd_rig.host.answer_len / 38;
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

static void test_install_and_delete(void **state)
{
	(void)state;
	open_channel(0x33);
	expect_gp("80E60C00:" INSTALL_UKEY2, 0x9000, "00");
	expect_gp("80E60C00:" INSTALL_UKEY2, 0x6985, "");
	expect_apdu(isd_rig.card, "00A40400 08 F0756B65792E3032", "613F");
	expect_sw(
	    isd_rig.card, "002400811031323334FFFFFFFFFFFFFFFFFFFFFFFF", 0x6700);
	/* The MF shows both; each has what is its own. */
	expect_sw(isd_rig.card, "00A4000C", 0x9000);
	expect_apdu(isd_rig.card, "00B09E0000",
	    "6110 4F08" UKEY "5004756B6579"
	    "6110 4F08F0756B65792E3032 5004756B6579 9000");
	open_channel(0x01);
	expect_gp("80E400000A 4F08" UKEY "00", 0x9000, "00");
	expect_gp("80E400000A 4F08" UKEY "00", 0x6A88, "");
	expect_sw(isd_rig.card, "00A4040008" UKEY, 0x6A82);
	expect_sw(isd_rig.card, "00A4040007F0756B65792E30", 0x613F);
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
	expect_sw(isd_rig.card, "00A4000C", 0x9000);
	expect_apdu(isd_rig.card, "00B09E0000", "9000");
}

static void test_install_in_steps(void **state)
{
	(void)state;
	open_channel(0x01);
	expect_gp("80E60400:" INSTALL_UKEY2, 0x9000, "00");
	expect_sw(isd_rig.card, "00A4040008F0756B65792E3032", 0x6A82);
	open_channel(0x01);
	expect_gp("80F240020A4F08F0756B65792E303200", 0x9000,
	    "E324 4F08F0756B65792E3032 9F700103 C503000000 C405" UKEY_FILE
	    "CC08" ISD);
	expect_gp("80E60800:00 00 08F0756B65792E3032 0104 00 00", 0x9000, "00");
	expect_gp("80E60800:00 00 08F0756B65792E3032 0104 00 00", 0x6985, "");
	/* It is the default now, and no other can be. */
	expect_gp("80E64000:00 00 08" UKEY "0104 00 00", 0x6985, "");
	vc_card_reset(isd_rig.card);
	expect_sw(isd_rig.card, "00CA010100", 0x9000);
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

/* --- life cycles -----------------------------------------------------------
 */

static void test_application_locked(void **state)
{
	(void)state;
	open_channel(0x01);
	expect_gp("80F0408008" UKEY, 0x9000, "");
	expect_gp("80F0408008" UKEY, 0x6985, "");
	expect_sw(isd_rig.card, "00A4040008" UKEY, 0x6A82);
	expect_sw(isd_rig.card, "00A4000C", 0x9000);
	expect_apdu(isd_rig.card, "00B09E0000", "9000");
	open_channel(0x01);
	expect_gp("80F24002024F0000", 0x9000,
	    "E324 4F08" UKEY "9F700187 C503000000 C405" UKEY_FILE "CC08" ISD);
	expect_gp("80F0400008" UKEY, 0x9000, "");
	expect_sw(isd_rig.card, "00A4040008" UKEY, 0x613F);
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
	assert_int_equal(isd_rig.host.answer[15], 0x7f);
	expect_sw(isd_rig.card, SELECT_ISD, 0x6283);
	expect_sw(isd_rig.card, "00A4040008" UKEY, 0x6A82);
	/* And back, by who has the keys. */
	assert_int_equal(gp_open(&isd_rig.host, 0, 0x33), 0x9000);
	expect_gp("80F0800F00", 0x9000, "");
	expect_sw(isd_rig.card, "00A4040008" UKEY, 0x613F);
	open_channel(0x01);
	expect_gp("80F080FF00", 0x9000, "");
	expect_gp("80F0800F00", 0x6985, NULL);
	vc_card_reset(isd_rig.card);
	expect_sw(isd_rig.card, "00A4040008" UKEY, 0x6A82);
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	expect_sw(isd_rig.card, "80CA9F7F00", 0x9000);
	expect_sw(isd_rig.card, "8050000008 0102030405060708 00", 0x6985);
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
	expect_sw(isd_rig.card, SELECT_ISD, 0x9000);
	assert_int_equal(gp_begin(&isd_rig.host, 0), 0x9000);
	expect_bytes(
	    uk_view(isd_rig.host.answer, 10), hex("00112233445566778899"));
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

/* A kind that is personalised this way; what it was given is its answer. */
struct toy {
	struct vc_app app;
	uint8_t got[64];
	size_t n;
};

static uk_err toy_install(struct vc_app *app, uk_bytes params)
{
	uk_buf b = UK_BUF(((struct toy *)app)->got);

	uk_put(&b, params);
	((struct toy *)app)->n = b.len;
	return uk_buf_result(&b);
}

static void toy_forget(struct vc_app *app)
{
	(void)app;
}

static uint16_t toy_select(
    struct vc_app *app, const struct vc_select *how, uk_buf *out)
{
	(void)how;
	uk_put(out, uk_view(((struct toy *)app)->got, ((struct toy *)app)->n));
	return 0x9000;
}

static uint16_t toy_store(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct toy *t = (struct toy *)app;
	uk_buf b = { t->got, t->n, sizeof(t->got), false };

	(void)out;
	if (cmd->cla != 0x80 || cmd->data.p[0] == 0xee)
		return 0x6a80;
	uk_put_u8(&b, cmd->p1);
	uk_put_u8(&b, cmd->p2);
	uk_put(&b, cmd->data);
	t->n = b.len;
	return 0x9000;
}

static const struct vc_app_ops toy_ops = {
	.name = "toy",
	.package = VC_AID(0xf0, 0, 0, 0, 1),
	.module = VC_AID(0xf0, 0, 0, 0, 1, 1, 1),
	.aid = VC_AID(0xf0, 0, 0, 0, 1, 2),
	.traits = { .preinstalled = true },
	.size = sizeof(struct toy),
	.install = toy_install,
	.forget = toy_forget,
	.select = toy_select,
	.store_data = toy_store,
};

static const struct vc_app_ops *toy_and_isd[2] = { &toy_ops, NULL };

#define TOY "F00000000102"

static void test_personalise(void **state)
{
	(void)state;
	for (size_t i = 0; i < vc_app_count; i++) {
		if (strcmp(vc_apps[i]->name, "isd") == 0)
			toy_and_isd[1] = vc_apps[i];
	}
	vc_card_close(&isd_rig.card);
	expect_ok(
	    vc_card_open(toy_and_isd, 2, NULL, VC_STORE_CREATE, &isd_rig.card));
	gp_host_keys(&isd_rig.host, isd_rig.crypto, isd_rig.card);
	open_channel(0x33);
	/* Parameters of INSTALL are what stands in C9. */
	expect_gp("80E60C00:05F000000001 07F0000000010101 06F00000000103 0100"
		  "0A EF04C8021234 C902AABB 00",
	    0x9000, "00");
	expect_apdu(isd_rig.card, "00A4040006F0000000010300", "AABB9000");
	open_channel(0x03);
	expect_gp("80E62000:00 00 06" TOY "00 00 00", 0x9000, "00");
	expect_gp("80E20000 02 0102", 0x9000, "");
	expect_gp("80E20001 01 EE", 0x6A80, ""); /* its own refusal */
	expect_gp("80E20002 01 03", 0x6A86, ""); /* blocks begin again */
	expect_gp("80E28000 01 03", 0x9000, "");
	/* That was the last: the next is for the domain. */
	expect_gp("80E29000 03 420112", 0x9000, "");
	expect_apdu(
	    isd_rig.card, "00A4040006" TOY "00", "0000 0102 8000 03 9000");
	/* Not while it is locked. */
	open_channel(0x01);
	expect_gp("80E62000:00 00 06" TOY "00 00 00", 0x9000, "00");
	expect_gp("80F0408006" TOY, 0x9000, "");
	expect_gp("80E28000 01 03", 0x6985, "");
	expect_gp("80E62000:00 00 06" TOY "00 00 00", 0x6985, "");
	/* Deleted in the middle. */
	expect_gp("80E62000:00 00 06F00000000103 00 00 00", 0x9000, "00");
	expect_gp("80E4000008 4F06F00000000103 00", 0x9000, "00");
	expect_gp("80E28000 01 03", 0x6985, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, isd_set_up, isd_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_get_status),
		TEST(test_get_status_in_parts),
		TEST(test_install_and_delete),
		TEST(test_install_in_steps),
		TEST(test_malformed_install),
		TEST(test_application_locked),
		TEST(test_card_life),
		TEST(test_store_data),
		TEST(test_personalise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
