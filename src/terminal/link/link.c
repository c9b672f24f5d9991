/* Conversations over the stream: plain, secured, pairing. */
#include "link_impl.h"

#include "mem.h"
#include "secret.h"

enum { TLS_HANDSHAKE = 0x16, PART = 4096 };

/* --- making -------------------------------------------------------------- */

static uk_err make(bool host, const char *name,
    const struct trm_link_terminal *t, struct trm_link **out)
{
	struct trm_link *l = uk_secret_new(sizeof(*l));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (l == NULL)
		return err;
	l->host = host;
	l->terminal = t;
	trm_arq_init(&l->arq, host);
	l->out.cap = l->in.cap = TRM_LINK_QUEUE;
	l->out.p = uk_new(TRM_LINK_QUEUE);
	l->in.p = uk_new(TRM_LINK_QUEUE);
	if (l->out.p != NULL && l->in.p != NULL)
		err = uk_copy_str(l->name, sizeof(l->name), uk_view_str(name));
	if (uk_is_ok(err)) {
		*out = l;
		l = NULL; /* handed over */
	}
	trm_link_free(&l);
	return err;
}

uk_err trm_link_new_host(const char *name, struct trm_link **out)
{
	return make(true, name, NULL, out);
}

uk_err trm_link_new_terminal(
    const struct trm_link_terminal *t, struct trm_link **out)
{
	return make(false, t->name, t, out);
}

void trm_link_free(struct trm_link **l)
{
	if (*l == NULL)
		return;
	trm_secure_close(&(*l)->secure);
	if ((*l)->in.p != NULL)
		uk_wipe((*l)->in.p, TRM_LINK_QUEUE);
	if ((*l)->out.p != NULL)
		uk_wipe((*l)->out.p, TRM_LINK_QUEUE);
	uk_free((*l)->in.p);
	uk_free((*l)->out.p);
	uk_secret_free(*l, sizeof(**l));
	*l = NULL;
}

/* --- one conversation ---------------------------------------------------- */

static void end_talk(struct trm_link *l, enum trm_link_state state)
{
	trm_secure_close(&l->secure);
	uk_wipe(&l->pairing, sizeof(l->pairing));
	l->talk = TALK_NONE;
	l->state = state;
	l->in.from = l->in.to = l->out.from = l->out.to = 0;
	l->message_len = 0;
}

void trm_link_give(struct trm_link *l, int64_t now)
{
	trm_queue_take(
	    &l->out, trm_arq_send(&l->arq, trm_queue_view(&l->out), now));
}

/* What TLS wants to say goes to the stream. */
void trm_link_move_secure(struct trm_link *l, int64_t now)
{
	uint8_t storage[PART];
	uk_buf b = UK_BUF(storage);

	do {
		b.len = 0;
		trm_secure_pending(l->secure, &b);
		if (!trm_queue_put(&l->out, uk_buf_view(&b)))
			end_talk(l, TRM_LINK_DOWN); /* nobody takes it */
	} while (b.len > 0 && l->secure != NULL);
	trm_link_give(l, now);
}

void trm_link_failed(struct trm_link *l, uk_err err)
{
	l->why = err;
	end_talk(
	    l, uk_is(err, UK_ERR_MEMORY) ? TRM_LINK_DOWN : TRM_LINK_REFUSED);
}

uk_err trm_link_open(struct trm_link *l, const struct trm_secret *secret,
    uint32_t number, int64_t now_ms)
{
	end_talk(l, TRM_LINK_OPENING);
	l->talk = secret == NULL ? TALK_PLAIN : TALK_SECURE;
	if (secret != NULL) {
		uk_err err = trm_secure_host(secret, &l->secure);

		if (!uk_is_ok(err)) {
			end_talk(l, TRM_LINK_DOWN);
			return err;
		}
	}
	trm_arq_open(&l->arq, number, now_ms);
	return uk_ok();
}

