/* Signing one message after the other (3.0, 5.14). */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "p11_run.h"

/* FIPS 180-4 examples: SHA-256 of "abc" and of nothing. */
#define SHA256_ABC                                                             \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA256_EMPTY                                                           \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
/* RFC 8017, 9.2, note 1: the DigestInfo in front of a SHA-256. */
#define INFO_SHA256 "3031300d060960864801650304020105000420"

static CK_SESSION_HANDLE s;
static CK_OBJECT_HANDLE key;
static CK_BYTE abc[] = { 'a', 'b', 'c' };
static CK_BYTE sig[512];
static CK_ULONG sig_len;

static int up(void **state)
{
	int bad = p11_up(state);

	s = open_ro(0);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(s, CKO_PRIVATE_KEY, 1);
	return bad;
}

static CK_RV init(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE with)
{
	CK_MECHANISM m = { type, NULL, 0 };

	return F3->C_MessageSignInit(s, &m, with);
}

static CK_RV sign(CK_ULONG n)
{
	sig_len = sizeof(sig);
	return F3->C_SignMessage(s, NULL, 0, abc, n, sig, &sig_len);
}

static CK_RV next(CK_BYTE *part, CK_ULONG n, CK_ULONG *len)
{
	return F3->C_SignMessageNext(s, NULL, 0, part, n, sig, len);
}

static void expect_signed(const char *input)
{
	expect_bytes(uk_view(fake_last.input, fake_last.input_len), hex(input));
}

