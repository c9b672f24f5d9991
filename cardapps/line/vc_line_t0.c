/*
 * T=0 as a card does it, ISO/IEC 7816-3:2006, clause 10 and 12.2: a header of
 * five bytes, procedure bytes, data in one direction, and two status bytes.
 * Answers to commands with data are fetched after 61xx; a wrong Le is told by
 * 6Cxx.
 */
#include "vc_line_parts.h"

#include "secret.h"

enum { NULL_BYTE = 0x60, GET_RESPONSE = 0xc0, INS_AT = 1, P3_AT = 4 };

/* The commands whose P3 is Le, by their instruction: a card knows its own. */
static const uint8_t outgoing[] = { 0x84, 0xb0, 0xb2, 0xca, 0xc0 };

static bool is_outgoing(uint8_t ins)
{
	for (size_t i = 0; i < sizeof(outgoing); i++) {
		if (outgoing[i] == ins)
			return true;
	}
	return false;
}

void vc_line_t0_reset(struct vc_line *l)
{
	l->t0.header_n = l->t0.left = 0;
	l->t0.held = false;
}

static void say(struct vc_line *l, uint8_t c)
{
	vc_line_put(l, uk_view(&c, 1));
}

static void say_waits(struct vc_line *l)
{
	for (uint8_t i = 0; i < l->wish.waits; i++)
		say(l, NULL_BYTE);
}

static void say_status(struct vc_line *l, unsigned sw1, size_t sw2)
{
	say_waits(l);
	say(l, (uint8_t)sw1);
	say(l, (uint8_t)sw2);
	l->t0.header_n = 0;
}

/* --- answers ----------------------------------------------------------------
 */

static uk_bytes data_of(const struct vc_line *l)
{
	return uk_view(l->answer + l->answered, l->answer_n - 2 - l->answered);
}

/* Exactly as many as P3 says, then what status there is. */
static void hand_out(struct vc_line *l, size_t n)
{
	uint8_t ins = l->t0.header[INS_AT];
	size_t left;

	say_waits(l);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || l->wish.one_by_one)
			say(l, l->wish.one_by_one ? ins ^ 0xff : ins);
		say(l, l->answer[l->answered++]);
	}
	left = data_of(l).n;
	l->t0.held = left > 0;
	if (left > 0)
		say_status(l, 0x61, left > 255 ? 0 : left);
	else
		say_status(
		    l, l->answer[l->answer_n - 2], l->answer[l->answer_n - 1]);
}

/* le: as P3 says; 0 for 256. */
static void outgo(struct vc_line *l)
{
	size_t wanted = l->t0.header[P3_AT] == 0 ? 256 : l->t0.header[P3_AT];
	size_t there = data_of(l).n;

	if (there == 0) {
		l->t0.held = false;
		say_status(
		    l, l->answer[l->answer_n - 2], l->answer[l->answer_n - 1]);
	} else if (there < wanted) {
		l->t0.held = true;
		say_status(l, 0x6c, there);
	} else {
		hand_out(l, wanted);
	}
}

/* The same command again, after 6Cxx. */
static bool same_command(const struct vc_line *l)
{
	return uk_bytes_eq(
	    uk_view(l->t0.header, P3_AT), uk_view(l->t0.of, P3_AT));
}

static void put_header(struct vc_line *l, size_t n)
{
	uk_buf command = UK_BUF(l->command), of = UK_BUF(l->t0.of);

	uk_put(&command, uk_view(l->t0.header, n));
	l->command_n = command.len;
	uk_put(&of, uk_view(l->t0.header, P3_AT));
}

static bool execute(struct vc_line *l)
{
	l->t0.held = false;
	if (vc_line_execute(l) && l->answer_n >= 2)
		return true;
	vc_line_t0_reset(l); /* mute */
	return false;
}

/* --- commands ---------------------------------------------------------------
 */

static void fetch(struct vc_line *l)
{
	bool response = l->t0.header[INS_AT] == GET_RESPONSE;

	if (l->t0.held && (response || same_command(l))) {
		outgo(l);
		return;
	}
	put_header(l, sizeof(l->t0.header));
	if (execute(l))
		outgo(l);
}

/* Data is whole; or there is none, and only four bytes of header count. */
static void finish(struct vc_line *l)
{
	if (l->command_n > P3_AT)
		l->command[l->command_n++] = 0; /* Le: all there is */
	if (!execute(l))
		return;
	if (data_of(l).n > 0) {
		l->t0.held = true;
		say_status(l, 0x61, data_of(l).n > 255 ? 0 : data_of(l).n);
	} else {
		outgo(l);
	}
}

static void ask_for_data(struct vc_line *l)
{
	uint8_t ins = l->t0.header[INS_AT];

	say_waits(l);
	say(l, l->wish.one_by_one ? ins ^ 0xff : ins);
}

static void on_header(struct vc_line *l)
{
	uint8_t p3 = l->t0.header[P3_AT];

	if (is_outgoing(l->t0.header[INS_AT])) {
		fetch(l);
		return;
	}
	put_header(l, p3 == 0 ? P3_AT : sizeof(l->t0.header));
	l->t0.left = p3;
	if (p3 == 0)
		finish(l);
	else
		ask_for_data(l);
}

void vc_line_t0_hear(struct vc_line *l, uint8_t c)
{
	struct vc_line_t0 *t = &l->t0;

	if (t->left > 0) {
		l->command[l->command_n++] = c;
		if (--t->left == 0)
			finish(l);
		else if (l->wish.one_by_one)
			ask_for_data(l);
	} else if (t->header_n < sizeof(t->header)) {
		t->header[t->header_n++] = c;
		if (t->header_n == sizeof(t->header))
			on_header(l);
	}
}
