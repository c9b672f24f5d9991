/* Threads: at the same work, at all kinds of it, at the beginning and the end.
 * That nothing is torn is for the thread sanitizer to say. */
#include "cmocka_all.h"
#include "p11_make.h"

#include "ukey/vendor.h"

#include <pthread.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 25, UNREST = 60 };

static void *work(void *arg)
{
	CK_SESSION_HANDLE s = 0, spare = 0;
	CK_TOKEN_INFO info;
	CK_RV rv = CKR_OK;

	/* the login must outlive each round */
	(void)F->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &spare);
	for (int i = 0; i < ROUNDS && rv == CKR_OK; i++) {
		rv = sign_once(0);
		(void)F->C_GetTokenInfo(0, &info);
		(void)F->C_GetSlotList(CK_TRUE, NULL, &(CK_ULONG){ 0 });
		(void)F->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s);
	}
	*(CK_RV *)arg = rv;
	return NULL;
}

static void threads(void **state)
{
	pthread_t t[THREADS];
	CK_RV rv[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, &rv[i]), 0);
	for (int i = 0; i < 20; i++) { /* unrest in another slot */
		fake_insert(1, 2);
		usleep(2000);
		fake_remove(1);
		usleep(2000);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		expect_rv(rv[i], CKR_OK);
	}
}

/* --- at everything, while the card comes and goes --------------------------
 */

/* What a call may answer when another thread, or the desk, was faster. */
static bool expected(CK_RV rv)
{
	static const CK_RV known[] = { CKR_OK, CKR_NO_EVENT, CKR_DEVICE_REMOVED,
		CKR_TOKEN_NOT_PRESENT, CKR_SESSION_HANDLE_INVALID,
		CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID,
		CKR_USER_NOT_LOGGED_IN, CKR_USER_ALREADY_LOGGED_IN,
		/* a logout ends what the others have begun */
		CKR_OPERATION_NOT_INITIALIZED };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (rv == known[i])
			return true;
	return false;
}

static CK_RV first(
    CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *o)
{
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_ULONG n = 0;
	CK_RV rv = F->C_FindObjectsInit(s, &t, 1);

	*o = 0;
	if (rv == CKR_OK)
		rv = F->C_FindObjects(s, o, 1, &n);
	if (rv == CKR_OK)
		rv = F->C_FindObjectsFinal(s);
	return rv;
}

/* The certificate of the key that wants a consent; 0 if it cannot be seen. */
static CK_OBJECT_HANDLE find_second(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_BYTE id = 2;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, &id, 1 } };
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG n;

	if (F->C_FindObjectsInit(s, t, 2) == CKR_OK) {
		(void)F->C_FindObjects(s, &o, 1, &n);
		(void)F->C_FindObjectsFinal(s);
	}
	return o;
}

static CK_RV log_in(CK_SESSION_HANDLE s)
{
	return login(s, CKU_USER, FAKE_PIN);
}

static CK_RV log_out(CK_SESSION_HANDLE s)
{
	return F->C_Logout(s);
}

static CK_RV sign(CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE key;
	CK_RV rv = first(s, CKO_PRIVATE_KEY, &key);

	return rv == CKR_OK ? sign_with(s, key) : rv;
}

static CK_RV shows(void *arg, const struct ukey_item *items, CK_ULONG n)
{
	(void)arg;
	(void)items;
	usleep(500);
	return n == 1 ? CKR_OK : CKR_FUNCTION_REJECTED;
}

static CK_RV show_and_sign(CK_SESSION_HANDLE s)
{
	static const CK_BYTE text[] =
	    "<T><D><M><k>Amount</k><v>1.00 CNY</v></M></D></T>";
	const struct ukey_transaction t = { .text = text,
		.text_len = sizeof(text) - 1,
		.show = shows,
		.pin = (const CK_UTF8CHAR *)FAKE_PIN,
		.pin_len = 6 };
	CK_MECHANISM m = { CKM_ECDSA_SHA256, NULL, 0 };
	CK_UTF8CHAR name[] = UKEY_INTERFACE_NAME;
	const struct ukey_functions *v;
	struct ukey_report report;
	CK_BYTE sig[64];
	CK_ULONG n = sizeof(sig);
	CK_INTERFACE *i;
	CK_RV rv = C_GetInterface(name, NULL, &i, 0);

	if (rv != CKR_OK)
		return rv;
	v = i->pFunctionList;
	return v->sign_transaction(s, &m, find_second(s), &t, sig, &n, &report);
}

static CK_RV read_certificate(CK_SESSION_HANDLE s)
{
	CK_BYTE value[4096];
	CK_ATTRIBUTE t = { CKA_VALUE, value, sizeof(value) };
	CK_OBJECT_HANDLE cert;
	CK_RV rv = first(s, CKO_CERTIFICATE, &cert);

	return rv == CKR_OK ? F->C_GetAttributeValue(s, cert, &t, 1) : rv;
}

static CK_RV verify(CK_SESSION_HANDLE s)
{
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE text[16] = { 0 }, sig[256] = { 0 };
	CK_OBJECT_HANDLE key;
	CK_RV rv = first(s, CKO_PUBLIC_KEY, &key);

	if (rv == CKR_OK)
		rv = F->C_VerifyInit(s, &m, key);
	if (rv == CKR_OK)
		rv = F->C_Verify(s, text, sizeof(text), sig, sizeof(sig));
	return rv == CKR_SIGNATURE_INVALID ? CKR_OK : rv;
}

