/*
 * TLS: contexts of our listeners, and what a connection says about its peer.
 *
 * Two kinds. Where people log in with a token, TLS 1.3 alone, no certificate is
 * asked for and nothing is resumed. Where they log in with the certificate of
 * the connection, TLS 1.2 too (cards that cannot sign as TLS 1.3 wants), and
 * sessions are kept by us, not in tickets: resuming costs no signature of the
 * card, and whether the certificate is good is asked at every login anyway.
 */
#ifndef BANK_TLS_H
#define BANK_TLS_H

#include "routes.h"

#include <openssl/ssl.h>

UK_RESULT bank_tls_open(struct bank *b, bool certificates, SSL_CTX **out);

/* The connection's certificate; der is filled and peer points to it. */
UK_RESULT bank_tls_peer(SSL *ssl, struct bank_peer *peer, uk_blob *der);

#endif
