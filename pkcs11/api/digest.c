/* PKCS#11 3.0, 5.10: digests, computed here and not by the card. */
#include "operate.h"
#include "shell.h"

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DigestInit", session);

	if (rv == CKR_OK)
		rv = p11_digest_begin(call.slot, call.session, mechanism);
	return p11_leave(&call, rv);
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
    CK_BYTE_PTR digest, CK_ULONG_PTR digest_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_Digest", session);

	if (rv == CKR_OK)
		rv = p11_digest(
		    call.session, data, data_len, digest, digest_len);
	return p11_leave(&call, rv);
}

CK_RV C_DigestUpdate(
    CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DigestUpdate", session);

	if (rv == CKR_OK)
		rv = p11_digest_add(call.session, part, part_len);
	return p11_leave(&call, rv);
}

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DigestKey", session);

	if (rv == CKR_OK)
		rv = p11_digest_add_key(call.slot, call.session, key);
	return p11_leave(&call, rv);
}

CK_RV C_DigestFinal(
    CK_SESSION_HANDLE session, CK_BYTE_PTR digest, CK_ULONG_PTR digest_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_DigestFinal", session);

	if (rv == CKR_OK)
		rv = p11_digest_end(call.session, digest, digest_len);
	return p11_leave(&call, rv);
}
