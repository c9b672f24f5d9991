/* Questions to OCSP responders, and whether their answers count. */
#include "ocsp.h"

#include "revocation.h"

#include <openssl/objects.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <time.h>

struct uk_ocsp {
	uk_crypto *crypto; /* borrowed */
	X509 *issuer;
	OCSP_CERTID *id;
	OCSP_REQUEST *request;
};

/* --- asking -------------------------------------------------------------- */

/* By signature, not by name alone: somebody may have sent it along. */
static bool has_issued(X509 *ca, X509 *x)
{
	return X509_check_issued(ca, x) == X509_V_OK &&
	       X509_verify(x, X509_get0_pubkey(ca)) == 1;
}

static X509 *find_issuer(const uk_trust *t, const uk_cert *cert,
    uk_cert *const *extra, size_t extra_count)
{
	for (int i = 0; i < sk_X509_num(t->cas); i++) {
		if (has_issued(sk_X509_value(t->cas, i), cert->x509))
			return sk_X509_value(t->cas, i);
	}
	for (size_t i = 0; i < extra_count; i++) {
		if (has_issued(extra[i]->x509, cert->x509))
			return extra[i]->x509;
	}
	return NULL;
}

/* SHA-1 names the certificate: all responders know it (RFC 5019, 2.1.1), and
 * nothing rests on it. */
static uk_err write_request(uk_ocsp *q, const uk_cert *cert)
{
	uint8_t nonce[UK_OCSP_NONCE];
	OCSP_CERTID *id;

	UK_TRY(uk_random(q->crypto, nonce, sizeof(nonce)));
	q->id = OCSP_cert_to_id(EVP_sha1(), cert->x509, q->issuer);
	q->request = OCSP_REQUEST_new();
	id = q->id == NULL ? NULL : OCSP_CERTID_dup(q->id);
	if (q->request == NULL || id == NULL ||
	    OCSP_request_add0_id(q->request, id) == NULL) {
		OCSP_CERTID_free(id);
		return uk_ossl_failed(UK_ERR_CRYPTO);
	}
	return OCSP_request_add1_nonce(q->request, nonce, (int)sizeof(nonce)) ==
		       1
		   ? uk_ok()
		   : uk_ossl_failed(UK_ERR_CRYPTO);
}

uk_err uk_ocsp_open(const uk_trust *t, const uk_cert *cert,
    uk_cert *const *extra, size_t extra_count, uk_ocsp **out)
{
	uk_ocsp *q = uk_new(sizeof(*q));
	uk_err err = uk_fail(UK_ERR_MEMORY);
	X509 *issuer;

	*out = NULL;
	uk_ossl_enter();
	if (q == NULL)
		goto out;
	q->crypto = t->crypto;
	issuer = find_issuer(t, cert, extra, extra_count);
	err = issuer == NULL ? uk_fail(UK_ERR_NOT_FOUND) : uk_ok();
	if (uk_is_ok(err) && X509_up_ref(issuer) == 1)
		q->issuer = issuer;
	if (uk_is_ok(err))
		err = write_request(q, cert);
	if (uk_is_ok(err)) {
		*out = q;
		q = NULL; /* handed over */
	}
out:
	uk_ocsp_close(&q);
	return uk_ossl_leave(err);
}

void uk_ocsp_close(uk_ocsp **q)
{
	if (*q == NULL)
		return;
	X509_free((*q)->issuer);
	OCSP_CERTID_free((*q)->id);
	OCSP_REQUEST_free((*q)->request);
	uk_free(*q);
	*q = NULL;
}

uk_err uk_ocsp_request(const uk_ocsp *q, uk_blob *der)
{
	unsigned char *p = NULL;
	uk_err err;
	int n;

	uk_ossl_enter();
	n = i2d_OCSP_REQUEST(q->request, &p);
	err = n <= 0 ? uk_ossl_failed(UK_ERR_CRYPTO)
		     : uk_blob_set(der, uk_view(p, (size_t)n));
	OPENSSL_free(p);
	return uk_ossl_leave(err);
}

bool uk_ocsp_is_issuer(const uk_ocsp *q, const uk_cert *ca)
{
	return X509_cmp(q->issuer, ca->x509) == 0;
}

