/* The token's objects: made from the card's directory, filled when asked. */
#include "object.h"

#include "rv.h"
#include "slot.h"

static const CK_OBJECT_CLASS classes[] = {
	[UK_OBJ_CERTIFICATE] = CKO_CERTIFICATE,
	[UK_OBJ_PRIVATE_KEY] = CKO_PRIVATE_KEY,
	[UK_OBJ_PUBLIC_KEY] = CKO_PUBLIC_KEY,
	[UK_OBJ_DATA] = CKO_DATA,
};

/* Present on every token from the first C_GetSlotList: PKCS#11 Profiles 3.0. */
static const CK_ULONG profiles[] = {
	CKP_BASELINE_PROVIDER,
	CKP_EXTENDED_PROVIDER,
	CKP_AUTHENTICATION_TOKEN,
	CKP_PUBLIC_CERTIFICATES_TOKEN,
};
enum { PROFILES = sizeof(profiles) / sizeof(profiles[0]) };

static uk_bytes id_of(const uk_object *o)
{
	return uk_view(o->id, o->id_len);
}

static const uk_object *partner(
    const uk_card *c, const uk_object *o, enum uk_object_kind kind)
{
	for (size_t i = 0; i < c->object_count; i++) {
		if (c->objects[i].kind == kind &&
		    uk_bytes_eq(id_of(&c->objects[i]), id_of(o)))
			return &c->objects[i];
	}
	return NULL;
}

static void add(struct p11_objects *t, CK_OBJECT_CLASS class,
    const uk_object *src, CK_ULONG profile)
{
	struct p11_object *o = &t->list[t->count++];

	o->class = class;
	o->src = src;
	o->profile = profile;
}

/* A private key whose public half the card does not list gets one of its own,
 * read from the certificate or the key itself. */
static void add_card_object(
    struct p11_objects *t, const uk_card *c, const uk_object *src)
{
	add(t, classes[src->kind], src, 0);
	if (src->kind == UK_OBJ_PRIVATE_KEY &&
	    partner(c, src, UK_OBJ_PUBLIC_KEY) == NULL)
		add(t, CKO_PUBLIC_KEY, src, 0);
}

static CK_RV build(struct p11_slot *s)
{
	const uk_card *c = s->card;
	struct p11_objects *t = &s->objects;

	t->list = uk_new_array(
	    2 * c->object_count + PROFILES, sizeof(*t->list));
	if (t->list == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < PROFILES; i++)
		add(t, CKO_PROFILE, NULL, profiles[i]);
	for (size_t i = 0; i < c->object_count; i++)
		add_card_object(t, c, &c->objects[i]);
	t->loaded = true;
	return CKR_OK;
}

CK_RV p11_objects_load(struct p11_slot *s)
{
	CK_RV rv;
	uk_err err;

	if (s->objects.loaded)
		return CKR_OK;
	if ((rv = p11_slot_begin(s)) != CKR_OK)
		return rv;
	err = uk_card_load_objects(s->card);
	p11_slot_end(s);
	return uk_is_ok(err) ? build(s) : p11_slot_failed(s, err);
}

void p11_objects_free(struct p11_objects *t)
{
	for (size_t i = 0; i < t->count; i++) {
		uk_blob_free(&t->list[i].value);
		uk_free(t->list[i].pub);
	}
	uk_free(t->list);
	*t = (struct p11_objects){ 0 };
}

static bool is_private(const struct p11_object *o)
{
	if (o->class == CKO_PRIVATE_KEY)
		return true;
	return o->class == CKO_DATA && o->src->is_private;
}

bool p11_object_visible(const struct p11_slot *s, const struct p11_object *o)
{
	return !is_private(o) || s->login == P11_USER;
}

struct p11_object *p11_object_find(struct p11_slot *s, CK_OBJECT_HANDLE h)
{
	struct p11_objects *t = &s->objects;

	for (size_t i = 0; h != CK_INVALID_HANDLE && i < t->count; i++) {
		if (t->list[i].handle == h)
			return p11_object_visible(s, &t->list[i]) ? &t->list[i]
								  : NULL;
	}
	return NULL;
}

CK_OBJECT_HANDLE p11_object_handle(struct p11_slot *s, struct p11_object *o)
{
	if (o->handle == CK_INVALID_HANDLE)
		o->handle = p11_slot_handle(s);
	return o->handle;
}

