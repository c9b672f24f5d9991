/* What was paid: searched, and exported. */
#include "pos_client.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 8192, PAGES_MAX = 10000 };

/* --- CSV ------------------------------------------------------------------ */

/* A spreadsheet calculates what begins so, in quotes or not; OWASP, CSV
 * injection. A quote in front makes it text. */
static bool is_formula(const char *text)
{
	return *text != '\0' && strchr("=+-@\t\r", *text) != NULL;
}

void pos_put_csv(uk_buf *out, const char *text)
{
	uk_put_u8(out, '"');
	if (is_formula(text))
		uk_put_u8(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			uk_put_u8(out, '"');
		uk_put_u8(out, (uint8_t)*text);
	}
	uk_put_u8(out, '"');
}

static const char *const columns[] = { "time", "orderNumber", "merchant",
	"goods", "terms", "amount", "currency", "card", "state",
	"responseCode" };

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const char *value(
    const json_t *r, const char *column, char *money, size_t cap)
{
	char *blank;

	if (strcmp(column, "amount") != 0)
		return pos_text(r, column);
	pos_money(r, money, cap); /* "12.34 CNY" */
	blank = strchr(money, ' ');
	if (blank != NULL)
		*blank = '\0';
	return money;
}

static void print_csv(const json_t *r)
{
	char line[LINE_MAX_BYTES], money[64];
	uk_buf b = uk_buf_over(line, sizeof(line));

	for (size_t i = 0; i < COLUMNS; i++) {
		if (i > 0)
			uk_put_u8(&b, ',');
		pos_put_csv(
		    &b, r == NULL ? columns[i]
				  : value(r, columns[i], money, sizeof(money)));
	}
	uk_put_str(&b, "\r\n");
	if (!b.bad)
		(void)fwrite(line, 1, b.len, stdout);
}

/* --- asking --------------------------------------------------------------- */

/* name=value, percent-encoded (RFC 3986, 2.3). */
static void put_query(uk_buf *out, const char *name, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	if (text == NULL)
		return;
	uk_put_u8(out, '&');
	uk_put_str(out, name);
	uk_put_u8(out, '=');
	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z') || c == '-' || c == '_';

		if (plain) {
			uk_put_u8(out, c);
			continue;
		}
		uk_put_u8(out, '%');
		uk_put_u8(out, (uint8_t)digits[c >> 4]);
		uk_put_u8(out, (uint8_t)digits[c & 15]);
	}
}

/* A day or a time, to seconds. */
static bool put_time(uk_buf *out, const char *name, const char *text)
{
	char whole[24], number[24];
	int64_t seconds;

	if (text == NULL)
		return true;
	(void)snprintf(whole, sizeof(whole), "%s%s", text,
	    strlen(text) == 10 ? "T00:00:00Z" : "");
	if (!uk_is_ok(bank_parse_time(uk_view_str(whole), &seconds)) ||
	    seconds < 0)
		return false;
	(void)snprintf(number, sizeof(number), "%lld", (long long)seconds);
	put_query(out, name, number);
	return true;
}

static bool make_path(
    const struct pos *p, json_int_t before, char path[POS_URL_MAX])
{
	uk_buf b = uk_buf_over(path, POS_URL_MAX);
	char number[24];

	uk_put_str(&b, "/v1/pos/records?limit=100");
	put_query(&b, "search", p->opt.search);
	put_query(&b, "merchant", p->opt.merchant);
	if (!put_time(&b, "from", p->opt.from) ||
	    !put_time(&b, "until", p->opt.until))
		return false;
	(void)snprintf(number, sizeof(number), "%lld", (long long)before);
	put_query(&b, "before", before > 0 ? number : NULL);
	uk_put_u8(&b, 0);
	return !b.bad;
}

/* --- showing -------------------------------------------------------------- */

static void print_record(const json_t *r)
{
	char money[64];

	pos_money(r, money, sizeof(money));
	printf("%s  %s  %s  %s  %s\n    %s  %s\n", pos_text(r, "time"),
	    pos_text(r, "orderNumber"), money, pos_text(r, "merchant"),
	    pos_text(r, "state"), pos_text(r, "goods"), pos_text(r, "card"));
}

static json_int_t each(const struct pos *p, const json_t *answer, json_t *all)
{
	json_int_t last = 0;
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(answer, "records"), i, r)
	{
		last = json_integer_value(json_object_get(r, "id"));
		if (all != NULL)
			json_array_append(all, r);
		else if (p->opt.export != NULL)
			print_csv(r);
		else
			print_record(r);
	}
	return json_is_true(json_object_get(answer, "more")) ? last : 0;
}

enum pos_exit pos_history(struct pos *p)
{
	bool as_json = p->opt.json || (p->opt.export != NULL &&
					  strcmp(p->opt.export, "json") == 0);
	json_t *all = as_json ? json_array() : NULL;
	enum pos_exit code = POS_OK;
	json_int_t before = 0;

	if (!as_json && p->opt.export != NULL) {
		if (strcmp(p->opt.export, "csv") != 0)
			return pos_say(POS_USAGE, "--export is csv or json");
		print_csv(NULL);
	}
	for (int page = 0; page < PAGES_MAX && code == POS_OK; page++) {
		char path[POS_URL_MAX];
		json_t *answer = NULL;

		if (!make_path(p, before, path))
			code = pos_say(
			    POS_USAGE, "--from and --until are as 2026-11-20");
		else
			code = pos_call(p, path, NULL, false, &answer);
		before = code == POS_OK ? each(p, answer, all) : 0;
		json_decref(answer);
		if (before == 0)
			break;
	}
	if (code == POS_OK && all != NULL)
		json_dumpf(all, stdout, JSON_INDENT(1));
	json_decref(all);
	return code;
}
