/* Keys from outside, and keys that go: profile section 4, PUT DATA with 7F48.
 */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "vc_vectors.h"

#define PUT "00DB3FFF"
/* type, reference, usage and numbers; P-256 and SM2 have 32 bytes. */
#define RSA(ref, usage, p, q)                                                  \
	PUT "0001147F4882010F 8401" ref "800101 9501" usage "928180" p         \
	    "938180" q
#define CURVE32(type, ref, usage, d)                                           \
	PUT "2E7F482B 8401" ref "8001" type "9501" usage "8820" d
#define CURVE48(ref, usage, d)                                                 \
	PUT "3E7F483B 8401" ref "800112 9501" usage "8830" d
#define CURVE66(ref, usage, d)                                                 \
	PUT "507F484D 8401" ref "800113 9501" usage "8842" d
#define DELETE(ref)      PUT "067F4803 8401" ref
#define READ_PUBLIC(ref) "00468100000005AC038401" ref "0000"
#define ONE_SHORT                                                              \
	"0000000000000000000000000000000000000000000000000000000000000001"
#define FF32   "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
#define LESS31 "01020304050607080910111213141516171819202122232425262728293031"
#define ZERO32                                                                 \
	"0000000000000000000000000000000000000000000000000000000000000000"

/* The card works out the public half. */
static void test_curves(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_apdu(card, CURVE32("11", "03", "05", P256_I), "9000");
	expect_apdu(card, READ_PUBLIC("03"), "7F49438641" P256_GI "9000");
	expect_apdu(card, CURVE48("03", "04", P384_I), "9000");
	expect_apdu(card, READ_PUBLIC("03"), "7F49638661" P384_GI "9000");
	expect_apdu(card, CURVE66("0F", "01", P521_I), "9000");
	expect_apdu(card, READ_PUBLIC("0F"), "7F498188868185" P521_GI "9000");
	expect_apdu(card, CURVE32("21", "04", "03", SM2_D), "9000");
	expect_apdu(card, READ_PUBLIC("04"), "7F49438641" SM2_POINT "9000");
}

static void test_rsa(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_apdu(card, RSA("03", "03", JWE_P, JWE_Q), "9000");
	expect_apdu(card, READ_PUBLIC("03"),
	    "7F49820109 81820100" JWE_N "82030100019000");
	/* The other order of the primes is the same key. */
	expect_apdu(card, RSA("04", "01", JWE_Q, JWE_P), "9000");
	expect_apdu(card, READ_PUBLIC("04"),
	    "7F49820109 81820100" JWE_N "82030100019000");
	/* RS256 is deterministic: what the RFC's authors signed. */
	expect_apdu(card, RSA("05", "01", JWS_P, JWS_Q), "9000");
	expect_apdu(card, "00881305000020" JWS_HASH "0000", JWS_SIG "9000");
}

static void test_imported_curve_signs(void **state)
{
	struct vc_card *card = *state;
	EVP_PKEY *key;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, CURVE32("11", "03", "01", P256_I), 0x9000);
	key = public_of(card, 3);
	assert_true(ecdsa_good(
	    key, hex(VC_HASH), answer_of(card, "0088300320" VC_HASH "00")));
	EVP_PKEY_free(key);
}

static void test_numbers_that_are_no_key(void **state)
{
	static const char *const commands[] = {
		/* the scalar: 0, the order and more; SM2 ends one earlier */
		CURVE32("11", "03", "01", ZERO32),
		CURVE32("11", "03", "01", P256_ORDER),
		CURVE32("11", "03", "01", FF32),
		CURVE32("21", "03", "01", SM2_ORDER_1),
		CURVE32("21", "03", "01", ZERO32),
		/* longer than the field */
		PUT "2F7F482C 840103 800111 950101 8821 01" ZERO32,
		/* two times the same prime; not prime; 65537 has no inverse */
		RSA("03", "01", JWE_P, JWE_P),
		RSA("03", "01", JWE_P, COMPOSITE),
		RSA("03", "01", COMPOSITE, JWE_Q),
		RSA("03", "01", NO_INVERSE, JWE_Q),
		/* 3072 bits wanted */
		PUT "0001147F4882010F 840103 800102 950101 928180" JWE_P
		    "938180" JWE_Q,
		/* numbers of the other kind, one missing, one too many */
		PUT "2E7F482B 840103 800101 950101 8820" P256_I,
		PUT "0000907F48818C 840103 800101 950101 928180" JWE_P,
		PUT "2E7F482B 840103 800111 950101 9220" P256_I,
		PUT "4F7F484C 840103 800111 950101 8820" P256_I "881F" LESS31,
	};
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		expect_sw(card, commands[i], 0x6A80);
	expect_sw(card, READ_PUBLIC("03"), 0x6A88);
	/* The ends of the range are keys. */
	expect_sw(card, CURVE32("11", "03", "01", P256_ORDER_1), 0x9000);
	expect_sw(card, CURVE32("11", "03", "01", ONE_SHORT), 0x9000);
	expect_sw(card, CURVE32("21", "03", "01", SM2_ORDER_2), 0x9000);
	/* Leading zeros may be left out. */
	expect_sw(card, PUT "0F7F480C 840103 800111 950101 8801 05", 0x9000);
}

