/*
 * T=1: commands in I-blocks there and back, and what is done when they do not
 * arrive. ISO/IEC 7816-3:2006, 11.6.2 and 11.6.3; rule numbers are its.
 */
#include "contact_impl.h"

#include "secret.h"

enum {
	PCB = 1,
	INF = 3,
	R_BLOCK = 0x80,
	R_EDC = 1,
	R_OTHER = 2,
	S_BLOCK = 0xc0,
	S_RESPONSE = 0x20,
	S_RESYNCH = 0xc0,
	S_IFS = 0xc1,
	S_ABORT = 0xc2,
	S_WTX = 0xc3,
	MORE = 0x20 /* of an I-block */
};

/* A command on its way, or its answer. */
struct job {
	struct trm_contact *c;
	uk_bytes left; /* not yet acknowledged; begins with the last block's */
	size_t piece;  /* of it, in the last I-block */
	bool sending;  /* the last I-block is not acknowledged */
	bool done;
	uk_buf *answer;
};

static uk_bytes inf_of(const struct trm_t1 *t)
{
	return uk_view(t->got + INF, t->got_n - INF);
}

/* --- what we send --------------------------------------------------------- */

static void make_piece(struct job *j)
{
	struct trm_t1 *t = &j->c->t1;
	uint8_t pcb = (uint8_t)(t->ns << 6);

	j->piece = j->left.n > t->ifsc ? t->ifsc : j->left.n;
	if (j->piece < j->left.n)
		pcb |= MORE;
	trm_t1_make(j->c, pcb, uk_bytes_first(j->left, j->piece));
	j->sending = true;
}

static void make_r(struct job *j, uint8_t error)
{
	trm_t1_make(
	    j->c, (uint8_t)(R_BLOCK | j->c->t1.nr << 4 | error), UK_NONE);
}

static void acknowledged(struct job *j)
{
	if (j->sending)
		j->c->t1.ns ^= 1;
	j->sending = false;
	j->left = uk_bytes_from(j->left, j->piece);
	j->piece = 0;
	j->c->t1.bad = 0;
}

/* --- S-blocks that we begin ----------------------------------------------- */

/* Rule 4, 5, 6.3: asked at most three times, until the answer is the same. */
static uk_err ask(struct trm_contact *c, uint8_t pcb, uk_bytes inf)
{
	struct trm_t1 *t = &c->t1;

	for (int i = 0; i < TRM_BAD_BLOCKS; i++) {
		enum trm_t1_heard h;

		trm_t1_make(c, pcb, inf);
		h = trm_t1_swap(c);
		if (h == TRM_T1_PULLED)
			break;
		if (h == TRM_T1_GOOD && t->got[PCB] == (pcb | S_RESPONSE) &&
		    uk_bytes_eq(inf_of(t), inf))
			return uk_ok();
	}
	return uk_fail(UK_ERR_CARD_MUTE);
}

/* Rule 6: both sides begin anew. What has become of the command is not known:
 * it is not given to the card again. */
static uk_err resynchronise(struct trm_contact *c)
{
	static const uint8_t ifsd[] = { TRM_IFSD };
	struct trm_t1 *t = &c->t1;

	if (!uk_is_ok(ask(c, S_RESYNCH, UK_NONE)))
		return trm_contact_gone(c); /* rule 6.5 */
	t->ns = t->nr = 0;
	t->ifsc = c->interface.ifsc;
	t->wtx = 1;
	if (!uk_is_ok(ask(c, S_IFS, UK_ARRAY(ifsd))))
		return trm_contact_gone(c);
	return uk_fail(UK_ERR_CARD_MUTE);
}

uk_err trm_t1_begin(struct trm_contact *c)
{
	static const uint8_t ifsd[] = { TRM_IFSD };

	return uk_is_ok(ask(c, S_IFS, UK_ARRAY(ifsd))) ? uk_ok()
						       : trm_contact_gone(c);
}

/* --- what comes ----------------------------------------------------------- */

/* Rule 7: an R-block with our N(R) asks for the block again. */
static uk_err on_bad(struct job *j, uint8_t error)
{
	if (++j->c->t1.bad >= TRM_BAD_BLOCKS)
		return resynchronise(j->c);
	make_r(j, error);
	return uk_ok();
}

