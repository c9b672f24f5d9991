/*
 * Passwords of people without a card: kept as Argon2id (RFC 9106) and nothing
 * else, in the PHC string format, so that the costs may change and old hashes
 * still be checked. A uk_pin holds the password, 8 to 64 bytes.
 */
#ifndef BANK_PASSWORD_H
#define BANK_PASSWORD_H

#include "crypto.h"
#include "secret.h"

enum { BANK_PASSWORD_MIN = 8, BANK_PASSWORD_TEXT = 160 };

struct bank_password_cost {
	int64_t memory_kib, passes, lanes;
};

/* UK_ERR_PIN_LENGTH for one that is too short. */
UK_RESULT bank_password_hash(uk_crypto *c,
    const struct bank_password_cost *cost, const uk_pin *password,
    char text[BANK_PASSWORD_TEXT]);
/* text NULL or "": of somebody who is not there, which takes as long as a real
 * check and is false. */
bool bank_password_ok(uk_crypto *c, const struct bank_password_cost *cost,
    const char *text, const uk_pin *password);

#endif
