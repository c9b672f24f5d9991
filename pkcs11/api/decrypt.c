/* PKCS#11 3.0, 5.9: decryption. */
#include "operate.h"
#include "shell.h"

CK_RV C_DecryptInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DecryptInit", session);

	if (rv == CKR_OK)
		rv = p11_decrypt_begin(call.slot, call.session, mechanism, key);
	return p11_leave(&call, rv);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_data,
    CK_ULONG encrypted_data_len, CK_BYTE_PTR data, CK_ULONG_PTR data_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_Decrypt", session);

	if (rv == CKR_OK)
		rv = p11_decrypt(call.slot, call.session, encrypted_data,
		    encrypted_data_len, data, data_len);
	return p11_leave(&call, rv);
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted_part,
    CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DecryptUpdate", session);

	UNUSED(encrypted_part);
	UNUSED(encrypted_part_len);
	UNUSED(part);
	UNUSED(part_len);
	if (rv == CKR_OK)
		rv = p11_cipher_no_parts(&call.session->decrypt);
	return p11_leave(&call, rv);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR last_part,
    CK_ULONG_PTR last_part_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DecryptFinal", session);

	UNUSED(last_part);
	UNUSED(last_part_len);
	if (rv == CKR_OK)
		rv = p11_cipher_no_parts(&call.session->decrypt);
	return p11_leave(&call, rv);
}
