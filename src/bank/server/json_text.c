/* Answers as text. */
#include "json_text.h"

#include "bytes.h"
#include "secret.h"

#include <inttypes.h>
#include <stdio.h>

enum { ROOM_AT_FIRST = 2048, NUMBER_MAX = 24 };

struct text {
	uk_blob *out; /* n: what is allocated */
	size_t used;
	uk_err err;
};

/* What is written may be a secret: the old place is wiped. */
static void grow(struct text *t, size_t n)
{
	size_t want = 2 * (t->out->n + n) + ROOM_AT_FIRST;
	uk_blob more = { uk_new(want), want };
	uk_buf b = uk_buf_over(more.p, more.n);

	if (more.p == NULL) {
		t->err = uk_fail(UK_ERR_MEMORY);
		return;
	}
	uk_put(&b, uk_view(t->out->p, t->used));
	uk_wipe(t->out->p, t->out->n);
	uk_blob_free(t->out);
	*t->out = more;
}

static void put(struct text *t, const void *p, size_t n)
{
	uk_buf room;

	if (uk_is_ok(t->err) && n > t->out->n - t->used)
		grow(t, n);
	if (!uk_is_ok(t->err))
		return;
	room = uk_buf_over(t->out->p + t->used, t->out->n - t->used);
	uk_put(&room, uk_view(p, n));
	t->used += n;
}

static void put_char(struct text *t, char c)
{
	put(t, &c, 1);
}

/* RFC 8259, 7: what must be escaped. */
static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(struct text *t, char c)
{
	char escape[8];

	snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)c);
	put(t, escape, 6);
}

static void put_string(struct text *t, const char *s, size_t n)
{
	size_t i = 0;

	put_char(t, '"');
	while (i < n) {
		size_t from = i;

		while (i < n && is_plain(s[i]))
			i++;
		put(t, s + from, i - from);
		if (i < n)
			put_escaped(t, s[i++]);
	}
	put_char(t, '"');
}

static void put_value(struct text *t, const json_t *v, int depth);

static void put_object(struct text *t, const json_t *v, int depth)
{
	/* The iterator's type is not const, but nothing is changed. */
	json_t *object = (json_t *)(uintptr_t)v;
	char before = '{';

	if (json_object_size(v) == 0)
		put_char(t, '{');
	for (void *i = json_object_iter(object); i != NULL;
	     i = json_object_iter_next(object, i)) {
		const char *key = json_object_iter_key(i);

		put_char(t, before);
		put_string(t, key, uk_view_str(key).n);
		put_char(t, ':');
		put_value(t, json_object_iter_value(i), depth);
		before = ',';
	}
	put_char(t, '}');
}

static void put_array(struct text *t, const json_t *v, int depth)
{
	put_char(t, '[');
	for (size_t i = 0; i < json_array_size(v); i++) {
		if (i > 0)
			put_char(t, ',');
		put_value(t, json_array_get(v, i), depth);
	}
	put_char(t, ']');
}

static void put_integer(struct text *t, json_int_t v)
{
	char digits[NUMBER_MAX];
	int n = snprintf(digits, sizeof(digits), "%" PRId64, (int64_t)v);

	put(t, digits, (size_t)n);
}

static void put_word(struct text *t, const char *word)
{
	put(t, word, uk_view_str(word).n);
}

static void put_value(struct text *t, const json_t *v, int depth)
{
	if (depth == BANK_JSON_DEPTH) {
		t->err = uk_fail(UK_ERR_ARGUMENT);
		return;
	}
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		put_object(t, v, depth + 1);
		return;
	case JSON_ARRAY:
		put_array(t, v, depth + 1);
		return;
	case JSON_STRING:
		put_string(t, json_string_value(v), json_string_length(v));
		return;
	case JSON_INTEGER:
		put_integer(t, json_integer_value(v));
		return;
	case JSON_TRUE:
		put_word(t, "true");
		return;
	case JSON_FALSE:
		put_word(t, "false");
		return;
	case JSON_NULL:
		put_word(t, "null");
		return;
	case JSON_REAL:
		break;
	}
	t->err = uk_fail(UK_ERR_ARGUMENT);
}

uk_err bank_json_text(const json_t *value, uk_blob *out)
{
	struct text t = { .out = out, .err = uk_ok() };

	uk_blob_free(out);
	if (value == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	put_value(&t, value, 0);
	if (uk_is_ok(t.err)) {
		out->n = t.used;
		return uk_ok();
	}
	uk_wipe(out->p, t.used);
	uk_blob_free(out);
	return t.err;
}
