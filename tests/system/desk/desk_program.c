/* A program at work with the module, as an ordinary one would be written: it
 * looks for its key, logs in, does one thing. */
#include "desk_program.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- notes ------------------------------------------------------------------
 */

void desk_complain(struct desk_program *p, const char *what, CK_RV rv)
{
	struct desk_world *w = p->world;

	if (w->complaint[0] == 0)
		snprintf(w->complaint, sizeof(w->complaint), "%s: %s", what,
		    desk_rv_name(rv));
}

/* Another program that waits for the card has got it, now that we do not have
 * it: so it is between two calls of ours also where its turn comes by chance.
 */
static void let_others(const struct desk_program *p)
{
	const struct timespec moment = { 0, 200000 };

	for (int i = 0; i < 1500 && p->world->called && !p->world->fired; i++)
		nanosleep(&moment, NULL);
}

bool desk_step(struct desk_program *p, const char *name, CK_RV rv)
{
	if (p->ended)
		return false;
	let_others(p);
	snprintf(p->world->step, sizeof(p->world->step), "%s", name);
	p->world->rv = rv;
	p->ended = rv != CKR_OK;
	return rv == CKR_OK;
}

/* What must go well, before and after the event. */
static bool must(struct desk_program *p, const char *what, CK_RV rv)
{
	if (rv != CKR_OK)
		desk_complain(p, what, rv);
	return rv == CKR_OK;
}

char desk_ask(struct desk_program *p, char word)
{
	if (write(p->control, &word, 1) != 1 || read(p->control, &word, 1) != 1)
		_exit(4);
	return word;
}

/* --- the usual beginning
 * ------------------------------------------------------ */

CK_RV desk_login(struct desk_program *p, CK_USER_TYPE who)
{
	char *pin = desk_pins[p->card];

	p->given++;
	if (who == CKU_SO)
		pin = desk_so_pin;
	return p->f->C_Login(
	    p->session, who, (CK_UTF8CHAR_PTR)pin, strlen(pin));
}

CK_RV desk_open(struct desk_program *p)
{
	return p->f->C_OpenSession(
	    0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &p->session);
}

static bool is_true(
    struct desk_program *p, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL v = CK_FALSE;
	CK_ATTRIBUTE a = { type, &v, sizeof(v) };

	return p->f->C_GetAttributeValue(p->session, o, &a, 1) == CKR_OK &&
	       v == CK_TRUE;
}

CK_RV desk_find(struct desk_program *p, CK_ATTRIBUTE *t, CK_ULONG n,
    CK_OBJECT_HANDLE *found, CK_ULONG *count)
{
	CK_RV rv = p->f->C_FindObjectsInit(p->session, t, n);

	*count = 0;
	if (rv != CKR_OK)
		return rv;
	rv = p->f->C_FindObjects(p->session, found, DESK_FOUND_MAX, count);
	(void)p->f->C_FindObjectsFinal(p->session);
	return rv;
}

/* Some cards' keys can do everything: then the first one signs. */
static void note_key(struct desk_program *p, CK_OBJECT_HANDLE key)
{
	CK_OBJECT_HANDLE *k = p->keys;

	if (is_true(p, key, CKA_ALWAYS_AUTHENTICATE))
		k[DESK_CONSENTS] = key;
	else if (k[DESK_SIGNS] == 0 && is_true(p, key, CKA_SIGN))
		k[DESK_SIGNS] = key;
	else if (is_true(p, key, CKA_DECRYPT) || is_true(p, key, CKA_DERIVE))
		k[DESK_DECIPHERS] = key;
}

CK_RV desk_find_keys(struct desk_program *p)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[DESK_FOUND_MAX];
	CK_ULONG n;
	CK_RV rv = desk_find(p, &t, 1, found, &n);

	memset(p->keys, 0, sizeof(p->keys));
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
		note_key(p, found[i]);
	return rv;
}

/* --- signatures
 * ---------------------------------------------------------------- */

unsigned char desk_digest[32] = { 0xd3, 0x5c, 1, 2, 3 };

CK_RV desk_sign_begin(struct desk_program *p, enum desk_key key)
{
	CK_MECHANISM m = { p->cards->kind->rsa ? CKM_SHA256_RSA_PKCS
					       : CKM_ECDSA_SHA256,
		NULL, 0 };

	return p->f->C_SignInit(p->session, &m, p->keys[key]);
}

CK_RV desk_sign_end(struct desk_program *p)
{
	p->out_len = sizeof(p->out);
	return p->f->C_Sign(
	    p->session, desk_digest, sizeof(desk_digest), p->out, &p->out_len);
}

static int der_of(const struct desk_program *p, unsigned char **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int half = (int)p->out_len / 2, n;

	ECDSA_SIG_set0(sig, BN_bin2bn(p->out, half, NULL),
	    BN_bin2bn(p->out + half, half, NULL));
	n = i2d_ECDSA_SIG(sig, der);
	ECDSA_SIG_free(sig);
	return n;
}

