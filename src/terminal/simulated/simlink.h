/*
 * A link (transport.h) with a simulated card line in it: what is sent goes
 * through contact.h or prox.h, over a line, into vc_line.h or vc_prox.h, and
 * from there into another link, whose card knows only APDUs. So a virtual card
 * is used as one with contacts, or in a field, would be, block by block.
 */
#ifndef TRM_SIMLINK_H
#define TRM_SIMLINK_H

#include "simcontacts.h"
#include "simfield.h"
#include "transport.h"

struct trm_simwish {
	bool contactless; /* prox counts, and not contacts */
	struct vc_line_wish contacts;
	struct vc_prox_wish prox;
};

/* A card behind a line, or in the field. */
struct trm_simcard {
	struct trm_simcontacts contacts;
	struct trm_simfield field;
	uk_link *inner;
	uk_err err; /* of the inner link, the last time */
	uint8_t atr[UK_ATR_MAX], answer[UK_RESPONSE_MAX];
	size_t atr_n;
};

/* Takes "line:t0:", "line:t1:" or "line:t1-crc:" (check code CRC), or "line:a:"
 * or "line:b:" (contactless) off the front of *name; there is no such thing
 * there: UK_ERR_NOT_FOUND, or another line: UK_ERR_FORMAT. */
UK_RESULT trm_simcard_parse(const char **name, struct trm_simwish *out);
/* An empty slot. */
UK_RESULT trm_simcard_open(
    const struct trm_simwish *wish, struct trm_simcard **out);
void trm_simcard_close(struct trm_simcard **card); /* accepts NULL */
/* A card is put in: takes over *inner (left NULL), whose card is ours alone
 * (uk_link_begin); atr: its own, whose
 * historical bytes are shown; and taken out, which resets it. */
void trm_simcard_insert(
    struct trm_simcard *card, uk_bytes atr, uk_link **inner);
void trm_simcard_remove(struct trm_simcard *card);

/* The same as a link, inner taken over, also on failure: powered, and its
 * answer to reset is that of the line. */
UK_RESULT trm_simlink_open(const struct trm_simwish *wish, uk_bytes atr,
    uk_link **inner, uk_link **out);

#endif
