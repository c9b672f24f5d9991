/* CPace, after the draft's functions of the same names. */
#include "cpace.h"

#include "secret.h"

#include <sodium.h>

enum {
	BLOCK = 128, /* of SHA-512 */
	CONTEXT_MAX = 127,
	STRING_MAX = 1 + 17 + 1 + BLOCK + 1 + CONTEXT_MAX + 1 + TRM_CPACE_SID,
	MESSAGE_MAX = 1 + TRM_CPACE_SHARE + 1 + TRM_CPACE_NAME_MAX
};

static const char dsi[] = "CPaceRistretto255";
static const char dsi_isk[] = "CPaceRistretto255_ISK";

/* prepend_len: LEB128, which is one byte for all that we have. */
static void put_lv(uk_buf *out, uk_bytes v)
{
	out->bad |= v.n > 127;
	uk_put_u8(out, (uint8_t)v.n);
	uk_put(out, v);
}

/* generator_string; the code is secret, and so is this. */
static void put_generator(
    uk_buf *out, uk_bytes code, uk_bytes context, uk_bytes sid)
{
	size_t used = 1 + code.n + 1 + sizeof(dsi) - 1, pad = 0;

	if (BLOCK - 1 > used)
		pad = BLOCK - 1 - used;
	put_lv(out, uk_view_str(dsi));
	put_lv(out, code);
	uk_put_u8(out, (uint8_t)pad);
	uk_put_fill(out, 0, pad);
	put_lv(out, context);
	put_lv(out, sid);
}

static uk_err make_share(struct trm_cpace *c, uk_bytes generator)
{
	uint8_t hash[crypto_hash_sha512_BYTES], point[32];
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	if (crypto_hash_sha512(hash, generator.p, generator.n) == 0 &&
	    crypto_core_ristretto255_from_hash(point, hash) == 0 &&
	    crypto_scalarmult_ristretto255(c->share, c->scalar, point) == 0)
		err = uk_ok();
	uk_wipe(hash, sizeof(hash));
	uk_wipe(point, sizeof(point));
	return err;
}

