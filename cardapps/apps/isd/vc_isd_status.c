/* GET STATUS and SET STATUS: 2.3.1, 11.4 and 11.10. */
#include "vc_isd.h"

#include "tlv.h"

enum {
	KIND_ISD = 0x80,
	KIND_APPS = 0x40,
	KIND_FILES = 0x20,
	KIND_MODULES = 0x10,
	P2_NEXT = 0x01,
	P2_TLV = 0x02,
	SW_MORE_DATA = 0x6310,
	LOADED = 0x01,
	ENTRY_MAX = 64 + VC_LOAD_FILE_MODULES_MAX * (2 + VC_AID_MAX),
	ROOM_SHORT = 239 /* so that a MAC fits behind it, and padding */
};

/* What one entry says. */
struct entry {
	uk_bytes aid;
	uint8_t life;
	bool is_app;
	uint8_t privileges[VC_PRIV_SIZE];
	uk_bytes package; /* of an application */
	const struct vc_load_file *file;
	bool with_modules;
};

struct query {
	uint8_t kind;
	bool tlv;
	uk_bytes search; /* beginning of the AID */
	uk_bytes tags;   /* none: all */
};

/* --- asking the registry ---------------------------------------------------
 */

static struct entry entry_of_app(struct vc_app *app)
{
	struct entry e = { .aid = vc_app_aid(app),
		.life = vc_app_life(app),
		.is_app = true,
		.package = vc_aid_view(&app->ops->package) };

	vc_app_privileges(app, e.privileges);
	return e;
}

/* Number i of this kind; false: no such place; *skip: nothing there. */
static bool get_entry(struct vc_isd *d, const struct query *q, size_t i,
    struct vc_load_file *file, struct entry *out, bool *skip)
{
	const struct vc_registry *reg = d->app.home.registry;

	*skip = false;
	if (q->kind == KIND_FILES || q->kind == KIND_MODULES) {
		*skip = !vc_load_file_at(d->app.home.nv, i, file);
		*out = (struct entry){ .aid = file->aid,
			.life = LOADED,
			.file = file,
			.with_modules = q->kind == KIND_MODULES };
		return i < VC_LOAD_FILES_MAX;
	}
	if (q->kind == KIND_ISD) {
		*out = entry_of_app(&d->app);
		out->life = vc_registry_card_life(reg);
		return i == 0;
	}
	if (i >= vc_registry_count(reg))
		return false;
	*out = entry_of_app(vc_registry_at(reg, i));
	*skip = vc_registry_at(reg, i) == &d->app;
	return true;
}

static bool fits(const struct query *q, const struct entry *e)
{
	return uk_bytes_eq(uk_bytes_first(e->aid, q->search.n), q->search);
}

/* --- the answer ------------------------------------------------------------
 */

static bool asked_for(const struct query *q, uint16_t tag)
{
	uk_reader r = uk_read(q->tags);

	if (q->tags.n == 0)
		return true;
	while (r.left > 0) {
		uint16_t t = uk_get_u8(&r);

		if ((t & 0x1f) == 0x1f)
			t = (uint16_t)(t << 8 | uk_get_u8(&r));
		if (t == tag)
			return true;
	}
	return false;
}

/* Table 11-36 */
static void put_tlv(
    struct vc_isd *d, const struct query *q, const struct entry *e, uk_buf *out)
{
	size_t at = uk_tlv_begin(out, 0xe3);

	uk_put_tlv(out, 0x4f, e->aid);
	if (asked_for(q, 0x9f70))
		uk_put_tlv_u8(out, 0x9f70, e->life);
	if (e->is_app && asked_for(q, 0xc5))
		uk_put_tlv(out, 0xc5, UK_ARRAY(e->privileges));
	if (e->is_app && asked_for(q, 0xc4))
		uk_put_tlv(out, 0xc4, e->package);
	if (e->file != NULL && asked_for(q, 0xce))
		uk_put_tlv_u16(out, 0xce, e->file->version);
	if (e->with_modules && asked_for(q, 0x84))
		uk_put(out, e->file->modules);
	if (asked_for(q, 0xcc))
		uk_put_tlv(out, 0xcc, vc_app_aid(&d->app));
	uk_tlv_end(out, at);
}

/* Table 11-35: lengths and values; of the privileges the first byte. */
static void put_old(const struct entry *e, uk_buf *out)
{
	uint8_t count = 0;
	uk_reader r;
	uk_tlv t;

	uk_put_u8(out, (uint8_t)e->aid.n);
	uk_put(out, e->aid);
	uk_put_u8(out, e->life);
	uk_put_u8(out, e->privileges[0]);
	if (!e->with_modules)
		return;
	r = uk_read(e->file->modules);
	UK_TLV_EACH (r, t)
		count++;
	uk_put_u8(out, count);
	r = uk_read(e->file->modules);
	UK_TLV_EACH (r, t) {
		uk_put_u8(out, (uint8_t)t.value.n);
		uk_put(out, t.value);
	}
}

