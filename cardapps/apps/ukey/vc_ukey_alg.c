/* Algorithm references and usage bytes: profile section 4. */
#include "vc_ukey.h"

#include "vc_sm2z.h"

enum { KEY_USAGE = 0x0100 /* + ref: VC_NV_DATA objects */ };

/* By the high nibble. Usage: what a further key must have been made for. */
static const struct alg_row {
	enum vc_op op;
	uint8_t usage;
} rows[] = {
	{ VC_OP_RSA_RAW, VC_UKEY_RAW },
	{ VC_OP_PKCS1, VC_UKEY_SIGNS },
	{ VC_OP_PSS, VC_UKEY_SIGNS },
	{ VC_OP_ECDSA, VC_UKEY_SIGNS },
	{ VC_OP_SM2, VC_UKEY_SIGNS },
	{ VC_OP_RSA_RAW, VC_UKEY_DECIPHERS },
	{ VC_OP_ECDH, VC_UKEY_DERIVES },
	{ VC_OP_SM2_DECIPHER, VC_UKEY_DECIPHERS },
};

/* By the low nibble. */
static const enum uk_hash hashes[] = { UK_HASH_NONE, UK_HASH_SHA1,
	UK_HASH_SHA224, UK_HASH_SHA256, UK_HASH_SHA384, UK_HASH_SHA512 };

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

/* The low nibble of SM2: what comes in. */
enum sm2_input { SM2_E, SM2_MESSAGE, SM2_ID_AND_MESSAGE, SM2_INPUTS };

/* --- usage ----------------------------------------------------------------
 */

static struct vc_nv_id usage_id(const struct vc_ukey *u, uint8_t ref)
{
	return vc_home_id(&u->app.home, VC_NV_DATA, KEY_USAGE | ref);
}

uint8_t vc_ukey_usage(const struct vc_ukey *u, uint8_t ref)
{
	uk_bytes v;

	if (ref <= VC_UKEY_KEY_SIGN ||
	    !vc_nv_get(u->app.home.nv, usage_id(u, ref), &v) || v.n != 1)
		return VC_UKEY_SIGNS;
	return v.p[0];
}

uk_err vc_ukey_put_usage(struct vc_ukey *u, uint8_t ref, uint8_t usage)
{
	return vc_nv_put(u->app.home.nv, usage_id(u, ref), uk_view(&usage, 1));
}

void vc_ukey_drop_usage(struct vc_ukey *u, uint8_t ref)
{
	vc_nv_drop(u->app.home.nv, usage_id(u, ref));
}

bool vc_ukey_usage_fits(uint8_t ref, enum uk_key_type type, uint8_t usage)
{
	uint8_t possible = VC_UKEY_SIGNS;

	if (ref > VC_UKEY_KEY_SIGN && type == UK_KEY_RSA)
		possible |= VC_UKEY_DECIPHERS | VC_UKEY_RAW;
	else if (ref > VC_UKEY_KEY_SIGN && type == UK_KEY_SM2)
		possible |= VC_UKEY_DECIPHERS;
	else if (ref > VC_UKEY_KEY_SIGN)
		possible |= VC_UKEY_DERIVES;
	return usage != 0 && (usage & ~possible) == 0;
}

/* --- algorithms -----------------------------------------------------------
 */

static bool decode(const struct vc_ukey *u, const struct vc_ukey_env *env,
    uint8_t purpose, struct vc_task *task)
{
	unsigned scheme = env->alg >> 4, low = env->alg & 0x0f;
	bool sm2 = scheme < COUNT(rows) && rows[scheme].op == VC_OP_SM2;

	if (scheme >= COUNT(rows) ||
	    low >= (sm2 ? (unsigned)SM2_INPUTS : COUNT(hashes)) ||
	    (rows[scheme].usage & purpose & vc_ukey_usage(u, env->ref)) == 0)
		return false;
	task->op = rows[scheme].op;
	task->hash = sm2 ? UK_HASH_NONE : hashes[low];
	/* Key 02 takes hashes only: never a free DigestInfo. */
	if (env->ref == VC_UKEY_KEY_SIGN && task->op == VC_OP_PKCS1 &&
	    task->hash == UK_HASH_NONE)
		return false;
	return vc_key_fits(task->key, task->op, task->hash);
}

uint16_t vc_ukey_task(const struct vc_ukey *u, const struct vc_ukey_env *env,
    uint8_t purpose, struct vc_task *task)
{
	*task = (struct vc_task){ 0 };
	if (!vc_ukey_key(u, env->ref, &task->key))
		return UK_SW_NO_REF;
	return decode(u, env, purpose, task) ? UK_SW_OK : UK_SW_DATA;
}

/* What GB/T 32918.2 signs of a message; `how` says whether the signer's
 * identity stands before it: n, n bytes. */
static uint16_t hash_message(struct vc_ukey *u, enum sm2_input how,
    const struct vc_task *task, uint8_t e[VC_SM3_SIZE])
{
	uk_reader r = uk_read(task->input);
	uk_bytes id = uk_view_str(VC_SM2_DEFAULT_ID);

	if (how == SM2_ID_AND_MESSAGE) {
		id = uk_get(&r, uk_get_u8(&r));
		if (id.n == 0)
			return UK_SW_DATA;
	}
	if (r.bad || r.left == 0)
		return UK_SW_DATA;
	return vc_sw(vc_sm2_e(u->app.home.crypto, id,
	    uk_bytes_from(task->key, 1 + vc_key_size(task->key)),
	    uk_get_rest(&r), e));
}

uint16_t vc_ukey_give(struct vc_ukey *u, uint8_t alg, uk_bytes input,
    uint8_t e[VC_SM3_SIZE], struct vc_task *task)
{
	enum sm2_input how = task->op == VC_OP_SM2 ? alg & 0x0f : SM2_E;
	uint16_t sw;

	task->input = input;
	if (how != SM2_E) {
		if ((sw = hash_message(u, how, task, e)) != UK_SW_OK)
			return sw;
		task->input = uk_view(e, VC_SM3_SIZE);
	}
	return vc_key_takes(u->app.home.crypto, task) ? UK_SW_OK : UK_SW_DATA;
}

uint16_t vc_ukey_run(struct vc_ukey *u, const struct vc_task *task, uk_buf *out)
{
	uk_err err = vc_key_run(u->app.home.crypto, task, out);

	return uk_is(err, UK_ERR_FORMAT) ? UK_SW_DATA : vc_sw(err);
}
