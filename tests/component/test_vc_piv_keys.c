/* PIV: the administrator, key pairs, GENERAL AUTHENTICATE, and what Yubico
 * added. Ciphers and signatures are judged by OpenSSL; published numbers are in
 * vc_vectors.h. */
#include "piv_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"
#include "tlv.h"
#include "vc_vectors.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdio.h>

#define ADMIN(card) assert_int_equal(piv_admin(card), 0x9000)
#define LOGIN(card) expect_sw(card, PIV_VERIFY, 0x9000)
#define HASH        VC_HASH
#define SIGN(slot)  "008711" slot "267C2482008120" HASH "00"
#define FIPS_BLOCK  "00112233445566778899AABBCCDDEEFF"
#define FIPS_KEY    "000102030405060708090A0B0C0D0E0F"
#define FIPS_KEY_24 FIPS_KEY "1011121314151617"
#define FIPS_KEY_32 FIPS_KEY_24 "18191A1B1C1D1E1F"

/* --- the management key ----------------------------------------------------
 */

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
		{ VC_PIV_AES128, "08", "AES-128-ECB", FIPS_KEY,
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
	ADMIN(card);
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

/* --- key pairs -------------------------------------------------------------
 */

static EVP_PKEY *generate(struct vc_card *card, const char *command)
{
	uint8_t storage[1024];
	uk_buf b = UK_BUF(storage);
	uk_bytes answer = vc_card_transmit(card, hex(command));
	unsigned sw;

	for (;;) {
		sw = sw_of(answer);
		uk_put(&b, uk_bytes_first(answer, answer.n - 2));
		if ((sw & 0xff00) != 0x6100)
			break;
		answer = vc_card_transmit(card, hex("00C0000000"));
	}
	assert_int_equal(sw, 0x9000);
	return piv_public(uk_buf_view(&b));
}

/* ECDSA over HASH; the signature as X.509 has it. */
static void expect_signed(struct vc_card *card, EVP_PKEY *key, const char *cmd)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uk_bytes dynamic, sig;

	expect_ok(uk_tlv_only(answer_of(card, cmd), 0x7c, &dynamic));
	expect_ok(uk_tlv_only(dynamic, 0x82, &sig));
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_verify(ctx, sig.p, sig.n, hex(HASH).p, 32), 1);
	EVP_PKEY_CTX_free(ctx);
}

static void test_generate(void **state)
{
	static const struct {
		const char *slot;
		bool pin;
	} rows[] = { { "9A", true }, { "9C", true }, { "9D", true },
		{ "9E", false }, { "82", true }, { "95", true } };
	struct vc_card *card = *state;
	char text[160];
	EVP_PKEY *key;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		vc_card_reset(card);
		expect_sw(card, PIV_SELECT, 0x9000);
		(void)snprintf(
		    text, sizeof(text), "004700%s05AC0380011100", rows[i].slot);
		expect_sw(card, text, 0x6982);
		ADMIN(card);
		key = generate(card, text);
		(void)snprintf(text, sizeof(text),
		    "008711%s267C2482008120" HASH "00", rows[i].slot);
		if (rows[i].pin)
			expect_sw(card, text, 0x6982);
		if (rows[i].pin)
			LOGIN(card);
		expect_signed(card, key, text);
		EVP_PKEY_free(key);
	}
}

static void test_bad_generate(void **state)
{
	static const char *const bad[] = {
		"0047009A05AC0380010100", /* no such algorithm */
		"0047009A05AC0380010300", /* no asymmetric one */
		"0047009A06AC048002111100",
		"0047009A02AC0000",
		"0047009A0380011100",
		"0047009A0AAC08800107810301000300", /* exponent */
		"0047009A08AC06800111AA010200",     /* no policies */
		"0047009A06AC0380011100 00",
		"0047009A",
	};
	struct vc_card *card = *state;

	ADMIN(card);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_sw(card, bad[i], 0x6A80);
	expect_sw(card, "0047019A05AC0380011100", 0x6A86);
	expect_sw(card, "0047009B05AC0380011100", 0x6A86);
	expect_sw(card, "0047009605AC0380011100", 0x6A86);
	expect_sw(card, "0047008105AC0380011100", 0x6A86);
	expect_sw(card, "004700F905AC0380011100", 0x6A86);
	expect_sw(card, SIGN("9A"), 0x6A86); /* there is still no key */
}

