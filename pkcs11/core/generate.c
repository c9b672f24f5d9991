/* Key pairs made on the card. */
#include "change.h"

#include "attr.h"
#include "make.h"
#include "rv.h"

struct wish {
	struct p11_template pub, key;
	CK_SESSION_HANDLE owner; /* of the public key; 0 = the token's */
	enum uk_key_type type;
	unsigned bits;
};

/* PKCS#11 3.0, 6.1.5: the modulus length must be said. */
static CK_RV wanted_rsa(struct wish *w)
{
	CK_ULONG bits = p11_given_number(&w->pub, CKA_MODULUS_BITS, 0);

	w->type = UK_KEY_RSA;
	w->bits = (unsigned)bits;
	if (!p11_given(&w->pub, CKA_MODULUS_BITS))
		return CKR_TEMPLATE_INCOMPLETE;
	return bits == 2048 || bits == 3072 || bits == 4096
		   ? CKR_OK
		   : CKR_ATTRIBUTE_VALUE_INVALID;
}

/* PKCS#11 3.0, 6.3.9: so must the curve. */
static CK_RV wanted_curve(struct wish *w)
{
	if (!p11_given(&w->pub, CKA_EC_PARAMS))
		return CKR_TEMPLATE_INCOMPLETE;
	w->type = uk_key_from_curve_oid(
	    p11_given_bytes(&w->pub, CKA_EC_PARAMS));
	w->bits = uk_key_curve_bits(w->type);
	return w->type == UK_KEY_NONE ? CKR_CURVE_NOT_SUPPORTED : CKR_OK;
}

/* The mechanism says the curve; a template that says another is refused when
 * it is compared. */
static CK_RV wanted_sm2(struct wish *w)
{
	w->type = UK_KEY_SM2;
	w->bits = uk_key_curve_bits(w->type);
	return CKR_OK;
}

/* What comes out cannot be said beforehand. */
static CK_RV check_unsaid(const struct p11_template *t)
{
	static const CK_ATTRIBUTE_TYPE results[] = { CKA_MODULUS, CKA_EC_POINT,
		CKA_PUBLIC_KEY_INFO, CKA_VALUE, CKA_PRIVATE_EXPONENT,
		CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2,
		CKA_COEFFICIENT };

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (p11_given(t, results[i]))
			return CKR_TEMPLATE_INCONSISTENT;
	}
	return CKR_OK;
}

static CK_RV wanted(const struct p11_slot *s, const struct p11_session *session,
    const struct p11_pair *p, struct wish *w)
{
	const struct p11_mech *m;
	struct uk_padding none;
	CK_RV rv;

	*w = (struct wish){ .owner = session->handle };
	if (p->mechanism == NULL || p->public_key == NULL ||
	    p->private_key == NULL)
		return CKR_ARGUMENTS_BAD;
	m = p11_mech_for(
	    s->card, p->mechanism->mechanism, CKF_GENERATE_KEY_PAIR);
	if (m == NULL)
		return CKR_MECHANISM_INVALID;
	rv = p11_mech_params(m, p->mechanism, &none);
	if (rv == CKR_OK)
		rv = p11_template_take(
		    p->public_list, p->public_count, &w->pub);
	if (rv == CKR_OK)
		rv = p11_template_take(
		    p->private_list, p->private_count, &w->key);
	if (rv == CKR_OK)
		rv = p11_may_change(s, session, true, true);
	if (rv == CKR_OK && !p11_given_bool(&w->key, CKA_TOKEN, false))
		rv = CKR_TEMPLATE_INCONSISTENT; /* we hold no private keys */
	if (rv == CKR_OK)
		rv = m->key == P11_RSA_KEY   ? wanted_rsa(w)
		     : m->key == P11_SM2_KEY ? wanted_sm2(w)
					     : wanted_curve(w);
	if (rv == CKR_OK)
		rv = check_unsaid(&w->pub);
	if (rv == CKR_OK)
		rv = check_unsaid(&w->key);
	if (p11_given_bool(&w->pub, CKA_TOKEN, false))
		w->owner = 0;
	return rv;
}

/* --- both halves, as they will be ----------------------------------------- */

/* Label and id of the private key, else those of the public one: on the card
 * they have one of each. */
static CK_RV describe_key(const struct wish *w, struct p11_object *key)
{
	CK_RV rv = p11_make_common(key, 0, &w->pub);

	if (rv == CKR_OK)
		rv = p11_make_common(key, 0, &w->key);
	key->entry.kind = UK_OBJ_PRIVATE_KEY;
	key->entry.key_type = w->type;
	key->entry.key_bits = w->bits;
	key->entry.on_card = true;
	p11_make_usage(key, &w->key);
	if (rv == CKR_OK && key->entry.usage == 0)
		rv = CKR_TEMPLATE_INCONSISTENT;
	/* NSS wants public keys that encrypt although the private ones only
	 * sign: nothing speaks against it. */
	key->entry.usage |= p11_given_usage(&w->pub, CKO_PUBLIC_KEY, w->type) &
			    (UK_USE_ENCRYPT | UK_USE_VERIFY |
				UK_USE_VERIFY_RECOVER);
	return rv;
}

