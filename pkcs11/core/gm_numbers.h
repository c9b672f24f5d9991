/*
 * The presets of gm_numbers, for gm.c and mech.c: name, key type, key pair
 * generation, signature of e, signature of a message with SM3 and Z,
 * encryption, SM3. The first one is the default.
 *
 *   luna    Thales Luna, as in OpenSC's pull request 3343; it has no number for
 *           encryption, so the one on which Sansec and TASS agree is used
 *   ec      luna's mechanisms, but the keys call themselves CKK_EC
 *   sansec  swpkcs11.h: the forms without DER (8105), with Z (8102)
 *   tass    TASS
 *   ep11    IBM EP11 and openCryptoki
 */
#ifndef P11_GM_NUMBERS_H
#define P11_GM_NUMBERS_H

/* clang-format off: a table */
#define P11_GM_PRESETS(X)                                                      \
	X("luna", 0x80000016UL, 0x80000b20UL, 0x80000b21UL, 0x80000b22UL,      \
	    0x80008200UL, 0x80000b01UL)                                        \
	X("ec", CKK_EC, 0x80000b20UL, 0x80000b21UL, 0x80000b22UL,              \
	    0x80008200UL, 0x80000b01UL)                                        \
	X("sansec", 0x80000004UL, 0x80008001UL, 0x80008105UL, 0x80008102UL,    \
	    0x80008200UL, 0x80009001UL)                                        \
	X("tass", 0x80000004UL, 0x80008001UL, 0x80008000UL, 0x80008100UL,      \
	    0x80008200UL, 0x80000005UL)                                        \
	X("ep11", 0x80050002UL, 0x8005000aUL, 0x8005000bUL, 0x8005000cUL,      \
	    0x8005000dUL, 0x8005000eUL)
/* clang-format on */

#endif
