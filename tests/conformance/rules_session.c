/* Sessions and logins: 5.6. */
#include "conform.h"

static void want_state(
    struct conf *c, CK_SESSION_HANDLE s, CK_STATE state, const char *when)
{
	CK_SESSION_INFO i = { 0 };

	if (WANT(c, C_GetSessionInfo(s, &i), CKR_OK))
		CHECK(c, i.state == state, "%s: state %lu, not %lu", when,
		    i.state, state);
}

/* One login is every session's of the token, and so is one logout. */
static void one_login(struct conf *c, const void *row)
{
	CK_SESSION_HANDLE ro = 0, rw = 0, late = 0;

	(void)row;
	if (conf_open(c, 0, &ro) != CKR_OK ||
	    conf_open(c, CKF_RW_SESSION, &rw) != CKR_OK) {
		conf_fail(c, "no second session");
		return;
	}
	want_state(c, ro, CKS_RO_PUBLIC_SESSION, "before");
	want_state(c, rw, CKS_RW_PUBLIC_SESSION, "before");
	CHECK(c, conf_login(c, ro, CKU_USER) == CKR_OK,
	    "C_Login through a read-only session");
	want_state(c, ro, CKS_RO_USER_FUNCTIONS, "logged in");
	want_state(c, rw, CKS_RW_USER_FUNCTIONS, "logged in");
	CHECK(c, conf_open(c, 0, &late) == CKR_OK, "no third session");
	want_state(c, late, CKS_RO_USER_FUNCTIONS, "opened later");
	WANT(c, C_Logout(late), CKR_OK);
	want_state(c, ro, CKS_RO_PUBLIC_SESSION, "logged out");
	want_state(c, rw, CKS_RW_PUBLIC_SESSION, "logged out");
}

static void last_close(struct conf *c, const void *row)
{
	CK_SESSION_HANDLE s = 0;

	(void)row;
	WANT(c, C_CloseSession(c->s), CKR_OK);
	CHECK(c, conf_open(c, CKF_RW_SESSION, &s) == CKR_OK,
	    "no session after the last");
	want_state(c, s, CKS_RW_PUBLIC_SESSION, "after the last was closed");
}

static void so_state(struct conf *c, const void *row)
{
	(void)row;
	want_state(c, c->s, CKS_RW_SO_FUNCTIONS, "SO logged in");
	WANT(c, C_Logout(c->s), CKR_OK);
	want_state(c, c->s, CKS_RW_PUBLIC_SESSION, "SO logged out");
}

static void so_beside_ro(struct conf *c, const void *row)
{
	CK_SESSION_HANDLE ro = 0;
	CK_RV rv;

	(void)row;
	conf_open(c, 0, &ro);
	rv = conf_login(c, c->s, CKU_SO);
	conf_want(c, "C_Login", rv,
	    (const CK_RV[]){ CKR_SESSION_READ_ONLY_EXISTS, CONF_END });
}

static void session_info(struct conf *c, const void *row)
{
	CK_SESSION_INFO i = { .flags = ~0UL };

	(void)row;
	WANT(c, C_GetSessionInfo(c->s, &i), CKR_OK);
	CHECK(c, i.slotID == c->slot, "slotID %lu, not %lu", i.slotID, c->slot);
	CHECK(c, i.flags == (CKF_SERIAL_SESSION | CKF_RW_SESSION),
	    "flags 0x%lX", i.flags);
}

static void close_all(struct conf *c, const void *row)
{
	CK_SESSION_HANDLE s = 0;
	CK_SESSION_INFO i;

	(void)row;
	conf_open(c, 0, &s);
	WANT(c, C_CloseAllSessions(0x7FFFFFF1), CKR_SLOT_ID_INVALID);
	WANT(c, C_GetSessionInfo(s, &i), CKR_OK);
	WANT(c, C_CloseAllSessions(c->slot), CKR_OK);
	WANT(c, C_GetSessionInfo(s, &i), CKR_SESSION_HANDLE_INVALID);
	WANT(c, C_GetSessionInfo(c->s, &i), CKR_SESSION_HANDLE_INVALID);
	WANT(c, C_CloseAllSessions(c->slot), CKR_OK);
}

