/* The table of pages, and tags that a browser sends back (RFC 9110, 13.1.2). */
#include "pages.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <stdio.h>
#include <string.h>

static void paths(void **state)
{
	static const char *const there[] = { "/", "/merchant", "/customer.js",
		"/merchant.js", "/page.js", "/style.css", "/icon.svg" };
	static const char *const nothing[] = { "", "//", "/merchant/",
		"/index.html", "/Merchant", "/style.css?", "/..",
		"/page.js\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++) {
		const struct bank_page *p = bank_page_find(
		    uk_view_str(there[i]));

		assert_non_null(p);
		assert_string_equal(p->path, there[i]);
		assert_true(p->body.n > 0);
		/* "hex", with its quotation marks */
		assert_true(strlen(p->etag) > 18);
		assert_int_equal(p->etag[0], '"');
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++)
		assert_null(bank_page_find(uk_view_str(nothing[i])));
}

static void tags(void **state)
{
	const struct bank_page *p = bank_page_find(uk_view_str("/"));
	const struct bank_page *other = bank_page_find(uk_view_str("/page.js"));
	static const struct {
		const char *before, *behind;
		bool ours, known;
	} rows[] = {
		{ "", "", true, true },
		{ "W/", "", true, true },
		{ "\"a\", W/\"b\",", "", true, true },
		{ "", ", \"c\"", true, true },
		{ "", "", false, false },
		{ "x", "y", false, false },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		(void)snprintf(text, sizeof(text), "%s%s%s", rows[i].before,
		    rows[i].ours ? p->etag : other->etag, rows[i].behind);
		if (bank_page_known(p, uk_view_str(text)) != rows[i].known)
			fail_msg("row %zu: %s", i, text);
	}
	for (size_t n = 0; n < strlen(p->etag); n++) /* cut */
		assert_false(bank_page_known(
		    p, uk_bytes_first(uk_view_str(p->etag), n)));
	assert_false(bank_page_known(p, uk_view_str("*")));
}

static void policy(void **state)
{
	const char *found = NULL;

	(void)state;
	for (size_t i = 0; i < bank_page_field_count; i++) {
		if (strcmp(bank_page_fields[i].name,
			"Content-Security-Policy") == 0)
			found = bank_page_fields[i].value;
	}
	assert_non_null(found);
	assert_ptr_equal(strstr(found, "default-src 'none';"), found);
	assert_null(strstr(found, "unsafe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(tags),
		cmocka_unit_test(policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
