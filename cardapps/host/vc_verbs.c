/* init, request, import, activate, info: one card, some commands, done. */
#include "vc_factory.h"
#include "vc_options.h"
#include "vc_perso.h"
#include "vc_profile_init.h"
#include "vc_prompt.h"
#include "vc_public.h"
#include "vc_say_error.h"
#include "vc_sm2.h"

#include "hex.h"
#include "tlv.h"
#include "vc_apps.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- the pieces they share
 * ----------------------------------------------------- */

static uk_err open_card(const struct vc_options *o, enum vc_store_mode mode,
    struct vc_card **card, struct vc_status *status)
{
	UK_TRY(vc_apps_open(o->plugs[0].card, mode, card));
	return vc_perso_select(*card, status);
}

/* In the operational state, writing and key 1 want the PIN. */
static uk_err log_in(
    const struct vc_options *o, struct vc_card *card, uint8_t ref)
{
	uk_pin pin = { 0 };
	uk_err err = vc_prompt_pin(o->pin_fd, "PIN", &pin);

	if (uk_is_ok(err))
		err = vc_perso_verify(card, ref, &pin);
	uk_wipe(&pin, sizeof(pin));
	return err;
}

/* --- init
 * ------------------------------------------------------------------------ */

static uk_err put_hex_object(uk_buf *out, uint8_t tag, const char *text)
{
	uint8_t bytes[8];
	uk_buf b = UK_BUF(bytes);

	UK_TRY(uk_hex_decode(uk_view_str(text), &b));
	uk_put_tlv(out, tag, uk_buf_view(&b));
	return uk_buf_result(out);
}

static uk_err put_settings(const struct vc_options *o, struct vc_card *card)
{
	uint8_t storage[256];
	uk_buf objects = UK_BUF(storage);

	if (o->label != NULL)
		uk_put_tlv(&objects, 0x50, uk_view_str(o->label));
	if (o->serial != NULL)
		UK_TRY(put_hex_object(&objects, 0x81, o->serial));
	if (o->bank_key != NULL)
		UK_TRY(vc_perso_put_bank(&objects, o->bank_key));
	UK_TRY(uk_buf_result(&objects));
	if (objects.len == 0)
		return uk_ok();
	return vc_perso_put_data(card, uk_buf_view(&objects));
}

static uk_err set_pin(
    struct vc_card *card, uint8_t ref, int fd, const char *question)
{
	uk_pin pin = { 0 };
	uk_err err = vc_prompt_new_pin(fd, question, &pin);

	if (uk_is_ok(err))
		err = vc_perso_set_pin(card, ref, &pin);
	uk_wipe(&pin, sizeof(pin));
	return err;
}

static uk_err fill(const struct vc_options *o, struct vc_card *card)
{
	EVP_PKEY *keys[2] = { NULL, NULL };
	uk_err err;

	UK_TRY(put_settings(o, card));
	UK_TRY(set_pin(card, VC_REF_PIN, o->pin_fd, "new PIN (4 to 16)"));
	UK_TRY(set_pin(card, VC_REF_PUK, o->puk_fd, "new PUK (8 to 16)"));
	err = vc_perso_make_keys(
	    card, o->key_type == NULL ? "p256" : o->key_type, keys);
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
	return err;
}

static int run_init(const struct vc_options *o)
{
	struct vc_card *card = NULL;
	struct vc_status status;
	uk_err err;

	if (o->profile != NULL)
		return vc_profile_init(o);
	if (o->app != NULL && vc_factory_knows(o->app))
		return vc_factory_make(o->app, o->plugs[0].card);
	if (o->app != NULL && strcmp(o->app, "ukey") != 0) {
		(void)fprintf(stderr,
		    "ukey-vcard: no application '%s': see --help\n", o->app);
		return VC_EXIT_USAGE;
	}
	if (o->key_type != NULL && !vc_perso_knows_type(o->key_type)) {
		(void)fprintf(stderr,
		    "ukey-vcard: no key type '%s': see --help\n", o->key_type);
		return VC_EXIT_USAGE;
	}
	err = open_card(o, VC_STORE_CREATE, &card, &status);
	if (uk_is_ok(err)) {
		err = fill(o, card);
		if (!uk_is_ok(err)) /* half a card is none */
			(void)unlink(o->plugs[0].card);
	}
	vc_card_close(&card);
	if (uk_is_ok(err) && o->state_key == NULL)
		(void)fprintf(stderr,
		    "ukey-vcard: %s: for tests only: its keys are in the "
		    "clear (--state-key-file seals them)\n",
		    o->plugs[0].card);
	return vc_say_error(err, o->plugs[0].card);
}

/* --- request
 * --------------------------------------------------------------------- */