void p11_objects_hide_private(struct p11_objects *t)
{
	for (size_t i = 0; i < t->count; i++) {
		if (is_private(&t->list[i]))
			t->list[i].handle = CK_INVALID_HANDLE;
	}
}

/* --- reading on demand --------------------------------------------------- */

/* A file that is malformed stays so: it is asked for once. */
static CK_RV note(struct p11_slot *s, struct p11_object *o, uk_err err)
{
	if (uk_is_ok(err))
		return CKR_OK;
	if (err.sw == 0 &&
	    (uk_is(err, UK_ERR_FORMAT) || uk_is(err, UK_ERR_UNSUPPORTED)))
		o->unreadable = true;
	return p11_slot_failed(s, err);
}

CK_RV p11_object_value(struct p11_slot *s, struct p11_object *o, uk_bytes *out)
{
	CK_RV rv;
	uk_err err;

	*out = uk_blob_view(&o->value);
	if (o->value.p != NULL)
		return CKR_OK;
	if (o->unreadable)
		return CKR_DEVICE_ERROR;
	if ((rv = p11_slot_begin(s)) != CKR_OK)
		return rv;
	err = uk_card_read_object(s->card, o->src, &o->value);
	p11_slot_end(s);
	*out = uk_blob_view(&o->value);
	return note(s, o, err);
}

CK_RV p11_object_x509(
    struct p11_slot *s, struct p11_object *o, const uk_x509 **out)
{
	uk_bytes der;
	CK_RV rv = p11_object_value(s, o, &der);

	*out = &o->x509;
	if (rv != CKR_OK || o->x509.whole.p != NULL)
		return rv;
	if (o->unreadable)
		return CKR_DEVICE_ERROR;
	return note(s, o, uk_x509_parse(der, &o->x509));
}

/* The certificate with the key's CKA_ID, if it was read already. */
static struct p11_object *certificate_of(
    struct p11_slot *s, const struct p11_object *key)
{
	for (size_t i = 0; i < s->objects.count; i++) {
		struct p11_object *o = &s->objects.list[i];

		if (o->class == CKO_CERTIFICATE && !o->unreadable &&
		    uk_bytes_eq(id_of(o->src), id_of(key->src)))
			return o;
	}
	return NULL;
}

static uk_err from_x509(const uk_x509 *x, uk_public_key *out)
{
	uk_buf modulus = UK_BUF(out->modulus);
	uk_buf exponent = UK_BUF(out->exponent);
	uk_buf point = UK_BUF(out->point);

	uk_put(&modulus, x->modulus);
	uk_put(&exponent, x->exponent);
	uk_put(&point, x->point);
	out->type = x->key_type;
	out->modulus_len = modulus.len;
	out->exponent_len = exponent.len;
	out->point_len = point.len;
	if (modulus.bad || exponent.bad || point.bad ||
	    x->key_type == UK_KEY_NONE)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return uk_ok();
}

static CK_RV read_public(
    struct p11_slot *s, struct p11_object *o, uk_public_key *out)
{
	CK_RV rv = p11_slot_begin(s);
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	err = uk_card_read_public(s->card, o->src, out);
	p11_slot_end(s);
	return note(s, o, err);
}

/* From the certificate, which is wanted anyway, or else from the key itself. */
static CK_RV find_public(
    struct p11_slot *s, struct p11_object *o, uk_public_key *out)
{
	struct p11_object *cert = certificate_of(s, o);
	const uk_x509 *x;

	if (cert != NULL && p11_object_x509(s, cert, &x) == CKR_OK &&
	    uk_is_ok(from_x509(x, out)))
		return CKR_OK;
	*out = (uk_public_key){ 0 };
	return s->lost ? CKR_DEVICE_REMOVED : read_public(s, o, out);
}

CK_RV p11_object_public(
    struct p11_slot *s, struct p11_object *o, const uk_public_key **out)
{
	uk_public_key *pub;
	CK_RV rv;

	*out = o->pub;
	if (o->pub != NULL)
		return CKR_OK;
	if (o->unreadable)
		return CKR_DEVICE_ERROR;
	if ((pub = uk_new(sizeof(*pub))) == NULL)
		return CKR_HOST_MEMORY;
	if ((rv = find_public(s, o, pub)) == CKR_OK) {
		*out = o->pub = pub;
		pub = NULL; /* handed over */
	}
	uk_free(pub);
	return rv;
}
