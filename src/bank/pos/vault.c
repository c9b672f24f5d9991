/* The issuer's secrets. */
#include "vault.h"

#include "files.h"
#include "secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BASE = 16 };

struct bank_vault {
	uk_crypto *crypto; /* borrowed */
	uint8_t master[BANK_VAULT_KEY];
	uint8_t fields[BANK_VAULT_KEY], index[BANK_VAULT_KEY],
	    pins[BANK_VAULT_KEY];
	uint8_t base_aes[BANK_VAULT_KEY], base_tdes[BANK_VAULT_KEY];
};

/* --- the file ------------------------------------------------------------- */

static uk_err read_master(const char *path, uint8_t key[BANK_VAULT_KEY])
{
	uint8_t more;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	bool whole;

	if (fd < 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	n = read(fd, key, BANK_VAULT_KEY);
	whole = n == BANK_VAULT_KEY && read(fd, &more, 1) == 0;
	close(fd);
	return whole ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static uk_err make_master(struct bank_vault *v, const char *path)
{
	uk_err err = uk_random(v->crypto, v->master, sizeof(v->master));

	if (uk_is_ok(err))
		err = bank_file_write(path, UK_ARRAY(v->master), false);
	/* Another program was faster: then that one's counts. */
	return uk_is(err, UK_ERR_EXISTS) ? read_master(path, v->master) : err;
}

/* SP 800-108, 4.1: 00000001 || label || 00 || 00000100 */
static uk_err derive(
    struct bank_vault *v, const char *label, uint8_t key[BANK_VAULT_KEY])
{
	static const uint8_t one[] = { 0, 0, 0, 1 }, tail[] = { 0, 0, 0, 1, 0 };
	const uk_bytes parts[] = { UK_ARRAY(one), uk_view_str(label),
		UK_ARRAY(tail) };
	uk_buf b = uk_buf_over(key, BANK_VAULT_KEY);

	return uk_hmac(v->crypto, UK_HASH_SHA256, UK_ARRAY(v->master), parts,
	    sizeof(parts) / sizeof(parts[0]), &b);
}

static uk_err load(struct bank_vault *v, const char *dir)
{
	char path[BANK_PATH_MAX];
	uk_err err;

	UK_TRY(bank_path(dir, BANK_FILE_POS_KEY, path));
	err = read_master(path, v->master);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		err = make_master(v, path);
	UK_TRY(err);
	UK_TRY(derive(v, "pos fields", v->fields));
	UK_TRY(derive(v, "pos card index", v->index));
	UK_TRY(derive(v, "pos pin values", v->pins));
	UK_TRY(derive(v, "pos terminals aes", v->base_aes));
	return derive(v, "pos terminals tdes", v->base_tdes);
}

uk_err bank_vault_open(uk_crypto *c, const char *dir, struct bank_vault **out)
{
	struct bank_vault *v = uk_secret_new(sizeof(*v));
	uk_err err;

	*out = NULL;
	if (v == NULL)
		return uk_fail(UK_ERR_MEMORY);
	v->crypto = c;
	err = load(v, dir);
	if (uk_is_ok(err)) {
		*out = v;
		v = NULL; /* handed over */
	}
	bank_vault_close(&v);
	return err;
}

void bank_vault_close(struct bank_vault **v)
{
	uk_secret_free(*v, sizeof(**v));
	*v = NULL;
}

uk_crypto *bank_vault_crypto(const struct bank_vault *v)
{
	return v->crypto;
}

uk_bytes bank_vault_base_aes(const struct bank_vault *v)
{
	return uk_view(v->base_aes, BASE);
}

uk_bytes bank_vault_base_tdes(const struct bank_vault *v)
{
	return uk_view(v->base_tdes, BASE);
}

/* --- fields --------------------------------------------------------------- */

uk_err bank_vault_seal(
    struct bank_vault *v, const char *what, uk_bytes plain, uk_buf *out)
{
	uint8_t nonce[UK_GCM_NONCE];

	UK_TRY(uk_random(v->crypto, nonce, sizeof(nonce)));
	uk_put(out, UK_ARRAY(nonce));
	return uk_gcm_seal(v->crypto, UK_ARRAY(v->fields), UK_ARRAY(nonce),
	    uk_view_str(what), plain, out);
}

uk_err bank_vault_unseal(
    struct bank_vault *v, const char *what, uk_bytes sealed, uk_buf *out)
{
	return uk_gcm_open(v->crypto, UK_ARRAY(v->fields),
	    uk_bytes_first(sealed, UK_GCM_NONCE), uk_view_str(what),
	    uk_bytes_from(sealed, UK_GCM_NONCE), out);
}

uk_err bank_vault_index(
    struct bank_vault *v, uk_bytes pan, uint8_t index[BANK_VAULT_INDEX])
{
	uk_buf b = uk_buf_over(index, BANK_VAULT_INDEX);

	return uk_hmac(
	    v->crypto, UK_HASH_SHA256, UK_ARRAY(v->index), &pan, 1, &b);
}

uk_err bank_vault_pin(struct bank_vault *v, uk_bytes pan, uk_bytes salt,
    uk_bytes pin, uint8_t value[BANK_VAULT_INDEX])
{
	const uint8_t length = (uint8_t)pan.n;
	const uk_bytes parts[] = { salt, uk_view(&length, 1), pan, pin };
	uk_buf b = uk_buf_over(value, BANK_VAULT_INDEX);

	return uk_hmac(v->crypto, UK_HASH_SHA256, UK_ARRAY(v->pins), parts,
	    sizeof(parts) / sizeof(parts[0]), &b);
}
