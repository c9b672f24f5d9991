/* Views, reader and writer: above all their edges. */
#include "bytes.h"
#include "cmocka_all.h"
#include "fixtures.h"

static void views(void **state)
{
	static const uint8_t array[] = { 1, 2, 3, 4 };
	uk_bytes v = UK_ARRAY(array);

	(void)state;
	assert_int_equal(v.n, 4);
	assert_int_equal(uk_view_str("abc").n, 3);
	assert_int_equal(uk_view_str("").n, 0);
	assert_int_equal(uk_view_str(NULL).n, 0);
	assert_true(uk_bytes_eq(v, hex("01020304")));
	assert_false(uk_bytes_eq(v, hex("01020305")));
	assert_false(uk_bytes_eq(v, hex("010203")));
	assert_true(uk_bytes_eq(UK_NONE, uk_view("", 0)));
	expect_bytes(uk_bytes_from(v, 0), v);
	expect_bytes(uk_bytes_from(v, 3), hex("04"));
	expect_bytes(uk_bytes_from(v, 4), UK_NONE);
	expect_bytes(uk_bytes_from(v, SIZE_MAX), UK_NONE);
	expect_bytes(uk_bytes_first(v, 0), UK_NONE);
	expect_bytes(uk_bytes_first(v, 2), hex("0102"));
	expect_bytes(uk_bytes_first(v, 5), v);
	expect_bytes(uk_bytes_last(v, 0), UK_NONE);
	expect_bytes(uk_bytes_last(v, 2), hex("0304"));
	expect_bytes(uk_bytes_last(v, 5), v);
	expect_bytes(uk_bytes_trim_zeros(hex("0000010000")), hex("010000"));
	expect_bytes(uk_bytes_trim_zeros(hex("0000")), UK_NONE);
	expect_bytes(uk_bytes_trim_zeros(UK_NONE), UK_NONE);
}

static void reads_big_endian(void **state)
{
	uk_reader r = uk_read(hex("01 0203 04050607 08090A0B0C0D0E0F 1011"));

	(void)state;
	assert_int_equal(uk_peek_u8(&r), 1);
	assert_int_equal(uk_get_u8(&r), 1);
	assert_int_equal(uk_get_u16(&r), 0x0203);
	assert_int_equal(uk_get_u32(&r), 0x04050607);
	assert_true(uk_get_u64(&r) == UINT64_C(0x08090a0b0c0d0e0f));
	expect_code(uk_read_end(&r), UK_ERR_FORMAT); /* something is left */
	expect_ok(uk_read_ok(&r));
	expect_bytes(uk_get_rest(&r), hex("1011"));
	expect_ok(uk_read_end(&r));
	expect_bytes(uk_get_rest(&r), UK_NONE);
	assert_int_equal(uk_peek_u8(&r), -1);
	expect_ok(uk_read_end(&r));
}

static void reader_remembers_its_first_failure(void **state)
{
	uk_reader r = uk_read(hex("0102"));

	(void)state;
	assert_int_equal(uk_get_u32(&r), 0);
	assert_true(r.bad);
	assert_int_equal(r.left, 2);        /* nothing was taken */
	assert_int_equal(uk_get_u8(&r), 0); /* although it is there */
	assert_int_equal(uk_peek_u8(&r), -1);
	expect_bytes(uk_get(&r, 0), UK_NONE);
	expect_bytes(uk_get_rest(&r), UK_NONE);
	expect_code(uk_read_ok(&r), UK_ERR_FORMAT);
	expect_code(uk_read_end(&r), UK_ERR_FORMAT);
	r = uk_read(hex("01"));
	expect_bytes(uk_get(&r, SIZE_MAX), UK_NONE);
	assert_true(r.bad);
	r = uk_read(UK_NONE);
	expect_bytes(uk_get(&r, 0), UK_NONE);
	expect_ok(uk_read_end(&r));
	assert_int_equal(uk_get_u8(&r), 0);
	expect_code(uk_read_end(&r), UK_ERR_FORMAT);
}

static void writes_big_endian(void **state)
{
	uint8_t room[32];
	uk_buf b = UK_BUF(room);

	(void)state;
	uk_put_u8(&b, 0x01);
	uk_put_u16(&b, 0x0203);
	uk_put_u32(&b, 0x04050607);
	uk_put_u64(&b, UINT64_C(0x08090a0b0c0d0e0f));
	uk_put(&b, hex("AABB"));
	uk_put_fill(&b, 0xff, 3);
	uk_put_str(&b, "ok");
	uk_put_str(&b, NULL);
	uk_put(&b, UK_NONE);
	expect_ok(uk_buf_result(&b));
	expect_bytes(uk_buf_view(&b), hex("01 0203 04050607 08090A0B0C0D0E0F"
					  "AABB FFFFFF 6F6B"));
	assert_int_equal(uk_buf_left(&b), 32 - 22);
	uk_buf_cut(&b, 99);
	assert_int_equal(b.len, 22);
	uk_buf_cut(&b, 3);
	expect_bytes(uk_buf_view(&b), hex("010203"));
}

