/* What keys say about themselves. */
#include "attr_parts.h"

#include "der.h"
#include "gm.h"
#include "rv.h"
#include "slot.h"

/* --- getters ------------------------------------------------------------- */

P11_GETTER(sensitive)
{
	UNUSED(s);
	UNUSED(out);
	/* arg: the key type that has such a secret */
	return (arg == CKK_RSA) == (o->src->key_type == UK_KEY_RSA)
		   ? CKR_ATTRIBUTE_SENSITIVE
		   : CKR_ATTRIBUTE_TYPE_INVALID;
}

P11_GETTER(key_type)
{
	UNUSED(s);
	UNUSED(arg);
	if (o->src->key_type == UK_KEY_SM2)
		return p11_attr_give_number(out, p11_gm()->key);
	return p11_attr_give_number(
	    out, o->src->key_type == UK_KEY_RSA ? CKK_RSA : CKK_EC);
}

/* arg: usage bits, one of which is enough */
P11_GETTER(usage)
{
	UNUSED(s);
	return p11_attr_give_bool(out, (o->src->usage & arg) != 0);
}

/* Only RSA signatures hold what was signed. */
P11_GETTER(recovers)
{
	UNUSED(s);
	return p11_attr_give_bool(
	    out, o->src->key_type == UK_KEY_RSA && (o->src->usage & arg) != 0);
}

P11_GETTER(made_on_card)
{
	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give_bool(out, o->src->on_card);
}

P11_GETTER(always_auth)
{
	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give_bool(out, o->src->always_auth);
}

P11_GETTER(gen_mechanism)
{
	UNUSED(s);
	UNUSED(arg);
	if (!o->src->on_card)
		return p11_attr_give_number(out, CK_UNAVAILABLE_INFORMATION);
	if (o->src->key_type == UK_KEY_SM2)
		return p11_attr_give_number(out, p11_gm()->generate);
	return p11_attr_give_number(out, o->src->key_type == UK_KEY_RSA
					     ? CKM_RSA_PKCS_KEY_PAIR_GEN
					     : CKM_EC_KEY_PAIR_GEN);
}

P11_GETTER(allowed_mechanisms)
{
	uk_buf b = UK_BUF(out->scratch);
	const struct p11_mech *m;

	UNUSED(arg);
	for (size_t i = 0; (m = p11_mech_at(i)) != NULL; i++) {
		if (p11_mech_suits(m, s->card, o->src))
			uk_put(&b, uk_view(&m->type, sizeof(m->type)));
	}
	return p11_attr_give_made(out, &b);
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

P11_GETTER(modulus)
{
	const uk_public_key *pub;
	CK_RV rv = of_rsa(s, o, &pub);

	UNUSED(arg);
	return rv == CKR_OK
		   ? p11_attr_give(out, uk_view(pub->modulus, pub->modulus_len))
		   : rv;
}

P11_GETTER(modulus_bits)
{
	UNUSED(s);
	UNUSED(arg);
	return o->src->key_type == UK_KEY_RSA
		   ? p11_attr_give_number(out, o->src->key_bits)
		   : CKR_ATTRIBUTE_TYPE_INVALID;
}

P11_GETTER(exponent)
{
	const uk_public_key *pub;
	CK_RV rv = of_rsa(s, o, &pub);

	UNUSED(arg);
	return rv == CKR_OK ? p11_attr_give(out,
				  uk_view(pub->exponent, pub->exponent_len))
			    : rv;
}

P11_GETTER(ec_params)
{
	const uk_public_key *pub;
	CK_RV rv = of_ec(s, o, &pub);

	UNUSED(arg);
	return rv == CKR_OK ? p11_attr_give(out, uk_key_curve_oid(pub->type))
			    : rv;
}

/* The point as DER OCTET STRING (PKCS#11 3.0, 6.3.3). */
P11_GETTER(ec_point)
{
	uk_buf b = UK_BUF(out->scratch);
	const uk_public_key *pub;
	CK_RV rv = of_ec(s, o, &pub);

	UNUSED(arg);
	if (rv != CKR_OK)
		return rv;
	uk_put_der(&b, UK_DER_OCTETS, uk_view(pub->point, pub->point_len));
	return p11_attr_give_made(out, &b);
}

P11_GETTER(public_key_info)
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
	return rv == CKR_OK ? p11_attr_give_made(out, &b) : rv;
}

/* As far as a certificate says whose key it is. */
P11_GETTER(subject)
{
	UNUSED(arg);
	return p11_object_subject(s, o, &out->v);
}

