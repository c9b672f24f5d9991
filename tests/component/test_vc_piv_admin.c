/* PIV: the administrator and the management key. The other side's ciphers are
 * OpenSSL's. */
#include "piv_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"

#include <stdio.h>

#define FIPS_BLOCK  "00112233445566778899AABBCCDDEEFF"
#define FIPS_KEY_24 PIV_KEY_FIPS "1011121314151617"
#define FIPS_KEY_32 FIPS_KEY_24 "18191A1B1C1D1E1F"

static const char *to_hex(uk_bytes v)
{
	static char text[128];

	uk_hex_str(text, sizeof(text), v);
	return text;
}

/* Part 2, appendix A.1: the witness is deciphered by OpenSSL; the card's answer
 * to the block of FIPS 197, appendix C, is there. */
static void test_mutual(void **state)
{
	static const struct {
		uint8_t alg;
		const char *p1, *cipher, *key, *answer;
	} rows[] = {
		{ VC_PIV_AES128, "08", "AES-128-ECB", PIV_KEY_FIPS,
		    "69C4E0D86A7B0430D8CDB78070B4C55A" },
		{ VC_PIV_AES192, "0A", "AES-192-ECB", FIPS_KEY_24,
		    "DDA97CA4864CDFE06EAF70A0EC0D7191" },
		{ VC_PIV_AES256, "0C", "AES-256-ECB", FIPS_KEY_32,
		    "8EA2B7CA516745BFEAFC49904B496089" },
	};
	struct vc_card *card = *state;
	struct vc_app *app = piv_app(card);
	char text[256], answer[64];
	uk_bytes witness;

	for (size_t i = 0; i < 3; i++) {
		vc_card_reset(card);
		expect_ok(vc_piv_set_management_key(
		    app, rows[i].alg, hex(rows[i].key)));
		expect_ok(vc_piv_save(app));
		expect_sw(card, PIV_SELECT, 0x9000);
		expect_sw(card, "0087039B047C02800000", 0x6A86);
		expect_sw(card, "0087009B047C02800000", 0x6A86);
		(void)snprintf(
		    text, sizeof(text), "0087%s9B047C02800000", rows[i].p1);
		witness = answer_of(card, text);
		expect_bytes(uk_bytes_first(witness, 4), hex("7C128010"));
		witness = piv_block(rows[i].cipher, false, rows[i].key,
		    uk_bytes_last(witness, 16));
		(void)snprintf(text, sizeof(text),
		    "0087%s9B267C248010%s8110" FIPS_BLOCK "00", rows[i].p1,
		    to_hex(witness));
		(void)snprintf(
		    answer, sizeof(answer), "7C128210%s9000", rows[i].answer);
		expect_apdu(card, text, answer);
		expect_sw(card, "00DB3FFF075C035FC1025300", 0x9000);
		expect_sw(card, text, 0x6985); /* once */
		expect_sw(card, "00DB3FFF075C035FC1025300", 0x6982);
	}
}

static void test_single(void **state)
{
	struct vc_card *card = *state;
	uk_bytes one = answer_of(card, "0087039B047C02810000");
	char text[128];

	expect_bytes(uk_bytes_first(one, 4), hex("7C0A8108"));
	(void)snprintf(text, sizeof(text), "%s", to_hex(uk_bytes_last(one, 8)));
	assert_string_not_equal(text,
	    to_hex(uk_bytes_last(answer_of(card, "0087009B047C02810000"), 8)));
	/* Wrong; and then the question is used up. */
	expect_sw(card, "0087039B0C7C0A82080000000000000000", 0x6982);
	expect_sw(card, "0087039B0C7C0A82080000000000000000", 0x6985);
	expect_sw(card, "00DB3FFF075C035FC1025300", 0x6982);
	PIV_ADMIN(card);
	expect_sw(card, "00DB3FFF075C035FC1025300", 0x9000);
	/* A wrong answer ends the status. */
	expect_sw(card, "0087039B047C02810000", 0x9000);
	expect_sw(card, "0087039B0C7C0A82080000000000000000", 0x6982);
	expect_sw(card, "00DB3FFF075C035FC1025300", 0x6982);
}

/* The card never enciphers for strangers. */
static void test_admin_is_no_oracle(void **state)
{
	static const char *const bad[] = {
		"0087039B0E7C0C820081080000000000000000", /* internal */
		"0087039B0C7C0A81080000000000000000",
		"0087039B0E7C0C810882008108000000000000",
		"0087039B047C02820000",
		"0087039B047C02850000",
		"0087039B067C048000810000",
		"0087039B027C0000",
		"0087039B067C048000800000",
		"0087039B00",
		"0087039B047C02830000",
	};
	struct vc_card *card = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_sw(card, bad[i], 0x6A80);
	/* A challenge is no witness, nor the other way round. */
	expect_sw(card, "0087039B047C02810000", 0x9000);
	expect_sw(card,
	    "0087039B167C14800800000000000000008108000000000000000000", 0x6985);
	expect_sw(card, "0087039B047C02800000", 0x9000);
	expect_sw(card, "0087039B0C7C0A82080000000000000000", 0x6985);
	expect_sw(card, "0087039B047C02800000", 0x9000);
	expect_sw(card,
	    "0087039B167C14800800000000000000008108000000000000000000", 0x6982);
	expect_sw(card, "0087039B047C02800000", 0x9000);
	expect_sw(card, "0087039B0E7C0C800800000000000000008100", 0x6A80);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piv_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mutual),
		TEST(test_single),
		TEST(test_admin_is_no_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