uk_err trm_link_pair(
    struct trm_link *l, uk_bytes code, uint32_t number, int64_t now_ms)
{
	uint8_t storage[TRM_PAIRING_RECORD];
	uk_buf first = UK_BUF(storage);

	end_talk(l, TRM_LINK_DOWN);
	UK_TRY(trm_pairing_host(&l->pairing, code, l->name, &first));
	l->state = TRM_LINK_OPENING;
	l->talk = TALK_PAIRING;
	trm_arq_open(&l->arq, number, now_ms);
	/* It waits in the queue until there is a stream. */
	return trm_queue_put(&l->out, uk_buf_view(&first))
		   ? uk_ok()
		   : uk_fail(UK_ERR_TOO_SMALL);
}

void trm_link_call(struct trm_link *l)
{
	end_talk(l, TRM_LINK_DOWN);
	trm_arq_call(&l->arq);
}

/* The stream is there: what the host says first. */
static void begin_host(struct trm_link *l, int64_t now)
{
	if (l->talk == TALK_PLAIN) {
		l->state = TRM_LINK_UP;
		if (!trm_queue_put(&l->out, uk_view_str("N")))
			end_talk(l, TRM_LINK_DOWN);
	}
	if (l->talk == TALK_SECURE)
		trm_link_move_secure(l, now);
	else
		trm_link_give(l, now);
}

static void begin_pairing(struct trm_link *l, int64_t now)
{
	static const uint8_t refused[] = { 0, 1, 0 };
	const struct trm_link_terminal *t = l->terminal;
	uint8_t code[TRM_PAIRING_CODE];
	uk_err err;

	if (!t->take_code(t->arg, code)) {
		(void)trm_queue_put(
		    &l->out, UK_ARRAY(refused)); /* empty till now */
		trm_link_give(l, now);
		trm_link_failed(l, uk_fail(UK_ERR_CONDITIONS));
		return;
	}
	l->talk = TALK_PAIRING;
	err = trm_pairing_terminal(
	    &l->pairing, UK_ARRAY(code), l->name, UK_ARRAY(t->point));
	uk_wipe(code, sizeof(code));
	if (!uk_is_ok(err))
		trm_link_failed(l, err);
}

/* What the first byte of a stream announces. */
static void begin_terminal(struct trm_link *l, uint8_t first, int64_t now)
{
	const struct trm_link_terminal *t = l->terminal;
	uk_err err;

	if (first == 0) {
		begin_pairing(l, now);
	} else if (first == TLS_HANDSHAKE) {
		l->talk = TALK_SECURE;
		err = trm_secure_terminal(t->find, t->arg, &l->secure);
		if (!uk_is_ok(err))
			trm_link_failed(l, err);
	} else if (first == 'N' && t->plain) {
		l->talk = TALK_PLAIN;
		l->state = TRM_LINK_UP;
		trm_arq_taken(&l->arq, 1);
	} else {
		trm_link_failed(l, uk_fail(UK_ERR_SIGNATURE));
	}
}

/* --- what comes in ------------------------------------------------------- */

static void finish_pairing(struct trm_link *l, uk_err err)
{
	if (l->pairing.state == TRM_PAIRING_DONE) {
		l->paired = l->pairing.paired;
		l->has_paired = true;
		l->state = TRM_LINK_PAIRED;
	} else if (l->pairing.state == TRM_PAIRING_FAILED) {
		l->why = err;
		l->state = TRM_LINK_REFUSED;
	}
}

static void hear_pairing(struct trm_link *l, int64_t now)
{
	uk_reader r = uk_read(trm_arq_received(&l->arq));
	uint16_t n = uk_get_u16(&r);
	uk_bytes record = uk_get(&r, n);
	uint8_t storage[TRM_PAIRING_RECORD];
	uk_buf answer = UK_BUF(storage);
	uk_err err;

	if (n > TRM_PAIRING_RECORD) {
		trm_link_failed(l, uk_fail(UK_ERR_FORMAT));
		return;
	}
	if (r.bad)
		return; /* not all of it yet */
	err = trm_pairing_feed(&l->pairing, record, &answer);
	trm_arq_taken(&l->arq, 2 + (size_t)n);
	(void)trm_queue_put(
	    &l->out, uk_buf_view(&answer)); /* empty but for these */
	trm_link_give(l, now);
	finish_pairing(l, err);
}

