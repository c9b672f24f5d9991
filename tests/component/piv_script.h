/*
 * Exchanges with a PIV card, written by hand from SP 800-73-4 part 2. GET DATA
 * for the certificate of PIV authentication, the empty GENERAL AUTHENTICATE
 * response template and the layout of CHUID and discovery object are those of
 * the standard's part 1, appendix A, and part 2, appendix A.
 */
#ifndef PIV_SCRIPT_H
#define PIV_SCRIPT_H

#include "ukey_script.h"

/* What is asked before: the answers of a card that has nothing else. */
#define SELECT_ISO "00A40400 0C F276A288BCFBA69D34F31001 00"
#define NOTHING_ELSE                                                           \
	{ SELECT_UKEY, "6A82", UK_OK },                                        \
	{                                                                      \
		SELECT_ISO, "6A82", UK_OK                                      \
	}
#define SELECT_PIV "00A40400 09 A00000030800001000 00"
/* Application property template, part 2, table 3. */
#define PIV_FCI   "6111 4F06000010000100 7907 4F05A000000308 9000"
#define GET(tag)  "00CB3FFF 05 5C03 5FC1" tag " 00"
#define GET_CHUID GET("02")
#define GUID      "00112233445566778899AABBCCDDEEFF"
/* FASC-N (the standard's example is 25 bytes, here zeros), GUID, expiry date,
 * no signature, no error code. */
#define FASCN25 "00000000000000000000000000000000000000000000000000"
#define CHUID                                                                  \
	"533B 3019" FASCN25 "3410" GUID "3508 3230333030313031 3E00 FE00 9000"
/* A PIV card and nothing else; the scripts below go on from here. */
#define PIV_OPEN                                                               \
	NOTHING_ELSE, { SELECT_PIV, PIV_FCI, UK_OK },                          \
	{                                                                      \
		GET_CHUID, CHUID, UK_OK                                        \
	}
enum { PIV_OPEN_COMMANDS = 4 };

#define GET_DISCOVERY "00CB3FFF 03 5C017E 00"
#define NO_DISCOVERY                                                           \
	{                                                                      \
		GET_DISCOVERY, "6A82", UK_OK                                   \
	}
#define VERIFY_123456 "00200080 08 313233343536FFFF"
#define GET_SERIAL    "00F80000 00"
#define GET_VERSION   "00FD0000 00"
#define NOT_YUBICO                                                             \
	{                                                                      \
		GET_VERSION, "6D00", UK_OK                                     \
	}

/* The answers of a card that says 256 bytes at a time. */
struct piv_pieces {
	char text[20][2 * 258 + 1];
	struct script_step steps[24];
	size_t count;
};
/* The commands that fetch this object, the first as given. */
void piv_cut(struct piv_pieces *p, const char *first_command, uk_bytes object);
/* The answer to GET DATA: 53 { 70 { certificate } more }, good until the next
 * one. */
uk_bytes piv_cert_object(const char *cert, const char *more);

/* Places of keys, which are their objects' ref: 9A, 9C, 9D, 9E, 82 ... */
enum { AT_9A, AT_9C, AT_9D, AT_9E, AT_82, AT_83 };

#endif
