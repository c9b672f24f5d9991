/* Status words, ISO/IEC 7816-4:2020, 5.6, and what they mean to us. */
#ifndef UK_SW_H
#define UK_SW_H

#include "err.h"

enum uk_sw {
	UK_SW_OK = 0x9000,
	UK_SW_EOF = 0x6282, /* end of file before Le bytes */
	UK_SW_DEACTIVATED = 0x6283,
	UK_SW_TRIES = 0x63c0, /* low nibble: tries left */
	UK_SW_MEMORY = 0x6581,
	UK_SW_LENGTH = 0x6700,
	UK_SW_CHANNEL = 0x6881,
	UK_SW_SM = 0x6882,
	UK_SW_LAST_EXPECTED = 0x6883,
	UK_SW_NO_CHAINING = 0x6884,
	UK_SW_STRUCTURE = 0x6981,
	UK_SW_SECURITY = 0x6982,
	UK_SW_BLOCKED = 0x6983,
	UK_SW_REF_UNUSABLE = 0x6984,
	UK_SW_CONDITIONS = 0x6985,
	UK_SW_NO_EF = 0x6986,
	UK_SW_DATA = 0x6a80,
	UK_SW_FUNCTION = 0x6a81,
	UK_SW_NO_FILE = 0x6a82,
	UK_SW_NO_RECORD = 0x6a83,
	UK_SW_SPACE = 0x6a84,
	UK_SW_P1P2 = 0x6a86,
	UK_SW_LC_P1P2 = 0x6a87,
	UK_SW_NO_REF = 0x6a88,
	UK_SW_EXISTS = 0x6a89,
	UK_SW_OFFSET = 0x6b00,
	UK_SW_INS = 0x6d00,
	UK_SW_CLA = 0x6e00,
	UK_SW_UNKNOWN = 0x6f00
};

/* The one translation of status words into uk_err; the word is kept in .sw.
 * Commands with meanings of their own (VERIFY's empty form) look at .sw. */
UK_RESULT uk_sw_err(uint16_t sw);

#endif
