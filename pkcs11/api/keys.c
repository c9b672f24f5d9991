/* PKCS#11 3.0, 5.18: keys that are made or derived. */
#include "change.h"
#include "derive.h"
#include "shell.h"

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
