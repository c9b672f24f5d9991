/* Objects that programs put on the card, and keys made there. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"
#include "p11_make.h"
#include "rsa_numbers.h"

#include <string.h>

static struct tmpl t, pub, key;
static CK_SESSION_HANDLE rw, ro;

static int up(void **state)
{
	int rc = p11_up(state);

	rw = open_rw(0);
	ro = open_ro(0);
	expect_rv(login(rw, CKU_USER, FAKE_PIN), CKR_OK);
	return rc;
}

static CK_RV store(CK_OBJECT_HANDLE *o)
{
	t_bool(&t, CKA_TOKEN, true);
	return t_create(rw, &t, o);
}

static size_t get(CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_BYTE b[1024])
{
	CK_ATTRIBUTE a = { type, b, 1024 };

	expect_rv(F->C_GetAttributeValue(rw, o, &a, 1), CKR_OK);
	return a.ulValueLen;
}

static CK_ULONG number(CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG n = 0;
	CK_ATTRIBUTE a = { type, &n, sizeof(n) };

	expect_rv(F->C_GetAttributeValue(rw, o, &a, 1), CKR_OK);
	return n;
}

static void found_again(CK_OBJECT_HANDLE o)
{
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n;

	expect_rv(F->C_FindObjectsInit(ro, t.list, t.n), CKR_OK);
	expect_rv(F->C_FindObjects(ro, found, 2, &n), CKR_OK);
	expect_rv(F->C_FindObjectsFinal(ro), CKR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(found[0], o);
}

/* --- what is stored ---------------------------------------------------------
 */

static void certificates_data_and_public_keys(void **state)
{
	CK_OBJECT_HANDLE o[4];
	size_t before = count_objects(rw);

	(void)state;
	t_certificate(&t, rw);
	expect_rv(store(&o[0]), CKR_OK);
	found_again(o[0]);
	t_data(&t);
	expect_rv(store(&o[1]), CKR_OK);
	found_again(o[1]);
	t_data(&t);
	t_bool(&t, CKA_PRIVATE, true);
	t_text(&t, CKA_VALUE, "");
	expect_rv(store(&o[2]), CKR_OK);
	t_without(&t, CKA_VALUE);
	found_again(o[2]);
	t_ec_public(&t);
	expect_rv(store(&o[3]), CKR_OK);
	t_without(&t, CKA_TOKEN);
	found_again(o[3]);
	assert_int_equal(count_objects(rw), before + 4);
	expect_rv(F->C_Logout(rw), CKR_OK);
	/* two private keys and the private data are hidden */
	assert_int_equal(count_objects(rw), before + 1);
	for (size_t i = 0; i < 4; i++) {
		bool hidden = i == 2;

		expect_rv(F->C_DestroyObject(rw, o[i]),
		    hidden ? CKR_OBJECT_HANDLE_INVALID
			   : CKR_USER_NOT_LOGGED_IN);
		expect_rv(F->C_DestroyObject(ro, o[i]),
		    hidden ? CKR_OBJECT_HANDLE_INVALID : CKR_SESSION_READ_ONLY);
	}
}

