/*
 * A field on its way to the bank: JWE (RFC 7516) in compact form, and of the
 * many that RFC 7518 has one only: key agreement ECDH-ES on P-256, content
 * A256GCM.
 *
 *   base64url(header) ".." base64url(iv) "." base64url(text) "." base64url(tag)
 *   header = {"alg":"ECDH-ES","enc":"A256GCM","epk":{"kty":"EC","crv":"P-256",
 *             "x","y"}} and perhaps "kid", "apu", "apv", "typ", "cty"
 *
 * Any other member ("zip" and "crit" above all) is refused.
 */
#ifndef BANK_JWE_H
#define BANK_JWE_H

#include "crypto.h"

enum { BANK_JWE_MAX = 2048, BANK_JWE_PLAIN_MAX = 256 };

/* Appends the plain text. UK_ERR_FORMAT: not such a JWE; UK_ERR_SIGNATURE: not
 * for this key, or altered. */
UK_RESULT bank_jwe_open(
    uk_crypto *c, const uk_key *own, uk_bytes compact, uk_buf *plain);

/* Concat KDF of RFC 7518, 4.6.2, up to 32 bytes (for the test with its appendix
 * C). Appends. */
UK_RESULT bank_jwe_derive(uk_crypto *c, uk_bytes secret, const char *alg,
    uk_bytes apu, uk_bytes apv, unsigned bits, uk_buf *out);

#endif