static void handles_are_new(struct conf *c, const void *row)
{
	CK_SESSION_HANDLE first = 0, second = 0;

	(void)row;
	if (conf_open(c, 0, &first) != CKR_OK)
		return;
	WANT(c, C_CloseSession(first), CKR_OK);
	WANT(c, C_CloseSession(first), CKR_SESSION_HANDLE_INVALID);
	CHECK(c, conf_open(c, 0, &second) == CKR_OK, "no session");
	CHECK(c, first != 0 && second != 0, "CK_INVALID_HANDLE was given out");
	CHECK(c, first != second, "a closed handle comes back at once");
}

/* A session ends with its library: the old handle means nothing afterwards. */
static void finalize_closes(struct conf *c, const void *row)
{
	CK_SESSION_INFO i;

	(void)row;
	WANT(c, C_Finalize(NULL), CKR_OK);
	WANT(c, C_Initialize(NULL), CKR_OK);
	WANT(c, C_GetSessionInfo(c->s, &i), CKR_SESSION_HANDLE_INVALID);
}

static void login_user(struct conf *c, const void *row)
{
	CK_UTF8CHAR *pin = c->opt->pin.text;

	(void)row;
	if (c->opt->pin.len == 0) {
		conf_skip(c, "no PIN was given");
		return;
	}
	if (!WANT_3_0(c, C_LoginUser,
		(c->s, CKU_USER, pin, c->opt->pin.len, NULL, 0), CKR_OK))
		return;
	want_state(c, c->s, CKS_RW_USER_FUNCTIONS, "C_LoginUser");
	WANT_3_0(c, C_LoginUser,
	    (c->s, CKU_USER, pin, c->opt->pin.len, NULL, 0),
	    CKR_USER_ALREADY_LOGGED_IN);
}

/* 5.6.5: nothing named is fine, and so is what is not active. */
static void cancel(struct conf *c, const void *row)
{
	CK_ULONG n = CONF_BUF;
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };

	(void)row;
	WANT_3_0(c, C_SessionCancel, (c->s, 0), CKR_OK);
	WANT_3_0(c, C_SessionCancel, (c->s, CKF_SIGN | CKF_DIGEST), CKR_OK);
	if (c->f.v2.C_DigestInit(c->s, &m) != CKR_OK)
		return;
	WANT_3_0(c, C_SessionCancel, (c->s, CKF_SIGN), CKR_OK);
	WANT_3_0(c, C_SessionCancel, (c->s, CKF_DIGEST), CKR_OK);
	WANT(c, C_Digest(c->s, c->in, 3, c->out, &n),
	    CKR_OPERATION_NOT_INITIALIZED);
}

static const struct conf_rule rules[] = {
	{ "sessions/info", "5.6.4", CONF_RW, 0, session_info, NULL },
	{ "sessions/one_login_for_all", "5.6.8", CONF_READY, CONF_TOKEN,
	    one_login, NULL },
	{ "sessions/last_close_logs_out", "5.6.2", CONF_USER, 0, last_close,
	    NULL },
	{ "sessions/so_state", "5.6.8", CONF_SO, CONF_SO_PIN, so_state, NULL },
	{ "sessions/so_beside_ro_session", "5.6.8", CONF_RW, CONF_SO_PIN,
	    so_beside_ro, NULL },
	{ "sessions/close_all", "5.6.3", CONF_RW, 0, close_all, NULL },
	{ "sessions/handles_are_new", "5.6.1", CONF_RW, 0, handles_are_new,
	    NULL },
	{ "sessions/finalize_closes", "5.4.2", CONF_RW, 0, finalize_closes,
	    NULL },
	{ "sessions/login_user", "5.6.9", CONF_RW, CONF_V3, login_user, NULL },
	{ "sessions/cancel", "5.6.5", CONF_RW, CONF_V3, cancel, NULL },
};

const struct conf_rules conf_session_rules = { rules, CONF_COUNT(rules) };
