/* "Vendor ukey", sign_transaction: shown is what is signed. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "p11_run.h"

#include "ukey/vendor.h"

#include <string.h>

/* A display key's message out of public code (test_txtext.c), and what GNU
 * coreutils' sha256sum makes of it. */
#define MESSAGE                                                                \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?><T><D><M><k>Remitter "      \
	"Name:</k><v>Alan</v></M><M><k>Remitter Account:</k><v>"               \
	"1234567890123456</v></M><M><k>Amount:</k><v>123.23</v></M></D><E>"    \
	"<M><k>Trade ID:</k><v>1234567890</v></M></E></T>"
#define MESSAGE_SHA256                                                         \
	"f73ee3db3a6aa142cecf3984099acb6877525263f2626561a3f9e762130b107f"
/* RFC 8017, 9.2, note 1: the DigestInfo in front of a SHA-256. */
#define INFO_SHA256 "3031300d060960864801650304020105000420"

static const struct ukey_functions *V;
static char text[5000];
static CK_BYTE sig[256];
static CK_ULONG sig_len;
static struct ukey_report report;
static CK_MECHANISM ecdsa;

/* The program and the person before it. */
static struct person {
	CK_SESSION_HANDLE s;
	CK_RV says;     /* to what is shown */
	CK_RV prepares; /* with this result */
	const char *pin;
	bool logs_in;
	bool screen; /* the reader shows the text */
	void (*meanwhile)(void);
	unsigned asked, prepared;
	char saw[600];
	struct ukey_transaction *t;
} person;

static CK_RV show(void *arg, const struct ukey_item *items, CK_ULONG n)
{
	uk_buf b = uk_buf_over(person.saw, sizeof(person.saw));

	assert_ptr_equal(arg, &person);
	assert_false(fake_has_consent(0));
	person.asked++;
	for (CK_ULONG i = 0; i < n; i++) {
		uk_put(&b, uk_view(items[i].key, items[i].key_len));
		uk_put_u8(&b, '=');
		uk_put(&b, uk_view(items[i].value, items[i].value_len));
		uk_put_u8(&b, '\n');
	}
	uk_put_u8(&b, 0);
	assert_false(b.bad);
	if (n > 0) /* a program that scribbles on what it was lent */
		memset(
		    (void *)(uintptr_t)items[0].value, 'X', items[0].value_len);
	if (person.meanwhile != NULL)
		person.meanwhile();
	return person.says;
}

static CK_RV prepare(void *arg)
{
	assert_ptr_equal(arg, &person);
	assert_int_equal(
	    person.asked, person.t->show != NULL && !person.screen);
	person.prepared++;
	if (person.logs_in)
		expect_rv(login(person.s, CKU_USER, FAKE_PIN), CKR_OK);
	person.t->pin = (const CK_UTF8CHAR *)person.pin;
	person.t->pin_len = person.pin == NULL ? 0 : strlen(person.pin);
	return person.prepares;
}

static struct ukey_transaction transaction(void)
{
	return (struct ukey_transaction){ .text = (CK_BYTE *)text,
		.text_len = strlen(text),
		.show = show,
		.prepare = prepare,
		.arg = &person };
}

static CK_RV sign(struct ukey_transaction *t, CK_MECHANISM *m, CK_ULONG key)
{
	person.asked = person.prepared = 0;
	person.saw[0] = '\0';
	person.t = t;
	sig_len = sizeof(sig);
	memset(&report, 0xee, sizeof(report));
	return V->sign_transaction(person.s, m, key, t, sig, &sig_len, &report);
}

/* Key 2, ECDSA with SHA-256. */
static CK_RV sign_text(CK_ULONG key)
{
	struct ukey_transaction t = transaction();

	return sign(&t, &ecdsa, key);
}

static void nothing_reported(void)
{
	static const struct ukey_report nothing;

	assert_memory_equal(&report, &nothing, sizeof(report));
}

