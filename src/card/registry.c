/*
 * The applications we know, in the order in which they are asked for, and so in
 * the order of their slots. A new kind is a folder and a line here.
 */
#include "card.h"
#include "hint.h"
#include "p15/p15_driver.h"
#include "piv/piv_driver.h"
#include "sw.h"
#include "ukey/ukey_driver.h"

enum { KINDS_MAX = 2, FCI_MAX = 512 };

static const uint8_t ukey_aid[] = { 0xf0, 0x75, 0x6b, 0x65, 0x79, 0x2e, 0x30,
	0x31 };

/* IsoApplet lives on open platforms, which have no files of their own; a card
 * that says it has a directory of applications is asked for the standard's
 * PKCS#15 application instead. So nobody is asked more than three times. A card
 * that had none of these is asked for the other one of the two next time. */
static const struct row {
	uk_bytes aid, with_directory;
	const struct uk_card_ops *kinds[KINDS_MAX];
} rows[] = {
	{ { ukey_aid, sizeof(ukey_aid) }, { NULL, 0 }, { &uk_ukey_ops } },
	{ { uk_isoapplet_aid, sizeof(uk_isoapplet_aid) },
	    { uk_p15_aid, sizeof(uk_p15_aid) }, { &uk_p15_ops } },
	{ { uk_piv_aid, sizeof(uk_piv_aid) }, { NULL, 0 }, { &uk_piv_ops } },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* A card that is not ours gets one SELECT for each. */
_Static_assert((int)ROWS <= (int)UK_CARDS_MAX && UK_CARDS_MAX <= 3,
    "an unknown card must not be asked more often");

static uk_bytes aid_of(uk_channel *ch, const struct row *row)
{
	return row->with_directory.n > 0 && uk_channel_atr(ch).directory
		   ? row->with_directory
		   : row->aid;
}

static uk_err open_row(
    uk_channel *ch, const struct row *row, uk_bytes aid, uk_card **out)
{
	uint8_t answer[FCI_MAX];
	uk_buf fci = UK_BUF(answer);
	struct uk_selected s = { .aid = aid };
	uk_err err;

	uk_channel_allow(ch, UK_CALL_COMMANDS_MAX);
	err = uk_select(ch, s.aid, &fci);
	if (!uk_is_ok(err))
		return uk_card_spoke(err)
			   ? uk_fail_sw(UK_ERR_CARD_UNKNOWN, err.sw)
			   : err;
	s.fci = uk_buf_view(&fci);
	err = uk_fail(UK_ERR_CARD_UNKNOWN);
	for (int i = 0; i < KINDS_MAX && row->kinds[i] != NULL &&
			uk_is(err, UK_ERR_CARD_UNKNOWN);
	     i++)
		err = row->kinds[i]->open(ch, &s, out);
	return err;
}

/* --- all of them ---------------------------------------------------------- */

struct search {
	uk_channel *ch;
	uk_bytes aid[ROWS]; /* one for each: of the table, not of a hint */
	uk_card *found[ROWS];
	bool asked[ROWS];
	size_t count;
	const uk_card *last; /* selected now: a SELECT that fails changes
			      * nothing (7816-4) */
	uk_err err;
};

/* Is there any use in asking for the others? */
static bool ask_row(struct search *s, size_t row)
{
	uk_card *c = NULL;

	s->asked[row] = true;
	s->err = open_row(s->ch, &rows[row], s->aid[row], &c);
	if (c == NULL)
		return uk_is(s->err, UK_ERR_CARD_UNKNOWN);
	s->found[row] = c;
	s->last = c;
	s->count++;
	return !c->info.alone && !uk_hint_is_alone(c);
}

/* The row to begin with, by a hint; ROWS: none. */
static size_t take_hint(struct search *s, uk_bytes hint)
{
	size_t first = ROWS;

	for (size_t i = 0; i < ROWS; i++) {
		const uk_bytes two[] = { rows[i].aid, rows[i].with_directory };

		s->aid[i] = aid_of(s->ch, &rows[i]);
		for (size_t j = 0; j < 2; j++) {
			if (hint.n == 0 || !uk_bytes_eq(two[j], hint))
				continue;
			s->aid[i] = two[j];
			first = i;
		}
	}
	return first;
}

/* Who is not known to be alone must be selected, after the others. */
static bool resume_row(struct search *s, size_t row)
{
	const struct uk_card_ops *kind = rows[row].kinds[0];
	uk_card *c = NULL;

	if (kind->resume == NULL)
		return false;
	uk_channel_allow(s->ch, UK_CALL_COMMANDS_MAX);
	s->err = kind->resume(s->ch, &c);
	if (c != NULL && !uk_hint_is_alone(c))
		uk_card_close(&c);
	s->found[row] = c;
	s->last = c;
	s->count = c != NULL;
	return c != NULL;
}

static void ask_rows(struct search *s, size_t first, bool recent, size_t max)
{
	bool on = first == ROWS || !recent || !resume_row(s, first);

	if (!on)
		return;
	on = first == ROWS || ask_row(s, first);

	for (size_t i = 0; on && i < ROWS && s->count < max; i++)
		on = s->asked[i] || ask_row(s, i);
	for (size_t i = 0; on && s->count == 1 && max > 1 && i < ROWS; i++) {
		if (s->found[i] != NULL)
			uk_hint_note_alone(s->found[i], true);
	}
}

static void hand_over(struct search *s, struct uk_cards *out)
{
	out->selected = s->last;
	for (size_t i = 0; i < ROWS; i++) {
		if (s->found[i] != NULL && s->count > 1)
			uk_hint_note_alone(s->found[i], false);
		if (s->found[i] != NULL)
			out->list[out->count++] = s->found[i];
	}
}

/* The first row is asked first anyway; and what nobody would ask for without
 * having been told is told again, whatever else there is. */
static uk_bytes aid_to_keep(const struct search *s)
{
	for (size_t i = 1; i < ROWS; i++) {
		if (s->found[i] != NULL &&
		    (s->count == 1 ||
			!uk_bytes_eq(s->aid[i], aid_of(s->ch, &rows[i]))))
			return s->aid[i];
	}
	return UK_NONE;
}

/* Of a card that had none of them. */
static uk_bytes other_aid(const struct search *s)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].with_directory.n > 0)
			return uk_bytes_eq(s->aid[i], rows[i].aid)
				   ? rows[i].with_directory
				   : rows[i].aid;
	}
	return UK_NONE;
}

