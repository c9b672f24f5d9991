/* Helpers that every test may use. */
#include "fixtures.h"

#include "cmocka_all.h"
#include "hex.h"
#include "mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 64 };

uk_bytes hex(const char *text)
{
	static uint8_t *ring[RING];
	static unsigned at;
	size_t n = strlen(text), used = 0;
	char *digits = malloc(n + 1);
	uint8_t *bytes = malloc(n / 2 + 1);
	uk_buf out = uk_buf_over(bytes, n / 2 + 1);

	assert_non_null(digits);
	assert_non_null(bytes);
	for (size_t i = 0; i < n; i++) {
		if (!isspace((unsigned char)text[i]))
			digits[used++] = text[i];
	}
	if (!uk_is_ok(uk_hex_decode(uk_view(digits, used), &out)))
		fail_msg("not hex: %s", text);
	free(digits);
	free(ring[at]);
	ring[at] = bytes;
	at = (at + 1) % RING;
	return uk_buf_view(&out);
}

static void print_hex(const char *name, uk_bytes v)
{
	print_error("%s (%zu): ", name, v.n);
	for (size_t i = 0; i < v.n; i++)
		print_error("%02x", v.p[i]);
	print_error("\n");
}

void expect_bytes_at(uk_bytes got, uk_bytes want, const char *file, int line)
{
	if (uk_bytes_eq(got, want))
		return;
	print_hex("got ", got);
	print_hex("want", want);
	_fail(file, line);
}

void expect_code_at(uk_err err, enum uk_code code, const char *file, int line)
{
	if (uk_is(err, code))
		return;
	print_error("got %s (sw %04x), want %s\n", uk_err_name(err), err.sw,
	    uk_err_name((uk_err){ (uint16_t)code, 0 }));
	_fail(file, line);
}

unsigned fail_every_allocation(uk_err (*step)(void *arg), void *arg)
{
	long live = uk_mem_live();

	for (unsigned nth = 1; nth < 100000; nth++) {
		uk_err err;
		bool touched;

		uk_mem_fail_nth(nth);
		err = step(arg);
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		assert_int_equal(uk_mem_live(), live);
		if (!touched) {
			expect_ok(err);
			return nth;
		}
		expect_code(err, UK_ERR_MEMORY);
	}
	fail_msg("never ran without an allocation failing");
	return 0;
}