/* Part 1, table 4b, "PIN always": VERIFY comes directly before. */
static void test_pin_always(void **state)
{
	static const char *const between[] = { PIV_GET("5FC102"),
		"00CB3FFF035C017E00", "00200080", "0087039B047C02810000",
		PIV_SELECT };
	struct vc_card *card = *state;
	EVP_PKEY *key;

	ADMIN(card);
	key = generate(card, "0047009C05AC0380011100");
	LOGIN(card);
	expect_signed(card, key, SIGN("9C"));
	expect_sw(card, SIGN("9C"), 0x6982);
	expect_sw(card, "00200080", 0x9000); /* still logged in */
	for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
		LOGIN(card);
		(void)vc_card_transmit(card, hex(between[i]));
		expect_sw(card, SIGN("9C"), 0x6982);
	}
	LOGIN(card);
	/* Its parts are one command. */
	expect_sw(card, "1087119C027C24", 0x9000);
	expect_sw(card, "0087119C24 82008120" HASH "00", 0x9000);
	EVP_PKEY_free(key);
}

static void test_general_auth_input(void **state)
{
	static const char *const bad[] = {
		"0087119A257C238200811F"
		"00112233445566778899AABBCCDDEEFF0123456789ABCDEFFEDCBA98765432"
		"00",
		"0087119A277C2582008121" HASH "0000",
		"0087119A247C228120" HASH "00",     /* no 82 */
		"0087119A267C2481208200" HASH "00", /* mixed up */
		"0087119A047C02820000",
		"0087119A007C00",
		"0087119A477C4582008541" P256_GR "00 00",
		/* a point that is none */
		"0087119A477C45820085410400000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000000000000000000000",
		"0087119A477C45820085410300000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000000000000000000000",
	};
	struct vc_card *card = *state;

	ADMIN(card);
	expect_sw(card, "0047009A05AC0380011100", 0x9000);
	LOGIN(card);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(
		    sw_of(vc_card_transmit(card, hex(bad[i]))), 0x9000);
	expect_sw(card, SIGN("9A"), 0x9000);
	expect_sw(card, "0087149A267C2482008120" HASH "00", 0x6A86);
	expect_sw(card, "0087119E267C2482008120" HASH "00", 0x6A86);
	expect_sw(card, "00871180267C2482008120" HASH "00", 0x6A86);
}

static void import(
    struct vc_card *card, uint8_t slot, uint8_t alg, struct vc_key_parts parts)
{
	struct vc_app *app = piv_app(card);

	expect_ok(vc_piv_import_key(app, slot, alg, 0, &parts));
	expect_ok(vc_piv_save(app));
}

/* RFC 5903, 8.1 and 8.2. */
static void test_ecdh(void **state)
{
	struct vc_card *card = *state;

	import(
	    card, 0x9d, VC_PIV_P256, (struct vc_key_parts){ .d = hex(P256_I) });
	import(
	    card, 0x82, VC_PIV_P384, (struct vc_key_parts){ .d = hex(P384_I) });
	expect_sw(card, "0087119D477C4582008541" P256_GR "00", 0x6982);
	LOGIN(card);
	expect_apdu(card, "0087119D477C4582008541" P256_GR "00",
	    "7C228220" P256_SHARED "9000");
	expect_apdu(card, "00871482677C6582008561" P384_GR "00",
	    "7C328230" P384_SHARED "9000");
	expect_sw(card, "0087119D677C6582008561" P384_GR "00", 0x6A80);
}

#define RSA_RAW(slot, input)                                                   \
	"008707" slot "00010A 7C820106 8200 81820100" input "0000"
#define IMPORT_RSA(slot, p, q)                                                 \
	"00FE07" slot "000106"                                                 \
	"018180" p "028180" q

/* RFC 7516, A.2: a block deciphered. */
static void test_rsa(void **state)
{
	struct vc_card *card = *state;
	uk_bytes answer;

	expect_sw(card, IMPORT_RSA("9D", JWE_P, JWE_Q), 0x6982);
	ADMIN(card);
	expect_sw(card, IMPORT_RSA("9D", JWE_P, JWE_Q), 0x9000);
	expect_sw(card, RSA_RAW("9D", JWE_CIPHER), 0x6982);
	LOGIN(card);
	answer = answer_of(card, RSA_RAW("9D", JWE_CIPHER));
	assert_int_equal(answer.n, 264);
	expect_bytes(uk_bytes_first(answer, 10), hex("7C820104 82820100 0002"));
	expect_bytes(uk_bytes_last(answer, 33), hex("00" JWE_KEY));
	/* Not less than the modulus; too short; not for RSA. */
	expect_sw(card, RSA_RAW("9D", JWE_N), 0x6A80);
	expect_sw(card, "0087079D267C2482008120" HASH "00", 0x6A80);
	expect_sw(card, "0087079D477C4582008541" P256_GR "00", 0x6A80);
}

