/* U-key: signatures and the bank's proof. Command bytes from
 * docs/card-profile.md, sections 4 to 6. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "ukey_script.h"

#include <stdio.h>

/* DigestInfo of SHA-256, RFC 8017, 9.2 note 1. */
#define INFO256 "3031300D060960864801650304020105000420"
#define MSE_2   "002241B6 06 8001" /* then alg, 84 01 02 */
#define PSO     "002A9E9A "

static const uk_object rsa_2 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 2048,
	.ref = 2 };
static const uk_object ec_1 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_P256,
	.key_bits = 256,
	.ref = 1 };
static const uk_object sm2_3 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_SM2,
	.key_bits = 256,
	.ref = 3 };
static const uk_object rsa_3 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 2048,
	.ref = 3 };
static const uk_object cert = { .kind = UK_OBJ_CERTIFICATE, .ref = 1 };

/* --- what is sent -------------------------------------------------------- */

static const struct good_row {
	const uk_object *key;
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	const char *input, *mse, *sign, *signature;
} good[] = {
	/* login key: one command */
	{ &key_1, UK_SIG_PSS, UK_HASH_SHA256, HASH32, NULL,
	    "00882301 20" HASH32 "00", SIG256 },
	{ &key_1, UK_SIG_PKCS1, UK_HASH_NONE, INFO256 HASH32, NULL,
	    "00881001 33" INFO256 HASH32 "00", SIG256 },
	{ &key_1, UK_SIG_PKCS1, UK_HASH_NONE, "AB", NULL, "00881001 01 AB 00",
	    SIG256 },
	{ &key_1, UK_SIG_PKCS1, UK_HASH_SHA256, HASH32, NULL,
	    "00881301 20" HASH32 "00", SIG256 },
	{ &key_1, UK_SIG_PKCS1, UK_HASH_SHA256, INFO256 HASH32, NULL,
	    "00881301 20" HASH32 "00", SIG256 },
	{ &ec_1, UK_SIG_ECDSA, UK_HASH_SHA256, HASH32, NULL,
	    "00883001 20" HASH32 "00", SIG64 },
	{ &ec_1, UK_SIG_ECDSA, UK_HASH_NONE, HASH32 HASH32, NULL,
	    "00883001 40" HASH32 HASH32 "00", SIG64 },
	{ &sm2_3, UK_SIG_SM2, UK_HASH_SM3, HASH32, NULL,
	    "00884003 20" HASH32 "00", SIG64 },
	/* raw RSA: 256 bytes in, the extended form */
	{ &rsa_3, UK_SIG_RSA_RAW, UK_HASH_NONE, SIG256, NULL,
	    "00880003 000100" SIG256 "0100", SIG256 },
	/* transaction key: environment and signature, hashes only */
	{ &key_2, UK_SIG_ECDSA, UK_HASH_SHA256, HASH32, MSE_2 "30 840102",
	    PSO "20" HASH32 "00", SIG64 },
	{ &rsa_2, UK_SIG_PSS, UK_HASH_SHA256, HASH32, MSE_2 "23 840102",
	    PSO "20" HASH32 "00", SIG256 },
	{ &rsa_2, UK_SIG_PKCS1, UK_HASH_SHA256, HASH32, MSE_2 "13 840102",
	    PSO "20" HASH32 "00", SIG256 },
	{ &rsa_2, UK_SIG_PKCS1, UK_HASH_NONE, INFO256 HASH32, MSE_2 "13 840102",
	    PSO "20" HASH32 "00", SIG256 },
	{ &rsa_2, UK_SIG_PKCS1, UK_HASH_NONE,
	    "3021300906052B0E03021A05000414" /* SHA-1 */
	    "000102030405060708090A0B0C0D0E0F10111213",
	    MSE_2 "11 840102",
	    PSO "14 000102030405060708090A0B0C0D0E0F10111213 00", SIG256 },
};

