/*
 * T=0, ISO/IEC 7816-3:2006, clause 10; and how APDUs are carried by it, 12.2.
 *
 * Extended commands with at most 255 bytes of data go as short ones, and longer
 * answers are fetched in parts. More data would need ENVELOPE, which is not
 * done: the host's driver has command chaining for that.
 */
#include "contact_impl.h"

#include "secret.h"

enum {
	NULL_BYTE = 0x60,
	GET_RESPONSE = 0xc0,
	INS = 1,
	P3 = 4,
	HEADER = 5,
	REPEATS = 4, /* of a character, 7.3 */
	NULLS_MAX = 5000,
	PARTS_MAX = 300 /* GET RESPONSE for one answer of 64 KiB */
};

/* --- characters ----------------------------------------------------------- */

static bool put(struct trm_contact *c, uint8_t byte)
{
	for (int i = 0; i < REPEATS; i++) {
		if (c->hw->put(c->arg, byte))
			return true;
	}
	return false;
}

static bool get(struct trm_contact *c, uint8_t *byte)
{
	for (int i = 0; i < REPEATS; i++) {
		enum trm_heard h = c->hw->get(c->arg, byte, c->wwt_us);

		if (h != TRM_GARBLED)
			return h == TRM_HEARD;
		c->hw->complain(c->arg);
	}
	return false;
}

static bool put_all(struct trm_contact *c, uk_bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		if (!put(c, b.p[i]))
			return false;
	}
	return true;
}

static bool get_all(struct trm_contact *c, size_t n, uk_buf *out)
{
	uint8_t byte;

	while (n-- > 0) {
		if (!get(c, &byte))
			return false;
		uk_put_u8(out, byte);
	}
	return !out->bad;
}

/* 10.3.3: NULL asks for time. */
static bool get_procedure(struct trm_contact *c, uint8_t *byte)
{
	for (int i = 0; i < NULLS_MAX; i++) {
		if (!get(c, byte))
			return false;
		if (*byte != NULL_BYTE)
			return true;
		if (c->hw->waiting != NULL)
			c->hw->waiting(c->arg);
	}
	return false;
}

/* --- one header and its data ---------------------------------------------- */

static bool is_sw1(uint8_t byte)
{
	return (byte & 0xf0) == 0x60 || (byte & 0xf0) == 0x90;
}

/* All that is left, or one byte of it, as the procedure byte says. */
static bool move(
    struct trm_contact *c, size_t n, uk_bytes *out, size_t *in, uk_buf *answer)
{
	if (out->n > 0) {
		bool sent = put_all(c, uk_bytes_first(*out, n));

		*out = uk_bytes_from(*out, n);
		return sent;
	}
	*in -= n;
	return get_all(c, n, answer);
}

/* When a character was lost, a byte of data may pass for SW1; but then more
 * comes. The one thing besides parity that can be checked. */
static bool get_status(struct trm_contact *c, uint8_t sw1, uk_buf *answer)
{
	uint8_t more;

	uk_put_u8(answer, sw1);
	return get_all(c, 1, answer) &&
	       c->hw->get(c->arg, &more, c->quiet_us) == TRM_SILENCE;
}

static bool tpdu(
    struct trm_contact *c, uk_bytes command, size_t in, uk_buf *answer)
{
	uk_bytes out = uk_bytes_from(command, HEADER);
	uint8_t ins = command.p[INS], byte;
	const size_t wanted = in;

	if (!put_all(c, uk_bytes_first(command, HEADER)))
		return false;
	for (;;) {
		size_t left = out.n > 0 ? out.n : in;

		if (!get_procedure(c, &byte))
			return false;
		if (is_sw1(byte)) /* all data or none has come before it */
			return (in == 0 || in == wanted) &&
			       get_status(c, byte, answer);
		if (left == 0 || (byte != ins && (byte ^ ins) != 0xff))
			return false;
		if (!move(c, byte == ins ? left : 1, &out, &in, answer))
			return false;
	}
}

uk_err trm_contact_tpdu(struct trm_contact *c, uk_bytes command, uk_buf *answer)
{
	size_t in = 0;

	if (!c->active)
		return uk_fail(UK_ERR_CARD_MUTE);
	if (command.n < HEADER ||
	    (command.n > HEADER && command.n != HEADER + (size_t)command.p[P3]))
		return uk_fail(UK_ERR_FORMAT);
	if (command.n == HEADER)
		in = command.p[P3] == 0 ? UK_LE_SHORT_MAX : command.p[P3];
	return tpdu(c, command, in, answer) ? uk_buf_result(answer)
					    : trm_contact_gone(c);
}

/* --- APDUs ---------------------------------------------------------------- */

