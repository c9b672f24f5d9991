/*
 * The mandatory cases of PKCS #11 Profiles: what a provider of each profile
 * must be able to do, step by step, as their test cases say it. Where a case
 * names values of the sample token of its authors (versions, names, the RSA
 * key), the shape is wanted here and not the value.
 */
#include "conform.h"

#include <string.h>

#include "sigcheck.h"

enum { OBJECTS_MAX = 256 };

/* The steps that all cases begin with; they choose the first slot, c->slot
 * here. */
static bool beginning(struct conf *c, CK_FLAGS flags)
{
	CK_INFO info;
	CK_SLOT_ID slots[64];
	CK_ULONG n = 0;

	if (!WANT(c, C_Initialize(NULL), CKR_OK) ||
	    !WANT(c, C_GetInfo(&info), CKR_OK) ||
	    !WANT(c, C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK) ||
	    !CHECK(c, n > 0 && n <= 64, "%lu slots", n) ||
	    !WANT(c, C_GetSlotList(CK_TRUE, slots, &n), CKR_OK))
		return false;
	c->slot = c->opt->slot_given ? c->opt->slot : slots[0];
	if (flags == 0)
		return true;
	return WANT(
	    c, C_OpenSession(c->slot, flags, NULL, NULL, &c->s), CKR_OK);
}

static void ending(struct conf *c)
{
	WANT(c, C_CloseSession(c->s), CKR_OK);
	WANT(c, C_CloseAllSessions(c->slot), CKR_OK);
	WANT(c, C_Finalize(NULL), CKR_OK);
}

static bool login(struct conf *c)
{
	CK_RV rv;

	if (c->opt->pin.len == 0) {
		conf_skip(c, "no PIN was given");
		return false;
	}
	rv = conf_login(c, c->s, CKU_USER);
	return CHECK(c, rv == CKR_OK, "C_Login: %s", conf_rv_name(rv));
}

/* "Find up to max objects of the token", with nothing more in the template. */
static bool find_token(
    struct conf *c, CK_OBJECT_HANDLE *o, CK_ULONG max, CK_ULONG *n)
{
	static CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE t = { CKA_TOKEN, &yes, sizeof(yes) };

	return WANT(c, C_FindObjectsInit(c->s, &t, 1), CKR_OK) &&
	       WANT(c, C_FindObjects(c->s, o, max, n), CKR_OK);
}

static void facts(struct conf *c)
{
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;

	if (WANT(c, C_GetSlotInfo(c->slot, &slot), CKR_OK))
		CHECK(c, (slot.flags & CKF_TOKEN_PRESENT) != 0,
		    "no CKF_TOKEN_PRESENT");
	WANT(c, C_GetTokenInfo(c->slot, &token), CKR_OK);
}

static void baseline(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE o;
	CK_ULONG n = 0;

	(void)row;
	if (!beginning(c, 0))
		return;
	facts(c);
	if (!WANT(c,
		C_OpenSession(c->slot, CKF_SERIAL_SESSION, NULL, NULL, &c->s),
		CKR_OK))
		return;
	find_token(c, &o, 1, &n);
	WANT(c, C_FindObjectsFinal(c->s), CKR_OK);
	ending(c);
}

/* The case names SHA512, RSA_PKCS_KEY_PAIR_GEN and RSA_PKCS; of these, those
 * are asked about that the token lists. */
static void extended(struct conf *c, const void *row)
{
	CK_MECHANISM_INFO info;
	CK_OBJECT_HANDLE o;
	CK_ULONG n = 0;

	(void)row;
	if (!beginning(c, 0))
		return;
	facts(c);
	if (!WANT(c, C_GetMechanismList(c->slot, NULL, &n), CKR_OK) ||
	    !CHECK(c, n > 0 && n <= CONF_MECHS_MAX, "%lu mechanisms", n))
		return;
	WANT(c, C_GetMechanismList(c->slot, c->mechs, &n), CKR_OK);
	for (CK_ULONG i = 0; i < n; i++)
		WANT(
		    c, C_GetMechanismInfo(c->slot, c->mechs[i], &info), CKR_OK);
	WANT(c,
	    C_OpenSession(c->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
		NULL, &c->s),
	    CKR_OK);
	if (!login(c))
		return;
	find_token(c, &o, 1, &n);
	WANT(c, C_FindObjectsFinal(c->s), CKR_OK);
	WANT(c, C_Logout(c->s), CKR_OK);
	ending(c);
}

static bool find_labelled(struct conf *c, CK_OBJECT_CLASS class,
    const char *label, CK_OBJECT_HANDLE *o)
{
	CK_BBOOL yes = CK_TRUE;
	CK_BYTE text[128] = "";
	CK_ULONG n = 0;
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_LABEL, text, strnlen(label, sizeof(text)) },
		{ CKA_CLASS, &class, sizeof(class) } };

	memcpy(text, label, t[1].ulValueLen);
	WANT(c, C_FindObjectsInit(c->s, t, 3), CKR_OK);
	WANT(c, C_FindObjects(c->s, o, 1, &n), CKR_OK);
	WANT(c, C_FindObjectsFinal(c->s), CKR_OK);
	if (n == 0)
		conf_skip(c, "the token has no key called '%s'", label);
	return n == 1;
}

/* 391 bytes are signed, as in the case: a certificate request of no key of
 * ours. */
