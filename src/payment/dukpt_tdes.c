/* DUKPT with triple DES of double length (ANSI X9.24-1:2009, annex A). Single
 * DES steps are triple DES with three equal keys. */
#include "dukpt.h"

#include "secret.h"

enum { HALF = 8, COUNTER_BITS = 21, COUNTER_MASK = (1 << COUNTER_BITS) - 1 };

/* Where keys of other kinds differ from each other. */
static const uint8_t other_half[HALF] = { 0xc0, 0xc0, 0xc0, 0xc0 };
static const uint8_t for_pin[HALF] = { [7] = 0xff };
static const uint8_t for_mac[HALF] = { [6] = 0xff };
static const uint8_t for_data[HALF] = { [5] = 0xff };

static void xor_half(uint8_t *half, const uint8_t *with)
{
	for (size_t i = 0; i < HALF; i++)
		half[i] ^= with[i];
}

static void xor_both(uint8_t key[UK_DUKPT_KEY], const uint8_t with[HALF])
{
	xor_half(key, with);
	xor_half(key + HALF, with);
}

static uk_err des(uk_crypto *c, const uint8_t *key, uint8_t *half)
{
	uint8_t thrice[3 * HALF], in[HALF];
	uk_buf k = UK_BUF(thrice), out = uk_buf_over(half, HALF);
	uk_err err;

	for (int i = 0; i < 3; i++)
		uk_put(&k, uk_view(key, HALF));
	err = uk_copy_exact(in, HALF, uk_view(half, HALF));
	if (uk_is_ok(err))
		err = uk_cipher_block(c, UK_CIPHER_3DES, true, UK_ARRAY(thrice),
		    UK_ARRAY(in), &out);
	uk_wipe(thrice, sizeof(thrice));
	uk_wipe(in, sizeof(in));
	return err;
}

static uk_err tdes(uk_crypto *c, uk_bytes key, uk_bytes half, uint8_t *out)
{
	uk_buf b = uk_buf_over(out, HALF);

	return uk_cipher_block(c, UK_CIPHER_3DES, true, key, half, &b);
}

/* The KSN's last eight bytes, without its counter if not wanted. */
static uk_err register_of(uk_bytes ksn, uint8_t reg[HALF], uint32_t *counter)
{
	uk_reader r = uk_read(uk_bytes_last(ksn, 4));
	uint32_t low = uk_get_u32(&r);
	uk_buf b = uk_buf_over(reg, HALF);

	if (ksn.n != UK_DUKPT_KSN_TDES)
		return uk_fail(UK_ERR_ARGUMENT);
	*counter = low & COUNTER_MASK;
	uk_put(&b, uk_view(ksn.p + 2, 4));
	uk_put_u32(&b, low & ~(uint32_t)COUNTER_MASK);
	return uk_buf_result(&b);
}

uk_err uk_dukpt_tdes_initial(
    uk_crypto *c, uk_bytes base_key, uk_bytes ksn, uint8_t key[UK_DUKPT_KEY])
{
	uint8_t variant[UK_DUKPT_KEY], reg[HALF], whose[HALF];
	uk_buf w = UK_BUF(whose);
	uint32_t counter;
	uk_err err;

	UK_TRY(register_of(ksn, reg, &counter));
	UK_TRY(uk_copy_exact(variant, sizeof(variant), base_key));
	xor_both(variant, other_half);
	/* the leftmost eight bytes, counter bits zero */
	uk_put(&w, uk_bytes_first(ksn, 2));
	uk_put(&w, uk_view(reg, HALF - 2));
	err = tdes(c, base_key, UK_ARRAY(whose), key);
	if (uk_is_ok(err))
		err = tdes(c, UK_ARRAY(variant), UK_ARRAY(whose), key + HALF);
	uk_wipe(variant, sizeof(variant));
	return err;
}

/* A.2, non-reversible key generation, one half: DES under the left half of the
 * key, of the register, between two additions of its right half. */
static uk_err half_of(uk_crypto *c, const uint8_t key[UK_DUKPT_KEY],
    const uint8_t reg[HALF], uint8_t out[HALF])
{
	UK_TRY(uk_copy_exact(out, HALF, uk_view(reg, HALF)));
	xor_half(out, key + HALF);
	UK_TRY(des(c, key, out));
	xor_half(out, key + HALF);
	return uk_ok();
}

static uk_err step(
    uk_crypto *c, uint8_t key[UK_DUKPT_KEY], const uint8_t reg[HALF])
{
	uint8_t right[HALF], left[HALF];
	uk_buf b = uk_buf_over(key, UK_DUKPT_KEY);
	uk_err err = half_of(c, key, reg, right);

	xor_both(key, other_half);
	if (uk_is_ok(err))
		err = half_of(c, key, reg, left);
	if (uk_is_ok(err)) {
		uk_put(&b, UK_ARRAY(left));
		uk_put(&b, UK_ARRAY(right));
	}
	uk_wipe(left, sizeof(left));
	uk_wipe(right, sizeof(right));
	return err;
}

static unsigned bits_in(uint32_t v)
{
	unsigned n = 0;

	for (; v != 0; v &= v - 1)
		n++;
	return n;
}

uk_err uk_dukpt_tdes_current(
    uk_crypto *c, uk_bytes initial_key, uk_bytes ksn, uint8_t key[UK_DUKPT_KEY])
{
	uint8_t reg[HALF];
	uint32_t counter;

	UK_TRY(register_of(ksn, reg, &counter));
	if (counter == 0 || bits_in(counter) > UK_DUKPT_WORK_TDES)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_copy_exact(key, UK_DUKPT_KEY, initial_key));
	for (int i = COUNTER_BITS - 1; i >= 0; i--) {
		uint32_t bit = UINT32_C(1) << i;

		if ((counter & bit) == 0)
			continue;
		reg[5] |= (uint8_t)(bit >> 16);
		reg[6] |= (uint8_t)(bit >> 8);
		reg[7] |= (uint8_t)bit;
		UK_TRY(step(c, key, reg));
	}
	return uk_ok();
}

static uk_err variant_of(uint8_t out[UK_DUKPT_KEY],
    const uint8_t key[UK_DUKPT_KEY], const uint8_t with[HALF])
{
	UK_TRY(uk_copy_exact(out, UK_DUKPT_KEY, uk_view(key, UK_DUKPT_KEY)));
	xor_both(out, with);
	return uk_ok();
}

static uk_err split(
    uk_crypto *c, const uint8_t key[UK_DUKPT_KEY], struct uk_dukpt_keys *out)
{
	uint8_t variant[UK_DUKPT_KEY];
	uk_bytes v = UK_ARRAY(variant);
	uk_err err;

	UK_TRY(variant_of(out->pin, key, for_pin));
	UK_TRY(variant_of(out->mac, key, for_mac));
	err = variant_of(variant, key, for_data);
	if (uk_is_ok(err))
		err = tdes(c, v, uk_bytes_first(v, HALF), out->data);
	if (uk_is_ok(err))
		err = tdes(c, v, uk_bytes_from(v, HALF), out->data + HALF);
	uk_wipe(variant, sizeof(variant));
	return err;
}

uk_err uk_dukpt_tdes_keys(
    uk_crypto *c, uk_bytes initial_key, uk_bytes ksn, struct uk_dukpt_keys *out)
{
	uint8_t key[UK_DUKPT_KEY];
	uk_err err;

	*out = (struct uk_dukpt_keys){ 0 };
	err = uk_dukpt_tdes_current(c, initial_key, ksn, key);
	if (uk_is_ok(err))
		err = split(c, key, out);
	uk_wipe(key, sizeof(key));
	return err;
}
