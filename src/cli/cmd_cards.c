/* ukey cards: readers, tokens, certificates, PIN tries left, URIs. */
#include "cli.h"

#include "cli_module.h"
#include "cli_token.h"
#include "hex.h"
#include "x509.h"

#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	struct cli *cli;
	json_t *certs; /* with --json */
};

static const char *use_of(const uk_x509 *x)
{
	if (x->is_ca)
		return "CA";
	if ((x->key_usage & 2) != 0)
		return "transactions";
	return (x->key_usage & 1) != 0 ? "login" : "other";
}

static const char *kind_of(const uk_x509 *x)
{
	static const char *const names[] = {
		[UK_KEY_NONE] = "unknown",
		[UK_KEY_RSA] = "RSA",
		[UK_KEY_P256] = "P-256",
		[UK_KEY_P384] = "P-384",
		[UK_KEY_P521] = "P-521",
		[UK_KEY_SM2] = "SM2",
		[UK_KEY_ED25519] = "Ed25519",
	};

	return names[x->key_type];
}

static void list_cert(void *arg, uk_bytes der, uk_bytes id)
{
	struct listing *l = arg;
	char raw[256] = "", name[256], hex[2 * 64 + 1];
	uk_cert *cert = NULL;
	uk_x509 x;

	if (!uk_is_ok(uk_x509_parse(der, &x)))
		return;
	/* A certificate without a name is still listed. */
	if (uk_is_ok(uk_cert_from_der(l->cli->crypto, x.whole, &cert)))
		UK_IGNORE(uk_cert_common_name(cert, raw, sizeof(raw)));
	uk_cert_close(&cert);
	module_text(name, sizeof(name), (const CK_UTF8CHAR *)raw, strlen(raw));
	uk_hex_str(hex, sizeof(hex), id);
	cli_print(l->cli, "    %-12s %s %u bits, good until %s, id %s, %s",
	    use_of(&x), kind_of(&x), x.key_bits, x.not_after, hex, name);
	if (l->certs != NULL)
		(void)json_array_append_new(l->certs,
		    json_pack("{s:s,s:s,s:i,s:s,s:s,s:s}", "use", use_of(&x),
			"key", kind_of(&x), "bits", (int)x.key_bits, "notAfter",
			x.not_after, "id", hex, "subject", name));
}

/* The URI that --token takes; freed with free(). */
static char *token_uri(const CK_TOKEN_INFO *info)
{
	P11KitUri *uri = p11_kit_uri_new();
	char *text = NULL;

	if (uri == NULL)
		return NULL;
	*p11_kit_uri_get_token_info(uri) = *info;
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_TOKEN, &text) !=
	    P11_KIT_URI_OK)
		text = NULL;
	p11_kit_uri_free(uri);
	return text;
}

/* SHA-256 of its SubjectPublicKeyInfo, by which a bank knows it; "" if the
 * reader has no screen of its own. */
static void find_screen(
    struct cli *cli, CK_SLOT_ID slot, char hex[2 * UK_CHECKSUM_SIZE + 1])
{
	CK_BYTE point[UKEY_READER_KEY];
	uint8_t sum[UK_CHECKSUM_SIZE];
	uk_blob spki = { 0 };
	uk_key *key = NULL;
	uk_err err;

	hex[0] = '\0';
	if (!module_reader_key(cli->module, slot, point))
		return;
	err = uk_key_from_point(cli->crypto, UK_ARRAY(point), &key);
	if (uk_is_ok(err))
		err = uk_key_spki(key, &spki);
	if (uk_is_ok(err)) {
		uk_bytes v = uk_blob_view(&spki);

		err = uk_checksum(&v, 1, sum);
	}
	if (uk_is_ok(err))
		uk_hex_str(hex, 2 * sizeof(sum) + 1, UK_ARRAY(sum));
	uk_blob_free(&spki);
	uk_key_close(&key);
}

