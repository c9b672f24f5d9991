/* The kinds of card we know, in the order in which they are tried. A new kind
 * is a folder and one line here. */
#include "card.h"
#include "ukey/ukey_driver.h"

static const struct uk_card_ops *const kinds[] = {
	&uk_ukey_ops,
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Each open sends one command, and a card that is not ours gets three. */
_Static_assert(KINDS <= 3, "an unknown card must not be asked more often");

uk_err uk_card_open(uk_channel *ch, uk_card **out)
{
	uk_err err = uk_fail(UK_ERR_CARD_UNKNOWN);

	*out = NULL;
	for (int i = 0; i < KINDS && uk_is(err, UK_ERR_CARD_UNKNOWN); i++)
		err = kinds[i]->open(ch, out);
	return err;
}
