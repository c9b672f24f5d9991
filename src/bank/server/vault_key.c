/* Where the keys of card terminals and cards come from. */
#include "bank.h"
#include "cmd_parts.h"
#include "files.h"
#include "secret.h"

#include <stdio.h>
#include <unistd.h>

static uk_err hsm_prf(void *arg, uk_bytes data, uint8_t out[BANK_VAULT_KEY])
{
	return bank_hsm_mac(arg, data, 0, out);
}

/* A key that lies there as well is another one, or should not lie there. */
static uk_err refuse_file(struct bank *b, char *why, size_t cap)
{
	char path[BANK_PATH_MAX];

	UK_TRY(bank_path(b->dir, BANK_FILE_POS_KEY, path));
	if (access(path, F_OK) != 0)
		return uk_ok();
	snprintf(why, cap,
	    "vaultKey is set and %s is there: put it into the security module "
	    "and remove the file",
	    path);
	return uk_fail(UK_ERR_EXISTS);
}

/* The module is left at once: what is derived is all that is needed. */
static uk_err open_in_module(struct bank *b, char *why, size_t cap)
{
	struct bank_hsm *h = NULL;
	uk_err err = refuse_file(b, why, cap);

	if (uk_is_ok(err))
		err = bank_hsm_open(
		    b->config.vault_key, BANK_HSM_MAC, &h, why, cap);
	if (uk_is_ok(err)) {
		err = bank_vault_open_with(b->crypto, hsm_prf, h, &b->vault);
		if (!uk_is_ok(err))
			snprintf(why, cap,
			    "vaultKey: the security module does not derive, "
			    "the log says why");
	}
	bank_hsm_close(&h);
	return err;
}

uk_err bank_vault_key_open(struct bank *b, char *why, size_t cap)
{
	uk_err err;

	if (b->config.vault_key[0] != '\0')
		return open_in_module(b, why, cap);
	err = bank_vault_open(b->crypto, b->dir, &b->vault);
	if (!uk_is_ok(err))
		snprintf(why, cap, "%s in %s", BANK_FILE_POS_KEY, b->dir);
	return err;
}

/* --- from the file into the module ---------------------------------------- */

static uk_err move(
    const struct bank_options *o, const char *uri, char *why, size_t cap)
{
	uint8_t key[BANK_VAULT_KEY];
	char path[BANK_PATH_MAX];
	struct bank_hsm *h = NULL;
	uk_crypto *c = NULL;
	uk_err err = bank_path(o->dir, BANK_FILE_POS_KEY, path);

	if (uk_is_ok(err))
		err = uk_crypto_open(&c);
	if (uk_is_ok(err))
		err = bank_hsm_open(uri, BANK_HSM_MAC, &h, why, cap);
	if (uk_is_ok(err))
		err = bank_vault_master(c, path, key);
	if (uk_is_ok(err))
		err = bank_hsm_put(h, UK_ARRAY(key));
	if (uk_is_ok(err) && unlink(path) != 0)
		err = uk_fail(UK_ERR_IO);
	uk_wipe(key, sizeof(key));
	bank_hsm_close(&h);
	uk_crypto_close(&c);
	return err;
}

enum bank_exit bank_cmd_vault_key(const struct bank_options *o)
{
	char path[BANK_PATH_MAX], why[256] = "";
	struct bank_config config;
	uk_err err = bank_path(o->dir, BANK_FILE_CONFIG, path);

	if (uk_is_ok(err))
		err = bank_config_read(path, &config, why, sizeof(why));
	if (!uk_is_ok(err))
		return bank_complain(BANK_EXIT_CONFIG, path, why);
	if (config.vault_key[0] == '\0')
		return bank_complain(BANK_EXIT_CONFIG, path,
		    "vaultKey must name the key: docs/bankd.md");
	err = move(o, config.vault_key, why, sizeof(why));
	if (!uk_is_ok(err) && why[0] != '\0')
		return bank_complain(BANK_EXIT_CONFIG, "vaultKey", why);
	if (!uk_is_ok(err))
		return bank_failed(err, "vaultKey");
	printf("the key is in the security module, and " BANK_FILE_POS_KEY
	       " is removed\n");
	return BANK_EXIT_OK;
}
