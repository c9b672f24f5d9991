/* Money (ISO 4217), times (RFC 3339) and the texts of docs/protocol.md, 6. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "proto.h"

static void expect_text(uk_bytes got, const char *want)
{
	expect_bytes(got, uk_view_str(want));
}

static void currencies(void **state)
{
	(void)state;
	assert_int_equal(bank_currency_decimals(uk_view_str("CNY")), 2);
	assert_int_equal(bank_currency_decimals(uk_view_str("EUR")), 2);
	assert_int_equal(bank_currency_decimals(uk_view_str("JPY")), 0);
	assert_int_equal(bank_currency_decimals(uk_view_str("KWD")), 3);
	assert_int_equal(bank_currency_decimals(uk_view_str("cny")), -1);
	assert_int_equal(bank_currency_decimals(uk_view_str("CN")), -1);
	assert_int_equal(bank_currency_decimals(uk_view_str("CNYX")), -1);
	assert_int_equal(bank_currency_decimals(uk_view("CNY", 4)), -1);
	assert_int_equal(bank_currency_decimals(UK_NONE), -1);
}

static void writes_money(void **state)
{
	static const struct {
		int64_t minor;
		const char *currency, *text;
	} rows[] = {
		{ 12345, "CNY", "123.45 CNY" },
		{ 0, "CNY", "0.00 CNY" },
		{ 5, "CNY", "0.05 CNY" },
		{ 100, "CNY", "1.00 CNY" },
		{ -5, "CNY", "-0.05 CNY" },
		{ -12345, "EUR", "-123.45 EUR" },
		{ 12345, "JPY", "12345 JPY" },
		{ 0, "JPY", "0 JPY" },
		{ 12345, "KWD", "12.345 KWD" },
		{ INT64_MAX, "CNY", "92233720368547758.07 CNY" },
		{ INT64_MIN, "CNY", "-92233720368547758.08 CNY" },
		{ INT64_MIN, "JPY", "-9223372036854775808 JPY" },
	};
	uint8_t room[64];
	uk_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b = (uk_buf)UK_BUF(room);
		expect_ok(bank_put_money(
		    &b, rows[i].minor, uk_view_str(rows[i].currency)));
		expect_text(uk_buf_view(&b), rows[i].text);
	}
	b = (uk_buf)UK_BUF(room);
	expect_code(bank_put_money(&b, 1, uk_view_str("XXX")), UK_ERR_ARGUMENT);
	assert_int_equal(b.len, 0);
	b = uk_buf_over(room, 7);
	expect_code(
	    bank_put_money(&b, 1, uk_view_str("CNY")), UK_ERR_TOO_SMALL);
}

static void reads_amounts(void **state)
{
	static const struct {
		const char *text, *currency;
		int64_t minor;
	} rows[] = {
		{ "123.45", "CNY", 12345 },
		{ "123.4", "CNY", 12340 },
		{ "123", "CNY", 12300 },
		{ "0", "CNY", 0 },
		{ "0.00", "CNY", 0 },
		{ "0.05", "CNY", 5 },
		{ "100", "JPY", 100 },
		{ "1.234", "KWD", 1234 },
		{ "92233720368547758.07", "CNY", INT64_MAX },
		{ "9223372036854775807", "JPY", INT64_MAX },
	};
	int64_t minor;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_ok(bank_parse_amount(uk_view_str(rows[i].text),
		    uk_view_str(rows[i].currency), &minor));
		assert_true(minor == rows[i].minor);
	}
}

static void refuses_amounts(void **state)
{
	static const char *const rows[] = { "", ".", "1.", ".5", "1.234", "-1",
		"+1", " 1", "1 ", "1 000", "1,000", "1,5", "1.2.3", "01", "00",
		"00.5", "1e3", "0x10", "1.5 CNY", "\xd9\xa1", "1\n",
		"92233720368547758.08", "92233720368547759",
		"99999999999999999999999999999999999999" };
	int64_t minor = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_code(bank_parse_amount(uk_view_str(rows[i]),
				uk_view_str("CNY"), &minor),
		    UK_ERR_FORMAT);
		assert_true(minor == 0);
	}
	expect_code(
	    bank_parse_amount(uk_view("1\0", 2), uk_view_str("CNY"), &minor),
	    UK_ERR_FORMAT);
	expect_code(
	    bank_parse_amount(uk_view_str("1.0"), uk_view_str("JPY"), &minor),
	    UK_ERR_FORMAT);
	expect_code(
	    bank_parse_amount(uk_view_str("1"), uk_view_str("???"), &minor),
	    UK_ERR_ARGUMENT);
}

/* Seconds by date -u -d TEXT +%s (GNU coreutils 9.1). */
static void writes_and_reads_times(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{ "2026-11-20T12:00:00Z", 1795176000 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "2000-02-29T23:59:59Z", 951868799 },
		{ "2038-01-19T03:14:08Z", 2147483648 },
		{ "0000-01-01T00:00:00Z", -62167219200 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
	};
	uint8_t room[20];
	uk_buf b;
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b = (uk_buf)UK_BUF(room);
		bank_put_time(&b, rows[i].seconds);
		expect_ok(uk_buf_result(&b));
		expect_text(uk_buf_view(&b), rows[i].text);
		expect_ok(bank_parse_time(uk_view_str(rows[i].text), &seconds));
		assert_true(seconds == rows[i].seconds);
	}
}

