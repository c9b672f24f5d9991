/*
 * Command and response APDUs, ISO/IEC 7816-4:2020, 5.1 to 5.3.
 *
 * The middleware encodes commands and decodes responses; the virtual card does
 * the reverse. Both stand on this file, which is pinned to byte strings from
 * the standard by its unit test.
 */
#ifndef UK_APDU_H
#define UK_APDU_H

#include "bytes.h"

enum {
	UK_LE_NONE = 0, /* no answer data expected */
	UK_LE_SHORT_MAX = 256,
	UK_LE_MAX = 65536,
	UK_LC_SHORT_MAX = 255,
	UK_LC_MAX = 65535,
	UK_APDU_MAX = 4 + 3 + 65535 + 2, /* longest encoded command */
	UK_RESPONSE_MAX = 65536 + 2,     /* longest encoded response */
	UK_CLA_CHAIN = 0x10              /* more parts follow */
};

typedef struct uk_cmd {
	uint8_t cla, ins, p1, p2;
	uk_bytes data; /* Nc = 0..65535 bytes */
	uint32_t le;   /* Ne = 0..65536; UK_LE_MAX = as much as there is */
	bool secret;   /* data is never traced and is wiped after sending */
} uk_cmd;

typedef struct uk_resp {
	uk_bytes data; /* view into what was received */
	uint16_t sw;
} uk_resp;

/* Needs the extended form (5.2)? */
bool uk_cmd_extended(const uk_cmd *cmd);
/* Encodes in the short form if it fits, else extended. (A
 * response longer than 256 bytes can only be asked for in the extended form.)
 * UK_ERR_ARGUMENT if data or le are out of range. */
UK_RESULT uk_cmd_encode(const uk_cmd *cmd, uk_buf *out);

/* Decodes any of the seven cases; data is a view into apdu. UK_ERR_FORMAT if
 * lengths disagree. */
UK_RESULT uk_cmd_decode(uk_bytes apdu, uk_cmd *out);

/* UK_ERR_CARD_MUTE if shorter than the status word or longer than allowed, or
 * if SW1 is not 6x or 9x. */
UK_RESULT uk_resp_decode(uk_bytes apdu, uk_resp *out);

#endif
