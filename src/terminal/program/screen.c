/* Questions on a text screen. */
#include "screen.h"

#include <stdio.h>
#include <string.h>

enum {
	KEY_ENTER = '\r',
	KEY_NEWLINE = '\n',
	KEY_ESCAPE = 0x1b,
	KEY_CANCEL = 0x03,
	KEY_ERASE = 0x7f,
	KEY_BACKSPACE = 0x08
};

static void put(struct trm_screen *s, const char *text)
{
	s->ops->write(s->arg, uk_view_str(text));
}

void trm_screen_init(struct trm_screen *s, unsigned columns, unsigned lines,
    const struct trm_screen_ops *ops, void *arg)
{
	*s = (struct trm_screen){ .ops = ops, .arg = arg };
	s->columns = columns < TRM_SCREEN_COLUMNS_MIN ? TRM_SCREEN_COLUMNS_MIN
						      : columns;
	s->lines = lines < 2 ? 2 : lines;
}

void trm_screen_say(struct trm_screen *s, const char *line)
{
	put(s, line);
	put(s, "\r\n");
}

/* Nothing of it stays. */
static void end_question(struct trm_screen *s)
{
	uk_wipe(&s->typed, sizeof(s->typed));
	uk_wipe(&s->old, sizeof(s->old));
	uk_wipe(&s->fresh, sizeof(s->fresh));
	uk_wipe(s->text, s->text_n);
	s->question = TRM_Q_NONE;
	s->text_n = s->shown_to = s->answer_n = 0;
}

void trm_screen_dismiss(struct trm_screen *s, unsigned slot)
{
	if (s->question == TRM_Q_NONE || s->slot != slot)
		return;
	end_question(s);
	put(s, "\r\nNot asked any more.\r\n");
}

/* --- PINs ---------------------------------------------------------------- */

static void ask_part(struct trm_screen *s)
{
	static const char *const names[] = { "PIN", "New PIN",
		"New PIN again" };
	char line[96];

	s->typed.n = 0;
	snprintf(line, sizeof(line), "%s for card %u (%u to %u digits): ",
	    s->part == 0 && s->wish.change ? "Present PIN" : names[s->part],
	    s->slot + 1, s->wish.min, s->wish.max);
	put(s, line);
}

bool trm_screen_ask_pin(
    struct trm_screen *s, unsigned slot, const struct trm_pin_wish *wish)
{
	if (s->question != TRM_Q_NONE)
		return false;
	s->question = TRM_Q_PIN;
	s->slot = slot;
	s->wish = *wish;
	s->part = wish->asks_old ? 0 : 1;
	put(s, "\r\n\aEnter confirms, Esc cancels.\r\n");
	ask_part(s);
	return true;
}

static void answer_pin(struct trm_screen *s, bool yes)
{
	uk_pin old = s->old, fresh = s->fresh;

	end_question(s);
	put(s, yes ? "\r\nThank you.\r\n" : "\r\nCancelled.\r\n");
	s->ops->pin(s->arg, s->slot, yes, &old, &fresh);
	uk_wipe(&old, sizeof(old));
	uk_wipe(&fresh, sizeof(fresh));
}

static void finish_part(struct trm_screen *s)
{
	bool last = s->part == 2 || (s->part == 1 && !s->wish.confirm) ||
		    (s->part == 0 && !s->wish.change);

	if (s->typed.n < s->wish.min) {
		put(s, "\r\nToo short.\r\n");
		ask_part(s);
		return;
	}
	if (s->part == 2 &&
	    !uk_equal(uk_pin_view(&s->fresh), uk_pin_view(&s->typed))) {
		put(s, "\r\nThe two are not the same. Once more.\r\n");
		s->part = 1;
		ask_part(s);
		return;
	}
	if (s->part == 0)
		s->old = s->typed;
	else
		s->fresh = s->typed;
	if (last) {
		answer_pin(s, true);
		return;
	}
	s->part++;
	put(s, "\r\n");
	ask_part(s);
}

static void pin_key(struct trm_screen *s, uint8_t key)
{
	if (key == KEY_ESCAPE || key == KEY_CANCEL) {
		answer_pin(s, false);
	} else if (key == KEY_ENTER || key == KEY_NEWLINE) {
		finish_part(s);
	} else if (key == KEY_ERASE || key == KEY_BACKSPACE) {
		if (s->typed.n > 0) {
			s->typed.p[--s->typed.n] = 0;
			put(s, "\b \b");
		}
	} else if (key >= '0' && key <= '9' && s->typed.n < s->wish.max) {
		s->typed.p[s->typed.n++] = key;
		put(s, "*");
	}
}

