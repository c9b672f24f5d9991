/*
 * Blocks of ISO/IEC 14443-4, clause 7: commands in I-blocks there and back, and
 * what is done when they do not arrive. Rules are those of 7.5.3 (letters) and
 * 7.5.4 (numbers).
 */
#include "prox_impl.h"

#include "secret.h"

enum {
	I_BLOCK = 0x02,
	I_MASK = 0xee, /* with CID or NAD it is none of ours */
	MORE = 0x10,
	R_ACK = 0xa2,
	R_NAK = 0xb2,
	R_MASK = 0xfe,
	S_WTX = 0xf2,
	NUMBER = 0x01,
	WTXM = 0x3f,
	WTXM_MAX = 59,
	FWI_MAX = 14
};

/* A command on its way, or its answer. */
struct job {
	struct trm_prox *p;
	uk_bytes left;  /* not yet acknowledged; begins with the last block's */
	size_t piece;   /* of it, in the last I-block */
	bool receiving; /* the card chains its answer */
	bool asked;     /* our last block was R(NAK) */
	bool done;
	uk_buf *answer;
};

static bool more_to_send(const struct job *j)
{
	return j->piece < j->left.n;
}

/* --- what we send --------------------------------------------------------- */

static void make_piece(struct job *j)
{
	struct trm_prox *p = j->p;
	size_t room = p->says.fsc - TRM_PROX_PCB - TRM_PROX_CRC;
	uint8_t pcb = I_BLOCK | p->number;

	j->piece = j->left.n > room ? room : j->left.n;
	if (more_to_send(j))
		pcb |= MORE;
	trm_prox_make(p, pcb, uk_bytes_first(j->left, j->piece));
	j->asked = false;
}

static void make_r(struct job *j, uint8_t kind)
{
	trm_prox_make(j->p, kind | j->p->number, UK_NONE);
	j->asked = kind == R_NAK;
}

/* Rule 4; 5: within the card's chain it is asked for by R(ACK). */
static uk_err on_bad(struct job *j)
{
	if (++j->p->bad >= TRM_PROX_BAD)
		return trm_prox_gone(j->p);
	make_r(j, j->receiving ? R_ACK : R_NAK);
	return uk_ok();
}

/* --- what comes ----------------------------------------------------------- */

/* Rule B */
static void go_on(struct trm_prox *p)
{
	p->number ^= 1;
	p->bad = 0;
}

static uk_err on_information(struct job *j)
{
	struct trm_prox *p = j->p;
	uint8_t pcb = p->got[0];
	uk_bytes inf = uk_view(p->got + TRM_PROX_PCB, p->got_n - TRM_PROX_PCB);
	bool more = (pcb & MORE) != 0;

	if ((pcb & NUMBER) != p->number || more_to_send(j) ||
	    (more && inf.n == 0))
		return on_bad(j);
	go_on(p);
	uk_put(j->answer, inf);
	if (j->answer->bad)
		return trm_prox_gone(p);
	j->left = UK_NONE;
	j->piece = 0;
	j->receiving = more;
	j->done = !more;
	if (more)
		make_r(j, R_ACK); /* rule 2 */
	return uk_ok();
}

/* Rule 6 only after R(NAK): nothing else makes a card say so, and it is what
 * keeps a command from being given twice. */
static uk_err on_ack(struct job *j)
{
	struct trm_prox *p = j->p;
	bool ours = (p->got[0] & NUMBER) == p->number;

	if (j->receiving || (ours ? !more_to_send(j) : !j->asked))
		return on_bad(j);
	if (ours) { /* rule 7 */
		go_on(p);
		j->left = uk_bytes_from(j->left, j->piece);
	}
	make_piece(j);
	return uk_ok();
}

/* FWT for the next block, 7.3; not longer than the longest there is. */
static uint64_t wait_us(const struct trm_prox *p)
{
	uint64_t wait = p->fwt_us * p->wtx, longest = trm_prox_fwt_us(FWI_MAX);

	return wait > longest ? longest : wait;
}

static uk_err on_wtx(struct job *j)
{
	struct trm_prox *p = j->p;
	uint8_t wtxm = p->got[1] & WTXM;

	if (wtxm == 0 || wtxm > WTXM_MAX)
		return on_bad(j);
	if (++p->wtxs > TRM_PROX_WTX)
		return trm_prox_gone(p);
	p->bad = 0;
	p->wtx = wtxm;
	if (p->hw->waiting != NULL)
		p->hw->waiting(p->arg);
	trm_prox_make(p, S_WTX, uk_view(&wtxm, 1));
	j->asked = false;
	return uk_ok();
}

static uk_err on_block(struct job *j)
{
	const struct trm_prox *p = j->p;
	uint8_t pcb = p->got[0];

	if ((pcb & I_MASK) == I_BLOCK)
		return on_information(j);
	if ((pcb & R_MASK) == R_ACK && p->got_n == TRM_PROX_PCB)
		return on_ack(j);
	if (pcb == S_WTX && p->got_n == TRM_PROX_PCB + 1)
		return on_wtx(j);
	return on_bad(j);
}

/* A card can be right in each block and yet never come to an end. */
static bool too_late(const struct trm_prox *p)
{
	return p->hw->now_us(p->arg) - p->began_us >
	       TRM_PROX_COMMAND_S * 1000000ULL;
}

static uk_err step(struct job *j)
{
	if (too_late(j->p))
		return trm_prox_gone(j->p);
	switch (trm_prox_swap(j->p, wait_us(j->p))) {
	case TRM_PROX_GOOD:
		j->p->wtx = 1; /* until a block was received */
		return on_block(j);
	case TRM_PROX_WRONG:
		return on_bad(j);
	case TRM_PROX_PULLED:
	default:
		return trm_prox_gone(j->p);
	}
}

/* 14443-3, 7.11: MBL is what the chain's frames may have together. */
static bool too_long(const struct trm_prox *p, size_t n)
{
	size_t room = p->says.fsc - TRM_PROX_PCB - TRM_PROX_CRC;
	size_t frames = (n + room - 1) / room;

	return p->says.mbl != 0 && frames > 1 &&
	       n + frames * (p->says.fsc - room) > p->says.mbl;
}

uk_err trm_prox_transmit(struct trm_prox *p, uk_bytes apdu, uk_buf *answer)
{
	struct job j = { .p = p, .left = apdu, .answer = answer };
	size_t before = answer->len;
	uk_err err = uk_ok();

	if (!p->active)
		return uk_fail(UK_ERR_CARD_MUTE);
	if (apdu.n == 0)
		return uk_fail(UK_ERR_FORMAT);
	if (too_long(p, apdu.n))
		return uk_fail(UK_ERR_UNSUPPORTED);
	p->bad = 0;
	p->wtxs = 0;
	p->began_us = p->hw->now_us(p->arg);
	p->wtx = 1;
	make_piece(&j);
	while (uk_is_ok(err) && !j.done)
		err = step(&j);
	if (!uk_is_ok(err))
		uk_buf_cut(answer, before);
	uk_wipe(p->sent, sizeof(p->sent));
	uk_wipe(p->got, sizeof(p->got));
	return err;
}
