/* Logins and PINs. */
#include "cmocka_all.h"
#include "mem.h"
#include "p11_run.h"

enum {
	USER_FLAGS = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY |
		     CKF_USER_PIN_LOCKED,
	SO_FLAGS = CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY |
		   CKF_SO_PIN_LOCKED
};

static void order(void **state)
{
	CK_SESSION_HANDLE s = open_rw(0), ro;

	(void)state;
	expect_rv(F->C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	expect_rv(login(s, 99, FAKE_PIN), CKR_USER_TYPE_INVALID);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_USER_ALREADY_LOGGED_IN);
	expect_rv(
	    login(s, CKU_SO, FAKE_PUK), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	expect_rv(F->C_Logout(s), CKR_OK);
	ro = open_ro(0);
	expect_rv(login(s, CKU_SO, FAKE_PUK), CKR_SESSION_READ_ONLY_EXISTS);
	expect_rv(login(ro, CKU_SO, FAKE_PUK), CKR_SESSION_READ_ONLY_EXISTS);
	expect_rv(F->C_CloseSession(ro), CKR_OK);
	expect_rv(login(s, CKU_SO, FAKE_PUK), CKR_OK);
	expect_rv(F->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro),
	    CKR_SESSION_READ_WRITE_SO_EXISTS);
	expect_rv(F->C_Logout(s), CKR_OK);
}

/* Neither empty nor overlong PINs reach the card. */
static void pins_that_stay_here(void **state)
{
	CK_SESSION_HANDLE s = open_rw(0);
	CK_UTF8CHAR pin[100] = "123456";

	(void)state;
	expect_rv(F->C_Login(s, CKU_USER, NULL, 0), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_Login(s, CKU_USER, NULL, 6), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_Login(s, CKU_USER, pin, 0), CKR_PIN_INCORRECT);
	expect_rv(F->C_Login(s, CKU_USER, pin, 100), CKR_PIN_INCORRECT);
	expect_rv(F->C_SetPIN(s, pin, 0, pin, 6), CKR_PIN_LEN_RANGE);
	expect_rv(F->C_SetPIN(s, pin, 6, pin, 0), CKR_PIN_LEN_RANGE);
	expect_rv(F->C_SetPIN(s, NULL, 6, pin, 6), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_SetPIN(s, pin, 6, NULL, 6), CKR_ARGUMENTS_BAD);
	assert_int_equal(fake_tries[0], 3);
	assert_int_equal(token_flags(0) & USER_FLAGS, 0);
	assert_int_equal(fake_commands(), 0);
}

