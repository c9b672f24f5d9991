/* Keys and cryptograms of payment cards: a row per scheme. */
#include "issuer.h"

#include "secret.h"

#include <string.h>

enum {
	HALF = 8,
	PAN_DIGITS = 16,
	PAN_MAX = 19,
	BLOCK_MAX = 16,
	CVR_AT = 3, /* in 9F10: length, key index, version, CVR */
	CVR = 4,
	SHA1 = 20
};

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

/* Two halves, from which session keys are made. */
typedef void put_seed_fn(uk_buf *out, uint16_t atc);

/* A1.3.1: ATC || F0 || 00.., ATC || 0F || 00.. */
static void put_csk_seed(uk_buf *out, uint16_t atc)
{
	uk_put_u16(out, atc);
	uk_put_u8(out, 0xf0);
	uk_put_fill(out, 0, HALF - 3);
	uk_put_u16(out, atc);
	uk_put_u8(out, 0x0f);
	uk_put_fill(out, 0, HALF - 3);
}

/* 00.. || ATC, 00.. || not ATC */
static void put_pboc_seed(uk_buf *out, uint16_t atc)
{
	uk_put_fill(out, 0, HALF - 2);
	uk_put_u16(out, atc);
	uk_put_fill(out, 0, HALF - 2);
	uk_put_u16(out, (uint16_t)~atc);
}

static const struct scheme {
	const char *name;
	enum uk_cipher cipher;
	size_t block;
	put_seed_fn *put_seed;
} schemes[BANK_SCHEME_COUNT] = {
	[BANK_SCHEME_CSK] = { "csk", UK_CIPHER_3DES, 8, put_csk_seed },
	[BANK_SCHEME_PBOC] = { "pboc", UK_CIPHER_3DES, 8, put_pboc_seed },
	[BANK_SCHEME_PBOC_SM4] = { "pboc-sm4", UK_CIPHER_SM4, 16,
	    put_pboc_seed },
};

static const struct scheme *scheme_of(enum bank_scheme scheme)
{
	return scheme > 0 && scheme < BANK_SCHEME_COUNT ? &schemes[scheme]
							: NULL;
}

bool bank_scheme_by_name(const char *name, enum bank_scheme *out)
{
	for (int i = 1; i < BANK_SCHEME_COUNT; i++) {
		if (strcmp(schemes[i].name, name) == 0) {
			*out = (enum bank_scheme)i;
			return true;
		}
	}
	return false;
}

/* --- card keys ------------------------------------------------------------ */

/* Digits are pairs in a byte, as in A1.4. */
static void put_pairs(uk_buf *out, uk_bytes digits)
{
	for (size_t i = 0; i + 1 < digits.n; i += 2)
		uk_put_u8(out, (uint8_t)((digits.p[i] - '0') << 4 |
					 (digits.p[i + 1] - '0')));
}

/* A1.4.2: the first sixteen decimal digits of a hash; if there are fewer, its
 * letters follow as 0 to 5. */
static void put_decimals(uk_buf *out, uk_bytes hash)
{
	for (int letters = 0; letters < 2; letters++) {
		for (size_t i = 0; i < 2 * hash.n; i++) {
			uint8_t v = (uint8_t)(hash.p[i / 2] >>
					      (i % 2 == 0 ? 4 : 0)) &
				    0x0f;

			if (out->len < PAN_DIGITS && (v > 9) == (letters > 0))
				uk_put_u8(out, (uint8_t)('0' + v % 10));
		}
	}
}

static uk_err put_option_b(uk_crypto *c, uk_bytes digits, uk_buf *chosen)
{
	uint8_t whole[(PAN_MAX + 3) / 2], hash[SHA1];
	uk_buf w = UK_BUF(whole), h = UK_BUF(hash);

	put_pairs(&w, digits);
	UK_TRY(uk_hash_one(c, UK_HASH_SHA1, uk_buf_view(&w), &h));
	put_decimals(chosen, uk_buf_view(&h));
	return uk_ok();
}

