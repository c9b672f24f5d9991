/* JSON: jansson is the judge of what is JSON and of what it says, but for the
 * limits that we alone have. */
#include "fuzz_check.h"
#include "json.h"

#include <jansson.h>
#include <string.h>

/* Numbers beyond 64 bits or with an exponent are judged differently. */
static bool has_odd_number(uk_bytes text)
{
	size_t digits = 0;

	for (size_t i = 0; i < text.n; i++) {
		bool digit = text.p[i] >= '0' && text.p[i] <= '9';

		if (digit && ++digits > 17)
			return true;
		if (!digit && digits > 0 && strchr("eE.", text.p[i]) != NULL &&
		    text.p[i] != 0)
			return true;
		if (!digit)
			digits = 0;
	}
	return false;
}

static size_t depth_of(uk_bytes text)
{
	size_t depth = 0, most = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '{' || text.p[i] == '[')
			most = ++depth > most ? depth : most;
		else if ((text.p[i] == '}' || text.p[i] == ']') && depth > 0)
			depth--;
	}
	return most;
}

static size_t commas_in(uk_bytes text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ',';
	return n;
}

static void compare(const uk_json *v, const json_t *judge, uk_bytes whole);

static void compare_members(
    const uk_json *v, const json_t *judge, uk_bytes whole)
{
	uk_bytes rest = v->raw;
	uk_json name, value;
	size_t n = 0;

	for (; uk_json_next(&rest, &name, &value); n++) {
		char text[1024];
		uk_buf b = uk_buf_over(text, sizeof(text) - 1);

		if (name.raw.n >= sizeof(text))
			return;
		CHECK(uk_is_ok(uk_json_text(&name, &b)));
		text[b.len] = '\0';
		CHECK(uk_json_is_plain(&name) == uk_json_is(&name, text) ||
		      !uk_json_is_plain(&name));
		CHECK(json_object_get(judge, text) != NULL);
		compare(&value, json_object_get(judge, text), whole);
	}
	CHECK(n == json_object_size(judge));
}

static void compare_text(const uk_json *v, const json_t *judge)
{
	static uint8_t room[1 << 16];
	uk_buf b = UK_BUF(room);

	CHECK(json_is_string(judge));
	if (v->raw.n > sizeof(room))
		return;
	CHECK(uk_is_ok(uk_json_text(v, &b)));
	CHECK(uk_bytes_eq(uk_buf_view(&b),
	    uk_view(json_string_value(judge), json_string_length(judge))));
	CHECK(!uk_json_is_plain(v) || uk_bytes_eq(uk_buf_view(&b), v->raw));
}

static void compare_items(const uk_json *v, const json_t *judge, uk_bytes whole)
{
	uk_bytes rest = v->raw;
	uk_json item;
	size_t n = 0;

	for (; uk_json_item(&rest, &item); n++)
		compare(&item, json_array_get(judge, n), whole);
	CHECK(n == json_array_size(judge));
}

static void compare(const uk_json *v, const json_t *judge, uk_bytes whole)
{
	int64_t n;

	CHECK(lies_inside(v->raw, whole));
	switch (v->kind) {
	case UK_JSON_OBJECT:
		CHECK(json_is_object(judge));
		compare_members(v, judge, whole);
		return;
	case UK_JSON_ARRAY:
		CHECK(json_is_array(judge));
		compare_items(v, judge, whole);
		return;
	case UK_JSON_NOTHING: /* is no value of a text that was taken */
		CHECK(false);
		return;
	case UK_JSON_STRING:
		compare_text(v, judge);
		return;
	case UK_JSON_NUMBER:
		CHECK(json_is_number(judge));
		CHECK(uk_is_ok(uk_json_int(v, &n)) == json_is_integer(judge));
		CHECK(
		    !json_is_integer(judge) || n == json_integer_value(judge));
		return;
	case UK_JSON_WORD:
		CHECK(json_is_boolean(judge) || json_is_null(judge));
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes text = uk_view(data, size);
	json_t *judge = json_loadb((const char *)data, size,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	uk_json v = { UK_JSON_WORD, UK_NONE };
	bool ours = uk_is_ok(uk_json_parse(text, &v));

	/* jansson passes over some NUL bytes between values. */
	if (!has_odd_number(text) && memchr(data, 0, size) == NULL) {
		CHECK(!ours || judge != NULL);
		CHECK(ours || judge == NULL ||
		      depth_of(text) >= UK_JSON_DEPTH ||
		      commas_in(text) >= UK_JSON_MEMBERS);
	}
	if (ours && judge != NULL)
		compare(&v, judge, text);
	json_decref(judge);
	return 0;
}