/* Takes the status word off the end. */
static uint16_t take_sw(uk_buf *b, size_t before)
{
	uk_reader r = uk_read(uk_bytes_last(uk_buf_view(b), 2));

	if (b->len - before < 2)
		return 0;
	uk_buf_cut(b, b->len - 2);
	return uk_get_u16(&r);
}

/* Le as P3: 256 and more: 0 */
static uint8_t p3_of(uint32_t le)
{
	return (uint8_t)(le >= UK_LE_SHORT_MAX ? 0 : le);
}

/* A header alone, with Le; and again, if the card says what Le it wants. */
static uk_err receive(struct trm_contact *c, const uint8_t header[4],
    uint32_t le, uk_buf *answer, uint16_t *sw)
{
	uint8_t bytes[HEADER] = { header[0], header[1], header[2], header[3],
		p3_of(le) };
	size_t before = answer->len;

	UK_TRY(trm_contact_tpdu(c, UK_ARRAY(bytes), answer));
	*sw = take_sw(answer, before);
	if (*sw >> 8 != 0x6c || answer->len != before)
		return uk_ok();
	bytes[P3] = (uint8_t)*sw;
	UK_TRY(trm_contact_tpdu(c, UK_ARRAY(bytes), answer));
	*sw = take_sw(answer, before);
	return uk_ok();
}

/* 12.2.1: 61xx and less than Le so far: GET RESPONSE. */
static uk_err fetch(struct trm_contact *c, uint8_t cla, uint32_t le,
    uk_buf *answer, uint16_t *sw)
{
	const uint8_t header[4] = { cla, GET_RESPONSE, 0, 0 };
	size_t before = answer->len;

	for (int i = 0; i < PARTS_MAX && *sw >> 8 == 0x61; i++) {
		size_t had = answer->len;
		uint32_t left = le - (uint32_t)(had - before);
		uint32_t there = (*sw & 0xff) == 0 ? UK_LE_SHORT_MAX
						   : *sw & 0xff;

		UK_TRY(receive(
		    c, header, left < there ? left : there, answer, sw));
		if (answer->len == had || answer->len - before >= le)
			break;
	}
	return uk_ok();
}

static uk_err send(
    struct trm_contact *c, const uk_cmd *cmd, uk_buf *answer, uint16_t *sw)
{
	uint8_t bytes[HEADER + UK_LC_SHORT_MAX];
	uk_buf b = UK_BUF(bytes);
	size_t before = answer->len;
	uk_err err;

	uk_put_u8(&b, cmd->cla);
	uk_put_u8(&b, cmd->ins);
	uk_put_u8(&b, cmd->p1);
	uk_put_u8(&b, cmd->p2);
	uk_put_u8(&b, (uint8_t)cmd->data.n);
	uk_put(&b, cmd->data);
	/* 12.2.1: nothing there, nothing back; P3 is 0 */
	err = tpdu(c, uk_buf_view(&b), 0, answer) ? uk_buf_result(answer)
						  : trm_contact_gone(c);
	if (uk_is_ok(err))
		*sw = take_sw(answer, before);
	uk_wipe(bytes, sizeof(bytes));
	return err;
}

/* Table 13 to 16, by what there is to be sent and to be had. */
static uk_err carry(
    struct trm_contact *c, const uk_cmd *cmd, uk_buf *answer, uint16_t *sw)
{
	const uint8_t header[4] = { cmd->cla, cmd->ins, cmd->p1, cmd->p2 };
	size_t before = answer->len;

	if (cmd->le == UK_LE_NONE)
		return send(c, cmd, answer, sw);
	if (cmd->data.n == 0)
		UK_TRY(receive(c, header, cmd->le, answer, sw));
	else
		UK_TRY(send(c, cmd, answer, sw));
	/* 9000 and nothing to fetch is what the card has to say, although case
	 * 4S.2 would ask again: many have no answer to that. */
	/* Answers of a short command are the host's to fetch further. */
	if (*sw >> 8 == 0x61 &&
	    (answer->len == before || cmd->le > UK_LE_SHORT_MAX))
		return fetch(c, cmd->cla,
		    cmd->le - (uint32_t)(answer->len - before), answer, sw);
	return uk_ok();
}

uk_err trm_t0_transmit(struct trm_contact *c, uk_bytes apdu, uk_buf *answer)
{
	uint16_t sw = 0;
	uk_cmd cmd;

	UK_TRY(uk_cmd_decode(apdu, &cmd));
	if (cmd.data.n > UK_LC_SHORT_MAX)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(carry(c, &cmd, answer, &sw));
	uk_put_u16(answer, sw);
	return uk_buf_result(answer);
}
