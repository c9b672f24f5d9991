/* One revocation list: a set of serial numbers. */
#include "revocation.h"

#include "crl.h"
#include "index.h"

#include <openssl/asn1t.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <limits.h>

enum {
	CRL_BYTES = 256 << 20,
	KEY_HASH = 32 /* SHA-256 of a public key */
};

struct uk_revoked {
	uk_crypto *crypto; /* borrowed */
	uk_blob der;
	uk_crl list; /* views into der */
	X509_NAME *issuer;
	uk_bytes *serials; /* likewise */
	uk_index index;
	/* The key by which it was last found signed, or not. */
	uint8_t key[KEY_HASH];
	bool asked, by_this_key;
};

/* A CA chooses its serial numbers; ends differ more than beginnings. */
static uint64_t hash_of(uk_bytes serial)
{
	uk_reader r = uk_read(uk_bytes_last(serial, 8));
	uint64_t v = 0;

	while (r.left > 0)
		v = v << 8 | uk_get_u8(&r);
	return uk_index_mix(v);
}

static uk_err fill_set(uk_revoked *r)
{
	uk_reader entries = uk_read(r->list.entries);
	size_t n = 0;

	if (r->list.count == 0)
		return uk_ok();
	r->serials = uk_new_array(r->list.count, sizeof(*r->serials));
	if (r->serials == NULL)
		return uk_fail(UK_ERR_MEMORY);
	UK_TRY(uk_index_open(&r->index, r->list.count));
	for (; n < r->list.count && uk_crl_next(&entries, &r->serials[n]); n++)
		uk_index_add(&r->index, n, hash_of(r->serials[n]));
	return uk_ok();
}

static uk_err read_issuer(uk_revoked *r)
{
	const unsigned char *p = r->list.issuer.p;

	r->issuer = d2i_X509_NAME(NULL, &p, (long)r->list.issuer.n);
	return r->issuer == NULL ? uk_ossl_failed(UK_ERR_FORMAT) : uk_ok();
}

uk_err uk_revoked_open(uk_crypto *c, uk_blob *der, uk_revoked **out)
{
	uk_revoked *r = uk_new(sizeof(*r));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (r == NULL)
		goto out;
	r->crypto = c;
	r->der = *der;
	*der = (uk_blob){ NULL, 0 }; /* handed over */
	err = r->der.n > CRL_BYTES
		  ? uk_fail(UK_ERR_FORMAT)
		  : uk_crl_parse(uk_blob_view(&r->der), &r->list);
	if (uk_is_ok(err))
		err = read_issuer(r);
	if (uk_is_ok(err))
		err = fill_set(r);
	if (uk_is_ok(err)) {
		*out = r;
		r = NULL; /* handed over */
	}
out:
	uk_blob_free(der);
	uk_revoked_close(&r);
	return err;
}

void uk_revoked_close(uk_revoked **r)
{
	if (*r == NULL)
		return;
	X509_NAME_free((*r)->issuer);
	uk_index_close(&(*r)->index);
	uk_free((*r)->serials);
	uk_blob_free(&(*r)->der);
	uk_free(*r);
	*r = NULL;
}

uk_bytes uk_revoked_der(const uk_revoked *r)
{
	return uk_blob_view(&r->der);
}

const X509_NAME *uk_revoked_issuer(const uk_revoked *r)
{
	return r->issuer;
}

int64_t uk_revoked_next_update(const uk_revoked *r)
{
	return r->list.next_update;
}

bool uk_revoked_current(const uk_revoked *r, int64_t now)
{
	return r->list.this_update <= now && now < r->list.next_update;
}

