/* PIV: PINs, signatures, secrets, changes. Command bytes from SP 800-73-4 part
 * 2: VERIFY 3.2.1, CHANGE REFERENCE DATA 3.2.2, RESET RETRY COUNTER 3.2.3,
 * GENERAL AUTHENTICATE 3.2.4, PUT DATA 3.3.2, GENERATE 3.3.1. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "piv_script.h"

#include <string.h>

static const uk_object ec_9a = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_P256,
	.key_bits = 256,
	.ref = AT_9A };
static const uk_object ec_9c = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_P384,
	.key_bits = 384,
	.ref = AT_9C };
static const uk_object rsa_9a = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 2048,
	.ref = AT_9A };
static const uk_object rsa_82 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 1024,
	.ref = AT_82 };

/* --- PINs ----------------------------------------------------------------- */

static void pin_is_padded(void **state)
{
	const struct script_step steps[] = { PIV_OPEN, NO_DISCOVERY,
		{ VERIFY_123456, "9000", UK_OK },
		{ VERIFY_123456, "9000", UK_OK } };
	struct desk d = DESK(steps);
	uk_pin pin = pin_of("123456");

	(void)state;
	expect_ok(uk_card_verify(d.card, UK_PIN_USER, &pin));
	/* consent is the same PIN again */
	expect_ok(uk_card_verify(d.card, UK_PIN_CONSENT, &pin));
	assert_int_equal(script_log.secrets, 2);
	desk_close_after(&d, PIV_OPEN_COMMANDS + 3);
}

static void wrong_pins(void **state)
{
	static const struct {
		const char *answer;
		enum uk_code code;
		int left;
	} rows[] = {
		{ "63C2", UK_ERR_PIN_WRONG, 2 },
		{ "63C0", UK_ERR_PIN_WRONG, 0 },
		{ "6983", UK_ERR_PIN_BLOCKED, 0 },
		{ "6300", UK_ERR_PIN_WRONG, -1 },
		{ "6A80", UK_ERR_CARD_STATUS, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script_step steps[] = { PIV_OPEN, NO_DISCOVERY,
			{ VERIFY_123456, rows[i].answer, UK_OK } };
		struct desk d = DESK(steps);
		uk_pin pin = pin_of("123456");

		expect_code(
		    uk_card_verify(d.card, UK_PIN_USER, &pin), rows[i].code);
		assert_int_equal(d.card->pins[0].tries_left, rows[i].left);
		desk_close_after(&d, PIV_OPEN_COMMANDS + 2);
	}
}

/* CVE-2023-40660: an empty PIN never means "logged in already", and what cannot
 * be a PIN costs no try. */
static void cve_2023_40660_empty_pin(void **state)
{
	static const char *const bad[] = { "123", "123456789" };
	const struct script_step steps[] = { PIV_OPEN };
	struct desk d = DESK(steps);
	uk_pin pin = { 0, { 0 } };

	(void)state;
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, &pin), UK_ERR_PIN_LENGTH);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, NULL), UK_ERR_UNSUPPORTED);
	for (size_t i = 0; i < 2; i++) {
		pin = pin_of(bad[i]);
		expect_code(uk_card_verify(d.card, UK_PIN_USER, &pin),
		    UK_ERR_PIN_LENGTH);
	}
	pin = pin_of("12345\xff");
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, &pin), UK_ERR_PIN_LENGTH);
	desk_close_after(&d, PIV_OPEN_COMMANDS);
}

/* Part 1, 3.3.2: 5F2F 60 20: the global PIN is the primary one; 60 10: the
 * application's is, though the global one would do; 40: there is none. */
static void which_pin(void **state)
{
	static const struct {
		const char *discovery, *verify;
	} rows[] = {
		{ "7E12 4F0BA000000308000010000100 5F2F02 6020 9000",
		    "00200000 08 313233343536FFFF" },
		{ "7E12 4F0BA000000308000010000100 5F2F02 6010 9000",
		    VERIFY_123456 },
		{ "7E12 4F0BA000000308000010000100 5F2F02 4000 9000",
		    VERIFY_123456 },
		{ "7E12 4F0BA000000308000010000100 5F2F02 4020 9000",
		    VERIFY_123456 },
		{ "7E05 5F2F01 20 9000", VERIFY_123456 },
		{ "5300 9000", VERIFY_123456 },
		{ "6F00", VERIFY_123456 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script_step steps[] = { PIV_OPEN,
			{ GET_DISCOVERY, rows[i].discovery, UK_OK },
			{ rows[i].verify, "9000", UK_OK } };
		struct desk d = DESK(steps);
		uk_pin pin = pin_of("123456");

		expect_ok(uk_card_verify(d.card, UK_PIN_USER, &pin));
		desk_close_after(&d, PIV_OPEN_COMMANDS + 2);
	}
}

/* Nobody knows which PIN is meant: none is sent. */
static void no_pin_without_discovery(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ GET_DISCOVERY, NULL, UK_ERR_CARD_RESET } };
	struct desk d = DESK(steps);
	uk_pin pin = pin_of("123456");

	(void)state;
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, &pin), UK_ERR_CARD_RESET);
	assert_int_equal(script_log.secrets, 0);
	desk_close(&d);
}

