/*
 * Cards by profile: what they say when they are wrong, and that the card is
 * what they said. Certificates are judged by OpenSSL, the rest by the card's
 * own answers.
 */
#include "vc_profile.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "tlv.h"
#include "vcard_fixture.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

/* 2026-11-20 12:00:00 UTC, by date(1). */
enum { NOW = 1795176000, DAY = 86400 };

#define UKEY_SELECT "00A4040008F0756B65792E303100"
#define PIV_SELECT  "00A4040009A0000003080000100000"

static struct vc_card *make(const char *text, char **ca)
{
	struct vc_card *card = NULL;
	struct vc_doc doc;
	uk_err err = vc_doc_read(text, "profile", NOW, &doc);

	if (uk_is_ok(err))
		err = vc_profile_make(&doc, NULL, &card, ca);
	if (doc.bad)
		print_error("%s\n", doc.why);
	vc_doc_close(&doc);
	expect_ok(err);
	return card;
}

/* --- refusals --------------------------------------------------------------
 */

#define UKEY(members) "{\"applications\":[{" members "}]}"
#define KEY(members)  UKEY("\"keys\":[{" members "}]")
#define CERT(members) KEY("\"certificate\":{" members "}")
#define YUBI(members) UKEY("\"application\":\"piv-yubico\"," members)
#define EMV(members)  UKEY("\"application\":\"emv\"," members)
#define PIV(members)  UKEY("\"application\":\"piv\"," members)