static void sign_one(const struct good_row *row)
{
	struct script_step steps[4] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	size_t n = 1;
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	char answer[2 * UK_SIGNATURE_MAX + 8];
	struct uk_sign_request r = { row->key, row->scheme, row->hash,
		hex(row->input) };
	struct desk d;

	snprintf(answer, sizeof(answer), "%s9000", row->signature);
	if (row->mse != NULL)
		steps[n++] = (struct script_step){ row->mse, "9000", UK_OK };
	steps[n++] = (struct script_step){ row->sign, answer, UK_OK };
	d = desk_open(steps, n);
	assert_true(uk_card_can_sign(d.card, &r));
	expect_ok(uk_card_sign(d.card, &r, &sig));
	expect_bytes(uk_buf_view(&sig), hex(row->signature));
	desk_close_after(&d, n);
}

static void sends_what_the_profile_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		sign_one(&good[i]);
}

static void rsa_4096_asks_for_the_extended_answer(void **state)
{
	static char answer[2 * 512 + 8];
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ "00882301 000020" HASH32 "0000", answer, UK_OK },
	};
	const uk_object big = { .kind = UK_OBJ_PRIVATE_KEY,
		.key_type = UK_KEY_RSA,
		.key_bits = 4096,
		.ref = 1 };
	struct uk_sign_request r = { &big, UK_SIG_PSS, UK_HASH_SHA256,
		hex(HASH32) };
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct desk d = DESK(steps);

	(void)state;
	snprintf(answer, sizeof(answer), "%s%s9000", SIG256, SIG256);
	expect_ok(uk_card_sign(d.card, &r, &sig));
	assert_int_equal(sig.len, 512);
	desk_close(&d);
}

/* --- what is not sent ---------------------------------------------------- */

static void what_a_key_cannot_do_is_not_sent(void **state)
{
	static const struct {
		const uk_object *key;
		unsigned scheme, hash;
		const char *input;
	} rows[] = {
		{ &key_1, UK_SIG_ECDSA, UK_HASH_SHA256, HASH32 },
		{ &key_1, UK_SIG_SM2, UK_HASH_SM3, HASH32 },
		{ &key_1, UK_SIG_PSS, UK_HASH_NONE, HASH32 },
		{ &key_1, UK_SIG_PSS, UK_HASH_SM3, HASH32 },
		{ &key_1, UK_SIG_PSS, UK_HASH_SHA384, HASH32 },
		{ &key_1, UK_SIG_PKCS1, UK_HASH_SHA512, HASH32 },
		{ &key_1, UK_SIG_PKCS1, UK_HASH_NONE, SIG256 }, /* > k - 11 */
		{ &key_1, UK_SIG_PSS, UK_HASH_COUNT, HASH32 },
		{ &key_1, UK_SIG_RSA_RAW + 1, UK_HASH_SHA256, HASH32 },
		{ &key_1, UK_SIG_RSA_RAW, UK_HASH_NONE, SIG256 },
		{ &rsa_2, UK_SIG_RSA_RAW, UK_HASH_NONE, SIG256 },
		{ &ec_1, UK_SIG_RSA_RAW, UK_HASH_NONE, SIG64 },
		{ &rsa_3, UK_SIG_RSA_RAW, UK_HASH_NONE, HASH32 },
		{ &rsa_3, UK_SIG_RSA_RAW, UK_HASH_NONE, SIG256 "00" },
		{ &ec_1, UK_SIG_PSS, UK_HASH_SHA256, HASH32 },
		{ &ec_1, UK_SIG_SM2, UK_HASH_SM3, HASH32 },
		{ &ec_1, UK_SIG_ECDSA, UK_HASH_NONE, "0102" },
		{ &ec_1, UK_SIG_ECDSA, UK_HASH_NONE, HASH32 HASH32 "00" },
		{ &cert, UK_SIG_PSS, UK_HASH_SHA256, HASH32 },
		/* the transaction key signs no free DigestInfo */
		{ &rsa_2, UK_SIG_PKCS1, UK_HASH_NONE, HASH32 },
		{ &rsa_2, UK_SIG_PKCS1, UK_HASH_NONE, INFO256 HASH32 "00" },
		{ &rsa_2, UK_SIG_PKCS1, UK_HASH_NONE, "31" HASH32 },
	};
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct desk d = DESK(steps);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uk_sign_request r = { rows[i].key,
			(enum uk_sig_scheme)rows[i].scheme,
			(enum uk_hash)rows[i].hash, hex(rows[i].input) };
		uint8_t room[UK_SIGNATURE_MAX];
		uk_buf sig = UK_BUF(room);

		if (uk_card_can_sign(d.card, &r))
			print_error("row %zu\n", i);
		assert_false(uk_card_can_sign(d.card, &r));
		expect_code(uk_card_sign(d.card, &r, &sig), UK_ERR_UNSUPPORTED);
		assert_int_equal(sig.len, 0);
	}
	desk_close_after(&d, 1);
}

