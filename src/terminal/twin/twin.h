/*
 * The terminal as a GemPC Twin: a plain reader with one slot for hosts that
 * have libccidtwin and not our driver. The exchange level is TPDU: the driver
 * does PPS and all of T=1, the reader carries blocks; of T=0 it does the
 * procedure bytes. No PIN pad, no display. USB CCID 1.1, 6.1 and 6.2.
 */
#ifndef TRM_TWIN_H
#define TRM_TWIN_H

#include "contact.h"
#include "twinframe.h"

struct trm_twin {
	struct trm_contact *contact;
	void (*send)(void *arg, uk_bytes frame);
	void *arg;
	struct trm_twin_reader reader;
	bool tells;            /* cards that come and go: Escape 01 01 01 */
	bool untouched;        /* since its reset: a PPS may come */
	uint8_t parameters[7]; /* as the host has set them */
	size_t parameters_n;
};

/* All borrowed for ever. */
void trm_twin_init(struct trm_twin *t, struct trm_contact *contact,
    void (*send)(void *arg, uk_bytes frame), void *arg);
/* Bytes from the host; returns when the card has answered. */
void trm_twin_feed(struct trm_twin *t, uk_bytes bytes);
/* A card was put in or taken out. */
void trm_twin_card(struct trm_twin *t, bool present);

#endif
