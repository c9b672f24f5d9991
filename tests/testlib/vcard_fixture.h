/*
 * A virtual card in memory or in a file, personalised by plain APDUs, and the
 * bank that proves itself to it. Signatures are judged by OpenSSL directly.
 */
#ifndef VCARD_FIXTURE_H
#define VCARD_FIXTURE_H

#include "vc_apps.h"

#include <openssl/evp.h>

#define VC_SELECT "00A4040008F0756B65792E303100"
/* PIN 1234, PUK 12345678, as VERIFY takes them. */
#define VC_PIN     "0431323334"
#define VC_PUK     "083132333435363738"
#define VC_PAD12   "FFFFFFFFFFFFFFFFFFFFFFFF"
#define VC_PIN16   "31323334" VC_PAD12
#define VC_PUK16   "3132333435363738FFFFFFFFFFFFFFFF"
#define VC_LOGIN   "00200081" VC_PIN
#define VC_CONSENT "00200082" VC_PIN
/* 32 bytes to sign. */
#define VC_HASH                                                                \
	"00112233445566778899AABBCCDDEEFF0123456789ABCDEFFEDCBA9876543210"

#define VC_HASH20 "00112233445566778899AABBCCDDEEFF01234567"
#define VC_HASH64 VC_HASH VC_HASH

/* Sends hex, compares the whole answer (data and status word) with hex. */
#define expect_apdu(card, command, answer)                                     \
	expect_apdu_at(card, command, answer, __FILE__, __LINE__)
void expect_apdu_at(struct vc_card *card, const char *command,
    const char *answer, const char *file, int line);
/* The same, the status word only. */
#define expect_sw(card, command, sw)                                           \
	expect_sw_at(card, command, sw, __FILE__, __LINE__)
void expect_sw_at(struct vc_card *card, const char *command, unsigned sw,
    const char *file, int line);
/* The answer's data, without the status word, which must be 9000. */
uk_bytes answer_of(struct vc_card *card, const char *command);
unsigned sw_of(uk_bytes answer);

/* A selected card in the creation state: PIN, PUK, keys 01 and 02 of this type
 * (the profile's byte); with_bank: the bank's key and the flag. path NULL: in
 * memory. Fails the running test. */
struct vc_card *card_in_creation(
    const char *path, unsigned type, bool with_bank);
/* The same, activated and selected again. */
struct vc_card *card_in_use(const char *path, unsigned type, bool with_bank);

/* cmocka's set-ups: a card in use with P-256 keys, without and with bank, and
 * one in the creation state with bank; and the tear-down of all. */
int vc_set_up(void **state);
int vc_set_up_bank(void **state);
int vc_set_up_creation(void **state);
int vc_tear_down(void **state);

/* EXTERNAL AUTHENTICATE for the hash over a challenge that it asks for; with
 * `lie`, the signature is another bank's. The status word. */
unsigned prove(struct vc_card *card, uk_bytes hash, bool lie);
/* The command alone, for a challenge that is known. Hex in a static buffer. */
const char *proof_command(
    uk_bytes serial, uk_bytes challenge, uk_bytes hash, bool lie);

/* The public half of a key of the card, read from it; the caller frees it. */
EVP_PKEY *public_of(struct vc_card *card, unsigned ref);
/* An SM2 key by its point 04||x||y; the caller frees it. */
EVP_PKEY *sm2_public(uk_bytes point);
/* ECDSA r||s over a finished hash. */
bool ecdsa_good(EVP_PKEY *key, uk_bytes hash, uk_bytes sig);

#endif
