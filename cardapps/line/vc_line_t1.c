/*
 * T=1 as a card does it, ISO/IEC 7816-3:2006, 11.6: it never speaks first,
 * answers every block, and only the reader resynchronises.
 */
#include "vc_line_parts.h"

#include "crc16.h"
#include "secret.h"

enum {
	IFSD_DEFAULT = 32,
	LATER = 2, /* times BWT, asked for by S(WTX) */
	WRONG_EDC = 1,
	WRONG = 2
};

void vc_line_t1_reset(struct vc_line *l)
{
	uk_wipe(&l->t1, sizeof(l->t1));
	l->t1.ifsd = IFSD_DEFAULT;
	l->command_n = l->answer_n = l->answered = 0;
}

/* --- sending ----------------------------------------------------------------
 */

static void check_code(const struct vc_line *l, uk_bytes block, uk_buf *out)
{
	uint8_t sum = 0;

	if (l->wish.crc) {
		uk_put_u16(out, uk_crc16(UK_CRC_PLAIN, block));
		return;
	}
	while (block.n > 0)
		sum ^= block.p[--block.n];
	uk_put_u8(out, sum);
}

static void send_block(struct vc_line *l, unsigned pcb, uk_bytes inf)
{
	uk_buf b = UK_BUF(l->t1.last);

	uk_put_u8(&b, 0);
	uk_put_u8(&b, (uint8_t)pcb);
	uk_put_u8(&b, (uint8_t)inf.n);
	uk_put(&b, inf);
	check_code(l, uk_buf_view(&b), &b);
	l->t1.last_n = b.len;
	vc_line_put(l, uk_buf_view(&b));
}

static void send_last(struct vc_line *l)
{
	vc_line_put(l, uk_view(l->t1.last, l->t1.last_n));
}

static void send_ready(struct vc_line *l, unsigned error)
{
	send_block(l, 0x80u | (unsigned)l->t1.expected << 4 | error, UK_NONE);
}

static void send_request(struct vc_line *l, uint8_t pcb, uint8_t value)
{
	l->t1.request = pcb;
	l->t1.value = value;
	send_block(l, pcb, uk_view(&l->t1.value, pcb == 0xc2 ? 0 : 1));
}

static void send_answer_piece(struct vc_line *l)
{
	size_t left = l->answer_n - l->answered;
	bool more = left > l->t1.ifsd;

	l->t1.piece = more ? l->t1.ifsd : left;
	l->t1.answering = true;
	send_block(l, (unsigned)l->t1.number << 6 | (more ? 0x20u : 0),
	    uk_view(l->answer + l->answered, l->t1.piece));
}

/* What must be asked of the reader first; then the answer. */
static void go_on(struct vc_line *l)
{
	struct vc_line_t1 *t = &l->t1;

	if (t->ifs_due) {
		t->ifs_due = false;
		send_request(l, 0xc1, l->wish.new_ifsc);
	} else if (t->waits > 0) {
		t->waits--;
		send_request(l, 0xc3, LATER);
	} else {
		send_answer_piece(l);
	}
}

/* --- what the reader sends --------------------------------------------------
 */

static void run(struct vc_line *l)
{
	if (!vc_line_execute(l))
		return; /* mute */
	l->t1.waits = l->wish.waits;
	l->t1.ifs_due = l->wish.new_ifsc != 0;
	go_on(l);
}

static void on_i(struct vc_line *l, unsigned pcb, uk_bytes inf)
{
	struct vc_line_t1 *t = &l->t1;
	uk_buf command = uk_buf_over(
	    l->command + l->command_n, sizeof(l->command) - l->command_n);

	if (pcb >> 6 != t->expected || (pcb & 0x1f) != 0) {
		send_ready(l, WRONG);
		return;
	}
	if (t->answering) { /* so the last one has arrived */
		t->answering = false;
		t->number ^= 1;
	}
	t->expected ^= 1;
	uk_put(&command, inf);
	if (command.bad) {
		l->command_n = 0;
		send_request(l, 0xc2, 0);
		return;
	}
	l->command_n += inf.n;
	if ((pcb & 0x20) == 0)
		run(l);
	else if (l->wish.aborts)
		send_request(l, 0xc2, 0);
	else
		send_ready(l, 0);
}

