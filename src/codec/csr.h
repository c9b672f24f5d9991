/*
 * Certificate requests (PKCS #10, RFC 2986), written in two steps with the
 * signature in between, which is somebody else's business. They name a subject
 * and a key and wish for nothing: what goes into a certificate its issuer knows
 * best.
 */
#ifndef UK_CSR_H
#define UK_CSR_H

#include "keyalg.h"

/* CertificationRequestInfo, what is signed. name: the commonName, UTF-8, 1 to
 * UK_CSR_NAME bytes (RFC 5280, A.1: ub-common-name; UK_ERR_ARGUMENT). */
enum { UK_CSR_NAME = 64 };
UK_RESULT uk_put_csr_info(uk_buf *out, uk_bytes name, uk_bytes spki);

/* The whole request. signature: raw r||s for elliptic curves, else the block.
 * UK_ERR_ARGUMENT: not an algorithm that certificates are asked for with. */
UK_RESULT uk_put_csr(uk_buf *out, uk_bytes info, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes signature);

#endif
