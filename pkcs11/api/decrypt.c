/* PKCS#11 3.0, 5.9: decryption. */
#include "shell.h"

CK_RV C_DecryptInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	UNUSED(mechanism);
	UNUSED(key);
	return p11_unsupported("C_DecryptInit", session);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_data,
    CK_ULONG encrypted_data_len, CK_BYTE_PTR data, CK_ULONG_PTR data_len)
{
	UNUSED(encrypted_data);
	UNUSED(encrypted_data_len);
	UNUSED(data);
	UNUSED(data_len);
	return p11_unsupported("C_Decrypt", session);
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part,
    CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len)
{
	UNUSED(encrypted_part);
	UNUSED(encrypted_part_len);
	UNUSED(part);
	UNUSED(part_len);
	return p11_unsupported("C_DecryptUpdate", session);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR last_part,
    CK_ULONG_PTR last_part_len)
{
	UNUSED(last_part);
	UNUSED(last_part_len);
	return p11_unsupported("C_DecryptFinal", session);
}
