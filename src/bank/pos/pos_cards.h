/*
 * The issuer's cards: whose account, which keys, how many PIN tries are left,
 * and which transaction counters have been seen.
 *
 * Numbers and keys lie sealed in the database (vault.h); a card is found by a
 * keyed hash of its number. A PIN is not stored at all, only its verification
 * value. Names of files: this is the issuer's view, src/card is the terminal's.
 */
#ifndef BANK_POS_CARDS_H
#define BANK_POS_CARDS_H

#include "issuer.h"
#include "pinblock.h"
#include "pos.h"

enum {
	BANK_CARD_PIN_TRIES = 3,
	/* A counter may come so much later than another: payments of one card
	 * do not overtake each other by more (one bit each, below) */
	BANK_CARD_ATC_WINDOW = 62
};

struct bank_new_card {
	uk_bytes pan, expiry; /* digits; YYMM */
	uint8_t sequence;
	int64_t account;
	enum bank_scheme scheme;
	uint8_t key[BANK_CARD_KEY]; /* the card's own */
	int method;                 /* of the ARPC: 1 or 2 */
	const uk_pin *pin;          /* NULL: it has none */
};
/* UK_ERR_EXISTS; UK_ERR_ARGUMENT for a number or PIN that is none. */
UK_RESULT bank_card_make(struct bank_pos *p, const struct bank_new_card *n);

struct bank_card { /* secret; wiped by whoever has it */
	int64_t id, account;
	enum bank_scheme scheme;
	int method;
	char masked[UK_EMV_PAN_MAX + 1], expiry[5];
	bool blocked, has_pin;
	int64_t pin_left;
	int64_t atc_last, atc_seen; /* highest, and a bit for each before it */
	uint8_t key[BANK_CARD_KEY];
};
/* UK_ERR_NOT_FOUND. */
UK_RESULT bank_card_find(
    struct bank_pos *p, uk_bytes pan, uint8_t sequence, struct bank_card *out);

/* Inside a transaction. UK_ERR_EXISTS: this counter was seen, or is too old to
 * know. */
UK_RESULT bank_card_count(
    struct bank_pos *p, struct bank_card *card, uint16_t atc);
/* Inside a transaction that is to be committed whatever this says: UK_OK, and
 * all tries are back; UK_ERR_PIN_WRONG, and one is gone; UK_ERR_PIN_BLOCKED. */
UK_RESULT bank_card_pin(struct bank_pos *p, struct bank_card *card,
    uk_bytes pan, const uk_pin *pin);
/* For the operator: all tries are back. UK_ERR_NOT_FOUND. */
UK_RESULT bank_card_unblock(struct bank_pos *p, uk_bytes pan, uint8_t sequence);

#endif
