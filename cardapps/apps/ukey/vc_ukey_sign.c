/* Signing: which algorithm fits, what must be open, what is used up. Profile,
 * section 4. */
#include "vc_ukey.h"

#include "tlv.h"
#include "vc_keys.h"

enum { CRT_AUTH = 0xa4, CRT_SIGN = 0xb6, MSE_SET = 0x41, PKCS1_OVERHEAD = 11 };

/* What an algorithm reference means. */
struct alg {
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
};

static bool get_alg(uint8_t byte, struct alg *out)
{
	static const enum uk_hash hashes[] = { UK_HASH_NONE, UK_HASH_SHA1,
		UK_HASH_SHA224, UK_HASH_SHA256, UK_HASH_SHA384,
		UK_HASH_SHA512 };
	static const enum uk_sig_scheme schemes[] = { UK_SIG_PKCS1, UK_SIG_PSS,
		UK_SIG_ECDSA, UK_SIG_SM2 };
	unsigned scheme = byte >> 4, hash = byte & 0x0f;

	if (scheme < 1 || scheme > 4 ||
	    hash >= sizeof(hashes) / sizeof(*hashes))
		return false;
	*out = (struct alg){ schemes[scheme - 1], hashes[hash] };
	if (out->scheme == UK_SIG_PKCS1)
		return true;
	/* PSS needs a hash; the curves have none in the byte. */
	return (out->scheme == UK_SIG_PSS) == (out->hash != UK_HASH_NONE);
}

/* Does this algorithm go with this key at this reference? */
static bool fits(uint8_t ref, uk_bytes key, const struct alg *a)
{
	enum uk_key_type type = vc_key_type(key);

	switch (a->scheme) {
	case UK_SIG_PKCS1:
		/* Key 02 takes hashes only: never a free DigestInfo. */
		return type == UK_KEY_RSA &&
		       (ref != VC_UKEY_KEY_SIGN || a->hash != UK_HASH_NONE);
	case UK_SIG_PSS:
		return type == UK_KEY_RSA;
	case UK_SIG_ECDSA:
		return type != UK_KEY_RSA && type != UK_KEY_SM2;
	case UK_SIG_SM2:
		return type == UK_KEY_SM2;
	case UK_SIG_RSA_RAW:
		return false; /* decoded from no byte of section 4 so far */
	}
	return false;
}

static bool input_fits(uk_bytes key, const struct alg *a, uk_bytes input)
{
	if (a->hash != UK_HASH_NONE)
		return input.n == uk_hash_size(a->hash);
	switch (a->scheme) {
	case UK_SIG_PKCS1:
		return input.n > 0 &&
		       input.n + PKCS1_OVERHEAD <= vc_key_size(key);
	case UK_SIG_ECDSA:
		return input.n >= 20 && input.n <= UK_HASH_MAX;
	default: /* SM2: e */
		return input.n == 32;
	}
}

static uint16_t check(const struct vc_ukey *u, const struct vc_ukey_env *env,
    uk_bytes *key, struct alg *a)
{
	if (!vc_ukey_key(u, env->ref, key))
		return UK_SW_NO_REF;
	if (!get_alg(env->alg, a) || !fits(env->ref, *key, a))
		return UK_SW_DATA;
	return UK_SW_OK;
}

uint16_t vc_ukey_mse(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	struct vc_ukey_env env;
	uk_bytes alg, ref, key;
	struct alg a;
	uint16_t sw;

	(void)out;
	if (cmd->p1 != MSE_SET || (cmd->p2 != CRT_AUTH && cmd->p2 != CRT_SIGN))
		return UK_SW_P1P2;
	if (!uk_tlv_find(cmd->data, 0x80, &alg) || alg.n != 1 ||
	    !uk_tlv_find(cmd->data, 0x84, &ref) || ref.n != 1)
		return UK_SW_DATA;
	env = (struct vc_ukey_env){ alg.p[0], ref.p[0] };
	if ((cmd->p2 == CRT_SIGN) != (env.ref == VC_UKEY_KEY_SIGN))
		return UK_SW_NO_REF;
	if ((sw = check(u, &env, &key, &a)) != UK_SW_OK)
		return sw;
	*(cmd->p2 == CRT_SIGN ? &u->sign : &u->auth) = env;
	return UK_SW_OK;
}

static uint16_t sign(struct vc_ukey *u, uk_bytes key, const struct alg *a,
    uk_bytes input, uk_buf *out)
{
	return vc_sw(vc_key_sign(
	    u->app.home.crypto, key, a->scheme, a->hash, input, out));
}

uint16_t vc_ukey_internal_auth(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	struct vc_ukey_env env = { cmd->p1, cmd->p2 };
	uk_bytes key;
	struct alg a;
	uint16_t sw;

	if (env.alg == 0 && env.ref == 0) {
		env = u->auth;
		if (env.ref == 0)
			return UK_SW_CONDITIONS;
	}
	if (env.ref == VC_UKEY_KEY_SIGN)
		return UK_SW_NO_REF;
	if ((sw = check(u, &env, &key, &a)) != UK_SW_OK)
		return sw;
	if (!input_fits(key, &a, cmd->data))
		return UK_SW_DATA;
	if (!u->login && !vc_ukey_in_creation(u))
		return UK_SW_SECURITY;
	return sign(u, key, &a, cmd->data, out);
}

/* --- the transaction key ---------------------------------------------------
 */

static bool bank_agrees(const struct vc_ukey *u, uk_bytes hash)
{
	uk_bytes flags = vc_ukey_get(u, VC_UKEY_SET_FLAGS);

	if (flags.n == 1 && (flags.p[0] & VC_UKEY_WANTS_PROOF) == 0)
		return true;
	return u->proved_len > 0 &&
	       uk_bytes_eq(uk_view(u->proved, u->proved_len), hash);
}

/* In the order of the profile. Personalisation needs a certificate request from
 * a card that has no PIN yet: the creation state asks for neither. */
static uint16_t may_sign(const struct vc_ukey *u, uk_bytes hash)
{
	if (vc_ukey_in_creation(u))
		return UK_SW_OK;
	if (!bank_agrees(u, hash))
		return UK_SW_CONDITIONS;
	return u->consent ? UK_SW_OK : UK_SW_SECURITY;
}

uint16_t vc_ukey_pso(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	uk_bytes key;
	struct alg a;
	uint16_t sw;

	if (cmd->p1 != 0x9e || cmd->p2 != 0x9a)
		return UK_SW_P1P2;
	if (u->sign.ref == 0)
		return UK_SW_CONDITIONS;
	if ((sw = check(u, &u->sign, &key, &a)) != UK_SW_OK)
		return sw;
	if (!input_fits(key, &a, cmd->data))
		return UK_SW_DATA;
	if ((sw = may_sign(u, cmd->data)) != UK_SW_OK)
		return sw;
	/* Used up before the result is known, and whatever it is. */
	u->consent = false;
	vc_ukey_forget_proof(u);
	return sign(u, key, &a, cmd->data, out);
}
