/*
 * The driver of the U-key card: docs/card-profile.md seen from the reader's
 * side.
 *
 * Private to this folder, except for uk_ukey_ops. Every answer of the card is
 * checked for its length before a byte of it is used; a status word that says
 * "good" is not believed to mean that all the data came with it.
 */
#ifndef UK_UKEY_DRIVER_H
#define UK_UKEY_DRIVER_H

#include "card.h"

extern const struct uk_card_ops uk_ukey_ops;

/* A file is read in pieces whose offset has 15 bits (profile, 2.1). */
enum { UKEY_FILE_MAX = 32768 };

/* Private keys, profile 4. */
enum ukey_key_ref {
	UKEY_KEY_LOGIN = 0x01,
	UKEY_KEY_TRANSACTION = 0x02,
	UKEY_KEY_LAST = 0x0f
};

struct ukey {
	uk_card base;
	bool so_in; /* reference 83 was verified since the last SELECT */
	uint8_t file[UKEY_FILE_MAX]; /* the file read last */
};

/* Sends one command that is not about a PIN. Status words that only VERIFY and
 * its kin may use come back as UK_ERR_CARD_STATUS, so that no other command can
 * make anybody believe that a PIN was wrong. */
UK_RESULT ukey_send(uk_card *c, const uk_cmd *cmd, uk_buf *out);

/* Reads the status template (profile 1.1) into info, pins and limits; nothing
 * is changed on failure. Another serial than the known one:
 * UK_ERR_CARD_REMOVED. */
UK_RESULT ukey_take_status(uk_card *c, uk_bytes status);

/* ukey_pin.c */
uk_err ukey_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out);
uk_err ukey_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin);
uk_err ukey_logout(uk_card *c);
uk_err ukey_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin);
uk_err ukey_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin);

/* ukey_objects.c */
uk_err ukey_load_objects(uk_card *c);
uk_err ukey_read_object(uk_card *c, const uk_object *o, uk_blob *out);
uk_err ukey_read_public(uk_card *c, const uk_object *key, uk_public_key *out);

/* ukey_sign.c */
bool ukey_can_sign(const uk_card *c, const struct uk_sign_request *r);
uk_err ukey_sign(uk_card *c, const struct uk_sign_request *r, uk_buf *sig);
uk_err ukey_challenge(uk_card *c, uint8_t *out, size_t n);
uk_err ukey_prove_bank(uk_card *c, uk_bytes hash, uk_bytes signature);

#endif
