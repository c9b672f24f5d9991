/*
 * Blocks as a card does them, ISO/IEC 14443-4, 7.5: it never speaks first, what
 * it does not understand it does not answer, and only the reader recovers.
 */
#include "vc_prox_parts.h"

#include "secret.h"

/* PCB, 7.1.1.1 */
enum {
	HAS_CID = 0x08,

	CHAINED = 0x10,
	NAK = 0x10,
	I = 0x02,
	R = 0xa2,
	DESELECT = 0xc2,
	WTX = 0xf2,
	HEAD_AND_CHECK = 3
};

/* A block from the reader, taken apart. */
struct heard {
	uint8_t pcb; /* without the bit for CID */
	bool cid;
	uk_bytes inf;
};

void vc_prox_blocks_begin(struct vc_prox *l)
{
	l->number = 1; /* rule C */
	l->answering = l->waiting = false;
	l->waits = 0;
	l->last_n = 0;
	l->command_n = l->answer_n = l->answered = l->piece = 0;
}

/* --- what we say ------------------------------------------------------------
 */

/* With a CID if the reader has used one. */
static void say_block(struct vc_prox *l, unsigned pcb, bool cid, uk_bytes inf)
{
	uk_buf b = UK_BUF(l->last);

	uk_put_u8(&b, (uint8_t)(pcb | (cid ? HAS_CID : 0)));
	if (cid)
		uk_put_u8(&b, l->own_cid);
	uk_put(&b, inf);
	l->last_n = b.len;
	vc_prox_say(l, uk_buf_view(&b));
}

static void say_again(struct vc_prox *l)
{
	if (l->last_n > 0)
		vc_prox_say(l, uk_view(l->last, l->last_n));
}

static size_t room(const struct vc_prox *l, bool cid)
{
	size_t n = l->fsd - HEAD_AND_CHECK - (cid ? 1 : 0);

	return l->wish.piece != 0 && l->wish.piece < n ? l->wish.piece : n;
}

static void say_piece(struct vc_prox *l, bool cid)
{
	size_t left = l->answer_n - l->answered, n = room(l, cid);
	unsigned pcb = I | l->number;

	l->answering = left > n;
	l->piece = l->answering ? n : left;
	if (l->answering)
		pcb |= CHAINED;
	say_block(l, pcb, cid, uk_view(l->answer + l->answered, l->piece));
	if (++l->blocks == l->wish.wrong_number) { /* a fault on request */
		l->last[0] ^= 1;
		say_again(l);
		l->last[0] ^= 1;
	}
}

/* Rule 9 */
static void go_on(struct vc_prox *l, bool cid)
{
	if (l->waits == 0) {
		say_piece(l, cid);
		return;
	}
	l->waits--;
	l->waiting = true;
	say_block(l, WTX, cid, uk_view(&l->wish.wtxm, 1));
}

/* --- what the reader says ---------------------------------------------------
 */

static bool execute(struct vc_prox *l)
{
	uk_bytes answer = l->card.transmit(
	    l->card.arg, uk_view(l->command, l->command_n));
	uk_buf kept = UK_BUF(l->answer);

	l->commands++;
	uk_wipe(l->command, l->command_n);
	l->command_n = 0;
	uk_put(&kept, answer);
	l->answer_n = kept.len;
	l->answered = l->piece = 0;
	l->blocks = 0;
	l->waits = l->wish.waits;
	return answer.n > 0 && !kept.bad;
}

/* Rules D, 2 and 10. An empty one asks whether we are there. */
static void on_i(struct vc_prox *l, const struct heard *h)
{
	uk_buf command = uk_buf_over(
	    l->command + l->command_n, sizeof(l->command) - l->command_n);

	l->number ^= 1;
	l->answering = l->waiting = false;
	uk_put(&command, h->inf);
	if (command.bad) { /* mute: the reader has to give it up */
		l->command_n = 0;
		l->last_n = 0;
		return;
	}
	l->command_n += h->inf.n;
	if ((h->pcb & CHAINED) != 0) {
		say_block(l, R | l->number, h->cid, UK_NONE);
	} else if (l->command_n == 0) {
		say_block(l, I | l->number, h->cid, UK_NONE);
	} else if (execute(l)) {
		go_on(l, h->cid);
	} else {
		l->last_n = 0;
	}
}

/* Rules 11, 12, 13 and E */
static void on_r(struct vc_prox *l, const struct heard *h)
{
	if (h->inf.n != 0)
		return;
	if ((h->pcb & 1) == l->number) {
		say_again(l);
	} else if ((h->pcb & NAK) != 0) {
		say_block(l, R | l->number, h->cid, UK_NONE);
	} else if (l->answering && !l->waiting) {
		l->number ^= 1;
		l->answered += l->piece;
		say_piece(l, h->cid);
	}
}

/* 7.3: the same WTXM back; the bits of the power level are 0. */
static void on_wtx(struct vc_prox *l, const struct heard *h)
{
	if (!l->waiting || h->inf.n != 1 || h->inf.p[0] != l->wish.wtxm)
		return;
	l->waiting = false;
	go_on(l, h->cid);
}

static void on_deselect(struct vc_prox *l, const struct heard *h)
{
	if (h->inf.n != 0)
		return;
	say_block(l, DESELECT, h->cid, UK_NONE);
	l->state = VC_PROX_HALT;
}

/* 7.1.1.2: another's CID, or one where we have none: not for us. */
static bool for_us(const struct vc_prox *l, uk_bytes block, struct heard *h)
{
	h->pcb = block.p[0] & (uint8_t)~HAS_CID;
	h->cid = (block.p[0] & HAS_CID) != 0;
	h->inf = uk_bytes_from(block, h->cid ? 2 : 1);
	if (!h->cid)
		return !l->wish.cid || l->own_cid == 0;
	return l->wish.cid && block.n >= 2 && (block.p[1] & 0x3f) == l->own_cid;
}

void vc_prox_block(struct vc_prox *l, uk_bytes block)
{
	struct heard h;

	if (!for_us(l, block, &h))
		return;
	if ((h.pcb & ~(CHAINED | 1)) == I)
		on_i(l, &h);
	else if ((h.pcb & ~(NAK | 1)) == R)
		on_r(l, &h);
	else if (h.pcb == WTX)
		on_wtx(l, &h);
	else if (h.pcb == DESELECT)
		on_deselect(l, &h);
}
