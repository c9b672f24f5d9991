/* Making objects of templates: what is refused, and how; session objects. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "p11_make.h"

#include <string.h>

static struct tmpl t;
static CK_SESSION_HANDLE rw, ro;

static int up(void **state)
{
	int rc = p11_up(state);

	rw = open_rw(0);
	ro = open_ro(0);
	return rc;
}

/* --- refusals ---------------------------------------------------------------
 */

enum base { CERT, DATA, RSA_PUB, EC_PUB, RSA_KEY, EC_KEY };

static void base(enum base b)
{
	switch (b) {
	case CERT:
		t_certificate(&t, rw);
		break;
	case DATA:
		t_data(&t);
		break;
	case RSA_PUB:
		t_rsa_public(&t);
		break;
	case EC_PUB:
		t_ec_public(&t);
		break;
	case RSA_KEY:
		t_rsa_private(&t);
		break;
	case EC_KEY:
		t_ec_private(&t);
		break;
	}
}

/* A good template with one attribute changed (in hexadecimal; NULL: left out).
 */
static const struct {
	enum base base;
	CK_ATTRIBUTE_TYPE type;
	const char *value;
	CK_RV want;
} refusals[] = {
	/* PKCS#11 3.0, 4.1.1: a template needs ... */
	{ CERT, CKA_CLASS, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ CERT, CKA_CERTIFICATE_TYPE, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ CERT, CKA_SUBJECT, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ CERT, CKA_VALUE, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ RSA_PUB, CKA_KEY_TYPE, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ RSA_PUB, CKA_MODULUS, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ RSA_PUB, CKA_PUBLIC_EXPONENT, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ EC_PUB, CKA_EC_PARAMS, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ EC_PUB, CKA_EC_POINT, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ RSA_KEY, CKA_MODULUS, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ RSA_KEY, CKA_PRIVATE_EXPONENT, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ RSA_KEY, CKA_PRIME_1, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ RSA_KEY, CKA_PRIME_2, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ EC_KEY, CKA_EC_PARAMS, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ EC_KEY, CKA_VALUE, NULL, CKR_TEMPLATE_INCOMPLETE },
	/* values without the form of their type */
	{ CERT, CKA_CLASS, "01", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_CLASS, "", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_TOKEN, "02", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_TOKEN, "0100", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_TOKEN, "", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_LABEL, "ff", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_LABEL, "610062", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_START_DATE, "3230", CKR_ATTRIBUTE_VALUE_INVALID },
	{ RSA_PUB, CKA_ALLOWED_MECHANISMS, "01", CKR_ATTRIBUTE_VALUE_INVALID },
	/* 33 bytes */
	{ CERT, CKA_ID,
	    "000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f20",
	    CKR_ATTRIBUTE_VALUE_INVALID },
	/* values that no object of ours has */
	{ CERT, CKA_CLASS, "0900000000000000", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_CLASS, "0400000000000000", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_CERTIFICATE_TYPE, "0100000000000000",
	    CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_VALUE, "30030201", CKR_ATTRIBUTE_VALUE_INVALID },
	{ CERT, CKA_VALUE, "", CKR_ATTRIBUTE_VALUE_INVALID },
	{ RSA_PUB, CKA_KEY_TYPE, "0200000000000000",
	    CKR_ATTRIBUTE_VALUE_INVALID },
	{ RSA_PUB, CKA_MODULUS, "b5b5", CKR_ATTRIBUTE_VALUE_INVALID },
	{ RSA_PUB, CKA_MODULUS, "", CKR_ATTRIBUTE_VALUE_INVALID },
	{ RSA_PUB, CKA_PUBLIC_EXPONENT, "010203040506070809",
	    CKR_ATTRIBUTE_VALUE_INVALID },
	/* secp256k1 */
	{ EC_PUB, CKA_EC_PARAMS, "06052b8104000a", CKR_CURVE_NOT_SUPPORTED },
	{ EC_PUB, CKA_EC_PARAMS, "", CKR_CURVE_NOT_SUPPORTED },
	{ EC_PUB, CKA_EC_POINT, "04020400", CKR_ATTRIBUTE_VALUE_INVALID },
	/* not on the curve */
	{ EC_PUB, CKA_EC_POINT,
	    "0441"
	    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f6",
	    CKR_ATTRIBUTE_VALUE_INVALID },
	{ RSA_KEY, CKA_PUBLIC_EXPONENT, "03", CKR_ATTRIBUTE_VALUE_INVALID },
	{ RSA_KEY, CKA_PRIME_1, "b5", CKR_ATTRIBUTE_VALUE_INVALID },
	{ EC_KEY, CKA_VALUE, "00", CKR_ATTRIBUTE_VALUE_INVALID },
	/* 33 bytes */
	{ EC_KEY, CKA_VALUE,
	    "0102030405060708090a0b0c0d0e0f10"
	    "1112131415161718191a1b1c1d1e1f2021",
	    CKR_ATTRIBUTE_VALUE_INVALID },
	/* values that contradict the rest */
	{ CERT, CKA_SUBJECT, "3000", CKR_TEMPLATE_INCONSISTENT },
	{ CERT, CKA_SERIAL_NUMBER, "020101", CKR_TEMPLATE_INCONSISTENT },
	{ CERT, CKA_END_DATE, "3139373030313031", CKR_TEMPLATE_INCONSISTENT },
	{ CERT, CKA_CHECK_VALUE, "000000", CKR_TEMPLATE_INCONSISTENT },
	{ CERT, CKA_TRUSTED, "01", CKR_TEMPLATE_INCONSISTENT },
	{ RSA_PUB, CKA_EC_PARAMS, "06082a8648ce3d030107",
	    CKR_TEMPLATE_INCONSISTENT },
	{ RSA_PUB, CKA_MODULUS_BITS, "000c000000000000",
	    CKR_TEMPLATE_INCONSISTENT },
	{ RSA_PUB, CKA_WRAP, "01", CKR_TEMPLATE_INCONSISTENT },
	{ EC_PUB, CKA_ENCRYPT, "01", CKR_TEMPLATE_INCONSISTENT },
	{ RSA_KEY, CKA_EXTRACTABLE, "01", CKR_TEMPLATE_INCONSISTENT },
	{ RSA_KEY, CKA_PRIVATE, "00", CKR_TEMPLATE_INCONSISTENT },
	{ RSA_KEY, CKA_TOKEN, "00", CKR_TEMPLATE_INCONSISTENT },
	{ RSA_KEY, CKA_SIGN, "00", CKR_TEMPLATE_INCONSISTENT },
	{ RSA_KEY, CKA_ALWAYS_AUTHENTICATE, "01", CKR_TEMPLATE_INCONSISTENT },
	{ RSA_KEY, CKA_UNWRAP, "01", CKR_TEMPLATE_INCONSISTENT },
	{ EC_KEY, CKA_DECRYPT, "01", CKR_TEMPLATE_INCONSISTENT },
	/* what only the token says */
	{ CERT, CKA_UNIQUE_ID, "61", CKR_ATTRIBUTE_READ_ONLY },
	{ RSA_PUB, CKA_LOCAL, "00", CKR_ATTRIBUTE_READ_ONLY },
	{ RSA_KEY, CKA_ALWAYS_SENSITIVE, "00", CKR_ATTRIBUTE_READ_ONLY },
	{ RSA_KEY, CKA_NEVER_EXTRACTABLE, "00", CKR_ATTRIBUTE_READ_ONLY },
	{ RSA_KEY, CKA_KEY_GEN_MECHANISM, "0000000000000000",
	    CKR_ATTRIBUTE_READ_ONLY },
	/* attributes of other classes */
	{ CERT, CKA_MODULUS, "01", CKR_ATTRIBUTE_TYPE_INVALID },
	{ DATA, CKA_ID, "01", CKR_ATTRIBUTE_TYPE_INVALID },
	{ DATA, CKA_SIGN, "01", CKR_ATTRIBUTE_TYPE_INVALID },
	{ RSA_PUB, CKA_SIGN, "01", CKR_ATTRIBUTE_TYPE_INVALID },
	{ EC_KEY, CKA_WRAP, "01", CKR_ATTRIBUTE_TYPE_INVALID },
	{ CERT, CKA_VENDOR_DEFINED, "01", CKR_ATTRIBUTE_TYPE_INVALID },
};

