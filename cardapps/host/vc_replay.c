/* One line after the other. */
#include "vc_replay.h"

#include "apdu.h"
#include "hex.h"
#include "mem.h"
#include "vc_transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_CAP = 2 * UK_APDU_MAX + 64,
	WHY_CAP = 512,
	WHAT_CAP = 200,
	SHOWN = 4
};

struct replay {
	FILE *file;
	const char *path; /* borrowed */
	size_t line;
	char why[WHY_CAP]; /* empty: all is well */
	uint8_t atr[VC_ATR_MAX];
	size_t atr_len;
	uint8_t bytes[UK_APDU_MAX]; /* of the line that was read last */
	size_t len;
	size_t hidden; /* bytes that are not shown, */
	size_t before; /* behind so many that are */
	char text[LINE_CAP];
};

static void fail(struct replay *r, const char *what)
{
	(void)snprintf(
	    r->why, sizeof(r->why), "%.200s:%zu: %s", r->path, r->line, what);
}

/* --- lines -----------------------------------------------------------------
 */

/* "(5 bytes not shown)" at text; the place behind it, or NULL. */
static char *take_hidden(struct replay *r, char *text)
{
	static const char words[] = " bytes not shown)";
	char *end;
	unsigned long n;

	if (*text != '(')
		return text;
	n = strtoul(&text[1], &end, 10);
	if (n == 0 || n > UK_APDU_MAX ||
	    strncmp(end, words, sizeof(words) - 1) != 0)
		return NULL;
	r->hidden = n;
	r->before = r->len;
	return &end[sizeof(words) - 1];
}

static bool take_hex(struct replay *r, uk_bytes digits)
{
	uk_buf b = uk_buf_over(r->bytes, sizeof(r->bytes));
	bool good;

	b.len = r->len;
	good = uk_is_ok(uk_hex_decode(digits, &b)) &&
	       uk_is_ok(uk_buf_result(&b));
	r->len = b.len;
	return good;
}

/* Hexadecimal digits, with one part not shown at most. */
static bool take_bytes(struct replay *r, char *text)
{
	r->len = r->hidden = r->before = 0;
	for (; *text != '\0'; text = &text[strspn(text, " ")]) {
		size_t n = strcspn(text, " (");

		if (!take_hex(r, uk_view(text, n)))
			return false;
		text = &text[n];
		text = &text[strspn(text, " ")];
		if (r->hidden > 0 && *text == '(')
			return false;
		if ((text = take_hidden(r, text)) == NULL)
			return false;
	}
	return true;
}

/* The sign of the next line that is no remark; 0 at the end, -1 after a
 * failure. */
static int next_line(struct replay *r)
{
	do {
		if (fgets(r->text, sizeof(r->text), r->file) == NULL)
			return 0;
		r->line++;
		r->text[strcspn(r->text, "\r\n")] = '\0';
	} while (r->text[0] == '#' || r->text[0] == '\0');
	if (strchr("@><!?", r->text[0]) == NULL || r->text[1] != ' ' ||
	    !take_bytes(r, &r->text[2])) {
		fail(r, "this is no line of a transcript");
		return -1;
	}
	return r->text[0];
}

/* --- playing ---------------------------------------------------------------
 */

static bool matches(const struct replay *r, uk_bytes command)
{
	uk_bytes line = uk_view(r->bytes, r->len);

	if (command.n != r->len + r->hidden)
		return false;
	return uk_bytes_eq(uk_bytes_first(line, r->before),
		   uk_bytes_first(command, r->before)) &&
	       uk_bytes_eq(uk_bytes_from(line, r->before),
		   uk_bytes_from(command, r->before + r->hidden));
}

static void fail_match(struct replay *r, uk_bytes command)
{
	char told[2 * SHOWN + 1], what[WHAT_CAP];

	uk_hex_str(told, sizeof(told), uk_bytes_first(command, SHOWN));
	(void)snprintf(what, sizeof(what),
	    "the card was told %s (%zu bytes), which is not what this line "
	    "says: the program does something else than when it was recorded",
	    told, command.n);
	fail(r, what);
}

/* What was not shown of an answer was secret then, and is zeros now. */
static uk_bytes answer(struct replay *r)
{
	uk_buf b = uk_buf_over(r->bytes, sizeof(r->bytes));

	b.len = r->len;
	uk_buf_insert(&b, r->before, r->hidden);
	for (size_t i = 0; i < r->hidden && !b.bad; i++)
		b.p[r->before + i] = 0;
	return b.bad ? UK_NONE : uk_buf_view(&b);
}

static uk_bytes replay_transmit(void *source, uk_bytes command)
{
	struct replay *r = source;
	int sign;

	if (r->why[0] != '\0')
		return UK_NONE;
	while ((sign = next_line(r)) == '@') /* another program, same card */
		;
	if (sign == 0) {
		r->line++;
		fail(r, "one command more than there are in the transcript");
	} else if (sign == '<') {
		fail(r, "an answer without a command");
	} else if (sign > 0 && !matches(r, command)) {
		fail_match(r, command);
	}
	if (r->why[0] != '\0' || sign != '>')
		return UK_NONE; /* as it did then */
	if (next_line(r) != '<') {
		fail(r, "a command without an answer");
		return UK_NONE;
	}
	return answer(r);
}

static void replay_reset(void *source)
{
	(void)source; /* it plays on */
}

static uk_bytes replay_atr(const void *source)
{
	const struct replay *r = source;

	return uk_view(r->atr, r->atr_len);
}

static void replay_close(void *source)
{
	struct replay *r = source;

	if (r->file != NULL)
		(void)fclose(r->file);
	uk_free(r);
}

static const char *replay_why(const void *source)
{
	const struct replay *r = source;

	return r->why[0] == '\0' ? NULL : r->why;
}

static const struct vc_source_ops ops = {
	.transmit = replay_transmit,
	.reset = replay_reset,
	.atr = replay_atr,
	.close = replay_close,
	.why = replay_why,
};

static uk_err read_head(struct replay *r)
{
	uk_buf atr = UK_BUF(r->atr);

	if (fgets(r->text, sizeof(r->text), r->file) == NULL ||
	    strcmp(r->text, VC_TRANSCRIPT_TITLE "\n") != 0)
		return uk_fail(UK_ERR_FORMAT);
	r->line = 1;
	if (next_line(r) != '@' || r->hidden > 0)
		return uk_fail(UK_ERR_FORMAT);
	uk_put(&atr, uk_view(r->bytes, r->len));
	r->atr_len = atr.len;
	return uk_is_ok(uk_buf_result(&atr)) ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

uk_err vc_replay_open(const char *path, struct vc_source *out)
{
	struct replay *r = uk_new(sizeof(*r));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = (struct vc_source){ NULL, NULL };
	if (r == NULL)
		return err;
	r->path = path;
	err = uk_fail(UK_ERR_NOT_FOUND);
	if ((r->file = fopen(path, "re")) != NULL)
		err = read_head(r);
	if (uk_is_ok(err))
		*out = (struct vc_source){ &ops, r };
	else
		replay_close(r);
	return err;
}
