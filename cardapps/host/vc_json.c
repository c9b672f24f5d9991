/* Reading JSON for people: every refusal says where and what is expected. */
#include "vc_json.h"

#include "hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FILE_MAX_BYTES = 1024 * 1024, DAY = 86400, YEAR = 365 * DAY };

/* --- the document ----------------------------------------------------------
 */

static uk_err parsed(struct vc_doc *doc, const json_error_t *e)
{
	if (doc->root != NULL)
		return uk_ok();
	doc->bad = true;
	(void)snprintf(doc->why, sizeof(doc->why), "%s:%d:%d: %s", doc->file,
	    e->line, e->column, e->text);
	return uk_fail(UK_ERR_FORMAT);
}

uk_err vc_doc_read(
    const char *text, const char *name, int64_t now, struct vc_doc *out)
{
	json_error_t e;

	*out = (struct vc_doc){ .file = name, .now = now };
	out->root = json_loads(text, JSON_REJECT_DUPLICATES, &e);
	return parsed(out, &e);
}

static uk_err cannot_read(struct vc_doc *doc, const char *reason)
{
	doc->bad = true;
	(void)snprintf(doc->why, sizeof(doc->why), "%s: %s", doc->file, reason);
	return uk_fail(UK_ERR_NOT_FOUND);
}

uk_err vc_doc_open(const char *file, int64_t now, struct vc_doc *out)
{
	json_error_t e;
	FILE *f = fopen(file, "re");
	long n = -1;
	uk_err err;

	*out = (struct vc_doc){ .file = file, .now = now };
	if (f == NULL)
		return cannot_read(
		    out, "there is no profile of this name, and no such file");
	if (fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0)
		rewind(f);
	if (n < 0 || n > FILE_MAX_BYTES) {
		err = cannot_read(out, "is no file of up to 1 MiB");
	} else {
		out->root = json_loadf(f, JSON_REJECT_DUPLICATES, &e);
		err = parsed(out, &e);
	}
	(void)fclose(f);
	return err;
}

void vc_doc_close(struct vc_doc *doc)
{
	json_decref(doc->root);
	doc->root = NULL;
}

uk_err vc_doc_result(const struct vc_doc *doc)
{
	return doc->bad ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

/* --- places ----------------------------------------------------------------
 */

struct vc_json vc_json_root(struct vc_doc *doc)
{
	return (struct vc_json){ .doc = doc, .v = doc->root };
}

bool vc_json_is_there(const struct vc_json *j)
{
	return j->v != NULL;
}

/* A place too deep to be named is named by where it begins. */
static void put_path(struct vc_json *at, const char *above, const char *between,
    const char *name)
{
	uk_buf b = uk_buf_over(at->path, sizeof(at->path) - 1);

	uk_put_str(&b, above);
	uk_put_str(&b, between);
	uk_put_str(&b, name);
	at->path[b.len] = '\0';
}

struct vc_json vc_json_at(const struct vc_json *j, const char *name)
{
	struct vc_json at = { .doc = j->doc, .v = json_object_get(j->v, name) };

	put_path(&at, j->path, j->path[0] == '\0' ? "" : ".", name);
	return at;
}

size_t vc_json_count(const struct vc_json *j)
{
	if (j->v == NULL)
		return 0;
	return json_is_array(j->v) ? json_array_size(j->v) : 1;
}

struct vc_json vc_json_item(const struct vc_json *j, size_t i)
{
	struct vc_json at = *j;
	char number[32];

	if (!json_is_array(j->v))
		return at;
	at.v = json_array_get(j->v, i);
	(void)snprintf(number, sizeof(number), "[%zu]", i);
	put_path(&at, j->path, number, "");
	return at;
}

/* --- failures --------------------------------------------------------------
 */

void vc_json_fail(const struct vc_json *j, const char *expected)
{
	struct vc_doc *doc = j->doc;

	if (doc->bad)
		return;
	doc->bad = true;
	(void)snprintf(doc->why, sizeof(doc->why), "%s: %s%s%s", doc->file,
	    j->path, j->path[0] == '\0' ? "" : ": ", expected);
}

/* "a, b or c" */
static void put_names(const char *const *names, char *out, size_t cap)
{
	size_t used = strlen(out);

	for (; *names != NULL && used < cap; names++) {
		(void)snprintf(out + used, cap - used, "%s%s", *names,
		    names[1] == NULL   ? ""
		    : names[2] == NULL ? " or "
				       : ", ");
		used = strlen(out);
	}
}

static bool among(const char *const *names, const char *name)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

void vc_json_only(const struct vc_json *j, const char *const *names)
{
	char expected[VC_JSON_WHY_MAX] = "an object is expected with ";
	const char *name;
	json_t *v;

	if (j->v == NULL)
		return;
	put_names(names, expected, sizeof(expected));
	if (!json_is_object(j->v)) {
		vc_json_fail(j, expected);
		return;
	}
	json_object_foreach(j->v, name, v)
	{
		struct vc_json member = vc_json_at(j, name);

		if (among(names, name))
			continue;
		(void)snprintf(expected, sizeof(expected),
		    "there is no such member; there are ");
		put_names(names, expected, sizeof(expected));
		vc_json_fail(&member, expected);
	}
}

/* --- values ----------------------------------------------------------------
 */

const char *vc_json_text(const struct vc_json *j, const char *fallback)
{
	if (j->v == NULL)
		return fallback;
	if (json_is_string(j->v))
		return json_string_value(j->v);
	vc_json_fail(j, "text in quotation marks is expected");
	return fallback;
}

int64_t vc_json_int(
    const struct vc_json *j, int64_t min, int64_t max, int64_t fallback)
{
	int64_t n = json_integer_value(j->v);
	char expected[80];

	if (j->v == NULL)
		return fallback;
	if (json_is_integer(j->v) && n >= min && n <= max)
		return n;
	(void)snprintf(expected, sizeof(expected),
	    "a number from %" PRId64 " to %" PRId64 " is expected", min, max);
	vc_json_fail(j, expected);
	return fallback;
}

bool vc_json_bool(const struct vc_json *j, bool fallback)
{
	if (j->v == NULL)
		return fallback;
	if (json_is_boolean(j->v))
		return json_is_true(j->v);
	vc_json_fail(j, "true or false is expected");
	return fallback;
}

int vc_json_choice(
    const struct vc_json *j, const char *const *names, int fallback)
{
	const char *text = vc_json_text(j, NULL);
	char expected[VC_JSON_WHY_MAX] = "expected is ";

	if (text == NULL)
		return fallback;
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], text) == 0)
			return i;
	}
	put_names(names, expected, sizeof(expected));
	vc_json_fail(j, expected);
	return fallback;
}

