/* Signatures with keys on curves, consent, security environments: profile
 * section 4. Signatures are verified by plain OpenSSL. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "tlv.h"

#include <openssl/core_names.h>

#define SIGN_AUTH "0088300120" VC_HASH "00"
#define PSO       "002A9E9A20" VC_HASH "00"
#define OTHER     "FF112233445566778899AABBCCDDEEFF0123456789ABCDEFFEDCBA9876543210"
#define MSE_SIGN  "002241B606800130840102"
#define MSE_AUTH  "002241A406800130840101"

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
	    key, hex(VC_HASH20), answer_of(card, "0088300114" VC_HASH20 "00")));
	assert_true(ecdsa_good(
	    key, hex(VC_HASH64), answer_of(card, "0088300140" VC_HASH64 "00")));
	expect_sw(card, "0088300113 00112233445566778899AABBCCDDEEFF012345 00",
	    0x6A80);
	expect_sw(card, "0088300141" VC_HASH64 "0000", 0x6A80);
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
	expect_sw(card, "002241B806800130840101", 0x6A88);
	expect_sw(card, "002241AA06800130840101", 0x6A86);
	expect_sw(card, VC_SELECT, 0x9000); /* forgets it */
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "0088000020" VC_HASH "00", 0x6985);
	EVP_PKEY_free(key);
}

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

static void test_replaced_key_and_environment(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00460000000008AC068001118401030000", 0x9000);
	expect_sw(card, "002241A406800130840103", 0x9000);
	expect_sw(card, "00460000000008AC068001218401030000", 0x9000);
	expect_sw(card, "0088000020" VC_HASH "00", 0x6A80); /* now SM2 */
}

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
	expect_ok(uk_copy_exact(point, 65, v));
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
	expect_sw(card, "0088400414" VC_HASH20 "00", 0x6A80);
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
	assert_int_equal(answer_of(card, "0088300340" VC_HASH64 "00").n, 132);
	assert_true(ecdsa_good(
	    key, hex(VC_HASH64), answer_of(card, "0088300340" VC_HASH64 "00")));
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_login_key, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_environment, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_consent_without_bank, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_replaced_key_and_environment, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_sm2, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_other_curves, vc_set_up, vc_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
