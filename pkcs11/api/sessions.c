/* PKCS#11 3.0, 5.6: sessions and logins. */
#include "operate.h"
#include "p11login.h"
#include "shell.h"
#include "token.h"

static CK_RV open_session(
    struct p11_slot *s, CK_FLAGS flags, CK_SESSION_HANDLE_PTR out)
{
	CK_RV rv = p11_slot_token(s);

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((flags & CKF_SERIAL_SESSION) == 0)
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	if ((flags & CKF_ASYNC_SESSION) != 0)
		return CKR_SESSION_ASYNC_NOT_SUPPORTED;
	return rv == CKR_OK ? p11_session_open(s, flags, out) : rv;
}

CK_RV C_OpenSession(CK_SLOT_ID slot_id, CK_FLAGS flags, CK_VOID_PTR application,
    CK_NOTIFY notify, CK_SESSION_HANDLE_PTR session)
{
	struct p11_call call;
	CK_RV rv = p11_enter_slot_now(&call, "C_OpenSession", slot_id);

	UNUSED(application);
	UNUSED(notify); /* we have nothing to surrender */
	if (rv == CKR_OK)
		rv = open_session(call.slot, flags, session);
	return p11_leave(&call, rv);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_CloseSession", session);

	if (rv == CKR_OK)
		rv = p11_session_close(call.slot, call.session);
	return p11_leave(&call, rv);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot_id)
{
	struct p11_call call;
	CK_RV rv = p11_enter_slot(&call, "C_CloseAllSessions", slot_id);

	if (rv == CKR_OK)
		rv = p11_session_close_all(call.slot);
	return p11_leave(&call, rv);
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info)
{
	struct p11_call call;
	CK_RV rv = p11_enter_session_status(&call, "C_GetSessionInfo", session);

	if (rv == CKR_OK)
		rv = p11_session_info(call.slot, call.session, info);
	return p11_leave(&call, rv);
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SessionCancel", session);

	if (rv == CKR_OK)
		rv = p11_session_cancel(call.session, flags);
	return p11_leave(&call, rv);
}

/* No object of ours tells of a validation, and so no flag of one is set. */
CK_RV C_GetSessionValidationFlags(CK_SESSION_HANDLE session,
    CK_SESSION_VALIDATION_FLAGS_TYPE type, CK_FLAGS *flags)
{
	struct p11_call call;
	CK_RV rv = p11_enter_session_status(
	    &call, "C_GetSessionValidationFlags", session);

	UNUSED(type);
	if (rv == CKR_OK && flags == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		*flags = 0;
	return p11_leave(&call, rv);
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user_type,
    CK_BYTE_PTR pin, CK_ULONG pin_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_Login", session);

	if (rv == CKR_OK)
		rv = p11_login(
		    call.slot, call.session, user_type, pin, pin_len);
	return p11_leave(&call, rv);
}

/* Our tokens know one user of each type; a name would choose among several. */
CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user,
    CK_UTF8CHAR *pin, CK_ULONG pin_len, CK_UTF8CHAR *name, CK_ULONG name_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_LoginUser", session);

	if (rv == CKR_OK && name_len > 0)
		rv = name == NULL ? CKR_ARGUMENTS_BAD : CKR_USER_TYPE_INVALID;
	if (rv == CKR_OK)
		rv = p11_login(call.slot, call.session, user, pin, pin_len);
	return p11_leave(&call, rv);
}

CK_RV C_Logout(CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_Logout", session);

	if (rv == CKR_OK)
		rv = p11_logout(call.slot);
	return p11_leave(&call, rv);
}
