/*
 * The CA of a test bank: its keys and certificates, those of its customers, and
 * the list of what was revoked. A real bank has a CA already; then only the
 * files of bank.h are needed.
 */
#ifndef BANK_CA_H
#define BANK_CA_H

#include "crypto.h"
#include "store.h"

enum bank_profile {
	BANK_PROFILE_CA,
	BANK_PROFILE_TLS,
	BANK_PROFILE_SIGN, /* the bank's signing key */
	BANK_PROFILE_LOGIN,
	BANK_PROFILE_TRANSACTION
};

/* Makes CA, TLS and signing key and certificate in dir. sm2: the CA is one of
 * SM2, and TLS, which knows no such certificates here, has another CA
 * (tls-ca.pem). say is called before each step. UK_ERR_EXISTS if a file is
 * there. */
UK_RESULT bank_ca_init(const char *dir, const char *name, const char *host,
    bool sm2, void (*say)(const char *step));

struct bank_issued {
	uk_blob der, pem;
	char serial[48]; /* hex */
};
void bank_issued_free(struct bank_issued *i);

enum { BANK_REQUEST_MAX = 8192 }; /* bytes of a request in PEM */

/* Is this a request (PKCS #10, PEM) whose signature is good? UK_ERR_SIGNATURE,
 * UK_ERR_FORMAT, UK_ERR_UNSUPPORTED (a kind of key the protocol does not know).
 * Appends the SHA-256 of the key's SubjectPublicKeyInfo. */
UK_RESULT bank_ca_check_request(
    uk_crypto *c, uk_bytes pem, uk_buf *fingerprint);
/* A customer's certificate for the key of such a request. Times are seconds
 * since 1970. */
UK_RESULT bank_ca_enroll(const char *dir, uk_bytes request,
    const char *customer, enum bank_profile profile, int64_t not_before,
    int64_t not_after, struct bank_issued *out);

/* Writes the revocation list anew from the database. */
UK_RESULT bank_ca_write_crl(
    const char *dir, struct bank_store *s, int64_t now, int64_t days);
/* Remembers that it is revoked; the list must be written after it.
 * UK_ERR_NOT_FOUND: this bank has issued no such certificate. */
UK_RESULT bank_ca_revoke(struct bank_store *s, const char *serial, int64_t now);
/* Upper-case hex of a PEM certificate's serial number. */
UK_RESULT bank_ca_serial_of(const char *cert_path, char *out, size_t cap);

#endif