bool desk_signature_is(const struct desk_program *p, EVP_PKEY *pub)
{
	bool ec = EVP_PKEY_get_base_id(pub) == EVP_PKEY_EC, good;
	unsigned char *der = NULL;
	int n = ec ? der_of(p, &der) : (int)p->out_len;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	good = n > 0 &&
	       EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pub) == 1 &&
	       EVP_DigestVerify(ctx, ec ? der : p->out, (size_t)n, desk_digest,
		   sizeof(desk_digest)) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	return good;
}

void desk_check_signature(struct desk_program *p, EVP_PKEY *pub)
{
	if (!p->ended && !desk_signature_is(p, pub))
		desk_complain(p, "a wrong signature", CKR_OK);
}

/* --- what is known, from memory
 * -------------------------------------------------- */

/* Whatever has happened: the three status calls tell one story, and after a
 * failure that the card is gone a true one. */
static void check_status(struct desk_program *p, const struct desk_cell *cell)
{
	CK_SLOT_INFO slot = { 0 };
	CK_TOKEN_INFO token;
	CK_SESSION_INFO session = { 0 };
	CK_RV rv = p->f->C_GetTokenInfo(0, &token);
	bool in = rv == CKR_OK;
	bool gone = cell->event == DESK_OUT && p->world->fired && p->ended;

	if (rv != CKR_OK && rv != CKR_TOKEN_NOT_PRESENT)
		desk_complain(p, "C_GetTokenInfo", rv);
	must(p, "C_GetSlotInfo", p->f->C_GetSlotInfo(0, &slot));
	/* unless the watcher has found the card that is in now between them */
	if (in != ((slot.flags & CKF_TOKEN_PRESENT) != 0) &&
	    p->f->C_GetTokenInfo(0, &token) == rv)
		desk_complain(p, "C_GetSlotInfo says another thing", rv);
	if (in && gone)
		desk_complain(p, "the token is not present", rv);
	rv = p->f->C_GetSessionInfo(p->session, &session);
	if (rv != CKR_OK && rv != CKR_SESSION_HANDLE_INVALID)
		desk_complain(p, "C_GetSessionInfo", rv);
	p->session_lives = rv == CKR_OK;
	p->logged_in = rv == CKR_OK && session.state >= CKS_RW_USER_FUNCTIONS;
	if (p->session_lives && p->world->fired && p->ended &&
	    cell->event < DESK_JOLT && cell->event > DESK_NOTHING)
		desk_complain(p, "a session outlived its card", rv);
}

void desk_check_closed(struct desk_program *p, const char *complaint)
{
	bool others = p->world->fired && p->world->event == DESK_LOGIN;

	if (desk_ask(p, DESK_ASK_OPEN) != 'n' && !others)
		desk_complain(p, complaint, CKR_OK);
}

/* --- afterwards
 * -------------------------------------------------------------------- */

static bool token_is_there(struct desk_program *p)
{
	CK_TOKEN_INFO info;

	return p->f->C_GetTokenInfo(0, &info) == CKR_OK;
}

/* A card put back, or a reader: the watcher hears of it in its own time. */
static void await_token(struct desk_program *p)
{
	const struct timespec moment = { 0, 1000000 };

	for (int i = 0; i < 5000 && !token_is_there(p); i++)
		nanosleep(&moment, NULL);
}

