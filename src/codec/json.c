/* JSON, read in place. */
#include "json.h"

#include "utf8.h"

#include <string.h>

/* --- characters ---------------------------------------------------------- */

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(uk_reader *r)
{
	while (is_blank(uk_peek_u8(r)))
		(void)uk_get_u8(r);
}

static void skip_digits(uk_reader *r)
{
	if (!is_digit(uk_peek_u8(r)))
		r->bad = true;
	while (is_digit(uk_peek_u8(r)))
		(void)uk_get_u8(r);
}

static bool take(uk_reader *r, char c)
{
	if (uk_peek_u8(r) != c)
		return false;
	(void)uk_get_u8(r);
	return true;
}

static void need(uk_reader *r, char c)
{
	if (!take(r, c))
		r->bad = true;
}

/* What lies between two states of one reader. */
static uk_bytes between(const uk_reader *from, const uk_reader *to)
{
	return uk_view(from->p, from->left - to->left);
}

/* --- strings ------------------------------------------------------------- */

static uint32_t hex4(uk_reader *r)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		int c = uk_get_u8(r);

		if (is_digit(c))
			c -= '0';
		else if (c >= 'a' && c <= 'f')
			c -= 'a' - 10;
		else if (c >= 'A' && c <= 'F')
			c -= 'A' - 10;
		else
			r->bad = true;
		v = v << 4 | ((uint32_t)c & 15);
	}
	return v;
}

/* Behind "\u"; a character beyond U+FFFF is a pair of surrogates. */
static uint32_t get_unicode(uk_reader *r)
{
	uint32_t c = hex4(r), low;

	if (c >= 0xd800 && c <= 0xdbff) {
		need(r, '\\');
		need(r, 'u');
		low = hex4(r);
		if (low < 0xdc00 || low > 0xdfff)
			r->bad = true;
		return 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
	}
	if (c == 0 || (c >= 0xdc00 && c <= 0xdfff))
		r->bad = true;
	return c;
}

/* Behind the reverse solidus. */
static uint32_t get_escaped(uk_reader *r)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	uint8_t c = uk_get_u8(r);
	const char *at = c == 0 ? NULL : strchr(names, c);

	if (c == 'u')
		return get_unicode(r);
	if (at == NULL) {
		r->bad = true;
		return 0;
	}
	return (uint8_t)means[at - names];
}

/* The next character of a string's inside; 0 once bad. */
static uint32_t get_char(uk_reader *r)
{
	uint32_t c = uk_utf8_next(r);

	if (c < 0x20)
		r->bad = true;
	if (c == '\\')
		c = get_escaped(r);
	return r->bad ? 0 : c;
}

enum { BLOCK = 16 };

/* RFC 8259, 7: ASCII that stands for itself. Without branches, so that the
 * compiler can look at a block at once. */
static bool is_plain(uint8_t c)
{
	return (c >= 0x20) & (c < 0x80) & (c != '"') & (c != '\\');
}

static bool is_plain_block(const uint8_t *p)
{
	uint8_t all = 1;

	for (size_t i = 0; i < BLOCK; i++)
		all &= is_plain(p[i]);
	return all == 1;
}

/* Most of most strings. */
static size_t plain_bytes(const uk_reader *r)
{
	size_t n = 0;

	while (r->left - n >= BLOCK && is_plain_block(r->p + n))
		n += BLOCK;
	while (n < r->left && is_plain(r->p[n]))
		n++;
	return n;
}

/* Behind the opening quote. */
static uk_bytes get_string(uk_reader *r)
{
	uk_reader from = *r;
	uk_bytes raw;

	(void)uk_get(r, plain_bytes(r));
	while (!r->bad && uk_peek_u8(r) != '"') {
		(void)get_char(r);
		(void)uk_get(r, plain_bytes(r));
	}
	raw = between(&from, r);
	need(r, '"');
	return raw;
}

static bool same_text(uk_bytes a, uk_bytes b)
{
	uk_reader x = uk_read(a), y = uk_read(b);

	if (uk_bytes_eq(a, b))
		return true;
	while (x.left > 0 && y.left > 0) {
		if (get_char(&x) != get_char(&y))
			return false;
	}
	return x.left == 0 && y.left == 0;
}

/* --- numbers and words --------------------------------------------------- */

/* RFC 8259, 6 */
static void skip_number(uk_reader *r)
{
	(void)take(r, '-');
	if (!take(r, '0'))
		skip_digits(r);
	if (take(r, '.'))
		skip_digits(r);
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			(void)take(r, '-');
		skip_digits(r);
	}
}