/* Opens up to `max`. */
static uk_err open_rows(uk_channel *ch, size_t max, struct uk_cards *out)
{
	struct search s = { .ch = ch, .err = uk_fail(UK_ERR_CARD_UNKNOWN) };
	uk_cache *hint = max > 1 ? uk_hint_open(ch) : NULL;
	size_t first = take_hint(&s, uk_hint_aid(hint));

	*out = (struct uk_cards){ 0 };
	ask_rows(&s, first, uk_hint_is_recent(hint), max);
	hand_over(&s, out);
	if (out->count > 0 && uk_is(s.err, UK_ERR_CARD_UNKNOWN))
		s.err = uk_ok();
	if (uk_is_ok(s.err))
		uk_hint_note(hint, aid_to_keep(&s));
	else if (uk_is(s.err, UK_ERR_CARD_UNKNOWN))
		uk_hint_note_unknown(hint, other_aid(&s));
	uk_cache_close(&hint);
	if (!uk_is_ok(s.err))
		uk_cards_close(out);
	return s.err;
}

uk_err uk_cards_open(uk_channel *ch, struct uk_cards *out)
{
	return open_rows(ch, UK_CARDS_MAX, out);
}

uk_err uk_card_open(uk_channel *ch, uk_card **out)
{
	struct uk_cards cards;
	uk_err err = open_rows(ch, 1, &cards);

	*out = cards.list[0];
	return err;
}
