/* PIV: key pairs and GENERAL AUTHENTICATE. Signatures are judged by OpenSSL;
 * published numbers are in vc_vectors.h. */
#include "piv_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "tlv.h"
#include "vc_vectors.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdio.h>

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

/* ECDSA over VC_HASH; the signature as X.509 has it. */
static void expect_signed(struct vc_card *card, EVP_PKEY *key, const char *cmd)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uk_bytes dynamic, sig;

	expect_ok(uk_tlv_only(answer_of(card, cmd), 0x7c, &dynamic));
	expect_ok(uk_tlv_only(dynamic, 0x82, &sig));
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_verify(ctx, sig.p, sig.n, hex(VC_HASH).p, 32), 1);
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
		PIV_ADMIN(card);
		key = generate(card, text);
		(void)snprintf(text, sizeof(text),
		    "008711%s267C2482008120" VC_HASH "00", rows[i].slot);
		if (rows[i].pin)
			expect_sw(card, text, 0x6982);
		if (rows[i].pin)
			PIV_LOGIN(card);
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

	PIV_ADMIN(card);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_sw(card, bad[i], 0x6A80);
	expect_sw(card, "0047019A05AC0380011100", 0x6A86);
	expect_sw(card, "0047009B05AC0380011100", 0x6A86);
	expect_sw(card, "0047009605AC0380011100", 0x6A86);
	expect_sw(card, "0047008105AC0380011100", 0x6A86);
	expect_sw(card, "004700F905AC0380011100", 0x6A86);
	expect_sw(card, PIV_SIGN("9A"), 0x6A86); /* there is still no key */
}

/* Part 1, table 4b, "PIN always": VERIFY comes directly before. */
static void test_pin_always(void **state)
{
	static const char *const between[] = { PIV_GET("5FC102"),
		"00CB3FFF035C017E00", "00200080", "0087039B047C02810000",
		PIV_SELECT };
	struct vc_card *card = *state;
	EVP_PKEY *key;

	PIV_ADMIN(card);
	key = generate(card, "0047009C05AC0380011100");
	PIV_LOGIN(card);
	expect_signed(card, key, PIV_SIGN("9C"));
	expect_sw(card, PIV_SIGN("9C"), 0x6982);
	expect_sw(card, "00200080", 0x9000); /* still logged in */
	for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
		PIV_LOGIN(card);
		(void)vc_card_transmit(card, hex(between[i]));
		expect_sw(card, PIV_SIGN("9C"), 0x6982);
	}
	PIV_LOGIN(card);
	/* Its parts are one command. */
	expect_sw(card, "1087119C027C24", 0x9000);
	expect_sw(card, "0087119C24 82008120" VC_HASH "00", 0x9000);
	EVP_PKEY_free(key);
}

static void test_general_auth_input(void **state)
{
	static const char *const bad[] = {
		/* a hash of 31 bytes, and of 33 */
		"0087119A257C238200811F"
		"00112233445566778899AABBCCDDEEFF0123456789ABCDEFFEDCBA98765432"
		"00",
		"0087119A277C2582008121" VC_HASH "0000",
		"0087119A247C228120" VC_HASH "00", /* no 82 */
		"0087119A047C02820000",            /* 82 alone */
		"0087119A027C0000",
		"0087119A267C2481208200" VC_HASH "00",      /* mixed up */
		"0087119A287C26820081200000" VC_HASH,       /* junk behind */
		"0087119A287C268000820081 20" VC_HASH "00", /* a witness */
		/* points: compressed, of zeros, and beside a hash */
		"0087119A277C25820085 2102" VC_HASH "00",
		"0087119A477C45820085 4104" VC_HASH VC_HASH "00",
		"0087119A697C67820085 41" P256_GR "8120" VC_HASH "00",
	};
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	expect_sw(card, "0047009A05AC0380011100", 0x9000);
	PIV_LOGIN(card);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_sw(card, bad[i], 0x6A80);
	expect_sw(card, PIV_SIGN("9A"), 0x9000);
	expect_sw(card, "0087149A267C2482008120" VC_HASH "00", 0x6A86);
	expect_sw(card, "0087119E267C2482008120" VC_HASH "00", 0x6A86);
	expect_sw(card, "00871180267C2482008120" VC_HASH "00", 0x6A86);
}

