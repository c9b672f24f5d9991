/* ECDH (PKCS#11 3.0, 6.3.17): the card computes the shared x, and a session
 * object takes it. */
#include "derive.h"

#include "der.h"
#include "make.h"
#include "operate.h"
#include "rv.h"
#include "secret.h"

enum { SHARED_MAX = 66 };

/* The other side's point, as it is or as DER OCTET STRING: both are allowed,
 * and both are met. */
static bool take_point(uk_bytes given, enum uk_key_type type, uk_bytes *point)
{
	size_t n = 1 + 2 * uk_key_field(type);
	uk_reader r = uk_read(given);

	*point = given;
	if (given.n != n) {
		*point = uk_der_get(&r, UK_DER_OCTETS);
		if (!uk_is_ok(uk_read_end(&r)))
			return false;
	}
	return point->n == n && point->p[0] == 0x04;
}

static CK_RV take_params(
    const CK_MECHANISM *given, enum uk_key_type type, uk_bytes *point)
{
	CK_ECDH1_DERIVE_PARAMS p;
	uk_buf copy = uk_buf_over(&p, sizeof(p));

	if (given->pParameter == NULL || given->ulParameterLen != sizeof(p))
		return CKR_MECHANISM_PARAM_INVALID;
	uk_put(&copy, uk_view(given->pParameter, sizeof(p)));
	if (p.kdf != CKD_NULL || p.ulSharedDataLen != 0 ||
	    p.pPublicData == NULL ||
	    !take_point(uk_view(p.pPublicData, p.ulPublicDataLen), type, point))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* What a template may say the key is for. We compute nothing with it. */
static uint32_t usage_of(const struct p11_template *t)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		uint32_t usage;
	} uses[] = {
		{ CKA_ENCRYPT, UK_USE_ENCRYPT },
		{ CKA_DECRYPT, UK_USE_DECRYPT },
		{ CKA_WRAP, UK_USE_WRAP },
		{ CKA_UNWRAP, UK_USE_UNWRAP },
		{ CKA_SIGN, UK_USE_SIGN },
		{ CKA_VERIFY, UK_USE_VERIFY },
		{ CKA_DERIVE, UK_USE_DERIVE },
	};
	uint32_t usage = 0;

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (p11_given_bool(t, uses[i].type, false))
			usage |= uses[i].usage;
	}
	return usage;
}

/* The key as it will be, with zeros for a value, checked against all of the
 * template before the card is asked. */
static CK_RV describe(struct p11_slot *s, const struct p11_session *session,
    const struct p11_template *t, size_t field, struct p11_object *o)
{
	static const uint8_t zeros[SHARED_MAX];
	CK_ULONG n = p11_given_number(t, CKA_VALUE_LEN, field);
	CK_RV rv = p11_make_common(o, session->handle, t);

	if (rv != CKR_OK)
		return rv;
	if (n == 0 || n > field)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (p11_given(t, CKA_VALUE)) /* it comes out, it is not put in */
		return CKR_TEMPLATE_INCONSISTENT;
	o->copyable = o->modifiable = false;
	o->entry.usage = usage_of(t);
	o->extractable = p11_given_bool(t, CKA_EXTRACTABLE, false);
	o->sensitive = p11_given_bool(t, CKA_SENSITIVE, !o->extractable);
	o->has_value = true;
	rv = p11_rv(uk_blob_set(&o->value, uk_view(zeros, n)));
	return rv == CKR_OK ? p11_make_agrees(s, o, t) : rv;
}

static CK_RV ask_card(
    struct p11_slot *s, struct p11_object *key, uk_bytes point, uk_buf *shared)
{
	CK_RV rv = p11_key_begin(s, key);
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	err = uk_card_decipher(
	    s->card, key->src, UK_DECIPHER_ECDH, point, shared);
	p11_key_end(s, key, err);
	if (p11_key_dislikes(err)) /* no point of the curve */
		return CKR_MECHANISM_PARAM_INVALID;
	return uk_is_ok(err) ? CKR_OK : p11_key_refused(s, key, err);
}

/* A shorter key is made of the last bytes: the standard takes away from the
 * leading end. */
static CK_RV agree(struct p11_slot *s, struct p11_object *key, uk_bytes point,
    struct p11_object *o)
{
	uint8_t x[SHARED_MAX];
	uk_buf shared = UK_BUF(x);
	uk_buf value = uk_buf_over(o->value.p, o->value.n);
	CK_RV rv = ask_card(s, key, point, &shared);

	if (rv == CKR_OK && shared.len != uk_key_field(key->src->key_type))
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK)
		uk_put(&value, uk_bytes_last(uk_buf_view(&shared), value.cap));
	uk_wipe(x, sizeof(x));
	return rv;
}

/* The base key, and what of it can be said without the card. */
static CK_RV find_base(struct p11_slot *s, const CK_MECHANISM *mechanism,
    CK_OBJECT_HANDLE base, struct p11_object **key, uk_bytes *point)
{
	const struct p11_mech *m = p11_mech_for(
	    s->card, mechanism->mechanism, CKF_DERIVE);
	CK_RV rv;

	if (m == NULL)
		return CKR_MECHANISM_INVALID;
	rv = p11_op_key(s, base, CKO_PRIVATE_KEY, CKA_DERIVE, m, key);
	if (rv != CKR_OK)
		return rv;
	if (!uk_card_can_decipher(s->card, (*key)->src, UK_DECIPHER_ECDH))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	if ((*key)->src->always_auth) /* there is no moment to consent */
		return CKR_USER_NOT_LOGGED_IN;
	return take_params(mechanism, (*key)->src->key_type, point);
}

CK_RV p11_derive(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *out)
{
	struct p11_object *key, *o = NULL;
	struct p11_template t;
	uk_bytes point;
	CK_RV rv;

	if (mechanism == NULL || out == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = find_base(s, mechanism, base, &key, &point);
	if (rv == CKR_OK)
		rv = p11_template_take(template, count, &t);
	if (rv == CKR_OK && (o = p11_object_new(CKO_SECRET_KEY)) == NULL)
		rv = CKR_HOST_MEMORY;
	if (rv == CKR_OK)
		rv = describe(
		    s, session, &t, uk_key_field(key->src->key_type), o);
	if (rv == CKR_OK)
		rv = agree(s, key, point, o);
	if (rv == CKR_OK)
		rv = p11_objects_add(s, session->handle, &o, out);
	p11_object_free(&o);
	return rv;
}
