/* C_GetAttributeValue, C_SetAttributeValue, and objects that come and go. */
#include "change.h"

#include "attr.h"
#include "make.h"
#include "rv.h"

CK_RV p11_get_attributes(struct p11_slot *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_object *o = p11_object_find(s, object);

	if (template == NULL || count > P11_TEMPLATE_MAX)
		return CKR_ARGUMENTS_BAD;
	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	return p11_attr_read(s, o, template, count);
}

/* How much of the card an object takes is the card's business. */
CK_RV p11_object_size(
    struct p11_slot *s, CK_OBJECT_HANDLE object, CK_ULONG_PTR size)
{
	const struct p11_object *o = p11_object_find(s, object);

	if (size == NULL)
		return CKR_ARGUMENTS_BAD;
	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	*size = o->owner == 0 ? CK_UNAVAILABLE_INFORMATION
			      : sizeof(*o) + o->value.n +
				    (o->pub == NULL ? 0 : sizeof(*o->pub));
	return CKR_OK;
}

/* --- changing ------------------------------------------------------------- */

/* Label and id; all else is settled when an object is made. */
static bool can_be_set(const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	return o->src != NULL && (type == CKA_LABEL || type == CKA_ID);
}

static CK_RV check_set(const struct p11_object *o, const struct p11_template *t)
{
	for (CK_ULONG i = 0; i < t->count; i++) {
		if (!p11_attr_known(o, t->list[i].type))
			return CKR_ATTRIBUTE_TYPE_INVALID;
		if (!can_be_set(o, t->list[i].type))
			return CKR_ATTRIBUTE_READ_ONLY;
	}
	return o->modifiable ? CKR_OK : CKR_ACTION_PROHIBITED;
}

