/* Settings, the status template, lifecycle: profile sections 1.1 and 7. */
#include "vc_ukey.h"

#include "tlv.h"
#include "vc_pins.h"
#include "vc_registry.h"

enum {
	LIFE_CREATION = 0x01,
	LIFE_OPERATIONAL = 0x05,
	DATA_LENGTH_MAX = 0xfff0, /* of one command or answer */
	STATUS_P1P2 = 0x0101,
	PUT_P1P2 = 0x3fff
};

uk_bytes vc_ukey_get(const struct vc_ukey *u, enum vc_ukey_setting which)
{
	const struct vc_home *h = &u->app.home;
	uk_bytes v;

	(void)vc_nv_get(h->nv, vc_home_id(h, VC_NV_DATA, (uint16_t)which), &v);
	return v;
}

uk_err vc_ukey_put(
    struct vc_ukey *u, enum vc_ukey_setting which, uk_bytes value)
{
	const struct vc_home *h = &u->app.home;

	return vc_nv_put(
	    h->nv, vc_home_id(h, VC_NV_DATA, (uint16_t)which), value);
}

bool vc_ukey_in_creation(const struct vc_ukey *u)
{
	uk_bytes v = vc_ukey_get(u, VC_UKEY_SET_LIFECYCLE);

	return v.n == 1 && v.p[0] == LIFE_CREATION;
}

uk_err vc_ukey_bump(struct vc_ukey *u)
{
	uk_reader r = uk_read(vc_ukey_get(u, VC_UKEY_SET_VERSION));
	uint8_t storage[4], mark[VC_UKEY_MARK];
	uk_buf next = UK_BUF(storage);

	UK_TRY(vc_random(u->app.home.crypto, mark, sizeof(mark)));
	UK_TRY(vc_ukey_put(u, VC_UKEY_SET_MARK, UK_ARRAY(mark)));
	uk_put_u32(&next, uk_get_u32(&r) + 1);
	return vc_ukey_put(u, VC_UKEY_SET_VERSION, uk_buf_view(&next));
}

uint16_t vc_ukey_commit(struct vc_ukey *u)
{
	uk_err err = vc_ukey_bump(u);

	if (uk_is_ok(err))
		err = vc_nv_commit(u->app.home.nv);
	return vc_sw(err);
}

/* One reference of 83, and the PIN object whose counter it shows. */
static void put_reference(
    struct vc_ukey *u, uint8_t ref, uint8_t object, uk_buf *out)
{
	struct vc_pin_state s = vc_pin_state(&u->app.home, object);

	uk_put_u8(out, ref);
	uk_put_u8(out, s.max);
	uk_put_u8(out, s.left);
}

/* What is written, and whether there are others on the card now. Those that
 * manage the card are nothing to look for. */
static uint8_t flags_now(const struct vc_ukey *u)
{
	const struct vc_registry *reg = u->app.home.registry;
	uk_bytes flags = vc_ukey_get(u, VC_UKEY_SET_FLAGS);
	uint8_t now = flags.n == 1 ? flags.p[0] : 0;

	for (size_t i = 0; i < vc_registry_count(reg); i++) {
		const struct vc_app *app = vc_registry_at(reg, i);

		if (app != &u->app && vc_app_selectable(app) &&
		    !vc_app_has(app, VC_PRIV_SECURITY_DOMAIN))
			now |= VC_UKEY_NOT_ALONE;
	}
	return now;
}

void vc_ukey_put_status(struct vc_ukey *u, uk_buf *out)
{
	size_t at;

	uk_put_tlv_u16(out, 0x80, 0x0102); /* profile 1.2 */
	uk_put_tlv(out, 0x81, vc_ukey_get(u, VC_UKEY_SET_SERIAL));
	uk_put_tlv(out, 0x82, vc_ukey_get(u, VC_UKEY_SET_VERSION));
	at = uk_tlv_begin(out, 0x83);
	put_reference(u, VC_UKEY_PIN, VC_UKEY_PIN, out);
	put_reference(u, VC_UKEY_CONSENT, VC_UKEY_PIN, out);
	put_reference(u, VC_UKEY_PUK, VC_UKEY_PUK, out);
	uk_tlv_end(out, at);
	uk_put_tlv_u32(
	    out, 0x84, (uint32_t)DATA_LENGTH_MAX << 16 | DATA_LENGTH_MAX);
	uk_put_tlv_u8(out, 0x85, flags_now(u));
	uk_put_tlv(out, 0x50, vc_ukey_get(u, VC_UKEY_SET_LABEL));
	if (vc_ukey_get(u, VC_UKEY_SET_MARK).n > 0)
		uk_put_tlv(out, 0x86, vc_ukey_get(u, VC_UKEY_SET_MARK));
}

