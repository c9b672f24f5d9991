/* What each object says about itself. */
#include "attr_parts.h"

#include "der.h"
#include "hex.h"
#include "rv.h"
#include "slot.h"

/* --- values -------------------------------------------------------------- */

CK_RV p11_attr_give(struct p11_value *out, uk_bytes v)
{
	out->v = v;
	return CKR_OK;
}

CK_RV p11_attr_give_made(struct p11_value *out, const uk_buf *made)
{
	return made->bad ? CKR_GENERAL_ERROR
			 : p11_attr_give(out, uk_buf_view(made));
}

CK_RV p11_attr_give_number(struct p11_value *out, CK_ULONG n)
{
	uk_buf b = UK_BUF(out->scratch);

	uk_put(&b, uk_view(&n, sizeof(n)));
	return p11_attr_give_made(out, &b);
}

CK_RV p11_attr_give_bool(struct p11_value *out, bool yes)
{
	uk_buf b = UK_BUF(out->scratch);

	uk_put_u8(&b, yes ? CK_TRUE : CK_FALSE);
	return p11_attr_give_made(out, &b);
}

/* --- getters ------------------------------------------------------------- */

P11_SHARED_GETTER(p11_attr_constant_bool)
{
	UNUSED(s);
	UNUSED(o);
	return p11_attr_give_bool(out, arg != 0);
}

P11_SHARED_GETTER(p11_attr_constant_number)
{
	UNUSED(s);
	UNUSED(o);
	return p11_attr_give_number(out, arg);
}

P11_SHARED_GETTER(p11_attr_nothing)
{
	UNUSED(s);
	UNUSED(o);
	UNUSED(arg);
	return p11_attr_give(out, UK_NONE);
}

P11_GETTER(class)
{
	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give_number(out, o->class);
}

P11_SHARED_GETTER(p11_attr_label)
{
	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give(out, uk_view_str(o->src->label));
}

P11_GETTER(profile_label)
{
	static const char *const names[] = { "", "Baseline provider",
		"Extended provider", "Authentication token",
		"Public certificates token" };

	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give(out, uk_view_str(names[o->profile]));
}

P11_GETTER(profile_id)
{
	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give_number(out, o->profile);
}

enum { IS_TOKEN, IS_PRIVATE, IS_MODIFIABLE, IS_COPYABLE, IS_DESTROYABLE };

P11_GETTER(storage)
{
	const bool is[] = {
		[IS_TOKEN] = o->owner == 0,
		[IS_PRIVATE] = o->private,
		[IS_MODIFIABLE] = o->modifiable,
		[IS_COPYABLE] = o->copyable,
		[IS_DESTROYABLE] = o->destroyable,
	};

	UNUSED(s);
	return p11_attr_give_bool(out, is[arg]);
}

P11_GETTER(application)
{
	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give(out, uk_view_str(o->src->application));
}

P11_SHARED_GETTER(p11_attr_id)
{
	UNUSED(s);
	UNUSED(arg);
	return p11_attr_give(out, uk_view(o->src->id, o->src->id_len));
}

/* Serial number, class, and the card's own reference: the same for ever. A
 * session object's is its handle's, and ends with it. */
P11_GETTER(unique_id)
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
	return p11_attr_give_made(out, &b);
}

P11_GETTER(value)
{
	UNUSED(arg);
	return p11_object_value(s, o, &out->v);
}

enum { X_SUBJECT, X_ISSUER, X_SERIAL, X_SPKI, X_START, X_END };

P11_GETTER(x509_field)
{
	const uk_x509 *x;
	CK_RV rv = p11_object_x509(s, o, &x);

	if (rv != CKR_OK)
		return rv;
	switch (arg) {
	case X_SUBJECT:
		return p11_attr_give(out, x->subject);
	case X_ISSUER:
		return p11_attr_give(out, x->issuer);
	case X_SERIAL:
		return p11_attr_give(out, x->serial);
	case X_SPKI:
		return p11_attr_give(out, x->spki);
	case X_START:
		return p11_attr_give(out, uk_view_str(x->not_before));
	default:
		return p11_attr_give(out, uk_view_str(x->not_after));
	}
}

P11_GETTER(category)
{
	const uk_x509 *x;
	CK_RV rv = p11_object_x509(s, o, &x);

	UNUSED(arg);
	if (rv != CKR_OK)
		return rv;
	return p11_attr_give_number(
	    out, x->is_ca ? CK_CERTIFICATE_CATEGORY_AUTHORITY
			  : CK_CERTIFICATE_CATEGORY_TOKEN_USER);
}

/* The first three bytes of SHA-1 over the certificate. */
P11_GETTER(check_value)
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
	return p11_attr_give(out, uk_bytes_first(uk_buf_view(&b), 3));
}

/* --- the tables ---------------------------------------------------------- */

static const struct p11_attr_row common[] = {
	{ CKA_CLASS, class, 0, false },
	{ CKA_TOKEN, storage, IS_TOKEN, false },
	{ CKA_PRIVATE, storage, IS_PRIVATE, false },
	{ CKA_MODIFIABLE, storage, IS_MODIFIABLE, false },
	{ CKA_COPYABLE, storage, IS_COPYABLE, false },
	{ CKA_DESTROYABLE, storage, IS_DESTROYABLE, false },
	{ CKA_UNIQUE_ID, unique_id, 0, false },
	{ 0, NULL, 0, false },
};

