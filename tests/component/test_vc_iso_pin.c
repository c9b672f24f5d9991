/* IsoApplet: what SELECT says, the life cycle, the PIN and its peculiarities.
 */
#include "iso_card.h"

#include "cmocka_all.h"
#include "fixtures.h"

#define WRONG "002000010439393939"
#define KEY   "002241000680 01EC 840100"

/* --- versions --------------------------------------------------------------
 */

static void test_version_1(void **state)
{
	/* No FCI, whatever P2 says; extended APDUs, random numbers, curves, PSS
	 * and RSA-4096. */
	expect_apdu(*state, ISO_SELECT, "9000");
	expect_apdu(*state, "00A404000CF276A288BCFBA69D34F3100100", "9000");
	expect_apdu(*state, "00A4040C0CF276A288BCFBA69D34F31001", "9000");
	expect_apdu(*state, "00CA010100", "01002F9000");
	expect_apdu(*state, "00CA010103", "01002F9000");
	expect_sw(*state, "00CA010200", 0x6A86);
	expect_sw(*state, "00CA000000", 0x6A86);
}

static void test_version_0(void **state)
{
	/* OpenSC's driver sends no Le, and reads three bytes all the same. */
	expect_apdu(*state, ISO_SELECT, "0006069000");
	expect_apdu(
	    *state, "00A404000CF276A288BCFBA69D34F3100100", "0006069000");
	expect_sw(*state, "00CA010100", 0x6D00);
}

static void test_chaining_1(void **state)
{
	expect_sw(*state, "102A808604 00000000", 0x6884);
	expect_sw(*state, "1046000004 00000000", 0x6884);
	expect_sw(*state, "10D6000001 00", 0x6884);
}

static void test_chaining_0(void **state)
{
	expect_sw(*state, "1046000004 00000000", 0x9000);
	expect_sw(*state, "0046000004 00000000", 0x6985);
	expect_sw(*state, "102A808604 00000000", 0x9000);
	expect_sw(*state, "002A808601 00", 0x6A81);
	expect_sw(*state, "10D6000001 00", 0x6884);
	expect_sw(*state, "10E0000001 00", 0x6884);
	expect_sw(*state, "1020000104 34383239", 0x6884);
}

static void test_unknown(void **state)
{
	expect_sw(*state, "00B1000000", 0x6D00);
	expect_sw(*state, "00D7000001 00", 0x6D00);
	expect_sw(*state, "00B2010400", 0x6D00);
	expect_sw(*state, "8020000104 34383239", 0x6E00);
}

static void test_challenge(void **state)
{
	assert_int_equal(answer_of(*state, "0084000008").n, 8);
	assert_int_equal(answer_of(*state, "0084000000").n, 256);
	assert_int_equal(answer_of(*state, "0084001204").n, 4);
	expect_sw(*state, "0084010008", 0x6A86);
	expect_sw(*state, "00840000", 0x6700);
	expect_sw(*state, "00840000000200", 0x6700);
}

/* --- life cycle ------------------------------------------------------------
 */

static void test_creation(void **state)
{
	/* No verification is wanted before there is a PIN. */
	expect_sw(*state, "00200001", 0x9000);
	expect_sw(*state, "0024000120" ISO_PIN16 ISO_PIN16, 0x6A86);
	expect_sw(*state, "0024010310" ISO_PIN16, 0x6A86);
	expect_sw(*state,
	    "002401020F"
	    "373335313934303237333531393430",
	    0x6700);
	expect_sw(*state, "0024010103 313233", 0x6700);
	expect_sw(*state, "0024010111" ISO_PIN16 "00", 0x6700);
	expect_sw(*state, "002C000114" ISO_PUK16 "31323334", 0x6986);
	expect_sw(*state, KEY, 0x6982);

	expect_sw(*state, "0024010210" ISO_PUK16, 0x9000);
	expect_sw(*state, "00200001", 0x9000);
	expect_sw(*state, "0024010210" ISO_PUK16, 0x6A86); /* once only */
	expect_sw(*state, "0024010106 343832393135", 0x9000);
	expect_sw(*state, "00200001", 0x63C3);
	expect_sw(*state, "0024010110" ISO_PIN16, 0x6A86);
	/* The PIN was set, not given. */
	expect_sw(*state, KEY, 0x6982);
}

static void test_without_puk(void **state)
{
	expect_sw(*state, "0024010110" ISO_PIN16, 0x9000);
	expect_sw(*state, "002C000114" ISO_PUK16 "31323334", 0x63C0);
	expect_sw(*state, "0024010210" ISO_PUK16, 0x6A86);
}

/* --- VERIFY ----------------------------------------------------------------
 */

static void test_empty_verify_never_says_yes(void **state)
{
	expect_sw(*state, ISO_LOGIN, 0x9000);
	expect_sw(*state, "00200001", 0x63C3);
	expect_sw(*state, KEY, 0x9000);
	expect_sw(*state, WRONG, 0x63C2);
	expect_sw(*state, "00200001", 0x63C2);
	expect_sw(*state, KEY, 0x6982);
	expect_sw(*state, ISO_LOGIN, 0x9000);
	expect_sw(*state, "00200001", 0x63C3);
}

static void test_padding(void **state)
{
	expect_sw(*state, "0020000110" ISO_PIN16, 0x9000);
	expect_sw(*state, "0020000108 3438323931350000", 0x9000);
	expect_sw(
	    *state, "0020000110 343832393135FFFFFFFFFFFFFFFFFFFF", 0x63C2);
}

