/*
 * BER-TLV. Tags and lengths of ISO/IEC 7816-4:2020, 6.3 (tables 8 and 9) and
 * X.690, 8.1; the templates are those of EMV and PIV cards.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "tlv.h"

#include <string.h>

static void reads_tags_and_lengths(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t tag;
		const char *value;
	} rows[] = {
		{ "4F00", 0x4f, "" },
		{ "8001AA", 0x80, "AA" },
		{ "7F490281 00", 0x7f49, "8100" },
		{ "9F3602 0001", 0x9f36, "0001" },
		{ "5FC10503 AABBCC", 0x5fc105, "AABBCC" },
		{ "1F0101 AA", 0x1f01, "AA" },
		{ "538102 AABB", 0x53, "AABB" }, /* longer than needed: BER */
		{ "53820002 AABB", 0x53, "AABB" },
		{ "5383000002 AABB", 0x53, "AABB" },
		{ "538400000002 AABB", 0x53, "AABB" },
		{ "00 00", 0x00, "" },
		{ "FF00", 0xff00, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i].bytes));
		uk_tlv t;

		if (rows[i].value == NULL) {
			assert_false(uk_tlv_next(&r, &t));
			continue;
		}
		assert_true(uk_tlv_next(&r, &t));
		assert_int_equal(t.tag, rows[i].tag);
		expect_bytes(t.value, hex(rows[i].value));
		expect_bytes(t.whole, hex(rows[i].bytes));
		assert_false(uk_tlv_next(&r, &t));
		expect_ok(uk_read_end(&r));
	}
}