/* The object as it shall be. */
static CK_RV renamed(
    const struct p11_object *o, const struct p11_template *t, uk_object *as)
{
	uk_buf id = UK_BUF(as->id);

	*as = o->entry;
	if (p11_given(t, CKA_ID)) {
		uk_put(&id, p11_given_bytes(t, CKA_ID));
		as->id_len = id.len;
		/* what is on the card is found by it */
		if (id.bad || (o->owner == 0 && id.len == 0))
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return p11_given_text(t, CKA_LABEL, as->label, sizeof(as->label));
}

static CK_RV rename_on_card(
    struct p11_slot *s, const struct p11_object *o, const uk_object *as)
{
	CK_RV rv = p11_change_begin(s);

	if (rv == CKR_OK)
		rv = p11_change_end(s,
		    uk_card_rename(s->card, o->src, as->label,
			uk_view(as->id, as->id_len)),
		    CKR_ACTION_PROHIBITED);
	return rv == CKR_OK ? p11_objects_changed(s, P11_NOTHING_NEW) : rv;
}

CK_RV p11_set_attributes(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct p11_object *o = p11_object_find(s, object);
	struct p11_template t;
	uk_object as;
	CK_RV rv;

	if (template == NULL)
		return CKR_ARGUMENTS_BAD;
	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (o->owner == 0 && !session->rw)
		return CKR_SESSION_READ_ONLY;
	rv = p11_template_take(template, count, &t);
	if (rv == CKR_OK && count > 0)
		rv = check_set(o, &t);
	if (rv == CKR_OK && count > 0)
		rv = renamed(o, &t, &as);
	if (rv != CKR_OK || count == 0)
		return rv;
	if (o->owner != 0) {
		o->entry = as;
		return CKR_OK;
	}
	rv = p11_may_change(s, session, true, o->private);
	return rv == CKR_OK ? rename_on_card(s, o, &as) : rv;
}

/* --- making --------------------------------------------------------------- */

static CK_RV create(struct p11_slot *s, const struct p11_session *session,
    const struct p11_template *t, CK_OBJECT_HANDLE_PTR out)
{
	bool token = p11_given_bool(t, CKA_TOKEN, false);
	struct p11_object *o = NULL;
	CK_RV rv = CKR_TEMPLATE_INCOMPLETE;

	if (p11_given(t, CKA_CLASS))
		rv = p11_may_change(
		    s, session, token, p11_given_bool(t, CKA_PRIVATE, false));
	if (rv == CKR_OK)
		rv = p11_make(s, token ? 0 : session->handle, t, &o);
	if (rv == CKR_OK)
		rv = p11_keep(s, session, t, &o, out);
	p11_object_free(&o);
	return rv;
}

CK_RV p11_create(struct p11_slot *s, const struct p11_session *session,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE_PTR out)
{
	struct p11_template t;
	CK_RV rv;

	if (template == NULL || out == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = p11_template_take(template, count, &t);
	return rv == CKR_OK ? create(s, session, &t, out) : rv;
}

/* --- copying -------------------------------------------------------------- */

/* What a copy may have of its own (PKCS#11 3.0, 5.7.2). */
static CK_RV check_copy(
    const struct p11_object *o, const struct p11_template *t)
{
	static const CK_ATTRIBUTE_TYPE own[] = { CKA_TOKEN, CKA_PRIVATE,
		CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE, CKA_LABEL,
		CKA_ID };
	CK_ULONG found = 0;

	for (CK_ULONG i = 0; i < t->count; i++) {
		if (!p11_attr_known(o, t->list[i].type))
			return CKR_ATTRIBUTE_TYPE_INVALID;
		for (size_t j = 0; j < sizeof(own) / sizeof(own[0]); j++)
			found += own[j] == t->list[i].type;
	}
	return found == t->count ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
}

static CK_RV copy_content(
    struct p11_slot *s, struct p11_object *from, struct p11_object *to)
{
	const uk_public_key *pub;
	uk_bytes value;
	CK_RV rv;

	if (from->class == CKO_PUBLIC_KEY) {
		rv = p11_object_public(s, from, &pub);
		if (rv == CKR_OK &&
		    (to->pub = uk_new(sizeof(*to->pub))) == NULL)
			rv = CKR_HOST_MEMORY;
		if (rv == CKR_OK)
			*to->pub = *pub;
		return rv;
	}
	rv = p11_object_value(s, from, &value);
	to->has_value = true;
	if (rv == CKR_OK && value.n > 0)
		rv = p11_rv(uk_blob_set(&to->value, value));
	return rv;
}

/* A copy is of the same class, but it never is half of a private key. */
static CK_RV make_copy(struct p11_slot *s, CK_SESSION_HANDLE owner,
    struct p11_object *from, const struct p11_template *t,
    struct p11_object **out)
{
	struct p11_object *o = p11_object_new(from->class);
	CK_RV rv = CKR_HOST_MEMORY;

	if ((*out = o) == NULL)
		return rv;
	o->entry = from->entry;
	if (from->class == CKO_PUBLIC_KEY)
		o->entry.kind = UK_OBJ_PUBLIC_KEY;
	o->entry.on_card = false;
	rv = p11_make_common(o, owner, t);
	if (owner != 0 && !p11_given(t, CKA_PRIVATE))
		o->private = from->private;
	if (rv == CKR_OK)
		rv = copy_content(s, from, o);
	return rv == CKR_OK ? p11_make_agrees(s, o, t) : rv;
}

CK_RV p11_copy(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *template, CK_ULONG count,
    CK_OBJECT_HANDLE_PTR out)
{
	struct p11_object *from = p11_object_find(s, object), *o = NULL;
	struct p11_template t;
	bool token;
	CK_RV rv = p11_template_take(template, count, &t);

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	if (from == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!from->copyable)
		return CKR_ACTION_PROHIBITED;
	token = p11_given_bool(&t, CKA_TOKEN, from->owner == 0);
	rv = check_copy(from, &t);
	if (rv == CKR_OK && token && from->class == CKO_SECRET_KEY)
		rv = CKR_TEMPLATE_INCONSISTENT; /* the card holds none */
	if (rv == CKR_OK)
		rv = p11_may_change(s, session, token,
		    p11_given_bool(&t, CKA_PRIVATE, from->private));
	if (rv == CKR_OK)
		rv = make_copy(s, token ? 0 : session->handle, from, &t, &o);
	if (rv == CKR_OK)
		rv = p11_keep(s, session, &t, &o, out);
	p11_object_free(&o);
	return rv;
}

/* --- destroying ----------------------------------------------------------- */

CK_RV p11_destroy(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object)
{
	struct p11_object *o = p11_object_find(s, object);
	CK_RV rv;

	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (o->owner == 0 && !session->rw)
		return CKR_SESSION_READ_ONLY;
	if (!o->destroyable)
		return CKR_ACTION_PROHIBITED;
	if (o->owner != 0) {
		p11_object_end(o);
		return CKR_OK;
	}
	rv = p11_may_change(s, session, true, o->private);
	if (rv == CKR_OK)
		rv = p11_change_begin(s);
	if (rv == CKR_OK)
		rv = p11_change_end(
		    s, uk_card_destroy(s->card, o->src), CKR_ACTION_PROHIBITED);
	return rv == CKR_OK ? p11_objects_changed(s, P11_NOTHING_NEW) : rv;
}
