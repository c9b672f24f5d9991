/* Slots, tokens, mechanisms: 5.5. */
#include "conform.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { LIST_MAX = 128 };

static bool padded(const CK_UTF8CHAR *text, size_t n)
{
	return memchr(text, 0, n) == NULL;
}

static bool blank(const CK_UTF8CHAR *text, size_t n)
{
	while (n > 0 && text[n - 1] == ' ')
		n--;
	return n == 0;
}

/* --- lists -------------------------------------------------------------- */

static void slot_list(struct conf *c, const void *row)
{
	CK_SLOT_ID ids[LIST_MAX];
	CK_ULONG n = 0, cap;

	(void)row;
	WANT(c, C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	if (!CHECK(c, n > 0 && n < LIST_MAX, "%lu slots", n))
		return;
	cap = n - 1;
	WANT(c, C_GetSlotList(CK_FALSE, ids, &cap), CKR_BUFFER_TOO_SMALL);
	CHECK(c, cap == n, "too little room: count %lu, not %lu", cap, n);
	cap = n;
	WANT(c, C_GetSlotList(CK_FALSE, ids, &cap), CKR_OK);
	cap = LIST_MAX;
	WANT(c, C_GetSlotList(CK_FALSE, ids, &cap), CKR_OK);
	CHECK(c, cap == n, "more room: count %lu, not %lu", cap, n);
	WANT(c, C_GetSlotList(CK_FALSE, ids, NULL), CKR_ARGUMENTS_BAD);
}

static void mechanism_list(struct conf *c, const void *row)
{
	CK_MECHANISM_TYPE list[CONF_MECHS_MAX];
	CK_ULONG n = 0, cap;

	(void)row;
	WANT(c, C_GetMechanismList(c->slot, NULL, &n), CKR_OK);
	if (!CHECK(c, n > 0 && n < CONF_MECHS_MAX, "%lu mechanisms", n))
		return;
	cap = n - 1;
	WANT(c, C_GetMechanismList(c->slot, list, &cap), CKR_BUFFER_TOO_SMALL);
	CHECK(c, cap == n, "too little room: count %lu, not %lu", cap, n);
	cap = n;
	WANT(c, C_GetMechanismList(c->slot, list, &cap), CKR_OK);
	cap = CONF_MECHS_MAX;
	WANT(c, C_GetMechanismList(c->slot, list, &cap), CKR_OK);
	CHECK(c, cap == n, "more room: count %lu, not %lu", cap, n);
	for (CK_ULONG i = 0; i < cap; i++)
		for (CK_ULONG j = 0; j < i; j++)
			CHECK(c, list[i] != list[j], "0x%lX is listed twice",
			    list[i]);
}

/* Slot numbers are good before anybody has asked for the list. */
static void slot_without_list(struct conf *c, const void *row)
{
	CK_SLOT_ID ids[LIST_MAX];
	CK_ULONG n = LIST_MAX;
	CK_TOKEN_INFO token;

	(void)row;
	if (!WANT(c, C_Finalize(NULL), CKR_OK) ||
	    !WANT(c, C_Initialize(NULL), CKR_OK))
		return;
	WANT(c, C_GetTokenInfo(c->slot, &token), CKR_OK);
	WANT(c, C_GetSlotList(CK_TRUE, ids, &n), CKR_OK);
}

/* --- what they say of themselves ---------------------------------------- */

static void slot_info(struct conf *c, const void *row)
{
	const CK_FLAGS defined = CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE |
				 CKF_HW_SLOT;
	CK_SLOT_INFO i;

	(void)row;
	memset(&i, 0xA5, sizeof(i));
	if (!WANT(c, C_GetSlotInfo(c->slot, &i), CKR_OK))
		return;
	CHECK(c, padded(i.slotDescription, sizeof(i.slotDescription)),
	    "slotDescription has a NUL");
	CHECK(c, padded(i.manufacturerID, sizeof(i.manufacturerID)),
	    "manufacturerID has a NUL");
	CHECK(c, (i.flags & ~defined) == 0, "flags are 0x%lX", i.flags);
	CHECK(c, (i.flags & CKF_TOKEN_PRESENT) != 0, "no CKF_TOKEN_PRESENT");
}

static void token_info(struct conf *c, const void *row)
{
	/* 3.0, table 6, without the holes */
	const CK_FLAGS defined = 0x01FF0F6FUL;
	CK_TOKEN_INFO i;

	(void)row;
	memset(&i, 0xA5, sizeof(i));
	if (!WANT(c, C_GetTokenInfo(c->slot, &i), CKR_OK))
		return;
	CHECK(c, padded(i.label, sizeof(i.label)), "label has a NUL");
	CHECK(c, padded(i.manufacturerID, sizeof(i.manufacturerID)),
	    "manufacturerID has a NUL");
	CHECK(c, padded(i.model, sizeof(i.model)), "model has a NUL");
	CHECK(c, padded(i.serialNumber, sizeof(i.serialNumber)),
	    "serialNumber has a NUL");
	CHECK(c, !blank(i.label, sizeof(i.label)), "label is empty");
	CHECK(c, !blank(i.serialNumber, sizeof(i.serialNumber)),
	    "serialNumber is empty");
	CHECK(c, (i.flags & ~defined) == 0, "flags are 0x%lX", i.flags);
	CHECK(c, i.ulMinPinLen <= i.ulMaxPinLen, "PIN lengths %lu..%lu",
	    i.ulMinPinLen, i.ulMaxPinLen);
	CHECK(c, (i.flags & CKF_TOKEN_INITIALIZED) != 0,
	    "no CKF_TOKEN_INITIALIZED");
	CHECK(c, (i.flags & CKF_USER_PIN_INITIALIZED) != 0,
	    "no CKF_USER_PIN_INITIALIZED");
	CHECK(c, (i.flags & CKF_LOGIN_REQUIRED) != 0, "no CKF_LOGIN_REQUIRED");
}

static void session_counts(struct conf *c, const void *row)
{
	CK_TOKEN_INFO i;

	(void)row;
	if (!WANT(c, C_GetTokenInfo(c->slot, &i), CKR_OK))
		return;
	CHECK(c,
	    i.ulSessionCount == 1 ||
		i.ulSessionCount == CK_UNAVAILABLE_INFORMATION,
	    "one session is open, ulSessionCount is %lu", i.ulSessionCount);
	CHECK(c,
	    i.ulRwSessionCount == 1 ||
		i.ulRwSessionCount == CK_UNAVAILABLE_INFORMATION,
	    "one is read-write, ulRwSessionCount is %lu", i.ulRwSessionCount);
}

/* Flags are told twice, from different garbage: what is told must not depend on
 * what stood there. */
static void mechanism_info(struct conf *c, const void *row)
{
	const CK_FLAGS defined = 0x87FFFF3FUL; /* 3.0, table 10 */
	CK_MECHANISM_INFO a, b;

	(void)row;
	for (CK_ULONG i = 0; i < c->n_mechs; i++) {
		memset(&a, 0xFF, sizeof(a));
		memset(&b, 0x00, sizeof(b));
		WANT(c, C_GetMechanismInfo(c->slot, c->mechs[i], &a), CKR_OK);
		WANT(c, C_GetMechanismInfo(c->slot, c->mechs[i], &b), CKR_OK);
		CHECK(c, memcmp(&a, &b, sizeof(a)) == 0,
		    "0x%lX: not every field is assigned", c->mechs[i]);
		CHECK(c, b.ulMinKeySize <= b.ulMaxKeySize,
		    "0x%lX: key sizes %lu..%lu", c->mechs[i], b.ulMinKeySize,
		    b.ulMaxKeySize);
		CHECK(c, (b.flags & ~defined) == 0, "0x%lX: flags 0x%lX",
		    c->mechs[i], b.flags);
		CHECK(c, (b.flags & ~(CK_FLAGS)CKF_HW) != 0,
		    "0x%lX: good for nothing", c->mechs[i]);
	}
}

/* --- a slot without a token --------------------------------------------- */

static bool empty_slot(struct conf *c, CK_SLOT_ID *out)
{
	CK_SLOT_ID ids[LIST_MAX];
	CK_ULONG n = LIST_MAX;
	CK_SLOT_INFO info;

	if (!WANT(c, C_GetSlotList(CK_FALSE, ids, &n), CKR_OK))
		return false;
	for (CK_ULONG i = 0; i < n; i++) {
		if (c->f.v2.C_GetSlotInfo(ids[i], &info) == CKR_OK &&
		    (info.flags & CKF_TOKEN_PRESENT) == 0) {
			*out = ids[i];
			return true;
		}
	}
	conf_skip(c, "every slot has a token");
	return false;
}

static void no_token(struct conf *c, const void *row)
{
	CK_SLOT_ID slot;
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE s;
	CK_MECHANISM_INFO info;
	CK_ULONG n = 0;

	(void)row;
	if (!empty_slot(c, &slot))
		return;
	WANT(c, C_GetTokenInfo(slot, &token), CKR_TOKEN_NOT_PRESENT);
	WANT(c, C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &s),
	    CKR_TOKEN_NOT_PRESENT);
	WANT(c, C_GetMechanismList(slot, NULL, &n), CKR_TOKEN_NOT_PRESENT);
	WANT(c, C_GetMechanismInfo(slot, CKM_SHA256, &info),
	    CKR_TOKEN_NOT_PRESENT);
}

