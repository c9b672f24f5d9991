/* Data objects: SP 800-73-4 part 1, tables 2 and 3; part 2, 3.1.2 and 3.3.1. */
#include "vc_piv.h"

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

enum {
	P1P2 = 0x3fff,
	TAG_LIST = 0x5c,
	TAG_DATA = 0x53,
	TAG_DISCOVERY = 0x7e,
	TAG_BIOMETRIC_GROUP = 0x7f61,
	TAG_AID = 0x4f,
	TAG_PIN_USAGE = 0x5f2f
};

enum read_rule { ALWAYS, PIN };

/* Tags first..last; two bytes of a tag are its reference in memory. */
static const struct object {
	uint32_t first, last;
	enum read_rule read;
	bool yubico;
} objects[] = {
	{ TAG_DISCOVERY, TAG_DISCOVERY, ALWAYS, false },
	{ TAG_BIOMETRIC_GROUP, TAG_BIOMETRIC_GROUP, ALWAYS, false },
	{ 0x5fc101, 0x5fc102, ALWAYS, false }, /* certificate 9E, CHUID */
	{ 0x5fc103, 0x5fc103, PIN, false },    /* fingerprints */
	{ 0x5fc105, 0x5fc107, ALWAYS, false }, /* 9A, security object, CCC */
	{ 0x5fc108, 0x5fc109, PIN, false },    /* face, printed information */
	{ 0x5fc10a, 0x5fc120, ALWAYS, false }, /* 9C, 9D, history, retired */
	{ 0x5fc121, 0x5fc121, PIN, false },    /* iris */
	{ 0x5fc122, 0x5fc122, ALWAYS, false }, /* signer of secure messaging */
	{ 0x5fc123, 0x5fc123, PIN, false },    /* pairing code */
	{ 0x5fff00, 0x5fff15, ALWAYS, true },
};

static const struct object *find(const struct vc_piv *p, uint32_t tag)
{
	for (size_t i = 0; i < COUNT(objects); i++) {
		const struct object *o = &objects[i];

		if (tag >= o->first && tag <= o->last)
			return o->yubico && !vc_piv_traits(p)->yubico ? NULL
								      : o;
	}
	return NULL;
}

static uint16_t ref_of(uint32_t tag)
{
	return (uint16_t)(tag & 0xffff);
}

/* Those two are templates of their own; all others come in a 53. */
static uint32_t wrapper_of(uint32_t tag)
{
	return tag == TAG_DISCOVERY || tag == TAG_BIOMETRIC_GROUP ? tag
								  : TAG_DATA;
}

uk_err vc_piv_put_object(struct vc_piv *p, uint32_t tag, uk_bytes content)
{
	if (find(p, tag) == NULL)
		return uk_fail(UK_ERR_NOT_FOUND);
	if (content.n > vc_piv_traits(p)->object_max)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (content.n > 0 || vc_piv_traits(p)->keeps_empty)
		return vc_piv_put(p, VC_NV_FILE, ref_of(tag), content);
	vc_nv_drop(p->app.home.nv, vc_piv_id(p, VC_NV_FILE, ref_of(tag)));
	return uk_ok();
}

/* --- the discovery object --------------------------------------------------
 */

uint16_t vc_piv_pin_usage(const struct vc_piv *p)
{
	uk_bytes usage;
	uk_reader r;

	if (!uk_tlv_find(vc_piv_get(p, VC_NV_FILE, TAG_DISCOVERY),
		TAG_PIN_USAGE, &usage))
		return VC_PIV_APP_PIN;
	r = uk_read(usage);
	return uk_get_u16(&r);
}

uk_err vc_piv_put_pin_usage(struct vc_piv *p, uint16_t usage)
{
	uint8_t storage[2 + VC_AID_MAX + 5];
	uk_buf b = UK_BUF(storage);

	uk_put_tlv(&b, TAG_AID, vc_app_aid(&p->app));
	uk_put_tlv_u16(&b, TAG_PIN_USAGE, usage);
	UK_TRY(uk_buf_result(&b));
	return vc_piv_put_object(p, TAG_DISCOVERY, uk_buf_view(&b));
}

