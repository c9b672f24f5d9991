/* What goes over a terminal's link: conversations, pairing, messages. */
#include "termreader_impl.h"

#include "pairs.h"
#include "secret.h"

#include <sys/random.h>

#define PAIRS_FILE "/var/lib/ukey/terminal"

enum { HELLO = 0x01 };

/* --- requests and cards -------------------------------------------------- */

void trm_reader_end_request(struct request *q, uk_err err)
{
	if (q == NULL || !q->waiting || q->done)
		return;
	q->err = err;
	q->done = true;
}

static void set_present(struct trm_reader *r, unsigned slot, bool present)
{
	struct slot *s = &r->slots[slot];

	if (s->present == present)
		return;
	s->gone = s->gone || !present;
	s->present = present;
	pthread_cond_broadcast(&r->changed);
}

/* There is no terminal any more: no cards, no answers. */
void trm_reader_lose(struct trm_reader *r)
{
	r->up = false;
	r->facts = (struct trm_reader_facts){ 0 };
	for (unsigned i = 0; i < TRM_READER_SLOTS; i++) {
		set_present(r, i, false);
		trm_reader_end_request(
		    r->slots[i].request, uk_fail(UK_ERR_NO_READER));
	}
	trm_reader_end_request(&r->pairing, uk_fail(UK_ERR_NO_READER));
	pthread_cond_broadcast(&r->changed);
}

/* --- the link ------------------------------------------------------------ */

static const char *pairs_path(const struct trm_reader *r)
{
	return r->line.pairs[0] != '\0' ? r->line.pairs : PAIRS_FILE;
}

static uint32_t random_number(void)
{
	uint32_t n = 0;

	return getrandom(&n, sizeof(n), 0) == sizeof(n)
		   ? n
		   : (uint32_t)trm_now_ms();
}

/* The conversation that there should be now. Not paired: none. */
void trm_reader_open_link(struct trm_reader *r)
{
	struct trm_pairs pairs;
	bool known;

	if (r->line.plain) {
		UK_IGNORE(trm_link_open(
		    r->link, NULL, random_number(), trm_now_ms()));
		return;
	}
	known = uk_is_ok(trm_pairs_read(pairs_path(r), &pairs)) && pairs.n > 0;
	if (known) /* a failure is a link that is down, and tried again */
		UK_IGNORE(
		    trm_link_open(r->link, &pairs.list[pairs.n - 1].secret,
			random_number(), trm_now_ms()));
	uk_wipe(&pairs, sizeof(pairs));
}

void trm_reader_begin_pairing(struct trm_reader *r)
{
	uk_err err = trm_link_pair(
	    r->link, UK_ARRAY(r->code), random_number(), trm_now_ms());

	r->want_pair = false;
	uk_wipe(r->code, sizeof(r->code));
	trm_reader_lose(r); /* whatever was going on */
	r->pairing = (struct request){ .waiting = true,
		.deadline = trm_now_ms() + TRM_PAIR_MS };
	if (!uk_is_ok(err))
		trm_reader_end_request(&r->pairing, err);
}

static void finish_pairing(struct trm_reader *r)
{
	struct trm_pairs pairs = { .n = 1 };
	uk_err err = uk_fail(UK_ERR_INTERNAL);

	if (trm_link_paired(r->link, &pairs.list[0]))
		err = trm_pairs_write(pairs_path(r), &pairs);
	uk_wipe(&pairs, sizeof(pairs));
	trm_reader_end_request(&r->pairing, err);
	pthread_cond_broadcast(&r->changed);
	trm_reader_open_link(r);
}

/* --- messages ------------------------------------------------------------ */

void trm_reader_say(struct trm_reader *r, unsigned slot, enum uk_ccid_type type,
    uint8_t seq, uk_bytes data)
{
	static _Thread_local uint8_t storage[UK_CCID_MAX];
	uk_buf out = UK_BUF(storage);

	uk_ccid_put(&out, &(struct uk_ccid){ (uint8_t)type, (uint8_t)slot, seq,
			      { 0, 0, 0 }, data });
	UK_IGNORE(trm_link_send(r->link, uk_buf_view(&out), trm_now_ms()));
	uk_wipe(storage, out.len);
}

static void say_hello(struct trm_reader *r)
{
	static const uint8_t hello[] = { HELLO, 1 };

	trm_reader_say(r, 0, UK_CCID_ESCAPE, TRM_STATUS_SEQ, UK_ARRAY(hello));
	for (unsigned i = 0; i < TRM_READER_SLOTS; i++)
		trm_reader_say(
		    r, i, UK_CCID_GET_STATUS, TRM_STATUS_SEQ, UK_NONE);
}

