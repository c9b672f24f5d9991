/* Attributes: 4.4 to 4.9, 5.7.5 and 5.7.6. */
#include "conform.h"

#include <string.h>

#define GONE CK_UNAVAILABLE_INFORMATION

static bool first_of(struct conf *c, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *o)
{
	if (conf_find_class(c, class, o, 1) == 1)
		return true;
	conf_skip(c, "no object of class %lu", class);
	return false;
}

static bool has_key(struct conf *c)
{
	if (c->key.private == 0)
		conf_skip(c, "no key that signs freely");
	return c->key.private != 0;
}

static void lengths(struct conf *c, const void *row)
{
	CK_BYTE buf[CONF_BUF];
	CK_ATTRIBUTE t = { CKA_VALUE, NULL, 0 };
	CK_OBJECT_HANDLE o;
	CK_ULONG n;

	(void)row;
	if (!first_of(c, CKO_CERTIFICATE, &o))
		return;
	WANT(c, C_GetAttributeValue(c->s, o, &t, 1), CKR_OK);
	n = t.ulValueLen;
	if (!CHECK(c, n > 0 && n < sizeof(buf), "a certificate of %lu", n))
		return;
	t = (CK_ATTRIBUTE){ CKA_VALUE, buf, n - 1 };
	WANT(c, C_GetAttributeValue(c->s, o, &t, 1), CKR_BUFFER_TOO_SMALL);
	CHECK(c, t.ulValueLen == GONE, "too small: length %lu", t.ulValueLen);
	t = (CK_ATTRIBUTE){ CKA_VALUE, buf, n };
	WANT(c, C_GetAttributeValue(c->s, o, &t, 1), CKR_OK);
	memset(buf, 0xA5, sizeof(buf));
	t = (CK_ATTRIBUTE){ CKA_VALUE, buf, sizeof(buf) };
	WANT(c, C_GetAttributeValue(c->s, o, &t, 1), CKR_OK);
	CHECK(c, t.ulValueLen == n, "oversize: %lu, not %lu", t.ulValueLen, n);
	CHECK(c, buf[n] == 0xA5, "written beyond the value");
}

/* One bad attribute does not keep the others from being filled. */
static void mixed(struct conf *c, const void *row)
{
	CK_OBJECT_CLASS class = 0;
	CK_BYTE small[1], other[16];
	CK_BBOOL token = 77;
	CK_ATTRIBUTE t[] = { { 0x7FFFFFF1, other, sizeof(other) },
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_VALUE, small, sizeof(small) },
		{ CKA_TOKEN, &token, sizeof(token) } };
	CK_OBJECT_HANDLE o;

	(void)row;
	if (!first_of(c, CKO_CERTIFICATE, &o))
		return;
	WANT(c, C_GetAttributeValue(c->s, o, t, 4), CKR_ATTRIBUTE_TYPE_INVALID,
	    CKR_BUFFER_TOO_SMALL);
	CHECK(c, t[0].ulValueLen == GONE, "unknown: %lu", t[0].ulValueLen);
	CHECK(c, class == CKO_CERTIFICATE, "CKA_CLASS is not filled");
	CHECK(c, t[2].ulValueLen == GONE, "too small: %lu", t[2].ulValueLen);
	CHECK(c, token == CK_TRUE, "CKA_TOKEN is not filled");
}

static void unknown(struct conf *c, const void *row)
{
	CK_ATTRIBUTE t = { 0x7FFFFFF1, c->out, CONF_BUF };

	(void)row;
	if (!has_key(c))
		return;
	WANT(c, C_GetAttributeValue(c->s, c->key.private, &t, 1),
	    CKR_ATTRIBUTE_TYPE_INVALID);
	CHECK(c, t.ulValueLen == GONE, "length %lu", t.ulValueLen);
}

static void sensitive(struct conf *c, const void *row)
{
	static const CK_ATTRIBUTE_TYPE rsa[] = { CKA_PRIVATE_EXPONENT,
		CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2,
		CKA_COEFFICIENT };
	static const CK_ATTRIBUTE_TYPE ec[] = { CKA_VALUE };
	const CK_ATTRIBUTE_TYPE *types;
	CK_BBOOL is_sensitive = CK_FALSE;
	size_t n;

	(void)row;
	if (!has_key(c))
		return;
	conf_get(c, c->key.private, CKA_SENSITIVE, &is_sensitive, 1);
	if (!is_sensitive) {
		conf_skip(c, "the key is not sensitive");
		return;
	}
	types = c->key.type == CKK_RSA ? rsa : ec;
	n = c->key.type == CKK_RSA ? CONF_COUNT(rsa) : CONF_COUNT(ec);
	for (size_t i = 0; i < n; i++) {
		CK_ATTRIBUTE t = { types[i], c->out, CONF_BUF };

		WANT(c, C_GetAttributeValue(c->s, c->key.private, &t, 1),
		    CKR_ATTRIBUTE_SENSITIVE);
		CHECK(c, t.ulValueLen == GONE, "0x%lX: length %lu", types[i],
		    t.ulValueLen);
	}
}

