/*
 * SM2 where the card makes Z and e itself: profile section 4, algorithm
 * references 41 and 42. GB/T 32918.5 has the numbers; signatures are verified
 * by plain OpenSSL, which makes its own Z.
 */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "vc_sm2z.h"
#include "vc_vectors.h"

#define IMPORT "00DB3FFF2E 7F482B 840103 800121 950101 8820" SM2_D
/* "message digest", GB/T 32918.5, annex A; "ALICE123@YAHOO.COM" is the identity
 * of GB/T 32918.2, annex A. */
#define TEXT       "6D65737361676520646967657374"
#define DEFAULT_ID "31323334353637383132333435363738"
#define ALICE      "414C494345313233405941484F4F2E434F4D"
#define SIGN_TEXT  "008841030E" TEXT "00"
#define PSO_TEXT   "002A9E9A0E" TEXT "00"
#define TEXT_E                                                                 \
	"F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"

/* chain33 project, TestUshieldSm2: a display key of the second generation, what
 * it showed and how it signed. */
static const char shown[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><T><D><M><k>Remitter "
    "Name:</k><v>Alan</v></M><M><k>Remitter "
    "Account:</k><v>1234567890123456</v></M><M><k>Amount:</k>"
    "<v>123.23</v></M></D><E><M><k>Trade "
    "ID:</k><v>1234567890</v></M></E></T>";
#define SHOWN_POINT                                                            \
	"0477DAC51899BBDF4FDF3B7B9BA7F931F1E03CC2718894AE20CB823ECC9E5B5C"     \
	"2A170F4345B75C591B13C810D812BD7BD00D42F275CAC6FB2CE9546EDA3F2D25"     \
	"B3"
#define SHOWN_SIG                                                              \
	"3EDDC5B028C4196FD5BB9ECFAD0B0C933421126A183C39AF81DBE0E391BAA898"     \
	"5C7BC896CE4AE81A44BEC94C1493A719D504BCE6076380C9B36FA0E3AA3F10DB"

/* --- OpenSSL as judge ------------------------------------------------------
 */

static bool message_good(
    uk_bytes point, uk_bytes id, uk_bytes text, uk_bytes rs)
{
	uint8_t storage[80];
	uk_buf der = UK_BUF(storage);
	EVP_PKEY *key = sm2_public(point);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	bool good;

	assert_true(uk_is_ok(uk_sig_to_der(rs, &der)));
	assert_int_equal(
	    EVP_DigestVerifyInit(md, &ctx, EVP_sm3(), NULL, key), 1);
	assert_int_equal(EVP_PKEY_CTX_set1_id(ctx, id.p, (int)id.n), 1);
	good = EVP_DigestVerify(md, der.p, der.len, text.p, text.n) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return good;
}

static bool hash_good(uk_bytes point, uk_bytes e, uk_bytes rs)
{
	uint8_t storage[80];
	uk_buf der = UK_BUF(storage);
	EVP_PKEY *key = sm2_public(point);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good;

	assert_true(uk_is_ok(uk_sig_to_der(rs, &der)));
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	good = EVP_PKEY_verify(ctx, der.p, der.len, e.p, e.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

/* --- Z and e ----------------------------------------------------------------
 */

static void test_published(void **state)
{
	uk_bytes id = uk_view_str(VC_SM2_DEFAULT_ID);
	uint8_t e[VC_SM3_SIZE];
	struct vc_crypto *c;

	(void)state;
	assert_true(uk_is_ok(vc_crypto_open(&c)));
	assert_true(uk_is_ok(vc_sm2_e(c, id, hex(SM2_POINT), hex(TEXT), e)));
	expect_bytes(UK_ARRAY(e), hex(TEXT_E));
	assert_true(
	    uk_is_ok(vc_sm2_e(c, id, hex(SHOWN_POINT), uk_view_str(shown), e)));
	assert_true(hash_good(hex(SHOWN_POINT), UK_ARRAY(e), hex(SHOWN_SIG)));
	/* Another identity, another e. */
	assert_true(uk_is_ok(vc_sm2_e(c, uk_view_str("1234567812345679"),
	    hex(SHOWN_POINT), uk_view_str(shown), e)));
	assert_false(hash_good(hex(SHOWN_POINT), UK_ARRAY(e), hex(SHOWN_SIG)));
	vc_crypto_close(&c);
}

static void test_no_identity_or_point(void **state)
{
	static const uint8_t longest[VC_SM2_ID_MAX + 1] = { 0 };
	uint8_t e[VC_SM3_SIZE];
	struct vc_crypto *c;

	(void)state;
	assert_true(uk_is_ok(vc_crypto_open(&c)));
	assert_true(
	    uk_is(vc_sm2_e(c, UK_ARRAY(longest), hex(SM2_POINT), hex(TEXT), e),
		UK_ERR_ARGUMENT));
	assert_true(uk_is_ok(vc_sm2_e(
	    c, uk_view(longest, VC_SM2_ID_MAX), hex(SM2_POINT), hex(TEXT), e)));
	assert_true(uk_is(vc_sm2_e(c, hex(ALICE), hex(SM2_C3), hex(TEXT), e),
	    UK_ERR_ARGUMENT));
	vc_crypto_close(&c);
}

/* --- further keys, key 01 ---------------------------------------------------
 */

static void test_further_key(void **state)
{
	struct vc_card *card = *state;
	uk_bytes point = hex(SM2_POINT);

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, IMPORT, 0x9000);
	assert_true(message_good(
	    point, hex(DEFAULT_ID), hex(TEXT), answer_of(card, SIGN_TEXT)));
	assert_true(hash_good(point, hex(TEXT_E), answer_of(card, SIGN_TEXT)));
	assert_false(message_good(
	    point, hex(ALICE), hex(TEXT), answer_of(card, SIGN_TEXT)));
	assert_true(message_good(point, hex(ALICE), hex(TEXT),
	    answer_of(card, "0088420321 12" ALICE TEXT "00")));
	assert_true(message_good(point, hex(DEFAULT_ID), hex(TEXT),
	    answer_of(card, "008842031F 10" DEFAULT_ID TEXT "00")));
	/* The ready hash as ever. */
	assert_true(hash_good(
	    point, hex(TEXT_E), answer_of(card, "0088400320" TEXT_E "00")));
	/* Through the environment. */
	expect_sw(card, "002241A406800141840103", 0x9000);
	assert_true(message_good(point, hex(DEFAULT_ID), hex(TEXT),
	    answer_of(card, "008800000E" TEXT "00")));
}

/* In parts, as a reader without extended length sends it; and whole. */
static void test_long_message(void **state)
{
	struct vc_card *card = *state;
	static uint8_t text[40000], command[5 + 255], whole[7 + 40000 + 2];
	uk_buf all = UK_BUF(whole);
	size_t at = 0;
	uk_bytes rs;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 >> 3);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, IMPORT, 0x9000);
	while (sizeof(text) - at > 255) {
		uk_buf b = UK_BUF(command);

		uk_put(&b, hex("10884103FF"));
		uk_put(&b, uk_view(&text[at], 255));
		assert_int_equal(
		    sw_of(vc_card_transmit(card, uk_buf_view(&b))), 0x9000);
		at += 255;
	}
	uk_put(&all, hex("00884103"));
	uk_put_u8(&all, (uint8_t)(sizeof(text) - at));
	uk_put(&all, uk_bytes_from(UK_ARRAY(text), at));
	uk_put_u8(&all, 0);
	rs = vc_card_transmit(card, uk_buf_view(&all));
	assert_int_equal(sw_of(rs), 0x9000);
	assert_true(message_good(hex(SM2_POINT), hex(DEFAULT_ID),
	    UK_ARRAY(text), uk_bytes_first(rs, 64)));
	all = UK_BUF(whole);
	uk_put(&all, hex("0088410300 9C40"));
	uk_put(&all, UK_ARRAY(text));
	uk_put_u16(&all, 0);
	rs = vc_card_transmit(card, uk_buf_view(&all));
	assert_int_equal(sw_of(rs), 0x9000);
	assert_true(message_good(hex(SM2_POINT), hex(DEFAULT_ID),
	    UK_ARRAY(text), uk_bytes_first(rs, 64)));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *command;
		unsigned sw;
	} rows[] = {
		{ "0088410300", 0x6A80 },            /* no message */
		{ "0088420300", 0x6A80 },            /* nor identity */
		{ "0088420301 00 00", 0x6A80 },      /* empty identity */
		{ "0088420302 00 41 00", 0x6A80 },   /* likewise */
		{ "0088420303 03 4142 00", 0x6A80 }, /* cut short */
		{ "0088420303 02 4142 00", 0x6A80 }, /* no message after it */
		{ "008843030E" TEXT "00", 0x6A80 },  /* no such form */
		{ "00884F030E" TEXT "00", 0x6A80 },
		{ "008841010E" TEXT "00", 0x6A80 }, /* P-256 */
		{ "008841040E" TEXT "00", 0x6A80 }, /* deciphers only */
		{ "008841050E" TEXT "00", 0x6A88 },
		{ "008841020E" TEXT "00", 0x6A88 }, /* key 02 */
		{ "002241A406800143840103", 0x6A80 },
		{ "002241B806800141840103", 0x6A88 },
		{ "008840030E" TEXT "00", 0x6A80 }, /* no hash */
	};
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, IMPORT, 0x9000);
	expect_sw(
	    card, "00DB3FFF2E 7F482B 840104 800121 950102 8820" SM2_D, 0x9000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sw(card, rows[i].command, rows[i].sw);
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, "0088410300", 0x6A80); /* before the login */
	expect_sw(card, SIGN_TEXT, 0x6982);
}

