/* What may be signed. Commands by docs/card-profile.md, section 4, and SP
 * 800-73-4; hashes of "<T>..</T>" below by sha256sum and sha384sum. */
#include "gate.h"

#include "cmocka_all.h"
#include "crypto.h"
#include "fixtures.h"

static const char text[] = "<T><D><M><k>Amount</k><v>1</v></M></D></T>";
#define SHA256_TEXT                                                            \
	"faa5574e8a822b2a06caba65c05a035c11d247e68e164b9e39c767e90ec25db7"
#define SHA384_TEXT                                                            \
	"b13407c3fdc33f5ec5b2e4c037900d419a48cd58cb8a1398059828f994ea741ea099" \
	"e823218f2719966c67350cb9901f"

static uk_crypto *crypto;

static uk_err hash(
    void *arg, enum trm_hash which, uk_bytes message, uk_buf *out)
{
	static const enum uk_hash names[] = { UK_HASH_SHA256, UK_HASH_SHA384,
		UK_HASH_SHA512 };

	(void)arg;
	return uk_hash_one(crypto, names[which], message, out);
}

static struct trm_gate gate;

static int verdict(const char *apdu, bool strict)
{
	return (int)trm_gate_check(&gate, hex(apdu), strict, hash, NULL);
}

static void approve(void)
{
	expect_ok(trm_gate_approve(&gate, uk_view_str(text)));
}

static int begin(void **state)
{
	(void)state;
	gate = (struct trm_gate){ 0 };
	expect_ok(uk_crypto_open(&crypto));
	return 0;
}

static int end(void **state)
{
	(void)state;
	uk_crypto_close(&crypto);
	return 0;
}

#define MSE(alg) "002241B6 06 8001" alg " 840102"
#define PSO256   "002A9E9A 20 " SHA256_TEXT " 00"

static void test_once(void **state)
{
	(void)state;
	approve();
	assert_int_equal(verdict(MSE("30"), true), TRM_PASS);
	assert_int_equal(verdict(PSO256, true), TRM_SIGNS);
	assert_int_equal(verdict(PSO256, true), TRM_REFUSED);
	assert_int_equal(verdict(PSO256, false), TRM_PASS);
}

static void test_never_approved(void **state)
{
	(void)state;
	assert_int_equal(verdict(MSE("30"), true), TRM_PASS);
	assert_int_equal(verdict(PSO256, true), TRM_REFUSED);
	/* Login keys are not ours to judge. */
	assert_int_equal(
	    verdict("00883001 20 " SHA256_TEXT " 00", true), TRM_PASS);
	assert_int_equal(verdict("0087119A 04 7C028200 00", true), TRM_PASS);
}

/* Shows A and asks to sign B: refused, and A is no longer approved. */
static void test_other_text(void **state)
{
	(void)state;
	approve();
	assert_int_equal(verdict(MSE("30"), true), TRM_PASS);
	assert_int_equal(verdict("002A9E9A 20 " SHA256_TEXT, true), TRM_SIGNS);
	approve();
	assert_int_equal(verdict("002A9E9A 20"
				 " 00000000000000000000000000000000"
				 " 00000000000000000000000000000000 00",
			     true),
	    TRM_REFUSED);
	assert_int_equal(verdict(PSO256, true), TRM_REFUSED);
}

/* The hash that goes with the algorithm that was chosen, and no other. */
static void test_algorithms(void **state)
{
	static const struct {
		const char *mse, *pso;
		int verdict;
	} rows[] = {
		{ MSE("13"), PSO256, TRM_SIGNS },
		{ MSE("23"), PSO256, TRM_SIGNS },
		{ MSE("14"), PSO256, TRM_REFUSED },
		{ MSE("14"), "002A9E9A 30 " SHA384_TEXT " 00", TRM_SIGNS },
		{ MSE("30"), "002A9E9A 30 " SHA384_TEXT " 00", TRM_SIGNS },
		{ MSE("40"), PSO256, TRM_REFUSED },
		{ MSE("41"), PSO256, TRM_REFUSED },
		{ "002241B6 06 800130 840103", PSO256, TRM_REFUSED },
		{ "00A4040C 05 F000000001", PSO256, TRM_REFUSED },
		/* PIV, key 9C: a hash, a padded hash, another key's */
		{ MSE("30"), "0087119C 26 7C24 8200 8120 " SHA256_TEXT " 00",
		    TRM_SIGNS },
		{ MSE("30"), "0087119C 26 7C24 8120 " SHA256_TEXT " 8200 00",
		    TRM_SIGNS },
		{ MSE("30"),
		    "0087119C 26 7C24 8200 8120"
		    " 000000000000000000000000000000000000000000000000000000000"
		    "0"
		    "000000 00",
		    TRM_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gate = (struct trm_gate){ 0 };
		approve();
		assert_int_equal(verdict(rows[i].mse, true), TRM_PASS);
		assert_int_equal(verdict(rows[i].pso, true), rows[i].verdict);
	}
}

/* SM2 (41): the card hashes, so the text itself is what it gets. */
static void test_message(void **state)
{
	uint8_t storage[256];
	uk_buf apdu = UK_BUF(storage);
	const uint8_t head[] = { 0x00, 0x2a, 0x9e, 0x9a, sizeof(text) - 1 };

	(void)state;
	uk_put(&apdu, UK_ARRAY(head));
	uk_put_str(&apdu, text);
	approve();
	assert_int_equal(verdict(MSE("41"), true), TRM_PASS);
	assert_int_equal(
	    (int)trm_gate_check(&gate, uk_buf_view(&apdu), true, hash, NULL),
	    TRM_SIGNS);
}

/* A chain is judged when it ends, whatever its parts. */
static void test_chain(void **state)
{
	(void)state;
	approve();
	assert_int_equal(verdict(MSE("30"), true), TRM_PASS);
	assert_int_equal(verdict("102A9E9A 02 faa5", true), TRM_PASS);
	assert_int_equal(verdict("002A9E9A 1E "
				 "574e8a822b2a06caba65c05a035c11d247e68e164b9e3"
				 "9c767e90ec25db7 00",
			     true),
	    TRM_SIGNS);
	/* Parts of something else in front. */
	approve();
	assert_int_equal(verdict("102A9E9A 02 0102", true), TRM_PASS);
	assert_int_equal(verdict(PSO256, true), TRM_REFUSED);
}

/* Hidden, on another channel, or not readable: not signed. */
static void test_ways_around(void **state)
{
	static const char *const ways[] = { "012A9E9A 20 " SHA256_TEXT " 00",
		"0C2A9E9A 20 " SHA256_TEXT " 00",
		"802A9E9A 20 " SHA256_TEXT " 00", "002A9E9A 21 " SHA256_TEXT,
		"002A9E" };

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		approve();
		assert_int_equal(verdict(MSE("30"), true), TRM_PASS);
		assert_int_equal(verdict(ways[i], true), TRM_REFUSED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_once, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_never_approved, begin, end),
		cmocka_unit_test_setup_teardown(test_other_text, begin, end),
		cmocka_unit_test_setup_teardown(test_algorithms, begin, end),
		cmocka_unit_test_setup_teardown(test_message, begin, end),
		cmocka_unit_test_setup_teardown(test_chain, begin, end),
		cmocka_unit_test_setup_teardown(test_ways_around, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
