/* One table: which fields a message of each type has. */
#include "wire.h"

enum shape {
	EMPTY,
	VERSION,
	VERSION_SLOT,
	FATE,
	COMMAND, /* an APDU of 1 byte or more, which may be no good command */
	RESPONSE,
	SLOTS,
	ERROR_CODE
};

enum { FLAG_PRESENT = 0x01 };

static const struct row {
	uint8_t type;
	enum shape shape;
	size_t min, max; /* length of the body */
} rows[] = {
	{ UK_WIRE_WATCH, VERSION, 1, 1 },
	{ UK_WIRE_CONNECT, VERSION_SLOT, 2, 2 },
	{ UK_WIRE_BEGIN, EMPTY, 0, 0 },
	{ UK_WIRE_END, FATE, 1, 1 },
	{ UK_WIRE_TRANSMIT, COMMAND, 1, UK_APDU_MAX },
	{ UK_WIRE_DISCONNECT, FATE, 1, 1 },
	{ UK_WIRE_STATE, SLOTS, 1,
	    1 + UK_WIRE_SLOTS_MAX *(6 + UK_WIRE_ATR_MAX) },
	{ UK_WIRE_DONE, EMPTY, 0, 0 },
	{ UK_WIRE_ANSWER, RESPONSE, 2, UK_RESPONSE_MAX },
	{ UK_WIRE_ERROR, ERROR_CODE, 1, 1 },
};

static const struct row *find_row(uint8_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type == type)
			return &rows[i];
	}
	return NULL;
}

/* --- writing ---------------------------------------------------------------
 */

static void put_slots(const struct uk_wire *m, uk_buf *out)
{
	uk_put_u8(out, (uint8_t)m->slot_count);
	for (size_t i = 0; i < m->slot_count; i++) {
		const struct uk_wire_slot *s = &m->slots[i];

		uk_put_u8(out, s->present ? FLAG_PRESENT : 0);
		uk_put_u32(out, s->events);
		uk_put_u8(out, (uint8_t)s->atr_len);
		uk_put(out, uk_view(s->atr, s->atr_len));
	}
}

static void put_body(const struct uk_wire *m, enum shape shape, uk_buf *out)
{
	switch (shape) {
	case EMPTY:
		break;
	case VERSION:
	case VERSION_SLOT:
		uk_put_u8(out, m->version);
		if (shape == VERSION_SLOT)
			uk_put_u8(out, m->slot);
		break;
	case FATE:
		uk_put_u8(out, m->fate);
		break;
	case COMMAND:
	case RESPONSE:
		uk_put(out, m->apdu);
		break;
	case SLOTS:
		put_slots(m, out);
		break;
	case ERROR_CODE:
		uk_put_u8(out, m->error);
		break;
	}
}

static size_t body_size(const struct uk_wire *m, const struct row *row)
{
	size_t n = 1;

	if (row->shape == COMMAND || row->shape == RESPONSE)
		return m->apdu.n;
	if (row->shape != SLOTS)
		return row->min;
	for (size_t i = 0; i < m->slot_count; i++)
		n += 6 + m->slots[i].atr_len;
	return n;
}

static bool can_be(const struct uk_wire *m, const struct row *row)
{
	if (row == NULL || m->slot_count > UK_WIRE_SLOTS_MAX ||
	    m->fate > UK_WIRE_RESET)
		return false;
	for (size_t i = 0; i < m->slot_count; i++) {
		if (m->slots[i].atr_len > UK_WIRE_ATR_MAX)
			return false;
	}
	return true;
}

uk_err uk_wire_encode(const struct uk_wire *m, uk_buf *out)
{
	const struct row *row = find_row(m->type);
	size_t n;

	if (!can_be(m, row))
		return uk_fail(UK_ERR_ARGUMENT);
	n = body_size(m, row);
	if (n < row->min || n > row->max)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_u8(out, m->type);
	uk_put_u32(out, (uint32_t)n);
	put_body(m, row->shape, out);
	return uk_buf_result(out);
}

/* --- reading ---------------------------------------------------------------
 */

static uk_err get_slot(uk_reader *r, struct uk_wire_slot *s)
{
	uint8_t flags = uk_get_u8(r);
	uk_buf atr = UK_BUF(s->atr);

	s->present = (flags & FLAG_PRESENT) != 0;
	s->events = uk_get_u32(r);
	s->atr_len = uk_get_u8(r);
	if ((flags & ~FLAG_PRESENT) != 0 || s->atr_len > UK_WIRE_ATR_MAX)
		return uk_fail(UK_ERR_FORMAT);
	uk_put(&atr, uk_get(r, s->atr_len));
	return uk_read_ok(r);
}

static uk_err get_slots(uk_reader *r, struct uk_wire *m)
{
	m->slot_count = uk_get_u8(r);
	if (m->slot_count > UK_WIRE_SLOTS_MAX)
		return uk_fail(UK_ERR_FORMAT);
	for (size_t i = 0; i < m->slot_count; i++)
		UK_TRY(get_slot(r, &m->slots[i]));
	return uk_ok();
}

static uk_err get_body(uk_bytes body, enum shape shape, struct uk_wire *m)
{
	uk_reader r = uk_read(body);

	switch (shape) {
	case EMPTY:
		break;
	case VERSION:
	case VERSION_SLOT:
		m->version = uk_get_u8(&r);
		if (shape == VERSION_SLOT)
			m->slot = uk_get_u8(&r);
		break;
	case FATE:
		m->fate = uk_get_u8(&r);
		if (m->fate > UK_WIRE_RESET)
			return uk_fail(UK_ERR_FORMAT);
		break;
	case COMMAND:
	case RESPONSE:
		m->apdu = uk_get_rest(&r);
		break;
	case SLOTS:
		UK_TRY(get_slots(&r, m));
		break;
	case ERROR_CODE:
		m->error = uk_get_u8(&r);
		break;
	}
	return uk_read_end(&r);
}

uk_err uk_wire_decode(uk_bytes in, struct uk_wire *m, size_t *size)
{
	uk_reader r = uk_read(in);
	const struct row *row;
	uint32_t n;

	*m = (struct uk_wire){ .type = uk_get_u8(&r) };
	n = uk_get_u32(&r);
	*size = 0;
	row = find_row(m->type);
	if (row == NULL)
		return uk_fail(in.n == 0 ? UK_ERR_TOO_SMALL : UK_ERR_FORMAT);
	if (r.bad)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (n < row->min || n > row->max)
		return uk_fail(UK_ERR_FORMAT);
	if (r.left < n)
		return uk_fail(UK_ERR_TOO_SMALL);
	*size = UK_WIRE_HEAD + n;
	return get_body(uk_get(&r, n), row->shape, m);
}
