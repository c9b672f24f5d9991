/* Go back N. */
#include "arq.h"

static void drop_front(uint8_t *bytes, size_t *n, size_t taken)
{
	uk_buf rest = uk_buf_over(bytes, *n);

	if (taken > *n)
		taken = *n;
	/* A view of the same storage further on: uk_put moves. */
	uk_put(&rest, uk_view(bytes + taken, *n - taken));
	*n -= taken;
}

static void put_frame(
    struct trm_arq *a, enum trm_frame_kind kind, uint8_t seq, uk_bytes payload)
{
	uk_buf out = uk_buf_over(a->out + a->out_n, sizeof(a->out) - a->out_n);

	trm_frame_put(&out,
	    &(struct trm_frame){ (uint8_t)kind, seq, a->expected, payload });
	/* No room: it is as if the line had lost it. */
	if (!out.bad)
		a->out_n += out.len;
}

static void put_number(struct trm_arq *a, enum trm_frame_kind kind)
{
	uint8_t storage[4];
	uk_buf number = UK_BUF(storage);

	uk_put_u32(&number, a->number);
	put_frame(a, kind, 0, uk_buf_view(&number));
}

static void put_data(struct trm_arq *a, uint8_t seq)
{
	const size_t place = seq % TRM_ARQ_WINDOW;

	put_frame(a, TRM_FRAME_DATA, seq,
	    uk_view(a->window[place].bytes, a->window[place].n));
}

static uint8_t in_flight(const struct trm_arq *a)
{
	return (uint8_t)(a->next - a->base);
}

static void wait_first(struct trm_arq *a, int64_t now)
{
	a->tries = 0;
	a->deadline = now + TRM_ARQ_RETRY_MS;
}

/* --- opening ------------------------------------------------------------- */

static void forget(struct trm_arq *a, enum trm_arq_state state)
{
	a->state = state;
	a->base = a->next = a->expected = a->repeats = 0;
	a->in_n = 0;
	a->tries = 0;
}

void trm_arq_init(struct trm_arq *a, bool host)
{
	a->host = host;
	a->reader = (struct trm_frame_reader){ .n = 0 };
	a->number = 0;
	a->streams = 0;
	a->out_n = 0;
	forget(a, TRM_ARQ_CLOSED);
}

void trm_arq_open(struct trm_arq *a, uint32_t number, int64_t now_ms)
{
	forget(a, TRM_ARQ_OPENING);
	a->number = number;
	a->out_n = 0;
	put_number(a, TRM_FRAME_OPEN);
	wait_first(a, now_ms);
}

void trm_arq_call(struct trm_arq *a)
{
	a->out_n = 0;
	put_frame(a, TRM_FRAME_CLOSED, 0, UK_NONE);
}

/* --- frames that come in ------------------------------------------------- */

static bool read_number(uk_bytes payload, uint32_t *number)
{
	uk_reader r = uk_read(payload);

	*number = uk_get_u32(&r);
	return uk_is_ok(uk_read_end(&r));
}

static void on_open(struct trm_arq *a, uk_bytes payload)
{
	uint32_t number;

	if (a->host || !read_number(payload, &number))
		return;
	/* Asked again because our answer was lost: nothing has been sent on
	 * this stream, or the host would know of it. */
	if (a->state != TRM_ARQ_READY || number != a->number ||
	    a->expected != 0) {
		forget(a, TRM_ARQ_READY);
		a->number = number;
		a->streams++;
		a->out_n = 0;
	}
	put_number(a, TRM_FRAME_OPENED);
}

static void on_opened(struct trm_arq *a, uk_bytes payload)
{
	uint32_t number;

	if (a->state == TRM_ARQ_OPENING && read_number(payload, &number) &&
	    number == a->number)
		a->state = TRM_ARQ_READY;
}

/* ack names the next frame that the other side wants. */
static void on_ack(struct trm_arq *a, uint8_t ack, bool alone, int64_t now)
{
	const uint8_t done = (uint8_t)(ack - a->base);

	if (done > in_flight(a))
		return; /* of another time */
	if (done > 0) {
		a->base = ack;
		a->repeats = 0;
		wait_first(a, now);
		return;
	}
	if (alone)
		a->tries = 0; /* it lives, and has no room perhaps */
	/* It has got something it could not use: once is enough to know. */
	if (!alone || in_flight(a) == 0 || ++a->repeats != 1)
		return;
	for (uint8_t seq = a->base; seq != a->next; seq++)
		put_data(a, seq);
}

