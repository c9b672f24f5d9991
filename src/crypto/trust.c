/*
 * Whom we trust: CA certificates and revocation lists, and the check of one
 * certificate against them. The chain is OpenSSL's work (RFC 5280, 6.1); the
 * purpose is ours, because none of OpenSSL's purposes means what we mean.
 */
#include "crypto_impl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <time.h>

/* extKeyUsage "bank signing" of docs/protocol.md, section 1. */
#define BANK_SIGNING "1.3.6.1.4.1.65535.1.1"

enum {
	CRL_MAX = 1024,    /* lists, i.e. CAs, in one trust store */
	SECURITY_LEVEL = 2 /* 112 bits: RSA 2048, no SHA-1 (SP 800-57) */
};

struct uk_trust {
	uk_crypto *crypto; /* borrowed */
	STACK_OF(X509) * cas;
	STACK_OF(X509_CRL) * crls;
	X509_STORE *store; /* made of the two above */
	bool need_crl;
};

uk_err uk_trust_open(uk_crypto *c, uk_trust **out)
{
	uk_trust *t = uk_new(sizeof(*t));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	uk_ossl_enter();
	if (t == NULL)
		goto out;
	t->crypto = c;
	t->cas = sk_X509_new_null();
	t->crls = sk_X509_CRL_new_null();
	t->store = X509_STORE_new();
	if (t->cas == NULL || t->crls == NULL || t->store == NULL)
		goto out;
	*out = t;
	t = NULL; /* handed over */
	err = uk_ok();
out:
	uk_trust_close(&t);
	return uk_ossl_leave(err);
}

void uk_trust_close(uk_trust **t)
{
	if (*t == NULL)
		return;
	sk_X509_pop_free((*t)->cas, X509_free);
	sk_X509_CRL_pop_free((*t)->crls, X509_CRL_free);
	X509_STORE_free((*t)->store);
	uk_free(*t);
	*t = NULL;
}

void uk_trust_need_crl(uk_trust *t, bool need)
{
	t->need_crl = need;
}

/* X509_STORE can add but not replace: so it is made anew from the two stacks.
 */
static uk_err rebuild(uk_trust *t)
{
	X509_STORE *store = X509_STORE_new();
	bool ok = store != NULL;

	for (int i = 0; ok && i < sk_X509_num(t->cas); i++)
		ok = X509_STORE_add_cert(store, sk_X509_value(t->cas, i)) == 1;
	for (int i = 0; ok && i < sk_X509_CRL_num(t->crls); i++)
		ok = X509_STORE_add_crl(store, sk_X509_CRL_value(t->crls, i)) ==
		     1;
	if (!ok) {
		X509_STORE_free(store);
		return uk_ossl_failed(UK_ERR_CRYPTO);
	}
	X509_STORE_free(t->store);
	t->store = store;
	return uk_ok();
}

