/* A reader, the card in it, and the transactions with it. */
#include "slot.h"

#include "log.h"
#include "p11config.h"
#include "p11login.h"
#include "rv.h"
#include "sw.h"

enum { TRIES = 3 };

CK_RV p11_slot_new(const char *reader, CK_SLOT_ID id,
    const CK_C_INITIALIZE_ARGS *locking, struct p11_slot **out)
{
	struct p11_slot *s = uk_new(sizeof(*s));
	CK_RV rv = CKR_HOST_MEMORY;

	*out = NULL;
	if (s == NULL)
		goto out;
	if ((rv = p11_lock_open(&s->lock, locking)) != CKR_OK)
		goto out;
	s->id = id;
	if (!uk_is_ok(uk_copy_str(
		s->reader, sizeof(s->reader), uk_view_str(reader)))) {
		p11_lock_close(&s->lock);
		rv = CKR_GENERAL_ERROR;
		goto out;
	}
	*out = s;
	s = NULL; /* handed over */
out:
	uk_free(s);
	return rv;
}

static void close_card(struct p11_slot *s)
{
	uk_card_close(&s->card);
	uk_channel_close(&s->ch, UK_LEAVE_CARD);
	s->trace = NULL;
}

void p11_slot_drop(struct p11_slot *s, enum p11_verdict v)
{
	p11_sessions_free(&s->sessions);
	p11_objects_free(&s->objects);
	close_card(s);
	s->login = P11_PUBLIC;
	s->lost = false;
	s->reselect = false;
	s->challenged = false;
	atomic_store(&s->verdict, v);
}

void p11_slot_free(struct p11_slot **slot)
{
	struct p11_slot *s = *slot;

	*slot = NULL;
	if (s == NULL)
		return;
	p11_slot_drop(s, P11_EMPTY);
	p11_source()->close(&s->pcsc);
	uk_crypto_close(&s->crypto);
	p11_lock_close(&s->lock);
	uk_free(s);
}

/* While a person types, others may ask what is known: the slot's lock is let
 * go, and `entering` keeps everybody from the card and from what belongs to it.
 */
static void person_types(void *slot, bool begins)
{
	struct p11_slot *s = slot;

	if (begins) {
		s->entering = true;
		p11_unlock(&s->lock);
	} else {
		p11_lock(&s->lock);
		s->entering = false;
	}
}

/* From the reader's name to a channel with a trace around it. */
static uk_err connect_card(struct p11_slot *s)
{
	uk_link *link = NULL, *trace = NULL;
	uk_err err;

	if (s->pcsc == NULL)
		UK_TRY(p11_source()->open(&s->pcsc));
	err = p11_source()->connect(s->pcsc, s->reader, &link);
	if (uk_is(err, UK_ERR_NO_SERVICE)) /* it was restarted, perhaps */
		p11_source()->close(&s->pcsc);
	if (uk_is_ok(err))
		err = uk_trace_open(&link, &trace);
	if (uk_is_ok(err)) {
		s->trace = trace;
		err = uk_channel_open(&trace, &s->ch);
	}
	if (!uk_is_ok(err))
		s->trace = NULL;
	uk_link_close(&trace, UK_LEAVE_CARD);
	uk_link_close(&link, UK_LEAVE_CARD);
	return err;
}

/* begin may say once that somebody reset the card. */
static uk_err begin_again(struct p11_slot *s)
{
	uk_err err = uk_channel_begin(s->ch);

	if (!uk_is(err, UK_ERR_CARD_RESET))
		return err;
	s->reselect = true;
	return uk_channel_begin(s->ch);
}