static uint16_t put_entries(
    struct vc_isd *d, const struct query *q, size_t room, uk_buf *out)
{
	uint8_t storage[ENTRY_MAX];
	struct vc_load_file file;
	struct entry e;
	bool skip;

	for (size_t i = d->status_next; get_entry(d, q, i, &file, &e, &skip);
	     i++) {
		uk_buf one = UK_BUF(storage);

		if (skip || !fits(q, &e))
			continue;
		if (q->tlv)
			put_tlv(d, q, &e, &one);
		else
			put_old(&e, &one);
		if (out->len > 0 && out->len + one.len > room) {
			d->status_kind = q->kind;
			d->status_next = i;
			return SW_MORE_DATA;
		}
		uk_put(out, uk_buf_view(&one));
	}
	return out->len > 0 ? UK_SW_OK : UK_SW_NO_REF;
}

/* 4F n AID [5C n tags] */
static bool get_query(const uk_cmd *cmd, struct query *q)
{
	uk_reader r = uk_read(cmd->data);
	uk_tlv t;

	q->kind = cmd->p1;
	q->tlv = (cmd->p2 & P2_TLV) != 0;
	if (!uk_tlv_next(&r, &t) || t.tag != 0x4f || t.value.n > VC_AID_MAX)
		return false;
	q->search = t.value;
	if (uk_tlv_next(&r, &t)) {
		if (t.tag != 0x5c)
			return false;
		q->tags = t.value;
	}
	return uk_is_ok(uk_read_end(&r));
}

uint16_t vc_isd_get_status(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	uint8_t kind = d->status_kind;
	struct query q = { 0 };

	d->status_kind = 0;
	if ((cmd->p1 != KIND_ISD && cmd->p1 != KIND_APPS &&
		cmd->p1 != KIND_FILES && cmd->p1 != KIND_MODULES) ||
	    (cmd->p2 & ~(P2_NEXT | P2_TLV)) != 0)
		return UK_SW_P1P2;
	if (!get_query(cmd, &q))
		return UK_SW_DATA;
	if ((cmd->p2 & P2_NEXT) == 0)
		d->status_next = 0;
	else if (kind != cmd->p1)
		return UK_SW_CONDITIONS;
	return put_entries(d, &q,
	    cmd->le > UK_LE_SHORT_MAX ? cmd->le - UK_LE_SHORT_MAX : ROOM_SHORT,
	    out);
}

/* --- SET STATUS ------------------------------------------------------------
 */

/* Figure 5-1 */
static const struct {
	uint8_t from, to;
} steps[] = {
	{ VC_CARD_OP_READY, VC_CARD_INITIALIZED },
	{ VC_CARD_INITIALIZED, VC_CARD_SECURED },
	{ VC_CARD_SECURED, VC_CARD_LOCKED },
	{ VC_CARD_LOCKED, VC_CARD_SECURED },
	{ VC_CARD_OP_READY, VC_CARD_TERMINATED },
	{ VC_CARD_INITIALIZED, VC_CARD_TERMINATED },
	{ VC_CARD_SECURED, VC_CARD_TERMINATED },
	{ VC_CARD_LOCKED, VC_CARD_TERMINATED },
};

static uint16_t set_card(struct vc_isd *d, uint8_t to)
{
	struct vc_registry *reg = d->app.home.registry;
	uint8_t from = vc_registry_card_life(reg);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].from == from && steps[i].to == to)
			return vc_sw(vc_registry_set_card_life(reg, to));
	}
	return UK_SW_CONDITIONS;
}

/* 11.10.2.2: bit 8 locks and unlocks; what else an application's state is, it
 * decides itself. */
static uint16_t set_app(struct vc_isd *d, uint8_t to, uk_bytes aid)
{
	struct vc_app *app = vc_registry_find(d->app.home.registry, aid);
	uint8_t life;

	if (app == NULL)
		return UK_SW_NO_REF;
	life = vc_app_life(app);
	if (app == &d->app ||
	    (life & VC_LIFE_SELECTABLE) != VC_LIFE_SELECTABLE ||
	    (life & VC_LIFE_LOCKED) == (to & VC_LIFE_LOCKED))
		return UK_SW_CONDITIONS;
	return vc_sw(vc_app_set_life(app, life ^ VC_LIFE_LOCKED));
}

uint16_t vc_isd_set_status(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	bool locked = vc_registry_card_life(d->app.home.registry) ==
		      VC_CARD_LOCKED;
	uint16_t sw;

	(void)out;
	if (cmd->p1 == KIND_ISD)
		sw = set_card(d, cmd->p2);
	else if (cmd->p1 == KIND_APPS && !locked)
		sw = set_app(d, cmd->p2, cmd->data);
	else
		return cmd->p1 == KIND_APPS ? UK_SW_CONDITIONS : UK_SW_P1P2;
	return sw == UK_SW_OK ? vc_sw(vc_nv_commit(d->app.home.nv)) : sw;
}
