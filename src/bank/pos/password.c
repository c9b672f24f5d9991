/* Argon2id by its reference implementation. */
#include "password.h"

#include <argon2.h>

enum { SALT = 16, HASH = 32 };

/* The library's language of errors: 0, or a negative reason. */
static uk_err translate(int rc)
{
	if (rc == ARGON2_OK)
		return uk_ok();
	return uk_fail(rc == ARGON2_MEMORY_ALLOCATION_ERROR ? UK_ERR_MEMORY
							    : UK_ERR_CRYPTO);
}

uk_err bank_password_hash(uk_crypto *c, const struct bank_password_cost *cost,
    const uk_pin *password, char text[BANK_PASSWORD_TEXT])
{
	uint8_t salt[SALT];

	text[0] = '\0';
	if (password->n < BANK_PASSWORD_MIN)
		return uk_fail(UK_ERR_PIN_LENGTH);
	UK_TRY(uk_random(c, salt, sizeof(salt)));
	return translate(argon2id_hash_encoded((uint32_t)cost->passes,
	    (uint32_t)cost->memory_kib, (uint32_t)cost->lanes, password->p,
	    password->n, salt, sizeof(salt), HASH, text, BANK_PASSWORD_TEXT));
}

bool bank_password_ok(uk_crypto *c, const struct bank_password_cost *cost,
    const char *text, const uk_pin *password)
{
	uint8_t salt[SALT], hash[HASH];

	if (text != NULL && text[0] != '\0')
		return argon2id_verify(text, password->p, password->n) ==
		       ARGON2_OK;
	if (uk_is_ok(uk_random(c, salt, sizeof(salt))))
		(void)argon2id_hash_raw((uint32_t)cost->passes,
		    (uint32_t)cost->memory_kib, (uint32_t)cost->lanes,
		    password->p, password->n, salt, sizeof(salt), hash,
		    sizeof(hash)); /* only its time matters */
	return false;
}