static void refuses_times(void **state)
{
	static const char *const rows[] = { "", "2026-11-20",
		"2026-11-20T12:00:00", "2026-11-20T12:00:00+00:00",
		"2026-11-20T12:00:00.0Z", "2026-11-20T12:00:00ZZ",
		"2026-11-20 12:00:00Z", "2026-11-20t12:00:00z",
		"2026-02-29T12:00:00Z", "2026-02-30T12:00:00Z",
		"1900-02-29T12:00:00Z", "2026-13-01T12:00:00Z",
		"2026-00-01T12:00:00Z", "2026-01-00T12:00:00Z",
		"2026-04-31T12:00:00Z", "2026-11-20T24:00:00Z",
		"2026-11-20T12:60:00Z", "2016-12-31T23:59:60Z",
		"2026-1-20T12:00:00Z", "+026-11-20T12:00:00Z",
		"2026-11-20T12:00:0 Z", "-026-11-20T12:00:00Z" };
	uint8_t room[32];
	uk_buf b = UK_BUF(room);
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_code(bank_parse_time(uk_view_str(rows[i]), &seconds),
		    UK_ERR_FORMAT);
		assert_true(seconds == 0);
	}
	bank_put_time(&b, 253402300800); /* year 10000 */
	assert_true(b.bad);
	b = (uk_buf)UK_BUF(room);
	bank_put_time(&b, INT64_MIN);
	assert_true(b.bad);
}

static struct bank_order_text an_order(void)
{
	return (struct bank_order_text){
		.from = uk_view_str("6217000010001"),
		.to = uk_view_str("6217000010002"),
		.payee = uk_view_str("Zhang San"),
		.memo = uk_view_str("rent"),
		.amount = 12345,
		.currency = uk_view_str("CNY"),
		.bank = uk_view_str("https://bank.example:8443"),
		.order = uk_view_str("2026-1"),
		.customer = uk_view_str("C1"),
		.prepared = uk_view_str("2026-11-20T12:00:00Z"),
		.expires = uk_view_str("2026-11-20T12:10:00Z"),
	};
}

#define DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define ITEM(k, v)  "<M><k>" k "</k><v>" v "</v></M>"
#define ORDER_EXTRA                                                            \
	"<E>" ITEM("Type", "transfer-1")                                       \
	    ITEM("Bank", "https://bank.example:8443") ITEM("Order", "2026-1")  \
		ITEM("Customer", "C1")                                         \
		    ITEM("Prepared", "2026-11-20T12:00:00Z")                   \
			ITEM("Expires", "2026-11-20T12:10:00Z") "</E></T>"

