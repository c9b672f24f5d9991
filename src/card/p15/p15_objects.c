/* PKCS#15: the directory files, and what they name. */
#include "p15_driver.h"

/* --- the card ------------------------------------------------------------- */

uk_err p15_read_info(uk_card *c)
{
	uk_buf serial = UK_BUF(c->info.serial);
	uk_bytes file;
	uk_p15_info info;
	uk_err err = p15_read_fid(c, P15_FID_INFO, &file);

	if (uk_is(err, UK_ERR_NOT_FOUND) || uk_card_spoke(err))
		return uk_ok(); /* nobody has made a PKCS#15 card of it yet */
	UK_TRY(err);
	if (!uk_is_ok(uk_p15_info_parse(file, &info)))
		return uk_ok();
	uk_put(&serial, uk_view(info.serial, info.serial_len));
	c->info.serial_len = serial.len;
	if (info.label[0] != 0)
		UK_TRY(uk_copy_str(c->info.label, sizeof(c->info.label),
		    uk_view_str(info.label)));
	if (info.manufacturer[0] != 0 &&
	    !uk_is_ok(uk_copy_str(c->info.manufacturer,
		sizeof(c->info.manufacturer), uk_view_str(info.manufacturer))))
		c->info.manufacturer[0] = 0; /* longer than PKCS#11 shows */
	p15_cache_open(c, file, &info);
	return uk_ok();
}

/* 7816-15, 8.3: the choices of ODF. */
static const struct choice_row {
	uint8_t choice;
	enum uk_p15_kind kind;
} choices[] = { { 0xa0, UK_P15_PRKEY }, { 0xa1, UK_P15_PUKEY },
	{ 0xa2, UK_P15_PUKEY }, { 0xa4, UK_P15_CERT }, { 0xa5, UK_P15_CERT },
	{ 0xa6, UK_P15_CERT }, { 0xa7, UK_P15_DATA }, { 0xa8, UK_P15_PIN } };

enum { CHOICES = sizeof(choices) / sizeof(choices[0]) };

static bool is_of(const uk_p15_odf_entry *e, enum uk_p15_kind kind)
{
	for (size_t i = 0; i < CHOICES; i++) {
		if (choices[i].choice == e->choice)
			return choices[i].kind == kind;
	}
	return false;
}

/* What pkcs15-init's profile of IsoApplet writes into ODF. */
static void presume_dirs(struct p15 *p)
{
	static const struct {
		uint8_t choice, fid;
	} layout[] = { { 0xa8, 0x01 }, { 0xa0, 0x02 }, { 0xa1, 0x03 },
		{ 0xa4, 0x04 }, { 0xa7, 0x05 } };

	p->dir_count = sizeof(layout) / sizeof(layout[0]);
	for (size_t i = 0; i < p->dir_count; i++)
		p->dirs[i] = (uk_p15_odf_entry){ .choice = layout[i].choice,
			.path = { .p = { 0x44, layout[i].fid }, .n = 2 } };
	p->presumed = p->odf_read = true;
}

uk_err p15_read_odf(uk_card *c)
{
	struct p15 *p = p15_of(c);
	uk_p15_odf_entry e;
	uk_bytes file;
	uk_reader r;
	uk_err err;

	if (p->odf_read)
		return uk_ok();
	p->dir_count = 0;
	p->presumed = false;
	err = p15_read_fid(c, P15_FID_ODF, &file);
	if (!uk_is_ok(err) && !uk_is(err, UK_ERR_NOT_FOUND))
		return err;
	r = uk_read(file);
	while (p->dir_count < P15_DIRS && uk_p15_odf_next(&r, &e))
		p->dirs[p->dir_count++] = e;
	if (r.bad)
		return uk_fail(UK_ERR_FORMAT);
	p->odf_read = true;
	return uk_ok();
}

bool p15_next_dir(
    struct p15 *p, enum uk_p15_kind kind, size_t *i, const uk_p15_path **path)
{
	while (*i < p->dir_count) {
		const uk_p15_odf_entry *e = &p->dirs[(*i)++];

		if (is_of(e, kind)) {
			*path = &e->path;
			return true;
		}
	}
	return false;
}

/* --- the list ------------------------------------------------------------- */

/* What is collected before it replaces the old list. */
struct list {
	uk_p15_object *items;
	size_t count;
};

static bool has_item(
    const struct list *l, enum uk_p15_kind kind, const uk_p15_object *o)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->items[i].kind == kind &&
		    uk_bytes_eq(uk_view(l->items[i].id, l->items[i].id_len),
			uk_view(o->id, o->id_len)))
			return true;
	}
	return false;
}

/* Objects that are in the directory itself must be read again from there: no
 * view outlives the file's buffer. */
