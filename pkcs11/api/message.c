/* PKCS#11 3.0, 5.9, 5.11, 5.14 and 5.16: operations on messages. Encryption has
 * none: no mechanism of ours has more than one part. */
#include "operate.h"
#include "shell.h"

CK_RV C_MessageEncryptInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	UNUSED(mechanism);
	UNUSED(key);
	return p11_unsupported("C_MessageEncryptInit", session);
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR plain,
    CK_ULONG plain_len, CK_BYTE_PTR cipher, CK_ULONG_PTR cipher_len)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(aad);
	UNUSED(aad_len);
	UNUSED(plain);
	UNUSED(plain_len);
	UNUSED(cipher);
	UNUSED(cipher_len);
	return p11_unsupported("C_EncryptMessage", session);
}

CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR aad, CK_ULONG aad_len)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(aad);
	UNUSED(aad_len);
	return p11_unsupported("C_EncryptMessageBegin", session);
}

CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR plain, CK_ULONG plain_len,
    CK_BYTE_PTR cipher, CK_ULONG_PTR cipher_len, CK_FLAGS flags)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(plain);
	UNUSED(plain_len);
	UNUSED(cipher);
	UNUSED(cipher_len);
	UNUSED(flags);
	return p11_unsupported("C_EncryptMessageNext", session);
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session)
{
	return p11_unsupported("C_MessageEncryptFinal", session);
}

CK_RV C_MessageDecryptInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	UNUSED(mechanism);
	UNUSED(key);
	return p11_unsupported("C_MessageDecryptInit", session);
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR cipher,
    CK_ULONG cipher_len, CK_BYTE_PTR plain, CK_ULONG_PTR plain_len)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(aad);
	UNUSED(aad_len);
	UNUSED(cipher);
	UNUSED(cipher_len);
	UNUSED(plain);
	UNUSED(plain_len);
	return p11_unsupported("C_DecryptMessage", session);
}

CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR aad, CK_ULONG aad_len)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(aad);
	UNUSED(aad_len);
	return p11_unsupported("C_DecryptMessageBegin", session);
}

CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR cipher, CK_ULONG cipher_len,
    CK_BYTE_PTR plain, CK_ULONG_PTR plain_len, CK_FLAGS flags)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(cipher);
	UNUSED(cipher_len);
	UNUSED(plain);
	UNUSED(plain_len);
	UNUSED(flags);
	return p11_unsupported("C_DecryptMessageNext", session);
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session)
{
	return p11_unsupported("C_MessageDecryptFinal", session);
}

CK_RV C_MessageSignInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_MessageSignInit", session);

	if (rv == CKR_OK)
		rv = p11_sign_messages_begin(
		    call.slot, call.session, mechanism, key);
	return p11_leave(&call, rv);
}

CK_RV C_SignMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len)
{
	struct p11_message m = { param, param_len, data, data_len };
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SignMessage", session);

	if (rv == CKR_OK)
		rv = p11_sign_message(
		    call.slot, call.session, &m, sig, sig_len);
	return p11_leave(&call, rv);
}

CK_RV C_SignMessageBegin(
    CK_SESSION_HANDLE session, CK_VOID_PTR param, CK_ULONG param_len)
{
	struct p11_message m = { param, param_len, NULL, 0 };
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SignMessageBegin", session);

	if (rv == CKR_OK)
		rv = p11_message_begin(&call.session->sign_messages, &m);
	return p11_leave(&call, rv);
}

CK_RV C_SignMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len)
{
	struct p11_message m = { param, param_len, data, data_len };
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SignMessageNext", session);

	if (rv == CKR_OK)
		rv = p11_sign_message_part(
		    call.slot, call.session, &m, sig, sig_len);
	return p11_leave(&call, rv);
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_MessageSignFinal", session);

	if (rv == CKR_OK)
		rv = p11_messages_end(&call.session->sign_messages);
	return p11_leave(&call, rv);
}

CK_RV C_MessageVerifyInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_MessageVerifyInit", session);

	if (rv == CKR_OK)
		rv = p11_verify_messages_begin(
		    call.slot, call.session, mechanism, key);
	return p11_leave(&call, rv);
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG sig_len)
{
	struct p11_message m = { param, param_len, data, data_len };
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifyMessage", session);

	if (rv == CKR_OK)
		rv = p11_verify_message(call.session, &m, sig, sig_len);
	return p11_leave(&call, rv);
}

CK_RV C_VerifyMessageBegin(
    CK_SESSION_HANDLE session, CK_VOID_PTR param, CK_ULONG param_len)
{
	struct p11_message m = { param, param_len, NULL, 0 };
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifyMessageBegin", session);

	if (rv == CKR_OK)
		rv = p11_message_begin(&call.session->verify_messages, &m);
	return p11_leave(&call, rv);
}

CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG sig_len)
{
	struct p11_message m = { param, param_len, data, data_len };
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_VerifyMessageNext", session);

	if (rv == CKR_OK)
		rv = p11_verify_message_part(call.session, &m, sig, sig_len);
	return p11_leave(&call, rv);
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_MessageVerifyFinal", session);

	if (rv == CKR_OK)
		rv = p11_messages_end(&call.session->verify_messages);
	return p11_leave(&call, rv);
}
