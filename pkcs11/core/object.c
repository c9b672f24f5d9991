/* The list of objects: the card's directory and what sessions have made. */
#include "object.h"

#include "reader.h"
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

/* --- one object ---------------------------------------------------------- */

struct p11_object *p11_object_new(CK_OBJECT_CLASS class)
{
	struct p11_object *o = uk_new(sizeof(*o));

	if (o == NULL)
		return NULL;
	o->class = class;
	o->src = &o->entry;
	o->modifiable = o->copyable = o->destroyable = true;
	return o;
}

/* What was read on demand is asked for again. */
static void forget_content(struct p11_object *o)
{
	if ((o->private || o->class == CKO_SECRET_KEY) && o->value.p != NULL)
		uk_wipe(o->value.p, o->value.n);
	uk_blob_free(&o->value);
	uk_free(o->pub);
	o->pub = NULL;
	o->x509 = (uk_x509){ 0 };
	o->has_value = o->unreadable = false;
}

void p11_object_free(struct p11_object **o)
{
	if (*o != NULL)
		forget_content(*o);
	uk_free(*o);
	*o = NULL;
}

/* The public half of a private key is not an object of its own on the card. */
static bool is_derived(const struct p11_object *o)
{
	return o->class == CKO_PUBLIC_KEY &&
	       o->entry.kind == UK_OBJ_PRIVATE_KEY;
}

static void take_entry(struct p11_object *o, const uk_object *entry)
{
	o->entry = *entry;
	o->private = (o->class == CKO_PRIVATE_KEY && !entry->open_use) ||
		     (o->class == CKO_DATA && entry->is_private);
	o->modifiable = entry->modifiable;
	o->destroyable = entry->modifiable && !is_derived(o);
	o->copyable = o->class != CKO_PRIVATE_KEY;
}

/* --- the list ------------------------------------------------------------ */

static CK_RV append(struct p11_objects *t, struct p11_object **o)
{
	size_t cap = t->cap == 0 ? 16 : 2 * t->cap;
	struct p11_object **list;

	if (*o == NULL)
		return CKR_HOST_MEMORY;
	if (t->count == t->cap) {
		list = uk_resize_array(t->list, t->count, cap, sizeof(*list));
		if (list == NULL)
			return CKR_HOST_MEMORY;
		t->list = list;
		t->cap = cap;
	}
	t->list[t->count++] = *o;
	*o = NULL; /* handed over */
	return CKR_OK;
}

void p11_object_end(struct p11_object *o)
{
	o->gone = true;
	o->handle = CK_INVALID_HANDLE;
}

CK_RV p11_objects_add(struct p11_slot *s, CK_SESSION_HANDLE owner,
    struct p11_object **o, CK_OBJECT_HANDLE *handle)
{
	struct p11_object *added = *o;
	CK_RV rv = append(&s->objects, o);

	if (rv != CKR_OK)
		return rv;
	added->owner = owner;
	*handle = p11_object_handle(s, added);
	return CKR_OK;
}

void p11_objects_end_session(struct p11_objects *t, CK_SESSION_HANDLE session)
{
	for (size_t i = 0; i < t->count; i++) {
		CK_SESSION_HANDLE owner = t->list[i]->owner;

		if (owner != 0 && (session == 0 || owner == session))
			p11_object_end(t->list[i]);
	}
}

void p11_objects_sweep(struct p11_objects *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (t->list[i]->gone)
			p11_object_free(&t->list[i]);
		else
			t->list[kept++] = t->list[i];
	}
	t->count = kept;
}

void p11_objects_free(struct p11_objects *t)
{
	for (size_t i = 0; i < t->count; i++)
		p11_object_free(&t->list[i]);
	uk_free(t->list);
	*t = (struct p11_objects){ 0 };
}

/* --- comparing with the card's list -------------------------------------- */

static CK_RV add_profiles(struct p11_objects *t)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < t->count; i++) {
		if (t->list[i]->src == NULL)
			return CKR_OK; /* they are there */
	}
	for (size_t i = 0; i < PROFILES && rv == CKR_OK; i++) {
		struct p11_object *o = p11_object_new(CKO_PROFILE);

		if (o == NULL)
			return CKR_HOST_MEMORY;
		o->src = NULL;
		o->profile = profiles[i];
		o->modifiable = o->copyable = o->destroyable = false;
		rv = append(t, &o);
		p11_object_free(&o);
	}
	return rv;
}