static CK_RV own_object(CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "other");
	CK_OBJECT_HANDLE one, two;
	struct tmpl t = { 0 };
	CK_ULONG size;
	CK_RV rv;

	t_data(&t);
	rv = t_create(s, &t, &one);
	if (rv == CKR_OK)
		rv = F->C_CopyObject(s, one, &label, 1, &two);
	if (rv == CKR_OK)
		rv = F->C_GetObjectSize(s, two, &size);
	if (rv == CKR_OK)
		rv = F->C_SetAttributeValue(s, one, &label, 1);
	if (rv == CKR_OK)
		rv = F->C_DestroyObject(s, two);
	return rv;
}

static CK_RV digest(CK_SESSION_HANDLE s)
{
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };
	CK_BYTE data[64] = { 0 }, out[32];
	CK_ULONG n = sizeof(out);
	CK_RV rv = F->C_DigestInit(s, &m);

	if (rv == CKR_OK)
		rv = F->C_DigestUpdate(s, data, sizeof(data));
	if (rv == CKR_OK)
		rv = F->C_DigestFinal(s, out, &n);
	if (rv == CKR_OK)
		rv = F->C_GenerateRandom(s, out, sizeof(out));
	return rv;
}

static CK_RV look(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO session;
	CK_TOKEN_INFO token;
	CK_SLOT_INFO slot;
	CK_SLOT_ID ids[8];
	CK_ULONG n = 8;
	CK_RV rv = F->C_GetSlotList(CK_TRUE, ids, &n);

	if (rv == CKR_OK)
		rv = F->C_GetSlotInfo(0, &slot);
	if (rv == CKR_OK)
		rv = F->C_GetTokenInfo(0, &token);
	if (rv == CKR_OK)
		rv = F->C_GetSessionInfo(s, &session);
	if (rv == CKR_OK)
		rv = F->C_WaitForSlotEvent(CKF_DONT_BLOCK, ids, NULL);
	return rv;
}

static CK_RV close_another(CK_SESSION_HANDLE s)
{
	return F->C_CloseSession(s > 1 ? s - 1 : s);
}

static CK_RV (*const work_of_all_kinds[])(CK_SESSION_HANDLE) = { log_in, sign,
	show_and_sign, read_certificate, verify, own_object, digest, look,
	log_in, sign, log_out, close_another };

enum { KINDS = sizeof(work_of_all_kinds) / sizeof(work_of_all_kinds[0]) };

/* arg: where this thread begins, and what it did not expect. */
static void *work_at_everything(void *arg)
{
	CK_RV *mine = arg, rv = CKR_OK;
	CK_SESSION_HANDLE s = 0;
	size_t kind = *mine;

	for (int i = 0; i < UNREST && expected(rv); i++) {
		rv = work_of_all_kinds[kind++ % KINDS](s);
		if (rv == CKR_SESSION_HANDLE_INVALID ||
		    rv == CKR_DEVICE_REMOVED)
			rv = F->C_OpenSession(
			    0, CKF_SERIAL_SESSION, NULL, NULL, &s);
	}
	*mine = expected(rv) ? CKR_OK : rv;
	return NULL;
}

/* People do not ask before they take a card out; programs do. */
static void disturb(int i)
{
	static void (*const what[])(int) = { fake_reset_card, fake_change };

	if (i % 3 == 0) {
		fake_remove(0);
		usleep(1000);
		fake_insert(0, (uint8_t)(1 + i / 3 % 2));
	} else {
		fake_seize(0);
		what[i % 3 - 1](0);
		fake_let_go(0);
	}
}

static void threads_at_everything(void **state)
{
	pthread_t t[THREADS];
	CK_RV rv[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		rv[i] = i;
		pthread_create(&t[i], NULL, work_at_everything, &rv[i]);
	}
	for (int i = 0; i < 20; i++) {
		usleep(2000);
		disturb(i);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < THREADS; i++)
		expect_rv(rv[i], CKR_OK);
	await_token(0, CKR_OK);
	(void)sign_once(0); /* the last reset may be noticed only now */
	expect_rv(sign_once(0), CKR_OK);
}

/* --- the beginning and the end -----------------------------------------------
 */

static void *sign_until_the_end(void *arg)
{
	CK_RV rv;

	do {
		rv = sign_once(0);
	} while (rv == CKR_OK || rv == CKR_USER_NOT_LOGGED_IN ||
		 rv == CKR_KEY_HANDLE_INVALID);
	*(CK_RV *)arg = rv;
	return NULL;
}

/* Calls that are inside when C_Finalize comes end as they would have. */
static void finalized_during_calls(void **state)
{
	pthread_t t[THREADS];
	CK_RV rv[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, sign_until_the_end, &rv[i]);
	usleep(20000);
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		expect_rv(rv[i], CKR_CRYPTOKI_NOT_INITIALIZED);
	}
}

static void *initialize(void *arg)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	*(CK_RV *)arg = F->C_Initialize(&args);
	return NULL;
}

static void initialised_by_many(void **state)
{
	pthread_t t[THREADS];
	CK_RV rv[THREADS];
	int good = 0;

	(void)state;
	expect_rv(F->C_Finalize(NULL), CKR_OK);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, initialize, &rv[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		good += rv[i] == CKR_OK;
		if (rv[i] != CKR_OK)
			expect_rv(rv[i], CKR_CRYPTOKI_ALREADY_INITIALIZED);
	}
	assert_int_equal(good, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(threads),
		TEST(threads_at_everything),
		TEST(finalized_during_calls),
		TEST(initialised_by_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