/* N(R) is the number of the block that the reader wants from us. */
static void on_r(struct vc_line *l, unsigned pcb)
{
	struct vc_line_t1 *t = &l->t1;
	unsigned wanted = pcb >> 4 & 1;

	if (t->answering && wanted != t->number &&
	    l->answered + t->piece < l->answer_n) {
		l->answered += t->piece;
		t->number ^= 1;
		if (l->wish.aborts)
			send_request(l, 0xc2, 0);
		else
			send_answer_piece(l);
	} else if (t->answering && wanted == t->number) {
		send_answer_piece(l);
	} else if (t->last_n > 0) {
		send_last(l);
	} else {
		send_ready(l, 0);
	}
}

static void on_response(struct vc_line *l, unsigned pcb, uk_bytes inf)
{
	struct vc_line_t1 *t = &l->t1;
	bool fits = t->request != 0 && pcb == (t->request | 0x20u) &&
		    inf.n == (t->request == 0xc2 ? 0 : 1) &&
		    (inf.n == 0 || inf.p[0] == t->value);
	bool aborted = fits && t->request == 0xc2;

	if (!fits) {
		send_last(l);
		return;
	}
	t->request = 0;
	if (aborted) {
		l->command_n = l->answer_n = l->answered = 0;
		send_ready(l, 0); /* rule 9 */
	} else {
		go_on(l);
	}
}

static void on_request(struct vc_line *l, unsigned pcb, uk_bytes inf)
{
	if (pcb == 0xc0 && inf.n == 0) {
		vc_line_t1_reset(l);
	} else if (pcb == 0xc1 && inf.n == 1 && inf.p[0] > 0 &&
		   inf.p[0] < 255) {
		l->t1.ifsd = inf.p[0];
	} else if (pcb == 0xc2 && inf.n == 0) {
		l->command_n = l->answer_n = l->answered = 0;
	} else {
		send_ready(l, WRONG);
		return;
	}
	send_block(l, pcb | 0x20, inf);
}

static void on_block(struct vc_line *l, unsigned pcb, uk_bytes inf)
{
	if ((pcb & 0xe0) == 0xe0) {
		on_response(l, pcb, inf);
	} else if (l->t1.request != 0 && pcb != 0xc0) {
		send_last(l); /* rule 7.2: the request again */
	} else if ((pcb & 0x80) == 0) {
		on_i(l, pcb, inf);
	} else if ((pcb & 0xc0) == 0x80) {
		on_r(l, pcb);
	} else {
		on_request(l, pcb, inf);
	}
}

/* An invalid block: our S-request again, or an R-block that asks for it. */
static void not_understood(struct vc_line *l, unsigned error)
{
	if (l->t1.request != 0)
		send_last(l);
	else
		send_ready(l, error);
}

static void take_block(struct vc_line *l, bool garbled)
{
	size_t edc = l->wish.crc ? 2 : 1, n = l->in_n - edc;
	uint8_t storage[2];
	uk_buf check = UK_BUF(storage);

	l->in_n = 0;
	check_code(l, uk_view(l->in, n), &check);
	if (garbled ||
	    !uk_bytes_eq(uk_buf_view(&check), uk_view(l->in + n, edc)))
		not_understood(l, WRONG_EDC);
	else if (l->in[0] != 0)
		not_understood(l, WRONG);
	else
		on_block(l, l->in[1], uk_view(l->in + 3, n - 3));
}

void vc_line_t1_hear(struct vc_line *l, uint8_t c, bool good)
{
	size_t edc = l->wish.crc ? 2 : 1;

	if (!good)
		l->t1.garbled = true;
	if (l->in_n == sizeof(l->in))
		return; /* babble: until it is quiet */
	l->in[l->in_n++] = c;
	if (l->in_n < 3 || l->in[2] == 255 ||
	    l->in_n < 3 + (size_t)l->in[2] + edc)
		return;
	good = !l->t1.garbled;
	l->t1.garbled = false;
	take_block(l, !good);
}

void vc_line_t1_quiet(struct vc_line *l)
{
	bool some = l->in_n > 0;

	l->in_n = 0;
	l->t1.garbled = false;
	if (some)
		not_understood(l, WRONG);
}