static bool at_end_of_pem(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM &&
	       ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

/* The next certificate of the file; *last at its end. */
static uk_err add_next_ca(uk_trust *t, BIO *bio, bool *last)
{
	X509 *x509 = uk_ossl_new_cert(t->crypto);
	uk_err err;

	if (x509 == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (PEM_read_bio_X509(bio, &x509, NULL, NULL) == NULL) {
		X509_free(x509); /* NULL if the decoder got as far as that */
		*last = at_end_of_pem();
		return *last ? uk_ok() : uk_ossl_failed(UK_ERR_FORMAT);
	}
	err = uk_ossl_set_sm2_id(x509);
	if (uk_is_ok(err) && sk_X509_push(t->cas, x509) <= 0)
		err = uk_fail(UK_ERR_MEMORY);
	if (!uk_is_ok(err))
		X509_free(x509);
	return err;
}

uk_err uk_trust_add_ca_file(uk_trust *t, const char *pem_path)
{
	int before = sk_X509_num(t->cas);
	bool last = false;
	BIO *bio = NULL;
	uk_err err;

	uk_ossl_enter();
	err = uk_ossl_open_file(pem_path, &bio);
	while (uk_is_ok(err) && !last)
		err = add_next_ca(t, bio, &last);
	if (uk_is_ok(err) && sk_X509_num(t->cas) == before)
		err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(err))
		err = rebuild(t);
	BIO_free(bio);
	return uk_ossl_leave(err);
}

/* PEM, or else DER. */
static uk_err read_crl(uk_crypto *c, BIO *bio, X509_CRL **out)
{
	X509_CRL *crl = X509_CRL_new_ex(c->lib, NULL);

	*out = NULL;
	if (crl == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (PEM_read_bio_X509_CRL(bio, &crl, NULL, NULL) == NULL) {
		(void)BIO_reset(bio);
		X509_CRL_free(crl); /* NULL if the decoder got that far */
		crl = X509_CRL_new_ex(c->lib, NULL);
		if (crl == NULL || d2i_X509_CRL_bio(bio, &crl) == NULL) {
			X509_CRL_free(crl);
			return uk_ossl_failed(UK_ERR_FORMAT);
		}
	}
	*out = crl;
	return uk_ok();
}

static void drop_crl_of(uk_trust *t, const X509_NAME *issuer)
{
	for (int i = sk_X509_CRL_num(t->crls) - 1; i >= 0; i--) {
		X509_CRL *old = sk_X509_CRL_value(t->crls, i);

		if (X509_NAME_cmp(X509_CRL_get_issuer(old), issuer) == 0)
			X509_CRL_free(sk_X509_CRL_delete(t->crls, i));
	}
}

uk_err uk_trust_add_crl_file(uk_trust *t, const char *path)
{
	X509_CRL *crl = NULL;
	BIO *bio = NULL;
	uk_err err;

	uk_ossl_enter();
	err = uk_ossl_open_file(path, &bio);
	if (uk_is_ok(err))
		err = read_crl(t->crypto, bio, &crl);
	if (uk_is_ok(err)) {
		drop_crl_of(t, X509_CRL_get_issuer(crl));
		if (sk_X509_CRL_num(t->crls) >= CRL_MAX ||
		    sk_X509_CRL_push(t->crls, crl) <= 0)
			err = uk_fail(UK_ERR_MEMORY);
		else
			crl = NULL; /* handed over */
	}
	if (uk_is_ok(err))
		err = rebuild(t);
	X509_CRL_free(crl);
	BIO_free(bio);
	return uk_ossl_leave(err);
}

/* --- the check ----------------------------------------------------------- */

/* OpenSSL's reasons that are not plainly "untrusted". */
static const struct {
	int reason;
	enum uk_code code;
} reasons[] = {
	{ X509_V_ERR_OUT_OF_MEM, UK_ERR_MEMORY },
	{ X509_V_ERR_CERT_NOT_YET_VALID, UK_ERR_CERT_NOT_YET },
	{ X509_V_ERR_CERT_HAS_EXPIRED, UK_ERR_CERT_EXPIRED },
	{ X509_V_ERR_CERT_REVOKED, UK_ERR_CERT_REVOKED },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_CRL_NOT_YET_VALID, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_CRL_HAS_EXPIRED, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_DIFFERENT_CRL_SCOPE, UK_ERR_CRL_MISSING },
	{ X509_V_ERR_CRL_PATH_VALIDATION_ERROR, UK_ERR_CRL_MISSING },
};

static enum uk_code code_of(int reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason == reason)
			return reasons[i].code;
	}
	return UK_ERR_CERT_UNTRUSTED;
}

/* Everything that was found wrong: bit n = enum uk_code n. */
typedef uint64_t findings;

_Static_assert(UK_CODE_COUNT <= 64, "findings has a bit for every code");

/*
 * OpenSSL calls this for each thing it finds wrong; by answering 1 we let it go
 * on, so that the answer depends on what is wrong and not on the order in which
 * OpenSSL looks. Whatever X509_verify_cert says in the end, any finding
 * refuses.
 */
static int note(int ok, X509_STORE_CTX *ctx)
{
	findings *found = X509_STORE_CTX_get_app_data(ctx);

	if (!ok)
		*found |= UINT64_C(1) << code_of(X509_STORE_CTX_get_error(ctx));
	return 1;
}

