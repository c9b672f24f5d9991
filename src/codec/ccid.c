/* CCID messages in and out. */
#include "ccid.h"

static uint32_t get_le32(uk_reader *r)
{
	uint32_t v = uk_get_u8(r);

	v |= (uint32_t)uk_get_u8(r) << 8;
	v |= (uint32_t)uk_get_u8(r) << 16;
	return v | (uint32_t)uk_get_u8(r) << 24;
}

static void put_le32(uk_buf *out, uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		uk_put_u8(out, (uint8_t)(v >> (8 * i)));
}

uk_err uk_ccid_size(uk_bytes begun, size_t *size)
{
	uk_reader r = uk_read(begun);
	uint32_t length;

	*size = 0;
	if (begun.n < UK_CCID_HEAD)
		return uk_ok();
	(void)uk_get_u8(&r);
	length = get_le32(&r);
	if (length > UK_CCID_DATA_MAX)
		return uk_fail(UK_ERR_FORMAT);
	*size = UK_CCID_HEAD + length;
	return uk_ok();
}

uk_err uk_ccid_parse(uk_bytes message, struct uk_ccid *out)
{
	uk_reader r = uk_read(message);
	size_t size;

	*out = (struct uk_ccid){ 0 };
	UK_TRY(uk_ccid_size(message, &size));
	if (size != message.n)
		return uk_fail(UK_ERR_FORMAT);
	out->type = uk_get_u8(&r);
	(void)get_le32(&r);
	out->slot = uk_get_u8(&r);
	out->seq = uk_get_u8(&r);
	for (size_t i = 0; i < sizeof(out->p); i++)
		out->p[i] = uk_get_u8(&r);
	out->data = uk_get_rest(&r);
	return uk_read_end(&r);
}

void uk_ccid_put(uk_buf *out, const struct uk_ccid *m)
{
	if (m->data.n > UK_CCID_DATA_MAX) {
		out->bad = true;
		return;
	}
	uk_put_u8(out, m->type);
	put_le32(out, (uint32_t)m->data.n);
	uk_put_u8(out, m->slot);
	uk_put_u8(out, m->seq);
	uk_put(out, UK_ARRAY(m->p));
	uk_put(out, m->data);
}

uk_err uk_ccid_parse_slots(uk_bytes message, struct uk_ccid_slots *out)
{
	uk_reader r = uk_read(message);
	uint8_t type = uk_get_u8(&r), map = uk_get_u8(&r);

	*out = (struct uk_ccid_slots){ 0, 0 };
	UK_TRY(uk_read_end(&r));
	if (type != UK_CCID_SLOT_CHANGE)
		return uk_fail(UK_ERR_FORMAT);
	for (unsigned slot = 0; slot < 4; slot++) {
		out->present |= (uint8_t)((map >> (2 * slot) & 1) << slot);
		out->changed |= (uint8_t)((map >> (2 * slot + 1) & 1) << slot);
	}
	return uk_ok();
}

void uk_ccid_put_slots(uk_buf *out, const struct uk_ccid_slots *s)
{
	unsigned map = 0;

	for (unsigned slot = 0; slot < 4; slot++) {
		map |= (s->present >> slot & 1u) << (2 * slot);
		map |= (s->changed >> slot & 1u) << (2 * slot + 1);
	}
	uk_put_u8(out, UK_CCID_SLOT_CHANGE);
	uk_put_u8(out, (uint8_t)map);
}
