/* PIV: what Yubico added, the personaliser's door, and what fails underneath.
 * Answers of a YubiKey are as docs.yubico.com has them. */
#include "piv_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"
#include "vc_vectors.h"

#include <stdio.h>

#define IMPORT_RSA(slot, p, q) "00FE07" slot "000106"

static void test_standard_has_none(void **state)
{
	static const char *const commands[] = { "00F7008000", "00F8000000",
		"00FA0303", "00FB0000", "00FD000000", "00FE119A", "00FFFFFF",
		"00F99A0000" };
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		expect_sw(card, commands[i], 0x6D00);
}

static void test_version_and_serial(void **state)
{
	struct vc_card *card = *state;
	uk_bytes one;
	char text[16];

	expect_apdu(card, "00FD000000", "050403 9000");
	expect_sw(card, "00FD010000", 0x6A86);
	one = answer_of(card, "00F8000000");
	assert_int_equal(one.n, 4);
	uk_hex_str(text, sizeof(text), one);
	expect_sw(card, PIV_SELECT, 0x9000);
	expect_bytes(answer_of(card, "00F8000000"), hex(text));
	expect_sw(card, "00F9 9A0000", 0x6D00);
}

/* docs.yubico.com: 01 algorithm, 02 policies, 03 origin, 04 public key, 05 as
 * delivered, 06 tries in all and left. */
static void test_metadata(void **state)
{
	struct vc_card *card = *state;

	expect_apdu(card, "00F7008000", "0101FF 050101 06020303 9000");
	expect_apdu(card, "00F7008100", "0101FF 050101 06020303 9000");
	expect_apdu(card, "00F7009B00", "010103 02020001 050101 9000");
	expect_sw(card, "00F7009A00", 0x6A88);
	expect_sw(card, "00F7009600", 0x6A88);
	expect_sw(card, "0020008008 393939393939FFFF", 0x63C2);
	expect_apdu(card, "00F7008000", "0101FF 050101 06020302 9000");
	expect_sw(card, "0024008010" PIV_PIN "363534333231FFFF", 0x9000);
	expect_apdu(card, "00F7008000", "0101FF 050100 06020303 9000");
	PIV_ADMIN(card);
	expect_sw(card, "00FE119E25 0620" P256_I "AA0103", 0x9000);
	expect_apdu(card, "00F7009E00",
	    "010111 02020301 030102 04438641" P256_GI "9000");
	expect_sw(card, "004700F908AC06800111AA010100", 0x9000);
	expect_bytes(uk_bytes_first(answer_of(card, "00F700F900"), 10),
	    hex("010111 02020101 030101"));
}

static void test_import(void **state)
{
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	expect_sw(card, "00FE119A22 0620" P256_I, 0x9000);
	expect_sw(card, "00FE149A32 0630" P384_I, 0x9000);
	expect_sw(card, "00FE119A22 0620" P256_ORDER, 0x6A80);
	expect_sw(card, "00FE119A32 0630" P384_I, 0x6A80);
	expect_sw(card, IMPORT_RSA("9A", JWE_P, JWE_P), 0x6A80);
	expect_sw(card, IMPORT_RSA("9A", COMPOSITE, JWE_P), 0x6A80);
	expect_sw(card, "00FE119A23 0620" P256_I "AA", 0x6A80);
	expect_sw(card, "00FE119A25 0620" P256_I "AA0104", 0x6A80);
	expect_sw(card, "00FE119A25 0620" P256_I "AB0102", 0x6A80);
	expect_sw(card, "00FE119A25 0620" P256_I "070100", 0x6A80);
	expect_sw(card, "00FE039A22 0620" P256_I, 0x6A86);
	expect_sw(card, "00FE119B22 0620" P256_I, 0x6A86);
	/* The last good one is there, with nothing of the others. */
	expect_bytes(uk_bytes_first(answer_of(card, "00F7009A00"), 10),
	    hex("010114 02020201 030102"));
	/* Never: no PIN wanted where it is usual. */
	expect_sw(card, "00FE119C25 0620" P256_I "AA0101", 0x9000);
	expect_sw(card, PIV_SIGN("9C"), 0x9000);
}

static void test_set_tries(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00FA0504", 0x6982);
	PIV_ADMIN(card);
	expect_sw(card, "00FA0504", 0x6982);
	expect_sw(card, "0024008010" PIV_PIN "363534333231FFFF", 0x9000);
	expect_sw(card, "00FA0004", 0x6A86);
	expect_sw(card, "00FA0510", 0x6A86);
	expect_sw(card, "00FA0504", 0x9000);
	expect_apdu(card, "00F7008000", "0101FF 050101 06020505 9000");
	expect_apdu(card, "00F7008100", "0101FF 050101 06020404 9000");
	PIV_LOGIN(card);
}

