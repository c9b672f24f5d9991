/* From a reader's name to the applications of the card in it. */
#include "reader.h"

#include "linger.h"
#include "log.h"
#include "module.h"
#include "others.h"
#include "p11config.h"
#include "p11login.h"
#include "rv.h"

#include <time.h>

enum {
	TRIES = 3,
	CONSENT_MS = 5000, /* from C_Login to C_Sign: no person is between */
	BURST_MS = 1500,
	/* libpcsclite asks every 100 ms whether a card is free */
	OTHERS_MS = 150
};

CK_RV p11_reader_new(const char *name, const CK_C_INITIALIZE_ARGS *locking,
    struct p11_reader **out)
{
	struct p11_reader *r = uk_new(sizeof(*r));
	CK_RV rv = CKR_HOST_MEMORY;

	*out = NULL;
	if (r == NULL)
		goto out;
	rv = CKR_GENERAL_ERROR;
	if (!uk_is_ok(uk_copy_str(r->name, sizeof(r->name), uk_view_str(name))))
		goto out;
	if ((rv = p11_lock_open(&r->lock, locking)) != CKR_OK)
		goto out;
	r->queue = p11_others_open("reader", uk_view_str(r->name));
	*out = r;
	r = NULL; /* handed over */
out:
	uk_free(r);
	return rv;
}

static void end_now(struct p11_reader *r, enum uk_card_fate fate)
{
	uk_channel_end(r->ch, fate);
	p11_others_next(r->queue);
	r->open = false;
	r->uses = 0;
	atomic_store(&r->release_at, 0);
	for (size_t i = 0; i < r->slot_count; i++) {
		if (r->slots[i]->card != NULL)
			uk_card_settle(r->slots[i]->card);
	}
}

/* The applications live on the channel. */
static void close_card(struct p11_reader *r)
{
	for (size_t i = 0; i < r->slot_count; i++)
		uk_card_close(&r->slots[i]->card);
	r->consent = NULL;
	if (r->open)
		end_now(r, UK_LEAVE_CARD);
	uk_channel_close(&r->ch, UK_LEAVE_CARD);
	r->trace = NULL;
	r->selected = NULL;
}

void p11_reader_drop(struct p11_reader *r, enum p11_verdict v)
{
	close_card(r);
	r->lost = r->answered = false;
	for (size_t i = 0; i < r->slot_count; i++) {
		p11_slot_clear(r->slots[i]);
		atomic_store(
		    &r->slots[i]->verdict, i == 0 ? (int)v : P11_EMPTY);
	}
}

void p11_reader_leave(struct p11_reader *r)
{
	if (!p11_try_lock(&r->lock))
		return;
	for (size_t i = 0; !r->entering && i < r->slot_count; i++)
		(void)p11_session_close_all(r->slots[i]);
	if (!r->entering) {
		p11_reader_release(r);
		p11_reader_drop(r, P11_EMPTY);
	}
	p11_unlock(&r->lock);
}

void p11_reader_free(struct p11_reader **reader)
{
	struct p11_reader *r = *reader;

	*reader = NULL;
	if (r == NULL)
		return;
	p11_reader_release(r);
	p11_reader_drop(r, P11_EMPTY);
	for (size_t i = 0; i < r->slot_count; i++)
		p11_slot_free(&r->slots[i]);
	p11_source()->close(&r->source);
	p11_lock_close(&r->lock);
	uk_free(r);
}

/* While a person types, others may ask what is known: the lock is let go, and
 * `entering` keeps everybody from the card and from what belongs to it. */
static void person_types(void *reader, bool begins)
{
	struct p11_reader *r = reader;

	if (begins) {
		r->entering = true;
		p11_unlock(&r->lock);
	} else {
		p11_lock(&r->lock);
		r->entering = false;
	}
}

