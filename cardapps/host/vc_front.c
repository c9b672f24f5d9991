/* Lengths, T=0, and time. */
#include "vc_front.h"

#include "atr.h"
#include "hex.h"
#include "secret.h"
#include "sw.h"
#include "vc_number.h"

#include <string.h>

enum {
	INS_GET_RESPONSE = 0xc0,
	SW_MORE = 0x6100,
	SW_WRONG_LE = 0x6c00,
	BAUD_MAX = 10000000,
	/* ISO/IEC 7816-3:2006, 11.2: a character is a start bit, eight bits,
	 * parity and the guard time of two */
	CHARACTER_BITS = 12,
	/* 11.3: prologue and epilogue of a block, there and back */
	BLOCK_BYTES = 8
};

/* --- how it looks ----------------------------------------------------------
 */

static bool set_lengths(struct vc_look *look, const char *text)
{
	static const char *const names[] = { [VC_EXTENDED] = "extended",
		[VC_CHAINING] = "chaining",
		[VC_SHORT] = "short",
		[VC_T0] = "t0" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		look->lengths = (enum vc_lengths)i;
		if (strcmp(names[i], text) == 0)
			return true;
	}
	return false;
}

/* As cards of these makes say it; of public collections of ATRs. */
static const struct {
	const char *name, *hex;
} atrs[] = {
	{ "estonian-id", "3bdb960080b1fe451f830012233f536549440f9000f1" },
	{ "openpgp", "3bda18ff81b1fe751f030031f573c001600090001c" },
	{ "t0", "3b00" },
	{ "yubikey-neo", "3bfc1300008131fe15597562696b65794e454f7233e1" },
};

static bool set_atr(struct vc_look *look, const char *text)
{
	uk_buf b = UK_BUF(look->atr);
	uk_atr parsed;

	for (size_t i = 0; i < sizeof(atrs) / sizeof(atrs[0]); i++) {
		if (strcmp(atrs[i].name, text) == 0)
			text = atrs[i].hex;
	}
	if (!uk_is_ok(uk_hex_decode(uk_view_str(text), &b)) ||
	    !uk_is_ok(uk_buf_result(&b)) ||
	    !uk_is_ok(uk_atr_parse(uk_buf_view(&b), &parsed)))
		return false;
	look->atr_len = b.len;
	return true;
}

static bool set_speed(struct vc_look *look, const char *text)
{
	unsigned long baud;

	if (!vc_number(text, BAUD_MAX, &baud) || baud == 0)
		return false;
	look->byte_ns = (int64_t)CHARACTER_BITS * 1000000000 / (int64_t)baud;
	look->command_ns = BLOCK_BYTES * look->byte_ns;
	return true;
}

static bool set_delay(struct vc_look *look, const char *text)
{
	return vc_delay(text, &look->command_ns, &look->byte_ns);
}

static bool set_key_time(struct vc_look *look, const char *text)
{
	return vc_duration(text, &look->key_ns);
}

static bool set_generate_time(struct vc_look *look, const char *text)
{
	return vc_duration(text, &look->generate_ns);
}

bool vc_look_set(struct vc_look *look, const char *name, const char *value)
{
	static const struct {
		const char *name;
		bool (*set)(struct vc_look *look, const char *text);
	} rows[] = {
		{ "lengths", set_lengths },
		{ "atr", set_atr },
		{ "speed", set_speed },
		{ "delay", set_delay },
		{ "key-time", set_key_time },
		{ "generate-time", set_generate_time },
	};
	struct vc_look changed = *look;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		if (!rows[i].set(&changed, value))
			return false;
		*look = changed;
		return true;
	}
	return false;
}

/* ISO/IEC 7816-4:2020, 12.1.1.9: the third byte behind the tag 73 says whether
 * the card takes chained and extended commands. */
static void tell_lengths(uk_buf *atr, enum vc_lengths lengths)
{
	enum { TAG = 0x73, CHAINING = 0x80, EXTENDED = 0x40 };
	uint8_t check = 0;

	for (size_t i = 2; i + 4 < atr->len; i++) {
		if (atr->p[i] != TAG)
			continue;
		atr->p[i + 3] &= (uint8_t)~EXTENDED;
		if (lengths == VC_SHORT)
			atr->p[i + 3] &= (uint8_t)~CHAINING;
		break;
	}
	/* TCK (7816-3:2006, 8.2.5): with it, everything but TS is zero. */
	for (size_t i = 1; i + 1 < atr->len; i++)
		check ^= atr->p[i];
	if (atr->len > 0)
		atr->p[atr->len - 1] = check;
}

uk_bytes vc_front_atr(struct vc_front *f, uk_bytes own)
{
	const struct vc_look *look = &f->look;
	uk_buf b = UK_BUF(f->atr);

	if (look->atr_len > 0)
		return uk_view(look->atr, look->atr_len);
	if (look->lengths == VC_EXTENDED)
		return own;
	uk_put(&b, own);
	tell_lengths(&b, look->lengths);
	return uk_buf_view(&b);
}

