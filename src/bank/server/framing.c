/* Heads of requests. */
#include "framing.h"

#include <string.h>
#include <strings.h>

enum { EMPTY_LINES = 2, DIGITS_MAX = 18 };

/* --- characters ----------------------------------------------------------- */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_one_of(const char *set, uint8_t c)
{
	return c != 0 && strchr(set, c) != NULL;
}

/* RFC 9110, 5.6.2 */
static bool is_token_char(uint8_t c)
{
	return is_alpha(c) || is_digit(c) || is_one_of("!#$%&'*+-.^_`|~", c);
}

/* RFC 9110, 5.5: field-vchar, blank and tab */
static bool is_value_char(uint8_t c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* RFC 3986, 3.3 and 3.4, without the '%' that stands for something */
static bool is_target_char(uint8_t c)
{
	return is_alpha(c) || is_digit(c) ||
	       is_one_of("-._~!$&'()*+,;=:@/?", c);
}

/* RFC 3986, 3.2.2 and 3.2.3; no user */
static bool is_host_char(uint8_t c)
{
	return is_alpha(c) || is_digit(c) ||
	       is_one_of("-._~!$&'()*+,;=:[]%", c);
}

static bool all(uk_bytes b, bool (*is)(uint8_t c))
{
	for (size_t i = 0; i < b.n; i++) {
		if (!is(b.p[i]))
			return false;
	}
	return true;
}

static bool is_text(uk_bytes b, const char *text)
{
	return b.n == strlen(text) &&
	       strncasecmp((const char *)b.p, text, b.n) == 0;
}

static size_t index_of(uk_bytes b, uint8_t c)
{
	size_t i = 0;

	while (i < b.n && b.p[i] != c)
		i++;
	return i;
}

static uk_bytes trimmed(uk_bytes v)
{
	while (v.n > 0 && (v.p[0] == ' ' || v.p[0] == '\t'))
		v = uk_bytes_from(v, 1);
	while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v = uk_bytes_first(v, v.n - 1);
	return v;
}

/* --- the request line (3) ------------------------------------------------- */

/* Those that libevent knows; others are not implemented (RFC 9110, 9.1). */
static bool is_method(uk_bytes m)
{
	static const char *const known[] = { "GET", "POST", "HEAD", "PUT",
		"DELETE", "OPTIONS", "PATCH" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (uk_bytes_eq(m, uk_view_str(known[i])))
			return true;
	}
	return false;
}

static bool is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Every '%' has its two digits, and none of them makes a NUL, at which half of
 * the world's programs would stop reading. */
static bool is_target(uk_bytes t)
{
	for (size_t i = 0; i < t.n; i++) {
		uk_bytes rest = uk_bytes_from(t, i + 1);

		if (t.p[i] != '%') {
			if (!is_target_char(t.p[i]))
				return false;
			continue;
		}
		if (rest.n < 2 || !is_hex(rest.p[0]) || !is_hex(rest.p[1]) ||
		    (rest.p[0] == '0' && rest.p[1] == '0'))
			return false;
	}
	return true;
}

static size_t scheme_of(uk_bytes target)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < 2; i++) {
		if (is_text(
			uk_bytes_first(target, strlen(schemes[i])), schemes[i]))
			return strlen(schemes[i]);
	}
	return 0;
}

static size_t authority_length(uk_bytes rest)
{
	size_t slash = index_of(rest, '/'), query = index_of(rest, '?');

	return slash < query ? slash : query;
}

/* at: where the target stands in the head. */
static enum bank_code read_target(
    uk_bytes target, size_t at, struct bank_head *out)
{
	size_t scheme = scheme_of(target), host;
	uk_bytes rest = uk_bytes_from(target, scheme);

	if (scheme > 0) {
		host = authority_length(rest);
		if (host == 0 || !all(uk_bytes_first(rest, host), is_host_char))
			return BANK_MALFORMED;
		rest = uk_bytes_from(rest, host);
		out->cut_at = at;
		out->cut = scheme + host;
		out->no_path = rest.n == 0 || rest.p[0] != '/';
	} else if (target.n == 0 || target.p[0] != '/') {
		return BANK_MALFORMED;
	}
	/* "//host/path" is a path here and a host elsewhere. */
	if (rest.n > 1 && rest.p[0] == '/' && rest.p[1] == '/')
		return BANK_MALFORMED;
	return is_target(rest) ? BANK_OK : BANK_MALFORMED;
}