/* --- texts --------------------------------------------------------------- */

/* How many bytes the character takes that begins here. */
static size_t char_size(uint8_t first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Breaks a value into lines of the screen's width; what is broken is marked by
 * an indent, so that no part of a value looks like a line of its own. Wide
 * characters count as two columns, to be on the safe side. */
static void put_broken(struct trm_screen *s, uk_buf *out, uk_bytes v)
{
	unsigned at = s->columns; /* a value begins on a line of its own */

	for (size_t i = 0; i < v.n;) {
		size_t n = char_size(v.p[i]);
		unsigned width = n > 2 ? 2 : 1;

		if (at + width > s->columns) {
			uk_put_str(out, "\r\n  ");
			at = 2;
		}
		uk_put(out, uk_bytes_first(uk_bytes_from(v, i), n));
		at += width;
		i += n;
	}
	uk_put_str(out, "\r\n");
}

static void put_item(struct trm_screen *s, uk_buf *out, const uk_tx_item *item)
{
	uk_put(out, item->key);
	uk_put_str(out, ":");
	put_broken(s, out, item->value);
}

/* The next page: all lines but one, which is for the question. */
static void show_page(struct trm_screen *s)
{
	size_t from = s->shown_to, lines = 0;

	while (s->shown_to < s->text_n && lines < s->lines - 1)
		lines += s->text[s->shown_to++] == '\n';
	s->ops->write(s->arg, uk_view(s->text + from, s->shown_to - from));
	s->whole = s->shown_to == s->text_n;
	s->answer_n = 0;
	put(s, s->whole ? "Approve? Type yes and Enter; Esc rejects: "
			: "-- more: Enter; Esc rejects --");
}

bool trm_screen_show(
    struct trm_screen *s, unsigned slot, const uk_tx_item *items, size_t n)
{
	uk_buf text = UK_BUF(s->text);

	if (s->question != TRM_Q_NONE)
		return false;
	for (size_t i = 0; i < n; i++)
		put_item(s, &text, &items[i]);
	if (text.bad)
		return false;
	s->text_n = text.len;
	s->question = TRM_Q_TEXT;
	s->slot = slot;
	put(s, "\r\n\aPlease read and approve:\r\n");
	show_page(s);
	return true;
}

static void answer_text(struct trm_screen *s, bool yes)
{
	end_question(s);
	put(s, yes ? "\r\nApproved.\r\n" : "\r\nRejected.\r\n");
	s->ops->judged(s->arg, s->slot, yes);
}

/* Only a whole "yes" is one; the way of least effort is no. */
static void finish_text(struct trm_screen *s)
{
	put(s, "\r\n");
	if (!s->whole)
		show_page(s);
	else
		answer_text(
		    s, s->answer_n == 3 && memcmp(s->answer, "yes", 3) == 0);
}

static void text_key(struct trm_screen *s, uint8_t key)
{
	const char echo[] = { (char)key, '\0' };

	if (key == KEY_ESCAPE || key == KEY_CANCEL) {
		answer_text(s, false);
	} else if (key == KEY_ENTER || key == KEY_NEWLINE) {
		finish_text(s);
	} else if (s->whole && key > 0x20 && key < 0x7f &&
		   s->answer_n < sizeof(s->answer)) {
		s->answer[s->answer_n++] = key;
		put(s, echo);
	}
}

/* --- keys ---------------------------------------------------------------- */

static void idle_key(struct trm_screen *s, uint8_t key)
{
	if (key == 'p')
		s->ops->wants_pairing(s->arg);
	else if (key == 'q' || key == KEY_CANCEL)
		s->ops->wants_end(s->arg);
}

void trm_screen_keys(struct trm_screen *s, uk_bytes keys)
{
	for (size_t i = 0; i < keys.n; i++) {
		if (s->question == TRM_Q_PIN)
			pin_key(s, keys.p[i]);
		else if (s->question == TRM_Q_TEXT)
			text_key(s, keys.p[i]);
		else
			idle_key(s, keys.p[i]);
	}
}
