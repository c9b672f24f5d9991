/* PKCS#11 3.0, 5.14 and 5.16: signing and verifying messages. */
#include "operate.h"
#include "shell.h"

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
