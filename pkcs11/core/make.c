/* Making objects of templates. */
#include "make.h"

#include "der.h"
#include "gm.h"
#include "rv.h"

enum { NEEDED_MAX = 6, SPKI_MAX = 1024, EXPONENT = 65537 };

/* --- what every object has ------------------------------------------------ */

static CK_RV take_id(const struct p11_template *t, uk_object *entry)
{
	uk_bytes id = p11_given_bytes(t, CKA_ID);
	uk_buf field = UK_BUF(entry->id);

	uk_put(&field, id);
	entry->id_len = field.len;
	return field.bad ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
}

/* The card keeps certificates and public keys in the open, and what it keeps
 * can be changed and destroyed by whoever has the PIN. */
static void keep_on_card(struct p11_object *o, const struct p11_template *t)
{
	o->private = o->class == CKO_PRIVATE_KEY ||
		     (o->class == CKO_DATA &&
			 p11_given_bool(t, CKA_PRIVATE, false));
	o->entry.is_private = o->private;
	o->entry.modifiable = true;
	o->copyable = o->class != CKO_PRIVATE_KEY;
}

static void keep_in_memory(struct p11_object *o, const struct p11_template *t)
{
	o->private = p11_given_bool(t, CKA_PRIVATE, false);
	o->modifiable = p11_given_bool(t, CKA_MODIFIABLE, true);
	o->copyable = p11_given_bool(t, CKA_COPYABLE, true);
	o->destroyable = p11_given_bool(t, CKA_DESTROYABLE, true);
}

CK_RV p11_make_common(
    struct p11_object *o, CK_SESSION_HANDLE owner, const struct p11_template *t)
{
	CK_RV rv;

	o->owner = owner;
	if (owner == 0)
		keep_on_card(o, t);
	else
		keep_in_memory(o, t);
	rv = p11_given_text(
	    t, CKA_LABEL, o->entry.label, sizeof(o->entry.label));
	return rv == CKR_OK && p11_given(t, CKA_ID) ? take_id(t, &o->entry)
						    : rv;
}

/* --- certificates and data ------------------------------------------------ */

static CK_RV take_value(struct p11_object *o, const struct p11_template *t)
{
	uk_bytes v = p11_given_bytes(t, CKA_VALUE);

	o->has_value = true;
	return v.n == 0 ? CKR_OK : p11_rv(uk_blob_set(&o->value, v));
}

static CK_RV make_certificate(
    struct p11_slot *s, const struct p11_template *t, struct p11_object *o)
{
	const uk_x509 *x;
	CK_RV rv = take_value(o, t);

	o->entry.kind = UK_OBJ_CERTIFICATE;
	if (p11_given_number(t, CKA_CERTIFICATE_TYPE, 0) != CKC_X_509)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (rv != CKR_OK)
		return rv;
	if (o->value.n == 0 || p11_object_x509(s, o, &x) != CKR_OK ||
	    x->whole.n != o->value.n)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

static CK_RV make_data(
    struct p11_slot *s, const struct p11_template *t, struct p11_object *o)
{
	CK_RV rv = take_value(o, t);

