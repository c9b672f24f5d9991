/* PIV: selection, data objects, PINs. Clauses are those of NIST SP 800-73-4;
 * the bytes of a YubiKey are from docs.yubico.com. */
#include "piv_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"

#define WRONG     "393939393939FFFF"
#define NEW       "363534333231FFFF"
#define DISCOVERY "7E124F0BA0000003080000100001005F2F02"

/* --- SELECT ----------------------------------------------------------------
 */

/* The manual's example of SELECT, and part 2, table 3. */
static void test_select(void **state)
{
	struct vc_card *card = *state;

	expect_apdu(card, "00A4040009A0000003080000100000",
	    "61114F0600001000010079074F05A000000308 9000");
	expect_apdu(card, "00A4040005A000000308", /* Le is not wanted */
	    "61114F0600001000010079074F05A000000308 9000");
	expect_apdu(card, "00A4040C0BA000000308000010000100", "9000");
	expect_sw(card, "00A404000BA00000030800001000020000", 0x6A82);
	expect_sw(card, "00CB3FFF035C017E00", 0x9000); /* still selected */
}

static void test_select_standard(void **state)
{
	struct vc_card *card = *state;

	expect_apdu(card, PIV_SELECT,
	    "61394F0600001000010079074F05A000000308 5003504956"
	    "AC2180010380010880010A80010C80010680010780010580011680011180011406"
	    "0100 9000");
}

/* Part 2, 3.1.1: selecting it again ends nothing; a YubiKey forgets. Another
 * application ends all. */
static void test_select_again(void **state)
{
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	expect_sw(card, PIV_VERIFY, 0x9000);
	expect_sw(card, PIV_SELECT, 0x9000);
	expect_sw(card, "00200080", 0x9000);
	expect_sw(card, "00DB3FFF075C035FC1025300", 0x9000);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, PIV_SELECT, 0x9000);
	expect_sw(card, "00200080", 0x63C5);
	expect_sw(card, "00DB3FFF075C035FC1025300", 0x6982);
	expect_sw(card, PIV_VERIFY, 0x9000);
	vc_card_reset(card);
	expect_sw(card, PIV_SELECT, 0x9000);
	expect_sw(card, "00200080", 0x63C5);
}

static void test_yubico_select_again(void **state)
{
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	expect_sw(card, PIV_VERIFY, 0x9000);
	expect_sw(card, PIV_SELECT, 0x9000);
	expect_sw(card, "00200080", 0x63C3);
	expect_sw(card, "00DB3FFF075C035FC1025300", 0x6982);
}

/* --- data objects ----------------------------------------------------------
 */

static void test_objects(void **state)
{
	struct vc_card *card = *state;

	/* Part 1, 3.3.2: the discovery object of a card without global PIN. */
	expect_apdu(card, "00CB3FFF035C017E00", DISCOVERY "4000 9000");
	expect_sw(card, PIV_GET("5FC102"), 0x6A82);
	expect_sw(card, "00DB3FFF095C035FC10253023400", 0x6982);
	PIV_ADMIN(card);
	expect_sw(card, "00DB3FFF095C035FC10253023400", 0x9000);
	expect_apdu(card, PIV_GET("5FC102"), "53023400 9000");
	expect_sw(card, "00DB3FFF095C035FC10253023401", 0x9000);
	expect_apdu(card, PIV_GET("5FC102"), "53023401 9000");
	/* 7F61 is a template of its own, like 7E. */
	expect_sw(card, "00DB3FFF067F6103020100", 0x9000);
	expect_apdu(card, "00CB3FFF045C027F6100", "7F6103020100 9000");
	expect_sw(card, "00CA3FFF055C035FC10200", 0x6D00);
	/* Le 2, and none: the rest follows. */
	expect_apdu(card, "00CB3FFF055C035FC102", "6104");
	expect_apdu(card, "00CB3FFF055C035FC10202", "5302 6102");
	expect_apdu(card, "00C0000002", "3401 9000");
}

