/* PKCS#11 3.0, 5.8 to 5.12: operations on messages. Our mechanisms have none.
 */
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
	UNUSED(mechanism);
	UNUSED(key);
	return p11_unsupported("C_MessageSignInit", session);
}

CK_RV C_SignMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(data);
	UNUSED(data_len);
	UNUSED(sig);
	UNUSED(sig_len);
	return p11_unsupported("C_SignMessage", session);
}

CK_RV C_SignMessageBegin(
    CK_SESSION_HANDLE session, CK_VOID_PTR param, CK_ULONG param_len)
{
	UNUSED(param);
	UNUSED(param_len);
	return p11_unsupported("C_SignMessageBegin", session);
}

CK_RV C_SignMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(data);
	UNUSED(data_len);
	UNUSED(sig);
	UNUSED(sig_len);
	return p11_unsupported("C_SignMessageNext", session);
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session)
{
	return p11_unsupported("C_MessageSignFinal", session);
}

CK_RV C_MessageVerifyInit(
    CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	UNUSED(mechanism);
	UNUSED(key);
	return p11_unsupported("C_MessageVerifyInit", session);
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG sig_len)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(data);
	UNUSED(data_len);
	UNUSED(sig);
	UNUSED(sig_len);
	return p11_unsupported("C_VerifyMessage", session);
}

CK_RV C_VerifyMessageBegin(
    CK_SESSION_HANDLE session, CK_VOID_PTR param, CK_ULONG param_len)
{
	UNUSED(param);
	UNUSED(param_len);
	return p11_unsupported("C_VerifyMessageBegin", session);
}

CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG sig_len)
{
	UNUSED(param);
	UNUSED(param_len);
	UNUSED(data);
	UNUSED(data_len);
	UNUSED(sig);
	UNUSED(sig_len);
	return p11_unsupported("C_VerifyMessageNext", session);
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session)
{
	return p11_unsupported("C_MessageVerifyFinal", session);
}
