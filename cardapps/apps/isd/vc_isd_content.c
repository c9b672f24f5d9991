/* INSTALL and DELETE: 2.3.1, 11.5 and 11.2. */
#include "vc_isd.h"

#include "tlv.h"

enum {
	FOR_LOAD = 0x02,
	FOR_INSTALL = 0x04,
	FOR_SELECTABLE = 0x08,
	FOR_BOTH = 0x0c,
	FOR_ALL = 0x0e, /* in one: P2 01 begins, 03 ends */
	FOR_PERSO = 0x20,
	FOR_REGISTRY = 0x40,
	ALL_BEGINS = 0x01,
	ALL_ENDS = 0x03,
	LV_MAX = 255,
	NO_CONFIRMATION = 0x00
};

uk_bytes vc_isd_get_lv(uk_reader *r, size_t max)
{
	size_t n = uk_get_u8(r);
	uk_bytes v = uk_get(r, n);

	if (n > max)
		r->bad = true;
	return v;
}

/* Fields of INSTALL other than for load: tables 11-42 to 11-46. */
struct fields {
	uk_bytes package, module, aid, privileges, params, token;
};

static bool get_fields(uk_reader *r, struct fields *f)
{
	f->package = vc_isd_get_lv(r, VC_AID_MAX);
	f->module = vc_isd_get_lv(r, VC_AID_MAX);
	f->aid = vc_isd_get_lv(r, VC_AID_MAX);
	f->privileges = vc_isd_get_lv(r, VC_PRIV_SIZE);
	f->params = vc_isd_get_lv(r, LV_MAX);
	f->token = vc_isd_get_lv(r, LV_MAX);
	return uk_is_ok(uk_read_end(r)) && f->privileges.n != 2;
}

/* --- privileges ------------------------------------------------------------
 */

static bool another_is_default(
    const struct vc_registry *reg, const struct vc_app *self)
{
	for (size_t i = 0; i < vc_registry_count(reg); i++) {
		struct vc_app *app = vc_registry_at(reg, i);

		if (app != self && vc_app_has(app, VC_PRIV_DEFAULT_SELECTED))
			return true;
	}
	return false;
}

/* Those of a security domain are not for others; default selected is one. */
static uint16_t take_privileges(const struct vc_isd *d, uk_bytes said,
    const struct vc_app *self, uint8_t out[VC_PRIV_SIZE])
{
	const uint8_t usual = VC_PRIV_CARD_LOCK | VC_PRIV_CARD_TERMINATE |
			      VC_PRIV_DEFAULT_SELECTED | VC_PRIV_CVM;
	uk_buf b = uk_buf_over(out, VC_PRIV_SIZE);

	uk_put(&b, said);
	uk_put_fill(&b, 0, uk_buf_left(&b));
	if ((out[0] & ~usual) != 0 || out[1] != 0 || out[2] != 0)
		return UK_SW_DATA;
	if ((out[0] & VC_PRIV_DEFAULT_SELECTED) != 0 &&
	    another_is_default(d->app.home.registry, self))
		return UK_SW_CONDITIONS;
	return UK_SW_OK;
}

/* --- INSTALL ---------------------------------------------------------------
 */

static uint16_t sw_of_install(uk_err err)
{
	if (uk_is(err, UK_ERR_EXISTS))
		return UK_SW_CONDITIONS;
	return uk_is(err, UK_ERR_FORMAT) ? UK_SW_DATA : vc_sw(err);
}

/* C9 among the parameters; what else there may be (EF, C8, CA, EA) is about
 * memory and contactless use, which this card does not limit. */
static bool get_params(uk_bytes v, uk_bytes *out)
{
	uk_reader r = uk_read(v);
	uk_tlv t;

	*out = UK_NONE;
	UK_TLV_EACH (r, t) {
		if (t.tag == 0xc9)
			*out = t.value;
	}
	return uk_is_ok(uk_read_end(&r));
}

static uint16_t install_app(
    struct vc_isd *d, const struct fields *f, uint8_t life)
{
	struct vc_registry *reg = d->app.home.registry;
	struct vc_new_app new = { .aid = f->aid, .life = life };
	struct vc_load_file file;
	uint16_t sw;

	if (f->aid.n == 0 || !get_params(f->params, &new.params))
		return UK_SW_DATA;
	if (!vc_load_file_find(d->app.home.nv, f->package, &file) ||
	    !vc_load_file_has(&file, f->module))
		return UK_SW_NO_REF;
	/* On the card, but nothing that this program can run. */
	if ((new.kind = vc_registry_kind_of(reg, f->package, f->module)) ==
	    NULL)
		return UK_SW_DATA;
	if (new.kind == &vc_isd_ops)
		return UK_SW_DATA;
	sw = take_privileges(d, f->privileges, NULL, new.privileges);
	if (sw != UK_SW_OK)
		return sw;
	return sw_of_install(vc_registry_add(reg, &new, NULL));
}

static uint16_t install(struct vc_isd *d, const struct fields *f)
{
	return install_app(d, f, VC_LIFE_INSTALLED);
}

static uint16_t install_selectable(struct vc_isd *d, const struct fields *f)
{
	return install_app(d, f, VC_LIFE_SELECTABLE);
}

static struct vc_app *named(const struct vc_isd *d, const struct fields *f)
{
	return vc_registry_find(d->app.home.registry, f->aid);
}

static uint16_t update(
    struct vc_isd *d, struct vc_app *app, const struct fields *f, uint8_t life)
{
	uint8_t privileges[VC_PRIV_SIZE];
	uint16_t sw = take_privileges(d, f->privileges, app, privileges);