/* The token's object at the same place of the card as this entry. */
static struct p11_object *at_place(
    struct p11_objects *t, CK_OBJECT_CLASS class, const uk_object *entry)
{
	for (size_t i = 0; i < t->count; i++) {
		struct p11_object *o = t->list[i];

		if (o->owner == 0 && !o->gone && o->class == class &&
		    o->src != NULL && o->entry.kind == entry->kind &&
		    o->entry.ref == entry->ref)
			return o;
	}
	return NULL;
}

static bool same_key(const uk_object *a, const uk_object *b)
{
	if (!uk_bytes_eq(id_of(a), id_of(b)))
		return false;
	return a->vague || b->vague ||
	       (a->key_type == b->key_type && a->key_bits == b->key_bits);
}

enum change { OURS, THEIRS, FRESH };

/* Our own changes never put one object where another was, unless it is told
 * (FRESH). After somebody else's nothing that was read is believed, and what
 * stands in the same place with another CKA_ID is another object. */
static CK_RV note_entry(struct p11_objects *t, CK_OBJECT_CLASS class,
    const uk_object *entry, enum change change)
{
	struct p11_object *o = at_place(t, class, entry);
	CK_RV rv;

	if (o != NULL && change != FRESH &&
	    (change == OURS || same_key(&o->entry, entry))) {
		if (change == THEIRS)
			forget_content(o);
		take_entry(o, entry);
		o->unseen = false;
		return CKR_OK;
	}
	if (o != NULL)
		p11_object_end(o);
	if ((o = p11_object_new(class)) == NULL)
		return CKR_HOST_MEMORY;
	take_entry(o, entry);
	rv = append(t, &o);
	p11_object_free(&o);
	return rv;
}

static bool has_public(const uk_card *c, const uk_object *key)
{
	for (size_t i = 0; i < c->object_count; i++) {
		if (c->objects[i].kind == UK_OBJ_PUBLIC_KEY &&
		    uk_bytes_eq(id_of(&c->objects[i]), id_of(key)))
			return true;
	}
	return false;
}

/* A private key whose public half the card does not list gets one of its own,
 * read from the certificate or the key itself. */
static CK_RV note_card_object(struct p11_objects *t, const uk_card *c,
    const uk_object *entry, enum change change)
{
	CK_RV rv = note_entry(t, classes[entry->kind], entry, change);

	if (rv == CKR_OK && entry->kind == UK_OBJ_PRIVATE_KEY &&
	    !has_public(c, entry))
		rv = note_entry(t, CKO_PUBLIC_KEY, entry, change);
	return rv;
}

/* fresh: as for p11_objects_changed; theirs: somebody else changed the card. */
static CK_RV compare(struct p11_slot *s, size_t fresh, bool theirs)
{
	const uk_card *c = s->card;
	struct p11_objects *t = &s->objects;
	CK_RV rv = add_profiles(t);

	t->loaded = false;
	for (size_t i = 0; i < t->count; i++)
		t->list[i]->unseen = t->list[i]->owner == 0 &&
				     t->list[i]->src != NULL;
	for (size_t i = 0; i < c->object_count && rv == CKR_OK; i++)
		rv = note_card_object(t, c, &c->objects[i],
		    i == fresh ? FRESH
		    : theirs   ? THEIRS
			       : OURS);
	for (size_t i = 0; i < t->count && rv == CKR_OK; i++) {
		if (t->list[i]->unseen)
			p11_object_end(t->list[i]);
	}
	t->loaded = rv == CKR_OK;
	return rv;
}

/* Within a transaction, which ends on failure. */
static CK_RV load(struct p11_slot *s)
{
	uk_err err;
	CK_RV rv;

	if (s->objects.loaded && s->card->loaded)
		return CKR_OK;
	err = uk_card_load_objects(s->card);
	rv = uk_is_ok(err) ? compare(s, P11_NOTHING_NEW, true) : CKR_OK;
	if (uk_is_ok(err) && rv == CKR_OK)
		return CKR_OK;
	p11_slot_end(s);
	return uk_is_ok(err) ? rv : p11_slot_failed(s, err);
}

