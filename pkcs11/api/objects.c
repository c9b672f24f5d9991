/* PKCS#11 3.0, 5.7: objects. */
#include "attr.h"
#include "change.h"
#include "find.h"
#include "shell.h"

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template,
    CK_ULONG count, CK_OBJECT_HANDLE_PTR object)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_CreateObject", session);

	if (rv == CKR_OK)
		rv = p11_create(
		    call.slot, call.session, template, count, object);
	return p11_leave(&call, rv);
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR new_object)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_CopyObject", session);

	if (rv == CKR_OK)
		rv = p11_copy(call.slot, call.session, object, template, count,
		    new_object);
	return p11_leave(&call, rv);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DestroyObject", session);

	if (rv == CKR_OK)
		rv = p11_destroy(call.slot, call.session, object);
	return p11_leave(&call, rv);
}

CK_RV C_GetObjectSize(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_GetObjectSize", session);

	if (rv == CKR_OK)
		rv = p11_object_size(call.slot, object, size);
	return p11_leave(&call, rv);
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_GetAttributeValue", session);

	if (rv == CKR_OK)
		rv = p11_get_attributes(call.slot, object, template, count);
	return p11_leave(&call, rv);
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SetAttributeValue", session);

	if (rv == CKR_OK)
		rv = p11_set_attributes(
		    call.slot, call.session, object, template, count);
	return p11_leave(&call, rv);
}

CK_RV C_FindObjectsInit(
    CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_FindObjectsInit", session);

	if (rv == CKR_OK)
		rv = p11_find_begin(call.slot, call.session, template, count);
	return p11_leave(&call, rv);
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR object,
    CK_ULONG max_object_count, CK_ULONG_PTR object_count)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_FindObjects", session);

	if (rv == CKR_OK)
		rv = p11_find_next(
		    call.session, object, max_object_count, object_count);
	return p11_leave(&call, rv);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_FindObjectsFinal", session);

	if (rv == CKR_OK)
		rv = p11_find_end(call.session);
	return p11_leave(&call, rv);
}