static void test_every_object(void **state)
{
	static const char *const open[] = { "5FC101", "5FC102", "5FC105",
		"5FC106", "5FC107", "5FC10A", "5FC10B", "5FC10C", "5FC10D",
		"5FC120", "5FC122" };
	static const char *const guarded[] = { "5FC103", "5FC108", "5FC109",
		"5FC121", "5FC123" };
	static const char *const none[] = { "5FC100", "5FC104", "5FC124",
		"5FC1FF", "5FFF00", "7F6200", "53C101" };
	struct vc_card *card = *state;
	char text[64];

	PIV_ADMIN(card);
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		(void)snprintf(
		    text, sizeof(text), "00DB3FFF085C03%s530177", open[i]);
		expect_sw(card, text, 0x9000);
		(void)snprintf(
		    text, sizeof(text), "00CB3FFF055C03%s00", open[i]);
		expect_apdu(card, text, "530177 9000");
	}
	for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++) {
		(void)snprintf(
		    text, sizeof(text), "00DB3FFF085C03%s530177", guarded[i]);
		expect_sw(card, text, 0x9000);
		(void)snprintf(
		    text, sizeof(text), "00CB3FFF055C03%s00", guarded[i]);
		expect_sw(card, "0020FF80", 0x9000);
		expect_apdu(card, text, "6982");
		expect_sw(card, PIV_VERIFY, 0x9000);
		expect_apdu(card, text, "530177 9000");
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		(void)snprintf(
		    text, sizeof(text), "00DB3FFF085C03%s530177", none[i]);
		expect_sw(card, text, 0x6A81);
		(void)snprintf(
		    text, sizeof(text), "00CB3FFF055C03%s00", none[i]);
		expect_sw(card, text, 0x6A82);
	}
}

static void test_bad_objects(void **state)
{
	static const char *const bad[] = {
		"00DB3FFF055C035FC102",         /* no content */
		"00DB3FFF085C035FC102530277",   /* cut short */
		"00DB3FFF095C035FC10253017700", /* junk behind */
		"00DB3FFF085C035FC102540177",   /* no 53 */
		"00DB3FFF055C00530177",         /* no tag */
		"00DB3FFF095C045FC10201530177", /* four bytes */
		"00DB3FFF065C017E530177",       /* 7E has no 53 */
		"00DB3FFF035C017E",             /* nor this */
		"00DB3FFF147E124F0BA0000003080000100002005F2F024000",
		"00DB3FFF14" DISCOVERY "6000",              /* which first? */
		"00DB3FFF14" DISCOVERY "2020",              /* without 80 */
		"00DB3FFF14" DISCOVERY "5000",              /* fingerprints */
		"00DB3FFF0F7E0D4F0BA000000308000010000100", /* no policy */
	};
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_sw(card, bad[i], 0x6A80);
	expect_apdu(card, "00CB3FFF035C017E00", DISCOVERY "4000 9000");
	expect_sw(card, "00DB3FFE085C035FC102530177", 0x6A86);
	expect_sw(card, "00CB3FFE055C035FC10200", 0x6A86);
	expect_sw(card, "00CB3FFF055C045FC10200", 0x6A80);
	expect_sw(card, "00CB3FFF075C045FC1020100", 0x6A80);
	expect_sw(card, "00CB3FFF00", 0x6A80);
}

/* Chained in, 61xx out: at most 255 bytes each way. */
static void test_long_object(void **state)
{
	struct vc_card *card = *state;
	uint8_t part[260] = { 0x10, 0xdb, 0x3f, 0xff, 0xff };
	uk_bytes got;

	PIV_ADMIN(card);
	expect_sw(card, "10DB3FFF095C035FC1055382012C", 0x9000);
	assert_int_equal(sw_of(vc_card_transmit(card, UK_ARRAY(part))), 0x9000);
	part[0] = 0x00;
	part[4] = 300 - 255;
	assert_int_equal(
	    sw_of(vc_card_transmit(card, uk_view(part, 5 + 45))), 0x9000);
	got = vc_card_transmit(card, hex(PIV_GET("5FC105")));
	assert_int_equal(got.n, 257);
	expect_bytes(uk_bytes_last(got, 2), hex("6131"));
	got = vc_card_transmit(card, hex("00C0000031"));
	assert_int_equal(got.n, 51);
	expect_bytes(uk_bytes_last(got, 2), hex("9000"));
	/* No extended length. */
	expect_sw(card, "00CB3FFF0000055C035FC1050000", 0x6700);
}

