/* BER-TLV, ISO/IEC 7816-4:2020, 6.3. */
#include "tlv.h"

static uint32_t get_tag(uk_reader *r)
{
	uint32_t tag = uk_get_u8(r);

	if ((tag & 0x1f) != 0x1f)
		return tag;
	for (int more = 0; more < 2; more++) {
		uint8_t b = uk_get_u8(r);

		tag = tag << 8 | b;
		if ((b & 0x80) == 0)
			return tag;
	}
	r->bad = true; /* a fourth byte: 7816-4 stops at three */
	return 0;
}

static size_t get_length(uk_reader *r)
{
	uint8_t first = uk_get_u8(r);
	size_t n = 0;

	if (first < 0x80)
		return first;
	if (first == 0x80 || first > 0x84) { /* indefinite, or absurd */
		r->bad = true;
		return 0;
	}
	for (int i = 0; i < (first & 0x7f); i++)
		n = n << 8 | uk_get_u8(r);
	return n;
}

bool uk_tlv_next(uk_reader *r, uk_tlv *out)
{
	uk_reader start = *r;

	*out = (uk_tlv){ 0, UK_NONE, UK_NONE };
	if (r->bad || r->left == 0)
		return false;
	out->tag = get_tag(r);
	out->value = uk_get(r, get_length(r));
	if (r->bad)
		return false;
	out->whole = uk_view(start.p, start.left - r->left);
	return true;
}

bool uk_tlv_find(uk_bytes v, uint32_t tag, uk_bytes *value)
{
	uk_reader r = uk_read(v);
	uk_tlv t;

	*value = UK_NONE;
	UK_TLV_EACH (r, t) {
		if (t.tag == tag) {
			*value = t.value;
			return true;
		}
	}
	return false;
}

uk_err uk_tlv_only(uk_bytes v, uint32_t tag, uk_bytes *value)
{
	uk_reader r = uk_read(v);
	uk_tlv t;

	*value = UK_NONE;
	if (!uk_tlv_next(&r, &t) || t.tag != tag || r.left > 0)
		return uk_fail(UK_ERR_FORMAT);
	*value = t.value;
	return uk_ok();
}

void uk_put_tag(uk_buf *out, uint32_t tag)
{
	if (tag > 0xffff)
		uk_put_u8(out, (uint8_t)(tag >> 16));
	if (tag > 0xff)
		uk_put_u8(out, (uint8_t)(tag >> 8));
	uk_put_u8(out, (uint8_t)tag);
}

static size_t length_bytes(size_t n)
{
	size_t k = 1;

	while (k < 4 && n >> (8 * k) != 0)
		k++;
	return k;
}

void uk_put_length(uk_buf *out, size_t n)
{
	size_t k = length_bytes(n);

	if (n > UINT32_MAX) {
		out->bad = true;
		return;
	}
	if (n < 0x80) {
		uk_put_u8(out, (uint8_t)n);
		return;
	}
	uk_put_u8(out, (uint8_t)(0x80 | k));
	while (k-- > 0)
		uk_put_u8(out, (uint8_t)(n >> (8 * k)));
}

void uk_put_tlv(uk_buf *out, uint32_t tag, uk_bytes value)
{
	uk_put_tag(out, tag);
	uk_put_length(out, value.n);
	uk_put(out, value);
}

void uk_put_tlv_u8(uk_buf *out, uint32_t tag, uint8_t v)
{
	uk_put_tag(out, tag);
	uk_put_length(out, 1);
	uk_put_u8(out, v);
}

void uk_put_tlv_u16(uk_buf *out, uint32_t tag, uint16_t v)
{
	uk_put_tag(out, tag);
	uk_put_length(out, 2);
	uk_put_u16(out, v);
}

void uk_put_tlv_u32(uk_buf *out, uint32_t tag, uint32_t v)
{
	uk_put_tag(out, tag);
	uk_put_length(out, 4);
	uk_put_u32(out, v);
}

size_t uk_tlv_begin(uk_buf *out, uint32_t tag)
{
	uk_put_tag(out, tag);
	return out->len;
}

void uk_tlv_end(uk_buf *out, size_t at)
{
	uint8_t coded[5];
	uk_buf length = UK_BUF(coded);

	if (out->bad)
		return;
	uk_put_length(&length, out->len - at);
	uk_buf_insert(out, at, length.len);
	if (out->bad)
		return;
	for (size_t i = 0; i < length.len; i++)
		out->p[at + i] = coded[i];
}
