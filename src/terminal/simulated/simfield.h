/*
 * A field (prox.h) with a simulated card in it (vc_prox.h) and noise in
 * between, frame by frame. Time is not real: silence is over at once, and the
 * clock of the field is put forward.
 *
 * Of noise (wirenoise.h) PARITY and FLIP spoil a byte, which the chip finds or
 * the check code; EXTRA puts one behind the frame. LATE: the card's frame comes
 * when the reader has stopped waiting, so that it is heard instead of the next
 * one, which the card, speaking, does not hear; towards the card: cut short.
 */
#ifndef TRM_SIMFIELD_H
#define TRM_SIMFIELD_H

#include "prox.h"
#include "vc_prox.h"
#include "wirenoise.h"

struct trm_simfield {
	struct vc_prox prox;
	struct trm_noise noise; /* may be set at any time */
	bool present;
	uint8_t late[VC_PROX_FRAME]; /* still to be heard */
	size_t late_n;
	uint64_t now_us;        /* time that was waited */
	unsigned long waits;    /* times the card asked for time */
	unsigned long received; /* frames, by the reader */
	unsigned long sent;
};

extern const struct trm_coil trm_simfield; /* arg: the struct */

void trm_simfield_init(struct trm_simfield *s, const struct vc_line_card *card,
    const struct vc_prox_wish *wish);

#endif
