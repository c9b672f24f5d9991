/* Request bodies: every member, its type and its limits. */
#include "requests.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDER(from, amount, rest)                                              \
	"{\"orderNumber\":\"n-1\",\"from\":" from                              \
	",\"to\":\"B\",\"toName\":\"\\u5f20\\u4e09\",\"amount\":" amount       \
	",\"currency\":\"CNY\"" rest "}"

static void good_order(void **state)
{
	struct bank_order_request r;

	(void)state;
	expect_ok(bank_read_order(uk_view_str(ORDER("\"A\"", "12345",
				      ",\"memo\":\"rent\",\"new\":[1]")),
	    &r));
	expect_bytes(uk_blob_view(&r.number), uk_view_str("n-1"));
	expect_bytes(uk_blob_view(&r.from), uk_view_str("A"));
	expect_bytes(uk_blob_view(&r.payee), hex("e5bca0e4b889")); /* UTF-8 */
	expect_bytes(uk_blob_view(&r.memo), uk_view_str("rent"));
	assert_int_equal(r.amount, 12345);
	bank_free_order(&r);
	/* no memo is an empty one */
	expect_ok(bank_read_order(uk_view_str(ORDER("\"A\"", "-1", "")), &r));
	assert_int_equal(r.memo.n, 0);
	assert_int_equal(r.amount, -1); /* not for this file to judge */
	bank_free_order(&r);
}

static void bad_orders(void **state)
{
	static const char *const bodies[] = {
		"", "nonsense", "[]", "{}", ORDER("1", "1", ""),
		ORDER("null", "1", ""), ORDER("\"\"", "1", ""),
		ORDER("\"A\"", "\"1\"", ""), ORDER("\"A\"", "1.0", ""),
		ORDER("\"A\"", "9223372036854775808", ""),
		ORDER("\"A\"", "1", ",\"memo\":7"),
		ORDER("\"A\"", "1", ",\"amount\":1"), /* twice */
		ORDER("\"A\\u0000B\"", "1", ""), ORDER("\"A\"", "1", "") "x",
		ORDER("\"\xff\"", "1", ""),     /* not UTF-8 */
		ORDER("\"\xc0\xaf\"", "1", ""), /* not the shortest form */
	};
	struct bank_order_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		expect_code(
		    bank_read_order(uk_view_str(bodies[i]), &r), UK_ERR_FORMAT);
		bank_free_order(&r);
	}
}

/* {"clientNonce":"AAA..."} of so many characters */
static uk_err read_nonce(size_t n)
{
	struct bank_challenge_request r;
	char *text = malloc(n + 64);
	uk_err err;
	int at;

	assert_non_null(text);
	at = sprintf(text, "{\"clientNonce\":\"");
	memset(text + at, 'A', n);
	sprintf(text + at + n, "\"}");
	err = bank_read_challenge(uk_view_str(text), &r);
	bank_free_challenge(&r);
	free(text);
	return err;
}

static void exact_lengths(void **state)
{
	struct bank_challenge_request r;
	struct bank_proof_request p;

	(void)state;
	/* 32 bytes are 44 characters with one '='; 43, 44 and 48 A's are not */
	expect_code(read_nonce(40), UK_ERR_FORMAT);
	expect_code(read_nonce(43), UK_ERR_FORMAT);
	expect_code(read_nonce(44), UK_ERR_FORMAT);
	expect_code(read_nonce(48), UK_ERR_FORMAT);
	expect_code(read_nonce(60000), UK_ERR_FORMAT);
	expect_code(read_nonce(70000), UK_ERR_FORMAT);
	expect_ok(bank_read_challenge(
	    uk_view_str("{\"clientNonce\":"
			"\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}"),
	    &r));
	assert_int_equal(r.client_nonce.n, 44); /* the text is kept */
	bank_free_challenge(&r);

	expect_ok(bank_read_proof(
	    uk_view_str("{\"serial\":\"0102030405060708\",\"challenge\":"
			"\"A0a1a2a3a4a5a6a7\",\"algorithm\":\"ES256\"}"),
	    &p));
	expect_bytes(uk_blob_view(&p.serial), hex("0102030405060708"));
	expect_bytes(uk_blob_view(&p.challenge), hex("a0a1a2a3a4a5a6a7"));
	bank_free_proof(&p);
	expect_code(
	    bank_read_proof(
		uk_view_str("{\"serial\":\"01020304050607\",\"challenge\":"
			    "\"a0a1a2a3a4a5a6a7\",\"algorithm\":\"ES256\"}"),
		&p),
	    UK_ERR_FORMAT);
	bank_free_proof(&p);
}

