/*
 * CCID messages: how a host talks to a card reader. USB Device Class: Smart
 * Card CCID, revision 1.1, chapter 6.
 *
 * Ten bytes of header and as much data as its length says. Numbers are
 * little-endian. The same messages go over our own link (docs/terminal.md) and
 * over the serial line of a GemPC Twin.
 */
#ifndef UK_CCID_H
#define UK_CCID_H

#include "apdu.h"

enum {
	UK_CCID_HEAD = 10,
	/* longest data: an extended APDU, 6.1.4 with the extended APDU level */
	UK_CCID_DATA_MAX = UK_APDU_MAX,
	UK_CCID_MAX = UK_CCID_HEAD + UK_CCID_DATA_MAX
};

/* bMessageType, 6.1 to 6.3 */
enum uk_ccid_type {
	/* to the reader */
	UK_CCID_SET_PARAMETERS = 0x61,
	UK_CCID_POWER_ON = 0x62,
	UK_CCID_POWER_OFF = 0x63,
	UK_CCID_GET_STATUS = 0x65,
	UK_CCID_SECURE = 0x69,
	UK_CCID_T0_APDU = 0x6a,
	UK_CCID_ESCAPE = 0x6b,
	UK_CCID_GET_PARAMETERS = 0x6c,
	UK_CCID_RESET_PARAMETERS = 0x6d,
	UK_CCID_CLOCK = 0x6e,
	UK_CCID_XFR_BLOCK = 0x6f,
	UK_CCID_MECHANICAL = 0x71,
	UK_CCID_ABORT = 0x72,
	UK_CCID_DATA_RATE = 0x73,
	/* from the reader */
	UK_CCID_DATA_BLOCK = 0x80,
	UK_CCID_SLOT_STATUS = 0x81,
	UK_CCID_PARAMETERS = 0x82,
	UK_CCID_ESCAPED = 0x83,
	UK_CCID_DATA_RATE_IS = 0x84,
	/* from the reader, unasked; another layout: see uk_ccid_slots */
	UK_CCID_SLOT_CHANGE = 0x50
};

/* bStatus, 6.2.6: card and command */
enum {
	UK_CCID_ACTIVE = 0,
	UK_CCID_INACTIVE = 1,
	UK_CCID_NO_CARD = 2,
	UK_CCID_CARD_BITS = 3,
	UK_CCID_FAILED = 0x40,
	UK_CCID_MORE_TIME = 0x80, /* bError: how many times the waiting time */
	UK_CCID_COMMAND_BITS = 0xc0
};

/* bError when the command failed, table 6.2-2. 1 to 127: place of the bad
 * field. */
enum uk_ccid_error {
	UK_CCID_E_NOT_SUPPORTED = 0x00,
	UK_CCID_E_BUSY_SLOT = 0xe0,
	UK_CCID_E_PIN_CANCELLED = 0xef,
	UK_CCID_E_PIN_TIMEOUT = 0xf0,
	UK_CCID_E_BUSY_SEQUENCE = 0xf2,
	UK_CCID_E_DEACTIVATED = 0xf3,
	UK_CCID_E_PROCEDURE_BYTE = 0xf4,
	UK_CCID_E_CLASS = 0xf5,
	UK_CCID_E_PROTOCOL = 0xf6,
	UK_CCID_E_ATR_TCK = 0xf7,
	UK_CCID_E_ATR_TS = 0xf8,
	UK_CCID_E_HARDWARE = 0xfb,
	UK_CCID_E_OVERRUN = 0xfc,
	UK_CCID_E_PARITY = 0xfd,
	UK_CCID_E_MUTE = 0xfe,
	UK_CCID_E_ABORTED = 0xff
};

struct uk_ccid {
	uint8_t type, slot, seq;
	/* Commands: what bytes 7 to 9 mean with this type. Answers: bStatus,
	 * bError, and the last one. */
	uint8_t p[3];
	uk_bytes data; /* view */
};

/* How long the message is that begins like this: 0 while the header is not
 * whole. UK_ERR_FORMAT: longer than UK_CCID_MAX. */
UK_RESULT uk_ccid_size(uk_bytes begun, size_t *size);
/* Exactly one message; UK_ERR_FORMAT otherwise. */
UK_RESULT uk_ccid_parse(uk_bytes message, struct uk_ccid *out);
void uk_ccid_put(uk_buf *out, const struct uk_ccid *m);

/* RDR_to_PC_NotifySlotChange, 6.3.1: two bits a slot, present and changed. Its
 * form has no header; it is one type byte and this map. */
struct uk_ccid_slots {
	uint8_t present, changed; /* bit n: slot n, 0 to 3 */
};
UK_RESULT uk_ccid_parse_slots(uk_bytes message, struct uk_ccid_slots *out);
void uk_ccid_put_slots(uk_buf *out, const struct uk_ccid_slots *s);

#endif
