/* PIN, consent and PUK: profile section 3. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"

#define WRONG "0439393939"
#define NEW16 "35363738" VC_PAD12

static int set_up(void **state)
{
	*state = card_in_use(NULL, 0x11, false);
	return 0;
}

static int tear_down(void **state)
{
	struct vc_card *card = *state;

	vc_card_close(&card);
	return 0;
}

static void test_empty_verify_only_tells(void **state)
{
	for (int i = 0; i < 5; i++) {
		expect_sw(*state, "00200081", 0x63C3);
		expect_sw(*state, "00200082", 0x63C3);
		expect_sw(*state, "0020008300", 0x63C5); /* with an Le */
	}
	/* Never "verified": the key stays shut. */
	expect_sw(*state, "0088300120" VC_HASH "00", 0x6982);
}

static void test_verify(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00200081", 0x9000);
	expect_sw(card, "00200082", 0x63C3); /* consent is another thing */
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, "00200081", 0x63C3);
	expect_sw(card, "0020008110" VC_PIN16, 0x9000);       /* padded */
	expect_sw(card, "0020008107 31323334FFFFFF", 0x9000); /* or half */
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, "00200082", 0x9000);
	expect_sw(card, "0020FF82", 0x9000);
	expect_sw(card, "00200081", 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, "0020FF81", 0x9000); /* ends 82's as well */
	expect_sw(card, "00200082", 0x63C3);
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_sw(card, "00200083", 0x9000);
}

static void test_refused_without_counting(void **state)
{
	static const char *const rows[] = {
		"0020008103 313233",                             /* too short */
		"0020008111 3131313131313131313131313131313131", /* too long */
		"0020008110 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",   /* empty */
		"0020008101 FF", "0020008104 313233FF",
		"0020008105 31FF323334",     /* FF inside */
		"0020008307 31323334353637", /* PUK: 8 at least */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sw(*state, rows[i], 0x6A80);
	expect_sw(*state, "00200181" VC_PIN, 0x6A86);
	expect_sw(*state, "00200080" VC_PIN, 0x6A88);
	expect_sw(*state, "00200084" VC_PIN, 0x6A88);
	expect_sw(*state, "00200001" VC_PIN, 0x6A88);
	expect_sw(*state, "0020FF81" VC_PIN, 0x6700);
	expect_sw(*state, "00200081", 0x63C3);
	expect_sw(*state, "00200083", 0x63C5);
}

static void test_one_counter_for_81_and_82(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, "00200082" WRONG, 0x63C2);
	expect_sw(card, "00200081", 0x63C2); /* both statuses ended */
	expect_sw(card, "00200082", 0x63C2);
	expect_sw(card, "00200081" WRONG, 0x63C1);
	expect_sw(card, VC_CONSENT, 0x9000); /* restores */
	expect_sw(card, "00200081", 0x63C3);
}

static void test_blocked(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00200081" WRONG, 0x63C2);
	expect_sw(card, "00200082" WRONG, 0x63C1);
	expect_sw(card, "00200081" WRONG, 0x63C0);
	expect_sw(card, VC_LOGIN, 0x6983);
	expect_sw(card, VC_CONSENT, 0x6983);
	expect_sw(card, "00200081", 0x6983);
	expect_sw(card, "0024008120" VC_PIN16 NEW16, 0x6983);
	vc_card_reset(card);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, VC_LOGIN, 0x6983);
	expect_sw(card, "0088300120" VC_HASH "00", 0x6982);
}

static void test_change(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "0024008120" VC_PIN16 NEW16, 0x9000);
	expect_sw(card, "00200081", 0x9000); /* statuses are unchanged */
	expect_sw(card, "0024008120" VC_PIN16 NEW16, 0x63C2); /* now wrong */
	expect_sw(card, "00200081", 0x63C2);
	expect_sw(card, "00200081 04 35363738", 0x9000);
	/* Looked at before anything is counted. */
	expect_sw(card, "002400810435363738", 0x6700);
	expect_sw(card, "0024008110" NEW16, 0x6700);
	expect_sw(card, "0024008120" NEW16 "313233FF" VC_PAD12, 0x6A80);
	expect_sw(card,
	    "0024008120"
	    "313233FF" VC_PAD12 NEW16,
	    0x6A80);
	expect_sw(card, "0024008220" NEW16 VC_PIN16, 0x6A88);
	expect_sw(card, "0024028120" NEW16 VC_PIN16, 0x6A86);
	expect_sw(card, "0024018110" VC_PIN16, 0x6985); /* creation only */
	expect_sw(card, "00200081", 0x9000);
	expect_sw(card, "0024008320" VC_PUK16 NEW16, 0x6A80); /* too short */
	expect_sw(card,
	    "0024008320" VC_PUK16 "3838383838383838FFFFFFFFFFFFFFFF", 0x9000);
	expect_sw(card, "00200083" VC_PUK, 0x63C4);
	expect_sw(card, "00200083 08 3838383838383838", 0x9000);
}

