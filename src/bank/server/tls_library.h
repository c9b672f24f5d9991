/*
 * A library context for TLS in which a peer's certificates are decoded quickly.
 *
 * OpenSSL 3 gathers for each public key all decoders that it knows (some forty,
 * most of them for keys in files) before it uses one, and that takes twice as
 * long as a P-256 verification. Here there are only those for public keys of
 * certificates; everything else is the default provider's. It is what
 * OpenSSL's own tests do to leave out parts of a provider (test/filterprov.c).
 */
#ifndef BANK_TLS_LIBRARY_H
#define BANK_TLS_LIBRARY_H

#include <openssl/types.h>

/* One for the process, made at the first call; NULL: there is no memory. In it
 * keys cannot be read from files. */
OSSL_LIB_CTX *bank_tls_library(void);

#endif
