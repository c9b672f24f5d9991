/*
 * A virtual card in memory with a PIV application as it is delivered, and its
 * administrator, whose ciphers are OpenSSL's.
 */
#ifndef PIV_FIXTURE_H
#define PIV_FIXTURE_H

#include "vc_piv_perso.h"
#include "vcard_fixture.h"

#define PIV_AID    "A000000308000010000100"
#define PIV_SELECT "00A404000BA00000030800001000010000"
#define PIV_PIN    "313233343536FFFF"
#define PIV_PUK    "3132333435363738"
#define PIV_VERIFY "0020008008" PIV_PIN
#define PIV_KEY    "010203040506070801020304050607080102030405060708"
/* GET DATA of an object with a tag of three bytes. */
#define PIV_GET(tag) "00CB3FFF055C03" tag "00"

/* kind: "piv" or "piv-yubico"; selected. path NULL: in memory. */
struct vc_card *piv_card(const char *kind, const char *path);
struct vc_app *piv_app(struct vc_card *card);

/* One block. cipher: OpenSSL's name; key and block in hex. */
uk_bytes piv_block(
    const char *cipher, bool encipher, const char *key, uk_bytes block);
/* External authentication of the administrator with the key as delivered; the
 * status word. */
unsigned piv_admin(struct vc_card *card);

/* The public key in 7F49 { 86 } or { 81 82 }; the caller frees it. */
EVP_PKEY *piv_public(uk_bytes template);

/* cmocka's set-ups: the two kinds. vc_tear_down fits. */
int piv_set_up(void **state);
int piv_yubico_set_up(void **state);

#endif
