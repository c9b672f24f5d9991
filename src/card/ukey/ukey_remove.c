/*
 * U-key: destroying and renaming objects, and starting the card anew, profile
 * sections 2, 4 and 7. Out of the directory first: what nobody lists is in
 * nobody's way if the rest of the work is cut short.
 */
#include "ukey_driver.h"

#include "tlv.h"
#include "utf8.h"

enum { ENTRY_MAX = 2048, CARD_LABEL_MAX = 32 };

static const enum uk_p15_kind kinds[] = {
	[UK_OBJ_CERTIFICATE] = UK_P15_CERT,
	[UK_OBJ_PRIVATE_KEY] = UK_P15_PRKEY,
	[UK_OBJ_PUBLIC_KEY] = UK_P15_PUKEY,
	[UK_OBJ_DATA] = UK_P15_DATA,
};

/* Its directory, and the object's entry in it. */
static uk_err find_entry(
    uk_card *c, const uk_object *o, struct ukey_dir *d, struct ukey_entry *e)
{
	UK_TRY(ukey_dir_read(c, kinds[o->kind], d));
	return ukey_dir_find(d, ukey_pick_object, o, e)
		   ? uk_ok()
		   : uk_fail(UK_ERR_NOT_FOUND);
}

/* --- destroying ---------------------------------------------------------- */

static uk_err destroy_entry(uk_card *c, const uk_object *o)
{
	struct ukey_dir d;
	struct ukey_entry e;

	UK_TRY(find_entry(c, o, &d, &e));
	return ukey_dir_write(c, &d, ukey_pick_object, o, UK_NONE);
}

static uk_err destroy_file(uk_card *c, const uk_object *o)
{
	UK_TRY(destroy_entry(c, o));
	return ukey_file_delete(c, (uint16_t)o->ref);
}

static uk_err destroy_key(uk_card *c, const uk_object *o)
{
	UK_TRY(destroy_entry(c, o));
	return ukey_unmake(c, o->ref);
}

static uk_err (*const destroyers[])(uk_card *c, const uk_object *o) = {
	[UK_OBJ_CERTIFICATE] = destroy_file,
	[UK_OBJ_PRIVATE_KEY] = destroy_key,
	[UK_OBJ_PUBLIC_KEY] = destroy_entry,
	[UK_OBJ_DATA] = destroy_file,
};

uk_err ukey_destroy(uk_card *c, const uk_object *o)
{
	if (o->kind == UK_OBJ_PRIVATE_KEY && o->ref < UKEY_KEY_FURTHER)
		return uk_fail(UK_ERR_UNSUPPORTED); /* the bank's */
	return ukey_changed(c, destroyers[o->kind](c, o));
}

/* --- renaming ------------------------------------------------------------ */

/* The public half, which goes by the same name. It is found by its reference
 * alone; not being there is no failure. */
static uk_err rename_public(
    uk_card *c, uint32_t ref, uk_bytes label, uk_bytes id)
{
	uint8_t storage[ENTRY_MAX];
	uk_buf entry = UK_BUF(storage);
	struct ukey_dir d;
	struct ukey_entry e;

	UK_TRY(ukey_dir_read(c, UK_P15_PUKEY, &d));
	if (!ukey_dir_find(&d, ukey_pick_key, &ref, &e))
		return uk_ok();
	UK_TRY(ukey_entry_rename(&entry, e.whole, label, id));
	return ukey_dir_write(c, &d, ukey_pick_key, &ref, uk_buf_view(&entry));
}

static uk_err rename_entry(
    uk_card *c, const uk_object *o, uk_bytes label, uk_bytes id)
{
	uint8_t storage[ENTRY_MAX];
	uk_buf entry = UK_BUF(storage);
	struct ukey_dir d;
	struct ukey_entry e;

	if (o->kind == UK_OBJ_PRIVATE_KEY)
		UK_TRY(rename_public(c, o->ref, label, id));
	UK_TRY(find_entry(c, o, &d, &e));
	UK_TRY(ukey_entry_rename(&entry, e.whole, label, id));
	return ukey_dir_write(c, &d, ukey_pick_object, o, uk_buf_view(&entry));
}

uk_err ukey_rename(
    uk_card *c, const uk_object *o, const char *label, uk_bytes id)
{
	uk_p15_object tried = { 0 };

	UK_TRY(ukey_name_entry(&tried, label, id));
	return ukey_changed(c, rename_entry(c, o, uk_view_str(label), id));
}

/* --- starting anew ------------------------------------------------------- */

/* What goes: everything that is not of keys 01 and 02. */
struct leaving {
	uint8_t ids[2][UK_P15_ID_MAX];
	size_t id_lens[2];
};