static void test_unblock(void **state)
{
	struct vc_card *card = *state;

	for (int i = 2; i >= 0; i--)
		expect_sw(card, "00200081" WRONG, 0x63C0 | (unsigned)i);
	expect_sw(card, "002C008120" NEW16 NEW16, 0x6A80); /* no PUK */
	expect_sw(card,
	    "002C008120"
	    "3939393939393939FFFFFFFFFFFFFFFF" NEW16,
	    0x63C4);
	expect_sw(card, "00200081", 0x6983);
	expect_sw(card, "002C008120" VC_PUK16 NEW16, 0x9000);
	expect_sw(card, "00200083", 0x63C5); /* is no login of 83 */
	expect_sw(card, "00200081", 0x63C3);
	expect_sw(card, "00200081 04 35363738", 0x9000);
	/* 01: the counter only */
	expect_sw(card, "00200081" WRONG, 0x63C2);
	expect_sw(card, "002C018110" VC_PUK16, 0x9000);
	expect_sw(card, "00200081", 0x63C3);
	expect_sw(card, "00200081 04 35363738", 0x9000);
	/* 02: a new one, after the PUK was verified */
	expect_sw(card, "002C028110" VC_PIN16, 0x6982);
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	expect_sw(card, "002C028110" VC_PIN16, 0x9000);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "002C038110" VC_PIN16, 0x6A86);
	expect_sw(card, "002C028210" VC_PIN16, 0x6A88);
	expect_sw(card, "002C028310" VC_PIN16, 0x6A88);
	expect_sw(card, "002C028120" VC_PIN16 VC_PIN16, 0x6700);
	expect_sw(card, "002C0081", 0x6700);
}

static void test_puk_blocks(void **state)
{
	struct vc_card *card = *state;

	for (int i = 4; i >= 0; i--)
		expect_sw(card, "002C018110 3939393939393939FFFFFFFFFFFFFFFF",
		    0x63C0 | (unsigned)i);
	expect_sw(card, "002C018110" VC_PUK16, 0x6983);
	expect_sw(card, "00200083" VC_PUK, 0x6983);
	expect_sw(card, VC_LOGIN, 0x9000); /* the PIN is not concerned */
}

static void test_unset(void **state)
{
	struct vc_card *card;

	(void)state;
	expect_ok(vc_apps_open(NULL, VC_STORE_CREATE, &card));
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, VC_LOGIN, 0x6A88);
	expect_sw(card, "00200081", 0x6A88);
	expect_sw(card, "0024008120" VC_PIN16 NEW16, 0x6A88);
	expect_sw(card, "002C018110" VC_PUK16, 0x6A88);
	expect_sw(card, "00440000", 0x6985); /* nothing to activate */
	expect_sw(card, "0024018110" VC_PIN16, 0x9000);
	expect_sw(card, "00440000", 0x6985);
	expect_sw(card, "0024018310" VC_PUK16, 0x9000);
	expect_sw(card, "00440000", 0x6985);         /* key 01 is missing */
	expect_sw(card, "0024018110" NEW16, 0x9000); /* may be set again */
	expect_sw(card, "00460000000008AC068001118401010000", 0x9000);
	expect_sw(card, "0044000001AA", 0x6700);
	expect_sw(card, "00440001", 0x6A86);
	expect_sw(card, "00440000", 0x9000);
	expect_sw(card, "00440000", 0x6985);
	expect_sw(card, "00200081 04 35363738", 0x9000);
	vc_card_close(&card);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty_verify_only_tells),
		TEST(test_verify),
		TEST(test_refused_without_counting),
		TEST(test_one_counter_for_81_and_82),
		TEST(test_blocked),
		TEST(test_change),
		TEST(test_unblock),
		TEST(test_puk_blocks),
		cmocka_unit_test(test_unset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
