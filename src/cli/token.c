/* Finding the token, its certificates, and how many PIN tries it has. */
#include "cli_token.h"

#include "cli.h"
#include "cli_uri.h"
#include "proto.h"

#include <string.h>

enum { CERT_MAX = 16 * 1024, CERTS_MAX = 32 };

/* --- choosing ------------------------------------------------------------- */

/* The URI of option or configuration; *out stays NULL if there is none. */
static cli_end parse_uri(struct cli *cli, P11KitUri **out)
{
	const char *text = cli->opt.token;

	*out = NULL;
	if (text == NULL)
		text = cli->config.token;
	if (text[0] == '\0')
		return cli_ok();
	switch (cli_uri_parse(text, out)) {
	case CLI_URI_OK:
		return cli_ok();
	case CLI_URI_MEMORY:
		return cli_fail(CLI_MEMORY);
	case CLI_URI_HAS_PIN: /* which is not repeated here */
		return cli_fail_because(cli, CLI_CONFIG,
		    "a PIN is not taken from the URI of the card: ukey asks "
		    "for it, or use --pin-fd");
	case CLI_URI_UNKNOWN:
		return cli_fail_because(cli, CLI_CONFIG,
		    "\"%s\" has an attribute that no card has", text);
	default:
		return cli_fail_because(
		    cli, CLI_CONFIG, "\"%s\" is not a PKCS#11 URI", text);
	}
}

static bool fits(const struct module *m, P11KitUri *uri, const struct slot *s)
{
	struct cli_uri_place here = { .slot_id = s->id, .token = s->token };

	return uri == NULL ||
	       (m->f->C_GetInfo(&here.library) == CKR_OK &&
		   m->f->C_GetSlotInfo(s->id, &here.slot) == CKR_OK &&
		   cli_uri_fits(uri, &here));
}

/* None of the slots has a token that fits: why? */
static cli_end explain_no_token(struct cli *cli, const struct module *m,
    const struct slot *slots, size_t n, size_t tokens)
{
	if (tokens > 0)
		return cli_fail_because(
		    cli, CLI_NO_CARD, "none of the cards here fits --token");
	for (size_t i = 0; i < n; i++) {
		if (slots[i].token_rv != CKR_OK &&
		    slots[i].token_rv != CKR_TOKEN_NOT_PRESENT)
			return cli_fail_ckr(
			    cli, slots[i].reader, slots[i].token_rv);
	}
	return cli_fail(module_what_is_missing(m));
}

static cli_end choose(
    struct cli *cli, const struct module *m, P11KitUri *uri, struct slot *out)
{
	struct slot slots[MODULE_SLOTS_MAX];
	size_t n, tokens = 0, fitting = 0;
	cli_end end = module_slots(cli, m, slots, &n);

	if (!cli_is_ok(end))
		return end;
	for (size_t i = 0; i < n; i++) {
		if (slots[i].token_rv != CKR_OK)
			continue;
		/* SoftHSM shows an empty token for new ones. */
		if ((slots[i].token.flags & CKF_TOKEN_INITIALIZED) == 0)
			continue;
		tokens++;
		if (!fits(m, uri, &slots[i]))
			continue;
		fitting++;
		*out = slots[i];
	}
	if (fitting == 0)
		return explain_no_token(cli, m, slots, n, tokens);
	return fitting == 1 ? cli_ok() : cli_fail(CLI_SEVERAL_TOKENS);
}

cli_end token_open(struct cli *cli, struct module *m, struct token **out)
{
	struct token *t = uk_new(sizeof(*t));
	P11KitUri *uri = NULL;
	struct slot slot;
	cli_end end = cli_fail(CLI_MEMORY);
	CK_RV rv;

	*out = NULL;
	if (t == NULL)
		goto out;
	end = parse_uri(cli, &uri);
	if (cli_is_ok(end))
		end = choose(cli, m, uri, &slot);
	if (!cli_is_ok(end))
		goto out;
	t->m = m;
	t->slot = slot.id;
	t->info = slot.token;
	module_text(t->label, sizeof(t->label), slot.token.label,
	    sizeof(slot.token.label));
	rv = m->f->C_OpenSession(
	    slot.id, CKF_SERIAL_SESSION, NULL, NULL, &t->session);
	if (rv != CKR_OK) {
		end = cli_fail_ckr(cli, "C_OpenSession", rv);
		goto out;
	}
	*out = t;
	t = NULL; /* handed over */
out:
	if (uri != NULL)
		p11_kit_uri_free(uri);
	uk_free(t);
	return end;
}

void token_close(struct token **t)
{
	if (*t == NULL)
		return;
	/* Also logs out: it is the last session. */
	(void)(*t)->m->f->C_CloseSession((*t)->session);
	uk_free(*t);
	*t = NULL;
}

/* --- tries ---------------------------------------------------------------- */

