/*
 * Signing with a key of the token, and with it everything about using a PIN.
 *
 * Rules: an empty PIN is never sent; a wrong one is asked for again only if a
 * person answers; the last try is never used unless a person (or
 * --use-last-try) says so. One PIN entry opens the login and, for a key that
 * wants it, gives consent: both happen on one stack frame, which wipes it. A
 * reader with a PIN pad takes the PIN by itself, each time it is needed, unless
 * the caller has it ready (--pin-fd); what was entered wrong there is not asked
 * for again before somebody starts the program again.
 */
#include "cli.h"
#include "cli_token.h"
#include "cli_transact.h"

struct job {
	struct cli *cli;
	struct token *t;
	const struct token_key *k;
	const struct token_job *what;
	uk_buf *signature;
	uk_pin *pin;       /* token_sign's */
	bool prepared;     /* what->prepare has been run with success */
	struct transact x; /* if it is a text */
	bool by_module;    /* which shows and signs it */
	const char *error; /* why a PIN is asked for again, or NULL */
};

/* --- the private key ------------------------------------------------------ */

bool token_wants_consent(const struct token *t, CK_OBJECT_HANDLE key)
{
	CK_BBOOL always = CK_FALSE;
	CK_ATTRIBUTE a = { CKA_ALWAYS_AUTHENTICATE, &always, sizeof(always) };

	return t->m->f->C_GetAttributeValue(t->session, key, &a, 1) == CKR_OK &&
	       always == CK_TRUE;
}

/* --- one try -------------------------------------------------------------- */

/* A maximum of 0 comes from modules that do not tell. */
static bool is_possible(const CK_TOKEN_INFO *i, CK_ULONG n)
{
	return n >= i->ulMinPinLen &&
	       (i->ulMaxPinLen == 0 || n <= i->ulMaxPinLen);
}

static bool on_pad(const struct job *j)
{
	return (j->t->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0 &&
	       j->cli->pins.source != PIN_FROM_FD;
}

static void say_where(const struct job *j, CK_USER_TYPE who)
{
	cli_say(j->cli, "Enter the PIN on the reader to %s.",
	    who == CKU_USER ? j->what->purpose : "sign this");
}

/* Modules answer an impossible length like a wrong PIN, and some spend a try.
 */
static CK_RV login(struct job *j, CK_USER_TYPE who, uk_pin *pin)
{
	if (on_pad(j)) {
		say_where(j, who);
		return j->t->m->f->C_Login(j->t->session, who, NULL, 0);
	}
	if (!is_possible(&j->t->info, pin->n))
		return CKR_PIN_LEN_RANGE;
	return j->t->m->f->C_Login(j->t->session, who, pin->p, pin->n);
}

/* ECDSA signs hashes with every module. RSA and SM2 do more with a message than
 * to hash it. */
static bool hashed_here(const struct bank_alg *alg)
{
	return alg->scheme == UK_SIG_ECDSA;
}

static CK_RV start_signing(struct job *j, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_ECDSA };
	CK_RV rv;

	if (j->t->signing) /* an earlier try with a wrong PIN */
		return CKR_OK;
	if (!hashed_here(j->k->alg) &&
	    !token_mechanism(j->t, j->k->alg, &mechanism))
		return CKR_MECHANISM_INVALID;
	rv = j->t->m->f->C_SignInit(j->t->session, &mechanism, key);
	j->t->signing = rv == CKR_OK;
	return rv;
}

static CK_RV sign(struct job *j)
{
	uint8_t hash[UK_HASH_MAX], input[UK_TX_MAX];
	uk_buf h = UK_BUF(hash), in = UK_BUF(input);
	CK_ULONG n = uk_buf_left(j->signature);
	CK_RV rv;

	if (!hashed_here(j->k->alg))
		uk_put(&in, j->what->message);
	else if (uk_is_ok(uk_hash_one(
		     j->cli->crypto, j->k->alg->hash, j->what->message, &h)))
		uk_put(&in, uk_buf_view(&h));
	if (in.len == 0 || in.bad)
		return CKR_HOST_MEMORY;
	j->t->signing = false; /* used up, whatever comes */
	rv = j->t->m->f->C_Sign(j->t->session, in.p, in.len,
	    &j->signature->p[j->signature->len], &n);
	if (rv == CKR_OK)
		(void)uk_put_room(j->signature, n);
	return rv;
}

static CK_RV open_login(struct job *j, uk_pin *pin)
{
	CK_RV rv = CKR_OK;

	if (!j->t->logged_in)
		rv = login(j, CKU_USER, pin);
	if (rv == CKR_USER_ALREADY_LOGGED_IN)
		rv = CKR_OK;
	j->t->logged_in = rv == CKR_OK;
	return rv;
}