static const struct {
	const char *text, *why; /* the beginning of the sentence */
} refused[] = {
	{ "{", "profile:1:1: " },
	{ "{\"ca\":{},\"ca\":{}}", "profile:1:13: duplicate object key" },
	{ "[]", "profile: an object is expected with applications" },
	{ "{\"cards\":1}", "profile: cards: there is no such member" },
	{ UKEY("\"application\":\"java\""),
	    "profile: applications[0].application: expected is ukey" },
	{ EMV("\"pan\":\"123\""), "profile: applications[0]: this is no acc" },
	{ EMV("\"pin\":\"12a4\""), "profile: applications[0]: this is no " },
	{ EMV("\"pin\":{\"value\":\"1234\",\"tries-left\":4}"),
	    "profile: applications[0].pin: tries-left is 0 to 3" },
	{ EMV("\"scheme\":\"visa\""),
	    "profile: applications[0].scheme: expected is pboc, pboc-sm4 or" },
	{ EMV("\"issuer-key\":\"00\""),
	    "profile: applications[0].issuer-key: " },
	{ EMV("\"pdol\":\"9F\""), "profile: applications[0]: this is no " },
	{ EMV("\"records\":[{\"sfi\":11}]"),
	    "profile: applications[0].records[0].sfi: " },
	{ EMV("\"records\":{\"sfi\":1}"),
	    "profile: applications[0]: this is no account" },
	{ UKEY("\"application\":\"isoapplet\",\"import\":1"),
	    "profile: applications[0].import: " },
	{ UKEY("\"application\":\"isoapplet\",\"pin\":\"1234\""),
	    "profile: applications[0].pin: there is no such member" },
	{ EMV("\"atc\":65536"), "profile: applications[0].atc: " },
	{ "{\"issuer\":{\"key\":1}}",
	    "profile: issuer.key: there is no such member" },
	{ "{\"issuer\":{\"state\":\"new\"}}",
	    "profile: issuer.state: expected is op-ready" },
	{ "{\"issuer\":{\"keys\":{\"key\":\"00\"}}}",
	    "profile: issuer.keys.key: " },
	{ "{\"issuer\":{\"keys\":{\"option\":\"15\"}}}",
	    "profile: issuer.keys: these are no key sets" },
	{ "{\"issuer\":{\"keys\":[{},{}]}}",
	    "profile: issuer.keys: these are no key sets" },
	{ UKEY("\"pn\":1"), "profile: applications[0].pn: there is no such" },
	{ UKEY("\"pin\":\"123\""), "profile: applications[0].pin: 4 to 16 " },
	{ UKEY("\"pin\":123456"), "profile: applications[0].pin: text in " },
	{ UKEY("\"pin\":{\"value\":\"1234\",\"tries-left\":16}"),
	    "profile: applications[0].pin.tries-left: a number from 0 to 15" },
	{ PIV("\"pin\":\"abcdef\""),
	    "profile: applications[0].pin: this card takes PINs of digits" },
	{ PIV("\"global-pin-first\":true"),
	    "profile: applications[0].global-pin-first: there is no" },
	{ UKEY("\"puk\":\"1234567\""), "profile: applications[0].puk: 8 to" },
	{ UKEY("\"serial\":\"0102\""),
	    "profile: applications[0].serial: 8 bytes in hexadecimal" },
	{ UKEY("\"aid\":\"01020304\""),
	    "profile: applications[0].aid: 5 to 16 bytes" },
	{ UKEY("\"label\":\"123456789012345678901234567890123\""),
	    "profile: applications[0]" },
	{ UKEY("\"state\":\"new\""), "profile: applications[0].state: expect" },
	{ UKEY("\"bank-key\":\"/nowhere\""),
	    "profile: applications[0].bank-key: a P-256 key" },
	{ "{\"applications\":[{},{}]}",
	    "profile: applications[1]: an application with this aid" },
	{ KEY("\"type\":\"p257\""),
	    "profile: applications[0].keys[0].type: expected is p256, p384, "
	    "p521, rsa2048, rsa3072, rsa4096 or sm2" },
	{ KEY("\"key\":16"), "profile: applications[0].keys[0].key: a number "
			     "from 1 to 15" },
	{ UKEY("\"keys\":[{\"key\":2},{}]"),
	    "profile: applications[0].keys[1].key: this key is in the list" },
	{ KEY("\"private-key\":\"x\""),
	    "profile: applications[0].keys[0].private-key: keys 1 and 2" },
	{ KEY("\"key\":3,\"private-key\":\"/nowhere\""),
	    "profile: applications[0].keys[0].private-key: no private key" },
	{ KEY("\"key\":3,\"usage\":\"decipher\""),
	    "profile: applications[0].keys[0]: the card makes no key" },
	{ KEY("\"certificate\":\"/nowhere\""),
	    "profile: applications[0].keys[0].certificate: no certificate" },
	{ KEY("\"certificate\":true"),
	    "profile: applications[0].keys[0].certificate: an object is" },
	{ CERT("\"subject\":\"Alice\""),
	    "profile: applications[0].keys[0].certificate: the subject" },
	{ CERT("\"key-usage\":\"everything\""),
	    "profile: applications[0].keys[0].certificate: the subject" },
	{ CERT("\"not-after\":\"tomorrow\""),
	    "profile: applications[0].keys[0].certificate.not-after: a time" },
	{ CERT("\"not-after\":\"2026-02-31\""),
	    "profile: applications[0].keys[0].certificate.not-after: a time" },
	{ CERT("\"not-after\":\"-1\""),
	    "profile: applications[0].keys[0].certificate.not-after: a time" },
	{ CERT("\"not-after\":\"+1000000d\""),
	    "profile: applications[0].keys[0].certificate.not-after: a time" },
	{ PIV("\"pin\":\"12345\""), "profile: applications[0].pin: 6 to 8" },
	{ PIV("\"keys\":{\"slot\":\"9F\"}"),
	    "profile: applications[0].keys: slots are" },
	{ PIV("\"keys\":{\"slot\":9}"),
	    "profile: applications[0].keys.slot: text in" },
	{ PIV("\"management-key\":{\"type\":\"aes128\",\"value\":\"00\"}"),
	    "profile: applications[0].management-key.value: 16 bytes" },
	{ PIV("\"objects\":{\"tag\":\"5FC1FF\",\"value\":\"00\"}"),
	    "profile: applications[0].objects.tag: no such object" },
	{ "{\"ca\":{\"subject\":\"CA\"}}", "profile: ca.subject: /CN=Name" },
	{ "{\"ca\":{\"certificate\":\"/nowhere\"}}",
	    "profile: ca.certificate: a CA's certificate" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct vc_card *card = NULL;
		char *ca = NULL;
		struct vc_doc doc;
		uk_err err = vc_doc_read(refused[i].text, "profile", NOW, &doc);

		if (uk_is_ok(err))
			err = vc_profile_make(&doc, NULL, &card, &ca);
		if (strncmp(doc.why, refused[i].why, strlen(refused[i].why)))
			fail_msg("%s\n said %s\n want %s", refused[i].text,
			    doc.why, refused[i].why);
		expect_code(err, UK_ERR_FORMAT);
		assert_null(card);
		assert_null(ca);
		vc_doc_close(&doc);
	}
}

