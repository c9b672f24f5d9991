/* The reader socket's messages. Expected bytes are written down from
 * docs/virtual-card.md. */
#include "wire.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

/* Every type, and its bytes. */
static const struct row {
	const char *bytes;
	struct uk_wire m;
	const char *apdu;
} rows[] = {
	{ "01 00000001 01", { .type = UK_WIRE_WATCH, .version = 1 }, "" },
	{ "02 00000002 01 03",
	    { .type = UK_WIRE_CONNECT, .version = 1, .slot = 3 }, "" },
	{ "03 00000000", { .type = UK_WIRE_BEGIN }, "" },
	{ "04 00000001 00", { .type = UK_WIRE_END }, "" },
	{ "04 00000001 01", { .type = UK_WIRE_END, .fate = UK_WIRE_RESET },
	    "" },
	{ "05 00000004 00A4000C", { .type = UK_WIRE_TRANSMIT }, "00A4000C" },
	{ "05 00000001 AA", { .type = UK_WIRE_TRANSMIT }, "AA" },
	{ "06 00000001 01",
	    { .type = UK_WIRE_DISCONNECT, .fate = UK_WIRE_RESET }, "" },
	{ "81 00000001 00", { .type = UK_WIRE_STATE }, "" },
	{ "81 0000000F 02 01 00000102 02 3B00 00 FFFFFFFF 00",
	    { .type = UK_WIRE_STATE,
		.slot_count = 2,
		.slots = { { true, 0x102, 2, { 0x3b, 0x00 } },
		    { false, 0xffffffff, 0, { 0 } } } },
	    "" },
	{ "82 00000000", { .type = UK_WIRE_DONE }, "" },
	{ "83 00000002 9000", { .type = UK_WIRE_ANSWER }, "9000" },
	{ "84 00000001 05", { .type = UK_WIRE_ERROR, .error = UK_WIRE_E_RESET },
	    "" },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_encode(void **state)
{
	uint8_t storage[64];

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct uk_wire m = rows[i].m;
		uk_buf out = UK_BUF(storage);

		m.apdu = hex(rows[i].apdu);
		expect_ok(uk_wire_encode(&m, &out));
		expect_bytes(uk_buf_view(&out), hex(rows[i].bytes));
	}
}

static void expect_same(const struct uk_wire *a, const struct row *row)
{
	const struct uk_wire *b = &row->m;

	assert_int_equal(a->type, b->type);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->slot, b->slot);
	assert_int_equal(a->fate, b->fate);
	assert_int_equal(a->error, b->error);
	expect_bytes(a->apdu, hex(row->apdu));
	assert_int_equal(a->slot_count, b->slot_count);
	for (size_t i = 0; i < b->slot_count; i++) {
		assert_int_equal(a->slots[i].present, b->slots[i].present);
		assert_int_equal(a->slots[i].events, b->slots[i].events);
		expect_bytes(uk_view(a->slots[i].atr, a->slots[i].atr_len),
		    uk_view(b->slots[i].atr, b->slots[i].atr_len));
	}
}

/* Whole, with the next message behind it; and every beginning of it. */
static void test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		uk_bytes whole = hex(rows[i].bytes);
		uint8_t storage[128];
		uk_buf two = UK_BUF(storage);
		struct uk_wire m;
		size_t size;

		uk_put(&two, whole);
		uk_put(&two, hex("FF"));
		expect_ok(uk_wire_decode(uk_buf_view(&two), &m, &size));
		assert_int_equal(size, whole.n);
		expect_same(&m, &rows[i]);
		for (size_t n = 0; n < whole.n; n++)
			expect_code(
			    uk_wire_decode(uk_bytes_first(whole, n), &m, &size),
			    UK_ERR_TOO_SMALL);
	}
}