/* --- the transaction key ----------------------------------------------------
 */

static EVP_PKEY *sm2_card(bool bank, struct vc_card **out, uk_bytes *point)
{
	static uint8_t storage[65];
	uk_buf b = UK_BUF(storage);

	*out = card_in_use(NULL, 0x21, bank);
	/* 7F49 43 86 41 04... */
	uk_put(&b,
	    uk_bytes_from(answer_of(*out, "00468100000005AC038401020000"), 5));
	*point = uk_buf_view(&b);
	return sm2_public(*point);
}

/* The proof names the hash that the card makes. */
static void test_transaction(void **state)
{
	struct vc_card *card;
	uint8_t e[VC_SM3_SIZE];
	uk_bytes point;
	struct vc_crypto *c;
	EVP_PKEY *key = sm2_card(true, &card, &point);

	(void)state;
	assert_true(uk_is_ok(vc_crypto_open(&c)));
	assert_true(uk_is_ok(
	    vc_sm2_e(c, uk_view_str(VC_SM2_DEFAULT_ID), point, hex(TEXT), e)));
	expect_sw(card, "002241B606800141840102", 0x9000);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, PSO_TEXT, 0x6985); /* no proof */
	assert_int_equal(prove(card, hex(VC_HASH), false), 0x9000);
	expect_sw(card, PSO_TEXT, 0x6985); /* for another hash */
	assert_int_equal(prove(card, UK_ARRAY(e), false), 0x9000);
	expect_sw(card, "002A9E9A", 0x6A80);
	expect_sw(card, "0020FF82", 0x9000);
	expect_sw(card, PSO_TEXT, 0x6982);
	expect_sw(card, VC_CONSENT, 0x9000);
	expect_sw(card, "002A9E9A03 414243 00", 0x6985);
	assert_true(message_good(
	    point, hex(DEFAULT_ID), hex(TEXT), answer_of(card, PSO_TEXT)));
	expect_sw(card, PSO_TEXT, 0x6985); /* both used up */
	EVP_PKEY_free(key);
	vc_crypto_close(&c);
	vc_card_close(&card);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, vc_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_no_identity_or_point),
		TEST(test_further_key),
		TEST(test_long_message),
		TEST(test_refusals),
		cmocka_unit_test(test_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