void vc_json_hex(const struct vc_json *j, size_t min, size_t max, uk_buf *out)
{
	const char *text = vc_json_text(j, NULL);
	size_t before = out->len, n;
	char expected[80];

	if (text == NULL)
		return;
	n = uk_is_ok(uk_hex_decode(uk_view_str(text), out)) ? out->len - before
							    : max + 1;
	if (n >= min && n <= max)
		return;
	(void)snprintf(expected, sizeof(expected),
	    "%zu to %zu bytes in hexadecimal digits are expected", min, max);
	if (min == max)
		(void)snprintf(expected, sizeof(expected),
		    "%zu bytes in hexadecimal digits are expected", min);
	vc_json_fail(j, expected);
}

/* --- times -----------------------------------------------------------------
 */

static int64_t unit_seconds(char unit)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY },
		{ 'w', 7 * DAY }, { 'y', YEAR } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit == unit)
			return units[i].seconds;
	}
	return 0;
}

/* "-1d": sign, at most six digits, unit. */
static bool relative(const char *text, int64_t now, int64_t *out)
{
	size_t digits = strspn(text + 1, "0123456789");
	int64_t unit;

	if ((text[0] != '-' && text[0] != '+') || digits == 0 || digits > 6 ||
	    (unit = unit_seconds(text[1 + digits])) == 0 ||
	    text[2 + digits] != '\0')
		return false;
	*out = now + strtol(text, NULL, 10) * unit;
	return true;
}

/* A date that timegm had to mend, as 31 February, is none. */
static bool absolute(const char *text, const char *format, int64_t *out)
{
	struct tm tm = { 0 }, again;
	const char *end = strptime(text, format, &tm);
	time_t t;

	if (end == NULL || *end != '\0')
		return false;
	again = tm;
	t = timegm(&again);
	if (again.tm_mday != tm.tm_mday || again.tm_mon != tm.tm_mon)
		return false;
	*out = t;
	return true;
}

int64_t vc_json_time(const struct vc_json *j, int64_t fallback)
{
	const char *text = vc_json_text(j, NULL);
	int64_t t;

	if (text == NULL)
		return fallback;
	if (strcmp(text, "now") == 0)
		return j->doc->now;
	if (relative(text, j->doc->now, &t) || absolute(text, "%Y-%m-%d", &t) ||
	    absolute(text, "%Y-%m-%dT%H:%M:%SZ", &t))
		return t;
	vc_json_fail(j, "a time is expected: now, -1d, +2y, 2026-11-20 or "
			"2026-11-20T12:00:00Z");
	return fallback;
}
