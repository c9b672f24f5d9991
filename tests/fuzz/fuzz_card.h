/* What the fuzzers of drivers have in common. */
#ifndef FUZZ_CARD_H
#define FUZZ_CARD_H

#include "card.h"

/* Brings a key to the card whose numbers make none: the card, which is
 * anything, may take them. */
UK_RESULT fuzz_card_bring(
    uk_card *c, const struct uk_new_object *what, size_t *at);

#endif
