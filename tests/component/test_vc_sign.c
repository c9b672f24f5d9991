/* Keys, signatures and the bank's proof: profile sections 4 to 7. Signatures
 * are verified by plain OpenSSL. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "hex.h"
#include "tlv.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <stdio.h>

#define HASH20    "00112233445566778899AABBCCDDEEFF01234567"
#define HASH64    VC_HASH VC_HASH
#define SIGN_AUTH "0088300120" VC_HASH "00"
#define PSO       "002A9E9A20" VC_HASH "00"
#define OTHER     "FF112233445566778899AABBCCDDEEFF0123456789ABCDEFFEDCBA9876543210"
#define MSE_SIGN  "002241B606800130840102"
#define MSE_AUTH  "002241A406800130840101"

static int set_up(void **state)
{
	*state = card_in_use(NULL, 0x11, false);
	return 0;
}

static int set_up_bank(void **state)
{
	*state = card_in_use(NULL, 0x11, true);
	return 0;
}

static int set_up_creation(void **state)
{
	*state = card_in_creation(NULL, 0x11, true);
	return 0;
}

static int tear_down(void **state)
{
	struct vc_card *card = *state;

	vc_card_close(&card);
	return 0;
}

/* --- key 01
 * ------------------------------------------------------------------------ */

static void test_login_key(void **state)
{
	struct vc_card *card = *state;
	EVP_PKEY *key = public_of(card, 1);

	expect_sw(card, SIGN_AUTH, 0x6982);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, SIGN_AUTH, 0x6982); /* consent is no login */
	expect_sw(card, VC_LOGIN, 0x9000);
	assert_true(ecdsa_good(key, hex(VC_HASH), answer_of(card, SIGN_AUTH)));
	assert_true(ecdsa_good(key, hex(VC_HASH), answer_of(card, SIGN_AUTH)));
	assert_false(ecdsa_good(key, hex(OTHER), answer_of(card, SIGN_AUTH)));
	/* 20 to 64 bytes, the leftmost bits are used */
	assert_true(ecdsa_good(
	    key, hex(HASH20), answer_of(card, "0088300114" HASH20 "00")));
	assert_true(ecdsa_good(
	    key, hex(HASH64), answer_of(card, "0088300140" HASH64 "00")));
	expect_sw(card, "0088300113 00112233445566778899AABBCCDDEEFF012345 00",
	    0x6A80);
	expect_sw(card, "0088300141" HASH64 "0000", 0x6A80);
	expect_sw(card, "0088300100", 0x6A80);
	expect_sw(card, "0088130120" VC_HASH "00", 0x6A80); /* not RSA */
	expect_sw(card, "0088400120" VC_HASH "00", 0x6A80); /* not SM2 */
	expect_sw(card, "0088000120" VC_HASH "00", 0x6A80);
	expect_sw(card, "0088310120" VC_HASH "00", 0x6A80);
	expect_sw(card, "0088300220" VC_HASH "00", 0x6A88); /* key 02 */
	expect_sw(card, "0088300320" VC_HASH "00", 0x6A88); /* none */
	expect_sw(card, "0088301020" VC_HASH "00", 0x6A88); /* the bank's */
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, SIGN_AUTH, 0x6982);
	EVP_PKEY_free(key);
}

static void test_environment(void **state)
{
	struct vc_card *card = *state;
	EVP_PKEY *key = public_of(card, 1);

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "0088000020" VC_HASH "00", 0x6985);
	expect_sw(card, MSE_AUTH, 0x9000);
	assert_true(ecdsa_good(
	    key, hex(VC_HASH), answer_of(card, "0088000020" VC_HASH "00")));
	expect_sw(card, "002241A406800130840102", 0x6A88); /* use */
	expect_sw(card, "002241B606800130840101", 0x6A88);
	expect_sw(card, "002241A406800130840103", 0x6A88); /* not there */
	expect_sw(card, "002241A406800130840110", 0x6A88);
	expect_sw(card, "002241A406800113840101", 0x6A80); /* alg */
	expect_sw(card, "002241B606800110840102", 0x6A80);
	expect_sw(card, "002241A403840101", 0x6A80);
	expect_sw(card, "002241A403800130", 0x6A80);
	expect_sw(card, "002241A4", 0x6A80);
	expect_sw(card, "002201A406800130840101", 0x6A86);
	expect_sw(card, "002241B806800130840101", 0x6A86);
	expect_sw(card, VC_SELECT, 0x9000); /* forgets it */
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "0088000020" VC_HASH "00", 0x6985);
	EVP_PKEY_free(key);
}

