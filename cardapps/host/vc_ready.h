/*
 * A card for a test that needs one and does not care which: two keys, their
 * certificates from a CA made on the spot, PIN and PUK that everybody knows,
 * activated. It lives in memory.
 */
#ifndef VC_READY_H
#define VC_READY_H

#include "vc_card.h"

/* No secrets: printed in the manual. */
#define VC_READY_PIN   "123456"
#define VC_READY_PUK   "12345678"
#define VC_READY_LABEL "Test card"

/* profile: a type of keys (vc_perso_knows_type); UK_ERR_ARGUMENT for others.
 * *ca: the CA's certificate as PEM text, which the caller frees with
 * OPENSSL_free. */
UK_RESULT vc_ready_make(const char *profile, struct vc_card **card, char **ca);

#endif
