/* Sessions: handles, states, searches. */
#include "cmocka_all.h"
#include "p11_run.h"

static void opening(void **state)
{
	CK_SESSION_HANDLE s, t;

	(void)state;
	expect_rv(F->C_OpenSession(0, CKF_RW_SESSION, NULL, NULL, &s),
	    CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	expect_rv(F->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL),
	    CKR_ARGUMENTS_BAD);
	s = open_ro(0);
	t = open_ro(0);
	assert_int_not_equal(s, t);
	expect_rv(F->C_CloseSession(s), CKR_OK);
	expect_rv(F->C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	assert_int_not_equal(open_ro(0), s);
	expect_rv(F->C_CloseAllSessions(0), CKR_OK);
	expect_rv(F->C_CloseSession(t), CKR_SESSION_HANDLE_INVALID);
	expect_rv(F->C_CloseAllSessions(0), CKR_OK);
	expect_rv(F->C_CloseSession(0), CKR_SESSION_HANDLE_INVALID);
	expect_rv(F->C_CloseSession((CK_ULONG)-1), CKR_SESSION_HANDLE_INVALID);
}

static void many(void **state)
{
	CK_SESSION_HANDLE all[300];
	CK_TOKEN_INFO info;

	(void)state;
	for (int i = 0; i < 300; i++)
		all[i] = i % 3 == 0 ? open_rw(0) : open_ro(0);
	expect_rv(F->C_GetTokenInfo(0, &info), CKR_OK);
	assert_int_equal(info.ulSessionCount, 300);
	assert_int_equal(info.ulRwSessionCount, 100);
	for (int i = 0; i < 300; i += 2)
		expect_rv(F->C_CloseSession(all[i]), CKR_OK);
	for (int i = 0; i < 300; i++) {
		CK_SESSION_INFO s;

		expect_rv(F->C_GetSessionInfo(all[i], &s),
		    i % 2 == 0 ? CKR_SESSION_HANDLE_INVALID : CKR_OK);
	}
}

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	expect_rv(F->C_GetSessionInfo(s, &info), CKR_OK);
	assert_int_equal(info.slotID, 0);
	return info.state;
}

static void states(void **state)
{
	CK_SESSION_HANDLE ro = open_ro(0), rw = open_rw(0);

	(void)state;
	expect_rv(F->C_GetSessionInfo(ro, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(state_of(ro), CKS_RO_PUBLIC_SESSION);
	assert_int_equal(state_of(rw), CKS_RW_PUBLIC_SESSION);
	expect_rv(login(ro, CKU_USER, FAKE_PIN), CKR_OK);
	assert_int_equal(state_of(ro), CKS_RO_USER_FUNCTIONS);
	assert_int_equal(state_of(rw), CKS_RW_USER_FUNCTIONS);
	assert_int_equal(state_of(open_ro(0)), CKS_RO_USER_FUNCTIONS);
	expect_rv(F->C_Logout(rw), CKR_OK);
	assert_int_equal(state_of(ro), CKS_RO_PUBLIC_SESSION);
	expect_rv(login(ro, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(F->C_CloseAllSessions(0), CKR_OK); /* logs out */
	assert_int_equal(state_of(open_ro(0)), CKS_RO_PUBLIC_SESSION);
}

static void searches(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE one[64], all[64];
	CK_ULONG n, count = 0;

	(void)state;
	expect_rv(
	    F->C_FindObjects(s, all, 64, &n), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_FindObjectsInit(s, NULL, 3), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_FindObjectsInit(s, NULL, 0), CKR_OK);
	expect_rv(F->C_FindObjectsInit(s, NULL, 0), CKR_OPERATION_ACTIVE);
	expect_rv(F->C_FindObjects(s, NULL, 64, &n), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_FindObjects(s, all, 64, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_FindObjects(s, all, 64, &n), CKR_OK);
	/* 4 profiles, 2 certificates, 2 public keys */
	assert_int_equal(n, 8);
	expect_rv(F->C_FindObjects(s, all + n, 64 - n, &count), CKR_OK);
	assert_int_equal(count, 0);
	expect_rv(F->C_FindObjectsFinal(s), CKR_OK);
	expect_rv(F->C_FindObjectsInit(s, NULL, 0), CKR_OK);
	for (CK_ULONG i = 0; i < n; i++) {
		expect_rv(F->C_FindObjects(s, &one[i], 1, &count), CKR_OK);
		assert_int_equal(count, 1);
		assert_int_equal(one[i], all[i]);
	}
	expect_rv(F3->C_SessionCancel(s, CKF_FIND_OBJECTS), CKR_OK);
	expect_rv(F->C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opening),
		TEST(many),
		TEST(states),
		TEST(searches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
