/*
 * Evidence: a customer's signature over a text, with everything that is needed
 * to verify it years later, as one SignedData (cms.h): the text, the signature
 * as the card made it, the signer's certificate, the CA certificates above it
 * and the revocation lists of that time. RSA and ECDSA as CMS, which `openssl
 * cms -verify -binary` verifies; SM2 as GM/T 0010.
 */
#ifndef BANK_EVIDENCE_H
#define BANK_EVIDENCE_H

#include "vouchers.h"

struct bank_signed {
	uk_bytes text, certificate; /* DER */
	uk_bytes signature;         /* r||s, or RSA's bytes */
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
};

/* Verifies the signature once more: what does not prove anything is not called
 * evidence. UK_ERR_SIGNATURE; UK_ERR_FORMAT: the certificate. */
UK_RESULT bank_evidence_make(uk_crypto *c, const struct bank_signed *s,
    const struct bank_vouchers *vouchers, uk_blob *out);

#endif