static void writes_order_text(void **state)
{
	struct bank_order_text t = an_order();
	uint8_t room[UK_TX_MAX];
	uk_buf b = UK_BUF(room);

	(void)state;
	expect_ok(bank_put_order_text(&b, &t));
	expect_text(uk_buf_view(&b), DECLARATION
	    "<T><D>" ITEM("From", "6217000010001") ITEM("To", "6217000010002")
		ITEM("Payee", "Zhang San") ITEM("Amount", "123.45 CNY")
		    ITEM("Memo", "rent") "</D>" ORDER_EXTRA);
	b = (uk_buf)UK_BUF(room);
	t.memo = UK_NONE;
	expect_ok(bank_put_order_text(&b, &t));
	expect_text(uk_buf_view(&b),
	    DECLARATION "<T><D>" ITEM("From", "6217000010001")
		ITEM("To", "6217000010002") ITEM("Payee", "Zhang San")
		    ITEM("Amount", "123.45 CNY") "</D>" ORDER_EXTRA);
}

static void refuses_bad_orders(void **state)
{
	struct bank_order_text t = an_order();
	uint8_t room[UK_TX_MAX];
	uk_buf b = UK_BUF(room);

	(void)state;
	t.payee = uk_view_str("x</v></M><M><k>Amount</k><v>0.01 CNY");
	expect_code(bank_put_order_text(&b, &t), UK_ERR_FORMAT);
	b = (uk_buf)UK_BUF(room);
	t = an_order();
	t.memo = hex("72656E74E280AE");
	expect_code(bank_put_order_text(&b, &t), UK_ERR_FORMAT);
	b = (uk_buf)UK_BUF(room);
	t = an_order();
	t.currency = uk_view_str("ABC");
	expect_code(bank_put_order_text(&b, &t), UK_ERR_ARGUMENT);
	b = uk_buf_over(room, 300);
	t = an_order();
	expect_code(bank_put_order_text(&b, &t), UK_ERR_TOO_SMALL);
}

/* sha256sum of "abc" and of nothing */
#define SHA_ABC                                                                \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA_NONE                                                               \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void writes_receipt_text(void **state)
{
	struct bank_receipt_text t = {
		.from = uk_view_str("1"),
		.to = uk_view_str("2"),
		.payee = uk_view_str("Li Si"),
		.memo = UK_NONE,
		.amount = 100,
		.currency = uk_view_str("JPY"),
		.time = uk_view_str("2026-11-20T12:00:01Z"),
		.receipt = uk_view_str("R-1"),
		.bank = uk_view_str("https://bank.example"),
		.order = uk_view_str("2026-1"),
		.order_sha256 = hex(SHA_ABC),
		.signature_sha256 = hex(SHA_NONE),
	};
	uint8_t room[UK_TX_MAX];
	uk_buf b = UK_BUF(room);

	(void)state;
	expect_ok(bank_put_receipt_text(&b, &t));
	expect_text(uk_buf_view(&b),
	    DECLARATION "<T><D>" ITEM("Result", "posted") ITEM("From", "1")
		ITEM("To", "2") ITEM("Payee", "Li Si") ITEM("Amount", "100 JPY")
		    ITEM("Time", "2026-11-20T12:00:01Z") ITEM(
			"Receipt", "R-1") "</D><E>" ITEM("Type", "receipt-1")
			ITEM("Bank", "https://bank.example") ITEM(
			    "Order", "2026-1") ITEM("Order-SHA256", SHA_ABC)
			    ITEM("Signature-SHA256", SHA_NONE) "</E></T>");
	b = (uk_buf)UK_BUF(room);
	t.order_sha256 = hex("00");
	expect_code(bank_put_receipt_text(&b, &t), UK_ERR_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(currencies),
		cmocka_unit_test(writes_money),
		cmocka_unit_test(reads_amounts),
		cmocka_unit_test(refuses_amounts),
		cmocka_unit_test(writes_and_reads_times),
		cmocka_unit_test(refuses_times),
		cmocka_unit_test(writes_order_text),
		cmocka_unit_test(refuses_bad_orders),
		cmocka_unit_test(writes_receipt_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
