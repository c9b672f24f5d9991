/*
 * Key pairs made, kept and used inside the card.
 *
 * A key is a byte string that only this file understands: the kind, then for
 * RSA its PKCS#1 RSAPrivateKey, for curves the scalar and the point. It never
 * leaves the card; vc_key_put_public gives the public half in the form of
 * ISO/IEC 7816-8, 5.4 (tag 7F49).
 */
#ifndef VC_KEYS_H
#define VC_KEYS_H

#include "vc_crypto.h"

enum vc_key_kind { /* as stored; but for RSA-1024, which only PIV has, as in
		      the card profile, section 4 */
	VC_RSA2048 = 0x01,
	VC_RSA3072 = 0x02,
	VC_RSA4096 = 0x03,
	VC_RSA1024 = 0x04,
	VC_P256 = 0x11,
	VC_P384 = 0x12,
	VC_P521 = 0x13,
	VC_SM2 = 0x21
};

enum { VC_KEY_MAX = 4096, VC_SIG_MAX = 512 };

bool vc_key_kind_known(uint8_t kind);
/* enum uk_key_type of a kind. */
enum uk_key_type vc_key_kind_type(uint8_t kind);
/* enum uk_key_type of a stored key. */
enum uk_key_type vc_key_type(uk_bytes key);
/* Length of the modulus or of one coordinate in bytes. */
size_t vc_key_size(uk_bytes key);

/* Makes one; out needs VC_KEY_MAX bytes of secret storage. */
UK_RESULT vc_key_make(struct vc_crypto *c, uint8_t kind, uk_buf *out);

/* A key from outside: RSA has p and q, curves have d; the others are empty. */
struct vc_key_parts {
	uk_bytes p, q, d;
};
/* The same as vc_key_make from given parts. UK_ERR_FORMAT if they are no key of
 * that kind. */
UK_RESULT vc_key_import(struct vc_crypto *c, uint8_t kind,
    const struct vc_key_parts *parts, uk_buf *out);

/* Appends 7F49 { 81 modulus 82 exponent } or 7F49 { 86 04||x||y }. */
UK_RESULT vc_key_put_public(struct vc_crypto *c, uk_bytes key, uk_buf *out);

/* What a key computes. Hash: what the input is; NONE: it is as it is. */
enum vc_op {
	VC_OP_PKCS1, /* hash NONE: padding only */
	VC_OP_PSS,
	VC_OP_ECDSA, /* r||s */
	VC_OP_SM2,   /* e in, r||s out */
	VC_OP_RSA_RAW,
	VC_OP_ECDH,        /* the other point in, x of the shared one out */
	VC_OP_SM2_DECIPHER /* C1 || C3 || C2 in, plain text out */
};

struct vc_task {
	uk_bytes key;
	enum vc_op op;
	enum uk_hash hash;
	uk_bytes input;
};

/* Is this an operation for a key of this type? */
bool vc_key_fits(uk_bytes key, enum vc_op op, enum uk_hash hash);
/* A task that fits: is its input one that the key can work on (length, less
 * than the modulus, on the curve)? */
bool vc_key_takes(struct vc_crypto *c, const struct vc_task *task);
/* Carries out a task that fits and whose input is taken. UK_ERR_FORMAT: the
 * cipher text is not for this key. After a failure out may hold bytes that are
 * good for nothing. */
UK_RESULT vc_key_run(
    struct vc_crypto *c, const struct vc_task *task, uk_buf *out);

#endif
