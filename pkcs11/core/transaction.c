/*
 * Transaction texts: shown to a person, then signed.
 *
 * What is signed is a copy that was made when the call began, and nobody but
 * this file sees it. The program shows a second copy, in lines that were found
 * by the strict grammar of txtext.h. So whatever it does meanwhile to its own
 * buffer, or to ours, the signature is over the text that it was given to show.
 *
 * A reader with a screen of its own shows it instead, and states that it did.
 *
 * The person thinks with nothing locked. Then everything is looked up again,
 * and the signature is one ordinary operation of the session, from beginning to
 * end under one lock: nobody can add to it.
 */
#include "p11vendor.h"

#include "operate.h"
#include "p11display.h"
#include "p11login.h"
#include "rv.h"
#include "txtext.h"

enum { PARAM_MAX = 256 };

struct work {
	struct p11_call *call;
	const struct ukey_transaction *wanted;
	CK_OBJECT_HANDLE key; /* as the program named it */
	CK_MECHANISM mechanism;
	uint8_t param[PARAM_MAX];
	uint8_t text[UK_TX_MAX]; /* what is signed */
	size_t n;
	uint8_t shown[UK_TX_MAX]; /* what is shown, and may be scribbled on */
	uk_tx tx;                 /* views into shown */
	bool by_reader;           /* which shows and asks by itself */
};

/* --- what came in -------------------------------------------------------- */

static CK_RV take_mechanism(struct work *w, const CK_MECHANISM *given)
{
	uk_buf b = UK_BUF(w->param);

	if (given->pParameter == NULL || given->ulParameterLen == 0) {
		w->mechanism = *given;
		return CKR_OK;
	}
	uk_put(&b, uk_view(given->pParameter, given->ulParameterLen));
	w->mechanism = (CK_MECHANISM){ given->mechanism, w->param, b.len };
	return b.bad ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
}

static CK_RV take_text(struct work *w)
{
	uk_bytes given = uk_view(w->wanted->text, w->wanted->text_len);
	uk_buf text = UK_BUF(w->text), shown = UK_BUF(w->shown);

	uk_put(&text, given);
	if (text.bad)
		return CKR_DATA_INVALID;
	uk_put(&shown, uk_buf_view(&text));
	w->n = text.len;
	return uk_is_ok(uk_tx_parse(uk_buf_view(&shown), &w->tx))
		   ? CKR_OK
		   : CKR_DATA_INVALID;
}

/* --- the key ------------------------------------------------------------- */

static bool belongs_to(const struct p11_object *key, const struct p11_object *o)
{
	return key->class == CKO_PRIVATE_KEY && key->owner == 0 && !key->gone &&
	       uk_bytes_eq(uk_view(key->entry.id, key->entry.id_len),
		   uk_view(o->entry.id, o->entry.id_len));
}

/* The private key of this handle, or the one beside the certificate or public
 * key of this handle; NULL if there is none. It need not be visible yet. */
static struct p11_object *find_key(struct p11_slot *s, CK_OBJECT_HANDLE h)
{
	struct p11_object *o = p11_object_find(s, h), *key;

	if (o == NULL || o->class == CKO_PRIVATE_KEY)
		return o;
	if (o->owner != 0 ||
	    (o->class != CKO_CERTIFICATE && o->class != CKO_PUBLIC_KEY))
		return NULL;
	for (size_t i = 0; i < s->objects.count; i++) {
		key = s->objects.list[i];
		if (belongs_to(key, o) &&
		    p11_object_complete(s, key) == CKR_OK &&
		    !p11_object_vague(key) && !key->gone)
			return key;
	}
	return NULL;
}

static bool has_pin(const struct work *w, const struct p11_slot *s)
{
	return w->wanted->pin != NULL || s->card->info.pin_pad;
}

/* --- before anything is shown -------------------------------------------- */

