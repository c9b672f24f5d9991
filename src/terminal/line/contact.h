/*
 * A card on contacts, ISO/IEC 7816-3:2006: from the answer to reset to whole
 * command and response APDUs, by T=0 or T=1.
 *
 * No operating system, no heap, no clock: what holds the contacts is a small
 * table of functions, whose reading function waits as long as it is told. The
 * functions here return when the card has answered or has failed for good.
 *
 * A command is never given to a card twice. When it is not known what has
 * become of it (T=1: after a resynchronisation), that is an error, and whether
 * the card has done it, nobody knows; a PIN try is not lost for noise.
 */
#ifndef TRM_CONTACT_H
#define TRM_CONTACT_H

#include "apdu.h"
#include "atr.h"
#include "heard.h"

enum {
	TRM_ATR_CHARS = 33,
	TRM_T1_BLOCK = 3 + 254 + 2,
	TRM_IFSD = 254,
	TRM_BAD_BLOCKS = 3,    /* in a row, 11.6.3.2 */
	TRM_IDLE_BLOCKS = 1000 /* in a command, that bring it no further */
};

/* How the contacts are to be used from now on. */
struct trm_speed {
	bool inverse;     /* convention, 8.1 */
	uint8_t protocol; /* 0: errors are signalled, 7.3 */
	uint8_t fi_di;    /* as TA1, 8.3 */
	uint8_t guard;    /* as TC1 */
};

struct trm_contacts {
	bool (*present)(void *arg);
	/* Power, clock, cold reset, 6.2; speed is that of the answer to reset,
	 * convention direct. */
	void (*reset)(void *arg);
	void (*off)(void *arg); /* 6.4 */
	/* Can the hardware? Asked before it is negotiated. */
	bool (*can)(void *arg, uint8_t fi_di);
	void (*use)(void *arg, const struct trm_speed *speed);
	/* T=0: false: the card has signalled that it did not understand. */
	bool (*put)(void *arg, uint8_t c);
	/* One character, that begins within so many microseconds. */
	enum trm_heard (*get)(void *arg, uint8_t *c, uint64_t wait_us);
	/* T=0: signals that the last character was not understood; the card
	 * sends it again. */
	void (*complain)(void *arg);
	/* The card asks for time. May be NULL. */
	void (*waiting)(void *arg);
};

/* T=1, clause 11. */
struct trm_t1 {
	uint8_t ns; /* of our next block, or the one not acknowledged */
	uint8_t nr; /* of the card's next one */
	uint8_t ifsc;
	bool crc;
	uint8_t wtx;  /* times BWT for the next block, 11.4.3 */
	unsigned bad; /* blocks in a row */
	unsigned idle;
	uint8_t sent[TRM_T1_BLOCK], got[TRM_T1_BLOCK + 1];
	size_t sent_n, got_n;
};

struct trm_contact {
	const struct trm_contacts *hw;
	void *arg;
	uint32_t khz; /* clock at the contacts, 5.2.3 */
	bool active;
	uint8_t atr[TRM_ATR_CHARS];
	size_t atr_n;
	struct uk_atr_interface interface; /* as in atr */
	struct trm_speed speed;
	uint64_t bwt_us, cwt_us, wwt_us;
	uint64_t quiet_us; /* nothing may follow what is complete */
	struct trm_t1 t1;
};

/* hw and arg are borrowed for ever. */
void trm_contact_init(
    struct trm_contact *c, const struct trm_contacts *hw, void *arg);

/* Power, answer to reset, PPS where it helps, IFSD: ready for commands. Appends
 * the answer to reset. UK_ERR_NO_CARD; UK_ERR_CARD_MUTE: no answer, or no good
 * one; UK_ERR_UNSUPPORTED: a protocol, or a rate, that is none of ours. */
UK_RESULT trm_contact_power(struct trm_contact *c, uk_buf *atr);
void trm_contact_off(struct trm_contact *c);
/* One command; the answer, status word included, is appended. UK_ERR_FORMAT: no
 * command; UK_ERR_UNSUPPORTED: T=0 and more than 255 bytes of data, the card
 * has seen nothing (ENVELOPE is not done). UK_ERR_CARD_MUTE: the card did not
 * answer or gave it up: what has become of the command is not known; if
 * !active afterwards the card must be powered again. UK_ERR_CARD_REMOVED. */
UK_RESULT trm_contact_transmit(
    struct trm_contact *c, uk_bytes apdu, uk_buf *answer);

/* --- parts, for a host that does the protocol itself (CCID TPDU level) -----
 */

/* The answer to reset only. */
UK_RESULT trm_contact_reset(struct trm_contact *c, uk_buf *atr);
/* 9.2, request and response as they are on the line. */
UK_RESULT trm_contact_pps(
    struct trm_contact *c, uk_bytes request, uk_buf *response);
/* What was negotiated. UK_ERR_UNSUPPORTED. */
UK_RESULT trm_contact_use(
    struct trm_contact *c, uint8_t protocol, uint8_t fi_di);
/* T=1: a block, and the one that answers it, of any kind and in any state;
 * wtx: times BWT, 1 if there is no more to say. UK_ERR_CARD_MUTE: none came. */
UK_RESULT trm_contact_block(
    struct trm_contact *c, uk_bytes block, uint8_t wtx, uk_buf *answer);
/* T=0: a header of five bytes and its data, or none; appends data and status
 * word. Without data, P3 says how much is expected (0: 256). UK_ERR_FORMAT. */
UK_RESULT trm_contact_tpdu(
    struct trm_contact *c, uk_bytes command, uk_buf *answer);

#endif
