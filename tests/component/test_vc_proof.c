/* Challenges and the bank proving itself: profile sections 5 and 6. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "tlv.h"

#define PSO      "002A9E9A20" VC_HASH "00"
#define OTHER    "FF112233445566778899AABBCCDDEEFF0123456789ABCDEFFEDCBA9876543210"
#define MSE_SIGN "002241B606800130840102"

static void test_bank_proof(void **state)
{
	struct vc_card *card = *state;
	EVP_PKEY *key = public_of(card, 2);

	expect_sw(card, MSE_SIGN, 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, PSO, 0x6985); /* no proof */
	assert_int_equal(prove(card, hex(OTHER), false), 0x9000);
	expect_sw(card, PSO, 0x6985); /* for another hash */
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
	assert_true(ecdsa_good(key, hex(VC_HASH), answer_of(card, PSO)));
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, PSO, 0x6985); /* proof used up, too */
	/* Proof but no consent: 6982, and the proof is still there, also if
	 * somebody looks at the card (which ends the consent). */
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, MSE_SIGN, 0x9000);
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
	expect_sw(card, PSO, 0x6982);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, MSE_SIGN, 0x9000);
	expect_sw(card, PSO, 0x6982);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, PSO, 0x9000);
	/* A bad one takes the good one back. */
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
	assert_int_equal(prove(card, hex(VC_HASH), true), 0x6300);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, PSO, 0x6985);
	/* SELECT of anything else and reset forget it. */
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
	expect_sw(card, "00A4000C023F00", 0x9000);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, MSE_SIGN, 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, PSO, 0x6985);
	EVP_PKEY_free(key);
}

static void keep(uint8_t *field, size_t n, uk_bytes v)
{
	expect_ok(uk_copy_exact(field, n, v));
}

static void test_challenges(void **state)
{
	struct vc_card *card = *state;
	uint8_t serial[8], challenge[32];
	uk_bytes v;

	assert_true(uk_tlv_find(answer_of(card, "00CA010100"), 0x81, &v));
	keep(serial, 8, v);
	expect_sw(card, "0084000007", 0x6700);
	expect_sw(card, "0084000021", 0x6700);
	expect_sw(card, "0084000000", 0x6700);
	expect_sw(card, "00840000", 0x6700);
	expect_sw(card, "0084000108", 0x6A86);
	assert_int_equal(answer_of(card, "0084000008").n, 8);
	keep(challenge, 32, answer_of(card, "0084000020"));
	/* Good once; replayed: no challenge. */
	expect_sw(card,
	    proof_command(
		UK_ARRAY(serial), UK_ARRAY(challenge), hex(VC_HASH), false),
	    0x9000);
	expect_sw(card,
	    proof_command(
		UK_ARRAY(serial), UK_ARRAY(challenge), hex(VC_HASH), false),
	    0x6985);
	/* An old one after a new one was asked for. */
	expect_sw(card, "0084000020", 0x9000);
	expect_sw(card,
	    proof_command(
		UK_ARRAY(serial), UK_ARRAY(challenge), hex(VC_HASH), false),
	    0x6300);
	/* For another card. */
	keep(challenge, 32, answer_of(card, "0084000020"));
	serial[0] ^= 1;
	expect_sw(card,
	    proof_command(
		UK_ARRAY(serial), UK_ARRAY(challenge), hex(VC_HASH), false),
	    0x6300);
	serial[0] ^= 1;
	expect_sw(card, /* forgotten by the bad one */
	    proof_command(
		UK_ARRAY(serial), UK_ARRAY(challenge), hex(VC_HASH), false),
	    0x6985);
	/* It outlives a look at the card. */
	keep(challenge, 32, answer_of(card, "0084000020"));
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card,
	    proof_command(
		UK_ARRAY(serial), UK_ARRAY(challenge), hex(VC_HASH), false),
	    0x9000);
	/* Forgotten by another SELECT and by a failed GET CHALLENGE. */
	keep(challenge, 32, answer_of(card, "0084000020"));
	expect_sw(card, "00A4000C023F00", 0x9000);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card,
	    proof_command(
		UK_ARRAY(serial), UK_ARRAY(challenge), hex(VC_HASH), false),
	    0x6985);
	keep(challenge, 32, answer_of(card, "0084000020"));
	expect_sw(card, "0084000007", 0x6700);
	expect_sw(card,
	    proof_command(
		UK_ARRAY(serial), UK_ARRAY(challenge), hex(VC_HASH), false),
	    0x6985);
}

static void test_proof_forms(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "0082300000", 0x6A88);
	expect_sw(card, "0082401000", 0x6A86);
	expect_sw(card, "0084000008", 0x9000);
	expect_sw(card, "0082301040" VC_HASH64, 0x6A80); /* no H */
	expect_sw(card, "0084000008", 0x9000);
	expect_sw(
	    card, "0082301081" VC_HASH64 VC_HASH64 "00", 0x6A80); /* H 65 */
	expect_sw(card, "0084000008", 0x9000);
	expect_sw(card, "0082301080" VC_HASH64 VC_HASH64, 0x6300);
	expect_sw(card, "0084000008", 0x9000);
	expect_sw(card,
	    "0082301054" VC_HASH20
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    0x6300);
	assert_int_equal(prove(card, hex(VC_HASH20), false), 0x9000);
	assert_int_equal(prove(card, hex(VC_HASH64), false), 0x9000);
}

static void test_no_bank_key(void **state)
{
	expect_sw(*state, "0084000008", 0x9000);
	expect_sw(*state, "0082301054" VC_HASH20 VC_HASH64, 0x6A88);
	expect_sw(*state, "00468100000005AC038401100000", 0x6A88);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_bank_proof, vc_set_up_bank, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_challenges, vc_set_up_bank, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_proof_forms, vc_set_up_bank, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_no_bank_key, vc_set_up, vc_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
