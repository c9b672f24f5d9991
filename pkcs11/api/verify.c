/* PKCS#11 3.0, 5.12: verifying signatures. */
#include "operate.h"
#include "shell.h"

CK_RV C_VerifyInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifyInit", session);

	if (rv == CKR_OK)
		rv = p11_verify_begin(call.slot, call.session, mechanism, key);
	return p11_leave(&call, rv);
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
    CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_Verify", session);

	if (rv == CKR_OK)
		rv = p11_verify(
		    call.session, data, data_len, signature, signature_len);
	return p11_leave(&call, rv);
}

CK_RV C_VerifyUpdate(
    CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifyUpdate", session);

	if (rv == CKR_OK)
		rv = p11_verify_add(call.session, part, part_len);
	return p11_leave(&call, rv);
}

CK_RV C_VerifyFinal(
    CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifyFinal", session);

	if (rv == CKR_OK)
		rv = p11_verify_end(call.session, signature, signature_len);
	return p11_leave(&call, rv);
}

CK_RV C_VerifyRecoverInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifyRecoverInit", session);

	if (rv == CKR_OK)
		rv = p11_verify_recover_begin(
		    call.slot, call.session, mechanism, key);
	return p11_leave(&call, rv);
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR signature,
    CK_ULONG signature_len, CK_BYTE_PTR data, CK_ULONG_PTR data_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifyRecover", session);

	if (rv == CKR_OK)
		rv = p11_verify_recover(
		    call.session, signature, signature_len, data, data_len);
	return p11_leave(&call, rv);
}

/* --- 3.2: with the signature given first -----------------------------------
 */

CK_RV C_VerifySignatureInit(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key, CK_BYTE_PTR sig,
    CK_ULONG sig_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifySignatureInit", session);

	if (rv == CKR_OK)
		rv = p11_verify_first_begin(
		    call.slot, call.session, mechanism, key, sig, sig_len);
	return p11_leave(&call, rv);
}

CK_RV C_VerifySignature(
    CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifySignature", session);

	if (rv == CKR_OK)
		rv = p11_verify_first(call.session, data, data_len);
	return p11_leave(&call, rv);
}

CK_RV C_VerifySignatureUpdate(
    CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifySignatureUpdate", session);

	if (rv == CKR_OK)
		rv = p11_verify_first_add(call.session, part, part_len);
	return p11_leave(&call, rv);
}

CK_RV C_VerifySignatureFinal(CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifySignatureFinal", session);

	if (rv == CKR_OK)
		rv = p11_verify_first_end(call.session);
	return p11_leave(&call, rv);
}