static void can_sign_is_asked_before_there_is_input(void **state)
{
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct uk_sign_request r = { &rsa_2, UK_SIG_PKCS1, UK_HASH_NONE,
		UK_NONE };
	struct desk d = DESK(steps);

	(void)state;
	assert_true(uk_card_can_sign(d.card, &r));
	r.scheme = UK_SIG_ECDSA;
	assert_false(uk_card_can_sign(d.card, &r));
	desk_close_after(&d, 1);
}

static void no_room_is_found_out_before_anything_is_sent(void **state)
{
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct uk_sign_request r = { &key_2, UK_SIG_ECDSA, UK_HASH_SHA256,
		hex(HASH32) };
	uint8_t room[63];
	uk_buf sig = UK_BUF(room);
	struct desk d = DESK(steps);

	(void)state;
	expect_code(uk_card_sign(d.card, &r, &sig), UK_ERR_TOO_SMALL);
	desk_close_after(&d, 1);
}

/* --- what the card says -------------------------------------------------- */

static void refusals_keep_their_meaning(void **state)
{
	static const struct {
		const char *answer;
		enum uk_code code;
	} rows[] = {
		{ "6982", UK_ERR_NOT_LOGGED_IN },
		{ "6985", UK_ERR_CONDITIONS },
		{ "6A88", UK_ERR_NOT_FOUND },
		{ "6A80", UK_ERR_CARD_STATUS },
		/* only PIN commands may speak of PINs */
		{ "63C2", UK_ERR_CARD_STATUS },
		{ "6983", UK_ERR_CARD_STATUS },
		/* good, but not a signature: CVE-2024-45616 and its kin */
		{ "9000", UK_ERR_CARD_MUTE },
		{ "0102 9000", UK_ERR_CARD_MUTE },
		{ SIG256 "00 9000", UK_ERR_CARD_MUTE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ NULL, rows[i].answer, UK_OK },
		};
		struct uk_sign_request r = { &key_1, UK_SIG_PSS, UK_HASH_SHA256,
			hex(HASH32) };
		uint8_t room[UK_SIGNATURE_MAX];
		uk_buf sig = UK_BUF(room);
		struct desk d = DESK(steps);

		expect_code(uk_card_sign(d.card, &r, &sig), rows[i].code);
		assert_int_equal(sig.len, 0);
		assert_int_equal(d.card->pins[0].tries_left, 3);
		desk_close(&d);
	}
}

static void refused_environment_ends_it(void **state)
{
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ MSE_2 "30 840102", "6A88", UK_OK },
	};
	struct uk_sign_request r = { &key_2, UK_SIG_ECDSA, UK_HASH_SHA256,
		hex(HASH32) };
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct desk d = DESK(steps);

	(void)state;
	expect_code(uk_card_sign(d.card, &r, &sig), UK_ERR_NOT_FOUND);
	desk_close_after(&d, 2);
}

/* --- the bank's proof ---------------------------------------------------- */