bool uk_revoked_lists(const uk_revoked *r, const X509 *x)
{
	const ASN1_INTEGER *number = X509_get0_serialNumber(x);
	unsigned char storage[64], *p = storage;
	uk_bytes serial;
	size_t at;
	int n = i2d_ASN1_INTEGER(number, NULL);

	if (r->list.count == 0)
		return false;
	if (n < 3 || (size_t)n > sizeof(storage))
		return true; /* RFC 5280, 4.1.2.2: at most 20 bytes */
	(void)i2d_ASN1_INTEGER(number, &p);
	serial = uk_view(storage + 2, (size_t)n - 2); /* one byte of length */
	at = uk_index_first(&r->index, hash_of(serial));
	while (at != UK_INDEX_NONE && !uk_bytes_eq(r->serials[at], serial))
		at = uk_index_next(&r->index, at);
	return at != UK_INDEX_NONE;
}

/* --- the signature ------------------------------------------------------- */

/* SHA-1 and older make no list: 112 bits, as with certificates. */
static bool hash_is_weak(const X509_ALGOR *algorithm)
{
	int md = NID_undef, key = NID_undef;
	const ASN1_OBJECT *oid;

	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	return OBJ_find_sigid_algs(OBJ_obj2nid(oid), &md, &key) == 1 &&
	       (md == NID_sha1 || md == NID_md5 || md == NID_md4 ||
		   md == NID_md2);
}

/* OpenSSL verifies structures that it encodes itself; ASN1_SEQUENCE is the one
 * whose encoding is the bytes it was given. */
static bool signature_fits(const uk_revoked *r, EVP_PKEY *key)
{
	static const char id_text[] = UK_SM2_DEFAULT_ID;
	const unsigned char *a = r->list.algorithm.p, *s = r->list.signature.p;
	X509_ALGOR *algorithm = d2i_X509_ALGOR(
	    NULL, &a, (long)r->list.algorithm.n);
	ASN1_BIT_STRING *sig = d2i_ASN1_BIT_STRING(
	    NULL, &s, (long)r->list.signature.n);
	ASN1_STRING *tbs = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	bool good;

	good = algorithm != NULL && sig != NULL && tbs != NULL && id != NULL &&
	       r->list.tbs.n <= INT_MAX && !hash_is_weak(algorithm) &&
	       ASN1_STRING_set(tbs, r->list.tbs.p, (int)r->list.tbs.n) == 1 &&
	       ASN1_OCTET_STRING_set(id, (const unsigned char *)id_text,
		   sizeof(id_text) - 1) == 1 &&
	       ASN1_item_verify_ex(ASN1_ITEM_rptr(ASN1_SEQUENCE), algorithm,
		   sig, tbs, EVP_PKEY_is_a(key, "SM2") ? id : NULL, key,
		   r->crypto->lib, NULL) == 1;
	X509_ALGOR_free(algorithm);
	ASN1_BIT_STRING_free(sig);
	ASN1_STRING_free(tbs);
	ASN1_OCTET_STRING_free(id);
	return good;
}

static uk_err hash_key(const uk_revoked *r, X509 *issuer, uk_buf *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &der);
	uk_err err = n <= 0 ? uk_ossl_failed(UK_ERR_CRYPTO)
			    : uk_hash_one(r->crypto, UK_HASH_SHA256,
				  uk_view(der, (size_t)n), out);

	OPENSSL_free(der);
	return err;
}

uk_err uk_revoked_is_by(uk_revoked *r, X509 *issuer, bool *yes)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);

	*yes = false;
	/* RFC 5280, 6.3.3 (f): if there is a key usage, it has cRLSign. Without
	 * the extension OpenSSL answers all ones. */
	if (X509_NAME_cmp(X509_get_subject_name(issuer), r->issuer) != 0 ||
	    !(X509_get_key_usage(issuer) & KU_CRL_SIGN))
		return uk_ok();
	UK_TRY(hash_key(r, issuer, &hash));
	if (!r->asked || !uk_bytes_eq(UK_ARRAY(r->key), uk_buf_view(&hash))) {
		UK_TRY(
		    uk_copy_exact(r->key, sizeof(r->key), uk_buf_view(&hash)));
		r->by_this_key = signature_fits(r, X509_get0_pubkey(issuer));
		r->asked = true;
	}
	*yes = r->by_this_key;
	return uk_ok();
}
