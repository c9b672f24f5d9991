/* Public keys between the card's forms and OpenSSL's. */
#ifndef VC_PUBLIC_H
#define VC_PUBLIC_H

#include "keyalg.h"

#include <openssl/evp.h>

/* OpenSSL's convention into ours; empties its error queue. */
UK_RESULT vc_host_openssl(int ret);

/* For PEM readers: a file that wants a password cannot be read, and nobody is
 * asked for one. */
int vc_no_password(char *out, int cap, int writing, void *arg);

/* From the content of 7F49 (81 modulus 82 exponent, or 86 point). */
UK_RESULT vc_public_load(
    enum uk_key_type type, uk_bytes template, EVP_PKEY **out);
/* ISO/IEC 7816-15's "spki [1]": SubjectPublicKeyInfo with the tag A1. */
UK_RESULT vc_public_put_directory(EVP_PKEY *key, uk_buf *out);
UK_RESULT vc_public_from_directory(uk_bytes spki, EVP_PKEY **out);
/* From a PEM file: a public key, a certificate, or a private key. */
UK_RESULT vc_public_from_pem(const char *path, EVP_PKEY **out);
/* 04||x||y of a P-256 key. UK_ERR_UNSUPPORTED for others. */
UK_RESULT vc_public_point(EVP_PKEY *key, uint8_t point[65]);

#endif
