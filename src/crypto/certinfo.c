/* What certificates say about themselves, for rules that go beyond a chain. */
#include "crypto_impl.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

/* --- names --------------------------------------------------------------- */

/* An attribute as a name of its own: names are what OpenSSL compares as RFC
 * 5280, 7.1 says (case, blanks, encodings). */
static X509_NAME *alone(const X509_NAME *name, int at)
{
	X509_NAME *one = X509_NAME_new();

	if (one != NULL &&
	    X509_NAME_add_entry(one, X509_NAME_get_entry(name, at), -1, 0) == 1)
		return one;
	X509_NAME_free(one);
	return NULL;
}

enum { NAME_ENTRIES = 32 };

/* Takes the attribute off the other name, so that each counts once. */
static bool take_same(
    const X509_NAME *name, int at, const X509_NAME *other, bool *taken)
{
	X509_NAME *mine = alone(name, at);
	bool found = false;

	for (int i = 0;
	     mine != NULL && !found && i < X509_NAME_entry_count(other); i++) {
		X509_NAME *theirs = taken[i] ? NULL : alone(other, i);

		found = theirs != NULL && X509_NAME_cmp(mine, theirs) == 0;
		if (found)
			taken[i] = true;
		X509_NAME_free(theirs);
	}
	X509_NAME_free(mine);
	return found;
}

bool uk_cert_same_subject(const uk_cert *a, const uk_cert *b)
{
	const X509_NAME *x = X509_get_subject_name(a->x509);
	const X509_NAME *y = X509_get_subject_name(b->x509);
	bool taken[NAME_ENTRIES] = { false };
	int n = X509_NAME_entry_count(x);
	bool same = n == X509_NAME_entry_count(y) && n <= NAME_ENTRIES;

	uk_ossl_enter();
	for (int i = 0; same && i < n; i++)
		same = take_same(x, i, y, taken);
	UK_IGNORE(uk_ossl_leave(uk_ok())); /* only empties the queue */
	return same;
}

bool uk_cert_same_authority(const uk_cert *a, const uk_cert *b)
{
	const ASN1_OCTET_STRING *x = X509_get0_authority_key_id(a->x509);
	const ASN1_OCTET_STRING *y = X509_get0_authority_key_id(b->x509);

	return x != NULL && y != NULL && ASN1_STRING_length(x) > 0 &&
	       ASN1_OCTET_STRING_cmp(x, y) == 0;
}

/* --- policies ------------------------------------------------------------ */

static CERTIFICATEPOLICIES *policies_of(const uk_cert *cert)
{
	return X509_get_ext_d2i(
	    cert->x509, NID_certificate_policies, NULL, NULL);
}

bool uk_cert_has_policies(const uk_cert *cert)
{
	CERTIFICATEPOLICIES *all;
	bool any;

	uk_ossl_enter();
	all = policies_of(cert);
	any = sk_POLICYINFO_num(all) > 0;
	CERTIFICATEPOLICIES_free(all);
	UK_IGNORE(uk_ossl_leave(uk_ok())); /* only empties the queue */
	return any;
}

bool uk_cert_has_policy(const uk_cert *cert, const char *oid)
{
	CERTIFICATEPOLICIES *all;
	bool found = false;
	char text[128];

	uk_ossl_enter();
	all = policies_of(cert);
	for (int i = 0; i < sk_POLICYINFO_num(all) && !found; i++)
		found = OBJ_obj2txt(text, sizeof(text),
			    sk_POLICYINFO_value(all, i)->policyid, 1) > 0 &&
			uk_bytes_eq(uk_view_str(text), uk_view_str(oid));
	CERTIFICATEPOLICIES_free(all);
	UK_IGNORE(uk_ossl_leave(uk_ok())); /* only empties the queue */
	return found;
}

/* --- binding ------------------------------------------------------------- */

/* RFC 5929, 4.1: the hash of the certificate's signature, but SHA-256 for MD5
 * and SHA-1 (and where there is none). */
uk_err uk_cert_end_point(uk_crypto *c, const uk_cert *cert, uk_buf *out)
{
	int md = NID_undef, key = NID_undef;
	enum uk_hash hash = UK_HASH_SHA256;

	uk_ossl_enter();
	if (OBJ_find_sigid_algs(
		X509_get_signature_nid(cert->x509), &md, &key) == 1) {
		hash = md == NID_sha384   ? UK_HASH_SHA384
		       : md == NID_sha512 ? UK_HASH_SHA512
		       : md == NID_sha224 ? UK_HASH_SHA224
		       : md == NID_sm3    ? UK_HASH_SM3
					  : UK_HASH_SHA256;
	}
	UK_IGNORE(uk_ossl_leave(uk_ok())); /* only empties the queue */
	return uk_hash_one(c, hash, uk_cert_der(cert), out);
}
