/*
 * OpenSSL, in a library context of our own.
 *
 * Inside somebody else's process we neither read his OpenSSL configuration nor
 * share his providers. Foreign error language: OpenSSL's 0/1/-1 and error
 * queue, translated in crypto.c; the queue is emptied before we return.
 */
#ifndef UK_CRYPTO_H
#define UK_CRYPTO_H

#include "keyalg.h"
#include "mem.h"

typedef struct uk_crypto uk_crypto; /* usable from several threads */

UK_RESULT uk_crypto_open(uk_crypto **out);
void uk_crypto_close(uk_crypto **c); /* accepts NULL */

/* Hash of the parts, one after the other; appends uk_hash_size(hash) bytes. */
UK_RESULT uk_hash_parts(uk_crypto *c, enum uk_hash hash, const uk_bytes *parts,
    size_t n, uk_buf *out);
static inline UK_RESULT uk_hash_one(
    uk_crypto *c, enum uk_hash hash, uk_bytes v, uk_buf *out)
{
	return uk_hash_parts(c, hash, &v, 1, out);
}

/* SHA-256 of the parts, one after the other, without a library context: for
 * finding accidents, not for signatures. */
enum { UK_CHECKSUM_SIZE = 32 };
UK_RESULT uk_checksum(
    const uk_bytes *parts, size_t n, uint8_t out[UK_CHECKSUM_SIZE]);

/* A hash in pieces. */
typedef struct uk_hasher uk_hasher;
UK_RESULT uk_hasher_open(uk_crypto *c, enum uk_hash hash, uk_hasher **out);
/* Another one that has hashed the same so far. */
UK_RESULT uk_hasher_copy(const uk_hasher *h, uk_hasher **out);
UK_RESULT uk_hasher_add(uk_hasher *h, uk_bytes v);
UK_RESULT uk_hasher_finish(uk_hasher *h, uk_buf *out); /* once */
void uk_hasher_close(uk_hasher **h);                   /* accepts NULL */

UK_RESULT uk_random(uk_crypto *c, uint8_t *out, size_t n);

/* Base64 (RFC 4648, section 4, padded, no line breaks); decoding is strict. */
UK_RESULT uk_base64_encode(uk_bytes v, uk_blob *out); /* text, NUL behind it */
UK_RESULT uk_base64_decode(uk_bytes text, uk_blob *out);

/* The same without padding and with '-' and '_' (RFC 4648, 5; RFC 7515, 2). */
UK_RESULT uk_base64url_encode(uk_bytes v, uk_blob *out);
UK_RESULT uk_base64url_decode(uk_bytes text, uk_blob *out);

/* --- secret keys (aead.c, derive.c) --------------------------------------- */

enum { UK_GCM_NONCE = 12, UK_GCM_TAG = 16 };

/* AES-GCM (NIST SP 800-38D), key of 16, 24 or 32 bytes, nonce of 12: appends
 * the ciphertext and the tag. */
UK_RESULT uk_gcm_seal(uk_crypto *c, uk_bytes key, uk_bytes nonce, uk_bytes aad,
    uk_bytes plain, uk_buf *out);
/* UK_ERR_SIGNATURE: not sealed with these; nothing is appended then. */
UK_RESULT uk_gcm_open(uk_crypto *c, uk_bytes key, uk_bytes nonce, uk_bytes aad,
    uk_bytes sealed, uk_buf *out);
/* HKDF-SHA256 (RFC 5869): appends n bytes. */
UK_RESULT uk_hkdf(uk_crypto *c, uk_bytes key, uk_bytes salt, uk_bytes info,
    size_t n, uk_buf *out);

/* --- keys and signatures (pubkey.c) -------------------------------------- */

typedef struct uk_key uk_key; /* public, or private as well */

UK_RESULT uk_key_from_spki(uk_crypto *c, uk_bytes der, uk_key **out);
UK_RESULT uk_key_from_pem_file(uk_crypto *c, const char *path, uk_key **out);
void uk_key_close(uk_key **k); /* accepts NULL */
enum uk_key_type uk_key_kind(const uk_key *k);
unsigned uk_key_size_bits(const uk_key *k);
/* SubjectPublicKeyInfo, DER. */
UK_RESULT uk_key_spki(const uk_key *k, uk_blob *out);
/* A P-256 key made now; and from a point 04 || x || y (UK_ERR_FORMAT: not on
 * the curve). */
