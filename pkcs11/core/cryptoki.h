/*
 * PKCS#11 as this module speaks it: the 2.40 header of p11-kit, and what 3.0
 * and 3.2 add to it. Names, numbers and layouts are those of OASIS PKCS #11.
 *
 * CK_C_INITIALIZE_ARGS is p11-kit's, which is the standard's: six members, the
 * last one pReserved. (NSS's header has a seventh before it.)
 */
#ifndef P11_CRYPTOKI_H
#define P11_CRYPTOKI_H

#include <p11-kit/pkcs11.h>

/* --- constants that are new in 3.0 --------------------------------------- */

#define CKO_PROFILE                   9UL

#define CKA_UNIQUE_ID                 4UL
#define CKA_PROFILE_ID                0x601UL

#define CKP_BASELINE_PROVIDER         1UL
#define CKP_EXTENDED_PROVIDER         2UL
#define CKP_AUTHENTICATION_TOKEN      3UL
#define CKP_PUBLIC_CERTIFICATES_TOKEN 4UL

#define CKM_SHA3_256                  0x2b0UL
#define CKM_SHA3_224                  0x2b5UL
#define CKM_SHA3_384                  0x2c0UL
#define CKM_SHA3_512                  0x2d0UL

#define CKR_OPERATION_CANCEL_FAILED   0x202UL

#define CKF_INTERFACE_FORK_SAFE       1UL
#define CKF_MESSAGE_ENCRYPT           2UL
#define CKF_MESSAGE_DECRYPT           4UL
#define CKF_MESSAGE_SIGN              8UL
#define CKF_MESSAGE_VERIFY            0x10UL
#define CKF_MULTI_MESSAGE             0x20UL
#define CKF_FIND_OBJECTS              0x40UL

/* --- constants that are new in 3.2 --------------------------------------- */

#define CKF_ASYNC_SESSION               8UL
#define CKS_LAST_VALIDATION_OK          1UL
#define CKR_SESSION_ASYNC_NOT_SUPPORTED 0x205UL

/* Names of older constants that the 2.40 header lacks. */
#define CK_CERTIFICATE_CATEGORY_UNSPECIFIED 0UL
#define CK_CERTIFICATE_CATEGORY_TOKEN_USER  1UL
#define CK_CERTIFICATE_CATEGORY_AUTHORITY   2UL
#define CK_SECURITY_DOMAIN_UNSPECIFIED      0UL

/* --- interfaces ---------------------------------------------------------- */

typedef struct CK_INTERFACE {
	CK_UTF8CHAR *pInterfaceName; /* NUL terminated */
	CK_VOID_PTR pFunctionList;   /* starts with a CK_VERSION */
	CK_FLAGS flags;
} CK_INTERFACE;

typedef CK_INTERFACE *CK_INTERFACE_PTR;
typedef CK_INTERFACE **CK_INTERFACE_PTR_PTR;

CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count);
CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
    CK_INTERFACE_PTR_PTR out, CK_FLAGS flags);

/* --- functions that are new in 3.0 --------------------------------------- */

CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user,
    CK_UTF8CHAR *pin, CK_ULONG pin_len, CK_UTF8CHAR *name, CK_ULONG name_len);
CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags);

CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
CK_RV C_EncryptMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR plain,
    CK_ULONG plain_len, CK_BYTE_PTR cipher, CK_ULONG_PTR cipher_len);
CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR aad, CK_ULONG aad_len);
CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR plain, CK_ULONG plain_len,
    CK_BYTE_PTR cipher, CK_ULONG_PTR cipher_len, CK_FLAGS flags);
CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session);

CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
CK_RV C_DecryptMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR cipher,
    CK_ULONG cipher_len, CK_BYTE_PTR plain, CK_ULONG_PTR plain_len);
CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR aad, CK_ULONG aad_len);
CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR cipher, CK_ULONG cipher_len,
    CK_BYTE_PTR plain, CK_ULONG_PTR plain_len, CK_FLAGS flags);
CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session);

CK_RV C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE key);
CK_RV C_SignMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len);
CK_RV C_SignMessageBegin(
    CK_SESSION_HANDLE session, CK_VOID_PTR param, CK_ULONG param_len);
CK_RV C_SignMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len);
CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session);

CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE key);
CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG sig_len);
CK_RV C_VerifyMessageBegin(
    CK_SESSION_HANDLE session, CK_VOID_PTR param, CK_ULONG param_len);
CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR param,
    CK_ULONG param_len, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG sig_len);
CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session);

/* --- functions that are new in 3.2 --------------------------------------- */

typedef CK_ULONG CK_SESSION_VALIDATION_FLAGS_TYPE;

typedef struct CK_ASYNC_DATA {
	CK_ULONG ulVersion;
	CK_BYTE_PTR pValue;
	CK_ULONG ulValue;
	CK_OBJECT_HANDLE hObject;
	CK_OBJECT_HANDLE hAdditionalObject;
} CK_ASYNC_DATA;

CK_RV C_EncapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
    CK_BYTE_PTR cipher, CK_ULONG_PTR cipher_len, CK_OBJECT_HANDLE_PTR secret);
CK_RV C_DecapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
    CK_OBJECT_HANDLE key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
    CK_BYTE_PTR cipher, CK_ULONG cipher_len, CK_OBJECT_HANDLE_PTR secret);

CK_RV C_VerifySignatureInit(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key, CK_BYTE_PTR sig,
    CK_ULONG sig_len);
CK_RV C_VerifySignature(
    CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len);
CK_RV C_VerifySignatureUpdate(
    CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len);
CK_RV C_VerifySignatureFinal(CK_SESSION_HANDLE session);

