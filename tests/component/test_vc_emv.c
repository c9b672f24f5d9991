/* Payment cards. Layouts are EMV 4.3's; cryptograms were computed by
 * tests/system/emv_bank.py, which has its own ciphers and is checked with
 * published values. */
#include "emv_card.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"

/* --- selection and reading -------------------------------------------------
 */

static void test_select(void **state)
{
	expect_apdu(*state, EMV_SELECT,
	    "6F2A 8408A000000333010101 A51E 500A50424F43204445424954 870101"
	    "5F2D047A68656E BF0C059F4D020B03 9000");
	expect_apdu(*state, "00A4040C08A000000333010101", "9000");
	/* by the beginning of its name, and there is no other */
	expect_sw(*state, "00A4040005A00000033300", 0x9000);
	expect_sw(*state, "00A4040205A00000033300", 0x6A82);
}

static void test_unpersonalised(void **state)
{
	struct vc_card *card = NULL;

	(void)state;
	expect_ok(vc_apps_open(NULL, VC_STORE_CREATE, &card));
	expect_sw(card, EMV_SELECT, 0x6A82); /* no new card has it */
	expect_ok(vc_card_install(card, "emv", UK_NONE, UK_NONE));
	expect_ok(vc_card_install(card, "ppse", UK_NONE, UK_NONE));
	expect_sw(card, EMV_SELECT, 0x6985);
	expect_sw(card, "00A404000E325041592E5359532E444446303100", 0x6A82);
	vc_card_close(&card);
}

static void test_records(void **state)
{
	expect_apdu(
	    *state, EMV_BEGIN, "800E 1C00 08010100 10010100 10020200 9000");
	expect_apdu(*state, "00B2010C00",
	    "701A 570C6222021234567890D3012220"
	    "5F2009544553542F43415244 9000");
	expect_apdu(*state, EMV_READ,
	    "7051 5A086222021234567890 5F340101 5F2403301231 5F2503240101"
	    "5F28020156 9F42020156 9F0702FF00"
	    "8E0E000000000000000041035E031F00"
	    "9F0D05FC50AC8800 9F0E050000000000 9F0F05FC50AC9800 9000");
	expect_apdu(*state, "00B2021400",
	    "703C 8C1B9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14"
	    "8D1D8A029F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14"
	    "9000");
	expect_sw(*state, "00B2031400", 0x6A83);
	expect_sw(*state, "00B2011C00", 0x6A82);
	expect_sw(*state, "00B2001400", 0x6A86);
	expect_sw(*state, "00B2011000", 0x6A86);
	expect_sw(*state, "00B2010400", 0x6A86); /* SFI 0 */
	expect_sw(*state, "00B201FC00", 0x6A86); /* SFI 31 */
}

static void test_classes(void **state)
{
	expect_sw(*state, "00A8000002830000", 0x6E00);
	expect_sw(*state, "80B2011400", 0x6E00);
	expect_sw(*state, "00CA9F3600", 0x6E00);
	expect_sw(*state, "8020008008241234FFFFFFFFFF", 0x6E00);
	expect_sw(*state, "84AE800034" EMV_DATA "00", 0x6E00);
	expect_sw(*state, "8088000000", 0x6D00);
	expect_sw(*state, "90AE800034" EMV_DATA, 0x6884);
}

static void test_get_data(void **state)
{
	expect_apdu(*state, "80CA9F3600", "9F360200009000");
	expect_apdu(*state, "80CA9F1300", "9F130200009000");
	expect_apdu(*state, "80CA9F1700", "9F1701039000");
	expect_apdu(*state, "80CA9F4F00",
	    "9F4F19 9A03 9F2103 9F0206 9F0306 9F1A02 5F2A02 9F4E14 9C01 9F3602"
	    "9000");
	expect_sw(*state, "80CA9F7900", 0x6A88);
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_apdu(*state, "80CA9F3600", "9F360200019000");
}

/* --- the bank says yes -----------------------------------------------------
 */

