/*
 * PINs on their way from a terminal to the bank (ISO 9564-1): a block that also
 * holds the account number, so that it is worth nothing with another card.
 *
 * Format 4 is made with AES and has random bytes in it; format 0, with triple
 * DES, is for old terminals and always the same for the same PIN, account and
 * key: so each key is used once (dukpt.h). PAN: 12 to 19 digits, as text; PIN:
 * 4 to 12 digits, as text. UK_ERR_ARGUMENT for anything else.
 */
#ifndef UK_PINBLOCK_H
#define UK_PINBLOCK_H

#include "crypto.h"
#include "secret.h"

enum {
	UK_PIN_BLOCK_0 = 8,
	UK_PIN_BLOCK_4 = 16,
	UK_PAN_MIN = 12,
	UK_PAN_MAX = 19,
	UK_PIN_DIGITS_MIN = 4,
	UK_PIN_DIGITS_MAX = 12
};

bool uk_is_pan(uk_bytes pan);
bool uk_is_pin(const uk_pin *pin);

/* 9.4.2; filling: 8 random bytes. */
UK_RESULT uk_pin_block_4(uk_crypto *c, uk_bytes key, uk_bytes pan,
    const uk_pin *pin, uk_bytes filling, uint8_t block[UK_PIN_BLOCK_4]);
/* Either format, by its length. UK_ERR_FORMAT: no PIN comes out, which is also
 * what a wrong key or another card's account looks like. The caller wipes pin,
 * also on failure. */
UK_RESULT uk_pin_block_open(
    uk_crypto *c, uk_bytes key, uk_bytes pan, uk_bytes block, uk_pin *pin);
/* 9.3.1, in the clear and enciphered. */
UK_RESULT uk_pin_block_0(uk_crypto *c, uk_bytes key, uk_bytes pan,
    const uk_pin *pin, uint8_t block[UK_PIN_BLOCK_0]);

#endif
