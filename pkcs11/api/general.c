/* PKCS#11 3.0, 5.4 and 5.16: the library itself, and functions of the past. */
#include "shell.h"
#include "token.h"

CK_RV p11_refuse(const char *name, CK_SESSION_HANDLE session, CK_RV rv)
{
	struct p11_call call;
	CK_RV entered = p11_enter(&call, name, session);

	return p11_leave(&call, entered == CKR_OK ? rv : entered);
}

CK_RV C_Initialize(CK_VOID_PTR init_args)
{
	return p11_initialize(init_args);
}

CK_RV C_Finalize(CK_VOID_PTR reserved)
{
	return p11_finalize(reserved);
}

CK_RV C_GetInfo(CK_INFO_PTR info)
{
	struct p11_call call;
	CK_RV rv = p11_enter_module(&call, "C_GetInfo");

	if (rv == CKR_OK)
		rv = p11_info(info);
	return p11_leave(&call, rv);
}

CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter_module(&call, "C_GetFunctionStatus");

	UNUSED(session);
	if (rv == CKR_OK)
		rv = CKR_FUNCTION_NOT_PARALLEL;
	return p11_leave(&call, rv);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter_module(&call, "C_CancelFunction");

	UNUSED(session);
	if (rv == CKR_OK)
		rv = CKR_FUNCTION_NOT_PARALLEL;
	return p11_leave(&call, rv);
}