static void take_file(struct list *l, enum uk_p15_kind kind, uk_bytes file)
{
	uk_reader r = uk_read(file);
	uk_p15_object o;

	/* what stands before something malformed is good all the same */
	while (l->count < UK_OBJECTS_MAX && uk_p15_next(&r, kind, &o)) {
		o.direct = UK_NONE;
		l->items[l->count++] = o;
	}
}

static uk_err take_dirs(uk_card *c, enum uk_p15_kind kind, struct list *l)
{
	const uk_p15_path *path;
	uk_bytes file;
	size_t i = 0;

	while (p15_next_dir(p15_of(c), kind, &i, &path)) {
		uk_err err = p15_read(c, path, &file);

		/* not readable, or not there: others may be */
		if (uk_is_ok(err))
			take_file(l, kind, file);
		else if (!uk_is(err, UK_ERR_NOT_FOUND) && !uk_card_spoke(err))
			return err;
	}
	return uk_ok();
}

static enum uk_key_type type_of(const uk_p15_object *o)
{
	if (o->key_type == UK_KEY_RSA)
		return UK_KEY_RSA;
	switch (o->bits) {
	case 384:
		return UK_KEY_P384;
	case 521:
		return UK_KEY_P521;
	default:
		return UK_KEY_P256;
	}
}

/* Stable as long as the object is there: file and key reference. */
static uint32_t ref_of(const uk_p15_object *o, size_t place)
{
	uint32_t fid = o->path.n < 2 ? (uint32_t)place
				     : (uint32_t)o->path.p[o->path.n - 2] << 8 |
					   o->path.p[o->path.n - 1];

	return fid << 8 | (o->key_ref & 0xff) | (o->path.index & 0xff) << 24;
}

static const enum uk_object_kind kinds[] = {
	[UK_P15_PRKEY] = UK_OBJ_PRIVATE_KEY,
	[UK_P15_PUKEY] = UK_OBJ_PUBLIC_KEY,
	[UK_P15_CERT] = UK_OBJ_CERTIFICATE,
	[UK_P15_DATA] = UK_OBJ_DATA,
};

/* A key that another PIN than the user's opens is asked for each time: there is
 * one login for a slot. */
static bool wants_consent(const struct p15 *p, const uk_p15_object *o)
{
	return o->user_consent != 0 ||
	       (p->user_id_len > 0 && o->auth_id_len > 0 &&
		   !uk_bytes_eq(uk_view(p->user_id, p->user_id_len),
		       uk_view(o->auth_id, o->auth_id_len)));
}

static void describe(
    const struct p15 *p, const uk_p15_object *o, size_t place, uk_object *out)
{
	uk_buf id = UK_BUF(out->id);

	*out = (uk_object){ .kind = kinds[o->kind],
		.is_private = (o->flags & UK_P15_PRIVATE) != 0,
		.usage = o->usage,
		.ref = ref_of(o, place) };
	UK_IGNORE(uk_copy_str(/* both fields have the same size */
	    out->label, sizeof(out->label), uk_view_str(o->label)));
	UK_IGNORE(uk_copy_str(out->application, sizeof(out->application),
	    uk_view_str(o->application)));
	uk_put(&id, uk_view(o->id, o->id_len));
	out->id_len = id.len;
	if (o->kind == UK_P15_PRKEY || o->kind == UK_P15_PUKEY) {
		out->key_type = type_of(o);
		out->key_bits = out->key_type == UK_KEY_RSA
				    ? o->bits
				    : uk_key_curve_bits(out->key_type);
		out->on_card = (o->access & UK_P15_LOCAL) != 0;
	}
	if (o->kind == UK_P15_PRKEY)
		out->always_auth = wants_consent(p, o);
	/* what can be destroyed is all that can be changed */
	out->modifiable = p->quirks->keys && o->kind == UK_P15_CERT &&
			  (o->flags & UK_P15_MODIFIABLE) != 0;
}

/* Public halves of private keys are not objects of their own (card.h). */
static void drop_halves(struct list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (l->items[i].kind != UK_P15_PUKEY ||
		    !has_item(l, UK_P15_PRKEY, &l->items[i]))
			l->items[kept++] = l->items[i];
	}
	l->count = kept;
}

/* Files are taken from memory as they are. */
static uk_err collect(uk_card *c, struct list *l)
{
	static const enum uk_p15_kind order[] = { UK_P15_PRKEY, UK_P15_CERT,
		UK_P15_PUKEY, UK_P15_DATA };

	UK_TRY(p15_read_odf(c));
	UK_TRY(p15_find_pins(c));
	l->count = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		UK_TRY(take_dirs(c, order[i], l));
	return uk_ok();
}

