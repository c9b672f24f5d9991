/* From a reader's name to the applications of the card in it. */
#include "reader.h"

#include "log.h"
#include "module.h"
#include "p11config.h"
#include "rv.h"

enum { TRIES = 3 };

CK_RV p11_reader_new(const char *name, const CK_C_INITIALIZE_ARGS *locking,
    struct p11_reader **out)
{
	struct p11_reader *r = uk_new(sizeof(*r));
	CK_RV rv = CKR_HOST_MEMORY;

	*out = NULL;
	if (r == NULL)
		goto out;
	rv = CKR_GENERAL_ERROR;
	if (!uk_is_ok(
		uk_copy_str(r->name, sizeof(r->name), uk_view_str(name))))
		goto out;
	if ((rv = p11_lock_open(&r->lock, locking)) != CKR_OK)
		goto out;
	*out = r;
	r = NULL; /* handed over */
out:
	uk_free(r);
	return rv;
}

/* The applications live on the channel. */
static void close_card(struct p11_reader *r)
{
	for (size_t i = 0; i < r->slot_count; i++)
		uk_card_close(&r->slots[i]->card);
	uk_channel_close(&r->ch, UK_LEAVE_CARD);
	r->trace = NULL;
	r->selected = NULL;
}

void p11_reader_drop(struct p11_reader *r, enum p11_verdict v)
{
	close_card(r);
	r->lost = false;
	for (size_t i = 0; i < r->slot_count; i++) {
		p11_slot_clear(r->slots[i]);
		atomic_store(
		    &r->slots[i]->verdict, i == 0 ? (int)v : P11_EMPTY);
	}
}

void p11_reader_free(struct p11_reader **reader)
{
	struct p11_reader *r = *reader;

	*reader = NULL;
	if (r == NULL)
		return;
	p11_reader_drop(r, P11_EMPTY);
	for (size_t i = 0; i < r->slot_count; i++)
		p11_slot_free(&r->slots[i]);
	p11_source()->close(&r->pcsc);
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

	if (r->pcsc == NULL)
		UK_TRY(p11_source()->open(&r->pcsc));
	err = p11_source()->connect(r->pcsc, r->name, &link);
	if (uk_is(err, UK_ERR_NO_SERVICE)) /* it was restarted, perhaps */
		p11_source()->close(&r->pcsc);
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

/* begin may say once that somebody reset the card. */
uk_err p11_reader_begin(struct p11_reader *r)
{
	uk_err err = uk_channel_begin(r->ch);

	if (!uk_is(err, UK_ERR_CARD_RESET))
		return err;
	r->selected = NULL;
	for (size_t i = 0; i < r->slot_count; i++)
		r->slots[i]->reselect = true;
	return uk_channel_begin(r->ch);
}

/* Each application gets a slot, in their order; one that there is no memory for
 * is left alone. */
static void seat(struct p11_reader *r, struct uk_cards *cards)
{
	for (size_t i = 0; i < cards->count; i++) {
		if (i == r->slot_count)
			p11_module_add_slot(r);
		if (i == r->slot_count)
			break;
		if (cards->list[i] == cards->selected)
			r->selected = r->slots[i];
		r->slots[i]->card = cards->list[i];
		r->slots[i]->reselect = false;
		cards->list[i] = NULL; /* handed over */
	}
}

static uk_err ask_card(struct p11_reader *r)
{
	struct uk_cards cards = { 0 };
	uk_err err;

	UK_TRY(connect_card(r));
	UK_TRY(p11_reader_begin(r));
	uk_channel_on_person(r->ch, person_types, r);
	if (p11_config_pinpad())
		uk_channel_find_pinpad(r->ch);
	err = p11_source()->open_cards(r->ch, &cards);
	uk_channel_end(r->ch, UK_LEAVE_CARD);
	if (uk_is_ok(err))
		seat(r, &cards);
	uk_cards_close(&cards);
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

void p11_reader_recognise(struct p11_reader *r)
{
	uk_err err = uk_fail(UK_ERR_CARD_RESET);

	p11_reader_drop(r, P11_UNREAD);
	/* pcscd resets the card when a program ends that was connected, also
	 * into our first commands. */
	for (int i = 0; i < TRIES && uk_is(err, UK_ERR_CARD_RESET); i++) {
		err = ask_card(r);
		if (!uk_is_ok(err))
			close_card(r);
	}
	atomic_store(&r->slots[0]->verdict, judge(err));
	for (size_t i = 1; i < r->slot_count; i++) {
		if (r->slots[i]->card != NULL)
			atomic_store(&r->slots[i]->verdict, P11_OURS);
	}
	uk_log(UK_LOG_INFO, "slot %lu: %s", r->slots[0]->id, uk_err_name(err));
}