static uk_err ask_card(struct p11_slot *s)
{
	uk_err err;

	UK_TRY(connect_card(s));
	UK_TRY(begin_again(s));
	uk_channel_on_person(s->ch, person_types, s);
	if (p11_config_pinpad())
		uk_channel_find_pinpad(s->ch);
	err = p11_source()->open_card(s->ch, &s->card);
	uk_channel_end(s->ch, UK_LEAVE_CARD);
	s->reselect = false;
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

void p11_slot_recognise(struct p11_slot *s)
{
	uk_err err = uk_fail(UK_ERR_CARD_RESET);

	p11_slot_drop(s, P11_UNREAD);
	/* pcscd resets the card when a program ends that was connected, also
	 * into our first commands. */
	for (int i = 0; i < TRIES && uk_is(err, UK_ERR_CARD_RESET); i++) {
		err = ask_card(s);
		if (!uk_is_ok(err))
			close_card(s);
	}
	atomic_store(&s->verdict, judge(err));
	uk_log(UK_LOG_INFO, "slot %lu: %s", s->id, uk_err_name(err));
}

void p11_slot_tidy(struct p11_slot *s)
{
	if (s->entering) /* it will be done at the end of that call */
		return;
	if (s->lost)
		p11_slot_drop(s, P11_UNREAD);
	else if (s->objects.loaded && !s->card->loaded)
		s->objects.loaded = false;
	p11_objects_sweep(&s->objects);
}

CK_RV p11_slot_token(const struct p11_slot *s)
{
	switch (atomic_load(&s->verdict)) {
	case P11_OURS:
		return CKR_OK;
	case P11_FOREIGN:
		return CKR_TOKEN_NOT_RECOGNIZED;
	default:
		return CKR_TOKEN_NOT_PRESENT;
	}
}

CK_ULONG p11_slot_handle(struct p11_slot *s)
{
	return (CK_ULONG)++s->serials << 8 | s->id;
}

/* --- transactions -------------------------------------------------------- */

CK_RV p11_slot_begin(struct p11_slot *s)
{
	uk_err err;

	if (s->card == NULL || s->lost)
		return CKR_DEVICE_REMOVED;
	err = begin_again(s);
	if (!uk_is_ok(err))
		return p11_slot_failed(s, err);
	if (!s->reselect)
		return CKR_OK;
	p11_login_forget(s);
	err = uk_card_reselect(s->card);
	if (uk_is_ok(err)) {
		s->reselect = false;
		return CKR_OK;
	}
	uk_channel_end(s->ch, UK_LEAVE_CARD);
	return p11_slot_failed(s, err);
}

void p11_slot_end(struct p11_slot *s)
{
	uk_channel_end(s->ch, UK_LEAVE_CARD);
}

/* Answers that our application never gives to our own commands: another program
 * has selected another one. */
static bool wrong_application(uint16_t sw)
{
	static const uint16_t words[] = { UK_SW_CLA, UK_SW_INS, UK_SW_NO_FILE,
		UK_SW_P1P2, UK_SW_NO_REF, UK_SW_CHANNEL };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i] == sw)
			return true;
	}
	return false;
}

CK_RV p11_slot_failed(struct p11_slot *s, uk_err err)
{
	bool had_login = s->login != P11_PUBLIC;

	switch (err.code) {
	case UK_ERR_CARD_REMOVED:
	case UK_ERR_NO_CARD:
	case UK_ERR_NO_READER:
	case UK_ERR_NO_SERVICE:
		s->lost = true;
		return CKR_DEVICE_REMOVED;
	case UK_ERR_CARD_RESET:
		s->reselect = true;
		break;
	default:
		if (!wrong_application(err.sw))
			return p11_rv(err);
		s->reselect = true;
		break;
	}
	p11_login_forget(s);
	return had_login ? CKR_USER_NOT_LOGGED_IN : p11_rv(err);
}

CK_RV p11_slot_crypto(struct p11_slot *s, uk_crypto **out)
{
	CK_RV rv = CKR_OK;

	if (s->crypto == NULL)
		rv = p11_rv(uk_crypto_open(&s->crypto));
	*out = s->crypto;
	return rv;
}