static const struct online {
	enum vc_emv_scheme scheme;
	const char *arqc, *authenticate, *tc;
} online[] = {
	/* 9F10: length, key index, version, CVR, and the algorithm in PBOC */
	{ VC_EMV_PBOC_3DES,
	    "8013 80 0001 7C4CBB39668B8B3D 07010103A0100001 9000",
	    "008200000A 1B1898E266E4863A 3030",
	    "8013 40 0001 EFC506EB11FBE736 0701010360100001 9000" },
	{ VC_EMV_PBOC_SM4,
	    "8013 80 0001 BCE8031289CA3BDB 07010103A0100004 9000",
	    "008200000A 344B0A8B24167FE3 3030",
	    "8013 40 0001 F1D3DFAADCC8A6B2 0701010360100004 9000" },
	{ VC_EMV_CSK, "8012 80 0001 C8244ECEC83A28FA 06011203A01000 9000",
	    "008200000A 2D6B0996B1C76262 3030",
	    "8012 40 0001 165D24EAE569B3DB 06011203601000 9000" },
};

static void test_online(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(online) / sizeof(online[0]); i++) {
		struct vc_emv_perso perso = emv_test;
		struct vc_card *card;

		perso.scheme = online[i].scheme;
		card = emv_card(&perso);
		expect_sw(card, EMV_SELECT, 0x9000);
		expect_sw(card, EMV_BEGIN, 0x9000);
		expect_apdu(card, EMV_ARQC, online[i].arqc);
		expect_sw(card, online[i].authenticate, 0x9000);
		expect_apdu(card, EMV_TC2("3030"), online[i].tc);
		expect_apdu(card, "80CA9F1300", "9F130200019000");
		vc_card_close(&card);
	}
}

/* Issuer authentication: once, of the right length, at the right time. */
static void test_bank_fails(void **state)
{
	expect_sw(*state, "008200000A00112233445566773030", 0x6985);
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, "008200000A00112233445566773030", 0x6985);
	expect_sw(*state, EMV_ARQC, 0x9000);
	expect_sw(*state, "0082000008 1B1898E266E4863A", 0x6700);
	expect_sw(*state, "008200000B 1B1898E266E4863A303000", 0x6700);
	expect_sw(*state, "008200000A 1B1898E266E4863B 3030", 0x6300);
	expect_sw(*state, "008200000A 1B1898E266E4863A 3030", 0x6985);
	expect_apdu(*state, EMV_TC2("3030"),
	    "8013 00 0001 7DC720D89A817A2F 0701010328100001 9000");
	expect_apdu(*state, "80CA9F1300", "9F130200009000");
	/* The next transaction tells of it: 08 in the third byte of the CVR. */
	expect_sw(*state, EMV_SELECT, 0x9000);
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_bytes(
	    uk_bytes_last(answer_of(*state, EMV_ARQC), 5), hex("03A0180001"));
}

static void test_bank_is_not_heard(void **state)
{
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, EMV_ARQC, 0x9000);
	/* "00" without the bank's proof */
	expect_apdu(*state, EMV_TC2("3030"),
	    "8013 00 0001 4809EE72742010B6 0701010320140001 9000");
}

/* "Y3": nobody could be asked, and the card would have done it alone. */
static void test_not_online(void **state)
{
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, EMV_ARQC, 0x9000);
	expect_apdu(*state, EMV_TC2("5933"),
	    "8013 40 0001 93DF22E69B8463A1 0701010361100001 9000");
}

static void test_declined(void **state)
{
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, EMV_ARQC, 0x9000);
	expect_sw(*state, "008200000A 1B1898E266E4863A 3030", 0x9000);
	expect_apdu(*state, EMV_AAC2("3035"),
	    "8013 00 0001 08DD5F71FCBDC5F1 0701010320100001 9000");
	/* The bank has seen it. */
	expect_apdu(*state, "80CA9F1300", "9F130200019000");
}

/* --- without the bank ------------------------------------------------------
 */

