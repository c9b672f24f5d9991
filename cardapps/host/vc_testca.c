/* Certificates (RFC 5280) as a profile wishes them. */
#include "vc_testca.h"

#include "vc_name.h"
#include "vc_public.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <time.h>

enum { SERIAL_BITS = 64, CA_SECONDS = 10 * 365 * 86400 };

struct extension {
	int nid;
	const char *value;
};

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

static bool add_extensions(
    X509 *cert, X509 *issuer, const struct extension *list, size_t n)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		X509_EXTENSION *e;
		bool added;

		if (list[i].value == NULL)
			continue;
		e = X509V3_EXT_conf_nid(NULL, &ctx, list[i].nid, list[i].value);
		added = e != NULL && X509_add_ext(cert, e, -1) == 1;
		X509_EXTENSION_free(e);
		if (!added)
			return false;
	}
	return true;
}

static bool set_dates(X509 *cert, int64_t from, int64_t to)
{
	return ASN1_TIME_set(X509_getm_notBefore(cert), from) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), to) != NULL;
}

/* Signed by the CA, or by itself while there is no CA's certificate. */
static uk_err make_cert(const struct vc_testca *ca, EVP_PKEY *public,
    const struct vc_wish *wish, const struct extension *list, size_t n,
    X509 **out)
{
	X509 *cert = X509_new(), *issuer = ca->cert == NULL ? cert : ca->cert;
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
	    !set_serial(cert) || X509_set_pubkey(cert, public) != 1)
		goto out;
	err = vc_name_parse(X509_get_subject_name(cert), wish->subject);
	if (!uk_is_ok(err))
		goto out;
	err = uk_fail(UK_ERR_ARGUMENT);
	if (!set_dates(cert, wish->from, wish->to) ||
	    X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1 ||
	    !add_extensions(cert, issuer, list, n))
		goto out;
	err = vc_host_openssl(X509_sign(cert, ca->key, EVP_sha256()));
	if (!uk_is_ok(err))
		goto out;
	*out = cert;
	cert = NULL; /* handed over */
out:
	ERR_clear_error();
	X509_free(cert);
	return err;
}

/* --- the CA ----------------------------------------------------------------
 */

uk_err vc_testca_make(const char *subject, struct vc_testca *out)
{
	static const struct extension list[] = {
		{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_subject_key_identifier, "hash" },
	};
	int64_t now = time(NULL);
	/* From ten years ago on: certificates of the past want an issuer, too.
	 */
	const struct vc_wish wish = { .subject = subject,
		.from = now - CA_SECONDS,
		.to = now + CA_SECONDS };
	uk_err err;

	*out = (struct vc_testca){ EVP_EC_gen("P-256"), NULL };
	if (out->key == NULL)
		return vc_host_openssl(0);
	err = make_cert(out, out->key, &wish, list,
	    sizeof(list) / sizeof(list[0]), &out->cert);
	if (!uk_is_ok(err))
		vc_testca_free(out);
	return err;
}

uk_err vc_testca_read(const char *cert, const char *key, struct vc_testca *out)
{
	BIO *c = BIO_new_file(cert, "r"), *k = BIO_new_file(key, "r");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*out = (struct vc_testca){ NULL, NULL };
	if (c == NULL || k == NULL)
		goto out;
	out->cert = PEM_read_bio_X509(c, NULL, vc_no_password, NULL);
	out->key = PEM_read_bio_PrivateKey(k, NULL, vc_no_password, NULL);
	if (out->cert == NULL || out->key == NULL)
		goto out;
	err = X509_check_private_key(out->cert, out->key) == 1
		  ? uk_ok()
		  : uk_fail(UK_ERR_SIGNATURE);
out:
	if (!uk_is_ok(err))
		vc_testca_free(out);
	ERR_clear_error();
	BIO_free(c);
	BIO_free(k);
	return err;
}

void vc_testca_free(struct vc_testca *ca)
{
	EVP_PKEY_free(ca->key);
	X509_free(ca->cert);
	*ca = (struct vc_testca){ NULL, NULL };
}

uk_err vc_testca_pem(const struct vc_testca *ca, char **out)
{
	BIO *mem = BIO_new(BIO_s_mem());
	char *text;
	long n;

	*out = NULL;
	if (mem != NULL && PEM_write_bio_X509(mem, ca->cert) == 1 &&
	    (n = BIO_get_mem_data(mem, &text)) > 0)
		*out = OPENSSL_strndup(text, (size_t)n);
	BIO_free(mem);
	return vc_host_openssl(*out != NULL);
}

/* --- the others ------------------------------------------------------------
 */

uk_err vc_testca_issue(const struct vc_testca *ca, EVP_PKEY *public,
    const struct vc_wish *wish, uk_blob *der)
{
	const struct extension list[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, wish->key_usage },
		{ NID_ext_key_usage, wish->extended_key_usage },
		{ NID_subject_alt_name, wish->alternative_names },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier, "keyid" },
	};
	unsigned char *bytes = NULL;
	X509 *cert = NULL;
	int n = 0;
	uk_err err = make_cert(
	    ca, public, wish, list, sizeof(list) / sizeof(list[0]), &cert);

	*der = (uk_blob){ NULL, 0 };
	if (uk_is_ok(err))
		err = vc_host_openssl(n = i2d_X509(cert, &bytes));
	if (uk_is_ok(err))
		err = uk_blob_set(der, uk_view(bytes, (size_t)n));
	OPENSSL_free(bytes);
	X509_free(cert);
	return err;
}
