/* What each object says about itself. */
#include "attr.h"

#include "der.h"
#include "gm.h"
#include "hex.h"
#include "rv.h"
#include "slot.h"

/* --- values -------------------------------------------------------------- */

static CK_RV give(struct p11_value *out, uk_bytes v)
{
	out->v = v;
	return CKR_OK;
}

static CK_RV give_made(struct p11_value *out, const uk_buf *made)
{
	return made->bad ? CKR_GENERAL_ERROR : give(out, uk_buf_view(made));
}

static CK_RV give_number(struct p11_value *out, CK_ULONG n)
{
	uk_buf b = UK_BUF(out->scratch);

	uk_put(&b, uk_view(&n, sizeof(n)));
	return give_made(out, &b);
}

static CK_RV give_bool(struct p11_value *out, bool yes)
{
	uk_buf b = UK_BUF(out->scratch);

	uk_put_u8(&b, yes ? CK_TRUE : CK_FALSE);
	return give_made(out, &b);
}

/* --- getters ------------------------------------------------------------- */

#define GETTER(name)                                                           \
	static CK_RV name(struct p11_slot *s, struct p11_object *o,            \
	    uint32_t arg, struct p11_value *out)
#define UNUSED(x) (void)(x)

GETTER(constant_bool)
{
	UNUSED(s);
	UNUSED(o);
	return give_bool(out, arg != 0);
}

GETTER(constant_number)
{
	UNUSED(s);
	UNUSED(o);
	return give_number(out, arg);
}

GETTER(nothing)
{
	UNUSED(s);
	UNUSED(o);
	UNUSED(arg);
	return give(out, UK_NONE);
}

GETTER(sensitive)
{
	UNUSED(s);
	UNUSED(out);
	/* arg: the key type that has such a secret */
	return (arg == CKK_RSA) == (o->src->key_type == UK_KEY_RSA)
		   ? CKR_ATTRIBUTE_SENSITIVE
		   : CKR_ATTRIBUTE_TYPE_INVALID;
}

GETTER(class)
{
	UNUSED(s);
	UNUSED(arg);
	return give_number(out, o->class);
}

GETTER(label)
{
	UNUSED(s);
	UNUSED(arg);
	return give(out, uk_view_str(o->src->label));
}

GETTER(profile_label)
{
	static const char *const names[] = { "", "Baseline provider",
		"Extended provider", "Authentication token",
		"Public certificates token" };

	UNUSED(s);
	UNUSED(arg);
	return give(out, uk_view_str(names[o->profile]));
}

GETTER(profile_id)
{
	UNUSED(s);
	UNUSED(arg);
	return give_number(out, o->profile);
}

enum { IS_TOKEN, IS_PRIVATE, IS_MODIFIABLE, IS_COPYABLE, IS_DESTROYABLE };

GETTER(storage)
{
	const bool is[] = {
		[IS_TOKEN] = o->owner == 0,
		[IS_PRIVATE] = o->private,
		[IS_MODIFIABLE] = o->modifiable,
		[IS_COPYABLE] = o->copyable,
		[IS_DESTROYABLE] = o->destroyable,
	};

	UNUSED(s);
	return give_bool(out, is[arg]);
}

GETTER(application)
{
	UNUSED(s);
	UNUSED(arg);
	return give(out, uk_view_str(o->src->application));
}

GETTER(id)
{
	UNUSED(s);
	UNUSED(arg);
	return give(out, uk_view(o->src->id, o->src->id_len));
}

/* Serial number, class, and the card's own reference: the same for ever. A
 * session object's is its handle's, and ends with it. */
GETTER(unique_id)
{
	const uk_card_info *info = &s->card->info;
	uint32_t ref = o->src == NULL ? (uint32_t)o->profile : o->src->ref;
	uint8_t tail[9];
	uk_buf t = UK_BUF(tail);
	uk_buf b = UK_BUF(out->scratch);

	UNUSED(arg);
	uk_put_u8(&t, (uint8_t)o->class);
	if (o->owner == 0)
		uk_put_u32(&t, ref);
	else
		uk_put_u64(&t, o->handle);
	uk_put_hex(&b, uk_view(info->serial, info->serial_len));
	uk_put_str(&b, o->owner == 0 ? "-" : "-session-");
	uk_put_hex(&b, uk_buf_view(&t));
	return give_made(out, &b);
}

