/* Finding, making and removing objects: 5.7. */
#include "conform.h"

#include <string.h>

enum { OBJECTS_MAX = 256 };

/* --- searches ----------------------------------------------------------- */

static void one_at_a_time(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE all[OBJECTS_MAX], one;
	CK_ULONG n = 0, got = 0, i = 0;

	(void)row;
	WANT(c, C_FindObjectsInit(c->s, NULL, 0), CKR_OK);
	WANT(c, C_FindObjects(c->s, all, OBJECTS_MAX, &n), CKR_OK);
	WANT(c, C_FindObjectsFinal(c->s), CKR_OK);
	if (!CHECK(c, n > 0 && n < OBJECTS_MAX, "%lu objects", n))
		return;
	WANT(c, C_FindObjectsInit(c->s, NULL, 0), CKR_OK);
	for (i = 0; i <= n; i++) {
		if (!WANT(c, C_FindObjects(c->s, &one, 1, &got), CKR_OK) ||
		    got == 0)
			break;
		CHECK(c, one == all[i], "object %lu is another one", i);
	}
	CHECK(c, i == n, "%lu one by one, %lu at once", i, n);
	WANT(c, C_FindObjects(c->s, &one, 1, &got), CKR_OK);
	CHECK(c, got == 0, "more objects after the last");
	WANT(c, C_FindObjectsFinal(c->s), CKR_OK);
	WANT(c, C_FindObjectsFinal(c->s), CKR_OPERATION_NOT_INITIALIZED);
}

/* The OASIS case CERT-M-1 reads attributes while its search is open. */
static void read_while_finding(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE o;
	CK_ULONG n = 0;
	CK_OBJECT_CLASS class;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };

	(void)row;
	WANT(c, C_FindObjects(c->s, &o, 1, &n), CKR_OK);
	if (!CHECK(c, n == 1, "no object"))
		return;
	WANT(c, C_GetAttributeValue(c->s, o, &t, 1), CKR_OK);
	WANT(c, C_FindObjects(c->s, &o, 1, &n), CKR_OK);
	WANT(c, C_FindObjectsFinal(c->s), CKR_OK);
}

static void find_nothing(struct conf *c, const void *row)
{
	CK_OBJECT_CLASS class = 0x7FFFFFF1;
	CK_BYTE id[] = "no such identifier, surely";
	CK_ATTRIBUTE by_class = { CKA_CLASS, &class, sizeof(class) };
	CK_ATTRIBUTE by_id = { CKA_ID, id, sizeof(id) };
	CK_ATTRIBUTE by_unknown = { 0x7FFFFFF1, id, sizeof(id) };
	CK_ATTRIBUTE short_class = { CKA_CLASS, &class, 1 };
	CK_OBJECT_HANDLE o;

	(void)row;
	CHECK(c, conf_find(c, &by_class, 1, &o, 1) == 0, "an unknown class");
	CHECK(c, conf_find(c, &by_id, 1, &o, 1) == 0, "an unknown CKA_ID");
	CHECK(c, conf_find(c, &by_unknown, 1, &o, 1) == 0,
	    "an attribute that nobody has");
	/* Refusing it is as right as finding nothing. */
	if (c->f.v2.C_FindObjectsInit(c->s, &short_class, 1) == CKR_OK) {
		CK_ULONG n = 1;

		WANT(c, C_FindObjects(c->s, &o, 1, &n), CKR_OK);
		CHECK(c, n == 0, "a class of one byte is found");
	}
}

static void null_value(struct conf *c, const void *row)
{
	CK_ATTRIBUTE t = { CKA_LABEL, NULL, 5 };
	CK_OBJECT_HANDLE o;
	CK_ULONG n = 0;
	CK_RV rv;

	(void)row;
	rv = c->f.v2.C_FindObjectsInit(c->s, &t, 1);
	if (conf_want(c, "C_FindObjectsInit", rv,
		(const CK_RV[]){ CKR_OK, CKR_ARGUMENTS_BAD,
		    CKR_ATTRIBUTE_VALUE_INVALID, CONF_END }) &&
	    rv == CKR_OK) {
		WANT(c, C_FindObjects(c->s, &o, 1, &n), CKR_OK);
		CHECK(c, n == 0, "found by a value that is not there");
	}
}

/* --- who sees what ------------------------------------------------------ */

