/* One certificate: decoded once, its DER and its public key kept beside it. */
#include "crypto_impl.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <time.h>

enum { CERT_MAX = 64 * 1024 };

X509 *uk_ossl_new_cert(uk_crypto *c)
{
	return X509_new_ex(c->lib, NULL);
}

uk_err uk_ossl_set_sm2_id(X509 *x509)
{
	ASN1_OCTET_STRING *id;

	if (X509_get_signature_nid(x509) != NID_SM2_with_SM3)
		return uk_ok();
	id = ASN1_OCTET_STRING_new();
	if (id == NULL ||
	    ASN1_OCTET_STRING_set(id, (const unsigned char *)UK_SM2_DEFAULT_ID,
		sizeof(UK_SM2_DEFAULT_ID) - 1) != 1) {
		ASN1_OCTET_STRING_free(id);
		return uk_fail(UK_ERR_MEMORY);
	}
	X509_set0_distinguishing_id(x509, id); /* takes it over */
	return uk_ok();
}

/* Fills in what stands beside cert->x509. */
static uk_err complete(uk_crypto *c, uk_cert *cert)
{
	uk_buf fingerprint = UK_BUF(cert->fingerprint);
	EVP_PKEY *pkey = X509_get_pubkey(cert->x509);
	unsigned char *der = NULL;
	int n;
	uk_err err;

	if (pkey == NULL)
		return uk_ossl_failed(UK_ERR_UNSUPPORTED);
	UK_TRY(uk_key_wrap(c, pkey, false, &cert->key));
	UK_TRY(uk_ossl_set_sm2_id(cert->x509));
	n = i2d_X509(cert->x509, &der);
	if (n <= 0)
		return uk_ossl_failed(UK_ERR_CRYPTO);
	err = uk_blob_set(&cert->der, uk_view(der, (size_t)n));
	OPENSSL_free(der);
	UK_TRY(err);
	return uk_hash_one(
	    c, UK_HASH_SHA256, uk_blob_view(&cert->der), &fingerprint);
}

static uk_err decode(uk_bytes der, X509 **x509)
{
	const unsigned char *p = der.p;

	if (d2i_X509(x509, &p, (long)der.n) == NULL)
		return uk_ossl_failed(UK_ERR_FORMAT);
	if (uk_bytes_from(der, (size_t)(p - der.p)).n > 0)
		return uk_fail(UK_ERR_FORMAT); /* something behind it */
	return uk_ok();
}

/* The one constructor: from DER, or else from a PEM file. */
static uk_err open_cert(uk_crypto *c, uk_bytes der, BIO *pem, uk_cert **out)
{
	uk_cert *cert = uk_new(sizeof(*cert));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (cert == NULL || (cert->x509 = uk_ossl_new_cert(c)) == NULL)
		goto out;
	err = uk_ok();
	if (pem == NULL)
		err = decode(der, &cert->x509);
	else if (PEM_read_bio_X509(pem, &cert->x509, NULL, NULL) == NULL)
		err = uk_ossl_failed(UK_ERR_FORMAT);
	if (uk_is_ok(err))
		err = complete(c, cert);
	if (!uk_is_ok(err))
		goto out;
	*out = cert;
	cert = NULL; /* handed over */
out:
	uk_cert_close(&cert);
	return err;
}

uk_err uk_cert_from_der(uk_crypto *c, uk_bytes der, uk_cert **out)
{
	uk_err err;

	*out = NULL;
	if (der.n == 0 || der.n > CERT_MAX)
		return uk_fail(UK_ERR_FORMAT);
	uk_ossl_enter();
	err = open_cert(c, der, NULL, out);
	return uk_ossl_leave(err);
}

uk_err uk_cert_from_pem_file(uk_crypto *c, const char *path, uk_cert **out)
{
	BIO *bio = NULL;
	uk_err err;

	*out = NULL;
	uk_ossl_enter();
	err = uk_ossl_open_file(path, &bio);
	if (uk_is_ok(err))
		err = open_cert(c, UK_NONE, bio, out);
	BIO_free(bio);
	return uk_ossl_leave(err);
}

void uk_cert_close(uk_cert **cert)
{
	if (*cert == NULL)
		return;
	uk_key_close(&(*cert)->key);
	uk_blob_free(&(*cert)->der);
	X509_free((*cert)->x509);
	uk_free(*cert);
	*cert = NULL;
}

uk_bytes uk_cert_der(const uk_cert *cert)
{
	return uk_blob_view(&cert->der);
}

uk_bytes uk_cert_fingerprint(const uk_cert *cert)
{
	return UK_ARRAY(cert->fingerprint);
}

const uk_key *uk_cert_key(const uk_cert *cert)
{
	return cert->key;
}

uk_err uk_cert_prepare(
    uk_cert *cert, enum uk_sig_scheme scheme, enum uk_hash hash)
{
	return uk_key_prepare(cert->key, scheme, hash);
}

uk_err uk_cert_common_name(const uk_cert *cert, char *out, size_t cap)
{
	const X509_NAME *subject = X509_get_subject_name(cert->x509);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;
	int n;
	uk_err err;

	if (at < 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	uk_ossl_enter();
	n = ASN1_STRING_to_UTF8(
	    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	err = n < 0 ? uk_ossl_failed(UK_ERR_FORMAT)
		    : uk_copy_str(out, cap, uk_view(text, (size_t)n));
	OPENSSL_free(text);
	return uk_ossl_leave(err);
}

int64_t uk_cert_not_after(const uk_cert *cert)
{
	struct tm tm;
	int ok;

	uk_ossl_enter();
	ok = ASN1_TIME_to_tm(X509_get0_notAfter(cert->x509), &tm);
	UK_IGNORE(uk_ossl_leave(uk_ok())); /* only empties the queue */
	/* An unreadable date was over long ago. */
	return ok == 1 ? (int64_t)timegm(&tm) : 0;
}