/* RSA-1024 is not made here only: openssl verifies by raw exponentiation. */
static void test_rsa_1024(void **state)
{
	struct vc_card *card = *state;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key;
	uint8_t back[128];
	size_t n = sizeof(back);
	uk_bytes answer;

	ADMIN(card);
	key = generate(card, "0047009E05AC0380010600");
	answer = answer_of(
	    card, "0087069E887C8185820081 8180" HASH HASH HASH HASH "00");
	assert_int_equal(answer.n, 134);
	ctx = EVP_PKEY_CTX_new(key, NULL);
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	assert_int_equal(
	    EVP_PKEY_encrypt(ctx, back, &n, uk_bytes_last(answer, 128).p, 128),
	    1);
	expect_bytes(uk_view(back, n), hex(HASH HASH HASH HASH));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

/* --- what Yubico added -----------------------------------------------------
 */

static void test_standard_has_none(void **state)
{
	static const char *const commands[] = { "00F7008000", "00F8000000",
		"00FA0303", "00FB0000", "00FD000000", "00FE119A", "00FFFFFF",
		"00F99A0000" };
	struct vc_card *card = *state;

	ADMIN(card);
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
	ADMIN(card);
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

	ADMIN(card);
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
	expect_sw(card, SIGN("9C"), 0x9000);
}

static void test_set_tries(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00FA0504", 0x6982);
	ADMIN(card);
	expect_sw(card, "00FA0504", 0x6982);
	expect_sw(card, "0024008010" PIV_PIN "363534333231FFFF", 0x9000);
	expect_sw(card, "00FA0004", 0x6A86);
	expect_sw(card, "00FA0510", 0x6A86);
	expect_sw(card, "00FA0504", 0x9000);
	expect_apdu(card, "00F7008000", "0101FF 050101 06020505 9000");
	expect_apdu(card, "00F7008100", "0101FF 050101 06020404 9000");
	LOGIN(card);
}

static void test_reset(void **state)
{
	struct vc_card *card = *state;
	char serial[16];

	uk_hex_str(serial, sizeof(serial), answer_of(card, "00F8000000"));
	ADMIN(card);
	expect_sw(card, "0047009E05AC0380011100", 0x9000);
	expect_sw(card, "00DB3FFF085C035FC102530177", 0x9000);
	expect_sw(card, "00FFFFFF13 089B10" FIPS_KEY, 0x9000);
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
	expect_sw(card, SIGN("9E"), 0x6A86);
	expect_bytes(answer_of(card, "00F8000000"), hex(serial));
	LOGIN(card);
	ADMIN(card);
	expect_sw(card, VC_SELECT, 0x9000); /* others are not touched */
}

static void test_set_management_key(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00FFFFFF13 089B10" FIPS_KEY, 0x6982);
	ADMIN(card);
	expect_sw(card, "00FFFFFF13 0A9B10" FIPS_KEY, 0x6A80);
	expect_sw(card, "00FFFFFF13 119B10" FIPS_KEY, 0x6A80);
	expect_sw(card, "00FFFFFF13 089A10" FIPS_KEY, 0x6A80);
	expect_sw(card, "00FFFFFF12 089B10" FIPS_KEY, 0x6A80);
	expect_sw(card, "00FFFFFE13 089B10" FIPS_KEY, 0x6A86);
	ADMIN(card); /* unchanged */
	expect_sw(card, "00FFFFFF13 089B10" FIPS_KEY, 0x9000);
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
	expect_sw(card, SIGN("9C"), 0x9000);
	expect_sw(card, SIGN("9A"), 0x6982);
	expect_sw(card, "00200080083938373635343332", 0x9000);
	expect_sw(card, SIGN("9A"), 0x9000);
	expect_apdu(card, PIV_GET("5FC105"), "5309 70023000 710100 FE00 9000");
	expect_apdu(card, PIV_GET("5FC10E"), "5309 70023000 710101 FE00 9000");
}

/* --- what fails underneath -------------------------------------------------
 */

/* Key 9E, PIN and administrator verified. */
static struct vc_card *opened(void)
{
	struct vc_card *card = piv_card("piv-yubico", NULL);

	import(
	    card, 0x9e, VC_PIV_P256, (struct vc_key_parts){ .d = hex(P256_I) });
	ADMIN(card);
	LOGIN(card);
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
		SIGN("9E"),
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
		"00FFFFFF13 089B10" FIPS_KEY,
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
	ADMIN(card);
	expect_sw(card, "00DB3FFF085C035FC102530177", 0x9000);
	vc_store_fail_nth(1);
	expect_sw(card, "00DB3FFF085C035FC102530188", 0x6581);
	vc_store_fail_nth(1);
	expect_sw(card, "00FFFFFF13 089B10" FIPS_KEY, 0x6581);
	vc_store_fail_nth(0);
	expect_apdu(card, PIV_GET("5FC102"), "530177 9000");
	ADMIN(card);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piv_set_up, vc_tear_down)
#define YUBICO(f)                                                              \
	cmocka_unit_test_setup_teardown(f, piv_yubico_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mutual),
		TEST(test_single),
		TEST(test_admin_is_no_oracle),
		TEST(test_generate),
		TEST(test_bad_generate),
		TEST(test_pin_always),
		TEST(test_general_auth_input),
		TEST(test_ecdh),
		YUBICO(test_rsa),
		TEST(test_rsa_1024),
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
