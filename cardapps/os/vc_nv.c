/* Objects with a present and, until commit or abort, a future. */
#include "vc_nv.h"

#include "secret.h"
#include "tlv.h"
#include "vc_seal.h"

enum {
	VERSION = 3,
	VERSION_OLDEST = 1,
	TAG_CARD = 0xe0,
	TAG_VERSION = 0x80,
	TAG_OBJECT = 0xe1,
	TAG_ID = 0x81,
	TAG_VALUE = 0x82,
	TAG_REMARK = 0x8f,
	IMAGE_OVERHEAD = 96,  /* the frame and the remark */
	OBJECT_OVERHEAD = 24, /* tags and lengths, generously */
	COUNT_STEP = 16
};

struct value {
	bool there;
	uint8_t *p; /* NULL when n is 0 */
	size_t n;
};

struct object {
	struct vc_nv_id id;
	bool changing;
	struct value now, next;
};

#define REMARK "TEST ONLY: the keys in this file are in the clear"

struct vc_nv {
	struct vc_store *store; /* NULL: memory only */
	struct vc_seal seal;
	struct object *objects;
	size_t count, cap;
};

/* --- values --------------------------------------------------------------- */

static bool is_secret(uint8_t kind)
{
	return kind == VC_NV_PIN || kind == VC_NV_KEY;
}

static void value_free(uint8_t kind, struct value *v)
{
	if (is_secret(kind))
		uk_secret_free(v->p, v->n);
	else
		uk_free(v->p);
	*v = (struct value){ 0 };
}

static uk_err value_set(uint8_t kind, struct value *v, uk_bytes content)
{
	uk_buf copy;

	*v = (struct value){ true, NULL, content.n };
	if (content.n == 0)
		return uk_ok();
	v->p = is_secret(kind) ? uk_secret_new(content.n) : uk_new(content.n);
	if (v->p == NULL) {
		*v = (struct value){ 0 };
		return uk_fail(UK_ERR_MEMORY);
	}
	copy = uk_buf_over(v->p, v->n);
	uk_put(&copy, content);
	return uk_buf_result(&copy);
}

/* --- objects -------------------------------------------------------------- */

static struct object *find(struct vc_nv *nv, struct vc_nv_id id)
{
	for (size_t i = 0; i < nv->count; i++) {
		struct object *o = &nv->objects[i];

		if (o->id.app == id.app && o->id.kind == id.kind &&
		    o->id.ref == id.ref)
			return o;
	}
	return NULL;
}

static uk_err find_or_add(
    struct vc_nv *nv, struct vc_nv_id id, struct object **out)
{
	struct object *grown;

