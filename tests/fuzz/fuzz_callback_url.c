/* URLs that merchants are called at: parts lie inside, in order, and together
 * are the whole; what a resolver could take for another host is never in one.
 */
#include "callback_url.h"

#include "fuzz_check.h"

static bool has(uk_bytes v, uint8_t c)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == c)
			return true;
	}
	return false;
}

static void check_parts(uk_bytes url, const struct bank_url *u)
{
	bool bare = !lies_inside(u->path, url); /* "/" that was not written */
	size_t n = u->secure ? 8 : 7;

	CHECK(lies_inside(u->authority, url) && lies_inside(u->query, url));
	CHECK(u->authority.n > 0 && !has(u->authority, '@') &&
	      !has(u->authority, '/') && !has(u->authority, '%'));
	CHECK(u->path.n > 0 && u->path.p[0] == '/' && !has(u->path, '?'));
	CHECK(!has(url, '#') && !has(url, '\\') && !has(url, '\r') &&
	      !has(url, '\n') && !has(url, 0));
	n += u->authority.n + (bare ? 0 : u->path.n);
	n += u->has_query ? 1 + u->query.n : 0;
	CHECK(n == url.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes url = uk_view(data, size);
	struct bank_url u;
	bool good = uk_is_ok(bank_url_parse(url, &u));

	CHECK(bank_callback_same_origin(url, url) == good);
	if (good)
		check_parts(url, &u);
	if (bank_callback_ok(url, false))
		CHECK(good && u.secure && size <= 512);
	if (bank_callback_ok(url, true) && !u.secure)
		CHECK(uk_bytes_eq(uk_bytes_first(u.authority, 10),
		    uk_view_str("127.0.0.1:")));
	return 0;
}
