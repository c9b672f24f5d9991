/*
 * The check of one certificate against whom we trust (trust_load.c). The chain
 * is OpenSSL's work (RFC 5280, 6.1). Ours is the purpose, because none of
 * OpenSSL's means what we mean, and revocation: OpenSSL 3.0 verifies a list
 * anew for each certificate, and none by SM2.
 */
#include "revocation.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <time.h>

/* extKeyUsage "bank signing" of docs/protocol.md, section 1. */
#define BANK_SIGNING "1.3.6.1.4.1.65535.1.1"

enum { SECURITY_LEVEL = 2 /* 112 bits: RSA 2048, no SHA-1 (SP 800-57) */ };

/* --- the check ----------------------------------------------------------- */

/* OpenSSL's reasons that are not plainly "untrusted". */
static const struct {
	int reason;
	enum uk_code code;
} reasons[] = {
	{ X509_V_ERR_OUT_OF_MEM, UK_ERR_MEMORY },
	{ X509_V_ERR_CERT_NOT_YET_VALID, UK_ERR_CERT_NOT_YET },
	{ X509_V_ERR_CERT_HAS_EXPIRED, UK_ERR_CERT_EXPIRED },
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

static void found_one(findings *found, enum uk_code code)
{
	*found |= UINT64_C(1) << code;
}

static bool is_listless(const uk_trust *t, const X509 *ca)
{
	for (int i = 0; i < sk_X509_num(t->listless); i++) {
		if (X509_cmp(sk_X509_value(t->listless, i), ca) == 0)
			return true;
	}
	return false;
}

/* Below the CA that we trust, every certificate is looked up in the list of the
 * one above it. current: it needs none. */
static uk_err check_revocation(const uk_trust *t, X509 *x, X509 *issuer,
    int64_t now, bool current, findings *found)
{
	bool its = false;

	for (size_t i = 0; i < t->list_count; i++) {
		UK_TRY(uk_revoked_is_by(t->lists[i], issuer, &its));
		if (!its)
			continue;
		/* On a list that has run out it stands for good reason, too. */
		if (uk_revoked_lists(t->lists[i], x))
			found_one(found, UK_ERR_CERT_REVOKED);
		current = current || uk_revoked_current(t->lists[i], now);
	}
	if (!current)
		found_one(found, UK_ERR_CRL_MISSING);
	return uk_ok();
}

static int64_t sooner(int64_t best, int64_t t, int64_t now)
{
	return t > now && t < best ? t : best;
}

/* INT64_MAX if there is no time, or none that can be read: OpenSSL has refused
 * such a certificate. */
static int64_t seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm)
							 : INT64_MAX;
}

static uk_err look_at_chain(const uk_trust *t, X509_STORE_CTX *ctx,
    const struct uk_trust_question *q, findings *found, int64_t *until)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int n = sk_X509_num(chain);

	for (int i = 0; i < n; i++) {
		X509 *x = sk_X509_value(chain, i);
		X509 *issuer = i + 1 < n ? sk_X509_value(chain, i + 1) : NULL;

		*until = sooner(
		    *until, seconds_of(X509_get0_notAfter(x)), q->now);
		if (issuer != NULL && !q->without_revocation)
			UK_TRY(check_revocation(t, x, issuer, q->now,
			    i == 0 &&
				(q->without_list || is_listless(t, issuer)),
			    found));
	}
	return uk_ok();
}

static STACK_OF(X509) * stack_of(const struct uk_trust_question *q)
{
	STACK_OF(X509) *s = sk_X509_new_null();

	for (size_t i = 0; s != NULL && i < q->extra_count; i++) {
		if (sk_X509_push(s, q->extra[i]->x509) <= 0) {
			sk_X509_free(s);
			return NULL;
		}
	}
	return s;
}

static uk_err check_chain(const uk_trust *t, const struct uk_trust_question *q,
    findings *found, int64_t *until)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(t->crypto->lib, NULL);
	STACK_OF(X509) *extra = stack_of(q);
	X509_VERIFY_PARAM *param;
	uk_err err = uk_ok();

	if (ctx == NULL || extra == NULL ||
	    X509_STORE_CTX_init(ctx, t->store, q->cert->x509, extra) != 1) {
		err = uk_ossl_failed(UK_ERR_CRYPTO);
		goto out;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)q->now);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	/* A CA of ours need not be a root. */
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_STORE_CTX_set_app_data(ctx, found);
	X509_STORE_CTX_set_verify_cb(ctx, note);
	if (X509_verify_cert(ctx) != 1 && *found == 0)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else
		err = look_at_chain(t, ctx, q, found, until);
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_free(extra);
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

uk_err uk_trust_ask(
    const uk_trust *t, const struct uk_trust_question *q, int64_t *good_until)
{
	findings found = 0;
	int64_t until = INT64_MAX;
	uk_err err;

	uk_ossl_enter();
	err = check_chain(t, q, &found, &until);
	if (!serves(q->cert->x509, q->purpose))
		found_one(&found, UK_ERR_CERT_PURPOSE);
	if (!t->need_crl)
		found &= ~(UINT64_C(1) << UK_ERR_CRL_MISSING);
	if (uk_is_ok(err))
		err = first_of(found);
	for (size_t i = 0; i < t->list_count; i++)
		until = sooner(
		    until, uk_revoked_next_update(t->lists[i]), q->now);
	if (good_until != NULL)
		*good_until = until;
	return uk_ossl_leave(err);
}

uk_err uk_trust_check(const uk_trust *t, const uk_cert *cert,
    enum uk_purpose purpose, int64_t now)
{
	const struct uk_trust_question q = {
		.cert = cert, .purpose = purpose, .now = now
	};

	return uk_trust_ask(t, &q, NULL);
}
