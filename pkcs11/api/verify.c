/* PKCS#11 3.0, 5.12: verifying signatures. */
#include "shell.h"

CK_RV C_VerifyInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	UNUSED(mechanism);
	UNUSED(key);
	return p11_unsupported("C_VerifyInit", session);
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
    CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	UNUSED(data);
	UNUSED(data_len);
	UNUSED(signature);
	UNUSED(signature_len);
	return p11_unsupported("C_Verify", session);
}

CK_RV C_VerifyUpdate(
    CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len)
{
	UNUSED(part);
	UNUSED(part_len);
	return p11_unsupported("C_VerifyUpdate", session);
}

CK_RV C_VerifyFinal(
    CK_SESSION_HANDLE session, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	UNUSED(signature);
	UNUSED(signature_len);
	return p11_unsupported("C_VerifyFinal", session);
}

CK_RV C_VerifyRecoverInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	UNUSED(mechanism);
	UNUSED(key);
	return p11_unsupported("C_VerifyRecoverInit", session);
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE_PTR signature,
    CK_ULONG signature_len, CK_BYTE_PTR data, CK_ULONG_PTR data_len)
{
	UNUSED(signature);
	UNUSED(signature_len);
	UNUSED(data);
	UNUSED(data_len);
	return p11_unsupported("C_VerifyRecover", session);
}