static cli_end prepare(struct job *j)
{
	cli_end end = cli_ok();

	if (j->what->prepare != NULL && !j->prepared)
		end = j->what->prepare(j->cli, j->what->arg);
	j->prepared = cli_is_ok(end);
	return end;
}

static CK_RV consent_and_sign(struct job *j, uk_pin *pin)
{
	CK_OBJECT_HANDLE key;
	CK_RV rv = token_find(j->t, CKO_PRIVATE_KEY, j->k, &key);

	if (rv == CKR_OK)
		rv = start_signing(j, key);
	if (rv == CKR_OK && token_wants_consent(j->t, key))
		rv = login(j, CKU_CONTEXT_SPECIFIC, pin);
	return rv == CKR_OK ? sign(j) : rv;
}

/* The same for a module that signs by itself: it takes the PIN from here. */
static CK_RV ready_for_module(struct job *j, const uk_pin *pin)
{
	CK_OBJECT_HANDLE key;
	CK_RV rv = token_find(j->t, CKO_PRIVATE_KEY, j->k, &key);

	if (rv != CKR_OK || !token_wants_consent(j->t, key))
		return rv;
	if (on_pad(j))
		say_where(j, CKU_CONTEXT_SPECIFIC);
	else if (!is_possible(&j->t->info, pin->n))
		return CKR_PIN_LEN_RANGE;
	return CKR_OK;
}

/* What to say about a failed try, with the tries that are left now. */
static cli_end judge(struct job *j, const char *what, CK_RV rv)
{
	cli_end end = cli_fail_ckr(j->cli, what, rv);
	int tries;

	if (end.cause != CLI_PIN_WRONG)
		return end;
	tries = token_tries_left(j->t);
	if (tries == 0)
		return cli_fail_because(
		    j->cli, CLI_PIN_BLOCKED, "that was the last try");
	if (tries > 0)
		return cli_fail_because(j->cli, CLI_PIN_WRONG, "%d %s left",
		    tries, tries == 1 ? "try" : "tries");
	return end;
}

static cli_end try_with_pin(struct job *j, uk_pin *pin)
{
	CK_RV rv = open_login(j, pin);
	cli_end end;

	if (rv != CKR_OK)
		return judge(j, "login", rv);
	end = prepare(j);
	if (!cli_is_ok(end))
		return end;
	if (j->k == NULL) /* a login is all */
		return cli_ok();
	rv = j->by_module ? ready_for_module(j, pin) : consent_and_sign(j, pin);
	return rv == CKR_OK ? cli_ok() : judge(j, "signing", rv);
}

/* --- asking --------------------------------------------------------------- */

static cli_end may_ask(const struct job *j, int tries_left)
{
	struct cli *cli = j->cli;

	if (tries_left == 0)
		return cli_fail(CLI_PIN_BLOCKED);
	if (on_pad(j)) /* whoever is there types, or does not */
		return cli_ok();
	if (cli->pins.source == PIN_FROM_NOBODY)
		return cli_fail_because(cli, CLI_NO_PERSON, "PIN needed");
	if (tries_left == 1 && !pin_is_person(&cli->pins) &&
	    !cli->opt.use_last_try)
		return cli_fail(CLI_LAST_TRY);
	return cli_ok();
}

static cli_end ask(
    struct job *j, int tries_left, const char *error, uk_pin *pin)
{
	struct pin_question q = { j->what->purpose, j->t->label, tries_left,
		error };
	uk_err err;

	pin->n = 0;
	if (on_pad(j)) {
		if (tries_left == 1)
			cli_say(j->cli, "LAST TRY: after a wrong PIN the card "
					"is blocked.");
		return cli_ok();
	}
	err = pin_ask(&j->cli->pins, &q, pin);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		return cli_fail_because(j->cli, CLI_NO_PERSON,
		    "%s cannot be started",
		    j->cli->pins.program != NULL ? j->cli->pins.program
						 : "the terminal");
	return cli_from_err(err);
}

/* Is it worth asking again? The sentence for it, or NULL. */
static const char *retry_reason(enum cli_cause cause)
{
	if (cause == CLI_PIN_WRONG)
		return "Wrong PIN.";
	if (cause == CLI_PIN_LENGTH)
		return "A PIN of this length cannot be right; it was not sent "
		       "to the card.";
	return NULL;
}

/* Logged in, and the key asks for no more: a login that is tried over a new
 * connection, for example. */