static CK_RV login_again(struct desk_program *p)
{
	CK_RV rv = desk_login(p, CKU_USER);

	if (rv == CKR_PIN_INCORRECT && p->new_pin != NULL) {
		p->slips++;
		rv = p->f->C_Login(p->session, CKU_USER,
		    (CK_UTF8CHAR_PTR)p->new_pin, strlen(p->new_pin));
	}
	return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

static CK_RV log_in_and_sign(struct desk_program *p)
{
	CK_RV rv = login_again(p);

	if (rv == CKR_OK)
		rv = desk_find_keys(p);
	if (rv == CKR_OK && p->keys[DESK_SIGNS] == 0)
		return CKR_USER_NOT_LOGGED_IN; /* it sees no key of its own */
	if (rv == CKR_OK)
		rv = desk_sign_begin(p, DESK_SIGNS);
	return rv == CKR_OK ? desk_sign_end(p) : rv;
}

/* Without C_Finalize: a new session, and the card that is in now signs. A login
 * that was lost is learned when it is used, and then given again. */
static void work_again(struct desk_program *p, bool login_lost)
{
	CK_RV rv;

	if (!must(p, "a new session", desk_open(p)))
		return;
	rv = log_in_and_sign(p);
	if (login_lost && rv == CKR_USER_NOT_LOGGED_IN)
		rv = log_in_and_sign(p);
	if (must(p, "its work", rv) &&
	    !desk_signature_is(p, p->cards->pub[p->card][DESK_SIGNS]))
		desk_complain(p, "its signature is wrong", CKR_OK);
}

static void check_pins(struct desk_program *p, const struct desk_cell *cell)
{
	if (p->world->wrong[0] + p->world->wrong[1] > 0)
		desk_complain(p, "a PIN try was lost", CKR_OK);
	if (cell->event == DESK_SWAP && p->world->pins[1] > 0)
		desk_complain(p, "a PIN was sent to the other card", CKR_OK);
	if (p->world->pins[0] > p->given)
		desk_complain(p, "the PIN was sent more than once", CKR_OK);
}

static void afterwards(struct desk_program *p, const struct desk_cell *cell)
{
	bool hands = p->world->fired && cell->event < DESK_RESET;

	if (hands && cell->event != DESK_JOLT) {
		(void)desk_ask(p, DESK_ASK_HEAL);
		await_token(p);
	}
	if (p->world->fired && cell->event == DESK_SWAP)
		p->card = 1;
	work_again(p, p->world->fired && cell->event >= DESK_JOLT);
	if (p->world->wrong[0] + p->world->wrong[1] > p->slips)
		desk_complain(p, "a PIN try was lost later", CKR_OK);
	must(p, "C_Finalize", p->f->C_Finalize(NULL));
	desk_check_closed(p, "C_Finalize left the card open");
}

/* --- the whole story
 * ---------------------------------------------------------------- */

/* Who makes keys? */
static CK_USER_TYPE owner_of(
    const struct desk_program *p, const struct desk_op *op)
{
	return op->needs_generate && p->cards->kind->so_makes ? CKU_SO
							      : CKU_USER;
}

/* As far as the operation needs it. */
static bool get_ready(struct desk_program *p, const struct desk_op *op)
{
	if (op->key == DESK_FROM_NOTHING)
		return true;
	if (!must(p, "C_Initialize", p->f->C_Initialize(NULL)) ||
	    !must(p, "C_OpenSession", desk_open(p)))
		return false;
	if (!op->login)
		return true;
	return must(p, "C_Login", desk_login(p, owner_of(p, op))) &&
	       must(p, "C_FindObjects", desk_find_keys(p));
}

static void start(struct desk_program *p, CK_FUNCTION_LIST *f,
    struct desk_cards *cards, struct desk_world *world, int control)
{
	*p = (struct desk_program){
		.f = f, .cards = cards, .world = world, .control = control
	};
	world->countdown = -1;
	(void)desk_ask(p, DESK_ASK_READY);
}

void desk_program_run(CK_FUNCTION_LIST *f, struct desk_cards *cards,
    const struct desk_cell *cell, struct desk_world *world, int control)
{
	static struct desk_program p;

	alarm(30);
	start(&p, f, cards, world, control);
	if (!get_ready(&p, cell->op))
		_exit(1);
	world->event = (int)cell->event;
	world->moment = (int)cell->moment;
	world->countdown = cell->at;
	cell->op->run(&p);
	world->countdown = -1;
	let_others(&p);
	if (!p.finalized) {
		check_status(&p, cell);
		check_pins(&p, cell);
		if (owner_of(&p, cell->op) == CKU_SO)
			(void)f->C_Logout(p.session);
		afterwards(&p, cell);
	}
	_exit(0);
}

/* --- an undisturbed look at a card
 * ----------------------------------------------------- */

static CK_RV certificate_of(
    struct desk_program *p, CK_OBJECT_HANDLE key, unsigned char *der, size_t *n)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_BYTE id[64];
	CK_ATTRIBUTE t[] = { { CKA_ID, id, sizeof(id) },
		{ CKA_CLASS, &class, sizeof(class) } };
	CK_ATTRIBUTE value = { CKA_VALUE, der, DESK_CERT_MAX };
	CK_OBJECT_HANDLE found[DESK_FOUND_MAX];
	CK_ULONG count = 0;
	CK_RV rv = p->f->C_GetAttributeValue(p->session, key, t, 1);

	if (rv == CKR_OK)
		rv = desk_find(p, t, 2, found, &count);
	if (rv == CKR_OK && count > 0)
		rv = p->f->C_GetAttributeValue(p->session, found[0], &value, 1);
	*n = rv == CKR_OK && count > 0 ? value.ulValueLen : 0;
	return rv;
}

void desk_program_tell(CK_FUNCTION_LIST *f, struct desk_cards *cards,
    size_t card, struct desk_world *world, int control)
{
	static struct desk_program p;

	start(&p, f, cards, world, control);
	p.card = card;
	must(&p, "C_Initialize", f->C_Initialize(NULL));
	must(&p, "C_OpenSession", desk_open(&p));
	must(&p, "C_Login", desk_login(&p, CKU_USER));
	must(&p, "C_FindObjects", desk_find_keys(&p));
	for (int i = 0; i < (cards->kind->keys == NULL ? 1 : DESK_KEYS); i++)
		must(&p, "certificates",
		    certificate_of(&p, p.keys[i], world->certs[i].der,
			&world->certs[i].n));
	must(&p, "C_Finalize", f->C_Finalize(NULL));
	_exit(0);
}
