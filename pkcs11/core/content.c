/* What objects hold: read from the card when it is asked for, and once. */
#include "object.h"

#include "p11login.h"
#include "reader.h"
#include "rv.h"
#include "slot.h"

/* A file that is malformed stays so: it is asked for once. */
static CK_RV note(struct p11_slot *s, struct p11_object *o, uk_err err)
{
	if (uk_is_ok(err))
		return CKR_OK;
	if (err.sw == 0 &&
	    (uk_is(err, UK_ERR_FORMAT) || uk_is(err, UK_ERR_UNSUPPORTED)))
		o->unreadable = true;
	if (uk_is(err, UK_ERR_NOT_LOGGED_IN) && o->private) {
		p11_login_forget(s);
		return CKR_USER_NOT_LOGGED_IN;
	}
	return p11_slot_failed(s, err);
}

/* What is read from the card, once more if a reset, or another program's
 * selection, came into it that cost no login. */
typedef CK_RV read_fn(struct p11_slot *s, struct p11_object *o, void *out);

static CK_RV read_card(
    struct p11_slot *s, struct p11_object *o, read_fn *read, void *out)
{
	bool nobody = s->login == P11_PUBLIC;
	CK_RV rv = read(s, o, out);

	if (nobody && p11_slot_may_ask_again(s, rv))
		rv = read(s, o, out);
	return rv;
}

static CK_RV describe(struct p11_slot *s, struct p11_object *o, void *unused)
{
	CK_RV rv;
	uk_err err;

	(void)unused;
	/* Another application might say that there is no such thing. */
	if ((rv = p11_objects_begin(s, o)) != CKR_OK)
		return rv;
	err = uk_card_describe(s->card, &o->entry);
	p11_slot_end(s);
	if (uk_is(err, UK_ERR_NOT_FOUND)) {
		p11_object_end(o);
		return CKR_OK;
	}
	rv = note(s, o, err);
	return o->unreadable ? CKR_OK : rv;
}

CK_RV p11_object_complete(struct p11_slot *s, struct p11_object *o)
{
	if (!p11_object_vague(o) || o->unreadable)
		return CKR_OK;
	return read_card(s, o, describe, NULL);
}

CK_RV p11_object_prove(struct p11_slot *s, struct p11_object *o)
{
	if (!p11_object_recalled(o))
		return CKR_OK;
	o->entry.vague = true;
	return p11_object_complete(s, o);
}

static CK_RV read_value(struct p11_slot *s, struct p11_object *o, void *unused)
{
	CK_RV rv = p11_objects_begin(s, o);
	uk_err err;

	(void)unused;
	if (rv != CKR_OK)
		return rv;
	err = uk_card_read_object(s->card, o->src, &o->value);
	p11_slot_end(s);
	o->has_value = uk_is_ok(err);
	return note(s, o, err);
}

CK_RV p11_object_value(struct p11_slot *s, struct p11_object *o, uk_bytes *out)
{
	CK_RV rv;

	*out = uk_blob_view(&o->value);
	if (o->has_value)
		return CKR_OK;
	if (o->unreadable)
		return CKR_DEVICE_ERROR;
	rv = read_card(s, o, read_value, NULL);
	*out = uk_blob_view(&o->value);
	return rv;
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

static uk_bytes id_of(const uk_object *o)
{
	return uk_view(o->id, o->id_len);
}

static struct p11_object *certificate_beside(
    struct p11_slot *s, const struct p11_object *key)
{
	for (size_t i = 0; i < s->objects.count; i++) {
		struct p11_object *o = s->objects.list[i];

		if (o->class != CKO_CERTIFICATE || o->owner != 0 || o->gone ||
		    o->unreadable ||
		    !uk_bytes_eq(id_of(o->src), id_of(key->src)))
			continue;
		if (!p11_object_vague(o) ||
		    (p11_object_complete(s, o) == CKR_OK &&
			!p11_object_vague(o) && !o->gone))
			return o;
	}
	return NULL;
}

/* The certificate that the bank has put beside its key. What its owner has put
 * there himself need not be the certificate of this key. */
static struct p11_object *certificate_of(
    struct p11_slot *s, const struct p11_object *key)
{
	if (key->entry.kind != UK_OBJ_PRIVATE_KEY || key->entry.modifiable ||
	    s->card->info.so_changes)
		return NULL;
	return certificate_beside(s, key);
}

CK_RV p11_object_subject(
    struct p11_slot *s, const struct p11_object *key, uk_bytes *out)
{
	struct p11_object *cert = NULL;
	const uk_x509 *x;
	CK_RV rv = CKR_OK;

	*out = UK_NONE;
	if (key->owner == 0)
		cert = certificate_beside(s, key);
	if (cert != NULL)
		rv = p11_object_x509(s, cert, &x);
	if (cert != NULL && rv == CKR_OK)
		*out = x->subject;
	return cert != NULL && cert->unreadable ? CKR_OK : rv;
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

static CK_RV read_public(struct p11_slot *s, struct p11_object *o, void *out)
{
	CK_RV rv = p11_objects_begin(s, o);
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
	CK_RV rv = CKR_OBJECT_HANDLE_INVALID;
	const uk_x509 *x;

	if (cert != NULL)
		rv = p11_object_x509(s, cert, &x);
	if (rv == CKR_OK && uk_is_ok(from_x509(x, out)))
		return CKR_OK;
	if (rv == CKR_HOST_MEMORY) /* says nothing about the key */
		return rv;
	*out = (uk_public_key){ 0 };
	return s->reader->lost ? CKR_DEVICE_REMOVED
			       : read_card(s, o, read_public, out);
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
