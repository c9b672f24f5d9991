/* PKCS#11 3.0, 5.14: keys that are made, wrapped or derived. */
#include "shell.h"

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
{
	UNUSED(mechanism);
	UNUSED(template);
	UNUSED(count);
	UNUSED(key);
	return p11_unsupported("C_GenerateKey", session);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_ATTRIBUTE_PTR public_key_templateate,
    CK_ULONG public_key_attribute_count,
    CK_ATTRIBUTE_PTR private_key_templateate,
    CK_ULONG private_key_attribute_count, CK_OBJECT_HANDLE_PTR public_key,
    CK_OBJECT_HANDLE_PTR private_key)
{
	UNUSED(mechanism);
	UNUSED(public_key_templateate);
	UNUSED(public_key_attribute_count);
	UNUSED(private_key_templateate);
	UNUSED(private_key_attribute_count);
	UNUSED(public_key);
	UNUSED(private_key);
	return p11_unsupported("C_GenerateKeyPair", session);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key,
    CK_BYTE_PTR wrapped_key, CK_ULONG_PTR wrapped_key_len)
{
	UNUSED(mechanism);
	UNUSED(wrapping_key);
	UNUSED(key);
	UNUSED(wrapped_key);
	UNUSED(wrapped_key_len);
	return p11_unsupported("C_WrapKey", session);
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped_key,
    CK_ULONG wrapped_key_len, CK_ATTRIBUTE_PTR template,
    CK_ULONG attribute_count, CK_OBJECT_HANDLE_PTR key)
{
	UNUSED(mechanism);
	UNUSED(unwrapping_key);
	UNUSED(wrapped_key);
	UNUSED(wrapped_key_len);
	UNUSED(template);
	UNUSED(attribute_count);
	UNUSED(key);
	return p11_unsupported("C_UnwrapKey", session);
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE base_key, CK_ATTRIBUTE_PTR template,
    CK_ULONG attribute_count, CK_OBJECT_HANDLE_PTR key)
{
	UNUSED(mechanism);
	UNUSED(base_key);
	UNUSED(template);
	UNUSED(attribute_count);
	UNUSED(key);
	return p11_unsupported("C_DeriveKey", session);
}
