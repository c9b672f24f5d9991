/* From a profile to a card: applications one after the other. */
#include "vc_profile.h"

#include "vc_apps.h"
#include "vc_public.h"
#include "vc_say_error.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { AID_MAX = 16, PARAMS_MAX = 16, KEY_BYTES = 4096 };

static const struct row {
	const char *name; /* of the kind */
	vc_profile_fn *fill;
	vc_profile_params_fn *params; /* NULL: INSTALL has none */
} rows[] = {
	{ "ukey", vc_profile_ukey, NULL },
	{ "piv", vc_profile_piv, NULL },
	{ "piv-yubico", vc_profile_piv, NULL },
	{ "emv", vc_profile_emv, NULL },
	{ "isoapplet", NULL, vc_profile_iso_params },
	{ "isoapplet0", NULL, vc_profile_iso_params },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* --- pieces for the applications -------------------------------------------
 */

void vc_profile_pin_of(const struct vc_json *j, const char *fallback,
    size_t min, size_t max, struct vc_profile_pin *out)
{
	static const char *const members[] = { "value", "tries-left", NULL };
	struct vc_json value = *j, left = { .doc = j->doc };
	char expected[64];
	const char *text;

	if (json_is_object(j->v)) {
		vc_json_only(j, members);
		value = vc_json_at(j, "value");
		left = vc_json_at(j, "tries-left");
	}
	*out = (struct vc_profile_pin){ .tries_left = -1 };
	text = vc_json_text(&value, fallback);
	out->tries_left = (int)vc_json_int(&left, 0, 15, -1);
	if (text != NULL && strlen(text) >= min && strlen(text) <= max &&
	    uk_is_ok(uk_pin_set(&out->value, uk_view_str(text))))
		return;
	(void)snprintf(expected, sizeof(expected),
	    "%zu to %zu characters are expected", min, max);
	vc_json_fail(&value, expected);
}

static uk_err read_pem_cert(const struct vc_json *j, uk_blob *der)
{
	BIO *file = BIO_new_file(vc_json_text(j, ""), "r");
	X509 *cert = file == NULL
			 ? NULL
			 : PEM_read_bio_X509(file, NULL, vc_no_password, NULL);
	unsigned char *bytes = NULL;
	int n = cert == NULL ? 0 : i2d_X509(cert, &bytes);
	uk_err err = uk_fail(UK_ERR_FORMAT);

	if (n > 0)
		err = uk_blob_set(der, uk_view(bytes, (size_t)n));
	else
		vc_json_fail(j, "no certificate in PEM can be read there");
	ERR_clear_error();
	OPENSSL_free(bytes);
	X509_free(cert);
	BIO_free(file);
	return err;
}

uk_err vc_profile_cert(const struct vc_profile *p, const struct vc_json *j,
    EVP_PKEY *public, const struct vc_wish *usual, uk_blob *der)
{
	static const char *const members[] = { "subject", "not-before",
		"not-after", "key-usage", "extended-key-usage",
		"alternative-names", NULL };
	struct vc_wish w = *usual;
	uk_err err;

	*der = (uk_blob){ NULL, 0 };
	if (json_is_false(j->v))
		return uk_ok();
	if (json_is_string(j->v))
		return read_pem_cert(j, der);
	vc_json_only(j, members);
#define MEMBER(name) (struct vc_json[]){ vc_json_at(j, name) }
	w.subject = vc_json_text(MEMBER("subject"), w.subject);
	w.to = vc_json_time(MEMBER("not-after"), w.to);
	/* One that is over was good for a while before. */
	if (w.to <= w.from)
		w.from = w.to - 365 * INT64_C(86400);
	w.from = vc_json_time(MEMBER("not-before"), w.from);
	w.key_usage = vc_json_text(MEMBER("key-usage"), w.key_usage);
	w.extended_key_usage = vc_json_text(
	    MEMBER("extended-key-usage"), w.extended_key_usage);
	w.alternative_names = vc_json_text(
	    MEMBER("alternative-names"), w.alternative_names);
#undef MEMBER
	UK_TRY(vc_doc_result(j->doc));
	err = vc_testca_issue(&p->ca, public, &w, der);
	if (uk_is(err, UK_ERR_ARGUMENT))
		vc_json_fail(j,
		    "the subject looks like /CN=Name/O=Bank, usages "
		    "and names as in OpenSSL's configuration "
		    "(critical,digitalSignature)");
	return err;
}

uk_err vc_profile_key_file(const struct vc_json *j, EVP_PKEY **out)
{
	BIO *file = BIO_new_file(vc_json_text(j, ""), "r");

	*out = file == NULL
		   ? NULL
		   : PEM_read_bio_PrivateKey(file, NULL, vc_no_password, NULL);
	BIO_free(file);
	ERR_clear_error();
	if (*out != NULL)
		return uk_ok();
	vc_json_fail(j, "no private key in PEM, without a password, can be "
			"read there");
	return uk_fail(UK_ERR_FORMAT);
}

static uk_err get_number(EVP_PKEY *key, const char *name, uk_buf *out)
{
	BIGNUM *n = NULL;
	uint8_t bytes[KEY_BYTES / 8];
	uk_err err = uk_fail(UK_ERR_UNSUPPORTED);

	if (EVP_PKEY_get_bn_param(key, name, &n) == 1 &&
	    (size_t)BN_num_bytes(n) <= sizeof(bytes)) {
		uk_put(out, uk_view(bytes, (size_t)BN_bn2bin(n, bytes)));
		err = uk_buf_result(out);
	}
	uk_wipe(bytes, sizeof(bytes));
	BN_clear_free(n);
	return err;
}

uk_err vc_profile_parts_of(EVP_PKEY *key, struct vc_profile_parts *out)
{
	bool rsa = EVP_PKEY_is_a(key, "RSA") == 1;
	uk_buf b;
	size_t first;

	*out = (struct vc_profile_parts){ .bytes = uk_secret_new(KEY_BYTES) };
	if (out->bytes == NULL)
		return uk_fail(UK_ERR_MEMORY);
	b = uk_buf_over(out->bytes, KEY_BYTES);
	UK_TRY(get_number(key,
	    rsa ? OSSL_PKEY_PARAM_RSA_FACTOR1 : OSSL_PKEY_PARAM_PRIV_KEY, &b));
	first = b.len;
	out->key.d = uk_buf_view(&b);
	if (!rsa)
		return uk_ok();
	UK_TRY(get_number(key, OSSL_PKEY_PARAM_RSA_FACTOR2, &b));
	out->key.d = UK_NONE;
	out->key.p = uk_bytes_first(uk_buf_view(&b), first);
	out->key.q = uk_bytes_from(uk_buf_view(&b), first);
	return uk_ok();
}

void vc_profile_parts_free(struct vc_profile_parts *parts)
{
	uk_secret_free(parts->bytes, KEY_BYTES);
	*parts = (struct vc_profile_parts){ .bytes = NULL };
}

/* --- the CA ----------------------------------------------------------------
 */

static uk_err open_ca(struct vc_profile *p, const struct vc_json *j)
{
	static const char *const members[] = { "subject", "certificate",
		"private-key", NULL };
	struct vc_json subject = vc_json_at(j, "subject"),
		       cert = vc_json_at(j, "certificate"),
		       key = vc_json_at(j, "private-key");
	const char *name = vc_json_text(&subject, "/CN=Test card CA");
	uk_err err;

	vc_json_only(j, members);
	UK_TRY(vc_doc_result(j->doc));
	if (!vc_json_is_there(&cert)) {
		err = vc_testca_make(name, &p->ca);
		if (uk_is(err, UK_ERR_ARGUMENT))
			vc_json_fail(&subject, "/CN=Name/O=Bank is expected");
		return err;
	}
	err = vc_testca_read(
	    vc_json_text(&cert, ""), vc_json_text(&key, ""), &p->ca);
	if (!uk_is_ok(err))
		vc_json_fail(&cert,
		    "a CA's certificate in PEM is expected, and "
		    "its private-key beside it");
	return err;
}

/* --- the card --------------------------------------------------------------
 */

static const struct row *row_of(const struct vc_json *at)
{
	const char *names[ROWS + 1];
	struct vc_json kind = vc_json_at(at, "application");
	int i;

	for (i = 0; i < ROWS; i++)
		names[i] = rows[i].name;
	names[ROWS] = NULL;
	i = vc_json_choice(&kind, names, 0);
	return i < 0 ? &rows[0] : &rows[i];
}

static uk_bytes usual_aid(const char *kind)
{
	for (size_t i = 0; i < vc_app_count; i++) {
		if (strcmp(vc_apps[i]->name, kind) == 0)
			return vc_aid_view(&vc_apps[i]->aid);
	}
	return UK_NONE;
}

static const char *text_of(uk_err err)
{
	switch (err.code) {
	case UK_ERR_EXISTS:
		return "an application with this aid is there already";
	case UK_ERR_TOO_SMALL:
		return "this does not fit on the card";
	default:
		return uk_err_text(err);
	}
}

static uk_err add_application(struct vc_profile *p)
{
	const struct row *row = row_of(&p->at);
	struct vc_json aid = vc_json_at(&p->at, "aid");
	uint8_t bytes[AID_MAX], storage[PARAMS_MAX];
	uk_buf given = UK_BUF(bytes), params = UK_BUF(storage);
	uk_err err;

	vc_json_hex(&aid, 5, AID_MAX, &given);
	if (row->params != NULL)
		row->params(&p->at, &params);
	UK_TRY(vc_doc_result(p->at.doc));
	p->aid = given.len > 0 ? uk_buf_view(&given) : usual_aid(row->name);
	err = vc_card_install(p->card, row->name, p->aid, uk_buf_view(&params));
	if (uk_is_ok(err) && row->fill != NULL)
		err = row->fill(p);
	if (!uk_is_ok(err))
		vc_json_fail(&p->at, text_of(err));
	return vc_doc_result(p->at.doc);
}

/* What a new card brings along is replaced by what the profile says. */
static uk_err add_all(struct vc_profile *p, const struct vc_json *root)
{
	struct vc_json list = vc_json_at(root, "applications");
	size_t n = vc_json_count(&list);

	if (vc_card_app(p->card, usual_aid("ukey")) != NULL)
		UK_TRY(vc_card_remove(p->card, usual_aid("ukey")));
	if (!vc_json_is_there(&list)) { /* a usual card */
		p->at = list;
		return add_application(p);
	}
	for (size_t i = 0; i < n; i++) {
		p->at = vc_json_item(&list, i);
		UK_TRY(add_application(p));
	}
	return uk_ok();
}

static uk_err fill(struct vc_profile *p, struct vc_doc *doc, char **ca_pem)
{
	static const char *const members[] = { "applications", "ca", "issuer",
		NULL };
	struct vc_json root = vc_json_root(doc), ca = vc_json_at(&root, "ca");

	vc_json_only(&root, members);
	UK_TRY(vc_doc_result(doc));
	UK_TRY(open_ca(p, &ca));
	UK_TRY(add_all(p, &root));
	p->at = vc_json_at(&root, "issuer");
	p->aid = usual_aid("isd");
	UK_TRY(vc_profile_issuer(p));
	return vc_testca_pem(&p->ca, ca_pem);
}

uk_err vc_profile_make(
    struct vc_doc *doc, const char *path, struct vc_card **card, char **ca_pem)
{
	struct vc_profile p = { .card = NULL };
	uk_err err;

	*card = NULL;
	*ca_pem = NULL;
	UK_TRY(vc_doc_result(doc));
	UK_TRY(vc_apps_open(path, VC_STORE_CREATE, &p.card));
	err = fill(&p, doc, ca_pem);
	if (doc->bad)
		err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(err)) {
		vc_card_reset(p.card); /* as it comes out of the envelope */
		*card = p.card;
		p.card = NULL; /* handed over */
	} else if (path != NULL) {
		(void)unlink(path); /* half a card is none */
	}
	vc_card_close(&p.card);
	vc_testca_free(&p.ca);
	return err;
}
