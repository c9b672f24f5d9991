/*
 * A link (transport.h) with a simulated card line in it: what is sent goes
 * through contact.h, over a line, into vc_line.h, and from there into another
 * link, whose card knows only APDUs. So a virtual card is used as one with
 * contacts would be, block by block.
 */
#ifndef TRM_SIMLINK_H
#define TRM_SIMLINK_H

#include "simcontacts.h"
#include "transport.h"

/* A card behind a line. */
struct trm_simcard {
	struct trm_simcontacts contacts;
	uk_link *inner;
	uk_err err; /* of the inner link, the last time */
	uint8_t atr[UK_ATR_MAX], answer[UK_RESPONSE_MAX];
	size_t atr_n;
};

/* Takes "line:t0:", "line:t1:" or "line:t1-crc:" (check code CRC) off the front
 * of *name; there is no such thing there: UK_ERR_NOT_FOUND, or another line:
 * UK_ERR_FORMAT. */
UK_RESULT trm_simcard_parse(const char **name, struct vc_line_wish *out);
/* An empty slot. */
UK_RESULT trm_simcard_open(
    const struct vc_line_wish *wish, struct trm_simcard **out);
void trm_simcard_close(struct trm_simcard **card); /* accepts NULL */
/* A card is put in: takes over *inner (left NULL), whose card is ours alone
 * (uk_link_begin); atr: its own, whose
 * historical bytes are shown; and taken out, which resets it. */
void trm_simcard_insert(
    struct trm_simcard *card, uk_bytes atr, uk_link **inner);
void trm_simcard_remove(struct trm_simcard *card);

/* The same as a link, inner taken over, also on failure: powered, and its
 * answer to reset is that of the line. */
UK_RESULT trm_simlink_open(const struct vc_line_wish *wish, uk_bytes atr,
    uk_link **inner, uk_link **out);

#endif
