/* C_Login, C_Logout, C_SetPIN, C_InitPIN, C_InitToken: who may do what, and the
 * card's part. */
#include "p11login.h"

#include "operate.h"
#include "others.h"
#include "reader.h"
#include "rv.h"

enum { PAD_DIFFERS = 0x6402 }; /* PC/SC part 10, 2.5.3 */

enum { LABEL = 32 }; /* CK_TOKEN_INFO.label */

static bool has_ro_session(const struct p11_slot *s)
{
	return s->sessions.rw_count < s->sessions.count;
}

/* PKCS#11 3.0, 5.6.8: everything that can be said without the card. */
static CK_RV may_login(const struct p11_slot *s, CK_USER_TYPE user)
{
	enum p11_login wanted = user == CKU_SO ? P11_SO : P11_USER;

	if (user != CKU_SO && user != CKU_USER)
		return CKR_USER_TYPE_INVALID;
	if (s->login == wanted)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (s->login != P11_PUBLIC)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (user == CKU_SO && has_ro_session(s))
		return CKR_SESSION_READ_ONLY_EXISTS;
	if (user == CKU_USER && !s->card->pins[0].is_set)
		return CKR_USER_PIN_NOT_INITIALIZED;
	return CKR_OK;
}

/* A PIN is the program's, or a person's who enters it on the reader. */
struct entry {
	uk_pin copy;
	const uk_pin *pin; /* NULL: on the reader */
};

/* NULL means the reader's PIN pad (PKCS#11 3.0, 5.6.8); the length does not
 * matter then. */
static CK_RV take_pin(const struct p11_slot *s, struct entry *out,
    const CK_BYTE *pin, CK_ULONG len)
{
	if (pin == NULL) {
		bool pad = s->card != NULL && s->card->info.pin_pad;

		return pad ? CKR_OK : CKR_ARGUMENTS_BAD;
	}
	out->pin = &out->copy;
	return p11_rv(uk_pin_set(&out->copy, uk_view(pin, len)));
}

/*
 * What came of a PIN that was sent. Whatever ends an entry on the reader before
 * the card is asked, be it the cancel key or the clock, is
 * CKR_FUNCTION_CANCELED: nobody gave a PIN, so none was wrong.
 */
static CK_RV pin_failed(struct p11_slot *s, uk_err err)
{
	if (err.sw == PAD_DIFFERS)
		return CKR_PIN_INVALID; /* the new one, entered twice */
	if (uk_is(err, UK_ERR_TIMEOUT) && err.sw != 0)
		return CKR_FUNCTION_CANCELED;
	return p11_slot_failed(s, err);
}

static CK_RV select_fresh(struct p11_slot *s)
{
	CK_RV rv = p11_slot_begin(s);
	uint32_t turn;
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	/* Some cards' selection would end it. Where nothing else proves what is
	 * selected, better a login that has to be repeated than a PIN that is
	 * sent to another application. */
	if (s->login != P11_PUBLIC && uk_card_can_refresh(s->card))
		return p11_slot_prove(s);
	turn = uk_channel_turn(s->reader->ch);
	if (s->proved == turn) /* and nobody has come between */
		return CKR_OK;
	err = uk_card_reselect(s->card);
	if (uk_is_ok(err)) {
		s->proved = turn;
		return CKR_OK;
	}
	p11_slot_end(s);
	return p11_slot_failed(s, err);
}

/*
 * Before a PIN is sent the application is selected again: another program may
 * have left a different one behind, whose PIN tries are not ours to spend. A
 * reset that comes between costs nothing yet.
 */
static CK_RV begin_fresh(struct p11_slot *s)
{
	bool nobody = s->login == P11_PUBLIC;
	CK_RV rv = select_fresh(s);

	if (nobody && p11_slot_may_ask_again(s, rv))
		rv = select_fresh(s);
	return rv;
}

/* The card may have accepted a PIN and not been heard: whatever is open then,
 * nobody would close it. */