static int run_request(const struct vc_options *o)
{
	struct vc_card *card = NULL;
	struct vc_status status;
	char *pem = NULL;
	uint8_t pin_ref = o->key == VC_REF_SIGN ? VC_REF_CONSENT : VC_REF_PIN;
	uk_err err = open_card(o, VC_STORE_WRITE, &card, &status);

	if (uk_is_ok(err) && status.operational)
		err = log_in(o, card, pin_ref);
	if (uk_is_ok(err))
		err = vc_request_make(card, (uint8_t)o->key, o->subject, &pem);
	if (uk_is_ok(err) && (fputs(pem, stdout) < 0 || fflush(stdout) != 0))
		err = uk_fail(UK_ERR_IO);
	OPENSSL_free(pem);
	vc_card_close(&card);
	return vc_say_error(err, o->plugs[0].card);
}

/* --- import
 * ---------------------------------------------------------------------- */

static uk_err read_cert(const char *path, X509 **out)
{
	BIO *file = BIO_new_file(path, "r");

	*out = file == NULL ? NULL : PEM_read_bio_X509(file, NULL, NULL, NULL);
	BIO_free(file);
	ERR_clear_error();
	return *out != NULL ? uk_ok() : uk_fail(UK_ERR_CERT_PURPOSE);
}

static uk_err put_cert(struct vc_card *card, uint8_t ref, X509 *cert)
{
	unsigned char *der = NULL;
	EVP_PKEY *public = NULL;
	int n = i2d_X509(cert, &der);
	uk_err err = vc_host_openssl(n);

	if (uk_is_ok(err))
		err = vc_perso_public(card, ref, &public);
	if (uk_is_ok(err) && EVP_PKEY_eq(X509_get0_pubkey(cert), public) != 1)
		err = uk_fail(UK_ERR_SIGNATURE);
	if (uk_is_ok(err))
		err = vc_directory_put_cert(
		    card, ref, public, uk_view(der, (size_t)n));
	ERR_clear_error();
	EVP_PKEY_free(public);
	OPENSSL_free(der);
	return err;
}

static int run_import(const struct vc_options *o)
{
	struct vc_card *card = NULL;
	struct vc_status status;
	X509 *cert = NULL;
	uk_err err = read_cert(o->cert, &cert);

	if (uk_is_ok(err))
		err = open_card(o, VC_STORE_WRITE, &card, &status);
	if (uk_is_ok(err) && status.operational)
		err = log_in(o, card, VC_REF_PIN);
	if (uk_is_ok(err))
		err = put_cert(card, (uint8_t)o->key, cert);
	X509_free(cert);
	vc_card_close(&card);
	return vc_say_error(err, o->plugs[0].card);
}

/* --- activate, info
 * --------------------------------------------------------------- */

static int run_activate(const struct vc_options *o)
{
	uk_cmd activate = { .ins = 0x44 };
	struct vc_card *card = NULL;
	struct vc_status status;
	uk_err err = open_card(o, VC_STORE_WRITE, &card, &status);

	if (uk_is_ok(err))
		err = vc_say(card, &activate, NULL);
	vc_card_close(&card);
	return vc_say_error(err, o->plugs[0].card);
}

/* A JSON string: the label is the only text that is not ours. */
static void print_json_text(const char *text)
{
	(void)putchar('"');
	for (const char *p = text; *p != 0; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			(void)printf("\\%c", c);
		else if (c < 0x20)
			(void)printf("\\u%04x", c);
		else
			(void)putchar(c);
	}
	(void)putchar('"');
}

static void print_info(const struct vc_status *s, bool json)
{
	char serial[17];
	const char *state = s->operational ? "operational" : "creation";

	uk_hex_str(serial, sizeof(serial), UK_ARRAY(s->serial));
	if (json) {
		(void)printf("{\"label\":");
		print_json_text(s->label);
		(void)printf(",\"serial\":\"%s\",\"state\":\"%s\","
			     "\"content_version\":%u,\"bank_proof\":%s,"
			     "\"pin_tries\":%u,\"puk_tries\":%u}\n",
		    serial, state, s->content_version,
		    (s->flags & VC_FLAG_PROOF) != 0 ? "true" : "false",
		    s->pin_left, s->puk_left);
		return;
	}
	(void)printf("label            %s\n"
		     "serial           %s\n"
		     "state            %s\n"
		     "content version  %u\n"
		     "bank proof       %s\n"
		     "PIN tries left   %u of %u\n"
		     "PUK tries left   %u of %u\n",
	    s->label, serial, state, s->content_version,
	    (s->flags & VC_FLAG_PROOF) != 0 ? "wanted" : "not wanted",
	    s->pin_left, s->pin_max, s->puk_left, s->puk_max);
}

