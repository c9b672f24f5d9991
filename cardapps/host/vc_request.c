/* A PKCS#10 certificate request (RFC 2986) that the card signs. */
#include "vc_perso.h"

#include "der.h"
#include "vc_name.h"
#include "vc_public.h"
#include "vc_sm2.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { SIG_DER_MAX = 1024 };

/* Which hash goes with a key, and the name of the two together. */
static const struct scheme {
	const char *key;
	int bits;
	const EVP_MD *(*md)(void);
	int nid, param;
} schemes[] = {
	{ "RSA", 0, EVP_sha256, NID_sha256WithRSAEncryption, V_ASN1_NULL },
	{ "EC", 256, EVP_sha256, NID_ecdsa_with_SHA256, V_ASN1_UNDEF },
	{ "EC", 384, EVP_sha384, NID_ecdsa_with_SHA384, V_ASN1_UNDEF },
	{ "EC", 521, EVP_sha512, NID_ecdsa_with_SHA512, V_ASN1_UNDEF },
	{ "SM2", 256, EVP_sm3, NID_SM2_with_SM3, V_ASN1_UNDEF },
};

static const struct scheme *scheme_of(EVP_PKEY *public)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (EVP_PKEY_is_a(public, schemes[i].key) == 1 &&
		    (schemes[i].bits == 0 ||
			schemes[i].bits == EVP_PKEY_get_bits(public)))
			return &schemes[i];
	}
	return NULL;
}

/* --- extensions
 * ---------------------------------------------------------------- */

static const struct wish {
	uint8_t ref;
	int nid;
	const char *value;
} wishes[] = {
	{ 1, NID_key_usage, "critical,digitalSignature" },
	{ 1, NID_ext_key_usage, "clientAuth" },
	{ 2, NID_key_usage, "critical,nonRepudiation" },
};

static void free_extensions(STACK_OF(X509_EXTENSION) * all)
{
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
}

static int add_extensions(X509_REQ *req, uint8_t ref)
{
	STACK_OF(X509_EXTENSION) *all = sk_X509_EXTENSION_new_null();
	int good = all != NULL;

	for (size_t i = 0; good && i < sizeof(wishes) / sizeof(wishes[0]);
	     i++) {
		X509_EXTENSION *e;

		if (wishes[i].ref != ref)
			continue;
		e = X509V3_EXT_conf_nid(
		    NULL, NULL, wishes[i].nid, wishes[i].value);
		good = e != NULL && sk_X509_EXTENSION_push(all, e) > 0;
	}
	good = good && X509_REQ_add_extensions(req, all) == 1;
	free_extensions(all);
	return good;
}

/* --- signature
 * ------------------------------------------------------------------ */

static int set_signature(
    X509_REQ *req, const struct scheme *s, uk_bytes signature)
{
	X509_ALGOR *alg = X509_ALGOR_new();
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	int good =
	    alg != NULL && bits != NULL &&
	    X509_ALGOR_set0(alg, OBJ_nid2obj(s->nid), s->param, NULL) == 1 &&
	    X509_REQ_set1_signature_algo(req, alg) == 1 &&
	    ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)signature.p,
		(int)signature.n) == 1;

	if (good) { /* whole bytes, also when the last bits are 0 */
		bits->flags &= ~0x07L;
		bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
		X509_REQ_set0_signature(req, bits); /* takes it */
		bits = NULL;
	}
	ASN1_BIT_STRING_free(bits);
	X509_ALGOR_free(alg);
	return good;
}

static bool is_sm2(const struct scheme *s)
{
	return s->nid == NID_SM2_with_SM3;
}

static uk_err hash_request(X509_REQ *req, const struct scheme *s,
    EVP_PKEY *public, uint8_t hash[EVP_MAX_MD_SIZE], unsigned int *n)
{
	unsigned char *tbs = NULL;
	int len = i2d_re_X509_REQ_tbs(req, &tbs);
	uk_err err = vc_host_openssl(len);

	*n = VC_SM2_HASH;
	if (uk_is_ok(err) && is_sm2(s))
		err = vc_sm2_hash(public, tbs, (size_t)len, hash);
	else if (uk_is_ok(err))
		err = vc_host_openssl(
		    EVP_Digest(tbs, (size_t)len, hash, n, s->md(), NULL));
	OPENSSL_free(tbs);
	return err;
}

/* SM2's identity is no part of the request: it must be known to verify it. */
static int set_identity(X509_REQ *req)
{
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();

	if (id == NULL ||
	    ASN1_OCTET_STRING_set(id, (const unsigned char *)VC_SM2_ID,
		sizeof(VC_SM2_ID) - 1) != 1) {
		ASN1_OCTET_STRING_free(id);
		return 0;
	}
	X509_REQ_set0_distinguishing_id(req, id); /* takes it */
	return 1;
}

static uk_err sign_request(struct vc_card *card, uint8_t ref, X509_REQ *req,
    EVP_PKEY *public, const struct scheme *s)
{
	uint8_t hash[EVP_MAX_MD_SIZE], raw[SIG_DER_MAX], coded[SIG_DER_MAX];
	uk_buf sig = UK_BUF(raw), der = UK_BUF(coded);
	unsigned int n = 0;
	uk_bytes made;

	UK_TRY(hash_request(req, s, public, hash, &n));
	UK_TRY(vc_perso_sign(card, ref, public, uk_view(hash, n), &sig));
	made = uk_buf_view(&sig);
	if (s->bits != 0) {
		UK_TRY(uk_sig_to_der(made, &der));
		made = uk_buf_view(&der);
	}
	UK_TRY(vc_host_openssl(set_signature(req, s, made)));
	if (is_sm2(s))
		UK_TRY(vc_host_openssl(set_identity(req)));
	return vc_host_openssl(X509_REQ_verify(req, public));
}

static uk_err to_pem(X509_REQ *req, char **pem)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text;
	long n;
	int good = memory != NULL && PEM_write_bio_X509_REQ(memory, req) == 1;

	n = good ? BIO_get_mem_data(memory, &text) : 0;
	*pem = n > 0 ? OPENSSL_strndup(text, (size_t)n) : NULL;
	BIO_free(memory);
	return vc_host_openssl(*pem != NULL);
}

uk_err vc_request_make(
    struct vc_card *card, uint8_t ref, const char *subject, char **pem)
{
	X509_REQ *req = X509_REQ_new();
	EVP_PKEY *public = NULL;
	const struct scheme *s;
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*pem = NULL;
	if (req == NULL)
		goto out;
	err = vc_perso_public(card, ref, &public);
	if (!uk_is_ok(err))
		goto out;
	err = uk_fail(UK_ERR_UNSUPPORTED);
	if ((s = scheme_of(public)) == NULL)
		goto out;
	err = vc_name_parse(X509_REQ_get_subject_name(req), subject);
	if (uk_is_ok(err))
		err = vc_host_openssl(X509_REQ_set_version(req, 0) == 1 &&
				      X509_REQ_set_pubkey(req, public) == 1 &&
				      add_extensions(req, ref));
	if (uk_is_ok(err))
		err = sign_request(card, ref, req, public, s);
	if (uk_is_ok(err))
		err = to_pem(req, pem);
out:
	EVP_PKEY_free(public);
	X509_REQ_free(req);
	return err;
}