CK_RV C_GetSessionValidationFlags(CK_SESSION_HANDLE session,
    CK_SESSION_VALIDATION_FLAGS_TYPE type, CK_FLAGS *flags);

CK_RV C_AsyncComplete(
    CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ASYNC_DATA *result);
CK_RV C_AsyncGetID(
    CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG_PTR id);
CK_RV C_AsyncJoin(CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG id,
    CK_BYTE_PTR data, CK_ULONG data_len);

CK_RV C_WrapKeyAuthenticated(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping_key,
    CK_OBJECT_HANDLE key, CK_BYTE_PTR aad, CK_ULONG aad_len,
    CK_BYTE_PTR wrapped, CK_ULONG_PTR wrapped_len);
CK_RV C_UnwrapKeyAuthenticated(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE unwrapping_key,
    CK_BYTE_PTR wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE_PTR template,
    CK_ULONG count, CK_BYTE_PTR aad, CK_ULONG aad_len,
    CK_OBJECT_HANDLE_PTR key);

/* --- function lists ------------------------------------------------------ */

/* clang-format off */
/* The 68 functions of 2.40, in the order of CK_FUNCTION_LIST. */
#define P11_FUNCTIONS_2_40(X) \
	X(C_Initialize) X(C_Finalize) X(C_GetInfo) X(C_GetFunctionList) \
	X(C_GetSlotList) X(C_GetSlotInfo) X(C_GetTokenInfo) \
	X(C_GetMechanismList) X(C_GetMechanismInfo) X(C_InitToken) \
	X(C_InitPIN) X(C_SetPIN) X(C_OpenSession) X(C_CloseSession) \
	X(C_CloseAllSessions) X(C_GetSessionInfo) X(C_GetOperationState) \
	X(C_SetOperationState) X(C_Login) X(C_Logout) X(C_CreateObject) \
	X(C_CopyObject) X(C_DestroyObject) X(C_GetObjectSize) \
	X(C_GetAttributeValue) X(C_SetAttributeValue) X(C_FindObjectsInit) \
	X(C_FindObjects) X(C_FindObjectsFinal) X(C_EncryptInit) X(C_Encrypt) \
	X(C_EncryptUpdate) X(C_EncryptFinal) X(C_DecryptInit) X(C_Decrypt) \
	X(C_DecryptUpdate) X(C_DecryptFinal) X(C_DigestInit) X(C_Digest) \
	X(C_DigestUpdate) X(C_DigestKey) X(C_DigestFinal) X(C_SignInit) \
	X(C_Sign) X(C_SignUpdate) X(C_SignFinal) X(C_SignRecoverInit) \
	X(C_SignRecover) X(C_VerifyInit) X(C_Verify) X(C_VerifyUpdate) \
	X(C_VerifyFinal) X(C_VerifyRecoverInit) X(C_VerifyRecover) \
	X(C_DigestEncryptUpdate) X(C_DecryptDigestUpdate) \
	X(C_SignEncryptUpdate) X(C_DecryptVerifyUpdate) X(C_GenerateKey) \
	X(C_GenerateKeyPair) X(C_WrapKey) X(C_UnwrapKey) X(C_DeriveKey) \
	X(C_SeedRandom) X(C_GenerateRandom) X(C_GetFunctionStatus) \
	X(C_CancelFunction) X(C_WaitForSlotEvent)

/* The 24 that 3.0 appends. */
#define P11_FUNCTIONS_3_0(X) \
	X(C_GetInterfaceList) X(C_GetInterface) X(C_LoginUser) \
	X(C_SessionCancel) X(C_MessageEncryptInit) X(C_EncryptMessage) \
	X(C_EncryptMessageBegin) X(C_EncryptMessageNext) \
	X(C_MessageEncryptFinal) X(C_MessageDecryptInit) X(C_DecryptMessage) \
	X(C_DecryptMessageBegin) X(C_DecryptMessageNext) \
	X(C_MessageDecryptFinal) X(C_MessageSignInit) X(C_SignMessage) \
	X(C_SignMessageBegin) X(C_SignMessageNext) X(C_MessageSignFinal) \
	X(C_MessageVerifyInit) X(C_VerifyMessage) X(C_VerifyMessageBegin) \
	X(C_VerifyMessageNext) X(C_MessageVerifyFinal)

/* The 12 that 3.2 appends. */
#define P11_FUNCTIONS_3_2(X) \
	X(C_EncapsulateKey) X(C_DecapsulateKey) X(C_VerifySignatureInit) \
	X(C_VerifySignature) X(C_VerifySignatureUpdate) \
	X(C_VerifySignatureFinal) X(C_GetSessionValidationFlags) \
	X(C_AsyncComplete) X(C_AsyncGetID) X(C_AsyncJoin) \
	X(C_WrapKeyAuthenticated) X(C_UnwrapKeyAuthenticated)
/* clang-format on */

#define P11_LIST_MEMBER(name) __typeof__(&name) name;

typedef struct CK_FUNCTION_LIST_3_0 {
	CK_VERSION version;
	P11_FUNCTIONS_2_40(P11_LIST_MEMBER)
	P11_FUNCTIONS_3_0(P11_LIST_MEMBER)
} CK_FUNCTION_LIST_3_0;

typedef struct CK_FUNCTION_LIST_3_2 {
	CK_VERSION version;
	P11_FUNCTIONS_2_40(P11_LIST_MEMBER)
	P11_FUNCTIONS_3_0(P11_LIST_MEMBER)
	P11_FUNCTIONS_3_2(P11_LIST_MEMBER)
} CK_FUNCTION_LIST_3_2;

#undef P11_LIST_MEMBER

#endif
