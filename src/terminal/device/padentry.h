/*
 * PIN entry as a host asks for it, and the command with the PINs in it: data of
 * PC_to_RDR_Secure, CCID 1.1, 6.1.11 to 6.1.13. Every number in it is the
 * host's word, and lies.
 */
#ifndef TRM_PADENTRY_H
#define TRM_PADENTRY_H

#include "apdu.h"
#include "secret.h"

enum {
	TRM_PIN_DIGITS_MAX = 16, /* what our keypad takes */
	TRM_PIN_COMMAND_MAX = 4 + 1 + 255 + 1
};

struct trm_pin_wish {
	bool change;      /* of a PIN; otherwise it is only shown to the card */
	bool asks_old;    /* change: the present PIN is wanted, too */
	bool confirm;     /* the new PIN is typed twice */
	uint8_t min, max; /* digits, 1 to TRM_PIN_DIGITS_MAX */
	uint8_t timeout_s; /* 0: the terminal's own */
	/* the rest is for trm_pin_command */
	uint8_t format, block, length, offset_old, offset_new;
	uint8_t command[TRM_PIN_COMMAND_MAX];
	size_t command_n;
};

/* data: of the message. UK_ERR_UNSUPPORTED: something that this terminal does
 * not do; UK_ERR_FORMAT: nonsense. */
UK_RESULT trm_pin_read(uk_bytes data, struct trm_pin_wish *out);

/* The command with the PINs put in; secret. old is not looked at unless
 * asks_old, fresh not unless change. UK_ERR_PIN_LENGTH: a PIN is out of min and
 * max, or of the block. */
UK_RESULT trm_pin_command(const struct trm_pin_wish *w, const uk_pin *old,
    const uk_pin *fresh, uk_buf *out);

#endif