static void handles_stay(void **state)
{
	CK_OBJECT_HANDLE cert = find(rw, CKO_CERTIFICATE, 1), key1, a, b;
	CK_BYTE v[1024];
	CK_ULONG size;

	(void)state;
	key1 = find(rw, CKO_PRIVATE_KEY, 1);
	t_data(&t);
	expect_rv(store(&a), CKR_OK);
	expect_rv(store(&b), CKR_OK);
	assert_int_not_equal(a, b);
	assert_int_equal(find(rw, CKO_CERTIFICATE, 1), cert);
	assert_int_equal(find(rw, CKO_PRIVATE_KEY, 1), key1);
	expect_rv(F->C_DestroyObject(rw, a), CKR_OK);
	expect_rv(F->C_GetObjectSize(rw, a, &size), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(get(b, CKA_LABEL, v), 4);
	assert_int_equal(find(rw, CKO_CERTIFICATE, 1), cert);
	assert_int_equal(find(rw, CKO_PRIVATE_KEY, 1), key1);
	expect_rv(store(&a), CKR_OK);
	assert_int_not_equal(a, b);
}

static void renamed(void **state)
{
	CK_ATTRIBUTE to[] = { A_TEXT(CKA_LABEL, "new"),
		A_TEXT(CKA_ID, "\x55") };
	CK_ATTRIBUTE nothing = { CKA_ID, NULL, 0 };
	CK_OBJECT_HANDLE o;
	CK_BYTE v[1024];

	(void)state;
	t_certificate(&t, rw);
	expect_rv(store(&o), CKR_OK);
	expect_rv(F->C_SetAttributeValue(ro, o, to, 2), CKR_SESSION_READ_ONLY);
	expect_rv(F->C_SetAttributeValue(rw, o, &nothing, 1),
	    CKR_ATTRIBUTE_VALUE_INVALID);
	expect_rv(F->C_SetAttributeValue(rw, o, to, 2), CKR_OK);
	assert_int_equal(find(rw, CKO_CERTIFICATE, 0x55), o);
	assert_int_equal(get(o, CKA_LABEL, v), 3);
	expect_rv(
	    F->C_SetAttributeValue(rw, find(rw, CKO_CERTIFICATE, 1), to, 1),
	    CKR_ACTION_PROHIBITED);
	expect_rv(F->C_Logout(rw), CKR_OK);
	expect_rv(F->C_SetAttributeValue(rw, o, to, 2), CKR_USER_NOT_LOGGED_IN);
}

static void full(void **state)
{
	CK_OBJECT_HANDLE o;

	(void)state;
	t_data(&t);
	for (int i = 0; i < FAKE_ROOM; i++)
		expect_rv(store(&o), CKR_OK);
	expect_rv(store(&o), CKR_DEVICE_MEMORY);
}

static void a_card_that_was_reset(void **state)
{
	CK_OBJECT_HANDLE o;

	(void)state;
	t_data(&t);
	expect_rv(store(&o), CKR_OK);
	fake_reset_card(0);
	expect_rv(store(&o), CKR_USER_NOT_LOGGED_IN);
	expect_rv(login(rw, CKU_USER, FAKE_PIN), CKR_OK);
	fake_reset_card(0);
	expect_rv(F->C_DestroyObject(rw, o), CKR_USER_NOT_LOGGED_IN);
}

/* Another program writes on the card between two calls: what is still there
 * keeps its handle, and what was read is read again. */
static void changed_by_others(void **state)
{
	CK_OBJECT_HANDLE cert = find(rw, CKO_CERTIFICATE, 1), a, b;
	CK_BYTE v[1024];
	CK_ULONG size;

	(void)state;
	t_data(&t);
	expect_rv(store(&a), CKR_OK);
	expect_rv(store(&b), CKR_OK);
	assert_int_equal(get(b, CKA_VALUE, v), 21);
	assert_in_range(get(cert, CKA_VALUE, v), 800, 900);
	fake_reads = 0;
	fake_change(0);
	expect_rv(store(&a), CKR_USER_NOT_LOGGED_IN); /* it is noticed */
	expect_rv(login(rw, CKU_USER, FAKE_PIN), CKR_OK);
	expect_rv(F->C_GetObjectSize(rw, a, &size), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(get(b, CKA_VALUE, v), 21);
	assert_in_range(get(cert, CKA_VALUE, v), 800, 900);
	assert_int_equal(fake_reads, 2);
	assert_int_equal(find(rw, CKO_CERTIFICATE, 1), cert);
}

static void copied_to_the_card(void **state)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE to = { CKA_TOKEN, &yes, 1 };
	CK_OBJECT_HANDLE o, copy;

	(void)state;
	t_certificate(&t, rw);
	expect_rv(t_create(rw, &t, &o), CKR_OK);
	expect_rv(F->C_CopyObject(ro, o, &to, 1, &copy), CKR_SESSION_READ_ONLY);
	expect_rv(F->C_CopyObject(rw, o, &to, 1, &copy), CKR_OK);
	assert_true(is(rw, copy, CKA_TOKEN));
	expect_rv(
	    F->C_CopyObject(rw, find(rw, CKO_PRIVATE_KEY, 1), NULL, 0, &o),
	    CKR_ACTION_PROHIBITED);
}

/* --- private keys -----------------------------------------------------------
 */

static void imported(void **state)
{
	CK_OBJECT_HANDLE o;
	CK_BYTE v[1024];
	CK_ATTRIBUTE secret = { CKA_PRIME_1, v, sizeof(v) };

	(void)state;
	t_rsa_private(&t);
	t_bool(&t, CKA_DECRYPT, true);
	expect_rv(store(&o), CKR_OK);
	assert_false(is(rw, o, CKA_LOCAL));
	assert_false(is(rw, o, CKA_ALWAYS_SENSITIVE));
	assert_false(is(rw, o, CKA_NEVER_EXTRACTABLE));
	assert_true(is(rw, o, CKA_SENSITIVE));
	assert_false(is(rw, o, CKA_EXTRACTABLE));
	assert_true(is(rw, o, CKA_SIGN));
	assert_true(is(rw, o, CKA_DECRYPT));
	assert_int_equal(
	    number(o, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
	expect_rv(
	    F->C_GetAttributeValue(rw, o, &secret, 1), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_not_equal(find(rw, CKO_PUBLIC_KEY, 0x77), 0);
	expect_rv(F->C_DestroyObject(rw, find(rw, CKO_PUBLIC_KEY, 0x77)),
	    CKR_ACTION_PROHIBITED);
	expect_rv(F->C_DestroyObject(rw, o), CKR_OK);
	assert_int_equal(find(rw, CKO_PUBLIC_KEY, 0x77), 0);
	t_ec_private(&t);
	expect_rv(store(&o), CKR_OK);
	assert_int_equal(get(o, CKA_EC_POINT, v), 67);
}

/* Numbers of two keys: the card is not even asked. */
static void imported_wrongly(void **state)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *value;
	} wrong[] = { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D },
		{ CKA_PRIME_1, RSA_P }, { CKA_PRIME_2, RSA_Q },
		{ CKA_EXPONENT_1, RSA_DP }, { CKA_EXPONENT_2, RSA_DQ },
		{ CKA_COEFFICIENT, RSA_QINV } };
	CK_OBJECT_HANDLE o;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		t_rsa_private(&t);
		t_hex(&t, wrong[i].type, wrong[i].value);
		t.values[t.n - 1][t.list[t.n - 1].ulValueLen - 1] ^= 2;
		expect_rv(store(&o), CKR_TEMPLATE_INCONSISTENT);
	}
	t_ec_private(&t);
	t_hex(&t, CKA_VALUE, "02"); /* not this one's: that of 1 */
	t_hex(&t, CKA_EC_POINT,
	    "0441"
	    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
	expect_rv(store(&o), CKR_TEMPLATE_INCONSISTENT);
	t_hex(&t, CKA_VALUE, "01");
	expect_rv(store(&o), CKR_OK);
	expect_rv(F->C_DestroyObject(rw, o), CKR_OK);
}

static void imported_with_all_its_numbers(void **state)
{
	CK_OBJECT_HANDLE o;
	CK_BYTE v[1024];

	(void)state;
	t_rsa_private(&t);
	t_hex(&t, CKA_EXPONENT_1, RSA_DP);
	t_hex(&t, CKA_EXPONENT_2, RSA_DQ);
	t_hex(&t, CKA_COEFFICIENT, RSA_QINV);
	expect_rv(store(&o), CKR_OK);
	assert_int_equal(get(o, CKA_MODULUS, v), 256);
	expect_bytes(uk_view(v, 256), hex(RSA_N));
	expect_rv(F->C_DestroyObject(rw, o), CKR_OK);
}

/* The card says that it has another key: that one does not stay. */
static void imported_into_another(void **state)
{
	CK_OBJECT_HANDLE o;

	(void)state;
	t_rsa_private(&t);
	t_text(&t, CKA_LABEL, "other");
	expect_rv(store(&o), CKR_DEVICE_ERROR);
	assert_int_equal(find(rw, CKO_PRIVATE_KEY, 0x77), 0);
}

/* Without CKA_ID: two halves that belong together all the same. */
static void an_id_is_invented(void **state)
{
	CK_OBJECT_HANDLE o;
	CK_BYTE id[1024];

	(void)state;
	t_ec_private(&t);
	t_without(&t, CKA_ID);
	expect_rv(store(&o), CKR_OK);
	assert_int_equal(get(o, CKA_ID, id), 20);
	assert_int_not_equal(find(rw, CKO_PUBLIC_KEY, id[0]), o);
}

/* --- generated keys ---------------------------------------------------------
 */

static CK_MECHANISM rsa_gen = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
static CK_MECHANISM ec_gen = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };

static void templates(bool rsa)
{
	pub.n = key.n = 0;
	t_bool(&pub, CKA_TOKEN, true);
	t_bool(&key, CKA_TOKEN, true);
	t_bool(&key, CKA_PRIVATE, true);
	t_bool(&key, CKA_SENSITIVE, true);
	t_bool(&key, CKA_SIGN, true);
	t_hex(&key, CKA_ID, "66");
	if (rsa)
		t_number(&pub, CKA_MODULUS_BITS, 2048);
	else
		t_hex(&pub, CKA_EC_PARAMS, "06082a8648ce3d030107");
}

static CK_RV generate(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE *p,
    CK_OBJECT_HANDLE *k)
{
	return F->C_GenerateKeyPair(
	    s, m, pub.list, pub.n, key.list, key.n, p, k);
}

static void generated(void **state)
{
	CK_OBJECT_HANDLE p, k;
	CK_BYTE v[1024];

	(void)state;
	templates(true);
	t_hex(&pub, CKA_PUBLIC_EXPONENT, "010001");
	t_bool(&pub, CKA_ENCRYPT, true);
	t_bool(&key, CKA_DECRYPT, true);
	expect_rv(generate(rw, &rsa_gen, &p, &k), CKR_OK);
	assert_true(is(rw, k, CKA_LOCAL));
	assert_true(is(rw, k, CKA_ALWAYS_SENSITIVE));
	assert_true(is(rw, k, CKA_NEVER_EXTRACTABLE));
	assert_true(is(rw, k, CKA_DECRYPT));
	assert_int_equal(
	    number(k, CKA_KEY_GEN_MECHANISM), CKM_RSA_PKCS_KEY_PAIR_GEN);
	assert_int_equal(find(rw, CKO_PUBLIC_KEY, 0x66), p);
	assert_int_equal(find(rw, CKO_PRIVATE_KEY, 0x66), k);
	assert_int_equal(get(p, CKA_MODULUS, v), 256);
	assert_int_equal(number(p, CKA_MODULUS_BITS), 2048);
	assert_true(is(rw, p, CKA_ENCRYPT));
	templates(false);
	expect_rv(generate(rw, &ec_gen, &p, &k), CKR_OK);
	assert_int_equal(number(k, CKA_KEY_GEN_MECHANISM), CKM_EC_KEY_PAIR_GEN);
	assert_int_equal(get(p, CKA_EC_POINT, v), 67);
}