static void test_reset(void **state)
{
	struct vc_card *card = *state;
	char serial[16];

	uk_hex_str(serial, sizeof(serial), answer_of(card, "00F8000000"));
	PIV_ADMIN(card);
	expect_sw(card, "0047009E05AC0380011100", 0x9000);
	expect_sw(card, "00DB3FFF085C035FC102530177", 0x9000);
	expect_sw(card, "00FFFFFF13 089B10" PIV_KEY_FIPS, 0x9000);
	expect_sw(card, "00FB0000", 0x6985);
	for (int i = 2; i >= 0; i--)
		expect_sw(
		    card, "0020008008 393939393939FFFF", 0x63C0 | (unsigned)i);
	expect_sw(card, "00FB0000", 0x6985);
	for (int i = 2; i >= 0; i--)
		expect_sw(card, "002C008010 3939393939393939" PIV_PIN,
		    0x63C0 | (unsigned)i);
	expect_sw(card, "00FB0001", 0x6A86);
	expect_sw(card, "00FB0000", 0x9000);
	expect_sw(card, "00DB3FFF085C035FC102530177", 0x6982);
	expect_sw(card, PIV_GET("5FC102"), 0x6A82);
	expect_sw(card, PIV_SIGN("9E"), 0x6A86);
	expect_bytes(answer_of(card, "00F8000000"), hex(serial));
	PIV_LOGIN(card);
	PIV_ADMIN(card);
	expect_sw(card, VC_SELECT, 0x9000); /* others are not touched */
}

static void test_set_management_key(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00FFFFFF13 089B10" PIV_KEY_FIPS, 0x6982);
	PIV_ADMIN(card);
	expect_sw(card, "00FFFFFF13 0A9B10" PIV_KEY_FIPS, 0x6A80);
	expect_sw(card, "00FFFFFF13 119B10" PIV_KEY_FIPS, 0x6A80);
	expect_sw(card, "00FFFFFF13 089A10" PIV_KEY_FIPS, 0x6A80);
	expect_sw(card, "00FFFFFF12 089B10" PIV_KEY_FIPS, 0x6A80);
	expect_sw(card, "00FFFFFE13 089B10" PIV_KEY_FIPS, 0x6A86);
	PIV_ADMIN(card); /* unchanged */
	expect_sw(card, "00FFFFFF13 089B10" PIV_KEY_FIPS, 0x9000);
	expect_apdu(card, "00F7009B00", "010108 02020001 050100 9000");
	expect_sw(card, "0087039B047C02810000", 0x6A86);
	expect_sw(card, "0087089B047C02810000", 0x9000);
}

/* --- the personaliser's door -----------------------------------------------
 */

static void test_personaliser(void **state)
{
	static const uk_pin pin = { 8, "98765432" }, five = { 5, "12345" },
			    nine = { 9, "123456789" };
	struct vc_card *card = *state;
	struct vc_app *app = piv_app(card);
	struct vc_key_parts parts = { .d = hex(P256_I) };
	uint8_t storage[128];
	uk_buf public = UK_BUF(storage);

	expect_ok(vc_piv_set_pin(app, VC_PIV_REF_PIN, 7, &pin));
	expect_code(
	    vc_piv_set_pin(app, VC_PIV_REF_PIN, 0, &five), UK_ERR_PIN_LENGTH);
	expect_code(
	    vc_piv_set_pin(app, VC_PIV_REF_PIN, 0, &nine), UK_ERR_PIN_LENGTH);
	expect_ok(vc_piv_set_cert(app, 0x83, hex("3000"), true));
	expect_ok(vc_piv_set_cert(app, 0x9a, hex("3000"), false));
	expect_code(
	    vc_piv_set_cert(app, 0x96, hex("3000"), false), UK_ERR_ARGUMENT);
	expect_code(
	    vc_piv_set_object(app, 0x5fff00, hex("00")), UK_ERR_NOT_FOUND);
	expect_ok(
	    vc_piv_make_key(app, 0x9c, VC_PIV_P256, VC_PIV_NEVER, &public));
	expect_bytes(
	    uk_bytes_first(uk_buf_view(&public), 6), hex("7F4943864104"));
	expect_ok(vc_piv_import_key(app, 0x9a, VC_PIV_P256, 0, &parts));
	expect_code(vc_piv_import_key(app, 0x9a, VC_PIV_P384, 0,
			&(struct vc_key_parts){ .p = hex("03") }),
	    UK_ERR_FORMAT);
	expect_code(vc_piv_import_key(app, 0x9a, VC_PIV_3DES, 0, &parts),
	    UK_ERR_ARGUMENT);
	expect_code(vc_piv_make_key(app, 0x01, VC_PIV_P256, 0, &public),
	    UK_ERR_ARGUMENT);
	expect_code(vc_piv_set_management_key(app, VC_PIV_AES128, hex("00")),
	    UK_ERR_ARGUMENT);
	expect_ok(vc_piv_save(app));
	expect_sw(card, "00200080", 0x63C7);
	expect_sw(card, PIV_SIGN("9C"), 0x9000);
	expect_sw(card, PIV_SIGN("9A"), 0x6982);
	expect_sw(card, "00200080083938373635343332", 0x9000);
	expect_sw(card, PIV_SIGN("9A"), 0x9000);
	expect_apdu(card, PIV_GET("5FC105"), "5309 70023000 710100 FE00 9000");
	expect_apdu(card, PIV_GET("5FC10E"), "5309 70023000 710101 FE00 9000");
}

