/*
 * Amounts, times, order numbers, and the order text made of hostile fields. The
 * input is cut into lines; the whole of it is tried as every single thing, the
 * lines as the fields of an order.
 */
#include "fuzz_check.h"
#include "proto.h"

#include <string.h>

static void check_amount(uk_bytes text)
{
	static const char *const currencies[] = { "CNY", "JPY", "KWD" };

	for (size_t i = 0; i < 3; i++) {
		uk_bytes currency = uk_view_str(currencies[i]);
		uint8_t room[64];
		uk_buf b = UK_BUF(room);
		int64_t minor, again;

		if (!uk_is_ok(bank_parse_amount(text, currency, &minor))) {
			CHECK(minor == 0);
			continue;
		}
		CHECK(minor >= 0);
		CHECK(uk_is_ok(bank_put_money(&b, minor, currency)));
		CHECK(b.len > 4);
		CHECK(uk_is_ok(bank_parse_amount(
		    uk_view(room, b.len - 4), currency, &again)));
		CHECK(again == minor);
	}
}

static void check_time(uk_bytes text)
{
	uint8_t room[20];
	uk_buf b = UK_BUF(room);
	int64_t seconds;

	if (!uk_is_ok(bank_parse_time(text, &seconds)))
		return;
	bank_put_time(&b, seconds);
	CHECK(uk_bytes_eq(uk_buf_view(&b), text));
}

static void check_number(uk_bytes text)
{
	if (!bank_order_number_ok(text))
		return;
	CHECK(text.n >= 1 && text.n <= BANK_ORDER_NUMBER_MAX);
	CHECK(uk_tx_value_ok(text)); /* always fits into the text */
	CHECK(memchr(text.p, '/', text.n) == NULL); /* and into a path */
}

static uk_bytes next_line(uk_bytes *rest)
{
	const uint8_t *end = rest->n == 0 ? NULL
					  : memchr(rest->p, '\n', rest->n);
	size_t n = end == NULL ? rest->n : (size_t)(end - rest->p);
	uk_bytes line = uk_bytes_first(*rest, n);

	*rest = uk_bytes_from(*rest, n + 1);
	return line;
}

static void expect_item(const uk_tx *tx, const char *key, uk_bytes want)
{
	uk_bytes v;

	CHECK(uk_tx_find(tx, key, &v) && uk_bytes_eq(v, want));
}

/* Whatever the fields hold: the text has the items of protocol.md, no other. */
static void check_order_text(uk_bytes input)
{
	static uint8_t room[UK_TX_MAX + 64];
	uk_buf b = UK_BUF(room);
	struct bank_order_text t = { 0 };
	uk_tx tx;

	t.from = next_line(&input);
	t.to = next_line(&input);
	t.payee = next_line(&input);
	t.memo = next_line(&input);
	t.order = next_line(&input);
	t.bank = next_line(&input);
	t.customer = t.from;
	t.prepared = t.expires = uk_view_str("2026-11-20T12:00:00Z");
	t.amount = 100;
	t.currency = uk_view_str("CNY");
	if (!uk_is_ok(bank_put_order_text(&b, &t)))
		return;
	CHECK(uk_is_ok(uk_tx_parse(uk_buf_view(&b), &tx)));
	CHECK(tx.shown == (t.memo.n > 0 ? 5U : 4U));
	CHECK(tx.count == tx.shown + 6);
	expect_item(&tx, "From", t.from);
	expect_item(&tx, "To", t.to);
	expect_item(&tx, "Payee", t.payee);
	expect_item(&tx, "Amount", uk_view_str("1.00 CNY"));
	expect_item(&tx, "Order", t.order);
	expect_item(&tx, "Bank", t.bank);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes text = uk_view(data, size);

	check_amount(text);
	check_time(text);
	check_number(text);
	check_order_text(text);
	return 0;
}