uk_err uk_ocsp_url(const uk_cert *cert, char *out, size_t cap)
{
	STACK_OF(OPENSSL_STRING) * urls;
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	uk_ossl_enter();
	urls = X509_get1_ocsp(cert->x509);
	if (sk_OPENSSL_STRING_num(urls) > 0)
		err = uk_copy_str(
		    out, cap, uk_view_str(sk_OPENSSL_STRING_value(urls, 0)));
	X509_email_free(urls);
	return uk_ossl_leave(err);
}

/* --- who answers --------------------------------------------------------- */

static bool seconds_of(const ASN1_GENERALIZEDTIME *t, int64_t *out)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

static bool is_valid_at(X509 *x, int64_t now)
{
	time_t t = (time_t)now;

	return X509_cmp_time(X509_get0_notBefore(x), &t) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(x), &t) > 0;
}

/* Without id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1) the CA's list says whether
 * it is revoked; without a list nobody does. */
static uk_err check_unrevoked(
    const uk_ocsp *q, const uk_trust *t, X509 *x, int64_t now)
{
	bool its = false;

	if (X509_get_ext_by_NID(x, NID_id_pkix_OCSP_noCheck, -1) >= 0)
		return uk_ok();
	for (size_t i = 0; i < t->list_count; i++) {
		UK_TRY(uk_revoked_is_by(t->lists[i], q->issuer, &its));
		if (its && uk_revoked_current(t->lists[i], now) &&
		    !uk_revoked_lists(t->lists[i], x))
			return uk_ok();
	}
	return uk_fail(UK_ERR_SIGNATURE);
}

/* Named by the CA directly: not by one below it, not for something else. */
static uk_err check_delegate(const uk_ocsp *q, const uk_trust *t, X509 *x,
    const struct uk_ocsp_rules *rules)
{
	uint32_t flags = X509_get_extension_flags(x);

	if ((flags & EXFLAG_INVALID) || !(flags & EXFLAG_XKUSAGE) ||
	    !(X509_get_extended_key_usage(x) & XKU_OCSP_SIGN) ||
	    ((flags & EXFLAG_KUSAGE) &&
		!(X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE)) ||
	    !is_valid_at(x, rules->now) || !has_issued(q->issuer, x))
		return uk_fail(UK_ERR_SIGNATURE);
	return check_unrevoked(q, t, x, rules->now);
}

/* 112 bits, as with certificates (trust.c): no SHA-1, no short RSA. */
static bool is_strong(const OCSP_BASICRESP *basic, X509 *signer)
{
	int md = NID_undef, key = NID_undef;
	const ASN1_OBJECT *oid;

	X509_ALGOR_get0(&oid, NULL, NULL, OCSP_resp_get0_tbs_sigalg(basic));
	if (OBJ_find_sigid_algs(OBJ_obj2nid(oid), &md, &key) == 1 &&
	    (md == NID_sha1 || md == NID_md5 || md == NID_md4 || md == NID_md2))
		return false;
	return EVP_PKEY_get_security_bits(X509_get0_pubkey(signer)) >= 112;
}

static uk_err check_signer(const uk_ocsp *q, const uk_trust *t,
    OCSP_BASICRESP *basic, const struct uk_ocsp_rules *rules)
{
	STACK_OF(X509) *known = sk_X509_new_null();
	uk_err err = uk_fail(UK_ERR_SIGNATURE);
	X509 *signer = NULL;

	if (known == NULL || sk_X509_push(known, q->issuer) <= 0) {
		err = uk_fail(UK_ERR_MEMORY);
		goto out;
	}
	/* OCSP_NOVERIFY: the signature alone; who made it is asked below. */
	if (OCSP_resp_get0_signer(basic, &signer, known) != 1 ||
	    OCSP_basic_verify(basic, known, NULL, OCSP_NOVERIFY) != 1 ||
	    !is_strong(basic, signer))
		goto out;
	err = X509_cmp(signer, q->issuer) == 0
		  ? uk_ok()
		  : check_delegate(q, t, signer, rules);
out:
	sk_X509_free(known);
	return err;
}

/* --- what he says -------------------------------------------------------- */

static uk_err check_nonce(
    const uk_ocsp *q, OCSP_BASICRESP *basic, const struct uk_ocsp_rules *rules)
{
	int found = OCSP_check_nonce(q->request, basic);

	/* 1: equal; -1: only we have one (RFC 6960, 4.4.1). */
	if (rules->kept || found == 1 || (found == -1 && !rules->need_nonce))
		return uk_ok();
	return uk_fail(UK_ERR_CONDITIONS);
}

