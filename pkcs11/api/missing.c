/*
 * The functions that we do not have, whatever the chapter: one line each. The
 * library and the session are looked at all the same.
 */
#include "shell.h"

/* Their arguments are nobody's. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define MISSING(name, ...)                                                     \
	CK_RV name(CK_SESSION_HANDLE session, ##__VA_ARGS__)                   \
	{                                                                      \
		return p11_refuse(#name, session, CKR_FUNCTION_NOT_SUPPORTED); \
	}

/* 5.6: an operation belongs to its session and card */
MISSING(C_GetOperationState, CK_BYTE_PTR operation_state,
    CK_ULONG_PTR operation_state_len)
MISSING(C_SetOperationState, CK_BYTE_PTR operation_state,
    CK_ULONG operation_state_len, CK_OBJECT_HANDLE encryption_key,
    CK_OBJECT_HANDLE authentiation_key)

/* 5.9, 5.11: no mechanism of ours has more than one part */
MISSING(C_MessageEncryptInit, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
MISSING(C_EncryptMessage, CK_VOID_PTR param, CK_ULONG param_len,
    CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR plain, CK_ULONG plain_len,
    CK_BYTE_PTR cipher, CK_ULONG_PTR cipher_len)
MISSING(C_EncryptMessageBegin, CK_VOID_PTR param, CK_ULONG param_len,
    CK_BYTE_PTR aad, CK_ULONG aad_len)
MISSING(C_EncryptMessageNext, CK_VOID_PTR param, CK_ULONG param_len,
    CK_BYTE_PTR plain, CK_ULONG plain_len, CK_BYTE_PTR cipher,
    CK_ULONG_PTR cipher_len, CK_FLAGS flags)
MISSING(C_MessageEncryptFinal)
MISSING(C_MessageDecryptInit, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
MISSING(C_DecryptMessage, CK_VOID_PTR param, CK_ULONG param_len,
    CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR cipher, CK_ULONG cipher_len,
    CK_BYTE_PTR plain, CK_ULONG_PTR plain_len)
MISSING(C_DecryptMessageBegin, CK_VOID_PTR param, CK_ULONG param_len,
    CK_BYTE_PTR aad, CK_ULONG aad_len)
MISSING(C_DecryptMessageNext, CK_VOID_PTR param, CK_ULONG param_len,
    CK_BYTE_PTR cipher, CK_ULONG cipher_len, CK_BYTE_PTR plain,
    CK_ULONG_PTR plain_len, CK_FLAGS flags)
MISSING(C_MessageDecryptFinal)

/* 5.17 */
MISSING(C_DigestEncryptUpdate, CK_BYTE_PTR part, CK_ULONG part_len,
    CK_BYTE_PTR encrypted_part, CK_ULONG_PTR encrypted_part_len)
MISSING(C_DecryptDigestUpdate, CK_BYTE_PTR encrypted_part,
    CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len)
MISSING(C_SignEncryptUpdate, CK_BYTE_PTR part, CK_ULONG part_len,
    CK_BYTE_PTR encrypted_part, CK_ULONG_PTR encrypted_part_len)
MISSING(C_DecryptVerifyUpdate, CK_BYTE_PTR encrypted_part,
    CK_ULONG encrypted_part_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len)

/* 5.18: the card has no secret keys, and its private ones stay */
MISSING(C_GenerateKey, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR template,
    CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
MISSING(C_WrapKey, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping_key,
    CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped_key, CK_ULONG_PTR wrapped_key_len)
MISSING(C_UnwrapKey, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped_key,
    CK_ULONG wrapped_key_len, CK_ATTRIBUTE_PTR template,
    CK_ULONG attribute_count, CK_OBJECT_HANDLE_PTR key)
MISSING(C_EncapsulateKey, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key,
    CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_BYTE_PTR cipher,
    CK_ULONG_PTR cipher_len, CK_OBJECT_HANDLE_PTR secret)
MISSING(C_DecapsulateKey, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key,
    CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_BYTE_PTR cipher,
    CK_ULONG cipher_len, CK_OBJECT_HANDLE_PTR secret)
MISSING(C_WrapKeyAuthenticated, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE_PTR aad,
    CK_ULONG aad_len, CK_BYTE_PTR wrapped, CK_ULONG_PTR wrapped_len)
MISSING(C_UnwrapKeyAuthenticated, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR wrapped, CK_ULONG wrapped_len,
    CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_BYTE_PTR aad,
    CK_ULONG aad_len, CK_OBJECT_HANDLE_PTR key)

/* 3.2, 5.20: no session of ours works on by itself. */
#define NO_ASYNC(name, ...)                                                    \
	CK_RV name(CK_SESSION_HANDLE session, __VA_ARGS__)                     \
	{                                                                      \
		return p11_refuse(                                             \
		    #name, session, CKR_SESSION_ASYNC_NOT_SUPPORTED);          \
	}

NO_ASYNC(C_AsyncComplete, CK_UTF8CHAR *function, CK_ASYNC_DATA *result)
NO_ASYNC(C_AsyncGetID, CK_UTF8CHAR *function, CK_ULONG_PTR id)
NO_ASYNC(C_AsyncJoin, CK_UTF8CHAR *function, CK_ULONG id, CK_BYTE_PTR data,
    CK_ULONG data_len)
