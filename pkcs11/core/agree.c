/* Is an object what its template asked for? */
#include "make.h"

#include "attr.h"

/* Only the token says these. */
static bool is_told(CK_ATTRIBUTE_TYPE type)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_UNIQUE_ID, CKA_LOCAL,
		CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE,
		CKA_KEY_GEN_MECHANISM };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

/* An empty value, or the number for "unspecified", says nothing. */
static bool says_nothing(CK_ATTRIBUTE_TYPE type, const struct p11_template *t)
{
	if (type == CKA_CERTIFICATE_CATEGORY)
		return p11_given_number(t, type, 0) ==
		       CK_CERTIFICATE_CATEGORY_UNSPECIFIED;
	return p11_given_bytes(t, type).n == 0;
}

static CK_RV agrees(struct p11_slot *s, struct p11_object *o,
    const struct p11_template *t, CK_ATTRIBUTE_TYPE type)
{
	struct p11_value actual;
	CK_RV rv;

	if (!p11_attr_known(o, type))
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (is_told(type))
		return CKR_ATTRIBUTE_READ_ONLY;
	if (says_nothing(type, t))
		return CKR_OK;
	rv = p11_attr_get(s, o, type, &actual);
	if (rv == CKR_ATTRIBUTE_SENSITIVE)
		return CKR_OK; /* part of the key itself */
	if (rv == CKR_HOST_MEMORY)
		return rv;
	return rv == CKR_OK && (p11_form_same(
				    type, actual.v, p11_given_bytes(t, type)) ||
				   p11_attr_same(o, type, actual.v,
				       p11_given_bytes(t, type)))
		   ? CKR_OK
		   : CKR_TEMPLATE_INCONSISTENT;
}

CK_RV p11_make_agrees(
    struct p11_slot *s, struct p11_object *o, const struct p11_template *t)
{
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; i < t->count && rv == CKR_OK; i++)
		rv = agrees(s, o, t, t->list[i].type);
	return rv;
}
