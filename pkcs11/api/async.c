/* PKCS#11 3.2, 5.20: asynchronous operations. No session of ours is one for
 * them. */
#include "shell.h"

static CK_RV no_async(const char *name, CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, name, session);

	if (rv == CKR_OK)
		rv = CKR_SESSION_ASYNC_NOT_SUPPORTED;
	return p11_leave(&call, rv);
}

CK_RV C_AsyncComplete(
    CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ASYNC_DATA *result)
{
	UNUSED(function);
	UNUSED(result);
	return no_async("C_AsyncComplete", session);
}

CK_RV C_AsyncGetID(
    CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG_PTR id)
{
	UNUSED(function);
	UNUSED(id);
	return no_async("C_AsyncGetID", session);
}

CK_RV C_AsyncJoin(CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG id,
    CK_BYTE_PTR data, CK_ULONG data_len)
{
	UNUSED(function);
	UNUSED(id);
	UNUSED(data);
	UNUSED(data_len);
	return no_async("C_AsyncJoin", session);
}