static uk_bytes last(void)
{
	return uk_view(fake_last.input, fake_last.input_len);
}

static int up(void **state)
{
	CK_UTF8CHAR name[] = UKEY_INTERFACE_NAME;
	CK_INTERFACE *i;

	if (p11_up(state) != 0)
		return 1;
	expect_rv(C_GetInterface(name, NULL, &i, 0), CKR_OK);
	V = i->pFunctionList;
	strcpy(text, MESSAGE);
	ecdsa = (CK_MECHANISM){ CKM_ECDSA_SHA256, NULL, 0 };
	fake_last = (struct fake_request){ 0 };
	person = (struct person){
		.s = open_ro(0), .pin = FAKE_PIN, .logs_in = true
	};
	return 0;
}

/* --- what it is for ------------------------------------------------------ */

static void shown_then_signed(void **state)
{
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);

	(void)state;
	expect_rv(sign_text(cert), CKR_OK);
	assert_int_equal(person.asked, 1);
	assert_int_equal(person.prepared, 1);
	assert_string_equal(person.saw, "Remitter Name:=Alan\n"
					"Remitter Account:=1234567890123456\n"
					"Amount:=123.23\n");
	assert_int_equal(sig_len, 64);
	assert_int_equal(fake_last.scheme, UK_SIG_ECDSA);
	expect_bytes(last(), hex(MESSAGE_SHA256));
	assert_int_equal(report.display, UKEY_DISPLAY_HOST);
	assert_int_equal(report.shown, 3);
	assert_int_equal(report.items, 4);
	assert_int_equal(report.statement_len, 0);
	expect_bytes(UK_ARRAY(report.text_sha256), hex(MESSAGE_SHA256));
	assert_false(fake_has_consent(0));
	assert_int_equal(fake_tries[0], 3);
}