/* --- times -----------------------------------------------------------------
 */

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* by date(1) */
	} rows[] = {
		{ "\"now\"", NOW },
		{ "\"-1d\"", NOW - DAY },
		{ "\"+90s\"", NOW + 90 },
		{ "\"+2w\"", NOW + 14 * DAY },
		{ "\"2026-11-20\"", NOW - DAY / 2 },
		{ "\"2024-02-29T23:59:59Z\"", 1709251199 },
		{ "\"1969-12-31\"", -DAY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];
		struct vc_json root, at;
		struct vc_doc doc;

		(void)snprintf(text, sizeof(text), "{\"t\":%s}", rows[i].text);
		expect_ok(vc_doc_read(text, "t", NOW, &doc));
		root = vc_json_root(&doc);
		at = vc_json_at(&root, "t");
		assert_int_equal(vc_json_time(&at, 7), rows[i].want);
		expect_ok(vc_doc_result(&doc));
		vc_doc_close(&doc);
	}
}

/* --- cards -----------------------------------------------------------------
 */

static X509 *read_cert(struct vc_card *card, const char *read)
{
	uk_bytes answer = answer_of(card, read);
	const unsigned char *p = answer.p;
	X509 *cert;

	cert = d2i_X509(NULL, &p, (long)answer.n);
	assert_non_null(cert);
	return cert;
}

static int64_t seconds(const ASN1_TIME *t)
{
	struct tm tm;

	assert_int_equal(ASN1_TIME_to_tm(t, &tm), 1);
	return timegm(&tm);
}

static X509 *pem_cert(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_non_null(cert);
	BIO_free(bio);
	return cert;
}

/* The card of the first page of the manual: one try left, certificate over
 * since yesterday. */
static void test_three_lines(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make(
	    "{ \"applications\": [ { \"application\": \"ukey\","
	    " \"pin\": { \"value\": \"123456\", \"tries-left\": 1 },"
	    " \"keys\": [ { \"certificate\": { \"not-after\": \"-1d\" } } ] } "
	    "] "
	    "}",
	    &pem);
	X509 *cert, *ca = pem_cert(pem);

	(void)state;
	expect_sw(card, UKEY_SELECT, 0x9000);
	expect_apdu(card, "00200081", "63C1");
	expect_apdu(card, "00200083", "63C5");
	cert = read_cert(card, "00B08B00000000");
	assert_int_equal(seconds(X509_get0_notAfter(cert)), NOW - DAY);
	assert_true(seconds(X509_get0_notBefore(cert)) < NOW - DAY);
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(ca)), 1);
	assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
	/* The last try is a good one, and gives back the others. */
	expect_apdu(card, "0020008106313233343536", "9000");
	expect_apdu(card, "0020008106313233343537", "63C2");
	X509_free(cert);
	X509_free(ca);
	OPENSSL_free(pem);
	vc_card_close(&card);
}

static void test_nothing_said(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make("{}", &pem);

	(void)state;
	expect_sw(card, UKEY_SELECT, 0x9000);
	expect_apdu(card, "0020008106313233343536", "9000");
	expect_sw(card, PIV_SELECT, 0x6a82);
	OPENSSL_free(pem);
	vc_card_close(&card);
}

static void test_blocked_in_creation(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make(
	    UKEY("\"aid\":\"F00102030405\",\"state\":\"creation\","
		 "\"serial\":\"0102030405060708\","
		 "\"puk\":{\"value\":\"87654321\",\"tries-left\":0}"),
	    &pem);
	uk_bytes answer, fci, status, serial;

	(void)state;
	answer = answer_of(card, "00A4040006F0010203040500");
	assert_true(uk_is_ok(uk_tlv_only(answer, 0x6f, &fci)));
	assert_true(uk_tlv_find(fci, 0x8a, &status));
	expect_bytes(status, hex("01"));
	assert_true(uk_tlv_find(fci, 0xa5, &status));
	assert_true(uk_tlv_find(status, 0x81, &serial));
	expect_bytes(serial, hex("0102030405060708"));
	expect_apdu(card, "00200083", "6983");
	OPENSSL_free(pem);
	vc_card_close(&card);
}