static void test_offline(void **state)
{
	static const char *const answers[] = {
		"8013 40 0001 70BE047E16FC5AD0 0701010390100001 9000",
		NULL,
		"8013 80 0003 A65EC96C821C414B 07010103A0300001 9000",
	};

	for (size_t i = 0; i < 3; i++) {
		expect_sw(*state, EMV_SELECT, 0x9000);
		expect_sw(*state, EMV_BEGIN, 0x9000);
		if (answers[i] != NULL)
			expect_apdu(*state, EMV_TC, answers[i]);
		else
			expect_sw(*state, EMV_TC, 0x9000);
	}
	/* Too many; and nobody can be asked either. */
	assert_int_equal(
	    answer_of(*state, EMV_TC2("5933")).p[2], 0x00 /* AAC */);
	expect_sw(*state, EMV_SELECT, 0x9000);
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, EMV_AAC, 0x9000);
}

static void test_aac(void **state)
{
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_apdu(*state, EMV_AAC,
	    "8013 00 0001 795E002D9CC7BCB7 0701010380100001 9000");
	expect_sw(*state, EMV_AAC2("3035"), 0x6985);
}

/* Pulled out after ARQC: the next one is to go to the bank and says why. */
static void test_unfinished(void **state)
{
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, EMV_ARQC, 0x9000);
	vc_card_reset(*state);
	expect_sw(*state, EMV_SELECT, 0x9000);
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_apdu(*state, EMV_TC,
	    "8013 80 0002 A29FAC71DAB7D7B3 07010103A0900001 9000");
}

/* --- the order of things ---------------------------------------------------
 */

static void test_order(void **state)
{
	static const char *const before[] = { EMV_READ, EMV_ARQC, EMV_LOGIN,
		EMV_TC2("3030"), "008200000A1B1898E266E4863A3030" };

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		if (i == 3) /* another length, but that is not the point */
			continue;
		expect_sw(*state, before[i], 0x6985);
	}
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, EMV_BEGIN, 0x6985);
	expect_sw(*state, EMV_ARQC, 0x9000);
	expect_sw(*state, EMV_LOGIN, 0x6985);
	expect_sw(*state, EMV_BEGIN, 0x6985);
	expect_sw(*state, EMV_ARQC, 0x6A86);
	expect_sw(*state, EMV_TC, 0x6700); /* CDOL1 where CDOL2 is due */
	expect_sw(*state, EMV_AAC2("3035"), 0x9000);
	expect_sw(*state, EMV_AAC2("3035"), 0x6985);
	expect_sw(*state, EMV_AAC, 0x6985);
	expect_sw(*state, EMV_LOGIN, 0x6985);
	expect_sw(*state, EMV_READ, 0x9000);
	expect_sw(*state, EMV_SELECT, 0x9000);
	expect_sw(*state, EMV_READ, 0x6985);
	expect_sw(*state, EMV_BEGIN, 0x9000);
}

static void test_refusals(void **state)
{
	expect_sw(*state, "80A8000000", 0x6A80);
	expect_sw(*state, "80A8000002840000", 0x6A80);
	expect_sw(*state, "80A800000383010100", 0x6700);
	expect_sw(*state, "80A8010002830000", 0x6A86);
	expect_apdu(*state, "80CA9F3600", "9F360200009000"); /* not counted */
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, "80AE800033" EMV_DATA, 0x6700);
	expect_sw(*state, "80AE8000", 0x6700);
	expect_sw(*state, "80AE900034" EMV_DATA "00", 0x6A86);
	expect_sw(*state, "80AEC00034" EMV_DATA "00", 0x6A86);
	expect_sw(*state, "80AE810034" EMV_DATA "00", 0x6A86);
	expect_sw(*state, "80AE800134" EMV_DATA "00", 0x6A86);
	expect_sw(*state, EMV_ARQC, 0x9000);
}

static void test_pdol(void **state)
{
	struct vc_emv_perso perso = emv_test;
	struct vc_card *card;

	(void)state;
	/* PBOC 3.0: does the terminal know SM algorithms?; amount */
	perso.pdol = hex("DF69019F0206");
	card = emv_card(&perso);
	expect_apdu(card, EMV_SELECT,
	    "6F33 8408A000000333010101 A527 500A50424F43204445424954 870101"
	    "9F3806DF69019F0206 5F2D047A68656E BF0C059F4D020B03 9000");
	expect_sw(card, EMV_BEGIN, 0x6700);
	expect_sw(card, "80A8000009 8307 01 000000000100 00", 0x9000);
	vc_card_close(&card);
}

