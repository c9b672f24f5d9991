/* Keys of operations: is this the right one, and its public half ready to
 * compute with. */
#include "operate.h"

#include "attr.h"
#include "rv.h"

static bool is_key(const struct p11_object *o)
{
	return o->class == CKO_PRIVATE_KEY || o->class == CKO_PUBLIC_KEY ||
	       o->class == CKO_SECRET_KEY;
}

static bool says_yes(
    struct p11_slot *s, struct p11_object *o, CK_ATTRIBUTE_TYPE use)
{
	struct p11_value value;

	return p11_attr_get(s, o, use, &value) == CKR_OK && value.v.n == 1 &&
	       value.v.p[0] != CK_FALSE;
}

CK_RV p11_op_key(struct p11_slot *s, CK_OBJECT_HANDLE key,
    CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE use, const struct p11_mech *m,
    struct p11_object **out)
{
	struct p11_object *o = p11_object_find(s, key);

	*out = o;
	if (o == NULL || !is_key(o))
		return CKR_KEY_HANDLE_INVALID;
	if (p11_family_of(o->entry.key_type) != m->key) {
		CK_RV rv = p11_object_prove(s, o);

		if (rv != CKR_OK || o->gone)
			return o->gone ? CKR_KEY_HANDLE_INVALID : rv;
	}
	if (o->class != class || p11_family_of(o->entry.key_type) != m->key)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!says_yes(s, o, use))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return CKR_OK;
}

CK_RV p11_op_public(
    struct p11_slot *s, struct p11_op *op, struct p11_object *key)
{
	uint8_t der[UK_MODULUS_MAX + 64];
	uk_buf spki = UK_BUF(der);
	const uk_public_key *pub;
	uk_crypto *crypto;
	CK_RV rv = p11_object_public(s, key, &pub);

	if (rv == CKR_OK)
		rv = p11_slot_crypto(s, &crypto);
	if (rv == CKR_OK)
		rv = p11_rv(uk_put_spki(&spki, pub->type,
		    uk_view(pub->modulus, pub->modulus_len),
		    uk_view(pub->exponent, pub->exponent_len),
		    uk_view(pub->point, pub->point_len)));
	if (rv == CKR_OK)
		rv = p11_rv(
		    uk_key_from_spki(crypto, uk_buf_view(&spki), &op->pub));
	return rv;
}

CK_RV p11_op_sm2_z(struct p11_slot *s, struct p11_op *op,
    const CK_MECHANISM *given, struct p11_object *key)
{
	uint8_t value[32];
	uk_buf z = UK_BUF(value);
	const uk_public_key *pub;
	struct uk_padding pad;
	uk_crypto *crypto;
	CK_RV rv = p11_mech_params(op->mech, given, &pad);

	if (op->mech->params != P11_SM2_ID)
		return CKR_OK;
	if (rv == CKR_OK)
		rv = p11_object_public(s, key, &pub);
	if (rv == CKR_OK)
		rv = p11_slot_crypto(s, &crypto);
	if (rv == CKR_OK && !uk_is_ok(uk_sm2_z(crypto, pad.label,
				uk_view(pub->point, pub->point_len), &z)))
		rv = CKR_MECHANISM_PARAM_INVALID; /* longer than Z allows */
	return rv == CKR_OK ? p11_op_add(op, uk_buf_view(&z)) : rv;
}
