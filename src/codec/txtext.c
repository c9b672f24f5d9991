/* The transaction text; its grammar is in the header. */
#include "txtext.h"

#include "utf8.h"

#include <string.h>

enum { MARKS_MAX = 4 };

static const char DECLARATION[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/* --- characters ---------------------------------------------------------- */

/* The state of one string of characters, from left to right. */
struct chars {
	size_t count, marks;
	bool after_blank, bad;
};

static void check_other(struct chars *s, uint32_t c)
{
	bool blank = uk_utf8_is_blank(c);
	bool mark = uk_utf8_is_combining(c);

	if (c == '<' || c == '>' || c == '&' || !uk_utf8_is_shown(c))
		s->bad = true;
	if (blank && (s->count == 0 || s->after_blank))
		s->bad = true;
	s->marks = mark ? s->marks + 1 : 0;
	if (mark && (s->count == 0 || s->after_blank || s->marks > MARKS_MAX))
		s->bad = true;
	s->after_blank = blank;
	s->count++;
}

/* ASCII that is neither blank nor forbidden: nearly all of most texts. */
static bool is_common(int c)
{
	return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '&';
}

static void check_char(struct chars *s, uk_reader *r)
{
	if (!is_common(uk_peek_u8(r))) {
		check_other(s, uk_utf8_next(r));
		return;
	}
	(void)uk_get_u8(r);
	s->marks = 0;
	s->after_blank = false;
	s->count++;
}

static bool chars_ok(uk_bytes text, size_t least, size_t most)
{
	uk_reader r = uk_read(text);
	struct chars s = { 0, 0, false, false };

	while (r.left > 0 && !r.bad && !s.bad && s.count <= most)
		check_char(&s, &r);
	return !r.bad && !s.bad && !s.after_blank && s.count >= least &&
	       s.count <= most;
}

bool uk_tx_key_ok(uk_bytes key)
{
	return chars_ok(key, 1, UK_TX_KEY_MAX);
}

bool uk_tx_value_ok(uk_bytes value)
{
	return chars_ok(value, 0, UK_TX_VALUE_MAX);
}

/* --- reading ------------------------------------------------------------- */

static bool comes(const uk_reader *r, const char *literal)
{
	uk_bytes want = uk_view_str(literal);

	return !r->bad &&
	       uk_bytes_eq(
		   uk_bytes_first(uk_view(r->p, r->left), want.n), want);
}

static bool skip(uk_reader *r, const char *literal)
{
	if (!comes(r, literal))
		return false;
	(void)uk_get(r, strlen(literal));
	return true;
}

static void must(uk_reader *r, const char *literal)
{
	if (!skip(r, literal))
		r->bad = true;
}

/* Everything before the next '<'. */
static uk_bytes get_text(uk_reader *r)
{
	uk_bytes rest = uk_view(r->p, r->bad ? 0 : r->left);
	size_t n = 0;

	while (n < rest.n && rest.p[n] != '<')
		n++;
	return uk_get(r, n);
}

static bool has_key(const uk_tx *tx, uk_bytes key)
{
	for (size_t i = 0; i < tx->count; i++) {
		if (uk_bytes_eq(tx->items[i].key, key))
			return true;
	}
	return false;
}

static void get_item(uk_reader *r, uk_tx *out)
{
	uk_tx_item item;

	must(r, "<M><k>");
	item.key = get_text(r);
	must(r, "</k><v>");
	item.value = get_text(r);
	must(r, "</v></M>");
	if (out->count == UK_TX_ITEMS || !uk_tx_key_ok(item.key) ||
	    !uk_tx_value_ok(item.value) || has_key(out, item.key))
		r->bad = true;
	if (!r->bad)
		out->items[out->count++] = item;
}

static void get_items(uk_reader *r, uk_tx *out)
{
	while (comes(r, "<M>"))
		get_item(r, out);
}

uk_err uk_tx_parse(uk_bytes text, uk_tx *out)
{
	uk_reader r = uk_read(text);

	*out = (uk_tx){ 0 };
	if (text.n > UK_TX_MAX)
		return uk_fail(UK_ERR_FORMAT);
	(void)skip(&r, DECLARATION);
	must(&r, "<T><D>");
	get_items(&r, out);
	must(&r, "</D>");
	out->shown = out->count;
	if (skip(&r, "<E>")) {
		get_items(&r, out);
		must(&r, "</E>");
	}
	must(&r, "</T>");
	if (!uk_is_ok(uk_read_end(&r)) || out->shown == 0) {
		*out = (uk_tx){ 0 };
		return uk_fail(UK_ERR_FORMAT);
	}
	return uk_ok();
}

bool uk_tx_find(const uk_tx *tx, const char *key, uk_bytes *value)
{
	uk_bytes want = uk_view_str(key);

	*value = UK_NONE;
	for (size_t i = 0; i < tx->count; i++) {
		if (!uk_bytes_eq(tx->items[i].key, want))
			continue;
		*value = tx->items[i].value;
		return true;
	}
	return false;
}

/* --- writing ------------------------------------------------------------- */

/*
 * Misuse leaves a mark in the text that no parser accepts, so that uk_tx_end
 * finds it. Without it a value like "x</v></M><M><k>..." would become items.
 */
static void put_refused(uk_buf *out)
{
	uk_put_str(out, "<!>");
}

void uk_tx_begin(uk_buf *out)
{
	uk_put_str(out, DECLARATION);
	uk_put_str(out, "<T><D>");
}

void uk_tx_put(uk_buf *out, const char *key, uk_bytes value)
{
	if (!uk_tx_key_ok(uk_view_str(key)) || !uk_tx_value_ok(value)) {
		put_refused(out);
		return;
	}
	uk_put_str(out, "<M><k>");
	uk_put_str(out, key);
	uk_put_str(out, "</k><v>");
	uk_put(out, value);
	uk_put_str(out, "</v></M>");
}

static const char EXTRA[] = "</D><E>";

void uk_tx_extra(uk_buf *out)
{
	uk_put_str(out, EXTRA);
}

/* No key or value holds '<', so this can only come from uk_tx_extra. */
static bool in_extra(uk_bytes text)
{
	return text.n > 0 &&
	       memmem(text.p, text.n, EXTRA, sizeof(EXTRA) - 1) != NULL;
}

uk_err uk_tx_end(uk_buf *out)
{
	uk_tx tx;

	uk_put_str(out, in_extra(uk_buf_view(out)) ? "</E></T>" : "</D></T>");
	UK_TRY(uk_buf_result(out));
	return uk_tx_parse(uk_buf_view(out), &tx);
}
