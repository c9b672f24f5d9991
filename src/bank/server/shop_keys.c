/* Keys for what merchants and customers entrust to us. */
#include "bank.h"
#include "bhs.h"
#include "secret.h"

#include <unistd.h>

/* What older banks do not have yet is made. */
static uk_err make_seal_key(struct bank *b, const char *path)
{
	uint8_t storage[512];
	uk_buf pem = UK_BUF(storage);
	uk_key *k = NULL;
	uk_err err = uk_key_make_p256(b->crypto, &k);

	if (uk_is_ok(err))
		err = uk_key_put_pem(k, &pem);
	if (uk_is_ok(err))
		err = bank_file_write(path, uk_buf_view(&pem), false);
	uk_wipe(storage, sizeof(storage));
	uk_key_close(&k);
	return uk_is(err, UK_ERR_EXISTS) ? uk_ok() : err;
}

static uk_err open_seal_key(struct bank *b)
{
	char path[BANK_PATH_MAX];

	UK_TRY(bank_path(b->dir, BANK_FILE_SEAL_KEY, path));
	if (access(path, F_OK) != 0)
		UK_TRY(make_seal_key(b, path));
	return uk_key_from_pem_file(b->crypto, path, &b->seal);
}

static uk_err open_fields(struct bank *b)
{
	char path[BANK_PATH_MAX];
	uk_err err;

	UK_TRY(bank_path(b->dir, BANK_FILE_FIELDS, path));
	if (access(path, F_OK) != 0) {
		err = bank_fields_make(b->crypto, path);
		if (!uk_is_ok(err) && !uk_is(err, UK_ERR_EXISTS))
			return err;
	}
	return bank_fields_open(b->crypto, path, &b->fields);
}

uk_err bank_shop_keys_open(struct bank *b)
{
	uk_buf keyid = uk_buf_over(b->keyid, sizeof(b->keyid) - 1);

	UK_TRY(open_seal_key(b));
	UK_TRY(open_fields(b));
	return bhs_keyid(b->crypto, uk_cert_key(b->certificate), &keyid);
}

void bank_shop_keys_close(struct bank *b)
{
	uk_key_close(&b->seal);
	bank_fields_close(&b->fields);
}

void bank_touch(struct bank *b, int64_t customer)
{
	if (b->touch != NULL)
		b->touch(b->touch_arg, customer);
}

/* struct bhs_signing, as the bank signs: also in its security module. */
uk_err bank_sign_message(void *arg, uk_bytes message, uk_buf *signature)
{
	return bank_sign(arg, message, signature);
}
