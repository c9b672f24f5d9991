/*
 * Sensitive fields: card numbers, phone numbers, identity numbers.
 *
 * Each is sealed by itself, with AES-256-GCM under a key of its class, derived
 * (HKDF) from a master key in the bank's folder. What is authenticated with it
 * is the class and the row it belongs to, so that a sealed field cannot be
 * moved to another row. A row is found by its field through a keyed hash (a
 * blind index): equal fields have equal hashes, and without the key nobody can
 * try numbers.
 *
 *   sealed = 01 || key id (4) || nonce (12) || ciphertext || tag (16)
 *
 * The master keys are a file of lines "key ID HEX", the newest first, and one
 * line "index HEX"; a new key is put in front, and what is sealed under an
 * older one can still be opened.
 */
#ifndef BANK_FIELDS_H
#define BANK_FIELDS_H

#include "crypto.h"

enum bank_field {
	BANK_FIELD_PHONE,
	BANK_FIELD_CARD,
	BANK_FIELD_IDENTITY,
	BANK_FIELD_COUNT
};

enum {
	BANK_FIELD_MAX = 64, /* bytes of a plain field */
	BANK_FIELD_SEALED_MAX = 1 + 4 + UK_GCM_NONCE + BANK_FIELD_MAX +
				UK_GCM_TAG,
	BANK_FIELD_INDEX = 32,
	BANK_FIELD_MASTERS = 8
};

struct bank_fields;

/* A new file of keys. UK_ERR_EXISTS. */
UK_RESULT bank_fields_make(uk_crypto *c, const char *path);
/* A new key in front of those that are there. UK_ERR_UNSUPPORTED: there are
 * BANK_FIELD_MASTERS already. */
UK_RESULT bank_fields_rotate(uk_crypto *c, const char *path);
/* UK_ERR_NOT_FOUND, UK_ERR_FORMAT. Borrows c. */
UK_RESULT bank_fields_open(
    uk_crypto *c, const char *path, struct bank_fields **out);
/* The same of a file's text. */
UK_RESULT bank_fields_read(
    uk_crypto *c, uk_bytes text, struct bank_fields **out);
void bank_fields_close(struct bank_fields **f); /* accepts NULL; wipes */

/* row: what names the row for ever. Appends. */
UK_RESULT bank_field_seal(const struct bank_fields *f, enum bank_field class,
    uk_bytes row, uk_bytes plain, uk_buf *out);
/* UK_ERR_SIGNATURE: not sealed for this class and row. To be wiped by the
 * caller. */
UK_RESULT bank_field_open(const struct bank_fields *f, enum bank_field class,
    uk_bytes row, uk_bytes sealed, uk_buf *plain);
/* Appends BANK_FIELD_INDEX bytes. */
UK_RESULT bank_field_index(const struct bank_fields *f, enum bank_field class,
    uk_bytes plain, uk_buf *out);

/* E.164: '+' and 7 to 15 digits, the first not 0. */
bool bank_phone_ok(uk_bytes phone);

#endif