static int run_info(const struct vc_options *o)
{
	struct vc_card *card = NULL;
	struct vc_status status;
	uk_err err = open_card(o, VC_STORE_READ, &card, &status);

	if (uk_is_ok(err))
		print_info(&status, o->json);
	vc_card_close(&card);
	return vc_say_error(err, o->plugs[0].card);
}

/* --- the table
 * -------------------------------------------------------------------- */

static const struct argp_option init_options[] = { VC_ROW_CARD,
	{ "app", VC_OPT_APP, "NAME", 0,
	    "ukey (default), or an application as it is delivered, alone on "
	    "its card and without questions: piv or piv-yubico, with PIN "
	    "123456, PUK 12345678 and management key 0102030405060708 three "
	    "times; isoapplet (version 1.0) or isoapplet0 (0.6), without PIN, "
	    "and with -import behind it one that private keys may be put "
	    "on; emv (PBOC debit, triple DES), emv-sm4 or emv-csk (EMV's "
	    "session "
	    "keys), a payment card for tests with PIN 1234",
	    0 },
	{ "label", VC_OPT_LABEL, "TEXT", 0, "name of the card, 1 to 32 bytes",
	    0 },
	{ "key-type", VC_OPT_KEY_TYPE, "TYPE", 0,
	    "rsa2048, rsa3072, rsa4096, p256 (default), p384, p521 or sm2", 0 },
	{ "bank-key", VC_OPT_BANK_KEY, "PEM", 0,
	    "the bank's P-256 key or certificate; the transaction key then "
	    "wants the bank's proof before every use",
	    0 },
	{ "profile", VC_OPT_PROFILE, "JSON", 0,
	    "make it as this file says: applications, PINs, keys, "
	    "certificates (docs/virtual-card.md)",
	    0 },
	{ "ca-out", VC_OPT_CA_OUT, "PEM", 0,
	    "with --profile: write the certificate of the CA there", 0 },
	{ "serial", VC_OPT_SERIAL, "HEX", 0,
	    "16 digits; made at random if not given", 0 },
	VC_ROW_PIN_FD,
	{ "puk-fd", VC_OPT_PUK_FD, "N", 0, "the same for the PUK", 0 }, { 0 } };

static const struct argp_option request_options[] = { VC_ROW_CARD, VC_ROW_KEY,
	{ "subject", VC_OPT_SUBJECT, "NAME", 0, "for example /CN=Name/O=Bank",
	    0 },
	VC_ROW_PIN_FD, { 0 } };

static const struct argp_option import_options[] = { VC_ROW_CARD, VC_ROW_KEY,
	{ "cert", VC_OPT_CERT, "PEM", 0, "the certificate's file", 0 },
	VC_ROW_PIN_FD, { 0 } };

static const struct argp_option card_options[] = { VC_ROW_CARD, { 0 } };

static const struct argp_option info_options[] = { VC_ROW_CARD,
	{ "json", VC_OPT_JSON, NULL, 0, "one line of JSON", 0 }, { 0 } };

const struct vc_verb vc_verb_init = {
	.name = "init",
	.args = "FILE",
	.doc =
	    "Make a new card: PIN, PUK, two key pairs made inside, directory "
	    "files.\vThe card is then in its creation state: request and "
	    "import certificates, then activate it.",
	.options = init_options,
	.wants_card = true,
	.run = run_init,
};

const struct vc_verb vc_verb_request = {
	.name = "request",
	.args = "FILE",
	.doc = "Print a certificate request (PKCS#10, PEM) signed by a key of "
	       "the card.\vAsks for the PIN if the card is operational. An SM2 "
	       "key signs with SM3 and the identity " VC_SM2_ID
	       "; openssl req -verify wants -vfyopt distid:" VC_SM2_ID ".",
	.options = request_options,
	.wants_card = true,
	.wants_key = true,
	.run = run_request,
};

const struct vc_verb vc_verb_import = {
	.name = "import",
	.args = "FILE",
	.doc = "Put the certificate of a key on the card.\vAsks for the PIN if "
	       "the card is operational.",
	.options = import_options,
	.wants_card = true,
	.wants_key = true,
	.run = run_import,
};

const struct vc_verb vc_verb_activate = {
	.name = "activate",
	.args = "FILE",
	.doc =
	    "End personalisation: from now on the PIN is wanted. There is no "
	    "way back.",
	.options = card_options,
	.wants_card = true,
	.run = run_activate,
};

const struct vc_verb vc_verb_info = {
	.name = "info",
	.args = "FILE",
	.doc =
	    "Say what the card tells everybody. Works beside a running card.",
	.options = info_options,
	.wants_card = true,
	.run = run_info,
};
