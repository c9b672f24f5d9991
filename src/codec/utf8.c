/* Strict UTF-8, RFC 3629; classes of characters from the Unicode Standard 15.
 */
#include "utf8.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

static const struct lead_row {
	uint8_t mask, lead; /* first byte */
	unsigned more;      /* bytes that follow */
	uint32_t least;     /* smaller values have a shorter form */
} leads[] = {
	{ 0x80, 0x00, 0, 0 },
	{ 0xe0, 0xc0, 1, 0x80 },
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

static const struct lead_row *lead_of(uint8_t first)
{
	for (size_t i = 0; i < ROWS(leads); i++) {
		if ((first & leads[i].mask) == leads[i].lead)
			return &leads[i];
	}
	return NULL;
}

uint32_t uk_utf8_next(uk_reader *r)
{
	uint8_t first = uk_get_u8(r);
	const struct lead_row *row = lead_of(first);
	uint32_t c;

	if (row == NULL)
		r->bad = true;
	if (r->bad)
		return 0;
	c = first & (uint8_t)~row->mask;
	for (unsigned i = 0; i < row->more; i++) {
		uint8_t b = uk_get_u8(r);

		if ((b & 0xc0) != 0x80)
			r->bad = true;
		c = c << 6 | (b & 0x3f);
	}
	if (c < row->least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		r->bad = true;
	return r->bad ? 0 : c;
}

bool uk_utf8_valid(uk_bytes text)
{
	uk_reader r = uk_read(text);

	while (!r.bad && r.left > 0)
		(void)uk_utf8_next(&r);
	return !r.bad;
}

struct range {
	uint32_t first, last;
};

/* Tables are in order, so that the most common characters are found soonest. */
static bool is_in(const struct range *table, size_t rows, uint32_t c)
{
	for (size_t i = 0; i < rows && c >= table[i].first; i++) {
		if (c <= table[i].last)
			return true;
	}
	return false;
}

static const struct range hidden[] = {
	{ 0x0000, 0x001f },                     /* controls */
	{ 0x007f, 0x009f }, { 0x00ad, 0x00ad }, /* soft hyphen */
	{ 0x034f, 0x034f },                     /* combining grapheme joiner */
	{ 0x0600, 0x0605 },                     /* Arabic prepended marks */
	{ 0x061c, 0x061c },                     /* Arabic letter mark */
	{ 0x06dd, 0x06dd }, { 0x070f, 0x070f }, { 0x0890, 0x0891 },
	{ 0x08e2, 0x08e2 }, { 0x115f, 0x1160 }, /* Hangul fillers */
	{ 0x17b4, 0x17b5 },                     /* Khmer inherent vowels */
	{ 0x180b, 0x180f },   /* Mongolian selectors and vowel separator */
	{ 0x200b, 0x200f },   /* zero-width, directional marks */
	{ 0x2028, 0x202e },   /* separators, bidi embeddings */
	{ 0x2060, 0x206f },   /* joiners, invisible operators, bidi isolates */
	{ 0x2800, 0x2800 },   /* Braille blank */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xd800, 0xdfff },   /* surrogates */
	{ 0xe000, 0xf8ff },   /* private use */
	{ 0xfdd0, 0xfdef },   /* non-characters; also xxFFFE and xxFFFF below */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* zero-width no-break space */
	{ 0xffa0, 0xffa0 },   /* Hangul filler */
	{ 0xfff0, 0xfffd },   /* annotations, object and lost characters */
	{ 0x110bd, 0x110bd }, /* Kaithi number signs */
	{ 0x110cd, 0x110cd },
	{ 0x13430, 0x1345f },  /* Egyptian format controls */
	{ 0x1bca0, 0x1bca3 },  /* shorthand format controls */
	{ 0x1d173, 0x1d17a },  /* musical format controls */
	{ 0xe0000, 0xe0fff },  /* tags, variation selectors */
	{ 0xf0000, 0x10ffff }, /* private use */
};

static const struct range blanks[] = {
	{ 0x0020, 0x0020 },
	{ 0x00a0, 0x00a0 },
	{ 0x1680, 0x1680 },
	{ 0x2000, 0x200a },
	{ 0x202f, 0x202f },
	{ 0x205f, 0x205f },
	{ 0x3000, 0x3000 },
};

static const struct range combining[] = {
	{ 0x0300, 0x036f },
	{ 0x0483, 0x0489 },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff },
	{ 0x302a, 0x302f },
	{ 0x3099, 0x309a },
	{ 0xfe20, 0xfe2f },
};

bool uk_utf8_is_shown(uint32_t c)
{
	return c <= 0x10ffff && (c & 0xfffe) != 0xfffe &&
	       !is_in(hidden, ROWS(hidden), c);
}

bool uk_utf8_is_blank(uint32_t c)
{
	return is_in(blanks, ROWS(blanks), c);
}

bool uk_utf8_is_combining(uint32_t c)
{
	return is_in(combining, ROWS(combining), c);
}
