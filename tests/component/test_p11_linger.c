/* For how long a card is held, and what is proved when it was not. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "p11_run.h"

#include <stdlib.h>
#include <time.h>

enum { A_WHILE_MS = 5000 };

/* --- set-up: with the file of a linger time ------------------------------- */

static int up_with(void **state, const char *conf)
{
	assert_int_equal(setenv("UKEY_PKCS11_CONF", conf, 1), 0);
	return p11_up(state);
}

static int up_long(void **state)
{
	return up_with(state, CONF_LONG);
}

static int up_short(void **state)
{
	return up_with(state, CONF_SHORT);
}

static int up_off(void **state)
{
	return up_with(state, CONF_OFF);
}

/* --- short words ---------------------------------------------------------- */

static CK_RV begin(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, bool rsa)
{
	CK_MECHANISM m = { rsa ? CKM_SHA256_RSA_PKCS : CKM_ECDSA_SHA256, NULL,
		0 };

	return F->C_SignInit(s, &m, key);
}

static CK_RV finish(CK_SESSION_HANDLE s)
{
	CK_BYTE data[] = "abc", sig[512];
	CK_ULONG n = sizeof(sig);

	return F->C_Sign(s, data, 3, sig, &n);
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_RV rv = begin(s, key, true);

	return rv == CKR_OK ? finish(s) : rv;
}

static void await(bool (*is)(int i), bool wanted)
{
	const struct timespec step = { 0, 5 * 1000 * 1000 };

	for (int ms = 0; is(0) != wanted; ms += 5) {
		assert_true(ms < A_WHILE_MS);
		(void)nanosleep(&step, NULL);
	}
}

static CK_SESSION_HANDLE logged_in(void)
{
	CK_SESSION_HANDLE s = open_rw(0);

	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	return s;
}

/* Key 2 asks for consent; here it is given, and waits. */
static CK_SESSION_HANDLE consenting(void)
{
	CK_SESSION_HANDLE s = logged_in();

	expect_rv(begin(s, find(s, CKO_PRIVATE_KEY, 2), false), CKR_OK);
	expect_rv(login(s, CKU_CONTEXT_SPECIFIC, FAKE_PIN), CKR_OK);
	assert_true(fake_has_consent(0));
	assert_true(fake_is_held(0));
	return s;
}

/* --- lingering ------------------------------------------------------------ */

/* From C_Initialize to the last signature nobody can come between: selected
 * once, and nothing but the work itself is sent. */
static void a_burst_is_one_transaction(void **state)
{
	CK_SESSION_HANDLE s = open_rw(0);
	CK_OBJECT_HANDLE key;

	(void)state;
	fake_refreshes(true);
	fake_begins();
	assert_true(fake_is_held(0)); /* since it was recognised */
	fake_commands();
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	assert_int_equal(fake_commands(), 1);
	key = find(s, CKO_PRIVATE_KEY, 1);
	fake_commands();
	for (int i = 0; i < 10; i++)
		expect_rv(sign(s, key), CKR_OK);
	assert_int_equal(fake_commands(), 10);
	assert_int_equal(fake_begins(), 0);
}

static void it_ends_by_itself(void **state)
{
	CK_SESSION_HANDLE s = logged_in();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 1);

	(void)state;
	fake_refreshes(true);
	await(fake_is_held, false);
	fake_commands();
	fake_begins();
	/* Somebody may have come between: that is asked first. */
	expect_rv(sign(s, key), CKR_OK);
	assert_int_equal(fake_begins(), 1);
	assert_int_equal(fake_commands(), 2);
	await(fake_is_held, false);
	assert_true(fake_is_open(0));
}

/* Also of who is logged in; SELECT, where nothing else would tell. */
static void no_pin_for_another_application(void **state)
{
	CK_SESSION_HANDLE s = logged_in();
	CK_UTF8CHAR old[] = FAKE_PIN, new[] = "654321";

	(void)state;
	await(fake_is_held, false);
	fake_steal(0);
	fake_commands();
	expect_rv(F->C_SetPIN(s, old, 6, new, 6), CKR_OK);
	assert_int_equal(fake_commands(), 2);
	assert_int_equal(fake_tries[0], 3);
}