UK_RESULT uk_key_make_p256(uk_crypto *c, uk_key **out);
UK_RESULT uk_key_from_point(uk_crypto *c, uk_bytes point, uk_key **out);
/* Appends 04 || x || y of a P-256 or SM2 key. */
UK_RESULT uk_key_point(const uk_key *k, uk_buf *out);
/* A private key as PEM (PKCS #8), to be wiped by the caller: for a file. */
UK_RESULT uk_key_put_pem(const uk_key *k, uk_buf *out);
/* Appends the common secret of two P-256 keys, 32 bytes (SP 800-56A, 5.7.1.2);
 * to be wiped by the caller. */
UK_RESULT uk_key_agree(const uk_key *own, const uk_key *peer, uk_buf *out);
/* Is sig the signature over msg? raw r||s for elliptic curves. PSS: MGF1 with
 * the same hash, salt as long as it
 * (RFC 7518, 3.5). UK_ERR_SIGNATURE if not. */
UK_RESULT uk_key_verify(const uk_key *k, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes msg, uk_bytes sig);
/* What a signature by this key over msg is made of: its hash; for SM2 e, which
 * depends on the key (GB/T 32918.2, 6.1). Appends. */
UK_RESULT uk_key_hash(
    const uk_key *k, enum uk_hash hash, uk_bytes msg, uk_buf *out);
/* For a key that is used often: what OpenSSL looks up for each signature of
 * this kind is looked up once. Before the key is shared between threads. */
UK_RESULT uk_key_prepare(
    uk_key *k, enum uk_sig_scheme scheme, enum uk_hash hash);
/* Only with a private key. Appends; raw r||s for elliptic curves. */
UK_RESULT uk_key_sign(const uk_key *k, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes msg, uk_buf *sig);

/* --- finished hashes and whole blocks (keyops.c, oaep.c, sm2.c) ----------- */

/* What PSS and OAEP (RFC 8017) and SM2 leave open. */
struct uk_padding {
	enum uk_hash hash; /* of the message, or of the label */
	enum uk_hash mgf;  /* of MGF1 */
	size_t salt;       /* PSS: its length */
	uk_bytes label;    /* OAEP */
};

enum uk_enc_scheme {
	UK_ENC_RSA_RAW, /* x^e mod n; shorter input is a smaller number */
	UK_ENC_PKCS1,   /* RSAES-PKCS1-v1_5 */
	UK_ENC_OAEP,
	UK_ENC_SM2 /* to 04 || x || y || C3 || C2, GB/T 32918.4 */
};

/* Is sig the signature over the finished hash `value`? PKCS1: over these very
 * bytes, usually a DigestInfo. RSA_RAW: is sig^e the number `value`? pad is
 * read for PSS only. UK_ERR_SIGNATURE if not, UK_ERR_ARGUMENT for a key of
 * another kind. */
UK_RESULT uk_key_verify_hash(const uk_key *k, enum uk_sig_scheme scheme,
    const struct uk_padding *pad, uk_bytes value, uk_bytes sig);
/* The same for PKCS1 and RSA_RAW, by the key's numbers: needs no library. */
UK_RESULT uk_rsa_verify_plain(enum uk_sig_scheme scheme, uk_bytes n, uk_bytes e,
    uk_bytes value, uk_bytes sig);
/* What an RSA signature says: PKCS1 without its padding, RSA_RAW all k bytes.
 * UK_ERR_SIGNATURE if the padding is wrong. */
UK_RESULT uk_key_recover(
    const uk_key *k, enum uk_sig_scheme scheme, uk_bytes sig, uk_buf *out);
/* pad is read for OAEP only. UK_ERR_ARGUMENT: msg is too long, or no number
 * below the modulus. */
UK_RESULT uk_key_encrypt(const uk_key *k, enum uk_enc_scheme scheme,
    const struct uk_padding *pad, uk_bytes msg, uk_buf *out);
/* The message in a deciphered block of k bytes, in constant time; one error,
 * UK_ERR_FORMAT, for all that can be wrong with it (RFC 8017, 7.1.2). */
UK_RESULT uk_oaep_unpad(
    uk_crypto *c, const struct uk_padding *pad, uk_bytes block, uk_buf *out);

/* EMSA-PSS-ENCODE of a finished hash for a modulus of that many bits, k bytes
 * with a salt of its own each time. UK_ERR_ARGUMENT: it does not fit. */
UK_RESULT uk_pss_pad(uk_crypto *c, const struct uk_padding *pad, unsigned bits,
    uk_bytes value, uk_buf *out);