	if ((*out = find(nv, id)) != NULL)
		return uk_ok();
	if (nv->count == VC_NV_OBJECTS_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (nv->count == nv->cap) {
		grown = uk_resize_array(
		    nv->objects, nv->cap, nv->cap + COUNT_STEP, sizeof(*grown));
		if (grown == NULL)
			return uk_fail(UK_ERR_MEMORY);
		nv->objects = grown;
		nv->cap += COUNT_STEP;
	}
	*out = &nv->objects[nv->count++];
	**out = (struct object){ .id = id };
	return uk_ok();
}

static const struct value *latest(const struct object *o)
{
	return o->changing ? &o->next : &o->now;
}

static size_t total(const struct vc_nv *nv)
{
	size_t n = 0;

	for (size_t i = 0; i < nv->count; i++)
		n += latest(&nv->objects[i])->n + OBJECT_OVERHEAD;
	return n;
}

/* Objects that are neither there nor coming lose their place. */
static void sweep(struct vc_nv *nv)
{
	size_t kept = 0;

	for (size_t i = 0; i < nv->count; i++) {
		if (nv->objects[i].now.there || nv->objects[i].changing)
			nv->objects[kept++] = nv->objects[i];
	}
	nv->count = kept;
}

bool vc_nv_get(struct vc_nv *nv, struct vc_nv_id id, uk_bytes *value)
{
	const struct object *o = find(nv, id);

	*value = UK_NONE;
	if (o == NULL || !latest(o)->there)
		return false;
	*value = uk_view(latest(o)->p, latest(o)->n);
	return true;
}

uk_err vc_nv_put(struct vc_nv *nv, struct vc_nv_id id, uk_bytes content)
{
	struct object *o;
	struct value v;

	UK_TRY(find_or_add(nv, id, &o));
	if (total(nv) - latest(o)->n + content.n > VC_NV_TOTAL_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	/* The copy first: content may be a view of what is replaced. */
	UK_TRY(value_set(id.kind, &v, content));
	value_free(id.kind, &o->next);
	o->next = v;
	o->changing = true;
	return uk_ok();
}

static void drop(struct object *o)
{
	value_free(o->id.kind, &o->next);
	o->changing = true;
}

void vc_nv_drop(struct vc_nv *nv, struct vc_nv_id id)
{
	struct object *o = find(nv, id);

	if (o != NULL)
		drop(o);
}

void vc_nv_drop_app(struct vc_nv *nv, uint8_t app)
{
	for (size_t i = 0; i < nv->count; i++) {
		if (nv->objects[i].id.app == app)
			drop(&nv->objects[i]);
	}
}

/* --- transactions --------------------------------------------------------- */

static void put_object(uk_buf *out, const struct object *o)
{
	size_t object, id;

	if (!latest(o)->there)
		return;
	object = uk_tlv_begin(out, TAG_OBJECT);
	id = uk_tlv_begin(out, TAG_ID);
	uk_put_u8(out, o->id.app);
	uk_put_u8(out, o->id.kind);
	uk_put_u16(out, o->id.ref);
	uk_tlv_end(out, id);
	uk_put_tlv(out, TAG_VALUE, uk_view(latest(o)->p, latest(o)->n));
	uk_tlv_end(out, object);
}

static uk_err write_sealed(struct vc_nv *nv, uk_bytes image)
{
	size_t cap = image.n + VC_SEAL_OVERHEAD;
	uint8_t *sealed = uk_new(cap);
	uk_buf out = uk_buf_over(sealed, cap);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (sealed == NULL)
		return err;
	err = vc_seal_put(&nv->seal, image, &out);
	if (uk_is_ok(err))
		err = vc_store_write(nv->store, uk_buf_view(&out));
	uk_free(sealed);
	return err;
}

static uk_err write_image(struct vc_nv *nv)
{
	size_t cap = total(nv) + IMAGE_OVERHEAD;
	uint8_t *image = uk_secret_new(cap); /* it holds the keys */
	uk_buf out = uk_buf_over(image, cap);
	size_t card;
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (image == NULL)
		return err;
	card = uk_tlv_begin(&out, TAG_CARD);
	uk_put_tlv_u8(&out, TAG_VERSION, VERSION);
	if (nv->seal.key == NULL)
		uk_put_tlv(&out, TAG_REMARK, uk_view_str(REMARK));
	for (size_t i = 0; i < nv->count; i++)
		put_object(&out, &nv->objects[i]);
	uk_tlv_end(&out, card);
	err = uk_buf_result(&out);
	if (uk_is_ok(err))
		err = nv->seal.key != NULL
			  ? write_sealed(nv, uk_buf_view(&out))
			  : vc_store_write(nv->store, uk_buf_view(&out));
	uk_secret_free(image, cap);
	return err;
}

/* Ends the transaction: the future becomes the present, or is forgotten. */
static void settle(struct vc_nv *nv, bool keep)
{
	for (size_t i = 0; i < nv->count; i++) {
		struct object *o = &nv->objects[i];

		if (!o->changing)
			continue;
		value_free(o->id.kind, keep ? &o->now : &o->next);
		if (keep)
			o->now = o->next;
		o->next = (struct value){ 0 };
		o->changing = false;
	}
	sweep(nv);
}

uk_err vc_nv_commit(struct vc_nv *nv)
{
	uk_err err = write_image(nv);

	settle(nv, uk_is_ok(err));
	return err;
}

void vc_nv_abort(struct vc_nv *nv)
{
	settle(nv, false);
}

void vc_nv_adopt(struct vc_nv *nv)
{
	settle(nv, true);
}

/* --- opening -------------------------------------------------------------- */

static uk_err load_object(struct vc_nv *nv, uk_bytes object)
{
	struct vc_nv_id id;
	struct object *o;
	uk_bytes name, content;
	uk_reader r;

	if (!uk_tlv_find(object, TAG_ID, &name) ||
	    !uk_tlv_find(object, TAG_VALUE, &content))
		return uk_fail(UK_ERR_FORMAT);
	r = uk_read(name);
	id.app = uk_get_u8(&r);
	id.kind = uk_get_u8(&r);
	id.ref = uk_get_u16(&r);
	UK_TRY(uk_read_end(&r));
	if (find(nv, id) != NULL)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(find_or_add(nv, id, &o));
	return value_set(id.kind, &o->now, content);
}

static uk_err load_image(struct vc_nv *nv, uk_bytes image)
{
	uk_bytes card, version;
	uk_reader r;
	uk_tlv t;

	UK_TRY(uk_tlv_only(image, TAG_CARD, &card));
	if (!uk_tlv_find(card, TAG_VERSION, &version) || version.n != 1)
		return uk_fail(UK_ERR_FORMAT);
	if (version.p[0] < VERSION_OLDEST || version.p[0] > VERSION)
		return uk_fail(UK_ERR_UNSUPPORTED);
	r = uk_read(card);
	UK_TLV_EACH (r, t) {
		if (t.tag == TAG_OBJECT)
			UK_TRY(load_object(nv, t.value));
	}
	return uk_read_end(&r);
}

static uk_err load_sealed(struct vc_nv *nv, uk_bytes file)
{
	uint8_t *image;
	size_t n;
	uk_err err = vc_seal_open(&nv->seal, file, &image, &n);

	if (uk_is_ok(err))
		err = load_image(nv, uk_view(image, n));
	uk_secret_free(image, n);
	return err;
}

static uk_err load(struct vc_nv *nv)
{
	uint8_t *file;
	size_t n;
	uk_err err;

	UK_TRY(vc_store_read(nv->store, &file, &n));
	if (vc_seal_is_sealed(uk_view(file, n)))
		err = load_sealed(nv, uk_view(file, n));
	else
		err = load_image(nv, uk_view(file, n));
	uk_secret_free(file, n);
	return err;
}

uk_err vc_nv_open(const char *path, enum vc_store_mode mode, struct vc_nv **out)
{
	struct vc_nv *nv = uk_new(sizeof(*nv));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (nv == NULL)
		return err;
	err = uk_ok();
	if (path != NULL)
		err = vc_store_open(path, mode, &nv->store);
	if (uk_is_ok(err) && path != NULL && mode != VC_STORE_CREATE)
		err = load(nv);
	if (uk_is_ok(err) && path != NULL && nv->seal.key == NULL)
		err = vc_seal_begin(&nv->seal);
	if (!uk_is_ok(err))
		goto out;
	*out = nv;
	nv = NULL;
out:
	vc_nv_close(&nv);
	return err;
}

void vc_nv_close(struct vc_nv **nv)
{
	struct vc_nv *n = *nv;

	*nv = NULL;
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->count; i++) {
		value_free(n->objects[i].id.kind, &n->objects[i].now);
		value_free(n->objects[i].id.kind, &n->objects[i].next);
	}
	uk_free(n->objects);
	vc_seal_free(&n->seal);
	vc_store_close(&n->store);
	uk_free(n);
}
