/*
 * PIV: GENERAL AUTHENTICATE with private keys, SP 800-73-4 part 2, 3.2.4 and
 * annex A. RSA is raw: the padding is put on and taken off here and in the
 * core.
 */
#include "piv_driver.h"

#include "der.h"
#include "tlv.h"

enum {
	TEMPLATE = 0x7c, /* dynamic authentication template */
	CHALLENGE = 0x81,
	RESPONSE = 0x82,
	EXPONENTIATION = 0x85,
	DATA_MAX = UK_MODULUS_MAX + 32
};

static size_t input_size(const uk_object *key)
{
	size_t field = uk_key_field(key->key_type);

	return field == 0 ? key->key_bits / 8 : field;
}

/* 7C { 82 00, tag value } to 7C { 82 answer }. */
static uk_err authenticate(uk_card *c, const uk_object *key, uint8_t tag,
    uk_bytes value, bool secret, uk_buf *out)
{
	uint8_t sent[DATA_MAX], got[DATA_MAX];
	uk_buf data = UK_BUF(sent), answer = UK_BUF(got);
	uk_cmd cmd = { .ins = 0x87,
		.p1 = piv_alg_of(key->key_type, key->key_bits),
		.p2 = piv_key_ref(piv_place(key)),
		.le = key->key_type == UK_KEY_RSA ? UK_LE_MAX : UK_LE_SHORT_MAX,
		.secret = secret };
	size_t at = uk_tlv_begin(&data, TEMPLATE);
	uk_bytes template, response;
	uk_err err;

	uk_put_tlv(&data, RESPONSE, UK_NONE);
	uk_put_tlv(&data, tag, value);
	uk_tlv_end(&data, at);
	cmd.data = uk_buf_view(&data);
	err = uk_buf_result(&data);
	if (uk_is_ok(err))
		err = piv_send(c, &cmd, &answer);
	if (err.sw != 0) /* is it still the key that we remember? */
		piv_note_change(c, PIV_ITEM_KEY + key->ref);
	if (uk_is_ok(err))
		err = uk_tlv_only(uk_buf_view(&answer), TEMPLATE, &template);
	if (uk_is_ok(err)) {
		if (uk_tlv_find(template, RESPONSE, &response))
			uk_put(out, response);
		else
			err = uk_fail(UK_ERR_CARD_MUTE);
	}
	uk_wipe(sent, sizeof(sent));
	uk_wipe(got, sizeof(got));
	return uk_is_ok(err) ? uk_buf_result(out) : err;
}

/* --- signatures ----------------------------------------------------------- */

/* EMSA-PKCS1-v1_5, RFC 8017, 9.2, from a DigestInfo on. */
static void put_pkcs1(uk_buf *out, size_t k, uk_bytes info)
{
	uk_put_u8(out, 0x00);
	uk_put_u8(out, 0x01);
	uk_put_fill(out, 0xff, k - 3 - info.n);
	uk_put_u8(out, 0x00);
	uk_put(out, info);
}

/* PSS is padded by the core, which sees that raw signatures can be had. */
bool piv_can_sign(const uk_card *c, const struct uk_sign_request *r)
{
	const uk_object *key = r->key;
	size_t k = input_size(key);

	(void)c;
	if (key->kind != UK_OBJ_PRIVATE_KEY || key->ref >= PIV_KEYS ||
	    piv_alg_of(key->key_type, key->key_bits) == 0)
		return false;
	switch (r->scheme) {
	case UK_SIG_RSA_RAW:
		return key->key_type == UK_KEY_RSA &&
		       (r->input.n == 0 || r->input.n == k);
	case UK_SIG_PKCS1:
		return key->key_type == UK_KEY_RSA && r->input.n + 11 <= k;
	case UK_SIG_ECDSA:
		return key->key_type != UK_KEY_RSA;
	default:
		return false;
	}
}

/* What goes to the card: exactly as long as the key (PivApplet and others take
 * nothing else). */
static uk_err put_input(const struct uk_sign_request *r, size_t k, uk_buf *out)
{
	if (r->scheme == UK_SIG_PKCS1)
		put_pkcs1(out, k, r->input);
	else
		uk_put_padded(out, uk_bytes_first(r->input, k), k);
	return uk_buf_result(out);
}

uk_err piv_sign(uk_card *c, const struct uk_sign_request *r, uk_buf *sig)
{
	size_t k = input_size(r->key);
	uint8_t in[UK_MODULUS_MAX], made[UK_MODULUS_MAX];
	uk_buf input = uk_buf_over(in, sizeof(in)), got = UK_BUF(made);
	bool rsa = r->key->key_type == UK_KEY_RSA;

	if (r->input.n == 0 || !piv_can_sign(c, r))
		return uk_fail(UK_ERR_UNSUPPORTED);
	/* Before anything is sent: a consent is not spent in vain. */
	if (uk_buf_left(sig) < (rsa ? k : 2 * k))
		return uk_fail(UK_ERR_TOO_SMALL);
	UK_TRY(put_input(r, k, &input));
	UK_TRY(authenticate(
	    c, r->key, CHALLENGE, uk_buf_view(&input), false, &got));
	if (!rsa)
		return uk_sig_from_der(uk_buf_view(&got), k, sig);
	if (got.len != k)
		return uk_fail(UK_ERR_CARD_MUTE);
	uk_put(sig, uk_buf_view(&got));
	return uk_buf_result(sig);
}

/* --- secrets -------------------------------------------------------------- */

bool piv_can_decipher(
    const uk_card *c, const uk_object *key, enum uk_decipher_scheme scheme)
{
	bool rsa = key->key_type == UK_KEY_RSA;

	(void)c;
	return key->kind == UK_OBJ_PRIVATE_KEY && key->ref < PIV_KEYS &&
	       piv_alg_of(key->key_type, key->key_bits) != 0 &&
	       scheme == (rsa ? UK_DECIPHER_RSA : UK_DECIPHER_ECDH);
}

uk_err piv_decipher(uk_card *c, const uk_object *key,
    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out)
{
	bool rsa = scheme == UK_DECIPHER_RSA;
	size_t k = input_size(key);
	uint8_t made[UK_MODULUS_MAX];
	uk_buf got = UK_BUF(made);
	uk_err err;

	if (!piv_can_decipher(c, key, scheme))
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (in.n != (rsa ? k : 1 + 2 * k))
		return uk_fail(UK_ERR_ARGUMENT);
	err = authenticate(
	    c, key, rsa ? CHALLENGE : EXPONENTIATION, in, true, &got);
	if (uk_is_ok(err) && got.len != k)
		err = uk_fail(UK_ERR_CARD_MUTE);
	if (uk_is_ok(err)) {
		uk_put(out, uk_buf_view(&got));
		err = uk_buf_result(out);
	}
	uk_wipe(made, sizeof(made));
	return err;
}
