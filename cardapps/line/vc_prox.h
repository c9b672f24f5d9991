/*
 * The card's end of the field: frames instead of commands, ISO/IEC 14443-4, for
 * types A and B. It stands before a card that knows only APDUs, and is written
 * from the card's side of the standard, apart from any reader of ours.
 *
 * Nothing here waits or takes time: a frame is heard, and the card's answer to
 * it, if there is one, is handed back. What happens to them in between is the
 * air's affair. Of part 3 there is what a reader chip would hand on: the card
 * is woken and selected in one step.
 */
#ifndef VC_PROX_H
#define VC_PROX_H

#include "apdu.h"
#include "vc_line.h"

enum {
	VC_PROX_FRAME = 256, /* the longest, check code included */
	VC_PROX_UID = 4
};

/* How the card is made. */
struct vc_prox_wish {
	bool type_b;
	uint8_t fsci, fwi, sfgi;
	uint8_t mbli; /* type B */
	bool cid;     /* can share the field with others */
	/* The longest INF of ours; 0: as the reader takes it. */
	uint8_t piece;
	/* For each command: S(WTX) with this WTXM so often before the answer.
	 */
	uint8_t waits, wtxm;
	/* The n-th I-block of each command, from 1, goes out with the wrong
	 * number, once. */
	uint8_t wrong_number;
};

enum vc_prox_state {
	VC_PROX_OFF,
	VC_PROX_IDLE,     /* waits for REQ or WUP */
	VC_PROX_SELECTED, /* for RATS or ATTRIB */
	VC_PROX_BLOCKS,
	VC_PROX_HALT /* for WUP */
};

struct vc_prox {
	struct vc_line_card card;
	struct vc_prox_wish wish;
	enum vc_prox_state state;
	size_t fsd;      /* the longest frame the reader takes */
	uint8_t own_cid; /* given by the reader */
	uint8_t number;  /* 7.5.3.2 */
	bool answering;  /* in the middle of a chain of ours */
	uint8_t waits;   /* S(WTX) still to come */
	bool waiting;    /* for the response to one */
	uint8_t blocks;  /* I-blocks of this answer */
	size_t piece;    /* of answer, in our last I-block */
	uint8_t last[VC_PROX_FRAME], spoken[VC_PROX_FRAME];
	size_t last_n, spoken_n;
	uint8_t command[UK_APDU_MAX];
	size_t command_n;
	uint8_t answer[UK_RESPONSE_MAX];
	size_t answer_n, answered;
	unsigned commands; /* that have reached the card since it was made */
};

void vc_prox_init(struct vc_prox *l, const struct vc_line_card *card,
    const struct vc_prox_wish *wish);
void vc_prox_field(struct vc_prox *l, bool on);

/* REQ (or WUP) and selection. Type A: appends the UID and SAK; type B: ATQB,
 * without its check code. false: the card does not answer. */
bool vc_prox_wake(struct vc_prox *l, bool wup, uk_buf *out);
/* A frame from the reader with its check code; the answer, good until the next
 * call. Empty: the card is silent. */
uk_bytes vc_prox_hear(struct vc_prox *l, uk_bytes frame);

#endif