/* The key by each of its names; the PIN is not for keys that ask for none. */
static void keys(void **state)
{
	CK_MECHANISM rsa = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	struct ukey_transaction t = transaction();

	(void)state;
	expect_rv(login(person.s, CKU_USER, FAKE_PIN), CKR_OK);
	person.logs_in = false;
	expect_rv(sign_text(find(person.s, CKO_PUBLIC_KEY, 2)), CKR_OK);
	expect_rv(sign_text(find(person.s, CKO_PRIVATE_KEY, 2)), CKR_OK);
	person.pin = "000000";
	expect_rv(sign(&t, &rsa, find(person.s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	assert_int_equal(sig_len, 256);
	expect_bytes(last(), hex(INFO_SHA256 MESSAGE_SHA256));
	assert_int_equal(fake_tries[0], 3);
}

/* Whatever happens to the caller's text and mechanism, and to what was lent to
 * be shown. */
static CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 };

static void change_all(void)
{
	memset(text, 'A', sizeof(text) - 1);
	ecdsa.mechanism = CKM_ECDSA_SHA1;
	pss.sLen = 0;
}

static void what_was_shown_is_signed(void **state)
{
	CK_MECHANISM with_pss = { CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof(pss) };
	struct ukey_transaction t = transaction();

	(void)state;
	person.meanwhile = change_all;
	expect_rv(sign_text(find(person.s, CKO_CERTIFICATE, 2)), CKR_OK);
	expect_bytes(last(), hex(MESSAGE_SHA256));
	expect_bytes(UK_ARRAY(report.text_sha256), hex(MESSAGE_SHA256));
	strcpy(text, MESSAGE);
	pss.sLen = 32;
	person.logs_in = false;
	expect_rv(
	    sign(&t, &with_pss, find(person.s, CKO_PRIVATE_KEY, 1)), CKR_OK);
	assert_int_equal(fake_last.scheme, UK_SIG_PSS);
	expect_bytes(last(), hex(MESSAGE_SHA256));
}

static void nobody_to_show_it_to(void **state)
{
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);
	struct ukey_transaction t = transaction();

	(void)state;
	t.show = NULL;
	t.least = UKEY_DISPLAY_HOST;
	expect_rv(sign(&t, &ecdsa, cert), CKR_ACTION_PROHIBITED);
	nothing_reported();
	assert_int_equal(person.prepared, 0);
	t.least = UKEY_DISPLAY_NONE;
	expect_rv(sign(&t, &ecdsa, cert), CKR_OK);
	assert_int_equal(report.display, UKEY_DISPLAY_NONE);
	assert_int_equal(report.shown, 0);
	assert_int_equal(report.items, 4);
	/* there is no such reader yet */
	t = transaction();
	t.least = UKEY_DISPLAY_TERMINAL;
	expect_rv(sign(&t, &ecdsa, cert), CKR_ACTION_PROHIBITED);
	assert_int_equal(person.asked, 0);
}

/* --- refusals ------------------------------------------------------------ */

static void texts_that_cannot_be_shown(void **state)
{
	static const char *const texts[] = {
		"",
		"pay 1 CNY to Bob",
		"<T><D></D></T>",
		"<T><E><M><k>a</k><v>b</v></M></E></T>",
		"<T><D><M><k>a</k><v>b</v></M></D></T> ",
		"<t><D><M><k>a</k><v>b</v></M></D></t>",
		"<T><D><M><k>a</k><v>b&amp;</v></M></D></T>",
		"<T><D><M><k>a</k><v>b  c</v></M></D></T>",
		"<T><D><M><k>a</k><v>\xe2\x80\xae-b</v></M></D></T>",
		"<T><D><M><k>a</k><v>1</v></M><M><k>a</k><v>2</v></M></D></T>",
	};
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);
	struct ukey_transaction t;

	(void)state;
	fake_commands();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		strcpy(text, texts[i]);
		expect_rv(sign_text(cert), CKR_DATA_INVALID);
		assert_int_equal(person.asked + person.prepared, 0);
		nothing_reported();
	}
	memset(text, ' ', sizeof(text) - 1);
	expect_rv(sign_text(cert), CKR_DATA_INVALID);
	t = transaction();
	t.text = NULL;
	expect_rv(sign(&t, &ecdsa, cert), CKR_ARGUMENTS_BAD);
	assert_int_equal(fake_commands(), 0);
}

static void arguments(void **state)
{
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);
	CK_ULONG profile = find(person.s, 9 /* CKO_PROFILE */, 0);
	CK_BYTE odd[300] = { 0 };
	const struct {
		CK_MECHANISM m;
		CK_RV rv;
	} rows[] = {
		{ { CKM_ECDSA, NULL, 0 }, CKR_MECHANISM_INVALID },
		{ { CKM_SHA256, NULL, 0 }, CKR_MECHANISM_INVALID },
		{ { CKM_RSA_PKCS, NULL, 0 }, CKR_MECHANISM_INVALID },
		{ { CKM_RSA_PKCS_PSS, odd, 24 }, CKR_MECHANISM_INVALID },
		{ { CKM_AES_CBC, NULL, 0 }, CKR_MECHANISM_INVALID },
		{ { CKM_SHA256_RSA_PKCS, NULL, 0 }, CKR_KEY_TYPE_INCONSISTENT },
		{ { CKM_ECDSA_SHA256, odd, 1 }, CKR_MECHANISM_PARAM_INVALID },
		{ { CKM_ECDSA_SHA256, odd, 300 }, CKR_MECHANISM_PARAM_INVALID },
	};
	struct ukey_transaction t = transaction();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_MECHANISM m = rows[i].m;

		expect_rv(sign(&t, &m, cert), rows[i].rv);
		assert_int_equal(person.asked + person.prepared, 0);
	}
	expect_rv(sign(&t, NULL, cert), CKR_ARGUMENTS_BAD);
	expect_rv(sign(&t, &ecdsa, 0), CKR_KEY_HANDLE_INVALID);
	expect_rv(sign(&t, &ecdsa, cert + 256 * 99), CKR_KEY_HANDLE_INVALID);
	assert_int_not_equal(profile, 0);
	expect_rv(sign(&t, &ecdsa, profile), CKR_KEY_HANDLE_INVALID);
	expect_rv(V->sign_transaction(
		      person.s, &ecdsa, cert, NULL, sig, &sig_len, &report),
	    CKR_ARGUMENTS_BAD);
	expect_rv(V->sign_transaction(
		      person.s, &ecdsa, cert, &t, sig, &sig_len, NULL),
	    CKR_ARGUMENTS_BAD);
	expect_rv(
	    V->sign_transaction(person.s, &ecdsa, cert, &t, sig, NULL, &report),
	    CKR_ARGUMENTS_BAD);
	expect_rv(V->sign_transaction(
		      person.s + 256, &ecdsa, cert, &t, sig, &sig_len, &report),
	    CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(person.asked + person.prepared, 0);
}