static void hear_secure(struct trm_link *l, int64_t now)
{
	uk_buf in = trm_queue_room(&l->in);
	uk_bytes got = trm_arq_received(&l->arq);
	uk_err err = uk_ok();

	/* Who does not read holds the other side up. */
	if (uk_buf_left(&in) > got.n) {
		err = trm_secure_feed(l->secure, got);
		trm_arq_taken(&l->arq, got.n);
	}
	if (uk_is_ok(err)) {
		err = trm_secure_receive(l->secure, &in);
		l->in.to += in.len;
	}
	trm_link_move_secure(
	    l, now); /* also the alert that tells of a failure */
	if (!uk_is_ok(err))
		trm_link_failed(l, err);
	else if (l->secure != NULL && trm_secure_ready(l->secure))
		l->state = TRM_LINK_UP;
}

static void hear_plain(struct trm_link *l)
{
	uk_buf in = trm_queue_room(&l->in);
	uk_bytes got = uk_bytes_first(
	    trm_arq_received(&l->arq), uk_buf_left(&in));

	uk_put(&in, got);
	l->in.to += in.len;
	trm_arq_taken(&l->arq, got.n);
}

void trm_link_hear(struct trm_link *l, int64_t now)
{
	uk_bytes got = trm_arq_received(&l->arq);

	if (l->state == TRM_LINK_REFUSED || l->state == TRM_LINK_PAIRED)
		return;
	if (l->talk == TALK_NONE && !l->host && got.n > 0)
		begin_terminal(l, got.p[0], now);
	if (l->talk == TALK_PAIRING)
		hear_pairing(l, now);
	else if (l->talk == TALK_SECURE && l->arq.state == TRM_ARQ_READY)
		hear_secure(l, now);
	else if (l->talk == TALK_PLAIN)
		hear_plain(l);
}

/* --- the line ------------------------------------------------------------ */

static void watch_stream(struct trm_link *l, enum trm_arq_state before,
    unsigned streams, int64_t now)
{
	if (!l->host && l->arq.streams != streams)
		end_talk(l, TRM_LINK_OPENING); /* another stream */
	if (l->host && before == TRM_ARQ_OPENING &&
	    l->arq.state == TRM_ARQ_READY)
		begin_host(l, now);
	if (l->arq.state == TRM_ARQ_LOST && l->state != TRM_LINK_REFUSED &&
	    l->state != TRM_LINK_PAIRED)
		end_talk(l, TRM_LINK_DOWN);
}

void trm_link_feed(struct trm_link *l, uk_bytes raw, int64_t now_ms)
{
	while (raw.n > 0) {
		enum trm_arq_state before = l->arq.state;
		unsigned streams = l->arq.streams;
		uk_bytes part = uk_bytes_first(raw, PART);

		trm_arq_feed(&l->arq, part, now_ms);
		watch_stream(l, before, streams, now_ms);
		trm_link_hear(l, now_ms);
		trm_link_give(l, now_ms); /* an acknowledgement makes room */
		raw = uk_bytes_from(raw, part.n);
	}
}

uk_bytes trm_link_pending(const struct trm_link *l)
{
	return trm_arq_pending(&l->arq);
}

void trm_link_written(struct trm_link *l, size_t n, int64_t now_ms)
{
	trm_arq_written(&l->arq, n);
	trm_link_give(l, now_ms);
}

int64_t trm_link_deadline(const struct trm_link *l)
{
	return trm_arq_deadline(&l->arq);
}

void trm_link_tick(struct trm_link *l, int64_t now_ms)
{
	trm_arq_tick(&l->arq, now_ms);
	watch_stream(l, l->arq.state, l->arq.streams, now_ms);
}
