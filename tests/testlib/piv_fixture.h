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
/* The key of FIPS 197, appendix C.1. */
#define PIV_KEY_FIPS "000102030405060708090A0B0C0D0E0F"
/* GENERAL AUTHENTICATE: ECDSA on P-256 over VC_HASH. */
#define PIV_SIGN(slot) "008711" slot "267C2482008120" VC_HASH "00"
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

#define PIV_ADMIN(card) assert_int_equal(piv_admin(card), 0x9000)
#define PIV_LOGIN(card) expect_sw(card, PIV_VERIFY, 0x9000)

/* A key brought by the personaliser; alg: enum of vc_piv_perso.h. */
void piv_import(
    struct vc_card *card, uint8_t slot, uint8_t alg, struct vc_key_parts parts);

/* The public key in 7F49 { 86 } or { 81 82 }; the caller frees it. */
EVP_PKEY *piv_public(uk_bytes template);

/* cmocka's set-ups: the two kinds. vc_tear_down fits. */
int piv_set_up(void **state);
int piv_yubico_set_up(void **state);

#endif
