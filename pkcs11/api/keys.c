/* PKCS#11 3.2, 5.18: keys that are made, wrapped or derived. */
#include "change.h"
#include "derive.h"
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
    CK_ATTRIBUTE_PTR public_key_template, CK_ULONG public_key_attribute_count,
    CK_ATTRIBUTE_PTR private_key_template, CK_ULONG private_key_attribute_count,
    CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key)
{
	struct p11_pair pair = {
		.mechanism = mechanism,
		.public_list = public_key_template,
		.public_count = public_key_attribute_count,
		.private_list = private_key_template,
		.private_count = private_key_attribute_count,
		.public_key = public_key,
		.private_key = private_key,
	};
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_GenerateKeyPair", session);

	if (rv == CKR_OK)
		rv = p11_generate_pair(call.slot, call.session, &pair);
	return p11_leave(&call, rv);
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
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DeriveKey", session);

	if (rv == CKR_OK)
		rv = p11_derive(call.slot, call.session, mechanism, base_key,
		    template, attribute_count, key);
	return p11_leave(&call, rv);
}

CK_RV C_EncapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
    CK_BYTE_PTR cipher, CK_ULONG_PTR cipher_len, CK_OBJECT_HANDLE_PTR secret)
{
	UNUSED(mechanism);
	UNUSED(key);
	UNUSED(template);
	UNUSED(count);
	UNUSED(cipher);
	UNUSED(cipher_len);
	UNUSED(secret);
	return p11_unsupported("C_EncapsulateKey", session);
}

CK_RV C_DecapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
    CK_BYTE_PTR cipher, CK_ULONG cipher_len, CK_OBJECT_HANDLE_PTR secret)
{
	UNUSED(mechanism);
	UNUSED(key);
	UNUSED(template);
	UNUSED(count);
	UNUSED(cipher);
	UNUSED(cipher_len);
	UNUSED(secret);
	return p11_unsupported("C_DecapsulateKey", session);
}

CK_RV C_WrapKeyAuthenticated(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping_key,
    CK_OBJECT_HANDLE key, CK_BYTE_PTR aad, CK_ULONG aad_len,
    CK_BYTE_PTR wrapped, CK_ULONG_PTR wrapped_len)
{
	UNUSED(mechanism);
	UNUSED(wrapping_key);
	UNUSED(key);
	UNUSED(aad);
	UNUSED(aad_len);
	UNUSED(wrapped);
	UNUSED(wrapped_len);
	return p11_unsupported("C_WrapKeyAuthenticated", session);
}

CK_RV C_UnwrapKeyAuthenticated(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE unwrapping_key,
    CK_BYTE_PTR wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE_PTR template,
    CK_ULONG count, CK_BYTE_PTR aad, CK_ULONG aad_len, CK_OBJECT_HANDLE_PTR key)
{
	UNUSED(mechanism);
	UNUSED(unwrapping_key);
	UNUSED(wrapped);
	UNUSED(wrapped_len);
	UNUSED(template);
	UNUSED(count);
	UNUSED(aad);
	UNUSED(aad_len);
	UNUSED(key);
	return p11_unsupported("C_UnwrapKeyAuthenticated", session);
}
