/* URLs of call-backs (RFC 3986, 3): what is one of ours, and its parts. */
#include "callback_url.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

static void parts(void **state)
{
	static const struct {
		const char *url, *authority, *path, *query; /* NULL: none */
		bool secure;
	} rows[] = {
		{ "https://a.example", "a.example", "/", NULL, true },
		{ "https://a.example/", "a.example", "/", NULL, true },
		{ "https://a.example:8443/x/y?z=1", "a.example:8443", "/x/y",
		    "z=1", true },
		{ "https://a.example?", "a.example", "/", "", true },
		{ "https://a.example?/b", "a.example", "/", "/b", true },
		{ "http://127.0.0.1:80/x?a?b", "127.0.0.1:80", "/x", "a?b",
		    false },
		{ "https://a/@b", "a", "/@b", NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bank_url u;

		expect_ok(bank_url_parse(str(rows[i].url), &u));
		assert_int_equal(u.secure, rows[i].secure);
		expect_bytes(u.authority, str(rows[i].authority));
		expect_bytes(u.path, str(rows[i].path));
		assert_int_equal(u.has_query, rows[i].query != NULL);
		if (u.has_query)
			expect_bytes(u.query, str(rows[i].query));
	}
}

static void no_urls(void **state)
{
	static const char *const bad[] = { "", "https", "https:", "https://",
		"https:///x", "https://?x", "https://:8443/", "ftp://a/",
		"HTTPS://a/", "https:/a", "//a/", "https://A.example/",
		"https://u@a/", "https://u:p@a/", "https://a/#f", "https://a/ ",
		"https://a /", "https://a\\b/", "https://a/\r\nX: y",
		"https://a/\xc3\xa9", "https://a%2fb/", "https://[::1]/",
		"https://a/\x7f", " https://a/", "https://a/\"" };
	struct bank_url u;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_code(bank_url_parse(str(bad[i]), &u), UK_ERR_FORMAT);
	expect_code(
	    bank_url_parse(uk_view((const uint8_t *)"https://a\0b", 11), &u),
	    UK_ERR_FORMAT);
}

static void what_may_be_registered(void **state)
{
	static const struct {
		const char *url;
		bool ever, plain;
	} rows[] = {
		{ "https://a/", true, true },
		{ "http://a/", false, false },
		{ "http://127.0.0.1:80/", false, true },
		{ "http://127.0.0.1/", false, false },
		{ "http://127.0.0.1:80@evil/", false, false },
		{ "http://127.0.0.10:80/", false, false },
		{ "http://localhost:80/", false, false },
	};
	char large[514] = "https://a/";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    bank_callback_ok(str(rows[i].url), false), rows[i].ever);
		assert_int_equal(
		    bank_callback_ok(str(rows[i].url), true), rows[i].plain);
	}
	memset(large + 10, 'x', sizeof(large) - 11);
	assert_false(bank_callback_ok(str(large), false));
	large[512] = '\0';
	assert_true(bank_callback_ok(str(large), false));
}

static void origins(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "https://a/x", "https://a/y?z", true },
		{ "https://a", "https://a/", true },
		{ "https://a/", "http://a/", false },
		{ "https://a/", "https://b/", false },
		{ "https://a:1/", "https://a:2/", false },
		{ "https://a.evil/", "https://a/", false },
		{ "https://a", "https://a.evil", false },
		{ "nonsense", "nonsense", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    bank_callback_same_origin(str(rows[i].a), str(rows[i].b)),
		    rows[i].same);
		assert_int_equal(
		    bank_callback_same_origin(str(rows[i].b), str(rows[i].a)),
		    rows[i].same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(no_urls),
		cmocka_unit_test(what_may_be_registered),
		cmocka_unit_test(origins),
	};

	return cmocka_run_group_tests_name("callback_url", tests, NULL, NULL);
}