GETTER(value)
{
	UNUSED(arg);
	return p11_object_value(s, o, &out->v);
}

enum { X_SUBJECT, X_ISSUER, X_SERIAL, X_SPKI, X_START, X_END };

GETTER(x509_field)
{
	const uk_x509 *x;
	CK_RV rv = p11_object_x509(s, o, &x);

	if (rv != CKR_OK)
		return rv;
	switch (arg) {
	case X_SUBJECT:
		return give(out, x->subject);
	case X_ISSUER:
		return give(out, x->issuer);
	case X_SERIAL:
		return give(out, x->serial);
	case X_SPKI:
		return give(out, x->spki);
	case X_START:
		return give(out, uk_view_str(x->not_before));
	default:
		return give(out, uk_view_str(x->not_after));
	}
}

GETTER(category)
{
	const uk_x509 *x;
	CK_RV rv = p11_object_x509(s, o, &x);

	UNUSED(arg);
	if (rv != CKR_OK)
		return rv;
	return give_number(out, x->is_ca ? CK_CERTIFICATE_CATEGORY_AUTHORITY
					 : CK_CERTIFICATE_CATEGORY_TOKEN_USER);
}

/* The first three bytes of SHA-1 over the certificate. */
GETTER(check_value)
{
	uk_buf b = UK_BUF(out->scratch);
	uk_crypto *crypto;
	uk_bytes der;
	CK_RV rv = p11_object_value(s, o, &der);

	UNUSED(arg);
	if (rv == CKR_OK)
		rv = p11_slot_crypto(s, &crypto);
	if (rv == CKR_OK)
		rv = p11_rv(uk_hash_one(crypto, UK_HASH_SHA1, der, &b));
	if (rv != CKR_OK)
		return rv;
	return give(out, uk_bytes_first(uk_buf_view(&b), 3));
}

GETTER(key_type)
{
	UNUSED(s);
	UNUSED(arg);
	if (o->src->key_type == UK_KEY_SM2)
		return give_number(out, p11_gm()->key);
	return give_number(
	    out, o->src->key_type == UK_KEY_RSA ? CKK_RSA : CKK_EC);
}

/* arg: usage bits, one of which is enough */
GETTER(usage)
{
	UNUSED(s);
	return give_bool(out, (o->src->usage & arg) != 0);
}

/* Only RSA signatures hold what was signed. */
GETTER(recovers)
{
	UNUSED(s);
	return give_bool(
	    out, o->src->key_type == UK_KEY_RSA && (o->src->usage & arg) != 0);
}

GETTER(made_on_card)
{
	UNUSED(s);
	UNUSED(arg);
	return give_bool(out, o->src->on_card);
}

GETTER(always_auth)
{
	UNUSED(s);
	UNUSED(arg);
	return give_bool(out, o->src->always_auth);
}

GETTER(gen_mechanism)
{
	UNUSED(s);
	UNUSED(arg);
	if (!o->src->on_card)
		return give_number(out, CK_UNAVAILABLE_INFORMATION);
	if (o->src->key_type == UK_KEY_SM2)
		return give_number(out, p11_gm()->generate);
	return give_number(out, o->src->key_type == UK_KEY_RSA
				    ? CKM_RSA_PKCS_KEY_PAIR_GEN
				    : CKM_EC_KEY_PAIR_GEN);
}

GETTER(allowed_mechanisms)
{
	uk_buf b = UK_BUF(out->scratch);
	const struct p11_mech *m;

	UNUSED(arg);
	for (size_t i = 0; (m = p11_mech_at(i)) != NULL; i++) {
		if (p11_mech_suits(m, s->card, o->src))
			uk_put(&b, uk_view(&m->type, sizeof(m->type)));
	}
	return give_made(out, &b);
}

static CK_RV of_rsa(
    struct p11_slot *s, struct p11_object *o, const uk_public_key **pub)
{
	if (o->src->key_type != UK_KEY_RSA)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	return p11_object_public(s, o, pub);
}

static CK_RV of_ec(
    struct p11_slot *s, struct p11_object *o, const uk_public_key **pub)
{
	if (o->src->key_type == UK_KEY_RSA)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	return p11_object_public(s, o, pub);
}

GETTER(modulus)
{
	const uk_public_key *pub;
	CK_RV rv = of_rsa(s, o, &pub);

	UNUSED(arg);
	return rv == CKR_OK ? give(out, uk_view(pub->modulus, pub->modulus_len))
			    : rv;
}

