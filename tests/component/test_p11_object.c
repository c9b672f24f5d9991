/* Objects: who sees which, their attributes, what a search reads. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "p11_run.h"

#include <string.h>

static void private_ones(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE key, again;
	CK_BBOOL yes;
	CK_ATTRIBUTE a = { CKA_PRIVATE, &yes, sizeof(yes) };

	(void)state;
	assert_int_equal(find(s, CKO_PRIVATE_KEY, 0), 0);
	assert_int_equal(count_objects(s), 8);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	assert_int_equal(count_objects(s), 10);
	key = find(s, CKO_PRIVATE_KEY, 1);
	expect_rv(F->C_GetAttributeValue(s, key, &a, 1), CKR_OK);
	assert_int_equal(yes, CK_TRUE);
	expect_rv(F->C_Logout(s), CKR_OK);
	assert_int_equal(count_objects(s), 8);
	expect_rv(
	    F->C_GetAttributeValue(s, key, &a, 1), CKR_OBJECT_HANDLE_INVALID);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	again = find(s, CKO_PRIVATE_KEY, 1);
	assert_int_not_equal(again, key);
	expect_rv(
	    F->C_GetAttributeValue(s, key, &a, 1), CKR_OBJECT_HANDLE_INVALID);
}

/* One key found by CKA_ID: directory yes, certificates no. */
static void lazy(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_BYTE der[4096];
	CK_ATTRIBUTE value = { CKA_VALUE, der, sizeof(der) };
	CK_OBJECT_HANDLE cert;

	(void)state;
	assert_int_not_equal(find(s, CKO_PUBLIC_KEY, 1), 0);
	cert = find(s, CKO_CERTIFICATE, 1);
	assert_int_equal(fake_reads, 0);
	assert_int_equal(fake_commands(), 1);
	for (int i = 0; i < 3; i++) {
		value.ulValueLen = sizeof(der);
		expect_rv(F->C_GetAttributeValue(s, cert, &value, 1), CKR_OK);
	}
	assert_int_equal(fake_reads, 1);
	assert_int_equal(fake_commands(), 1);
}

/* Objects that are only hinted at: what a search does not ask for is not asked
 * of the card, and what is not there is not found. */
static void vague_ones(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_KEY_TYPE type = 99;
	CK_ATTRIBUTE a = { CKA_KEY_TYPE, &type, sizeof(type) };
	CK_OBJECT_HANDLE key;

	(void)state;
	fake_vague = true;
	key = find(s, CKO_PUBLIC_KEY, 1);
	assert_int_not_equal(key, 0);
	assert_int_equal(fake_commands(), 2); /* the list, this key */
	expect_rv(F->C_GetAttributeValue(s, key, &a, 1), CKR_OK);
	assert_int_equal(type, CKK_RSA);
	assert_int_equal(find(s, CKO_PUBLIC_KEY, 2), 0);
	assert_int_equal(fake_commands(), 1);
	assert_int_equal(find(s, CKO_PUBLIC_KEY, 2), 0);
	assert_int_equal(fake_commands(), 0); /* it is known now */
	/* four profiles, a public key, a certificate */
	assert_int_equal(count_objects(s), 6);
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	assert_int_equal(count_objects(s), 7);
	assert_int_equal(find(s, CKO_PRIVATE_KEY, 2), 0);
}

/* A search that meets a card that is gone ends. */
static void vague_and_gone(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);

	(void)state;
	fake_vague = true;
	fake_fail(2, UK_ERR_CARD_REMOVED);
	expect_rv(F->C_FindObjectsInit(s, NULL, 0), CKR_DEVICE_REMOVED);
	assert_true(fake_failed());
}

static CK_RV get(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE_TYPE type, void *out, CK_ULONG *len)
{
	CK_ATTRIBUTE a = { type, out, *len };
	CK_RV rv = F->C_GetAttributeValue(s, o, &a, 1);

	*len = a.ulValueLen;
	return rv;
}