static void changing_pins(void **state)
{
	const struct script_step steps[] = { PIV_OPEN, NO_DISCOVERY,
		{ "00240080 10 313233343536FFFF 3635343332313030", "9000",
		    UK_OK },
		{ "00240080 10 313233343536FFFF 363534333231FFFF", "63C0",
		    UK_OK },
		{ "002C0080 10 3132333435363738 363534333231FFFF", "63C2",
		    UK_OK },
		{ "002C0080 10 3132333435363738 363534333231FFFF", "9000",
		    UK_OK } };
	struct desk d = DESK(steps);
	uk_pin old = pin_of("123456"), new = pin_of("65432100");
	uk_pin puk = pin_of("12345678");

	(void)state;
	expect_ok(uk_card_change_pin(d.card, UK_PIN_USER, &old, &new));
	new = pin_of("654321");
	/* a blocked PIN, in the words of some cards */
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, &old, &new),
	    UK_ERR_PIN_BLOCKED);
	assert_int_equal(d.card->pins[0].tries_left, 0);
	expect_code(uk_card_unblock(d.card, &puk, &new), UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[1].tries_left, 2);
	expect_ok(uk_card_unblock(d.card, &puk, &new));
	/* too short for a new one: nothing is sent */
	new = pin_of("12345");
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, &old, &new),
	    UK_ERR_PIN_LENGTH);
	expect_code(uk_card_unblock(d.card, NULL, &new), UK_ERR_UNSUPPORTED);
	assert_int_equal(script_log.secrets, 4);
	desk_close_after(&d, PIV_OPEN_COMMANDS + 5);
}

static void tries_are_asked_without_a_pin(void **state)
{
	const struct script_step steps[] = { PIV_OPEN, NO_DISCOVERY,
		{ "00200080", "63C3", UK_OK }, { "00200080", "6983", UK_OK },
		{ "00200080", "9000", UK_OK } };
	struct desk d = DESK(steps);
	uk_pin_state s;

	(void)state;
	expect_ok(uk_card_pin_state(d.card, UK_PIN_USER, &s));
	assert_int_equal(s.tries_left, 3);
	expect_ok(uk_card_pin_state(d.card, UK_PIN_USER, &s));
	assert_int_equal(s.tries_left, 0);
	expect_ok(uk_card_pin_state(d.card, UK_PIN_USER, &s));
	desk_close(&d);
}

#define SELECT_OTHER "00A40400 08 A000000151000000 00"

/* P1 = FF, or, on cards that do not know it, away and back. */
static void logging_out(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ "0020FF80", "9000", UK_OK }, { "0020FF80", "6A86", UK_OK },
		{ SELECT_OTHER, "6A82", UK_OK },
		{ SELECT_PIV, PIV_FCI, UK_OK } };
	struct desk d = DESK(steps);

	(void)state;
	expect_ok(uk_card_logout(d.card));
	expect_ok(uk_card_logout(d.card));
	desk_close_after(&d, PIV_OPEN_COMMANDS + 4);
}

/* --- signatures ----------------------------------------------------------- */

#define SIXTEEN "000102030405060708090A0B0C0D0E0F"
#define ZEROS16 "00000000000000000000000000000000"
#define INFO256 "3031300D060960864801650304020105000420"
#define FF16    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
#define FF192   FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16 FF16
#define PART_1  "7C820106 8200 81820100" /* 10 bytes, and 245 of the block */

