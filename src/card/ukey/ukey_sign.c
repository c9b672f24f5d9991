/*
 * U-key: signatures and the bank's proof, profile sections 4 to 6.
 *
 * The transaction key signs hashes only, so that what the bank proved and what
 * is signed can be compared; a DigestInfo, which programs like to make
 * themselves, is taken apart for it.
 */
#include "ukey_driver.h"

#include "sw.h"

enum {
	ALG_RAW = 0x00,
	ALG_PKCS1 = 0x10,
	ALG_PSS = 0x20,
	ALG_ECDSA = 0x30,
	ALG_SM2 = 0x40,
	HASH_MIN = 20,
	HASH_MAX = 64,
	SM2_INPUT = 32,
	DIGEST_INFO_MAX = 19 + UK_HASH_MAX,
	CHALLENGE_MIN = 8,
	CHALLENGE_MAX = 32,
	PROOF_SIGNATURE = 64
};

/* What goes to the card: algorithm reference and input. */
struct order {
	uint8_t alg;
	uk_bytes input;
};

static bool is_transaction_key(const uk_object *key)
{
	return key->ref == UKEY_KEY_TRANSACTION;
}

/* Is input the DigestInfo of this hash? Its last bytes are the hash then. */
static bool is_digest_info(enum uk_hash hash, uk_bytes input)
{
	uint8_t expected[DIGEST_INFO_MAX];
	uk_buf b = UK_BUF(expected);
	size_t n = uk_hash_size(hash);

	return input.n > n &&
	       uk_is_ok(
		   uk_put_digest_info(&b, hash, uk_bytes_last(input, n))) &&
	       uk_bytes_eq(uk_buf_view(&b), input);
}

/* The hash whose DigestInfo input is; UK_HASH_NONE if it is none. */
static enum uk_hash hash_of_digest_info(uk_bytes input)
{
	for (int h = UK_HASH_NONE + 1; h < UK_HASH_COUNT; h++) {
		if (is_digest_info((enum uk_hash)h, input))
			return (enum uk_hash)h;
	}
	return UK_HASH_NONE;
}

static bool order_hashed(
    uint8_t scheme, enum uk_hash hash, uk_bytes input, struct order *out)
{
	*out = (struct order){ (uint8_t)(scheme | hash), input };
	return hash != UK_HASH_NONE && hash <= UK_HASH_SHA512 &&
	       input.n == uk_hash_size(hash);
}

static bool order_pkcs1(const struct uk_sign_request *r, struct order *out)
{
	enum uk_hash hash = r->hash;
	uk_bytes input = r->input;

	if (hash == UK_HASH_NONE && !is_transaction_key(r->key)) {
		*out = (struct order){ ALG_PKCS1, input };
		return input.n > 0 && input.n <= r->key->key_bits / 8 - 11;
	}
	if (hash == UK_HASH_NONE)
		hash = hash_of_digest_info(input);
	if (is_digest_info(hash, input))
		input = uk_bytes_last(input, uk_hash_size(hash));
	return order_hashed(ALG_PKCS1, hash, input, out);
}

static bool order_pss(const struct uk_sign_request *r, struct order *out)
{
	return order_hashed(ALG_PSS, r->hash, r->input, out);
}

static bool order_ecdsa(const struct uk_sign_request *r, struct order *out)
{
	*out = (struct order){ ALG_ECDSA, r->input };
	return r->input.n >= HASH_MIN && r->input.n <= HASH_MAX;
}

static bool order_sm2(const struct uk_sign_request *r, struct order *out)
{
	*out = (struct order){ ALG_SM2, r->input };
	return r->input.n == SM2_INPUT;
}

/* Keys 01 and 02 cannot, and the further ones sign so if they sign at all. That
 * the number is less than the modulus is the card's to see. */
static bool order_raw(const struct uk_sign_request *r, struct order *out)
{
	*out = (struct order){ ALG_RAW, r->input };
	return r->input.n == r->key->key_bits / 8;
}

static const struct scheme_row {
	bool rsa, sm2;   /* for which keys */
	bool further;    /* ... from 03 on only */
	bool wants_hash; /* which hash must be told */
	bool (*order)(const struct uk_sign_request *r, struct order *out);
} schemes[] = {
	[UK_SIG_PKCS1] = { true, false, false, false, order_pkcs1 },
	[UK_SIG_PSS] = { true, false, false, true, order_pss },
	[UK_SIG_ECDSA] = { false, false, false, false, order_ecdsa },
	[UK_SIG_SM2] = { false, true, false, false, order_sm2 },
	[UK_SIG_RSA_RAW] = { true, false, true, false, order_raw },
};

enum { SCHEMES = sizeof(schemes) / sizeof(schemes[0]) };

