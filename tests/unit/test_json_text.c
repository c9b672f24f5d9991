/* Answers as text: written out by hand after RFC 8259, and read by jansson. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "json_text.h"

static void expect_text(json_t *value, const char *want)
{
	uk_blob text = { NULL, 0 };
	json_t *again;

	assert_non_null(value);
	expect_ok(bank_json_text(value, &text));
	expect_bytes(uk_blob_view(&text), uk_view_str(want));
	again = json_loadb((const char *)text.p, text.n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	assert_true(json_equal(value, again));
	json_decref(again);
	json_decref(value);
	uk_blob_free(&text);
}

static void every_kind(void **state)
{
	(void)state;
	expect_text(json_object(), "{}");
	expect_text(json_array(), "[]");
	expect_text(json_string(""), "\"\"");
	expect_text(json_integer(INT64_MIN), "-9223372036854775808");
	expect_text(json_integer(INT64_MAX), "9223372036854775807");
	expect_text(
	    json_pack("{s:b,s:b,s:n,s:[i,i]}", "b", 1, "a", 0, "c", "d", 1, 2),
	    "{\"b\":true,\"a\":false,\"c\":null,\"d\":[1,2]}");
	expect_text(json_pack("[{s:{s:s}},{}]", "x", "y", "z"),
	    "[{\"x\":{\"y\":\"z\"}},{}]");
}

/* RFC 8259, 7: quotation mark, reverse solidus and U+0000 to U+001F. */
static void escapes(void **state)
{
	(void)state;
	expect_text(json_string("a\"b\\c/d"), "\"a\\u0022b\\u005cc/d\"");
	expect_text(json_string("\n\t\x01\x1f\x7f"),
	    "\"\\u000a\\u0009\\u0001\\u001f\x7f\"");
	expect_text(json_stringn("\0x", 2), "\"\\u0000x\"");
	expect_text(json_string("\xe5\xbc\xa0"), "\"\xe5\xbc\xa0\"");
	expect_text(json_pack("{s:i}", "\"", 1), "{\"\\u0022\":1}");
}

static void long_text(void **state)
{
	static char body[100001], want[100004];

	(void)state;
	for (size_t i = 0; i < sizeof(body) - 1; i++)
		body[i] = want[i + 1] = (char)('a' + i % 26);
	want[0] = want[100001] = '"';
	expect_text(json_string(body), want);
}

static void refused(void **state)
{
	json_t *v = json_real(0.5);
	uk_blob text = { NULL, 0 };

	(void)state;
	expect_code(bank_json_text(NULL, &text), UK_ERR_ARGUMENT);
	expect_code(bank_json_text(v, &text), UK_ERR_ARGUMENT);
	for (int i = 0; i < BANK_JSON_DEPTH; i++)
		v = json_pack("[o]", v);
	expect_code(bank_json_text(v, &text), UK_ERR_ARGUMENT);
	assert_null(text.p);
	json_decref(v);
}

static void without_memory(void **state)
{
	json_t *v = json_pack("{s:s,s:i}", "name", "value", "number", 5);
	uk_blob text = { NULL, 0 };
	unsigned long n = 0;
	uk_err err;

	(void)state;
	do {
		uk_mem_fail_nth(++n);
		err = bank_json_text(v, &text);
		uk_mem_fail_nth(0);
		if (!uk_is_ok(err))
			assert_null(text.p);
	} while (uk_is(err, UK_ERR_MEMORY));
	expect_ok(err);
	assert_true(n > 1);
	uk_blob_free(&text);
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),
		cmocka_unit_test(escapes),
		cmocka_unit_test(long_text),
		cmocka_unit_test(refused),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests_name("JSON text", tests, NULL, NULL);
}
