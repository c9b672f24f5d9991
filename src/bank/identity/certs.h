/*
 * Certificates that have been checked already.
 *
 * To decode a certificate, its key and to check its chain takes several times
 * as long as to verify a signature with it, and a customer's certificate is the
 * same at every login. So one that was found good is kept, by the SHA-256 of
 * its DER, until the first moment at which the answer might be another. Only
 * good ones are kept: nobody can fill the room with certificates of his own.
 */
#ifndef BANK_CERTS_H
#define BANK_CERTS_H

#include "crypto.h"

enum { BANK_FINGERPRINT = 32 };

struct bank_certs;

/* room: how many are kept at most; at least 1. */
UK_RESULT bank_certs_open(size_t room, struct bank_certs **out);
void bank_certs_close(struct bank_certs **c); /* accepts NULL */
/* Nothing is known any more: it has changed whom we trust. */
void bank_certs_forget(struct bank_certs *c);

/* Good for this purpose at this time; NULL if that is not known. Borrowed until
 * the next call. */
const uk_cert *bank_certs_find(struct bank_certs *c, uk_bytes fingerprint,
    enum uk_purpose purpose, int64_t now);
/* *cert (taken over, NULL afterwards) was found good for this purpose at `now`
 * and stays so before `until`. The least used one makes room. Borrowed as
 * above. */
const uk_cert *bank_certs_keep(struct bank_certs *c, uk_bytes fingerprint,
    enum uk_purpose purpose, int64_t now, int64_t until, uk_cert **cert);

#endif