static void test_forms(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	/* Without usage: signs. */
	expect_sw(card, PUT "2B7F4828 840103 800111 8820" P256_I, 0x9000);
	expect_sw(card, "0088300320" VC_HASH "00", 0x9000);
	/* unknown object, empty object, junk, no reference, two of a kind */
	expect_sw(
	    card, PUT "2E7F482B 840103 800111 990101 8820" P256_I, 0x6A80);
	expect_sw(card, PUT "0B7F4808 840103 800111 8800", 0x6A80);
	expect_sw(card, PUT "077F4804 840103 84", 0x6A80);
	expect_sw(card, PUT "287F4825 800111 8820" P256_I, 0x6A80);
	expect_sw(card, PUT "097F4806 840103 840104", 0x6A80);
	expect_sw(card, PUT "037F4800", 0x6A80);
	/* a type alone is no deletion */
	expect_sw(card, PUT "097F4806 840103 800111", 0x6A80);
	expect_sw(card, PUT "097F4806 840103 950101", 0x6A80);
	expect_sw(card, CURVE32("99", "03", "01", P256_I), 0x6A81);
	expect_sw(card, CURVE32("11", "03", "02", P256_I), 0x6A80);
	expect_sw(card, CURVE32("11", "03", "00", P256_I), 0x6A80);
	/* all or nothing with what follows */
	expect_sw(card, PUT "08 7F4803 840103 8101", 0x6A80);
	expect_sw(card, "0088300320" VC_HASH "00", 0x9000);
}

static void test_who_may(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, CURVE32("11", "03", "01", P256_I), 0x6982);
	/* before a single number is looked at */
	expect_sw(card, CURVE32("11", "03", "01", ZERO32), 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, CURVE32("11", "01", "01", P256_I), 0x6A88);
	expect_sw(card, CURVE32("11", "02", "01", P256_I), 0x6A88);
	expect_sw(card, CURVE32("11", "00", "01", P256_I), 0x6A88);
	expect_sw(card, CURVE32("11", "10", "01", P256_I), 0x6A88);
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_sw(card, CURVE32("11", "03", "01", P256_I), 0x9000);
}

static void test_delete(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, DELETE("03"), 0x6A88);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, DELETE("03"), 0x6A88);
	expect_sw(card, CURVE32("11", "03", "04", P256_I), 0x9000);
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, DELETE("03"), 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	vc_store_fail_nth(1);
	expect_sw(card, DELETE("03"), 0x6581);
	vc_store_fail_nth(0);
	expect_sw(card, READ_PUBLIC("03"), 0x9000);
	expect_apdu(card, DELETE("03"), "9000");
	expect_sw(card, READ_PUBLIC("03"), 0x6A88);
	expect_sw(card, DELETE("03"), 0x6A88);
	/* Its usage went with it: the next one signs. */
	expect_sw(card, "00460000000008AC068001118401030000", 0x9000);
	expect_sw(card, "002241A406800130840103", 0x9000);
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_apdu(card, DELETE("03"), "9000");
	expect_sw(card, "0088000020" VC_HASH "00", 0x6A88);
	expect_sw(card, DELETE("01"), 0x6A88);
	expect_sw(card, DELETE("02"), 0x6A88);
	expect_sw(card, DELETE("10"), 0x6A88);
}

/* The content version grows, so that caches know. */
static void test_content_version(void **state)
{
	struct vc_card *card = *state;
	uint8_t before[64], after[64];
	uk_buf b = UK_BUF(before), a = UK_BUF(after);

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, CURVE32("11", "03", "04", P256_I), 0x9000);
	uk_put(&b, uk_bytes_first(answer_of(card, "00CA010100"), 20));
	expect_sw(card, DELETE("03"), 0x9000);
	uk_put(&a, uk_bytes_first(answer_of(card, "00CA010100"), 20));
	/* 80 02 0102  81 08 serial  82 04 version */
	assert_int_equal(before[16], 0x00);
	assert_int_equal(after[19], before[19] + 1);
}

static void test_label(void **state)
{
	struct vc_card *card = *state;
	uk_bytes answer;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, PUT "055003 4E6577", 0x6985);
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_sw(card, PUT "055003 4E6577", 0x9000);
	answer = answer_of(card, "00CA010100");
	answer = uk_bytes_first(answer, answer.n - 10); /* the mark */
	expect_bytes(uk_bytes_last(answer, 5), hex("5003 4E6577"));
	/* the label, and nothing else of personalisation */
	expect_sw(card, PUT "03850100", 0x6985);
	expect_sw(card, PUT "0A8108 0102030405060708", 0x6985);
	expect_sw(card, PUT "08 5003 416C74 850100", 0x6985);
	expect_sw(card, PUT "025000", 0x6A80);
	answer = answer_of(card, "00CA010100");
	answer = uk_bytes_first(answer, answer.n - 10); /* the mark */
	expect_bytes(uk_bytes_last(answer, 5), hex("5003 4E6577"));
	expect_sw(card, "0020FF83", 0x9000);
	expect_sw(card, PUT "055003 416C74", 0x6985);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, vc_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_curves),
		TEST(test_rsa),
		TEST(test_imported_curve_signs),
		TEST(test_numbers_that_are_no_key),
		TEST(test_forms),
		TEST(test_who_may),
		TEST(test_delete),
		TEST(test_content_version),
		TEST(test_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
