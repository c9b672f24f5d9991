/* The test bank's CA: one table row per kind of certificate. */
#include "ca.h"

#include "ca_impl.h"
#include "files.h"
#include "proto.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SERIAL_BYTES = 16, YEARS_CA = 10, YEARS_BANK = 3, CN_CAP = 144 };

static const int64_t year = 365 * 86400;

/* Extensions as RFC 5280, 4.2; NULL: not there. */
static const struct profile {
	const char *basic, *key_usage, *extended;
	bool host; /* subjectAltName with the server's names */
} profiles[] = {
	[BANK_PROFILE_CA] = { "critical,CA:TRUE,pathlen:0",
	    "critical,keyCertSign,cRLSign", NULL, false },
	[BANK_PROFILE_TLS] = { "critical,CA:FALSE", "critical,digitalSignature",
	    "serverAuth", true },
	[BANK_PROFILE_SIGN] = { "critical,CA:FALSE",
	    "critical,digitalSignature", BANK_SIGNING_OID, false },
	[BANK_PROFILE_LOGIN] = { "critical,CA:FALSE",
	    "critical,digitalSignature", "clientAuth", false },
	[BANK_PROFILE_TRANSACTION] = { "critical,CA:FALSE",
	    "critical,nonRepudiation", NULL, false },
};

/* --- making one certificate ---------------------------------------------- */

static bool add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *e;
	bool ok;

	if (value == NULL)
		return true;
	e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	ok = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool add_extensions(X509 *x, const struct bank_issuer *by,
    const struct profile *p, const char *host)
{
	char names[300];
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, by->cert == NULL ? x : by->cert, x, NULL, NULL, 0);
	snprintf(names, sizeof(names), "DNS:%s,IP:127.0.0.1",
	    host == NULL ? "" : host);
	return add_extension(x, &ctx, NID_basic_constraints, p->basic) &&
	       add_extension(x, &ctx, NID_key_usage, p->key_usage) &&
	       add_extension(x, &ctx, NID_ext_key_usage, p->extended) &&
	       add_extension(
		   x, &ctx, NID_subject_alt_name, p->host ? names : NULL) &&
	       add_extension(x, &ctx, NID_subject_key_identifier, "hash") &&
	       add_extension(x, &ctx, NID_authority_key_identifier,
		   by->cert == NULL ? NULL : "keyid");
}

static bool set_serial(X509 *x)
{
	BIGNUM *n = BN_new();
	/* RFC 5280, 4.1.2.2: positive, at most 20 bytes; here 127 random bits
	 */
	bool ok = n != NULL &&
		  BN_rand(n, SERIAL_BYTES * 8 - 1, BN_RAND_TOP_ONE,
		      BN_RAND_BOTTOM_ANY) == 1 &&
		  BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;

	BN_free(n);
	return ok;
}

static bool set_subject(X509 *x, const char *cn)
{
	X509_NAME *name = X509_get_subject_name(x);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		   (const unsigned char *)cn, -1, -1, 0) == 1;
}

struct wanted {
	enum bank_profile profile;
	EVP_PKEY *key; /* public part of it */
	const char *cn, *host;
	int64_t not_before, not_after;
};

static X509 *issue(const struct bank_issuer *by, const struct wanted *w)
{
	X509 *x = X509_new();

	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
	    set_serial(x) && set_subject(x, w->cn) &&
	    X509_set_issuer_name(x,
		X509_get_subject_name(by->cert == NULL ? x : by->cert)) == 1 &&
	    ASN1_TIME_set(X509_getm_notBefore(x), w->not_before) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(x), w->not_after) != NULL &&
	    X509_set_pubkey(x, w->key) == 1 &&
	    add_extensions(x, by, &profiles[w->profile], w->host) &&
	    X509_sign(x, by->key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

/* --- files --------------------------------------------------------------- */

/* What a BIO holds goes into a file of mode 0600. */
uk_err bank_bio_to_file(
    BIO *bio, const char *dir, const char *name, bool replace)
{
	char path[BANK_PATH_MAX];
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	UK_TRY(bank_path(dir, name, path));
	if (n <= 0)
		return uk_fail(UK_ERR_CRYPTO);
	return bank_file_write(path, uk_view(p, (size_t)n), replace);
}

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

uk_err bank_issuer_read(const char *dir, struct bank_issuer *out)
{
	char cert[BANK_PATH_MAX], key[BANK_PATH_MAX];
	BIO *c = NULL, *k = NULL;
	uk_err err = bank_path(dir, BANK_FILE_CA_CERT, cert);

	if (uk_is_ok(err))
		err = bank_path(dir, BANK_FILE_CA_KEY, key);
	if (!uk_is_ok(err))
		return err;
	c = BIO_new_file(cert, "r");
	k = BIO_new_file(key, "r");
	if (c != NULL && k != NULL) {
		out->cert = PEM_read_bio_X509(c, NULL, NULL, NULL);
		out->key = PEM_read_bio_PrivateKey(k, NULL, NULL, NULL);
	}
	BIO_free(c);
	BIO_free(k);
	return out->cert == NULL || out->key == NULL ? uk_fail(UK_ERR_NOT_FOUND)
						     : uk_ok();
}

void bank_issuer_free(struct bank_issuer *i)
{
	X509_free(i->cert);
	EVP_PKEY_free(i->key);
}

/* --- init ---------------------------------------------------------------- */

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
	struct wanted w = { p->profile, key, cn, host,
		now - 3600, /* clocks differ */
		now + p->years * year };
	X509 *x = NULL;
	uk_err err = uk_fail(UK_ERR_CRYPTO);

	snprintf(cn, sizeof(cn), "%s%s", p->suffix == NULL ? host : name,
	    p->suffix == NULL ? "" : p->suffix);
	if (key == NULL ||
	    (x = issue(ca->cert == NULL ? &self : ca, &w)) == NULL)
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

/* --- customers ----------------------------------------------------------- */

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

/* GM/T 0009, 10: the ID by which requests are signed, too. */
static bool set_sm2_id(X509_REQ *req, EVP_PKEY *key)
{
	static const char id[] = "1234567812345678";
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
		const struct wanted w = { profile, X509_REQ_get0_pubkey(req),
			customer, NULL, not_before, not_after };

		x = issue(&ca, &w);
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
