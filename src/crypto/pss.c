/* EMSA-PSS-ENCODE, RFC 8017, 9.1.1, for cards that compute x^d mod n and leave
 * the padding to others; MGF1, B.2.1. */
#include "crypto.h"

enum { TRAILER = 0xbc, SALT_MAX = 512 };

/* H = Hash(eight zeros || mHash || salt). */
static uk_err hash_of(uk_crypto *c, const struct uk_padding *pad,
    uk_bytes value, uk_bytes salt, uk_buf *out)
{
	static const uint8_t zeros[8];
	const uk_bytes parts[] = { UK_ARRAY(zeros), value, salt };

	return uk_hash_parts(c, pad->hash, parts, 3, out);
}

/* DB xor MGF1(seed), in place. */
static uk_err mask(
    uk_crypto *c, enum uk_hash mgf, uk_bytes seed, uint8_t *db, size_t n)
{
	size_t done = 0;

	for (uint32_t i = 0; done < n; i++) {
		uint8_t number[4], block[UK_HASH_MAX];
		uk_buf counter = UK_BUF(number), made = UK_BUF(block);
		const uk_bytes parts[] = { seed, UK_ARRAY(number) };

		uk_put_u32(&counter, i);
		UK_TRY(uk_hash_parts(c, mgf, parts, 2, &made));
		for (size_t j = 0; j < made.len && done < n; j++)
			db[done++] ^= block[j];
	}
	return uk_ok();
}

bool uk_pss_fits(const struct uk_padding *pad, unsigned bits)
{
	size_t h = uk_hash_size(pad->hash);

	return h > 0 && uk_hash_size(pad->mgf) > 0 && pad->salt <= SALT_MAX &&
	       bits > 1 && (bits - 1 + 7) / 8 >= h + pad->salt + 2;
}

uk_err uk_pss_pad(uk_crypto *c, const struct uk_padding *pad, unsigned bits,
    uk_bytes value, uk_buf *out)
{
	size_t h = uk_hash_size(pad->hash), k = (bits + 7) / 8;
	size_t em = (bits - 1 + 7) / 8; /* as long, or one byte shorter */
	unsigned unused = (unsigned)(8 * em - (bits - 1));
	uint8_t salt[SALT_MAX], digest[UK_HASH_MAX];
	uk_buf hash = UK_BUF(digest);
	size_t start = out->len, db;
	uint8_t *room;

	if (value.n != h || !uk_pss_fits(pad, bits))
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(uk_random(c, salt, pad->salt));
	UK_TRY(hash_of(c, pad, value, uk_view(salt, pad->salt), &hash));
	db = em - h - 1;
	uk_put_fill(out, 0, k - em);
	uk_put_fill(out, 0, db - pad->salt - 1);
	uk_put_u8(out, 0x01);
	uk_put(out, uk_view(salt, pad->salt));
	uk_put(out, uk_buf_view(&hash));
	uk_put_u8(out, TRAILER);
	UK_TRY(uk_buf_result(out));
	room = &out->p[start + (k - em)];
	UK_TRY(mask(c, pad->mgf, uk_buf_view(&hash), room, db));
	room[0] &= (uint8_t)(0xff >> unused);
	return uk_ok();
}
