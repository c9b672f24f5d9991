/* Using keys: which one, what must be open, what is used up. Profile, section
 * 4. */
#include "vc_ukey.h"

#include "tlv.h"

enum {
	CRT_AUTH = 0xa4,
	CRT_SIGN = 0xb6,
	CRT_DECIPHER = 0xb8,
	MSE_SET = 0x41,
	SIGNATURES = VC_UKEY_SIGNS | VC_UKEY_RAW,
	SECRETS = VC_UKEY_DECIPHERS | VC_UKEY_DERIVES,
	NO_PADDING_INDICATOR = 0x00
};

/* --- security environments ------------------------------------------------
 */

/* A template of MSE SET: what its key is for. */
static const struct crt {
	uint8_t tag;
	uint8_t purpose;
} crts[] = {
	{ CRT_AUTH, SIGNATURES },
	{ CRT_SIGN, SIGNATURES },
	{ CRT_DECIPHER, SECRETS },
};

static struct vc_ukey_env *env_of(struct vc_ukey *u, const struct crt *crt)
{
	if (crt->tag == CRT_AUTH)
		return &u->auth;
	return crt->tag == CRT_SIGN ? &u->sign : &u->decipher;
}

/* The transaction key and nothing else goes with B6. */
static bool is_for(const struct vc_ukey *u, const struct vc_ukey_env *env,
    const struct crt *crt)
{
	return (env->ref == VC_UKEY_KEY_SIGN) == (crt->tag == CRT_SIGN) &&
	       (vc_ukey_usage(u, env->ref) & crt->purpose) != 0;
}

static uint16_t set_env(struct vc_ukey *u, const struct crt *crt, uk_bytes data)
{
	struct vc_ukey_env env;
	struct vc_task task;
	uk_bytes alg, ref;
	uint16_t sw;

	if (!uk_tlv_find(data, 0x80, &alg) || alg.n != 1 ||
	    !uk_tlv_find(data, 0x84, &ref) || ref.n != 1)
		return UK_SW_DATA;
	env = (struct vc_ukey_env){ alg.p[0], ref.p[0] };
	if (!is_for(u, &env, crt))
		return UK_SW_NO_REF;
	if ((sw = vc_ukey_task(u, &env, crt->purpose, &task)) != UK_SW_OK)
		return sw;
	*env_of(u, crt) = env;
	return UK_SW_OK;
}

uint16_t vc_ukey_mse(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	(void)out;
	if (cmd->p1 != MSE_SET)
		return UK_SW_P1P2;
	for (size_t i = 0; i < sizeof(crts) / sizeof(crts[0]); i++) {
		if (crts[i].tag == cmd->p2)
			return set_env(vc_ukey_of(app), &crts[i], cmd->data);
	}
	return UK_SW_P1P2;
}

/* --- keys that a login opens ----------------------------------------------
 */

/* Personalisation needs a certificate request from a card that has no PIN yet:
 * the creation state asks for none. */
static bool is_open(const struct vc_ukey *u, uint8_t ref)
{
	return u->login || (ref == VC_UKEY_KEY_AUTH && vc_ukey_in_creation(u));
}

static uint16_t use(struct vc_ukey *u, const struct vc_ukey_env *env,
    uint8_t purpose, uk_bytes input, uk_buf *out)
{
	uint8_t e[VC_SM3_SIZE];
	struct vc_task task;
	uint16_t sw = vc_ukey_task(u, env, purpose, &task);

	if (sw == UK_SW_OK)
		sw = vc_ukey_give(u, env->alg, input, e, &task);
	if (sw != UK_SW_OK)
		return sw;
	if (!is_open(u, env->ref))
		return UK_SW_SECURITY;
	return vc_ukey_run(u, &task, out);
}

uint16_t vc_ukey_internal_auth(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	struct vc_ukey_env env = { cmd->p1, cmd->p2 };

	if (env.alg == 0 && env.ref == 0) {
		env = u->auth;
		if (env.ref == 0)
			return UK_SW_CONDITIONS;
	}
	if (env.ref == VC_UKEY_KEY_SIGN)
		return UK_SW_NO_REF;
	return use(u, &env, SIGNATURES, cmd->data, out);
}

static uint16_t decipher(struct vc_ukey *u, uk_bytes data, uk_buf *out)
{
	if (u->decipher.ref == 0)
		return UK_SW_CONDITIONS;
	/* ISO/IEC 7816-8, DECIPHER: a padding indicator comes first. */
	if (data.n == 0 || data.p[0] != NO_PADDING_INDICATOR)
		return UK_SW_DATA;
	return use(u, &u->decipher, SECRETS, uk_bytes_from(data, 1), out);
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

/* In the order of the profile. */
static uint16_t may_sign(const struct vc_ukey *u, uk_bytes hash)
{
	if (vc_ukey_in_creation(u))
		return UK_SW_OK;
	if (!bank_agrees(u, hash))
		return UK_SW_CONDITIONS;
	return u->consent ? UK_SW_OK : UK_SW_SECURITY;
}

static uint16_t sign_transaction(struct vc_ukey *u, uk_bytes input, uk_buf *out)
{
	uint8_t e[VC_SM3_SIZE];
	struct vc_task task;
	uint16_t sw;

	if (u->sign.ref == 0)
		return UK_SW_CONDITIONS;
	sw = vc_ukey_task(u, &u->sign, VC_UKEY_SIGNS, &task);
	if (sw == UK_SW_OK)
		sw = vc_ukey_give(u, u->sign.alg, input, e, &task);
	/* The bank's proof is for what is signed: the hash, also where the card
	 * made it. */
	if (sw == UK_SW_OK)
		sw = may_sign(u, task.input);
	if (sw != UK_SW_OK)
		return sw;
	/* Used up before the result is known, and whatever it is. */
	u->consent = false;
	vc_ukey_forget_proof(u);
	return vc_ukey_run(u, &task, out);
}

/* --- PSO -------------------------------------------------------------------
 */

uint16_t vc_ukey_pso(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);

	if (cmd->p1 == 0x9e && cmd->p2 == 0x9a)
		return sign_transaction(u, cmd->data, out);
	if (cmd->p1 == 0x80 && cmd->p2 == 0x86)
		return decipher(u, cmd->data, out);
	return UK_SW_P1P2;
}