static const struct p11_attr_row profile_rows[] = {
	{ CKA_LABEL, profile_label, 0, false },
	{ CKA_PROFILE_ID, profile_id, 0, false },
	{ 0, NULL, 0, false },
};

static const struct p11_attr_row data_rows[] = {
	{ CKA_LABEL, p11_attr_label, 0, false },
	{ CKA_APPLICATION, application, 0, false },
	{ CKA_OBJECT_ID, p11_attr_nothing, 0, false },
	{ CKA_VALUE, value, 0, true },
	{ 0, NULL, 0, false },
};

static const struct p11_attr_row certificate_rows[] = {
	{ CKA_LABEL, p11_attr_label, 0, false },
	{ CKA_ID, p11_attr_id, 0, false },
	{ CKA_CERTIFICATE_TYPE, p11_attr_constant_number, CKC_X_509, false },
	{ CKA_TRUSTED, p11_attr_constant_bool, false, false },
	{ CKA_CERTIFICATE_CATEGORY, category, 0, true },
	{ CKA_CHECK_VALUE, check_value, 0, true },
	{ CKA_VALUE, value, 0, true },
	{ CKA_SUBJECT, x509_field, X_SUBJECT, true },
	{ CKA_ISSUER, x509_field, X_ISSUER, true },
	{ CKA_SERIAL_NUMBER, x509_field, X_SERIAL, true },
	{ CKA_START_DATE, x509_field, X_START, true },
	{ CKA_END_DATE, x509_field, X_END, true },
	{ CKA_PUBLIC_KEY_INFO, x509_field, X_SPKI, true },
	{ CKA_URL, p11_attr_nothing, 0, false },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, p11_attr_nothing, 0, false },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY, p11_attr_nothing, 0, false },
	{ CKA_NAME_HASH_ALGORITHM, p11_attr_constant_number, CKM_SHA_1, false },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, p11_attr_constant_number,
	    CK_SECURITY_DOMAIN_UNSPECIFIED, false },
	{ 0, NULL, 0, false },
};

static const struct {
	CK_OBJECT_CLASS class;
	const struct p11_attr_row *tables[4];
} per_class[] = {
	{ CKO_PROFILE, { common, profile_rows, NULL } },
	{ CKO_DATA, { common, data_rows, NULL } },
	{ CKO_CERTIFICATE, { common, certificate_rows, NULL } },
	{ CKO_PUBLIC_KEY, { common, p11_key_rows, p11_public_rows, NULL } },
	{ CKO_PRIVATE_KEY, { common, p11_key_rows, p11_private_rows, NULL } },
	{ CKO_SECRET_KEY, { common, p11_secret_rows, NULL } },
};

static const struct p11_attr_row *find_in(
    const struct p11_attr_row *r, CK_ATTRIBUTE_TYPE type)
{
	for (; r->get != NULL; r++) {
		if (r->type == type)
			return r;
	}
	return NULL;
}

static const struct p11_attr_row *find_row(
    const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	const struct p11_attr_row *const *t = per_class[0].tables;
	const struct p11_attr_row *found = NULL;

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

/* A vague object says no more than its name. */
static bool is_name(CK_ATTRIBUTE_TYPE type)
{
	return type == CKA_LABEL || type == CKA_ID ||
	       find_in(common, type) != NULL;
}

/* What is answered from memory: if it is wrong, so is the key's next use, which
 * then fails. */
static bool shows_in_use(CK_ATTRIBUTE_TYPE type)
{
	return type == CKA_KEY_TYPE || type == CKA_SIGN ||
	       type == CKA_SIGN_RECOVER || type == CKA_DECRYPT ||
	       type == CKA_DERIVE;
}

bool p11_attr_is_recalled(const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	return p11_object_recalled(o) && shows_in_use(type);
}

static CK_RV prove(struct p11_slot *s, struct p11_object *o)
{
	CK_RV rv = p11_object_prove(s, o);

	return rv == CKR_OK && (o->gone || p11_object_vague(o))
		   ? CKR_OBJECT_HANDLE_INVALID
		   : rv;
}

CK_RV p11_attr_get(struct p11_slot *s, struct p11_object *o,
    CK_ATTRIBUTE_TYPE type, struct p11_value *out)
{
	const struct p11_attr_row *r = find_row(o, type);
	CK_RV rv = CKR_OK;

	out->v = UK_NONE;
	if (r == NULL)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (p11_object_recalled(o) && !is_name(type) && !shows_in_use(type))
		rv = prove(s, o);
	return rv == CKR_OK ? r->get(s, o, r->arg, out) : rv;
}

bool p11_attr_same(const struct p11_object *o, CK_ATTRIBUTE_TYPE type,
    uk_bytes actual, uk_bytes wanted)
{
	static const CK_KEY_TYPE curve = CKK_EC;
	uk_reader serial = uk_read(actual);

	if (uk_bytes_eq(actual, wanted))
		return true;
	/* Java leaves the DER around it out. */
	if (type == CKA_SERIAL_NUMBER)
		return uk_bytes_eq(uk_der_get(&serial, UK_DER_INTEGER), wanted);
	return type == CKA_KEY_TYPE && o->entry.key_type == UK_KEY_SM2 &&
	       uk_bytes_eq(wanted, uk_view(&curve, sizeof(curve)));
}

bool p11_attr_reads(const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	const struct p11_attr_row *r = find_row(o, type);

	if (p11_object_vague(o) && !is_name(type))
		return true;
	return r != NULL && r->reads;
}