static void it_ends_with_the_module(void **state)
{
	(void)state;
	(void)logged_in();
	assert_true(fake_is_held(0));
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	assert_false(fake_is_held(0));
	assert_false(fake_is_open(0));
}

static void switched_off(void **state)
{
	CK_SESSION_HANDLE s = logged_in();

	(void)state;
	assert_false(fake_is_held(0));
	expect_rv(sign(s, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	assert_false(fake_is_held(0));
}

/* Where we may not have a thread, nobody would let go. */
static void without_threads(void **state)
{
	CK_C_INITIALIZE_ARGS args = {
		.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS
	};
	CK_SESSION_HANDLE s;

	(void)state;
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	expect_rv(F->C_Initialize(&args), CKR_OK);
	assert_false(fake_is_held(0));
	s = consenting(); /* but that is held */
	expect_rv(finish(s), CKR_OK);
	assert_false(fake_is_held(0));
}

static void a_card_pulled_while_it_is_held(void **state)
{
	(void)state;
	(void)logged_in();
	fake_remove(0);
	await_token(0, CKR_TOKEN_NOT_PRESENT);
	fake_insert(0, 2);
	await_token(0, CKR_OK);
	expect_rv(sign(logged_in(), 1), CKR_KEY_HANDLE_INVALID);
}

/* --- what others do between ------------------------------------------------
 */

static CK_OBJECT_HANDLE make_data(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BYTE note[] = { 1, 2, 3, 4 };
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &yes, sizeof(yes) }, { CKA_VALUE, note, 4 } };
	CK_OBJECT_HANDLE made = 0;

	expect_rv(F->C_CreateObject(s, t, 3, &made), CKR_OK);
	return made;
}

/* Another program destroys an object, and our login lives on: the search does
 * not show it any more, and its handle is dead. */
static void changes_are_seen(void **state)
{
	CK_SESSION_HANDLE s = logged_in();
	CK_OBJECT_HANDLE key = find(s, CKO_PRIVATE_KEY, 1), made;
	CK_BYTE value[8];
	CK_ATTRIBUTE ask = { CKA_VALUE, value, sizeof(value) };
	size_t before = count_objects(s);

	(void)state;
	fake_refreshes(true);
	made = make_data(s);
	assert_int_equal(count_objects(s), before + 1);
	expect_rv(F->C_GetAttributeValue(s, made, &ask, 1), CKR_OK);
	fake_change_quietly(0);
	assert_int_equal(count_objects(s), before);
	expect_rv(F->C_GetAttributeValue(s, made, &ask, 1),
	    CKR_OBJECT_HANDLE_INVALID);
	expect_rv(sign(s, key), CKR_OK);
}

/* The key itself is another's now: it signs nothing. */
static void a_key_that_is_gone(void **state)
{
	CK_SESSION_HANDLE s = logged_in();
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG bits = 2048;
	CK_BYTE id[] = { 9 };
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { { CKA_MODULUS_BITS, &bits, sizeof(bits) } };
	CK_ATTRIBUTE private[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &yes, sizeof(yes) }, { CKA_SIGN, &yes, 1 },
		{ CKA_ID, id, 1 } };
	CK_OBJECT_HANDLE pub, key;

	(void)state;
	fake_refreshes(true);
	expect_rv(
	    F->C_GenerateKeyPair(s, &m, public, 1, private, 4, &pub, &key),
	    CKR_OK);
	expect_rv(sign(s, key), CKR_OK);
	expect_rv(begin(s, key, true), CKR_OK);
	fake_change_quietly(0);
	expect_rv(finish(s), CKR_KEY_HANDLE_INVALID);
	expect_rv(sign(s, key), CKR_KEY_HANDLE_INVALID);
	expect_rv(sign(s, find(s, CKO_PRIVATE_KEY, 1)), CKR_OK);
}

/* --- consent ---------------------------------------------------------------
 */

