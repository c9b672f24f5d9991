/* Answers of the bank: what docs/protocol.md shows is read, anything else is
 * refused. */
#include "bc_answer.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

static void error_codes(void **state)
{
	static const struct {
		const char *json;
		enum uk_code err;
		enum bank_code code;
	} rows[] = {
		{ "{\"error\":{\"code\":\"order-conflict\",\"message\":\"m\"}}",
		    UK_OK, BANK_ORDER_CONFLICT },
		{ "{\"error\":{\"code\":\"cert-revoked\"}}", UK_OK,
		    BANK_CERT_REVOKED },
		/* a code of a later version */
		{ "{\"error\":{\"code\":\"new-code\"}}", UK_OK, BANK_INTERNAL },
		{ "{\"error\":{\"code\":\"ok\"}}", UK_OK, BANK_INTERNAL },
		{ "{\"error\":{}}", UK_ERR_FORMAT, BANK_INTERNAL },
		{ "{\"error\":\"busy\"}", UK_ERR_FORMAT, BANK_INTERNAL },
		{ "{\"error\":{\"code\":7}}", UK_ERR_FORMAT, BANK_INTERNAL },
		{ "<html>502</html>", UK_ERR_FORMAT, BANK_INTERNAL },
		{ "", UK_ERR_FORMAT, BANK_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum bank_code code = BANK_OK;

		expect_code(
		    bc_parse_error(str(rows[i].json), &code), rows[i].err);
		assert_int_equal(code, rows[i].code);
	}
}

/* "bank" is ascii in base64: YmFuaw== (RFC 4648 alphabet, by hand). */
static void bank_info(void **state)
{
	struct bc_bank_info b;

	(void)state;
	expect_ok(bc_parse_bank(str("{\"name\":\"Test Bank\",\"origin\":"
				    "\"https://bank.example\",\"certificate\":"
				    "\"YmFuaw==\",\"later\":[1]}"),
	    &b));
	assert_string_equal(b.name, "Test Bank");
	assert_string_equal(b.origin, "https://bank.example");
	expect_bytes(uk_blob_view(&b.certificate), str("bank"));
	bc_bank_info_free(&b);
}

/* One bad member each; the good text is the first row. */
static void bad_members(void **state)
{
	static const char *const rows[] = {
		"{\"name\":\"B\",\"origin\":\"o\"}",
		"{\"name\":\"B\",\"origin\":\"o\",\"certificate\":\"\"}",
		"{\"name\":\"B\",\"origin\":\"o\",\"certificate\":\"!!!!\"}",
		"{\"name\":\"B\",\"origin\":\"o\",\"certificate\":\"YmFuaw\"}",
		"{\"name\":7,\"origin\":\"o\",\"certificate\":\"YmFuaw==\"}",
		"{\"name\":null,\"origin\":\"o\",\"certificate\":\"YmFuaw==\"}",
		/* escape sequences for the terminal: ESC, BEL, DEL, CSI */
		"{\"name\":\"\\u001b[2J\",\"origin\":\"o\",\"certificate\":"
		"\"YmFuaw==\"}",
		"{\"name\":\"\\u007f\",\"origin\":\"o\",\"certificate\":"
		"\"YmFuaw==\"}",
		"{\"name\":\"\\u009b2J\",\"origin\":\"o\",\"certificate\":"
		"\"YmFuaw==\"}",
		/* NUL */
		"{\"name\":\"B\\u0000x\",\"origin\":\"o\",\"certificate\":"
		"\"YmFuaw==\"}",
		/* the same name twice */
		"{\"name\":\"A\",\"name\":\"B\",\"origin\":\"o\","
		"\"certificate\":\"YmFuaw==\"}",
		/* bytes behind the end */
		"{\"name\":\"B\",\"origin\":\"o\",\"certificate\":\"YmFuaw==\"}"
		"{}",
		"[]",
		"{\"name\":\"\xff\",\"origin\":\"o\",\"certificate\":"
		"\"YmFuaw==\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bc_bank_info b;

		expect_code(bc_parse_bank(str(rows[i]), &b), UK_ERR_FORMAT);
		assert_null(b.certificate.p);
	}
}

static void too_long(void **state)
{
	static char body[BANK_BODY_MAX + 100];
	static const char head[] = "{\"name\":\"",
			  tail[] = "\",\"origin\":\"o\",\"certificate\":"
				   "\"YmFuaw==\"}";
	const size_t sizes[] = { BC_TEXT_MAX + 1, BANK_BODY_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uk_buf b = uk_buf_over(body, sizeof(body));
		struct bc_bank_info info;

		uk_put_str(&b, head);
		uk_put_fill(&b, 'a', sizes[i] - (i == 0 ? 0 : sizeof(head)));
		uk_put_str(&b, tail);
		expect_code(
		    bc_parse_bank(uk_buf_view(&b), &info), UK_ERR_FORMAT);
	}
}

#define NONCE "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

static void challenges(void **state)
{
	static const struct {
		const char *json;
		enum uk_code err;
	} rows[] = {
		{ "{\"nonce\":\"" NONCE
		  "\",\"expiresAt\":\"2026-11-20T12:00:00Z\","
		  "\"algorithm\":\"ES256\",\"signature\":\"YmFuaw==\","
		  "\"certificate\":\"YmFuaw==\"}",
		    UK_OK },
		{ "{\"nonce\":\"short\",\"expiresAt\":\"2026-11-20T12:00:00Z\","
		  "\"algorithm\":\"ES256\",\"signature\":\"YmFuaw==\","
		  "\"certificate\":\"YmFuaw==\"}",
		    UK_ERR_FORMAT },
		{ "{\"nonce\":\"" NONCE "\",\"expiresAt\":\"tomorrow\","
		  "\"algorithm\":\"ES256\",\"signature\":\"YmFuaw==\","
		  "\"certificate\":\"YmFuaw==\"}",
		    UK_ERR_FORMAT },
		{ "{\"nonce\":\"" NONCE
		  "\",\"expiresAt\":\"2026-11-20T12:00:00Z\","
		  "\"algorithm\":\"none\",\"signature\":\"YmFuaw==\","
		  "\"certificate\":\"YmFuaw==\"}",
		    UK_ERR_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bc_challenge c;

		expect_code(
		    bc_parse_challenge(str(rows[i].json), &c), rows[i].err);
		if (rows[i].err != UK_OK)
			continue;
		assert_string_equal(c.nonce, NONCE);
		/* date -u -d 2026-11-20T12:00:00Z +%s */
		assert_int_equal(c.expires, 1795176000);
		bc_challenge_free(&c);
	}
}

static void logins(void **state)
{
	struct bc_login l;

	(void)state;
	expect_ok(bc_parse_login(
	    str("{\"session\":\"abc.DEF-1\",\"expiresAt\":"
		"\"2026-11-20T12:00:00Z\",\"customer\":{\"name\":\"\xe5\xbc\xa0"
		"\xe4\xb8\x89\"},\"accounts\":[{\"account\":\"A1\",\"name\":"
		"\"Savings\",\"currency\":\"CNY\",\"balance\":-5}]}"),
	    &l));
	assert_string_equal(l.session, "abc.DEF-1");
	assert_string_equal(l.customer, "\xe5\xbc\xa0\xe4\xb8\x89");
	assert_int_equal(l.accounts.n, 1);
	assert_int_equal(l.accounts.items[0].balance, -5);
	bc_login_free(&l);
	assert_int_equal(l.session[0], 0);
	/* A session that would break out of its header line. */
	expect_code(bc_parse_login(
			str("{\"session\":\"a b\",\"expiresAt\":"
			    "\"2026-11-20T12:00:00Z\",\"customer\":{\"name\":"
			    "\"x\"},\"accounts\":[]}"),
			&l),
	    UK_ERR_FORMAT);
	expect_code(bc_parse_login(
			str("{\"session\":\"\",\"expiresAt\":"
			    "\"2026-11-20T12:00:00Z\",\"customer\":{\"name\":"
			    "\"x\"},\"accounts\":[]}"),
			&l),
	    UK_ERR_FORMAT);
	expect_code(
	    bc_parse_login(str("{\"session\":\"s\",\"expiresAt\":"
			       "\"2026-11-20T12:00:00Z\",\"customer\":\"x\","
			       "\"accounts\":[]}"),
		&l),
	    UK_ERR_FORMAT);
}

static const char accounts[] =
    "{\"accounts\":[{\"account\":\"A1\",\"name\":\"n\",\"currency\":\"CNY\","
    "\"balance\":1},{\"account\":\"A2\",\"name\":\"n\",\"currency\":\"JPY\","
    "\"balance\":9223372036854775807}]}";

static void account_lists(void **state)
{
	static const char *const bad[] = {
		"{\"accounts\":{}}",
		"{\"accounts\":[7]}",
		"{\"accounts\":[{\"account\":\"A\",\"name\":\"n\",\"currency\":"
		"\"CNYX\",\"balance\":1}]}",
		"{\"accounts\":[{\"account\":\"A\",\"name\":\"n\",\"currency\":"
		"\"CN\",\"balance\":1}]}",
		"{\"accounts\":[{\"account\":\"A\",\"name\":\"n\",\"currency\":"
		"\"CNY\",\"balance\":1.5}]}",
		"{\"accounts\":[{\"account\":\"A\",\"name\":\"n\",\"currency\":"
		"\"CNY\",\"balance\":99999999999999999999}]}",
	};
	struct bc_accounts a;

	(void)state;
	expect_ok(bc_parse_accounts(str(accounts), &a));
	assert_int_equal(a.n, 2);
	assert_int_equal(a.items[1].balance, INT64_MAX);
	bc_accounts_free(&a);
	expect_ok(bc_parse_accounts(str("{\"accounts\":[]}"), &a));
	assert_int_equal(a.n, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_code(bc_parse_accounts(str(bad[i]), &a), UK_ERR_FORMAT);
}

static uk_err read_accounts(void *arg)
{
	struct bc_accounts a;

	(void)arg;
	UK_TRY(bc_parse_accounts(str(accounts), &a));
	bc_accounts_free(&a);
	return uk_ok();
}

static void records(void **state)
{
	struct bc_records r;

	(void)state;
	expect_ok(bc_parse_records(
	    str("{\"records\":[{\"id\":9,\"time\":\"2026-11-20T12:00:00Z\","
		"\"account\":\"A1\",\"amount\":-1234,\"currency\":\"CNY\","
		"\"balance\":5,\"counterparty\":\"B2\",\"counterpartyName\":"
		"null,\"order\":\"01X\"}],\"more\":true}"),
	    &r));
	assert_int_equal(r.n, 1);
	assert_int_equal(r.items[0].amount, -1234);
	assert_string_equal(r.items[0].counterparty, "B2");
	assert_string_equal(r.items[0].memo, "");
	assert_true(r.more);
	bc_records_free(&r);
	expect_code(
	    bc_parse_records(str("{\"records\":[]}"), &r), UK_ERR_FORMAT);
	expect_code(
	    bc_parse_records(str("{\"records\":[{}],\"more\":false}"), &r),
	    UK_ERR_FORMAT);
}

static void orders(void **state)
{
	static const char *const bad[] = {
		"{\"orderNumber\":\"N\",\"state\":\"lost\",\"text\":"
		"\"YmFuaw==\",\"expiresAt\":\"2026-11-20T12:00:00Z\"}",
		"{\"orderNumber\":\"N\",\"state\":\"posted\",\"text\":"
		"\"YmFuaw==\",\"expiresAt\":\"2026-11-20T12:00:00Z\"}",
		"{\"orderNumber\":\"N\",\"state\":\"prepared\",\"text\":"
		"\"YmFuaw==\"}",
		"{\"state\":\"prepared\",\"text\":\"YmFuaw==\",\"expiresAt\":"
		"\"2026-11-20T12:00:00Z\"}",
	};
	struct bc_order o;

	(void)state;
	expect_ok(bc_parse_order(
	    str("{\"orderNumber\":\"N\",\"state\":\"prepared\",\"text\":"
		"\"YmFuaw==\",\"expiresAt\":\"2026-11-20T12:00:00Z\"}"),
	    &o));
	assert_false(o.posted);
	expect_bytes(uk_blob_view(&o.text), str("bank"));
	bc_order_free(&o);
	expect_ok(bc_parse_order(
	    str("{\"orderNumber\":\"N\",\"state\":\"posted\",\"receipt\":"
		"\"YmFuaw==\",\"signature\":\"YmFuaw==\",\"certificate\":"
		"\"YmFuaw==\"}"),
	    &o));
	assert_true(o.posted);
	bc_order_free(&o);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		expect_code(bc_parse_order(str(bad[i]), &o), UK_ERR_FORMAT);
		assert_null(o.text.p);
	}
}

/* 64 bytes of zero in base64 are 86 times A and two pads. */
static void proofs(void **state)
{
	static const char sixty_four[] =
	    "{\"hash\":\"00ff\",\"proof\":\""
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\"}";
	struct bc_proof p;

	(void)state;
	expect_ok(bc_parse_proof(str(sixty_four), &p));
	expect_bytes(uk_view(p.hash, p.hash_len), hex("00ff"));
	expect_code(
	    bc_parse_proof(str("{\"hash\":\"00\",\"proof\":\"YmFuaw==\"}"), &p),
	    UK_ERR_FORMAT);
	expect_code(
	    bc_parse_proof(str("{\"hash\":\"0\",\"proof\":\"YmFuaw==\"}"), &p),
	    UK_ERR_FORMAT);
	expect_code(
	    bc_parse_proof(str("{\"proof\":\"YmFuaw==\"}"), &p), UK_ERR_FORMAT);
}

#define BILL(number, rest)                                                     \
	"{\"bill\":\"" number "\",\"to\":\"A\",\"merchant\":\"Shop\","         \
	"\"orderNumber\":\"T\",\"payee\":\"Tea\",\"memo\":\"\",\"reason\":"    \
	"\"\","                                                                \
	"\"state\":\"open\",\"receipt\":\"\",\"currency\":\"CNY\","            \
	"\"expiresAt\":\"2026-01-01T00:00:00Z\",\"merchantTold\":false" rest   \
	"}"

static void bills(void **state)
{
	static const char *const bad[] = { "", "[]", "{}", BILL("B-1", ""),
		BILL("B-1", ",\"amount\":\"1\""), BILL("../B", ",\"amount\":1"),
		BILL("", ",\"amount\":1"), BILL("B?1", ",\"amount\":1"),
		BILL("B-1", ",\"amount\":1,\"memo\":\"\""),
		BILL("B-1\\u001b", ",\"amount\":1") };
	struct bc_bill b;

	(void)state;
	expect_ok(bc_parse_bill(str(BILL("B-1", ",\"amount\":1234")), &b));
	assert_string_equal(b.bill, "B-1");
	assert_string_equal(b.payee, "Tea");
	assert_int_equal(b.amount, 1234);
	assert_false(b.merchant_told);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_code(bc_parse_bill(str(bad[i]), &b), UK_ERR_FORMAT);
}

/* Where a text of somebody else's stands, nothing may hide or turn around what
 * is shown beside it. Right-to-left letters by themselves may. */
static void texts_that_deceive(void **state)
{
	static const char format[] =
	    "{\"records\":[{\"id\":1,\"time\":\"2026-01-01T00:00:00Z\","
	    "\"account\":\"A\",\"amount\":1,\"currency\":\"CNY\","
	    "\"balance\":1,\"counterparty\":\"B\",\"%s\":\"a%sb\"}],"
	    "\"more\":false}";
	static const char *const names[] = { "counterpartyName", "memo" };
	static const struct {
		const char *json;
		enum uk_code code;
	} rows[] = {
		{ "\\u202e", UK_ERR_FORMAT }, /* RLO */
		{ "\\u2067", UK_ERR_FORMAT }, /* RLI */
		{ "\\u200f", UK_ERR_FORMAT }, /* RLM */
		{ "\\u200b", UK_ERR_FORMAT }, /* zero-width space */
		{ "\\ufeff", UK_ERR_FORMAT },
		{ "\\u2028", UK_ERR_FORMAT }, /* line separator */
		{ "\\u0085", UK_ERR_FORMAT }, /* C1 */
		{ "\\u009b", UK_ERR_FORMAT },
		{ "\\u007f", UK_ERR_FORMAT },
		{ "\\n", UK_ERR_FORMAT },
		{ "\\u05d0", UK_OK }, /* alef */
		{ "\\u5f20", UK_OK },
		{ " ", UK_OK },
	};
	char text[512];
	struct bc_records r;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(
		    text, sizeof(text), format, names[i % 2], rows[i / 2].json);
		expect_code(bc_parse_records(str(text), &r), rows[i / 2].code);
		if (rows[i / 2].code == UK_OK)
			bc_records_free(&r);
	}
}

#define ONE  BILL("B-1", ",\"amount\":1")
#define LIST "{\"bills\":[" ONE "," ONE "],\"last\":7}"

static void lists_of_bills(void **state)
{
	static const char *const bad[] = { "{}", "{\"bills\":[]}",
		"{\"last\":1}", "{\"bills\":{},\"last\":1}",
		"{\"bills\":[{}],\"last\":1}",
		"{\"bills\":[" ONE ",7],\"last\":1}",
		"{\"bills\":[" ONE "],\"last\":\"1\"}" };
	struct bc_bills list;

	(void)state;
	expect_ok(bc_parse_bills(str(LIST), &list));
	assert_int_equal(list.n, 2);
	assert_int_equal(list.last, 7);
	bc_bills_free(&list);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		expect_code(bc_parse_bills(str(bad[i]), &list), UK_ERR_FORMAT);
		assert_null(list.items);
	}
}