static void sign_391(
    struct conf *c, CK_OBJECT_HANDLE key, const struct sig_key *public)
{
	CK_MECHANISM m = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE data[391], sig[256];
	CK_ULONG n = sizeof(sig);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (CK_BYTE)i;
	if (!WANT(c, C_SignInit(c->s, &m, key), CKR_OK) ||
	    !WANT(c, C_Sign(c->s, data, sizeof(data), sig, &n), CKR_OK))
		return;
	CHECK(c, n == 256, "a signature of %lu bytes", n);
	CHECK(c, sig_verify(public, "SHA256", -1, data, sizeof(data), sig, n),
	    "the signature is wrong");
}

static void authentication(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_BYTE n[1024], e[1024];
	CK_ATTRIBUTE t[] = { { CKA_MODULUS, n, sizeof(n) },
		{ CKA_PUBLIC_EXPONENT, e, sizeof(e) } };
	struct sig_key k = { .is_rsa = true };

	(void)row;
	if (!beginning(c, CKF_SERIAL_SESSION | CKF_RW_SESSION) || !login(c) ||
	    !find_labelled(c, CKO_PUBLIC_KEY, c->opt->public_label, &public))
		return;
	if (c->f.v2.C_GetAttributeValue(c->s, public, t, 2) ==
	    CKR_ATTRIBUTE_TYPE_INVALID) {
		conf_skip(c, "the key is not an RSA key");
		return;
	}
	WANT(c, C_GetAttributeValue(c->s, public, t, 2), CKR_OK);
	if (!CHECK(c, t[0].ulValueLen == 256 && t[1].ulValueLen <= 4,
		"a modulus of %lu bytes", t[0].ulValueLen))
		return;
	k.a_len = t[0].ulValueLen;
	k.b_len = t[1].ulValueLen;
	memcpy(k.a, n, k.a_len);
	memcpy(k.b, e, k.b_len);
	if (!find_labelled(c, CKO_PRIVATE_KEY, c->opt->private_label, &private))
		return;
	sign_391(c, private, &k);
	WANT(c, C_Logout(c->s), CKR_OK);
	ending(c);
}

/* By size query, and while the search is active, as the case does it. */
static bool read_by_size(
    struct conf *c, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE t = { type, NULL, 0 };
	CK_RV rv = c->f.v2.C_GetAttributeValue(c->s, o, &t, 1);

	if (rv != CKR_OK || t.ulValueLen > CONF_BUF)
		return false;
	t.pValue = c->out;
	return WANT(c, C_GetAttributeValue(c->s, o, &t, 1), CKR_OK);
}

static void read_five(struct conf *c, const CK_OBJECT_HANDLE *o, CK_ULONG n,
    unsigned *labels, unsigned *values)
{
	CK_OBJECT_CLASS class = 0;

	for (CK_ULONG i = 0; i < n; i++) {
		*labels += read_by_size(c, o[i], CKA_LABEL);
		conf_get(c, o[i], CKA_CLASS, &class, sizeof(class));
		if (class == CKO_CERTIFICATE)
			*values += read_by_size(c, o[i], CKA_VALUE);
	}
}

/* The case's certificate is among the first five; others may come later. */
static void certificates(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE o[5];
	CK_ULONG n = 0, all = 0;
	unsigned labels = 0, values = 0;

	(void)row;
	if (!beginning(c, CKF_SERIAL_SESSION) || !find_token(c, o, 5, &n))
		return;
	for (; n > 0; all += n) {
		read_five(c, o, n, &labels, &values);
		if (!WANT(c, C_FindObjects(c->s, o, 5, &n), CKR_OK))
			break;
	}
	WANT(c, C_FindObjectsFinal(c->s), CKR_OK);
	ending(c);
	if (values == 0)
		conf_skip(c, "no certificate is seen without login");
	CHECK(c, labels > 0, "no label among %lu objects", all);
}

/* Profile objects tell what the cases above have shown. */
static void profile_objects(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE o[OBJECTS_MAX];
	CK_ULONG n = conf_find_class(c, API_CKO_PROFILE, o, OBJECTS_MAX), id;
	bool is_baseline = false;

	(void)row;
	if (n == 0) {
		conf_skip(c, "no profile is claimed");
		return;
	}
	for (CK_ULONG i = 0; i < n; i++) {
		id = 0;
		CHECK(c, conf_get(c, o[i], API_CKA_PROFILE_ID, &id, sizeof(id)),
		    "a profile object without CKA_PROFILE_ID");
		is_baseline |= id == API_BASELINE_PROVIDER;
	}
	CHECK(c, is_baseline, "no profile object is that of the baseline");
}

static const struct conf_rule rules[] = {
	{ "profiles/BL-M-1-32", "Profiles", CONF_LOADED, CONF_TOKEN, baseline,
	    NULL },
	{ "profiles/EXT-M-1-32", "Profiles", CONF_LOADED, CONF_TOKEN, extended,
	    NULL },
	{ "profiles/AUTH-M-1-32", "Profiles", CONF_LOADED, CONF_TOKEN,
	    authentication, NULL },
	{ "profiles/CERT-M-1-32", "Profiles", CONF_LOADED, CONF_TOKEN,
	    certificates, NULL },
	{ "profiles/objects", "4.15", CONF_RO, CONF_V3, profile_objects, NULL },
};

const struct conf_rules conf_profile_rules = { rules, CONF_COUNT(rules) };