	if (sw == UK_SW_OK)
		sw = vc_sw(vc_app_set_privileges(app, privileges));
	if (sw == UK_SW_OK)
		sw = vc_sw(vc_app_set_life(app, life));
	return sw == UK_SW_OK ? vc_sw(vc_nv_commit(d->app.home.nv)) : sw;
}

static uint16_t make_selectable(struct vc_isd *d, const struct fields *f)
{
	struct vc_app *app = named(d, f);

	if (app == NULL)
		return UK_SW_NO_REF;
	if (vc_app_life(app) != VC_LIFE_INSTALLED)
		return UK_SW_CONDITIONS;
	return update(d, app, f, VC_LIFE_SELECTABLE);
}

static uint16_t update_registry(struct vc_isd *d, const struct fields *f)
{
	struct vc_app *app = named(d, f);

	if (app == NULL)
		return UK_SW_NO_REF;
	if (app == &d->app)
		return UK_SW_CONDITIONS;
	return update(d, app, f, vc_app_life(app));
}

static uint16_t personalise(struct vc_isd *d, const struct fields *f)
{
	struct vc_app *app = named(d, f);
	uk_buf b = uk_buf_over(d->target.p, VC_AID_MAX);

	d->target.n = 0;
	d->store_next = 0;
	if (app == NULL)
		return UK_SW_NO_REF;
	if (app->ops->store_data == NULL || !vc_app_selectable(app))
		return UK_SW_CONDITIONS;
	uk_put(&b, f->aid);
	d->target.n = (uint8_t)b.len;
	return UK_SW_OK;
}

static const struct purpose {
	uint8_t p1, p2;
	bool continues; /* what FOR_ALL began */
	uint16_t (*run)(struct vc_isd *d, const struct fields *f);
} purposes[] = {
	{ FOR_INSTALL, 0, false, install },
	{ FOR_SELECTABLE, 0, false, make_selectable },
	{ FOR_BOTH, 0, false, install_selectable },
	{ FOR_ALL, ALL_ENDS, true, install_selectable },
	{ FOR_PERSO, 0, false, personalise },
	{ FOR_REGISTRY, 0, false, update_registry },
};

static uint16_t run_purpose(struct vc_isd *d, const uk_cmd *cmd)
{
	uk_reader r = uk_read(cmd->data);
	bool combined = d->combined && !d->load.open;
	struct fields f;

	d->combined = false;
	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
		const struct purpose *p = &purposes[i];

		if (p->p1 != cmd->p1 || p->p2 != cmd->p2)
			continue;
		if (p->continues && !combined)
			return UK_SW_CONDITIONS;
		return get_fields(&r, &f) ? p->run(d, &f) : UK_SW_DATA;
	}
	return UK_SW_P1P2;
}

uint16_t vc_isd_install(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	bool all = cmd->p1 == FOR_ALL && cmd->p2 == ALL_BEGINS;
	uk_reader r = uk_read(cmd->data);
	uint16_t sw;

	if (all || (cmd->p1 == FOR_LOAD && cmd->p2 == 0)) {
		sw = vc_isd_begin_load(d, &r);
		d->combined = all && sw == UK_SW_OK;
	} else {
		sw = run_purpose(d, cmd);
		vc_isd_end_load(d); /* it was not finished */
	}
	if (sw == UK_SW_OK)
		uk_put_u8(out, NO_CONFIRMATION);
	return sw;
}

/* --- DELETE ----------------------------------------------------------------
 */

enum { P2_RELATED = 0x80 };

static uint16_t delete_app(struct vc_isd *d, struct vc_app *app)
{
	if (app == &d->app || app->channels != 0)
		return UK_SW_CONDITIONS;
	return vc_sw(vc_registry_remove(d->app.home.registry, &app));
}

static uint16_t delete_package(
    struct vc_isd *d, uk_bytes package, bool with_apps)
{
	struct vc_registry *reg = d->app.home.registry;

	/* The domain's own is in use: it is selected. */
	if (vc_registry_in_use(reg, package) ||
	    (!with_apps && vc_registry_instances_of(reg, package) > 0))
		return UK_SW_CONDITIONS;
	return vc_sw(vc_registry_remove_package(reg, package));
}

static uint16_t delete_content(struct vc_isd *d, uk_bytes aid, bool related)
{
	struct vc_app *app = vc_registry_find(d->app.home.registry, aid);
	struct vc_load_file file;

	if (app != NULL)
		return delete_app(d, app);
	if (vc_load_file_find(d->app.home.nv, aid, &file))
		return delete_package(d, aid, related);
	return UK_SW_NO_REF;
}

static bool get_number(uk_bytes data, uint32_t tag, uint8_t *out)
{
	uk_bytes v;

	if (!uk_tlv_find(data, tag, &v) || v.n != 1 || v.p[0] == 0)
		return false;
	*out = v.p[0];
	return true;
}

static uint16_t delete_keys(struct vc_isd *d, uk_bytes data)
{
	uint8_t id = 0, version = 0;
	bool any = get_number(data, 0xd0, &id);

	any = get_number(data, 0xd2, &version) || any;
	return any ? vc_isd_delete_key(d, id, version) : UK_SW_DATA;
}

uint16_t vc_isd_delete(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	uk_bytes aid;
	uint16_t sw;

	vc_isd_end_load(d);
	if (cmd->p1 != 0 || (cmd->p2 & ~P2_RELATED) != 0)
		return UK_SW_P1P2;
	if (uk_tlv_find(cmd->data, 0x4f, &aid))
		sw = delete_content(d, aid, (cmd->p2 & P2_RELATED) != 0);
	else
		sw = delete_keys(d, cmd->data);
	if (sw == UK_SW_OK)
		uk_put_u8(out, NO_CONFIRMATION);
	return sw;
}