static void a_consent_is_used_once(void **state)
{
	CK_SESSION_HANDLE s = consenting();

	(void)state;
	expect_rv(finish(s), CKR_OK);
	assert_false(fake_has_consent(0));
	assert_false(fake_is_held(0));
	expect_rv(begin(s, find(s, CKO_PRIVATE_KEY, 2), false), CKR_OK);
	expect_rv(finish(s), CKR_USER_NOT_LOGGED_IN);
}

static void cancel(CK_SESSION_HANDLE s)
{
	expect_rv(F3->C_SessionCancel(s, CKF_SIGN), CKR_OK);
}

static void cancel_with_init(CK_SESSION_HANDLE s)
{
	(void)F->C_SignInit(s, NULL, 0);
}

static void close_session(CK_SESSION_HANDLE s)
{
	expect_rv(F->C_CloseSession(s), CKR_OK);
}

static void log_out(CK_SESSION_HANDLE s)
{
	expect_rv(F->C_Logout(s), CKR_OK);
}

static void finalize(CK_SESSION_HANDLE s)
{
	(void)s;
	expect_rv(F->C_Finalize(NULL), CKR_OK);
}

static void fail_to_sign(CK_SESSION_HANDLE s)
{
	fake_fail(1, UK_ERR_CONDITIONS);
	expect_rv(finish(s), CKR_FUNCTION_REJECTED);
}

/* A call whose arguments are wrong ends the operation before the card is
 * asked. */
static void sign_nothing(CK_SESSION_HANDLE s)
{
	CK_ULONG n = 512;
	CK_BYTE sig[512];

	expect_rv(F->C_Sign(s, NULL, 3, sig, &n), CKR_ARGUMENTS_BAD);
}

/* However the signature does not come: the card is asked to forget. */
static void a_consent_that_is_not_used(void **state)
{
	static void (*const ends[])(CK_SESSION_HANDLE s) = { cancel,
		cancel_with_init, close_session, log_out, fail_to_sign,
		sign_nothing, finalize };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		CK_SESSION_HANDLE s = consenting();

		ends[i](s);
		if (fake_has_consent(0) || fake_is_held(0))
			fail_msg("way %zu: consent %d, held %d", i,
			    fake_has_consent(0), fake_is_held(0));
		(void)F->C_CloseAllSessions(0);
	}
}

/* The card does not answer to that either: it is reset. */
static void a_consent_that_cannot_be_taken_back(void **state)
{
	CK_SESSION_HANDLE s = consenting();

	(void)state;
	fake_fail(1, UK_ERR_CARD_MUTE);
	cancel(s);
	assert_true(fake_failed());
	assert_false(fake_has_consent(0));
	assert_false(fake_is_held(0));
	assert_false(fake_is_open(0));
}

/* It belongs to the operation: another session's has none. */
static void a_consent_is_nobody_elses(void **state)
{
	CK_SESSION_HANDLE s = consenting(), other = open_ro(0);

	(void)state;
	expect_rv(begin(other, find(other, CKO_PRIVATE_KEY, 2), false), CKR_OK);
	expect_rv(finish(other), CKR_USER_NOT_LOGGED_IN);
	assert_true(fake_has_consent(0));
	expect_rv(finish(s), CKR_OK);
}

#define TEST(up, name) cmocka_unit_test_setup_teardown(name, up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(up_long, a_burst_is_one_transaction),
		TEST(up_short, it_ends_by_itself),
		TEST(up_short, no_pin_for_another_application),
		TEST(up_long, it_ends_with_the_module),
		TEST(up_off, switched_off),
		TEST(up_long, without_threads),
		TEST(up_long, a_card_pulled_while_it_is_held),
		TEST(up_off, changes_are_seen),
		TEST(up_off, a_key_that_is_gone),
		TEST(up_off, a_consent_is_used_once),
		TEST(up_off, a_consent_that_is_not_used),
		TEST(up_off, a_consent_that_cannot_be_taken_back),
		TEST(up_off, a_consent_is_nobody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