static bool is_of_the_bank(const struct leaving *l, const uk_p15_object *o)
{
	for (int i = 0; i < 2; i++) {
		if (l->id_lens[i] > 0 &&
		    uk_bytes_eq(uk_view(l->ids[i], l->id_lens[i]),
			uk_view(o->id, o->id_len)))
			return true;
	}
	return false;
}

static bool leaves(const struct ukey_entry *e, const void *arg)
{
	const uk_p15_object *o = &e->o;

	switch (o->kind) {
	case UK_P15_PRKEY:
		return o->key_ref >= UKEY_KEY_FURTHER;
	case UK_P15_PUKEY:
		return o->key_ref >= UKEY_KEY_FURTHER ||
		       (o->key_ref == 0 && !is_of_the_bank(arg, o));
	case UK_P15_CERT:
		return ukey_entry_fid(o) >= UKEY_FID_FURTHER_CERT &&
		       !is_of_the_bank(arg, o);
	default:
		return true;
	}
}

static uk_err learn_ids(uk_card *c, struct leaving *l)
{
	struct ukey_dir d;
	struct ukey_walk w;

	*l = (struct leaving){ 0 };
	UK_TRY(ukey_dir_read(c, UK_P15_PRKEY, &d));
	w = ukey_dir_walk(&d);
	while (ukey_dir_next(&w)) {
		const uk_p15_object *o = &w.entry.o;
		uk_buf id;

		if (!w.entry.known || o->key_ref < UKEY_KEY_LOGIN ||
		    o->key_ref > UKEY_KEY_TRANSACTION)
			continue;
		id = UK_BUF(l->ids[o->key_ref - UKEY_KEY_LOGIN]);
		uk_put(&id, uk_view(o->id, o->id_len));
		l->id_lens[o->key_ref - UKEY_KEY_LOGIN] = id.len;
	}
	return uk_ok();
}

/* Files first..last that the directory does not name any more, known of or
 * left over. */
static uk_err delete_files(
    uk_card *c, enum uk_p15_kind kind, uint32_t first, uint32_t last)
{
	bool named[UKEY_FID_LAST_DATA - UKEY_FID_DATA + 1] = { false };
	struct ukey_dir d;
	struct ukey_walk w;

	UK_TRY(ukey_dir_read(c, kind, &d));
	w = ukey_dir_walk(&d);
	while (ukey_dir_next(&w)) {
		uint32_t fid = w.entry.known ? ukey_entry_fid(&w.entry.o) : 0;

		if (fid >= first && fid <= last)
			named[fid - first] = true;
	}
	for (uint32_t fid = first; fid <= last; fid++) {
		if (!named[fid - first])
			UK_TRY(ukey_file_delete(c, (uint16_t)fid));
	}
	return uk_ok();
}

static uk_err put_label(uk_card *c, uk_bytes label)
{
	uint8_t storage[2 + CARD_LABEL_MAX];
	uk_buf data = UK_BUF(storage);
	uk_cmd put_data = { .ins = 0xdb, .p1 = 0x3f, .p2 = 0xff };

	uk_put_tlv(&data, 0x50, label);
	put_data.data = uk_buf_view(&data);
	UK_TRY(uk_buf_result(&data));
	return ukey_send(c, &put_data, NULL);
}

static uk_err start_anew(uk_card *c, uk_bytes label)
{
	static const enum uk_p15_kind dirs[] = { UK_P15_PRKEY, UK_P15_PUKEY,
		UK_P15_CERT, UK_P15_DATA };
	struct leaving l;

	UK_TRY(learn_ids(c, &l));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		UK_TRY(ukey_dir_drop(c, dirs[i], leaves, &l));
	for (uint32_t ref = UKEY_KEY_FURTHER; ref <= UKEY_KEY_LAST; ref++)
		UK_TRY(ukey_delete_key(c, ref));
	UK_TRY(delete_files(
	    c, UK_P15_CERT, UKEY_FID_FURTHER_CERT, UKEY_FID_LAST_CERT));
	UK_TRY(delete_files(c, UK_P15_DATA, UKEY_FID_DATA, UKEY_FID_LAST_DATA));
	if (((struct ukey *)c)->minor >= 1)
		UK_TRY(delete_files(
		    c, UK_P15_DATA, UKEY_FID_PRIVATE, UKEY_FID_LAST_PRIVATE));
	return put_label(c, label);
}

uk_err ukey_initialize(uk_card *c, const uk_pin *so_pin, const char *label)
{
	uk_bytes text = uk_view_str(label);
	uk_err err;

	if (text.n == 0 || text.n > CARD_LABEL_MAX || !uk_utf8_valid(text))
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(ukey_verify(c, UK_PIN_SO, so_pin));
	err = start_anew(c, text);
	/* The officer does not stay logged in; if this fails, the way to the
	 * card does, and with it the login. */
	if (ukey_can_undo(err))
		UK_IGNORE(ukey_logout(c));
	return ukey_changed(c, err);
}
