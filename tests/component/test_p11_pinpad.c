/* PINs entered on the reader: the protected authentication path. */
#include "cmocka_all.h"
#include "p11_run.h"

#include <pthread.h>
#include <unistd.h>

/* Puts a card into reader 0, which gets a pad. */
static void pad(const char *does)
{
	fake_pad(0, does);
	fresh_card(0, 1);
	fake_commands();
	fake_entries();
}

static bool says_protected(CK_SLOT_ID slot)
{
	return (token_flags(slot) & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
}

static void without_a_pad(void **state)
{
	CK_SESSION_HANDLE s = open_rw(0);

	(void)state;
	assert_false(says_protected(0));
	expect_rv(F->C_Login(s, CKU_USER, NULL, 0), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_SetPIN(s, NULL, 0, NULL, 0), CKR_ARGUMENTS_BAD);
	assert_int_equal(fake_entries(), 0);
}

static void user_and_officer(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	pad(FAKE_PIN);
	assert_true(says_protected(0));
	s = open_rw(0);
	expect_rv(F->C_Login(s, CKU_USER, NULL, 0), CKR_OK);
	assert_int_equal(fake_entries(), 1);
	expect_rv(F->C_Login(s, CKU_USER, NULL, 0), CKR_USER_ALREADY_LOGGED_IN);
	expect_rv(F->C_Logout(s), CKR_OK);
	/* the length is nobody's business then */
	expect_rv(F->C_Login(s, CKU_USER, NULL, 6), CKR_OK);
	expect_rv(F->C_Logout(s), CKR_OK);
	fake_pad(0, FAKE_PUK);
	expect_rv(F->C_Login(s, CKU_SO, NULL, 0), CKR_OK);
	expect_rv(F->C_Logout(s), CKR_OK);
}

static void given_pins_still_work(void **state)
{
	CK_UTF8CHAR empty[1] = "";
	CK_SESSION_HANDLE s;

	(void)state;
	pad("000000");
	s = open_rw(0);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(F->C_Logout(s), CKR_OK);
	/* not the same as none */
	expect_rv(F->C_Login(s, CKU_USER, empty, 0), CKR_PIN_INCORRECT);
	assert_int_equal(fake_entries(), 0);
}

static void consent(void **state)
{
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_BYTE hash[32] = { 1 }, sig[64];
	CK_ULONG n = sizeof(sig);
	CK_SESSION_HANDLE s;

	(void)state;
	pad(FAKE_PIN);
	s = open_ro(0);
	expect_rv(F->C_Login(s, CKU_CONTEXT_SPECIFIC, NULL, 0),
	    CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F->C_Login(s, CKU_USER, NULL, 0), CKR_OK);
	expect_rv(
	    F->C_SignInit(s, &ecdsa, find(s, CKO_PRIVATE_KEY, 2)), CKR_OK);
	expect_rv(F->C_Login(s, CKU_CONTEXT_SPECIFIC, NULL, 0), CKR_OK);
	assert_int_equal(fake_entries(), 2);
	expect_rv(F->C_Sign(s, hash, sizeof(hash), sig, &n), CKR_OK);
}

/* Once, and never again by itself. */
static void ends_of_an_entry(void **state)
{
	static const struct {
		const char *does;
		CK_RV rv;
		unsigned tries;
	} rows[] = {
		{ "!6401", CKR_FUNCTION_CANCELED, 3 },
		{ "!6400", CKR_FUNCTION_CANCELED, 3 },
		{ "!6402", CKR_PIN_INVALID, 3 },
		{ "!6403", CKR_PIN_INCORRECT, 3 },
		{ "!6B80", CKR_DEVICE_ERROR, 3 },
		{ "000000", CKR_PIN_INCORRECT, 2 },
		{ "!6401", CKR_FUNCTION_CANCELED, 2 },
		{ FAKE_PIN, CKR_OK, 3 },
	};
	CK_SESSION_HANDLE s;
	CK_SESSION_INFO info;

	(void)state;
	pad(FAKE_PIN);
	s = open_rw(0);
	fake_tries[0] = 3;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_pad(0, rows[i].does);
		fake_entries();
		expect_rv(F->C_Login(s, CKU_USER, NULL, 0), rows[i].rv);
		assert_int_equal(fake_entries(), 1);
		expect_rv(F->C_GetSessionInfo(s, &info), CKR_OK);
		assert_int_equal(info.state, rows[i].rv == CKR_OK
						 ? CKS_RW_USER_FUNCTIONS
						 : CKS_RW_PUBLIC_SESSION);
		assert_int_equal((token_flags(0) & CKF_USER_PIN_COUNT_LOW) != 0,
		    rows[i].tries < 3);
	}
}

static void changing(void **state)
{
	CK_UTF8CHAR pin[] = FAKE_PIN;
	CK_SESSION_HANDLE s;

	(void)state;
	pad(FAKE_PIN);
	s = open_rw(0);
	expect_rv(F->C_SetPIN(s, NULL, 0, NULL, 0), CKR_OK);
	assert_int_equal(fake_entries(), 1);
	/* half of it here and half of it there */
	expect_rv(F->C_SetPIN(s, pin, 6, NULL, 0), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_SetPIN(s, NULL, 0, pin, 6), CKR_ARGUMENTS_BAD);
	assert_int_equal(fake_entries(), 0);
	fake_pad(0, "!6402");
	expect_rv(F->C_SetPIN(s, NULL, 0, NULL, 0), CKR_PIN_INVALID);
	fake_pad(0, "!6401");
	expect_rv(F->C_SetPIN(s, NULL, 0, NULL, 0), CKR_FUNCTION_CANCELED);
	fake_pad(0, "000000");
	for (int i = 0; i < 3; i++)
		expect_rv(F->C_SetPIN(s, NULL, 0, NULL, 0), CKR_PIN_INCORRECT);
	/* blocked: nobody is asked any more */
	fake_entries();
	expect_rv(F->C_SetPIN(s, NULL, 0, NULL, 0), CKR_PIN_LOCKED);
	assert_int_equal(fake_entries(), 0);
}

