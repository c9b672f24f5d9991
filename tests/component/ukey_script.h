/*
 * Exchanges with a U-key card, written by hand from docs/card-profile.md;
 * `openssl asn1parse` agrees with the directory files.
 */
#ifndef UKEY_SCRIPT_H
#define UKEY_SCRIPT_H

#include "card.h"
#include "script_link.h"

#define SELECT_UKEY "00A40400 08 F0756B65792E3031 00"

/* Profile 1.1. A5: version 1.0, serial, content version 7, PIN 3 of 3, PUK 5 of
 * 5, FFFF both ways, bank proof wanted, "Test". */
#define SERIAL "0102030405060708"
#define STATUS(pin_left)                                                       \
	"8002 0100"                                                            \
	"8108 " SERIAL "8204 00000007"                                         \
	"8309 8103" pin_left "8203" pin_left "830505"                          \
	"8404 FFFFFFFF"                                                        \
	"8501 01"                                                              \
	"5004 54657374"
#define FCI(status) "6F3D 8408F0756B65792E3031 8A0105 A52E" status "9000"
#define FCI_GOOD    FCI(STATUS("03"))
/* The same card behind a reader that takes short lengths only. */
#define FCI_SHORT                                                              \
	FCI("80020100"                                                         \
	    "8108" SERIAL "820400000007"                                       \
	    "8309 810303 820303 830505"                                        \
	    "8404 00FF0100"                                                    \
	    "850101"                                                           \
	    "500454657374")

#define READ_PRKDF  "00B08200 000000"
#define READ_PUKDF  "00B08300 000000"
#define READ_CDF    "00B08400 000000"
#define READ_DODF   "00B08500 000000"
#define READ_CERT_1 "00B08B00 000000"
#define READ_CERT_2 "00B08C00 000000"

/* Key 01: RSA 2048, "login", private, authId 01, id B1B2B3B4, sign, local. */
#define PRKEY_1                                                                \
	"3031 300E 0C056C6F67696E 03020780 040101"                             \
	"     3011 0404B1B2B3B4 03020520 030203B8 020101"                      \
	"     A10C 300A 300404024402 02020800"
/* Key 02: P-256, "transfer", userConsent 1, id A1A2A3A4, nonRepudiation. */
#define PRKEY_2                                                                \
	"A038 3014 0C087472616E73666572 03020780 040101 020101"                \
	"     3012 0404A1A2A3A4 0303060040 030203B8 020102"                    \
	"     A10C 300A 300404024402 02020100"
#define PRKDF PRKEY_1 PRKEY_2 "9000"
#define CDF_CERT_1                                                             \
	"301B 3007 0C056C6F67696E 3006 0404B1B2B3B4"                           \
	"     A108 3006 300404024331"
#define CDF_CERT_2                                                             \
	"301E 300A 0C087472616E73666572 3006 0404A1A2A3A4"                     \
	"     A108 3006 300404024332"
#define CDF CDF_CERT_1 CDF_CERT_2 "9000"

/* 32 bytes of hash and 64, 256 bytes of signature. */
#define HASH32                                                                 \
	"000102030405060708090A0B0C0D0E0F"                                     \
	"101112131415161718191A1B1C1D1E1F"
#define TEN16(b) b b b b b b b b b b b b b b b b
#define SIG64    TEN16("ABCDEF01")
#define SIG256   TEN16(TEN16("5A"))

/* What follows every change: the content version (8 now), and the directories.
 */
#define GET_STATUS "00CA010100"
#define STATUS_8                                                               \
	"8002 0100 8108 " SERIAL "8204 00000008"                               \
	"8309 810303 820303 830505 8404 FFFFFFFF 850101 5004 54657374 9000"

struct desk {
	uk_channel *ch;
	uk_card *card;
};

/* Opens the card of a script that begins with SELECT_UKEY; nth exchange fails
 * with failure (0 = none). On failure the desk is empty. */
uk_err desk_open_broken(struct desk *d, const struct script_step *steps,
    size_t count, unsigned nth, enum uk_code failure);
/* The answer to reset of the next card that is opened. */
extern const char *desk_atr;
struct desk desk_open(const struct script_step *steps, size_t count);
#define DESK(steps) desk_open(steps, sizeof(steps) / sizeof((steps)[0]))
void desk_close(struct desk *d);
/* Closes; fails the test unless exactly this many commands were sent. */
void desk_close_after(struct desk *d, size_t commands);

/* Keys 01 and 02 as the directory above lists them. */
extern const uk_object key_1, key_2;

uk_pin pin_of(const char *text);

#endif
