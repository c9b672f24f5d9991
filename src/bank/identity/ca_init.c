/* A new test bank's keys and certificates. */
#include "ca_impl.h"
#include "files.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <time.h>

enum { YEARS_CA = 10, YEARS_BANK = 3, CN_CAP = 144 };

static const int64_t year = 365 * 86400;

static uk_err write_key(const char *dir, const char *name, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(
			       bio, key, NULL, NULL, 0, NULL, NULL) == 1)
		err = bank_bio_to_file(bio, dir, name, false);
	BIO_free(bio);
	return err;
}

static uk_err write_cert(const char *dir, const char *name, X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	if (bio != NULL && PEM_write_bio_X509(bio, x) == 1)
		err = bank_bio_to_file(bio, dir, name, false);
	BIO_free(bio);
	return err;
}

static const struct pair {
	enum bank_profile profile;
	const char *key_file, *cert_file, *suffix, *step;
	int years;
} pairs[] = {
	{ BANK_PROFILE_CA, BANK_FILE_CA_KEY, BANK_FILE_CA_CERT, " CA",
	    "making the CA's key and certificate", YEARS_CA },
	{ BANK_PROFILE_TLS, BANK_FILE_TLS_KEY, BANK_FILE_TLS_CERT, NULL,
	    "making the TLS key and certificate", YEARS_BANK },
	{ BANK_PROFILE_SIGN, BANK_FILE_SIGN_KEY, BANK_FILE_SIGN_CERT,
	    " signing", "making the bank's signing key and certificate",
	    YEARS_BANK },
};

static uk_err make_pair(const char *dir, const struct pair *p, const char *name,
    const char *host, struct bank_issuer *ca)
{
	char cn[CN_CAP];
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct bank_issuer self = { NULL, key };
	int64_t now = time(NULL);
	struct bank_wanted w = { p->profile, key, cn, host,
		now - 3600, /* clocks differ */
		now + p->years * year };
	X509 *x = NULL;
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	snprintf(cn, sizeof(cn), "%s%s", p->suffix == NULL ? host : name,
	    p->suffix == NULL ? "" : p->suffix);
	if (key == NULL ||
	    (x = bank_issue(ca->cert == NULL ? &self : ca, &w)) == NULL)
		goto out;
	err = write_key(dir, p->key_file, key);
	if (uk_is_ok(err))
		err = write_cert(dir, p->cert_file, x);
	if (uk_is_ok(err) && ca->cert == NULL) {
		*ca = (struct bank_issuer){ x, key };
		x = NULL; /* handed over */
		key = NULL;
	}
out:
	X509_free(x);
	EVP_PKEY_free(key);
	return err;
}

uk_err bank_ca_init(const char *dir, const char *name, const char *host,
    void (*say)(const char *step))
{
	struct bank_issuer ca = { NULL, NULL };
	uk_err err = uk_ok();

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (!uk_is_ok(err))
			break;
		say(pairs[i].step);
		err = make_pair(dir, &pairs[i], name, host, &ca);
	}
	bank_issuer_free(&ca);
	return err;
}
