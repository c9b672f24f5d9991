/*
 * U-key: the list of objects, profile section 2.
 *
 * Four files are read to list everything. The directory of public keys is one
 * of them because it alone tells which curve a key is on (SM2 and P-256 look
 * alike everywhere else), and because public keys may stand there without a
 * private one.
 */
#include "ukey_driver.h"

#include "der.h"

enum { RSA_BITS_MIN = 1024, PUBLIC_DER_MAX = 1024 };

/* --- the directory ------------------------------------------------------- */

static bool take_rsa_size(const uk_p15_object *from, uk_object *to)
{
	to->key_bits = from->bits;
	return from->bits >= RSA_BITS_MIN && from->bits % 8 == 0 &&
	       from->bits <= 8 * UK_MODULUS_MAX;
}

/* By the field length; where it is not told, the profile's usual curve. */
static bool take_curve(const uk_p15_object *from, uk_object *to)
{
	static const enum uk_key_type curves[] = { UK_KEY_P256, UK_KEY_P384,
		UK_KEY_P521 };

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		to->key_type = curves[i];
		to->key_bits = uk_key_curve_bits(curves[i]);
		if (from->bits == 0 || from->bits == to->key_bits)
			return true;
	}
	return false;
}

static bool take_key(const uk_p15_object *from, uk_object *to)
{
	to->kind = UK_OBJ_PRIVATE_KEY;
	to->ref = from->key_ref;
	to->usage = from->usage;
	to->always_auth = from->user_consent > 0 ||
			  from->key_ref == UKEY_KEY_TRANSACTION;
	to->on_card = (from->access & UK_P15_LOCAL) != 0;
	to->key_type = from->key_type;
	if (to->ref < UKEY_KEY_LOGIN || to->ref > UKEY_KEY_LAST)
		return false;
	return from->key_type == UK_KEY_RSA ? take_rsa_size(from, to)
					    : take_curve(from, to);
}

uint32_t ukey_entry_fid(const uk_p15_object *o)
{
	uk_reader path = uk_read(uk_view(o->path.p, o->path.n));
	uint32_t fid = uk_get_u16(&path);

	return uk_is_ok(uk_read_end(&path)) ? fid : 0;
}

static bool take_certificate(const uk_p15_object *from, uk_object *to)
{
	to->kind = UK_OBJ_CERTIFICATE;
	to->ref = ukey_entry_fid(from);
	return to->ref >= UKEY_FID_CERT && to->ref <= UKEY_FID_LAST_CERT;
}

static bool take_data(const uk_p15_object *from, uk_object *to)
{
	to->kind = UK_OBJ_DATA;
	to->ref = ukey_entry_fid(from);
	if (ukey_is_private(to->ref))
		to->is_private = true; /* whatever the entry says */
	else if (to->ref < UKEY_FID_DATA || to->ref > UKEY_FID_LAST_DATA)
		return false;
	return uk_is_ok(uk_copy_str(to->application, sizeof(to->application),
	    uk_view_str(from->application)));
}

/* Type and length are known from its value. */
static bool take_public(const uk_p15_object *from, uk_object *to)
{
	to->kind = UK_OBJ_PUBLIC_KEY;
	to->usage = from->usage;
	return true;
}

static bool (*const takers[])(const uk_p15_object *from, uk_object *to) = {
	[UK_P15_PRKEY] = take_key,
	[UK_P15_PUKEY] = take_public,
	[UK_P15_CERT] = take_certificate,
	[UK_P15_DATA] = take_data,
};

/* Directory entries that this profile cannot contain are left out; the others
 * of the file are still good. */
static bool take_object(const uk_p15_object *from, uk_object *to)
{
	uk_buf id = UK_BUF(to->id);

	*to = (uk_object){ 0 };
	to->is_private = (from->flags & UK_P15_PRIVATE) != 0;
	to->modifiable = (from->flags & UK_P15_MODIFIABLE) != 0;
	uk_put(&id, uk_view(from->id, from->id_len));
	to->id_len = id.len;
	if (id.bad || !uk_is_ok(uk_copy_str(to->label, sizeof(to->label),
			  uk_view_str(from->label))))
		return false;
	return takers[from->kind](from, to);
}

struct listing {
	uk_object *list;
	size_t count;
};

static uk_err add(struct listing *found, const uk_object *o)
{
	if (found->count == UK_OBJECTS_MAX)
		return uk_fail(UK_ERR_FORMAT);
	found->list[found->count++] = *o;
	return uk_ok();
}

/* The private key that a public one belongs to: by reference or, where other
 * programs left that out, by id. */
static uk_object *private_of(struct listing *found, const uk_p15_object *public)
{
	uk_bytes id = uk_view(public->id, public->id_len);

	for (size_t i = 0; i < found->count; i++) {
		uk_object *o = &found->list[i];

		if (o->kind == UK_OBJ_PRIVATE_KEY &&
		    (public->key_ref > 0
			    ? o->ref == public->key_ref
			    : uk_bytes_eq(uk_view(o->id, o->id_len), id)))
			return o;
	}
	return NULL;
}

/* A public key tells its private key's curve, or stands alone. One whose
 * private key is not listed is left over from a key that was never finished. */
