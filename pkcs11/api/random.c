/* PKCS#11 3.0, 5.15: random numbers. */
#include "operate.h"
#include "shell.h"

CK_RV C_SeedRandom(
    CK_SESSION_HANDLE session, CK_BYTE_PTR seed, CK_ULONG seed_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_SeedRandom", session);

	if (rv == CKR_OK)
		rv = seed == NULL && seed_len > 0
			 ? CKR_ARGUMENTS_BAD
			 : CKR_RANDOM_SEED_NOT_SUPPORTED;
	return p11_leave(&call, rv);
}

CK_RV C_GenerateRandom(
    CK_SESSION_HANDLE session, CK_BYTE_PTR random_data, CK_ULONG random_len)
{
	struct p11_call call;
	CK_RV rv = p11_enter(&call, "C_GenerateRandom", session);

	if (rv == CKR_OK)
		rv = p11_random(call.slot, random_data, random_len);
	return p11_leave(&call, rv);
}