static void ecdsa(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ "0087119A 26 7C24 8200 8120" HASH32 "00",
		    "7C0A 8208 3006 020101 020102 9000", UK_OK },
		/* short input: zeros in front; P-384 */
		{ "0087149C 36 7C34 8200 8130" ZEROS16 HASH32 "00",
		    "7C0A 8208 3006 020101 020102 9000", UK_OK } };
	struct desk d = DESK(steps);
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct uk_sign_request r = { &ec_9a, UK_SIG_ECDSA, UK_HASH_SHA256,
		hex(HASH32) };

	(void)state;
	assert_true(uk_card_can_sign(d.card, &r));
	expect_ok(uk_card_sign(d.card, &r, &sig));
	expect_bytes(uk_buf_view(&sig),
	    hex("0000000000000000000000000000000000000000000000000000000000"
		"000001"
		"0000000000000000000000000000000000000000000000000000000000"
		"000002"));
	sig.len = 0;
	r.key = &ec_9c;
	expect_ok(uk_card_sign(d.card, &r, &sig));
	assert_int_equal(sig.len, 96);
	desk_close(&d);
}

/* A longer hash gives its leftmost bits (FIPS 186-5, 6.4.1). */
static void ecdsa_cuts(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ "0087119A 26 7C24 8200 8120" HASH32 "00",
		    "7C0A 8208 3006 020101 020102 9000", UK_OK } };
	struct desk d = DESK(steps);
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct uk_sign_request r = { &ec_9a, UK_SIG_ECDSA, UK_HASH_SHA512,
		hex(HASH32 HASH32) };

	(void)state;
	expect_ok(uk_card_sign(d.card, &r, &sig));
	desk_close(&d);
}

/* The budget: two parts there, one more for the end of the answer. */
static void rsa_in_three_commands(void **state)
{
	static char first[1024], second[64], answer[1024];
	struct script_step steps[] = { PIV_OPEN, { first, "9000", UK_OK },
		{ second, answer, UK_OK },
		{ "00C0000008",
		    "5A5A5A5A5A5A5A5A"
		    "9000",
		    UK_OK } };
	struct desk d;
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct uk_sign_request r = { &rsa_9a, UK_SIG_PKCS1, UK_HASH_SHA256,
		hex(INFO256 HASH32) };

	(void)state;
	/* 00 01 FF ... FF 00 DigestInfo: 256 bytes, RFC 8017, 9.2 */
	strcat(first,
	    "1087079A FF " PART_1 "0001" FF192 "FFFFFFFFFFFFFFFFFFFF 00" INFO256
	    "000102030405060708090A0B0C0D0E0F1011121314");
	strcat(second, "0087079A 0B 15161718191A1B1C1D1E1F 00");
	strcat(answer, "7C820104 82820100");
	for (int i = 0; i < 248; i++)
		strcat(answer, "5A");
	strcat(answer, "6108");
	d = DESK(steps);
	expect_ok(uk_card_sign(d.card, &r, &sig));
	expect_bytes(uk_buf_view(&sig), hex(SIG256));
	desk_close_after(&d, PIV_OPEN_COMMANDS + 3);
}

/* A YubiKey 5's answer to reset: the historical bytes say extended length. */
#define LONG_ATR "3BFD1300008131FE158073C021C057597562694B657940"

/* One command then, which a card that knows better can refuse: it is asked
 * again in pieces, and from then on so. */
static void rsa_in_one_command(void **state)
{
	static char whole[1024], first[1024], answer[1024];
	const char *const second = "0087079A 0B 15161718191A1B1C1D1E1F 00";
	const struct script_step steps[] = { { SELECT_UKEY, "6A82", UK_OK },
		{ SELECT_ISO, "6A82", UK_OK }, { SELECT_PIV, PIV_FCI, UK_OK },
		{ "00CB3FFF 000005 5C035FC102 1000", CHUID, UK_OK },
		{ whole, answer, UK_OK }, { whole, "6700", UK_OK },
		{ first, "9000", UK_OK }, { second, answer, UK_OK },
		{ first, "9000", UK_OK }, { second, answer, UK_OK } };
	struct desk d;
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct uk_sign_request r = { &rsa_9a, UK_SIG_PKCS1, UK_HASH_SHA256,
		hex(INFO256 HASH32) };

	(void)state;
	strcat(whole, "0087079A 00010A " PART_1 "0001" FF192
		      "FFFFFFFFFFFFFFFFFFFF 00" INFO256 HASH32 "1000");
	strcat(first,
	    "1087079A FF " PART_1 "0001" FF192 "FFFFFFFFFFFFFFFFFFFF 00" INFO256
	    "000102030405060708090A0B0C0D0E0F1011121314");
	strcat(answer, "7C820104 82820100" SIG256 "9000");
	desk_atr = LONG_ATR;
	d = DESK(steps);
	for (int i = 0; i < 3; i++) {
		sig.len = 0;
		expect_ok(uk_card_sign(d.card, &r, &sig));
		expect_bytes(uk_buf_view(&sig), hex(SIG256));
	}
	desk_close_after(&d, 10);
}