/* Before there is one, its public half says what can be known. */
static CK_RV describe_public(
    const struct wish *w, const struct p11_object *key, struct p11_object *pub)
{
	static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };
	uk_buf e;

	pub->entry = key->entry;
	if ((pub->pub = uk_new(sizeof(*pub->pub))) == NULL)
		return CKR_HOST_MEMORY;
	pub->pub->type = w->type;
	e = uk_buf_over(pub->pub->exponent, sizeof(pub->pub->exponent));
	uk_put(&e, UK_ARRAY(exponent));
	pub->pub->exponent_len = e.len;
	if (w->owner != 0)
		return p11_make_common(pub, w->owner, &w->pub);
	pub->destroyable = false; /* it comes and goes with the other half */
	return CKR_OK;
}

static CK_RV describe(struct p11_slot *s, const struct wish *w,
    struct p11_object *key, struct p11_object *pub)
{
	CK_RV rv = describe_key(w, key);

	if (rv == CKR_OK)
		rv = describe_public(w, key, pub);
	if (rv == CKR_OK)
		rv = p11_make_agrees(s, pub, &w->pub);
	if (rv == CKR_OK)
		rv = p11_make_agrees(s, key, &w->key);
	return rv;
}

/* --- making it ------------------------------------------------------------ */

static CK_RV make_on_card(
    struct p11_slot *s, struct p11_object *key, struct p11_object **made)
{
	struct uk_new_object what = {
		.kind = UK_OBJ_PRIVATE_KEY,
		.label = key->entry.label,
		.usage = key->entry.usage,
		.key_type = key->entry.key_type,
		.key_bits = key->entry.key_bits,
	};
	size_t place = P11_NOTHING_NEW;
	CK_RV rv = p11_invent_id(s, &key->entry);

	what.id = uk_view(key->entry.id, key->entry.id_len);
	if (rv == CKR_OK)
		rv = p11_change_begin(s);
	if (rv == CKR_OK)
		rv = p11_change_end(s, uk_card_generate(s->card, &what, &place),
		    CKR_TEMPLATE_INCONSISTENT);
	if (rv == CKR_OK)
		rv = p11_objects_changed(s, place);
	*made = p11_objects_of_card(s, CKO_PRIVATE_KEY, place);
	return rv == CKR_OK && *made == NULL ? CKR_DEVICE_ERROR : rv;
}

static bool is_half(const struct p11_object *o, const uk_object *key)
{
	if (o->entry.kind == UK_OBJ_PRIVATE_KEY)
		return o->entry.ref == key->ref;
	return o->entry.key_type == key->key_type &&
	       uk_bytes_eq(uk_view(o->entry.id, o->entry.id_len),
		   uk_view(key->id, key->id_len));
}

/* The token's own object for the public half of this key. */
static struct p11_object *half_of(
    const struct p11_slot *s, const struct p11_object *key)
{
	for (size_t i = 0; i < s->objects.count; i++) {
		struct p11_object *o = s->objects.list[i];

		if (o->class == CKO_PUBLIC_KEY && o->owner == 0 && !o->gone &&
		    is_half(o, &key->entry))
			return o;
	}
	return NULL;
}

static CK_RV give_public(struct p11_slot *s, const struct wish *w,
    struct p11_object *made, struct p11_object **pub, CK_OBJECT_HANDLE *out)
{
	struct p11_object *half = half_of(s, made);
	const uk_public_key *value;
	CK_RV rv;

	if (w->owner == 0) {
		if (half == NULL)
			return CKR_DEVICE_ERROR;
		*out = p11_object_handle(s, half);
		return CKR_OK;
	}
	rv = p11_object_public(s, made, &value);
	if (rv != CKR_OK)
		return rv;
	*(*pub)->pub = *value;
	(*pub)->entry.kind = UK_OBJ_PUBLIC_KEY;
	return p11_objects_add(s, w->owner, pub, out);
}

CK_RV p11_generate_pair(struct p11_slot *s, const struct p11_session *session,
    const struct p11_pair *p)
{
	struct p11_object *key = p11_object_new(CKO_PRIVATE_KEY);
	struct p11_object *pub = p11_object_new(CKO_PUBLIC_KEY);
	struct p11_object *made = NULL;
	struct wish w;
	CK_RV rv = wanted(s, session, p, &w);

	if (rv == CKR_OK && (key == NULL || pub == NULL))
		rv = CKR_HOST_MEMORY;
	if (rv == CKR_OK)
		rv = describe(s, &w, key, pub);
	if (rv == CKR_OK)
		rv = make_on_card(s, key, &made);
	if (rv == CKR_OK)
		rv = give_public(s, &w, made, &pub, p->public_key);
	if (rv == CKR_OK)
		*p->private_key = p11_object_handle(s, made);
	p11_object_free(&key);
	p11_object_free(&pub);
	return rv;
}
