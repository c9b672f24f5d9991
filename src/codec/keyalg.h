/*
 * Names for keys, hashes and signature schemes that every room shares, and the
 * few bytes that go with them (OIDs, DigestInfo prefixes).
 */
#ifndef UK_KEYALG_H
#define UK_KEYALG_H

#include "bytes.h"

enum uk_key_type {
	UK_KEY_NONE,
	UK_KEY_RSA, /* bits = modulus length */
	UK_KEY_P256,
	UK_KEY_P384,
	UK_KEY_P521,
	UK_KEY_SM2,
	UK_KEY_ED25519 /* of merchants; no card of ours has one */
};

enum uk_hash {
	UK_HASH_NONE,
	UK_HASH_SHA1,
	UK_HASH_SHA224,
	UK_HASH_SHA256,
	UK_HASH_SHA384,
	UK_HASH_SHA512,
	UK_HASH_SM3,
	UK_HASH_SHA3_224,
	UK_HASH_SHA3_256,
	UK_HASH_SHA3_384,
	UK_HASH_SHA3_512,
	UK_HASH_COUNT
};

/* What the card computes. Input is always a finished hash, except for
 * UK_SIG_PKCS1, whose input is a whole DigestInfo (or any bytes up to k - 11).
 */
enum uk_sig_scheme {
	UK_SIG_PKCS1, /* RSASSA-PKCS1-v1_5, RFC 8017 */
	UK_SIG_PSS,   /* RSASSA-PSS, MGF1 with the same hash, salt as long as it
		       */
	UK_SIG_ECDSA, /* raw r||s */
	UK_SIG_SM2,   /* e in, raw r||s out */
	UK_SIG_RSA_RAW, /* x^d mod n: k bytes in, k bytes out */
	UK_SIG_EDDSA    /* RFC 8032: the message itself, without a hash */
};

size_t uk_hash_size(enum uk_hash hash); /* bytes; 0 for NONE */
enum { UK_HASH_MAX = 64 };
/* Content of its OBJECT IDENTIFIER; none for NONE. */
uk_bytes uk_hash_oid(enum uk_hash hash);
/* Field size in bytes of an elliptic-curve key; 0 for RSA. */
size_t uk_key_field(enum uk_key_type type);
/* Bits of an elliptic-curve key; 0 for RSA. */
unsigned uk_key_curve_bits(enum uk_key_type type);
/* DER of the curve's OBJECT IDENTIFIER (tag and length included), or none. */
uk_bytes uk_key_curve_oid(enum uk_key_type type);
/* The other way round; UK_KEY_NONE if unknown. */
enum uk_key_type uk_key_from_curve_oid(uk_bytes der);
/* Appends DigestInfo ::= SEQUENCE { AlgorithmIdentifier, OCTET STRING hash },
 * RFC 8017, 9.2 note 1. UK_ERR_ARGUMENT if the hash's length does not fit. */
UK_RESULT uk_put_digest_info(uk_buf *out, enum uk_hash hash, uk_bytes value);

#endif
