/* Data object lists: tags and lengths, and values without either (EMV 4.3 Book
 * 3, 5.4). */
#include "vc_emv.h"

#include "tlv.h"

/* A tag of one to three bytes and a length of one. */
static bool next(uk_reader *r, uint32_t *tag, size_t *n)
{
	if (r->bad || r->left == 0)
		return false;
	*tag = uk_get_u8(r);
	if ((*tag & 0x1f) == 0x1f) {
		uint8_t more;

		do {
			more = uk_get_u8(r);
			*tag = *tag << 8 | more;
		} while (!r->bad && (more & 0x80) != 0 && *tag < 0x10000);
	}
	*n = uk_get_u8(r);
	return !r->bad;
}

bool vc_emv_dol_size(uk_bytes dol, size_t *n)
{
	uk_reader r = uk_read(dol);
	uint32_t tag;
	size_t part;

	*n = 0;
	while (next(&r, &tag, &part))
		*n += part;
	return uk_is_ok(uk_read_end(&r));
}

uk_bytes vc_emv_dol_get(uk_bytes dol, uk_bytes data, uint32_t tag)
{
	uk_reader r = uk_read(dol), values = uk_read(data);
	uint32_t here;
	size_t n;

	while (next(&r, &here, &n)) {
		uk_bytes v = uk_get(&values, n);

		if (here == tag)
			return v;
	}
	return UK_NONE;
}

void vc_emv_dol_put(
    uk_buf *out, uk_bytes dol, uk_bytes data, uint32_t tag, size_t n)
{
	uk_bytes v = vc_emv_dol_get(dol, data, tag);

	if (v.n == n)
		uk_put(out, v);
	else
		uk_put_fill(out, 0, n);
}
