/* What a host wants typed, and where it goes. */
#include "padentry.h"

enum {
	OPERATION_VERIFY = 0,
	OPERATION_MODIFY = 1,
	/* bmFormatString */
	UNIT_BYTES = 0x80,
	RIGHT = 0x04,
	TYPE_BITS = 0x03,
	BCD = 1,
	ASCII = 2,
	/* bConfirmPIN */
	CONFIRM = 1,
	ASK_OLD = 2,
	/* bEntryValidationCondition: the person presses a key */
	BY_KEY = 2,
	HEADER = 5 /* of a short command, before its data */
};

/* 6.1.11: PIN verification; 6.1.12: PIN modification. */
static uint16_t get_le16(uk_reader *r)
{
	uint16_t v = uk_get_u8(r);

	return (uint16_t)(v | uk_get_u8(r) << 8);
}

static void read_limits(uk_reader *r, struct trm_pin_wish *w)
{
	uint16_t range = get_le16(r); /* wPINMaxExtraDigit: 0xMMmm, max low */

	w->min = (uint8_t)(range >> 8);
	w->max = (uint8_t)range;
	if (w->max > TRM_PIN_DIGITS_MAX)
		w->max = TRM_PIN_DIGITS_MAX;
	if (w->min == 0)
		w->min = 1;
}

static void read_verify(
    uk_reader *r, struct trm_pin_wish *w, uint8_t *validation)
{
	w->asks_old = true;
	read_limits(r, w);
	*validation = uk_get_u8(r);
	(void)uk_get(r, 1 + 2 + 1); /* bNumberMessage, wLangId, bMsgIndex */
}

static void read_modify(
    uk_reader *r, struct trm_pin_wish *w, uint8_t *validation)
{
	uint8_t confirm, messages;

	w->change = true;
	w->offset_old = uk_get_u8(r);
	w->offset_new = uk_get_u8(r);
	read_limits(r, w);
	confirm = uk_get_u8(r);
	w->confirm = (confirm & CONFIRM) != 0;
	w->asks_old = (confirm & ASK_OLD) != 0;
	*validation = uk_get_u8(r);
	messages = uk_get_u8(r);
	(void)uk_get_u8(r);
	(void)uk_get_u8(r); /* wLangId */
	/* bMsgIndex1, and a second and a third one where there are so many */
	(void)uk_get(r, messages == 3 ? 3 : messages == 2 ? 2 : 1);
}