/* PKCS#11 3.0, 5.2. */
static void lengths(void **state)
{
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);
	struct ukey_transaction t = transaction();

	(void)state;
	sig_len = 0;
	expect_rv(V->sign_transaction(
		      person.s, &ecdsa, cert, &t, NULL, &sig_len, &report),
	    CKR_OK);
	assert_int_equal(sig_len, 64);
	sig_len = 63;
	expect_rv(V->sign_transaction(
		      person.s, &ecdsa, cert, &t, sig, &sig_len, &report),
	    CKR_BUFFER_TOO_SMALL);
	assert_int_equal(sig_len, 64);
	assert_int_equal(person.asked, 0);
	expect_rv(sign_text(cert), CKR_OK);
}

static void the_person_says_no(void **state)
{
	static const struct {
		CK_RV says, rv;
	} rows[] = {
		{ CKR_FUNCTION_REJECTED, CKR_FUNCTION_REJECTED },
		{ CKR_FUNCTION_CANCELED, CKR_FUNCTION_CANCELED },
		{ CKR_BUFFER_TOO_SMALL, CKR_BUFFER_TOO_SMALL },
		{ CKR_VENDOR_DEFINED | 0x756b, CKR_FUNCTION_CANCELED },
	};
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);

	(void)state;
	fake_commands();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		person.says = rows[i].says;
		person.prepares = CKR_OK;
		expect_rv(sign_text(cert), rows[i].rv);
		assert_int_equal(person.prepared, 0);
		nothing_reported();
		person.says = CKR_OK;
		person.logs_in = false;
		person.prepares = rows[i].says;
		expect_rv(sign_text(cert), rows[i].rv);
		assert_int_equal(person.prepared, 1);
		nothing_reported();
	}
	assert_int_equal(fake_commands(), 0);
	assert_int_equal(fake_tries[0], 3);
	assert_int_equal(fake_last.input_len, 0);
	assert_false(fake_is_held(0));
}

/* --- PINs ---------------------------------------------------------------- */

static void wrong_pin(void **state)
{
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);

	(void)state;
	person.pin = "000000";
	expect_rv(sign_text(cert), CKR_PIN_INCORRECT);
	nothing_reported();
	assert_int_equal(fake_tries[0], 2);
	person.pin = "";
	person.logs_in = false;
	expect_rv(sign_text(cert), CKR_PIN_INCORRECT);
	assert_int_equal(fake_tries[0], 2);
	assert_int_equal(fake_last.input_len, 0);
	assert_false(fake_has_consent(0));
	person.pin = FAKE_PIN;
	expect_rv(sign_text(cert), CKR_OK);
}

