/* Cards that are taken out and put back: the program that --card-program names
 * does that, told by its one argument, and returns when the service has
 * noticed. */
#include "conform.h"

#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 5000, STEP_MS = 20 };

extern char **environ;

bool conf_card(const struct conf_options *opt, bool inside)
{
	char insert[] = "insert", take_out[] = "remove";
	char *argv[] = { opt->card_program, inside ? insert : take_out, NULL };
	int status = -1;
	pid_t pid;

	if (posix_spawn(&pid, opt->card_program, NULL, NULL, argv, environ) !=
	    0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool card(struct conf *c, bool inside)
{
	return CHECK(c, conf_card(c->opt, inside), "the card cannot be %s",
	    inside ? "put in" : "taken out");
}

/* Modules hear of cards when the service tells, a moment later. */
static bool await_token(struct conf *c, CK_RV wanted)
{
	CK_TOKEN_INFO i;
	CK_RV rv = CKR_GENERAL_ERROR;

	for (int ms = 0; ms < WAIT_MS && rv != wanted; ms += STEP_MS) {
		if (ms > 0)
			usleep(STEP_MS * 1000);
		rv = c->f.v2.C_GetTokenInfo(c->slot, &i);
	}
	return conf_want(
	    c, "C_GetTokenInfo", rv, (const CK_RV[]){ wanted, CONF_END });
}

static const CK_RV gone[] = { CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID,
	CKR_TOKEN_NOT_PRESENT, CONF_END };

/* 3.3, 5.6: sessions end with the card, and everything that was begun in them.
 */
static void want_sessions_gone(struct conf *c)
{
	CK_SESSION_INFO i;
	CK_ULONG n = CONF_BUF;

	conf_want(
	    c, "C_Sign", c->f.v2.C_Sign(c->s, c->in, 3, c->out, &n), gone);
	conf_want(
	    c, "C_GetSessionInfo", c->f.v2.C_GetSessionInfo(c->s, &i), gone);
}

/* With the card back: the slot is the same, old handles stay dead, and a new
 * session is nobody's. */
static void want_anew(struct conf *c)
{
	CK_SESSION_HANDLE old = c->s;
	CK_SESSION_INFO i;

	conf_want(c, "C_GetSessionInfo of the old session",
	    c->f.v2.C_GetSessionInfo(old, &i), gone);
	if (!CHECK(c, conf_open(c, CKF_RW_SESSION, &c->s) == CKR_OK,
		"no new session"))
		return;
	CHECK(c, c->s != old, "the old handle comes back");
	WANT(c, C_GetSessionInfo(c->s, &i), CKR_OK);
	CHECK(c, i.state == CKS_RW_PUBLIC_SESSION, "state %lu", i.state);
	CHECK(c, conf_login(c, c->s, CKU_USER) == CKR_OK, "no new login");
}

static void removed(struct conf *c, const void *row)
{
	CK_SLOT_INFO slot = { 0 };

	(void)row;
	if (!card(c, false))
		return;
	want_sessions_gone(c);
	await_token(c, CKR_TOKEN_NOT_PRESENT);
	WANT(c, C_GetSlotInfo(c->slot, &slot), CKR_OK);
	CHECK(c, (slot.flags & CKF_TOKEN_PRESENT) == 0,
	    "the slot still tells of a token");
	if (card(c, true) && await_token(c, CKR_OK))
		want_anew(c);
}

/* Out and in before the module is asked anything. */
static void exchanged(struct conf *c, const void *row)
{
	(void)row;
	if (!card(c, false) || !card(c, true))
		return;
	want_sessions_gone(c);
	if (await_token(c, CKR_OK))
		want_anew(c);
}

/* C_Finalize and C_Initialize find the card that is there now. */
static void removed_while_down(struct conf *c, const void *row)
{
	(void)row;
	WANT(c, C_Finalize(NULL), CKR_OK);
	card(c, false);
	WANT(c, C_Initialize(NULL), CKR_OK);
	await_token(c, CKR_TOKEN_NOT_PRESENT);
	if (card(c, true))
		await_token(c, CKR_OK);
}

struct waiter {
	struct conf *c;
	CK_SLOT_ID slot;
	CK_RV rv;
};

static void *wait_for_event(void *arg)
{
	struct waiter *w = arg;

	w->rv = w->c->f.v2.C_WaitForSlotEvent(0, &w->slot, NULL);
	return NULL;
}

/* What happened before does not count. */
static bool forget_events(struct conf *c)
{
	CK_SLOT_ID slot;
	CK_RV rv;

	while ((rv = c->f.v2.C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL)) ==
	       CKR_OK)
		;
	if (rv == CKR_FUNCTION_NOT_SUPPORTED)
		conf_skip(c, "C_WaitForSlotEvent is not offered");
	return rv == CKR_NO_EVENT;
}

static void waited_for(struct conf *c, const void *row)
{
	struct waiter w = { c, ~0UL, CKR_GENERAL_ERROR };
	pthread_t thread;

	(void)row;
	if (!forget_events(c) ||
	    pthread_create(&thread, NULL, wait_for_event, &w) != 0)
		return;
	card(c, false);
	pthread_join(thread, NULL);
	conf_want(
	    c, "C_WaitForSlotEvent", w.rv, (const CK_RV[]){ CKR_OK, CONF_END });
	CHECK(c, w.slot == c->slot, "slot %lu is named, not %lu", w.slot,
	    c->slot);
	if (card(c, true))
		await_token(c, CKR_OK);
}

static const struct conf_rule rules[] = {
	{ "events/removed", "3.3", CONF_SIGN, CONF_CARD, removed, NULL },
	{ "events/exchanged", "3.3", CONF_SIGN, CONF_CARD, exchanged, NULL },
	{ "events/removed_while_down", "5.4.2", CONF_READY, CONF_CARD,
	    removed_while_down, NULL },
	{ "events/waited_for", "5.5.4", CONF_READY, CONF_CARD, waited_for,
	    NULL },
};

const struct conf_rules conf_event_rules = { rules, CONF_COUNT(rules) };