/* What of C_SignInit can be said without a login. */
static CK_RV check_mechanism(const struct work *w, const struct p11_object *key)
{
	const struct p11_mech *m = p11_mech_for(
	    w->call->slot->card, w->mechanism.mechanism, CKF_SIGN);
	struct uk_padding unused;

	if (m == NULL || m->hash == UK_HASH_NONE)
		return CKR_MECHANISM_INVALID;
	if (m->key != p11_family_of(key->entry.key_type))
		return CKR_KEY_TYPE_INCONSISTENT;
	return p11_mech_params(m, &w->mechanism, &unused);
}

/* A login and a PIN may still come, if there is a `prepare`. */
static CK_RV check_login(const struct work *w, struct p11_object *key)
{
	struct p11_call *call = w->call;
	bool visible = p11_object_visible(call->slot, key);
	CK_RV rv;

	if (w->wanted->prepare == NULL &&
	    (!visible || (key->src->always_auth && !has_pin(w, call->slot))))
		return CKR_USER_NOT_LOGGED_IN;
	if (!visible)
		return CKR_OK;
	rv = p11_sign_begin(call->slot, call->session, &w->mechanism,
	    p11_object_handle(call->slot, key));
	p11_op_end(&call->session->sign);
	return rv;
}

static CK_RV check(
    const struct work *w, const CK_BYTE *sig, CK_ULONG_PTR sig_len)
{
	struct p11_object *key = find_key(w->call->slot, w->key);
	CK_RV rv;

	if (key == NULL)
		return CKR_KEY_HANDLE_INVALID;
	if (w->call->session->sign.mech != NULL)
		return CKR_OPERATION_ACTIVE;
	rv = check_mechanism(w, key);
	if (rv == CKR_OK)
		rv = p11_room(sig, sig_len,
		    p11_signature_size(
			key->entry.key_type, key->entry.key_bits));
	return rv == CKR_OK ? check_login(w, key) : rv;
}

/* --- how far it can go --------------------------------------------------- */

static CK_RV find_display(struct work *w)
{
	uint8_t storage[UK_DISPLAY_POINT];
	uk_buf key = UK_BUF(storage);
	CK_RV rv = p11_display_find(w->call->slot, &key);

	w->by_reader = key.len > 0;
	return rv;
}

static CK_ULONG display(const struct work *w)
{
	if (w->by_reader)
		return UKEY_DISPLAY_TERMINAL;
	return w->wanted->show == NULL ? UKEY_DISPLAY_NONE : UKEY_DISPLAY_HOST;
}

/* --- showing ------------------------------------------------------------- */

/* Numbers of our own are not for others to say: P11_ASKED is no success. */
static CK_RV answer(CK_RV rv)
{
	return rv < CKR_VENDOR_DEFINED ? rv : CKR_FUNCTION_CANCELED;
}

static CK_RV show(const struct work *w)
{
	struct ukey_item items[UK_TX_ITEMS];

	for (size_t i = 0; i < w->tx.shown; i++) {
		const uk_tx_item *from = &w->tx.items[i];

		items[i] = (struct ukey_item){ from->key.p, from->key.n,
			from->value.p, from->value.n };
	}
	return answer(w->wanted->show(w->wanted->arg, items, w->tx.shown));
}

/* Ends with the lock held again, if the answer is CKR_OK. */
static CK_RV ask(const struct work *w)
{
	bool shows = w->wanted->show != NULL && !w->by_reader;
	struct p11_step step;
	CK_RV rv = CKR_OK;

	if (w->by_reader)
		rv = p11_display_show(w->call->slot, uk_view(w->text, w->n));
	if (rv != CKR_OK || (!shows && w->wanted->prepare == NULL))
		return rv;
	step = p11_step_out(w->call);
	if (shows)
		rv = show(w);
	if (rv == CKR_OK && w->wanted->prepare != NULL)
		rv = answer(w->wanted->prepare(w->wanted->arg));
	return rv == CKR_OK ? p11_step_in(w->call, &step) : rv;
}

/* --- signing ------------------------------------------------------------- */

static CK_RV consent(const struct work *w)
{
	if (!has_pin(w, w->call->slot))
		return CKR_USER_NOT_LOGGED_IN;
	return p11_login(w->call->slot, w->call->session, CKU_CONTEXT_SPECIFIC,
	    w->wanted->pin, w->wanted->pin_len);
}

