/*
 * The key of a certificate, from the certificate's beginning: cards that hand
 * out 256 bytes at a time need not be asked for the rest to learn what kind of
 * key it is. Nothing here is proof of anything; x509.h reads whole
 * certificates.
 */
#ifndef UK_CERTPEEK_H
#define UK_CERTPEEK_H

#include "keyalg.h"

/* UK_ERR_TOO_SMALL: more of it is needed. UK_ERR_FORMAT: it begins like no
 * certificate. UK_ERR_UNSUPPORTED: its key is of no kind we know. */
UK_RESULT uk_certpeek(
    uk_bytes beginning, enum uk_key_type *type, unsigned *bits);

/* A TLV whose content may not be all there yet: its tag, the length it says it
 * has, and what of the content is there. The same results. */
UK_RESULT uk_certpeek_tlv(
    uk_bytes beginning, uint8_t tag, size_t *length, uk_bytes *content);

#endif