/* Answers that are no signatures: none of them comes out. */
static void broken_answers(void **state)
{
	static const char *const answers[] = {
		"9000",
		"7C00 9000",
		"7C02 8200 9000",
		"7C028201 9000",
		"7C0A 8108 3006 020101 020102 9000",    /* not 82 */
		"7D0A 8208 3006 020101 020102 9000",    /* not 7C */
		"7C0A 8208 3006 020101 020102 00 9000", /* more behind it */
		"7C0A 8208 3006 020101 020202 9000",    /* r, s broken */
		"7C2D 822B 3029 0224 " HASH32 "01020304 020101 9000",
		"7C0B 8209 3007 020101 0202 8001 9000", /* negative */
		"7C82FFFF 82 9000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = { PIV_OPEN,
			{ NULL, answers[i], UK_OK } };
		struct desk d = DESK(steps);
		uint8_t room[UK_SIGNATURE_MAX];
		uk_buf sig = UK_BUF(room);
		struct uk_sign_request r = { &ec_9a, UK_SIG_ECDSA,
			UK_HASH_SHA256, hex(HASH32) };

		if (uk_is_ok(uk_card_sign(d.card, &r, &sig)))
			fail_msg("answer %zu", i);
		assert_int_equal(sig.len, 0);
		desk_close(&d);
	}
}

static void what_keys_can_do(void **state)
{
	const struct script_step steps[] = { PIV_OPEN };
	struct desk d = DESK(steps);
	struct uk_sign_request r = { &rsa_9a, UK_SIG_PSS, UK_HASH_SHA256,
		hex(HASH32) };
	uk_object cert = { .kind = UK_OBJ_CERTIFICATE,
		.key_type = UK_KEY_RSA,
		.key_bits = 2048 };
	uk_object odd = rsa_9a;

	(void)state;
	assert_false(uk_card_can_sign(d.card, &r)); /* the core pads it */
	r.scheme = UK_SIG_RSA_RAW;
	assert_false(uk_card_can_sign(d.card, &r));
	r.input = hex(SIG256);
	assert_true(uk_card_can_sign(d.card, &r));
	r.scheme = UK_SIG_ECDSA;
	assert_false(uk_card_can_sign(d.card, &r));
	r.scheme = UK_SIG_PKCS1;
	assert_false(uk_card_can_sign(d.card, &r)); /* too long */
	r.input = hex(HASH32);
	assert_true(uk_card_can_sign(d.card, &r));
	r.key = &cert;
	assert_false(uk_card_can_sign(d.card, &r));
	odd.key_bits = 2040;
	r.key = &odd;
	assert_false(uk_card_can_sign(d.card, &r));
	assert_true(uk_card_can_decipher(d.card, &rsa_9a, UK_DECIPHER_RSA));
	assert_false(uk_card_can_decipher(d.card, &rsa_9a, UK_DECIPHER_ECDH));
	assert_true(uk_card_can_decipher(d.card, &ec_9a, UK_DECIPHER_ECDH));
	assert_false(uk_card_can_decipher(d.card, &ec_9a, UK_DECIPHER_SM2));
	desk_close_after(&d, PIV_OPEN_COMMANDS);
}

/* --- secrets -------------------------------------------------------------- */

#define R128 SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static void deciphering(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ "00870682 88 7C8185 8200 818180" R128 "00",
		    "7C8183 828180" R128 "9000", UK_OK },
		{ "0087119A 47 7C45 8200 8541 04" HASH32 HASH32 "00",
		    "7C22 8220" HASH32 "9000", UK_OK },
		{ "0087119A 47 7C45 8200 8541 04" HASH32 HASH32 "00",
		    "7C03 820101 9000", UK_OK } };
	struct desk d = DESK(steps);
	uint8_t room[UK_MODULUS_MAX];
	uk_buf out = UK_BUF(room);

	(void)state;
	expect_ok(uk_card_decipher(
	    d.card, &rsa_82, UK_DECIPHER_RSA, hex(R128), &out));
	expect_bytes(uk_buf_view(&out), hex(R128));
	out.len = 0;
	expect_ok(uk_card_decipher(
	    d.card, &ec_9a, UK_DECIPHER_ECDH, hex("04" HASH32 HASH32), &out));
	expect_bytes(uk_buf_view(&out), hex(HASH32));
	out.len = 0;
	/* too short a secret */
	expect_code(uk_card_decipher(d.card, &ec_9a, UK_DECIPHER_ECDH,
			hex("04" HASH32 HASH32), &out),
	    UK_ERR_CARD_MUTE);
	assert_int_equal(out.len, 0);
	expect_code(uk_card_decipher(
			d.card, &rsa_82, UK_DECIPHER_RSA, hex(HASH32), &out),
	    UK_ERR_ARGUMENT);
	assert_int_equal(script_log.secrets, 3);
	desk_close(&d);
}

