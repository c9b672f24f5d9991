#include "twinframe.h"

enum { SYNC = 0x03, ACK = 0x06, NAK = 0x15, BEFORE = 2 };

static uint8_t check_of(uk_bytes b)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < b.n; i++)
		sum ^= b.p[i];
	return sum;
}

static enum trm_twin_heard forget(struct trm_twin_reader *r)
{
	r->n = 0;
	return TRM_TWIN_BAD;
}

enum trm_twin_heard trm_twin_hear(
    struct trm_twin_reader *r, uint8_t byte, uk_bytes *message)
{
	uk_bytes got;
	size_t size;

	if (r->n == 0 && byte != SYNC)
		return TRM_TWIN_NOTHING; /* between frames anything may be */
	r->bytes[r->n++] = byte;
	got = uk_view(r->bytes, r->n);
	if (r->n == BEFORE && byte != ACK)
		return forget(r);
	if (!uk_is_ok(uk_ccid_size(uk_bytes_from(got, BEFORE), &size)) ||
	    size > TRM_TWIN_MESSAGE)
		return forget(r);
	if (size == 0 || r->n < BEFORE + size + 1)
		return TRM_TWIN_NOTHING;
	if (check_of(got) != 0)
		return forget(r);
	*message = uk_view(r->bytes + BEFORE, size);
	r->n = 0;
	return TRM_TWIN_MESSAGE_COME;
}

void trm_twin_put(uk_buf *out, uk_bytes message)
{
	uk_put_u8(out, SYNC);
	uk_put_u8(out, ACK);
	uk_put(out, message);
	uk_put_u8(out, SYNC ^ ACK ^ check_of(message));
}

void trm_twin_put_nak(uk_buf *out)
{
	uk_put_u8(out, SYNC);
	uk_put_u8(out, NAK);
	uk_put_u8(out, SYNC ^ NAK);
}