static void test_empty_object(void **state)
{
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	expect_sw(card, "00DB3FFF075C035FC1025300", 0x9000);
	expect_apdu(card, PIV_GET("5FC102"), "5300 9000");
}

static void test_yubico_objects(void **state)
{
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	expect_sw(card, "00DB3FFF085C035FFF00530177", 0x9000);
	expect_apdu(card, PIV_GET("5FFF00"), "530177 9000");
	expect_sw(card, "00DB3FFF085C035FFF16530177", 0x6A81);
	/* Written empty is deleted. */
	expect_sw(card, "00DB3FFF075C035FFF005300", 0x9000);
	expect_sw(card, PIV_GET("5FFF00"), 0x6A82);
	expect_sw(card, "00CB3FFF0000055C035FC1020000", 0x6A82); /* extended */
}

/* --- PINs ------------------------------------------------------------------
 */

static void test_verify(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00200080", 0x63C5);
	expect_sw(card, "0020008008" WRONG, 0x63C4);
	expect_sw(card, PIV_VERIFY, 0x9000);
	expect_sw(card, "00200080", 0x9000);
	expect_sw(card, "0020FF80", 0x9000);
	expect_sw(card, "00200080", 0x63C5);
	expect_sw(card, PIV_VERIFY, 0x9000);
	expect_sw(card, "0020008008" WRONG, 0x63C4); /* ends the status */
	expect_sw(card, "00200080", 0x63C4);
	/* Not counted: part 2, 3.2.1. */
	expect_sw(card, "0020008006313233343536", 0x6A80);
	expect_sw(card, "00200080083132333435FFFFFF", 0x6A80);   /* five */
	expect_sw(card, "0020008008313233343536FF37", 0x6A80);   /* hole */
	expect_sw(card, "002000800831323334353641FF", 0x6A80);   /* letter */
	expect_sw(card, "0020008009313233343536FFFFFF", 0x6A80); /* nine */
	expect_sw(card, "0020008008FFFFFFFFFFFFFFFF", 0x6A80);
	expect_sw(card, "0020FF8008" PIV_PIN, 0x6A80);
	expect_sw(card, "00200180", 0x6A86);
	expect_sw(card, "00200080", 0x63C4);
	/* No such references. */
	expect_sw(card, "0020008108" PIV_PUK, 0x6A88);
	expect_sw(card, "0020000008" PIV_PIN, 0x6A88);
	expect_sw(card, "00200000", 0x6A88);
	expect_sw(card, "00200096", 0x6A88);
}

static void test_blocked(void **state)
{
	struct vc_card *card = *state;

	for (int i = 4; i >= 0; i--)
		expect_sw(card, "0020008008" WRONG, 0x63C0 | (unsigned)i);
	expect_sw(card, PIV_VERIFY, 0x6983);
	expect_sw(card, "00200080", 0x6983);
	expect_sw(card, "0024008010" PIV_PIN NEW, 0x6983);
	/* Part 2, 3.2.3 */
	expect_sw(card, "002C008010" WRONG NEW, 0x6A80); /* PUKs have eight */
	expect_sw(card, "002C008010 3939393939393939" NEW, 0x63C2);
	expect_sw(card, "002C008011" PIV_PUK NEW "FF", 0x6A80);
	expect_sw(card, "002C00800F" PIV_PUK "363534333231FF", 0x6A80);
	expect_sw(card, "002C008110" PIV_PUK NEW, 0x6A88);
	expect_sw(card, "002C018010" PIV_PUK NEW, 0x6A86);
	expect_sw(card, "002C008010" PIV_PUK NEW, 0x9000);
	expect_sw(card, "00200080", 0x63C5); /* is no login */
	expect_sw(card, "0020008008" NEW, 0x9000);
	for (int i = 2; i >= 0; i--)
		expect_sw(card, "002C008010 3939393939393939" NEW,
		    0x63C0 | (unsigned)i);
	expect_sw(card, "002C008010" PIV_PUK NEW, 0x6983);
	expect_sw(card, "0024008110" PIV_PUK PIV_PUK, 0x6983);
	expect_sw(card, "0020008008" NEW, 0x9000);
}