static uk_err add_public(struct listing *found, const struct ukey_entry *e)
{
	uk_object *key = private_of(found, &e->o), alone;
	uint8_t storage[PUBLIC_DER_MAX];
	uk_buf der = UK_BUF(storage);
	uk_x509 x;

	if (!uk_is_ok(ukey_entry_spki(&e->o, &der, &x)))
		return uk_ok();
	if (key != NULL && key->key_type != UK_KEY_RSA &&
	    x.key_type != UK_KEY_RSA) {
		key->key_type = x.key_type;
		key->key_bits = x.key_bits;
	}
	if (key != NULL || e->o.key_ref > 0 || !take_object(&e->o, &alone))
		return uk_ok();
	alone.key_type = x.key_type;
	alone.key_bits = x.key_bits;
	alone.ref = UKEY_PUBLIC + (uint32_t)e->at;
	return add(found, &alone);
}

static uk_err add_other(struct listing *found, const struct ukey_entry *e)
{
	uk_object o;

	return take_object(&e->o, &o) ? add(found, &o) : uk_ok();
}

static uk_err read_directory(
    uk_card *c, enum uk_p15_kind kind, struct listing *found)
{
	struct ukey_dir d;
	struct ukey_walk w;

	UK_TRY(ukey_dir_look(c, kind, &d));
	w = ukey_dir_walk(&d);
	while (ukey_dir_next(&w)) {
		if (w.entry.known)
			UK_TRY(kind == UK_P15_PUKEY
				   ? add_public(found, &w.entry)
				   : add_other(found, &w.entry));
	}
	return uk_ok();
}

/* Cards of other makers may do without the last one or two. */
static uk_err read_optional(
    uk_card *c, enum uk_p15_kind kind, struct listing *found)
{
	uk_err err = read_directory(c, kind, found);

	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_ok() : err;
}

static uk_err read_directories(uk_card *c, struct listing *found)
{
	UK_TRY(read_directory(c, UK_P15_PRKEY, found));
	UK_TRY(read_optional(c, UK_P15_PUKEY, found));
	UK_TRY(read_directory(c, UK_P15_CERT, found));
	return read_optional(c, UK_P15_DATA, found);
}

uk_err ukey_load_objects(uk_card *c)
{
	struct listing found = { NULL, 0 };
	uk_err err = uk_fail(UK_ERR_MEMORY);

	found.list = uk_new_array(UK_OBJECTS_MAX, sizeof(uk_object));
	if (found.list == NULL)
		goto out;
	err = read_directories(c, &found);
	if (!uk_is_ok(err))
		goto out;

	uk_free(c->objects);
	c->objects = found.list;
	c->object_count = found.count;
	c->loaded = true;
	found.list = NULL; /* handed over */
out:
	uk_free(found.list);
	return err;
}

/* --- finding an object's entry again ------------------------------------- */

bool ukey_pick_key(const struct ukey_entry *e, const void *arg)
{
	return e->o.key_ref == *(const uint32_t *)arg;
}

bool ukey_pick_object(const struct ukey_entry *e, const void *arg)
{
	const uk_object *o = arg;
	uint32_t ref;

	if (o->kind == UK_OBJ_PRIVATE_KEY)
		ref = e->o.key_ref;
	else if (o->kind == UK_OBJ_PUBLIC_KEY)
		ref = UKEY_PUBLIC + (uint32_t)e->at;
	else
		ref = ukey_entry_fid(&e->o);
	return ref == o->ref && uk_bytes_eq(uk_view(e->o.id, e->o.id_len),
				    uk_view(o->id, o->id_len));
}

/* --- contents ------------------------------------------------------------ */

/* A certificate that was replaced by a shorter one may still have its end
 * behind that, and other people's are padded. */
static uk_bytes without_tail(uk_bytes content)
{
	uk_reader r = uk_read(content);
	uk_bytes certificate = uk_der_get_whole(&r, UK_DER_SEQUENCE);

	return r.bad ? content : certificate;
}

static uk_err read_certificate(uk_card *c, const uk_object *o, uk_blob *out)
{
	uk_bytes content;
	uint8_t sfi = ukey_cert_sfi(o->ref);

	if (sfi == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (uk_cache_get(c->cache, o->ref, &content))
		return uk_blob_set(out, without_tail(content));
	UK_TRY(ukey_file_read(c, sfi, &content));
	if (content.n > 0)
		uk_cache_put(c->cache, o->ref, content);
	return content.n == 0 ? uk_fail(UK_ERR_NOT_FOUND)
			      : uk_blob_set(out, without_tail(content));
}

static uk_err read_private(uk_card *c, uk_blob *out)
{
	uk_bytes content;
	uk_err err;

	UK_TRY(ukey_file_read_private(c, &content));
	err = uk_blob_set(out, content);
	ukey_file_wipe(c, content);
	return err;
}

static uk_err read_data(uk_card *c, const uk_object *o, uk_blob *out)
{
	struct ukey_file file;
	uk_bytes content;

	if (!ukey_is_private(o->ref) &&
	    (o->ref < UKEY_FID_DATA || o->ref > UKEY_FID_LAST_DATA))
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (!ukey_is_private(o->ref) &&
	    uk_cache_get(c->cache, o->ref, &content))
		return uk_blob_set(out, content);
	UK_TRY(ukey_file_select(c, (uint16_t)o->ref, &file));
	if (ukey_is_private(o->ref))
		return read_private(c, out);
	UK_TRY(ukey_file_read(c, 0, &content));
	uk_cache_put(c->cache, o->ref, content);
	return uk_blob_set(out, content);
}

uk_err ukey_read_object(uk_card *c, const uk_object *o, uk_blob *out)
{
	switch (o->kind) {
	case UK_OBJ_CERTIFICATE:
		return read_certificate(c, o, out);
	case UK_OBJ_DATA:
		return read_data(c, o, out);
	default: /* keys are read by read_public */
		return uk_fail(UK_ERR_UNSUPPORTED);
	}
}
