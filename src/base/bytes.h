/*
 * Bytes: borrowed views, a reader and a writer.
 *
 * uk_bytes is a read-only view of somebody else's bytes, passed by value.
 * uk_reader takes bytes off the front of such a view; uk_buf writes into
 * storage that the caller provides. Both remember their first failure and do
 * nothing after it, so code goes straight through, like the specification it
 * implements, and asks once at the end. All bounds checks of the house live
 * here. What takes or puts single bytes is inline: parsers live on it.
 */
#ifndef UK_BYTES_H
#define UK_BYTES_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

/* --- views --------------------------------------------------------------- */

typedef struct uk_bytes {
	const uint8_t *p; /* may be NULL when n is 0 */
	size_t n;
} uk_bytes;

#define UK_NONE ((uk_bytes){ NULL, 0 })
/* A view of an array (not of a pointer). */
#define UK_ARRAY(a) ((uk_bytes){ (const uint8_t *)(a), sizeof(a) })

static inline uk_bytes uk_view(const void *p, size_t n)
{
	return (uk_bytes){ (const uint8_t *)p, n };
}

uk_bytes uk_view_str(const char *s); /* without the NUL; NULL gives none */
/* Same length and content. Not constant time: see uk_equal for secrets. */
bool uk_bytes_eq(uk_bytes a, uk_bytes b);
/* Part of a view, cut to what there is. */
uk_bytes uk_bytes_from(uk_bytes b, size_t off);
uk_bytes uk_bytes_first(uk_bytes b, size_t n);
uk_bytes uk_bytes_last(uk_bytes b, size_t n);
/* Without leading zero bytes (as unsigned integers are compared). */
uk_bytes uk_bytes_trim_zeros(uk_bytes b);

/* --- reader -------------------------------------------------------------- */

typedef struct uk_reader {
	const uint8_t *p;
	size_t left;
	bool bad; /* something was read that was not there */
} uk_reader;

static inline uk_reader uk_read(uk_bytes b)
{
	return (uk_reader){ b.p, b.n, false };
}

/* empty once bad */
static inline uk_bytes uk_get(uk_reader *r, size_t n)
{
	uk_bytes v = { r->p, n };

	if (r->bad || n > r->left) {
		r->bad = true;
		return UK_NONE;
	}
	if (n > 0)
		r->p += n;
	r->left -= n;
	return v;
}

/* 0 once bad */
static inline uint8_t uk_get_u8(uk_reader *r)
{
	uk_bytes v = uk_get(r, 1);

	return v.n == 0 ? 0 : v.p[0];
}

uint16_t uk_get_u16(uk_reader *r); /* big-endian */
uint32_t uk_get_u32(uk_reader *r);
uint64_t uk_get_u64(uk_reader *r);
uk_bytes uk_get_rest(uk_reader *r);
/* The next byte without taking it; -1 at the end or once bad. */
static inline int uk_peek_u8(const uk_reader *r)
{
	return r->bad || r->left == 0 ? -1 : r->p[0];
}
/* Everything read was there and nothing is left over; else UK_ERR_FORMAT. */
UK_RESULT uk_read_end(const uk_reader *r);
/* Everything read was there. */
UK_RESULT uk_read_ok(const uk_reader *r);

/* --- writer -------------------------------------------------------------- */

typedef struct uk_buf {
	uint8_t *p;
	size_t len, cap;
	bool bad; /* something did not fit; len then no longer grows */
} uk_buf;

/* Storage of an array, e.g. uint8_t s[64]; uk_buf b = UK_BUF(s); */
#define UK_BUF(a) ((uk_buf){ (a), 0, sizeof(a), false })

static inline uk_buf uk_buf_over(void *p, size_t cap)
{
	return (uk_buf){ (uint8_t *)p, 0, cap, false };
}

/* n bytes to be filled in by the caller; NULL if they do not fit. */
static inline uint8_t *uk_put_room(uk_buf *b, size_t n)
{
	uint8_t *room;

	if (b->bad || n > b->cap - b->len) {
		b->bad = true;
		return NULL;
	}
	room = b->p == NULL ? NULL : b->p + b->len;
	b->len += n;
	return room;
}

static inline void uk_put_u8(uk_buf *b, uint8_t v)
{
	uint8_t *room = uk_put_room(b, 1);

	if (room != NULL)
		*room = v;
}

void uk_put(uk_buf *b, uk_bytes v);
void uk_put_u16(uk_buf *b, uint16_t v); /* big-endian */
void uk_put_u32(uk_buf *b, uint32_t v);
void uk_put_u64(uk_buf *b, uint64_t v);
void uk_put_fill(uk_buf *b, uint8_t v, size_t n);
void uk_put_str(uk_buf *b, const char *s); /* without the NUL */
/* v right-aligned in a field of n bytes, zero padded; leading zeros of v are
 * dropped first. Bad if it still does not fit. */
void uk_put_padded(uk_buf *b, uk_bytes v, size_t n);
/* Opens a gap of n bytes at off, moving what follows. */
void uk_buf_insert(uk_buf *b, size_t off, size_t n);
/* Drops what lies beyond len. */
void uk_buf_cut(uk_buf *b, size_t len);
static inline uk_bytes uk_buf_view(const uk_buf *b)
{
	return (uk_bytes){ b->p, b->len };
}
static inline size_t uk_buf_left(const uk_buf *b)
{
	return b->cap - b->len;
}
/* UK_ERR_TOO_SMALL if something did not fit. */
UK_RESULT uk_buf_result(const uk_buf *b);

/* Copies v into a field of exactly n bytes; UK_ERR_FORMAT if lengths differ. */
UK_RESULT uk_copy_exact(uint8_t *field, size_t n, uk_bytes v);
/* Copies v as a NUL-terminated string; UK_ERR_TOO_SMALL if it does not fit,
 * UK_ERR_FORMAT if it holds a NUL. */
UK_RESULT uk_copy_str(char *field, size_t cap, uk_bytes v);

#endif