/* CKA_TOKEN is false unless it is given: then the public half is the
 * session's, beside the token's own. */
static void public_half_for_the_session(void **state)
{
	CK_OBJECT_HANDLE p, k;
	CK_BYTE v[1024];

	(void)state;
	templates(false);
	t_without(&pub, CKA_TOKEN);
	t_text(&pub, CKA_LABEL, "other");
	expect_rv(generate(rw, &ec_gen, &p, &k), CKR_OK);
	assert_false(is(rw, p, CKA_TOKEN));
	assert_true(is(rw, p, CKA_LOCAL));
	assert_int_equal(get(p, CKA_EC_POINT, v), 67);
	assert_int_equal(get(p, CKA_LABEL, v), 5);
	expect_rv(F->C_DestroyObject(rw, p), CKR_OK);
	assert_int_not_equal(find(rw, CKO_PUBLIC_KEY, 0x66), 0);
}

/* What certutil asks for: the public half does all that public halves do, the
 * private one signs. */
static void public_half_that_encrypts(void **state)
{
	CK_OBJECT_HANDLE p, k;

	(void)state;
	for (int token = 0; token < 2; token++) {
		templates(true);
		t_bool(&pub, CKA_TOKEN, token == 1);
		t_bool(&pub, CKA_ENCRYPT, true);
		t_bool(&pub, CKA_VERIFY, true);
		t_bool(&pub, CKA_VERIFY_RECOVER, true);
		t_bool(&pub, CKA_WRAP, false);
		t_bool(&pub, CKA_DERIVE, false);
		t_bool(&key, CKA_DECRYPT, false);
		t_bool(&key, CKA_UNWRAP, false);
		expect_rv(generate(rw, &rsa_gen, &p, &k), CKR_OK);
		assert_true(is(rw, p, CKA_ENCRYPT));
		assert_true(is(rw, p, CKA_VERIFY_RECOVER));
		assert_false(is(rw, k, CKA_DECRYPT));
		assert_false(is(rw, k, CKA_SIGN_RECOVER));
		expect_rv(F->C_DestroyObject(rw, k), CKR_OK);
	}
}

