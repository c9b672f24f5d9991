/* The session table of a slot, and how operations end. */
#include "session.h"

#include "p11login.h"
#include "rv.h"
#include "slot.h"

/* The table is sorted: handles grow. */
static size_t position(const struct p11_sessions *t, CK_SESSION_HANDLE h)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->list[middle]->handle < h)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct p11_session *p11_session_find(struct p11_slot *s, CK_SESSION_HANDLE h)
{
	struct p11_sessions *t = &s->sessions;
	size_t at = position(t, h);

	return at < t->count && t->list[at]->handle == h ? t->list[at] : NULL;
}

/* Room for one more. */
static CK_RV grow(struct p11_sessions *t)
{
	size_t cap = t->cap == 0 ? 8 : 2 * t->cap;
	struct p11_session **list;

	if (t->count < t->cap)
		return CKR_OK;
	if (t->count >= P11_SESSIONS_MAX)
		return CKR_SESSION_COUNT;
	list = uk_resize_array(t->list, t->count, cap, sizeof(*list));
	if (list == NULL)
		return CKR_HOST_MEMORY;
	t->list = list;
	t->cap = cap;
	return CKR_OK;
}

CK_RV p11_session_open(
    struct p11_slot *s, CK_FLAGS flags, CK_SESSION_HANDLE *out)
{
	struct p11_sessions *t = &s->sessions;
	bool rw = (flags & CKF_RW_SESSION) != 0;
	struct p11_session *session;
	CK_RV rv;

	if (s->login == P11_SO && !rw)
		return CKR_SESSION_READ_WRITE_SO_EXISTS;
	if ((rv = grow(t)) != CKR_OK)
		return rv;
	if ((session = uk_new(sizeof(*session))) == NULL)
		return CKR_HOST_MEMORY;
	session->handle = p11_slot_handle(s);
	session->rw = rw;
	t->list[t->count++] = session;
	t->rw_count += rw;
	*out = session->handle;
	return CKR_OK;
}

void p11_op_end(struct p11_op *op)
{
	uk_hasher_close(&op->hasher);
	uk_hasher_close(&op->fresh);
	uk_key_close(&op->pub);
	uk_wipe(op, sizeof(*op));
}

void p11_search_end(struct p11_search *search)
{
	uk_free(search->found);
	*search = (struct p11_search){ 0 };
}

void p11_session_end_private(struct p11_session *session)
{
	p11_op_end(&session->sign);
	p11_op_end(&session->sign_recover);
	p11_op_end(&session->sign_messages);
	p11_op_end(&session->decrypt);
}

static void free_session(struct p11_session *session)
{
	p11_session_end_private(session);
	p11_op_end(&session->verify);
	p11_op_end(&session->verify_recover);
	p11_op_end(&session->verify_messages);
	p11_op_end(&session->encrypt);
	p11_op_end(&session->digest);
	p11_search_end(&session->search);
	uk_free(session);
}

void p11_sessions_free(struct p11_sessions *t)
{
	for (size_t i = 0; i < t->count; i++)
		free_session(t->list[i]);
	uk_free(t->list);
	*t = (struct p11_sessions){ 0 };
}

/* Nobody is left who could log out. The card may have forgotten by itself: what
 * it answers does not matter, because we no longer believe it. */
static void logout_last(struct p11_slot *s)
{
	if (s->sessions.count == 0 && s->login != P11_PUBLIC)
		(void)p11_logout(s);
}

CK_RV p11_session_close(struct p11_slot *s, struct p11_session *session)
{
	struct p11_sessions *t = &s->sessions;

	t->rw_count -= session->rw;
	for (size_t i = position(t, session->handle) + 1; i < t->count; i++)
		t->list[i - 1] = t->list[i];
	t->count--;
	p11_objects_end_session(&s->objects, session->handle);
	free_session(session);
	logout_last(s);
	return CKR_OK;
}

CK_RV p11_session_close_all(struct p11_slot *s)
{
	p11_sessions_free(&s->sessions);
	p11_objects_end_session(&s->objects, 0);
	logout_last(s);
	return CKR_OK;
}

CK_STATE p11_session_state(
    const struct p11_slot *s, const struct p11_session *session)
{
	static const CK_STATE states[][2] = {
		[P11_PUBLIC] = { CKS_RO_PUBLIC_SESSION, CKS_RW_PUBLIC_SESSION },
		[P11_USER] = { CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS },
		/* there are no read-only sessions then */
		[P11_SO] = { CKS_RW_SO_FUNCTIONS, CKS_RW_SO_FUNCTIONS },
	};

	return states[s->login][session->rw];
}
