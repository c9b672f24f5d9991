/* Views, reader and writer: the only pointer arithmetic of the house. */
#include "bytes.h"

#include <string.h>

uk_bytes uk_view_str(const char *s)
{
	return s == NULL ? UK_NONE : uk_view(s, strlen(s));
}

bool uk_bytes_eq(uk_bytes a, uk_bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

uk_bytes uk_bytes_from(uk_bytes b, size_t off)
{
	if (off >= b.n)
		return UK_NONE;
	return uk_view(b.p + off, b.n - off);
}

uk_bytes uk_bytes_first(uk_bytes b, size_t n)
{
	return uk_view(b.p, n < b.n ? n : b.n);
}

uk_bytes uk_bytes_last(uk_bytes b, size_t n)
{
	return n < b.n ? uk_view(b.p + (b.n - n), n) : b;
}

uk_bytes uk_bytes_trim_zeros(uk_bytes b)
{
	while (b.n > 0 && b.p[0] == 0) {
		b.p++;
		b.n--;
	}
	return b;
}

/* --- reader -------------------------------------------------------------- */

static uint64_t get_be(uk_reader *r, size_t n)
{
	uk_bytes v = uk_get(r, n);
	uint64_t x = 0;

	for (size_t i = 0; i < v.n; i++)
		x = x << 8 | v.p[i];
	return x;
}

uint16_t uk_get_u16(uk_reader *r)
{
	return (uint16_t)get_be(r, 2);
}

uint32_t uk_get_u32(uk_reader *r)
{
	return (uint32_t)get_be(r, 4);
}

uint64_t uk_get_u64(uk_reader *r)
{
	return get_be(r, 8);
}

uk_bytes uk_get_rest(uk_reader *r)
{
	return uk_get(r, r->left);
}

uk_err uk_read_ok(const uk_reader *r)
{
	return r->bad ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

uk_err uk_read_end(const uk_reader *r)
{
	return r->left > 0 ? uk_fail(UK_ERR_FORMAT) : uk_read_ok(r);
}

/* --- writer -------------------------------------------------------------- */

void uk_put(uk_buf *b, uk_bytes v)
{
	uint8_t *room = uk_put_room(b, v.n);

	if (room != NULL && v.n > 0)
		memmove(room, v.p, v.n);
}

static void put_be(uk_buf *b, uint64_t v, size_t n)
{
	uint8_t *room = uk_put_room(b, n);

	if (room == NULL)
		return;
	for (size_t i = n; i > 0; i--) {
		room[i - 1] = (uint8_t)v;
		v >>= 8;
	}
}

void uk_put_u16(uk_buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void uk_put_u32(uk_buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void uk_put_u64(uk_buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void uk_put_fill(uk_buf *b, uint8_t v, size_t n)
{
	uint8_t *room = uk_put_room(b, n);

	if (room != NULL && n > 0)
		memset(room, v, n);
}

void uk_put_str(uk_buf *b, const char *s)
{
	uk_put(b, uk_view_str(s));
}

void uk_put_padded(uk_buf *b, uk_bytes v, size_t n)
{
	v = uk_bytes_trim_zeros(v);
	if (v.n > n) {
		b->bad = true;
		return;
	}
	uk_put_fill(b, 0, n - v.n);
	uk_put(b, v);
}

void uk_buf_insert(uk_buf *b, size_t off, size_t n)
{
	size_t tail = b->len - off;

	if (off > b->len || uk_put_room(b, n) == NULL) {
		b->bad = true;
		return;
	}
	memmove(b->p + off + n, b->p + off, tail);
}

void uk_buf_cut(uk_buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
}

uk_err uk_buf_result(const uk_buf *b)
{
	return b->bad ? uk_fail(UK_ERR_TOO_SMALL) : uk_ok();
}

uk_err uk_copy_exact(uint8_t *field, size_t n, uk_bytes v)
{
	if (v.n != n)
		return uk_fail(UK_ERR_FORMAT);
	if (n > 0)
		memcpy(field, v.p, n);
	return uk_ok();
}

uk_err uk_copy_str(char *field, size_t cap, uk_bytes v)
{
	if (v.n >= cap)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (v.n > 0 && memchr(v.p, 0, v.n) != NULL)
		return uk_fail(UK_ERR_FORMAT);
	if (v.n > 0)
		memcpy(field, v.p, v.n);
	field[v.n] = 0;
	return uk_ok();
}
