/* Making keys and personalisation: profile sections 4 and 7. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "tlv.h"

#define SIGN_AUTH "0088300120" VC_HASH "00"
#define PSO       "002A9E9A20" VC_HASH "00"
#define MSE_SIGN  "002241B606800130840102"

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
	/* RSA-1024 is for other applications. */
	expect_sw(card, "00460000000008AC068001048401030000", 0x6A81);
	expect_sw(card, "00460000000005AC038401030000", 0x6A80);
	expect_sw(card, "00460000000005AC038001110000", 0x6A80);
	expect_sw(card, "004600000000088C068001118401030000", 0x6A80);
	expect_sw(card, "00460100000005AC038401030000", 0x6A86);
	expect_sw(card, "00460001000008AC068001118401030000", 0x6A86);
	expect_sw(card, "00468100000005AC038401040000", 0x6A88);
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_sw(card, "00460000000008AC068001118401020000", 0x9000);
}

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
	expect_sw(card, "00DB3FFF49 7F4946 830110 8641 04" VC_HASH64, 0x6A80);
	expect_sw(card, "00440000", 0x9000);
	expect_sw(card, "00DB3FFF03 850100", 0x6985);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, SIGN_AUTH, 0x6982);
	expect_sw(card, MSE_SIGN, 0x9000);
	expect_sw(card, PSO, 0x6985);
	expect_sw(card, "00CA010200", 0x6A88);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_generate, vc_set_up, vc_tear_down),
		cmocka_unit_test_setup_teardown(
		    test_creation_state, vc_set_up_creation, vc_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