static const struct {
	bool rsa, in_key;
	CK_ATTRIBUTE_TYPE type;
	const char *value;
	CK_RV want;
} refusals[] = {
	{ true, false, CKA_MODULUS_BITS, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ true, false, CKA_MODULUS_BITS, "0004000000000000",
	    CKR_ATTRIBUTE_VALUE_INVALID },
	{ true, false, CKA_MODULUS_BITS, "0008", CKR_ATTRIBUTE_VALUE_INVALID },
	{ true, false, CKA_PUBLIC_EXPONENT, "03", CKR_TEMPLATE_INCONSISTENT },
	{ true, false, CKA_MODULUS, "b5", CKR_TEMPLATE_INCONSISTENT },
	{ true, false, CKA_WRAP, "01", CKR_TEMPLATE_INCONSISTENT },
	{ false, false, CKA_ENCRYPT, "01", CKR_TEMPLATE_INCONSISTENT },
	{ true, false, CKA_VERIFY, "00", CKR_TEMPLATE_INCONSISTENT },
	{ true, false, CKA_PRIVATE, "01", CKR_TEMPLATE_INCONSISTENT },
	{ true, false, CKA_CLASS, "0300000000000000",
	    CKR_TEMPLATE_INCONSISTENT },
	{ true, false, CKA_KEY_TYPE, "0300000000000000",
	    CKR_TEMPLATE_INCONSISTENT },
	{ true, false, CKA_ID, "67", CKR_TEMPLATE_INCONSISTENT },
	{ false, false, CKA_EC_PARAMS, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ false, false, CKA_EC_PARAMS, "06052b8104000a",
	    CKR_CURVE_NOT_SUPPORTED },
	{ false, false, CKA_EC_POINT, "0400", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_TOKEN, NULL, CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_TOKEN, "00", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_PRIVATE, "00", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_SENSITIVE, "00", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_EXTRACTABLE, "01", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_SIGN, "00", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_UNWRAP, "01", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_DERIVE, "01", CKR_TEMPLATE_INCONSISTENT },
	{ false, true, CKA_DECRYPT, "01", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_ALWAYS_AUTHENTICATE, "01",
	    CKR_TEMPLATE_INCONSISTENT },
	/* CKM_SHA256_RSA_PKCS alone: the card would not keep to it */
	{ true, true, CKA_ALLOWED_MECHANISMS, "4000000000000000",
	    CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_SUBJECT, "3000", CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_START_DATE, "3230323631313230",
	    CKR_TEMPLATE_INCONSISTENT },
	{ true, true, CKA_LOCAL, "01", CKR_ATTRIBUTE_READ_ONLY },
	{ true, true, CKA_KEY_GEN_MECHANISM, "0000000000000000",
	    CKR_ATTRIBUTE_READ_ONLY },
	{ true, true, CKA_VERIFY, "01", CKR_ATTRIBUTE_TYPE_INVALID },
	{ true, true, CKA_SIGN, "02", CKR_ATTRIBUTE_VALUE_INVALID },
	{ true, true, CKA_LABEL, "ff", CKR_ATTRIBUTE_VALUE_INVALID },
};

