/* A reader chip that goes by a script: what it must be given, and what the card
 * then says. One for the whole program; it fails the running test. */
#ifndef PROX_CHIP_H
#define PROX_CHIP_H

#include "prox.h"

/* Without check codes. said: "": the card is silent; "~...": the check code is
 * spoilt. */
struct chip_row {
	const char *sent, *said;
};

/* FSC 16, FWI 4, CID possible: 13 bytes of a command in a block */
#define CHIP_ATS                                                               \
	{                                                                      \
		"E080", "0570004002"                                           \
	}
#define CHIP_END                                                               \
	{                                                                      \
		NULL, NULL                                                     \
	}

struct chip {
	const struct chip_row *next;
	struct trm_prox_found found;
	struct trm_prox prox;
	unsigned asked, fields;        /* S(WTX); times the field went on */
	uint64_t waited_us, paused_us; /* the last time */
};

extern struct chip chip;

/* Powers the card that is in chip.found. */
uk_err chip_power(const struct chip_row *rows, uk_buf *atr);
/* The same of type A, which must go well; then up to two commands. */
uk_err chip_play(const struct chip_row *rows, const char *const commands[2],
    uk_buf *answers);

#endif