/* --- events ------------------------------------------------------------- */

/* The first calls may tell of what was there at the beginning, one slot each.
 */
static void no_event(struct conf *c, const void *row)
{
	CK_SLOT_ID ids[LIST_MAX], id = ~0UL;
	CK_ULONG n = LIST_MAX;
	CK_SLOT_INFO info;
	CK_RV rv = CKR_OK;

	(void)row;
	if (!WANT(c, C_GetSlotList(CK_FALSE, ids, &n), CKR_OK))
		return;
	for (CK_ULONG i = 0; i < n && rv == CKR_OK; i++) {
		rv = c->f.v2.C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL);
		if (rv == CKR_OK)
			WANT(c, C_GetSlotInfo(id, &info), CKR_OK);
	}
	WANT(c, C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL), CKR_NO_EVENT);
}

static void *wait_for_event(void *arg)
{
	struct conf *c = arg;
	CK_SLOT_ID id;
	static CK_RV rv;

	do {
		rv = c->f.v2.C_WaitForSlotEvent(0, &id, NULL);
	} while (rv == CKR_OK);
	return &rv;
}

static void wait_ended(struct conf *c, const void *row)
{
	pthread_t thread;
	void *result;
	CK_SLOT_ID id;
	CK_RV rv = c->f.v2.C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL);

	(void)row;
	if (rv == CKR_FUNCTION_NOT_SUPPORTED) {
		conf_skip(c, "C_WaitForSlotEvent is not offered");
		return;
	}
	if (pthread_create(&thread, NULL, wait_for_event, c) != 0) {
		conf_fail(c, "no thread");
		return;
	}
	usleep(200000); /* it should be waiting by now */
	WANT(c, C_Finalize(NULL), CKR_OK);
	pthread_join(thread, &result);
	conf_want(c, "C_WaitForSlotEvent", *(CK_RV *)result,
	    (const CK_RV[]){ CKR_CRYPTOKI_NOT_INITIALIZED, CONF_END });
}

static const struct conf_rule rules[] = {
	{ "slots/slot_list", "5.5.1", CONF_READY, 0, slot_list, NULL },
	{ "slots/mechanism_list", "5.5.5", CONF_READY, CONF_TOKEN,
	    mechanism_list, NULL },
	{ "slots/slot_without_list", "5.5.1", CONF_READY, CONF_TOKEN,
	    slot_without_list, NULL },
	{ "slots/slot_info", "5.5.2", CONF_READY, 0, slot_info, NULL },
	{ "slots/token_info", "5.5.3", CONF_READY, CONF_TOKEN, token_info,
	    NULL },
	{ "slots/session_counts", "3.3", CONF_RW, 0, session_counts, NULL },
	{ "slots/mechanism_info", "5.5.6", CONF_READY, CONF_TOKEN,
	    mechanism_info, NULL },
	{ "slots/no_token", "5.5.3", CONF_READY, 0, no_token, NULL },
	{ "slots/no_event", "5.5.4", CONF_READY, 0, no_event, NULL },
	{ "slots/wait_ended_by_finalize", "5.5.4", CONF_READY, 0, wait_ended,
	    NULL },
};

const struct conf_rules conf_slot_rules = { rules, CONF_COUNT(rules) };