static void test_refuses(void **state)
{
	static const char *const wrong[] = {
		"00",             /* no type at all: known at once */
		"07",             /* nor this */
		"80",             /* nor this */
		"85",             /* nor this */
		"01 00000000",    /* too short a body */
		"01 00000002",    /* too long, before it is there */
		"02 00000001",    /* */
		"03 00000001",    /* */
		"04 00000001 02", /* no such fate */
		"05 00000000",    /* an APDU of no bytes */
		"05 00010009",    /* longer than any command */
		"05 FFFFFFFF",    /* */
		"06 00000001 FF", /* no such fate */
		"81 00000000",    /* */
		"81 000009C2",    /* longer than 64 slots with ATRs */
		"81 00000001 41", /* 65 slots */
		"81 00000001 01", /* a slot that is not there */
		"81 00000007 01 02 00000000 00",    /* an unknown flag */
		"81 00000008 01 01 00000000 02 3B", /* half an ATR */
		"81 00000008 01 01 00000000 00 3B", /* a byte too many */
		"83 00000001",                      /* no status word */
		"83 00010003",                      /* longer than any answer */
		"84 00000002",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct uk_wire m;
		size_t size;
		uk_err err = uk_wire_decode(hex(wrong[i]), &m, &size);

		if (!uk_is(err, UK_ERR_FORMAT))
			fail_msg("%s: %s", wrong[i], uk_err_name(err));
	}
}

/* An ATR of 34 bytes cannot be told: its length is refused. */
static void test_refuses_long_atr(void **state)
{
	uint8_t storage[64];
	uk_buf in = UK_BUF(storage);
	struct uk_wire m;
	size_t size;

	(void)state;
	uk_put(&in, hex("81 00000029 01 01 00000000 22"));
	uk_put_fill(&in, 0x3b, 34);
	expect_code(uk_wire_decode(uk_buf_view(&in), &m, &size), UK_ERR_FORMAT);
}

static void test_encode_refuses(void **state)
{
	static const uint8_t apdu[UK_APDU_MAX + 1];
	static uint8_t storage[UK_WIRE_MAX + 16];
	struct uk_wire m = { .type = 0x42 };
	uk_buf out = UK_BUF(storage);

	(void)state;
	expect_code(uk_wire_encode(&m, &out), UK_ERR_ARGUMENT);
	m = (struct uk_wire){ .type = UK_WIRE_END, .fate = 2 };
	expect_code(uk_wire_encode(&m, &out), UK_ERR_ARGUMENT);
	m = (struct uk_wire){ .type = UK_WIRE_TRANSMIT };
	expect_code(uk_wire_encode(&m, &out), UK_ERR_ARGUMENT);
	m.apdu = uk_view(apdu, UK_APDU_MAX + 1);
	expect_code(uk_wire_encode(&m, &out), UK_ERR_ARGUMENT);
	m.apdu = uk_view(apdu, UK_APDU_MAX);
	expect_ok(uk_wire_encode(&m, &out));
	assert_int_equal(out.len, UK_WIRE_MAX);
	m = (struct uk_wire){ .type = UK_WIRE_ANSWER,
		.apdu = uk_view(apdu, UK_RESPONSE_MAX + 1) };
	out.len = 0;
	expect_code(uk_wire_encode(&m, &out), UK_ERR_ARGUMENT);
	m.apdu = uk_view(apdu, 1);
	expect_code(uk_wire_encode(&m, &out), UK_ERR_ARGUMENT);
	m = (struct uk_wire){ .type = UK_WIRE_STATE, .slot_count = 65 };
	expect_code(uk_wire_encode(&m, &out), UK_ERR_ARGUMENT);
	m.slot_count = 1;
	m.slots[0].atr_len = 34;
	expect_code(uk_wire_encode(&m, &out), UK_ERR_ARGUMENT);
	out = uk_buf_over(storage, 4);
	m = (struct uk_wire){ .type = UK_WIRE_DONE };
	expect_code(uk_wire_encode(&m, &out), UK_ERR_TOO_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_refuses_long_atr),
		cmocka_unit_test(test_encode_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