static void refused(void **state)
{
	CK_OBJECT_HANDLE o;
	size_t before;
	CK_RV rv;

	(void)state;
	expect_rv(login(rw, CKU_USER, FAKE_PIN), CKR_OK);
	before = count_objects(rw);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		base(refusals[i].base);
		fake_commands();
		if (refusals[i].value == NULL)
			t_without(&t, refusals[i].type);
		else
			t_hex(&t, refusals[i].type, refusals[i].value);
		rv = t_create(rw, &t, &o);
		if (rv != refusals[i].want)
			print_error("refusal %zu of the table\n", i);
		expect_rv(rv, refusals[i].want);
		assert_int_equal(fake_commands(), 0);
	}
	assert_int_equal(count_objects(rw), before);
}

static void arguments(void **state)
{
	CK_ATTRIBUTE bad = { CKA_LABEL, NULL, 4 };
	CK_OBJECT_HANDLE o;

	(void)state;
	t_data(&t);
	expect_rv(F->C_CreateObject(rw, NULL, 0, &o), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_CreateObject(rw, t.list, t.n, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(
	    F->C_CreateObject(rw, t.list, (CK_ULONG)-1, &o), CKR_ARGUMENTS_BAD);
	expect_rv(
	    F->C_CreateObject(rw, &bad, 1, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	expect_rv(
	    F->C_CreateObject(rw, t.list, 0, &o), CKR_TEMPLATE_INCOMPLETE);
	/* twice the same is once; twice different is neither */
	t.list[t.n] = t.list[2];
	expect_rv(F->C_CreateObject(rw, t.list, t.n + 1, &o), CKR_OK);
	bad = (CK_ATTRIBUTE)A_TEXT(CKA_LABEL, "other");
	t.list[t.n] = bad;
	expect_rv(F->C_CreateObject(rw, t.list, t.n + 1, &o),
	    CKR_TEMPLATE_INCONSISTENT);
}

static void who_may(void **state)
{
	CK_OBJECT_HANDLE o;

	(void)state;
	t_data(&t);
	t_bool(&t, CKA_TOKEN, true);
	expect_rv(t_create(ro, &t, &o), CKR_SESSION_READ_ONLY);
	expect_rv(t_create(rw, &t, &o), CKR_USER_NOT_LOGGED_IN);
	t_bool(&t, CKA_TOKEN, false);
	t_bool(&t, CKA_PRIVATE, true);
	expect_rv(t_create(ro, &t, &o), CKR_USER_NOT_LOGGED_IN);
	expect_rv(F->C_CloseSession(ro), CKR_OK);
	expect_rv(login(rw, CKU_SO, FAKE_PUK), CKR_OK);
	expect_rv(t_create(rw, &t, &o), CKR_USER_NOT_LOGGED_IN);
	t_bool(&t, CKA_PRIVATE, false);
	expect_rv(t_create(rw, &t, &o), CKR_OK);
	t_bool(&t, CKA_TOKEN, true);
	expect_rv(t_create(rw, &t, &o), CKR_USER_NOT_LOGGED_IN);
}

/* --- session objects --------------------------------------------------------
 */

static void of_each_kind(void **state)
{
	static const enum base kinds[] = { CERT, DATA, RSA_PUB, EC_PUB };
	CK_OBJECT_HANDLE o, found;
	CK_ULONG n, size;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		base(kinds[i]);
		expect_rv(t_create(ro, &t, &o), CKR_OK);
		assert_false(is(ro, o, CKA_TOKEN));
		assert_false(is(ro, o, CKA_PRIVATE));
		assert_true(is(ro, o, CKA_MODIFIABLE));
		assert_true(is(ro, o, CKA_COPYABLE));
		assert_true(is(ro, o, CKA_DESTROYABLE));
		/* all that it was made of finds it, in any session */
		expect_rv(F->C_FindObjectsInit(rw, t.list, t.n), CKR_OK);
		expect_rv(F->C_FindObjects(rw, &found, 1, &n), CKR_OK);
		expect_rv(F->C_FindObjectsFinal(rw), CKR_OK);
		assert_int_equal(n, 1);
		assert_int_equal(found, o);
		expect_rv(F->C_GetObjectSize(ro, o, &size), CKR_OK);
		assert_in_range(size, 1, 100000);
		expect_rv(F->C_DestroyObject(ro, o), CKR_OK);
		expect_rv(F->C_DestroyObject(ro, o), CKR_OBJECT_HANDLE_INVALID);
	}
}

/* Java gives the number alone, without the DER that PKCS#11 wants around it. */
static void serial_numbers(void **state)
{
	CK_OBJECT_HANDLE o;

	(void)state;
	t_certificate(&t, rw);
	t_hex(&t, CKA_SERIAL_NUMBER, "02090080A1B2C3D4E5F601");
	expect_rv(t_create(ro, &t, &o), CKR_OK);
	t_hex(&t, CKA_SERIAL_NUMBER, "0080A1B2C3D4E5F601");
	expect_rv(t_create(ro, &t, &o), CKR_OK);
	t_hex(&t, CKA_SERIAL_NUMBER, "0080A1B2C3D4E5F602");
	expect_rv(t_create(ro, &t, &o), CKR_TEMPLATE_INCONSISTENT);
}

static void public_key_says(void **state)
{
	CK_OBJECT_HANDLE o;
	CK_BYTE b[1024];
	CK_ATTRIBUTE a = { CKA_PUBLIC_KEY_INFO, b, sizeof(b) };

	(void)state;
	t_rsa_public(&t);
	t_bool(&t, CKA_VERIFY, false);
	expect_rv(t_create(ro, &t, &o), CKR_OK);
	assert_false(is(ro, o, CKA_VERIFY));
	assert_true(is(ro, o, CKA_ENCRYPT));
	assert_false(is(ro, o, CKA_LOCAL));
	expect_rv(F->C_GetAttributeValue(ro, o, &a, 1), CKR_OK);
	/* RFC 8017, A.1.1: SEQUENCE, rsaEncryption, 2048 bits */
	assert_int_equal(a.ulValueLen, 294);
	/* leading zeros are no other number */
	t_ec_public(&t);
	expect_rv(t_create(ro, &t, &o), CKR_OK);
	assert_true(is(ro, o, CKA_VERIFY));
	assert_false(is(ro, o, CKA_ENCRYPT));
}

static void end_with_the_session(void **state)
{
	CK_SESSION_HANDLE other = open_ro(0);
	size_t before = count_objects(rw);
	CK_OBJECT_HANDLE o, p;
	CK_ULONG size;

	(void)state;
	t_data(&t);
	expect_rv(t_create(other, &t, &o), CKR_OK);
	expect_rv(t_create(ro, &t, &p), CKR_OK);
	assert_int_equal(count_objects(rw), before + 2);
	expect_rv(F->C_CloseSession(other), CKR_OK);
	assert_int_equal(count_objects(rw), before + 1);
	expect_rv(F->C_GetObjectSize(rw, o, &size), CKR_OBJECT_HANDLE_INVALID);
	expect_rv(F->C_GetObjectSize(rw, p, &size), CKR_OK);
	expect_rv(F->C_CloseAllSessions(0), CKR_OK);
	rw = open_rw(0);
	assert_int_equal(count_objects(rw), before);
	expect_rv(F->C_GetObjectSize(rw, p, &size), CKR_OBJECT_HANDLE_INVALID);
}

static void private_ones_end_with_the_login(void **state)
{
	CK_OBJECT_HANDLE o, p;
	CK_ULONG size;
	size_t before;

	(void)state;
	expect_rv(login(rw, CKU_USER, FAKE_PIN), CKR_OK);
	before = count_objects(rw);
	t_data(&t);
	expect_rv(t_create(rw, &t, &p), CKR_OK);
	t_bool(&t, CKA_PRIVATE, true);
	expect_rv(t_create(rw, &t, &o), CKR_OK);
	assert_true(is(rw, o, CKA_PRIVATE));
	expect_rv(F->C_Logout(rw), CKR_OK);
	expect_rv(F->C_GetObjectSize(rw, o, &size), CKR_OBJECT_HANDLE_INVALID);
	expect_rv(F->C_GetObjectSize(rw, p, &size), CKR_OK);
	expect_rv(login(rw, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(F->C_GetObjectSize(rw, o, &size), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(count_objects(rw), before + 1);
}

static void set_label_and_id(void **state)
{
	CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "new"),
		     id = A_TEXT(CKA_ID, "\x55");
	CK_ATTRIBUTE value = A_TEXT(CKA_VALUE, "new");
	CK_ATTRIBUTE bad = A_TEXT(CKA_LABEL, "\xff");
	CK_OBJECT_HANDLE o;
	CK_BYTE b[8];
	CK_ATTRIBUTE a = { CKA_LABEL, b, sizeof(b) };

	(void)state;
	t_certificate(&t, rw);
	expect_rv(t_create(ro, &t, &o), CKR_OK);
	expect_rv(F->C_SetAttributeValue(ro, o, &label, 1), CKR_OK);
	expect_rv(F->C_SetAttributeValue(ro, o, &id, 1), CKR_OK);
	assert_int_equal(find(ro, CKO_CERTIFICATE, 0x55), o);
	expect_rv(F->C_GetAttributeValue(ro, o, &a, 1), CKR_OK);
	expect_bytes(uk_view(b, a.ulValueLen), uk_view_str("new"));
	expect_rv(
	    F->C_SetAttributeValue(ro, o, &value, 1), CKR_ATTRIBUTE_READ_ONLY);
	expect_rv(F->C_SetAttributeValue(ro, o, &bad, 1),
	    CKR_ATTRIBUTE_VALUE_INVALID);
	t_bool(&t, CKA_MODIFIABLE, false);
	t_bool(&t, CKA_COPYABLE, false);
	t_bool(&t, CKA_DESTROYABLE, false);
	expect_rv(t_create(ro, &t, &o), CKR_OK);
	expect_rv(
	    F->C_SetAttributeValue(ro, o, &label, 1), CKR_ACTION_PROHIBITED);
	expect_rv(F->C_CopyObject(ro, o, NULL, 0, &o), CKR_ACTION_PROHIBITED);
	expect_rv(F->C_DestroyObject(ro, o), CKR_ACTION_PROHIBITED);
}

static void copies(void **state)
{
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE to[] = { { CKA_TOKEN, &no, 1 }, A_TEXT(CKA_LABEL, "copy"),
		A_TEXT(CKA_VALUE, "x") };
	CK_OBJECT_HANDLE cert = find(ro, CKO_CERTIFICATE, 1), o, p;
	CK_BYTE a[1024], b[1024];
	CK_ATTRIBUTE va = { CKA_VALUE, a, sizeof(a) };
	CK_ATTRIBUTE vb = { CKA_VALUE, b, sizeof(b) };
	CK_ATTRIBUTE lb = { CKA_LABEL, b, sizeof(b) };

	(void)state;
	expect_rv(
	    F->C_CopyObject(ro, cert, to, 3, &o), CKR_ATTRIBUTE_READ_ONLY);
	expect_rv(F->C_CopyObject(ro, cert, to, 2, &o), CKR_OK);
	assert_false(is(ro, o, CKA_TOKEN));
	expect_rv(F->C_GetAttributeValue(ro, cert, &va, 1), CKR_OK);
	expect_rv(F->C_GetAttributeValue(ro, o, &vb, 1), CKR_OK);
	expect_bytes(uk_view(a, va.ulValueLen), uk_view(b, vb.ulValueLen));
	expect_rv(F->C_CopyObject(ro, o, NULL, 0, &p), CKR_OK);
	assert_int_not_equal(o, p);
	expect_rv(F->C_DestroyObject(ro, o), CKR_OK);
	expect_rv(F->C_GetAttributeValue(ro, p, &lb, 1), CKR_OK);
	expect_bytes(uk_view(b, lb.ulValueLen), uk_view_str("copy"));
	p = find(ro, CKO_PUBLIC_KEY, 2);
	expect_rv(F->C_CopyObject(ro, p, to, 2, &o), CKR_OK);
	assert_true(is(ro, o, CKA_VERIFY));
	expect_rv(F->C_CopyObject(ro, 1, to, 2, &o), CKR_OBJECT_HANDLE_INVALID);
}

static void gone_with_the_card(void **state)
{
	CK_OBJECT_HANDLE o;

	(void)state;
	t_data(&t);
	expect_rv(t_create(rw, &t, &o), CKR_OK);
	fresh_card(0, 1);
	rw = open_rw(0);
	assert_int_equal(count_objects(rw), 8);
}

static uk_err make_one(void *arg)
{
	CK_OBJECT_HANDLE o;
	CK_RV rv = t_create(rw, &t, &o);

	(void)arg;
	if (rv != CKR_OK) {
		expect_rv(rv, CKR_HOST_MEMORY);
		return uk_fail(UK_ERR_MEMORY);
	}
	expect_rv(F->C_DestroyObject(rw, o), CKR_OK);
	return uk_ok();
}

static void without_memory(void **state)
{
	static enum base kinds[] = { CERT, DATA, RSA_PUB, EC_PUB };

	(void)state;
	(void)count_objects(rw);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		/* what is opened once is open, and the list has its room */
		base(kinds[i]);
		expect_ok(make_one(NULL));
		assert_in_range(fail_every_allocation(make_one, NULL), 2, 100);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refused),
		TEST(arguments),
		TEST(who_may),
		TEST(of_each_kind),
		TEST(serial_numbers),
		TEST(public_key_says),
		TEST(end_with_the_session),
		TEST(private_ones_end_with_the_login),
		TEST(set_label_and_id),
		TEST(copies),
		TEST(gone_with_the_card),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