static void challenge_is_whole_or_nothing(void **state)
{
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ "0084000008", "1122334455667788 9000", UK_OK },
		{ "0084000008", "11223344556677 9000", UK_OK },
		{ "0084000008", "112233445566778899 9000", UK_OK },
	};
	struct desk d = DESK(steps);
	uint8_t c[33] = { 0 };

	(void)state;
	expect_ok(uk_card_challenge(d.card, c, 8));
	expect_bytes(uk_view(c, 9), hex("112233445566778800"));
	expect_code(uk_card_challenge(d.card, c, 8), UK_ERR_CARD_MUTE);
	expect_code(uk_card_challenge(d.card, c, 8), UK_ERR_CARD_MUTE);
	expect_code(uk_card_challenge(d.card, c, 7), UK_ERR_ARGUMENT);
	expect_code(uk_card_challenge(d.card, c, 33), UK_ERR_ARGUMENT);
	desk_close_after(&d, 4);
}

static void proof_is_passed_on_and_judged(void **state)
{
#define PROVE "00823010 60" HASH32 SIG64
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ PROVE, "9000", UK_OK },
		{ PROVE, "6300", UK_OK },
		{ PROVE, "6985", UK_OK },
		{ PROVE, "6A88", UK_OK },
	};
	struct desk d = DESK(steps);
	uk_bytes hash = hex(HASH32), sig = hex(SIG64);

	(void)state;
	expect_ok(uk_card_prove_bank(d.card, hash, sig));
	expect_code(uk_card_prove_bank(d.card, hash, sig), UK_ERR_SIGNATURE);
	expect_code(uk_card_prove_bank(d.card, hash, sig), UK_ERR_CONDITIONS);
	expect_code(uk_card_prove_bank(d.card, hash, sig), UK_ERR_NOT_FOUND);
	expect_code(uk_card_prove_bank(d.card, uk_bytes_first(hash, 19), sig),
	    UK_ERR_ARGUMENT);
	expect_code(uk_card_prove_bank(d.card, hash, uk_bytes_first(sig, 63)),
	    UK_ERR_ARGUMENT);
	desk_close_after(&d, 5);
}

/* A kind that can do nothing: every wrapper says so. */
static void what_a_kind_leaves_out_is_unsupported(void **state)
{
	static const struct uk_card_ops nothing = { .name = "none" };
	uk_card c = { .ops = &nothing };
	uk_pin pin = pin_of("1234");
	uk_pin_state s;

	(void)state;
	expect_code(uk_card_reselect(&c), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_load_objects(&c), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_read_object(&c, NULL, NULL), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_read_public(&c, NULL, NULL), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_pin_state(&c, UK_PIN_USER, &s), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_verify(&c, UK_PIN_USER, &pin), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_logout(&c), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_change_pin(&c, UK_PIN_USER, &pin, &pin),
	    UK_ERR_UNSUPPORTED);
	expect_code(uk_card_unblock(&c, NULL, &pin), UK_ERR_UNSUPPORTED);
	assert_false(uk_card_can_sign(&c, NULL));
	expect_code(uk_card_sign(&c, NULL, NULL), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_challenge(&c, NULL, 8), UK_ERR_UNSUPPORTED);
	expect_code(
	    uk_card_prove_bank(&c, UK_NONE, UK_NONE), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_generate(&c, NULL, NULL), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_import(&c, NULL, NULL, NULL), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_store(&c, NULL, NULL), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_destroy(&c, NULL), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_rename(&c, NULL, "", UK_NONE), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_initialize(&c, &pin, ""), UK_ERR_UNSUPPORTED);
	assert_false(uk_card_can_decipher(&c, NULL, UK_DECIPHER_RSA));
	expect_code(uk_card_decipher(&c, NULL, UK_DECIPHER_RSA, UK_NONE, NULL),
	    UK_ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_what_the_profile_says),
		cmocka_unit_test(rsa_4096_asks_for_the_extended_answer),
		cmocka_unit_test(what_a_key_cannot_do_is_not_sent),
		cmocka_unit_test(can_sign_is_asked_before_there_is_input),
		cmocka_unit_test(no_room_is_found_out_before_anything_is_sent),
		cmocka_unit_test(refusals_keep_their_meaning),
		cmocka_unit_test(refused_environment_ends_it),
		cmocka_unit_test(challenge_is_whole_or_nothing),
		cmocka_unit_test(proof_is_passed_on_and_judged),
		cmocka_unit_test(what_a_kind_leaves_out_is_unsupported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