/* RFC 5903, 8.1 and 8.2. */
static void test_ecdh(void **state)
{
	struct vc_card *card = *state;

	piv_import(
	    card, 0x9d, VC_PIV_P256, (struct vc_key_parts){ .d = hex(P256_I) });
	piv_import(
	    card, 0x82, VC_PIV_P384, (struct vc_key_parts){ .d = hex(P384_I) });
	expect_sw(card, "0087119D477C4582008541" P256_GR "00", 0x6982);
	PIV_LOGIN(card);
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
	PIV_ADMIN(card);
	expect_sw(card, IMPORT_RSA("9D", JWE_P, JWE_Q), 0x9000);
	expect_sw(card, RSA_RAW("9D", JWE_CIPHER), 0x6982);
	PIV_LOGIN(card);
	answer = answer_of(card, RSA_RAW("9D", JWE_CIPHER));
	assert_int_equal(answer.n, 264);
	expect_bytes(uk_bytes_first(answer, 10), hex("7C820104 82820100 0002"));
	expect_bytes(uk_bytes_last(answer, 33), hex("00" JWE_KEY));
	/* Not less than the modulus; too short; not for RSA. */
	expect_sw(card, RSA_RAW("9D", JWE_N), 0x6A80);
	expect_sw(card, "0087079D267C2482008120" VC_HASH "00", 0x6A80);
	expect_sw(card, "0087079D477C4582008541" P256_GR "00", 0x6A80);
}

/* m^e mod n, by OpenSSL. */
static void expect_power(EVP_PKEY *key, uk_bytes sig, uk_bytes m)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t back[512];
	size_t n = sizeof(back);

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, back, &n, sig.p, sig.n), 1);
	expect_bytes(uk_view(back, n), m);
	EVP_PKEY_CTX_free(ctx);
}

/* Every length of RSA, made on the card: raw, and checked by the inverse. */
static void test_rsa_lengths(void **state)
{
	static const struct {
		uint8_t alg;
		uint16_t n;
		const char *generate;
	} rows[] = {
		{ VC_PIV_RSA1024, 128, "0047009E000005AC038001060000" },
		{ VC_PIV_RSA2048, 256, "0047009E000005AC038001070000" },
		{ VC_PIV_RSA3072, 384, "0047009E000005AC038001050000" },
		{ VC_PIV_RSA4096, 512, "0047009E000005AC038001160000" },
	};
	struct vc_card *card = *state;

	PIV_ADMIN(card);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t storage[600], m[512] = { 0x00, 0x02, 0x55 };
		uk_buf b = UK_BUF(storage);
		EVP_PKEY *key = generate(card, rows[i].generate);
		uk_bytes answer, dynamic, sig;

		assert_int_equal(EVP_PKEY_get_size(key), rows[i].n);
		uk_put(&b, hex("0087"));
		uk_put_u8(&b, rows[i].alg);
		uk_put(&b, hex("9E00"));
		uk_put_u16(&b, (uint16_t)(rows[i].n + 10));
		uk_put(&b, hex("7C82"));
		uk_put_u16(&b, (uint16_t)(rows[i].n + 6));
		uk_put(&b, hex("82008182"));
		uk_put_u16(&b, rows[i].n);
		uk_put(&b, uk_view(m, rows[i].n));
		uk_put(&b, hex("0000"));
		answer = vc_card_transmit(card, uk_buf_view(&b));
		assert_int_equal(sw_of(answer), 0x9000);
		expect_ok(uk_tlv_only(
		    uk_bytes_first(answer, answer.n - 2), 0x7c, &dynamic));
		expect_ok(uk_tlv_only(dynamic, 0x82, &sig));
		expect_power(key, sig, uk_view(m, rows[i].n));
		EVP_PKEY_free(key);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piv_set_up, vc_tear_down)
#define YUBICO(f)                                                              \
	cmocka_unit_test_setup_teardown(f, piv_yubico_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_generate),
		TEST(test_bad_generate),
		TEST(test_pin_always),
		TEST(test_general_auth_input),
		TEST(test_ecdh),
		YUBICO(test_rsa),
		YUBICO(test_rsa_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
