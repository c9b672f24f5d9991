/* PIN blocks of formats 0 and 4 (ISO 9564-1:2017, 9.3.1 and 9.4.2). */
#include "pinblock.h"

enum {
	CONTROL_0 = 0x00,
	CONTROL_4 = 0x40,
	FILL_0 = 0x0f,
	FILL_4 = 0x0a,
	HALF = 8,
	PAN_PART = 12,
	NIBBLES_MAX = 32
};

static bool are_digits(uk_bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	}
	return true;
}

bool uk_is_pan(uk_bytes pan)
{
	return pan.n >= UK_PAN_MIN && pan.n <= UK_PAN_MAX && are_digits(pan);
}

bool uk_is_pin(const uk_pin *pin)
{
	return pin->n >= UK_PIN_DIGITS_MIN && pin->n <= UK_PIN_DIGITS_MAX &&
	       are_digits(uk_pin_view(pin));
}

/* Half bytes, one in a byte, to be packed in the end. */
struct nibbles {
	uint8_t v[NIBBLES_MAX];
	size_t n;
};

static void put(struct nibbles *b, uint8_t v)
{
	if (b->n < NIBBLES_MAX)
		b->v[b->n++] = v & 0x0f;
}

static void put_digits(struct nibbles *b, uk_bytes digits)
{
	for (size_t i = 0; i < digits.n; i++)
		put(b, (uint8_t)(digits.p[i] - '0'));
}

static void fill(struct nibbles *b, uint8_t v, size_t up_to)
{
	while (b->n < up_to)
		put(b, v);
}

static void pack(const struct nibbles *b, uk_buf *out)
{
	for (size_t i = 0; i + 1 < b->n; i += 2)
		uk_put_u8(out, (uint8_t)(b->v[i] << 4 | b->v[i + 1]));
}

/* Control, length, digits, filler: eight bytes. */
static void put_pin(
    const uk_pin *pin, uint8_t control, uint8_t filler, uk_buf *out)
{
	struct nibbles b = { .n = 0 };

	put(&b, control >> 4);
	put(&b, (uint8_t)pin->n);
	put_digits(&b, uk_pin_view(pin));
	fill(&b, filler, 2 * HALF);
	pack(&b, out);
	uk_wipe(&b, sizeof(b));
}

static bool get_pin(uk_bytes half, uint8_t control, uint8_t filler, uk_pin *pin)
{
	size_t n = half.p[0] & 0x0f;

	if ((half.p[0] & 0xf0) != control || n < UK_PIN_DIGITS_MIN ||
	    n > UK_PIN_DIGITS_MAX)
		return false;
	for (size_t i = 2; i < 2 * HALF; i++) {
		uint8_t v = (uint8_t)(half.p[i / 2] >> (i % 2 == 0 ? 4 : 0)) &
			    0x0f;

		if (i - 2 < n ? v > 9 : v != filler)
			return false;
		if (i - 2 < n)
			pin->p[pin->n++] = (uint8_t)('0' + v);
	}
	return true;
}

/* --- the account's part --------------------------------------------------- */

/* The twelve rightmost digits without the check digit. */
static void put_pan_0(uk_bytes pan, uk_buf *out)
{
	uk_bytes part = uk_bytes_last(uk_bytes_first(pan, pan.n - 1), PAN_PART);
	struct nibbles b = { .n = 0 };

	fill(&b, 0, 2 * HALF - part.n);
	put_digits(&b, part);
	pack(&b, out);
}

/* How many digits beyond twelve, all of them, zeros. */
static void put_pan_4(uk_bytes pan, uk_buf *out)
{
	struct nibbles b = { .n = 0 };

	put(&b, (uint8_t)(pan.n - PAN_PART));
	put_digits(&b, pan);
	fill(&b, 0, NIBBLES_MAX);
	pack(&b, out);
}

static void add(uint8_t *to, uk_bytes v)
{
	for (size_t i = 0; i < v.n; i++)
		to[i] ^= v.p[i];
}

/* --- blocks --------------------------------------------------------------- */