static void test_piv(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make(
	    YUBI("\"pin\":{\"value\":\"654321\",\"tries-left\":0},"
		 "\"keys\":[{\"slot\":\"9A\",\"type\":\"p256\"},"
		 "{\"slot\":\"9C\",\"type\":\"p384\",\"certificate\":false},"
		 "{\"slot\":\"9D\",\"type\":\"p256\",\"gzip\":true}],"
		 "\"objects\":{\"tag\":\"5FC102\",\"value\":\"3E00FE00\"}"),
	    &pem);
	uk_bytes answer, object, part;

	(void)state;
	expect_sw(card, UKEY_SELECT, 0x6a82);
	expect_sw(card, PIV_SELECT, 0x9000);
	expect_apdu(card, "00200080", "6983");
	expect_apdu(card, "00CB3FFF055C035FC10200", "53043E00FE009000");
	expect_apdu(card, "00CB3FFF055C035FC10A00", "6A82");
	answer = answer_of(card, "00CB3FFF0000055C035FC1050000");
	assert_true(uk_is_ok(uk_tlv_only(answer, 0x53, &object)));
	assert_true(uk_tlv_find(object, 0x71, &part));
	expect_bytes(part, hex("00"));
	answer = answer_of(card, "00CB3FFF0000055C035FC10B0000");
	assert_true(uk_is_ok(uk_tlv_only(answer, 0x53, &object)));
	assert_true(uk_tlv_find(object, 0x71, &part));
	expect_bytes(part, hex("01"));
	assert_true(uk_tlv_find(object, 0x70, &part));
	expect_bytes(uk_bytes_first(part, 2), hex("1F8B")); /* RFC 1952 */
	OPENSSL_free(pem);
	vc_card_close(&card);
}

static void test_emv(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make(
	    EMV("\"scheme\":\"pboc-sm4\",\"pan\":\"6222029999999999\","
		"\"expiry\":\"-1d\",\"effective\":\"2024-01-01\","
		"\"pin\":{\"value\":\"654321\",\"tries-left\":1},"
		"\"pdol\":\"DF6901\",\"aip\":\"7C00\",\"atc\":7,"
		"\"records\":[{\"value\":\"9F0802008C\"}]"),
	    &pem);

	(void)state;
	expect_sw(card, "00A404000E325041592E5359532E444446303100", 0x9000);
	expect_sw(card, "00A404000E315041592E5359532E444446303100", 0x9000);
	expect_sw(card, "00A4040008A00000033301010100", 0x9000);
	expect_apdu(card, "80A800000383010100",
	    "8012 7C00 08010100 10010100 10020200 18010100 9000");
	expect_apdu(card, "80CA9F3600", "9F360200089000");
	expect_apdu(card, "80CA9F1700", "9F1701019000");
	expect_apdu(card, "00B2011C00", "70059F0802008C9000");
	/* 5A, 5F34, 5F24 (yesterday), 5F25 */
	expect_bytes(uk_bytes_first(answer_of(card, "00B2011400"), 28),
	    hex("7051 5A086222029999999999 5F340101 5F2403261119 "
		"5F2503240101"));
	expect_sw(card, "0020008008241111FFFFFFFFFF", 0x63C0);
	OPENSSL_free(pem);
	vc_card_close(&card);
	/* Two accounts have one directory; a card without a PIN. */
	card = make("{\"applications\":[{\"application\":\"emv\"},"
		    "{\"application\":\"emv\",\"aid\":"
		    "\"A000000333010102\",\"pin\":false,\"priority\":2}]}",
	    &pem);
	expect_sw(card, "00A404000E315041592E5359532E444446303100", 0x9000);
	expect_sw(card, "00B2020C00", 0x9000);
	expect_sw(card, "00B2030C00", 0x6A83);
	expect_sw(card, "00A4040008A00000033301010200", 0x9000);
	expect_sw(card, "80CA9F1700", 0x6A88);
	OPENSSL_free(pem);
	vc_card_close(&card);
}

/* Two versions on one card; private keys may be put on the second: 6985 (no
 * key was asked for) and not 6900. */
static void test_isoapplet(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make(
	    "{\"applications\":[{\"application\":\"isoapplet0\"},"
	    "{\"application\":\"isoapplet\",\"import\":true,"
	    "\"aid\":\"F276A288BCFBA69D34F31002\"}]}",
	    &pem);

	(void)state;
	expect_apdu(card, "00A404000CF276A288BCFBA69D34F3100100", "0006069000");
	expect_sw(card, "002401010431323334", 0x9000);
	expect_sw(card, "002000010431323334", 0x9000);
	expect_sw(card, "00DB3FFF037F4800", 0x6900);
	expect_apdu(card, "00A404000CF276A288BCFBA69D34F3100200", "9000");
	expect_sw(card, "002401010431323334", 0x9000);
	expect_sw(card, "002000010431323334", 0x9000);
	expect_sw(card, "00DB3FFF037F4800", 0x6985);
	OPENSSL_free(pem);
	vc_card_close(&card);
}