/* From the reader's name to a channel with a trace around it. */
static uk_err connect_card(struct p11_reader *r)
{
	uk_link *link = NULL, *trace = NULL;
	uk_err err;

	if (r->source == NULL)
		UK_TRY(p11_source()->open(&r->source));
	err = p11_source()->connect(r->source, r->name, &link);
	if (uk_is(err, UK_ERR_NO_SERVICE)) /* it was restarted, perhaps */
		p11_source()->close(&r->source);
	if (uk_is_ok(err))
		err = uk_trace_open(&link, &trace);
	if (uk_is_ok(err)) {
		r->trace = trace;
		err = uk_channel_open(&trace, &r->ch);
	}
	if (!uk_is_ok(err))
		r->trace = NULL;
	uk_link_close(&trace, UK_LEAVE_CARD);
	uk_link_close(&link, UK_LEAVE_CARD);
	return err;
}

/* --- transactions -------------------------------------------------------- */

static void let_others(const struct p11_reader *r)
{
	uint64_t now = p11_now_ms();
	struct timespec rest = { 0, (long)(r->others_until - now) * 1000000 };

	if (now < r->others_until)
		(void)nanosleep(&rest, NULL);
}

static void forget_selection(struct p11_reader *r)
{
	r->selected = NULL;
	for (size_t i = 0; i < r->slot_count; i++)
		r->slots[i]->reselect = true;
}

/* begin may say once that somebody reset the card. */
static uk_err begin_now(struct p11_reader *r)
{
	uk_err err = uk_channel_begin(r->ch);

	if (!uk_is(err, UK_ERR_CARD_RESET))
		return err;
	forget_selection(r);
	return uk_channel_begin(r->ch);
}

uk_err p11_reader_begin(struct p11_reader *r)
{
	uint64_t until = atomic_exchange(&r->release_at, 0);
	uk_err err;

	/* without a thread of ours nobody else has looked at the time */
	if (r->consent != NULL && until != 0 && until < p11_now_ms())
		p11_consent_revoke(r->consent);
	if (!r->open) {
		let_others(r);
		p11_others_queue(r->queue);
		err = begin_now(r);
		if (!uk_is_ok(err)) {
			p11_others_next(r->queue);
			return err;
		}
		r->open = true;
		r->opened_at = p11_now_ms();
	}
	r->uses++;
	return uk_ok();
}

void p11_reader_end(struct p11_reader *r)
{
	uint64_t now = p11_now_ms(), hold = p11_config_linger_ms();
	bool long_burst = now - r->opened_at > BURST_MS;

	if (r->uses > 0)
		r->uses--;
	if (!r->open || r->uses > 0) /* not open: it was reset */
		return;
	if (r->consent != NULL) {
		atomic_store(&r->release_at, now + CONSENT_MS);
		(void)p11_linger_watch(now + CONSENT_MS);
		return;
	}
	if (hold > 0 && !long_burst && !r->lost && r->selected != NULL) {
		atomic_store(&r->release_at, now + hold);
		if (p11_linger_watch(now + hold))
			return;
	}
	if (hold > 0 && long_burst)
		r->others_until = now + OTHERS_MS;
	end_now(r, UK_LEAVE_CARD);
}

void p11_reader_end_reset(struct p11_reader *r)
{
	if (r->open)
		end_now(r, UK_RESET_CARD);
	r->consent = NULL;
	forget_selection(r);
}

void p11_reader_was_reset(struct p11_reader *r)
{
	if (r->consent != NULL)
		p11_consent_used(r->consent);
	forget_selection(r);
	p11_reader_release(r);
}

void p11_reader_release(struct p11_reader *r)
{
	if (!r->open || r->uses > 0)
		return;
	if (r->consent != NULL)
		p11_consent_revoke(r->consent);
	if (r->open)
		end_now(r, UK_LEAVE_CARD);
}

/* --- recognising a card -------------------------------------------------- */

/* Each application gets a slot, in their order; one that there is no memory for
 * is left alone. */
