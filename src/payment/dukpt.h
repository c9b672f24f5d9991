/*
 * Keys for one transaction each: DUKPT.
 *
 * A terminal and its bank share one initial key, made from a base key that only
 * the bank has. For each transaction both make another key from it, numbered by
 * a counter, and that key is split by use: PIN, message authentication, data.
 * The terminal keeps no key from which an earlier transaction could be read
 * (struct uk_dukpt is its side); the bank makes any of them again from the base
 * key and the KSN, which travels in the clear.
 *
 * AES (ANSI X9.24-3:2017): KSN = 8 bytes of initial key ID (4 of the base key,
 * 4 of the terminal), 4 of counter; here with AES-128 throughout. Triple DES
 * (ANSI X9.24-1:2009), for terminals that are not to be had otherwise: KSN of
 * 10 bytes whose last 21 bits count, keys of double length. Keys are 16 bytes
 * everywhere. Whoever gets one wipes it.
 */
#ifndef UK_DUKPT_H
#define UK_DUKPT_H

#include "crypto.h"

enum {
	UK_DUKPT_KEY = 16,
	UK_DUKPT_ID = 8, /* AES: initial key ID */
	UK_DUKPT_KSN = 12,
	UK_DUKPT_KSN_TDES = 10,
	UK_DUKPT_REGISTERS = 32,
	UK_DUKPT_WORK = 16,     /* AES: bits that are set in a counter */
	UK_DUKPT_WORK_TDES = 10 /* likewise, triple DES */
};

/* The keys of one transaction, from terminal to bank. */
struct uk_dukpt_keys {
	uint8_t pin[UK_DUKPT_KEY];  /* PIN encryption */
	uint8_t mac[UK_DUKPT_KEY];  /* generation; triple DES: request */
	uint8_t data[UK_DUKPT_KEY]; /* encryption; triple DES: request */
};

/* --- AES ------------------------------------------------------------------ */

/* X9.24-3, 6.3.1. id: UK_DUKPT_ID bytes. */
UK_RESULT uk_dukpt_initial(
    uk_crypto *c, uk_bytes base_key, uk_bytes id, uint8_t key[UK_DUKPT_KEY]);
/* The bank's side, 6.3.3. UK_ERR_FORMAT: no terminal has such a counter. */
UK_RESULT uk_dukpt_keys(uk_crypto *c, uk_bytes initial_key, uk_bytes ksn,
    struct uk_dukpt_keys *out);

/* The terminal's side, 6.4: secret. */
struct uk_dukpt {
	uint8_t id[UK_DUKPT_ID];
	uint32_t counter; /* of the next transaction */
	uint32_t used;    /* which registers hold a key */
	uint8_t registers[UK_DUKPT_REGISTERS][UK_DUKPT_KEY];
};
/* The initial key is not kept. */
UK_RESULT uk_dukpt_load(
    uk_crypto *c, struct uk_dukpt *d, uk_bytes initial_key, uk_bytes id);
/* One transaction's keys and KSN. The state that follows must be on the disk
 * before any of them is used, or the counter would be used twice.
 * UK_ERR_CONDITIONS: all are used up; the terminal needs another initial key.
 */
UK_RESULT uk_dukpt_next(uk_crypto *c, struct uk_dukpt *d,
    uint8_t ksn[UK_DUKPT_KSN], struct uk_dukpt_keys *out);

/* --- triple DES, the bank's side only --------------------------------------
 */

/* X9.24-1, A.6. ksn: UK_DUKPT_KSN_TDES bytes, whatever its counter. */
UK_RESULT uk_dukpt_tdes_initial(
    uk_crypto *c, uk_bytes base_key, uk_bytes ksn, uint8_t key[UK_DUKPT_KEY]);
/* A.3: the key of the counter itself, before it is split. */
UK_RESULT uk_dukpt_tdes_current(uk_crypto *c, uk_bytes initial_key,
    uk_bytes ksn, uint8_t key[UK_DUKPT_KEY]);
/* A.4.1: variants; that of data is enciphered by itself. */
UK_RESULT uk_dukpt_tdes_keys(uk_crypto *c, uk_bytes initial_key, uk_bytes ksn,
    struct uk_dukpt_keys *out);

#endif