/* --- secret keys in memory ----------------------------------------------- */

enum { S_SENSITIVE, S_EXTRACTABLE };

P11_GETTER(secret_is)
{
	UNUSED(s);
	return p11_attr_give_bool(
	    out, arg == S_SENSITIVE ? o->sensitive : o->extractable);
}

P11_GETTER(secret_value)
{
	UNUSED(s);
	UNUSED(arg);
	if (o->sensitive || !o->extractable)
		return CKR_ATTRIBUTE_SENSITIVE;
	return p11_attr_give(out, uk_blob_view(&o->value));
}

P11_GETTER(secret_length)
{
	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give_number(out, o->value.n);
}

P11_GETTER(no_mechanism)
{
	UNUSED(s);
	UNUSED(o);
	UNUSED(arg);
	return p11_attr_give_number(out, CK_UNAVAILABLE_INFORMATION);
}

/* --- the tables ---------------------------------------------------------- */

enum { SIGNS = UK_USE_SIGN | UK_USE_NON_REPUDIATION };

const struct p11_attr_row p11_key_rows[] = {
	{ CKA_LABEL, p11_attr_label, 0, false },
	{ CKA_ID, p11_attr_id, 0, false },
	{ CKA_KEY_TYPE, key_type, 0, false },
	{ CKA_SUBJECT, subject, 0, true },
	{ CKA_START_DATE, p11_attr_nothing, 0, false },
	{ CKA_END_DATE, p11_attr_nothing, 0, false },
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

const struct p11_attr_row p11_public_rows[] = {
	{ CKA_ENCRYPT, usage, UK_USE_ENCRYPT | UK_USE_DECRYPT, false },
	/* of the pair: pkcs11-tool asks both halves for it */
	{ CKA_DERIVE, usage, UK_USE_DERIVE, false },
	{ CKA_VERIFY, usage, SIGNS | UK_USE_VERIFY, false },
	{ CKA_VERIFY_RECOVER, recovers,
	    SIGNS | UK_USE_SIGN_RECOVER | UK_USE_VERIFY_RECOVER, false },
	{ CKA_WRAP, p11_attr_constant_bool, false, false },
	{ CKA_TRUSTED, p11_attr_constant_bool, false, false },
	{ 0, NULL, 0, false },
};

const struct p11_attr_row p11_private_rows[] = {
	{ CKA_SENSITIVE, p11_attr_constant_bool, true, false },
	{ CKA_ALWAYS_SENSITIVE, made_on_card, 0, false },
	{ CKA_EXTRACTABLE, p11_attr_constant_bool, false, false },
	{ CKA_NEVER_EXTRACTABLE, made_on_card, 0, false },
	{ CKA_SIGN, usage, SIGNS, false },
	{ CKA_SIGN_RECOVER, recovers, UK_USE_SIGN_RECOVER, false },
	{ CKA_DECRYPT, usage, UK_USE_DECRYPT, false },
	{ CKA_DERIVE, usage, UK_USE_DERIVE, false },
	{ CKA_UNWRAP, p11_attr_constant_bool, false, false },
	{ CKA_WRAP_WITH_TRUSTED, p11_attr_constant_bool, false, false },
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

const struct p11_attr_row p11_secret_rows[] = {
	{ CKA_LABEL, p11_attr_label, 0, false },
	{ CKA_ID, p11_attr_id, 0, false },
	{ CKA_KEY_TYPE, p11_attr_constant_number, CKK_GENERIC_SECRET, false },
	{ CKA_START_DATE, p11_attr_nothing, 0, false },
	{ CKA_END_DATE, p11_attr_nothing, 0, false },
	{ CKA_LOCAL, p11_attr_constant_bool, false, false },
	{ CKA_KEY_GEN_MECHANISM, no_mechanism, 0, false },
	{ CKA_ALLOWED_MECHANISMS, p11_attr_nothing, 0, false },
	{ CKA_CHECK_VALUE, p11_attr_nothing, 0, false },
	{ CKA_SENSITIVE, secret_is, S_SENSITIVE, false },
	{ CKA_EXTRACTABLE, secret_is, S_EXTRACTABLE, false },
	/* it was made outside: the other side has it, too */
	{ CKA_ALWAYS_SENSITIVE, p11_attr_constant_bool, false, false },
	{ CKA_NEVER_EXTRACTABLE, p11_attr_constant_bool, false, false },
	{ CKA_WRAP_WITH_TRUSTED, p11_attr_constant_bool, false, false },
	{ CKA_TRUSTED, p11_attr_constant_bool, false, false },
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
