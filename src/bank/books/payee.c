/* The payee and the holder of the account. */
#include "payee.h"

/* 0: no part of a word. Bytes beyond ASCII are, each as it is. */
static uint8_t folded(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c - 'A' + 'a');
	if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c;
	return 0;
}

/* The next word, and what is behind it; none at the end. */
static uk_bytes next_word(uk_bytes *rest)
{
	uk_bytes word;
	size_t n = 0;

	while (rest->n > 0 && folded(rest->p[0]) == 0)
		*rest = uk_bytes_from(*rest, 1);
	while (n < rest->n && folded(rest->p[n]) != 0)
		n++;
	word = uk_bytes_first(*rest, n);
	*rest = uk_bytes_from(*rest, n);
	return word;
}

static bool same_word(uk_bytes a, uk_bytes b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (folded(a.p[i]) != folded(b.p[i]))
			return false;
	}
	return true;
}

static bool has_word(uk_bytes text, uk_bytes word)
{
	uk_bytes w = next_word(&text);

	for (; w.n > 0; w = next_word(&text)) {
		if (same_word(w, word))
			return true;
	}
	return false;
}

/* Every word of a is one of b; a has one. */
static bool within(uk_bytes a, uk_bytes b)
{
	uk_bytes w = next_word(&a);
	bool any = w.n > 0;

	for (; w.n > 0; w = next_word(&a)) {
		if (!has_word(b, w))
			return false;
	}
	return any;
}

/* Letter by letter, whatever stands between them. */
static bool same_letters(uk_bytes a, uk_bytes b)
{
	uk_reader x = uk_read(a), y = uk_read(b);

	for (;;) {
		uint8_t c = 0, d = 0;

		while (x.left > 0 && c == 0)
			c = folded(uk_get_u8(&x));
		while (y.left > 0 && d == 0)
			d = folded(uk_get_u8(&y));
		if (c != d)
			return false;
		if (c == 0)
			return true;
	}
}

enum bank_payee bank_payee_match(uk_bytes typed, uk_bytes holder)
{
	if (same_letters(typed, holder) && within(typed, typed))
		return BANK_PAYEE_EXACT;
	return within(typed, holder) || within(holder, typed) ? BANK_PAYEE_CLOSE
							      : BANK_PAYEE_NONE;
}

const char *bank_payee_name(enum bank_payee match)
{
	static const char *const names[] = { "exact", "close", "none" };

	return names[match];
}