static void not_generated(void **state)
{
	size_t before = count_objects(rw);
	CK_OBJECT_HANDLE p, k;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		bool rsa = refusals[i].rsa;
		struct tmpl *changed = refusals[i].in_key ? &key : &pub;
		CK_RV rv;

		templates(rsa);
		if (refusals[i].value == NULL)
			t_without(changed, refusals[i].type);
		else
			t_hex(changed, refusals[i].type, refusals[i].value);
		fake_commands();
		rv = generate(rw, rsa ? &rsa_gen : &ec_gen, &p, &k);
		if (rv != refusals[i].want)
			print_error("refusal %zu of the table\n", i);
		expect_rv(rv, refusals[i].want);
		assert_int_equal(fake_commands(), 0);
	}
	assert_int_equal(count_objects(rw), before);
}

static void generating_arguments(void **state)
{
	CK_MECHANISM bad = { CKM_RSA_PKCS, NULL, 0 };
	CK_MECHANISM long_one = { CKM_RSA_PKCS_KEY_PAIR_GEN, &bad, 4 };
	CK_OBJECT_HANDLE p, k;

	(void)state;
	templates(true);
	expect_rv(generate(ro, &rsa_gen, &p, &k), CKR_SESSION_READ_ONLY);
	expect_rv(generate(rw, NULL, &p, &k), CKR_ARGUMENTS_BAD);
	expect_rv(generate(rw, &rsa_gen, NULL, &k), CKR_ARGUMENTS_BAD);
	expect_rv(generate(rw, &rsa_gen, &p, NULL), CKR_ARGUMENTS_BAD);
	expect_rv(generate(rw, &bad, &p, &k), CKR_MECHANISM_INVALID);
	expect_rv(generate(rw, &long_one, &p, &k), CKR_MECHANISM_PARAM_INVALID);
	expect_rv(F->C_GenerateKeyPair(
		      rw, &rsa_gen, NULL, 1, key.list, key.n, &p, &k),
	    CKR_ARGUMENTS_BAD);
	expect_rv(F->C_GenerateKeyPair(
		      rw, &rsa_gen, NULL, 0, key.list, key.n, &p, &k),
	    CKR_TEMPLATE_INCOMPLETE);
	pub.list[0].pValue = NULL; /* and a length */
	expect_rv(generate(rw, &rsa_gen, &p, &k), CKR_ATTRIBUTE_VALUE_INVALID);
	templates(true);
	expect_rv(F->C_Logout(rw), CKR_OK);
	expect_rv(generate(rw, &rsa_gen, &p, &k), CKR_USER_NOT_LOGGED_IN);
}

/* --- when something fails ---------------------------------------------------
 */