/* --- changes -------------------------------------------------------------- */

#define KEY24 "010203040506070801020304050607080102030405060708"

/* CVE classes of 2020 and 2024: what a card sends instead of a witness is not
 * believed, and nothing is sent after it. */
static void admin_is_refused(void **state)
{
	static const char *const answers[] = { "6982", "9000", "7C00 9000",
		"7C04 80021234 9000", "7C12 8010" SIXTEEN "9000",
		"7C0A 8108 0102030405060708 9000" };

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = { PIV_OPEN, NOT_YUBICO,
			{ "0087039B 04 7C02 8000 00", answers[i], UK_OK } };
		struct desk d = DESK(steps);
		uk_pin key = pin_of(KEY24);

		if (uk_is_ok(uk_card_verify(d.card, UK_PIN_SO, &key)))
			fail_msg("answer %zu", i);
		desk_close_after(&d, PIV_OPEN_COMMANDS + 2);
	}
}

/* The card must prove the key as well: an answer that is not the challenge,
 * enciphered, is no login. */
static void admin_is_mutual(void **state)
{
	const struct script_step steps[] = { PIV_OPEN, NOT_YUBICO,
		{ "0087039B 04 7C02 8000 00", "7C0A 8008 0102030405060708 9000",
		    UK_OK },
		{ NULL, "7C0A 8208 0102030405060708 9000", UK_OK } };
	struct desk d = DESK(steps);
	uk_pin key = pin_of(KEY24);

	(void)state;
	expect_code(uk_card_verify(d.card, UK_PIN_SO, &key), UK_ERR_PIN_WRONG);
	desk_close_after(&d, PIV_OPEN_COMMANDS + 3);
}

/* AES-192 has keys of the same length: the card says that it is the one. */
static void admin_with_another_cipher(void **state)
{
	const struct script_step steps[] = { PIV_OPEN, NOT_YUBICO,
		{ "0087039B 04 7C02 8000 00", "6A86", UK_OK },
		{ "00870A9B 04 7C02 8000 00", "6982", UK_OK } };
	struct desk d = DESK(steps);
	uk_pin key = pin_of(KEY24);

	(void)state;
	expect_code(uk_card_verify(d.card, UK_PIN_SO, &key), UK_ERR_PIN_WRONG);
	desk_close_after(&d, PIV_OPEN_COMMANDS + 3);
}

static void what_is_no_admin_key(void **state)
{
	static const char *const bad[] = { "12345678", "0102", "xy" KEY24,
		KEY24 "01",
		"0102030405060708010203040506070801020304050607ZZ" };
	const struct script_step steps[] = { PIV_OPEN, NOT_YUBICO };
	struct desk d = DESK(steps);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uk_pin key = pin_of(bad[i]);

		expect_code(
		    uk_card_verify(d.card, UK_PIN_SO, &key), UK_ERR_PIN_LENGTH);
	}
	desk_close(&d);
}

#define POINT "04" HASH32 HASH32

static void generating(void **state)
{
	static const uint8_t id = 0x01;
	const struct script_step steps[] = { PIV_OPEN,
		{ "0047009A 05 AC03 800111 00", "7F4943 8641" POINT "9000",
		    UK_OK } };
	struct desk d = DESK(steps);
	struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.label = "x",
		.id = { &id, 1 },
		.key_type = UK_KEY_P256,
		.usage = UK_USE_SIGN };
	uk_public_key pub;
	uk_object o;
	size_t at = 99;

	(void)state;
	expect_ok(uk_card_generate(d.card, &what, &at));
	o = d.card->objects[at];
	assert_int_equal(o.ref, AT_9A);
	expect_ok(uk_card_read_public(d.card, &o, &pub));
	expect_bytes(uk_view(pub.point, pub.point_len), hex(POINT));
	desk_close_after(&d, PIV_OPEN_COMMANDS + 1);
}