static bool is_open(struct job *j)
{
	CK_OBJECT_HANDLE key;

	return j->t->logged_in && j->k != NULL && !j->what->is_text &&
	       token_find(j->t, CKO_PRIVATE_KEY, j->k, &key) == CKR_OK &&
	       !token_wants_consent(j->t, key);
}

/* The PIN stays for the module to use, if all is well. */
static cli_end ask_once(struct job *j, const char *error)
{
	int tries = token_tries_left(j->t);
	cli_end end = cli_ok();

	/* Logged in already: nobody needs to enter a PIN for nothing. */
	if (j->t->logged_in)
		end = prepare(j);
	if (cli_is_ok(end) && is_open(j))
		return try_with_pin(j, j->pin);
	if (cli_is_ok(end))
		end = may_ask(j, tries);
	if (!cli_is_ok(end))
		return end;
	j->cli->detail[0] = '\0'; /* it was about the try before */
	end = ask(j, tries, error, j->pin);
	if (cli_is_ok(end))
		end = try_with_pin(j, j->pin);
	if (!cli_is_ok(end) || !j->by_module)
		uk_wipe(j->pin, sizeof(*j->pin));
	return end;
}

static cli_end unlock(void *arg, const uk_pin **pin)
{
	struct job *j = arg;
	cli_end end = ask_once(j, j->error);

	if (cli_is_ok(end) && !on_pad(j))
		*pin = j->pin;
	return end;
}

static cli_end try_once(struct job *j)
{
	cli_end end;
	CK_RV rv;

	if (!j->by_module)
		return ask_once(j, j->error);
	end = transact_sign(&j->x, j->signature, &rv);
	uk_wipe(j->pin, sizeof(*j->pin));
	return rv == CKR_OK ? end : judge(j, "signing", rv);
}

static cli_end sign_with_pin(struct job *j)
{
	cli_end end = cli_ok();

	if (j->what->is_text && !j->by_module)
		end = transact_confirm(&j->x);
	if (!cli_is_ok(end))
		return end;
	do {
		end = try_once(j);
		j->error = retry_reason(end.cause);
	} while (
	    j->error != NULL && !on_pad(j) && pin_is_person(&j->cli->pins));
	return end;
}

/* With the bare key that a certificate is asked for. */
static uk_err verify_by_key(struct job *j)
{
	uk_key *key = NULL;
	uk_err err = uk_key_from_spki(
	    j->cli->crypto, uk_blob_view(&j->k->spki), &key);

	if (uk_is_ok(err))
		err = uk_key_verify(key, j->k->alg->scheme, j->k->alg->hash,
		    j->what->message, uk_buf_view(j->signature));
	uk_key_close(&key);
	return err;
}

/* A signature that the certificate does not verify is of no use to anybody. */
static uk_err verify_by_cert(struct job *j)
{
	uk_cert *cert = NULL;
	uk_err err;

	err = uk_cert_from_der(
	    j->cli->crypto, uk_blob_view(&j->k->cert), &cert);
	if (uk_is_ok(err))
		err = uk_key_verify(uk_cert_key(cert), j->k->alg->scheme,
		    j->k->alg->hash, j->what->message,
		    uk_buf_view(j->signature));
	uk_cert_close(&cert);
	return err;
}

cli_end token_login(struct cli *cli, struct token *t, const char *purpose)
{
	uk_pin pin = { .n = 0 };
	const struct token_job what = { .purpose = purpose };
	struct job j = { .cli = cli, .t = t, .what = &what, .pin = &pin };
	cli_end end = t->logged_in ? cli_ok() : sign_with_pin(&j);

	uk_wipe(&pin, sizeof(pin));
	return end;
}

cli_end token_sign(struct cli *cli, struct token *t, const struct token_key *k,
    const struct token_job *what, uk_buf *signature)
{
	uk_pin pin = { .n = 0 };
	struct job j = { .cli = cli,
		.t = t,
		.k = k,
		.what = what,
		.signature = signature,
		.pin = &pin,
		.x = { .cli = cli,
		    .t = t,
		    .k = k,
		    .text = what->message,
		    .statement = UK_BUF(t->statement),
		    .unlock = unlock,
		    .arg = &j } };
	cli_end end;

	j.by_module = what->is_text && transact_by_module(&j.x);
	end = sign_with_pin(&j);
	uk_wipe(&pin, sizeof(pin));
	if (cli_is_ok(end))
		end = cli_from_err(
		    k->cert.n > 0 ? verify_by_cert(&j) : verify_by_key(&j));
	if (cli_is_ok(end)) {
		t->display = j.x.display;
		t->statement_n = j.x.statement.len;
	}
	return end;
}
