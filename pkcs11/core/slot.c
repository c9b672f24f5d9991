/* What is in a slot, and the transactions with it. */
#include "slot.h"

#include "others.h"
#include "p11login.h"
#include "reader.h"
#include "rv.h"
#include "sw.h"

struct p11_slot *p11_slot_new(struct p11_reader *reader)
{
	struct p11_slot *s = uk_new(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->reader = reader;
	s->others = -1;
	return s;
}

void p11_slot_clear(struct p11_slot *s)
{
	p11_sessions_free(&s->sessions);
	p11_objects_free(&s->objects);
	s->cards++;
	s->login = P11_PUBLIC;
	p11_others_close(&s->others);
	s->reselect = false;
	s->proved = 0;
	s->challenged = false;
}

void p11_slot_free(struct p11_slot **slot)
{
	struct p11_slot *s = *slot;

	*slot = NULL;
	if (s == NULL)
		return;
	p11_slot_clear(s);
	uk_crypto_close(&s->crypto);
	uk_free(s);
}

void p11_slot_tidy(struct p11_slot *s)
{
	if (s->reader->entering) /* it will be done at the end of that call */
		return;
	if (s->reader->consent == s && !s->reader->lost &&
	    !p11_consent_pending(s))
		p11_consent_revoke(s);
	if (s->reader->lost)
		p11_reader_drop(s->reader, P11_UNREAD);
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

/* Whoever was selected before is no longer logged in. */
static void leave_others(const struct p11_slot *s)
{
	for (size_t i = 0; i < s->reader->slot_count; i++) {
		struct p11_slot *other = s->reader->slots[i];

		if (other != s && other->card != NULL)
			p11_login_forget(other);
	}
}

static uk_err select_again(struct p11_slot *s)
{
	uk_err err;

	p11_login_forget(s);
	leave_others(s);
	s->reader->selected = NULL;
	err = uk_card_reselect(s->card);
	if (!uk_is_ok(err))
		return err;
	s->reselect = false;
	s->proved = uk_channel_turn(s->reader->ch);
	s->reader->selected = s;
	return err;
}

CK_RV p11_slot_begin(struct p11_slot *s)
{
	uk_err err;

	if (s->card == NULL || s->reader->lost)
		return CKR_DEVICE_REMOVED;
	err = p11_reader_begin(s->reader);
	if (!uk_is_ok(err))
		return p11_slot_failed(s, err);
	if (!s->reselect && s->reader->selected == s)
		return CKR_OK;
	err = select_again(s);
	if (uk_is_ok(err))
		return CKR_OK;
	p11_slot_end(s);
	return p11_slot_failed(s, err);
}

void p11_slot_end(struct p11_slot *s)
{
	p11_reader_end(s->reader);
}

CK_RV p11_slot_prove(struct p11_slot *s)
{
	uint32_t turn = uk_channel_turn(s->reader->ch);
	uk_err err;

	if (s->proved == turn)
		return CKR_OK;
	if (!uk_card_can_refresh(s->card))
		return CKR_OK; /* and nothing is proved: a PIN still waits */
	err = uk_card_refresh(s->card);
	if (uk_is_ok(err)) {
		s->proved = turn;
		return CKR_OK;
	}
	p11_slot_end(s);
	return p11_slot_failed(s, err);
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

/* We no longer believe in our login, but the card may: selecting the
 * application does not end it (card.h). */
static void log_out_behind(struct p11_slot *s, int others)
{
	if (p11_slot_begin(s) != CKR_OK) {
		p11_others_close(&others);
		return;
	}
	s->others = others;
	if (uk_is_ok(p11_login_end(s)))
		p11_slot_end(s);
	else
		p11_reader_end_reset(s->reader);
}

CK_RV p11_slot_failed(struct p11_slot *s, uk_err err)
{
	bool had_login = s->login != P11_PUBLIC;
	bool mute = uk_is(err, UK_ERR_CARD_MUTE);
	int others;

	switch (err.code) {
	case UK_ERR_CARD_REMOVED:
	case UK_ERR_NO_CARD:
	case UK_ERR_NO_READER:
	case UK_ERR_NO_SERVICE:
		s->reader->lost = true;
		return CKR_DEVICE_REMOVED;
	case UK_ERR_CARD_RESET:
		p11_reader_was_reset(s->reader);
		break;
	default:
		/* No answer once need not be the end of a login; without one it
		 * is safe to begin again. */
		if (mute ? had_login : !wrong_application(err.sw))
			return p11_rv(err);
		s->reselect = true;
		break;
	}
	others = s->others;
	s->others = -1;
	p11_login_forget(s);
	if (had_login && !uk_is(err, UK_ERR_CARD_RESET))
		log_out_behind(s, others);
	else
		p11_others_close(&others);
	return had_login ? CKR_USER_NOT_LOGGED_IN : p11_rv(err);
}

bool p11_slot_may_ask_again(const struct p11_slot *s, CK_RV rv)
{
	return rv != CKR_OK && s->reselect && !s->reader->lost;
}

CK_RV p11_slot_crypto(struct p11_slot *s, uk_crypto **out)
{
	CK_RV rv = CKR_OK;

	if (s->crypto == NULL)
		rv = p11_rv(uk_crypto_open(&s->crypto));
	*out = s->crypto;
	return rv;
}