/* --- key 02
 * ------------------------------------------------------------------------ */

static void test_consent_without_bank(void **state)
{
	struct vc_card *card = *state;
	EVP_PKEY *key = public_of(card, 2);

	expect_sw(card, PSO, 0x6985); /* no environment */
	expect_sw(card, MSE_SIGN, 0x9000);
	expect_sw(card, PSO, 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, PSO, 0x6982); /* login is no consent */
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, "002A9E9A03010203", 0x6A80); /* uses nothing up */
	expect_sw(card, "002A9E9B20" VC_HASH "00", 0x6A86);
	expect_sw(card, "002A9E9A", 0x6A80);
	assert_true(ecdsa_good(key, hex(VC_HASH), answer_of(card, PSO)));
	expect_sw(card, PSO, 0x6982); /* used up */
	expect_sw(card, "00200082", 0x63C3);
	expect_sw(card, "00200081", 0x9000); /* the login is not */
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000); /* twice is once */
	expect_sw(card, PSO, 0x9000);
	expect_sw(card, PSO, 0x6982);
	EVP_PKEY_free(key);
}

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
	/* Proof but no consent: 6982, and the proof is still there. */
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, MSE_SIGN, 0x9000);
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
	expect_sw(card, PSO, 0x6982);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, PSO, 0x9000);
	/* A bad one takes the good one back. */
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
	assert_int_equal(prove(card, hex(VC_HASH), true), 0x6300);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, PSO, 0x6985);
	/* SELECT and reset forget it. */
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
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
	/* Forgotten by SELECT and by a failed GET CHALLENGE. */
	keep(challenge, 32, answer_of(card, "0084000020"));
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
	expect_sw(card, "0082301040" HASH64, 0x6A80); /* no H */
	expect_sw(card, "0084000008", 0x9000);
	expect_sw(card, "0082301081" HASH64 HASH64 "00", 0x6A80); /* H 65 */
	expect_sw(card, "0084000008", 0x9000);
	expect_sw(card, "0082301080" HASH64 HASH64, 0x6300);
	expect_sw(card, "0084000008", 0x9000);
	expect_sw(card,
	    "0082301054" HASH20
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    0x6300);
	assert_int_equal(prove(card, hex(HASH20), false), 0x9000);
	assert_int_equal(prove(card, hex(HASH64), false), 0x9000);
}

static void test_no_bank_key(void **state)
{
	expect_sw(*state, "0084000008", 0x9000);
	expect_sw(*state, "0082301054" HASH20 HASH64, 0x6A88);
	expect_sw(*state, "00468100000005AC038401100000", 0x6A88);
}

/* --- making keys
 * --------------------------------------------------------------------- */