	(void)s;
	o->entry.kind = UK_OBJ_DATA;
	if (rv == CKR_OK)
		rv = p11_given_text(t, CKA_APPLICATION, o->entry.application,
		    sizeof(o->entry.application));
	return rv;
}

/* --- keys ----------------------------------------------------------------- */

static bool fill(uint8_t *field, size_t cap, size_t *len, uk_bytes v)
{
	uk_buf b = uk_buf_over(field, cap);

	uk_put(&b, v);
	*len = b.len;
	return !b.bad && v.n > 0;
}

static CK_RV take_rsa(const struct p11_template *t, struct p11_object *o)
{
	uk_bytes n = p11_given_integer(t, CKA_MODULUS);
	uk_public_key *pub = o->pub;

	pub->type = o->entry.key_type = UK_KEY_RSA;
	o->entry.key_bits = (unsigned)(8 * n.n);
	if (o->entry.key_bits != 2048 && o->entry.key_bits != 3072 &&
	    o->entry.key_bits != 4096)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!fill(pub->modulus, sizeof(pub->modulus), &pub->modulus_len, n) ||
	    !fill(pub->exponent, sizeof(pub->exponent), &pub->exponent_len,
		p11_given_integer(t, CKA_PUBLIC_EXPONENT)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

static CK_RV take_curve(const struct p11_template *t, struct p11_object *o)
{
	enum uk_key_type type = uk_key_from_curve_oid(
	    p11_given_bytes(t, CKA_EC_PARAMS));

	o->pub->type = o->entry.key_type = type;
	o->entry.key_bits = uk_key_curve_bits(type);
	return type == UK_KEY_NONE ? CKR_CURVE_NOT_SUPPORTED : CKR_OK;
}

/* A DER OCTET STRING (PKCS#11 3.0, 6.3.3). */
static CK_RV take_point(const struct p11_template *t, struct p11_object *o)
{
	uk_reader r = uk_read(p11_given_bytes(t, CKA_EC_POINT));
	uk_bytes point = uk_der_get(&r, UK_DER_OCTETS);
	uk_public_key *pub = o->pub;

	if (!uk_is_ok(uk_read_end(&r)) ||
	    point.n != 1 + 2 * uk_key_field(pub->type) ||
	    !fill(pub->point, sizeof(pub->point), &pub->point_len, point))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

/* Is it a key at all: a point on its curve, say? */
static CK_RV check_public(struct p11_slot *s, const uk_public_key *pub)
{
	uint8_t storage[SPKI_MAX];
	uk_buf spki = UK_BUF(storage);
	uk_crypto *crypto;
	uk_key *key = NULL;
	uk_err err;
	CK_RV rv = p11_slot_crypto(s, &crypto);

	if (rv != CKR_OK)
		return rv;
	err = uk_put_spki(&spki, pub->type,
	    uk_view(pub->modulus, pub->modulus_len),
	    uk_view(pub->exponent, pub->exponent_len),
	    uk_view(pub->point, pub->point_len));
	if (uk_is_ok(err))
		err = uk_key_from_spki(crypto, uk_buf_view(&spki), &key);
	uk_key_close(&key);
	if (uk_is(err, UK_ERR_MEMORY))
		return CKR_HOST_MEMORY;
	return uk_is_ok(err) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

static const struct usage {
	CK_ATTRIBUTE_TYPE type;
	CK_OBJECT_CLASS class;
	uint32_t usage;
	bool rsa, curve, sm2, unless_told;
} usages[] = {
	{ CKA_VERIFY, CKO_PUBLIC_KEY, UK_USE_VERIFY, true, true, true, true },
	{ CKA_ENCRYPT, CKO_PUBLIC_KEY, UK_USE_ENCRYPT, true, false, true,
	    true },
	{ CKA_VERIFY_RECOVER, CKO_PUBLIC_KEY, UK_USE_VERIFY_RECOVER, true,
	    false, false, true },
	{ CKA_DERIVE, CKO_PUBLIC_KEY, UK_USE_DERIVE, false, true, false,
	    false },
	{ CKA_SIGN, CKO_PRIVATE_KEY, UK_USE_SIGN, true, true, true, true },
	{ CKA_SIGN_RECOVER, CKO_PRIVATE_KEY, UK_USE_SIGN_RECOVER, true, false,
	    false, false },
	{ CKA_DECRYPT, CKO_PRIVATE_KEY, UK_USE_DECRYPT, true, false, true,
	    false },
	{ CKA_DERIVE, CKO_PRIVATE_KEY, UK_USE_DERIVE, false, true, false,
	    false },
};

static bool suits(const struct usage *u, enum uk_key_type type)
{
	switch (p11_family_of(type)) {
	case P11_RSA_KEY:
		return u->rsa;
	case P11_SM2_KEY:
		return u->sm2;
	default:
		return u->curve;
	}
}

void p11_make_usage(struct p11_object *o, const struct p11_template *t)
{
	o->entry.usage = 0;
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		if (usages[i].class == o->class &&
		    suits(&usages[i], o->entry.key_type) &&
		    p11_given_bool(t, usages[i].type, usages[i].unless_told))
			o->entry.usage |= usages[i].usage;
	}
}

uint32_t p11_given_usage(
    const struct p11_template *t, CK_OBJECT_CLASS class, enum uk_key_type type)
{
	uint32_t asked = 0;

	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		if (usages[i].class == class && suits(&usages[i], type) &&
		    p11_given_bool(t, usages[i].type, false))
			asked |= usages[i].usage;
	}
	return asked;
}

static CK_RV make_public(
    struct p11_slot *s, const struct p11_template *t, struct p11_object *o)
{
	CK_RV rv;

	o->entry.kind = UK_OBJ_PUBLIC_KEY;
	if ((o->pub = uk_new(sizeof(*o->pub))) == NULL)
		return CKR_HOST_MEMORY;
	if (p11_given_number(t, CKA_KEY_TYPE, 0) == CKK_RSA) {
		rv = take_rsa(t, o);
	} else {
		rv = take_curve(t, o);
		if (rv == CKR_OK)
			rv = take_point(t, o);
	}
	p11_make_usage(o, t);
	return rv == CKR_OK ? check_public(s, o->pub) : rv;
}

/* The card computes with two primes of equal length and the exponent 65537. */
static CK_RV check_primes(const struct p11_template *t, uk_public_key *pub)
{
	static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };
	size_t half = pub->modulus_len / 2;

	if (p11_given_integer(t, CKA_PRIME_1).n != half ||
	    p11_given_integer(t, CKA_PRIME_2).n != half ||
	    !uk_bytes_eq(
		uk_view(pub->exponent, pub->exponent_len), UK_ARRAY(exponent)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

static CK_RV check_scalar(const struct p11_template *t, uk_public_key *pub)
{
	size_t n = p11_given_integer(t, CKA_VALUE).n;

	return n > 0 && n <= uk_key_field(pub->type)
		   ? CKR_OK
		   : CKR_ATTRIBUTE_VALUE_INVALID;
}

/* Its public half stands in for what the card will tell. */
static CK_RV make_private(
    struct p11_slot *s, const struct p11_template *t, struct p11_object *o)
{
	CK_RV rv;

	(void)s;
	o->entry.kind = UK_OBJ_PRIVATE_KEY;
	if (o->owner != 0) /* we hold no private keys in memory */
		return CKR_TEMPLATE_INCONSISTENT;
	if ((o->pub = uk_new(sizeof(*o->pub))) == NULL)
		return CKR_HOST_MEMORY;
	if (p11_given_number(t, CKA_KEY_TYPE, 0) == CKK_RSA) {
		rv = take_rsa(t, o);
		if (rv == CKR_OK)
			rv = check_primes(t, o->pub);
	} else {
		rv = take_curve(t, o);
		if (rv == CKR_OK)
			rv = check_scalar(t, o->pub);
		if (rv == CKR_OK && p11_given(t, CKA_EC_POINT))
			rv = take_point(t, o);
	}
	p11_make_usage(o, t);
	if (rv == CKR_OK && o->entry.usage == 0)
		rv = CKR_TEMPLATE_INCONSISTENT;
	return rv;
}

/* --- kinds of objects ----------------------------------------------------- */

enum { NO_KEY = ~0U };

static const struct kind {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type; /* NO_KEY: is none */
	CK_RV(*make)
	(struct p11_slot *s, const struct p11_template *t,
	    struct p11_object *o);
	CK_ATTRIBUTE_TYPE needed[NEEDED_MAX]; /* 0 ends it: CKA_CLASS */
} kinds[] = {
	{ CKO_DATA, NO_KEY, make_data, { 0 } },
	{ CKO_CERTIFICATE, NO_KEY, make_certificate,
	    { CKA_CERTIFICATE_TYPE, CKA_SUBJECT, CKA_VALUE } },
	{ CKO_PUBLIC_KEY, CKK_RSA, make_public,
	    { CKA_MODULUS, CKA_PUBLIC_EXPONENT } },
	{ CKO_PUBLIC_KEY, CKK_EC, make_public,
	    { CKA_EC_PARAMS, CKA_EC_POINT } },
	{ CKO_PRIVATE_KEY, CKK_RSA, make_private,
	    { CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT,
		CKA_PRIME_1, CKA_PRIME_2 } },
	{ CKO_PRIVATE_KEY, CKK_EC, make_private, { CKA_EC_PARAMS, CKA_VALUE } },
};

static CK_RV find_kind(const struct p11_template *t, const struct kind **out)
{
	CK_OBJECT_CLASS class = p11_given_number(t, CKA_CLASS, 0);
	CK_KEY_TYPE type = p11_given_number(t, CKA_KEY_TYPE, NO_KEY);

	*out = NULL;
	if (type == p11_gm()->key) /* its curve says that it is SM2 */
		type = CKK_EC;
	if (!p11_given(t, CKA_CLASS))
		return CKR_TEMPLATE_INCOMPLETE;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].class != class)
			continue;
		if (kinds[i].key_type != NO_KEY && !p11_given(t, CKA_KEY_TYPE))
			return CKR_TEMPLATE_INCOMPLETE;
		if (kinds[i].key_type == NO_KEY || kinds[i].key_type == type)
			*out = &kinds[i];
	}
	return *out == NULL ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
}

static CK_RV check_needed(const struct kind *k, const struct p11_template *t)
{
	for (size_t i = 0; i < NEEDED_MAX && k->needed[i] != 0; i++) {
		if (!p11_given(t, k->needed[i]))
			return CKR_TEMPLATE_INCOMPLETE;
	}
	return CKR_OK;
}

CK_RV p11_make(struct p11_slot *s, CK_SESSION_HANDLE owner,
    const struct p11_template *t, struct p11_object **out)
{
	struct p11_object *o = NULL;
	const struct kind *kind;
	CK_RV rv = find_kind(t, &kind);

	*out = NULL;
	if (rv == CKR_OK)
		rv = check_needed(kind, t);
	if (rv == CKR_OK && (o = p11_object_new(kind->class)) == NULL)
		rv = CKR_HOST_MEMORY;
	if (rv == CKR_OK)
		rv = p11_make_common(o, owner, t);
	if (rv == CKR_OK)
		rv = kind->make(s, t, o);
	if (rv == CKR_OK)
		rv = p11_make_agrees(s, o, t);
	if (rv == CKR_OK) {
		*out = o;
		o = NULL; /* handed over */
	}
	p11_object_free(&o);
	return rv;
}
