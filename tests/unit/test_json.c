/* JSON in place: what RFC 8259 allows and what not, clause by clause. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

static const char *const good[] = { "{}", " [ ] ", "\"\"", "0", "-0", "-12",
	"1.5", "1e3", "1E-3", "1.5e+30", "true", "false", "null", "\t\r\n[1]",
	"{\"a\":{\"a\":[{}]}}", "[1,\"x\",null]", "{\"a\":1 , \"b\" : 2}",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "\"\\ud83d\\ude00\"",
	"\"\xf0\x9f\x98\x80\"", "\"\x7f\"" };

static const char *const bad[] = { "", " ", "{", "}", "[", "]", "[}", "{]",
	"[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}",
	"{a:1}", "{'a':1}", "{1:1}", "{\"a\":1 \"b\":2}", "1 2", "{} x", "01",
	"-", "+1", "1.", ".5", "1e", "1e+", "0x10", "tru", "True", "nul",
	"truex", "NaN", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"",
	"\"\\u00g0\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud800x\"",
	"\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "\"\x1f\"", "\"\xff\"",
	"\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\xef\xbb\xbf{}", "/**/{}",
	"{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
	"{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", "[{\"a\":1,\"a\":1}]" };

static void grammar(void **state)
{
	uk_json v;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!uk_is_ok(uk_json_parse(uk_view_str(good[i]), &v)))
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!uk_is(
			uk_json_parse(uk_view_str(bad[i]), &v), UK_ERR_FORMAT))
			fail_msg("accepted: %s", bad[i]);
	}
	expect_code(uk_json_parse(uk_view("\"a\0b\"", 5), &v), UK_ERR_FORMAT);
}

static void members(void **state)
{
	uk_bytes rest;
	uk_json v, name;
	uint8_t room[32];
	uk_buf b = UK_BUF(room);

	(void)state;
	expect_ok(uk_json_parse(
	    uk_view_str(" { \"a\\\"}\" : [ \"]\\\"\" , {} ] ,\"\\u0062\":"
			"\"\\u5f20\\ud83d\\ude00\" , \"c\" : -7 }"),
	    &v));
	assert_int_equal(v.kind, UK_JSON_OBJECT);
	rest = v.raw;
	assert_true(uk_json_next(&rest, &name, &v));
	assert_true(uk_json_is(&name, "a\"}"));
	assert_int_equal(v.kind, UK_JSON_ARRAY);
	assert_true(uk_json_next(&rest, &name, &v));
	assert_true(uk_json_is(&name, "b"));
	assert_false(uk_json_is(&name, "bb"));
	assert_false(uk_json_is(&name, ""));
	assert_false(uk_json_is_plain(&v));
	expect_ok(uk_json_text(&v, &b));
	/* RFC 3629, 7 and the Unicode charts: U+5F20, U+1F600 */
	expect_bytes(uk_buf_view(&b), hex("e5bca0f09f9880"));
	assert_true(uk_json_next(&rest, &name, &v));
	assert_true(uk_json_is(&name, "c"));
	assert_int_equal(v.kind, UK_JSON_NUMBER);
	assert_false(uk_json_next(&rest, &name, &v));
}

static void integers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "1.0", false, 0 },
		{ "1e2", false, 0 },
		{ "true", false, 0 },
		{ "\"1\"", false, 0 },
	};
	uk_json v;
	int64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_ok(uk_json_parse(uk_view_str(rows[i].text), &v));
		assert_int_equal(uk_is_ok(uk_json_int(&v, &n)), rows[i].good);
		if (rows[i].good)
			assert_int_equal(n, rows[i].value);
	}
}

static void limits(void **state)
{
	char text[2048];
	size_t at = 0;
	uk_json v;

	(void)state;
	for (size_t depth = 1; depth <= UK_JSON_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(
		    uk_is_ok(uk_json_parse(uk_view(text, 2 * depth), &v)),
		    depth <= UK_JSON_DEPTH);
	}
	for (int i = 0; i <= UK_JSON_MEMBERS; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at,
		    "%c\"m%d\":%d", i == 0 ? '{' : ',', i, i);
		text[at] = '}';
		assert_int_equal(
		    uk_is_ok(uk_json_parse(uk_view(text, at + 1), &v)),
		    i < UK_JSON_MEMBERS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar),
		cmocka_unit_test(members),
		cmocka_unit_test(integers),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("JSON", tests, NULL, NULL);
}