GETTER(modulus_bits)
{
	UNUSED(s);
	UNUSED(arg);
	return o->src->key_type == UK_KEY_RSA
		   ? give_number(out, o->src->key_bits)
		   : CKR_ATTRIBUTE_TYPE_INVALID;
}

GETTER(exponent)
{
	const uk_public_key *pub;
	CK_RV rv = of_rsa(s, o, &pub);

	UNUSED(arg);
	return rv == CKR_OK
		   ? give(out, uk_view(pub->exponent, pub->exponent_len))
		   : rv;
}

GETTER(ec_params)
{
	const uk_public_key *pub;
	CK_RV rv = of_ec(s, o, &pub);

	UNUSED(arg);
	return rv == CKR_OK ? give(out, uk_key_curve_oid(pub->type)) : rv;
}

/* The point as DER OCTET STRING (PKCS#11 3.0, 6.3.3). */
GETTER(ec_point)
{
	uk_buf b = UK_BUF(out->scratch);
	const uk_public_key *pub;
	CK_RV rv = of_ec(s, o, &pub);

	UNUSED(arg);
	if (rv != CKR_OK)
		return rv;
	uk_put_der(&b, UK_DER_OCTETS, uk_view(pub->point, pub->point_len));
	return give_made(out, &b);
}

GETTER(public_key_info)
{
	uk_buf b = UK_BUF(out->scratch);
	const uk_public_key *pub;
	CK_RV rv = p11_object_public(s, o, &pub);

	UNUSED(arg);
	if (rv == CKR_OK)
		rv = p11_rv(uk_put_spki(&b, pub->type,
		    uk_view(pub->modulus, pub->modulus_len),
		    uk_view(pub->exponent, pub->exponent_len),
		    uk_view(pub->point, pub->point_len)));
	return rv == CKR_OK ? give_made(out, &b) : rv;
}

/* --- secret keys in memory ----------------------------------------------- */

enum { S_SENSITIVE, S_EXTRACTABLE };

GETTER(secret_is)
{
	UNUSED(s);
	return give_bool(
	    out, arg == S_SENSITIVE ? o->sensitive : o->extractable);
}

GETTER(secret_value)
{
	UNUSED(s);
	UNUSED(arg);
	if (o->sensitive || !o->extractable)
		return CKR_ATTRIBUTE_SENSITIVE;
	return give(out, uk_blob_view(&o->value));
}

GETTER(secret_length)
{
	UNUSED(s);
	UNUSED(arg);
	return give_number(out, o->value.n);
}

GETTER(no_mechanism)
{
	UNUSED(s);
	UNUSED(o);
	UNUSED(arg);
	return give_number(out, CK_UNAVAILABLE_INFORMATION);
}

/* --- the tables ---------------------------------------------------------- */

struct row {
	CK_ATTRIBUTE_TYPE type;
	CK_RV(*get)
	(struct p11_slot *s, struct p11_object *o, uint32_t arg,
	    struct p11_value *out);
	uint32_t arg;
	bool reads; /* the card may have to be asked */
};

enum { SIGNS = UK_USE_SIGN | UK_USE_NON_REPUDIATION };

static const struct row common[] = {
	{ CKA_CLASS, class, 0, false },
	{ CKA_TOKEN, storage, IS_TOKEN, false },
	{ CKA_PRIVATE, storage, IS_PRIVATE, false },
	{ CKA_MODIFIABLE, storage, IS_MODIFIABLE, false },
	{ CKA_COPYABLE, storage, IS_COPYABLE, false },
	{ CKA_DESTROYABLE, storage, IS_DESTROYABLE, false },
	{ CKA_UNIQUE_ID, unique_id, 0, false },
	{ 0, NULL, 0, false },
};

static const struct row profile_rows[] = {
	{ CKA_LABEL, profile_label, 0, false },
	{ CKA_PROFILE_ID, profile_id, 0, false },
	{ 0, NULL, 0, false },
};

static const struct row data_rows[] = {
	{ CKA_LABEL, label, 0, false },
	{ CKA_APPLICATION, application, 0, false },
	{ CKA_OBJECT_ID, nothing, 0, false },
	{ CKA_VALUE, value, 0, true },
	{ 0, NULL, 0, false },
};

