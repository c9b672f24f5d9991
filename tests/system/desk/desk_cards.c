/* The kinds of card, and two cards of each. */
#include "desk.h"

#include "vc_profile.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

char desk_pins[DESK_CARDS][8] = { "483915", "720164" };

#define UKEY_KEYS(type, use)                                                   \
	"{\"type\":\"" type "\"},{\"type\":\"" type "\"},"                     \
	"{\"key\":3,\"type\":\"" type "\",\"usage\":\"" use "\"}"
#define PIV_KEYS(type)                                                         \
	"{\"slot\":\"9A\",\"type\":\"" type "\"},"                             \
	"{\"slot\":\"9C\",\"type\":\"" type "\"},"                             \
	"{\"slot\":\"9D\",\"type\":\"" type "\"}"

/* VERIFY with "483915", logout, and VERIFY that asks. */
#define UKEY_WORDS                                                             \
	"00A4040008F0756B65792E303100", "0020008106343833393135", "0020FF81",  \
	    "00200081"
#define PIV_WORDS                                                              \
	"00A4040009A00000030800001000", "0020008008343833393135FFFF",          \
	    "0020FF80", "00200080"
/* IsoApplet tells nobody that a PIN was given; MSE wants it. */
#define ISO_WORDS                                                              \
	"00A404000CF276A288BCFBA69D34F3100100", "0020000106343833393135",      \
	    "00A404000CF276A288BCFBA69D34F3100100", "002241B606800121840101"
/* The management key of cards as delivered. */
char desk_so_pin[] = "010203040506070801020304050607080102030405060708";

const struct desk_kind desk_kinds[] = {
	{ "ukey-ec", "ukey", UKEY_KEYS("p256", "derive"), false, UKEY_WORDS,
	    false, false, false },
	{ "ukey-rsa", "ukey", UKEY_KEYS("rsa2048", "decipher"), true,
	    UKEY_WORDS, false, false, false },
	{ "ukey-seen", "ukey", UKEY_KEYS("p256", "derive"), false, UKEY_WORDS,
	    false, false, true },
	{ "piv-ec", "piv", PIV_KEYS("p256"), false, PIV_WORDS, true, false,
	    false },
	{ "piv-rsa", "piv", PIV_KEYS("rsa2048"), true, PIV_WORDS, true, false,
	    false },
	{ "yubi-ec", "piv-yubico", PIV_KEYS("p256"), false, PIV_WORDS, true,
	    true, false },
	{ "iso-ec", "isoapplet", NULL, false, ISO_WORDS, false, true, false },
	{ "iso-seen", "isoapplet", NULL, false, ISO_WORDS, false, true, true },
	{ "yubi-seen", "piv-yubico", PIV_KEYS("p256"), false, PIV_WORDS, true,
	    true, true },
};
const size_t desk_kind_count = sizeof(desk_kinds) / sizeof(desk_kinds[0]);

static bool make_card(const struct desk_kind *kind, const char *pin,
    struct vc_card **card, char **ca)
{
	char text[1024];
	struct vc_doc doc;
	uk_err err;

	if (kind->keys == NULL)
		(void)snprintf(text, sizeof(text),
		    "{\"applications\":[{\"application\":\"isoapplet\"}]}");
	else
		(void)snprintf(text, sizeof(text),
		    "{\"applications\":[{\"application\":\"%s\",\"pin\":\"%s\","
		    "\"keys\":[%s]}]}",
		    kind->application, pin, kind->keys);
	err = vc_doc_read(text, kind->name, time(NULL), &doc);
	if (uk_is_ok(err))
		err = vc_profile_make(&doc, NULL, card, ca);
	if (uk_is_ok(err) && kind->keys == NULL &&
	    !desk_iso_make(*card, pin, ca))
		err = uk_fail(UK_ERR_FORMAT);
	if (!uk_is_ok(err))
		(void)fprintf(stderr, "desk: %s: %s\n", kind->name,
		    doc.bad ? doc.why : uk_err_text(err));
	vc_doc_close(&doc);
	return uk_is_ok(err);
}

bool desk_cards_make(const struct desk_kind *kind, struct desk_cards *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = kind;
	for (size_t i = 0; i < DESK_CARDS; i++) {
		if (!make_card(kind, desk_pins[i], &out->cards[i], &out->ca[i]))
			return false;
	}
	return true;
}

void desk_cards_free(struct desk_cards *c)
{
	for (size_t i = 0; i < DESK_CARDS; i++) {
		vc_card_close(&c->cards[i]);
		OPENSSL_free(c->ca[i]);
		for (int k = 0; k < DESK_KEYS; k++)
			EVP_PKEY_free(c->pub[i][k]);
	}
}

/* --- what the module says that the keys are ---------------------------------
 */

static EVP_PKEY *ca_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *key = ca == NULL ? NULL : X509_get_pubkey(ca);

	X509_free(ca);
	BIO_free(bio);
	return key;
}

bool desk_cards_believe(
    struct desk_cards *c, size_t card, const struct desk_cert *certs)
{
	EVP_PKEY *ca = ca_key(c->ca[card]);
	bool ok = ca != NULL;

	for (int k = 0; ok && k < DESK_KEYS; k++) {
		const unsigned char *der = certs[k].der;
		X509 *x = d2i_X509(NULL, &der, (long)certs[k].n);

		c->certs[card][k] = certs[k];
		if (certs[k].n == 0 && c->kind->keys == NULL && k != DESK_SIGNS)
			continue;
		ok = x != NULL && X509_verify(x, ca) == 1;
		if (ok)
			c->pub[card][k] = X509_get_pubkey(x);
		X509_free(x);
	}
	EVP_PKEY_free(ca);
	return ok;
}