/* SP 800-73-4 part 1, 3.3.2: the discovery object tells of the global PIN. */
static void test_piv_pins(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make(
	    PIV("\"pin\":{\"value\":\"123456\",\"tries-left\":2},"
		"\"puk\":{\"value\":\"12345678\",\"tries-left\":0},"
		"\"global-pin\":\"777777\",\"global-pin-first\":true"),
	    &pem);

	(void)state;
	expect_sw(card, PIV_SELECT, 0x9000);
	expect_apdu(card, "00CB3FFF035C017E00",
	    "7E124F0BA0000003080000100001005F2F026020 9000");
	expect_apdu(card, "00200080", "63C2");
	expect_apdu(card, "002C0080103132333435363738313233343536FFFF", "6983");
	expect_apdu(card, "0020000008373737373737FFFF", "9000");
	OPENSSL_free(pem);
	vc_card_close(&card);
}

/* Flags of the status template: 02 where a driver has to look for others. */
static uk_bytes flags_of(struct vc_card *card)
{
	uk_bytes fci, status, flags = UK_NONE;

	assert_true(
	    uk_is_ok(uk_tlv_only(answer_of(card, UKEY_SELECT), 0x6f, &fci)));
	assert_true(uk_tlv_find(fci, 0xa5, &status));
	assert_true(uk_tlv_find(status, 0x85, &flags));
	return flags;
}

static void test_neighbours(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make(
	    "{\"applications\":[{},{\"application\":\"piv\"}]}", &pem);

	(void)state;
	expect_bytes(flags_of(card), hex("02"));
	expect_ok(vc_card_remove(card, hex("A000000308000010000100")));
	expect_bytes(flags_of(card), hex("00"));
	OPENSSL_free(pem);
	vc_card_close(&card);
}

/* Keys and state of the issuer's domain, and a card without one. */
static void test_issuer(void **state)
{
	char *pem = NULL;
	struct vc_card *card = make(
	    "{\"issuer\":{\"state\":\"secured\",\"keys\":["
	    "{\"version\":\"20\",\"protocol\":\"scp02\"},"
	    "{\"version\":\"30\",\"option\":\"10\","
	    "\"key\":\"000102030405060708090A0B0C0D0E0F0001020304050607\"}]}}",
	    &pem);
	struct vc_app *domain;

	(void)state;
	OPENSSL_free(pem);
	domain = vc_card_app(card, hex("A000000151000000"));
	assert_int_equal(
	    vc_registry_card_life(domain->home.registry), VC_CARD_SECURED);
	expect_sw(card, "00A4040000", 0x9000);
	expect_apdu(card, "80CA00E000",
	    "E024 C00401208010 C00402208010 C00403208010"
	    "C00401308818 C00402308818 C00403308818 9000");
	vc_card_close(&card);
	card = make("{\"issuer\":false}", &pem);
	OPENSSL_free(pem);
	expect_sw(card, "00A4040000", 0x6A82);
	expect_sw(card, UKEY_SELECT, 0x9000);
	vc_card_close(&card);
}

static uk_err make_again(void *arg)
{
	struct vc_card *card = NULL;
	char *pem = NULL;
	struct vc_doc doc;
	uk_err err = vc_doc_read(arg, "profile", NOW, &doc);

	if (uk_is_ok(err))
		err = vc_profile_make(&doc, NULL, &card, &pem);
	/* People are told; the test wants to know whether it was memory. */
	if (doc.bad)
		err = uk_fail(UK_ERR_MEMORY);
	vc_doc_close(&doc);
	OPENSSL_free(pem);
	vc_card_close(&card);
	return err;
}

static void test_no_memory(void **state)
{
	char ukey[] = "{}", piv[] = PIV("\"keys\":[{\"type\":\"p256\"}]");

	(void)state;
	assert_true(fail_every_allocation(make_again, ukey) > 20);
	assert_true(fail_every_allocation(make_again, piv) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_three_lines),
		cmocka_unit_test(test_nothing_said),
		cmocka_unit_test(test_blocked_in_creation),
		cmocka_unit_test(test_piv),
		cmocka_unit_test(test_piv_pins),
		cmocka_unit_test(test_emv),
		cmocka_unit_test(test_isoapplet),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_issuer),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