uk_err trm_cpace_begin(struct trm_cpace *c, bool initiator, uk_bytes code,
    uk_bytes context, uk_bytes sid, const uint8_t *scalar)
{
	uint8_t storage[STRING_MAX];
	uk_buf generator = UK_BUF(storage);
	uk_err err;

	*c = (struct trm_cpace){ .initiator = initiator };
	if (code.n == 0 || code.n > TRM_CPACE_CODE_MAX ||
	    context.n > CONTEXT_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	if (sodium_init() < 0)
		return uk_fail(UK_ERR_CRYPTO);
	UK_TRY(uk_copy_exact(c->sid, sizeof(c->sid), sid));
	if (scalar == NULL)
		crypto_core_ristretto255_scalar_random(c->scalar);
	else
		UK_TRY(uk_copy_exact(c->scalar, 32, uk_view(scalar, 32)));
	put_generator(&generator, code, context, sid);
	err = uk_buf_result(&generator);
	if (uk_is_ok(err))
		err = make_share(c, uk_buf_view(&generator));
	uk_wipe(storage, sizeof(storage));
	return err;
}

/* lv_cat(share, name): what the draft calls a side's message. */
static uk_buf message_of(
    uint8_t storage[MESSAGE_MAX], uk_bytes share, uk_bytes name)
{
	uk_buf out = uk_buf_over(storage, MESSAGE_MAX);

	put_lv(&out, share);
	put_lv(&out, name);
	return out;
}

static uk_err hash_parts(const uk_bytes *parts, size_t n, uint8_t out[64])
{
	crypto_hash_sha512_state state;
	int rc = crypto_hash_sha512_init(&state);

	for (size_t i = 0; i < n; i++)
		rc |= crypto_hash_sha512_update(&state, parts[i].p, parts[i].n);
	rc |= crypto_hash_sha512_final(&state, out);
	uk_wipe(&state, sizeof(state));
	return rc == 0 ? uk_ok() : uk_fail(UK_ERR_CRYPTO);
}

static uk_err mac(const uint8_t *key, size_t key_n, uk_bytes v, uint8_t out[64])
{
	crypto_auth_hmacsha512_state state;
	int rc = crypto_auth_hmacsha512_init(&state, key, key_n);

	rc |= crypto_auth_hmacsha512_update(&state, v.p, v.n);
	rc |= crypto_auth_hmacsha512_final(&state, out);
	uk_wipe(&state, sizeof(state));
	return rc == 0 ? uk_ok() : uk_fail(UK_ERR_CRYPTO);
}

/* lv_cat(DSI_ISK, sid, K) || MSGa || MSGb, hashed. */
static uk_err make_key(
    struct trm_cpace *c, const uint8_t k[32], uk_bytes first, uk_bytes second)
{
	uint8_t storage[1 + sizeof(dsi_isk) + 1 + TRM_CPACE_SID + 1 + 32];
	uk_buf head = UK_BUF(storage);
	uk_bytes parts[3] = { UK_NONE, first, second };
	uk_bytes confirm[3] = { uk_view_str("CPaceMac"), UK_ARRAY(c->sid),
		UK_ARRAY(c->key) };
	uk_err err;

	put_lv(&head, uk_view_str(dsi_isk));
	put_lv(&head, UK_ARRAY(c->sid));
	put_lv(&head, uk_view(k, 32));
	parts[0] = uk_buf_view(&head);
	err = uk_buf_result(&head);
	if (uk_is_ok(err))
		err = hash_parts(parts, 3, c->key);
	if (uk_is_ok(err))
		err = hash_parts(confirm, 3, c->mac_key);
	uk_wipe(storage, sizeof(storage));
	return err;
}

uk_err trm_cpace_finish(struct trm_cpace *c, uk_bytes own_name,
    uk_bytes other_share, uk_bytes other_name)
{
	uint8_t k[32], storage[2][MESSAGE_MAX];
	uk_buf own = message_of(storage[0], UK_ARRAY(c->share), own_name);
	uk_buf other = message_of(storage[1], other_share, other_name);
	uk_bytes mine = uk_buf_view(&own), theirs = uk_buf_view(&other);
	uk_err err;

	if (own.bad)
		return uk_fail(UK_ERR_ARGUMENT);
	/* Refuses what is no point, and a product that is neutral. */
	if (other.bad || other_share.n != TRM_CPACE_SHARE ||
	    crypto_scalarmult_ristretto255(k, c->scalar, other_share.p) != 0)
		return uk_fail(UK_ERR_FORMAT);
	err = c->initiator ? make_key(c, k, mine, theirs)
			   : make_key(c, k, theirs, mine);
	if (uk_is_ok(err))
		err = mac(c->mac_key, sizeof(c->mac_key), mine, c->tag);
	if (uk_is_ok(err))
		err = mac(c->mac_key, sizeof(c->mac_key), theirs, c->expected);
	uk_wipe(k, sizeof(k));
	uk_wipe(c->scalar, sizeof(c->scalar));
	return err;
}

uk_err trm_cpace_confirmed(const struct trm_cpace *c, uk_bytes tag)
{
	return uk_equal(UK_ARRAY(c->expected), tag) ? uk_ok()
						    : uk_fail(UK_ERR_SIGNATURE);
}

uk_err trm_cpace_derive(
    const struct trm_cpace *c, const char *label, uint8_t *out, size_t n)
{
	uint8_t all[64];
	uk_err err = mac(c->key, sizeof(c->key), uk_view_str(label), all);

	if (uk_is_ok(err))
		err = uk_copy_exact(out, n, uk_bytes_first(UK_ARRAY(all), n));
	uk_wipe(all, sizeof(all));
	return err;
}
