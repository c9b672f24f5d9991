/* SubjectPublicKeyInfo inside a certificate; only for x509.c. The rest of
 * spki.c is declared in x509.h. */
#ifndef UK_SPKI_H
#define UK_SPKI_H

#include "x509.h"

/* Reads one: fills spki and the key fields. A key of a kind that we do not know
 * is UK_KEY_NONE; r turns bad only if it is malformed. */
void uk_spki_get(uk_reader *r, uk_x509 *out);

#endif
