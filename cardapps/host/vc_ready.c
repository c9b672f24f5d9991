/* A small CA and its first customer. */
#include "vc_ready.h"

#include "tlv.h"
#include "vc_apps.h"
#include "vc_perso.h"
#include "vc_public.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { DAYS = 30, SERIAL_BITS = 64, DAY_S = 86400, HOUR_S = 3600 };

struct extension {
	int nid;
	const char *value; /* as in openssl's configuration */
};

static const struct extension ca_extensions[] = {
	{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	{ NID_subject_key_identifier, "hash" },
	{ 0, NULL },
};
static const struct extension login_extensions[] = {
	{ NID_basic_constraints, "critical,CA:FALSE" },
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_ext_key_usage, "clientAuth,emailProtection" },
	{ 0, NULL },
};
static const struct extension sign_extensions[] = {
	{ NID_basic_constraints, "critical,CA:FALSE" },
	{ NID_key_usage, "critical,nonRepudiation" },
	{ 0, NULL },
};

/* What is signed with the card's two keys. */
static const struct leaf {
	uint8_t ref;
	const char *name;
	const struct extension *extensions;
} leaves[] = {
	{ VC_REF_AUTH, "Test card login", login_extensions },
	{ VC_REF_SIGN, "Test card transaction", sign_extensions },
};

struct ca {
	EVP_PKEY *key;
	X509 *cert;
};

/* --- certificates ----------------------------------------------------------
 */

static bool set_serial(X509 *cert)
{
	BIGNUM *n = BN_new();
	bool good = n != NULL &&
		    BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE,
			BN_RAND_BOTTOM_ANY) == 1 &&
		    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;

	BN_free(n);
	return good;
}

static bool set_name(X509_NAME *name, const char *text)
{
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		   (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool add_extensions(
    X509 *cert, X509 *issuer, const struct extension *list)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	for (; list->value != NULL; list++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(
		    NULL, &ctx, list->nid, list->value);
		bool added = e != NULL && X509_add_ext(cert, e, -1) == 1;

		X509_EXTENSION_free(e);
		if (!added)
			return false;
	}
	return true;
}

/* Valid since an hour ago, for clocks that differ. */
static bool fill_cert(X509 *cert, const char *name, EVP_PKEY *public,
    const struct ca *ca, const struct extension *extensions)
{
	X509 *issuer = ca->cert == NULL ? cert : ca->cert;

	return X509_set_version(cert, X509_VERSION_3) == 1 &&
	       set_serial(cert) &&
	       set_name(X509_get_subject_name(cert), name) &&
	       X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -HOUR_S) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), DAYS * DAY_S) !=
		   NULL &&
	       X509_set_pubkey(cert, public) == 1 &&
	       add_extensions(cert, issuer, extensions) &&
	       X509_sign(cert, ca->key, EVP_sha256()) > 0;
}

/* Signed by the CA, or by itself while there is no CA's certificate. */
static uk_err make_cert(const char *name, EVP_PKEY *public, const struct ca *ca,
    const struct extension *extensions, X509 **out)
{
	*out = X509_new();
	if (*out != NULL && fill_cert(*out, name, public, ca, extensions))
		return uk_ok();
	ERR_clear_error();
	X509_free(*out);
	*out = NULL;
	return uk_fail(UK_ERR_CRYPTO);
}

static uk_err make_ca(struct ca *ca)
{
	*ca = (struct ca){ EVP_EC_gen("P-256"), NULL };
	if (ca->key == NULL)
		return vc_host_openssl(0);
	return make_cert("Test card CA", ca->key, ca, ca_extensions, &ca->cert);
}

static uk_err put_leaf(struct vc_card *card, const struct ca *ca,
    const struct leaf *leaf, EVP_PKEY *public)
{
	unsigned char *der = NULL;
	X509 *cert = NULL;
	int n = 0;
	uk_err err = make_cert(leaf->name, public, ca, leaf->extensions, &cert);

	if (uk_is_ok(err))
		err = vc_host_openssl(n = i2d_X509(cert, &der));
	if (uk_is_ok(err))
		err = vc_directory_put_cert(
		    card, leaf->ref, public, uk_view(der, (size_t)n));
	OPENSSL_free(der);
	X509_free(cert);
	return err;
}

static uk_err write_pem(X509 *cert, char **out)
{
	BIO *mem = BIO_new(BIO_s_mem());
	char *text;
	long n;
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (mem != NULL && PEM_write_bio_X509(mem, cert) == 1 &&
	    (n = BIO_get_mem_data(mem, &text)) > 0 &&
	    (*out = OPENSSL_strndup(text, (size_t)n)) != NULL)
		err = uk_ok();
	BIO_free(mem);
	return err;
}

/* --- the card --------------------------------------------------------------
 */

static uk_err set_pin(struct vc_card *card, uint8_t ref, const char *value)
{
	uk_pin pin = { 0 };
	uk_err err = uk_pin_set(&pin, uk_view_str(value));

	if (uk_is_ok(err))
		err = vc_perso_set_pin(card, ref, &pin);
	uk_wipe(&pin, sizeof(pin));
	return err;
}

static uk_err fill(struct vc_card *card, const char *type, const struct ca *ca)
{
	uint8_t storage[64];
	uk_buf label = UK_BUF(storage);
	EVP_PKEY *keys[2] = { NULL, NULL };
	uk_cmd activate = { .ins = 0x44 };
	struct vc_status status;
	uk_err err;

	uk_put_tlv(&label, 0x50, uk_view_str(VC_READY_LABEL));
	UK_TRY(vc_perso_select(card, &status));
	UK_TRY(vc_perso_put_data(card, uk_buf_view(&label)));
	UK_TRY(set_pin(card, VC_REF_PIN, VC_READY_PIN));
	UK_TRY(set_pin(card, VC_REF_PUK, VC_READY_PUK));
	err = vc_perso_make_keys(card, type, keys);
	for (size_t i = 0; uk_is_ok(err) && i < 2; i++)
		err = put_leaf(card, ca, &leaves[i], keys[i]);
	if (uk_is_ok(err))
		err = vc_say(card, &activate, NULL);
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
	return err;
}

uk_err vc_ready_make(const char *profile, struct vc_card **out, char **ca_pem)
{
	struct vc_card *card = NULL;
	struct ca ca = { NULL, NULL };
	uk_err err = uk_fail(UK_ERR_ARGUMENT);

	*out = NULL;
	*ca_pem = NULL;
	if (vc_perso_knows_type(profile))
		err = make_ca(&ca);
	if (uk_is_ok(err))
		err = vc_apps_open(NULL, VC_STORE_CREATE, &card);
	if (uk_is_ok(err))
		err = fill(card, profile, &ca);
	if (uk_is_ok(err))
		err = write_pem(ca.cert, ca_pem);
	if (uk_is_ok(err)) {
		vc_card_reset(card); /* as it comes out of the envelope */
		*out = card;
		card = NULL;
	}
	vc_card_close(&card);
	X509_free(ca.cert);
	EVP_PKEY_free(ca.key);
	return err;
}
