/*
 * A slot whose card is in another reader: one of PC/SC on the terminal, or a
 * virtual card behind a socket. Commands are worked on in a thread, so that the
 * terminal's loop never waits for a card.
 *
 *   pcsc:NAME      the reader of this name
 *   unix:PATH      the first slot of the reader behind this socket
 *
 * In front of either, line:t0: or line:t1: has the card spoken to character by
 * character, over a simulated line, and line:a: or line:b: frame by frame, in a
 * simulated field (src/terminal/line).
 */
#ifndef TRM_CARDS_H
#define TRM_CARDS_H

#include "apdu.h"

enum trm_event_kind {
	TRM_EVENT_NONE,
	TRM_EVENT_CARD,    /* present tells */
	TRM_EVENT_POWERED, /* err, and the answer to reset */
	TRM_EVENT_ANSWER   /* err, and the answer */
};

struct trm_event {
	enum trm_event_kind kind;
	bool present;
	uk_err err;
	size_t n;
	uint8_t bytes[UK_RESPONSE_MAX];
};

struct trm_cards;

/* A line of the other kind of slot, or none that there is: false. */
bool trm_cards_fit(const char *name, bool contactless);

/* wake: an eventfd that is written to when there is an event. */
UK_RESULT trm_cards_open(const char *name, int wake, struct trm_cards **out);
void trm_cards_close(struct trm_cards **c); /* accepts NULL */

/* Begun here, ended by an event. One at a time. */
void trm_cards_power(struct trm_cards *c);
void trm_cards_transmit(struct trm_cards *c, uk_bytes apdu, bool secret);
/* Nothing is told of it. */
void trm_cards_power_off(struct trm_cards *c);

/* The next event, whole; false: none. */
bool trm_cards_next(struct trm_cards *c, struct trm_event *out);

#endif