/* No fingerprints, no virtual contacts. */
static bool is_our_usage(uint16_t usage)
{
	return usage == VC_PIV_APP_PIN || usage == VC_PIV_GLOBAL_SECONDARY ||
	       usage == VC_PIV_GLOBAL_PRIMARY;
}

static bool is_our_discovery(const struct vc_piv *p, uk_bytes content)
{
	uk_bytes aid, usage;
	uk_reader r;

	if (!uk_tlv_find(content, TAG_AID, &aid) ||
	    !uk_bytes_eq(aid, vc_app_aid(&p->app)) ||
	    !uk_tlv_find(content, TAG_PIN_USAGE, &usage) || usage.n != 2)
		return false;
	r = uk_read(usage);
	return is_our_usage(uk_get_u16(&r));
}

/* --- GET DATA --------------------------------------------------------------
 */

/* The tag that 5C lists: one, of one to three bytes. */
static bool get_tag(uk_bytes list, uint32_t *tag)
{
	*tag = 0;
	for (size_t i = 0; i < list.n; i++)
		*tag = *tag << 8 | list.p[i];
	return list.n >= 1 && list.n <= 3;
}

uint16_t vc_piv_get_data(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	const struct object *o;
	uk_bytes list, content;
	uint32_t tag;

	p->fresh = false;
	if ((cmd->p1 << 8 | cmd->p2) != P1P2)
		return UK_SW_P1P2;
	if (!uk_is_ok(uk_tlv_only(cmd->data, TAG_LIST, &list)) ||
	    !get_tag(list, &tag))
		return UK_SW_DATA;
	if ((o = find(p, tag)) == NULL)
		return UK_SW_NO_FILE;
	if (o->read == PIN && !vc_piv_is_open(p))
		return UK_SW_SECURITY;
	if (!vc_nv_get(p->app.home.nv, vc_piv_id(p, VC_NV_FILE, ref_of(tag)),
		&content))
		return UK_SW_NO_FILE;
	uk_put_tlv(out, wrapper_of(tag), content);
	return UK_SW_OK;
}

/* --- PUT DATA --------------------------------------------------------------
 */

struct new_object {
	uint32_t tag;
	uk_bytes content;
};

/* 5C tag, 53 content; or 7E, or 7F61, as they are read. */
static bool get_new_object(uk_bytes data, struct new_object *new)
{
	uk_reader r = uk_read(data);
	uk_tlv first, second;

	if (!uk_tlv_next(&r, &first))
		return false;
	if (first.tag == TAG_DISCOVERY || first.tag == TAG_BIOMETRIC_GROUP) {
		*new = (struct new_object){ first.tag, first.value };
		return uk_is_ok(uk_read_end(&r));
	}
	if (first.tag != TAG_LIST || !get_tag(first.value, &new->tag) ||
	    wrapper_of(new->tag) != TAG_DATA || !uk_tlv_next(&r, &second) ||
	    second.tag != TAG_DATA)
		return false;
	new->content = second.value;
	return uk_is_ok(uk_read_end(&r));
}

uint16_t vc_piv_put_data(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	struct new_object new;
	uk_err err;

	(void)out;
	p->fresh = false;
	if ((cmd->p1 << 8 | cmd->p2) != P1P2)
		return UK_SW_P1P2;
	if (!p->admin)
		return UK_SW_SECURITY;
	if (!get_new_object(cmd->data, &new) ||
	    (new.tag == TAG_DISCOVERY && !is_our_discovery(p, new.content)))
		return UK_SW_DATA;
	err = vc_piv_put_object(p, new.tag, new.content);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		return UK_SW_FUNCTION;
	return uk_is_ok(err) ? vc_piv_commit(p) : vc_sw(err);
}
