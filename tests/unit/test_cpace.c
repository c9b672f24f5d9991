/* CPace. Vectors: draft-irtf-cfrg-cpace, appendix "Test vector for CPace using
 * group ristretto255 and hash SHA-512". */
#include "cpace.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "secret.h"

#include <string.h>

#define SID "7e4b4791d6a8ef019b936c79fb7f2c57"
#define YA  "383a85dd236978f17f8c8545b50dabc52a39fcdab2cf8bc531ce040ff77ca82d"
#define YB  "a6206309c0e8e5f579295e35997ac4300ab3fecec3c17f7b604f3e698fa1383c"

static const char context[] = "\nAinitiator\nBresponder";

static void begin(struct trm_cpace *c, bool initiator, const char *scalar)
{
	expect_ok(trm_cpace_begin(c, initiator, uk_view_str("Password"),
	    uk_view_str(context), hex(SID), hex(scalar).p));
}

static void begin_both(struct trm_cpace *a, struct trm_cpace *b)
{
	begin(a, true,
	    "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08");
	begin(b, false,
	    "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d");
}

static void test_vector(void **state)
{
	static const char isk[] =
	    "e91ccb2c0f5e0d0993a33956e3be59754f3f2b07db57631f5394452ea2e7b435"
	    "4674eb1f5686c078462bf83bec72e8743df440108e638f3526d9b90e85be096f";
	struct trm_cpace a, b;

	(void)state;
	begin_both(&a, &b);
	expect_bytes(UK_ARRAY(a.share), hex(YA));
	expect_bytes(UK_ARRAY(b.share), hex(YB));
	expect_ok(trm_cpace_finish(
	    &a, uk_view_str("ADa"), hex(YB), uk_view_str("ADb")));
	expect_ok(trm_cpace_finish(
	    &b, uk_view_str("ADb"), hex(YA), uk_view_str("ADa")));
	expect_bytes(UK_ARRAY(a.key), hex(isk));
	expect_bytes(UK_ARRAY(b.key), hex(isk));
	expect_ok(trm_cpace_confirmed(&b, UK_ARRAY(a.tag)));
	expect_ok(trm_cpace_confirmed(&a, UK_ARRAY(b.tag)));
	/* Nobody can send back what was sent to him. */
	expect_code(trm_cpace_confirmed(&a, UK_ARRAY(a.tag)), UK_ERR_SIGNATURE);
	expect_code(trm_cpace_confirmed(&a, UK_NONE), UK_ERR_SIGNATURE);
}

/* The same appendix: "Invalid inputs for scalar_mult_vfy". */
static void test_bad_shares(void **state)
{
	static const char *const bad[] = {
		"2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a5"
		"1c",
		"00000000000000000000000000000000000000000000000000000000000000"
		"00",
		"", "00",
		"383a85dd236978f17f8c8545b50dabc52a39fcdab2cf8bc531ce040ff77ca8"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct trm_cpace a, b;

		begin_both(&a, &b);
		expect_code(trm_cpace_finish(&a, UK_NONE, hex(bad[i]), UK_NONE),
		    UK_ERR_FORMAT);
	}
}

static void run(const char *code_a, const char *code_b, const char *name_seen,
    struct trm_cpace *a, struct trm_cpace *b)
{
	expect_ok(trm_cpace_begin(
	    a, true, uk_view_str(code_a), UK_NONE, hex(SID), NULL));
	expect_ok(trm_cpace_begin(
	    b, false, uk_view_str(code_b), UK_NONE, hex(SID), NULL));
	expect_ok(trm_cpace_finish(
	    a, uk_view_str("a"), UK_ARRAY(b->share), uk_view_str(name_seen)));
	expect_ok(trm_cpace_finish(
	    b, uk_view_str("b"), UK_ARRAY(a->share), uk_view_str("a")));
}

/* Another code, or another name on the way: neither side is confirmed. */
static void test_mismatch(void **state)
{
	struct trm_cpace a, b;

	(void)state;
	run("12345678", "12345678", "b", &a, &b);
	expect_ok(trm_cpace_confirmed(&b, UK_ARRAY(a.tag)));
	run("12345678", "12345679", "b", &a, &b);
	expect_code(trm_cpace_confirmed(&b, UK_ARRAY(a.tag)), UK_ERR_SIGNATURE);
	run("12345678", "12345678", "x", &a, &b);
	expect_code(trm_cpace_confirmed(&b, UK_ARRAY(a.tag)), UK_ERR_SIGNATURE);
	assert_memory_not_equal(a.key, b.key, sizeof(a.key));
}

static void test_lengths(void **state)
{
	uint8_t fill[128] = { 1 };
	struct trm_cpace c;

	(void)state;
	expect_code(trm_cpace_begin(&c, true, UK_NONE, UK_NONE, hex(SID), NULL),
	    UK_ERR_ARGUMENT);
	expect_code(
	    trm_cpace_begin(&c, true, uk_view(fill, TRM_CPACE_CODE_MAX + 1),
		UK_NONE, hex(SID), NULL),
	    UK_ERR_ARGUMENT);
	expect_code(trm_cpace_begin(&c, true, uk_view_str("1"), UK_ARRAY(fill),
			hex(SID), NULL),
	    UK_ERR_ARGUMENT);
	expect_code(trm_cpace_begin(
			&c, true, uk_view_str("1"), UK_NONE, hex("00"), NULL),
	    UK_ERR_FORMAT);
	expect_ok(trm_cpace_begin(
	    &c, true, uk_view_str("1"), UK_NONE, hex(SID), NULL));
	expect_code(trm_cpace_finish(&c, UK_ARRAY(fill), hex(YB), UK_NONE),
	    UK_ERR_ARGUMENT);
	expect_code(trm_cpace_finish(&c, UK_NONE, hex(YB), UK_ARRAY(fill)),
	    UK_ERR_FORMAT);
}

/* Keys for other purposes: HMAC-SHA-512 of RFC 4231, here by OpenSSL:
 * printf 'ukey test' | openssl dgst -sha512 -mac HMAC -macopt hexkey:ISK */
static void test_derive(void **state)
{
	struct trm_cpace a, b;
	uint8_t out[16];

	(void)state;
	begin_both(&a, &b);
	expect_ok(trm_cpace_finish(
	    &a, uk_view_str("ADa"), hex(YB), uk_view_str("ADb")));
	expect_ok(trm_cpace_derive(&a, "ukey test", out, sizeof(out)));
	expect_bytes(UK_ARRAY(out), hex("e421111b56e9bf3974f635eba2d505f2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_bad_shares),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_derive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
