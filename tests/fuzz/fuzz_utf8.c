/* UTF-8 and hexadecimal text: one spelling for each value. */
#include "fuzz_check.h"
#include "hex.h"
#include "utf8.h"

static size_t encoded_length(uint32_t c)
{
	return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static void check_utf8(uk_bytes text)
{
	uk_reader r = uk_read(text);

	while (r.left > 0 && !r.bad) {
		size_t left = r.left;
		uint32_t c = uk_utf8_next(&r);

		if (r.bad)
			break;
		CHECK(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
		CHECK(left - r.left == encoded_length(c));
		CHECK(!uk_utf8_is_blank(c) || uk_utf8_is_shown(c));
	}
	CHECK(uk_utf8_valid(text) == !r.bad);
}

static void check_hex(uk_bytes text)
{
	static uint8_t bytes[8192], again[16384];
	uk_buf b = UK_BUF(bytes), t = UK_BUF(again);

	uk_put_hex(&t, text);
	if (!t.bad) {
		CHECK(uk_is_ok(uk_hex_decode(uk_buf_view(&t), &b)));
		CHECK(uk_bytes_eq(uk_buf_view(&b), text));
	}
	b = (uk_buf)UK_BUF(bytes);
	if (uk_is_ok(uk_hex_decode(text, &b)))
		CHECK(b.len * 2 == text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_utf8(uk_view(data, size));
	check_hex(uk_view(data, size));
	return 0;
}