static void on_data(struct trm_arq *a, const struct trm_frame *f)
{
	uk_buf in = uk_buf_over(a->in + a->in_n, sizeof(a->in) - a->in_n);

	if (f->seq == a->expected && f->payload.n > 0) {
		uk_put(&in, f->payload);
		if (!in.bad) {
			a->in_n += in.len;
			a->expected++;
		}
	}
	put_frame(a, TRM_FRAME_ACK, 0, UK_NONE);
}

static void on_frame(struct trm_arq *a, const struct trm_frame *f, int64_t now)
{
	switch (f->kind) {
	case TRM_FRAME_OPEN:
		on_open(a, f->payload);
		return;
	case TRM_FRAME_OPENED:
		on_opened(a, f->payload);
		return;
	case TRM_FRAME_CLOSED:
		if (a->host && a->state != TRM_ARQ_OPENING)
			a->state = TRM_ARQ_LOST;
		return;
	case TRM_FRAME_DATA:
	case TRM_FRAME_ACK:
		break;
	default:
		return; /* of a later version */
	}
	if (a->state != TRM_ARQ_READY) {
		if (!a->host)
			trm_arq_call(a);
		return;
	}
	on_ack(a, f->ack, f->kind == TRM_FRAME_ACK, now);
	if (f->kind == TRM_FRAME_DATA)
		on_data(a, f);
}

void trm_arq_feed(struct trm_arq *a, uk_bytes raw, int64_t now_ms)
{
	struct trm_frame f;

	for (size_t i = 0; i < raw.n; i++) {
		if (trm_frame_feed(&a->reader, raw.p[i], &f))
			on_frame(a, &f, now_ms);
	}
}

/* --- the wire and the stream --------------------------------------------- */

uk_bytes trm_arq_pending(const struct trm_arq *a)
{
	return uk_view(a->out, a->out_n);
}

void trm_arq_written(struct trm_arq *a, size_t n)
{
	drop_front(a->out, &a->out_n, n);
}

static size_t send_one(struct trm_arq *a, uk_bytes data)
{
	const size_t place = a->next % TRM_ARQ_WINDOW;
	uk_bytes part = uk_bytes_first(data, TRM_FRAME_PAYLOAD);
	uk_buf frame = UK_BUF(a->window[place].bytes);

	uk_put(&frame, part);
	a->window[place].n = part.n;
	put_data(a, a->next++);
	return part.n;
}

size_t trm_arq_send(struct trm_arq *a, uk_bytes data, int64_t now_ms)
{
	size_t taken = 0;

	if (a->state != TRM_ARQ_READY)
		return 0;
	if (in_flight(a) == 0)
		wait_first(a, now_ms);
	while (taken < data.n && in_flight(a) < TRM_ARQ_WINDOW)
		taken += send_one(a, uk_bytes_from(data, taken));
	return taken;
}

uk_bytes trm_arq_received(const struct trm_arq *a)
{
	return uk_view(a->in, a->in_n);
}

void trm_arq_taken(struct trm_arq *a, size_t n)
{
	drop_front(a->in, &a->in_n, n);
}

/* --- time ---------------------------------------------------------------- */

static bool waits(const struct trm_arq *a)
{
	return a->state == TRM_ARQ_OPENING ||
	       (a->state == TRM_ARQ_READY && in_flight(a) > 0);
}

int64_t trm_arq_deadline(const struct trm_arq *a)
{
	return waits(a) ? a->deadline : -1;
}

void trm_arq_tick(struct trm_arq *a, int64_t now_ms)
{
	if (!waits(a) || now_ms < a->deadline)
		return;
	if (++a->tries > TRM_ARQ_RETRIES) {
		a->state = TRM_ARQ_LOST;
		return;
	}
	a->deadline = now_ms + ((int64_t)TRM_ARQ_RETRY_MS << a->tries);
	a->repeats = 0;
	if (a->state == TRM_ARQ_OPENING) {
		put_number(a, TRM_FRAME_OPEN);
		return;
	}
	for (uint8_t seq = a->base; seq != a->next; seq++)
		put_data(a, seq);
}