static void writer_remembers_its_first_failure(void **state)
{
	uint8_t room[4] = { 9, 9, 9, 9 };
	uk_buf b = uk_buf_over(room, 3);

	(void)state;
	uk_put_u16(&b, 0x0102);
	uk_put_u16(&b, 0x0304); /* does not fit */
	uk_put_u8(&b, 5);       /* would, but comes too late */
	expect_code(uk_buf_result(&b), UK_ERR_TOO_SMALL);
	expect_bytes(uk_buf_view(&b), hex("0102"));
	assert_int_equal(room[2], 9);
	assert_null(uk_put_room(&b, 0));
	b = uk_buf_over(room, 3);
	assert_null(uk_put_room(&b, SIZE_MAX));
	b = uk_buf_over(room, 3);
	uk_put_fill(&b, 0, 4);
	assert_true(b.bad);
	assert_int_equal(b.len, 0);
	b = uk_buf_over(NULL, 0);
	uk_put(&b, UK_NONE);
	expect_ok(uk_buf_result(&b));
	uk_put_u8(&b, 1);
	expect_code(uk_buf_result(&b), UK_ERR_TOO_SMALL);
}

static void pads_numbers_on_the_left(void **state)
{
	uint8_t room[8];
	uk_buf b = UK_BUF(room);

	(void)state;
	uk_put_padded(&b, hex("0102"), 4);
	expect_bytes(uk_buf_view(&b), hex("00000102"));
	b = (uk_buf)UK_BUF(room);
	uk_put_padded(&b, hex("0000000102"), 2); /* zeros do not count */
	expect_bytes(uk_buf_view(&b), hex("0102"));
	b = (uk_buf)UK_BUF(room);
	uk_put_padded(&b, UK_NONE, 2);
	expect_bytes(uk_buf_view(&b), hex("0000"));
	uk_put_padded(&b, hex("010203"), 2); /* would have to be shortened */
	assert_true(b.bad);
	assert_int_equal(b.len, 2);
}

static void opens_gaps(void **state)
{
	uint8_t room[8];
	uk_buf b = UK_BUF(room);

	(void)state;
	uk_put(&b, hex("01020304"));
	uk_buf_insert(&b, 1, 2);
	assert_int_equal(b.len, 6);
	expect_bytes(uk_bytes_from(uk_buf_view(&b), 3), hex("020304"));
	assert_int_equal(room[0], 1);
	uk_buf_insert(&b, 6, 1); /* at the end */
	assert_int_equal(b.len, 7);
	expect_ok(uk_buf_result(&b));
	uk_buf_insert(&b, 0, 2); /* does not fit */
	assert_true(b.bad);
	assert_int_equal(b.len, 7);
	assert_int_equal(room[0], 1);
	b = (uk_buf)UK_BUF(room);
	uk_buf_insert(&b, 1, 1); /* beyond the end */
	assert_true(b.bad);
}

static void copies_into_fields(void **state)
{
	uint8_t field[4] = { 9, 9, 9, 9 };
	char text[4] = "zzz";

	(void)state;
	expect_code(uk_copy_exact(field, 4, hex("010203")), UK_ERR_FORMAT);
	assert_int_equal(field[0], 9);
	expect_ok(uk_copy_exact(field, 4, hex("01020304")));
	expect_bytes(UK_ARRAY(field), hex("01020304"));
	expect_ok(uk_copy_exact(NULL, 0, UK_NONE));
	expect_ok(uk_copy_str(text, sizeof(text), uk_view_str("abc")));
	assert_string_equal(text, "abc");
	expect_code(uk_copy_str(text, sizeof(text), uk_view_str("abcd")),
	    UK_ERR_TOO_SMALL);
	expect_code(
	    uk_copy_str(text, sizeof(text), uk_view("a\0b", 3)), UK_ERR_FORMAT);
	assert_string_equal(text, "abc");
	expect_ok(uk_copy_str(text, sizeof(text), UK_NONE));
	assert_string_equal(text, "");
	expect_code(uk_copy_str(text, 0, UK_NONE), UK_ERR_TOO_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views),
		cmocka_unit_test(reads_big_endian),
		cmocka_unit_test(reader_remembers_its_first_failure),
		cmocka_unit_test(writes_big_endian),
		cmocka_unit_test(writer_remembers_its_first_failure),
		cmocka_unit_test(pads_numbers_on_the_left),
		cmocka_unit_test(opens_gaps),
		cmocka_unit_test(copies_into_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