static void skip_word(uk_reader *r)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uk_bytes w = uk_view_str(words[i]);

		if (uk_bytes_eq(
			uk_bytes_first(uk_view(r->p, r->left), w.n), w)) {
			(void)uk_get(r, w.n);
			return;
		}
	}
	r->bad = true;
}

/* --- values -------------------------------------------------------------- */

static uk_json get_value(uk_reader *r, int depth);

static bool is_new(const uk_bytes *names, size_t count, uk_bytes name)
{
	for (size_t i = 0; i < count; i++) {
		if (same_text(names[i], name))
			return false;
	}
	return true;
}

static void get_member(uk_reader *r, int depth, uk_bytes *names, size_t *count)
{
	uk_bytes name;

	skip_blanks(r);
	need(r, '"');
	name = get_string(r);
	skip_blanks(r);
	need(r, ':');
	if (r->bad || *count == UK_JSON_MEMBERS ||
	    !is_new(names, *count, name)) {
		r->bad = true;
		return;
	}
	names[(*count)++] = name;
	(void)get_value(r, depth);
}

static void get_members(uk_reader *r, int depth)
{
	uk_bytes names[UK_JSON_MEMBERS];
	size_t count = 0;

	skip_blanks(r);
	if (uk_peek_u8(r) == '}')
		return;
	do {
		get_member(r, depth, names, &count);
	} while (!r->bad && take(r, ','));
}

static void get_elements(uk_reader *r, int depth)
{
	skip_blanks(r);
	if (uk_peek_u8(r) == ']')
		return;
	do {
		(void)get_value(r, depth);
	} while (!r->bad && take(r, ','));
}

static uk_bytes get_inside(uk_reader *r, int depth, char end)
{
	uk_reader from = *r;
	uk_bytes raw;

	if (end == '}')
		get_members(r, depth);
	else
		get_elements(r, depth);
	raw = between(&from, r);
	need(r, end);
	return raw;
}

/* With the blanks around it. */
static uk_json get_value(uk_reader *r, int depth)
{
	uk_json v = { UK_JSON_WORD, UK_NONE };
	uk_reader from;

	skip_blanks(r);
	if (depth == UK_JSON_DEPTH)
		r->bad = true;
	if (r->bad)
		return v;
	if (take(r, '{')) {
		v.kind = UK_JSON_OBJECT;
		v.raw = get_inside(r, depth + 1, '}');
	} else if (take(r, '[')) {
		v.kind = UK_JSON_ARRAY;
		v.raw = get_inside(r, depth + 1, ']');
	} else if (take(r, '"')) {
		v.kind = UK_JSON_STRING;
		v.raw = get_string(r);
	} else {
		from = *r;
		if (uk_peek_u8(r) == '-' || is_digit(uk_peek_u8(r))) {
			v.kind = UK_JSON_NUMBER;
			skip_number(r);
		} else {
			skip_word(r);
		}
		v.raw = between(&from, r);
	}
	skip_blanks(r);
	return v;
}

uk_err uk_json_parse(uk_bytes text, uk_json *out)
{
	uk_reader r = uk_read(text);

	*out = get_value(&r, 0);
	return uk_read_end(&r);
}

/* --- what has been judged ------------------------------------------------ */

/* Behind the opening quote: to the closing one. */
static uk_bytes pass_string(uk_reader *r)
{
	uk_reader from = *r;
	uk_bytes raw;

	while (r->left > 0 && r->p[0] != '"') {
		const uint8_t *quote = memchr(r->p, '"', r->left);
		size_t n = quote == NULL ? r->left : (size_t)(quote - r->p);
		const uint8_t *escape = memchr(r->p, '\\', n);

		(void)uk_get(
		    r, escape == NULL ? n : (size_t)(escape - r->p) + 2);
	}
	raw = between(&from, r);
	need(r, '"');
	return raw;
}

static uk_bytes pass_inside(uk_reader *r)
{
	uk_reader from = *r, before;
	size_t open = 1;

	do {
		uint8_t c;

		before = *r;
		c = uk_get_u8(r);
		if (c == '"')
			(void)pass_string(r);
		else if (c == '{' || c == '[')
			open++;
		else if (c == '}' || c == ']')
			open--;
	} while (open > 0 && !r->bad);
	return between(&from, &before);
}

static uk_bytes pass_simple(uk_reader *r)
{
	uk_reader from = *r;

	while (r->left > 0 && r->p[0] != ',' && !is_blank(r->p[0]))
		(void)uk_get_u8(r);
	return between(&from, r);
}