/* Is there room for it? */
bool uk_pss_fits(const struct uk_padding *pad, unsigned bits);

enum uk_cipher { UK_CIPHER_3DES, UK_CIPHER_AES, UK_CIPHER_SM4 };

/* One block (3DES: 8 bytes, key 16 or 24; AES: 16 bytes, key 16, 24 or 32; SM4:
 * 16 bytes, key 16), appended. UK_ERR_ARGUMENT for other lengths. */
UK_RESULT uk_cipher_block(uk_crypto *c, enum uk_cipher cipher, bool encrypt,
    uk_bytes key, uk_bytes in, uk_buf *out);
/* Whole blocks, chained (CBC) from iv (empty: zeros), no padding, appended.
 * UK_ERR_ARGUMENT if they are not whole, or more than a megabyte. */
UK_RESULT uk_cipher_cbc(uk_crypto *c, enum uk_cipher cipher, bool encrypt,
    uk_bytes key, uk_bytes iv, uk_bytes in, uk_buf *out);

/* --- keyed checksums (mac.c) ---------------------------------------------- */

enum { UK_CMAC_SIZE = 16 };
/* AES-CMAC (NIST SP 800-38B) of the parts, one after the other; appends 16
 * bytes. */
UK_RESULT uk_cmac_aes(
    uk_crypto *c, uk_bytes key, const uk_bytes *parts, size_t n, uk_buf *out);
/* HMAC (RFC 2104) likewise; appends uk_hash_size(hash) bytes. */
UK_RESULT uk_hmac(uk_crypto *c, enum uk_hash hash, uk_bytes key,
    const uk_bytes *parts, size_t n, uk_buf *out);
typedef struct uk_hmac_key uk_hmac_key;
/* The same for a key that is used often: looked up and set up only once.
 * One thread at a time; it does not outlive c. */
UK_RESULT uk_hmac_open(
    uk_crypto *c, enum uk_hash hash, uk_bytes key, uk_hmac_key **out);
UK_RESULT uk_hmac_by(
    uk_hmac_key *k, const uk_bytes *parts, size_t n, uk_buf *out);
void uk_hmac_close(uk_hmac_key **k);

/* Z of GB/T 32918.2, 5.5: identity (empty = the default one) and public key
 * 04 || x || y, which are hashed in front of every message. UK_ERR_ARGUMENT if
 * the identity is longer than 8191 bytes. */
UK_RESULT uk_sm2_z(uk_crypto *c, uk_bytes id, uk_bytes point, uk_buf *out);
/* From SEQUENCE { x, y, C3, C2 } (GM/T 0009) to 04 || x || y || C3 || C2. */
UK_RESULT uk_sm2_cipher_from_der(uk_bytes der, uk_buf *raw);

/* --- private halves of keys that somebody brings (private.c) -------------- */

enum { UK_RSA_MAX = 512 }; /* bytes of a modulus */

/* RFC 8017, 3.2: big-endian, leading zeros or not. d, dp, dq and qinv may be
 * missing. */
struct uk_rsa_numbers {
	uk_bytes n, e, d, p, q, dp, dq, qinv;
};
/* Appends dp, dq and qinv, each as long as p. UK_ERR_FORMAT: these numbers are
 * not of one key, p or q is no prime, or they are not of one length. The caller
 * wipes. */
UK_RESULT uk_rsa_complete(
    uk_crypto *c, const struct uk_rsa_numbers *given, uk_buf *out);
/* Appends the public half of d, 04 || x || y. UK_ERR_FORMAT: d is 0, or not
 * below the order of the base point; UK_ERR_ARGUMENT: not a curve. */
UK_RESULT uk_curve_public(
    uk_crypto *c, enum uk_key_type type, uk_bytes d, uk_buf *out);

/* --- certificates (cert.c, trust.c) -------------------------------------- */

typedef struct uk_cert uk_cert;

UK_RESULT uk_cert_from_der(uk_crypto *c, uk_bytes der, uk_cert **out);
UK_RESULT uk_cert_from_pem_file(uk_crypto *c, const char *path, uk_cert **out);
void uk_cert_close(uk_cert **cert);        /* accepts NULL */
uk_bytes uk_cert_der(const uk_cert *cert); /* lives as long as cert */
/* SHA-256 of it, which lives as long, too. */
uk_bytes uk_cert_fingerprint(const uk_cert *cert);
const uk_key *uk_cert_key(const uk_cert *cert); /* borrowed */
/* uk_key_prepare for the certificate's key. */
UK_RESULT uk_cert_prepare(
    uk_cert *cert, enum uk_sig_scheme scheme, enum uk_hash hash);