static uk_err on_information(struct job *j)
{
	struct trm_t1 *t = &j->c->t1;
	uint8_t pcb = t->got[PCB];
	bool more = (pcb & MORE) != 0;

	if (pcb >> 6 != t->nr || (pcb & 0x1f) != 0 || j->piece < j->left.n ||
	    (more && t->got_n == INF))
		return on_bad(j, R_OTHER);
	acknowledged(j);
	t->nr ^= 1;
	uk_put(j->answer, inf_of(t));
	if (j->answer->bad)
		return resynchronise(j->c);
	j->done = !more;
	if (more)
		make_r(j, 0); /* rule 2.2 */
	return uk_ok();
}

static uk_err on_ready(struct job *j)
{
	struct trm_t1 *t = &j->c->t1;
	uint8_t wanted = t->got[PCB] >> 4 & 1;

	if ((t->got[PCB] & 0x2c) != 0 || t->got_n != INF)
		return on_bad(j, R_OTHER);
	t->idle++;
	if (j->sending && wanted == t->ns) { /* rule 7.1: again */
		if (++t->bad >= TRM_BAD_BLOCKS)
			return resynchronise(j->c);
		make_piece(j);
		return uk_ok();
	}
	if (j->sending && j->piece < j->left.n) { /* rule 2.2: go on */
		acknowledged(j);
		make_piece(j);
		return uk_ok();
	}
	/* The card has understood our block, but not our R-block: rule 7.3. */
	return on_bad(j, 0);
}

/* Rules 3, 4, 9: the same back, as a response. */
static uk_err on_supervisory(struct job *j)
{
	struct trm_t1 *t = &j->c->t1;
	uint8_t pcb = t->got[PCB];
	uk_bytes inf = inf_of(t);
	uint8_t value = inf.n == 1 ? inf.p[0] : 0;

	t->idle++;
	if (pcb == S_ABORT && inf.n == 0) {
		trm_t1_make(j->c, S_ABORT | S_RESPONSE, UK_NONE);
		(void)trm_t1_swap(j->c); /* rule 9: R or I; nothing of use */
		return resynchronise(j->c);
	}
	if ((pcb != S_IFS && pcb != S_WTX) || value == 0 ||
	    (pcb == S_IFS && value > TRM_IFSD))
		return on_bad(j, R_OTHER);
	if (pcb == S_IFS)
		t->ifsc = value;
	else
		t->wtx = value;
	if (pcb == S_WTX && j->c->hw->waiting != NULL)
		j->c->hw->waiting(j->c->arg);
	trm_t1_make(j->c, pcb | S_RESPONSE, uk_view(&value, 1));
	return uk_ok();
}

static uk_err on_block(struct job *j)
{
	uint8_t pcb = j->c->t1.got[PCB];

	if (j->c->t1.got[0] != 0)
		return on_bad(j, R_OTHER); /* another NAD */
	if ((pcb & 0x80) == 0)
		return on_information(j);
	if ((pcb & 0xc0) == R_BLOCK)
		return on_ready(j);
	return on_supervisory(j);
}

static uk_err step(struct job *j)
{
	switch (trm_t1_swap(j->c)) {
	case TRM_T1_GOOD:
		return on_block(j);
	case TRM_T1_EDC:
		return on_bad(j, R_EDC);
	case TRM_T1_OTHER:
		return on_bad(j, R_OTHER);
	case TRM_T1_PULLED:
	default:
		return trm_contact_gone(j->c);
	}
}

uk_err trm_t1_transmit(struct trm_contact *c, uk_bytes apdu, uk_buf *answer)
{
	struct job j = { .c = c, .left = apdu, .answer = answer };
	uk_err err = uk_ok();

	c->t1.bad = c->t1.idle = 0;
	make_piece(&j);
	while (uk_is_ok(err) && !j.done)
		err = c->t1.idle < TRM_IDLE_BLOCKS ? step(&j)
						   : resynchronise(c);
	uk_wipe(c->t1.sent, sizeof(c->t1.sent));
	uk_wipe(c->t1.got, sizeof(c->t1.got));
	return err;
}