static void test_counted_to_the_end(void **state)
{
	struct vc_emv_perso perso = emv_test;
	struct vc_card *card;

	(void)state;
	perso.atc = 0xfffd;
	card = emv_card(&perso);
	for (unsigned i = 0; i < 2; i++) {
		expect_sw(card, EMV_SELECT, 0x9000);
		expect_sw(card, EMV_BEGIN, 0x9000);
	}
	expect_apdu(card, "80CA9F3600", "9F3602FFFF9000");
	expect_sw(card, EMV_SELECT, 0x6283); /* blocked, and says so */
	expect_sw(card, EMV_BEGIN, 0x6985);
	expect_apdu(card, "80CA9F3600", "9F3602FFFF9000");
	vc_card_close(&card);
}

/* --- the PIN ---------------------------------------------------------------
 */

static void test_pin(void **state)
{
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, EMV_LOGIN, 0x9000);
	expect_apdu(*state, EMV_ARQC,
	    "8013 80 0001 A08AE3317A6EE2DA 07010103A4100001 9000");
}

static void test_wrong_pin(void **state)
{
	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, "0020008008241235FFFFFFFFFF", 0x63C2);
	expect_apdu(*state, EMV_ARQC,
	    "8013 80 0001 187744D02043CFD6 07010103A6100001 9000");
	expect_apdu(*state, "80CA9F1700", "9F1701029000");
}

