/* Between the reader (desk_reader.c, desk_vpcd.c) and what happens in it
 * (desk_events.c). */
#ifndef DESK_READER_H
#define DESK_READER_H

#include "desk.h"

struct desk_reader {
	struct desk_cards *cards;
	struct desk_world *world;
	size_t in; /* which card */
	bool present;
	uint32_t events, resets; /* other values: it was away; it was reset */
};
extern struct desk_reader desk;

/* --- desk_reader.c, desk_vpcd.c ------------------------------------------- */

void desk_reader_tell(void);      /* those who watch: what desk says now */
void desk_reader_free_card(void); /* nobody has a transaction any more */
void desk_reader_call(void);      /* another program, when the card is free */
void desk_reader_unplug(void);
void desk_reader_kill(void); /* its service */
void desk_reader_plug(void); /* and whatever it needs */

/* --- desk_events.c -------------------------------------------------------- */

bool desk_event_due(void);     /* before each command */
void desk_event_happens(void); /* the one that was ordered */
void desk_event_reset(void);
/* What another program sends, hexadecimal, or NULL, and whether it then resets
 * the card. */
struct desk_words {
	const char *first, *then;
	bool reset;
};
struct desk_words desk_event_words(
    const struct desk_kind *kind, enum desk_event event);
/* From it; the status word. */
unsigned desk_event_other(const char *hex);
uk_bytes desk_event_transmit(uk_bytes apdu); /* and counts */
char desk_event_answer(char word);           /* to the program */

#endif
