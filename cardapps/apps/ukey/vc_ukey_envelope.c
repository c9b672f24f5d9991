/*
 * An encryption key pair that the key centre made, in the envelope in which it
 * travels (GM/T 0009, SM2EnvelopedKey; GM/T 0016, ENVELOPEDKEYBLOB): an SM4 key
 * enciphered to the card's own signing key, and under it the scalar. Nobody on
 * the way sees either. Profile section 4.1.
 */
#include "vc_ukey.h"

#include "secret.h"
#include "vc_sym.h"

enum {
	SCALAR = 32,
	POINT = 1 + 2 * SCALAR,
	SM4_KEY = 16,
	WRAPPED = POINT + 32 + SM4_KEY /* C1 || C3 || C2 */
};

/* Everything secret about it. */
struct opened {
	uint8_t sm4[SM4_KEY];
	uint8_t scalar[2 * SCALAR]; /* 32 zeros before it, or nothing */
	uint8_t key[1 + SCALAR + POINT];
};

static bool has_form(const struct vc_ukey_envelope *e)
{
	return e->point.n == POINT && e->wrapped.n == WRAPPED &&
	       (e->scalar.n == SCALAR || e->scalar.n == 2 * SCALAR);
}

/* A key that signs: its private half was made on the card and is nowhere else.
 * One that came in an envelope has a copy at the key centre, and would open the
 * next one for everybody who can get at it. */
static uint16_t get_opener(
    const struct vc_ukey *u, uint8_t ref, struct vc_task *task)
{
	*task = (struct vc_task){ .op = VC_OP_SM2_DECIPHER };
	if (ref == VC_UKEY_KEY_SIGN || ref > VC_UKEY_KEY_LAST ||
	    !vc_ukey_key(u, ref, &task->key))
		return UK_SW_NO_REF;
	if (!vc_key_fits(task->key, task->op, task->hash) ||
	    (vc_ukey_usage(u, ref) & VC_UKEY_SIGNS) == 0)
		return UK_SW_DATA;
	return UK_SW_OK;
}

static uk_err decipher_scalar(struct vc_ukey *u, const struct vc_task *task,
    uk_bytes scalar, struct opened *o)
{
	const struct vc_sym sm4 = { VC_SYM_SM4, UK_ARRAY(o->sm4) };
	uk_buf key = UK_BUF(o->sm4);

	if (!vc_key_takes(u->app.home.crypto, task))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(vc_key_run(u->app.home.crypto, task, &key));
	return vc_sym_ecb(
	    u->app.home.crypto, &sm4, VC_SYM_DECIPHER, scalar, o->scalar);
}

static bool is_zero(uk_bytes v)
{
	uint8_t seen = 0;

	for (size_t i = 0; i < v.n; i++)
		seen |= v.p[i];
	return seen == 0;
}

/* The key as it is stored; UK_ERR_FORMAT unless it is the one announced. */
static uk_err make_key(struct vc_ukey *u, const struct vc_ukey_envelope *e,
    struct opened *o, uk_buf *key)
{
	uk_bytes plain = uk_view(o->scalar, e->scalar.n);
	struct vc_key_parts parts = { .d = uk_bytes_last(plain, SCALAR) };

	if (!is_zero(uk_bytes_first(plain, plain.n - SCALAR)))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(vc_key_import(u->app.home.crypto, VC_SM2, &parts, key));
	return uk_bytes_eq(uk_bytes_last(uk_buf_view(key), POINT), e->point)
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

static uk_err take(struct vc_ukey *u, const struct vc_ukey_new_key *new,
    const struct vc_ukey_envelope *e, const struct vc_task *task)
{
	struct opened *o = uk_secret_new(sizeof(*o));
	uk_buf key = o == NULL ? (uk_buf){ 0 } : UK_BUF(o->key);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (o == NULL)
		return err;
	err = decipher_scalar(u, task, e->scalar, o);
	if (uk_is_ok(err))
		err = make_key(u, e, o, &key);
	if (uk_is_ok(err))
		err = vc_ukey_put_key(u, new, uk_buf_view(&key));
	uk_secret_free(o, sizeof(*o));
	return err;
}

/* Key 01 opens with the login, and what it opens is no exception. */
static bool may_open(const struct vc_ukey *u)
{
	return u->login || vc_ukey_in_creation(u);
}

uint16_t vc_ukey_put_envelope(struct vc_ukey *u,
    const struct vc_ukey_new_key *new, const struct vc_ukey_envelope *e)
{
	struct vc_task task;
	uint16_t sw;
	uk_err err;

	if (new->kind != VC_SM2 || new->usage != VC_UKEY_DECIPHERS ||
	    e->opener == new->ref || !has_form(e))
		return UK_SW_DATA;
	if ((sw = get_opener(u, e->opener, &task)) != UK_SW_OK ||
	    (sw = vc_ukey_may_make(u, new)) != UK_SW_OK)
		return sw;
	if (!may_open(u))
		return UK_SW_SECURITY;
	task.input = e->wrapped;
	err = take(u, new, e, &task);
	return uk_is(err, UK_ERR_FORMAT) ? UK_SW_DATA : vc_sw(err);
}
