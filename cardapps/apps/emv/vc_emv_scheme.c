/*
 * Keys and cryptograms: a row per scheme.
 *
 * EMV 4.3 Book 2, A1.3 (session keys), A1.4 (card keys), 8.1 and 8.2
 * (cryptograms); PBOC 2.0 part 5 (JR/T 0025.5) for the other derivation of
 * session keys, PBOC 3.0 part 17 for SM4.
 */
#include "vc_emv.h"

#include "vc_sym.h"

enum { HALF = 8, PAN_DIGITS = 16, PAN_MAX = 19, SM4_BLOCK = 16 };

/* Two blocks, from which session keys are made. */
typedef void put_seed_fn(uk_buf *out, uint16_t atc);

struct scheme {
	enum vc_emv_scheme scheme;
	enum vc_sym_alg alg;
	put_seed_fn *put_seed;
	uint8_t version;   /* of cryptograms, in 9F10 */
	uint8_t algorithm; /* PBOC tells it in 9F10; 0: not told */
};

/* ATC || F0 || 00.., ATC || 0F || 00.. */
static void put_csk_seed(uk_buf *out, uint16_t atc)
{
	static const uint8_t halves[] = { 0xf0, 0x0f };

	for (size_t i = 0; i < sizeof(halves); i++) {
		uk_put_u16(out, atc);
		uk_put_u8(out, halves[i]);
		uk_put_fill(out, 0, HALF - 3);
	}
}

/* 00.. || ATC, 00.. || not ATC */
static void put_pboc_seed(uk_buf *out, uint16_t atc)
{
	uk_put_fill(out, 0, HALF - 2);
	uk_put_u16(out, atc);
	uk_put_fill(out, 0, HALF - 2);
	uk_put_u16(out, (uint16_t)~atc);
}

static const struct scheme schemes[] = {
	{ VC_EMV_CSK, VC_SYM_DES, put_csk_seed, 0x12, 0 },
	{ VC_EMV_PBOC_3DES, VC_SYM_DES, put_pboc_seed, 0x01, 0x01 },
	{ VC_EMV_PBOC_SM4, VC_SYM_SM4, put_pboc_seed, 0x01, 0x04 },
};

static const struct scheme *scheme_of(enum vc_emv_scheme scheme)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (schemes[i].scheme == scheme)
			return &schemes[i];
	}
	return NULL;
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

/* Both blocks by triple DES one by one; by SM4 they are one. */
static uk_err encipher(struct vc_crypto *c, const struct scheme *s,
    uk_bytes key, uk_bytes in, uint8_t *out)
{
	const struct vc_sym with = { s->alg, key };

	return vc_sym_ecb(c, &with, VC_SYM_ENCIPHER, in, out);
}

static uk_err make_key(struct vc_crypto *c, const struct scheme *s,
    uk_bytes key, uk_bytes seed, uint8_t out[VC_EMV_KEY_SIZE])
{
	UK_TRY(encipher(c, s, key, seed, out));
	if (s->alg == VC_SYM_DES)
		set_parity(out, VC_EMV_KEY_SIZE);
	return uk_ok();
}

/* --- card keys -------------------------------------------------------------
 */

static void put_bcd(uk_buf *out, uk_bytes digits)
{
	for (size_t i = 0; i + 1 < digits.n; i += 2)
		uk_put_u8(out, (uint8_t)((digits.p[i] - '0') << 4 |
					 (digits.p[i + 1] - '0')));
}

/* Option B: the first 16 decimal digits of a hash; if there are less, its
 * letters follow as 0 to 5. */
static void decimalise(uk_bytes hash, uk_buf *digits)
{
	for (int letters = 0; letters < 2; letters++) {
		for (size_t i = 0; i < 2 * hash.n; i++) {
			uint8_t v = (uint8_t)(hash.p[i / 2] >>
					      (i % 2 == 0 ? 4 : 0)) &
				    0x0f;

			if (digits->len < PAN_DIGITS &&
			    (v > 9) == (letters > 0))
				uk_put_u8(digits, (uint8_t)('0' + v % 10));
		}
	}
}

/* PAN || sequence number, as 16 digits in eight bytes. */
static uk_err put_diversifier(
    struct vc_crypto *c, uk_bytes pan, uint8_t sequence, uk_buf *out)
{
	uint8_t text[PAN_MAX + 3], whole[(PAN_MAX + 3) / 2], hash[VC_SHA1_SIZE],
	    chosen[PAN_DIGITS];
	uk_buf t = UK_BUF(text), w = UK_BUF(whole), d = UK_BUF(chosen);
	uk_bytes number;

