/* Short words for tests of the module. */
#include "p11_run.h"

#include "cmocka_all.h"
#include "mem.h"
#include "rv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CK_FUNCTION_LIST *F;
CK_FUNCTION_LIST_3_2 *F3;
static long live;

void expect_rv_at(CK_RV got, CK_RV want, const char *file, int line)
{
	if (got == want)
		return;
	print_error("got %s (%lx), want %s (%lx)\n", p11_rv_name(got), got,
	    p11_rv_name(want), want);
	_fail(file, line);
}

int p11_up(void **state)
{
	CK_VERSION newest = { 3, 2 };
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_INTERFACE *i;

	(void)state;
	live = uk_mem_live();
	assert_int_equal(setenv("UKEY_PKCS11_CONF", RUN_CONF, 0), 0);
	/* Other tests' cards have the same serial numbers. */
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/dev/null/none", 1), 0);
	fake_reset();
	fake_insert(0, 1);
	expect_rv(C_GetFunctionList(&F), CKR_OK);
	expect_rv(C_GetInterface(NULL, &newest, &i, 0), CKR_OK);
	F3 = i->pFunctionList;
	expect_rv(F->C_Initialize(&args), CKR_OK);
	fake_commands();
	return 0;
}

int p11_down(void **state)
{
	CK_RV rv = F->C_Finalize(NULL);

	(void)state;
	fake_fail(0, UK_OK);
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 1;
	if (uk_mem_live() == live)
		return 0;
	print_error("%ld allocations left\n", uk_mem_live() - live);
	return 1;
}

static CK_SESSION_HANDLE open_session(CK_SLOT_ID slot, CK_FLAGS flags)
{
	CK_SESSION_HANDLE s = 0;

	expect_rv(
	    F->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &s),
	    CKR_OK);
	return s;
}

CK_SESSION_HANDLE open_rw(CK_SLOT_ID slot)
{
	return open_session(slot, CKF_RW_SESSION);
}

CK_SESSION_HANDLE open_ro(CK_SLOT_ID slot)
{
	return open_session(slot, 0);
}

CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user, const char *pin)
{
	CK_UTF8CHAR copy[64];
	size_t n = strlen(pin);

	memcpy(copy, pin, n);
	return F->C_Login(s, user, copy, n);
}

CK_OBJECT_HANDLE find(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, uint8_t id)
{
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, &id, 1 },
	};
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG n;

	expect_rv(F->C_FindObjectsInit(s, t, id == 0 ? 1 : 2), CKR_OK);
	expect_rv(F->C_FindObjects(s, &found, 1, &n), CKR_OK);
	expect_rv(F->C_FindObjectsFinal(s), CKR_OK);
	return n == 1 ? found : 0;
}

CK_RV sign_with(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE abc[] = { 'a', 'b', 'c' }, sig[512];
	CK_ULONG n = sizeof(sig);
	CK_RV rv = F->C_SignInit(s, &m, key);

	return rv == CKR_OK ? F->C_Sign(s, abc, sizeof(abc), sig, &n) : rv;
}

CK_RV sign_once(CK_SLOT_ID slot)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE key = 0;
	CK_SESSION_HANDLE s;
	CK_ULONG n = 0;
	CK_RV rv = F->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s);

	if (rv != CKR_OK)
		return rv;
	rv = login(s, CKU_USER, FAKE_PIN);
	if (rv == CKR_USER_ALREADY_LOGGED_IN)
		rv = CKR_OK;
	if (rv == CKR_OK)
		rv = F->C_FindObjectsInit(s, &t, 1);
	if (rv == CKR_OK)
		rv = F->C_FindObjects(s, &key, 1, &n);
	if (rv == CKR_OK)
		rv = F->C_FindObjectsFinal(s);
	if (rv == CKR_OK)
		rv = sign_with(s, key);
	(void)F->C_CloseSession(s);
	return rv;
}

size_t count_objects(CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE list[64];
	CK_ULONG n;

	expect_rv(F->C_FindObjectsInit(s, NULL, 0), CKR_OK);
	expect_rv(F->C_FindObjects(s, list, 64, &n), CKR_OK);
	expect_rv(F->C_FindObjectsFinal(s), CKR_OK);
	return n;
}

CK_FLAGS token_flags(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info;

	expect_rv(F->C_GetTokenInfo(slot, &info), CKR_OK);
	return info.flags;
}

void await_token(CK_SLOT_ID slot, CK_RV rv)
{
	CK_TOKEN_INFO info;

	for (int i = 0; i < 400; i++) {
		if (F->C_GetTokenInfo(slot, &info) == rv)
			return;
		usleep(5000);
	}
	expect_rv(F->C_GetTokenInfo(slot, &info), rv);
}

void fresh_card(int i, uint8_t serial)
{
	fake_remove(i);
	await_token((CK_SLOT_ID)i, CKR_TOKEN_NOT_PRESENT);
	fake_insert(i, serial);
	await_token((CK_SLOT_ID)i, CKR_OK);
}
