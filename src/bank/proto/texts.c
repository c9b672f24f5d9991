/* Money, times and the two texts: docs/protocol.md, sections 5 and 6. */
#include "proto.h"

#include "hex.h"

#include <time.h>

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

/* --- money --------------------------------------------------------------- */

static const struct currency_row {
	char code[4];
	int decimals;
} currencies[] = {
	/* ISO 4217, table A.1 */
	{ "AUD", 2 },
	{ "BHD", 3 },
	{ "BRL", 2 },
	{ "CAD", 2 },
	{ "CHF", 2 },
	{ "CNY", 2 },
	{ "CZK", 2 },
	{ "DKK", 2 },
	{ "EUR", 2 },
	{ "GBP", 2 },
	{ "HKD", 2 },
	{ "HUF", 2 },
	{ "IDR", 2 },
	{ "ILS", 2 },
	{ "INR", 2 },
	{ "ISK", 0 },
	{ "JPY", 0 },
	{ "KRW", 0 },
	{ "KWD", 3 },
	{ "MOP", 2 },
	{ "MXN", 2 },
	{ "MYR", 2 },
	{ "NOK", 2 },
	{ "NZD", 2 },
	{ "PHP", 2 },
	{ "PLN", 2 },
	{ "SEK", 2 },
	{ "SGD", 2 },
	{ "THB", 2 },
	{ "TND", 3 },
	{ "TRY", 2 },
	{ "TWD", 2 },
	{ "USD", 2 },
	{ "VND", 0 },
	{ "ZAR", 2 },
};

int bank_currency_decimals(uk_bytes currency)
{
	for (size_t i = 0; i < ROWS(currencies); i++) {
		if (uk_bytes_eq(currency, uk_view_str(currencies[i].code)))
			return currencies[i].decimals;
	}
	return -1;
}

/* At least `width` decimal digits. */
static void put_number(uk_buf *out, uint64_t v, int width)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (uint8_t)('0' + v % 10);
		v /= 10;
		width--;
	} while (v > 0 || width > 0);
	uk_put(out, uk_bytes_from(UK_ARRAY(digits), at));
}