static void wrong_pins(void **state)
{
	CK_SESSION_HANDLE s = open_rw(0);
	CK_UTF8CHAR pin[] = FAKE_PIN;

	(void)state;
	expect_rv(login(s, CKU_USER, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(token_flags(0) & USER_FLAGS, CKF_USER_PIN_COUNT_LOW);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	assert_int_equal(token_flags(0) & USER_FLAGS, 0);
	expect_rv(F->C_Logout(s), CKR_OK);
	expect_rv(login(s, CKU_USER, "000000"), CKR_PIN_INCORRECT);
	expect_rv(login(s, CKU_USER, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(token_flags(0) & USER_FLAGS,
	    CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
	expect_rv(login(s, CKU_USER, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(token_flags(0) & USER_FLAGS, CKF_USER_PIN_LOCKED);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_PIN_LOCKED);
	/* the security officer helps */
	expect_rv(login(s, CKU_SO, "00000000"), CKR_PIN_INCORRECT);
	assert_int_equal(token_flags(0) & SO_FLAGS, CKF_SO_PIN_COUNT_LOW);
	expect_rv(login(s, CKU_SO, FAKE_PUK), CKR_OK);
	assert_int_equal(token_flags(0) & SO_FLAGS, 0);
	expect_rv(F->C_InitPIN(s, pin, 6), CKR_OK);
	expect_rv(F->C_Logout(s), CKR_OK);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
}

/* The service resets the card for another program's sake between selection and
 * PIN; that PIN was not sent, and is, once. */
static void reset_before_the_pin(void **state)
{
	CK_SESSION_HANDLE s = open_rw(0);

	(void)state;
	fake_fail(2, UK_ERR_CARD_RESET);
	expect_rv(login(s, CKU_USER, "999999"), CKR_PIN_INCORRECT);
	assert_true(fake_failed());
	assert_int_equal(fake_tries[0], 2);
	fake_fail(2, UK_ERR_CARD_RESET);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	assert_true(fake_failed());
	expect_rv(F->C_Logout(s), CKR_OK);
}

/* Whatever becomes of the command: after a logout the card is closed. */
static void logout_that_fails(void **state)
{
	static const enum uk_code codes[] = { UK_ERR_CARD_MUTE, UK_ERR_IO,
		UK_ERR_CARD_RESET, UK_ERR_CARD_STATUS };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		CK_SESSION_HANDLE s = open_rw(0);
		CK_SESSION_INFO info;

		expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
		assert_true(fake_is_open(0));
		fake_fail(1, codes[i]);
		/* a reset is what was wanted */
		assert_int_equal(
		    F->C_Logout(s) == CKR_OK, codes[i] == UK_ERR_CARD_RESET);
		assert_true(fake_failed());
		assert_false(fake_is_open(0));
		expect_rv(F->C_GetSessionInfo(s, &info), CKR_OK);
		assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
		expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
		expect_rv(F->C_Logout(s), CKR_OK);
		assert_false(fake_is_open(0));
		expect_rv(F->C_CloseSession(s), CKR_OK);
	}
}

static void changing(void **state)
{
	CK_SESSION_HANDLE ro = open_ro(0), rw = open_rw(0);
	CK_UTF8CHAR old[] = FAKE_PIN, wrong[] = "000000", new[] = "654321";

	(void)state;
	expect_rv(F->C_SetPIN(ro, old, 6, new, 6), CKR_SESSION_READ_ONLY);
	expect_rv(F->C_SetPIN(rw, wrong, 6, new, 6), CKR_PIN_INCORRECT);
	expect_rv(F->C_SetPIN(rw, old, 6, new, 6), CKR_OK);
	expect_rv(F->C_InitPIN(rw, new, 6), CKR_USER_NOT_LOGGED_IN);
	expect_rv(login(rw, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(F->C_InitPIN(rw, new, 6), CKR_USER_NOT_LOGGED_IN);
	expect_rv(F->C_SetPIN(rw, old, 6, new, 6), CKR_OK);
}

/* The PUK as the old PIN, when nobody is logged in and the PIN is blocked. */
static void unblocking(void **state)
{
	CK_SESSION_HANDLE s = open_rw(0);
	CK_UTF8CHAR pin[] = FAKE_PIN, puk[] = FAKE_PUK, wrong[] = "00000000";

	(void)state;
	/* not blocked: it is a wrong PIN */
	expect_rv(F->C_SetPIN(s, puk, 8, pin, 6), CKR_PIN_INCORRECT);
	expect_rv(login(s, CKU_USER, "000000"), CKR_PIN_INCORRECT);
	expect_rv(login(s, CKU_USER, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(token_flags(0) & USER_FLAGS, CKF_USER_PIN_LOCKED);
	/* somebody's old PIN is no try of the PUK */
	expect_rv(F->C_SetPIN(s, pin, 6, pin, 6), CKR_PIN_LOCKED);
	assert_int_equal(token_flags(0) & SO_FLAGS, 0);
	expect_rv(F->C_SetPIN(s, wrong, 8, pin, 6), CKR_PIN_INCORRECT);
	assert_int_equal(token_flags(0) & SO_FLAGS, CKF_SO_PIN_COUNT_LOW);
	expect_rv(F->C_SetPIN(s, puk, 8, pin, 6), CKR_OK);
	assert_int_equal(token_flags(0) & USER_FLAGS, 0);
	assert_int_equal(token_flags(0) & SO_FLAGS, 0);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
}

static CK_UTF8CHAR my_card[] = "My card                         ";

static void initialising(void **state)
{
	CK_UTF8CHAR puk[] = FAKE_PUK,
		    blanks[] = "                                ";
	CK_SESSION_HANDLE s = open_rw(0);
	CK_TOKEN_INFO info;

	(void)state;
	expect_rv(F->C_InitToken(0, puk, 8, my_card), CKR_SESSION_EXISTS);
	expect_rv(F->C_CloseSession(s), CKR_OK);
	fake_commands();
	expect_rv(F->C_InitToken(0, NULL, 8, my_card), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_InitToken(0, puk, 8, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_InitToken(0, puk, 8, blanks), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_InitToken(0, puk, 0, my_card), CKR_PIN_LEN_RANGE);
	expect_rv(F->C_InitToken(77, puk, 8, my_card), CKR_SLOT_ID_INVALID);
	assert_int_equal(fake_commands(), 0);
	puk[0]++;
	expect_rv(F->C_InitToken(0, puk, 8, my_card), CKR_PIN_INCORRECT);
	assert_int_equal(token_flags(0) & SO_FLAGS, CKF_SO_PIN_COUNT_LOW);
	puk[0]--;
	expect_rv(F->C_InitToken(0, puk, 8, my_card), CKR_OK);
	assert_int_equal(token_flags(0) & SO_FLAGS, 0);
	expect_rv(F->C_GetTokenInfo(0, &info), CKR_OK);
	assert_memory_equal(info.label, my_card, 32);
	s = open_rw(0);
	expect_rv(F->C_InitPIN(s, puk, 8), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(count_objects(s), 8);
	fake_remove(0);
	await_token(0, CKR_TOKEN_NOT_PRESENT);
	expect_rv(F->C_InitToken(0, puk, 8, my_card), CKR_TOKEN_NOT_PRESENT);
}

static CK_RV init_token(void)
{
	CK_UTF8CHAR puk[] = FAKE_PUK;

	return F->C_InitToken(0, puk, 8, my_card);
}

static void initialising_fails(void **state)
{
	CK_RV rv = CKR_HOST_MEMORY;
	unsigned long nth;

	(void)state;
	for (nth = 1; rv != CKR_OK && nth < 20; nth++) {
		uk_mem_fail_nth(nth);
		rv = init_token();
		uk_mem_fail_nth(0);
		if (rv != CKR_OK)
			expect_rv(rv, CKR_HOST_MEMORY);
	}
	assert_in_range(nth, 2, 19);
	for (nth = 1, rv = CKR_OK; nth < 20; nth++) {
		fake_fail((unsigned)nth, UK_ERR_IO);
		rv = init_token();
		if (!fake_failed())
			break;
		expect_rv(rv, CKR_FUNCTION_FAILED);
	}
	expect_rv(rv, CKR_OK);
}

static void with_a_name(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_UTF8CHAR pin[] = FAKE_PIN, name[] = "zhang";

	(void)state;
	expect_rv(
	    F3->C_LoginUser(s, CKU_USER, pin, 6, NULL, 5), CKR_ARGUMENTS_BAD);
	expect_rv(F3->C_LoginUser(s, CKU_USER, pin, 6, name, 5),
	    CKR_USER_TYPE_INVALID);
	expect_rv(F3->C_LoginUser(s, CKU_USER, pin, 6, NULL, 0), CKR_OK);
	assert_int_equal(fake_tries[0], 3);
}

/* Each command of the call fails in every way: never a wrong answer, never a
 * login that the card does not know of, never a PIN try lost. */
static void failing_commands(void **state)
{
	static const struct {
		enum uk_code code;
		CK_RV rv;
	} ways[] = {
		{ UK_ERR_CARD_REMOVED, CKR_DEVICE_REMOVED },
		{ UK_ERR_CARD_RESET, CKR_DEVICE_ERROR },
		{ UK_ERR_CARD_MUTE, CKR_DEVICE_ERROR },
	};

	(void)state;
	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		for (unsigned nth = 1;; nth++) {
			CK_SESSION_HANDLE s;
			CK_SESSION_INFO info;
			CK_RV rv;

			fresh_card(0, 1);
			s = open_ro(0);
			fake_fail(nth, ways[w].code);
			rv = login(s, CKU_USER, FAKE_PIN);
			fake_fail(0, UK_OK);
			if (rv == CKR_OK)
				break;
			expect_rv(rv, ways[w].rv);
			rv = F->C_GetSessionInfo(s, &info);
			if (ways[w].code == UK_ERR_CARD_REMOVED)
				expect_rv(rv, CKR_SESSION_HANDLE_INVALID);
			else
				assert_int_equal(
				    info.state, CKS_RO_PUBLIC_SESSION);
			assert_int_equal(fake_tries[0], 3);
			if (rv == CKR_OK)
				expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
		}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(order),
		TEST(pins_that_stay_here),
		TEST(wrong_pins),
		TEST(reset_before_the_pin),
		TEST(logout_that_fails),
		TEST(changing),
		TEST(unblocking),
		TEST(initialising),
		TEST(initialising_fails),
		TEST(with_a_name),
		TEST(failing_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
