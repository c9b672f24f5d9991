/* Customers' requests and certificates. */
#include "ca_impl.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <string.h>

void bank_issued_free(struct bank_issued *i)
{
	uk_blob_free(&i->der);
	uk_blob_free(&i->pem);
}

static uk_err serial_text(const ASN1_INTEGER *serial, char *out, size_t cap)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = n == NULL ? NULL : BN_bn2hex(n);
	uk_err err = hex == NULL ? uk_fail(UK_ERR_CRYPTO)
				 : uk_copy_str(out, cap, uk_view_str(hex));

	OPENSSL_free(hex);
	BN_free(n);
	return err;
}

static uk_err fill_issued(X509 *x, struct bank_issued *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	char *pem = NULL;
	uk_err err = uk_fail(UK_ERR_CRYPTO);
	long pem_n;

	if (bio == NULL || n <= 0 || PEM_write_bio_X509(bio, x) != 1)
		goto out;
	pem_n = BIO_get_mem_data(bio, &pem);
	err = uk_blob_set(&out->der, uk_view(der, (size_t)n));
	if (uk_is_ok(err))
		err = uk_blob_set(&out->pem, uk_view(pem, (size_t)pem_n));
	if (uk_is_ok(err))
		err = serial_text(X509_get0_serialNumber(x), out->serial,
		    sizeof(out->serial));
out:
	OPENSSL_free(der);
	BIO_free(bio);
	return err;
}

/* RSA of 2048 bits and more, P-256, P-384, SM2: what the protocol has names
 * for. */
static bool key_is_good(EVP_PKEY *key)
{
	char group[32] = "";

	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_bits(key) >= 2048;
	if (EVP_PKEY_is_a(key, "SM2"))
		return true;
	if (!EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
		return false;
	return strcmp(group, "prime256v1") == 0 ||
	       strcmp(group, "secp384r1") == 0;
}

static bool set_sm2_id(X509_REQ *req, EVP_PKEY *key)
{
	static const char id[] = BANK_SM2_ID;
	ASN1_OCTET_STRING *s;

	if (!EVP_PKEY_is_a(key, "SM2"))
		return true;
	s = ASN1_OCTET_STRING_new();
	if (s == NULL || ASN1_OCTET_STRING_set(s, (const unsigned char *)id,
			     sizeof(id) - 1) != 1) {
		ASN1_OCTET_STRING_free(s);
		return false;
	}
	X509_REQ_set0_distinguishing_id(req, s); /* takes it over */
	return true;
}

static uk_err read_request(uk_bytes pem, X509_REQ **out)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key;

	if (bio == NULL)
		return uk_fail(UK_ERR_MEMORY);
	*out = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (*out == NULL || (key = X509_REQ_get0_pubkey(*out)) == NULL)
		return uk_fail(UK_ERR_FORMAT);
	if (!set_sm2_id(*out, key))
		return uk_fail(UK_ERR_CRYPTO);
	/* Whoever asks must have the private key. */
	if (X509_REQ_verify(*out, key) != 1)
		return uk_fail(UK_ERR_SIGNATURE);
	return key_is_good(key) ? uk_ok() : uk_fail(UK_ERR_UNSUPPORTED);
}

uk_err bank_ca_check_request(uk_crypto *c, uk_bytes pem, uk_buf *fingerprint)
{
	X509_REQ *req = NULL;
	uint8_t *der = NULL;
	uk_err err = read_request(pem, &req);
	int n = uk_is_ok(err) ? i2d_PUBKEY(X509_REQ_get0_pubkey(req), &der) : 0;

	if (uk_is_ok(err))
		err = n > 0 ? uk_hash_one(c, UK_HASH_SHA256,
				  uk_view(der, (size_t)n), fingerprint)
			    : uk_fail(UK_ERR_CRYPTO);
	OPENSSL_free(der);
	X509_REQ_free(req);
	return err;
}

uk_err bank_ca_enroll(const char *dir, uk_bytes request, const char *customer,
    enum bank_profile profile, int64_t not_before, int64_t not_after,
    struct bank_issued *out)
{
	struct bank_issuer ca = { NULL, NULL };
	X509_REQ *req = NULL;
	X509 *x = NULL;
	uk_err err;

	*out = (struct bank_issued){ 0 };
	err = read_request(request, &req);
	if (uk_is_ok(err))
		err = bank_issuer_read(dir, &ca);
	if (uk_is_ok(err)) {
		const struct bank_wanted w = { profile,
			X509_REQ_get0_pubkey(req), customer, NULL, not_before,
			not_after };

		x = bank_issue(&ca, &w);
		err = x == NULL ? uk_fail(UK_ERR_CRYPTO) : fill_issued(x, out);
	}
	X509_free(x);
	X509_REQ_free(req);
	bank_issuer_free(&ca);
	return err;
}

uk_err bank_ca_serial_of(const char *cert_path, char *out, size_t cap)
{
	BIO *bio = BIO_new_file(cert_path, "r");
	X509 *x = NULL;
	uk_err err;

	if (bio == NULL)
		return uk_fail(UK_ERR_NOT_FOUND);
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	err = x == NULL ? uk_fail(UK_ERR_FORMAT)
			: serial_text(X509_get0_serialNumber(x), out, cap);
	X509_free(x);
	BIO_free(bio);
	return err;
}
