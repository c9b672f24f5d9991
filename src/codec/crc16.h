/*
 * The two check codes of 16 bits that cards use; both are x^16+x^12+x^5+1, the
 * lowest bit first, and differ in where they begin and end.
 */
#ifndef UK_CRC16_H
#define UK_CRC16_H

#include "bytes.h"

enum uk_crc16 {
	UK_CRC_A,    /* ISO/IEC 14443-3, 6.2.4: from 6363 */
	UK_CRC_B,    /* ISO/IEC 14443-3, 7.2: from FFFF, inverted at the end */
	UK_CRC_PLAIN /* T=1, ISO/IEC 7816-3, 11.4.4: from FFFF */
};

uint16_t uk_crc16(enum uk_crc16 which, uk_bytes data);

#endif