/* CVE-2024-8443 and its kin: a public key of another size than was asked for.
 */
static void cve_2024_8443_generated_key(void **state)
{
	static const char *const answers[] = { "9000", "7F4900 9000",
		"7F4903 860104 9000", "7F4904 81020001 9000",
		"7F4944 8642" POINT "00 9000", "7F49820101 8181FF 9000",
		"7F4943 8141" POINT "9000" };
	static const uint8_t id = 0x01;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = { PIV_OPEN,
			{ NULL, answers[i], UK_OK } };
		struct desk d = DESK(steps);
		struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
			.id = { &id, 1 },
			.key_type = UK_KEY_P256 };
		size_t at;

		if (uk_is_ok(uk_card_generate(d.card, &what, &at)))
			fail_msg("answer %zu", i);
		desk_close(&d);
	}
}

static void where_keys_may_be(void **state)
{
	static const uint8_t ids[][2] = { { 0, 0 }, { 0x19, 0 }, { 1, 2 } };
	const struct script_step steps[] = { PIV_OPEN };
	struct desk d = DESK(steps);
	struct uk_new_object what = { .key_type = UK_KEY_P256 };
	size_t at;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		what.id = uk_view(ids[i], i == 2 ? 2 : 1);
		expect_code(
		    uk_card_generate(d.card, &what, &at), UK_ERR_ARGUMENT);
	}
	what.key_type = UK_KEY_SM2;
	expect_code(uk_card_generate(d.card, &what, &at), UK_ERR_UNSUPPORTED);
	desk_close_after(&d, PIV_OPEN_COMMANDS);
}

static void storing_and_deleting(void **state)
{
	static const uint8_t id = 0x02;
	const struct script_step steps[] = { PIV_OPEN,
		{ "00DB3FFF 13 5C03 5FC10A 530C 7005 3003020101 710100 FE00",
		    "9000", UK_OK },
		{ "00DB3FFF 07 5C03 5FC10A 5300", "9000", UK_OK },
		{ "00DB3FFF 07 5C03 5FC10A 5300", "6982", UK_OK } };
	struct desk d = DESK(steps);
	struct uk_new_object what = { .kind = UK_OBJ_CERTIFICATE,
		.id = { &id, 1 },
		.value = hex("3003020101") };
	uk_object o;
	size_t at;

	(void)state;
	expect_ok(uk_card_store(d.card, &what, &at));
	o = d.card->objects[at];
	assert_int_equal(o.kind, UK_OBJ_CERTIFICATE);
	assert_int_equal(o.ref, AT_9C);
	expect_ok(uk_card_destroy(d.card, &o));
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	expect_code(uk_card_destroy(d.card, &o), UK_ERR_NOT_LOGGED_IN);
	what.kind = UK_OBJ_DATA;
	expect_code(uk_card_store(d.card, &what, &at), UK_ERR_UNSUPPORTED);
	o.kind = UK_OBJ_PRIVATE_KEY;
	expect_code(uk_card_destroy(d.card, &o), UK_ERR_UNSUPPORTED);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pin_is_padded),
		cmocka_unit_test(wrong_pins),
		cmocka_unit_test(cve_2023_40660_empty_pin),
		cmocka_unit_test(which_pin),
		cmocka_unit_test(no_pin_without_discovery),
		cmocka_unit_test(changing_pins),
		cmocka_unit_test(tries_are_asked_without_a_pin),
		cmocka_unit_test(logging_out),
		cmocka_unit_test(ecdsa),
		cmocka_unit_test(ecdsa_cuts),
		cmocka_unit_test(rsa_in_three_commands),
		cmocka_unit_test(rsa_in_one_command),
		cmocka_unit_test(broken_answers),
		cmocka_unit_test(what_keys_can_do),
		cmocka_unit_test(deciphering),
		cmocka_unit_test(admin_is_refused),
		cmocka_unit_test(admin_is_mutual),
		cmocka_unit_test(admin_with_another_cipher),
		cmocka_unit_test(what_is_no_admin_key),
		cmocka_unit_test(generating),
		cmocka_unit_test(cve_2024_8443_generated_key),
		cmocka_unit_test(where_keys_may_be),
		cmocka_unit_test(storing_and_deleting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
