/* DUKPT with AES-128 (ANSI X9.24-3:2017). */
#include "dukpt.h"

#include "secret.h"

/* Table 2: what a derived key is for. */
enum usage {
	USE_PIN = 0x1000,
	USE_MAC = 0x2000,
	USE_DATA = 0x3000,
	USE_DERIVE = 0x8000,
	USE_INITIAL = 0x8001
};

enum { VERSION = 1, BLOCK_COUNTER = 1, AES_128 = 2, BITS = 128, DATA = 16 };

static unsigned bits_in(uint32_t v)
{
	unsigned n = 0;

	for (; v != 0; v &= v - 1)
		n++;
	return n;
}

/* 6.2.1: derivation data; whose: eight bytes of initial key ID, or four of it
 * and a counter. One block of AES is one key of AES-128. */
static uk_err derive(uk_crypto *c, uk_bytes from, enum usage usage,
    uk_bytes whose, uint8_t key[UK_DUKPT_KEY])
{
	uint8_t data[DATA];
	uk_buf b = UK_BUF(data), out = uk_buf_over(key, UK_DUKPT_KEY);

	uk_put_u8(&b, VERSION);
	uk_put_u8(&b, BLOCK_COUNTER);
	uk_put_u16(&b, (uint16_t)usage);
	uk_put_u16(&b, AES_128);
	uk_put_u16(&b, BITS);
	uk_put(&b, whose);
	if (b.bad || b.len != DATA || from.n != UK_DUKPT_KEY)
		return uk_fail(UK_ERR_ARGUMENT);
	return uk_cipher_block(
	    c, UK_CIPHER_AES, true, from, uk_buf_view(&b), &out);
}

static uk_err derive_at(uk_crypto *c, uk_bytes from, enum usage usage,
    const uint8_t id[UK_DUKPT_ID], uint32_t counter, uint8_t key[UK_DUKPT_KEY])
{
	uint8_t whose[UK_DUKPT_ID];
	uk_buf b = UK_BUF(whose);

	uk_put(&b, uk_view(id + 4, 4));
	uk_put_u32(&b, counter);
	return derive(c, from, usage, uk_buf_view(&b), key);
}

static uk_err split(uk_crypto *c, uk_bytes key, const uint8_t id[UK_DUKPT_ID],
    uint32_t counter, struct uk_dukpt_keys *out)
{
	UK_TRY(derive_at(c, key, USE_PIN, id, counter, out->pin));
	UK_TRY(derive_at(c, key, USE_MAC, id, counter, out->mac));
	return derive_at(c, key, USE_DATA, id, counter, out->data);
}

uk_err uk_dukpt_initial(
    uk_crypto *c, uk_bytes base_key, uk_bytes id, uint8_t key[UK_DUKPT_KEY])
{
	return derive(c, base_key, USE_INITIAL, id, key);
}

/* --- the bank's side ------------------------------------------------------ */

/* From the highest bit that is set to the lowest, each bit is one key further.
 */
static uk_err walk(uk_crypto *c, uk_bytes initial_key,
    const uint8_t id[UK_DUKPT_ID], uint32_t counter, uint8_t key[UK_DUKPT_KEY])
{
	uint32_t so_far = 0;

	UK_TRY(uk_copy_exact(key, UK_DUKPT_KEY, initial_key));
	for (uint32_t bit = UINT32_C(1) << 31; bit != 0; bit >>= 1) {
		if ((counter & bit) == 0)
			continue;
		so_far |= bit;
		UK_TRY(derive_at(c, uk_view(key, UK_DUKPT_KEY), USE_DERIVE, id,
		    so_far, key));
	}
	return uk_ok();
}

uk_err uk_dukpt_keys(
    uk_crypto *c, uk_bytes initial_key, uk_bytes ksn, struct uk_dukpt_keys *out)
{
	uint8_t id[UK_DUKPT_ID], key[UK_DUKPT_KEY];
	uk_reader r = uk_read(uk_bytes_from(ksn, UK_DUKPT_ID));
	uint32_t counter = uk_get_u32(&r);
	uk_err err;

	*out = (struct uk_dukpt_keys){ 0 };
	UK_TRY(uk_read_end(&r));
	UK_TRY(uk_copy_exact(id, sizeof(id), uk_bytes_first(ksn, UK_DUKPT_ID)));
	if (counter == 0 || bits_in(counter) > UK_DUKPT_WORK)
		return uk_fail(UK_ERR_FORMAT);
	err = walk(c, initial_key, id, counter, key);
	if (uk_is_ok(err))
		err = split(c, UK_ARRAY(key), id, counter, out);
	uk_wipe(key, sizeof(key));
	return err;
}

/* --- the terminal's side -------------------------------------------------- */

/* 6.4, Update_Derivation_Keys: below register `start`, each gets the key of
 * this counter with its bit set. */
static uk_err fill_below(
    uk_crypto *c, struct uk_dukpt *d, uk_bytes from, unsigned start)
{
	for (unsigned i = start; i-- > 0;) {
		UK_TRY(derive_at(c, from, USE_DERIVE, d->id,
		    d->counter | UINT32_C(1) << i, d->registers[i]));
		d->used |= UINT32_C(1) << i;
	}
	return uk_ok();
}

uk_err uk_dukpt_load(
    uk_crypto *c, struct uk_dukpt *d, uk_bytes initial_key, uk_bytes id)
{
	*d = (struct uk_dukpt){ 0 };
	UK_TRY(uk_copy_exact(d->id, sizeof(d->id), id));
	UK_TRY(fill_below(c, d, initial_key, UK_DUKPT_REGISTERS));
	d->counter = 1;
	return uk_ok();
}

static unsigned lowest_bit(uint32_t v)
{
	unsigned i = 0;

	while ((v >> i & 1) == 0)
		i++;
	return i;
}

/* The next counter, or 0 at the end. A counter with as many bits as there may
 * be has no keys behind it: from there the lowest bit is carried. */
static uint32_t following(uint32_t counter, bool full)
{
	return counter + (full ? counter & (~counter + 1) : 1);
}

static uk_err take(uk_crypto *c, struct uk_dukpt *d, uk_bytes key, unsigned at,
    struct uk_dukpt_keys *out)
{
	bool full = bits_in(d->counter) >= UK_DUKPT_WORK;

	UK_TRY(split(c, key, d->id, d->counter, out));
	if (!full)
		UK_TRY(fill_below(c, d, key, at));
	uk_wipe(d->registers[at], UK_DUKPT_KEY);
	d->used &= ~(UINT32_C(1) << at);
	d->counter = following(d->counter, full);
	return uk_ok();
}

uk_err uk_dukpt_next(uk_crypto *c, struct uk_dukpt *d,
    uint8_t ksn[UK_DUKPT_KSN], struct uk_dukpt_keys *out)
{
	uk_buf b = uk_buf_over(ksn, UK_DUKPT_KSN);
	unsigned at;

	*out = (struct uk_dukpt_keys){ 0 };
	if (d->counter == 0 || bits_in(d->counter) > UK_DUKPT_WORK)
		return uk_fail(UK_ERR_CONDITIONS);
	at = lowest_bit(d->counter);
	if ((d->used >> at & 1) == 0)
		return uk_fail(UK_ERR_CONDITIONS);
	uk_put(&b, UK_ARRAY(d->id));
	uk_put_u32(&b, d->counter);
	return take(c, d, uk_view(d->registers[at], UK_DUKPT_KEY), at, out);
}