static void end_after_pin(struct p11_slot *s, uk_err err)
{
	bool unheard = uk_is(err, UK_ERR_CARD_MUTE) || uk_is(err, UK_ERR_IO) ||
		       uk_is(err, UK_ERR_FORMAT);

	if (unheard && err.sw == 0)
		p11_reader_end_reset(s->reader);
	else
		p11_slot_end(s);
}

/* Within the transaction of the PIN, so that nobody logs out in between who has
 * not seen us. */
static void tell_others(struct p11_slot *s)
{
	const uk_card_info *info = &s->card->info;

	s->others = p11_others_open(
	    info->kind, uk_view(info->serial, info->serial_len));
	p11_others_enter(s->others);
}

static CK_RV login_token(
    struct p11_slot *s, CK_USER_TYPE user, const uk_pin *pin)
{
	enum uk_pin_ref ref = user == CKU_SO ? UK_PIN_SO : UK_PIN_USER;
	uk_err err = uk_fail(UK_ERR_CARD_RESET);

	/* When another program ends, the service resets the card, also between
	 * our selection and the PIN: which was not sent then (transport.h). */
	for (int i = 0; i < 2 && uk_is(err, UK_ERR_CARD_RESET); i++) {
		CK_RV rv = begin_fresh(s);

		if (rv != CKR_OK)
			return rv;
		err = uk_card_verify(s->card, ref, pin);
		if (uk_is_ok(err) && ref == UK_PIN_USER)
			tell_others(s);
		end_after_pin(s, err);
		if (uk_is(err, UK_ERR_CARD_RESET))
			s->reselect = true;
	}
	if (!uk_is_ok(err))
		return pin_failed(s, err);
	s->login = user == CKU_SO ? P11_SO : P11_USER;
	return CKR_OK;
}

/* --- consent ------------------------------------------------------------- */

enum { PRIVATE_OPS = 4 };

/* Those that use a private key. */
static void private_ops(
    struct p11_session *session, struct p11_op *ops[PRIVATE_OPS])
{
	ops[0] = &session->sign;
	ops[1] = &session->sign_recover;
	ops[2] = &session->sign_messages;
	ops[3] = &session->decrypt;
}

/* The operation that is waiting for consent, or NULL. */
static struct p11_op *waiting(struct p11_slot *s, struct p11_session *session)
{
	struct p11_op *ops[PRIVATE_OPS];

	private_ops(session, ops);
	for (size_t i = 0; i < PRIVATE_OPS; i++) {
		const struct p11_object *key = NULL;

		if (ops[i]->mech != NULL && !ops[i]->consent)
			key = p11_object_find(s, ops[i]->key);
		if (key != NULL && key->src != NULL && key->src->always_auth)
			return ops[i];
	}
	return NULL;
}

bool p11_consent_pending(const struct p11_slot *s)
{
	struct p11_op *ops[PRIVATE_OPS];

	for (size_t i = 0; i < s->sessions.count; i++) {
		private_ops(s->sessions.list[i], ops);
		for (size_t j = 0; j < PRIVATE_OPS; j++) {
			if (ops[j]->mech != NULL && ops[j]->consent)
				return true;
		}
	}
	return false;
}

void p11_consent_used(struct p11_slot *s)
{
	struct p11_op *ops[PRIVATE_OPS];

	s->reader->consent = NULL;
	for (size_t i = 0; i < s->sessions.count; i++) {
		private_ops(s->sessions.list[i], ops);
		for (size_t j = 0; j < PRIVATE_OPS; j++)
			ops[j]->consent = false;
	}
}

/* A status word says that there is nothing to take back: another application is
 * selected, say. If the card says nothing, it may still stand. */
void p11_consent_revoke(struct p11_slot *s)
{
	uk_err err = uk_card_revoke(s->card);
	bool ended = uk_is_ok(err) || err.sw != 0 ||
		     uk_is(err, UK_ERR_CARD_RESET);

	p11_consent_used(s);
	if (ended)
		p11_reader_release(s->reader);
	else
		p11_reader_end_reset(s->reader);
}

/* Consent to the one operation that is waiting for it. */
static CK_RV login_operation(
    struct p11_slot *s, struct p11_session *session, const uk_pin *pin)
{
	struct p11_op *op = waiting(s, session);
	struct p11_object *key = p11_object_find(s, op->key);
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;
	uk_err err;