/* Extensions that must not be passed over (RFC 6960, 4.4). */
static uk_err check_critical(OCSP_BASICRESP *basic, OCSP_SINGLERESP *single)
{
	for (int i = 0; i < OCSP_BASICRESP_get_ext_count(basic); i++) {
		X509_EXTENSION *x = OCSP_BASICRESP_get_ext(basic, i);

		if (X509_EXTENSION_get_critical(x) &&
		    OBJ_obj2nid(X509_EXTENSION_get_object(x)) !=
			NID_id_pkix_OCSP_Nonce)
			return uk_fail(UK_ERR_UNSUPPORTED);
	}
	if (OCSP_SINGLERESP_get_ext_by_critical(single, 1, -1) >= 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return uk_ok();
}

/* RFC 6960, 4.2.2.1: nextUpdate may be absent; then max_age alone counts. */
static uk_err check_times(const ASN1_GENERALIZEDTIME *this_update,
    const ASN1_GENERALIZEDTIME *next_update, const struct uk_ocsp_rules *rules,
    int64_t *until)
{
	int64_t from = 0, to = 0;

	if (!seconds_of(this_update, &from) ||
	    (next_update != NULL && !seconds_of(next_update, &to)))
		return uk_fail(UK_ERR_FORMAT);
	*until = from + rules->max_age;
	if (next_update != NULL && to < *until)
		*until = to;
	if (next_update != NULL && to < from)
		return uk_fail(UK_ERR_FORMAT);
	*until += rules->skew;
	return from <= rules->now + rules->skew && rules->now < *until
		   ? uk_ok()
		   : uk_fail(UK_ERR_TIMEOUT);
}

static uk_err read_status(const uk_ocsp *q, OCSP_BASICRESP *basic,
    const struct uk_ocsp_rules *rules, struct uk_ocsp_answer *out)
{
	ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
	int at = OCSP_resp_find(basic, q->id, -1);
	OCSP_SINGLERESP *single = OCSP_resp_get0(basic, at);

	if (at < 0 || single == NULL)
		return uk_fail(UK_ERR_FORMAT);
	switch (OCSP_single_get0_status(
	    single, NULL, NULL, &this_update, &next_update)) {
	case V_OCSP_CERTSTATUS_GOOD:
		out->status = UK_OCSP_GOOD;
		break;
	case V_OCSP_CERTSTATUS_REVOKED:
		out->status = UK_OCSP_REVOKED;
		break;
	case V_OCSP_CERTSTATUS_UNKNOWN:
		out->status = UK_OCSP_UNKNOWN;
		break;
	default:
		return uk_fail(UK_ERR_FORMAT);
	}
	UK_TRY(check_critical(basic, single));
	return check_times(this_update, next_update, rules, &out->until);
}

static uk_err decode(
    uk_bytes der, OCSP_RESPONSE **response, OCSP_BASICRESP **basic)
{
	const unsigned char *p = der.p;

	if (der.n == 0 || der.n > UK_OCSP_ANSWER_MAX)
		return uk_fail(UK_ERR_FORMAT);
	*response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	if (*response == NULL)
		return uk_ossl_failed(UK_ERR_FORMAT);
	if (p != der.p + der.n ||
	    OCSP_response_status(*response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return uk_fail(UK_ERR_FORMAT);
	*basic = OCSP_response_get1_basic(*response);
	return *basic == NULL ? uk_ossl_failed(UK_ERR_FORMAT) : uk_ok();
}

uk_err uk_ocsp_check(const uk_ocsp *q, const uk_trust *t, uk_bytes der,
    const struct uk_ocsp_rules *rules, struct uk_ocsp_answer *out)
{
	OCSP_RESPONSE *response = NULL;
	OCSP_BASICRESP *basic = NULL;
	uk_err err;

	*out = (struct uk_ocsp_answer){ .status = UK_OCSP_UNKNOWN };
	uk_ossl_enter();
	err = decode(der, &response, &basic);
	if (uk_is_ok(err))
		err = check_signer(q, t, basic, rules);
	if (uk_is_ok(err))
		err = check_nonce(q, basic, rules);
	if (uk_is_ok(err))
		err = read_status(q, basic, rules, out);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return uk_ossl_leave(err);
}