/* PAN || sequence number, as sixteen digits in eight bytes. */
static uk_err put_diversifier(
    uk_crypto *c, uk_bytes pan, uint8_t sequence, uk_buf *out)
{
	uint8_t text[PAN_MAX + 3], chosen[PAN_DIGITS];
	uk_buf t = UK_BUF(text), d = UK_BUF(chosen);

	uk_put_fill(&t, '0', pan.n % 2);
	uk_put(&t, pan);
	uk_put_u8(&t, (uint8_t)('0' + sequence / 10 % 10));
	uk_put_u8(&t, (uint8_t)('0' + sequence % 10));
	UK_TRY(uk_buf_result(&t));
	if (pan.n > PAN_DIGITS) {
		UK_TRY(put_option_b(c, uk_buf_view(&t), &d));
	} else {
		uk_put_fill(
		    &d, '0', t.len < PAN_DIGITS ? PAN_DIGITS - t.len : 0);
		uk_put(&d, uk_bytes_last(uk_buf_view(&t), PAN_DIGITS));
	}
	put_pairs(out, uk_buf_view(&d));
	return uk_buf_result(out);
}

/* DES keys have odd parity. */
static void set_parity(uint8_t *key, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t bits = key[i];

		bits ^= bits >> 4;
		bits ^= bits >> 2;
		bits ^= bits >> 1;
		key[i] ^= (uint8_t)(~bits & 1);
	}
}

/* Sixteen bytes, block by block: two of triple DES, one of SM4. */
static uk_err make_key(uk_crypto *c, const struct scheme *s, uk_bytes key,
    uk_bytes seed, uint8_t out[BANK_CARD_KEY])
{
	uk_buf b = uk_buf_over(out, BANK_CARD_KEY);

	if (key.n != BANK_CARD_KEY || seed.n != BANK_CARD_KEY)
		return uk_fail(UK_ERR_ARGUMENT);
	for (size_t at = 0; at < seed.n; at += s->block)
		UK_TRY(uk_cipher_block(c, s->cipher, true, key,
		    uk_bytes_first(uk_bytes_from(seed, at), s->block), &b));
	if (s->cipher == UK_CIPHER_3DES)
		set_parity(out, BANK_CARD_KEY);
	return uk_ok();
}

