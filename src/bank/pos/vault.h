/*
 * The issuer's secrets: one master key in a security module, or in the bank's
 * folder, and what is derived from it (NIST SP 800-108,
 * HMAC in counter mode with one block): base keys of the terminals, the key
 * under which card data lies in the database, the key by which a card is found
 * without its number being there, the key of PIN verification values.
 */
#ifndef BANK_VAULT_H
#define BANK_VAULT_H

#include "crypto.h"

enum {
	BANK_VAULT_KEY = 32,
	BANK_VAULT_INDEX = 32,
	BANK_SEALED_MORE = 28 /* bytes that sealing adds: nonce and tag */
};

#define BANK_FILE_POS_KEY "pos.key"

struct bank_vault; /* in locked pages */

/* Reads the master key; makes it if it is not there. */
UK_RESULT bank_vault_open(
    uk_crypto *c, const char *dir, struct bank_vault **out);
/* The master key of the file, which is made if it is not there; for who takes
 * it elsewhere and wipes it. */
UK_RESULT bank_vault_master(
    uk_crypto *c, const char *path, uint8_t key[BANK_VAULT_KEY]);
/* The master key is elsewhere: prf is HMAC-SHA-256 with it. */
typedef uk_err bank_vault_prf(
    void *arg, uk_bytes data, uint8_t out[BANK_VAULT_KEY]);
UK_RESULT bank_vault_open_with(
    uk_crypto *c, bank_vault_prf *prf, void *arg, struct bank_vault **out);
void bank_vault_close(struct bank_vault **v); /* accepts NULL; wipes */
uk_crypto *bank_vault_crypto(const struct bank_vault *v);

/* Base keys for DUKPT: 16 bytes, view. */
uk_bytes bank_vault_base_aes(const struct bank_vault *v);
uk_bytes bank_vault_base_tdes(const struct bank_vault *v);

/* AES-256-GCM with a random nonce in front; `what` names the field and is
 * authenticated, so that no field can stand for another. Appends. */
UK_RESULT bank_vault_seal(
    struct bank_vault *v, const char *what, uk_bytes plain, uk_buf *out);
/* UK_ERR_SIGNATURE: not sealed so. Appends; the caller wipes. */
UK_RESULT bank_vault_unseal(
    struct bank_vault *v, const char *what, uk_bytes sealed, uk_buf *out);

/* Where the card of this number is found; the number does not come out. */
UK_RESULT bank_vault_index(
    struct bank_vault *v, uk_bytes pan, uint8_t index[BANK_VAULT_INDEX]);
/* PIN verification value: of card, salt and PIN. */
UK_RESULT bank_vault_pin(struct bank_vault *v, uk_bytes pan, uk_bytes salt,
    uk_bytes pin, uint8_t value[BANK_VAULT_INDEX]);

#endif