/* 4.9: what a private key must say of itself, and how it fits together. */
static void private_key(struct conf *c, const void *row)
{
	CK_BBOOL b[6] = { 2, 2, 2, 2, 2, 2 };
	CK_MECHANISM_TYPE made = 0;
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_SENSITIVE,
		CKA_ALWAYS_SENSITIVE, CKA_EXTRACTABLE, CKA_NEVER_EXTRACTABLE,
		CKA_LOCAL, CKA_PRIVATE };

	(void)row;
	if (!has_key(c))
		return;
	for (size_t i = 0; i < CONF_COUNT(types); i++)
		CHECK(c,
		    conf_get(c, c->key.private, types[i], &b[i], 1) &&
			b[i] <= 1,
		    "0x%lX is missing or no CK_BBOOL", types[i]);
	CHECK(c, b[0] || !b[1], "always sensitive, but not now");
	CHECK(c, !b[2] || !b[3], "never extractable, but now");
	CHECK(c,
	    conf_get(
		c, c->key.private, CKA_KEY_GEN_MECHANISM, &made, sizeof(made)),
	    "no CKA_KEY_GEN_MECHANISM");
	CHECK(c, b[4] || made == GONE,
	    "not local, and CKA_KEY_GEN_MECHANISM is 0x%lX", made);
	CHECK(c, !b[4] || made != GONE,
	    "local, and no CKA_KEY_GEN_MECHANISM is told");
}

static void set_bool(struct conf *c, CK_ATTRIBUTE_TYPE type, CK_BBOOL to)
{
	CK_ATTRIBUTE t = { type, &to, sizeof(to) };

	WANT(c, C_SetAttributeValue(c->s, c->key.private, &t, 1),
	    CKR_ATTRIBUTE_READ_ONLY, CKR_ACTION_PROHIBITED);
}

static void never_weaker(struct conf *c, const void *row)
{
	CK_BBOOL is_sensitive = CK_FALSE, extractable = CK_TRUE;

	(void)row;
	if (!has_key(c))
		return;
	conf_get(c, c->key.private, CKA_SENSITIVE, &is_sensitive, 1);
	conf_get(c, c->key.private, CKA_EXTRACTABLE, &extractable, 1);
	if (is_sensitive)
		set_bool(c, CKA_SENSITIVE, CK_FALSE);
	if (!extractable)
		set_bool(c, CKA_EXTRACTABLE, CK_TRUE);
	set_bool(c, CKA_LOCAL, CK_FALSE);
	set_bool(c, CKA_ALWAYS_SENSITIVE, CK_TRUE);
}

static void read_only(struct conf *c, const void *row)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE o;

	(void)row;
	if (first_of(c, CKO_CERTIFICATE, &o))
		WANT(c, C_SetAttributeValue(c->s, o, &t, 1),
		    CKR_ATTRIBUTE_READ_ONLY, CKR_ACTION_PROHIBITED);
}

/* The object's own CKA_MODIFIABLE may speak before the session does. */
static void set_in_ro_session(struct conf *c, const void *row)
{
	CK_UTF8CHAR text[] = "x";
	CK_ATTRIBUTE t = { CKA_LABEL, text, 1 };
	CK_OBJECT_HANDLE o;

	(void)row;
	if (first_of(c, CKO_CERTIFICATE, &o))
		WANT(c, C_SetAttributeValue(c->s, o, &t, 1),
		    CKR_SESSION_READ_ONLY, CKR_ACTION_PROHIBITED);
}

/* --- shapes ------------------------------------------------------------- */