uk_err bank_card_key(uk_crypto *c, enum bank_scheme scheme, uk_bytes issuer_key,
    uk_bytes pan, uint8_t sequence, uint8_t key[BANK_CARD_KEY])
{
	const struct scheme *s = scheme_of(scheme);
	uint8_t seed[2 * HALF];
	uk_buf b = UK_BUF(seed);

	if (s == NULL || pan.n == 0 || pan.n > PAN_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(put_diversifier(c, pan, sequence, &b));
	for (size_t i = 0; i < HALF; i++)
		uk_put_u8(&b, (uint8_t)~seed[i]);
	return make_key(c, s, issuer_key, UK_ARRAY(seed), key);
}

uk_err bank_session_key(uk_crypto *c, enum bank_scheme scheme,
    uk_bytes card_key, uint16_t atc, uint8_t key[BANK_CARD_KEY])
{
	const struct scheme *s = scheme_of(scheme);
	uint8_t seed[2 * HALF];
	uk_buf b = UK_BUF(seed);

	if (s == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	s->put_seed(&b, atc);
	return make_key(c, s, card_key, UK_ARRAY(seed), key);
}

/* --- cryptograms ---------------------------------------------------------- */

/* Single DES is triple DES with three equal keys. */
static uk_err des(uk_crypto *c, bool encrypt, uk_bytes half, uint8_t *block)
{
	uint8_t thrice[3 * HALF], in[HALF];
	uk_buf k = UK_BUF(thrice), out = uk_buf_over(block, HALF);
	uk_err err = uk_copy_exact(in, HALF, uk_view(block, HALF));

	for (int i = 0; i < 3; i++)
		uk_put(&k, half);
	if (uk_is_ok(err))
		err = uk_cipher_block(c, UK_CIPHER_3DES, encrypt,
		    UK_ARRAY(thrice), UK_ARRAY(in), &out);
	uk_wipe(thrice, sizeof(thrice));
	return err;
}

/* ISO/IEC 9797-1 MAC algorithm 3. */
static uk_err retail_mac(
    uk_crypto *c, uk_bytes key, uk_bytes padded, uint8_t mac[BLOCK_MAX])
{
	uk_bytes left = uk_bytes_first(key, HALF);

	for (size_t at = 0; at < padded.n; at += HALF) {
		for (size_t i = 0; i < HALF; i++)
			mac[i] ^= padded.p[at + i];
		UK_TRY(des(c, true, left, mac));
	}
	UK_TRY(des(c, false, uk_bytes_from(key, HALF), mac));
	return des(c, true, left, mac);
}

static uk_err cbc_mac(
    uk_crypto *c, uk_bytes key, uk_bytes padded, uint8_t mac[BLOCK_MAX])
{
	uint8_t room[BANK_SIGNED_MAX + BLOCK_MAX];
	uk_buf b = UK_BUF(room);

	UK_TRY(uk_cipher_cbc(c, UK_CIPHER_SM4, true, key, UK_NONE, padded, &b));
	return uk_copy_exact(
	    mac, BLOCK_MAX, uk_bytes_last(uk_buf_view(&b), BLOCK_MAX));
}

uk_err bank_cryptogram(uk_crypto *c, enum bank_scheme scheme,
    uk_bytes session_key, uk_bytes data, uint8_t ac[BANK_AC])
{
	const struct scheme *s = scheme_of(scheme);
	uint8_t room[BANK_SIGNED_MAX + BLOCK_MAX], mac[BLOCK_MAX] = { 0 };
	uk_buf b = UK_BUF(room);
	uk_bytes padded;

	if (s == NULL || session_key.n != BANK_CARD_KEY ||
	    data.n > BANK_SIGNED_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put(&b, data);
	uk_put_u8(&b, 0x80);
	uk_put_fill(&b, 0, (s->block - b.len % s->block) % s->block);
	UK_TRY(uk_buf_result(&b));
	padded = uk_buf_view(&b);
	UK_TRY(s->cipher == UK_CIPHER_SM4
		   ? cbc_mac(c, session_key, padded, mac)
		   : retail_mac(c, session_key, padded, mac));
	return uk_copy_exact(ac, BANK_AC, uk_view(mac, BANK_AC));
}

uk_err bank_arpc_1(uk_crypto *c, enum bank_scheme scheme, uk_bytes session_key,
    uk_bytes arqc, uk_bytes arc, uint8_t arpc[BANK_AC])
{
	const struct scheme *s = scheme_of(scheme);
	uint8_t block[BLOCK_MAX] = { 0 }, room[BLOCK_MAX];
	uk_buf b = UK_BUF(block), out = UK_BUF(room);

	if (s == NULL || arqc.n != BANK_AC || arc.n != 2)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put(&b, arqc);
	block[0] ^= arc.p[0];
	block[1] ^= arc.p[1];
	UK_TRY(uk_cipher_block(
	    c, s->cipher, true, session_key, uk_view(block, s->block), &out));
	return uk_copy_exact(arpc, BANK_AC, uk_view(room, BANK_AC));
}

uk_err bank_arpc_2(uk_crypto *c, enum bank_scheme scheme, uk_bytes session_key,
    uk_bytes arqc, uk_bytes csu, uk_bytes proprietary,
    uint8_t arpc[BANK_ARPC_2])
{
	uint8_t room[BANK_AC + 4 + 8], mac[BANK_AC];
	uk_buf b = UK_BUF(room);

	if (arqc.n != BANK_AC || csu.n != 4 || proprietary.n > 8)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put(&b, arqc);
	uk_put(&b, csu);
	uk_put(&b, proprietary);
	UK_TRY(bank_cryptogram(c, scheme, session_key, uk_buf_view(&b), mac));
	return uk_copy_exact(arpc, BANK_ARPC_2, uk_view(mac, BANK_ARPC_2));
}

/* --- what is signed ------------------------------------------------------- */

/* Book 2, table 26, in its order. */
static const struct {
	uint32_t tag;
	size_t n;
} elements[] = {
	{ UK_EMV_AMOUNT, 6 },
	{ UK_EMV_OTHER, 6 },
	{ UK_EMV_COUNTRY, 2 },
	{ UK_EMV_TVR, 5 },
	{ UK_EMV_CURRENCY, 2 },
	{ UK_EMV_DATE, 3 },
	{ UK_EMV_TYPE, 1 },
	{ UK_EMV_UN, 4 },
	{ UK_EMV_AIP, 2 },
	{ UK_EMV_ATC, 2 },
};

uk_err bank_signed_data(const struct uk_emv_set *emv, uk_buf *out)
{
	uk_bytes v;

	for (size_t i = 0; i < COUNT(elements); i++) {
		if (!uk_emv_get_n(emv, elements[i].tag, elements[i].n, &v))
			return uk_fail(UK_ERR_FORMAT);
		uk_put(out, v);
	}
	if (!uk_emv_get(emv, UK_EMV_IAD, &v) || v.n < CVR_AT + CVR)
		return uk_fail(UK_ERR_FORMAT);
	uk_put(out, uk_bytes_first(uk_bytes_from(v, CVR_AT), CVR));
	return uk_buf_result(out);
}