static CK_RV begin_and_load(struct p11_slot *s)
{
	CK_RV rv = p11_slot_begin(s);

	if (rv == CKR_OK)
		rv = p11_slot_prove(s);
	return rv == CKR_OK ? load(s) : rv;
}

/* When another program ends in the middle of its work, the service resets the
 * card, also into ours. Where no login is lost with it, we begin again. */
static CK_RV begin_loaded(struct p11_slot *s)
{
	bool nobody = s->login == P11_PUBLIC;
	CK_RV rv = begin_and_load(s);

	if (nobody && p11_slot_may_ask_again(s, rv))
		rv = begin_and_load(s);
	return rv;
}

CK_RV p11_objects_load(struct p11_slot *s)
{
	CK_RV rv;

	if (s->objects.loaded)
		return CKR_OK;
	rv = begin_loaded(s);
	if (rv == CKR_OK)
		p11_slot_end(s);
	return rv;
}

CK_RV p11_objects_begin(struct p11_slot *s, const struct p11_object *o)
{
	CK_RV rv = begin_loaded(s);

	if (rv == CKR_OK && o != NULL && o->gone) {
		p11_slot_end(s);
		rv = CKR_OBJECT_HANDLE_INVALID;
	}
	return rv;
}

CK_RV p11_objects_look(struct p11_slot *s, bool private_only)
{
	uint32_t kinds = private_only ? 1U << UK_OBJ_PRIVATE_KEY : ~0U;
	uk_err err = uk_card_look(s->card, kinds);

	if (uk_is_ok(err))
		return load(s);
	p11_slot_end(s);
	return p11_slot_failed(s, err);
}

bool p11_objects_may_rest(const struct p11_slot *s)
{
	const struct p11_slot *selected = s->reader->selected;

	return s->objects.loaded && !s->reselect && selected != NULL &&
	       selected != s && selected->login != P11_PUBLIC;
}

CK_RV p11_objects_changed(struct p11_slot *s, size_t fresh)
{
	if (s->card->loaded)
		return compare(s, fresh, !s->objects.loaded);
	s->objects.loaded = false; /* the next search reads it */
	return CKR_OK;
}

struct p11_object *p11_objects_of_card(
    struct p11_slot *s, CK_OBJECT_CLASS class, size_t i)
{
	if (!s->card->loaded || i >= s->card->object_count)
		return NULL;
	return at_place(&s->objects, class, &s->card->objects[i]);
}

/* --- handles ------------------------------------------------------------- */

bool p11_object_visible(const struct p11_slot *s, const struct p11_object *o)
{
	return !o->gone && (!o->private || p11_slot_owner_in(s));
}

static struct p11_object *with_handle(
    const struct p11_slot *s, CK_OBJECT_HANDLE h)
{
	const struct p11_objects *t = &s->objects;

	for (size_t i = 0; h != CK_INVALID_HANDLE && i < t->count; i++) {
		if (t->list[i]->handle == h &&
		    p11_object_visible(s, t->list[i]))
			return t->list[i];
	}
	return NULL;
}

struct p11_object *p11_object_find(struct p11_slot *s, CK_OBJECT_HANDLE h)
{
	struct p11_object *o = with_handle(s, h);

	if (o != NULL && o->owner == 0 && !s->objects.loaded)
		o = p11_objects_load(s) == CKR_OK ? with_handle(s, h) : NULL;
	if (o == NULL || !p11_object_vague(o))
		return o;
	return p11_object_complete(s, o) == CKR_OK && !p11_object_vague(o)
		   ? with_handle(s, h)
		   : NULL;
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
		if (!t->list[i]->private)
			continue;
		t->list[i]->handle = CK_INVALID_HANDLE;
		if (t->list[i]->owner != 0)
			p11_object_end(t->list[i]);
		else if (t->list[i]->class == CKO_DATA)
			forget_content(t->list[i]);
	}
}
