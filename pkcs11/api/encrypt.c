/* PKCS#11 3.0, 5.8 and 5.13: encryption, alone and beside other operations. */
#include "shell.h"

CK_RV C_EncryptInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	UNUSED(mechanism);
	UNUSED(key);
	return p11_unsupported("C_EncryptInit", session);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
    CK_BYTE_PTR encrypted_data, CK_ULONG_PTR encrypted_data_len)
{
	UNUSED(data);
	UNUSED(data_len);
	UNUSED(encrypted_data);
	UNUSED(encrypted_data_len);
	return p11_unsupported("C_Encrypt", session);
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part,
    CK_ULONG part_len, CK_BYTE_PTR encrypted_part,
    CK_ULONG_PTR encrypted_part_len)
{
	UNUSED(part);
	UNUSED(part_len);
	UNUSED(encrypted_part);
	UNUSED(encrypted_part_len);
	return p11_unsupported("C_EncryptUpdate", session);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR last_encrypted_part,
    CK_ULONG_PTR last_encrypted_part_len)
{
	UNUSED(last_encrypted_part);
	UNUSED(last_encrypted_part_len);
	return p11_unsupported("C_EncryptFinal", session);
}

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part,
    CK_ULONG part_len, CK_BYTE_PTR encrypted_part,
    CK_ULONG_PTR encrypted_part_len)
{
	UNUSED(part);
	UNUSED(part_len);
	UNUSED(encrypted_part);
	UNUSED(encrypted_part_len);
	return p11_unsupported("C_DigestEncryptUpdate", session);
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE session,
    CK_BYTE_PTR encrypted_part, CK_ULONG encrypted_part_len, CK_BYTE_PTR part,
    CK_ULONG_PTR part_len)
{
	UNUSED(encrypted_part);
	UNUSED(encrypted_part_len);
	UNUSED(part);
	UNUSED(part_len);
	return p11_unsupported("C_DecryptDigestUpdate", session);
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part,
    CK_ULONG part_len, CK_BYTE_PTR encrypted_part,
    CK_ULONG_PTR encrypted_part_len)
{
	UNUSED(part);
	UNUSED(part_len);
	UNUSED(encrypted_part);
	UNUSED(encrypted_part_len);
	return p11_unsupported("C_SignEncryptUpdate", session);
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE session,
    CK_BYTE_PTR encrypted_part, CK_ULONG encrypted_part_len, CK_BYTE_PTR part,
    CK_ULONG_PTR part_len)
{
	UNUSED(encrypted_part);
	UNUSED(encrypted_part_len);
	UNUSED(part);
	UNUSED(part_len);
	return p11_unsupported("C_DecryptVerifyUpdate", session);
}