/* --- what fails underneath -------------------------------------------------
 */

/* Key 9E, PIN and administrator verified. */
static struct vc_card *opened(void)
{
	struct vc_card *card = piv_card("piv-yubico", NULL);

	piv_import(
	    card, 0x9e, VC_PIV_P256, (struct vc_key_parts){ .d = hex(P256_I) });
	PIV_ADMIN(card);
	PIV_LOGIN(card);
	return card;
}

/* With its Nth allocation failing, until it passes untouched: 6581, and the
 * card is as it was. */
static void fail_allocations(const char *command)
{
	for (unsigned nth = 1; nth < 1000; nth++) {
		struct vc_card *card = opened();
		bool touched;
		unsigned sw;
		uk_bytes apdu = hex(command);

		uk_mem_fail_nth(nth);
		sw = sw_of(vc_card_transmit(card, apdu));
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		assert_int_equal(sw, touched ? 0x6581 : 0x9000);
		if (touched) {
			expect_sw(card, PIV_VERIFY, 0x9000);
			assert_int_equal(piv_admin(card), 0x9000);
			expect_sw(card, PIV_GET("5FC102"), 0x6A82);
			expect_sw(card, "00F7009A00", 0x6A88);
		}
		vc_card_close(&card);
		if (!touched)
			return;
	}
	fail_msg("%s: never passes", command);
}

static void test_out_of_memory(void **state)
{
	static const char *const commands[] = {
		"0047009A05AC0380011100",
		"00FE119A22 0620" P256_I,
		PIV_SIGN("9E"),
		"0087119E477C4582008541" P256_GR "00",
		"0087039B047C02800000",
		"0087039B047C02810000",
		PIV_VERIFY,
		"0024008010" PIV_PIN PIV_PIN,
		"002C008010" PIV_PUK PIV_PIN,
		"00DB3FFF085C035FC102530177",
		"00CB3FFF035C017E00",
		"00F7009E00",
		"00FA0303",
		"00FFFFFF13 089B10" PIV_KEY_FIPS,
	};
	long live = uk_mem_live();

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fail_allocations(commands[i]);
	assert_int_equal(uk_mem_live(), live);
}

static void test_failing_writes(void **state)
{
	struct vc_card *card = *state;

	/* Counted before it is compared. */
	vc_store_fail_nth(1);
	expect_sw(card, PIV_VERIFY, 0x6581);
	expect_sw(card, "00200080", 0x63C3);
	vc_store_fail_nth(2);
	expect_sw(card, PIV_VERIFY, 0x6581);
	expect_sw(card, "00200080", 0x63C2);
	vc_store_fail_nth(0);
	PIV_ADMIN(card);
	expect_sw(card, "00DB3FFF085C035FC102530177", 0x9000);
	vc_store_fail_nth(1);
	expect_sw(card, "00DB3FFF085C035FC102530188", 0x6581);
	vc_store_fail_nth(1);
	expect_sw(card, "00FFFFFF13 089B10" PIV_KEY_FIPS, 0x6581);
	vc_store_fail_nth(0);
	expect_apdu(card, PIV_GET("5FC102"), "530177 9000");
	PIV_ADMIN(card);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piv_set_up, vc_tear_down)
#define YUBICO(f)                                                              \
	cmocka_unit_test_setup_teardown(f, piv_yubico_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_standard_has_none),
		YUBICO(test_version_and_serial),
		YUBICO(test_metadata),
		YUBICO(test_import),
		YUBICO(test_set_tries),
		YUBICO(test_reset),
		YUBICO(test_set_management_key),
		TEST(test_personaliser),
		cmocka_unit_test(test_out_of_memory),
		YUBICO(test_failing_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
