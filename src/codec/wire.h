/*
 * The reader socket: how a program reaches a card reader that lives in another
 * process, over a Unix stream socket. docs/virtual-card.md tells it to people
 * who write another end.
 *
 * A message is its type, the length of its body in four bytes, the body. A
 * client's first message chooses what the connection is for. WATCH: the reader
 * tells the state of all slots, now and after every change. CONNECT: a
 * connection with the card in one slot; from then on the client asks and waits
 * for the one answer. A connection that ends without DISCONNECT resets the
 * card, for nobody knows in which state its user has left it.
 */
#ifndef UK_WIRE_H
#define UK_WIRE_H

#include "apdu.h"

enum {
	UK_WIRE_VERSION = 1,
	UK_WIRE_HEAD = 5,
	UK_WIRE_SLOTS_MAX = 64,
	UK_WIRE_ATR_MAX = 33,
	UK_WIRE_BODY_MAX = UK_APDU_MAX, /* the longest of all */
	UK_WIRE_MAX = UK_WIRE_HEAD + UK_WIRE_BODY_MAX
};

enum uk_wire_type {
	/* from the client */
	UK_WIRE_WATCH = 0x01,      /* version */
	UK_WIRE_CONNECT = 0x02,    /* version, slot; -> DONE */
	UK_WIRE_BEGIN = 0x03,      /* -> DONE when the card is ours alone */
	UK_WIRE_END = 0x04,        /* fate; -> DONE */
	UK_WIRE_TRANSMIT = 0x05,   /* apdu; -> ANSWER */
	UK_WIRE_DISCONNECT = 0x06, /* fate; -> DONE, and the connection ends */
	/* from the reader */
	UK_WIRE_STATE = 0x81,  /* slots */
	UK_WIRE_DONE = 0x82,   /* empty */
	UK_WIRE_ANSWER = 0x83, /* apdu */
	UK_WIRE_ERROR = 0x84   /* error, instead of any other answer */
};

enum uk_wire_fate { UK_WIRE_LEAVE = 0, UK_WIRE_RESET = 1 };

enum uk_wire_error {
	UK_WIRE_E_VERSION = 1, /* another version of this protocol */
	UK_WIRE_E_SLOT = 2,    /* no such slot */
	UK_WIRE_E_NO_CARD = 3, /* CONNECT: the slot is empty */
	UK_WIRE_E_REMOVED = 4, /* the card of this connection is gone: for good
				*/
	/* once: the card was reset since the last message; nothing was begun or
	 * sent */
	UK_WIRE_E_RESET = 5,
	UK_WIRE_E_MUTE = 6,  /* the card does not answer */
	UK_WIRE_E_ORDER = 7, /* not now: BEGIN twice, END without BEGIN */
	UK_WIRE_E_FULL = 8   /* too many connections */
};

struct uk_wire_slot {
	bool present;
	uint32_t events; /* another value: another card was put in, or none */
	size_t atr_len;
	uint8_t atr[UK_WIRE_ATR_MAX];
};

/* A message; its type says which of the others mean something. */
struct uk_wire {
	uint8_t type;
	uint8_t version, slot, fate, error;
	uk_bytes apdu; /* decoded: a view of what was read */
	size_t slot_count;
	struct uk_wire_slot slots[UK_WIRE_SLOTS_MAX];
};

/* Appends the message, head and body. UK_ERR_ARGUMENT for a type, fate or
 * length that cannot be. */
UK_RESULT uk_wire_encode(const struct uk_wire *m, uk_buf *out);

/* The message at the front of what was received so far. UK_ERR_TOO_SMALL: it is
 * not there whole yet. UK_ERR_FORMAT: what is there is none of ours, and the
 * connection is good for nothing. *size: its length, to be taken off. */
UK_RESULT uk_wire_decode(uk_bytes in, struct uk_wire *m, size_t *size);

#endif