	/* An odd number of digits begins with a zero. */
	uk_put_fill(&t, '0', pan.n % 2);
	uk_put(&t, pan);
	uk_put_u8(&t, (uint8_t)('0' + sequence / 10 % 10));
	uk_put_u8(&t, (uint8_t)('0' + sequence % 10));
	UK_TRY(uk_buf_result(&t));
	if (pan.n > PAN_DIGITS) {
		put_bcd(&w, uk_buf_view(&t));
		number = uk_buf_view(&w);
		UK_TRY(vc_sha1(c, &number, 1, hash));
		decimalise(UK_ARRAY(hash), &d);
	} else {
		uk_put_fill(
		    &d, '0', t.len < PAN_DIGITS ? PAN_DIGITS - t.len : 0);
		uk_put(&d, uk_bytes_last(uk_buf_view(&t), PAN_DIGITS));
	}
	put_bcd(out, uk_buf_view(&d));
	return uk_buf_result(out);
}

uk_err vc_emv_card_key(struct vc_crypto *c, enum vc_emv_scheme scheme,
    uk_bytes issuer_key, uk_bytes pan, uint8_t sequence,
    uint8_t key[VC_EMV_KEY_SIZE])
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

/* --- transactions ----------------------------------------------------------
 */

uk_err vc_emv_session_key(struct vc_crypto *c, enum vc_emv_scheme scheme,
    uk_bytes card_key, uint16_t atc, uint8_t key[VC_EMV_KEY_SIZE])
{
	const struct scheme *s = scheme_of(scheme);
	uint8_t seed[2 * HALF];
	uk_buf b = UK_BUF(seed);

	if (s == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	s->put_seed(&b, atc);
	return make_key(c, s, card_key, UK_ARRAY(seed), key);
}

/* CBC-MAC of data padded by 80 00.., its first half. */
static uk_err sm4_mac(
    struct vc_crypto *c, uk_bytes key, uk_bytes data, uint8_t ac[VC_EMV_AC])
{
	const struct vc_sym with = { VC_SYM_SM4, key };
	uint8_t last[SM4_BLOCK], mac[SM4_BLOCK] = { 0 };
	uk_buf b = UK_BUF(last);

	for (; data.n >= SM4_BLOCK; data = uk_bytes_from(data, SM4_BLOCK))
		UK_TRY(vc_sym_cbc(c, &with, VC_SYM_ENCIPHER, UK_ARRAY(mac),
		    uk_bytes_first(data, SM4_BLOCK), mac));
	uk_put(&b, data);
	uk_put_u8(&b, 0x80);
	uk_put_fill(&b, 0, uk_buf_left(&b));
	UK_TRY(vc_sym_cbc(
	    c, &with, VC_SYM_ENCIPHER, UK_ARRAY(mac), UK_ARRAY(last), mac));
	return uk_copy_exact(ac, VC_EMV_AC, uk_view(mac, VC_EMV_AC));
}

uk_err vc_emv_mac(struct vc_crypto *c, enum vc_emv_scheme scheme,
    uk_bytes session_key, uk_bytes data, uint8_t ac[VC_EMV_AC])
{
	const struct scheme *s = scheme_of(scheme);

	if (s == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	return s->alg == VC_SYM_SM4
		   ? sm4_mac(c, session_key, data, ac)
		   : vc_retail_mac(c, session_key, UK_NONE, &data, 1, ac);
}

uk_err vc_emv_arpc(struct vc_crypto *c, enum vc_emv_scheme scheme, uk_bytes key,
    uk_bytes ac, uk_bytes arc, uint8_t arpc[VC_EMV_AC])
{
	const struct scheme *s = scheme_of(scheme);
	uint8_t block[SM4_BLOCK] = { 0 };
	uk_buf b = UK_BUF(block);

	if (s == NULL || ac.n != VC_EMV_AC || arc.n != 2)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put(&b, ac);
	block[0] ^= arc.p[0];
	block[1] ^= arc.p[1];
	UK_TRY(
	    encipher(c, s, key, uk_view(block, vc_sym_block(s->alg)), block));
	return uk_copy_exact(arpc, VC_EMV_AC, uk_view(block, VC_EMV_AC));
}

void vc_emv_put_iad(uk_buf *out, const struct vc_emv_profile *p, uk_bytes cvr)
{
	const struct scheme *s = scheme_of(p->scheme);
	bool tells = s != NULL && s->algorithm != 0;

	uk_put_u8(out, (uint8_t)(2 + cvr.n + (tells ? 1 : 0)));
	uk_put_u8(out, p->key_index);
	uk_put_u8(out, s == NULL ? 0 : s->version);
	uk_put(out, cvr);
	if (tells)
		uk_put_u8(out, s->algorithm);
}
