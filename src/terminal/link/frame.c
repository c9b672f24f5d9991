/* Frames: byte stuffing and check. */
#include "frame.h"

/* Bit by bit: a terminal's processor has no room for a table, and the line is
 * slower than this. */
static uint32_t crc32_of(uk_bytes v)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < v.n; i++) {
		crc ^= v.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320 & (0 - (crc & 1)));
	}
	return ~crc;
}

static void put_le32(uk_buf *out, uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		uk_put_u8(out, (uint8_t)(v >> (8 * i)));
}

/* Up to 254 bytes without a zero, and before them how many, plus one. */
static void put_stuffed(uk_buf *out, uk_bytes v)
{
	bool full;

	do {
		size_t n = 0;

		while (n < v.n && n < 254 && v.p[n] != 0)
			n++;
		full = n == 254;
		uk_put_u8(out, (uint8_t)(n + 1));
		uk_put(out, uk_bytes_first(v, n));
		if (!full && n == v.n)
			return;
		v = uk_bytes_from(v, full ? n : n + 1);
	} while (!full || v.n > 0);
}

void trm_frame_put(uk_buf *out, const struct trm_frame *f)
{
	uint8_t storage[TRM_FRAME_PLAIN];
	uk_buf plain = UK_BUF(storage);

	uk_put_u8(&plain, (uint8_t)(TRM_FRAME_VERSION << 4 | f->kind));
	uk_put_u8(&plain, f->seq);
	uk_put_u8(&plain, f->ack);
	uk_put(&plain, f->payload);
	put_le32(&plain, crc32_of(uk_buf_view(&plain)));
	out->bad |= plain.bad;
	uk_put_u8(out, 0);
	put_stuffed(out, uk_buf_view(&plain));
	uk_put_u8(out, 0);
}

static bool read_frame(const struct trm_frame_reader *r, struct trm_frame *out)
{
	uk_bytes all = uk_view(r->bytes, r->n);
	uint8_t check[4];
	uk_buf want = UK_BUF(check);
	uk_reader in;
	uint8_t head;

	if (r->bad || r->left != 0 || r->n < 3 + sizeof(check))
		return false;
	put_le32(&want, crc32_of(uk_bytes_first(all, all.n - sizeof(check))));
	if (!uk_bytes_eq(uk_buf_view(&want), uk_bytes_last(all, sizeof(check))))
		return false;
	in = uk_read(uk_bytes_first(all, all.n - sizeof(check)));
	head = uk_get_u8(&in);
	out->kind = head & 15;
	out->seq = uk_get_u8(&in);
	out->ack = uk_get_u8(&in);
	out->payload = uk_get_rest(&in);
	return head >> 4 == TRM_FRAME_VERSION;
}

static void keep(struct trm_frame_reader *r, uint8_t byte)
{
	if (r->n == sizeof(r->bytes))
		r->bad = true;
	else
		r->bytes[r->n++] = byte;
}

bool trm_frame_feed(
    struct trm_frame_reader *r, uint8_t byte, struct trm_frame *out)
{
	bool good;

	if (byte == 0) {
		good = read_frame(r, out);
		r->n = r->left = 0;
		r->zero = r->bad = false;
		return good;
	}
	if (r->left == 0) { /* how many follow; a zero stood here, or not */
		if (r->zero)
			keep(r, 0);
		r->left = (uint8_t)(byte - 1);
		r->zero = byte != 255;
		return false;
	}
	r->left--;
	keep(r, byte);
	return false;
}
