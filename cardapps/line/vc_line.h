/*
 * The card's end of the contacts: characters instead of commands, ISO/IEC
 * 7816-3. It stands before a card that knows only APDUs, and is written from
 * the card's side of the standard, apart from any reader of ours.
 *
 * Nothing here waits or takes time: characters are heard, and what the card has
 * to say is fetched. What happens to them in between is the wire's affair.
 */
#ifndef VC_LINE_H
#define VC_LINE_H

#include "apdu.h"

enum {
	VC_LINE_ATR = 33,
	VC_LINE_OUT = 600 /* characters the card has not yet sent */
};

/* Who answers the commands. */
struct vc_line_card {
	/* The card's answer to reset: its historical bytes are shown. */
	uk_bytes (*atr)(void *arg);
	void (*reset)(void *arg);
	/* A view, good until the next call; empty: the card is mute. */
	uk_bytes (*transmit)(void *arg, uk_bytes command);
	void *arg;
};

/* How the card is made. */
struct vc_line_wish {
	uint8_t protocol; /* 0 or 1 */
	uint8_t fi_di;    /* TA1; 0: none, so that no PPS is wanted */
	uint8_t ifsc;     /* T=1; 0: 254 */
	bool crc;         /* T=1 */
	/* For each command: S(WTX) or NULL so often before the answer. */
	uint8_t waits;
	bool one_by_one; /* T=0: data by ~INS */
	/* T=1: S(IFS) before the answer to each command; 0: none */
	uint8_t new_ifsc;
	/* T=1: S(ABORT) instead of going on with a long command or answer */
	bool aborts;
};

struct vc_line_t1 {
	uint8_t expected; /* N(S) of the reader's next I-block */
	uint8_t number;   /* N(S) of our last I-block */
	bool answering;   /* our last I-block may still be asked for */
	uint8_t ifsd;
	uint8_t waits;   /* S(WTX) still to come */
	uint8_t request; /* S-block that waits for its response, or 0 */
	uint8_t value;   /* its INF */
	bool ifs_due;
	bool garbled; /* a character of the block that is coming */
	size_t piece; /* of answer, in our last I-block */
	uint8_t last[260];
	size_t last_n;
};

struct vc_line_t0 {
	uint8_t header[5];
	size_t header_n;
	size_t left;   /* data bytes of the command not yet here */
	bool held;     /* an answer that can still be fetched */
	uint8_t of[4]; /* whose */
};

struct vc_line {
	struct vc_line_card card;
	struct vc_line_wish wish;
	bool powered, fresh; /* fresh: a PPS may come */
	bool pps;            /* one is coming */
	uint8_t in[260];
	size_t in_n;
	uint8_t out[VC_LINE_OUT];
	size_t out_n, out_at;
	struct vc_line_t1 t1;
	struct vc_line_t0 t0;
	uint8_t command[UK_APDU_MAX];
	size_t command_n;
	uint8_t answer[UK_RESPONSE_MAX];
	size_t answer_n, answered;
	unsigned commands; /* that have reached the card since it was made */
};

void vc_line_init(struct vc_line *l, const struct vc_line_card *card,
    const struct vc_line_wish *wish);
/* Power and reset: the answer to reset is there to be fetched. */
void vc_line_reset(struct vc_line *l);
void vc_line_off(struct vc_line *l);

/* A character from the reader; good: its parity is right. T=0, false: the card
 * has signalled an error and wants it again, 7.3. */
bool vc_line_hear(struct vc_line *l, uint8_t c, bool good);
/* The reader has been silent for longer than between characters. */
void vc_line_quiet(struct vc_line *l);
/* The next character; false: the card is silent. */
bool vc_line_say(struct vc_line *l, uint8_t *c);
/* T=0: the reader has signalled an error: the last character comes again. */
void vc_line_again(struct vc_line *l);

#endif
