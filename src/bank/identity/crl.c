/* The test bank's revocation list. */
#include "ca_impl.h"
#include "files.h"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

uk_err bank_ca_revoke(struct bank_store *s, const char *serial, int64_t now)
{
	bank_query q = bank_query_of(
	    s, "SELECT 1 FROM certificates WHERE serial = ?");
	bool known;

	bank_bind_text(&q, uk_view_str(serial));
	known = bank_query_row(&q);
	UK_TRY(bank_query_end(&q));
	if (!known)
		return uk_fail(UK_ERR_NOT_FOUND);
	q = bank_query_of(s, "INSERT INTO revoked (serial, time) VALUES (?, ?)"
			     " ON CONFLICT DO NOTHING");
	bank_bind_text(&q, uk_view_str(serial));
	bank_bind_int(&q, now);
	return bank_query_run(&q);
}

static bool add_revoked(X509_CRL *crl, uk_bytes serial, int64_t when)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *time = ASN1_TIME_set(NULL, when);
	ASN1_INTEGER *number = NULL;
	BIGNUM *n = NULL;
	char text[48];
	bool ok = r != NULL && time != NULL &&
		  uk_is_ok(uk_copy_str(text, sizeof(text), serial)) &&
		  BN_hex2bn(&n, text) > 0 &&
		  (number = BN_to_ASN1_INTEGER(n, NULL)) != NULL &&
		  X509_REVOKED_set_serialNumber(r, number) == 1 &&
		  X509_REVOKED_set_revocationDate(r, time) == 1 &&
		  X509_CRL_add0_revoked(crl, r) == 1;

	if (!ok)
		X509_REVOKED_free(r);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(time);
	BN_free(n);
	return ok;
}

static uk_err add_all_revoked(X509_CRL *crl, struct bank_store *s)
{
	bank_query q = bank_query_of(s, "SELECT serial, time FROM revoked");
	bool ok = true;

	while (ok && bank_query_row(&q))
		ok = add_revoked(crl, bank_col(&q, 0), bank_col_int(&q, 1));
	UK_TRY(bank_query_end(&q));
	return ok ? uk_ok() : uk_fail(UK_ERR_CRYPTO);
}

static bool add_crl_number(X509_CRL *crl, int64_t number)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	bool ok = n != NULL && ASN1_INTEGER_set_int64(n, number) == 1 &&
		  X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, 0) == 1;

	ASN1_INTEGER_free(n);
	return ok;
}

static bool set_frame(
    X509_CRL *crl, const struct bank_issuer *ca, int64_t now, int64_t days)
{
	ASN1_TIME *last = ASN1_TIME_set(NULL, now);
	ASN1_TIME *next = ASN1_TIME_set(NULL, now + days * 86400);
	bool ok = last != NULL && next != NULL &&
		  X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
		  X509_CRL_set_issuer_name(
		      crl, X509_get_subject_name(ca->cert)) == 1 &&
		  X509_CRL_set1_lastUpdate(crl, last) == 1 &&
		  X509_CRL_set1_nextUpdate(crl, next) == 1 &&
		  add_crl_number(crl, now);

	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
	return ok;
}

uk_err bank_ca_write_crl(
    const char *dir, struct bank_store *s, int64_t now, int64_t days)
{
	struct bank_issuer ca = { NULL, NULL };
	X509_CRL *crl = X509_CRL_new();
	BIO *bio = BIO_new(BIO_s_mem());
	EVP_MD_CTX *md = NULL;
	uk_err err = bank_issuer_read(dir, &ca);

	if (uk_is_ok(err) &&
	    (crl == NULL || bio == NULL || !set_frame(crl, &ca, now, days)))
		err = uk_fail(UK_ERR_CRYPTO);
	if (uk_is_ok(err))
		err = add_all_revoked(crl, s);
	if (uk_is_ok(err) &&
	    (X509_CRL_sort(crl) != 1 || (md = bank_issuer_start(&ca)) == NULL ||
		X509_CRL_sign_ctx(crl, md) <= 0 ||
		PEM_write_bio_X509_CRL(bio, crl) != 1))
		err = uk_fail(UK_ERR_CRYPTO);
	if (uk_is_ok(err))
		err = bank_bio_to_file(bio, dir, BANK_FILE_CRL, true);
	EVP_MD_CTX_free(md);
	X509_CRL_free(crl);
	BIO_free(bio);
	bank_issuer_free(&ca);
	return err;
}
