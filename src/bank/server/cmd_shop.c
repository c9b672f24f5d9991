/* Subcommands for merchants, phone numbers and the keys of sealed fields. */
#include "bank.h"
#include "bhs.h"
#include "callback_url.h"
#include "cmd_parts.h"
#include "merchants.h"
#include "phones.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* An old key is good for so long when there is a new one. */
enum { OVERLAP = 7 * 86400 };

static enum bank_exit open_bank(const struct bank_options *o, struct bank **out)
{
	char why[512];
	uk_err err = bank_open(o->dir, out, why, sizeof(why));

	if (uk_is_ok(err))
		return BANK_EXIT_OK;
	return bank_complain(BANK_EXIT_CONFIG, "cannot use this bank",
	    why[0] != '\0' ? why : uk_err_text(err));
}

/* --- merchants ----------------------------------------------------------- */

static void print_merchant(void *arg, const struct bank_merchant *m)
{
	(void)arg;
	printf("%s  %s  %s  %s%s\n", m->name, m->number, m->currency,
	    m->callback, m->disabled ? "  DISABLED" : "");
}

/* The key in a file: registered, and what it is called by printed. */
static enum bank_exit add_key(
    struct bank *b, const struct bank_options *o, int64_t merchant, int64_t now)
{
	char keyid[2 * 32 + 1] = "";
	uk_buf id = uk_buf_over(keyid, sizeof(keyid) - 1);
	uk_blob spki = { NULL, 0 };
	uk_key *key = NULL;
	const char *alg;
	uk_err err = uk_key_from_pem_file(b->crypto, o->key, &key);

	if (!uk_is_ok(err))
		return bank_complain(BANK_EXIT_DATA, o->key,
		    "not a public key in PEM that can be read");
	alg = o->algorithm != NULL ? o->algorithm : bhs_alg_of(key);
	if (alg == NULL || !bhs_alg_fits(key, uk_view_str(alg)) ||
	    (uk_key_kind(key) == UK_KEY_RSA && uk_key_size_bits(key) < 2048)) {
		uk_key_close(&key);
		return bank_complain(BANK_EXIT_DATA, o->key,
		    "use P-256, Ed25519 or RSA from 2048 bits, and an "
		    "algorithm of RFC 9421 that fits");
	}
	err = bhs_keyid(b->crypto, key, &id);
	if (uk_is_ok(err))
		err = uk_key_spki(key, &spki);
	if (uk_is_ok(err))
		err = bank_merchant_add_key(b->store, merchant,
		    uk_buf_view(&id), uk_view_str(alg), uk_blob_view(&spki),
		    now);
	if (uk_is_ok(err))
		err = bank_merchant_end_keys(b->store, merchant,
		    uk_buf_view(&id),
		    now + (o->days > 0 ? o->days * 86400 : OVERLAP));
	uk_blob_free(&spki);
	uk_key_close(&key);
	if (!uk_is_ok(err))
		return bank_failed(err, o->key);
	printf("keyid %s\nalgorithm %s\n", keyid, alg);
	return BANK_EXIT_OK;
}

static enum bank_exit make_merchant(
    struct bank *b, const struct bank_options *o, int64_t *id)
{
	struct bank_account account;
	uk_err err;

	if (o->account == NULL || o->callback == NULL || o->key == NULL)
		return bank_complain(BANK_EXIT_USAGE, o->name,
		    "there is no such merchant yet: --account, --callback and "
		    "--key make one");
	if (!bank_customer_name_ok(uk_view_str(o->name)))
		return bank_bad_name("--name");
	err = bank_account_find(b->store, uk_view_str(o->account), &account);
	if (!uk_is_ok(err) || account.customer == 0)
		return bank_complain(BANK_EXIT_DATA, o->account,
		    "no account of a customer: open it with `ukey-bankd "
		    "account`");
	err = bank_merchant_make(b->store, uk_view_str(o->name), account.id,
	    uk_view_str(o->callback), id);
	return uk_is_ok(err) ? BANK_EXIT_OK : bank_failed(err, o->name);
}