#define EVENT(n, kind, bill)                                                   \
	"{\"number\":" n ",\"event\":\"" kind "\",\"time\":"                   \
	"\"2026-11-20T12:00:00Z\",\"bill\":" bill "}"

static void events(void **state)
{
	static const char *const bad[] = { "{}", "[]", EVENT("0", "new", ONE),
		EVENT("-1", "new", ONE), EVENT("\"1\"", "new", ONE),
		EVENT("1", "new", "{}"), EVENT("1", "new", "7"),
		EVENT("1", "\\u0007", ONE),
		EVENT("1", "longer than any kind is", ONE) };
	struct bc_event e;

	(void)state;
	expect_ok(bc_parse_event(str(EVENT("12", "paid", ONE)), &e));
	assert_int_equal(e.number, 12);
	assert_string_equal(e.kind, "paid");
	assert_int_equal(e.bill.amount, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_code(bc_parse_event(str(bad[i]), &e), UK_ERR_FORMAT);
}

#define RECEIPT                                                                \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Y2VydA== is "cert" (RFC 4648 alphabet, by hand). */
static void enrolments(void **state)
{
	static const char *const bad[] = { "{}", "[]", "{\"state\":\"other\"}",
		"{\"state\":1}", "{\"state\":\"approved\"}",
		"{\"state\":\"approved\",\"certificate\":\"\"}",
		"{\"state\":\"rejected\"}",
		"{\"state\":\"rejected\",\"reason\":\"\\u001b[2J\"}",
		"{\"state\":\"waiting\",\"enrolment\":\"" RECEIPT "0\"}" };
	struct bc_enrolment e;

	(void)state;
	expect_ok(bc_parse_enrolment(
	    str("{\"enrolment\":\"" RECEIPT "\",\"state\":\"waiting\"}"), &e));
	assert_int_equal(e.state, BC_ENROL_WAITING);
	assert_string_equal(e.enrolment, RECEIPT);
	expect_ok(bc_parse_enrolment(
	    str("{\"state\":\"approved\",\"certificate\":\"Y2VydA==\"}"), &e));
	assert_int_equal(e.state, BC_ENROL_APPROVED);
	expect_bytes(uk_blob_view(&e.certificate), str("cert"));
	bc_enrolment_free(&e);
	expect_ok(bc_parse_enrolment(
	    str("{\"state\":\"rejected\",\"reason\":\"No\"}"), &e));
	assert_int_equal(e.state, BC_ENROL_REJECTED);
	assert_string_equal(e.reason, "No");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		expect_code(bc_parse_enrolment(str(bad[i]), &e), UK_ERR_FORMAT);
		assert_null(e.certificate.p);
	}
}

