/* Putting objects where they are kept: on the card, or in memory. */
#include "change.h"

#include "p11login.h"
#include "rv.h"
#include "sw.h"

enum { INVENTED_ID = 20, SPKI_MAX = 1024 };

/* PKCS#11 3.0, 5.7.1; and the card wants the PIN for every change. */
CK_RV p11_may_change(const struct p11_slot *s,
    const struct p11_session *session, bool token, bool private)
{
	if (token && !session->rw)
		return CKR_SESSION_READ_ONLY;
	if (token && s->card->info.so_changes)
		return s->login == P11_SO ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
	if ((token || private) && s->login != P11_USER)
		return CKR_USER_NOT_LOGGED_IN;
	return CKR_OK;
}

CK_RV p11_change_begin(struct p11_slot *s)
{
	CK_RV rv = p11_slot_begin(s);

	if (rv == CKR_OK && !p11_slot_owner_in(s)) { /* the card was reset */
		p11_slot_end(s);
		rv = CKR_USER_NOT_LOGGED_IN;
	}
	return rv;
}

CK_RV p11_change_end(struct p11_slot *s, uk_err err, CK_RV otherwise)
{
	p11_slot_end(s);
	if (uk_is_ok(err))
		return CKR_OK;
	if (uk_is(err, UK_ERR_NOT_LOGGED_IN)) {
		s->reselect = true;
		p11_login_forget(s);
		return CKR_USER_NOT_LOGGED_IN;
	}
	switch (err.sw) {
	case UK_SW_SPACE:
		return CKR_DEVICE_MEMORY;
	case UK_SW_DATA:
	case UK_SW_FUNCTION:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	default:
		break;
	}
	if (uk_is(err, UK_ERR_TOO_SMALL))
		return CKR_DEVICE_MEMORY;
	if (uk_is(err, UK_ERR_ARGUMENT))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (uk_is(err, UK_ERR_UNSUPPORTED) && err.sw == 0)
		return otherwise;
	return p11_slot_failed(s, err);
}

CK_RV p11_invent_id(struct p11_slot *s, uk_object *entry)
{
	uk_crypto *crypto;
	CK_RV rv = CKR_OK;

	if (entry->id_len > 0)
		return CKR_OK;
	rv = p11_slot_crypto(s, &crypto);
	if (rv == CKR_OK)
		rv = p11_rv(uk_random(crypto, entry->id, INVENTED_ID));
	if (rv == CKR_OK)
		entry->id_len = INVENTED_ID;
	return rv;
}

/* --- the card ------------------------------------------------------------- */

struct uk_new_object p11_described(const struct p11_object *o)
{
	return (struct uk_new_object){
		.kind = o->entry.kind,
		.label = o->entry.label,
		.id = uk_view(o->entry.id, o->entry.id_len),
		.application = o->entry.application,
		.is_private = o->private,
		.usage = o->entry.usage,
		.key_type = o->entry.key_type,
		.key_bits = o->entry.key_bits,
		.value = uk_blob_view(&o->value),
	};
}

static uk_err store(
    struct p11_slot *s, const struct p11_object *o, size_t *place)
{
	struct uk_new_object what = p11_described(o);
	uint8_t storage[SPKI_MAX];
	uk_buf spki = UK_BUF(storage);

	if (o->class == CKO_PUBLIC_KEY) {
		UK_TRY(uk_put_spki(&spki, o->pub->type,
		    uk_view(o->pub->modulus, o->pub->modulus_len),
		    uk_view(o->pub->exponent, o->pub->exponent_len),
		    uk_view(o->pub->point, o->pub->point_len)));
		what.value = uk_buf_view(&spki);
	}
	return uk_card_store(s->card, &what, place);
}

/* The driver does not do it: at all, or not with such an object. */
static CK_RV cannot(const struct p11_slot *s, const struct p11_object *o)
{
	const struct uk_card_ops *ops = s->card->ops;
	bool has = o->class == CKO_PRIVATE_KEY ? ops->import != NULL
					       : ops->store != NULL;

	return has ? CKR_TEMPLATE_INCONSISTENT : CKR_FUNCTION_NOT_SUPPORTED;
}

static CK_RV put(struct p11_slot *s, const struct p11_template *t,
    struct p11_object *o, size_t *place)
{
	CK_RV rv;

	if (o->class == CKO_PRIVATE_KEY)
		return p11_import(s, t, o, cannot(s, o), place);
	rv = p11_change_begin(s);
	if (rv == CKR_OK)
		rv = p11_change_end(s, store(s, o, place), cannot(s, o));
	return rv;
}

static CK_RV keep_on_card(struct p11_slot *s, const struct p11_template *t,
    struct p11_object *o, CK_OBJECT_HANDLE_PTR out)
{
	struct p11_object *made;
	size_t place = P11_NOTHING_NEW;
	CK_RV rv = CKR_OK;

	if (o->class != CKO_DATA)
		rv = p11_invent_id(s, &o->entry);
	if (rv == CKR_OK)
		rv = put(s, t, o, &place);
	if (rv == CKR_OK)
		rv = p11_objects_changed(s, place);
	if (rv != CKR_OK)
		return rv;
	made = p11_objects_of_card(s, o->class, place);
	if (made == NULL)
		return CKR_DEVICE_ERROR;
	if (o->class == CKO_PRIVATE_KEY)
		rv = p11_import_check(s, o->pub, made);
	if (rv == CKR_OK)
		*out = p11_object_handle(s, made);
	return rv;
}

CK_RV p11_keep(struct p11_slot *s, const struct p11_session *session,
    const struct p11_template *t, struct p11_object **o,
    CK_OBJECT_HANDLE_PTR out)
{
	if ((*o)->owner != 0)
		return p11_objects_add(s, session->handle, o, out);
	return keep_on_card(s, t, *o, out);
}
