/* PKCS#11 3.0, 5.8: encryption. */
#include "operate.h"
#include "shell.h"

CK_RV C_EncryptInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_EncryptInit", session);

	if (rv == CKR_OK)
		rv = p11_encrypt_begin(call.slot, call.session, mechanism, key);
	return p11_leave(&call, rv);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
    CK_BYTE_PTR encrypted_data, CK_ULONG_PTR encrypted_data_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_Encrypt", session);

	if (rv == CKR_OK)
		rv = p11_encrypt(call.session, data, data_len, encrypted_data,
		    encrypted_data_len);
	return p11_leave(&call, rv);
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part,
    CK_ULONG part_len, CK_BYTE_PTR encrypted_part,
    CK_ULONG_PTR encrypted_part_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_EncryptUpdate", session);

	UNUSED(part);
	UNUSED(part_len);
	UNUSED(encrypted_part);
	UNUSED(encrypted_part_len);
	if (rv == CKR_OK)
		rv = p11_cipher_no_parts(&call.session->encrypt);
	return p11_leave(&call, rv);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR last_encrypted_part,
    CK_ULONG_PTR last_encrypted_part_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_EncryptFinal", session);

	UNUSED(last_encrypted_part);
	UNUSED(last_encrypted_part_len);
	if (rv == CKR_OK)
		rv = p11_cipher_no_parts(&call.session->encrypt);
	return p11_leave(&call, rv);
}