/* In one transaction. */
static enum bank_exit change_merchant(
    struct bank *b, const struct bank_options *o, int64_t now)
{
	struct bank_merchant m;
	enum bank_exit code = BANK_EXIT_OK;
	uk_err err = bank_merchant_find(b->store, uk_view_str(o->name), &m);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		code = make_merchant(b, o, &m.id);
	else if (!uk_is_ok(err))
		return bank_failed(err, o->name);
	else if (o->callback != NULL && !uk_is_ok(bank_merchant_move(b->store,
					    m.id, uk_view_str(o->callback))))
		code = BANK_EXIT_IO;
	if (code == BANK_EXIT_OK && o->key != NULL)
		code = add_key(b, o, m.id, now);
	if (code == BANK_EXIT_OK && (o->disable || o->enable) &&
	    !uk_is_ok(bank_merchant_disable(b->store, m.id, o->disable)))
		code = BANK_EXIT_IO;
	return code;
}

enum bank_exit bank_cmd_merchant(const struct bank_options *o)
{
	struct bank *b = NULL;
	enum bank_exit code = open_bank(o, &b);

	if (code != BANK_EXIT_OK)
		return code;
	if (o->name == NULL) {
		UK_IGNORE(bank_merchants_each(b->store, print_merchant, NULL));
		goto out;
	}
	if (o->callback != NULL && !bank_callback_ok(uk_view_str(o->callback),
				       b->config.plain_callbacks != 0)) {
		code = bank_complain(BANK_EXIT_DATA, "--callback",
		    "an https address, such as https://shop.example/told");
		goto out;
	}
	if (!uk_is_ok(bank_begin(b->store))) {
		code = bank_complain(BANK_EXIT_IO, o->dir, "database");
		goto out;
	}
	code = change_merchant(b, o, time(NULL));
	if (code == BANK_EXIT_OK && !uk_is_ok(bank_commit(b->store)))
		code = bank_complain(BANK_EXIT_IO, o->dir, "database");
	bank_rollback(b->store); /* does nothing after a commit */
out:
	bank_close(&b);
	return code;
}

/* --- customers ----------------------------------------------------------- */

/* The number comes in a file or on a descriptor, not in an argument that every
 * user of the machine can read; "-" is standard input. */
static bool read_phone(const char *path, char out[32])
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	bool good = f != NULL && fgets(out, 32, f) != NULL;

	if (f != NULL && f != stdin)
		fclose(f);
	if (good)
		out[strcspn(out, "\r\n")] = '\0';
	return good;
}

enum bank_exit bank_cmd_customer(const struct bank_options *o)
{
	uint8_t storage[32];
	uk_buf masked = UK_BUF(storage);
	struct bank *b = NULL;
	int64_t customer;
	char phone[32] = "";
	enum bank_exit code;
	uk_err err;

	if (o->phone == NULL || !read_phone(o->phone, phone) ||
	    !bank_phone_ok(uk_view_str(phone)))
		return bank_complain(BANK_EXIT_DATA, "--phone",
		    "a file with one line such as +8613800001234 (- is "
		    "standard input)");
	code = open_bank(o, &b);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_customer_find(b->store, uk_view_str(o->customer), &customer);
	if (uk_is_ok(err))
		err = bank_phone_set(b->store, b->fields, customer,
		    uk_view_str(phone), time(NULL));
	bank_put_masked(&masked, uk_view_str(phone));
	if (uk_is(err, UK_ERR_EXISTS))
		code = bank_complain(BANK_EXIT_EXISTS, "--phone",
		    "another customer has this number");
	else if (!uk_is_ok(err))
		code = bank_failed(err, o->customer);
	else
		printf("%s has %.*s\n", o->customer, (int)masked.len,
		    (const char *)masked.p);
	bank_close(&b);
	return code;
}

/* --- keys of sealed fields ----------------------------------------------- */

enum bank_exit bank_cmd_rotate_fields(const struct bank_options *o)
{
	char path[BANK_PATH_MAX];
	struct bank *b = NULL;
	enum bank_exit code = open_bank(o, &b); /* makes the first one */
	uk_err err;

	if (code != BANK_EXIT_OK)
		return code;
	err = bank_path(o->dir, BANK_FILE_FIELDS, path);
	if (uk_is_ok(err))
		err = bank_fields_rotate(b->crypto, path);
	bank_close(&b);
	if (!uk_is_ok(err))
		return bank_failed(err, BANK_FILE_FIELDS);
	printf("new fields are sealed under a new key: start the server "
	       "again\n");
	return BANK_EXIT_OK;
}
