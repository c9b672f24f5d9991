/*
 * What Yubico added: the commands that yubico-piv-tool and ykcs11 send to a
 * YubiKey of version 5.4 (docs.yubico.com, YubiKey technical manual, PIV).
 * There is nothing to touch, and no attestation.
 */
#include "vc_piv.h"

#include "vc_pins.h"

enum {
	TAG_ALG = 0x01,
	TAG_POLICY = 0x02,
	TAG_ORIGIN = 0x03,
	TAG_PUBLIC = 0x04,
	TAG_DEFAULT = 0x05,
	TAG_RETRIES = 0x06,
	ALG_PIN = 0xff,
	TOUCH_NEVER = 0x01,
	P_SET_KEY = 0xff,
	TRIES_MAX = 15, /* 63Cx says no more */
	IMPORT_P = 0x01,
	IMPORT_Q = 0x02,
	IMPORT_QINV = 0x05,
	IMPORT_SCALAR = 0x06
};

uint16_t vc_piv_version(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);

	p->fresh = false;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	uk_put(out, UK_ARRAY(vc_piv_traits(p)->version));
	return UK_SW_OK;
}

uint16_t vc_piv_serial(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);

	p->fresh = false;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	uk_put(out, vc_piv_get(p, VC_NV_DATA, VC_PIV_SET_SERIAL));
	return UK_SW_OK;
}

/* --- GET METADATA ----------------------------------------------------------
 */

static uint16_t tell_pin(struct vc_piv *p, uint8_t ref, uk_buf *out)
{
	struct vc_pin_state s = vc_pin_state(&p->app.home, ref);
	const uint8_t retries[] = { s.max, s.left };

	uk_put_tlv_u8(out, TAG_ALG, ALG_PIN);
	uk_put_tlv_u8(out, TAG_DEFAULT, vc_piv_pin_as_delivered(p, ref));
	uk_put_tlv(out, TAG_RETRIES, UK_ARRAY(retries));
	return UK_SW_OK;
}

static uint16_t tell_admin(struct vc_piv *p, uk_buf *out)
{
	bool as_delivered;
	uint8_t alg = vc_piv_admin_alg(p, &as_delivered);

	uk_put_tlv_u8(out, TAG_ALG, alg);
	uk_put_tlv_u16(out, TAG_POLICY, TOUCH_NEVER);
	uk_put_tlv_u8(out, TAG_DEFAULT, as_delivered);
	return UK_SW_OK;
}

/* The content of 7F49, without that tag. */
static uk_err put_public(struct vc_piv *p, uk_bytes key, uk_buf *out)
{
	uint8_t storage[VC_SIG_MAX + 32];
	uk_buf b = UK_BUF(storage);
	uk_bytes content;

	UK_TRY(vc_key_put_public(p->app.home.crypto, key, &b));
	UK_TRY(uk_tlv_only(uk_buf_view(&b), 0x7f49, &content));
	uk_put_tlv(out, TAG_PUBLIC, content);
	return uk_buf_result(out);
}

static uint16_t tell_key(struct vc_piv *p, uint8_t ref, uk_buf *out)
{
	uk_bytes key = vc_piv_key(p, ref);
	struct vc_piv_info info = vc_piv_info(p, ref);

	if (key.n == 0)
		return UK_SW_NO_REF;
	uk_put_tlv_u8(out, TAG_ALG, vc_piv_alg_of(key));
	uk_put_tlv_u16(
	    out, TAG_POLICY, (uint16_t)(info.policy << 8 | info.touch));
	uk_put_tlv_u8(out, TAG_ORIGIN, info.origin);
	return vc_sw(put_public(p, key, out));
}

uint16_t vc_piv_metadata(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);

	p->fresh = false;
	if (cmd->p1 != 0)
		return UK_SW_P1P2;
	switch (cmd->p2) {
	case VC_PIV_REF_PIN:
	case VC_PIV_REF_PUK:
		return tell_pin(p, cmd->p2, out);
	case VC_PIV_REF_ADMIN:
		return tell_admin(p, out);
	default:
		return tell_key(p, cmd->p2, out);
	}
}

/* --- IMPORT ASYMMETRIC KEY -------------------------------------------------
 */

/* The exponents and the coefficient (03 to 05) the card works out itself. */
static bool take(const struct vc_piv *p, const uk_tlv *t,
    struct vc_key_parts *parts, struct vc_piv_info *info)
{
	switch (t->tag) {
	case IMPORT_P:
		parts->p = t->value;
		return true;
	case IMPORT_Q:
		parts->q = t->value;
		return true;
	case IMPORT_SCALAR:
		parts->d = t->value;
		return true;
	default:
		return (t->tag > IMPORT_Q && t->tag <= IMPORT_QINV) ||
		       vc_piv_take_policy(p, t, info);
	}
}