/* None of these is a PIN, and so none costs a try. */
static void test_pin_blocks(void **state)
{
	static const struct {
		const char *command;
		unsigned sw;
	} rows[] = {
		{ "0020008008041234FFFFFFFFFF", 0x6A80 }, /* format 0 */
		{ "0020008008231234FFFFFFFFFF", 0x6A80 }, /* three digits */
		{ "0020008008251234FFFFFFFFFF", 0x6A80 }, /* five */
		{ "002000800824123AFFFFFFFFFF", 0x6A80 },
		{ "0020008008241234FFFFFFFFF0", 0x6A80 },
		{ "00200080082D123412341234FF", 0x6A80 }, /* thirteen */
		{ "0020008007241234FFFFFFFF", 0x6700 },
		{ "00200080", 0x6700 },
		{ "0020008808241234FFFFFFFFFF", 0x6A86 },
		{ "0020018008241234FFFFFFFFFF", 0x6A86 },
		{ "0020000008241234FFFFFFFFFF", 0x6A86 },
	};

	expect_sw(*state, EMV_BEGIN, 0x9000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sw(*state, rows[i].command, rows[i].sw);
	expect_apdu(*state, "80CA9F1700", "9F1701039000");
}

static void test_blocked_pin(void **state)
{
	static const unsigned left[] = { 0x63C2, 0x63C1, 0x63C0, 0x6983 };

	expect_sw(*state, EMV_BEGIN, 0x9000);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		expect_sw(*state, "0020008008241235FFFFFFFFFF", left[i]);
	expect_sw(*state, EMV_LOGIN, 0x6983);
	expect_apdu(*state, "80CA9F1700", "9F1701009000");
	/* 40 in the third byte, and to the bank it must go. */
	expect_bytes(
	    uk_bytes_last(answer_of(*state, EMV_TC), 5), hex("03A6500001"));
}

static void test_no_pin(void **state)
{
	struct vc_emv_perso perso = emv_test;
	struct vc_card *card;

	(void)state;
	perso.pin = NULL;
	card = emv_card(&perso);
	expect_sw(card, EMV_SELECT, 0x9000);
	expect_bytes(
	    uk_bytes_first(answer_of(card, EMV_BEGIN), 4), hex("800E0C00"));
	expect_sw(card, "80CA9F1700", 0x6A88);
	expect_sw(card, EMV_LOGIN, 0x6A88);
	vc_card_close(&card);
}

/* --- the log ---------------------------------------------------------------
 */

#define LOGGED(atc)                                                            \
	"240101 123456 000000000100 000000000000 0156 0156"                    \
	"53484F5020202020202020202020202020202020 00" atc "9000"

static void test_log(void **state)
{
	struct vc_emv_perso perso = emv_test;
	struct vc_card *card;

	(void)state;
	perso.offline_most = 9;
	card = emv_card(&perso);
	expect_sw(card, EMV_SELECT, 0x9000);
	expect_sw(card, "00B2015C00", 0x6A83);
	for (unsigned i = 0; i < 4; i++) {
		expect_sw(card, EMV_SELECT, 0x9000);
		expect_sw(card, EMV_BEGIN, 0x9000);
		expect_sw(card, EMV_TC, 0x9000);
	}
	/* Declined ones are not in it. */
	expect_sw(card, EMV_SELECT, 0x9000);
	expect_sw(card, EMV_BEGIN, 0x9000);
	expect_sw(card, EMV_AAC, 0x9000);
	expect_sw(card, EMV_SELECT, 0x9000);
	expect_apdu(card, "00B2015C00", LOGGED("0004"));
	expect_apdu(card, "00B2025C00", LOGGED("0003"));
	expect_apdu(card, "00B2035C00", LOGGED("0002"));
	expect_sw(card, "00B2045C00", 0x6A83);
	vc_card_close(&card);
}

static void test_no_log(void **state)
{
	struct vc_emv_perso perso = emv_test;
	struct vc_card *card;

	(void)state;
	perso.log_entries = 0;
	card = emv_card(&perso);
	expect_apdu(card, EMV_SELECT,
	    "6F22 8408A000000333010101 A516 500A50424F43204445424954 870101"
	    "5F2D047A68656E 9000");
	expect_sw(card, "80CA9F4F00", 0x6A88);
	expect_sw(card, EMV_BEGIN, 0x9000);
	expect_sw(card, EMV_TC, 0x9000);
	expect_sw(card, "00B2015C00", 0x6A82);
	vc_card_close(&card);
}

/* --- directories -----------------------------------------------------------
 */

#define PSE  "00A404000E315041592E5359532E444446303100"
#define PPSE "00A404000E325041592E5359532E444446303100"

static void test_directories(void **state)
{
	expect_apdu(*state, PPSE,
	    "6F30 840E325041592E5359532E4444463031 A51E BF0C1B"
	    "6119 4F08A000000333010101 500A50424F43204445424954 870101 9000");
	expect_apdu(*state, PSE,
	    "6F1C 840E315041592E5359532E4444463031 A50A 880101"
	    "5F2D047A68656E 9000");
	expect_apdu(*state, "00B2010C00",
	    "701B 6119 4F08A000000333010101 500A50424F43204445424954 870101"
	    "9000");
	expect_sw(*state, "00B2020C00", 0x6A83);
	expect_sw(*state, "00B2011400", 0x6A82);
	expect_sw(*state, "00B2000C00", 0x6A86);
	expect_sw(*state, "00B2010800", 0x6A86);
	expect_sw(*state, EMV_BEGIN, 0x6E00);
}

/* Two accounts: the one that is wanted more is first. */
static void test_two_accounts(void **state)
{
	struct vc_emv_perso credit = emv_test;
	struct vc_emv_perso debit = emv_test;
	struct vc_card *card = emv_card(&emv_test);

	(void)state;
	credit.label = "CREDIT";
	credit.pan = "6222029999999999999";
	debit.priority = 2;
	expect_ok(
	    vc_card_install(card, "emv", hex("A000000333010102"), UK_NONE));
	expect_ok(vc_emv_personalise(card, hex("A000000333010101"), &debit));
	expect_ok(vc_emv_personalise(card, hex("A000000333010102"), &credit));
	expect_sw(card, PSE, 0x9000);
	expect_apdu(card, "00B2010C00",
	    "7017 6115 4F08A000000333010102 5006435245444954 870101 9000");
	expect_apdu(card, "00B2020C00",
	    "701B 6119 4F08A000000333010101 500A50424F43204445424954 870102"
	    "9000");
	/* By the beginning of the name: one, then the other. */
	expect_sw(card, "00A4040005A00000033300", 0x9000);
	expect_sw(card, EMV_BEGIN, 0x9000);
	expect_sw(card, "00A4040205A00000033300", 0x9000);
	expect_sw(card, EMV_BEGIN, 0x9000);
	expect_apdu(card, "00B2010C00",
	    "701C 570E6222029999999999999D3012220F 5F2009544553542F43415244"
	    "9000");
	expect_sw(card, "00A4040205A00000033300", 0x6A82);
	/* What goes, goes from the directory. */
	expect_ok(vc_card_remove(card, hex("A000000333010102")));
	expect_sw(card, PSE, 0x9000);
	expect_sw(card, "00B2020C00", 0x6A83);
	vc_card_close(&card);
}

/* --- personalisation -------------------------------------------------------
 */

static void test_personalise_refusals(void **state)
{
	static const uk_pin letters = { 4, "12a4" }, shorter = { 3, "123" };
	struct vc_card *card = emv_card(&emv_test);
	struct vc_emv_perso bad[17];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 17; i++)
		bad[i] = emv_test;
	bad[n++].pan = "62220212345";
	bad[n++].pan = "62220212345678901234";
	bad[n++].pan = "622202123456789X";
	bad[n++].pan = NULL;
	bad[n++].sequence = 100;
	bad[n++].expiry = "30123";
	bad[n++].effective = NULL;
	bad[n++].holder = "X";
	bad[n++].label = "SEVENTEEN LETTERS";
	bad[n++].country = 1000;
	bad[n++].priority = 16;
	bad[n++].pin = &letters;
	bad[n++].pin = &shorter;
	bad[n++].pin_spent = 4;
	bad[n++].log_entries = 31;
	bad[n++].scheme = (enum vc_emv_scheme)4;
	bad[n++].pdol = hex("9F");
	for (size_t i = 0; i < n; i++)
		expect_code(
		    vc_emv_personalise(card, hex("A000000333010101"), &bad[i]),
		    UK_ERR_FORMAT);
	expect_code(
	    vc_emv_personalise(card, hex("A000000333010109"), &emv_test),
	    UK_ERR_NOT_FOUND);
	expect_code(vc_emv_personalise(
			card, hex("325041592E5359532E4444463031"), &emv_test),
	    UK_ERR_NOT_FOUND);
	expect_code(
	    vc_card_install(card, "emv", hex("A000000333010102"), hex("00")),
	    UK_ERR_FORMAT);
	expect_sw(card, EMV_SELECT, 0x9000);
	vc_card_close(&card);
}