UK_RESULT uk_cert_common_name(const uk_cert *cert, char *out, size_t cap);
int64_t uk_cert_not_after(const uk_cert *cert); /* seconds since 1970, UTC */

/* The same subject: the same attributes, in any order, compared as RFC 5280,
 * 7.1 compares names. */
bool uk_cert_same_subject(const uk_cert *a, const uk_cert *b);
/* Both name the key of their issuer (authorityKeyIdentifier), and it is one. */
bool uk_cert_same_authority(const uk_cert *a, const uk_cert *b);
/* certificatePolicies: is there the extension, and is this OID ("1.2.3") in it?
 */
bool uk_cert_has_policies(const uk_cert *cert);
bool uk_cert_has_policy(const uk_cert *cert, const char *oid);
/* The hash of the certificate by which TLS binds to it (RFC 5929, 4.1). */
UK_RESULT uk_cert_end_point(uk_crypto *c, const uk_cert *cert, uk_buf *out);

enum uk_purpose {
	UK_FOR_LOGIN, /* digitalSignature, and clientAuth if extKeyUsage is
			 there */
	UK_FOR_TRANSACTION, /* nonRepudiation (contentCommitment) */
	UK_FOR_BANK /* signing by the bank: digitalSignature, and bankSigning
		     * (see trust.c) in extKeyUsage */
};

/* CA certificates and revocation lists that somebody trusts; for one thread. */
typedef struct uk_trust uk_trust;
UK_RESULT uk_trust_open(uk_crypto *c, uk_trust **out);
void uk_trust_close(uk_trust **t); /* accepts NULL */
/* One or more, in PEM. Each is trusted by itself, root or not: nothing above it
 * is asked for, nor whether it is revoked. */
UK_RESULT uk_trust_add_ca_file(uk_trust *t, const char *pem_path);
/* One or more in PEM, or one in DER; replaces the list of the same issuer. */
UK_RESULT uk_trust_add_crl_file(uk_trust *t, const char *path);
UK_RESULT uk_trust_add_crl(uk_trust *t, uk_bytes der);
/* What stands behind a certificate, for those who keep it: the CA certificates
 * above it, nearest first, and their lists. The callback ends it by an error.
 * Nothing is checked: ask uk_trust_check before. */
enum uk_voucher { UK_VOUCHER_CERTIFICATE, UK_VOUCHER_CRL };
typedef uk_err uk_voucher_fn(void *arg, enum uk_voucher kind, uk_bytes der);
UK_RESULT uk_trust_path(
    const uk_trust *t, const uk_cert *cert, uk_voucher_fn *fn, void *arg);
/* With true, a certificate whose CA has no current list is UK_ERR_CRL_MISSING.
 */
void uk_trust_need_crl(uk_trust *t, bool need);
/* The CAs of this file (PEM) publish no lists: what they have issued needs
 * none, as long as it is at the end of a chain. Whoever says so asks their
 * responder (ocsp.h). The CAs are not trusted by this. */
UK_RESULT uk_trust_add_listless(uk_trust *t, const char *pem_path);
/* May this be a certificate that uk_trust_check has needed no list for? */
bool uk_trust_is_listless(const uk_trust *t, const uk_cert *cert);
/* Chain, dates at `now` (seconds since 1970), purpose and revocation. The first
 * of UK_ERR_CERT_UNTRUSTED, _NOT_YET, _EXPIRED, _REVOKED, _PURPOSE,
 * UK_ERR_CRL_MISSING that applies. */
UK_RESULT uk_trust_check(const uk_trust *t, const uk_cert *cert,
    enum uk_purpose purpose, int64_t now);
/* The same question at length. */
struct uk_trust_question {
	const uk_cert *cert;
	/* Certificates that somebody sent along, to build the chain with. */
	uk_cert *const *extra;
	size_t extra_count;
	enum uk_purpose purpose;
	int64_t now;
	bool without_revocation;
	bool without_list; /* of the one who issued `cert`: a responder spoke */
};
/* good_until (may be NULL): the first moment after `now` at which a certificate
 * of the chain or a list runs out: what is good now is good before it. */
UK_RESULT uk_trust_ask(
    const uk_trust *t, const struct uk_trust_question *q, int64_t *good_until);

#endif