static uk_err check(const struct trm_pin_wish *w, uint8_t validation)
{
	unsigned type = w->format & TYPE_BITS;

	if ((validation & BY_KEY) == 0 || (type != BCD && type != ASCII))
		return uk_fail(UK_ERR_UNSUPPORTED);
	/* Positions in bits are for cards that want half bytes. */
	if ((w->format & UNIT_BYTES) == 0 && (w->format >> 3 & 15) % 8 != 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (w->min > w->max)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return w->command_n < 4 ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

uk_err trm_pin_read(uk_bytes data, struct trm_pin_wish *out)
{
	uk_reader r = uk_read(data);
	uk_buf command = UK_BUF(out->command);
	uint8_t operation = uk_get_u8(&r), validation = 0;

	*out = (struct trm_pin_wish){ .timeout_s = uk_get_u8(&r) };
	out->format = uk_get_u8(&r);
	out->block = uk_get_u8(&r);
	out->length = uk_get_u8(&r);
	if (operation == OPERATION_VERIFY)
		read_verify(&r, out, &validation);
	else if (operation == OPERATION_MODIFY)
		read_modify(&r, out, &validation);
	else
		return uk_fail(UK_ERR_UNSUPPORTED);
	(void)uk_get(&r, 3); /* bTeoPrologue: the reader's business */
	uk_put(&command, uk_get_rest(&r));
	out->command_n = command.len;
	UK_TRY(uk_read_end(&r));
	if (command.bad)
		return uk_fail(UK_ERR_FORMAT);
	return check(out, validation);
}

/* --- the command --------------------------------------------------------- */

/* Digits as ASCII, or two to a byte, filled up with F. */
static uk_err put_digits(
    const struct trm_pin_wish *w, uk_bytes pin, uk_buf *out)
{
	bool bcd = (w->format & TYPE_BITS) == BCD;

	if (pin.n < w->min || pin.n > w->max)
		return uk_fail(UK_ERR_PIN_LENGTH);
	for (size_t i = 0; i < pin.n; i += bcd ? 2 : 1) {
		unsigned high = pin.p[i] & 15u;
		unsigned low = i + 1 < pin.n ? pin.p[i + 1] & 15u : 15u;

		uk_put_u8(out, bcd ? (uint8_t)(high << 4 | low) : pin.p[i]);
	}
	return uk_buf_result(out);
}

/* Where a PIN begins: behind the header, and its own place behind that. */
static size_t place_of(const struct trm_pin_wish *w, uint8_t offset)
{
	size_t units = w->format >> 3 & 15;

	return HEADER + offset +
	       ((w->format & UNIT_BYTES) != 0 ? units : units / 8);
}

/* A block of so many bytes, with what the host has put there as filling; or, if
 * the block has no size, the PIN as it is, behind what is there. */
static uk_err insert(const struct trm_pin_wish *w, uk_bytes digits,
    uint8_t offset, uk_buf *command)
{
	size_t size = w->block & 15, at = place_of(w, offset);
	uk_buf field;

	if (size == 0)
		size = digits.n;
	if (digits.n > size)
		return uk_fail(UK_ERR_PIN_LENGTH);
	if (at > command->len)
		return uk_fail(UK_ERR_FORMAT);
	while (command->len < at + size && !command->bad)
		uk_put_u8(command, 0);
	if (command->bad)
		return uk_fail(UK_ERR_FORMAT);
	if ((w->format & RIGHT) != 0)
		at += size - digits.n;
	field = uk_buf_over(command->p + at, digits.n);
	uk_put(&field, digits);
	return uk_ok();
}

/* bmPINBlockString's high half: how many bits of length go into the command. */
static uk_err insert_length(
    const struct trm_pin_wish *w, size_t n, uint8_t offset, uk_buf *command)
{
	size_t bits = w->block >> 4;
	size_t units = w->length & 15;
	size_t at = HEADER + offset +
		    ((w->length & 16) != 0 ? units : units / 8);
	uint8_t shift;

	if (bits == 0)
		return uk_ok();
	if (at >= command->len || bits > 8)
		return uk_fail(UK_ERR_FORMAT);
	shift = (uint8_t)((w->length & 16) != 0 ? 8 - bits
						: (16 - units % 8 - bits) % 8);
	command->p[at] = (uint8_t)(command->p[at] | n << shift);
	return uk_ok();
}

static uk_err put_pin(const struct trm_pin_wish *w, const uk_pin *pin,
    uint8_t offset, uk_buf *command)
{
	uint8_t storage[TRM_PIN_DIGITS_MAX];
	uk_buf digits = UK_BUF(storage);
	uk_err err = put_digits(w, uk_pin_view(pin), &digits);

	if (uk_is_ok(err))
		err = insert(w, uk_buf_view(&digits), offset, command);
	if (uk_is_ok(err))
		err = insert_length(w, pin->n, offset, command);
	uk_wipe(storage, sizeof(storage));
	return err;
}

uk_err trm_pin_command(const struct trm_pin_wish *w, const uk_pin *old,
    const uk_pin *fresh, uk_buf *out)
{
	uint8_t storage[TRM_PIN_COMMAND_MAX];
	uk_buf command = UK_BUF(storage);
	uk_err err = uk_ok();

	uk_put(&command, uk_view(w->command, w->command_n));
	while (command.len < HEADER)
		uk_put_u8(&command, 0); /* Lc, below */
	if (w->asks_old)
		err = put_pin(w, old, w->offset_old, &command);
	if (uk_is_ok(err) && w->change)
		err = put_pin(w, fresh, w->offset_new, &command);
	if (uk_is_ok(err) && command.len > HEADER + UK_LC_SHORT_MAX)
		err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(err)) {
		storage[4] = (uint8_t)(command.len - HEADER);
		uk_put(out, uk_buf_view(&command));
		err = uk_buf_result(out);
	}
	uk_wipe(storage, sizeof(storage));
	return err;
}
