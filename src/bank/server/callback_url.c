/* URLs of call-backs. */
#include "callback_url.h"

static bool take(uk_bytes *v, const char *word)
{
	uk_bytes w = uk_view_str(word);

	if (!uk_bytes_eq(uk_bytes_first(*v, w.n), w))
		return false;
	*v = uk_bytes_from(*v, w.n);
	return true;
}

static size_t find_char(uk_bytes v, const char *any)
{
	for (size_t i = 0; i < v.n; i++) {
		for (const char *a = any; *a != '\0'; a++) {
			if (v.p[i] == (uint8_t)*a)
				return i;
		}
	}
	return v.n;
}

static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == ':';
}

uk_err bank_url_parse(uk_bytes url, struct bank_url *out)
{
	uk_bytes rest = url;

	*out = (struct bank_url){ 0 };
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] <= ' ' || url.p[i] > '~' || url.p[i] == '#' ||
		    url.p[i] == '\\' || url.p[i] == '"')
			return uk_fail(UK_ERR_FORMAT);
	}
	out->secure = take(&rest, "https://");
	if (!out->secure && !take(&rest, "http://"))
		return uk_fail(UK_ERR_FORMAT);
	out->authority = uk_bytes_first(rest, find_char(rest, "/?"));
	rest = uk_bytes_from(rest, out->authority.n);
	if (out->authority.n == 0 || out->authority.p[0] == ':')
		return uk_fail(UK_ERR_FORMAT);
	for (size_t i = 0; i < out->authority.n; i++) {
		if (!is_host_char(out->authority.p[i])) /* '@' above all */
			return uk_fail(UK_ERR_FORMAT);
	}
	out->path = uk_bytes_first(rest, find_char(rest, "?"));
	out->has_query = out->path.n < rest.n;
	out->query = uk_bytes_from(rest, out->path.n + 1);
	if (out->path.n == 0)
		out->path = uk_view_str("/");
	return uk_ok();
}

bool bank_callback_ok(uk_bytes url, bool plain)
{
	struct bank_url u;

	if (url.n > 512 || !uk_is_ok(bank_url_parse(url, &u)))
		return false;
	return u.secure || (plain && take(&u.authority, "127.0.0.1:"));
}

bool bank_callback_same_origin(uk_bytes url, uk_bytes registered)
{
	struct bank_url a, b;

	return uk_is_ok(bank_url_parse(url, &a)) &&
	       uk_is_ok(bank_url_parse(registered, &b)) &&
	       a.secure == b.secure && uk_bytes_eq(a.authority, b.authority);
}