int module_tries_left(const struct module *m, CK_SLOT_ID slot, CK_FLAGS flags)
{
	struct ukey_token_facts facts = { .pin_tries_left = -1 };

	if (m->vendor != NULL &&
	    m->vendor->get_token_facts(slot, &facts) == CKR_OK &&
	    facts.pin_tries_left >= 0)
		return (int)facts.pin_tries_left;
	if ((flags & CKF_USER_PIN_LOCKED) != 0)
		return 0;
	if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return 1;
	return -1;
}

int token_tries_left(const struct token *t)
{
	CK_TOKEN_INFO info = t->info;

	(void)t->m->f->C_GetTokenInfo(t->slot, &info); /* else as it was */
	return module_tries_left(t->m, t->slot, info.flags);
}

/* --- certificates --------------------------------------------------------- */

/* Handles first: other calls during a search are a risk with some modules. */
static CK_RV find_certs(const struct module *m, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE *handles, CK_ULONG *n)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
	};
	CK_RV rv = m->f->C_FindObjectsInit(session, template, 2);

	*n = 0;
	if (rv != CKR_OK)
		return rv;
	rv = m->f->C_FindObjects(session, handles, CERTS_MAX, n);
	(void)m->f->C_FindObjectsFinal(session);
	return rv;
}

CK_RV token_each_cert(const struct module *m, CK_SESSION_HANDLE session,
    token_visit visit, void *arg)
{
	CK_OBJECT_HANDLE handles[CERTS_MAX];
	CK_ULONG n;
	CK_RV rv = find_certs(m, session, handles, &n);

	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
		static uint8_t der[CERT_MAX];
		uint8_t id[64];
		CK_ATTRIBUTE a[] = {
			{ CKA_VALUE, der, sizeof(der) },
			{ CKA_ID, id, sizeof(id) },
		};

		rv = m->f->C_GetAttributeValue(session, handles[i], a, 2);
		if (rv != CKR_OK || a[0].ulValueLen > sizeof(der) ||
		    a[1].ulValueLen > sizeof(id))
			continue;
		visit(arg, uk_view(der, a[0].ulValueLen),
		    uk_view(id, a[1].ulValueLen));
	}
	return rv;
}

struct key_search {
	enum token_use use;
	struct token_key *key;
	uk_err err;
	bool found;
};

/* Bits: 0 digitalSignature, 1 nonRepudiation. */
bool token_cert_is_for(const uk_x509 *x, enum token_use use)
{
	bool signing = (x->key_usage & 1) != 0;
	bool binding = (x->key_usage & 2) != 0;

	if (x->is_ca || !x->has_key_usage)
		return false;
	return use == TOKEN_FOR_TRANSACTION ? binding : signing && !binding;
}

static void look_at_cert(void *arg, uk_bytes cert, uk_bytes id)
{
	struct key_search *s = arg;
	uk_buf b = UK_BUF(s->key->id);
	uk_x509 x;

	if (s->found || !uk_is_ok(uk_x509_parse(cert, &x)) ||
	    !token_cert_is_for(&x, s->use))
		return;
	s->found = true;
	s->key->alg = bank_alg_for_key(x.key_type);
	uk_put(&b, id);
	s->key->id_len = b.len;
	s->err = uk_blob_set(&s->key->cert, x.whole);
}

cli_end token_find_key(
    struct cli *cli, struct token *t, enum token_use use, struct token_key *out)
{
	struct key_search s = { use, out, uk_ok(), false };
	CK_RV rv;

	*out = (struct token_key){ 0 };
	rv = token_each_cert(t->m, t->session, look_at_cert, &s);
	if (rv != CKR_OK && !s.found)
		return cli_fail_ckr(cli, "reading certificates", rv);
	if (!uk_is_ok(s.err))
		return cli_from_err(s.err);
	if (!s.found)
		return cli_fail_because(cli, CLI_NO_KEY, "card \"%s\", %s",
		    t->label,
		    use == TOKEN_FOR_LOGIN ? "login" : "transactions");
	if (out->alg == NULL) {
		token_key_free(out);
		return cli_fail_because(
		    cli, CLI_UNSUPPORTED, "a key of this kind");
	}
	return cli_ok();
}

CK_RV token_find(const struct token *t, CK_OBJECT_CLASS class,
    const struct token_key *k, CK_OBJECT_HANDLE *out)
{
	CK_FUNCTION_LIST *f = t->m->f;
	uint8_t id[sizeof(k->id)];
	uk_buf b = UK_BUF(id);
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, id, k->id_len },
	};
	CK_ULONG n = 0;
	CK_RV rv;

	uk_put(&b, uk_view(k->id, k->id_len));
	rv = f->C_FindObjectsInit(t->session, template, 2);
	if (rv != CKR_OK)
		return rv;
	rv = f->C_FindObjects(t->session, out, 1, &n);
	(void)f->C_FindObjectsFinal(t->session);
	if (rv == CKR_OK && n == 0)
		rv = CKR_KEY_HANDLE_INVALID;
	return rv;
}

void token_key_free(struct token_key *k)
{
	uk_blob_free(&k->cert);
	uk_blob_free(&k->spki);
	*k = (struct token_key){ 0 };
}
