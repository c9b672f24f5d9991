/* Slots, and the keys in them: SP 800-73-4 part 1, table 4b; part 2, 3.3.2. */
#include "vc_piv.h"

#include "secret.h"

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

static const struct vc_piv_slot slots[] = {
	{ 0x9a, 0x9a, VC_PIV_ONCE, 0x5fc105, false },
	{ 0x9c, 0x9c, VC_PIV_ALWAYS, 0x5fc10a, false },
	{ 0x9d, 0x9d, VC_PIV_ONCE, 0x5fc10b, false },
	{ 0x9e, 0x9e, VC_PIV_NEVER, 0x5fc101, false },
	{ 0x82, 0x95, VC_PIV_ONCE, 0x5fc10d, false }, /* retired 1 to 20 */
	{ 0xf9, 0xf9, VC_PIV_ONCE, 0x5fff01, true },
};

static const struct {
	uint8_t alg, kind;
} algorithms[] = {
	{ VC_PIV_RSA1024, VC_RSA1024 },
	{ VC_PIV_RSA2048, VC_RSA2048 },
	{ VC_PIV_RSA3072, VC_RSA3072 },
	{ VC_PIV_RSA4096, VC_RSA4096 },
	{ VC_PIV_P256, VC_P256 },
	{ VC_PIV_P384, VC_P384 },
};

enum {
	TAG_CONTROL = 0xac,
	TAG_ALG = 0x80,
	TAG_EXPONENT = 0x81,
	TAG_PIN_POLICY = 0xaa,
	TAG_TOUCH_POLICY = 0xab,
	TOUCH_NEVER = 1
};

const struct vc_piv_slot *vc_piv_slot(const struct vc_piv *p, uint8_t ref)
{
	for (size_t i = 0; i < COUNT(slots); i++) {
		const struct vc_piv_slot *s = &slots[i];

		if (ref >= s->first && ref <= s->last)
			return s->yubico && !vc_piv_traits(p)->yubico ? NULL
								      : s;
	}
	return NULL;
}

uint8_t vc_piv_kind_of(uint8_t alg)
{
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		if (algorithms[i].alg == alg)
			return algorithms[i].kind;
	}
	return 0;
}

uint8_t vc_piv_alg_of(uk_bytes key)
{
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		if (key.n > 0 && algorithms[i].kind == key.p[0])
			return algorithms[i].alg;
	}
	return 0;
}

uk_bytes vc_piv_key(const struct vc_piv *p, uint8_t ref)
{
	return vc_piv_slot(p, ref) == NULL ? UK_NONE
					   : vc_piv_get(p, VC_NV_KEY, ref);
}

struct vc_piv_info vc_piv_info(const struct vc_piv *p, uint8_t ref)
{
	uk_reader r = uk_read(vc_piv_get(p, VC_NV_DATA, VC_PIV_SET_INFO + ref));
	struct vc_piv_info info;

	info.policy = uk_get_u8(&r);
	info.touch = uk_get_u8(&r);
	info.origin = uk_get_u8(&r);
	return info;
}

bool vc_piv_take_policy(
    const struct vc_piv *p, const uk_tlv *t, struct vc_piv_info *info)
{
	if (!vc_piv_traits(p)->yubico || t->value.n != 1)
		return false;
	if (t->tag == TAG_PIN_POLICY && t->value.p[0] <= VC_PIV_ALWAYS) {
		info->policy = t->value.p[0];
		return true;
	}
	/* Nobody can touch this card. */
	return t->tag == TAG_TOUCH_POLICY && t->value.p[0] <= TOUCH_NEVER;
}

uk_err vc_piv_put_key(
    struct vc_piv *p, uint8_t ref, const struct vc_piv_info *info, uk_bytes key)
{
	const uint8_t stored[] = {
		info->policy == 0 ? vc_piv_slot(p, ref)->policy : info->policy,
		TOUCH_NEVER,
		info->origin,
	};

	UK_TRY(
	    vc_piv_put(p, VC_NV_DATA, VC_PIV_SET_INFO + ref, UK_ARRAY(stored)));
	return vc_piv_put(p, VC_NV_KEY, ref, key);
}

uk_err vc_piv_new_key(struct vc_piv *p, uint8_t ref, uint8_t kind,
    const struct vc_piv_info *info, uk_buf *public)
{
	struct vc_crypto *c = p->app.home.crypto;
	uint8_t *storage = uk_secret_new(VC_KEY_MAX);
	uk_buf key = uk_buf_over(storage, VC_KEY_MAX);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (storage == NULL)
		return err;
	err = vc_key_make(c, kind, &key);
	if (uk_is_ok(err))
		err = vc_key_put_public(c, uk_buf_view(&key), public);
	if (uk_is_ok(err))
		err = vc_piv_put_key(p, ref, info, uk_buf_view(&key));
	uk_secret_free(storage, VC_KEY_MAX);
	return err;
}

uk_err vc_piv_bring_key(struct vc_piv *p, uint8_t ref, uint8_t kind,
    const struct vc_piv_info *info, const struct vc_key_parts *parts)
{
	uint8_t *storage = uk_secret_new(VC_KEY_MAX);
	uk_buf key = uk_buf_over(storage, VC_KEY_MAX);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (storage == NULL)
		return err;
	err = vc_key_import(p->app.home.crypto, kind, parts, &key);
	if (uk_is_ok(err))
		err = vc_piv_put_key(p, ref, info, uk_buf_view(&key));
	uk_secret_free(storage, VC_KEY_MAX);
	return err;
}

/* --- GENERATE ASYMMETRIC KEY PAIR ------------------------------------------
 */

struct request {
	uint8_t kind; /* 0: none said, or unknown */
	struct vc_piv_info info;
};

/* Ours is always 65537. */
static bool is_our_exponent(uk_bytes v)
{
	static const uint8_t f4[] = { 0x01, 0x00, 0x01 };

	return uk_bytes_eq(uk_bytes_trim_zeros(v), UK_ARRAY(f4));
}

static bool take(const struct vc_piv *p, const uk_tlv *t, struct request *q)
{
	switch (t->tag) {
	case TAG_ALG:
		q->kind = t->value.n == 1 ? vc_piv_kind_of(t->value.p[0]) : 0;
		return true;
	case TAG_EXPONENT:
		return is_our_exponent(t->value);
	default:
		return vc_piv_take_policy(p, t, &q->info);
	}
}

/* AC { 80 algorithm [81 exponent] [AA PIN policy] [AB touch policy] } */
static bool get_request(
    const struct vc_piv *p, uk_bytes data, struct request *q)
{
	uk_bytes control;
	uk_reader r;
	uk_tlv t;

	*q = (struct request){ .info.origin = VC_PIV_MADE };
	if (!uk_is_ok(uk_tlv_only(data, TAG_CONTROL, &control)))
		return false;
	r = uk_read(control);
	UK_TLV_EACH (r, t) {
		if (!take(p, &t, q))
			return false;
	}
	return uk_is_ok(uk_read_end(&r)) && q->kind != 0;
}

uint16_t vc_piv_generate(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	struct request q;
	uk_err err;

	if (cmd->p1 != 0 || vc_piv_slot(p, cmd->p2) == NULL)
		return UK_SW_P1P2;
	if (!p->admin)
		return UK_SW_SECURITY;
	if (!get_request(p, cmd->data, &q))
		return UK_SW_DATA;
	err = vc_piv_new_key(p, cmd->p2, q.kind, &q.info, out);
	return uk_is_ok(err) ? vc_piv_commit(p) : vc_sw(err);
}
