/* What must come of each cell. */
#include "desk.h"

#include <stdio.h>
#include <string.h>

#define HANDS                                                                  \
	(1 << DESK_OUT | 1 << DESK_AGAIN | 1 << DESK_SWAP | 1 << DESK_UNPLUG | \
	    1 << DESK_KILL)
#define AWAY     (1 << DESK_OUT | 1 << DESK_UNPLUG | 1 << DESK_KILL)
#define OTHERS   (1 << DESK_RESET | 1 << DESK_SELECT | 1 << DESK_LOGOUT)
#define EVENT(e) (1 << (e))
#define BEFORE   EVENT(DESK_BEFORE)
#define AFTER    EVENT(DESK_AFTER)
#define BOTH     (BEFORE | AFTER)

/* The first row that fits. Cells in which the event was not reached are always
 * CKR_OK, and what is CKR_OK was also right (desk_ops.c). */
static const struct row {
	const char *op; /* NULL: all */
	unsigned events, moments;
	CK_RV rv, or_rv;
	bool or_ok;
	const char *why;
	bool service; /* the real one only */
} rows[] = {
	{ "start", EVENT(DESK_AGAIN) | EVENT(DESK_SWAP), BOTH,
	    CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_PRESENT, true,
	    "the service has seen the slot empty, for a moment", true },
	{ "start", AWAY, BOTH, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_PRESENT,
	    false, "no session was there to be lost", false },
	{ "start", ~0U, BOTH, CKR_OK, CKR_OK, false,
	    "whichever card is in at the end is asked, again if need be",
	    false },
	{ "finalize", ~0U, BOTH, CKR_OK, CKR_OK, false, "it cannot fail",
	    false },
	{ NULL, HANDS, BOTH, CKR_DEVICE_REMOVED, CKR_DEVICE_REMOVED, false,
	    "the card of this session is gone, whatever is in now", false },
	{ NULL, EVENT(DESK_LOGIN), BOTH, CKR_OK, CKR_OK, false,
	    "one login more is no concern of ours", false },
	{ "list", ~0U, BOTH, CKR_OK, CKR_OK, false,
	    "nobody is logged in: all is asked once more", false },
	{ "logout", ~0U, BEFORE, CKR_OK, CKR_OK, false,
	    "that is what was wanted", false },
	{ "set-pin", EVENT(DESK_JOLT), BOTH, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR,
	    true,
	    "asked once more, unless it was the new PIN that was not heard",
	    false },
	{ "set-pin", OTHERS, BEFORE, CKR_OK, CKR_OK, false,
	    "nobody is logged in, and the application is selected first",
	    false },
	{ "login", ~0U, BEFORE, CKR_USER_NOT_LOGGED_IN, CKR_USER_NOT_LOGGED_IN,
	    true,
	    "before the PIN: asked once more; after it: the login is lost",
	    false },
	{ NULL, EVENT(DESK_JOLT), BEFORE, CKR_USER_NOT_LOGGED_IN,
	    CKR_USER_NOT_LOGGED_IN, false, "a reset ends the login", false },
	{ NULL, OTHERS, BEFORE, CKR_USER_NOT_LOGGED_IN, CKR_USER_NOT_LOGGED_IN,
	    true, "learned when the login is next needed, if at all", false },
	{ "login", EVENT(DESK_JOLT), AFTER, CKR_DEVICE_ERROR,
	    CKR_USER_NOT_LOGGED_IN, true,
	    "asked once more, unless it was the PIN or after it; a search goes "
	    "on, and learns of the login",
	    false },
	{ NULL, EVENT(DESK_JOLT), AFTER, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR,
	    false, "nobody knows what the card has done", false },
};

static bool has_service(void)
{
	return (desk_place_events & EVENT(DESK_KILL)) != 0;
}

static const struct row *find_row(const struct desk_cell *c)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if ((r->op == NULL || strcmp(r->op, c->op->name) == 0) &&
		    (r->events & EVENT(c->event)) != 0 &&
		    (r->moments & EVENT(c->moment)) != 0 &&
		    (!r->service || has_service()))
			return r;
	}
	return NULL;
}

const char *desk_judge(const struct desk_cell *cell, const struct desk_world *w)
{
	static char why[200];
	const struct row *r = find_row(cell);

	if (!w->fired)
		return w->rv == CKR_OK ? NULL : "nothing has happened to it";
	if (r == NULL)
		return "no row of the table is about that";
	if (w->rv == r->rv || w->rv == r->or_rv ||
	    (r->or_ok && w->rv == CKR_OK))
		return NULL;
	(void)snprintf(why, sizeof(why), "should be %s, because %s",
	    desk_rv_name(r->rv), r->why);
	return why;
}

#define NAME(rv)                                                               \
	{                                                                      \
		rv, #rv                                                        \
	}
static const struct {
	CK_RV rv;
	const char *name;
} names[] = {
	NAME(CKR_OK),
	NAME(CKR_GENERAL_ERROR),
	NAME(CKR_FUNCTION_FAILED),
	NAME(CKR_DEVICE_ERROR),
	NAME(CKR_DEVICE_REMOVED),
	NAME(CKR_KEY_HANDLE_INVALID),
	NAME(CKR_OBJECT_HANDLE_INVALID),
	NAME(CKR_OPERATION_NOT_INITIALIZED),
	NAME(CKR_PIN_INCORRECT),
	NAME(CKR_PIN_LOCKED),
	NAME(CKR_SESSION_HANDLE_INVALID),
	NAME(CKR_TOKEN_NOT_PRESENT),
	NAME(CKR_TOKEN_NOT_RECOGNIZED),
	NAME(CKR_SLOT_ID_INVALID),
	NAME(CKR_USER_ALREADY_LOGGED_IN),
	NAME(CKR_USER_NOT_LOGGED_IN),
	NAME(CKR_CRYPTOKI_NOT_INITIALIZED),
	NAME(CKR_MECHANISM_INVALID),
	NAME(CKR_TEMPLATE_INCONSISTENT),
	NAME(CKR_ATTRIBUTE_TYPE_INVALID),
	NAME(CKR_FUNCTION_REJECTED),
	NAME(CKR_KEY_FUNCTION_NOT_PERMITTED),
};
#undef NAME

const char *desk_rv_name(CK_RV rv)
{
	static char other[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].rv == rv)
			return names[i].name;
	}
	(void)snprintf(other, sizeof(other), "CKR_0x%lX", rv);
	return other;
}