/* Whatever the input may be. */
static bool key_fits(const struct uk_sign_request *r)
{
	const uk_object *key = r->key;
	const struct scheme_row *s;

	if ((size_t)r->scheme >= SCHEMES || r->hash >= UK_HASH_COUNT)
		return false;
	s = &schemes[r->scheme];
	return key->kind == UK_OBJ_PRIVATE_KEY && key->ref <= 0xff &&
	       s->rsa == (key->key_type == UK_KEY_RSA) &&
	       s->sm2 == (key->key_type == UK_KEY_SM2) &&
	       (!s->further || key->ref >= UKEY_KEY_FURTHER) &&
	       (!s->wants_hash || r->hash != UK_HASH_NONE);
}

bool ukey_can_sign(const uk_card *c, const struct uk_sign_request *r)
{
	struct order order;

	(void)c;
	return key_fits(r) &&
	       (r->input.n == 0 || schemes[r->scheme].order(r, &order));
}

/* --- signing ------------------------------------------------------------- */

static size_t signature_size(const uk_object *key)
{
	return key->key_type == UK_KEY_RSA ? key->key_bits / 8
					   : 2 * uk_key_field(key->key_type);
}

/* The short form whenever it holds the answer: every reader knows it. */
static uint32_t signature_le(const uk_object *key)
{
	return signature_size(key) <= UK_LE_SHORT_MAX ? UK_LE_SHORT_MAX
						      : UK_LE_MAX;
}

static uk_err sign_by_authenticate(
    uk_card *c, const uk_object *key, const struct order *order, uk_buf *sig)
{
	uk_cmd authenticate = { .ins = 0x88,
		.p1 = order->alg,
		.p2 = (uint8_t)key->ref,
		.data = order->input,
		.le = signature_le(key) };

	return ukey_send(c, &authenticate, sig);
}

static uk_err sign_by_pso(
    uk_card *c, const uk_object *key, const struct order *order, uk_buf *sig)
{
	uint8_t environment[] = { 0x80, 0x01, order->alg, 0x84, 0x01,
		(uint8_t)key->ref };
	uk_cmd mse_set = { .ins = 0x22,
		.p1 = 0x41,
		.p2 = 0xb6,
		.data = UK_ARRAY(environment) };
	uk_cmd pso = { .ins = 0x2a,
		.p1 = 0x9e,
		.p2 = 0x9a,
		.data = order->input,
		.le = signature_le(key) };

	UK_TRY(ukey_send(c, &mse_set, NULL));
	return ukey_send(c, &pso, sig);
}

uk_err ukey_sign(uk_card *c, const struct uk_sign_request *r, uk_buf *sig)
{
	uint8_t answer[UK_SIGNATURE_MAX];
	uk_buf got = UK_BUF(answer);
	struct order order;

	if (!key_fits(r) || !schemes[r->scheme].order(r, &order))
		return uk_fail(UK_ERR_UNSUPPORTED);
	/* Before anything is sent: a consent is not spent in vain. */
	if (uk_buf_left(sig) < signature_size(r->key))
		return uk_fail(UK_ERR_TOO_SMALL);
	if (is_transaction_key(r->key))
		UK_TRY(sign_by_pso(c, r->key, &order, &got));
	else
		UK_TRY(sign_by_authenticate(c, r->key, &order, &got));
	if (got.len != signature_size(r->key))
		return uk_fail(UK_ERR_CARD_MUTE);
	uk_put(sig, uk_buf_view(&got));
	return uk_buf_result(sig);
}

/* --- the bank's proof ---------------------------------------------------- */

uk_err ukey_challenge(uk_card *c, uint8_t *out, size_t n)
{
	uint8_t answer[CHALLENGE_MAX];
	uk_buf got = UK_BUF(answer);
	uk_cmd get_challenge = { .ins = 0x84, .le = (uint32_t)n };

	if (n < CHALLENGE_MIN || n > CHALLENGE_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(ukey_send(c, &get_challenge, &got));
	return got.len == n ? uk_copy_exact(out, n, uk_buf_view(&got))
			    : uk_fail(UK_ERR_CARD_MUTE);
}

/* 63xx is the card's word for "this is not my bank". */
uk_err ukey_prove_bank(uk_card *c, uk_bytes hash, uk_bytes signature)
{
	uint8_t proof[HASH_MAX + PROOF_SIGNATURE];
	uk_buf data = UK_BUF(proof);
	uk_cmd authenticate = { .ins = 0x82, .p1 = 0x30, .p2 = 0x10 };
	uk_err err;

	if (hash.n < HASH_MIN || hash.n > HASH_MAX ||
	    signature.n != PROOF_SIGNATURE)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put(&data, hash);
	uk_put(&data, signature);
	authenticate.data = uk_buf_view(&data);
	err = ukey_send(c, &authenticate, NULL);
	return err.sw >> 8 == 0x63 ? uk_fail_sw(UK_ERR_SIGNATURE, err.sw) : err;
}
