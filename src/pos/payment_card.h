/*
 * A payment application, read by a terminal (EMV 4.3 Books 1 and 3): found by
 * the card's directory or by the list of those we know, begun, its records
 * read, and asked for cryptograms. No key of a driver and no PIN goes this way.
 *
 * Everything the card says goes into one set of objects beside what the
 * terminal says, and no object can come twice: so a card cannot say another
 * amount than the terminal's. Whatever a card answers, at most
 * UK_PAYMENT_COMMANDS are sent.
 */
#ifndef UK_PAYMENT_CARD_H
#define UK_PAYMENT_CARD_H

#include "channel.h"
#include "emv.h"

enum { UK_PAYMENT_COMMANDS = 200 };

struct uk_payment {
	uk_channel *ch; /* borrowed */
	struct uk_emv_app app;
	struct uk_emv_set data; /* terminal's and card's: wiped by the caller */
};

/* Selects the application of the first priority. UK_ERR_CARD_UNKNOWN: there is
 * none that we know. */
UK_RESULT uk_payment_open(uk_channel *ch, struct uk_payment *out);
/* GET PROCESSING OPTIONS and all records. The terminal's objects are in
 * p->data before. UK_ERR_FORMAT: they are not as the standard says. */
UK_RESULT uk_payment_begin(struct uk_payment *p);
/* GENERATE AC of this type (UK_EMV_ARQC ...); second: by CDOL2. What the card
 * gives may be less than what was asked for. */
UK_RESULT uk_payment_generate(
    struct uk_payment *p, uint8_t type, bool second, struct uk_emv_set *ac);
/* EXTERNAL AUTHENTICATE if the card can; *good: it knows its issuer by it (or
 * is told with GENERATE AC). */
UK_RESULT uk_payment_authenticate(
    struct uk_payment *p, uk_bytes issuer_data, bool *good);

#endif