static CK_RV sign(const struct work *w, CK_BYTE_PTR sig, CK_ULONG_PTR sig_len)
{
	struct p11_slot *s = w->call->slot;
	struct p11_session *session = w->call->session;
	struct p11_object *key = find_key(s, w->key);
	CK_RV rv;

	if (key == NULL) /* a private one's handle ends with the login */
		return p11_slot_owner_in(s) ? CKR_KEY_HANDLE_INVALID
					    : CKR_USER_NOT_LOGGED_IN;
	if (!p11_object_visible(s, key))
		return CKR_USER_NOT_LOGGED_IN;
	rv = p11_sign_begin(
	    s, session, &w->mechanism, p11_object_handle(s, key));
	if (rv != CKR_OK)
		return rv;
	if (key->src->always_auth)
		rv = consent(w);
	if (rv == CKR_OK)
		rv = p11_sign(s, session, w->text, w->n, sig, sig_len);
	p11_op_end(&session->sign);
	return rv;
}

/* --- all of it ----------------------------------------------------------- */

static CK_RV make_report(const struct work *w, struct ukey_report *out)
{
	uk_buf hash = UK_BUF(out->text_sha256);
	uk_crypto *crypto;
	CK_RV rv = p11_slot_crypto(w->call->slot, &crypto);

	out->display = display(w);
	out->shown = out->display == UKEY_DISPLAY_NONE ? 0 : w->tx.shown;
	out->items = w->tx.count;
	if (rv == CKR_OK)
		rv = p11_rv(uk_hash_one(
		    crypto, UK_HASH_SHA256, uk_view(w->text, w->n), &hash));
	return rv;
}

/* A reader states nothing of kinds of cards that it does not know: then it is
 * worth as much as the word of this computer. */
static CK_RV add_statement(const struct work *w, struct ukey_report *out)
{
	uk_buf statement = UK_BUF(out->statement);

	if (!w->by_reader)
		return CKR_OK;
	if (p11_display_state(w->call->slot, &statement)) {
		out->statement_len = statement.len;
		return CKR_OK;
	}
	out->display = UKEY_DISPLAY_HOST;
	return w->wanted->least > UKEY_DISPLAY_HOST ? CKR_ACTION_PROHIBITED
						    : CKR_OK;
}

static CK_RV sign_and_state(const struct work *w, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len, struct ukey_report *out)
{
	CK_RV rv = sign(w, sig, sig_len);

	if (rv != CKR_OK)
		return rv;
	rv = add_statement(w, out);
	if (rv != CKR_OK)
		uk_wipe(sig, *sig_len);
	return rv;
}

CK_RV p11_sign_transaction(struct p11_call *call,
    const struct p11_to_sign *what, CK_BYTE_PTR sig, CK_ULONG_PTR sig_len,
    struct ukey_report *report)
{
	const struct ukey_transaction *wanted = what->transaction;
	struct work w = { .call = call, .wanted = wanted, .key = what->key };
	struct ukey_report made = { 0 };
	CK_RV rv;

	if (report == NULL)
		return CKR_ARGUMENTS_BAD;
	*report = made;
	if (what->mechanism == NULL || wanted == NULL || wanted->text == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = take_mechanism(&w, what->mechanism);
	if (rv == CKR_OK)
		rv = check(&w, sig, sig_len);
	if (rv == CKR_OK)
		rv = take_text(&w);
	if (rv == CKR_OK)
		rv = find_display(&w);
	if (rv == CKR_OK && display(&w) < wanted->least)
		rv = CKR_ACTION_PROHIBITED;
	if (rv == CKR_OK)
		rv = make_report(&w, &made);
	if (rv == CKR_OK)
		rv = ask(&w);
	if (rv == CKR_OK)
		rv = sign_and_state(&w, sig, sig_len, &made);
	if (rv == CKR_OK)
		*report = made;
	return rv;
}