static uk_err crypt(uk_crypto *c, enum uk_cipher cipher, bool encrypt,
    uk_bytes key, uint8_t *block, size_t n)
{
	uint8_t in[UK_PIN_BLOCK_4];
	uk_buf out = uk_buf_over(block, n);
	uk_err err = uk_copy_exact(in, n, uk_view(block, n));

	if (uk_is_ok(err))
		err = uk_cipher_block(
		    c, cipher, encrypt, key, uk_view(in, n), &out);
	uk_wipe(in, sizeof(in));
	return err;
}

uk_err uk_pin_block_0(uk_crypto *c, uk_bytes key, uk_bytes pan,
    const uk_pin *pin, uint8_t block[UK_PIN_BLOCK_0])
{
	uint8_t account[HALF];
	uk_buf b = uk_buf_over(block, UK_PIN_BLOCK_0), a = UK_BUF(account);

	if (!uk_is_pan(pan) || !uk_is_pin(pin))
		return uk_fail(UK_ERR_ARGUMENT);
	put_pin(pin, CONTROL_0, FILL_0, &b);
	put_pan_0(pan, &a);
	add(block, UK_ARRAY(account));
	return crypt(c, UK_CIPHER_3DES, true, key, block, UK_PIN_BLOCK_0);
}

uk_err uk_pin_block_4(uk_crypto *c, uk_bytes key, uk_bytes pan,
    const uk_pin *pin, uk_bytes filling, uint8_t block[UK_PIN_BLOCK_4])
{
	uint8_t account[UK_PIN_BLOCK_4];
	uk_buf b = uk_buf_over(block, UK_PIN_BLOCK_4), a = UK_BUF(account);

	if (!uk_is_pan(pan) || !uk_is_pin(pin) || filling.n != HALF)
		return uk_fail(UK_ERR_ARGUMENT);
	put_pin(pin, CONTROL_4, FILL_4, &b);
	uk_put(&b, filling);
	put_pan_4(pan, &a);
	UK_TRY(crypt(c, UK_CIPHER_AES, true, key, block, UK_PIN_BLOCK_4));
	add(block, UK_ARRAY(account));
	return crypt(c, UK_CIPHER_AES, true, key, block, UK_PIN_BLOCK_4);
}

static uk_err open_0(
    uk_crypto *c, uk_bytes key, uk_bytes pan, uint8_t *block, uk_pin *pin)
{
	uint8_t account[HALF];
	uk_buf a = UK_BUF(account);

	UK_TRY(crypt(c, UK_CIPHER_3DES, false, key, block, UK_PIN_BLOCK_0));
	put_pan_0(pan, &a);
	add(block, UK_ARRAY(account));
	return get_pin(uk_view(block, HALF), CONTROL_0, FILL_0, pin)
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

static uk_err open_4(
    uk_crypto *c, uk_bytes key, uk_bytes pan, uint8_t *block, uk_pin *pin)
{
	uint8_t account[UK_PIN_BLOCK_4];
	uk_buf a = UK_BUF(account);

	UK_TRY(crypt(c, UK_CIPHER_AES, false, key, block, UK_PIN_BLOCK_4));
	put_pan_4(pan, &a);
	add(block, UK_ARRAY(account));
	UK_TRY(crypt(c, UK_CIPHER_AES, false, key, block, UK_PIN_BLOCK_4));
	return get_pin(uk_view(block, HALF), CONTROL_4, FILL_4, pin)
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

uk_err uk_pin_block_open(
    uk_crypto *c, uk_bytes key, uk_bytes pan, uk_bytes block, uk_pin *pin)
{
	uint8_t work[UK_PIN_BLOCK_4];
	uk_err err;

	*pin = (uk_pin){ 0 };
	if (!uk_is_pan(pan))
		return uk_fail(UK_ERR_ARGUMENT);
	if (block.n != UK_PIN_BLOCK_0 && block.n != UK_PIN_BLOCK_4)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_copy_exact(work, block.n, block));
	err = block.n == UK_PIN_BLOCK_0 ? open_0(c, key, pan, work, pin)
					: open_4(c, key, pan, work, pin);
	uk_wipe(work, sizeof(work));
	return err;
}