	/* Now, not between the consent and its use: asking may end it. */
	if (key != NULL)
		rv = p11_key_begin(s, key);
	if (rv != CKR_OK)
		return rv;
	if ((op = waiting(s, session)) ==
	    NULL) { /* the card was reset: it is over */
		p11_slot_end(s);
		return CKR_USER_NOT_LOGGED_IN;
	}
	err = uk_card_verify(s->card, UK_PIN_CONSENT, pin);
	op->consent = uk_is_ok(err);
	if (op->consent)
		s->reader->consent = s;
	end_after_pin(s, err);
	return uk_is_ok(err) ? CKR_OK : pin_failed(s, err);
}

CK_RV p11_login(struct p11_slot *s, struct p11_session *session,
    CK_USER_TYPE user, const CK_BYTE *pin, CK_ULONG pin_len)
{
	bool context = user == CKU_CONTEXT_SPECIFIC;
	struct entry entry = { 0 };
	CK_RV rv = CKR_OK;

	if (!context)
		rv = may_login(s, user);
	else if (waiting(s, session) == NULL)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	if (rv == CKR_OK)
		rv = take_pin(s, &entry, pin, pin_len);
	if (rv == CKR_OK)
		rv = context ? login_operation(s, session, entry.pin)
			     : login_token(s, user, entry.pin);
	uk_wipe(&entry, sizeof(entry));
	/* 5.1.7: CKR_PIN_LEN_RANGE is for functions that set a PIN. One that is
	 * too short or too long to have been set is a wrong one. */
	return rv == CKR_PIN_LEN_RANGE ? CKR_PIN_INCORRECT : rv;
}

uk_err p11_login_end(struct p11_slot *s)
{
	bool alone = p11_others_leave(s->others);

	p11_others_close(&s->others);
	return alone ? uk_card_logout(s->card) : uk_ok();
}

void p11_login_forget(struct p11_slot *s)
{
	s->login = P11_PUBLIC;
	p11_others_close(&s->others);
	p11_objects_hide_private(&s->objects);
	for (size_t i = 0; i < s->sessions.count; i++)
		p11_session_end_private(s->sessions.list[i]);
}

CK_RV p11_logout(struct p11_slot *s)
{
	CK_RV rv;
	uk_err err;

	if (s->login == P11_PUBLIC)
		return CKR_USER_NOT_LOGGED_IN;
	rv = p11_slot_begin(s);
	if (rv != CKR_OK)
		return rv;
	if (s->login == P11_PUBLIC) { /* a reset was quicker */
		p11_slot_end(s);
		return CKR_OK;
	}
	err = p11_login_end(s);
	p11_login_forget(s);
	if (uk_is_ok(err)) {
		p11_slot_end(s);
		return CKR_OK;
	}
	/* It must not stay open for whoever comes next. */
	p11_reader_end_reset(s->reader);
	if (uk_is(err, UK_ERR_CARD_RESET)) /* somebody else was quicker */
		return CKR_OK;
	return p11_slot_failed(s, err);
}

/* --- changing PINs ------------------------------------------------------- */

/*
 * PKCS#11 has no function for "my PIN is blocked, here is the PUK". Programs
 * say it with C_SetPIN, nobody logged in and the PUK as the old PIN
 * (pkcs11-tool --unlock-pin). Too short for a PUK: then it is the old PIN,
 * which is blocked, and no try of the PUK is spent on it. On a PIN pad nobody
 * could say that it is the PUK that is wanted.
 */
static uk_err unblock(struct p11_slot *s, const uk_pin *puk, const uk_pin *pin)
{
	if (puk == NULL || puk->n < s->card->info.so_pin_min)
		return uk_fail(UK_ERR_PIN_BLOCKED);
	return uk_card_unblock(s->card, puk, pin);
}

/* A card that does not tell when it is selected is asked: what it would make of
 * a PIN is not worth a try of it. */
