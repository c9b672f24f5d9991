/* The library itself: initialising, interfaces, functions we do not have. */
#include "cmocka_all.h"
#include "p11_run.h"
#include "ukey/vendor.h"

#include <string.h>

static void pointers(void **state)
{
	CK_FUNCTION_LIST *list;
	CK_FUNCTION_LIST_3_0 *list3;
	CK_VERSION v30 = { 3, 0 };
	CK_INTERFACE *i3;
	void *const *p;

	(void)state;
	expect_rv(C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD);
	expect_rv(C_GetFunctionList(&list), CKR_OK);
	assert_int_equal(list->version.major, 2);
	assert_int_equal(list->version.minor, 40);
	expect_rv(C_GetInterface(NULL, &v30, &i3, 0), CKR_OK);
	list3 = i3->pFunctionList;
	/* OASIS: 68 functions in 2.40, 92 in 3.0, 104 in 3.2; a version in
	 * front of each */
	assert_int_equal(sizeof(*list), 69 * sizeof(void *));
	assert_int_equal(sizeof(*list3), 93 * sizeof(void *));
	assert_int_equal(sizeof(*F3), 105 * sizeof(void *));
	p = (void *const *)(const void *)list;
	for (int i = 1; i < 69; i++)
		assert_non_null(p[i]);
	p = (void *const *)(const void *)list3;
	for (int i = 1; i < 93; i++)
		assert_non_null(p[i]);
	assert_memory_equal(
	    p + 1, (void *const *)(const void *)F3 + 1, 92 * sizeof(*p));
	p = (void *const *)(const void *)F3;
	for (int i = 93; i < 105; i++)
		assert_non_null(p[i]);
}

