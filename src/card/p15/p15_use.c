/*
 * PKCS#15: using keys, as IsoApplet has it: MANAGE SECURITY ENVIRONMENT and
 * PERFORM SECURITY OPERATION (ISO/IEC 7816-8:2021, 11.2 to 11.8). The
 * environment stays, so that a burst of signatures is one command each.
 */
#include "p15_driver.h"

#include "der.h"

enum {
	USE_SIGN = 0xb6,
	ALG_RSA_PKCS1 = 0x11,
	ALG_RSA_PSS = 0x12,
	ALG_ECDSA = 0x21,
	FEATURE_ECC = 0x04,
	FEATURE_PSS = 0x08,
	DER_MAX = 160,
	RSA_BITS_MIN = 1024
};

static uint8_t key_ref(const uk_object *key)
{
	return (uint8_t)key->ref; /* the lowest byte: p15_objects.c */
}

static uk_err set_environment(uk_card *c, uint8_t use, uint8_t alg, uint8_t ref)
{
	const struct p15_environment wanted = { true, use, alg, ref,
		uk_channel_turn(c->ch) };
	struct p15_environment *e = &p15_of(c)->environment;
	const uint8_t data[] = { 0x80, 0x01, alg, 0x84, 0x01, ref };
	uk_cmd mse = {
		.ins = 0x22, .p1 = 0x41, .p2 = use, .data = UK_ARRAY(data)
	};

	if (e->set && e->use == use && e->alg == alg && e->ref == ref &&
	    e->turn == wanted.turn)
		return uk_ok();
	e->set = false;
	UK_TRY(p15_send(c, &mse, NULL));
	*e = wanted;
	return uk_ok();
}

/* --- signatures ----------------------------------------------------------- */

static size_t rsa_size(const uk_object *key)
{
	return (key->key_bits + 7) / 8;
}

/* The applet tells the hash by its length. */
static size_t hash_length_for(size_t n, size_t field)
{
	static const size_t lengths[] = { 20, 28, 32, 48, 64 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (n <= lengths[i] && lengths[i] <= field)
			return lengths[i];
	}
	return 0;
}

static bool is_rsa(const uk_object *key)
{
	return key->key_type == UK_KEY_RSA;
}

/* The directory may say any number; without a true one nobody can tell whether
 * a signature is whole. */
static bool is_usable_rsa(const uk_object *key)
{
	return is_rsa(key) && key->key_bits >= RSA_BITS_MIN &&
	       key->key_bits <= 8 * UK_MODULUS_MAX;
}

bool p15_can_sign(const uk_card *c, const struct uk_sign_request *r)
{
	const struct p15 *p = (const struct p15 *)c;
	const uk_object *key = r->key;

	if (!p->quirks->keys || key->kind != UK_OBJ_PRIVATE_KEY)
		return false;
	switch (r->scheme) {
	case UK_SIG_PKCS1:
		return is_usable_rsa(key) && r->input.n + 11 <= rsa_size(key);
	case UK_SIG_PSS:
		return is_usable_rsa(key) && (p->features & FEATURE_PSS) != 0 &&
		       r->hash != UK_HASH_NONE && r->hash <= UK_HASH_SHA512 &&
		       (r->input.n == 0 || r->input.n == uk_hash_size(r->hash));
	case UK_SIG_ECDSA:
		return uk_key_field(key->key_type) > 0 &&
		       key->key_type != UK_KEY_SM2 &&
		       (p->features & FEATURE_ECC) != 0 &&
		       !p->quirks->hash_on_card;
	default:
		return false;
	}
}

static uint8_t alg_of(enum uk_sig_scheme scheme)
{
	switch (scheme) {
	case UK_SIG_PKCS1:
		return ALG_RSA_PKCS1;
	case UK_SIG_PSS:
		return ALG_RSA_PSS;
	default:
		return ALG_ECDSA;
	}
}

/* Zeros in front do not change the number that a hash is for ECDSA. */
static uk_err put_input(const struct uk_sign_request *r, uk_buf *out)
{
	size_t field = uk_key_field(r->key->key_type);
	uk_bytes v = r->input;
	size_t n;

	if (r->scheme == UK_SIG_ECDSA) {
		v = uk_bytes_first(v, field);
		n = hash_length_for(v.n, field);
		if (n == 0)
			v = uk_bytes_first(v, n = 64);
		uk_put_padded(out, v, n);
	} else {
		uk_put(out, v);
	}
	return uk_buf_result(out);
}

static uk_err compute(uk_card *c, const struct uk_sign_request *r, uk_buf *out)
{
	uint8_t in[UK_MODULUS_MAX];
	uk_buf input = UK_BUF(in);
	size_t n = is_rsa(r->key) ? rsa_size(r->key) : DER_MAX;
	uk_cmd pso = { .ins = 0x2a,
		.p1 = 0x9e,
		.p2 = 0x9a,
		.le = n <= UK_LE_SHORT_MAX ? UK_LE_SHORT_MAX : (uint32_t)n };

	UK_TRY(put_input(r, &input));
	UK_TRY(
	    set_environment(c, USE_SIGN, alg_of(r->scheme), key_ref(r->key)));
	pso.data = uk_buf_view(&input);
	return p15_send(c, &pso, out);
}

static uk_err take_signature(
    const uk_object *key, uk_bytes got, size_t n, uk_buf *sig)
{
	if (!is_rsa(key))
		return uk_sig_from_der(got, uk_key_field(key->key_type), sig);
	if (got.n != n)
		return uk_fail(UK_ERR_CARD_MUTE);
	uk_put(sig, got);
	return uk_buf_result(sig);
}

uk_err p15_sign(uk_card *c, const struct uk_sign_request *r, uk_buf *sig)
{
	size_t field = uk_key_field(r->key->key_type);
	size_t n = is_rsa(r->key) ? rsa_size(r->key) : 2 * field, before;
	uint8_t made[UK_SIGNATURE_MAX];
	uk_buf got = UK_BUF(made);
	uk_err err;

	if (r->input.n == 0 || !p15_can_sign(c, r))
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (uk_buf_left(sig) < n)
		return uk_fail(UK_ERR_TOO_SMALL);
	err = compute(c, r, &got);
	if (!uk_is_ok(err)) {
		p15_of(c)->environment.set = false;
		return err;
	}
	before = sig->len;
	UK_TRY(take_signature(r->key, uk_buf_view(&got), n, sig));
	err = p15_prove_signature(
	    c, r, uk_bytes_from(uk_buf_view(sig), before));
	if (!uk_is_ok(err))
		sig->len = before;
	return err;
}