static void whole_messages(void **state)
{
	(void)state;
	expect_rv(sign(3), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(CKM_SHA256_RSA_PKCS, key), CKR_OK);
	expect_rv(init(CKM_SHA256_RSA_PKCS, key), CKR_OPERATION_ACTIVE);
	for (int i = 0; i < 3; i++) {
		expect_rv(sign(3), CKR_OK);
		assert_int_equal(sig_len, 256);
		expect_signed(INFO_SHA256 SHA256_ABC);
		expect_rv(sign(0), CKR_OK);
		expect_signed(INFO_SHA256 SHA256_EMPTY);
	}
	/* a question, too little room, and errors end the message at most */
	expect_rv(
	    F3->C_SignMessage(s, NULL, 0, abc, 3, NULL, &sig_len), CKR_OK);
	assert_int_equal(sig_len, 256);
	sig_len = 255;
	expect_rv(F3->C_SignMessage(s, NULL, 0, abc, 3, sig, &sig_len),
	    CKR_BUFFER_TOO_SMALL);
	expect_rv(F3->C_SignMessage(s, NULL, 0, abc, 3, sig, NULL),
	    CKR_ARGUMENTS_BAD);
	expect_rv(F3->C_SignMessage(s, NULL, 0, NULL, 3, sig, &sig_len),
	    CKR_ARGUMENTS_BAD);
	expect_rv(F3->C_SignMessage(s, abc, 3, abc, 3, sig, &sig_len),
	    CKR_MECHANISM_PARAM_INVALID);
	expect_rv(sign(3), CKR_OK);
	expect_signed(INFO_SHA256 SHA256_ABC);
	/* independent of C_Sign */
	expect_rv(
	    F->C_Sign(s, abc, 3, sig, &sig_len), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F3->C_MessageSignFinal(s), CKR_OK);
	expect_rv(F3->C_MessageSignFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(sign(3), CKR_OPERATION_NOT_INITIALIZED);
}

static void in_parts(void **state)
{
	(void)state;
	expect_rv(
	    F3->C_SignMessageBegin(s, NULL, 0), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(CKM_SHA256_RSA_PKCS, key), CKR_OK);
	expect_rv(next(abc, 1, NULL), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(
	    F3->C_SignMessageBegin(s, abc, 1), CKR_MECHANISM_PARAM_INVALID);
	for (int i = 0; i < 2; i++) {
		expect_rv(F3->C_SignMessageBegin(s, NULL, 0), CKR_OK);
		expect_rv(
		    F3->C_SignMessageBegin(s, NULL, 0), CKR_OPERATION_ACTIVE);
		expect_rv(sign(3), CKR_OPERATION_ACTIVE);
		expect_rv(next(abc, 1, NULL), CKR_OK);
		expect_rv(next(abc, 0, NULL), CKR_OK);
		sig_len = 0; /* asking takes nothing in */
		expect_rv(next(abc + 1, 2, &sig_len), CKR_BUFFER_TOO_SMALL);
		assert_int_equal(sig_len, 256);
		expect_rv(F3->C_SignMessageNext(
			      s, NULL, 0, abc + 1, 2, NULL, &sig_len),
		    CKR_OK);
		expect_rv(next(abc + 1, 2, &sig_len), CKR_OK);
		expect_signed(INFO_SHA256 SHA256_ABC);
	}
	expect_rv(next(abc, 1, NULL), CKR_OPERATION_NOT_INITIALIZED);
	/* an error in a part ends the message and nothing else */
	expect_rv(F3->C_SignMessageBegin(s, NULL, 0), CKR_OK);
	expect_rv(next(NULL, 3, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(next(abc, 1, NULL), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(sign(3), CKR_OK);
	expect_signed(INFO_SHA256 SHA256_ABC);
}

/* A mechanism that hashes nothing begins every message with nothing, too. */
static void without_hash(void **state)
{
	(void)state;
	expect_rv(init(CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(sign(3), CKR_OK);
	expect_rv(sign(3), CKR_OK);
	expect_signed("616263");
	expect_rv(F3->C_SignMessageBegin(s, NULL, 0), CKR_OK);
	expect_rv(next(abc, 3, NULL), CKR_OK);
	sig_len = sizeof(sig);
	expect_rv(next(abc, 1, &sig_len), CKR_OK);
	expect_signed("61626361");
}

static void each_wants_consent(void **state)
{
	(void)state;
	expect_rv(init(CKM_ECDSA_SHA256, find(s, CKO_PRIVATE_KEY, 2)), CKR_OK);
	expect_rv(sign(3), CKR_USER_NOT_LOGGED_IN);
	for (int i = 0; i < 2; i++) {
		expect_rv(login(s, CKU_CONTEXT_SPECIFIC, FAKE_PIN), CKR_OK);
		expect_rv(F3->C_SignMessage(s, NULL, 0, abc, 3, NULL, &sig_len),
		    CKR_OK);
		expect_rv(sign(3), CKR_OK);
		assert_int_equal(sig_len, 64);
		expect_signed(SHA256_ABC);
		fake_commands();
		expect_rv(sign(3), CKR_USER_NOT_LOGGED_IN);
		assert_int_equal(fake_commands(), 0);
	}
}

static void wrong_inits(void **state)
{
	CK_OBJECT_HANDLE pub = find(s, CKO_PUBLIC_KEY, 1);

	(void)state;
	expect_rv(init(CKM_SHA256, key), CKR_MECHANISM_INVALID);
	expect_rv(init(CKM_RSA_PKCS_OAEP, key), CKR_MECHANISM_INVALID);
	expect_rv(init(CKM_ECDSA, key), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(init(CKM_RSA_PKCS, pub), CKR_KEY_TYPE_INCONSISTENT);
	expect_rv(init(CKM_RSA_PKCS, 0), CKR_KEY_HANDLE_INVALID);
	expect_rv(F3->C_MessageSignInit(s, NULL, key), CKR_ARGUMENTS_BAD);
	expect_rv(sign(3), CKR_OPERATION_NOT_INITIALIZED);
}

/* NULL instead of a mechanism, C_SessionCancel, C_Logout, the card. */
static void ended_by(void **state)
{
	(void)state;
	expect_rv(init(CKM_RSA_PKCS, key), CKR_OK);
	expect_rv(F3->C_MessageSignInit(s, NULL, 0), CKR_OK);
	expect_rv(sign(3), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(CKM_SHA256_RSA_PKCS, key), CKR_OK);
	expect_rv(F3->C_SignMessageBegin(s, NULL, 0), CKR_OK);
	expect_rv(
	    F3->C_SessionCancel(s, CKF_SIGN | CKF_MESSAGE_VERIFY), CKR_OK);
	expect_rv(next(abc, 1, NULL), CKR_OK);
	expect_rv(F3->C_SessionCancel(s, CKF_MESSAGE_SIGN), CKR_OK);
	expect_rv(next(abc, 1, NULL), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(F3->C_MessageSignFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(init(CKM_SHA256_RSA_PKCS, key), CKR_OK);
	expect_rv(F->C_Logout(s), CKR_OK);
	expect_rv(sign(3), CKR_OPERATION_NOT_INITIALIZED);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(s, CKO_PRIVATE_KEY, 1);
	expect_rv(init(CKM_SHA256_RSA_PKCS, key), CKR_OK);
	fake_fail(1, UK_ERR_CARD_MUTE);
	expect_rv(sign(3), CKR_DEVICE_ERROR);
	expect_rv(sign(3), CKR_OK); /* the operation goes on */
}

static void without_memory(void **state)
{
	CK_RV rv = CKR_HOST_MEMORY;
	unsigned long n;

	(void)state;
	for (n = 1; rv != CKR_OK; n++) {
		assert_true(n < 1000);
		F3->C_SessionCancel(s, CKF_MESSAGE_SIGN);
		uk_mem_fail_nth(n);
		rv = init(CKM_SHA256_RSA_PKCS, key);
		if (rv == CKR_OK)
			rv = sign(3);
		if (rv == CKR_OK)
			rv = F3->C_SignMessageBegin(s, NULL, 0);
		if (rv == CKR_OK)
			rv = next(abc, 3, &sig_len);
		uk_mem_fail_nth(0);
		if (rv != CKR_OK)
			expect_rv(rv, CKR_HOST_MEMORY);
	}
	assert_true(n > 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_messages),
		TEST(in_parts),
		TEST(without_hash),
		TEST(each_wants_consent),
		TEST(wrong_inits),
		TEST(ended_by),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
