/*
 * U-key: storing certificates, data and stand-alone public keys, profile
 * section 2. The content is written first, the directory entry last; what was
 * replaced is deleted after that.
 */
#include "ukey_driver.h"

#include "sw.h"
#include "utf8.h"

enum { VALUE_MAX = 1024, ENTRY_MAX = VALUE_MAX + 256 };

uk_err ukey_name_entry(uk_p15_object *o, const char *label, uk_bytes id)
{
	uk_bytes text = uk_view_str(label);
	uk_buf field = UK_BUF(o->id);

	if (text.n > UK_P15_LABEL_MAX || !uk_utf8_valid(text) ||
	    id.n > UK_P15_ID_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put(&field, id);
	o->id_len = field.len;
	return uk_copy_str(o->label, sizeof(o->label), text);
}

/* The entry of something that lies in a file. */
static uk_err put_file_entry(const struct uk_new_object *what,
    enum uk_p15_kind kind, uint32_t fid, uk_buf *out)
{
	uk_p15_object o = { .kind = kind, .flags = UK_P15_MODIFIABLE };
	uk_bytes application = uk_view_str(what->application);
	uk_buf path = UK_BUF(o.path.p);

	if (what->is_private) {
		o.flags |= UK_P15_PRIVATE;
		o.auth_id[0] = 0x01; /* the PIN's */
		o.auth_id_len = 1;
	}
	UK_TRY(ukey_name_entry(&o, what->label, what->id));
	if (application.n > UK_P15_LABEL_MAX || !uk_utf8_valid(application))
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(uk_copy_str(o.application, sizeof(o.application), application));
	uk_put_u16(&path, (uint16_t)fid);
	o.path.n = path.len;
	return uk_put_p15(out, &o);
}

/* The lowest file of first..last that no entry names; 0 if there is none. */
static uint32_t free_file(
    const struct ukey_dir *d, uint32_t first, uint32_t last)
{
	for (uint32_t fid = first; fid <= last; fid++) {
		struct ukey_walk w = ukey_dir_walk(d);
		bool taken = false;

		while (ukey_dir_next(&w))
			taken = taken || (w.entry.known &&
					     ukey_entry_fid(&w.entry.o) == fid);
		if (!taken)
			return fid;
	}
	return 0;
}

static uk_err no_space(void)
{
	return uk_fail_sw(UK_ERR_CARD_STATUS, UK_SW_SPACE);
}

static bool pick_file(const struct ukey_entry *e, const void *arg)
{
	return ukey_entry_fid(&e->o) == *(const uint32_t *)arg;
}

/* After a failure: the file that was begun goes, unless it is listed. If that
 * fails as well, it is in nobody's way: the next one is written over it. */
static void tidy(uk_card *c, enum uk_p15_kind kind, uint32_t fid, uk_err why)
{
	struct ukey_dir d;
	struct ukey_entry e;

	if (fid == 0 || uk_is_ok(why) || !ukey_can_undo(why))
		return;
	if (uk_is_ok(ukey_dir_read(c, kind, &d)) &&
	    !ukey_dir_find(&d, pick_file, &fid, &e))
		UK_IGNORE(ukey_file_delete(c, (uint16_t)fid));
}

/* --- certificates -------------------------------------------------------- */

static bool pick_id(const struct ukey_entry *e, const void *arg)
{
	uk_bytes id = *(const uk_bytes *)arg;

	return id.n > 0 && uk_bytes_eq(uk_view(e->o.id, e->o.id_len), id);
}

/* The file that the profile has for the certificate of keys 01 and 02; 0 for
 * everything else. */
static uk_err find_home(uk_card *c, uk_bytes id, uint32_t *fid)
{
	struct ukey_dir keys;
	struct ukey_entry e;

	*fid = 0;
	UK_TRY(ukey_dir_read(c, UK_P15_PRKEY, &keys));
	if (ukey_dir_find(&keys, pick_id, &id, &e) &&
	    e.o.key_ref >= UKEY_KEY_LOGIN &&
	    e.o.key_ref <= UKEY_KEY_TRANSACTION)
		*fid = UKEY_FID_CERT + e.o.key_ref - UKEY_KEY_LOGIN;
	return uk_ok();
}

/* Where a certificate goes, and which entries it replaces. */
struct place {
	uk_bytes id;
	uint32_t home; /* whatever is there is replaced; 0: none */
	uint32_t fid;
};

static bool pick_replaced(const struct ukey_entry *e, const void *arg)
{
	const struct place *p = arg;

	return pick_id(e, &p->id) ||
	       (p->home > 0 && ukey_entry_fid(&e->o) == p->home);
}

/* At home over the old one, if that file is there and large enough or not there
 * at all; everywhere else in a new file, so that the old one stays until the
 * directory names the new one. */
static uk_err write_certificate(
    uk_card *c, const struct ukey_dir *d, uk_bytes value, struct place *p)
{
	struct ukey_file old;
	uk_err err;

	if (p->home > 0) {
		p->fid = p->home;
		err = ukey_file_select(c, (uint16_t)p->fid, &old);
		if (uk_is(err, UK_ERR_NOT_FOUND))
			return ukey_file_put_new(c, (uint16_t)p->fid, value);
		UK_TRY(err);
		if (value.n <= old.capacity)
			return ukey_file_put_over(c, &old, value);
	}
	p->fid = free_file(d, UKEY_FID_FURTHER_CERT, UKEY_FID_LAST_CERT);
	return p->fid == 0 ? no_space()
			   : ukey_file_put_new(c, (uint16_t)p->fid, value);
}

/* The files of the entries that were replaced, unless the new one is in it. */
static uk_err delete_replaced(
    uk_card *c, const struct ukey_dir *d, const struct place *p)
{
	struct ukey_walk w = ukey_dir_walk(d);

	while (ukey_dir_next(&w)) {
		uint32_t fid = w.entry.known ? ukey_entry_fid(&w.entry.o) : 0;

		if (fid != p->fid && ukey_cert_sfi(fid) > 0 &&
		    pick_replaced(&w.entry, p))
			UK_TRY(ukey_file_delete(c, (uint16_t)fid));
	}
	return uk_ok();
}

/* Over an old certificate its entry stays too, but for the name: if that is the
 * same, the write above was all there is to it. */
static uk_err put_certificate_entry(const struct uk_new_object *what,
    const struct ukey_dir *d, const struct place *p, uk_buf *out)
{
	struct ukey_entry e;

	if (ukey_dir_find(d, pick_file, &p->fid, &e))
		return ukey_entry_rename(
		    out, e.whole, uk_view_str(what->label), p->id);
	return put_file_entry(what, UK_P15_CERT, p->fid, out);
}

static uk_err put_certificate(
    uk_card *c, const struct uk_new_object *what, struct place *p)
{
	uint8_t storage[ENTRY_MAX];
	uk_buf entry = UK_BUF(storage);
	struct ukey_dir d;

	UK_TRY(find_home(c, p->id, &p->home));
	UK_TRY(ukey_dir_read(c, UK_P15_CERT, &d));
	UK_TRY(write_certificate(c, &d, what->value, p));
	UK_TRY(put_certificate_entry(what, &d, p, &entry));
	UK_TRY(ukey_dir_write(c, &d, pick_replaced, p, uk_buf_view(&entry)));
	return delete_replaced(c, &d, p);
}

static uk_err store_certificate(
    uk_card *c, const struct uk_new_object *what, size_t *out)
{
	struct place p = { .id = what->id };
	uk_err err;

	err = put_certificate(c, what, &p);
	tidy(c, UK_P15_CERT, p.fid, err);
	return ukey_made(c, err, UK_OBJ_CERTIFICATE, p.fid, out);
}

/* --- data ---------------------------------------------------------------- */

static bool pick_none(const struct ukey_entry *e, const void *arg)
{
	(void)e;
	(void)arg;
	return false;
}

static uk_err put_data(
    uk_card *c, const struct uk_new_object *what, uint32_t *fid)
{
	uint8_t storage[ENTRY_MAX];
	uk_buf entry = UK_BUF(storage);
	struct ukey_dir d;

	*fid = 0;
	UK_TRY(ukey_dir_read(c, UK_P15_DATA, &d));
	*fid = what->is_private
		   ? free_file(&d, UKEY_FID_PRIVATE, UKEY_FID_LAST_PRIVATE)
		   : free_file(&d, UKEY_FID_DATA, UKEY_FID_LAST_DATA);
	if (*fid == 0)
		return no_space();
	UK_TRY(ukey_file_put_new(c, (uint16_t)*fid, what->value));
	UK_TRY(put_file_entry(what, UK_P15_DATA, *fid, &entry));
	return ukey_dir_write(c, &d, pick_none, NULL, uk_buf_view(&entry));
}

static uk_err store_data(
    uk_card *c, const struct uk_new_object *what, size_t *out)
{
	uint32_t fid;
	uk_err err = put_data(c, what, &fid);

	tidy(c, UK_P15_DATA, fid, err);
	return ukey_made(c, err, UK_OBJ_DATA, fid, out);
}

/* --- public keys --------------------------------------------------------- */

static uk_err put_public_entry(const struct uk_new_object *what, uk_buf *out)
{
	uint8_t storage[VALUE_MAX];
	uk_buf value = UK_BUF(storage);
	uk_p15_object o = { .kind = UK_P15_PUKEY,
		.flags = UK_P15_MODIFIABLE,
		.usage = what->usage,
		.access = UK_P15_EXTRACTABLE };
	uk_x509 x;

	UK_TRY(uk_spki_parse(what->value, &x));
	if (x.key_type == UK_KEY_NONE)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (!uk_is_ok(ukey_put_value(&value, what->value)))
		return uk_fail(UK_ERR_UNSUPPORTED); /* too long a key */
	o.key_type = x.key_type;
	o.bits = x.key_bits;
	o.direct = uk_buf_view(&value);
	UK_TRY(ukey_name_entry(&o, what->label, what->id));
	return uk_put_p15(out, &o);
}

/* The public key of a pair is on the card already. */
static uk_err refuse_half_of_a_pair(uk_card *c, uk_bytes id)
{
	struct ukey_dir keys;
	struct ukey_entry e;

	UK_TRY(ukey_dir_read(c, UK_P15_PRKEY, &keys));
	return ukey_dir_find(&keys, pick_id, &id, &e) ? uk_fail(UK_ERR_EXISTS)
						      : uk_ok();
}

static uk_err put_public(uk_card *c, uk_bytes entry, uint32_t *ref)
{
	struct ukey_dir d;
	struct ukey_walk w;

	UK_TRY(ukey_dir_read(c, UK_P15_PUKEY, &d));
	w = ukey_dir_walk(&d);
	while (ukey_dir_next(&w)) {
		; /* to its end: how many there are */
	}
	*ref = UKEY_PUBLIC + (uint32_t)w.count;
	return ukey_dir_write(c, &d, pick_none, NULL, entry);
}

static uk_err store_public(
    uk_card *c, const struct uk_new_object *what, size_t *out)
{
	uint8_t storage[ENTRY_MAX];
	uk_buf entry = UK_BUF(storage);
	uint32_t ref = 0;
	uk_err err;

	UK_TRY(put_public_entry(what, &entry));
	UK_TRY(refuse_half_of_a_pair(c, what->id));
	err = put_public(c, uk_buf_view(&entry), &ref);
	return ukey_made(c, err, UK_OBJ_PUBLIC_KEY, ref, out);
}

/* --- all ----------------------------------------------------------------- */

uk_err ukey_store(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	uint8_t storage[ENTRY_MAX];
	uk_buf tried = UK_BUF(storage);

	*out = 0;
	/* Before 1.1 the card could not keep anybody from reading a file. */
	if (what->is_private &&
	    (what->kind != UK_OBJ_DATA || ((struct ukey *)c)->minor < 1))
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (what->value.n >= UKEY_FILE_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	switch (what->kind) {
	case UK_OBJ_CERTIFICATE:
		UK_TRY(put_file_entry(what, UK_P15_CERT, 0, &tried));
		return what->value.n == 0 ? uk_fail(UK_ERR_ARGUMENT)
					  : store_certificate(c, what, out);
	case UK_OBJ_DATA:
		UK_TRY(put_file_entry(what, UK_P15_DATA, 0, &tried));
		return store_data(c, what, out);
	case UK_OBJ_PUBLIC_KEY:
		return store_public(c, what, out);
	default:
		return uk_fail(UK_ERR_ARGUMENT);
	}
}
