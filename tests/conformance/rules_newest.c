/* What 3.2 adds. Clauses are those of 3.2. */
#include "conform.h"

static struct api_functions_3_2 *newest(struct conf *c)
{
	static CK_UTF8CHAR name[] = "PKCS 11";
	CK_VERSION version = { 3, 2 };
	api_interface *found = NULL;

	if (c->get_interface != NULL &&
	    c->get_interface(name, &version, &found, 0) == CKR_OK &&
	    found != NULL && found->functions != NULL)
		return found->functions;
	conf_skip(c, "the module has no interface of 3.2");
	return NULL;
}

/* 104 functions, and none of them is missing (5.4.4). */
static void complete(struct conf *c, const void *row)
{
	struct api_functions_3_2 *f = newest(c);
	void *const *p = (void *const *)(const void *)f;

	(void)row;
	if (f == NULL)
		return;
	CHECK(c, f->v3.v2.version.major == 3 && f->v3.v2.version.minor == 2,
	    "it says to be %u.%u", f->v3.v2.version.major,
	    f->v3.v2.version.minor);
	for (int i = 1; i <= 104; i++)
		CHECK(c, p[i] != NULL, "function %d is NULL", i);
}

static void want(
    struct conf *c, const char *call, CK_RV got, CK_RV good, CK_RV other)
{
	conf_want(c, call, got, (const CK_RV[]){ good, other, CONF_END });
}

#define TRY(good, name, ...) want(c, #name, f->name(__VA_ARGS__), good, good)

static bool sign(struct conf *c, CK_MECHANISM *m, CK_ULONG *n)
{
	if (c->key.private == 0 || c->key.public == 0 ||
	    !conf_mechanism(c, CONF_ROLE_SIGN, m)) {
		conf_skip(c, "no key that signs freely");
		return false;
	}
	*n = CONF_BUF;
	return WANT(c, C_SignInit(c->s, m, c->key.private), CKR_OK) &&
	       WANT(c, C_Sign(c->s, c->in, 16, c->out, n), CKR_OK);
}

/* 5.15: with the signature first. */
static void verify_signature(struct conf *c, const void *row)
{
	struct api_functions_3_2 *f = newest(c);
	CK_OBJECT_HANDLE key = c->key.public;
	CK_MECHANISM m;
	CK_ULONG n;

	(void)row;
	if (f == NULL || !sign(c, &m, &n))
		return;
	TRY(CKR_OPERATION_NOT_INITIALIZED, C_VerifySignature, c->s, c->in, 16);
	TRY(CKR_OPERATION_NOT_INITIALIZED, C_VerifySignatureFinal, c->s);
	TRY(CKR_OK, C_VerifySignatureInit, c->s, &m, key, c->out, n);
	TRY(CKR_OPERATION_ACTIVE, C_VerifySignatureInit, c->s, &m, key, c->out,
	    n);
	TRY(CKR_OK, C_VerifySignature, c->s, c->in, 16);
	TRY(CKR_OK, C_VerifySignatureInit, c->s, &m, key, c->out, n);
	TRY(CKR_SIGNATURE_INVALID, C_VerifySignature, c->s, c->in, 15);
	TRY(CKR_OK, C_VerifySignatureInit, c->s, &m, key, c->out, n);
	TRY(CKR_OK, C_VerifySignatureUpdate, c->s, c->in, 5);
	TRY(CKR_OK, C_VerifySignatureUpdate, c->s, c->in + 5, 11);
	TRY(CKR_OK, C_VerifySignatureFinal, c->s);
	TRY(CKR_OPERATION_NOT_INITIALIZED, C_VerifySignatureFinal, c->s);
	TRY(CKR_KEY_HANDLE_INVALID, C_VerifySignatureInit, c->s, &m, 0, c->out,
	    n);
}

/* 5.6: a session that is not asynchronous has nothing to complete, and one is
 * not opened where there are none. */
static void sessions(struct conf *c, const void *row)
{
	struct api_functions_3_2 *f = newest(c);
	CK_SESSION_HANDLE s = 0;
	CK_FLAGS flags = 0;
	CK_ULONG id = 0;
	CK_RV rv;

	(void)row;
	if (f == NULL)
		return;
	want(c, "C_GetSessionValidationFlags",
	    f->C_GetSessionValidationFlags(
		c->s, API_CKS_LAST_VALIDATION_OK, &flags),
	    CKR_OK, CKR_FUNCTION_NOT_SUPPORTED);
	want(c, "C_GetSessionValidationFlags",
	    f->C_GetSessionValidationFlags(0, 1, &flags),
	    CKR_SESSION_HANDLE_INVALID, CKR_FUNCTION_NOT_SUPPORTED);
	want(c, "C_AsyncGetID", f->C_AsyncGetID(c->s, c->in, &id),
	    API_CKR_ASYNC_NOT_SUPPORTED, CKR_FUNCTION_NOT_SUPPORTED);
	want(c, "C_AsyncGetID", f->C_AsyncGetID(0, c->in, &id),
	    CKR_SESSION_HANDLE_INVALID, CKR_FUNCTION_NOT_SUPPORTED);
	rv = conf_open(c, API_CKF_ASYNC_SESSION, &s);
	want(c, "C_OpenSession", rv, CKR_OK, API_CKR_ASYNC_NOT_SUPPORTED);
}

static const struct conf_rule rules[] = {
	{ "newest/complete", "5.4.4", CONF_LOADED, CONF_SAFE, complete, NULL },
	{ "newest/verify_signature", "5.15", CONF_USER, CONF_V3,
	    verify_signature, NULL },
	{ "newest/sessions", "5.6", CONF_RO, CONF_V3, sessions, NULL },
};

const struct conf_rules conf_newest_rules = { rules, CONF_COUNT(rules) };
