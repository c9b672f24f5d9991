/* Between the reader (desk_reader.c) and what happens in it (desk_events.c). */
#ifndef DESK_READER_H
#define DESK_READER_H

#include "desk.h"

struct desk_reader {
	struct desk_cards *cards;
	struct desk_world *world;
	size_t in; /* which card */
	bool present;
	uint32_t events, resets; /* other values: it was away; it was reset */
	bool others;             /* another program waits for the card */
};
extern struct desk_reader desk;

/* --- desk_reader.c -------------------------------------------------------- */

void desk_reader_tell(void);      /* those who watch */
void desk_reader_free_card(void); /* nobody has a transaction any more */
bool desk_reader_is_free(void);
void desk_reader_unplug(void);
void desk_reader_plug(void);

/* --- desk_events.c -------------------------------------------------------- */

bool desk_event_due(void);     /* before each command */
void desk_event_happens(void); /* the one that was ordered */
void desk_event_others(void);  /* the card may be free now */
void desk_event_reset(void);
uk_bytes desk_event_transmit(uk_bytes apdu); /* and counts */
char desk_event_answer(char word);           /* to the program */

#endif
