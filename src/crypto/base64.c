/* Base64 (RFC 4648, 4). */
#include "crypto_impl.h"

#include <limits.h>

static void blob_take(uk_blob *out, uint8_t *p, size_t n)
{
	uk_blob_free(out);
	out->p = p;
	out->n = n;
}

uk_err uk_base64_encode(uk_bytes v, uk_blob *out)
{
	uint8_t *text;

	if (v.n > INT_MAX / 2)
		return uk_fail(UK_ERR_ARGUMENT);
	text = uk_new((v.n + 2) / 3 * 4 + 1);
	if (text == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (v.n > 0)
		(void)EVP_EncodeBlock(text, v.p, (int)v.n);
	blob_take(out, text, (v.n + 2) / 3 * 4);
	return uk_ok();
}

/* --- decoding ------------------------------------------------------------ */

enum { NO_DIGIT = 0x80 };

/* What a character stands for (RFC 4648, 4, table 1). */
static uint8_t digit_of(uint8_t c)
{
#define XX NO_DIGIT
	/* clang-format off */
	static const uint8_t digits[128] = {
		XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
		XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
		XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX, 63,
		52, 53, 54, 55, 56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX,
		XX,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
		15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, XX, XX, XX, XX, XX,
		XX, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
		41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX,
	};
	/* clang-format on */
#undef XX

	return (uint8_t)(digits[c & 0x7f] | (c & NO_DIGIT));
}

/* Four characters as three bytes; all collects what they stand for. */
static inline void decode_group(
    const uint8_t in[4], uint8_t out[3], uint8_t *all)
{
	const uint8_t a = digit_of(in[0]), b = digit_of(in[1]),
		      c = digit_of(in[2]), d = digit_of(in[3]);

	*all |= a | b | c | d;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	out[1] = (uint8_t)(b << 4 | c >> 2);
	out[2] = (uint8_t)(c << 6 | d);
}

static size_t padding(uk_bytes text)
{
	size_t n = 0;

	while (n < 2 && n < text.n && text.p[text.n - 1 - n] == '=')
		n++;
	return n;
}

/* The group that may end in padding: bits that are left over are 0 (3.5). */
static bool decode_last(uk_bytes text, size_t odd, uint8_t out[3])
{
	uint8_t group[4] = { 'A', 'A', 'A', 'A' }, all = 0;
	uk_buf b = UK_BUF(group);

	uk_put(&b, uk_bytes_first(text, 4 - odd));
	decode_group(group, out, &all);
	return all < NO_DIGIT && (odd < 1 || out[2] == 0) &&
	       (odd < 2 || out[1] == 0);
}

/* In whole groups; odd of the last one's characters are padding. */
static bool decode(uk_bytes text, size_t odd, uint8_t *out)
{
	size_t groups = text.n / 4;
	uint8_t all = 0;

	for (size_t i = 0; i + 1 < groups; i++)
		decode_group(&text.p[4 * i], &out[3 * i], &all);
	if (all >= NO_DIGIT || text.n % 4 != 0)
		return false;
	return groups == 0 ||
	       decode_last(uk_bytes_last(text, 4), odd, &out[3 * groups - 3]);
}

/* Our own: EVP_DecodeBlock forgives blanks, odd padding and bits left over, and
 * asking for all that again takes three times as long as to decode. */
uk_err uk_base64_decode(uk_bytes text, uk_blob *out)
{
	size_t odd = padding(text);
	uint8_t *p = uk_new(text.n / 4 * 3 + 1);

	if (p == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (!decode(text, odd, p)) {
		uk_free(p);
		return uk_fail(UK_ERR_FORMAT);
	}
	p[text.n / 4 * 3 - odd] = 0;
	blob_take(out, p, text.n / 4 * 3 - odd);
	return uk_ok();
}
