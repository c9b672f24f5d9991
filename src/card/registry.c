/*
 * The applications we know, in the order in which they are asked for, and so in
 * the order of their slots. A new kind is a folder and a line here.
 */
#include "card.h"
#include "p15/p15_driver.h"
#include "piv/piv_driver.h"
#include "sw.h"
#include "ukey/ukey_driver.h"

enum { KINDS_MAX = 2, FCI_MAX = 512 };

static const uint8_t ukey_aid[] = { 0xf0, 0x75, 0x6b, 0x65, 0x79, 0x2e, 0x30,
	0x31 };

/* IsoApplet lives on open platforms, which have no files of their own; a card
 * that says it has a directory of applications is asked for the standard's
 * PKCS#15 application instead. So nobody is asked more than three times. */
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

static uk_err open_row(uk_channel *ch, const struct row *row, uk_card **out)
{
	uint8_t answer[FCI_MAX];
	uk_buf fci = UK_BUF(answer);
	struct uk_selected s = { .aid = aid_of(ch, row) };
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

/* Opens up to `max`. */
static uk_err open_rows(uk_channel *ch, size_t max, struct uk_cards *out)
{
	uk_err err = uk_fail(UK_ERR_CARD_UNKNOWN);

	*out = (struct uk_cards){ 0 };
	for (int i = 0; i < ROWS && out->count < max; i++) {
		uk_card *c = NULL;

		err = open_row(ch, &rows[i], &c);
		if (c != NULL) /* a SELECT that fails changes nothing: 7816-4 */
			out->selected = c;
		if (c != NULL)
			out->list[out->count++] = c;
		else if (!uk_is(err, UK_ERR_CARD_UNKNOWN))
			break;
		if (c != NULL && c->info.alone)
			break;
	}
	if (out->count > 0 && uk_is(err, UK_ERR_CARD_UNKNOWN))
		err = uk_ok();
	if (!uk_is_ok(err))
		uk_cards_close(out);
	return err;
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
