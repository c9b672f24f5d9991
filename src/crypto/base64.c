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

static size_t padding(uk_bytes text)
{
	size_t n = 0;

	while (n < 2 && n < text.n && text.p[text.n - 1 - n] == '=')
		n++;
	return n;
}

/* RFC 4648, 4: does it stand for six bits? Without branches, so that the
 * compiler can look at many of them at once. */
static bool is_six(uint8_t c)
{
	uint8_t letter = (uint8_t)((c | 0x20) - 'a');
	uint8_t digit = (uint8_t)(c - '0');

	return (letter < 26) | (digit < 10) | (c == '+') | (c == '/');
}

static bool only_sixes(uk_bytes text)
{
	uint8_t all = 1;

	for (size_t i = 0; i < text.n; i++)
		all &= is_six(text.p[i]);
	return all == 1;
}

/* Does the last group say nothing but these bytes (RFC 4648, 3.5)? */
static bool ends_so(uk_bytes text, uk_bytes bytes)
{
	uint8_t again[5];

	if (text.n == 0)
		return true;
	(void)EVP_EncodeBlock(again, bytes.p, (int)bytes.n);
	return uk_bytes_eq(uk_view(again, 4), uk_bytes_from(text, text.n - 4));
}

/* EVP_DecodeBlock forgives blanks, odd padding and left-over bits; we do not.
 */
uk_err uk_base64_decode(uk_bytes text, uk_blob *out)
{
	size_t odd = padding(text);
	uint8_t *p;
	size_t n = text.n / 4 * 3;
	uk_err err = uk_fail(UK_ERR_FORMAT);

	if (text.n % 4 != 0 || text.n > INT_MAX / 2)
		return err;
	p = uk_new(n + 1);
	if (p == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_ossl_enter();
	if (!only_sixes(uk_bytes_first(text, text.n - odd)) ||
	    (text.n > 0 && EVP_DecodeBlock(p, text.p, (int)text.n) != (int)n) ||
	    !ends_so(
		text, uk_view(p + n - (n > 0 ? 3 : 0), n == 0 ? 0 : 3 - odd)))
		goto out;
	p[n - odd] = 0;
	blob_take(out, p, n - odd);
	p = NULL; /* handed over */
	err = uk_ok();
out:
	uk_free(p);
	return uk_ossl_leave(err);
}
