/* Making keys: 5.18. All but the refusals make one and remove it again. */
#include "conform.h"

#include <string.h>

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_ULONG bits = 2048;
static CK_BYTE p256[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01,
	0x07 };
static CK_BYTE id[] = "p11conform";
static CK_BYTE label[] = "p11conform key";

static CK_ATTRIBUTE private_template[] = {
	{ CKA_TOKEN, &yes, sizeof(yes) },
	{ CKA_PRIVATE, &yes, sizeof(yes) },
	{ CKA_SENSITIVE, &yes, sizeof(yes) },
	{ CKA_EXTRACTABLE, &no, sizeof(no) },
	{ CKA_SIGN, &yes, sizeof(yes) },
	{ CKA_ID, id, sizeof(id) - 1 },
	{ CKA_LABEL, label, sizeof(label) - 1 },
};

struct kind {
	CK_MECHANISM_TYPE pair, sign;
	CK_ATTRIBUTE parameter;
};

static const struct kind rsa = { CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS,
	{ CKA_MODULUS_BITS, &bits, sizeof(bits) } };
static const struct kind ec = { CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256,
	{ CKA_EC_PARAMS, p256, sizeof(p256) } };

static bool can_make(struct conf *c, const struct kind *k)
{
	if (conf_offers(c, k->pair, CKF_GENERATE_KEY_PAIR))
		return true;
	conf_skip(c, "0x%lX is not offered", k->pair);
	return false;
}

static CK_RV make(struct conf *c, const struct kind *k, bool complete,
    CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	CK_MECHANISM m = { k->pair, NULL, 0 };
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_ID, id, sizeof(id) - 1 },
		{ CKA_LABEL, label, sizeof(label) - 1 }, k->parameter };

	return c->f.v2.C_GenerateKeyPair(c->s, &m, t, complete ? 5 : 4,
	    private_template, CONF_COUNT(private_template), public, private);
}

/* Both halves tell of the same key. */
static void want_halves(struct conf *c, const struct kind *k,
    CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private)
{
	CK_MECHANISM_TYPE made = 0;
	CK_BBOOL local = CK_FALSE, never = CK_FALSE, always = CK_FALSE;
	CK_BYTE a[512], b[512];
	CK_ULONG n = conf_get_bytes(c, private, CKA_ID, a, sizeof(a));

	CHECK(c, n == sizeof(id) - 1 && memcmp(a, id, n) == 0,
	    "CKA_ID is not what was given");
	conf_get(c, private, CKA_LOCAL, &local, 1);
	conf_get(c, private, CKA_ALWAYS_SENSITIVE, &always, 1);
	conf_get(c, private, CKA_NEVER_EXTRACTABLE, &never, 1);
	conf_get(c, private, CKA_KEY_GEN_MECHANISM, &made, sizeof(made));
	CHECK(c, local && always && never,
	    "CKA_LOCAL %u, CKA_ALWAYS_SENSITIVE %u, CKA_NEVER_EXTRACTABLE %u",
	    local, always, never);
	CHECK(c, made == k->pair, "CKA_KEY_GEN_MECHANISM is 0x%lX", made);
	if (k->parameter.type != CKA_MODULUS_BITS)
		return;
	n = conf_get_bytes(c, public, CKA_MODULUS, a, sizeof(a));
	CHECK(c,
	    n == bits / 8 &&
		conf_get_bytes(c, private, CKA_MODULUS, b, sizeof(b)) == n &&
		memcmp(a, b, n) == 0,
	    "the halves have different moduli");
}

static void make_and_sign(struct conf *c, const struct kind *k)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_MECHANISM m = { k->sign, NULL, 0 };
	CK_ULONG n = CONF_BUF;
	CK_RV rv;

	if (!can_make(c, k))
		return;
	rv = make(c, k, true, &public, &private);
	if (!conf_want(c, "C_GenerateKeyPair", rv,
		(const CK_RV[]){ CKR_OK, CONF_END }))
		return;
	want_halves(c, k, public, private);
	WANT(c, C_SignInit(c->s, &m, private), CKR_OK);
	WANT(c, C_Sign(c->s, c->in, 3, c->out, &n), CKR_OK);
	WANT(c, C_DestroyObject(c->s, private), CKR_OK);
	/* A token may see one object where PKCS #11 sees two. */
	WANT(c, C_DestroyObject(c->s, public), CKR_OK,
	    CKR_OBJECT_HANDLE_INVALID);
}

static void make_rsa(struct conf *c, const void *row)
{
	(void)row;
	make_and_sign(c, &rsa);
}

static void make_ec(struct conf *c, const void *row)
{
	(void)row;
	make_and_sign(c, &ec);
}

static void refused(struct conf *c, bool complete, const CK_RV *expected)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	bool has_rsa = conf_offers(c, rsa.pair, CKF_GENERATE_KEY_PAIR);
	const struct kind *k = has_rsa ? &rsa : &ec;

	if (!can_make(c, k))
		return;
	conf_want(c, "C_GenerateKeyPair",
	    make(c, k, complete, &public, &private), expected);
}

static void in_ro_session(struct conf *c, const void *row)
{
	CK_SESSION_HANDLE ro = 0;

	(void)row;
	CHECK(c, conf_open(c, 0, &ro) == CKR_OK, "no second session");
	c->s = ro;
	refused(c, true, (const CK_RV[]){ CKR_SESSION_READ_ONLY, CONF_END });
}

static void incomplete(struct conf *c, const void *row)
{
	(void)row;
	refused(c, false, (const CK_RV[]){ CKR_TEMPLATE_INCOMPLETE, CONF_END });
}

static void without_login(struct conf *c, const void *row)
{
	(void)row;
	refused(c, true, (const CK_RV[]){ CKR_USER_NOT_LOGGED_IN, CONF_END });
}

static const struct conf_rule rules[] = {
	{ "keys/generate_rsa", "5.18.2", CONF_USER, CONF_DESTRUCTIVE, make_rsa,
	    NULL },
	{ "keys/generate_ec", "5.18.2", CONF_USER, CONF_DESTRUCTIVE, make_ec,
	    NULL },
	{ "keys/generate_in_ro_session", "5.18.2", CONF_USER, CONF_DESTRUCTIVE,
	    in_ro_session, NULL },
	{ "keys/generate_incomplete", "5.18.2", CONF_USER, CONF_DESTRUCTIVE,
	    incomplete, NULL },
	{ "keys/generate_without_login", "5.18.2", CONF_RW, CONF_DESTRUCTIVE,
	    without_login, NULL },
};

const struct conf_rules conf_key_rules = { rules, CONF_COUNT(rules) };