static void refuses_malformed(void **state)
{
	static const char *const rows[] = {
		"4F", "7F", "7F49", "5FC1", "5FC105", /* cut in the tag */
		"4F01", "4F05AABBCCDD",               /* cut in the value */
		"4F81", "4F8200", "4F820001",         /* cut in the length */
		"4F80", "4F800000",          /* indefinite, X.690 8.1.3.6 */
		"4F85 0000000001AA", "4FFF", /* more than four bytes */
		"4F84FFFFFFFF", "4F847FFFFFFF AA",
		"1F81818101 00", /* tag of more than three bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_reader r = uk_read(hex(rows[i]));
		uk_tlv t;

		assert_false(uk_tlv_next(&r, &t));
		expect_code(uk_read_end(&r), UK_ERR_FORMAT);
		assert_int_equal(t.value.n, 0);
		assert_int_equal(t.whole.n, 0);
	}
}

/* The FCI of docs/card-profile.md, 1.1. */
static const char FCI[] = "6F1F 8408F0756B65792E3031 8A0105"
			  "A510 80020100 82041122 3344 5004 54657374";

static void walks_templates(void **state)
{
	static const uint32_t tags[] = { 0x84, 0x8a, 0xa5 };
	uk_bytes inside, v;
	uk_reader r;
	uk_tlv t;
	size_t n = 0;

	(void)state;
	expect_ok(uk_tlv_only(hex(FCI), 0x6f, &inside));
	r = uk_read(inside);
	UK_TLV_EACH (r, t)
		assert_int_equal(t.tag, tags[n++]);
	expect_ok(uk_read_end(&r));
	assert_int_equal(n, 3);
	assert_true(uk_tlv_find(inside, 0x8a, &v));
	expect_bytes(v, hex("05"));
	assert_false(uk_tlv_find(inside, 0x50, &v)); /* one level deeper */
	assert_int_equal(v.n, 0);
	assert_true(uk_tlv_find(inside, 0xa5, &inside));
	assert_true(uk_tlv_find(inside, 0x50, &v));
	expect_bytes(v, uk_view_str("Test"));
}

static void finds_the_first(void **state)
{
	uk_bytes v;

	(void)state;
	assert_true(uk_tlv_find(hex("8001AA 8001BB"), 0x80, &v));
	expect_bytes(v, hex("AA"));
	assert_true(uk_tlv_find(hex("8001AA 81"), 0x80, &v)); /* as promised */
	assert_false(uk_tlv_find(hex("81 8001AA"), 0x80, &v));
	assert_false(uk_tlv_find(UK_NONE, 0x80, &v));
}

static void only_means_exactly_one(void **state)
{
	uk_bytes v;

	(void)state;
	expect_code(uk_tlv_only(hex("8001AA"), 0x81, &v), UK_ERR_FORMAT);
	expect_code(uk_tlv_only(hex("8001AA00"), 0x80, &v), UK_ERR_FORMAT);
	expect_code(uk_tlv_only(hex("8002AA"), 0x80, &v), UK_ERR_FORMAT);
	expect_code(uk_tlv_only(UK_NONE, 0x80, &v), UK_ERR_FORMAT);
	assert_int_equal(v.n, 0);
}

static void writes_shortest_lengths(void **state)
{
	static const struct {
		size_t n;
		const char *bytes;
	} rows[] = {
		{ 0, "00" },
		{ 127, "7F" },
		{ 128, "8180" },
		{ 255, "81FF" },
		{ 256, "820100" },
		{ 65535, "82FFFF" },
		{ 65536, "83010000" },
		{ 0xffffff, "83FFFFFF" },
		{ 0x1000000, "8401000000" },
		{ 0xffffffff, "84FFFFFFFF" },
	};
	uint8_t room[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_buf b = UK_BUF(room);

		uk_put_length(&b, rows[i].n);
		expect_bytes(uk_buf_view(&b), hex(rows[i].bytes));
	}
#if SIZE_MAX > UINT32_MAX
	uk_buf b = UK_BUF(room);

	uk_put_length(&b, (size_t)UINT32_MAX + 1);
	assert_true(b.bad);
	assert_int_equal(b.len, 0);
#endif
}

static void writes_objects(void **state)
{
	uint8_t room[64];
	uk_buf b = UK_BUF(room);
	size_t outer, inner;

	(void)state;
	outer = uk_tlv_begin(&b, 0x6f);
	uk_put_tlv(&b, 0x84, hex("F0756B65792E3031"));
	uk_put_tlv_u8(&b, 0x8a, 5);
	inner = uk_tlv_begin(&b, 0xa5);
	uk_put_tlv_u16(&b, 0x80, 0x0100);
	uk_put_tlv_u32(&b, 0x82, 0x11223344);
	uk_put_tlv(&b, 0x50, uk_view_str("Test"));
	uk_tlv_end(&b, inner);
	uk_tlv_end(&b, outer);
	expect_ok(uk_buf_result(&b));
	expect_bytes(uk_buf_view(&b), hex(FCI));
	b = (uk_buf)UK_BUF(room);
	uk_put_tlv(&b, 0x7f49, UK_NONE);
	uk_put_tlv(&b, 0x5fc105, UK_NONE);
	expect_bytes(uk_buf_view(&b), hex("7F4900 5FC10500"));
}

static void long_values_move_to_make_room(void **state)
{
	static uint8_t room[70000], fill[65536];
	static const struct {
		size_t n;
		const char *head;
	} rows[] = { { 127, "307F" }, { 128, "308180" }, { 256, "30820100" },
		{ 65536, "3083010000" } };

	(void)state;
	memset(fill, 0x5a, sizeof(fill));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_buf b = UK_BUF(room);
		size_t at = uk_tlv_begin(&b, 0x30);
		uk_bytes head = hex(rows[i].head);

		uk_put(&b, uk_view(fill, rows[i].n));
		uk_tlv_end(&b, at);
		expect_ok(uk_buf_result(&b));
		assert_int_equal(b.len, head.n + rows[i].n);
		expect_bytes(uk_bytes_first(uk_buf_view(&b), head.n), head);
		expect_bytes(uk_bytes_from(uk_buf_view(&b), head.n),
		    uk_view(fill, rows[i].n));
		/* room for the value, but not for its length */
		b = uk_buf_over(room, 1 + rows[i].n);
		at = uk_tlv_begin(&b, 0x30);
		uk_put(&b, uk_view(fill, rows[i].n));
		uk_tlv_end(&b, at);
		expect_code(uk_buf_result(&b), UK_ERR_TOO_SMALL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tags_and_lengths),
		cmocka_unit_test(refuses_malformed),
		cmocka_unit_test(walks_templates),
		cmocka_unit_test(finds_the_first),
		cmocka_unit_test(only_means_exactly_one),
		cmocka_unit_test(writes_shortest_lengths),
		cmocka_unit_test(writes_objects),
		cmocka_unit_test(long_values_move_to_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
