/* Messages: length in four bytes, and so many bytes. */
#include "link_impl.h"

#include "secret.h"

enum trm_link_state trm_link_state(const struct trm_link *l)
{
	return l->state;
}

unsigned trm_link_streams(const struct trm_link *l)
{
	return l->arq.streams;
}

uk_err trm_link_why(const struct trm_link *l)
{
	return l->why;
}

bool trm_link_paired(struct trm_link *l, struct trm_paired *out)
{
	bool has = l->has_paired;

	*out = l->paired;
	uk_wipe(&l->paired, sizeof(l->paired));
	l->has_paired = false;
	return has;
}

static uk_err send_part(struct trm_link *l, uk_bytes v, int64_t now)
{
	uk_err err;

	if (l->state != TRM_LINK_UP)
		return uk_fail(UK_ERR_CONDITIONS);
	if (l->talk == TALK_PLAIN) {
		(void)trm_queue_put(
		    &l->out, v); /* there is room: trm_link_send */
		trm_link_give(l, now);
		return uk_ok();
	}
	err = trm_secure_send(l->secure, v);
	if (uk_is_ok(err))
		trm_link_move_secure(l, now);
	else
		trm_link_failed(l, err);
	return err;
}

uk_err trm_link_send(struct trm_link *l, uk_bytes message, int64_t now_ms)
{
	uint8_t storage[4];
	uk_buf head = UK_BUF(storage);
	size_t waiting = trm_queue_view(&l->out).n;

	if (l->state != TRM_LINK_UP)
		return uk_fail(UK_ERR_CONDITIONS);
	/* TLS makes it longer, by less than a quarter. */
	if (message.n > TRM_LINK_MESSAGE ||
	    waiting > TRM_LINK_QUEUE - 2 * TRM_LINK_MESSAGE)
		return uk_fail(UK_ERR_TOO_SMALL);
	uk_put_u32(&head, (uint32_t)message.n);
	UK_TRY(send_part(l, uk_buf_view(&head), now_ms));
	return send_part(l, message, now_ms);
}

bool trm_link_next(struct trm_link *l, uk_bytes *message, int64_t now_ms)
{
	uk_reader r;
	uint32_t n;

	trm_queue_take(&l->in, l->message_len);
	l->message_len = 0;
	*message = UK_NONE;
	if (l->state != TRM_LINK_UP)
		return false;
	trm_link_hear(l, now_ms); /* what has waited for room */
	r = uk_read(trm_queue_view(&l->in));
	n = uk_get_u32(&r);
	if (!r.bad && n > TRM_LINK_MESSAGE) {
		trm_link_failed(l, uk_fail(UK_ERR_FORMAT));
		return false;
	}
	*message = uk_get(&r, n);
	if (r.bad)
		return false;
	l->message_len = 4 + (size_t)n;
	return true;
}