static void no_login_no_pin(void **state)
{
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2), key;
	struct ukey_transaction t = transaction();

	(void)state;
	/* nobody reads for nothing */
	t.prepare = NULL;
	t.pin = (const CK_UTF8CHAR *)FAKE_PIN;
	t.pin_len = 6;
	expect_rv(sign(&t, &ecdsa, cert), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(person.asked, 0);
	person.logs_in = false;
	expect_rv(sign_text(cert), CKR_USER_NOT_LOGGED_IN);
	expect_rv(login(person.s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(person.s, CKO_PRIVATE_KEY, 2);
	expect_rv(sign(&t, &ecdsa, key), CKR_OK);
	t.pin = NULL;
	expect_rv(sign(&t, &ecdsa, key), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(person.asked, 0);
	person.pin = NULL;
	expect_rv(sign_text(cert), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(fake_tries[0], 3);
}

static void on_a_pad(void **state)
{
	CK_ULONG cert;

	(void)state;
	fake_pad(0, FAKE_PIN);
	fresh_card(0, 1);
	person.s = open_ro(0);
	cert = find(person.s, CKO_CERTIFICATE, 2);
	person.pin = NULL;
	fake_entries();
	expect_rv(sign_text(cert), CKR_OK);
	assert_int_equal(fake_entries(), 1);
	person.logs_in = false;
	fake_pad(0, "!6401");
	expect_rv(sign_text(cert), CKR_FUNCTION_CANCELED);
	assert_int_equal(fake_tries[0], 3);
}

/* --- a reader with a screen of its own ------------------------------------ */

/* The program is not asked to show anything, and what the reader states is
 * handed on. */
static void on_a_screen(void **state)
{
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);
	struct ukey_transaction t = transaction();

	(void)state;
	person.screen = true;
	fake_screen(0, "0102030405");
	t.least = UKEY_DISPLAY_TERMINAL;
	expect_rv(sign(&t, &ecdsa, cert), CKR_OK);
	assert_int_equal(person.asked, 0);
	assert_int_equal(report.display, UKEY_DISPLAY_TERMINAL);
	assert_int_equal(report.shown, 3);
	expect_bytes(
	    uk_view(report.statement, report.statement_len), hex("0102030405"));
	expect_bytes(
	    uk_view(fake_screen_text, fake_screen_text_n), uk_view_str(text));
	expect_bytes(last(), hex(MESSAGE_SHA256));
	/* also where nobody could be asked here */
	person.logs_in = false;
	t.show = NULL;
	expect_rv(sign(&t, &ecdsa, cert), CKR_OK);
	assert_int_equal(report.display, UKEY_DISPLAY_TERMINAL);
}

static void no_on_a_screen(void **state)
{
	static const struct {
		const char *says;
		CK_RV rv;
	} rows[] = {
		{ "!6401", CKR_FUNCTION_REJECTED },
		{ "!6400", CKR_FUNCTION_CANCELED },
		{ "!6A80", CKR_DATA_INVALID },
		{ "!9001", CKR_DEVICE_ERROR },
		{ "!900000", CKR_DEVICE_ERROR },
	};
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_screen(0, rows[i].says);
		fake_entries();
		expect_rv(sign_text(cert), rows[i].rv);
		assert_int_equal(fake_entries(), 1);
		assert_int_equal(person.asked + person.prepared, 0);
		assert_int_equal(fake_last.input_len, 0);
		assert_int_equal(fake_tries[0], 3);
		nothing_reported();
	}
}

/* It was shown, but nobody states it: that is not what `terminal` means. */
static void nothing_stated(void **state)
{
	CK_ULONG cert = find(person.s, CKO_CERTIFICATE, 2);
	struct ukey_transaction t = transaction();
	static const CK_BYTE zeros[64];

	(void)state;
	person.screen = true;
	fake_screen(0, "");
	expect_rv(sign(&t, &ecdsa, cert), CKR_OK);
	assert_int_equal(report.display, UKEY_DISPLAY_HOST);
	assert_int_equal(report.statement_len, 0);
	person.logs_in = false;
	t.least = UKEY_DISPLAY_TERMINAL;
	expect_rv(sign(&t, &ecdsa, cert), CKR_ACTION_PROHIBITED);
	assert_memory_equal(sig, zeros, 64);
	nothing_reported();
}

static void key_of_a_screen(void **state)
{
	CK_BYTE key[UKEY_READER_KEY];
	CK_ULONG n = 1;

	(void)state;
	expect_rv(V->get_reader_key(0, key, &n), CKR_OK);
	assert_int_equal(n, 0);
	fake_screen(0, "00");
	expect_rv(V->get_reader_key(0, key, &n), CKR_OK);
	assert_int_equal(n, 65);
	assert_int_equal(key[0], 4);
	expect_rv(V->get_reader_key(0, NULL, &n), CKR_ARGUMENTS_BAD);
	expect_rv(V->get_reader_key(0, key, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(V->get_reader_key(99, key, &n), CKR_SLOT_ID_INVALID);
}

/* --- while the person thinks --------------------------------------------- */

static void others_sign(void)
{
	CK_UTF8CHAR c[8];

	expect_rv(sign_once(0), CKR_OK);
	expect_rv(V->get_challenge(person.s, c, sizeof(c)), CKR_OK);
}

static void another_card(void)
{
	fresh_card(0, 3);
}

static void another_card_unseen(void)
{
	fake_remove(0);
	fake_insert(0, 3);
}

static void close_session(void)
{
	expect_rv(F->C_CloseSession(person.s), CKR_OK);
}

static void log_out(void)
{
	expect_rv(F->C_Logout(person.s), CKR_OK);
}

static void start_another(void)
{
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE more[] = "more";

	expect_rv(
	    F->C_SignInit(person.s, &m, find(person.s, CKO_PRIVATE_KEY, 1)),
	    CKR_OK);
	expect_rv(F->C_SignUpdate(person.s, more, 4), CKR_OK);
}

static void end_module(void)
{
	expect_rv(F->C_Finalize(NULL), CKR_OK);
}

/* Then a session has the same handle. */
static void begin_anew(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	expect_rv(F->C_Finalize(NULL), CKR_OK);
	expect_rv(F->C_Initialize(&args), CKR_OK);
	assert_int_equal(open_ro(0), person.s);
}

static void meanwhile(void **state)
{
	static const struct {
		void (*what)(void);
		CK_RV rv;
	} rows[] = {
		{ others_sign, CKR_OK },
		{ another_card, CKR_DEVICE_REMOVED },
		{ another_card_unseen, CKR_DEVICE_REMOVED },
		{ close_session, CKR_SESSION_CLOSED },
		{ log_out, CKR_USER_NOT_LOGGED_IN },
		{ start_another, CKR_OPERATION_ACTIVE },
		{ end_module, CKR_CRYPTOKI_NOT_INITIALIZED },
		{ begin_anew, CKR_CRYPTOKI_NOT_INITIALIZED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const struct fake_request none;
		CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
		CK_SESSION_HANDLE other;

		(void)F->C_Initialize(&args); /* the row before ended it */
		fresh_card(0, 1);
		person.s = open_ro(0);
		other = open_ro(0);
		expect_rv(login(other, CKU_USER, FAKE_PIN), CKR_OK);
		person.logs_in = false;
		person.meanwhile = rows[i].what;
		fake_last = none;
		expect_rv(
		    sign_text(find(person.s, CKO_PRIVATE_KEY, 2)), rows[i].rv);
		assert_false(fake_has_consent(0));
		assert_int_equal(fake_tries[0], 3);
		if (rows[i].rv == CKR_OK)
			expect_bytes(last(), hex(MESSAGE_SHA256));
		else
			assert_int_equal(fake_last.input_len, 0);
	}
}

/* --- everything fails once ----------------------------------------------- */

/* A fresh start each time. */
static CK_RV whole(void)
{
	CK_RV rv;

	fresh_card(0, 1);
	person.s = open_ro(0);
	person.logs_in = true;
	rv = sign_text(find(person.s, CKO_CERTIFICATE, 2));
	return rv;
}

static void failing_allocations(void **state)
{
	CK_ULONG cert;
	CK_RV rv = CKR_HOST_MEMORY;
	unsigned long nth;

	(void)state;
	expect_rv(whole(), CKR_OK); /* what is loaded once is */
	cert = find(person.s, CKO_CERTIFICATE, 2);
	person.logs_in = false;
	for (nth = 1; rv != CKR_OK && nth < 30; nth++) {
		uk_mem_fail_nth(nth);
		rv = sign_text(cert);
		uk_mem_fail_nth(0);
		if (rv != CKR_OK) {
			expect_rv(rv, CKR_HOST_MEMORY);
			nothing_reported();
			assert_false(fake_has_consent(0));
		}
	}
	assert_in_range(nth, 3, 29);
}

static CK_ULONG certificate; /* the commands before it do not fail */
static unsigned failing;
static enum uk_code how;

static void fail_from_here(void)
{
	fake_fail(failing, how);
}

static void failing_commands(void **state)
{
	static const struct {
		enum uk_code code;
		CK_RV rv;
	} ways[] = {
		{ UK_ERR_CARD_REMOVED, CKR_DEVICE_REMOVED },
		{ UK_ERR_CARD_RESET, CKR_USER_NOT_LOGGED_IN },
		{ UK_ERR_CARD_MUTE, CKR_DEVICE_ERROR },
		{ UK_ERR_IO, CKR_FUNCTION_FAILED },
	};

	(void)state;
	person.meanwhile = fail_from_here;
	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		for (failing = 1;; failing++) {
			CK_RV rv;

			how = UK_OK;
			fresh_card(0, 1);
			person.s = open_ro(0);
			certificate = find(person.s, CKO_CERTIFICATE, 2);
			expect_rv(login(person.s, CKU_USER, FAKE_PIN), CKR_OK);
			person.logs_in = false;
			how = ways[w].code;
			rv = sign_text(certificate);
			fake_fail(0, UK_OK);
			if (rv == CKR_OK)
				break;
			expect_rv(rv, ways[w].rv);
			nothing_reported();
			assert_int_equal(fake_tries[0], 3);
			assert_false(fake_has_consent(0));
		}
		assert_in_range(failing, 3, 20);
	}
}

/* --- growing ------------------------------------------------------------- */

static void versions(void **state)
{
	static const struct {
		CK_VERSION asked;
		CK_RV rv;
	} rows[] = {
		{ { 1, 0 }, CKR_OK },
		{ { 1, 1 }, CKR_OK },
		{ { 1, 2 }, CKR_OK },
		{ { 1, 3 }, CKR_ARGUMENTS_BAD },
		{ { 0, 1 }, CKR_ARGUMENTS_BAD },
		{ { 2, 0 }, CKR_ARGUMENTS_BAD },
	};
	CK_UTF8CHAR name[] = UKEY_INTERFACE_NAME;

	(void)state;
	assert_int_equal(V->version.major, 1);
	assert_int_equal(V->version.minor, 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_VERSION asked = rows[i].asked;
		CK_INTERFACE *found;

		expect_rv(C_GetInterface(name, &asked, &found, 0), rows[i].rv);
		if (rows[i].rv == CKR_OK)
			assert_ptr_equal(found->pFunctionList, V);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shown_then_signed),
		TEST(keys),
		TEST(what_was_shown_is_signed),
		TEST(nobody_to_show_it_to),
		TEST(texts_that_cannot_be_shown),
		TEST(arguments),
		TEST(lengths),
		TEST(the_person_says_no),
		TEST(wrong_pin),
		TEST(no_login_no_pin),
		TEST(on_a_pad),
		TEST(on_a_screen),
		TEST(no_on_a_screen),
		TEST(nothing_stated),
		TEST(key_of_a_screen),
		TEST(meanwhile),
		TEST(failing_allocations),
		TEST(failing_commands),
		TEST(versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