static void test_change(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "0024008010" WRONG NEW, 0x63C4);
	expect_sw(card, "0024008010" PIV_PIN "3635343332FFFFFF", 0x6A80);
	expect_sw(card, "0024008010" WRONG "3635343332FFFFFF", 0x6A80);
	expect_sw(card, "00200080", 0x63C4);
	expect_sw(card, "0024008010" PIV_PIN NEW, 0x9000);
	expect_sw(card, "00200080", 0x9000); /* 3.2.2: it is now verified */
	expect_sw(card, "0020FF80", 0x9000);
	expect_sw(card, "00200080", 0x63C5);
	expect_sw(card, PIV_VERIFY, 0x63C4);
	expect_sw(card, "0020008008" NEW, 0x9000);
	expect_sw(card, "0024008110" PIV_PUK "3838383838383838", 0x9000);
	expect_sw(card, "0024008110" PIV_PUK PIV_PUK, 0x63C2);
	expect_sw(card, "002C008010 3838383838383838" PIV_PIN, 0x9000);
	expect_sw(card, PIV_VERIFY, 0x9000);
	expect_sw(card, "0024018010" PIV_PIN NEW, 0x6A86);
	expect_sw(card, "0024000010" PIV_PIN NEW, 0x6A88);
	expect_sw(card, "0024008010" PIV_PIN, 0x6700);
	expect_sw(card, "0024008008" PIV_PIN, 0x6A80);
}

static void test_global_pin(void **state)
{
	static const uk_pin global = { 6, "777777" };
	struct vc_card *card = *state;
	struct vc_app *app = piv_app(card);

	expect_ok(vc_piv_set_object(app, 0x5fc109, uk_view_str("printed")));
	expect_ok(vc_piv_set_pin(app, VC_PIV_REF_GLOBAL, 0, &global));
	expect_ok(vc_piv_save(app));
	expect_sw(card, "0020000008373737373737FFFF", 0x6A88); /* not yet */
	expect_ok(vc_piv_set_global(app, true));
	expect_ok(vc_piv_save(app));
	expect_apdu(card, "00CB3FFF035C017E00", DISCOVERY "6020 9000");
	expect_sw(card, PIV_GET("5FC109"), 0x6982);
	expect_sw(card, "0020000008" PIV_PIN, 0x63C4);
	expect_sw(card, "0020000008373737373737FFFF", 0x9000);
	expect_sw(card, "00200000", 0x9000);
	expect_sw(card, "00200080", 0x63C5);
	expect_apdu(card, PIV_GET("5FC109"), "5307 7072696E746564 9000");
	expect_sw(card, "0020FF00", 0x9000);
	expect_sw(card, PIV_GET("5FC109"), 0x6982);
	expect_sw(card, "0024000010373737373737FFFF" NEW, 0x9000);
	expect_sw(card, PIV_GET("5FC109"), 0x9000);
	/* The policy taken away, it opens nothing any more. */
	PIV_ADMIN(card);
	expect_sw(card, "00DB3FFF14" DISCOVERY "4000", 0x9000);
	expect_sw(card, PIV_GET("5FC109"), 0x6982);
	expect_sw(card, "00200000", 0x6A88);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piv_set_up, vc_tear_down)
#define YUBICO(f)                                                              \
	cmocka_unit_test_setup_teardown(f, piv_yubico_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		YUBICO(test_select),
		TEST(test_select_standard),
		TEST(test_select_again),
		YUBICO(test_yubico_select_again),
		TEST(test_objects),
		TEST(test_every_object),
		TEST(test_bad_objects),
		TEST(test_long_object),
		TEST(test_empty_object),
		YUBICO(test_yubico_objects),
		TEST(test_verify),
		TEST(test_blocked),
		TEST(test_change),
		TEST(test_global_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
