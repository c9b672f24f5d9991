/* Bytes that wait: a queue with a front. */
#include "link_impl.h"

uk_bytes trm_queue_view(const struct queue *q)
{
	return uk_view(q->p + q->from, q->to - q->from);
}

void trm_queue_take(struct queue *q, size_t n)
{
	q->from += n;
	if (q->from == q->to)
		q->from = q->to = 0;
}

/* A writer behind what is there; the front is moved to make room. */
uk_buf trm_queue_room(struct queue *q)
{
	uk_buf whole = uk_buf_over(q->p, q->cap);

	uk_put(&whole, trm_queue_view(q));
	q->from = 0;
	q->to = whole.len;
	return uk_buf_over(q->p + q->to, q->cap - q->to);
}

bool trm_queue_put(struct queue *q, uk_bytes v)
{
	uk_buf b = trm_queue_room(q);

	uk_put(&b, v);
	q->to += b.bad ? 0 : b.len;
	return !b.bad;
}
