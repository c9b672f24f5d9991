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

/* Who signs the others. */
enum ca_of { NOBODY, CA_OF_CUSTOMERS, CA_OF_TLS, CA_COUNT };

static const struct pair {
	enum bank_profile profile;
	const char *key_file, *cert_file, *suffix, *step;
	int years;
	enum ca_of becomes;
} pairs[] = {
	{ BANK_PROFILE_CA, BANK_FILE_CA_KEY, BANK_FILE_CA_CERT, " CA",
	    "making the CA's key and certificate", YEARS_CA, CA_OF_CUSTOMERS },
	{ BANK_PROFILE_CA, BANK_FILE_TLS_CA_KEY, BANK_FILE_TLS_CA_CERT,
	    " TLS CA", "making another CA for TLS", YEARS_CA, CA_OF_TLS },
	{ BANK_PROFILE_TLS, BANK_FILE_TLS_KEY, BANK_FILE_TLS_CERT, NULL,
	    "making the TLS key and certificate", YEARS_BANK, NOBODY },
	{ BANK_PROFILE_SIGN, BANK_FILE_SIGN_KEY, BANK_FILE_SIGN_CERT,
	    " signing", "making the bank's signing key and certificate",
	    YEARS_BANK, NOBODY },
};

/* What is being made. */
struct making {
	const char *dir, *name, *host;
	bool sm2;
	struct bank_issuer ca[CA_COUNT];
};

/* Only the CA of customers is SM2's: TLS is not, nor is the bank's signature,
 * which cards verify (docs/protocol.md, 1). */
static EVP_PKEY *make_key(const struct making *m, const struct pair *p)
{
	return m->sm2 && p->becomes == CA_OF_CUSTOMERS
		   ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2")
		   : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

/* NULL: itself. */
static const struct bank_issuer *issuer_of(
    const struct making *m, const struct pair *p)
{
	if (p->becomes != NOBODY)
		return NULL;
	return p->profile == BANK_PROFILE_TLS && m->sm2
		   ? &m->ca[CA_OF_TLS]
		   : &m->ca[CA_OF_CUSTOMERS];
}

static uk_err make_pair(struct making *m, const struct pair *p)
{
	char cn[CN_CAP];
	EVP_PKEY *key = make_key(m, p);
	struct bank_issuer self = { NULL, key };
	const struct bank_issuer *by = issuer_of(m, p);
	int64_t now = time(NULL);
	struct bank_wanted w = { p->profile, key, cn, m->host,
		now - 3600, /* clocks differ */
		now + p->years * year };
	X509 *x = NULL;
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	snprintf(cn, sizeof(cn), "%s%s", p->suffix == NULL ? m->host : m->name,
	    p->suffix == NULL ? "" : p->suffix);
	if (key == NULL ||
	    (x = bank_issue(by == NULL ? &self : by, &w)) == NULL)
		goto out;
	err = write_key(m->dir, p->key_file, key);
	if (uk_is_ok(err))
		err = write_cert(m->dir, p->cert_file, x);
	if (uk_is_ok(err) && p->becomes != NOBODY) {
		m->ca[p->becomes] = (struct bank_issuer){ x, key };
		x = NULL; /* handed over */
		key = NULL;
	}
out:
	X509_free(x);
	EVP_PKEY_free(key);
	return err;
}

uk_err bank_ca_init(const char *dir, const char *name, const char *host,
    bool sm2, void (*say)(const char *step))
{
	struct making m = {
		.dir = dir, .name = name, .host = host, .sm2 = sm2
	};
	uk_err err = uk_ok();

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (!uk_is_ok(err))
			break;
		if (pairs[i].becomes == CA_OF_TLS && !sm2)
			continue;
		say(pairs[i].step);
		err = make_pair(&m, &pairs[i]);
	}
	for (size_t i = 0; i < CA_COUNT; i++)
		bank_issuer_free(&m.ca[i]);
	return err;
}