static void receipts_of_enrolments(void **state)
{
	(void)state;
	assert_true(bc_is_receipt(RECEIPT));
	assert_false(bc_is_receipt(""));
	assert_false(bc_is_receipt(RECEIPT "0"));
	assert_false(bc_is_receipt(
	    "../"
	    "3456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
}

static uk_err read_enrolment(void *arg)
{
	struct bc_enrolment e;
	uk_err err = bc_parse_enrolment(
	    str("{\"state\":\"approved\",\"certificate\":\"Y2VydA==\"}"), &e);

	(void)arg;
	bc_enrolment_free(&e);
	return err;
}

static uk_err read_bills(void *arg)
{
	struct bc_bills list;
	uk_err err = bc_parse_bills(str(LIST), &list);

	(void)arg;
	bc_bills_free(&list);
	return err;
}

static void lack_of_memory(void **state)
{
	(void)state;
	assert_int_equal(fail_every_allocation(read_bills, NULL), 2);
	fail_every_allocation(read_accounts, NULL);
	fail_every_allocation(read_enrolment, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_codes),
		cmocka_unit_test(bank_info),
		cmocka_unit_test(bad_members),
		cmocka_unit_test(too_long),
		cmocka_unit_test(challenges),
		cmocka_unit_test(logins),
		cmocka_unit_test(account_lists),
		cmocka_unit_test(records),
		cmocka_unit_test(orders),
		cmocka_unit_test(proofs),
		cmocka_unit_test(bills),
		cmocka_unit_test(texts_that_deceive),
		cmocka_unit_test(lists_of_bills),
		cmocka_unit_test(events),
		cmocka_unit_test(enrolments),
		cmocka_unit_test(receipts_of_enrolments),
		cmocka_unit_test(lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
