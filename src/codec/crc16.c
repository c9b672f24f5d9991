/* Check codes of cards. */
#include "crc16.h"

enum { POLYNOMIAL = 0x8408 }; /* 1021, the lowest bit first */

static const struct {
	uint16_t first, last;
} kinds[] = {
	[UK_CRC_A] = { 0x6363, 0x0000 },
	[UK_CRC_B] = { 0xffff, 0xffff },
	[UK_CRC_PLAIN] = { 0xffff, 0x0000 },
};

static uint16_t add_byte(uint16_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int bit = 0; bit < 8; bit++)
		crc = (uint16_t)(crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0));
	return crc;
}

uint16_t uk_crc16(enum uk_crc16 which, uk_bytes data)
{
	uint16_t crc = kinds[which].first;

	for (size_t i = 0; i < data.n; i++)
		crc = add_byte(crc, data.p[i]);
	return crc ^ kinds[which].last;
}
