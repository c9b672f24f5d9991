/* The test bank's CA: one table row per kind of certificate. */
#include "ca.h"

#include "ca_impl.h"
#include "files.h"
#include "proto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>

enum { SERIAL_BYTES = 16 };

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

/* GM/T 0009, 10: OpenSSL signs with no ID unless it is told. */
static bool start_sm2(EVP_MD_CTX *md, EVP_PKEY *key)
{
	static char id[] = BANK_SM2_ID;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_DIST_ID, id, sizeof(id) - 1),
		OSSL_PARAM_construct_end(),
	};

	return EVP_DigestSignInit_ex(
		   md, NULL, "SM3", NULL, NULL, key, params) == 1;
}

EVP_MD_CTX *bank_issuer_start(const struct bank_issuer *by)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (md != NULL && (EVP_PKEY_is_a(by->key, "SM2")
				  ? start_sm2(md, by->key)
				  : EVP_DigestSignInit(md, NULL, EVP_sha256(),
					NULL, by->key) == 1))
		return md;
	EVP_MD_CTX_free(md);
	return NULL;
}

X509 *bank_issue(const struct bank_issuer *by, const struct bank_wanted *w)
{
	EVP_MD_CTX *md = bank_issuer_start(by);
	X509 *x = X509_new();
	bool ok;

	ok = md != NULL && x != NULL &&
	     X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
	     set_subject(x, w->cn) &&
	     X509_set_issuer_name(x,
		 X509_get_subject_name(by->cert == NULL ? x : by->cert)) == 1 &&
	     ASN1_TIME_set(X509_getm_notBefore(x), w->not_before) != NULL &&
	     ASN1_TIME_set(X509_getm_notAfter(x), w->not_after) != NULL &&
	     X509_set_pubkey(x, w->key) == 1 &&
	     add_extensions(x, by, &profiles[w->profile], w->host) &&
	     X509_sign_ctx(x, md) > 0;
	EVP_MD_CTX_free(md);
	if (ok)
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
