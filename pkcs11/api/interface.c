/*
 * The way to all functions: the three names that the module exports, and the
 * lists behind them.
 *
 * CKF_INTERFACE_FORK_SAFE is not set. It would say that a child of fork goes on
 * with its parent's sessions and login (3.0, 3.4); ours calls C_Initialize and
 * begins afresh, because a card has one login and not two.
 */
#include "module.h"
#include "p11vendor.h"
#include "rv.h"
#include "scan.h"
#include "token.h"

#define EXPORT      __attribute__((visibility("default")))

#define ENTRY(name) .name = name,

static CK_FUNCTION_LIST list_2_40 = { .version = { 2, 40 },
	P11_FUNCTIONS_2_40(ENTRY) };

static CK_FUNCTION_LIST_3_0 list_3_0 = { .version = { 3, 0 },
	P11_FUNCTIONS_2_40(ENTRY) P11_FUNCTIONS_3_0(ENTRY) };

static CK_FUNCTION_LIST_3_2 list_3_2 = { .version = { 3, 2 },
	P11_FUNCTIONS_2_40(ENTRY) P11_FUNCTIONS_3_0(ENTRY)
	    P11_FUNCTIONS_3_2(ENTRY) };

#undef ENTRY

/* --- "Vendor ukey" ------------------------------------------------------- */

static CK_RV get_status(struct ukey_status *status)
{
	struct p11_call call;
	CK_RV rv = p11_enter_module(&call, "ukey get_status");

	if (rv == CKR_OK && status == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		p11_scan_status(status);
	return p11_leave(&call, rv);
}

static CK_RV get_token_facts(CK_SLOT_ID slot, struct ukey_token_facts *facts)
{
	struct p11_call call;
	CK_RV rv = p11_enter_status(&call, "ukey get_token_facts", slot);

	if (rv == CKR_OK)
		rv = p11_token_facts(call.slot, facts);
	return p11_leave(&call, rv);
}

static CK_RV get_challenge(
    CK_SESSION_HANDLE session, CK_BYTE_PTR challenge, CK_ULONG n)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "ukey get_challenge", session);

	if (rv == CKR_OK)
		rv = p11_challenge(call.slot, challenge, n);
	return p11_leave(&call, rv);
}

static CK_RV external_authenticate(CK_SESSION_HANDLE session, CK_BYTE_PTR hash,
    CK_ULONG hash_len, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "ukey external_authenticate", session);

	if (rv == CKR_OK)
		rv = p11_prove_bank(
		    call.slot, hash, hash_len, signature, signature_len);
	return p11_leave(&call, rv);
}

static CK_RV sign_transaction(CK_SESSION_HANDLE session,
    CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key,
    const struct ukey_transaction *transaction, CK_BYTE_PTR signature,
    CK_ULONG_PTR signature_len, struct ukey_report *report)
{
	const struct p11_to_sign what = { mechanism, key, transaction };
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "ukey sign_transaction", session);

	if (rv == CKR_OK)
		rv = p11_sign_transaction(
		    &call, &what, signature, signature_len, report);
	return p11_leave(&call, rv);
}

static CK_RV get_reader_key(CK_SLOT_ID slot, CK_BYTE_PTR key, CK_ULONG *len)
{
	struct p11_call call;
	CK_RV rv = p11_enter_slot(&call, "ukey get_reader_key", slot);

	if (rv == CKR_OK)
		rv = p11_reader_key(call.slot, key, len);
	return p11_leave(&call, rv);
}

static struct ukey_functions vendor = {
	.version = { 1, 2 },
	.get_status = get_status,
	.get_token_facts = get_token_facts,
	.get_challenge = get_challenge,
	.external_authenticate = external_authenticate,
	.sign_transaction = sign_transaction,
	.get_reader_key = get_reader_key,
};

/* --- interfaces ---------------------------------------------------------- */

static CK_UTF8CHAR name_standard[] = "PKCS 11";
static CK_UTF8CHAR name_vendor[] = UKEY_INTERFACE_NAME;

/* The first one is the default: what today's programs were written for. Those
 * that know 3.2 ask for it. */
static CK_INTERFACE interfaces[] = {
	{ name_standard, &list_3_0, 0 },
	{ name_standard, &list_3_2, 0 },
	{ name_standard, &list_2_40, 0 },
	{ name_vendor, &vendor, 0 },
};

enum { INTERFACES = sizeof(interfaces) / sizeof(interfaces[0]) };

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR function_list)
{
	if (function_list == NULL)
		return CKR_ARGUMENTS_BAD;
	*function_list = &list_2_40;
	return CKR_OK;
}

EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count)
{
	CK_RV rv = p11_room(list, count, INTERFACES);

	if (rv != CKR_OK)
		return rv == P11_ASKED ? CKR_OK : rv;
	for (size_t i = 0; i < INTERFACES; i++)
		list[i] = interfaces[i];
	*count = INTERFACES;
	return CKR_OK;
}

/* Ours grows by appending, so a later one is also the one before. */
static bool serves(const CK_INTERFACE *i, const CK_VERSION *wanted)
{
	const CK_VERSION *has = i->pFunctionList;

	return wanted->major == has->major &&
	       (wanted->minor == has->minor ||
		   (i->pFunctionList == &vendor && wanted->minor < has->minor));
}

static bool fits(const CK_INTERFACE *i, const CK_UTF8CHAR *name,
    const CK_VERSION *wanted, CK_FLAGS flags)
{
	if (name != NULL && !uk_bytes_eq(uk_view_str((const char *)name),
				uk_view_str((const char *)i->pInterfaceName)))
		return false;
	if (wanted != NULL && !serves(i, wanted))
		return false;
	return (i->flags & flags) == flags;
}

EXPORT CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
    CK_INTERFACE_PTR_PTR out, CK_FLAGS flags)
{
	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (name == NULL)
		name = name_standard;
	for (size_t i = 0; i < INTERFACES; i++) {
		if (fits(&interfaces[i], name, version, flags)) {
			*out = &interfaces[i];
			return CKR_OK;
		}
	}
	return CKR_ARGUMENTS_BAD;
}