static const struct row certificate_rows[] = {
	{ CKA_LABEL, label, 0, false },
	{ CKA_ID, id, 0, false },
	{ CKA_CERTIFICATE_TYPE, constant_number, CKC_X_509, false },
	{ CKA_TRUSTED, constant_bool, false, false },
	{ CKA_CERTIFICATE_CATEGORY, category, 0, true },
	{ CKA_CHECK_VALUE, check_value, 0, true },
	{ CKA_VALUE, value, 0, true },
	{ CKA_SUBJECT, x509_field, X_SUBJECT, true },
	{ CKA_ISSUER, x509_field, X_ISSUER, true },
	{ CKA_SERIAL_NUMBER, x509_field, X_SERIAL, true },
	{ CKA_START_DATE, x509_field, X_START, true },
	{ CKA_END_DATE, x509_field, X_END, true },
	{ CKA_PUBLIC_KEY_INFO, x509_field, X_SPKI, true },
	{ CKA_URL, nothing, 0, false },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, nothing, 0, false },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY, nothing, 0, false },
	{ CKA_NAME_HASH_ALGORITHM, constant_number, CKM_SHA_1, false },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, constant_number,
	    CK_SECURITY_DOMAIN_UNSPECIFIED, false },
	{ 0, NULL, 0, false },
};

static const struct row key_rows[] = {
	{ CKA_LABEL, label, 0, false },
	{ CKA_ID, id, 0, false },
	{ CKA_KEY_TYPE, key_type, 0, false },
	{ CKA_SUBJECT, nothing, 0, false },
	{ CKA_START_DATE, nothing, 0, false },
	{ CKA_END_DATE, nothing, 0, false },
	{ CKA_LOCAL, made_on_card, 0, false },
	{ CKA_KEY_GEN_MECHANISM, gen_mechanism, 0, false },
	{ CKA_ALLOWED_MECHANISMS, allowed_mechanisms, 0, false },
	{ CKA_MODULUS, modulus, 0, true },
	{ CKA_MODULUS_BITS, modulus_bits, 0, false },
	{ CKA_PUBLIC_EXPONENT, exponent, 0, true },
	{ CKA_EC_PARAMS, ec_params, 0, true },
	{ CKA_EC_POINT, ec_point, 0, true },
	{ CKA_PUBLIC_KEY_INFO, public_key_info, 0, true },
	{ 0, NULL, 0, false },
};

static const struct row public_rows[] = {
	{ CKA_ENCRYPT, usage, UK_USE_ENCRYPT | UK_USE_DECRYPT, false },
	/* of the pair: pkcs11-tool asks both halves for it */
	{ CKA_DERIVE, usage, UK_USE_DERIVE, false },
	{ CKA_VERIFY, usage, SIGNS | UK_USE_VERIFY, false },
	{ CKA_VERIFY_RECOVER, recovers,
	    SIGNS | UK_USE_SIGN_RECOVER | UK_USE_VERIFY_RECOVER, false },
	{ CKA_WRAP, constant_bool, false, false },
	{ CKA_TRUSTED, constant_bool, false, false },
	{ 0, NULL, 0, false },
};

static const struct row private_rows[] = {
	{ CKA_SENSITIVE, constant_bool, true, false },
	{ CKA_ALWAYS_SENSITIVE, made_on_card, 0, false },
	{ CKA_EXTRACTABLE, constant_bool, false, false },
	{ CKA_NEVER_EXTRACTABLE, made_on_card, 0, false },
	{ CKA_SIGN, usage, SIGNS, false },
	{ CKA_SIGN_RECOVER, recovers, UK_USE_SIGN_RECOVER, false },
	{ CKA_DECRYPT, usage, UK_USE_DECRYPT, false },
	{ CKA_DERIVE, usage, UK_USE_DERIVE, false },
	{ CKA_UNWRAP, constant_bool, false, false },
	{ CKA_WRAP_WITH_TRUSTED, constant_bool, false, false },
	{ CKA_ALWAYS_AUTHENTICATE, always_auth, 0, false },
	{ CKA_PRIVATE_EXPONENT, sensitive, CKK_RSA, false },
	{ CKA_PRIME_1, sensitive, CKK_RSA, false },
	{ CKA_PRIME_2, sensitive, CKK_RSA, false },
	{ CKA_EXPONENT_1, sensitive, CKK_RSA, false },
	{ CKA_EXPONENT_2, sensitive, CKK_RSA, false },
	{ CKA_COEFFICIENT, sensitive, CKK_RSA, false },
	{ CKA_VALUE, sensitive, CKK_EC, false },
	{ 0, NULL, 0, false },
};