uint16_t vc_ukey_get_data(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	if ((cmd->p1 << 8 | cmd->p2) != STATUS_P1P2)
		return UK_SW_NO_REF;
	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	vc_ukey_put_status(vc_ukey_of(app), out);
	return UK_SW_OK;
}

/* --- PUT DATA --------------------------------------------------------------
 */

static uk_err put_serial(struct vc_ukey *u, uk_bytes v)
{
	if (v.n != VC_UKEY_SERIAL)
		return uk_fail(UK_ERR_FORMAT);
	return vc_ukey_put(u, VC_UKEY_SET_SERIAL, v);
}

static uk_err put_label(struct vc_ukey *u, uk_bytes v)
{
	if (v.n == 0 || v.n > VC_UKEY_LABEL_MAX)
		return uk_fail(UK_ERR_FORMAT);
	return vc_ukey_put(u, VC_UKEY_SET_LABEL, v);
}

static uk_err put_flags(struct vc_ukey *u, uk_bytes v)
{
	if (v.n != 1 || (v.p[0] & ~VC_UKEY_WANTS_PROOF) != 0)
		return uk_fail(UK_ERR_FORMAT);
	return vc_ukey_put(u, VC_UKEY_SET_FLAGS, v);
}

/* 83 01 10, 86 04||x||y */
static uk_err put_bank_key(struct vc_ukey *u, uk_bytes v)
{
	uk_bytes ref, point;

	if (!uk_tlv_find(v, 0x83, &ref) || ref.n != 1 ||
	    ref.p[0] != VC_UKEY_KEY_BANK || !uk_tlv_find(v, 0x86, &point))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(vc_p256_check(u->app.home.crypto, point));
	return vc_ukey_put(u, VC_UKEY_SET_BANK, point);
}

/* What PUT DATA knows. Most of it belongs to personalisation; the label is also
 * the security officer's, and keys say themselves who may. */
enum condition { IN_CREATION, OR_OFFICER };

static const struct setter {
	uint32_t tag;
	enum condition when;
	uk_err (*put)(struct vc_ukey *u, uk_bytes v);
} setters[] = {
	{ 0x81, IN_CREATION, put_serial },
	{ 0x50, OR_OFFICER, put_label },
	{ 0x85, IN_CREATION, put_flags },
	{ 0x7f49, IN_CREATION, put_bank_key },
};

enum { TAG_PRIVATE = 0x7f48 };

static bool may_put(const struct vc_ukey *u, const struct setter *s)
{
	return vc_ukey_in_creation(u) || (s->when == OR_OFFICER && u->puk);
}

static uint16_t put_setting(
    struct vc_ukey *u, const struct setter *s, uk_bytes v)
{
	uk_err err;

	if (!may_put(u, s))
		return UK_SW_CONDITIONS;
	err = s->put(u, v);
	return uk_is(err, UK_ERR_FORMAT) ? UK_SW_DATA : vc_sw(err);
}

static uint16_t put_object(struct vc_ukey *u, const uk_tlv *t)
{
	if (t->tag == TAG_PRIVATE)
		return vc_ukey_put_private(u, t->value);
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
		if (setters[i].tag == t->tag)
			return put_setting(u, &setters[i], t->value);
	}
	return UK_SW_DATA;
}

uint16_t vc_ukey_put_data(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	uk_reader r = uk_read(cmd->data);
	uint16_t sw = UK_SW_OK;
	uk_tlv t;

	(void)out;
	if ((cmd->p1 << 8 | cmd->p2) != PUT_P1P2)
		return UK_SW_P1P2;
	if (cmd->data.n == 0)
		return UK_SW_LENGTH;
	while (sw == UK_SW_OK && uk_tlv_next(&r, &t))
		sw = put_object(u, &t);
	if (sw != UK_SW_OK)
		return sw;
	return uk_is_ok(uk_read_end(&r)) ? vc_ukey_commit(u) : UK_SW_DATA;
}

/* --- ACTIVATE --------------------------------------------------------------
 */

uint16_t vc_ukey_activate(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	static const uint8_t operational[] = { LIFE_OPERATIONAL };
	struct vc_ukey *u = vc_ukey_of(app);
	uk_bytes key;
	uk_err err;

	(void)out;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	if (!vc_ukey_in_creation(u) ||
	    vc_pin_state(&app->home, VC_UKEY_PIN).max == 0 ||
	    vc_pin_state(&app->home, VC_UKEY_PUK).max == 0 ||
	    !vc_ukey_key(u, VC_UKEY_KEY_AUTH, &key))
		return UK_SW_CONDITIONS;
	err = vc_ukey_put(u, VC_UKEY_SET_LIFECYCLE, UK_ARRAY(operational));
	return uk_is_ok(err) ? vc_ukey_commit(u) : vc_sw(err);
}
