/* PKCS#11 3.0, 5.11: signatures. */
#include "operate.h"
#include "shell.h"

CK_RV C_SignInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SignInit", session);

	if (rv == CKR_OK)
		rv = p11_sign_begin(call.slot, call.session, mechanism, key);
	return p11_leave(&call, rv);
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
    CK_BYTE_PTR signature, CK_ULONG_PTR signature_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_Sign", session);

	if (rv == CKR_OK)
		rv = p11_sign(call.slot, call.session, data, data_len,
		    signature, signature_len);
	return p11_leave(&call, rv);
}

CK_RV C_SignUpdate(
    CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SignUpdate", session);

	if (rv == CKR_OK)
		rv = p11_sign_add(call.session, part, part_len);
	return p11_leave(&call, rv);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR signature,
    CK_ULONG_PTR signature_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SignFinal", session);

	if (rv == CKR_OK)
		rv = p11_sign_end(
		    call.slot, call.session, signature, signature_len);
	return p11_leave(&call, rv);
}

CK_RV C_SignRecoverInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SignRecoverInit", session);

	if (rv == CKR_OK)
		rv = p11_sign_recover_begin(
		    call.slot, call.session, mechanism, key);
	return p11_leave(&call, rv);
}

CK_RV C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR data,
    CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SignRecover", session);

	if (rv == CKR_OK)
		rv = p11_sign_recover(call.slot, call.session, data, data_len,
		    signature, signature_len);
	return p11_leave(&call, rv);
}