static void rsa_shapes(struct conf *c, CK_OBJECT_HANDLE o)
{
	CK_BYTE n[1024], e[16];
	CK_ULONG len = conf_get_bytes(c, o, CKA_MODULUS, n, sizeof(n));
	CK_ULONG e_len = conf_get_bytes(c, o, CKA_PUBLIC_EXPONENT, e, 16);

	if (!CHECK(c, len != GONE && len > 0, "no CKA_MODULUS") ||
	    !CHECK(c, e_len != GONE && e_len > 0, "no CKA_PUBLIC_EXPONENT"))
		return;
	CHECK(c, n[0] != 0, "CKA_MODULUS begins with a zero byte");
	CHECK(c, e[0] != 0, "CKA_PUBLIC_EXPONENT begins with a zero byte");
	CHECK(c, len % 8 == 0, "CKA_MODULUS has %lu bytes", len);
}

/* 2.3.3: the parameters a named curve, the point in a DER OCTET STRING. */
static void ec_shapes(struct conf *c)
{
	CK_BYTE b[512];
	CK_ULONG len = conf_get_bytes(
	    c, c->key.public, CKA_EC_PARAMS, b, sizeof(b));

	CHECK(c, len != GONE && len > 2 && b[0] == 0x06 && b[1] == len - 2,
	    "CKA_EC_PARAMS is no OBJECT IDENTIFIER");
	len = conf_get_bytes(c, c->key.public, CKA_EC_POINT, b, sizeof(b));
	if (!CHECK(c, len != GONE && len > 3, "no CKA_EC_POINT"))
		return;
	CHECK(c,
	    b[0] == 0x04 &&
		(b[1] == len - 2 || (b[1] == 0x81 && b[2] == len - 3)),
	    "CKA_EC_POINT is no OCTET STRING");
	CHECK(c, b[b[1] == 0x81 ? 3 : 2] == 0x04,
	    "CKA_EC_POINT is not uncompressed");
}

static void shapes(struct conf *c, const void *row)
{
	(void)row;
	if (!has_key(c))
		return;
	if (c->key.type == CKK_RSA) {
		rsa_shapes(c, c->key.private);
		if (c->key.public != 0)
			rsa_shapes(c, c->key.public);
	} else if (c->key.public != 0) {
		ec_shapes(c);
	}
}

static void unique_ids(struct conf *c, const void *row)
{
	CK_OBJECT_HANDLE all[64];
	static CK_BYTE ids[64][128];
	CK_ULONG lens[64], n = conf_find(c, NULL, 0, all, 64);

	(void)row;
	for (CK_ULONG i = 0; i < n; i++) {
		lens[i] = conf_get_bytes(
		    c, all[i], API_CKA_UNIQUE_ID, ids[i], sizeof(ids[i]));
		if (!CHECK(c, lens[i] != GONE && lens[i] > 0,
			"object %lu has no CKA_UNIQUE_ID", i))
			return;
		for (CK_ULONG j = 0; j < i; j++)
			CHECK(c,
			    lens[i] != lens[j] ||
				memcmp(ids[i], ids[j], lens[i]) != 0,
			    "objects %lu and %lu share CKA_UNIQUE_ID", i, j);
	}
}

static void empty_template(struct conf *c, const void *row)
{
	(void)row;
	if (has_key(c))
		WANT(c, C_GetAttributeValue(c->s, c->key.private, NULL, 0),
		    CKR_OK, CKR_ARGUMENTS_BAD);
}

static const struct conf_rule rules[] = {
	{ "attributes/lengths", "5.7.5", CONF_RO, 0, lengths, NULL },
	{ "attributes/mixed", "5.7.5", CONF_RO, 0, mixed, NULL },
	{ "attributes/unknown", "5.7.5", CONF_USER, 0, unknown, NULL },
	{ "attributes/empty_template", "5.7.5", CONF_USER, 0, empty_template,
	    NULL },
	{ "attributes/sensitive", "5.7.5", CONF_USER, 0, sensitive, NULL },
	{ "attributes/private_key", "4.9", CONF_USER, 0, private_key, NULL },
	{ "attributes/never_weaker", "5.7.6", CONF_USER, CONF_DESTRUCTIVE,
	    never_weaker, NULL },
	{ "attributes/read_only", "5.7.6", CONF_USER, CONF_DESTRUCTIVE,
	    read_only, NULL },
	{ "attributes/set_in_ro_session", "5.7.6", CONF_RO, 0,
	    set_in_ro_session, NULL },
	{ "attributes/shapes", "2.3.3", CONF_USER, 0, shapes, NULL },
	{ "attributes/unique_ids", "4.4", CONF_USER, CONF_V3, unique_ids,
	    NULL },
};

const struct conf_rules conf_attribute_rules = { rules, CONF_COUNT(rules) };