/* --- while the person has not begun --------------------------------------- */

struct typing {
	pthread_t thread;
	CK_SESSION_HANDLE session;
	CK_RV rv;
};

static void *type(void *arg)
{
	struct typing *t = arg;

	t->rv = F->C_Login(t->session, CKU_USER, NULL, 0);
	return NULL;
}

static void begin_typing(struct typing *t)
{
	fake_person_waits(true);
	assert_int_equal(pthread_create(&t->thread, NULL, type, t), 0);
	for (int i = 0; i < 400 && !fake_entering(); i++)
		usleep(5000);
	assert_true(fake_entering());
}

static CK_RV end_typing(struct typing *t)
{
	fake_person_waits(false);
	assert_int_equal(pthread_join(t->thread, NULL), 0);
	return t->rv;
}

/* What is in memory is told; the other reader's card works, and comes and goes.
 */
static void others_meanwhile(void **state)
{
	struct typing t = { .rv = CKR_GENERAL_ERROR };
	CK_SLOT_INFO slot;
	CK_SESSION_INFO session;
	CK_MECHANISM_TYPE list[64];
	CK_SLOT_ID slots[8];
	CK_ULONG n = 64, slot_count = 8;

	(void)state;
	pad(FAKE_PIN);
	fake_insert(1, 2);
	await_token(1, CKR_OK);
	t.session = open_ro(0);
	begin_typing(&t);
	assert_true(says_protected(0));
	expect_rv(F->C_GetSlotInfo(0, &slot), CKR_OK);
	expect_rv(F->C_GetSessionInfo(t.session, &session), CKR_OK);
	assert_int_equal(session.state, CKS_RO_PUBLIC_SESSION);
	expect_rv(F->C_GetMechanismList(0, list, &n), CKR_OK);
	expect_rv(F->C_GetSlotList(CK_TRUE, slots, &slot_count), CKR_OK);
	assert_int_equal(slot_count, 2);
	expect_rv(login(open_ro(1), CKU_USER, FAKE_PIN), CKR_OK);
	fresh_card(1, 3);
	assert_true(fake_entering());
	expect_rv(end_typing(&t), CKR_OK);
	expect_rv(F->C_GetSessionInfo(t.session, &session), CKR_OK);
	assert_int_equal(session.state, CKS_RO_USER_FUNCTIONS);
}

static void *close_session(void *arg)
{
	struct typing *t = arg;

	t->rv = F->C_CloseSession(t->session);
	return NULL;
}

/* Whoever wants more than to know waits for the end of the entry. */
static void closing_meanwhile(void **state)
{
	struct typing t = { 0 }, other = { .rv = CKR_GENERAL_ERROR };

	(void)state;
	pad(FAKE_PIN);
	t.session = other.session = open_ro(0);
	begin_typing(&t);
	assert_int_equal(
	    pthread_create(&other.thread, NULL, close_session, &other), 0);
	usleep(50000);
	assert_true(fake_entering());
	expect_rv(end_typing(&t), CKR_OK);
	assert_int_equal(pthread_join(other.thread, NULL), 0);
	expect_rv(other.rv, CKR_OK);
}

/* The card is pulled out: the entry ends, the token is gone; the next card is
 * seen. */
static void pulled_meanwhile(void **state)
{
	struct typing t = { 0 };
	CK_SESSION_INFO info;

	(void)state;
	pad(FAKE_PIN);
	t.session = open_ro(0);
	begin_typing(&t);
	fake_remove(0);
	assert_int_equal(pthread_join(t.thread, NULL), 0);
	expect_rv(t.rv, CKR_DEVICE_REMOVED);
	await_token(0, CKR_TOKEN_NOT_PRESENT);
	expect_rv(
	    F->C_GetSessionInfo(t.session, &info), CKR_SESSION_HANDLE_INVALID);
	fake_person_waits(false);
	fresh_card(0, 4);
	t.session = open_ro(0);
	expect_rv(F->C_Login(t.session, CKU_USER, NULL, 0), CKR_OK);
}

/* C_Finalize waits for the person. */
static void finalized_meanwhile(void **state)
{
	struct typing t = { 0 };

	(void)state;
	pad(FAKE_PIN);
	t.session = open_ro(0);
	begin_typing(&t);
	fake_person_waits(false);
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	assert_int_equal(pthread_join(t.thread, NULL), 0);
	expect_rv(t.rv, CKR_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_pad),
		TEST(user_and_officer),
		TEST(given_pins_still_work),
		TEST(consent),
		TEST(ends_of_an_entry),
		TEST(changing),
		TEST(others_meanwhile),
		TEST(closing_meanwhile),
		TEST(pulled_meanwhile),
		TEST(finalized_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
