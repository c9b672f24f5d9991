/* The registry's objects, and the life cycles in them. */
#include "vc_record.h"

#include "tlv.h"

enum {
	VERSION = 1,
	REF_CARD = 0x0000,
	REF_INSTANCE = 0x0100,
	RECORD_MAX = 96,
	TAG_VERSION = 0x80,
	TAG_KIND = 0x80,
	TAG_LIFE = 0x81,
	TAG_AID = 0x4f,
	TAG_PACKAGE = 0xc4,
	TAG_PRIVILEGES = 0xc5
};

static struct vc_nv_id id_of(uint16_t ref)
{
	return (struct vc_nv_id){ VC_RECORD_SYSTEM, VC_NV_DATA, ref };
}

static struct vc_nv_id id_of_instance(uint8_t number)
{
	return id_of((uint16_t)(REF_INSTANCE + number));
}

static bool get_bytes(uk_bytes v, uint32_t tag, uint8_t *field, size_t n)
{
	uk_bytes value;

	return uk_tlv_find(v, tag, &value) &&
	       uk_is_ok(uk_copy_exact(field, n, value));
}

/* --- instances -------------------------------------------------------------
 */

bool vc_record_there(struct vc_nv *nv, uint8_t number)
{
	uk_bytes v;

	return vc_nv_get(nv, id_of_instance(number), &v);
}

bool vc_record_get(struct vc_nv *nv, uint8_t number, struct vc_record *out)
{
	uk_bytes v;
	bool good;

	*out = (struct vc_record){ 0 };
	good = vc_nv_get(nv, id_of_instance(number), &v) &&
	       uk_tlv_find(v, TAG_KIND, &out->kind) &&
	       uk_tlv_find(v, TAG_AID, &out->aid) &&
	       uk_tlv_find(v, TAG_PACKAGE, &out->package) &&
	       get_bytes(v, TAG_LIFE, &out->life, 1) &&
	       get_bytes(v, TAG_PRIVILEGES, out->privileges, VC_PRIV_SIZE);
	if (!good)
		*out = (struct vc_record){ 0 };
	return good;
}

uk_err vc_record_put(
    struct vc_nv *nv, uint8_t number, const struct vc_record *r)
{
	uint8_t storage[RECORD_MAX];
	uk_buf b = UK_BUF(storage);

	uk_put_tlv(&b, TAG_KIND, r->kind);
	uk_put_tlv(&b, TAG_AID, r->aid);
	uk_put_tlv(&b, TAG_PRIVILEGES, UK_ARRAY(r->privileges));
	uk_put_tlv_u8(&b, TAG_LIFE, r->life);
	uk_put_tlv(&b, TAG_PACKAGE, r->package);
	UK_TRY(uk_buf_result(&b));
	return vc_nv_put(nv, id_of_instance(number), uk_buf_view(&b));
}

void vc_record_drop(struct vc_nv *nv, uint8_t number)
{
	vc_nv_drop(nv, id_of_instance(number));
}

/* --- the card --------------------------------------------------------------
 */

uk_err vc_record_get_card(struct vc_nv *nv, uint8_t *life)
{
	uk_bytes v;
	uint8_t version;

	if (!vc_nv_get(nv, id_of(REF_CARD), &v))
		return uk_fail(UK_ERR_NOT_FOUND);
	if (!get_bytes(v, TAG_VERSION, &version, 1))
		return uk_fail(UK_ERR_FORMAT);
	if (version != VERSION)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return get_bytes(v, TAG_LIFE, life, 1) ? uk_ok()
					       : uk_fail(UK_ERR_FORMAT);
}

uk_err vc_record_put_card(struct vc_nv *nv, uint8_t life)
{
	uint8_t storage[8];
	uk_buf b = UK_BUF(storage);

	uk_put_tlv_u8(&b, TAG_VERSION, VERSION);
	uk_put_tlv_u8(&b, TAG_LIFE, life);
	return vc_nv_put(nv, id_of(REF_CARD), uk_buf_view(&b));
}

/* --- life cycles and privileges --------------------------------------------
 */

uint8_t vc_app_life(const struct vc_app *app)
{
	struct vc_record r;

	return vc_record_get(app->home.nv, app->home.app, &r) ? r.life : 0;
}

uk_err vc_app_set_life(struct vc_app *app, uint8_t life)
{
	struct vc_record r;

	if (!vc_record_get(app->home.nv, app->home.app, &r))
		return uk_fail(UK_ERR_NOT_FOUND);
	r.life = life;
	return vc_record_put(app->home.nv, app->home.app, &r);
}

void vc_app_privileges(const struct vc_app *app, uint8_t out[VC_PRIV_SIZE])
{
	struct vc_record r;

	/* A record that is not there gives no privileges. */
	(void)vc_record_get(app->home.nv, app->home.app, &r);
	for (size_t i = 0; i < VC_PRIV_SIZE; i++)
		out[i] = r.privileges[i];
}

uk_err vc_app_set_privileges(
    struct vc_app *app, const uint8_t privileges[VC_PRIV_SIZE])
{
	struct vc_record r;

	if (!vc_record_get(app->home.nv, app->home.app, &r))
		return uk_fail(UK_ERR_NOT_FOUND);
	for (size_t i = 0; i < VC_PRIV_SIZE; i++)
		r.privileges[i] = privileges[i];
	return vc_record_put(app->home.nv, app->home.app, &r);
}

bool vc_app_has(const struct vc_app *app, enum vc_privilege which)
{
	uint8_t privileges[VC_PRIV_SIZE];

	vc_app_privileges(app, privileges);
	return (privileges[0] & which) != 0;
}

bool vc_app_selectable(const struct vc_app *app)
{
	uint8_t card = vc_registry_card_life(app->home.registry);
	uint8_t life = vc_app_life(app);

	if (card == VC_CARD_LOCKED || card == VC_CARD_TERMINATED)
		return vc_app_has(app, VC_PRIV_SECURITY_DOMAIN);
	return (life & VC_LIFE_LOCKED) == 0 &&
	       (life & VC_LIFE_SELECTABLE) == VC_LIFE_SELECTABLE;
}
