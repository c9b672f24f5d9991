/*
 * What programs ask of a reader besides commands: PC/SC part 10 and our own
 * control codes (docs/terminal.md, section 7), put into the terminal's
 * messages.
 */
#ifndef TRM_CONTROLS_H
#define TRM_CONTROLS_H

#include "display.h"
#include "termreader.h"

enum {
	/* SCARD_CTL_CODE(n) of pcsc-lite: 0x42000000 + n */
	TRM_CTL_FEATURES = 0x42000000 + 3400,
	TRM_CTL_VERIFY = 0x42000000 + 3401,
	TRM_CTL_MODIFY = 0x42000000 + 3402,
	TRM_CTL_PIN_PROPERTIES = 0x42000000 + 3403,
	TRM_CTL_TLV_PROPERTIES = 0x42000000 + 3404,
	TRM_CTL_PAIR = 0x42000000 + 3840 /* eight digits */
					 /* and those of display.h */
};

/* Answers a control code. UK_ERR_UNSUPPORTED: there is no such thing. A PIN
 * entry that did not come to the card answers with a status word of part 10,
 * 2.5.2: 6400 nobody typed, 6401 cancelled. */
UK_RESULT trm_control(struct trm_reader *r, unsigned slot, uint32_t code,
    uk_bytes in, uk_buf *out);

/* PIN_VERIFY_STRUCTURE or PIN_MODIFY_STRUCTURE (2.5.2, 2.5.3) as data of
 * PC_to_RDR_Secure (CCID 6.1.11): what differs is a second time-out and the
 * length, which are left out. UK_ERR_FORMAT. */
UK_RESULT trm_put_secure(bool modify, uk_bytes structure, uk_buf *out);

#endif
