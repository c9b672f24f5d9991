/* One message after the other with one key: 5.14 and 5.16. */
#include "conform.h"

#include "sigcheck.h"

static bool sign_one(struct conf *c, CK_ULONG len, const struct sig_key *k)
{
	CK_ULONG n = CONF_BUF;

	return WANT_3_0(c, C_SignMessage,
		   (c->s, NULL, 0, c->in, len, c->out, &n), CKR_OK) &&
	       CHECK(c, sig_verify(k, "SHA256", -1, c->in, len, c->out, n),
		   "%lu bytes: the signature is wrong", len);
}

/* 5.14.2: a signature does not end it; nor does a question or an error. */
static void signs_many(struct conf *c, const void *row)
{
	struct sig_key k;
	CK_ULONG n = 0;

	(void)row;
	if (!conf_load_public(c, &k))
		return;
	for (CK_ULONG len = 1; len < 4; len++)
		sign_one(c, len, &k);
	WANT_3_0(c, C_SignMessage, (c->s, NULL, 0, c->in, 9, NULL, &n), CKR_OK);
	CHECK(c, n > 0 && n <= CONF_BUF, "C_SignMessage asks for %lu", n);
	n--;
	WANT_3_0(c, C_SignMessage, (c->s, NULL, 0, c->in, 9, c->out, &n),
	    CKR_BUFFER_TOO_SMALL);
	WANT_3_0(c, C_SignMessage, (c->s, NULL, 0, c->in, 9, c->out, NULL),
	    CKR_ARGUMENTS_BAD);
	sign_one(c, 9, &k);
	WANT_3_0(c, C_MessageSignFinal, (c->s), CKR_OK);
	WANT_3_0(c, C_MessageSignFinal, (c->s), CKR_OPERATION_NOT_INITIALIZED);
}

/* 5.14.4: the last part is that with a length for the signature. */
static void signs_in_parts(struct conf *c, const void *row)
{
	struct sig_key k;
	CK_ULONG n;

	(void)row;
	if (!conf_load_public(c, &k))
		return;
	for (int i = 0; i < 2; i++) {
		WANT_3_0(c, C_SignMessageNext,
		    (c->s, NULL, 0, c->in, 1, NULL, NULL),
		    CKR_OPERATION_NOT_INITIALIZED);
		WANT_3_0(c, C_SignMessageBegin, (c->s, NULL, 0), CKR_OK);
		n = CONF_BUF;
		WANT_3_0(c, C_SignMessage,
		    (c->s, NULL, 0, c->in, 3, c->out, &n),
		    CKR_OPERATION_ACTIVE);
		WANT_3_0(c, C_SignMessageNext,
		    (c->s, NULL, 0, c->in, 5, NULL, NULL), CKR_OK);
		n = CONF_BUF;
		WANT_3_0(c, C_SignMessageNext,
		    (c->s, NULL, 0, c->in + 5, 7, c->out, &n), CKR_OK);
		CHECK(c, sig_verify(&k, "SHA256", -1, c->in, 12, c->out, n),
		    "in parts: the signature is wrong");
	}
}

/* What one half says, the other one checks; a wrong one ends nothing. */
static void verifies_many(struct conf *c, const void *row)
{
	CK_MECHANISM mech;
	CK_ULONG n = CONF_BUF;

	(void)row;
	if (!conf_mechanism(c, CONF_ROLE_SIGN, &mech))
		return;
	WANT(c, C_SignInit(c->s, &mech, c->key.private), CKR_OK);
	if (!WANT(c, C_Sign(c->s, c->in, 16, c->out, &n), CKR_OK))
		return;
	for (int i = 0; i < 2; i++) {
		WANT_3_0(c, C_VerifyMessage,
		    (c->s, NULL, 0, c->in, 16, c->out, n), CKR_OK);
		WANT_3_0(c, C_VerifyMessage,
		    (c->s, NULL, 0, c->in, 15, c->out, n),
		    CKR_SIGNATURE_INVALID);
		WANT_3_0(c, C_VerifyMessage,
		    (c->s, NULL, 0, c->in, 16, c->out, n - 2),
		    CKR_SIGNATURE_LEN_RANGE);
		WANT_3_0(c, C_VerifyMessageBegin, (c->s, NULL, 0), CKR_OK);
		WANT_3_0(c, C_VerifyMessageNext,
		    (c->s, NULL, 0, c->in, 4, NULL, 0), CKR_OK);
		WANT_3_0(c, C_VerifyMessageNext,
		    (c->s, NULL, 0, c->in + 4, 12, c->out, n), CKR_OK);
	}
	WANT_3_0(c, C_MessageVerifyFinal, (c->s), CKR_OK);
}

static void cancelled(struct conf *c, const void *row)
{
	CK_ULONG n = CONF_BUF;

	(void)row;
	WANT_3_0(c, C_SessionCancel, (c->s, CKF_SIGN), CKR_OK);
	WANT_3_0(
	    c, C_SignMessage, (c->s, NULL, 0, c->in, 3, c->out, &n), CKR_OK);
	WANT_3_0(c, C_SessionCancel, (c->s, API_CKF_MESSAGE_SIGN), CKR_OK);
	WANT_3_0(c, C_SignMessage, (c->s, NULL, 0, c->in, 3, c->out, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
}

static const struct conf_rule rules[] = {
	{ "messages/sign", "5.14.2", CONF_SIGN_MESSAGES, CONF_V3, signs_many,
	    NULL },
	{ "messages/sign_in_parts", "5.14.4", CONF_SIGN_MESSAGES, CONF_V3,
	    signs_in_parts, NULL },
	{ "messages/verify", "5.16.2", CONF_VERIFY_MESSAGES, CONF_V3,
	    verifies_many, NULL },
	{ "messages/cancelled", "5.6.5", CONF_SIGN_MESSAGES, CONF_V3, cancelled,
	    NULL },
};

const struct conf_rules conf_message_rules = { rules, CONF_COUNT(rules) };