static void seat(struct p11_reader *r, struct uk_cards *cards)
{
	for (size_t i = 0; i < cards->count; i++) {
		if (i == r->slot_count)
			p11_module_add_slot(r);
		if (i == r->slot_count)
			break;
		if (cards->list[i] == cards->selected) {
			r->selected = r->slots[i];
			r->slots[i]->proved = uk_channel_turn(r->ch);
		}
		r->slots[i]->card = cards->list[i];
		r->slots[i]->reselect = false;
		cards->list[i] = NULL; /* handed over */
	}
}

static uk_err ask_card(struct p11_reader *r)
{
	struct uk_cards cards = { 0 };
	uk_err err;

	/* connecting waits for others as well */
	p11_others_queue(r->queue);
	UK_TRY(connect_card(r));
	UK_TRY(p11_reader_begin(r));
	uk_channel_on_person(r->ch, person_types, r);
	if (p11_config_pinpad())
		uk_channel_find_pinpad(r->ch);
	err = p11_source()->open_cards(r->ch, &cards);
	if (uk_is_ok(err))
		seat(r, &cards);
	uk_cards_close(&cards);
	p11_reader_end(r);
	return err;
}

static enum p11_verdict judge(uk_err err)
{
	switch (err.code) {
	case UK_OK:
		return P11_OURS;
	case UK_ERR_CARD_BUSY:
	case UK_ERR_CARD_RESET:
	case UK_ERR_NO_SERVICE:
	case UK_ERR_MEMORY:
		return P11_UNREAD;
	case UK_ERR_NO_CARD:
	case UK_ERR_NO_READER:
	case UK_ERR_CARD_REMOVED:
		return P11_EMPTY;
	default: /* it speaks, or keeps silent, in a way we do not know */
		return P11_FOREIGN;
	}
}

/* After a reset, and once more after an answer that was lost: a contact may
 * have slipped. */
static bool may_ask_again(uk_err err, int tries)
{
	return uk_is(err, UK_ERR_CARD_RESET) ||
	       (uk_is(err, UK_ERR_CARD_MUTE) && tries < 2);
}

void p11_reader_recognise(struct p11_reader *r)
{
	uk_err err = uk_fail(UK_ERR_CARD_RESET);

	p11_reader_drop(r, P11_UNREAD);
	/* pcscd resets the card when a program ends that was connected, also
	 * into our first commands. */
	for (int i = 0; i < TRIES && may_ask_again(err, i); i++) {
		err = ask_card(r);
		if (!uk_is_ok(err))
			close_card(r);
		if (!r->open)
			p11_others_next(r->queue);
	}
	atomic_store(&r->slots[0]->verdict, judge(err));
	for (size_t i = 1; i < r->slot_count; i++) {
		if (r->slots[i]->card != NULL)
			atomic_store(&r->slots[i]->verdict, P11_OURS);
	}
	uk_log(UK_LOG_INFO, "slot %lu: %s", r->slots[0]->id, uk_err_name(err));
}

/* false: nobody can say. */
static bool look(struct p11_reader *r, uk_reader_state *out)
{
	uk_reader_state *all = uk_new_array(UK_READERS_MAX, sizeof(*all));
	uk_err err = uk_fail(UK_ERR_MEMORY);
	bool found = false;
	size_t n = 0;

	if (all != NULL && r->source == NULL)
		UK_IGNORE(p11_source()->open(&r->source));
	if (all != NULL && r->source != NULL)
		err = p11_source()->readers(r->source, all, UK_READERS_MAX, &n);
	for (size_t i = 0; uk_is_ok(err) && i < n && !found; i++) {
		found = uk_bytes_eq(
		    uk_view_str(all[i].name), uk_view_str(r->name));
		if (found)
			*out = all[i];
	}
	uk_free(all);
	return found;
}

void p11_reader_recognise_now(struct p11_reader *r)
{
	uk_reader_state before, after;

	for (int i = 0; i < TRIES; i++) {
		bool known = look(r, &before);

		p11_reader_recognise(r);
		if (p11_reader_unread(r) || !known || !look(r, &after))
			return;
		r->answered = before.events == after.events;
		r->answered_events = after.events;
		if (r->answered)
			return;
	}
}