static void interfaces(void **state)
{
	CK_UTF8CHAR standard[] = "PKCS 11", vendor[] = "Vendor ukey",
		    other[] = "Vendor other";
	CK_VERSION v240 = { 2, 40 }, v30 = { 3, 0 }, v31 = { 3, 1 },
		   v32 = { 3, 2 };
	CK_INTERFACE list[8], *i = NULL;
	CK_ULONG n = 0;

	(void)state;
	expect_rv(C_GetInterfaceList(NULL, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(C_GetInterfaceList(NULL, &n), CKR_OK);
	assert_int_equal(n, 4);
	n = 3;
	expect_rv(C_GetInterfaceList(list, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 4);
	n = 8;
	expect_rv(C_GetInterfaceList(list, &n), CKR_OK);
	assert_int_equal(n, 4);
	expect_rv(C_GetInterface(NULL, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
	expect_rv(C_GetInterface(NULL, NULL, &i, 0), CKR_OK);
	assert_string_equal((char *)i->pInterfaceName, "PKCS 11");
	assert_int_equal(((CK_VERSION *)i->pFunctionList)->major, 3);
	expect_rv(C_GetInterface(standard, &v240, &i, 0), CKR_OK);
	assert_ptr_equal(i->pFunctionList, F);
	expect_rv(C_GetInterface(standard, &v32, &i, 0), CKR_OK);
	assert_ptr_equal(i->pFunctionList, F3);
	expect_rv(C_GetInterface(standard, &v30, &i, 0), CKR_OK);
	assert_int_equal(((CK_VERSION *)i->pFunctionList)->minor, 0);
	/* a child of fork does not go on with its parent's sessions */
	expect_rv(C_GetInterface(standard, NULL, &i, CKF_INTERFACE_FORK_SAFE),
	    CKR_ARGUMENTS_BAD);
	expect_rv(C_GetInterface(standard, &v31, &i, 0), CKR_ARGUMENTS_BAD);
	expect_rv(C_GetInterface(standard, NULL, &i, 2), CKR_ARGUMENTS_BAD);
	expect_rv(C_GetInterface(other, NULL, &i, 0), CKR_ARGUMENTS_BAD);
	expect_rv(C_GetInterface(vendor, NULL, &i, 0), CKR_OK);
	assert_int_equal(((CK_VERSION *)i->pFunctionList)->major, 1);
}

static CK_RV mutex_fails(void **m)
{
	*m = NULL;
	return CKR_GENERAL_ERROR;
}

static void initialising(void **state)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_INFO info;
	int dummy;

	(void)state;
	expect_rv(F->C_Initialize(&args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	expect_rv(F->C_Finalize(&dummy), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	expect_rv(F->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	expect_rv(F->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	expect_rv(F->C_SeedRandom(1, NULL, 0), CKR_CRYPTOKI_NOT_INITIALIZED);
	expect_rv(F->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL),
	    CKR_CRYPTOKI_NOT_INITIALIZED);
	expect_rv(F->C_GetFunctionStatus(1), CKR_CRYPTOKI_NOT_INITIALIZED);
	args.pReserved = &dummy;
	expect_rv(F->C_Initialize(&args), CKR_ARGUMENTS_BAD);
	args.pReserved = NULL;
	args.CreateMutex = mutex_fails; /* some callbacks, but not all */
	expect_rv(F->C_Initialize(&args), CKR_ARGUMENTS_BAD);
	for (int i = 0; i < 50; i++) {
		expect_rv(F->C_Initialize(NULL), CKR_OK);
		expect_rv(F->C_Finalize(NULL), CKR_OK);
	}
	args = (CK_C_INITIALIZE_ARGS){
		.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS
	};
	expect_rv(F->C_Initialize(&args), CKR_OK);
	expect_rv(F->C_GetInfo(&info), CKR_OK);
}

static void library_info(void **state)
{
	CK_INFO info;

	(void)state;
	memset(&info, 0xee, sizeof(info));
	expect_rv(F->C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GetInfo(&info), CKR_OK);
	assert_int_equal(info.cryptokiVersion.major, 3);
	assert_int_equal(info.flags, 0);
	assert_memory_equal(
	    info.manufacturerID, "ukey                            ", 32);
	for (size_t i = 0; i < sizeof(info.libraryDescription); i++)
		assert_int_not_equal(info.libraryDescription[i], 0);
}

static void not_parallel(void **state)
{
	(void)state;
	expect_rv(F->C_GetFunctionStatus(0), CKR_FUNCTION_NOT_PARALLEL);
	expect_rv(F->C_CancelFunction(77), CKR_FUNCTION_NOT_PARALLEL);
}

/* What we lack is refused, but only after the session was checked. */
static void missing_functions(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_ULONG n = 0;
	CK_BYTE b[8];

	(void)state;
	for (int good = 0; good < 2; good++) {
		CK_SESSION_HANDLE h = good ? s : s + 0x100;
		CK_RV want = good ? CKR_FUNCTION_NOT_SUPPORTED
				  : CKR_SESSION_HANDLE_INVALID;

		expect_rv(F->C_GetOperationState(h, b, &n), want);
		expect_rv(F->C_SetOperationState(h, b, 8, 0, 0), want);
		expect_rv(F->C_GenerateKey(h, NULL, NULL, 0, &n), want);
		expect_rv(F->C_DigestEncryptUpdate(h, b, 8, b, &n), want);
		expect_rv(F->C_DecryptDigestUpdate(h, b, 8, b, &n), want);
		expect_rv(F->C_SignEncryptUpdate(h, b, 8, b, &n), want);
		expect_rv(F->C_DecryptVerifyUpdate(h, b, 8, b, &n), want);
		expect_rv(F3->C_MessageEncryptInit(h, NULL, 0), want);
		expect_rv(F3->C_MessageDecryptFinal(h), want);
		expect_rv(
		    F3->C_EncapsulateKey(h, NULL, 0, NULL, 0, b, &n, &n), want);
		expect_rv(
		    F3->C_DecapsulateKey(h, NULL, 0, NULL, 0, b, 8, &n), want);
		expect_rv(
		    F3->C_WrapKeyAuthenticated(h, NULL, 0, 0, b, 8, b, &n),
		    want);
		expect_rv(F3->C_UnwrapKeyAuthenticated(
			      h, NULL, 0, b, 8, NULL, 0, b, 8, &n),
		    want);
		want = good ? CKR_SESSION_ASYNC_NOT_SUPPORTED : want;
		expect_rv(F3->C_AsyncComplete(h, b, NULL), want);
		expect_rv(F3->C_AsyncGetID(h, b, &n), want);
		expect_rv(F3->C_AsyncJoin(h, b, 1, b, 8), want);
	}
}

/* 3.2: there is no object that tells of a validation, and no session that
 * works on by itself. */
static void flags_of_sessions(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_FLAGS flags = 0xee;

	(void)state;
	expect_rv(
	    F3->C_GetSessionValidationFlags(s, CKS_LAST_VALIDATION_OK, &flags),
	    CKR_OK);
	assert_int_equal(flags, 0);
	expect_rv(
	    F3->C_GetSessionValidationFlags(s, 1, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F3->C_GetSessionValidationFlags(s + 0x100, 1, &flags),
	    CKR_SESSION_HANDLE_INVALID);
	expect_rv(F->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_ASYNC_SESSION,
		      NULL, NULL, &s),
	    CKR_SESSION_ASYNC_NOT_SUPPORTED);
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	expect_rv(F3->C_GetSessionValidationFlags(s, 1, &flags),
	    CKR_CRYPTOKI_NOT_INITIALIZED);
	expect_rv(
	    F3->C_AsyncGetID(s, NULL, NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	expect_rv(F3->C_VerifySignatureFinal(s), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void random_numbers(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_BYTE a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	expect_rv(F->C_SeedRandom(s, a, 8), CKR_RANDOM_SEED_NOT_SUPPORTED);
	expect_rv(F->C_SeedRandom(s, NULL, 8), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GenerateRandom(s, NULL, 8), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GenerateRandom(s, a, 0), CKR_OK);
	expect_rv(F->C_GenerateRandom(s, a, sizeof(a)), CKR_OK);
	expect_rv(F->C_GenerateRandom(s, b, sizeof(b)), CKR_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(fake_commands(), 2); /* one challenge each */
}

/* A card that fails is no reason to have no random numbers; one that is gone
 * is. */
static void random_without_card(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_BYTE a[100] = { 0 }, b[100] = { 0 };

	(void)state;
	fake_fail(1, UK_ERR_CARD_MUTE);
	expect_rv(F->C_GenerateRandom(s, a, sizeof(a)), CKR_OK);
	assert_true(fake_failed());
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, a + 32, 32); /* every block is another */
	assert_int_not_equal(a[96] | a[97] | a[98] | a[99], 0);
	fake_fail(1, UK_ERR_CARD_REMOVED);
	expect_rv(F->C_GenerateRandom(s, a, 1), CKR_DEVICE_REMOVED);
}

static const struct ukey_functions *vendor(void)
{
	CK_UTF8CHAR name[] = UKEY_INTERFACE_NAME;
	CK_INTERFACE *i;

	expect_rv(C_GetInterface(name, NULL, &i, 0), CKR_OK);
	return i->pFunctionList;
}

static void vendor_status(void **state)
{
	const struct ukey_functions *v = vendor();
	struct ukey_token_facts facts;
	struct ukey_status status;

	(void)state;
	expect_rv(v->get_status(NULL), CKR_ARGUMENTS_BAD);
	expect_rv(v->get_status(&status), CKR_OK);
	assert_int_equal(status.service, UKEY_SERVICE_OK);
	assert_int_equal(status.readers, 1);
	assert_int_equal(status.cards, 1);
	expect_rv(v->get_token_facts(0, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(v->get_token_facts(5, &facts), CKR_SLOT_ID_INVALID);
	expect_rv(v->get_token_facts(0, &facts), CKR_OK);
	assert_string_equal((char *)facts.kind, "fake");
	assert_int_equal(facts.serial_len, 8);
	assert_int_equal(facts.serial[7], 1);
	assert_int_equal(facts.content_version, 7);
	assert_int_equal(facts.pin_tries_left, 3);
	assert_int_equal(facts.so_tries_left, 5);
	assert_int_equal(facts.bank_proof, CK_TRUE);
	assert_int_equal(fake_commands(), 0);
}

static void vendor_proof(void **state)
{
	const struct ukey_functions *v = vendor();
	CK_SESSION_HANDLE s = open_ro(0);
	CK_BYTE c[33], hash[32] = { 0 }, sig[64] = { 1 };

	(void)state;
	expect_rv(v->get_challenge(s + 256, c, 8), CKR_SESSION_HANDLE_INVALID);
	expect_rv(v->get_challenge(s, NULL, 8), CKR_ARGUMENTS_BAD);
	expect_rv(v->get_challenge(s, c, 7), CKR_ARGUMENTS_BAD);
	expect_rv(v->get_challenge(s, c, 33), CKR_ARGUMENTS_BAD);
	expect_rv(v->get_challenge(s, c, 32), CKR_OK);
	assert_int_equal(c[31], 0xc5);
	/* the card forgets it with the next one: nobody asks for that now */
	fake_commands();
	expect_rv(F->C_GenerateRandom(s, c, 33), CKR_OK);
	assert_int_equal(fake_commands(), 0);
	expect_rv(
	    v->external_authenticate(s, NULL, 32, sig, 64), CKR_ARGUMENTS_BAD);
	expect_rv(
	    v->external_authenticate(s, hash, 32, sig, 63), CKR_ARGUMENTS_BAD);
	expect_rv(v->external_authenticate(s, hash, 32, sig, 64), CKR_OK);
	fake_commands();
	expect_rv(F->C_GenerateRandom(s, c, 33), CKR_OK);
	assert_int_equal(fake_commands(), 1);
	sig[0] = 2;
	expect_rv(v->external_authenticate(s, hash, 32, sig, 64),
	    CKR_SIGNATURE_INVALID);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pointers),
		TEST(interfaces),
		TEST(initialising),
		TEST(library_info),
		TEST(not_parallel),
		TEST(missing_functions),
		TEST(flags_of_sessions),
		TEST(random_numbers),
		TEST(random_without_card),
		TEST(vendor_status),
		TEST(vendor_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