static uk_err ask_tries(struct p11_slot *s)
{
	uk_pin_state unused;
	uk_err err = uk_ok();

	if (s->card->pins[0].tries_left < 0)
		err = uk_card_pin_state(s->card, UK_PIN_USER, &unused);
	/* After a reset another application would be given the PIN. */
	return uk_card_spoke(err) ? uk_ok() : err;
}

static bool is_blocked(const struct p11_slot *s)
{
	return s->login == P11_PUBLIC && s->card->pins[0].is_set &&
	       s->card->pins[0].tries_left == 0;
}

static CK_RV change(struct p11_slot *s, enum uk_pin_ref ref, const uk_pin *old,
    const uk_pin *pin)
{
	CK_RV rv = begin_fresh(s);
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	err = ask_tries(s);
	if (uk_is_ok(err))
		err = is_blocked(s)
			  ? unblock(s, old, pin)
			  : uk_card_change_pin(s->card, ref, old, pin);
	p11_slot_end(s);
	return uk_is_ok(err) ? CKR_OK : pin_failed(s, err);
}

CK_RV p11_set_pin(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *old, CK_ULONG old_len, const CK_BYTE *pin, CK_ULONG pin_len)
{
	enum uk_pin_ref ref = s->login == P11_SO ? UK_PIN_SO : UK_PIN_USER;
	struct entry from = { 0 }, to = { 0 };
	CK_RV rv = CKR_SESSION_READ_ONLY;

	if (session->rw)
		rv = take_pin(s, &from, old, old_len);
	if (rv == CKR_OK)
		rv = take_pin(s, &to, pin, pin_len);
	if (rv == CKR_OK && (from.pin == NULL) != (to.pin == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = change(s, ref, from.pin, to.pin);
	uk_wipe(&from, sizeof(from));
	uk_wipe(&to, sizeof(to));
	return rv;
}

CK_RV p11_init_pin(struct p11_slot *s, const CK_BYTE *pin, CK_ULONG pin_len)
{
	struct entry entry = { 0 };
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;
	uk_err err;

	if (s->login == P11_SO)
		rv = take_pin(s, &entry, pin, pin_len);
	if (rv == CKR_OK)
		rv = p11_slot_begin(s);
	if (rv == CKR_OK && s->login != P11_SO) {
		p11_slot_end(s);
		rv = CKR_USER_NOT_LOGGED_IN; /* the card was reset */
	}
	if (rv == CKR_OK) {
		err = uk_card_unblock(s->card, NULL, entry.pin);
		p11_slot_end(s);
		rv = uk_is_ok(err) ? CKR_OK : pin_failed(s, err);
	}
	uk_wipe(&entry, sizeof(entry));
	return rv;
}

/* --- the whole token ------------------------------------------------------ */

/* 32 characters, padded with blanks, without an end. */
static CK_RV take_label(const CK_UTF8CHAR *label, char *out, size_t cap)
{
	size_t n = LABEL;

	if (label == NULL)
		return CKR_ARGUMENTS_BAD;
	while (n > 0 && label[n - 1] == ' ')
		n--;
	return n > 0 && uk_is_ok(uk_copy_str(out, cap, uk_view(label, n)))
		   ? CKR_OK
		   : CKR_ARGUMENTS_BAD;
}

CK_RV p11_init_token(struct p11_slot *s, const CK_BYTE *pin, CK_ULONG pin_len,
    const CK_UTF8CHAR *label)
{
	char name[LABEL + 1];
	struct entry entry = { 0 };
	CK_RV rv = p11_slot_token(s);
	uk_err err;

	if (rv == CKR_OK && s->sessions.count > 0)
		rv = CKR_SESSION_EXISTS;
	if (rv == CKR_OK)
		rv = take_label(label, name, sizeof(name));
	if (rv == CKR_OK)
		rv = take_pin(s, &entry, pin, pin_len);
	if (rv == CKR_OK)
		rv = begin_fresh(s);
	if (rv == CKR_OK) {
		err = uk_card_initialize(s->card, entry.pin, name);
		end_after_pin(s, err); /* the officer does not stay */
		p11_objects_free(&s->objects);
		rv = uk_is_ok(err) ? CKR_OK : pin_failed(s, err);
	}
	uk_wipe(&entry, sizeof(entry));
	return rv;
}
