/* Instances: one record each in non-volatile memory, one struct each here. */
#include "vc_record.h"

#include "mem.h"
#include "secret.h"
#include "tlv.h"
#include "vc_load_file.h"

enum { FIRST_NUMBER = 1, LAST_NUMBER = 0xfe };

/* --- structs ---------------------------------------------------------------
 */

static void app_free(struct vc_app **app)
{
	struct vc_app *a = *app;

	*app = NULL;
	if (a == NULL)
		return;
	a->ops->forget(a);
	uk_wipe(a, a->ops->size);
	uk_free(a);
}

/* By number, so that the order is the same when the card is opened again. */
static void insert(struct vc_registry *reg, struct vc_app *app)
{
	size_t i = reg->count++;

	for (; i > 0 && reg->apps[i - 1]->home.app > app->home.app; i--)
		reg->apps[i] = reg->apps[i - 1];
	reg->apps[i] = app;
}

static void take_out(struct vc_registry *reg, const struct vc_app *app)
{
	size_t kept = 0;

	for (size_t i = 0; i < reg->count; i++) {
		if (reg->apps[i] != app)
			reg->apps[kept++] = reg->apps[i];
	}
	reg->count = kept;
}

/* The struct alone, in the list. */
static uk_err make(struct vc_registry *reg, const struct vc_app_ops *kind,
    uint8_t number, uk_bytes aid, struct vc_app **out)
{
	struct vc_app *app;

	*out = NULL;
	if (aid.n < VC_AID_MIN || aid.n > VC_AID_MAX)
		return uk_fail(UK_ERR_FORMAT);
	if (reg->count == VC_INSTANCES_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	if ((app = uk_new(kind->size)) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	app->ops = kind;
	app->home = (struct vc_home){ reg->nv, reg->crypto, reg, number };
	app->aid.n = (uint8_t)aid.n;
	UK_IGNORE(uk_copy_exact(app->aid.p, aid.n, aid)); /* fits: see above */
	kind->forget(app);
	insert(reg, app);
	*out = app;
	return uk_ok();
}

static uint8_t free_number(const struct vc_registry *reg)
{
	uint8_t number = FIRST_NUMBER;

	for (size_t i = 0; i < reg->count; i++) {
		if (reg->apps[i]->home.app == number)
			number++;
	}
	return number;
}

/* --- coming and going ------------------------------------------------------
 */

/* The load file of a kind, with all modules that the program has from it, as if
 * masked; unless it is on the card. Pending. */
static uk_err mask(struct vc_registry *reg, const struct vc_app_ops *kind)
{
	uint8_t modules[VC_LOAD_FILE_MODULES_MAX * (2 + VC_AID_MAX)];
	uk_buf b = UK_BUF(modules);
	struct vc_load_file file = { .aid = vc_aid_view(&kind->package),
		.version = 0x0100 };
	uk_err err;

	for (size_t i = 0; i < reg->kinds.count; i++) {
		const struct vc_app_ops *other = reg->kinds.list[i];

		if (uk_bytes_eq(vc_aid_view(&other->package), file.aid))
			uk_put_tlv(&b, 0x84, vc_aid_view(&other->module));
	}
	UK_TRY(uk_buf_result(&b));
	file.modules = uk_buf_view(&b);
	err = vc_load_file_put(reg->nv, &file);
	return uk_is(err, UK_ERR_EXISTS) ? uk_ok() : err;
}

/* Pending; the struct is in the list. */
static uk_err add_pending(
    struct vc_registry *reg, const struct vc_new_app *new, struct vc_app **out)
{
	uint8_t number = free_number(reg);
	uk_bytes aid = new->aid.n == 0 ? vc_aid_view(&new->kind->aid)
				       : new->aid;
	struct vc_record r = { uk_view_str(new->kind->name), aid,
		vc_aid_view(&new->kind->package), new->life, { 0 } };
	struct vc_load_file file;

	*out = NULL;
	if (vc_registry_find(reg, aid) != NULL ||
	    vc_load_file_find(reg->nv, aid, &file))
		return uk_fail(UK_ERR_EXISTS);
	UK_TRY(mask(reg, new->kind));
	UK_TRY(uk_copy_exact(
	    r.privileges, VC_PRIV_SIZE, UK_ARRAY(new->privileges)));
	UK_TRY(make(reg, new->kind, number, aid, out));
	UK_TRY(vc_record_put(reg->nv, number, &r));
	return new->kind->install(*out, new->params);
}

uk_err vc_registry_add(
    struct vc_registry *reg, const struct vc_new_app *new, struct vc_app **out)
{
	struct vc_app *app;
	uk_err err = add_pending(reg, new, &app);

	if (uk_is_ok(err))
		err = vc_nv_commit(reg->nv);
	if (!uk_is_ok(err)) {
		vc_nv_abort(reg->nv);
		take_out(reg, app);
		app_free(&app);
	}
	if (out != NULL)
		*out = app;
	return err;
}

static void drop(struct vc_registry *reg, const struct vc_app *app)
{
	vc_nv_drop_app(reg->nv, app->home.app);
	vc_record_drop(reg->nv, app->home.app);
}

uk_err vc_registry_remove(struct vc_registry *reg, struct vc_app **app)
{
	drop(reg, *app);
	UK_TRY(vc_nv_commit(reg->nv));
	take_out(reg, *app);
	app_free(app);
	return uk_ok();
}

uk_err vc_registry_remove_package(struct vc_registry *reg, uk_bytes package)
{
	for (size_t i = 0; i < reg->count; i++) {
		if (vc_app_is_from(reg->apps[i], package))
			drop(reg, reg->apps[i]);
	}
	vc_load_file_drop(reg->nv, package);
	UK_TRY(vc_nv_commit(reg->nv));
	for (size_t i = reg->count; i > 0; i--) {
		struct vc_app *app = reg->apps[i - 1];

		if (!vc_app_is_from(app, package))
			continue;
		take_out(reg, app);
		app_free(&app);
	}
	return uk_ok();
}

/* --- opening ---------------------------------------------------------------
 */

static uk_err add_preinstalled(struct vc_registry *reg)
{
	struct vc_app *app;

	UK_TRY(vc_record_put_card(reg->nv, VC_CARD_OP_READY));
	for (size_t i = 0; i < reg->kinds.count; i++) {
		const struct vc_app_ops *kind = reg->kinds.list[i];
		struct vc_new_app new = { .kind = kind,
			.life = VC_LIFE_SELECTABLE };

		if (!kind->traits.preinstalled)
			continue;
		UK_TRY(uk_copy_exact(
		    new.privileges, VC_PRIV_SIZE, UK_ARRAY(kind->privileges)));
		UK_TRY(add_pending(reg, &new, &app));
	}
	return uk_ok();
}

/* A card from before the registry. What it lacks becomes part of it in memory,
 * and is written with the next change. */
static uk_err take_over_old(struct vc_registry *reg)
{
	const struct vc_app_ops *kind = vc_registry_kind(reg, "ukey");
	struct vc_record r = { .life = VC_LIFE_SELECTABLE };

	if (kind == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	r.kind = uk_view_str(kind->name);
	r.aid = vc_aid_view(&kind->aid);
	r.package = vc_aid_view(&kind->package);
	UK_TRY(vc_record_put_card(reg->nv, VC_CARD_OP_READY));
	UK_TRY(vc_record_put(reg->nv, FIRST_NUMBER, &r));
	UK_TRY(mask(reg, kind));
	vc_nv_adopt(reg->nv);
	return uk_ok();
}

static uk_err load_instance(struct vc_registry *reg, uint8_t number)
{
	const struct vc_app_ops *kind;
	struct vc_app *app;
	struct vc_record r;

	if (!vc_record_get(reg->nv, number, &r))
		return uk_fail(UK_ERR_FORMAT);
	if ((kind = vc_kind_named(reg, r.kind)) == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (vc_registry_find(reg, r.aid) != NULL)
		return uk_fail(UK_ERR_FORMAT);
	return make(reg, kind, number, r.aid, &app);
}

static uk_err load(struct vc_registry *reg)
{
	uint8_t life;
	uk_err err = vc_record_get_card(reg->nv, &life);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		err = take_over_old(reg);
	for (uint8_t n = FIRST_NUMBER; uk_is_ok(err) && n <= LAST_NUMBER; n++) {
		if (vc_record_there(reg->nv, n))
			err = load_instance(reg, n);
	}
	return err;
}

uk_err vc_registry_open(const struct vc_kinds *kinds, struct vc_nv *nv,
    struct vc_crypto *crypto, bool fresh, struct vc_registry **out)
{
	struct vc_registry *reg = uk_new(sizeof(*reg));
	uk_err err;

	*out = NULL;
	if (reg == NULL)
		return uk_fail(UK_ERR_MEMORY);
	reg->kinds = *kinds;
	reg->nv = nv;
	reg->crypto = crypto;
	err = fresh ? add_preinstalled(reg) : load(reg);
	if (!uk_is_ok(err))
		goto out;
	*out = reg;
	reg = NULL;
out:
	vc_registry_close(&reg);
	return err;
}

void vc_registry_close(struct vc_registry **reg)
{
	struct vc_registry *r = *reg;

	*reg = NULL;
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		app_free(&r->apps[i]);
	uk_free(r);
}