static json_t *list_token(struct cli *cli, const struct slot *s)
{
	struct listing l = { cli, cli->opt.json ? json_array() : NULL };
	char label[33], serial[17], tries_text[16] = "unknown";
	bool pad = (s->token.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
	int tries = module_tries_left(cli->module, s->id, s->token.flags);
	char screen[2 * UK_CHECKSUM_SIZE + 1];
	char *uri = token_uri(&s->token);
	CK_SESSION_HANDLE session;
	CK_FUNCTION_LIST *f = cli->module->f;
	json_t *o = NULL;

	module_text(
	    label, sizeof(label), s->token.label, sizeof(s->token.label));
	module_text(serial, sizeof(serial), s->token.serialNumber,
	    sizeof(s->token.serialNumber));
	if (tries == 0)
		snprintf(tries_text, sizeof(tries_text), "0 (blocked)");
	else if (tries > 0)
		snprintf(tries_text, sizeof(tries_text), "%d", tries);
	cli_print(cli, "  card \"%s\", serial %s, PIN tries left: %s", label,
	    serial, tries_text);
	if (pad)
		cli_print(cli, "  the PIN is entered on the reader's own pad");
	find_screen(cli, s->id, screen);
	if (screen[0] != '\0')
		cli_print(cli,
		    "  orders are shown on the reader's own screen, key %s",
		    screen);
	cli_print(cli, "  %s", uri == NULL ? "" : uri);
	if (f->C_OpenSession(s->id, CKF_SERIAL_SESSION, NULL, NULL, &session) ==
	    CKR_OK) {
		/* What could be read has been listed. */
		(void)token_each_cert(cli->module, session, list_cert, &l);
		(void)f->C_CloseSession(session);
	}
	if (cli->opt.json)
		o = json_pack("{s:s,s:s,s:s,s:i,s:b,s:s?,s:o}", "label", label,
		    "serial", serial, "uri", uri == NULL ? "" : uri,
		    "pinTriesLeft", tries, "pinPad", pad, "screenKey",
		    screen[0] == '\0' ? NULL : screen, "certificates", l.certs);
	free(uri); /* p11-kit's own */
	return o;
}

static json_t *list_slot(struct cli *cli, const struct slot *s)
{
	const char *state =
	    s->token_rv == CKR_OK
		? "ok"
		: cli_row(cli_from_ckr(s->token_rv).cause)->name;
	json_t *token = NULL;

	cli_print(cli, "Reader %s", s->reader);
	if (s->token_rv == CKR_OK)
		token = list_token(cli, s);
	else
		cli_print(cli, "  %s",
		    cli_row(cli_from_ckr(s->token_rv).cause)->text);
	if (!cli->opt.json)
		return NULL;
	return json_pack("{s:s,s:s,s:o?}", "reader", s->reader, "state", state,
	    "token", token);
}

/* For `ukey-bankd terminal`: PEM of the first reader that has one. */
static cli_end print_terminal_key(
    struct cli *cli, const struct slot *slots, size_t n)
{
	CK_BYTE point[UKEY_READER_KEY];
	uk_blob spki = { 0 }, text = { 0 };
	uk_key *key = NULL;
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	for (size_t i = 0; i < n && !uk_is_ok(err); i++) {
		if (module_reader_key(cli->module, slots[i].id, point))
			err = uk_key_from_point(
			    cli->crypto, UK_ARRAY(point), &key);
	}
	if (!uk_is_ok(err))
		return cli_fail_because(cli, CLI_NO_READER,
		    "none with a card in it and a screen of its own");
	err = uk_key_spki(key, &spki);
	if (uk_is_ok(err))
		err = uk_base64_encode(uk_blob_view(&spki), &text);
	if (uk_is_ok(err)) {
		puts("-----BEGIN PUBLIC KEY-----"); /* RFC 7468 */
		for (size_t i = 0; i < text.n; i += 64)
			printf("%.64s\n", (const char *)text.p + i);
		puts("-----END PUBLIC KEY-----");
	}
	uk_blob_free(&text);
	uk_blob_free(&spki);
	uk_key_close(&key);
	return cli_from_err(err);
}

cli_end cmd_cards(struct cli *cli)
{
	static struct slot slots[MODULE_SLOTS_MAX];
	json_t *list = NULL;
	size_t n = 0;
	cli_end end = cli_open_module(cli);

	if (cli_is_ok(end))
		end = module_slots(cli, cli->module, slots, &n);
	if (!cli_is_ok(end))
		return end;
	if (n == 0)
		return cli_fail(module_what_is_missing(cli->module));
	if (cli->opt.terminal_key)
		return print_terminal_key(cli, slots, n);
	if (cli->opt.json)
		list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *o = list_slot(cli, &slots[i]);

		if (list != NULL && json_array_append_new(list, o) != 0) {
			json_decref(list);
			return cli_fail(CLI_MEMORY);
		}
	}
	if (list != NULL)
		return cli_print_json(json_pack("{s:o}", "readers", list));
	return cli_ok();
}
