/* C_GetAttributeValue, and what is refused. */
#include "change.h"

#include "attr.h"

CK_RV p11_get_attributes(struct p11_slot *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_object *o = p11_object_find(s, object);

	if (template == NULL || count > P11_TEMPLATE_MAX)
		return CKR_ARGUMENTS_BAD;
	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	return p11_attr_read(s, o, template, count);
}

CK_RV p11_set_attributes(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	const struct p11_object *o = p11_object_find(s, object);

	if (template == NULL || count > P11_TEMPLATE_MAX)
		return CKR_ARGUMENTS_BAD;
	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!session->rw)
		return CKR_SESSION_READ_ONLY;
	for (CK_ULONG i = 0; i < count; i++) {
		if (!p11_attr_known(o, template[i].type))
			return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	return count == 0 ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
}

/* How much of the card an object takes is the card's business. */
CK_RV p11_object_size(
    struct p11_slot *s, CK_OBJECT_HANDLE object, CK_ULONG_PTR size)
{
	if (size == NULL)
		return CKR_ARGUMENTS_BAD;
	if (p11_object_find(s, object) == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	*size = CK_UNAVAILABLE_INFORMATION;
	return CKR_OK;
}

CK_RV p11_create(const struct p11_session *session,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE_PTR out)
{
	bool has_class = false;

	if (template == NULL || out == NULL || count > P11_TEMPLATE_MAX)
		return CKR_ARGUMENTS_BAD;
	for (CK_ULONG i = 0; i < count; i++)
		has_class = has_class || template[i].type == CKA_CLASS;
	if (!has_class)
		return CKR_TEMPLATE_INCOMPLETE;
	return session->rw ? CKR_FUNCTION_NOT_SUPPORTED : CKR_SESSION_READ_ONLY;
}

CK_RV p11_copy(struct p11_slot *s, CK_OBJECT_HANDLE object,
    const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE_PTR out)
{
	CK_RV rv = p11_template_check(template, count);

	if (rv != CKR_OK || out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (p11_object_find(s, object) == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	return CKR_ACTION_PROHIBITED; /* CKA_COPYABLE is false */
}

CK_RV p11_destroy(struct p11_slot *s, const struct p11_session *session,
    CK_OBJECT_HANDLE object)
{
	if (p11_object_find(s, object) == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!session->rw)
		return CKR_SESSION_READ_ONLY;
	return CKR_ACTION_PROHIBITED; /* CKA_DESTROYABLE is false */
}
