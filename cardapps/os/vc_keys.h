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

enum vc_key_kind { /* as stored and as in the card profile, section 4 */
	VC_RSA2048 = 0x01,
	VC_RSA3072 = 0x02,
	VC_RSA4096 = 0x03,
	VC_P256 = 0x11,
	VC_P384 = 0x12,
	VC_P521 = 0x13,
	VC_SM2 = 0x21
};

enum { VC_KEY_MAX = 4096, VC_SIG_MAX = 512 };

bool vc_key_kind_known(uint8_t kind);
/* enum uk_key_type of a stored key. */
enum uk_key_type vc_key_type(uk_bytes key);
/* Length of the modulus or of one coordinate in bytes. */
size_t vc_key_size(uk_bytes key);

/* Makes one; out needs VC_KEY_MAX bytes of secret storage. */
UK_RESULT vc_key_make(struct vc_crypto *c, uint8_t kind, uk_buf *out);
/* Appends 7F49 { 81 modulus 82 exponent } or 7F49 { 86 04||x||y }. */
UK_RESULT vc_key_put_public(struct vc_crypto *c, uk_bytes key, uk_buf *out);
/* Appends the signature; the caller has checked that scheme, hash and length of
 * the input fit the key. hash says what the input is (PKCS1: NONE = as it is).
 */
UK_RESULT vc_key_sign(struct vc_crypto *c, uk_bytes key,
    enum uk_sig_scheme scheme, enum uk_hash hash, uk_bytes input, uk_buf *out);

#endif
