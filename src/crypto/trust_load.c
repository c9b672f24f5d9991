/* Whom we trust: CA certificates and revocation lists, from files. */
#include "revocation.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { CRL_MAX = UK_TRUST_LISTS };

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
	t->listless = sk_X509_new_null();
	t->store = X509_STORE_new();
	t->lists = uk_new_array(CRL_MAX, sizeof(*t->lists));
	if (t->cas == NULL || t->listless == NULL || t->store == NULL ||
	    t->lists == NULL)
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
	sk_X509_pop_free((*t)->listless, X509_free);
	for (size_t i = 0; i < (*t)->list_count; i++)
		uk_revoked_close(&(*t)->lists[i]);
	uk_free((*t)->lists);
	X509_STORE_free((*t)->store);
	uk_free(*t);
	*t = NULL;
}

void uk_trust_need_crl(uk_trust *t, bool need)
{
	t->need_crl = need;
}

static bool at_end_of_pem(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM &&
	       ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

/* The next certificate of the file, onto one of our stacks; *last at its end.
 */
static uk_err add_next_ca(
    uk_trust *t, STACK_OF(X509) * to, BIO *bio, bool *last)
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
	if (uk_is_ok(err) && to == t->cas &&
	    X509_STORE_add_cert(t->store, x509) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	if (uk_is_ok(err) && sk_X509_push(to, x509) <= 0)
		err = uk_fail(UK_ERR_MEMORY);
	if (!uk_is_ok(err))
		X509_free(x509);
	return err;
}

static uk_err add_cas(uk_trust *t, STACK_OF(X509) * to, const char *pem_path)
{
	int before = sk_X509_num(to);
	bool last = false;
	BIO *bio = NULL;
	uk_err err;

	uk_ossl_enter();
	err = uk_ossl_open_file(pem_path, &bio);
	while (uk_is_ok(err) && !last)
		err = add_next_ca(t, to, bio, &last);
	if (uk_is_ok(err) && sk_X509_num(to) == before)
		err = uk_fail(UK_ERR_FORMAT);
	BIO_free(bio);
	return uk_ossl_leave(err);
}

uk_err uk_trust_add_ca_file(uk_trust *t, const char *pem_path)
{
	return add_cas(t, t->cas, pem_path);
}

uk_err uk_trust_add_listless(uk_trust *t, const char *pem_path)
{
	return add_cas(t, t->listless, pem_path);
}

bool uk_trust_is_listless(const uk_trust *t, const uk_cert *cert)
{
	bool yes = false;

	uk_ossl_enter();
	for (int i = 0; i < sk_X509_num(t->listless) && !yes; i++)
		yes = X509_check_issued(sk_X509_value(t->listless, i),
			  cert->x509) == X509_V_OK;
	UK_IGNORE(uk_ossl_leave(uk_ok()));
	return yes;
}

/* --- revocation lists ----------------------------------------------------- */

/* It takes the place of the older one of the same issuer. */
static uk_err keep_list(uk_trust *t, uk_blob *der)
{
	uk_revoked *fresh = NULL;
	uk_err err = uk_revoked_open(t->crypto, der, &fresh);
	size_t at = 0;

	if (!uk_is_ok(err))
		return err;
	while (
	    at < t->list_count && X509_NAME_cmp(uk_revoked_issuer(t->lists[at]),
				      uk_revoked_issuer(fresh)) != 0)
		at++;
	if (at == CRL_MAX) {
		uk_revoked_close(&fresh);
		return uk_fail(UK_ERR_MEMORY);
	}
	if (at == t->list_count)
		t->list_count++;
	uk_revoked_close(&t->lists[at]);
	t->lists[at] = fresh;
	return uk_ok();
}

/* The next list of a PEM file; *last at its end. */
static uk_err add_next_list(uk_trust *t, BIO *bio, bool *last)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	uk_blob der = { NULL, 0 };
	uk_err err = uk_ok();
	long n = 0;

	if (PEM_read_bio(bio, &name, &header, &data, &n) != 1) {
		*last = at_end_of_pem();
		return *last ? uk_ok() : uk_ossl_failed(UK_ERR_FORMAT);
	}
	if (!uk_bytes_eq(uk_view_str(name), uk_view_str(PEM_STRING_X509_CRL)))
		err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(err))
		err = uk_blob_set(&der, uk_view(data, (size_t)n));
	if (uk_is_ok(err))
		err = keep_list(t, &der);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return err;
}

static uk_err read_whole(BIO *bio, uk_blob *out)
{
	uint8_t piece[65536];
	uk_err err = uk_ok();
	int n = 1;

	while (uk_is_ok(err) && n > 0) {
		n = BIO_read(bio, piece, sizeof(piece));
		if (n > 0)
			err = uk_blob_add(out, uk_view(piece, (size_t)n));
	}
	return err;
}

/* PEM, one list or more; or else DER. */
static uk_err add_lists(uk_trust *t, BIO *bio)
{
	uk_blob der = { NULL, 0 };
	bool last = false;
	size_t n = 0;
	uk_err err;

	for (; !last; n++) {
		err = add_next_list(t, bio, &last);
		if (!uk_is_ok(err))
			return err;
	}
	if (n > 1) /* the end counts as one */
		return uk_ok();
	(void)BIO_reset(bio);
	err = read_whole(bio, &der);
	if (uk_is_ok(err))
		err = keep_list(t, &der);
	uk_blob_free(&der);
	return err;
}

uk_err uk_trust_add_crl(uk_trust *t, uk_bytes der)
{
	uk_blob copy = { NULL, 0 };
	uk_err err = uk_blob_set(&copy, der);

	uk_ossl_enter();
	if (uk_is_ok(err))
		err = keep_list(t, &copy);
	uk_blob_free(&copy);
	return uk_ossl_leave(err);
}

uk_err uk_trust_add_crl_file(uk_trust *t, const char *path)
{
	BIO *bio = NULL;
	uk_err err;

	uk_ossl_enter();
	err = uk_ossl_open_file(path, &bio);
	if (uk_is_ok(err))
		err = add_lists(t, bio);
	BIO_free(bio);
	return uk_ossl_leave(err);
}
