/* Answer to reset, ISO/IEC 7816-3:2006, 8.2: for display and for the card
 * capabilities in the historical bytes; never to tell kinds of cards apart. */
#ifndef UK_ATR_H
#define UK_ATR_H

#include "bytes.h"

/* What the interface bytes say to the electronics, 8.3, 10.2 and 11.4; for
 * those that are absent, their defaults. */
struct uk_atr_interface {
	uint8_t first;    /* the protocol offered first, 8.2.3 */
	uint8_t fi_di;    /* TA1: 11 */
	uint8_t guard;    /* TC1, etu more between characters: 0 */
	bool specific;    /* TA2 is there: no PPS */
	bool implicit;    /* TA2: rate and times are not those of TA1 */
	uint8_t only;     /* TA2: the protocol */
	uint8_t wi;       /* TC2, T=0: 10 */
	uint8_t ifsc;     /* T=1, first TA: 32 */
	uint8_t bwi, cwi; /* T=1, first TB: 4, 13 */
	bool crc;         /* T=1, first TC: not LRC */
};

typedef struct uk_atr {
	struct uk_atr_interface interface;
	uint16_t protocols;      /* bit T set: protocol T is offered */
	uk_bytes historical;     /* at most 15 bytes */
	bool says_capabilities;  /* card capabilities (7816-4, 12.1.1.9) seen */
	bool chaining, extended; /* third software function table */
	bool directory; /* card service data (12.1.1.7): EF.DIR is there */
} uk_atr;

/* UK_ERR_FORMAT if lengths or the check byte TCK are wrong. */
UK_RESULT uk_atr_parse(uk_bytes atr, uk_atr *out);

#endif
