/*
 * A card in the field, ISO/IEC 14443, types A and B: from the answer to select
 * to whole command and response APDUs, by the half-duplex block protocol of
 * part 4.
 *
 * No operating system, no heap: what makes the field is a small table
 * of functions. Part 3 up to the selected card (requests, anticollision, SAK or
 * ATQB) is the reader chip's affair, as are the bits of a frame; from the first
 * byte of RATS or ATTRIB to the check code it is done here. The rate stays at
 * 106 kbit/s (no PPS), and the card is alone: its CID is 0 and is not sent.
 *
 * A command is never given to a card twice, unless the card itself says that it
 * has not had it (rule 6). When it does not answer any more, that is an error,
 * and whether it has done the command, nobody knows.
 */
#ifndef TRM_PROX_H
#define TRM_PROX_H

#include "bytes.h"
#include "heard.h"

enum {
	TRM_PROX_FRAME = 256, /* FSD, and the longest that is sent */
	TRM_PROX_HISTORICAL = 15,
	TRM_PROX_ATR = 4 + TRM_PROX_HISTORICAL + 1,
	TRM_PROX_ATQB = 13,
	TRM_PROX_BAD = 3,         /* blocks in a row, then it is given up */
	TRM_PROX_COMMAND_S = 300, /* and after this time in any case */
	TRM_PROX_WTX = 30000      /* requests for time in one command */
};

/* Which card the chip has selected. */
struct trm_prox_found {
	bool type_b;
	uint8_t sak;                 /* type A */
	uint8_t atqb[TRM_PROX_ATQB]; /* type B; without check code */
	size_t atqb_n;
};

struct trm_coil {
	bool (*present)(void *arg);
	void (*field)(void *arg, bool on);
	void (*pause)(void *arg, uint64_t us);
	uint64_t (*now_us)(void *arg); /* from anywhere on */
	/* Wakes and selects one card, 14443-3: WUPA to SAK, or WUPB and ATQB.
	 */
	enum trm_heard (*find)(void *arg, struct trm_prox_found *found);
	/* A frame out and one in, check codes included; it begins within so
	 * many microseconds. One that does not fit into answer is garbled. */
	enum trm_heard (*swap)(
	    void *arg, uk_bytes frame, uk_buf *answer, uint64_t wait_us);
	/* The card asks for time. May be NULL. */
	void (*waiting)(void *arg);
};

/* What a card says of itself in ATS, or in ATQB and its answer to ATTRIB. */
struct trm_prox_says {
	bool type_b;
	size_t fsc;        /* longest frame that it takes, at most FRAME */
	uint8_t fwi, sfgi; /* reserved values as the standard reads them */
	uint8_t pupi[4];   /* type B */
	uint8_t protocol;  /* type B: low half of Protocol_Type */
	size_t mbl;        /* type B: longest chain; 0: not said */
	uint8_t historical[TRM_PROX_HISTORICAL]; /* as the ATR shows them */
	size_t historical_n;
};

struct trm_prox {
	const struct trm_coil *hw;
	void *arg;
	bool active;
	struct trm_prox_says says;
	uint8_t atr[TRM_PROX_ATR];
	size_t atr_n;
	uint64_t fwt_us;
	uint8_t number;    /* the current block number, 7.5.3 */
	uint8_t wtx;       /* times FWT until the next block */
	unsigned bad;      /* blocks in a row */
	uint64_t began_us; /* the command */
	unsigned wtxs;     /* in it */
	uint8_t sent[TRM_PROX_FRAME], got[TRM_PROX_FRAME];
	size_t sent_n, got_n;
};

/* hw and arg are borrowed for ever. */
void trm_prox_init(struct trm_prox *p, const struct trm_coil *hw, void *arg);

/* Field, selection, RATS or ATTRIB: ready for commands. Appends the answer to
 * reset that PC/SC part 3, 3.1.3.2.3 makes of the card's answer.
 * UK_ERR_NO_CARD; UK_ERR_CARD_MUTE: no answer, or no good one;
 * UK_ERR_UNSUPPORTED: a card without part 4. */
UK_RESULT trm_prox_power(struct trm_prox *p, uk_buf *atr);
/* S(DESELECT), and the field is off. */
void trm_prox_off(struct trm_prox *p);
/* One command; the answer, status word included, is appended. UK_ERR_FORMAT: no
 * command; UK_ERR_UNSUPPORTED: longer than the card takes, which has seen
 * nothing. UK_ERR_CARD_MUTE: it did not answer or gave it up; what has become
 * of the command is not known, and the card must be powered again.
 * UK_ERR_CARD_REMOVED. */
UK_RESULT trm_prox_transmit(struct trm_prox *p, uk_bytes apdu, uk_buf *answer);

/* --- parts, without check codes --------------------------------------------
 */

/* UK_ERR_FORMAT: a length lies. */
UK_RESULT trm_ats_parse(uk_bytes ats, struct trm_prox_says *out);
/* The same; UK_ERR_UNSUPPORTED: no part 4. */
UK_RESULT trm_atqb_parse(uk_bytes atqb, struct trm_prox_says *out);
/* To what the ATQB has said. UK_ERR_FORMAT: also another CID. */
UK_RESULT trm_attrib_parse(uk_bytes answer, struct trm_prox_says *says);
void trm_prox_put_atr(const struct trm_prox_says *says, uk_buf *out);

#endif