static void test_more_records(void **state)
{
	struct vc_emv_record records[] = { { 3, 1, UK_NONE },
		{ 10, 2, UK_NONE } };
	struct vc_emv_perso perso = emv_test;
	struct vc_card *card;

	(void)state;
	records[0].content = hex("9F0802008C");
	records[1].content = hex("9F6804AABBCCDD");
	perso.records = records;
	perso.record_count = 2;
	card = emv_card(&perso);
	expect_sw(card, EMV_SELECT, 0x9000);
	expect_apdu(card, EMV_BEGIN,
	    "8016 1C00 08010100 10010100 10020200 18010100 50020200 9000");
	expect_apdu(card, "00B2011C00", "7005 9F0802008C 9000");
	expect_apdu(card, "00B2025400", "7007 9F6804AABBCCDD 9000");
	records[1].sfi = 11;
	expect_code(vc_emv_personalise(card, hex("A000000333010101"), &perso),
	    UK_ERR_FORMAT);
	records[1].sfi = 2;
	expect_code(vc_emv_personalise(card, hex("A000000333010101"), &perso),
	    UK_ERR_FORMAT);
	vc_card_close(&card);
}

static void test_personalise_again(void **state)
{
	struct vc_emv_perso perso = emv_test;

	expect_sw(*state, EMV_BEGIN, 0x9000);
	expect_sw(*state, "0020008008241235FFFFFFFFFF", 0x63C2);
	expect_sw(*state, EMV_TC, 0x9000);
	perso.atc = 0x0100;
	expect_ok(vc_emv_personalise(*state, hex("A000000333010101"), &perso));
	expect_apdu(*state, "80CA9F3600", "9F360201009000");
	expect_apdu(*state, "80CA9F1700", "9F1701039000");
	expect_sw(*state, "00B2015C00", 0x6A83);
	expect_sw(*state, EMV_BEGIN, 0x9000); /* another transaction */
}