static uk_err check_chain(
    const uk_trust *t, const uk_cert *cert, int64_t now, findings *found)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(t->crypto->lib, NULL);
	X509_VERIFY_PARAM *param;
	uk_err err = uk_ok();

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, t->store, cert->x509, NULL) != 1) {
		X509_STORE_CTX_free(ctx);
		return uk_ossl_failed(UK_ERR_CRYPTO);
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	(void)X509_VERIFY_PARAM_set_flags(
	    param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	X509_STORE_CTX_set_app_data(ctx, found);
	X509_STORE_CTX_set_verify_cb(ctx, note);
	if (X509_verify_cert(ctx) != 1 && *found == 0)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	X509_STORE_CTX_free(ctx);
	return err;
}

static const struct {
	uint32_t usage;
	const char *extended; /* OID */
	bool extended_needed; /* or only looked at if there is an extKeyUsage */
} purposes[] = {
	[UK_FOR_LOGIN] = { KU_DIGITAL_SIGNATURE, "1.3.6.1.5.5.7.3.2", false },
	[UK_FOR_TRANSACTION] = { KU_NON_REPUDIATION, NULL, false },
	[UK_FOR_BANK] = { KU_DIGITAL_SIGNATURE, BANK_SIGNING, true },
};

static bool lists(const EXTENDED_KEY_USAGE *eku, const char *oid)
{
	char text[64];

	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		if (OBJ_obj2txt(text, sizeof(text),
			sk_ASN1_OBJECT_value(eku, i), 1) > 0 &&
		    uk_bytes_eq(uk_view_str(text), uk_view_str(oid)))
			return true;
	}
	return false;
}

static bool serves(X509 *x509, enum uk_purpose purpose)
{
	EXTENDED_KEY_USAGE *eku;
	bool ok;

	/* No key usage at all, or a CA's certificate: for none of our purposes.
	 * X509_get_key_usage says all ones if the extension is absent. */
	if ((X509_get_extension_flags(x509) & (EXFLAG_CA | EXFLAG_INVALID)) ||
	    !(X509_get_extension_flags(x509) & EXFLAG_KUSAGE) ||
	    !(X509_get_key_usage(x509) & purposes[purpose].usage))
		return false;
	if (purposes[purpose].extended == NULL)
		return true;
	eku = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
	if (eku == NULL)
		return !purposes[purpose].extended_needed;
	ok = lists(eku, purposes[purpose].extended);
	EXTENDED_KEY_USAGE_free(eku);
	return ok;
}

/* The codes are declared in the order in which they are to be reported. */
static uk_err first_of(findings found)
{
	for (unsigned code = UK_OK + 1; code < UK_CODE_COUNT; code++) {
		if (found >> code & 1)
			return uk_fail((enum uk_code)code);
	}
	return uk_ok();
}

uk_err uk_trust_check(const uk_trust *t, const uk_cert *cert,
    enum uk_purpose purpose, int64_t now)
{
	findings found = 0;
	uk_err err;

	uk_ossl_enter();
	err = check_chain(t, cert, now, &found);
	if (!serves(cert->x509, purpose))
		found |= UINT64_C(1) << UK_ERR_CERT_PURPOSE;
	if (!t->need_crl)
		found &= ~(UINT64_C(1) << UK_ERR_CRL_MISSING);
	if (uk_is_ok(err))
		err = first_of(found);
	return uk_ossl_leave(err);
}

/* INT64_MAX if there is no time, or none that can be read: OpenSSL has refused
 * such a certificate before this is asked. */
static int64_t seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm)
							 : INT64_MAX;
}

static int64_t sooner(int64_t best, int64_t t, int64_t now)
{
	return t > now && t < best ? t : best;
}

int64_t uk_trust_good_until(const uk_trust *t, int64_t now)
{
	int64_t best = INT64_MAX;

	uk_ossl_enter();
	for (int i = 0; i < sk_X509_num(t->cas); i++)
		best = sooner(best,
		    seconds_of(X509_get0_notAfter(sk_X509_value(t->cas, i))),
		    now);
	for (int i = 0; i < sk_X509_CRL_num(t->crls); i++)
		best = sooner(best,
		    seconds_of(X509_CRL_get0_nextUpdate(
			sk_X509_CRL_value(t->crls, i))),
		    now);
	UK_IGNORE(uk_ossl_leave(uk_ok())); /* only empties the queue */
	return best;
}