static uint16_t bring(struct vc_piv *p, uint8_t ref, uint8_t kind, uk_bytes v)
{
	struct vc_piv_info info = { .origin = VC_PIV_BROUGHT };
	struct vc_key_parts parts = { UK_NONE, UK_NONE, UK_NONE };
	uk_reader r = uk_read(v);
	uk_tlv t;
	uk_err err;

	UK_TLV_EACH (r, t) {
		if (!take(p, &t, &parts, &info))
			return UK_SW_DATA;
	}
	if (!uk_is_ok(uk_read_end(&r)))
		return UK_SW_DATA;
	err = vc_piv_bring_key(p, ref, kind, &info, &parts);
	if (uk_is(err, UK_ERR_FORMAT))
		return UK_SW_DATA;
	return uk_is_ok(err) ? vc_piv_commit(p) : vc_sw(err);
}

uint16_t vc_piv_import(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	uint8_t kind = vc_piv_kind_of(cmd->p1);

	(void)out;
	p->fresh = false;
	if (kind == 0 || vc_piv_slot(p, cmd->p2) == NULL)
		return UK_SW_P1P2;
	if (!p->admin)
		return UK_SW_SECURITY;
	return bring(p, cmd->p2, kind, cmd->data);
}

/* --- tries, reset, management key ------------------------------------------
 */

/* PIN and PUK go back to what they were when the card was delivered. */
uint16_t vc_piv_set_tries(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	uk_err err;

	(void)out;
	p->fresh = false;
	if (cmd->p1 == 0 || cmd->p1 > TRIES_MAX || cmd->p2 == 0 ||
	    cmd->p2 > TRIES_MAX)
		return UK_SW_P1P2;
	if (!p->admin || !p->pin)
		return UK_SW_SECURITY;
	err = vc_piv_put_first_pins(p, cmd->p1, cmd->p2);
	return uk_is_ok(err) ? vc_piv_commit(p) : vc_sw(err);
}

static bool is_blocked(const struct vc_piv *p, uint8_t ref)
{
	return vc_pin_state(&p->app.home, ref).left == 0;
}

/* Keys and objects go; the serial number stays. */
static uk_err refill(struct vc_piv *p)
{
	const struct vc_home *h = &p->app.home;
	uint8_t serial[VC_PIV_SERIAL];

	UK_TRY(uk_copy_exact(serial, sizeof(serial),
	    vc_piv_get(p, VC_NV_DATA, VC_PIV_SET_SERIAL)));
	vc_nv_drop_app(h->nv, h->app);
	UK_TRY(vc_piv_put(p, VC_NV_DATA, VC_PIV_SET_SERIAL, UK_ARRAY(serial)));
	return vc_piv_fill(p);
}

/* Only when there is no other way left. */
uint16_t vc_piv_reset(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	uint16_t sw;
	uk_err err;

	(void)out;
	p->fresh = false;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (!is_blocked(p, VC_PIV_REF_PIN) || !is_blocked(p, VC_PIV_REF_PUK))
		return UK_SW_CONDITIONS;
	err = refill(p);
	sw = uk_is_ok(err) ? vc_piv_commit(p) : vc_sw(err);
	if (sw == UK_SW_OK)
		vc_piv_forget(app);
	return sw;
}

/* P2 FE would mean: only with a touch. */
uint16_t vc_piv_set_admin_key(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	uk_reader r = uk_read(cmd->data);
	uint8_t alg = uk_get_u8(&r), ref = uk_get_u8(&r);
	uk_bytes key = uk_get(&r, uk_get_u8(&r));
	uk_err err;

	(void)out;
	p->fresh = false;
	if (cmd->p1 != P_SET_KEY || cmd->p2 != P_SET_KEY)
		return UK_SW_P1P2;
	if (!p->admin)
		return UK_SW_SECURITY;
	if (!uk_is_ok(uk_read_end(&r)) || ref != VC_PIV_REF_ADMIN)
		return UK_SW_DATA;
	err = vc_piv_put_admin_key(p, alg, key);
	if (uk_is(err, UK_ERR_ARGUMENT))
		return UK_SW_DATA;
	return uk_is_ok(err) ? vc_piv_commit(p) : vc_sw(err);
}
