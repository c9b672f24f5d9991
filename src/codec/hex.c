/* Hexadecimal text. */
#include "hex.h"

static const char digits[] = "0123456789abcdef";

void uk_put_hex(uk_buf *out, uk_bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		uk_put_u8(out, (uint8_t)digits[v.p[i] >> 4]);
		uk_put_u8(out, (uint8_t)digits[v.p[i] & 15]);
	}
}

void uk_hex_str(char *out, size_t cap, uk_bytes v)
{
	uk_buf b = uk_buf_over(out, cap);

	uk_put_hex(&b, v);
	uk_put_u8(&b, 0);
	if (b.bad && cap > 0)
		out[0] = 0;
}

static int digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

uk_err uk_hex_decode(uk_bytes text, uk_buf *out)
{
	if (text.n % 2 != 0)
		return uk_fail(UK_ERR_FORMAT);
	for (size_t i = 0; i < text.n; i += 2) {
		int hi = digit_value(text.p[i]);
		int lo = digit_value(text.p[i + 1]);

		if (hi < 0 || lo < 0)
			return uk_fail(UK_ERR_FORMAT);
		uk_put_u8(out, (uint8_t)(hi << 4 | lo));
	}
	return uk_buf_result(out);
}