static uk_json pass_value(uk_reader *r)
{
	int c = uk_peek_u8(r);

	if (take(r, '"'))
		return (uk_json){ UK_JSON_STRING, pass_string(r) };
	if (take(r, '{'))
		return (uk_json){ UK_JSON_OBJECT, pass_inside(r) };
	if (take(r, '['))
		return (uk_json){ UK_JSON_ARRAY, pass_inside(r) };
	return (
	    uk_json){ c == '-' || is_digit(c) ? UK_JSON_NUMBER : UK_JSON_WORD,
		pass_simple(r) };
}

bool uk_json_next(uk_bytes *rest, uk_json *name, uk_json *value)
{
	uk_reader r = uk_read(*rest);

	skip_blanks(&r);
	if (r.left == 0)
		return false;
	need(&r, '"');
	*name = (uk_json){ UK_JSON_STRING, pass_string(&r) };
	skip_blanks(&r);
	need(&r, ':');
	skip_blanks(&r);
	*value = pass_value(&r);
	skip_blanks(&r);
	(void)take(&r, ',');
	*rest = uk_get_rest(&r);
	return !r.bad;
}

uk_json uk_json_member(const uk_json *object, const char *name)
{
	uk_bytes rest = object->kind == UK_JSON_OBJECT ? object->raw : UK_NONE;
	uk_json key, value;

	while (uk_json_next(&rest, &key, &value)) {
		if (uk_json_is(&key, name))
			return value;
	}
	return (uk_json){ UK_JSON_NOTHING, UK_NONE };
}

bool uk_json_item(uk_bytes *rest, uk_json *value)
{
	uk_reader r = uk_read(*rest);

	skip_blanks(&r);
	if (r.left == 0)
		return false;
	*value = pass_value(&r);
	skip_blanks(&r);
	(void)take(&r, ',');
	*rest = uk_get_rest(&r);
	return !r.bad;
}

bool uk_json_is_plain(const uk_json *v)
{
	return v->raw.n == 0 || memchr(v->raw.p, '\\', v->raw.n) == NULL;
}

bool uk_json_is(const uk_json *v, const char *text)
{
	uk_bytes want = uk_view_str(text);
	uk_reader r = uk_read(v->raw);

	if (v->kind != UK_JSON_STRING)
		return false;
	if (uk_json_is_plain(v))
		return uk_bytes_eq(v->raw, want);
	for (size_t i = 0; i < want.n; i++) {
		if (r.left == 0 || get_char(&r) != want.p[i])
			return false;
	}
	return r.left == 0;
}

/* RFC 3629, 3 */
static void put_utf8(uk_buf *out, uint32_t c)
{
	if (c < 0x80) {
		uk_put_u8(out, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		uk_put_u8(out, (uint8_t)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			uk_put_u8(out, (uint8_t)(0xe0 | c >> 12));
		} else {
			uk_put_u8(out, (uint8_t)(0xf0 | c >> 18));
			uk_put_u8(out, (uint8_t)(0x80 | (c >> 12 & 63)));
		}
		uk_put_u8(out, (uint8_t)(0x80 | (c >> 6 & 63)));
	}
	uk_put_u8(out, (uint8_t)(0x80 | (c & 63)));
}

uk_err uk_json_text(const uk_json *v, uk_buf *out)
{
	uk_reader r = uk_read(v->raw);

	if (v->kind != UK_JSON_STRING)
		return uk_fail(UK_ERR_FORMAT);
	while (r.left > 0 && !r.bad) {
		uk_put(out, uk_get(&r, plain_bytes(&r)));
		if (r.left > 0)
			put_utf8(out, get_char(&r));
	}
	return uk_buf_result(out);
}

uk_err uk_json_int(const uk_json *v, int64_t *out)
{
	uk_reader r = uk_read(v->raw);
	bool negative = take(&r, '-');
	int64_t n = 0; /* negative, which reaches one further */

	if (v->kind != UK_JSON_NUMBER || r.left == 0)
		return uk_fail(UK_ERR_FORMAT);
	while (r.left > 0) {
		int c = uk_get_u8(&r);

		if (!is_digit(c) || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, c - '0', &n))
			return uk_fail(UK_ERR_FORMAT);
	}
	if (!negative && n == INT64_MIN)
		return uk_fail(UK_ERR_FORMAT);
	*out = negative ? n : -n;
	return uk_ok();
}
