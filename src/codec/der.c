/* DER, ITU-T X.690 (2021): the little that we need of it. */
#include "der.h"

#include "tlv.h"

int uk_der_peek(const uk_reader *r)
{
	return uk_peek_u8(r);
}

static size_t get_length(uk_reader *r)
{
	uint8_t first = uk_get_u8(r);
	size_t n = 0;

	if (first < 0x80)
		return first;
	if (first == 0x80 || first > 0x84) {
		r->bad = true;
		return 0;
	}
	for (int i = 0; i < (first & 0x7f); i++)
		n = n << 8 | uk_get_u8(r);
	/* 10.1: the shortest form */
	if (n < 0x80 || n >> (8 * ((first & 0x7f) - 1)) == 0)
		r->bad = true;
	return n;
}

static uk_bytes get_element(uk_reader *r, int want, bool whole)
{
	uk_reader start = *r;
	uint8_t tag = uk_get_u8(r);
	uk_bytes value;

	if ((tag & 0x1f) == 0x1f || (want >= 0 && tag != want))
		r->bad = true;
	value = uk_get(r, get_length(r));
	if (r->bad)
		return UK_NONE;
	return whole ? uk_view(start.p, start.left - r->left) : value;
}

uk_bytes uk_der_get(uk_reader *r, uint8_t tag)
{
	return get_element(r, tag, false);
}

uk_bytes uk_der_get_whole(uk_reader *r, uint8_t tag)
{
	return get_element(r, tag, true);
}

uk_bytes uk_der_get_any(uk_reader *r)
{
	return get_element(r, -1, true);
}

bool uk_der_opt(uk_reader *r, uint8_t tag, uk_bytes *value)
{
	*value = UK_NONE;
	if (uk_der_peek(r) != tag)
		return false;
	*value = uk_der_get(r, tag);
	return !r->bad;
}

uk_reader uk_der_enter(uk_reader *r, uint8_t tag)
{
	uk_reader inner = uk_read(uk_der_get(r, tag));

	inner.bad = r->bad;
	return inner;
}

static uk_bytes get_uint(uk_reader *r, uint8_t tag)
{
	uk_bytes v = uk_der_get(r, tag);

	/* 8.3.2: the first nine bits are not all alike; and not negative */
	if (v.n == 0 || (v.p[0] & 0x80) != 0 ||
	    (v.n > 1 && v.p[0] == 0 && (v.p[1] & 0x80) == 0)) {
		r->bad = true;
		return UK_NONE;
	}
	return uk_bytes_trim_zeros(v);
}

uk_bytes uk_der_get_uint(uk_reader *r)
{
	return get_uint(r, UK_DER_INTEGER);
}

uint32_t uk_der_get_u32(uk_reader *r, uint8_t tag)
{
	uk_bytes v = get_uint(r, tag);
	uint32_t x = 0;

	if (v.n > 4 || (v.n == 4 && (v.p[0] & 0x80) != 0)) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < v.n; i++)
		x = x << 8 | v.p[i];
	return x;
}

uk_bytes uk_der_get_bits(uk_reader *r)
{
	uk_bytes v = uk_der_get(r, UK_DER_BITS);

	if (v.n == 0 || v.p[0] != 0) {
		r->bad = true;
		return UK_NONE;
	}
	return uk_bytes_from(v, 1);
}

uint32_t uk_der_get_flags(uk_reader *r, uint8_t tag)
{
	uk_bytes v = uk_der_get(r, tag);
	uint32_t flags = 0;

	if (v.n == 0 || v.n > 5 || v.p[0] > 7 || (v.n == 1 && v.p[0] != 0)) {
		r->bad = true;
		return 0;
	}
	/* 11.2.1: unused bits are zero */
	if ((v.p[v.n - 1] & ((1U << v.p[0]) - 1)) != 0 && v.n > 1) {
		r->bad = true;
		return 0;
	}
	for (size_t bit = 0; bit < (v.n - 1) * 8; bit++) {
		if (v.p[1 + bit / 8] & 0x80 >> bit % 8)
			flags |= UINT32_C(1) << bit;
	}
	return flags;
}

void uk_put_der(uk_buf *out, uint8_t tag, uk_bytes value)
{
	uk_put_tlv(out, tag, value);
}

static void put_uint(uk_buf *out, uint8_t tag, uk_bytes v)
{
	bool sign_byte;

	v = uk_bytes_trim_zeros(v);
	sign_byte = v.n == 0 || (v.p[0] & 0x80) != 0;
	uk_put_u8(out, tag);
	uk_put_length(out, v.n + (sign_byte ? 1 : 0));
	if (sign_byte)
		uk_put_u8(out, 0);
	uk_put(out, v);
}

void uk_put_der_uint(uk_buf *out, uk_bytes magnitude)
{
	put_uint(out, UK_DER_INTEGER, magnitude);
}

void uk_put_der_u32(uk_buf *out, uint8_t tag, uint32_t v)
{
	uint8_t be[4];
	uk_buf b = UK_BUF(be);

	uk_put_u32(&b, v);
	put_uint(out, tag, uk_buf_view(&b));
}

void uk_put_der_bits(uk_buf *out, uk_bytes bytes)
{
	uk_put_u8(out, UK_DER_BITS);
	uk_put_length(out, bytes.n + 1);
	uk_put_u8(out, 0);
	uk_put(out, bytes);
}

void uk_put_der_flags(uk_buf *out, uint8_t tag, uint32_t flags)
{
	uint8_t bits[4] = { 0 };
	size_t used = 0; /* number of bits up to the last one set */
	size_t n;

	for (size_t bit = 0; bit < 32; bit++) {
		if ((flags >> bit & 1) == 0)
			continue;
		bits[bit / 8] = (uint8_t)(bits[bit / 8] | 0x80 >> bit % 8);
		used = bit + 1;
	}
	n = (used + 7) / 8;
	uk_put_u8(out, tag);
	uk_put_length(out, n + 1);
	uk_put_u8(out, (uint8_t)(n * 8 - used));
	uk_put(out, uk_view(bits, n));
}

uk_err uk_sig_to_der(uk_bytes raw, uk_buf *der)
{
	size_t at;

	if (raw.n == 0 || raw.n % 2 != 0)
		return uk_fail(UK_ERR_FORMAT);
	at = uk_tlv_begin(der, UK_DER_SEQUENCE);
	uk_put_der_uint(der, uk_bytes_first(raw, raw.n / 2));
	uk_put_der_uint(der, uk_bytes_last(raw, raw.n / 2));
	uk_tlv_end(der, at);
	return uk_buf_result(der);
}

uk_err uk_sig_from_der(uk_bytes der, size_t n, uk_buf *raw)
{
	uk_reader outer = uk_read(der);
	uk_reader seq = uk_der_enter(&outer, UK_DER_SEQUENCE);
	uk_bytes r = uk_der_get_uint(&seq);
	uk_bytes s = uk_der_get_uint(&seq);

	UK_TRY(uk_read_end(&seq));
	UK_TRY(uk_read_end(&outer));
	if (r.n > n || s.n > n)
		return uk_fail(UK_ERR_FORMAT);
	uk_put_padded(raw, r, n);
	uk_put_padded(raw, s, n);
	return uk_buf_result(raw);
}
