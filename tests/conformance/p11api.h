/*
 * PKCS#11 3.0 and 3.2 as a client sees it: the 2.40 header of p11-kit and what
 * these add, written down a second time. The module has its own header; a
 * mistake in that one must not be repeated here, so this program shares nothing
 * with it.
 *
 * A function list of 3.0 begins like one of 2.40 and continues with 24
 * pointers; one of 3.2 has 12 more.
 */
#ifndef CONF_P11API_H
#define CONF_P11API_H

#include <p11-kit/pkcs11.h>

#define API_CKO_PROFILE                 9UL
#define API_CKA_UNIQUE_ID               4UL
#define API_CKA_PROFILE_ID              0x601UL
#define API_CKR_OPERATION_CANCEL_FAILED 0x202UL
#define API_CKF_INTERFACE_FORK_SAFE     1UL
#define API_CKF_MESSAGE_SIGN            8UL
#define API_CKF_MESSAGE_VERIFY          16UL
#define API_CKF_ASYNC_SESSION           8UL
#define API_CKS_LAST_VALIDATION_OK      1UL
#define API_CKR_ASYNC_NOT_SUPPORTED     0x205UL

/* CKP_ numbers of the profiles, 3.0 section 4.15 */
enum api_profile {
	API_BASELINE_PROVIDER = 1,
	API_EXTENDED_PROVIDER = 2,
	API_AUTHENTICATION_TOKEN = 3,
	API_PUBLIC_CERTIFICATES_TOKEN = 4,
};

typedef struct api_interface {
	CK_UTF8CHAR *name;
	void *functions; /* begins with a CK_VERSION */
	CK_FLAGS flags;
} api_interface;

typedef CK_SESSION_HANDLE api_session;
typedef CK_OBJECT_HANDLE api_object;

typedef CK_RV api_list_fn(api_interface *list, CK_ULONG *count);
typedef CK_RV api_interface_fn(CK_UTF8CHAR *name, CK_VERSION *version,
    api_interface **out, CK_FLAGS flags);
typedef CK_RV api_init_fn(api_session s, CK_MECHANISM *mech, api_object key);
typedef CK_RV api_final_fn(api_session s);
typedef CK_RV api_begin_fn(api_session s, void *param, CK_ULONG param_len);
typedef CK_RV api_begin_aad_fn(api_session s, void *param, CK_ULONG param_len,
    CK_BYTE *aad, CK_ULONG aad_len);
typedef CK_RV api_crypt_fn(api_session s, void *param, CK_ULONG param_len,
    CK_BYTE *aad, CK_ULONG aad_len, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out,
    CK_ULONG *out_len);
typedef CK_RV api_crypt_next_fn(api_session s, void *param, CK_ULONG param_len,
    CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len,
    CK_FLAGS flags);
typedef CK_RV api_sign_fn(api_session s, void *param, CK_ULONG param_len,
    CK_BYTE *data, CK_ULONG data_len, CK_BYTE *sig, CK_ULONG *sig_len);
typedef CK_RV api_verify_fn(api_session s, void *param, CK_ULONG param_len,
    CK_BYTE *data, CK_ULONG data_len, CK_BYTE *sig, CK_ULONG sig_len);

struct api_functions {
	CK_FUNCTION_LIST v2;
	struct {
		api_list_fn *C_GetInterfaceList;
		api_interface_fn *C_GetInterface;
		CK_RV(*C_LoginUser)
		(api_session s, CK_USER_TYPE user, CK_UTF8CHAR *pin,
		    CK_ULONG pin_len, CK_UTF8CHAR *name, CK_ULONG name_len);
		CK_RV (*C_SessionCancel)(api_session s, CK_FLAGS flags);
		api_init_fn *C_MessageEncryptInit;
		api_crypt_fn *C_EncryptMessage;
		api_begin_aad_fn *C_EncryptMessageBegin;
		api_crypt_next_fn *C_EncryptMessageNext;
		api_final_fn *C_MessageEncryptFinal;
		api_init_fn *C_MessageDecryptInit;
		api_crypt_fn *C_DecryptMessage;
		api_begin_aad_fn *C_DecryptMessageBegin;
		api_crypt_next_fn *C_DecryptMessageNext;
		api_final_fn *C_MessageDecryptFinal;
		api_init_fn *C_MessageSignInit;
		api_sign_fn *C_SignMessage;
		api_begin_fn *C_SignMessageBegin;
		api_sign_fn *C_SignMessageNext;
		api_final_fn *C_MessageSignFinal;
		api_init_fn *C_MessageVerifyInit;
		api_verify_fn *C_VerifyMessage;
		api_begin_fn *C_VerifyMessageBegin;
		api_verify_fn *C_VerifyMessageNext;
		api_final_fn *C_MessageVerifyFinal;
	} v3;
};

typedef CK_RV api_sig_init_fn(api_session s, CK_MECHANISM *mech, api_object key,
    CK_BYTE *sig, CK_ULONG sig_len);
typedef CK_RV api_data_fn(api_session s, CK_BYTE *data, CK_ULONG data_len);
typedef CK_RV api_flags_fn(api_session s, CK_ULONG type, CK_FLAGS *flags);
typedef CK_RV api_id_fn(api_session s, CK_UTF8CHAR *name, CK_ULONG *id);
typedef void api_any_fn(void);

struct api_functions_3_2 {
	struct api_functions v3;
	api_any_fn *C_EncapsulateKey, *C_DecapsulateKey;
	api_sig_init_fn *C_VerifySignatureInit;
	api_data_fn *C_VerifySignature, *C_VerifySignatureUpdate;
	api_final_fn *C_VerifySignatureFinal;
	api_flags_fn *C_GetSessionValidationFlags;
	api_any_fn *C_AsyncComplete;
	api_id_fn *C_AsyncGetID;
	api_any_fn *C_AsyncJoin;
	api_any_fn *C_WrapKeyAuthenticated, *C_UnwrapKeyAuthenticated;
};

#endif