static CK_RV one_store(CK_OBJECT_HANDLE *o)
{
	return store(o);
}

static CK_RV one_generate(CK_OBJECT_HANDLE *o)
{
	CK_OBJECT_HANDLE p;

	return generate(rw, &ec_gen, &p, o);
}

/* Made, renamed and destroyed: each of these may fail. */
static CK_RV one_life(CK_OBJECT_HANDLE *o)
{
	CK_ATTRIBUTE to = A_TEXT(CKA_LABEL, "new");
	CK_RV rv = store(o);

	if (rv == CKR_OK)
		rv = F->C_SetAttributeValue(rw, *o, &to, 1);
	if (rv == CKR_OK)
		rv = F->C_DestroyObject(rw, *o);
	return rv == CKR_OK ? store(o) : rv;
}

static CK_RV (*step)(CK_OBJECT_HANDLE *o);

static void clean(void)
{
	CK_OBJECT_HANDLE all[64];
	CK_ULONG n;

	expect_rv(F->C_FindObjectsInit(rw, NULL, 0), CKR_OK);
	expect_rv(F->C_FindObjects(rw, all, 64, &n), CKR_OK);
	expect_rv(F->C_FindObjectsFinal(rw), CKR_OK);
	for (CK_ULONG i = 0; i < n; i++)
		(void)F->C_DestroyObject(rw, all[i]);
}

/* Each call that fails says so, and the next one works as if nothing had been;
 * what the card has made by then is found. */
static void with_failing_allocations(void)
{
	CK_OBJECT_HANDLE o;
	CK_RV rv = CKR_HOST_MEMORY;
	unsigned long nth;

	expect_rv(step(&o), CKR_OK);
	for (nth = 1; rv != CKR_OK && nth < 100; nth++) {
		clean();
		uk_mem_fail_nth(nth);
		rv = step(&o);
		uk_mem_fail_nth(0);
		if (rv != CKR_OK)
			expect_rv(rv, CKR_HOST_MEMORY);
	}
	assert_in_range(nth, 3, 99);
	clean();
}

static void with_failing_commands(enum uk_code code, CK_RV want)
{
	CK_OBJECT_HANDLE o;
	CK_RV rv;
	unsigned nth = 0;

	do {
		fresh_card(0, 1);
		rw = open_rw(0);
		expect_rv(login(rw, CKU_USER, FAKE_PIN), CKR_OK);
		(void)count_objects(rw);
		fake_fail(++nth, code);
		rv = step(&o);
		if (fake_failed())
			expect_rv(rv, want);
	} while (fake_failed());
	expect_rv(rv, CKR_OK);
	assert_in_range(nth, 3, 20);
	fake_fail(0, UK_OK);
}

static void nothing_breaks_it(void **state)
{
	static CK_RV (*const steps[])(
	    CK_OBJECT_HANDLE *) = { one_store, one_generate, one_life };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		step = steps[i];
		templates(false);
		t_ec_private(&t);
		with_failing_allocations();
		with_failing_commands(UK_ERR_IO, CKR_FUNCTION_FAILED);
		with_failing_commands(UK_ERR_CARD_REMOVED, CKR_DEVICE_REMOVED);
		with_failing_commands(
		    UK_ERR_CARD_RESET, CKR_USER_NOT_LOGGED_IN);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, p11_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(certificates_data_and_public_keys),
		TEST(handles_stay),
		TEST(renamed),
		TEST(full),
		TEST(a_card_that_was_reset),
		TEST(changed_by_others),
		TEST(copied_to_the_card),
		TEST(imported),
		TEST(imported_wrongly),
		TEST(imported_with_all_its_numbers),
		TEST(imported_into_another),
		TEST(an_id_is_invented),
		TEST(generated),
		TEST(public_half_for_the_session),
		TEST(public_half_that_encrypts),
		TEST(not_generated),
		TEST(generating_arguments),
		TEST(nothing_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