static const struct row secret_rows[] = {
	{ CKA_LABEL, label, 0, false },
	{ CKA_ID, id, 0, false },
	{ CKA_KEY_TYPE, constant_number, CKK_GENERIC_SECRET, false },
	{ CKA_START_DATE, nothing, 0, false },
	{ CKA_END_DATE, nothing, 0, false },
	{ CKA_LOCAL, constant_bool, false, false },
	{ CKA_KEY_GEN_MECHANISM, no_mechanism, 0, false },
	{ CKA_ALLOWED_MECHANISMS, nothing, 0, false },
	{ CKA_CHECK_VALUE, nothing, 0, false },
	{ CKA_SENSITIVE, secret_is, S_SENSITIVE, false },
	{ CKA_EXTRACTABLE, secret_is, S_EXTRACTABLE, false },
	/* it was made outside: the other side has it, too */
	{ CKA_ALWAYS_SENSITIVE, constant_bool, false, false },
	{ CKA_NEVER_EXTRACTABLE, constant_bool, false, false },
	{ CKA_WRAP_WITH_TRUSTED, constant_bool, false, false },
	{ CKA_TRUSTED, constant_bool, false, false },
	{ CKA_ENCRYPT, usage, UK_USE_ENCRYPT, false },
	{ CKA_DECRYPT, usage, UK_USE_DECRYPT, false },
	{ CKA_WRAP, usage, UK_USE_WRAP, false },
	{ CKA_UNWRAP, usage, UK_USE_UNWRAP, false },
	{ CKA_SIGN, usage, UK_USE_SIGN, false },
	{ CKA_VERIFY, usage, UK_USE_VERIFY, false },
	{ CKA_DERIVE, usage, UK_USE_DERIVE, false },
	{ CKA_VALUE, secret_value, 0, false },
	{ CKA_VALUE_LEN, secret_length, 0, false },
	{ 0, NULL, 0, false },
};

static const struct {
	CK_OBJECT_CLASS class;
	const struct row *tables[4];
} per_class[] = {
	{ CKO_PROFILE, { common, profile_rows, NULL } },
	{ CKO_DATA, { common, data_rows, NULL } },
	{ CKO_CERTIFICATE, { common, certificate_rows, NULL } },
	{ CKO_PUBLIC_KEY, { common, key_rows, public_rows, NULL } },
	{ CKO_PRIVATE_KEY, { common, key_rows, private_rows, NULL } },
	{ CKO_SECRET_KEY, { common, secret_rows, NULL } },
};

static const struct row *find_in(const struct row *r, CK_ATTRIBUTE_TYPE type)
{
	for (; r->get != NULL; r++) {
		if (r->type == type)
			return r;
	}
	return NULL;
}

static const struct row *find_row(
    const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	const struct row *const *t = per_class[0].tables;
	const struct row *found = NULL;

	for (size_t i = 0; i < sizeof(per_class) / sizeof(per_class[0]); i++) {
		if (per_class[i].class == o->class)
			t = per_class[i].tables;
	}
	for (; *t != NULL && found == NULL; t++)
		found = find_in(*t, type);
	return found;
}

bool p11_attr_known(const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	return find_row(o, type) != NULL;
}

CK_RV p11_attr_get(struct p11_slot *s, struct p11_object *o,
    CK_ATTRIBUTE_TYPE type, struct p11_value *out)
{
	const struct row *r = find_row(o, type);

	out->v = UK_NONE;
	if (r == NULL)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	return r->get(s, o, r->arg, out);
}

bool p11_attr_same(const struct p11_object *o, CK_ATTRIBUTE_TYPE type,
    uk_bytes actual, uk_bytes wanted)
{
	static const CK_KEY_TYPE curve = CKK_EC;

	if (uk_bytes_eq(actual, wanted))
		return true;
	return type == CKA_KEY_TYPE && o->entry.key_type == UK_KEY_SM2 &&
	       uk_bytes_eq(wanted, uk_view(&curve, sizeof(curve)));
}

bool p11_attr_reads(const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	const struct row *r = find_row(o, type);

	return r != NULL && r->reads;
}
