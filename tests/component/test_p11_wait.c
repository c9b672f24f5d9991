/* A card that takes its time: what has to do with it waits, and nothing else.
 */
#include "cmocka_all.h"
#include "p11_run.h"

#include <pthread.h>
#include <unistd.h>

/* A call that the card in slot 0 keeps waiting. */
struct waiter {
	pthread_t thread;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_RV rv;
	bool over;
};

static CK_RV sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE data[] = { 1 }, sig[512];
	CK_ULONG n = sizeof(sig);
	CK_RV rv = F->C_SignInit(s, &m, key);

	return rv == CKR_OK ? F->C_Sign(s, data, 1, sig, &n) : rv;
}

static void *sign_slowly(void *arg)
{
	struct waiter *w = arg;

	w->rv = sign(w->session, w->key);
	__atomic_store_n(&w->over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void begin(struct waiter *w)
{
	*w = (struct waiter){ .session = open_ro(0), .rv = CKR_GENERAL_ERROR };
	expect_rv(login(w->session, CKU_USER, FAKE_PIN), CKR_OK);
	w->key = find(w->session, CKO_PRIVATE_KEY, 1);
	fake_slow_card(0);
	assert_int_equal(pthread_create(&w->thread, NULL, sign_slowly, w), 0);
	for (int i = 0; i < 400 && !fake_working(); i++)
		usleep(5000);
	assert_true(fake_working());
}

static bool is_over(struct waiter *w)
{
	return __atomic_load_n(&w->over, __ATOMIC_ACQUIRE);
}

static void end(struct waiter *w)
{
	assert_false(is_over(w));
	fake_slow_card(-1);
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	expect_rv(w->rv, CKR_OK);
}

/* Everything that a program does with the card in the other reader, readers
 * that come and go, and what is asked of the module as a whole. */
static void another_slot(void **state)
{
	CK_SESSION_HANDLE s;
	CK_SLOT_ID slots[8];
	CK_SLOT_INFO info;
	CK_INFO library;
	CK_ULONG n = 8;
	struct waiter w;

	(void)state;
	fake_attach(1);
	fake_insert(1, 2);
	await_token(1, CKR_OK);
	begin(&w);
	expect_rv(F->C_GetInfo(&library), CKR_OK);
	expect_rv(F->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	assert_int_equal(n, 2);
	s = open_rw(1);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(sign(s, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	expect_rv(F->C_GetSlotInfo(1, &info), CKR_OK);
	assert_int_equal(token_flags(1) & CKF_USER_PIN_LOCKED, 0);
	fresh_card(1, 3); /* seen by the watcher, which waits for nobody */
	fake_attach(2);
	fake_insert(2, 4);
	await_token(2, CKR_OK);
	expect_rv(F->C_CloseAllSessions(1), CKR_OK);
	end(&w);
}

/* Two cards at work at once, and a third one meanwhile. */
static void event_meanwhile(void **state)
{
	struct waiter w;
	CK_SLOT_ID slot = 77;

	(void)state;
	fake_attach(1);
	begin(&w);
	while (F->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK)
		;
	fake_insert(1, 2);
	do {
		expect_rv(F->C_WaitForSlotEvent(0, &slot, NULL), CKR_OK);
	} while (slot != 1);
	end(&w);
}

static void *ask_token(void *arg)
{
	struct waiter *w = arg;
	CK_SESSION_INFO info;

	w->rv = F->C_GetSessionInfo(w->session, &info);
	__atomic_store_n(&w->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* The same slot: calls come one after the other, and C_Finalize last. */
static void the_same_slot(void **state)
{
	struct waiter w, other = { .rv = CKR_GENERAL_ERROR };

	(void)state;
	begin(&w);
	other.session = w.session;
	assert_int_equal(
	    pthread_create(&other.thread, NULL, ask_token, &other), 0);
	end(&w);
	assert_int_equal(pthread_join(other.thread, NULL), 0);
	expect_rv(other.rv, CKR_OK);
	expect_rv(F->C_Logout(w.session), CKR_OK);
	begin(&w);
	fake_slow_card(-1);
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	assert_int_equal(pthread_join(w.thread, NULL), 0);
	expect_rv(w.rv, CKR_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_slot),
		TEST(event_meanwhile),
		TEST(the_same_slot),
	};

	alarm(60); /* somebody waits for who waits for him */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