static void token_inside(void **state)
{
	static const char *const bad[] = {
		"{\"nonce\":\"n\"}",
		"{\"nonce\":\"n\",\"authToken\":7}",
		"{\"nonce\":\"n\",\"authToken\":\"x\"}",
		"{\"nonce\":\"n\",\"authToken\":{}}",
		/* its members do not count outside of it */
		"{\"nonce\":\"n\",\"unverifiedCertificate\":\"AAAA\","
		"\"algorithm\":\"ES256\",\"signature\":\"AAAA\","
		"\"format\":\"web-eid:1.0\",\"authToken\":{}}",
	};
	struct bank_login_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect_code(
		    bank_read_login(uk_view_str(bad[i]), &r), UK_ERR_FORMAT);
		bank_free_login(&r);
	}
}

#define SHOP(amount, rest)                                                     \
	"{\"orderNumber\":\"T-1\",\"amount\":" amount                          \
	",\"currency\":\"CNY\",\"payerPhone\":\"e30..A.A.A\",\"payee\":"       \
	"\"Tea\"" rest "}"

static void orders_of_merchants(void **state)
{
	struct bank_merchant_request r;

	(void)state;
	expect_ok(bank_read_merchant(
	    uk_view_str(SHOP("1234", ",\"items\":[{\"name\":\"Longjing\"}],"
				     "\"expiresIn\":60,\"memo\":\"m\","
				     "\"callback\":\"https://a/\"")),
	    &r));
	assert_int_equal(r.amount, 1234);
	assert_int_equal(r.seconds, 60);
	expect_bytes(uk_blob_view(&r.phone), uk_view_str("e30..A.A.A"));
	expect_bytes(
	    uk_blob_view(&r.items), uk_view_str("[{\"name\":\"Longjing\"}]"));
	expect_bytes(uk_blob_view(&r.callback), uk_view_str("https://a/"));
	bank_free_merchant(&r);
	expect_ok(bank_read_merchant(uk_view_str(SHOP("1", "")), &r));
	assert_int_equal(r.items.n, 0);
	assert_int_equal(r.seconds, 0);
	bank_free_merchant(&r);
}

static void bad_orders_of_merchants(void **state)
{
	static const char *const bodies[] = { "", "[]", "{}", SHOP("\"1\"", ""),
		SHOP("1.5", ""), SHOP("null", ""), SHOP("1", ",\"items\":{}"),
		SHOP("1", ",\"items\":\"[]\""),
		SHOP("1", ",\"expiresIn\":\"60\""), SHOP("1", ",\"memo\":1"),
		SHOP("1", ",\"callback\":[]"),
		SHOP("1", ",\"payee\":\"other\""), SHOP("1", "") "{}" };
	struct bank_merchant_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		expect_code(bank_read_merchant(uk_view_str(bodies[i]), &r),
		    UK_ERR_FORMAT);
		bank_free_merchant(&r);
	}
}

static void answers_to_bills(void **state)
{
	static const char *const bad[] = { "", "{}", "{\"orderNumber\":\"o\"}",
		"{\"from\":\"A\"}", "{\"orderNumber\":\"\",\"from\":\"A\"}",
		"{\"orderNumber\":1,\"from\":\"A\"}" };
	struct bank_bill_pay_request pay;
	struct bank_bill_reject_request reject;

	(void)state;
	expect_ok(bank_read_bill_pay(
	    uk_view_str("{\"orderNumber\":\"o\",\"from\":\"A\"}"), &pay));
	expect_bytes(uk_blob_view(&pay.from), uk_view_str("A"));
	bank_free_bill_pay(&pay);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect_code(bank_read_bill_pay(uk_view_str(bad[i]), &pay),
		    UK_ERR_FORMAT);
		bank_free_bill_pay(&pay);
	}
	expect_ok(bank_read_bill_reject(uk_view_str("{}"), &reject));
	assert_int_equal(reject.reason.n, 0);
	bank_free_bill_reject(&reject);
	expect_code(
	    bank_read_bill_reject(uk_view_str("{\"reason\":1}"), &reject),
	    UK_ERR_FORMAT);
	bank_free_bill_reject(&reject);
}

static uk_err read_shop(void *arg)
{
	struct bank_merchant_request r;
	uk_err err = bank_read_merchant(uk_view_str(SHOP("1", "")), &r);

	(void)arg;
	bank_free_merchant(&r);
	return err;
}

static uk_err read_all(void *arg)
{
	struct bank_order_request r;
	uk_err err = bank_read_order(
	    uk_view_str(ORDER("\"A\"", "1", ",\"memo\":\"x\"")), &r);

	(void)arg;
	bank_free_order(&r);
	return err;
}

static void allocation_fails(void **state)
{
	(void)state;
	/* six texts, one of them without its escapes first, and success */
	assert_int_equal(fail_every_allocation(read_all, NULL), 8);
	assert_true(fail_every_allocation(read_shop, NULL) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_order),
		cmocka_unit_test(bad_orders),
		cmocka_unit_test(exact_lengths),
		cmocka_unit_test(token_inside),
		cmocka_unit_test(orders_of_merchants),
		cmocka_unit_test(bad_orders_of_merchants),
		cmocka_unit_test(answers_to_bills),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
