/*
 * The link between host and terminal: messages, whole and in order, over any
 * line that carries bytes both ways.
 *
 *   messages          length in four bytes, then a CCID message or a
 * notification pairing | TLS     pairing.h once, secure.h always after it a
 * stream          arq.h the line          a tty or TCP: not here
 *
 * The first byte on a new stream tells which: 00 (of a record's length)
 * pairing, 16 (a TLS handshake) a secured conversation, 'N' a plain one, which
 * a terminal takes only if it was told to (tests). docs/terminal.md.
 *
 * No operating system in here: bytes, messages and the time come in and go out.
 * Not thread-safe.
 */
#ifndef TRM_LINK_H
#define TRM_LINK_H

#include "arq.h"
#include "pairing.h"

enum trm_link_state {
	TRM_LINK_DOWN,    /* no stream, or it was lost: open again */
	TRM_LINK_OPENING, /* on the way */
	TRM_LINK_UP,      /* messages go both ways */
	TRM_LINK_PAIRED,  /* pairing is done: trm_link_paired, then open */
	TRM_LINK_REFUSED  /* the other side is not who it should be, or it
			   * refuses us: opening again will not help */
};

/* Longest message: a CCID message with the longest data. */
enum { TRM_LINK_MESSAGE = 10 + 65544, TRM_LINK_QUEUE = 4 * TRM_LINK_MESSAGE };

struct trm_link_terminal { /* what a terminal must know; borrowed for ever */
	const char *name;
	uint8_t point[TRM_PAIRING_POINT];
	trm_secret_fn *find; /* hosts it is paired with */
	/* The code it shows at this moment; taken away by asking for it. False:
	 * nobody wants to pair. */
	bool (*take_code)(void *arg, uint8_t code[TRM_PAIRING_CODE]);
	void *arg;
	bool plain; /* for tests: take anybody, in the clear */
};

struct trm_link;

UK_RESULT trm_link_new_host(const char *name, struct trm_link **out);
UK_RESULT trm_link_new_terminal(
    const struct trm_link_terminal *t, struct trm_link **out);
void trm_link_free(struct trm_link **l); /* accepts NULL; wipes */

/* --- the host opens ------------------------------------------------------ */

/* A conversation with the terminal we are paired with; secret NULL: plain.
 * number: random. */
UK_RESULT trm_link_open(struct trm_link *l, const struct trm_secret *secret,
    uint32_t number, int64_t now_ms);
/* UK_ERR_ARGUMENT: not eight digits. */
UK_RESULT trm_link_pair(
    struct trm_link *l, uk_bytes code, uint32_t number, int64_t now_ms);
/* A terminal that has just got its line asks the host to open. */
void trm_link_call(struct trm_link *l);

/* --- both ---------------------------------------------------------------- */

enum trm_link_state trm_link_state(const struct trm_link *l);
/* How many streams a host has opened: the terminal forgets all about the one
 * before when this grows, also where it sees no other state in between. */
unsigned trm_link_streams(const struct trm_link *l);
/* Why it was refused. UK_ERR_CONDITIONS: the terminal shows no code.
 * UK_ERR_SIGNATURE: another code or key, or somebody interferes. */
uk_err trm_link_why(const struct trm_link *l);
/* Once after each TRM_LINK_PAIRED; at the terminal, too. False if there is
 * none. The caller wipes it. */
bool trm_link_paired(struct trm_link *l, struct trm_paired *out);

/* The line: as in arq.h. */
void trm_link_feed(struct trm_link *l, uk_bytes raw, int64_t now_ms);
uk_bytes trm_link_pending(const struct trm_link *l);
void trm_link_written(struct trm_link *l, size_t n, int64_t now_ms);
int64_t trm_link_deadline(const struct trm_link *l);
void trm_link_tick(struct trm_link *l, int64_t now_ms);

/* Queues one message. UK_ERR_CONDITIONS: the link is not up. UK_ERR_TOO_SMALL:
 * too long, or too many are waiting. */
UK_RESULT trm_link_send(struct trm_link *l, uk_bytes message, int64_t now_ms);
/* The next whole message, a view until the next call with this link; false:
 * none yet. */
bool trm_link_next(struct trm_link *l, uk_bytes *message, int64_t now_ms);

#endif
