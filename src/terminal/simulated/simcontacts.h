/*
 * Contacts (contact.h) with a simulated card behind them (vc_line.h) and noise
 * in between. Time is not real: silence is over at once, and the clock of the
 * line is put forward.
 */
#ifndef TRM_SIMCONTACTS_H
#define TRM_SIMCONTACTS_H

#include "contact.h"
#include "vc_line.h"
#include "wirenoise.h"

struct trm_simcontacts {
	struct vc_line line;
	struct trm_noise noise; /* may be set at any time */
	bool present;
	bool late;           /* the next character comes after a silence */
	uint64_t now_us;     /* time that was waited in silence */
	unsigned long waits; /* times the card asked for time */
	unsigned long received, sent; /* characters, by the reader */
	/* Told when the card asks for time; may be NULL. */
	void (*waiting)(void *arg);
	void *waiting_arg;
};

extern const struct trm_contacts trm_simcontacts; /* arg: the struct */

void trm_simcontacts_init(struct trm_simcontacts *s,
    const struct vc_line_card *card, const struct vc_line_wish *wish);

#endif