static void test_verify_refusals(void **state)
{
	expect_sw(*state, "0020000103 343832", 0x6700);
	expect_sw(*state, "0020000111" ISO_PIN16 "00", 0x6700);
	expect_sw(*state, "0020000206 343832393135", 0x6A86);
	expect_sw(*state, "0020008106 343832393135", 0x6A86);
	expect_sw(*state, "0020FF01", 0x6A86); /* there is no logging out */
	expect_sw(*state, KEY, 0x9000);
	expect_sw(*state, ISO_SELECT, 0x9000); /* but this does it */
	expect_sw(*state, KEY, 0x6982);
}

static void test_blocked_is_no_tries(void **state)
{
	expect_sw(*state, WRONG, 0x63C2);
	expect_sw(*state, WRONG, 0x63C1);
	expect_sw(*state, WRONG, 0x63C0);
	expect_sw(*state, ISO_LOGIN, 0x63C0);
	expect_sw(*state, "00200001", 0x63C0);
	expect_sw(*state, "0024000120" ISO_PIN16 ISO_PIN16, 0x63C0);
	/* A new PIN by the PUK; the PIN is then still to be given. */
	expect_sw(*state, "002C000114" ISO_PUK16 "31323334", 0x9000);
	expect_sw(*state, KEY, 0x6982);
	expect_sw(*state, ISO_LOGIN, 0x63C2);
	expect_sw(*state, "0020000104 31323334", 0x9000);
	expect_sw(*state, KEY, 0x9000);
}

static void test_puk(void **state)
{
	static const unsigned left[] = { 0x63C4, 0x63C3, 0x63C2, 0x63C1, 0x63C0,
		0x63C0 };

	expect_sw(*state, "002C000113" ISO_PUK16 "313233", 0x6700);
	expect_sw(*state, "002C000121" ISO_PUK16 ISO_PIN16 "00", 0x6700);
	expect_sw(*state, "002C000110" ISO_PUK16, 0x6700);
	expect_sw(*state, "002C000014" ISO_PUK16 "31323334", 0x6A86);
	expect_sw(*state, "002C010114" ISO_PUK16 "31323334", 0x6A86);
	expect_sw(*state, "002C000120" ISO_PUK16 ISO_PIN16, 0x9000);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		expect_sw(*state, "002C000114" ISO_PIN16 "31323334", left[i]);
	expect_sw(*state, "002C000114" ISO_PUK16 "31323334", 0x63C0);
}

/* --- CHANGE ----------------------------------------------------------------
 */

/* DF 5015 (OpenSC's), with an EF that the PIN guards. */
#define CREATE_GUARDED                                                         \
	"00E00000176F1581020004820101830244028608FF90909090909000"

static void test_change_closes_keys_and_not_files(void **state)
{
	expect_sw(*state, CREATE_GUARDED, 0x9000);
	expect_sw(*state,
	    "0024000120" ISO_PIN16 "31323334000000000000000000000000", 0x9000);
	expect_sw(*state, KEY, 0x6982);
	expect_sw(*state, "00D6000001 AA", 0x9000);
	expect_sw(*state, ISO_LOGIN, 0x63C2);
	expect_sw(*state, "00D6000001 AA", 0x6982);
	expect_sw(*state, "0020000104 31323334", 0x9000);
	expect_sw(*state, KEY, 0x9000);
	expect_sw(*state, "00D6000001 AA", 0x9000);
}

static void test_failed_change(void **state)
{
	expect_sw(*state, "0024000110" ISO_PIN16, 0x6700);
	expect_sw(*state, "002400010C 343832393135313233343536", 0x6700);
	expect_sw(*state, "0024000220" ISO_PUK16 ISO_PUK16, 0x6A86);
	expect_sw(*state, KEY, 0x9000);
	expect_sw(*state, "0024000120" ISO_PUK16 ISO_PIN16, 0x63C2);
	expect_sw(*state, KEY, 0x6982);
	expect_sw(*state, "00200001", 0x63C2);
}

static void test_reset_forgets(void **state)
{
	expect_sw(*state, CREATE_GUARDED, 0x9000);
	vc_card_reset(*state);
	expect_sw(*state, ISO_SELECT, 0x9000);
	expect_sw(*state, KEY, 0x6982);
	expect_sw(*state, "00A4000C02 4402", 0x9000);
	expect_sw(*state, "00D6000001 AA", 0x6982);
}

int main(void)
{
#define NEW(test)                                                              \
	cmocka_unit_test_setup_teardown(test, iso_set_up_new, vc_tear_down)
#define ONE(test)                                                              \
	cmocka_unit_test_setup_teardown(test, iso_set_up_1, vc_tear_down)
#define ZERO(test)                                                             \
	cmocka_unit_test_setup_teardown(test, iso_set_up_0, vc_tear_down)
	const struct CMUnitTest tests[] = {
		ONE(test_version_1),
		ZERO(test_version_0),
		ONE(test_chaining_1),
		ZERO(test_chaining_0),
		ONE(test_unknown),
		ONE(test_challenge),
		NEW(test_creation),
		NEW(test_without_puk),
		ONE(test_empty_verify_never_says_yes),
		ZERO(test_empty_verify_never_says_yes),
		ONE(test_padding),
		ONE(test_verify_refusals),
		ONE(test_blocked_is_no_tries),
		ZERO(test_blocked_is_no_tries),
		ONE(test_puk),
		ONE(test_change_closes_keys_and_not_files),
		ONE(test_failed_change),
		ONE(test_reset_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
