/*
 * A card that begins well and turns hostile: it plays a script, and from there
 * on answers every command in one and the same way, for ever. Counts commands,
 * and the heap that the program under test takes meanwhile (link with
 * HOSTILE_WRAP of card.cmake).
 */
#ifndef HOSTILE_LINK_H
#define HOSTILE_LINK_H

#include "script_link.h"

enum hostile_way {
	HOSTILE_DROPS,    /* one byte, and 61FF: there is more */
	HOSTILE_PIECES,   /* as much as was asked for, and 6100: more */
	HOSTILE_LE,       /* 6C01: ask again */
	HOSTILE_FULL,     /* as much as was asked for, 9000 */
	HOSTILE_LONGER,   /* one byte more than was asked for, 9000 */
	HOSTILE_HUGE,     /* 65536 bytes, 9000 */
	HOSTILE_BEYOND,   /* 65537 bytes, 9000: longer than any answer */
	HOSTILE_EMPTY,    /* 9000 */
	HOSTILE_HALF,     /* one byte, 9000 */
	HOSTILE_WARNING,  /* as much as was asked for, 6282 */
	HOSTILE_NESTED,   /* 30 80 30 80 30 80 ... 9000 */
	HOSTILE_PROMISES, /* 53 82 3F F0 70 82 3F EC ..., 6100 */
	HOSTILE_LISTS,    /* endless certificates of a directory, 9000 */
	HOSTILE_TRIES,    /* 63C3 */
	HOSTILE_BUSY,     /* 9F10, 6400: what nobody understands */
	HOSTILE_WAYS
};

struct hostile_log {
	size_t commands;  /* since it turned hostile */
	size_t secrets;   /* ... of which carried a secret */
	size_t heap_peak; /* bytes, above what there was at the reset */
};
extern struct hostile_log hostile_log;
void hostile_reset(void);

/* The steps are borrowed. */
uk_link *hostile_link(
    const struct script_step *steps, size_t count, enum hostile_way way);

#endif