static enum bank_code read_version(uk_bytes version, bool *old)
{
	if (version.n != 8 ||
	    !uk_bytes_eq(uk_bytes_first(version, 5), uk_view_str("HTTP/")) ||
	    !is_digit(version.p[5]) || version.p[6] != '.' ||
	    !is_digit(version.p[7]))
		return BANK_MALFORMED;
	*old = version.p[7] == '0';
	return version.p[5] == '1' && version.p[7] <= '1' ? BANK_OK
							  : BANK_VERSION;
}

struct line {
	uk_bytes method;
	bool old; /* HTTP/1.0 */
};

static enum bank_code read_request_line(
    uk_bytes text, struct line *line, struct bank_head *out)
{
	size_t n = index_of(text, ' ');
	uk_bytes rest = uk_bytes_from(text, n + 1);
	size_t m = index_of(rest, ' ');
	enum bank_code code = read_version(
	    uk_bytes_from(rest, m + 1), &line->old);

	line->method = uk_bytes_first(text, n);
	if (n == 0 || !all(line->method, is_token_char))
		return BANK_MALFORMED;
	if (code != BANK_OK)
		return code;
	if (!is_method(line->method))
		return BANK_NOT_IMPLEMENTED;
	if (is_text(line->method, "OPTIONS") &&
	    is_text(uk_bytes_first(rest, m), "*"))
		return BANK_METHOD;
	return read_target(uk_bytes_first(rest, m), n + 1, out);
}

/* --- fields (5) ----------------------------------------------------------- */

enum field {
	HOST,
	LENGTH,
	CODING,
	EXPECT,
	/* Not part of the framing, but of who is asking: two of one name would
	 * be read in two ways. */
	AUTHORIZATION,
	CONTENT_TYPE,
	CLIENT_CERT,
	FORWARDED_FOR,
	FIELDS
};

static const char *const once[FIELDS] = {
	[HOST] = "host",
	[LENGTH] = "content-length",
	[CODING] = "transfer-encoding",
	[EXPECT] = "expect",
	[AUTHORIZATION] = "authorization",
	[CONTENT_TYPE] = "content-type",
	[CLIENT_CERT] = "client-cert",
	[FORWARDED_FOR] = "x-forwarded-for",
};

struct fields {
	uk_bytes value[FIELDS];
	bool have[FIELDS];
};

static enum bank_code read_field(uk_bytes text, struct fields *f)
{
	size_t n = index_of(text, ':');
	uk_bytes name = uk_bytes_first(text, n);
	uk_bytes value = trimmed(uk_bytes_from(text, n + 1));

	/* No blank before the colon (5.1), no continued lines (5.2). */
	if (n == 0 || n == text.n || !all(name, is_token_char) ||
	    !all(value, is_value_char))
		return BANK_MALFORMED;
	for (size_t i = 0; i < FIELDS; i++) {
		if (!is_text(name, once[i]))
			continue;
		if (f->have[i])
			return BANK_MALFORMED;
		f->have[i] = true;
		f->value[i] = value;
	}
	return BANK_OK;
}

/* RFC 9110, 8.6: digits, and nothing else. */
static enum bank_code read_length(uk_bytes text, uint64_t *out)
{
	if (text.n == 0 || !all(text, is_digit))
		return BANK_MALFORMED;
	if (text.n > DIGITS_MAX)
		return BANK_TOO_LARGE;
	*out = 0;
	for (size_t i = 0; i < text.n; i++)
		*out = *out * 10 + (uint64_t)(text.p[i] - '0');
	return *out > BANK_BODY_MAX ? BANK_TOO_LARGE : BANK_OK;
}

