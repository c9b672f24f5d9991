/* IsoApplet cards in memory, in both versions. Expected bytes come from
 * OpenSC's driver (what it sends, and what it looks for in answers) and from
 * IsoApplet's published source, whose behaviour is imitated. */
#ifndef ISO_CARD_H
#define ISO_CARD_H

#include "vcard_fixture.h"

#define ISO_SELECT "00A404000CF276A288BCFBA69D34F31001"
#define ISO_PIN16  "34383239313500000000000000000000" /* 482915 */
#define ISO_PUK16  "37333531393430323733353139343032"
#define ISO_LOGIN  "0020000106343832393135"

/* A curve as OpenSC 0.23 sends it for prime256v1 (SEC 2, 2.4.2). */
#define ISO_P256_P                                                             \
	"8120FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
#define ISO_P256_A                                                             \
	"8220FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"
#define ISO_P256_B                                                             \
	"83205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"
#define ISO_P256_G                                                             \
	"844104"                                                               \
	"6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"     \
	"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
#define ISO_P256_N                                                             \
	"8520FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
#define ISO_P256                                                               \
	ISO_P256_P ISO_P256_A ISO_P256_B ISO_P256_G ISO_P256_N "87020001"

/* kind: "isoapplet" or "isoapplet0"; import: private keys may be put. Selected,
 * in the state CREATION. Fails the running test. */
struct vc_card *iso_card(const char *kind, bool import);
/* The same with PIN and PUK, and the PIN given. */
struct vc_card *iso_card_open(const char *kind, bool import);

/* cmocka's: iso_card_open without import, of version 1 and 0. */
int iso_set_up_1(void **state);
int iso_set_up_0(void **state);
/* New of version 1. */
int iso_set_up_new(void **state);

#endif
