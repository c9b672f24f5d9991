/* Origins, and that a bank that is not there is told from one that is not the
 * bank. */
#include "bc_http.h"

#include "cmocka_all.h"
#include "fixtures.h"

static void origins(void **state)
{
	static const struct {
		const char *url, *origin; /* NULL: refused */
	} rows[] = {
		{ "https://bank.example", "https://bank.example" },
		{ "https://bank.example/", "https://bank.example" },
		{ "HTTPS://Bank.Example:443/", "https://bank.example" },
		{ "https://bank.example:8443", "https://bank.example:8443" },
		{ "https://[::1]:8443/", "https://[::1]:8443" },
		{ "http://bank.example", NULL },
		{ "file:///etc/passwd", NULL },
		{ "https://", NULL },
		{ "https:///", NULL },
		{ "https://bank.example/path", NULL },
		{ "https://bank.example//", NULL },
		{ "https://user@bank.example", NULL },
		{ "https://bank.example?x", NULL },
		{ "https://bank.example#x", NULL },
		{ "https://bank example", NULL },
		{ "bank.example", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char out[64];
		uk_err err = bc_origin_normalize(rows[i].url, out, sizeof(out));

		if (rows[i].origin == NULL) {
			expect_code(err, UK_ERR_ARGUMENT);
			continue;
		}
		expect_ok(err);
		assert_string_equal(out, rows[i].origin);
	}
}

static void origin_too_long(void **state)
{
	char out[16];

	(void)state;
	expect_code(
	    bc_origin_normalize("https://bank.example", out, sizeof(out)),
	    UK_ERR_TOO_SMALL);
}

static void nobody_there(void **state)
{
	struct bc_request q = { .path = "/v1/bank" };
	struct bc_http *http;
	uk_blob body = { 0 };
	bc_result r;

	(void)state;
	/* Port 9 (discard) is not served on a machine of today. */
	expect_ok(bc_http_open("https://127.0.0.1:9", "/dev/null", &http));
	r = bc_http_call(http, &q, &body);
	assert_int_equal(r.fault, BC_UNREACHABLE);
	uk_blob_free(&body);
	bc_http_close(&http);
	assert_null(http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins),
		cmocka_unit_test(origin_too_long),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
