/*
 * The fields of an X.509 certificate that PKCS#11 attributes are made of
 * (RFC 5280, 4.1), as views into the DER. No signature is checked here; that is
 * src/crypto's job. Kept apart from OpenSSL so that a module that only lists a
 * card does not pay for starting it.
 */
#ifndef UK_X509_H
#define UK_X509_H

#include "keyalg.h"

typedef struct uk_x509 {
	uk_bytes whole; /* the certificate, without anything behind it */
	uk_bytes
	    serial; /* INTEGER, tag and length included: CKA_SERIAL_NUMBER */
	uk_bytes issuer, subject;         /* Name, whole */
	char not_before[9], not_after[9]; /* "YYYYMMDD" */
	uk_bytes spki;                    /* SubjectPublicKeyInfo, whole */
	enum uk_key_type key_type; /* UK_KEY_NONE if of no kind we know */
	unsigned key_bits;
	uk_bytes modulus, exponent; /* RSA: no leading zeros */
	uk_bytes point;             /* EC: 04 || x || y */
	bool is_ca;                 /* basicConstraints cA */
	bool has_key_usage;
	uint32_t
	    key_usage; /* bit 0 digitalSignature, bit 1 nonRepudiation ... */
} uk_x509;

/* UK_ERR_FORMAT unless der starts with a well-formed certificate; bytes behind
 * it are allowed (files on cards are padded). */
UK_RESULT uk_x509_parse(uk_bytes der, uk_x509 *out);
/* Just a SubjectPublicKeyInfo: fills the key fields and spki. */
UK_RESULT uk_spki_parse(uk_bytes der, uk_x509 *out);
/* Writes one from a bare key: exponent/modulus or point. */
UK_RESULT uk_put_spki(uk_buf *out, enum uk_key_type type, uk_bytes modulus,
    uk_bytes exponent, uk_bytes point);

#endif
