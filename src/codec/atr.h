/* Answer to reset, ISO/IEC 7816-3:2006, 8.2: for display and for the card
 * capabilities in the historical bytes; never to tell kinds of cards apart. */
#ifndef UK_ATR_H
#define UK_ATR_H

#include "bytes.h"

typedef struct uk_atr {
	uint16_t protocols;      /* bit T set: protocol T is offered */
	uk_bytes historical;     /* at most 15 bytes */
	bool says_capabilities;  /* card capabilities (7816-4, 12.1.1.9) seen */
	bool chaining, extended; /* third software function table */
	bool directory; /* card service data (12.1.1.7): EF.DIR is there */
} uk_atr;

/* UK_ERR_FORMAT if lengths or the check byte TCK are wrong. */
UK_RESULT uk_atr_parse(uk_bytes atr, uk_atr *out);

#endif
