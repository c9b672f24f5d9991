/*
 * U-key: deciphering and key agreement, profile section 4, PSO: DECIPHER.
 *
 * What goes in and comes out is wiped here; the channel wipes and hides its own
 * copies of secret commands and their answers.
 */
#include "ukey_driver.h"

#include "sw.h"

enum {
	ALG_RSA = 0x50,
	ALG_ECDH = 0x60,
	ALG_SM2 = 0x70,
	SM2_OVERHEAD = 1 + 2 * 32 + 32, /* C1, C3 */
	INPUT_MAX = 4096,
	PADDING_INDICATOR = 0x00
};

static bool is_rsa(enum uk_key_type type)
{
	return type == UK_KEY_RSA;
}

static bool is_nist(enum uk_key_type type)
{
	return type == UK_KEY_P256 || type == UK_KEY_P384 ||
	       type == UK_KEY_P521;
}

static bool is_sm2(enum uk_key_type type)
{
	return type == UK_KEY_SM2;
}

/* Length of the output; 0 if the input does not fit. */
static size_t rsa_output(const uk_object *key, uk_bytes in)
{
	return in.n == key->key_bits / 8 ? in.n : 0;
}

static size_t ecdh_output(const uk_object *key, uk_bytes in)
{
	size_t field = uk_key_field(key->key_type);

	return in.n == 1 + 2 * field && in.p[0] == 0x04 ? field : 0;
}

static size_t sm2_output(const uk_object *key, uk_bytes in)
{
	(void)key;
	return in.n > SM2_OVERHEAD && in.n <= INPUT_MAX && in.p[0] == 0x04
		   ? in.n - SM2_OVERHEAD
		   : 0;
}

static const struct scheme_row {
	uint8_t alg;
	uint32_t uses; /* one of them */
	bool (*fits)(enum uk_key_type type);
	size_t (*output)(const uk_object *key, uk_bytes in);
} schemes[] = {
	[UK_DECIPHER_RSA] = { ALG_RSA, UK_USE_DECRYPT | UK_USE_UNWRAP, is_rsa,
	    rsa_output },
	[UK_DECIPHER_ECDH] = { ALG_ECDH, UK_USE_DERIVE, is_nist, ecdh_output },
	[UK_DECIPHER_SM2] = { ALG_SM2, UK_USE_DECRYPT | UK_USE_UNWRAP, is_sm2,
	    sm2_output },
};

bool ukey_can_decipher(
    const uk_card *c, const uk_object *key, enum uk_decipher_scheme scheme)
{
	(void)c;
	return (size_t)scheme < sizeof(schemes) / sizeof(schemes[0]) &&
	       key->kind == UK_OBJ_PRIVATE_KEY &&
	       key->ref >= UKEY_KEY_FURTHER && key->ref <= UKEY_KEY_LAST &&
	       schemes[scheme].fits(key->key_type) &&
	       (key->usage & schemes[scheme].uses) != 0;
}

/* --- the security environment -------------------------------------------- */

/* Somebody else may set another one for the same key template as soon as our
 * transaction ends, and an ECDH with the wrong key looks like one with the
 * right key; so it is trusted within one transaction only. */
static bool is_set(uk_card *c, uint8_t alg, const uk_object *key)
{
	const struct ukey_environment *e = &((struct ukey *)c)->decipher;

	return e->set && e->alg == alg && e->ref == key->ref &&
	       e->turn == uk_channel_turn(c->ch);
}

static uk_err set_environment(uk_card *c, uint8_t alg, const uk_object *key)
{
	struct ukey_environment *e = &((struct ukey *)c)->decipher;
	uint8_t template[] = { 0x80, 0x01, alg, 0x84, 0x01, (uint8_t)key->ref };
	uk_cmd mse_set = {
		.ins = 0x22, .p1 = 0x41, .p2 = 0xb8, .data = UK_ARRAY(template)
	};

	if (is_set(c, alg, key))
		return uk_ok();
	e->set = false;
	UK_TRY(ukey_send(c, &mse_set, NULL));
	*e = (struct ukey_environment){ true, alg, (uint8_t)key->ref,
		uk_channel_turn(c->ch) };
	return uk_ok();
}

static void forget_environment(uk_card *c)
{
	((struct ukey *)c)->decipher.set = false;
}

/* --- deciphering --------------------------------------------------------- */

static uk_err send_pso(uk_card *c, uk_bytes in, size_t expected, uk_buf *got)
{
	uint8_t storage[1 + INPUT_MAX];
	uk_buf data = UK_BUF(storage);
	uk_cmd pso = { .ins = 0x2a,
		.p1 = 0x80,
		.p2 = 0x86,
		.le = expected <= UK_LE_SHORT_MAX ? UK_LE_SHORT_MAX : UK_LE_MAX,
		.secret = true };
	uk_err err;

	uk_put_u8(&data, PADDING_INDICATOR);
	uk_put(&data, in);
	pso.data = uk_buf_view(&data);
	err = uk_buf_result(&data);
	if (uk_is_ok(err))
		err = ukey_send(c, &pso, got);
	uk_wipe(storage, data.len);
	if (uk_is_ok(err) && got->len != expected)
		err = uk_fail(UK_ERR_CARD_MUTE);
	return err;
}

uk_err ukey_decipher(uk_card *c, const uk_object *key,
    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out)
{
	uint8_t answer[INPUT_MAX];
	uk_buf got = UK_BUF(answer);
	size_t expected;
	uk_err err;

	if (!ukey_can_decipher(c, key, scheme))
		return uk_fail(UK_ERR_UNSUPPORTED);
	expected = schemes[scheme].output(key, in);
	if (expected == 0)
		return uk_fail(UK_ERR_ARGUMENT);
	if (uk_buf_left(out) < expected)
		return uk_fail(UK_ERR_TOO_SMALL);
	UK_TRY(set_environment(c, schemes[scheme].alg, key));
	err = send_pso(c, in, expected, &got);
	if (uk_is_ok(err))
		uk_put(out, uk_buf_view(&got));
	else
		forget_environment(c);
	uk_wipe(answer, sizeof(answer));
	return err;
}