static void on_hello(struct trm_reader *r, uk_bytes data)
{
	uk_reader in = uk_read(data);
	uint8_t what = uk_get_u8(&in), flags;

	(void)uk_get(&in, 2); /* version, slots */
	flags = uk_get_u8(&in);
	r->facts.columns = uk_get_u8(&in);
	r->facts.lines = uk_get_u8(&in);
	if (in.bad || what != HELLO) {
		r->facts = (struct trm_reader_facts){ 0 };
		return;
	}
	r->facts.keypad = (flags & 1) != 0;
	r->facts.display = (flags & 2) != 0;
	r->facts.strict = (flags & 4) != 0;
	r->up = true;
	pthread_cond_broadcast(&r->changed);
}

/* Foreign error language: CCID's bError. */
static uk_err error_of(uint8_t error)
{
	switch (error) {
	case UK_CCID_E_MUTE:
		return uk_fail(UK_ERR_CARD_MUTE);
	case UK_CCID_E_PIN_CANCELLED:
	case UK_CCID_E_ABORTED:
		return uk_fail(UK_ERR_CANCELLED);
	case UK_CCID_E_PIN_TIMEOUT:
		return uk_fail(UK_ERR_TIMEOUT);
	case UK_CCID_E_NOT_SUPPORTED:
		return uk_fail(UK_ERR_UNSUPPORTED);
	default:
		return uk_fail(UK_ERR_IO);
	}
}

static void answer_request(struct request *q, const struct uk_ccid *m)
{
	uint8_t status = m->p[0] & UK_CCID_COMMAND_BITS;

	if (status == UK_CCID_MORE_TIME) {
		q->deadline = trm_now_ms() + TRM_SILENCE_MS;
		if (q->deadline > q->last)
			q->deadline = q->last;
		return;
	}
	q->error = m->p[1];
	if (status == UK_CCID_FAILED) {
		trm_reader_end_request(q, error_of(m->p[1]));
		return;
	}
	uk_put(q->answer, m->data);
	trm_reader_end_request(q, uk_buf_result(q->answer));
}

static void on_answer(struct trm_reader *r, const struct uk_ccid *m)
{
	struct request *q;

	if (m->slot >= TRM_READER_SLOTS)
		return;
	if (m->seq == TRM_STATUS_SEQ) {
		if (m->type == UK_CCID_ESCAPED)
			on_hello(r, m->data);
		else
			set_present(r, m->slot,
			    (m->p[0] & UK_CCID_CARD_BITS) != UK_CCID_NO_CARD);
		return;
	}
	q = r->slots[m->slot].request;
	if (q == NULL || !q->waiting || q->done || q->seq != m->seq)
		return; /* nobody waits for it any more */
	answer_request(q, m);
	pthread_cond_broadcast(&r->changed);
}

static void on_message(struct trm_reader *r, uk_bytes message)
{
	struct uk_ccid_slots slots;
	struct uk_ccid m;

	if (uk_is_ok(uk_ccid_parse_slots(message, &slots))) {
		/* Before its hello the terminal cannot be asked for anything,
		 * and pcscd would; our questions for the slots are under way.
		 */
		for (unsigned i = 0; r->up && i < TRM_READER_SLOTS; i++) {
			bool present = (slots.present >> i & 1) != 0;

			/* Another card may have come between. */
			if ((slots.changed >> i & 1) != 0 && present)
				set_present(r, i, false);
			set_present(r, i, present);
		}
	} else if (uk_is_ok(uk_ccid_parse(message, &m))) {
		on_answer(r, &m);
	}
}

static void hear(struct trm_reader *r)
{
	uk_bytes message;

	while (trm_link_next(r->link, &message, trm_now_ms()))
		on_message(r, message);
}

/* The link's state may have changed by what came in or by time. */
void trm_reader_follow_link(struct trm_reader *r, enum trm_link_state before)
{
	enum trm_link_state state = trm_link_state(r->link);

	if (state == TRM_LINK_UP && before != TRM_LINK_UP)
		say_hello(r);
	hear(r);
	state = trm_link_state(r->link);
	if (state == before)
		return;
	if (state == TRM_LINK_PAIRED) {
		finish_pairing(r);
	} else if (state == TRM_LINK_REFUSED) {
		/* What was paired before still is. */
		r->retry = r->pairing.waiting ? trm_now_ms() : -1;
		trm_reader_end_request(&r->pairing, trm_link_why(r->link));
		trm_reader_lose(r);
	} else if (state == TRM_LINK_DOWN) {
		trm_reader_lose(r);
		r->retry = trm_now_ms() + TRM_RETRY_MS;
	}
}