/* What follows the head (6.1 to 6.3). */
static enum bank_code read_body(
    const struct line *line, const struct fields *f, struct bank_head *out)
{
	enum bank_code code = BANK_OK;

	if (f->have[CODING] && (f->have[LENGTH] || line->old))
		return BANK_MALFORMED;
	if (f->have[CODING] && !is_text(f->value[CODING], "chunked"))
		return BANK_NOT_IMPLEMENTED;
	if (f->have[CODING])
		out->body = BANK_BODY_CHUNKED;
	if (f->have[LENGTH])
		code = read_length(f->value[LENGTH], &out->length);
	if (code == BANK_OK && out->length > 0)
		out->body = BANK_BODY_LENGTH;
	/* RFC 9110, 9.3.2: a body here is known for smuggling. */
	if (code == BANK_OK && out->body != BANK_BODY_NONE &&
	    is_text(line->method, "HEAD"))
		code = BANK_MALFORMED;
	return code;
}

static enum bank_code judge(
    const struct line *line, const struct fields *f, struct bank_head *out)
{
	/* 3.2: exactly one, with something that is a host in it. */
	if (!line->old && !f->have[HOST])
		return BANK_MALFORMED;
	if (f->have[HOST] && !all(f->value[HOST], is_host_char))
		return BANK_MALFORMED;
	/* RFC 9110, 10.1.1 */
	if (!line->old && f->have[EXPECT] &&
	    !is_text(f->value[EXPECT], "100-continue"))
		return BANK_EXPECTATION;
	return read_body(line, f, out);
}

/* --- heads ---------------------------------------------------------------- */

/* The next line of a head that was found, without its end. */
static uk_bytes next_line(uk_bytes *rest)
{
	size_t n = index_of(*rest, '\r');
	uk_bytes line = uk_bytes_first(*rest, n);

	*rest = uk_bytes_from(*rest, n + 2);
	return line;
}

enum bank_code bank_head_read(uk_bytes head, struct bank_head *out)
{
	struct fields f = { .have = { false } };
	struct line line = { .old = false };
	uk_bytes rest = head, text = next_line(&rest);
	enum bank_code code;

	*out = (struct bank_head){ .body = BANK_BODY_NONE };
	code = read_request_line(text, &line, out);
	for (text = next_line(&rest); code == BANK_OK && text.n > 0;
	     text = next_line(&rest))
		code = read_field(text, &f);
	return code == BANK_OK ? judge(&line, &f, out) : code;
}

/* A CR only before an LF (2.2), an LF only behind a CR, and no NUL. */
static bool is_in_place(uk_bytes b, size_t i)
{
	switch (b.p[i]) {
	case '\0':
		return false;
	case '\n':
		return i > 0 && b.p[i - 1] == '\r';
	case '\r':
		return i + 1 == b.n || b.p[i + 1] == '\n';
	default:
		return true;
	}
}

/* The first line is judged as soon as it is there: whoever speaks something
 * else may wait for an answer before he goes on. */
static enum bank_code judge_first_line(uk_bytes text)
{
	struct bank_head unused;
	struct line line;

	return read_request_line(text, &line, &unused);
}

enum bank_code bank_head_find(uk_bytes come, size_t *skip, size_t *n)
{
	uk_bytes crlf = uk_view_str("\r\n"), head;
	size_t lines = 0;

	*skip = *n = 0;
	while (uk_bytes_eq(uk_bytes_first(uk_bytes_from(come, *skip), 2), crlf))
		*skip += 2;
	if (*skip > EMPTY_LINES * crlf.n)
		return BANK_MALFORMED;
	head = uk_bytes_from(come, *skip);
	for (size_t i = 0; i < head.n && i < BANK_HEAD_MAX; i++) {
		enum bank_code code = BANK_OK;

		if (!is_in_place(head, i))
			return BANK_MALFORMED;
		if (head.p[i] != '\n')
			continue;
		if (lines++ == 0)
			code = judge_first_line(uk_bytes_first(head, i - 1));
		if (code != BANK_OK)
			return code;
		if (i >= 3 && head.p[i - 2] == '\n') {
			*n = i + 1;
			return BANK_OK;
		}
	}
	return head.n >= BANK_HEAD_MAX ? BANK_HEAD_TOO_LARGE : BANK_OK;
}
