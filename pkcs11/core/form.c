/* The forms of attributes, and getters for templates. */
#include "form.h"

#include "attr.h"
#include "utf8.h"

enum form { BYTES, BOOLEAN, NUMBER, NUMBERS, INTEGER, DATE, TEXT };

enum { DATE_SIZE = 8 }; /* CK_DATE: "YYYYMMDD" */

/* PKCS#11 3.0, chapter 4. What is not here is any bytes. */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	enum form form;
} forms[] = {
	{ CKA_TOKEN, BOOLEAN },
	{ CKA_PRIVATE, BOOLEAN },
	{ CKA_MODIFIABLE, BOOLEAN },
	{ CKA_COPYABLE, BOOLEAN },
	{ CKA_DESTROYABLE, BOOLEAN },
	{ CKA_TRUSTED, BOOLEAN },
	{ CKA_SENSITIVE, BOOLEAN },
	{ CKA_ALWAYS_SENSITIVE, BOOLEAN },
	{ CKA_EXTRACTABLE, BOOLEAN },
	{ CKA_NEVER_EXTRACTABLE, BOOLEAN },
	{ CKA_LOCAL, BOOLEAN },
	{ CKA_ENCRYPT, BOOLEAN },
	{ CKA_DECRYPT, BOOLEAN },
	{ CKA_WRAP, BOOLEAN },
	{ CKA_UNWRAP, BOOLEAN },
	{ CKA_SIGN, BOOLEAN },
	{ CKA_SIGN_RECOVER, BOOLEAN },
	{ CKA_VERIFY, BOOLEAN },
	{ CKA_VERIFY_RECOVER, BOOLEAN },
	{ CKA_DERIVE, BOOLEAN },
	{ CKA_ALWAYS_AUTHENTICATE, BOOLEAN },
	{ CKA_WRAP_WITH_TRUSTED, BOOLEAN },
	{ CKA_CLASS, NUMBER },
	{ CKA_CERTIFICATE_TYPE, NUMBER },
	{ CKA_CERTIFICATE_CATEGORY, NUMBER },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, NUMBER },
	{ CKA_NAME_HASH_ALGORITHM, NUMBER },
	{ CKA_KEY_TYPE, NUMBER },
	{ CKA_KEY_GEN_MECHANISM, NUMBER },
	{ CKA_MODULUS_BITS, NUMBER },
	{ CKA_VALUE_LEN, NUMBER },
	{ CKA_PROFILE_ID, NUMBER },
	{ CKA_ALLOWED_MECHANISMS, NUMBERS },
	{ CKA_MODULUS, INTEGER },
	{ CKA_PUBLIC_EXPONENT, INTEGER },
	{ CKA_PRIVATE_EXPONENT, INTEGER },
	{ CKA_PRIME_1, INTEGER },
	{ CKA_PRIME_2, INTEGER },
	{ CKA_EXPONENT_1, INTEGER },
	{ CKA_EXPONENT_2, INTEGER },
	{ CKA_COEFFICIENT, INTEGER },
	{ CKA_START_DATE, DATE },
	{ CKA_END_DATE, DATE },
	{ CKA_LABEL, TEXT },
	{ CKA_APPLICATION, TEXT },
	{ CKA_URL, TEXT },
	{ CKA_UNIQUE_ID, TEXT },
};

static enum form form_of(CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].type == type)
			return forms[i].form;
	}
	return BYTES;
}

static uk_bytes value_of(const CK_ATTRIBUTE *a)
{
	return a == NULL ? UK_NONE : uk_view(a->pValue, a->ulValueLen);
}

/* The caller's numbers need not be aligned. */
static CK_ULONG number_in(uk_bytes v)
{
	CK_ULONG n = 0;
	uk_buf copy = uk_buf_over(&n, sizeof(n));

	uk_put(&copy, v);
	return n;
}

static bool well_formed(enum form form, uk_bytes v)
{
	switch (form) {
	case BOOLEAN:
		return v.n == sizeof(CK_BBOOL) && v.p[0] <= CK_TRUE;
	case NUMBER:
		return v.n == sizeof(CK_ULONG);
	case NUMBERS:
		return v.n % sizeof(CK_ULONG) == 0;
	case DATE:
		return v.n == 0 || v.n == DATE_SIZE;
	case TEXT:
		return uk_utf8_valid(v);
	default:
		return true;
	}
}

static const CK_ATTRIBUTE *find(
    const struct p11_template *t, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < t->count; i++) {
		if (t->list[i].type == type)
			return &t->list[i];
	}
	return NULL;
}

static CK_RV check(const struct p11_template *t, const CK_ATTRIBUTE *a)
{
	uk_bytes v = value_of(a);

	if (v.p == NULL && v.n > 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!well_formed(form_of(a->type), v))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!uk_bytes_eq(v, value_of(find(t, a->type))))
		return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

CK_RV p11_template_take(
    const CK_ATTRIBUTE *list, CK_ULONG count, struct p11_template *out)
{
	CK_RV rv = p11_template_check(list, count);

	*out = (struct p11_template){ list, rv == CKR_OK ? count : 0 };
	for (CK_ULONG i = 0; i < out->count && rv == CKR_OK; i++)
		rv = check(out, &list[i]);
	if (rv != CKR_OK)
		*out = (struct p11_template){ NULL, 0 };
	return rv;
}

bool p11_given(const struct p11_template *t, CK_ATTRIBUTE_TYPE type)
{
	return find(t, type) != NULL;
}

bool p11_given_bool(
    const struct p11_template *t, CK_ATTRIBUTE_TYPE type, bool otherwise)
{
	uk_bytes v = p11_given_bytes(t, type);

	return v.n == sizeof(CK_BBOOL) ? v.p[0] == CK_TRUE : otherwise;
}

CK_ULONG p11_given_number(
    const struct p11_template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise)
{
	uk_bytes v = p11_given_bytes(t, type);

	return v.n == sizeof(CK_ULONG) ? number_in(v) : otherwise;
}

uk_bytes p11_given_bytes(const struct p11_template *t, CK_ATTRIBUTE_TYPE type)
{
	return value_of(find(t, type));
}

uk_bytes p11_given_integer(const struct p11_template *t, CK_ATTRIBUTE_TYPE type)
{
	return uk_bytes_trim_zeros(p11_given_bytes(t, type));
}

CK_RV p11_given_text(const struct p11_template *t, CK_ATTRIBUTE_TYPE type,
    char *field, size_t cap)
{
	if (!p11_given(t, type))
		return CKR_OK;
	return uk_is_ok(uk_copy_str(field, cap, p11_given_bytes(t, type)))
		   ? CKR_OK
		   : CKR_ATTRIBUTE_VALUE_INVALID;
}

bool p11_form_same(CK_ATTRIBUTE_TYPE type, uk_bytes a, uk_bytes b)
{
	if (form_of(type) == INTEGER)
		return uk_bytes_eq(
		    uk_bytes_trim_zeros(a), uk_bytes_trim_zeros(b));
	return uk_bytes_eq(a, b);
}
