/* Chunked bodies (RFC 9112, 7.1), a character at a time but for the content. */
#include "framing.h"

enum {
	SIZE, /* as zeroes say */
	BLANK,
	EXTENSION,
	SIZE_LF,
	CONTENT,
	CONTENT_CR,
	CONTENT_LF,
	TRAILER_START,
	TRAILER,
	TRAILER_LF,
	END_LF,
	END
};

enum { CHUNK_DIGITS = 16 };

static int hex_value(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

static enum bank_code on_digit(struct bank_chunks *c, int value)
{
	if (++c->digits > CHUNK_DIGITS)
		return BANK_MALFORMED;
	c->left = c->left << 4 | (uint64_t)value;
	/* Told before it comes. */
	return c->left > BANK_BODY_MAX - c->total ? BANK_TOO_LARGE : BANK_OK;
}

static enum bank_code on_size(struct bank_chunks *c, uint8_t b)
{
	int value = hex_value(b);

	if (value >= 0)
		return on_digit(c, value);
	if (c->digits == 0)
		return BANK_MALFORMED;
	c->at = b == '\r'               ? SIZE_LF
		: b == ';'              ? EXTENSION
		: b == ' ' || b == '\t' ? BLANK
					: END;
	return c->at == END ? BANK_MALFORMED : BANK_OK;
}

static enum bank_code on_blank(struct bank_chunks *c, uint8_t b)
{
	if (b == ' ' || b == '\t')
		return BANK_OK;
	c->at = EXTENSION;
	return b == ';' ? BANK_OK : BANK_MALFORMED;
}

/* Extensions are not known (7.1.1), trailers are not wanted (7.1.2): anything
 * up to the end of the line. */
static enum bank_code on_line(struct bank_chunks *c, uint8_t b, int next)
{
	if (b == '\r')
		c->at = next;
	else if ((b < 0x20 && b != '\t') || b == 0x7f)
		return BANK_MALFORMED;
	return BANK_OK;
}

static enum bank_code expect(
    struct bank_chunks *c, uint8_t b, uint8_t wanted, int next)
{
	c->at = next;
	return b == wanted ? BANK_OK : BANK_MALFORMED;
}

static void next_chunk(struct bank_chunks *c)
{
	c->left = 0;
	c->digits = 0;
}

static enum bank_code step(struct bank_chunks *c, uint8_t b)
{
	switch (c->at) {
	case SIZE:
		return on_size(c, b);
	case BLANK:
		return on_blank(c, b);
	case EXTENSION:
		return on_line(c, b, SIZE_LF);
	case SIZE_LF:
		return expect(
		    c, b, '\n', c->left > 0 ? CONTENT : TRAILER_START);
	case CONTENT_CR:
		return expect(c, b, '\r', CONTENT_LF);
	case CONTENT_LF:
		next_chunk(c);
		return expect(c, b, '\n', SIZE);
	case TRAILER_START:
		c->at = b == '\r' ? END_LF : TRAILER;
		return b == '\r' ? BANK_OK : on_line(c, b, TRAILER_LF);
	case TRAILER:
		return on_line(c, b, TRAILER_LF);
	case TRAILER_LF:
		return expect(c, b, '\n', TRAILER_START);
	default:
		c->done = true;
		return expect(c, b, '\n', END);
	}
}

static bool is_other(const struct bank_chunks *c)
{
	return c->at == BLANK || c->at == EXTENSION || c->at == TRAILER ||
	       c->at == TRAILER_LF;
}

enum bank_code bank_chunks_next(
    struct bank_chunks *c, uk_bytes come, size_t *used, uk_bytes *content)
{
	enum bank_code code = BANK_OK;

	*content = UK_NONE;
	for (*used = 0; *used < come.n && !c->done; (*used)++) {
		if (c->at == CONTENT) {
			*content = uk_bytes_first(
			    uk_bytes_from(come, *used), (size_t)c->left);
			*used += content->n;
			c->left -= content->n;
			c->total += content->n;
			if (c->left == 0)
				c->at = CONTENT_CR;
			return BANK_OK;
		}
		code = step(c, come.p[*used]);
		if (code == BANK_OK && is_other(c) &&
		    ++c->other > BANK_HEAD_MAX)
			code = BANK_HEAD_TOO_LARGE;
		if (code != BANK_OK)
			return code;
	}
	return BANK_OK;
}
