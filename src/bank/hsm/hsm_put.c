/* A key is brought into the module, which does not give it back. */
#include "hsm_impl.h"

#include "log.h"

static uk_err count(struct bank_hsm *h, CK_ULONG *n)
{
	CK_ATTRIBUTE named[BANK_HSM_TEMPLATE];
	CK_OBJECT_HANDLE key;
	CK_RV rv = h->f->C_FindObjectsInit(
	    h->session, named, bank_hsm_template(h, named));

	*n = 0;
	if (rv == CKR_OK) {
		rv = h->f->C_FindObjects(h->session, &key, 1, n);
		(void)h->f->C_FindObjectsFinal(h->session);
	}
	return rv == CKR_OK ? uk_ok() : bank_hsm_failed("C_FindObjects", rv);
}

static uk_err create(struct bank_hsm *h, uk_bytes value)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ATTRIBUTE named[BANK_HSM_TEMPLATE], all[16] = {
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_VALUE, (void *)(uintptr_t)value.p, value.n },
	};
	CK_ULONG n = 7, k = bank_hsm_template(h, named);
	CK_OBJECT_HANDLE key;
	CK_RV rv;

	for (CK_ULONG i = 0; i < k; i++)
		all[n++] = named[i];
	rv = h->f->C_CreateObject(h->session, all, n, &key);
	return rv == CKR_OK ? uk_ok() : bank_hsm_failed("C_CreateObject", rv);
}

uk_err bank_hsm_put(struct bank_hsm *h, uk_bytes value)
{
	CK_ULONG n = 0;

	if (h->class != CKO_SECRET_KEY || h->has_session)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(bank_hsm_session(h, CKF_RW_SESSION));
	UK_TRY(count(h, &n));
	return n > 0 ? uk_fail(UK_ERR_EXISTS) : create(h, value);
}
