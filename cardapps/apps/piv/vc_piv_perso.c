/* The personaliser's door: the same steps as the commands, without their
 * conditions. */
#include "vc_piv_perso.h"

#include "vc_pins.h"
#include "vc_piv.h"

enum { TAG_CERT = 0x70, TAG_CERT_INFO = 0x71, TAG_CHECK = 0xfe, GZIP = 0x01 };

static uint8_t usual_tries(const struct vc_piv *p, uint8_t ref)
{
	return ref == VC_PIV_REF_PUK ? vc_piv_traits(p)->puk_tries
				     : vc_piv_traits(p)->pin_tries;
}

uk_err vc_piv_set_pin(
    struct vc_app *app, uint8_t ref, uint8_t tries, const uk_pin *pin)
{
	struct vc_piv *p = vc_piv_of(app);
	uint8_t field[VC_PIV_FIELD];
	uk_buf b = UK_BUF(field);
	uk_err err;

	uk_put(&b, uk_pin_view(pin));
	uk_put_fill(&b, 0xff, uk_buf_left(&b));
	if (!uk_is_ok(uk_buf_result(&b)))
		return uk_fail(UK_ERR_PIN_LENGTH);
	err = vc_piv_put_pin(
	    p, ref, tries == 0 ? usual_tries(p, ref) : tries, UK_ARRAY(field));
	uk_wipe(field, sizeof(field));
	return err;
}

uk_err vc_piv_leave_tries(struct vc_app *app, uint8_t ref, uint8_t left)
{
	return vc_pin_limit(&app->home, ref, left);
}

uk_err vc_piv_set_global(struct vc_app *app, bool primary)
{
	return vc_piv_put_pin_usage(vc_piv_of(app),
	    primary ? VC_PIV_GLOBAL_PRIMARY : VC_PIV_GLOBAL_SECONDARY);
}

uk_err vc_piv_set_management_key(struct vc_app *app, uint8_t alg, uk_bytes key)
{
	return vc_piv_put_admin_key(vc_piv_of(app), alg, key);
}

uk_err vc_piv_set_object(struct vc_app *app, uint32_t tag, uk_bytes content)
{
	return vc_piv_put_object(vc_piv_of(app), tag, content);
}

/* 70 certificate, 71 01 info, FE 00: part 1, table 10. */
uk_err vc_piv_set_cert(
    struct vc_app *app, uint8_t ref, uk_bytes cert, bool gzip)
{
	struct vc_piv *p = vc_piv_of(app);
	const struct vc_piv_slot *slot = vc_piv_slot(p, ref);
	size_t cap = cert.n + 16;
	uint8_t *storage;
	uk_buf b;
	uk_err err;

	if (slot == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	if (cert.n > vc_piv_traits(p)->object_max)
		return uk_fail(UK_ERR_TOO_SMALL);
	if ((storage = uk_new(cap)) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	b = uk_buf_over(storage, cap);
	uk_put_tlv(&b, TAG_CERT, cert);
	uk_put_tlv_u8(&b, TAG_CERT_INFO, gzip ? GZIP : 0);
	uk_put_tlv(&b, TAG_CHECK, UK_NONE);
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = vc_piv_put_object(
		    p, slot->cert + ref - slot->first, uk_buf_view(&b));
	uk_free(storage);
	return err;
}

uk_err vc_piv_make_key(struct vc_app *app, uint8_t slot, uint8_t alg,
    uint8_t policy, uk_buf *public)
{
	struct vc_piv *p = vc_piv_of(app);
	uint8_t kind = vc_piv_kind_of(alg);
	struct vc_piv_info info = { .policy = policy, .origin = VC_PIV_MADE };

	if (vc_piv_slot(p, slot) == NULL || kind == 0 || policy > VC_PIV_ALWAYS)
		return uk_fail(UK_ERR_ARGUMENT);
	return vc_piv_new_key(p, slot, kind, &info, public);
}

uk_err vc_piv_import_key(struct vc_app *app, uint8_t slot, uint8_t alg,
    uint8_t policy, const struct vc_key_parts *parts)
{
	struct vc_piv *p = vc_piv_of(app);
	uint8_t kind = vc_piv_kind_of(alg);
	struct vc_piv_info info = { .policy = policy,
		.origin = VC_PIV_BROUGHT };

	if (vc_piv_slot(p, slot) == NULL || kind == 0 || policy > VC_PIV_ALWAYS)
		return uk_fail(UK_ERR_ARGUMENT);
	return vc_piv_bring_key(p, slot, kind, &info, parts);
}

uk_err vc_piv_save(struct vc_app *app)
{
	return vc_nv_commit(app->home.nv);
}
