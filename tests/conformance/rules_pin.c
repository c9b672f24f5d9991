/*
 * PINs: 5.5.8, 5.5.9 and 5.6.8. All of these spend tries or change PINs; each
 * leaves the PIN of the options valid again, and they run last.
 */
#include "conform.h"

#include <string.h>

enum { TRIES_MAX = 16 };

/* As long as the right one, so that it reaches the token. */
static struct conf_secret wrong_pin(const struct conf_secret *right)
{
	struct conf_secret w = *right;

	w.text[w.len - 1] = w.text[w.len - 1] == '0' ? '1' : '0';
	return w;
}

static CK_RV try_pin(struct conf *c, CK_USER_TYPE who, struct conf_secret *pin)
{
	return c->f.v2.C_Login(c->s, who, pin->text, pin->len);
}

static CK_FLAGS token_flags(struct conf *c)
{
	CK_TOKEN_INFO i = { 0 };

	WANT(c, C_GetTokenInfo(c->slot, &i), CKR_OK);
	return i.flags;
}

static bool has_pin(struct conf *c)
{
	if (c->opt->pin.len == 0)
		conf_skip(c, "no PIN was given");
	return c->opt->pin.len > 0;
}

static void wrong_once(struct conf *c, const void *row)
{
	const CK_FLAGS told = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY |
			      CKF_USER_PIN_LOCKED;
	struct conf_secret wrong;

	(void)row;
	if (!has_pin(c))
		return;
	wrong = wrong_pin(&c->opt->pin);
	conf_want(c, "C_Login", try_pin(c, CKU_USER, &wrong),
	    (const CK_RV[]){ CKR_PIN_INCORRECT, CONF_END });
	CHECK(c, (token_flags(c) & told) != 0,
	    "after a wrong PIN no flag tells of it");
	CHECK(c, conf_login(c, c->s, CKU_USER) == CKR_OK,
	    "the right PIN after a wrong one");
	CHECK(c, (token_flags(c) & told) == 0, "flags 0x%lX after a good login",
	    token_flags(c));
}

static void set_pin_wrong(struct conf *c, const void *row)
{
	struct conf_secret wrong;
	CK_UTF8CHAR *pin = c->opt->pin.text;

	(void)row;
	if (!has_pin(c))
		return;
	wrong = wrong_pin(&c->opt->pin);
	WANT(c, C_SetPIN(c->s, wrong.text, wrong.len, pin, c->opt->pin.len),
	    CKR_PIN_INCORRECT);
	CHECK(
	    c, conf_login(c, c->s, CKU_USER) == CKR_OK, "the PIN has changed");
}

/* There and back; the state of the session says as whom. */
static void set_pin(struct conf *c, const void *row)
{
	struct conf_secret new;
	CK_UTF8CHAR *pin = c->opt->pin.text;
	CK_ULONG n = c->opt->pin.len;

	(void)row;
	if (!has_pin(c))
		return;
	new = wrong_pin(&c->opt->pin);
	if (!WANT(c, C_SetPIN(c->s, pin, n, new.text, new.len), CKR_OK))
		return;
	c->f.v2.C_Logout(c->s);
	conf_want(c, "C_Login with the new PIN", try_pin(c, CKU_USER, &new),
	    (const CK_RV[]){ CKR_OK, CONF_END });
	WANT(c, C_SetPIN(c->s, new.text, new.len, pin, n), CKR_OK);
}

static bool lock_it(struct conf *c)
{
	struct conf_secret wrong = wrong_pin(&c->opt->pin);
	CK_RV rv = CKR_PIN_INCORRECT;

	for (int i = 0; i < TRIES_MAX && rv == CKR_PIN_INCORRECT; i++)
		rv = try_pin(c, CKU_USER, &wrong);
	if (rv == CKR_PIN_INCORRECT) {
		conf_skip(c, "no number of wrong PINs locks the token");
		return false;
	}
	return conf_want(
	    c, "C_Login", rv, (const CK_RV[]){ CKR_PIN_LOCKED, CONF_END });
}

static void lock_and_unblock(struct conf *c, const void *row)
{
	CK_UTF8CHAR *pin = c->opt->pin.text;

	(void)row;
	if (!has_pin(c) || !lock_it(c))
		return;
	CHECK(c, (token_flags(c) & CKF_USER_PIN_LOCKED) != 0,
	    "locked, and CKF_USER_PIN_LOCKED does not say so");
	conf_want(c, "C_Login with the right PIN",
	    conf_login(c, c->s, CKU_USER),
	    (const CK_RV[]){ CKR_PIN_LOCKED, CONF_END });
	if (!CHECK(c, conf_login(c, c->s, CKU_SO) == CKR_OK,
		"the security officer cannot log in"))
		return;
	WANT(c, C_InitPIN(c->s, pin, c->opt->pin.len), CKR_OK);
	WANT(c, C_Logout(c->s), CKR_OK);
	CHECK(c, (token_flags(c) & CKF_USER_PIN_LOCKED) == 0,
	    "unblocked, and CKF_USER_PIN_LOCKED is still there");
	CHECK(c, conf_login(c, c->s, CKU_USER) == CKR_OK,
	    "the PIN of C_InitPIN is not good");
}

static void so_wrong_once(struct conf *c, const void *row)
{
	struct conf_secret wrong = wrong_pin(&c->opt->so_pin);

	(void)row;
	conf_want(c, "C_Login", try_pin(c, CKU_SO, &wrong),
	    (const CK_RV[]){ CKR_PIN_INCORRECT, CONF_END });
	CHECK(c, conf_login(c, c->s, CKU_SO) == CKR_OK,
	    "the right PIN after a wrong one");
}

enum { COSTS = CONF_DESTRUCTIVE };

static const struct conf_rule rules[] = {
	{ "pins/wrong_once", "5.6.8", CONF_RW, COSTS, wrong_once, NULL },
	{ "pins/so_wrong_once", "5.6.8", CONF_RW, COSTS | CONF_SO_PIN,
	    so_wrong_once, NULL },
	{ "pins/set_with_wrong_old", "5.5.9", CONF_RW, COSTS, set_pin_wrong,
	    NULL },
	{ "pins/set_as_user", "5.5.9", CONF_USER, COSTS, set_pin, NULL },
	{ "pins/set_without_login", "5.5.9", CONF_RW, COSTS, set_pin, NULL },
	{ "pins/lock_and_unblock", "5.5.8", CONF_RW, COSTS | CONF_SO_PIN,
	    lock_and_unblock, NULL },
};

const struct conf_rules conf_pin_rules = { rules, CONF_COUNT(rules) };
