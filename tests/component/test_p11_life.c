/* Life in somebody's process: removal, resets, failures, fork. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "p11_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void pulled_between_init_and_sign(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE key;
	CK_BYTE abc[] = { 'a', 'b', 'c' };
	CK_BYTE sig[512];
	CK_ULONG n = sizeof(sig);
	CK_RV rv;

	(void)state;
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(s, CKO_PRIVATE_KEY, 1);
	expect_rv(F->C_SignInit(s, &m, key), CKR_OK);
	fake_remove(0);
	fake_insert(0, 9); /* another card, at once */
	rv = F->C_Sign(s, abc, 3, sig, &n);
	assert_true(
	    rv == CKR_DEVICE_REMOVED || rv == CKR_SESSION_HANDLE_INVALID);
	expect_rv(F->C_Sign(s, abc, 3, sig, &n), CKR_SESSION_HANDLE_INVALID);
	await_token(0, CKR_OK);
	expect_rv(sign_with(open_ro(0), key), CKR_KEY_HANDLE_INVALID);
	expect_rv(sign_once(0), CKR_OK); /* the new card works at once */
}

static void reset_by_another(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE key;
	CK_SESSION_INFO info;

	(void)state;
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(s, CKO_PRIVATE_KEY, 1);
	expect_rv(sign_with(s, key), CKR_OK);
	fake_reset_card(0);
	expect_rv(sign_with(s, key), CKR_USER_NOT_LOGGED_IN);
	expect_rv(F->C_GetSessionInfo(s, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RO_PUBLIC_SESSION);
	expect_rv(sign_with(s, key), CKR_KEY_HANDLE_INVALID);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(sign_with(s, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
}

static void another_application(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);

	(void)state;
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(sign_with(s, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	fake_steal(0);
	expect_rv(
	    sign_with(s, find(s, CKO_PRIVATE_KEY, 1)), CKR_USER_NOT_LOGGED_IN);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(sign_with(s, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	assert_int_equal(fake_tries[0], 3);
}

/* A PIN goes to our application or nowhere. */
static void selected_before_the_pin(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);

	(void)state;
	fake_steal(0);
	fake_commands();
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	assert_int_equal(fake_commands(), 2); /* SELECT, VERIFY */
}

static void reset_before_reading(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);

	(void)state;
	fake_reset_card(0);
	assert_int_not_equal(find(s, CKO_CERTIFICATE, 1), 0);
}

/* Nobody need log in to read a certificate, nor notice what others select. */
static void stolen_before_reading(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_BYTE value[2048];
	CK_ATTRIBUTE t = { CKA_VALUE, value, sizeof(value) };
	CK_OBJECT_HANDLE cert = find(s, CKO_CERTIFICATE, 2);

	(void)state;
	usleep(200000); /* the transaction is no longer held */
	fake_steal(0);
	expect_rv(F->C_GetAttributeValue(s, cert, &t, 1), CKR_OK);
	expect_rv(sign_once(0), CKR_OK);
}

/* A re-inserted card is another insertion: login and handles are gone. */
static void reinserted(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_SESSION_INFO info;

	(void)state;
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	fake_remove(0);
	await_token(0, CKR_TOKEN_NOT_PRESENT);
	expect_rv(F->C_GetSessionInfo(s, &info), CKR_SESSION_HANDLE_INVALID);
	fake_insert(0, 1);
	await_token(0, CKR_OK);
	expect_rv(F->C_GetSessionInfo(s, &info), CKR_SESSION_HANDLE_INVALID);
	s = open_ro(0);
	expect_rv(F->C_GetSessionInfo(s, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RO_PUBLIC_SESSION);
}

static void nth_command_fails(void **state)
{
	static const enum uk_code codes[] = { UK_ERR_CARD_REMOVED,
		UK_ERR_CARD_RESET, UK_ERR_CARD_MUTE, UK_ERR_CARD_BUSY };

	(void)state;
	for (size_t c = 0; c < sizeof(codes) / sizeof(codes[0]); c++) {
		unsigned nth = 0;
		CK_RV rv;

		do {
			fresh_card(0, 1);
			fake_fail(++nth, codes[c]);
			rv = sign_once(0);
			assert_true(fake_failed() || rv == CKR_OK);
			fake_fail(0, UK_OK);
			assert_int_equal(fake_tries[0], 3);
		} while (nth < 4 || rv != CKR_OK);
		assert_in_range(nth, 4, 20);
	}
}

/* C_Initialize to C_Finalize with the Nth allocation failing. */
static uk_err whole_life(void *arg)
{
	CK_C_INITIALIZE_ARGS args = {
		.flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS
	};
	CK_RV rv;

	(void)arg;
	expect_rv(F->C_Initialize(&args), CKR_OK);
	rv = sign_once(0);
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	/* without memory a reader or card may be missing for now */
	return rv == CKR_OK ? uk_ok() : uk_fail(UK_ERR_MEMORY);
}

static void nth_allocation_fails(void **state)
{
	(void)state;
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	expect_ok(whole_life(NULL));
	for (unsigned nth = 1; nth < 1000; nth++) {
		long before = uk_mem_live();
		bool touched;
		uk_err err;

		uk_mem_fail_nth(nth);
		err = whole_life(NULL);
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		assert_int_equal(uk_mem_live(), before);
		if (!touched) {
			expect_ok(err);
			assert_true(nth > 8);
			return;
		}
	}
	fail();
}

static int child(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_INFO info;

	fake_after_fork();
	if (F->C_GetInfo(&info) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 1;
	if (F->C_Finalize(NULL) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 2;
	if (F->C_Initialize(&args) != CKR_OK)
		return 3;
	if (sign_once(0) != CKR_OK)
		return 4;
	return F->C_Finalize(NULL) == CKR_OK ? 0 : 5;
}

static void forked(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE key;
	int status;
	pid_t pid;

	(void)state;
#ifdef __SANITIZE_THREAD__
	skip(); /* it supports no fork of a process with threads */
#endif
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(s, CKO_PRIVATE_KEY, 1);
	if ((pid = fork()) == 0)
		_exit(child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	expect_rv(sign_with(s, key), CKR_OK); /* the parent is untouched */
}

/* Whoever forks first and initialises later: two that know nothing of each
 * other. */
static void forked_before(void **state)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	int status;
	pid_t pid;

	(void)state;
#ifdef __SANITIZE_THREAD__
	skip();
#endif
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	if ((pid = fork()) == 0)
		_exit(child());
	expect_rv(F->C_Initialize(&args), CKR_OK);
	expect_rv(sign_once(0), CKR_OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	expect_rv(sign_once(0), CKR_OK);
}

static bool ending; /* in a child that is about to leave */

/* Registered before the module registers anything, so it runs after it, as the
 * destructors of libraries do. */
static void look_around(void)
{
	if (ending)
		_exit(fake_waiting() == 0 ? 0 : 9);
}

/* A host that ends without C_Finalize: nobody of ours may still be at work when
 * the libraries we use are taken down. */
static void leave_without_a_word(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	fake_after_fork();
	if (F->C_Initialize(&args) != CKR_OK)
		_exit(1);
	while (fake_waiting() == 0)
		(void)usleep(1000);
	ending = true;
	exit(8);
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void ended_without_finalize(void **state)
{
	pid_t pid;

	(void)state;
#ifdef __SANITIZE_THREAD__
	skip();
#endif
	if ((pid = fork()) == 0)
		leave_without_a_word();
	assert_int_equal(status_of(pid), 0);
	if ((pid = fork()) == 0) /* a child that never heard of us */
		exit(7);
	assert_int_equal(status_of(pid), 7);
	expect_rv(sign_once(0), CKR_OK);
}

/* An application that brings its own mutexes. */
static unsigned made, locked;

static CK_RV create_mutex(void **m)
{
	*m = calloc(1, sizeof(pthread_mutex_t));
	made++;
	pthread_mutex_init(*m, NULL);
	return CKR_OK;
}

static CK_RV destroy_mutex(void *m)
{
	made--;
	free(m);
	return CKR_OK;
}

static CK_RV lock_mutex(void *m)
{
	pthread_mutex_lock(m);
	locked++;
	return CKR_OK;
}

static CK_RV unlock_mutex(void *m)
{
	pthread_mutex_unlock(m);
	return CKR_OK;
}

static void application_mutexes(void **state)
{
	CK_C_INITIALIZE_ARGS args = { create_mutex, destroy_mutex, lock_mutex,
		unlock_mutex, 0, NULL };

	(void)state;
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	expect_rv(F->C_Initialize(&args), CKR_OK);
	assert_int_equal(made, 1);
	locked = 0;
	expect_rv(sign_once(0), CKR_OK);
	assert_true(locked > 5);
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	assert_int_equal(made, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pulled_between_init_and_sign),
		TEST(reset_by_another),
		TEST(another_application),
		TEST(selected_before_the_pin),
		TEST(reset_before_reading),
		TEST(stolen_before_reading),
		TEST(reinserted),
		TEST(nth_command_fails),
		TEST(nth_allocation_fails),
		TEST(forked),
		TEST(forked_before),
		TEST(ended_without_finalize),
		TEST(application_mutexes),
	};

	atexit(look_around);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