static void test_generate(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00460000000008AC068001118401010000", 0x6982);
	expect_sw(card, "00460000000008AC068001118401030000", 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00460000000008AC068001118401010000", 0x6982);
	expect_sw(card, "00460000000008AC068001118401020000", 0x6982);
	expect_sw(card, "00460000000008AC068001118401030000", 0x9000);
	expect_sw(card, "0088300320" VC_HASH "00", 0x9000);
	expect_sw(card, "00460000000008AC0680011184010F0000", 0x9000);
	expect_sw(card, "00460000000008AC068001118401100000", 0x6A88);
	expect_sw(card, "00460000000008AC068001118401000000", 0x6A88);
	expect_sw(card, "00460000000008AC068001FF8401030000", 0x6A81);
	expect_sw(card, "00460000000005AC038401030000", 0x6A80);
	expect_sw(card, "00460000000005AC038001110000", 0x6A80);
	expect_sw(card, "004600000000088C068001118401030000", 0x6A80);
	expect_sw(card, "00460100000005AC038401030000", 0x6A86);
	expect_sw(card, "00460001000008AC068001118401030000", 0x6A86);
	expect_sw(card, "00468100000005AC038401040000", 0x6A88);
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_sw(card, "00460000000008AC068001118401020000", 0x9000);
}

static void test_replaced_key_and_environment(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00460000000008AC068001118401030000", 0x9000);
	expect_sw(card, "002241A406800130840103", 0x9000);
	expect_sw(card, "00460000000008AC068001218401030000", 0x9000);
	expect_sw(card, "0088000020" VC_HASH "00", 0x6A80); /* now SM2 */
}

/* SM2 (GB/T 32918.2): e in, r||s out; e itself is signed, no Z. */
static void test_sm2(void **state)
{
	struct vc_card *card = *state;
	uint8_t point[65], coded[80];
	uk_buf der = UK_BUF(coded);
	uk_bytes template, v;
	OSSL_PARAM params[3];
	char group[] = "SM2";
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_ok(
	    uk_tlv_only(answer_of(card, "00460000000008AC068001218401040000"),
		0x7f49, &template));
	assert_true(uk_tlv_find(template, 0x86, &v));
	keep(point, 65, v);
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	params[2] = OSSL_PARAM_construct_end();
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	expect_ok(
	    uk_sig_to_der(answer_of(card, "0088400420" VC_HASH "00"), &der));
	ctx = EVP_PKEY_CTX_new(key, NULL);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	v = hex(VC_HASH);
	assert_int_equal(EVP_PKEY_verify(ctx, coded, der.len, v.p, v.n), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	expect_sw(card, "0088300420" VC_HASH "00", 0x6A80);
	expect_sw(card, "0088400414" HASH20 "00", 0x6A80);
}

static void test_other_curves(void **state)
{
	struct vc_card *card = *state;
	EVP_PKEY *key;

	expect_sw(card, VC_LOGIN, 0x9000);
	assert_int_equal(
	    answer_of(card, "00460000000008AC068001128401030000").n, 102);
	key = public_of(card, 3);
	assert_true(ecdsa_good(
	    key, hex(VC_HASH), answer_of(card, "0088300320" VC_HASH "00")));
	EVP_PKEY_free(key);
	/* 7F49 81 88 86 81 85 point: 133 bytes of point */
	assert_int_equal(
	    answer_of(card, "00460000000008AC068001138401030000").n, 140);
	key = public_of(card, 3);
	assert_int_equal(answer_of(card, "0088300340" HASH64 "00").n, 132);
	assert_true(ecdsa_good(
	    key, hex(HASH64), answer_of(card, "0088300340" HASH64 "00")));
	EVP_PKEY_free(key);
}

/* --- RSA
 * ------------------------------------------------------------------------------
 */

static bool rsa_good(
    EVP_PKEY *key, int padding, const EVP_MD *md, uk_bytes input, uk_bytes sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good = EVP_PKEY_verify_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1 &&
		    (md == NULL ||
			EVP_PKEY_CTX_set_signature_md(ctx, md) == 1) &&
		    (padding != RSA_PKCS1_PSS_PADDING ||
			EVP_PKEY_CTX_set_rsa_pss_saltlen(
			    ctx, RSA_PSS_SALTLEN_DIGEST) == 1) &&
		    EVP_PKEY_verify(ctx, sig.p, sig.n, input.p, input.n) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static void test_rsa(void **state)
{
	static const struct {
		unsigned low;
		const EVP_MD *(*md)(void);
		const char *size, *hash;
	} rows[] = {
		{ 1, EVP_sha1, "14", HASH20 },
		{ 2, EVP_sha224, "1C", HASH20 "89ABCDEF01234567" },
		{ 3, EVP_sha256, "20", VC_HASH },
		{ 4, EVP_sha384, "30",
		    VC_HASH "00112233445566778899AABBCCDDEEFF" },
		{ 5, EVP_sha512, "40", HASH64 },
	};
	struct vc_card *card = card_in_use(NULL, 0x01, false);
	EVP_PKEY *key = public_of(card, 1);
	char command[512];

	(void)state;
	expect_sw(card, VC_LOGIN, 0x9000);
	for (size_t i = 0; i < 5; i++) {
		(void)snprintf(command, sizeof(command),
		    "00881%X010000%s%s0000", rows[i].low, rows[i].size,
		    rows[i].hash);
		assert_true(rsa_good(key, RSA_PKCS1_PADDING, rows[i].md(),
		    hex(rows[i].hash), answer_of(card, command)));
		(void)snprintf(command, sizeof(command),
		    "00882%X010000%s%s0000", rows[i].low, rows[i].size,
		    rows[i].hash);
		assert_true(rsa_good(key, RSA_PKCS1_PSS_PADDING, rows[i].md(),
		    hex(rows[i].hash), answer_of(card, command)));
	}
	/* Padding only: any bytes. */
	assert_true(rsa_good(key, RSA_PKCS1_PADDING, NULL, hex("AABB"),
	    answer_of(card, "0088100100 0002 AABB 0000")));
	expect_sw(card, "00881001", 0x6A80);
	expect_sw(card, "0088130114" HASH20 "00", 0x6A80);
	expect_sw(card, "0088160120" VC_HASH "00", 0x6A80); /* SM3 */
	expect_sw(card, "0088200120" VC_HASH "00", 0x6A80); /* PSS of what? */
	expect_sw(card, "0088300120" VC_HASH "00", 0x6A80);
	expect_sw(card, "0088F30120" VC_HASH "00", 0x6A80);
	EVP_PKEY_free(key);
	/* Key 02: hashes only. */
	expect_sw(card, "002241B606800110840102", 0x6A80);
	expect_sw(card, "002241B606800113840102", 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000);
	key = public_of(card, 2);
	assert_true(rsa_good(key, RSA_PKCS1_PADDING, EVP_sha256(), hex(VC_HASH),
	    answer_of(card, "002A9E9A000020" VC_HASH "0000")));
	EVP_PKEY_free(key);
	vc_card_close(&card);
}

static void test_rsa_longest_input(void **state)
{
	static uint8_t longest[4 + 3 + 245 + 2] = { 0x00, 0x88, 0x10, 0x01,
		0x00, 0x00, 245 };
	static uint8_t more[4 + 3 + 246 + 2] = { 0x00, 0x88, 0x10, 0x01, 0x00,
		0x00, 246 };
	struct vc_card *card = card_in_use(NULL, 0x01, false);

	(void)state;
	expect_sw(card, VC_LOGIN, 0x9000);
	assert_int_equal(
	    sw_of(vc_card_transmit(card, UK_ARRAY(longest))), 0x9000);
	assert_int_equal(sw_of(vc_card_transmit(card, UK_ARRAY(more))), 0x6A80);
	vc_card_close(&card);
}

/* --- personalisation
 * -------------------------------------------------------------------- */

static void test_creation_state(void **state)
{
	struct vc_card *card = *state;
	uk_bytes v;

	expect_sw(card, SIGN_AUTH, 0x9000); /* for the certificate request */
	expect_sw(card, MSE_SIGN, 0x9000);
	expect_sw(card, PSO, 0x9000);
	expect_sw(
	    card, "00DB3FFF10 8108 0102030405060708 5004 54657374", 0x9000);
	assert_true(uk_tlv_find(answer_of(card, "00CA010100"), 0x81, &v));
	expect_bytes(v, hex("0102030405060708"));
	assert_true(uk_tlv_find(answer_of(card, "00CA010100"), 0x50, &v));
	expect_bytes(v, uk_view_str("Test"));
	expect_sw(card, "00DB3FFF03 850102", 0x6A80); /* unknown flag */
	expect_sw(card, "00DB3FFF02 5000", 0x6A80);
	expect_sw(card, "00DB3FFF03 810101", 0x6A80);
	expect_sw(card, "00DB3FFF03 990101", 0x6A80);
	expect_sw(
	    card, "00DB3FFF07 5004 41424344 81", 0x6A80); /* all or none */
	assert_true(uk_tlv_find(answer_of(card, "00CA010100"), 0x50, &v));
	expect_bytes(v, uk_view_str("Test"));
	expect_sw(card, "00DB3FFF", 0x6700);
	expect_sw(card, "00DB3FFE03 850100", 0x6A86);
	/* A point that is not on the curve. */
	expect_sw(card, "00DB3FFF49 7F4946 830110 8641 04" HASH64, 0x6A80);
	expect_sw(card, "00440000", 0x9000);
	expect_sw(card, "00DB3FFF03 850100", 0x6985);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, SIGN_AUTH, 0x6982);
	expect_sw(card, MSE_SIGN, 0x9000);
	expect_sw(card, PSO, 0x6985);
	expect_sw(card, "00CA010200", 0x6A88);
}

#define TEST(f)      cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define BANK_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_bank, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_login_key),
		TEST(test_environment),
		TEST(test_consent_without_bank),
		BANK_TEST(test_bank_proof),
		BANK_TEST(test_challenges),
		BANK_TEST(test_proof_forms),
		TEST(test_no_bank_key),
		TEST(test_generate),
		TEST(test_replaced_key_and_environment),
		TEST(test_sm2),
		TEST(test_other_curves),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_rsa_longest_input),
		cmocka_unit_test_setup_teardown(
		    test_creation_state, set_up_creation, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