/* Takes over l->items. */
static uk_err replace_list(uk_card *c, struct list *l)
{
	struct p15 *p = p15_of(c);
	uk_object *objects = NULL;

	if (l->count > 0) {
		objects = uk_new_array(l->count, sizeof(*objects));
		if (objects == NULL)
			return uk_fail(UK_ERR_MEMORY);
	}
	for (size_t i = 0; i < l->count; i++)
		describe(p, &l->items[i], i, &objects[i]);
	uk_free(c->objects);
	uk_free(p->items);
	c->objects = objects;
	p->items = l->items;
	c->object_count = p->item_count = l->count;
	l->items = NULL; /* handed over */
	c->loaded = true;
	return uk_ok();
}

uk_err p15_load_objects(uk_card *c)
{
	struct p15 *p = p15_of(c);
	struct list l = { 0 };
	uk_err err = uk_fail(UK_ERR_MEMORY);

	p->odf_read = false;
	if (p->quirks->one_layout)
		presume_dirs(p);
	l.items = uk_new_array(UK_OBJECTS_MAX, sizeof(*l.items));
	if (l.items == NULL)
		goto out;
	p->listing = true;
	p->listed = 0;
	err = collect(c, &l);
	if (uk_is_ok(err) && l.count == 0 && p->presumed) {
		p->odf_read = false;
		err = collect(c, &l);
	}
	p->listing = false;
	if (!uk_is_ok(err))
		goto out;
	drop_halves(&l);
	err = replace_list(c, &l);
out:
	uk_free(l.items);
	return err;
}

/* One that is otherwise is read, and remembered as it is now. */
static uk_err look_at(uk_card *c, const uk_p15_path *path)
{
	uk_bytes file;
	bool same;
	uk_err err;

	if (!p15_was_listed(p15_of(c), path))
		return uk_ok();
	UK_TRY(p15_recall(c, path, &file, &same));
	if (same)
		return uk_ok();
	c->loaded = false;
	err = p15_read_card(c, path, &file);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		p15_remember(c, path, UK_NONE);
	else if (uk_is_ok(err) && p15_of(c)->open)
		p15_remember(c, path, file);
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_ok() : err;
}

/* Lists are made of all directory files together. */
uk_err p15_look(uk_card *c, uint32_t wanted)
{
	struct p15 *p = p15_of(c);

	for (size_t i = 0; i < CHOICES; i++) {
		const uk_p15_path *path;
		size_t at = 0;

		if (choices[i].kind == UK_P15_PIN ||
		    (wanted & 1U << kinds[choices[i].kind]) == 0)
			continue;
		while (p15_next_dir(p, choices[i].kind, &at, &path))
			UK_TRY(look_at(c, path));
	}
	return uk_ok();
}

void p15_forget(struct p15 *p)
{
	uk_free(p->items);
	p->items = NULL;
	p->item_count = 0;
	p->odf_read = p->pins_read = false;
}

/* --- content -------------------------------------------------------------- */

const uk_p15_object *p15_item_of(const struct p15 *p, const uk_object *o)
{
	for (size_t i = 0; i < p->item_count; i++) {
		if (kinds[p->items[i].kind] == o->kind &&
		    ref_of(&p->items[i], i) == o->ref)
			return &p->items[i];
	}
	return NULL;
}

/* A value that stands in the directory: found there by kind and id. */
static uk_err read_direct(
    uk_card *c, const uk_p15_object *wanted, uk_bytes *value)
{
	const uk_p15_path *path;
	uk_bytes file;
	size_t i = 0;

	while (p15_next_dir(p15_of(c), wanted->kind, &i, &path)) {
		uk_p15_object o;
		uk_reader r;

		UK_TRY(p15_read(c, path, &file));
		r = uk_read(file);
		while (uk_p15_next(&r, wanted->kind, &o)) {
			if (o.direct.n > 0 &&
			    uk_bytes_eq(uk_view(o.id, o.id_len),
				uk_view(wanted->id, wanted->id_len))) {
				*value = o.direct;
				return uk_ok();
			}
		}
	}
	return uk_fail(UK_ERR_NOT_FOUND);
}

uk_err p15_read_value(uk_card *c, const uk_p15_object *o, uk_bytes *value)
{
	return o->path.n > 0 ? p15_read(c, &o->path, value)
			     : read_direct(c, o, value);
}

/* Files are longer than what is in them: a certificate ends where it says. */
static uk_err take_cert(uk_bytes file, uk_blob *out)
{
	uk_x509 x;

	UK_TRY(uk_x509_parse(file, &x));
	return uk_blob_set(out, x.whole);
}

uk_err p15_read_object(uk_card *c, const uk_object *o, uk_blob *out)
{
	const uk_p15_object *item = p15_item_of(p15_of(c), o);
	uk_bytes value;

	if (item == NULL ||
	    (o->kind != UK_OBJ_CERTIFICATE && o->kind != UK_OBJ_DATA))
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(p15_read_value(c, item, &value));
	p15_of(c)->told = p15_of(c)->told || p15_of(c)->recalled;
	return o->kind == UK_OBJ_CERTIFICATE ? take_cert(value, out)
					     : uk_blob_set(out, value);
}
