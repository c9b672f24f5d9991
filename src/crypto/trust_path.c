/* What stands behind a certificate: CA certificates and their lists. */
#include "revocation.h"

#include <openssl/x509v3.h>

enum { PATH_MAX_LENGTH = 8 };

static X509 *issuer_of(const uk_trust *t, X509 *x509)
{
	const X509_NAME *issuer = X509_get_issuer_name(x509);

	for (int i = 0; i < sk_X509_num(t->cas); i++) {
		X509 *ca = sk_X509_value(t->cas, i);

		/* Several may have the name: the key's identifier decides. */
		if (X509_NAME_cmp(X509_get_subject_name(ca), issuer) == 0 &&
		    X509_check_issued(ca, x509) == X509_V_OK)
			return ca;
	}
	return NULL;
}

static uk_err hand_over(unsigned char *der, int n, uk_voucher_fn *fn, void *arg)
{
	uk_err err = n > 0 ? fn(arg, UK_VOUCHER_CERTIFICATE,
				 uk_view(der, (size_t)n))
			   : uk_ossl_failed(UK_ERR_CRYPTO);

	OPENSSL_free(der);
	return err;
}

static uk_err lists_of(
    const uk_trust *t, X509 *ca, uk_voucher_fn *fn, void *arg)
{
	const X509_NAME *name = X509_get_subject_name(ca);
	uk_err err = uk_ok();

	for (size_t i = 0; uk_is_ok(err) && i < t->list_count; i++) {
		const uk_revoked *list = t->lists[i];

		if (X509_NAME_cmp(uk_revoked_issuer(list), name) == 0)
			err = fn(arg, UK_VOUCHER_CRL, uk_revoked_der(list));
	}
	return err;
}

uk_err uk_trust_path(
    const uk_trust *t, const uk_cert *cert, uk_voucher_fn *fn, void *arg)
{
	X509 *at = cert->x509, *ca;
	uk_err err = uk_ok();

	uk_ossl_enter();
	for (int i = 0; uk_is_ok(err) && i < PATH_MAX_LENGTH; i++, at = ca) {
		unsigned char *der = NULL;
		int n;

		ca = issuer_of(t, at);
		if (ca == NULL || ca == at)
			break;
		n = i2d_X509(ca, &der);
		err = hand_over(der, n, fn, arg);
		if (uk_is_ok(err))
			err = lists_of(t, ca, fn, arg);
	}
	return uk_ossl_leave(err);
}