static uint64_t power_of_ten(int n)
{
	uint64_t p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

uk_err bank_put_money(uk_buf *out, int64_t minor, uk_bytes currency)
{
	int decimals = bank_currency_decimals(currency);
	uint64_t unit = power_of_ten(decimals);
	uint64_t size = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;

	if (decimals < 0)
		return uk_fail(UK_ERR_ARGUMENT);
	if (minor < 0)
		uk_put_u8(out, '-');
	put_number(out, size / unit, 1);
	if (decimals > 0) {
		uk_put_u8(out, '.');
		put_number(out, size % unit, decimals);
	}
	uk_put_u8(out, ' ');
	uk_put(out, currency);
	return uk_buf_result(out);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* One more decimal digit; the reader turns bad rather than the sum wrong. */
static void append_digit(uk_reader *r, int64_t *sum, int digit)
{
	if (__builtin_mul_overflow(*sum, 10, sum) ||
	    __builtin_add_overflow(*sum, digit, sum))
		r->bad = true;
}

static int get_digits(uk_reader *r, int64_t *sum)
{
	int n = 0;

	for (; is_digit(uk_peek_u8(r)); n++)
		append_digit(r, sum, uk_get_u8(r) - '0');
	return n;
}

uk_err bank_parse_amount(uk_bytes text, uk_bytes currency, int64_t *minor)
{
	int decimals = bank_currency_decimals(currency);
	uk_reader r = uk_read(text);
	int64_t sum = 0;
	int whole, part = 0;

	*minor = 0;
	if (decimals < 0)
		return uk_fail(UK_ERR_ARGUMENT);
	whole = get_digits(&r, &sum);
	if (whole == 0 || (whole > 1 && text.p[0] == '0'))
		return uk_fail(UK_ERR_FORMAT);
	if (uk_peek_u8(&r) == '.') {
		(void)uk_get_u8(&r);
		part = get_digits(&r, &sum);
		if (part == 0 || part > decimals)
			return uk_fail(UK_ERR_FORMAT);
	}
	while (part++ < decimals)
		append_digit(&r, &sum, 0);
	UK_TRY(uk_read_end(&r));
	*minor = sum;
	return uk_ok();
}

/* --- time ---------------------------------------------------------------- */

enum { TIME_TEXT = 20 }; /* 2026-11-20T12:00:00Z */

static const int64_t first_second = -62167219200; /* 0000-01-01T00:00:00Z */
static const int64_t last_second = 253402300799;  /* 9999-12-31T23:59:59Z */

void bank_put_time(uk_buf *out, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm utc;

	if (seconds < first_second || seconds > last_second ||
	    gmtime_r(&when, &utc) == NULL) {
		out->bad = true;
		return;
	}
	put_number(out, (uint64_t)utc.tm_year + 1900, 4);
	uk_put_u8(out, '-');
	put_number(out, (uint64_t)utc.tm_mon + 1, 2);
	uk_put_u8(out, '-');
	put_number(out, (uint64_t)utc.tm_mday, 2);
	uk_put_u8(out, 'T');
	put_number(out, (uint64_t)utc.tm_hour, 2);
	uk_put_u8(out, ':');
	put_number(out, (uint64_t)utc.tm_min, 2);
	uk_put_u8(out, ':');
	put_number(out, (uint64_t)utc.tm_sec, 2);
	uk_put_u8(out, 'Z');
}

/* n digits and then the separator. */
static int get_part(uk_reader *r, int n, char separator)
{
	int v = 0;

	while (n-- > 0) {
		if (!is_digit(uk_peek_u8(r)))
			r->bad = true;
		v = v * 10 + (uk_get_u8(r) - '0');
	}
	if (uk_get_u8(r) != (uint8_t)separator)
		r->bad = true;
	return r->bad ? 0 : v;
}

uk_err bank_parse_time(uk_bytes text, int64_t *seconds)
{
	uint8_t again[TIME_TEXT];
	uk_buf b = UK_BUF(again);
	uk_reader r = uk_read(text);
	struct tm utc = { 0 };
	int64_t when;

	*seconds = 0;
	utc.tm_year = get_part(&r, 4, '-') - 1900;
	utc.tm_mon = get_part(&r, 2, '-') - 1;
	utc.tm_mday = get_part(&r, 2, 'T');
	utc.tm_hour = get_part(&r, 2, ':');
	utc.tm_min = get_part(&r, 2, ':');
	utc.tm_sec = get_part(&r, 2, 'Z');
	UK_TRY(uk_read_end(&r));
	/* timegm makes 30 February a day in March: written again it must be
	 * the same text. */
	when = timegm(&utc);
	bank_put_time(&b, when);
	if (!uk_bytes_eq(uk_buf_view(&b), text))
		return uk_fail(UK_ERR_FORMAT);
	*seconds = when;
	return uk_ok();
}

/* --- the texts ----------------------------------------------------------- */

enum { MONEY_TEXT = 32 }; /* sign, 20 digits, point, blank, currency */

static uk_err put_amount(uk_buf *out, int64_t amount, uk_bytes currency)
{
	uint8_t room[MONEY_TEXT];
	uk_buf money = UK_BUF(room);

	UK_TRY(bank_put_money(&money, amount, currency));
	uk_tx_put(out, "Amount", uk_buf_view(&money));
	return uk_ok();
}

static void put_sha256(uk_buf *out, const char *key, uk_bytes hash)
{
	uint8_t room[64];
	uk_buf text = UK_BUF(room);

	uk_put_hex(&text, hash);
	uk_tx_put(out, key, uk_buf_view(&text));
}

uk_err bank_put_order_text(uk_buf *out, const struct bank_order_text *t)
{
	uk_tx_begin(out);
	uk_tx_put(out, "From", t->from);
	uk_tx_put(out, "To", t->to);
	uk_tx_put(out, "Payee", t->payee);
	UK_TRY(put_amount(out, t->amount, t->currency));
	if (t->memo.n > 0)
		uk_tx_put(out, "Memo", t->memo);
	if (t->bill.n > 0) {
		uk_tx_put(out, "Merchant", t->merchant);
		uk_tx_put(out, "Merchant order", t->merchant_order);
	}
	uk_tx_extra(out);
	uk_tx_put(
	    out, "Type", uk_view_str(t->bill.n > 0 ? "bill-1" : "transfer-1"));
	uk_tx_put(out, "Bank", t->bank);
	uk_tx_put(out, "Order", t->order);
	uk_tx_put(out, "Customer", t->customer);
	uk_tx_put(out, "Prepared", t->prepared);
	uk_tx_put(out, "Expires", t->expires);
	if (t->bill.n > 0)
		uk_tx_put(out, "Bill", t->bill);
	return uk_tx_end(out);
}

uk_err bank_put_receipt_text(uk_buf *out, const struct bank_receipt_text *t)
{
	if (t->order_sha256.n != 32 || t->signature_sha256.n != 32)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_tx_begin(out);
	uk_tx_put(out, "Result", uk_view_str("posted"));
	uk_tx_put(out, "From", t->from);
	uk_tx_put(out, "To", t->to);
	uk_tx_put(out, "Payee", t->payee);
	UK_TRY(put_amount(out, t->amount, t->currency));
	if (t->memo.n > 0)
		uk_tx_put(out, "Memo", t->memo);
	uk_tx_put(out, "Time", t->time);
	uk_tx_put(out, "Receipt", t->receipt);
	uk_tx_extra(out);
	uk_tx_put(out, "Type", uk_view_str("receipt-1"));
	uk_tx_put(out, "Bank", t->bank);
	uk_tx_put(out, "Order", t->order);
	put_sha256(out, "Order-SHA256", t->order_sha256);
	put_sha256(out, "Signature-SHA256", t->signature_sha256);
	if (t->display.n > 0)
		uk_tx_put(out, "Display", t->display);
	return uk_tx_end(out);
}