static void private_after_login(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE keys[OBJECTS_MAX];
	CK_MECHANISM m;
	CK_OBJECT_CLASS class;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };

	(void)row;
	if (c->key.private == 0 || !conf_mechanism(c, CONF_ROLE_SIGN, &m)) {
		conf_skip(c, "no key that signs");
		return;
	}
	WANT(c, C_Logout(c->s), CKR_OK);
	CHECK(c, conf_find_class(c, CKO_PRIVATE_KEY, keys, OBJECTS_MAX) == 0,
	    "private keys are found after logout");
	WANT(c, C_GetAttributeValue(c->s, c->key.private, &t, 1),
	    CKR_OBJECT_HANDLE_INVALID);
	WANT(c, C_SignInit(c->s, &m, c->key.private), CKR_KEY_HANDLE_INVALID,
	    CKR_USER_NOT_LOGGED_IN);
	CHECK(c, conf_login(c, c->s, CKU_USER) == CKR_OK, "login again");
	CHECK(c, conf_find_class(c, CKO_PRIVATE_KEY, keys, OBJECTS_MAX) > 0,
	    "no private key after login");
}

static void private_before_login(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE keys[OBJECTS_MAX];

	(void)row;
	CHECK(c, conf_find_class(c, CKO_PRIVATE_KEY, keys, OBJECTS_MAX) == 0,
	    "private keys are found before login");
}

/* A certificate belongs to a key by CKA_ID, and both are seen without login. */
static void id_of_certificate(struct conf *c, const void *row)
{
	CK_OBJECT_CLASS public = CKO_PUBLIC_KEY;
	CK_OBJECT_HANDLE certs[OBJECTS_MAX], key;
	CK_BYTE id[CONF_IDS_MAX];
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &public, sizeof(public) },
		{ CKA_ID, id, 0 } };
	CK_ULONG n = conf_find_class(c, CKO_CERTIFICATE, certs, OBJECTS_MAX);

	(void)row;
	if (n == 0)
		conf_skip(c, "no certificate is seen without login");
	for (CK_ULONG i = 0; i < n; i++) {
		t[1].ulValueLen = conf_get_bytes(
		    c, certs[i], CKA_ID, id, sizeof(id));
		if (t[1].ulValueLen == CK_UNAVAILABLE_INFORMATION ||
		    t[1].ulValueLen == 0)
			conf_fail(c, "certificate %lu has no CKA_ID", i);
		else if (conf_find(c, t, 2, &key, 1) == 0)
			conf_fail(c, "certificate %lu has no public key", i);
	}
}

/* --- session objects ---------------------------------------------------- */

static CK_OBJECT_CLASS data_class = CKO_DATA;
static CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
static CK_UTF8CHAR label[] = "p11conform";
static CK_BYTE value[] = { 1, 2, 3, 4 };

static CK_ATTRIBUTE data_template[] = {
	{ CKA_CLASS, &data_class, sizeof(data_class) },
	{ CKA_TOKEN, &no, sizeof(no) },
	{ CKA_PRIVATE, &no, sizeof(no) },
	{ CKA_LABEL, label, sizeof(label) - 1 },
	{ CKA_VALUE, value, sizeof(value) },
};

static bool make_data(struct conf *c, CK_OBJECT_HANDLE *o)
{
	return WANT(c,
	    C_CreateObject(c->s, data_template, CONF_COUNT(data_template), o),
	    CKR_OK);
}

static void session_object(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE o = 0, found = 0;
	CK_BYTE got[16];
	CK_SESSION_HANDLE other = 0;

	(void)row;
	if (!make_data(c, &o))
		return;
	CHECK(c,
	    conf_get_bytes(c, o, CKA_VALUE, got, sizeof(got)) ==
		    sizeof(value) &&
		memcmp(got, value, sizeof(value)) == 0,
	    "the value is not what was given");
	CHECK(c, conf_find(c, data_template, 5, &found, 1) == 1 && found == o,
	    "it is not found by its own template");
	CHECK(c, conf_open(c, 0, &other) == CKR_OK, "no second session");
	WANT(c, C_CloseSession(c->s), CKR_OK);
	c->s = other;
	CHECK(c, conf_find(c, data_template, 5, &found, 1) == 0,
	    "it outlives its session");
}

static void destroy(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE o = 0, next = 0;
	CK_ULONG size;

	(void)row;
	if (!make_data(c, &o))
		return;
	WANT(c, C_DestroyObject(c->s, o), CKR_OK);
	WANT(c, C_DestroyObject(c->s, o), CKR_OBJECT_HANDLE_INVALID);
	WANT(c, C_GetObjectSize(c->s, o, &size), CKR_OBJECT_HANDLE_INVALID);
	if (make_data(c, &next))
		CHECK(c, next != o, "a destroyed handle comes back at once");
}

