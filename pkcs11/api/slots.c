/* PKCS#11 3.0, 5.5: slots and tokens. */
#include "p11login.h"
#include "scan.h"
#include "shell.h"
#include "token.h"

CK_RV C_GetSlotList(
    CK_BBOOL token_present, CK_SLOT_ID_PTR slot_list, CK_ULONG_PTR count)
{
	struct p11_call call;
	CK_RV rv = p11_enter_module(&call, "C_GetSlotList");

	if (rv == CKR_OK)
		rv = p11_slot_list(token_present != CK_FALSE, slot_list, count);
	return p11_leave(&call, rv);
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot_id, CK_SLOT_INFO_PTR info)
{
	struct p11_call call;
	CK_RV rv = p11_enter_status(&call, "C_GetSlotInfo", slot_id);

	if (rv == CKR_OK)
		rv = p11_slot_info(call.slot, info);
	return p11_leave(&call, rv);
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot_id, CK_TOKEN_INFO_PTR info)
{
	struct p11_call call;
	CK_RV rv = p11_enter_status(&call, "C_GetTokenInfo", slot_id);

	if (rv == CKR_OK)
		rv = p11_token_info(call.slot, info);
	return p11_leave(&call, rv);
}

CK_RV C_WaitForSlotEvent(
    CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved)
{
	struct p11_call call;
	CK_RV rv = p11_enter_module(&call, "C_WaitForSlotEvent");

	if (rv == CKR_OK)
		rv = (slot == NULL || reserved != NULL)
			 ? CKR_ARGUMENTS_BAD
			 : p11_wait_event((flags & CKF_DONT_BLOCK) == 0, slot);
	return p11_leave(&call, rv);
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot_id,
    CK_MECHANISM_TYPE_PTR mechanism_list, CK_ULONG_PTR count)
{
	struct p11_call call;
	CK_RV rv = p11_enter_status(&call, "C_GetMechanismList", slot_id);

	if (rv == CKR_OK)
		rv = p11_mechanism_list(call.slot, mechanism_list, count);
	return p11_leave(&call, rv);
}

CK_RV C_GetMechanismInfo(
    CK_SLOT_ID slot_id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
{
	struct p11_call call;
	CK_RV rv = p11_enter_status(&call, "C_GetMechanismInfo", slot_id);

	if (rv == CKR_OK)
		rv = p11_mechanism_info(call.slot, type, info);
	return p11_leave(&call, rv);
}

CK_RV C_InitToken(
    CK_SLOT_ID slot_id, CK_BYTE_PTR pin, CK_ULONG pin_len, CK_BYTE_PTR label)
{
	struct p11_call call;
	CK_RV rv = p11_enter_slot(&call, "C_InitToken", slot_id);

	if (rv == CKR_OK)
		rv = p11_init_token(call.slot, pin, pin_len, label);
	return p11_leave(&call, rv);
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_BYTE_PTR pin, CK_ULONG pin_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_InitPIN", session);

	if (rv == CKR_OK)
		rv = p11_init_pin(call.slot, pin, pin_len);
	return p11_leave(&call, rv);
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_BYTE_PTR old_pin, CK_ULONG old_len,
    CK_BYTE_PTR new_pin, CK_ULONG new_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SetPIN", session);

	if (rv == CKR_OK)
		rv = p11_set_pin(call.slot, call.session, old_pin, old_len,
		    new_pin, new_len);
	return p11_leave(&call, rv);
}
