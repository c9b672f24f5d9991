/*
 * Where to look first, remembered from one program to the next.
 *
 * A card with one application, behind the others in registry.c, would be asked
 * for all of them in every program. So it is remembered which application the
 * last card with this answer to reset had: that one is asked for first. And
 * with the application (in its own cache, which is only opened for a card that
 * has proved who it is) that it was alone on its card; this is believed for a
 * day, since somebody may have loaded another one. The first changes only the
 * order of questions, never the answer.
 */
#ifndef UK_HINT_H
#define UK_HINT_H

#include "card.h"

/* NULL: nothing is remembered of such cards; accepted by the others. Closed
 * with uk_cache_close. */
uk_cache *uk_hint_open(uk_channel *ch);
/* The AID to begin with; none: in the usual order. Good until the next call. */
uk_bytes uk_hint_aid(uk_cache *hint);
/* What was found: the AID of a card that has one application, else none. */
void uk_hint_note(uk_cache *hint, uk_bytes aid);

/* Nothing was found: what to begin with next time, unless a card with this
 * answer to reset was ever ours; then the usual order is the right one. */
void uk_hint_note_unknown(uk_cache *hint, uk_bytes next);

/* Has a program of this user's let go of it just now? Then the card has not
 * been switched off, most likely, and its application is still selected. */
bool uk_hint_is_recent(uk_cache *hint);
void uk_hint_note_left(uk_channel *ch);

bool uk_hint_is_alone(const uk_card *c);
void uk_hint_note_alone(uk_card *c, bool alone);

#endif