static void rules_of_reading(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE cert = find(s, CKO_CERTIFICATE, 1);
	CK_BYTE small[4], label[64];
	CK_OBJECT_CLASS class = 0;
	CK_ATTRIBUTE t[] = {
		{ CKA_VALUE, small, sizeof(small) },
		{ CKA_MODULUS, label, sizeof(label) },
		{ CKA_LABEL, label, sizeof(label) },
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_VALUE, NULL, 77 },
	};

	(void)state;
	expect_rv(F->C_GetAttributeValue(s, cert, NULL, 1), CKR_ARGUMENTS_BAD);
	expect_rv(
	    F->C_GetAttributeValue(s, 0, t, 1), CKR_OBJECT_HANDLE_INVALID);
	expect_rv(F->C_GetAttributeValue(s, cert + 0x1000000, t, 1),
	    CKR_OBJECT_HANDLE_INVALID);
	expect_rv(F->C_GetAttributeValue(s, cert, t, 5), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(t[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(t[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(t[2].ulValueLen, 11);
	assert_memory_equal(label, "Certificate", 11);
	assert_int_equal(class, CKO_CERTIFICATE);
	assert_in_range(t[4].ulValueLen, 800, 900);
	expect_rv(F->C_GetAttributeValue(s, cert, &t[1], 1),
	    CKR_ATTRIBUTE_TYPE_INVALID);
}

/* RFC 8017 keys and SEC 1 points as PKCS#11 wants them; the certificate is
 * openssl's, see tests/unit/certs.h. */
static void public_keys(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE rsa = find(s, CKO_PUBLIC_KEY, 1);
	CK_OBJECT_HANDLE ec = find(s, CKO_PUBLIC_KEY, 2);
	CK_BYTE b[600];
	CK_ULONG n = sizeof(b);

	(void)state;
	expect_rv(get(s, rsa, CKA_MODULUS, b, &n), CKR_OK);
	assert_int_equal(n, 256);
	assert_int_equal(b[0], 0xa9); /* no leading zero */
	n = sizeof(b);
	expect_rv(get(s, rsa, CKA_PUBLIC_EXPONENT, b, &n), CKR_OK);
	expect_bytes(uk_view(b, n), hex("010001"));
	n = sizeof(b);
	expect_rv(get(s, rsa, CKA_EC_POINT, b, &n), CKR_ATTRIBUTE_TYPE_INVALID);
	n = sizeof(b);
	expect_rv(get(s, ec, CKA_EC_PARAMS, b, &n), CKR_OK);
	/* RFC 5480: OBJECT IDENTIFIER 1.2.840.10045.3.1.7 */
	expect_bytes(uk_view(b, n), hex("06082a8648ce3d030107"));
	n = sizeof(b);
	expect_rv(get(s, ec, CKA_EC_POINT, b, &n), CKR_OK);
	assert_int_equal(n, 67);
	expect_bytes(uk_view(b, 3), hex("044104"));
	n = sizeof(b);
	expect_rv(get(s, ec, CKA_PUBLIC_KEY_INFO, b, &n), CKR_OK);
	assert_int_equal(n, 91); /* RFC 5480 with a P-256 point */
	n = sizeof(b);
	expect_rv(get(s, ec, CKA_MODULUS, b, &n), CKR_ATTRIBUTE_TYPE_INVALID);
	assert_int_equal(fake_reads, 2);
}

static void certificates(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE cert = find(s, CKO_CERTIFICATE, 1);
	CK_BYTE b[4096];
	CK_ULONG n = sizeof(b);

	(void)state;
	expect_rv(get(s, cert, CKA_SERIAL_NUMBER, b, &n), CKR_OK);
	expect_bytes(uk_view(b, n), hex("02090080A1B2C3D4E5F601"));
	n = sizeof(b);
	expect_rv(get(s, cert, CKA_START_DATE, b, &n), CKR_OK);
	expect_bytes(uk_view(b, n), uk_view_str("20261120"));
	n = sizeof(b);
	expect_rv(get(s, cert, CKA_CHECK_VALUE, b, &n), CKR_OK);
	assert_int_equal(n, 3);
	n = sizeof(b);
	expect_rv(get(s, cert, CKA_URL, b, &n), CKR_OK);
	assert_int_equal(n, 0);
	n = sizeof(b);
	expect_rv(get(s, cert, CKA_UNIQUE_ID, b, &n), CKR_OK);
	expect_bytes(uk_view(b, n), uk_view_str("0000000000000001-0100004331"));
}

/* Key and certificate have one CKA_ID, and so one subject: "openssl asn1parse"
 * of the certificate in tests/unit/certs.h. */
static void subjects_of_keys(void **state)
{
	static const char name[] =
	    "3035310B300906035504061302434E31123010060355040A0C09546573742042"
	    "616E6B3112301006035504030C095A68616E672053616E";
	CK_SESSION_HANDLE s = open_ro(0);
	CK_BYTE b[600], wanted[64];
	uk_buf w = UK_BUF(wanted);
	CK_OBJECT_HANDLE key, found[4];
	CK_ULONG n = sizeof(b);

	(void)state;
	uk_put(&w, hex(name));
	expect_rv(
	    get(s, find(s, CKO_PUBLIC_KEY, 1), CKA_SUBJECT, b, &n), CKR_OK);
	expect_bytes(uk_view(b, n), hex(name));
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(s, CKO_PRIVATE_KEY, 1);
	n = sizeof(b);
	expect_rv(get(s, key, CKA_SUBJECT, b, &n), CKR_OK);
	expect_bytes(uk_view(b, n), hex(name));
	n = sizeof(b); /* nobody says until when */
	expect_rv(get(s, key, CKA_END_DATE, b, &n), CKR_OK);
	assert_int_equal(n, 0);
	expect_rv(F->C_FindObjectsInit(
		      s, &(CK_ATTRIBUTE){ CKA_SUBJECT, wanted, w.len }, 1),
	    CKR_OK);
	expect_rv(F->C_FindObjects(s, found, 4, &n), CKR_OK);
	assert_int_equal(n, 3); /* certificate and both halves */
}

static void private_keys(void **state)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		CK_BBOOL want;
	} bools[] = {
		{ CKA_TOKEN, CK_TRUE },
		{ CKA_PRIVATE, CK_TRUE },
		{ CKA_SENSITIVE, CK_TRUE },
		{ CKA_ALWAYS_SENSITIVE, CK_TRUE },
		{ CKA_EXTRACTABLE, CK_FALSE },
		{ CKA_NEVER_EXTRACTABLE, CK_TRUE },
		{ CKA_LOCAL, CK_TRUE },
		{ CKA_SIGN, CK_TRUE },
		{ CKA_DECRYPT, CK_FALSE },
		{ CKA_UNWRAP, CK_FALSE },
		{ CKA_MODIFIABLE, CK_FALSE },
		{ CKA_ALWAYS_AUTHENTICATE, CK_TRUE },
	};
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_HANDLE key;
	CK_BYTE b[600];
	CK_ULONG n;

	(void)state;
	expect_rv(login(s, CKU_USER, FAKE_PIN), CKR_OK);
	key = find(s, CKO_PRIVATE_KEY, 2);
	for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++) {
		n = sizeof(b);
		expect_rv(get(s, key, bools[i].type, b, &n), CKR_OK);
		assert_int_equal(n, 1);
		assert_int_equal(b[0], bools[i].want);
	}
	n = sizeof(b);
	expect_rv(get(s, key, CKA_VALUE, b, &n), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(n, CK_UNAVAILABLE_INFORMATION);
	key = find(s, CKO_PRIVATE_KEY, 1);
	n = sizeof(b);
	expect_rv(get(s, key, CKA_PRIME_1, b, &n), CKR_ATTRIBUTE_SENSITIVE);
	n = sizeof(b);
	expect_rv(get(s, key, CKA_ALWAYS_AUTHENTICATE, b, &n), CKR_OK);
	assert_int_equal(b[0], CK_FALSE);
	n = sizeof(b);
	expect_rv(get(s, key, CKA_KEY_GEN_MECHANISM, b, &n), CKR_OK);
	assert_int_equal(n, sizeof(CK_ULONG));
}

static void profiles(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_OBJECT_CLASS class = CKO_PROFILE;
	CK_ULONG id;
	CK_OBJECT_HANDLE o;
	CK_ULONG n;

	(void)state;
	for (id = 1; id <= 4; id++) {
		CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
			{ CKA_PROFILE_ID, &id, sizeof(id) } };

		expect_rv(F->C_FindObjectsInit(s, t, 2), CKR_OK);
		expect_rv(F->C_FindObjects(s, &o, 1, &n), CKR_OK);
		assert_int_equal(n, 1);
		expect_rv(F->C_FindObjectsFinal(s), CKR_OK);
	}
}

static void lying_templates(void **state)
{
	CK_SESSION_HANDLE s = open_ro(0);
	CK_ATTRIBUTE t = { CKA_LABEL, NULL, (CK_ULONG)-1 };
	CK_ATTRIBUTE class = { CKA_CLASS, NULL, sizeof(CK_OBJECT_CLASS) };
	CK_OBJECT_HANDLE o;
	CK_ULONG n;

	(void)state;
	for (int i = 0; i < 2; i++) {
		expect_rv(
		    F->C_FindObjectsInit(s, i == 0 ? &t : &class, 1), CKR_OK);
		expect_rv(F->C_FindObjects(s, &o, 1, &n), CKR_OK);
		assert_int_equal(n, 0);
		expect_rv(F->C_FindObjectsFinal(s), CKR_OK);
	}
	expect_rv(F->C_FindObjectsInit(s, &t, (CK_ULONG)-1), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GetAttributeValue(
		      s, find(s, CKO_CERTIFICATE, 1), &t, (CK_ULONG)-1),
	    CKR_ARGUMENTS_BAD);
}

/* The bank's objects are not for programs to change. */
static void changes(void **state)
{
	CK_SESSION_HANDLE ro = open_ro(0), rw = open_rw(0);
	CK_OBJECT_HANDLE cert = find(ro, CKO_CERTIFICATE, 1), o;
	CK_BYTE b[4] = { 0x61, 0x62, 0x63, 0x64 };
	CK_ATTRIBUTE label = { CKA_LABEL, b, 4 }, bad = { CKA_MODULUS, b, 4 };
	CK_ATTRIBUTE value = { CKA_VALUE, b, 4 };
	CK_ULONG n = 0;

	(void)state;
	expect_rv(
	    F->C_SetAttributeValue(ro, cert, &label, 1), CKR_SESSION_READ_ONLY);
	expect_rv(F->C_SetAttributeValue(rw, cert, &value, 1),
	    CKR_ATTRIBUTE_READ_ONLY);
	expect_rv(
	    F->C_SetAttributeValue(rw, cert, &label, 1), CKR_ACTION_PROHIBITED);
	expect_rv(F->C_SetAttributeValue(rw, cert, &bad, 1),
	    CKR_ATTRIBUTE_TYPE_INVALID);
	expect_rv(F->C_SetAttributeValue(rw, cert, NULL, 1), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_DestroyObject(ro, cert), CKR_SESSION_READ_ONLY);
	expect_rv(F->C_DestroyObject(rw, cert), CKR_ACTION_PROHIBITED);
	expect_rv(F->C_DestroyObject(rw, 1), CKR_OBJECT_HANDLE_INVALID);
	expect_rv(
	    F->C_CopyObject(rw, cert, NULL, 0, &o), CKR_USER_NOT_LOGGED_IN);
	expect_rv(
	    F->C_CopyObject(ro, cert, NULL, 0, &o), CKR_SESSION_READ_ONLY);
	expect_rv(F->C_CopyObject(rw, cert, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(
	    F->C_CreateObject(rw, &label, 1, &o), CKR_TEMPLATE_INCOMPLETE);
	expect_rv(F->C_CreateObject(rw, NULL, 1, &o), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GetObjectSize(ro, cert, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GetObjectSize(ro, cert, &n), CKR_OK);
	expect_rv(F->C_GetObjectSize(ro, 1, &n), CKR_OBJECT_HANDLE_INVALID);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, p11_up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(private_ones),
		TEST(lazy),
		TEST(vague_ones),
		TEST(vague_and_gone),
		TEST(rules_of_reading),
		TEST(public_keys),
		TEST(certificates),
		TEST(subjects_of_keys),
		TEST(private_keys),
		TEST(profiles),
		TEST(lying_templates),
		TEST(changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
