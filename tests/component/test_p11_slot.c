/* Slots and tokens: numbers that last, cards that come and go, no commands. */
#include "cmocka_all.h"
#include "p11_run.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static void slot_lists(void **state)
{
	CK_SLOT_ID ids[4] = { 9, 9, 9, 9 };
	CK_ULONG n = 0;

	(void)state;
	expect_rv(F->C_GetSlotList(CK_FALSE, ids, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	assert_int_equal(n, 1);
	n = 0;
	expect_rv(F->C_GetSlotList(CK_TRUE, ids, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 1);
	n = 4;
	expect_rv(F->C_GetSlotList(CK_TRUE, ids, &n), CKR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(ids[0], 0);
	assert_int_equal(ids[1], 9);
}

static void infos(void **state)
{
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;

	(void)state;
	expect_rv(F->C_GetSlotInfo(0, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GetSlotInfo(0, &slot), CKR_OK);
	assert_memory_equal(slot.slotDescription, "Fake Reader 0   ", 16);
	assert_int_equal(
	    slot.flags, CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE | CKF_HW_SLOT);
	expect_rv(F->C_GetTokenInfo(0, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GetTokenInfo(0, &token), CKR_OK);
	assert_memory_equal(token.label, "Fake card   ", 12);
	assert_memory_equal(token.serialNumber, "0000000000000001", 16);
	assert_int_equal(token.flags, CKF_RNG | CKF_LOGIN_REQUIRED |
					  CKF_USER_PIN_INITIALIZED |
					  CKF_TOKEN_INITIALIZED);
	assert_int_equal(token.ulMinPinLen, 4);
	assert_int_equal(token.ulMaxPinLen, 16);
	assert_int_equal(fake_commands(), 0);
}

static void wrong_slots(void **state)
{
	CK_MECHANISM_INFO m;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO slot;
	CK_SESSION_HANDLE s;
	CK_UTF8CHAR pin[4] = { 0 }, label[32] = { 0 };
	CK_ULONG n;

	(void)state;
	expect_rv(F->C_GetSlotInfo(1, &slot), CKR_SLOT_ID_INVALID);
	expect_rv(F->C_GetTokenInfo(1, &token), CKR_SLOT_ID_INVALID);
	expect_rv(F->C_GetMechanismList(1, NULL, &n), CKR_SLOT_ID_INVALID);
	expect_rv(F->C_GetMechanismInfo(1, CKM_ECDSA, &m), CKR_SLOT_ID_INVALID);
	expect_rv(F->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s),
	    CKR_SLOT_ID_INVALID);
	expect_rv(F->C_CloseAllSessions(1), CKR_SLOT_ID_INVALID);
	expect_rv(F->C_InitToken(1, pin, 4, label), CKR_SLOT_ID_INVALID);
	expect_rv(F->C_GetSlotInfo((CK_SLOT_ID)-1, &slot), CKR_SLOT_ID_INVALID);
}

static void mechanisms(void **state)
{
	CK_MECHANISM_TYPE list[64];
	CK_MECHANISM_INFO m;
	CK_ULONG n = 0, count;

	(void)state;
	expect_rv(F->C_GetMechanismList(0, NULL, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GetMechanismList(0, NULL, &n), CKR_OK);
	assert_true(n > 10);
	count = n;
	n = 3;
	expect_rv(F->C_GetMechanismList(0, list, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, count);
	n = 64;
	expect_rv(F->C_GetMechanismList(0, list, &n), CKR_OK);
	assert_int_equal(n, count);
	for (CK_ULONG i = 0; i < n; i++) {
		memset(&m, 0xee, sizeof(m));
		expect_rv(F->C_GetMechanismInfo(0, list[i], &m), CKR_OK);
		assert_true(m.ulMinKeySize <= m.ulMaxKeySize);
		assert_int_equal(m.flags & CKF_WRAP, 0);
	}
	expect_rv(
	    F->C_GetMechanismInfo(0, CKM_AES_CBC, &m), CKR_MECHANISM_INVALID);
	expect_rv(F->C_GetMechanismInfo(0, CKM_ECDSA, NULL), CKR_ARGUMENTS_BAD);
}

static void status_is_from_memory(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_SESSION_INFO session;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO slot;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		expect_rv(F->C_GetSlotInfo(0, &slot), CKR_OK);
		expect_rv(F->C_GetTokenInfo(0, &token), CKR_OK);
		expect_rv(F->C_GetSessionInfo(s, &session), CKR_OK);
	}
	assert_int_equal(fake_commands(), 0);
}

static void card_that_is_not_ours(void **state)
{
	CK_SESSION_HANDLE s;
	CK_SLOT_ID ids[4];
	CK_ULONG n = 4;

	(void)state;
	fake_insert(1, 0);
	await_token(1, CKR_TOKEN_NOT_RECOGNIZED);
	assert_in_range(fake_commands(), 1, 3);
	for (int i = 0; i < 10; i++)
		expect_rv(
		    F->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s),
		    CKR_TOKEN_NOT_RECOGNIZED);
	expect_rv(F->C_GetSlotList(CK_TRUE, ids, &n), CKR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(fake_commands(), 0);
	fake_remove(1);
	await_token(1, CKR_TOKEN_NOT_PRESENT);
	fake_insert(1, 3);
	await_token(1, CKR_OK);
}

/* Inserted behind C_GetSlotList's back, then asked at once. */
static void insertion_costs_one_command(void **state)
{
	CK_TOKEN_INFO token;
	CK_RV rv;

	(void)state;
	fake_insert(1, 2);
	rv = F->C_GetTokenInfo(1, &token);
	assert_true(rv == CKR_OK || rv == CKR_SLOT_ID_INVALID ||
		    rv == CKR_TOKEN_NOT_PRESENT);
	await_token(1, CKR_OK);
	assert_int_equal(fake_commands(), 1);
}

static void numbers_last(void **state)
{
	CK_SLOT_INFO info;
	CK_ULONG n;

	(void)state;
	fake_insert(2, 2);
	await_token(1, CKR_OK); /* the second reader seen is slot 1 */
	fake_detach(0);
	await_token(0, CKR_TOKEN_NOT_PRESENT);
	expect_rv(F->C_GetSlotInfo(1, &info), CKR_OK);
	assert_memory_equal(info.slotDescription, "Fake Reader 2", 13);
	fake_attach(1);
	fake_insert(0, 4);
	await_token(0, CKR_OK);
	expect_rv(F->C_GetSlotInfo(0, &info), CKR_OK);
	assert_memory_equal(info.slotDescription, "Fake Reader 0", 13);
	expect_rv(F->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	assert_int_equal(n, 3);
}

static void service_comes_later(void **state)
{
	CK_ULONG n = 9;

	(void)state;
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	fake_service(false);
	expect_rv(F->C_Initialize(NULL), CKR_OK);
	expect_rv(F->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	assert_int_equal(n, 0);
	fake_service(true);
	await_token(0, CKR_OK);
	fake_service(false); /* and goes again */
	await_token(0, CKR_TOKEN_NOT_PRESENT);
	fake_service(true);
	await_token(0, CKR_OK);
}

/* Without a watcher the list and the session look for themselves. */
static void without_threads(void **state)
{
	CK_C_INITIALIZE_ARGS args = {
		.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK
	};
	CK_SESSION_HANDLE s;
	CK_SLOT_ID ids[4], slot;
	CK_ULONG n = 4;

	(void)state;
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	expect_rv(F->C_Initialize(&args), CKR_OK);
	fake_insert(1, 2);
	expect_rv(F->C_GetSlotList(CK_TRUE, ids, &n), CKR_OK);
	assert_int_equal(n, 2);
	fake_insert(2, 3);
	expect_rv(
	    F->C_OpenSession(2, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_OK);
	while (F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK)
		;
	fake_remove(1);
	expect_rv(F->C_WaitForSlotEvent(0, &slot, NULL), CKR_OK);
	assert_int_equal(slot, 1);
}

static void events(void **state)
{
	CK_SLOT_ID slot = 9;

	(void)state;
	expect_rv(F->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL),
	    CKR_ARGUMENTS_BAD);
	expect_rv(F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, &slot),
	    CKR_ARGUMENTS_BAD);
	expect_rv(
	    F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	fake_remove(0);
	expect_rv(F->C_WaitForSlotEvent(0, &slot, NULL), CKR_OK);
	assert_int_equal(slot, 0);
	expect_rv(
	    F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
}

static void *wait_for_event(void *arg)
{
	CK_SLOT_ID slot;

	*(CK_RV *)arg = F->C_WaitForSlotEvent(0, &slot, NULL);
	return NULL;
}

static void finalize_ends_waiting(void **state)
{
	CK_RV rv = CKR_OK;
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, wait_for_event, &rv), 0);
	usleep(50000);
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	pthread_join(t, NULL);
	expect_rv(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* Another program has ended, and the service resets the card into our first
 * commands: the token is there all the same, and nobody has to open a session
 * to see it. */
static void reset_while_it_is_recognised(void **state)
{
	(void)state;
	fake_remove(0);
	await_token(0, CKR_TOKEN_NOT_PRESENT);
	fake_fail(1, UK_ERR_CARD_RESET);
	fake_insert(0, 9);
	await_token(0, CKR_OK);
	assert_true(fake_failed());
}

static bool logged_in(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	expect_rv(F->C_GetSessionInfo(s, &info), CKR_OK);
	return info.state == CKS_RW_USER_FUNCTIONS;
}

/* Two applications are two tokens: each with its number, in order, and what
 * they show does not depend on which of them is selected. */
static void two_applications(void **state)
{
	CK_SESSION_HANDLE one, two;
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;
	CK_SLOT_ID ids[4];
	CK_ULONG n = 4;

	(void)state;
	fake_insert_two(1, 5, 6);
	await_token(1, CKR_OK);
	await_token(2, CKR_OK);
	expect_rv(F->C_GetSlotList(CK_TRUE, ids, &n), CKR_OK);
	assert_int_equal(n, 3);
	expect_rv(F->C_GetTokenInfo(1, &token), CKR_OK);
	assert_memory_equal(token.serialNumber, "0000000000000005", 16);
	expect_rv(F->C_GetTokenInfo(2, &token), CKR_OK);
	assert_memory_equal(token.serialNumber, "0000000000000006", 16);
	expect_rv(F->C_GetSlotInfo(1, &slot), CKR_OK);
	assert_memory_equal(slot.slotDescription, "Fake Reader 1   ", 16);
	expect_rv(F->C_GetSlotInfo(2, &slot), CKR_OK);
	assert_memory_equal(slot.slotDescription, "Fake Reader 1 (2)   ", 20);

	one = open_rw(1);
	two = open_rw(2);
	assert_int_equal(count_objects(one), count_objects(two));
	expect_rv(login(one, CKU_USER, FAKE_PIN), CKR_OK);
	assert_true(logged_in(one));
	assert_false(logged_in(two));
	assert_true(find(one, CKO_PRIVATE_KEY, 1) != 0);
	/* The other one's login selects it, and so ends this one. */
	expect_rv(login(two, CKU_USER, FAKE_PIN), CKR_OK);
	assert_false(logged_in(one));
	assert_true(logged_in(two));
	assert_int_equal(find(one, CKO_PRIVATE_KEY, 1), 0);
	assert_true(find(two, CKO_PRIVATE_KEY, 1) != 0);
}

/* The slot of the second application stays, empty, and is filled again. */
static void second_application_comes_and_goes(void **state)
{
	CK_SESSION_HANDLE s;
	CK_SESSION_INFO info;
	CK_SLOT_ID slot, ids[4];
	unsigned told = 0;
	CK_ULONG n = 4;

	(void)state;
	fake_insert_two(0, 5, 6);
	await_token(1, CKR_OK);
	s = open_ro(1);
	while (F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK)
		told |= 1U << slot;
	assert_int_equal(told, 3);
	fake_insert(0, 7);
	await_token(1, CKR_TOKEN_NOT_PRESENT);
	await_token(0, CKR_OK);
	expect_rv(F->C_GetSessionInfo(s, &info), CKR_SESSION_HANDLE_INVALID);
	expect_rv(F->C_GetSlotList(CK_TRUE, ids, &n), CKR_OK);
	assert_int_equal(n, 1);
	n = 4;
	expect_rv(F->C_GetSlotList(CK_FALSE, ids, &n), CKR_OK);
	assert_int_equal(n, 2);
	expect_rv(F->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s),
	    CKR_TOKEN_NOT_PRESENT);
	fake_insert_two(0, 8, 9);
	await_token(1, CKR_OK);
}

/* Both tokens are one card: when it goes, both do. */
static void both_applications_go(void **state)
{
	CK_SESSION_HANDLE one, two;
	CK_SESSION_INFO info;

	(void)state;
	fake_insert_two(0, 5, 6);
	await_token(1, CKR_OK);
	one = open_ro(0);
	two = open_ro(1);
	assert_true(count_objects(one) > 0);
	fake_fail(1, UK_ERR_CARD_REMOVED);
	expect_rv(login(two, CKU_USER, FAKE_PIN), CKR_DEVICE_REMOVED);
	expect_rv(F->C_GetSessionInfo(one, &info), CKR_SESSION_HANDLE_INVALID);
	expect_rv(F->C_GetSessionInfo(two, &info), CKR_SESSION_HANDLE_INVALID);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slot_lists),
		TEST(infos),
		TEST(wrong_slots),
		TEST(mechanisms),
		TEST(status_is_from_memory),
		TEST(card_that_is_not_ours),
		TEST(insertion_costs_one_command),
		TEST(reset_while_it_is_recognised),
		TEST(numbers_last),
		TEST(two_applications),
		TEST(second_application_comes_and_goes),
		TEST(both_applications_go),
		TEST(service_comes_later),
		TEST(without_threads),
		TEST(events),
		TEST(finalize_ends_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