/* --- failures --------------------------------------------------------------
 */

static uk_err personalise_new(void *arg)
{
	struct vc_card *card = NULL;
	uk_err err = vc_apps_open(NULL, VC_STORE_CREATE, &card);

	(void)arg;
	if (uk_is_ok(err))
		err = vc_card_install(card, "emv", UK_NONE, UK_NONE);
	if (uk_is_ok(err))
		err = vc_emv_personalise(card,
		    uk_view("\xa0\x00\x00\x03\x33\x01\x01\x01", 8), &emv_test);
	vc_card_close(&card);
	return err;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	assert_true(fail_every_allocation(personalise_new, NULL) > 30);
}

/* A transaction that could not be counted is none. */
static void test_failing_writes(void **state)
{
	vc_store_fail_nth(1);
	expect_sw(*state, EMV_BEGIN, 0x6581);
	vc_store_fail_nth(0);
	expect_apdu(*state, "80CA9F3600", "9F360200009000");
	expect_sw(*state, EMV_READ, 0x6985);
	expect_sw(*state, EMV_BEGIN, 0x9000);
	vc_store_fail_nth(1); /* the try is counted before it is one */
	expect_sw(*state, EMV_LOGIN, 0x6581);
	vc_store_fail_nth(0);
	expect_apdu(*state, "80CA9F1700", "9F1701039000");
	vc_store_fail_nth(1);
	expect_sw(*state, EMV_TC, 0x6581);
	vc_store_fail_nth(0);
	expect_sw(*state, "00B2015C00", 0x6A83); /* not in the log */
	expect_sw(*state, EMV_ARQC, 0x9000);
	/* The bank's proof is for the cryptogram that was given. */
	vc_store_fail_nth(1);
	expect_sw(*state, EMV_AAC2("3035"), 0x6581);
	vc_store_fail_nth(0);
	expect_sw(*state, EMV_AAC2("3035"), 0x9000);
}

static void test_commands_out_of_memory(void **state)
{
	static const char *const steps[] = { EMV_SELECT, EMV_BEGIN, EMV_READ,
		EMV_TC };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (unsigned nth = 1;; nth++) {
			struct vc_card *card = emv_card(&emv_test);
			uk_bytes apdu = hex(steps[i]);
			bool touched;
			unsigned sw;

			for (size_t j = 0; j < i; j++)
				expect_sw(card, steps[j], 0x9000);
			uk_mem_fail_nth(nth);
			sw = sw_of(vc_card_transmit(card, apdu));
			touched = uk_mem_calls() >= nth;
			uk_mem_fail_nth(0);
			assert_int_equal(sw, touched ? 0x6581 : 0x9000);
			expect_sw(card, steps[i],
			    touched || i == 0 || i == 2 ? 0x9000 : 0x6985);
			vc_card_close(&card);
			if (!touched)
				break;
		}
	}
}

int main(void)
{
#define TEST(test)                                                             \
	cmocka_unit_test_setup_teardown(test, emv_set_up, vc_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_select),
		cmocka_unit_test(test_unpersonalised),
		TEST(test_records),
		TEST(test_classes),
		TEST(test_get_data),
		cmocka_unit_test(test_online),
		TEST(test_bank_fails),
		TEST(test_bank_is_not_heard),
		TEST(test_not_online),
		TEST(test_declined),
		TEST(test_offline),
		TEST(test_aac),
		TEST(test_unfinished),
		TEST(test_order),
		TEST(test_refusals),
		cmocka_unit_test(test_pdol),
		cmocka_unit_test(test_counted_to_the_end),
		TEST(test_pin),
		TEST(test_wrong_pin),
		TEST(test_pin_blocks),
		TEST(test_blocked_pin),
		cmocka_unit_test(test_no_pin),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_no_log),
		TEST(test_directories),
		cmocka_unit_test(test_two_accounts),
		cmocka_unit_test(test_personalise_refusals),
		cmocka_unit_test(test_more_records),
		TEST(test_personalise_again),
		cmocka_unit_test(test_out_of_memory),
		TEST(test_failing_writes),
		cmocka_unit_test(test_commands_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