static void copy(struct conf *c, const void *row)
{
	CK_UTF8CHAR new_label[] = "copy";
	CK_ATTRIBUTE t = { CKA_LABEL, new_label, 4 };
	CK_OBJECT_CLASS other = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE bad = { CKA_CLASS, &other, sizeof(other) };
	CK_OBJECT_HANDLE o = 0, copied = 0;
	CK_BYTE got[16];

	(void)row;
	if (!make_data(c, &o) ||
	    !WANT(c, C_CopyObject(c->s, o, &t, 1, &copied), CKR_OK))
		return;
	CHECK(c, copied != o, "the copy is the original");
	CHECK(c, conf_get_bytes(c, copied, CKA_LABEL, got, sizeof(got)) == 4,
	    "the new label is not taken");
	CHECK(c,
	    conf_get_bytes(c, o, CKA_LABEL, got, sizeof(got)) ==
		sizeof(label) - 1,
	    "the original has changed");
	WANT(c, C_CopyObject(c->s, o, &bad, 1, &copied),
	    CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT);
}

static void token_object_in_ro(struct conf *c, const void *row)
{
	CK_ATTRIBUTE t[CONF_COUNT(data_template)];
	CK_OBJECT_HANDLE o = 0;

	(void)row;
	memcpy(t, data_template, sizeof(t));
	t[1].pValue = &yes;
	WANT(c, C_CreateObject(c->s, t, CONF_COUNT(t), &o),
	    CKR_SESSION_READ_ONLY);
}

static void inconsistent(struct conf *c, const void *row)
{
	CK_ATTRIBUTE t[CONF_COUNT(data_template) + 1];
	CK_OBJECT_HANDLE o = 0;

	(void)row;
	memcpy(t, data_template, sizeof(data_template));
	t[5] = (CK_ATTRIBUTE){ CKA_MODULUS, value, sizeof(value) };
	WANT(c, C_CreateObject(c->s, t, 6, &o), CKR_ATTRIBUTE_TYPE_INVALID,
	    CKR_TEMPLATE_INCONSISTENT);
	memcpy(t, data_template, sizeof(data_template));
	t[1].ulValueLen = 4;
	WANT(c, C_CreateObject(c->s, t, 5, &o), CKR_ATTRIBUTE_VALUE_INVALID);
}

static void sizes(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE all[OBJECTS_MAX];
	CK_ULONG n = conf_find(c, NULL, 0, all, OBJECTS_MAX), size;

	(void)row;
	for (CK_ULONG i = 0; i < n; i++) {
		size = 0;
		WANT(c, C_GetObjectSize(c->s, all[i], &size), CKR_OK);
		CHECK(c, size != 0, "object %lu has size 0", i);
	}
}

static const struct conf_rule rules[] = {
	{ "objects/one_at_a_time", "5.7.8", CONF_USER, 0, one_at_a_time, NULL },
	{ "objects/read_while_finding", "5.7.5", CONF_FINDING, 0,
	    read_while_finding, NULL },
	{ "objects/find_nothing", "5.7.7", CONF_USER, 0, find_nothing, NULL },
	{ "objects/find_by_null_value", "5.7.7", CONF_USER, 0, null_value,
	    NULL },
	{ "objects/private_before_login", "4.4", CONF_RO, 0,
	    private_before_login, NULL },
	{ "objects/private_after_logout", "5.6.10", CONF_USER, 0,
	    private_after_login, NULL },
	{ "objects/public_key_of_certificate", "4.6.3", CONF_RO, 0,
	    id_of_certificate, NULL },
	{ "objects/size_of_each", "5.7.4", CONF_USER, 0, sizes, NULL },
	{ "objects/session_object", "5.7.1", CONF_RO, 0, session_object, NULL },
	{ "objects/destroy", "5.7.3", CONF_RO, 0, destroy, NULL },
	{ "objects/copy", "5.7.2", CONF_RO, 0, copy, NULL },
	{ "objects/token_object_in_ro_session", "5.7.1", CONF_RO, 0,
	    token_object_in_ro, NULL },
	{ "objects/template_with_foreign_attribute", "5.7.1", CONF_RO, 0,
	    inconsistent, NULL },
};

const struct conf_rules conf_object_rules = { rules, CONF_COUNT(rules) };