/* ISO/IEC 7816-4:2020, table 4: commands that have a private key at work. */
int64_t vc_front_cost_ns(
    const struct vc_look *look, uk_bytes command, size_t answer)
{
	int64_t cost = look->command_ns +
		       look->byte_ns * (int64_t)(command.n + answer);

	switch (command.n < 4 ? 0 : command.p[1]) {
	case 0x2a: /* PERFORM SECURITY OPERATION */
	case 0x86: /* GENERAL AUTHENTICATE */
	case 0x87:
	case 0x88: /* INTERNAL AUTHENTICATE */
		return cost + look->key_ns;
	case 0x46: /* GENERATE ASYMMETRIC KEY PAIR */
	case 0x47:
		return cost + look->generate_ns;
	default:
		return cost;
	}
}

/* --- what it answers -------------------------------------------------------
 */

void vc_front_reset(struct vc_front *f)
{
	uk_wipe(f->held_bytes, f->held.len);
	uk_wipe(f->reply, sizeof(f->reply));
	f->held = UK_BUF(f->held_bytes);
	f->fetched = 0;
	f->by_length = false;
}

void vc_front_init(struct vc_front *f, const struct vc_look *look)
{
	f->look = *look;
	f->held = UK_BUF(f->held_bytes);
	vc_front_reset(f);
}

static uk_bytes reply(struct vc_front *f, uk_bytes data, uint16_t sw)
{
	uk_buf b = UK_BUF(f->reply);

	uk_put(&b, data);
	uk_put_u16(&b, sw);
	return uk_buf_view(&b);
}

/* One byte says how many there are, and 00 says 256 or more. */
static uint16_t with_count(uint16_t sw, size_t n)
{
	return (uint16_t)(sw | (n < UK_LE_SHORT_MAX ? n : 0));
}

/* The next part of what is held, at most n bytes. */
static uk_bytes hand_out(struct vc_front *f, size_t n)
{
	uk_bytes rest = uk_bytes_from(uk_buf_view(&f->held), f->fetched);
	uk_bytes part = uk_bytes_first(rest, n);
	uk_bytes out;

	f->fetched += part.n;
	rest = uk_bytes_from(rest, part.n);
	out = reply(f, part, rest.n > 0 ? with_count(SW_MORE, rest.n) : f->sw);
	if (rest.n == 0) {
		uk_wipe(f->held_bytes, f->held.len);
		f->held = UK_BUF(f->held_bytes);
		f->fetched = 0;
	}
	return out;
}

static void hold(struct vc_front *f, uk_bytes command, uk_bytes answer)
{
	uk_reader tail = uk_read(uk_bytes_last(answer, 2));

	vc_front_reset(f);
	f->sw = uk_get_u16(&tail);
	uk_put(&f->held, uk_bytes_first(answer, answer.n - 2));
	uk_put(&(uk_buf){ f->header, 0, 4, false }, uk_bytes_first(command, 4));
}

/* The same command again, now with the Le that 6Cxx told. */
static bool comes_again(const struct vc_front *f, uk_bytes command)
{
	return f->by_length &&
	       uk_bytes_eq(uk_bytes_first(command, 4), UK_ARRAY(f->header));
}

/*
 * ISO/IEC 7816-3:2006, 12.2. A command with data has no Le in T=0: its answer
 * is fetched. One without data has the right Le, or is told it and comes again.
 */
static uk_bytes transmit_t0(struct vc_front *f, uk_bytes command,
    const uk_cmd *cmd, vc_transmit_fn *transmit, void *card)
{
	uint8_t again[5 + UK_LC_SHORT_MAX + 1];
	uk_buf b = UK_BUF(again);
	uk_bytes answer;

	if (cmd->ins == INS_GET_RESPONSE && f->held.len > 0 && !f->by_length)
		return hand_out(f, cmd->le);
	if (comes_again(f, command) && cmd->le == f->held.len) {
		f->by_length = false;
		return hand_out(f, cmd->le);
	}
	uk_put(&b, command);
	if (cmd->data.n > 0 && cmd->le == UK_LE_NONE)
		uk_put_u8(&b, 0); /* all there is */
	answer = transmit(card, uk_buf_view(&b));
	uk_wipe(again, b.len);
	if (answer.n <= 2 || (cmd->data.n == 0 && answer.n - 2 == cmd->le)) {
		vc_front_reset(f);
		return answer;
	}
	hold(f, command, answer);
	f->by_length = cmd->data.n == 0 && f->held.len < cmd->le;
	return reply(f, UK_NONE,
	    with_count(f->by_length ? SW_WRONG_LE : SW_MORE, f->held.len));
}

/* Neither the length byte 00 nor two more bytes of it. */
static bool is_extended(uk_bytes command)
{
	return command.n > 5 && command.p[4] == 0;
}

uk_bytes vc_front_transmit(
    struct vc_front *f, uk_bytes command, vc_transmit_fn *transmit, void *card)
{
	uk_cmd cmd;
	bool known = uk_is_ok(uk_cmd_decode(command, &cmd));

	if (f->look.lengths == VC_EXTENDED || !known)
		return transmit(card, command);
	if (is_extended(command))
		return reply(f, UK_NONE, UK_SW_LENGTH);
	if (f->look.lengths == VC_SHORT && (cmd.cla & UK_CLA_CHAIN) != 0)
		return reply(f, UK_NONE, UK_SW_NO_CHAINING);
	if (f->look.lengths == VC_T0)
		return transmit_t0(f, command, &cmd, transmit, card);
	return transmit(card, command);
}
