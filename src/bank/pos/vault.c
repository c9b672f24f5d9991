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

static uk_err make_master(
    uk_crypto *c, const char *path, uint8_t key[BANK_VAULT_KEY])
{
	uk_err err = uk_random(c, key, BANK_VAULT_KEY);

	if (uk_is_ok(err))
		err = bank_file_write(
		    path, uk_view(key, BANK_VAULT_KEY), false);
	/* Another program was faster: then that one's counts. */
	return uk_is(err, UK_ERR_EXISTS) ? read_master(path, key) : err;
}

uk_err bank_vault_master(
    uk_crypto *c, const char *path, uint8_t key[BANK_VAULT_KEY])
{
	uk_err err = read_master(path, key);

	return uk_is(err, UK_ERR_NOT_FOUND) ? make_master(c, path, key) : err;
}

/* --- what is derived ------------------------------------------------------ */

static uk_err own_prf(void *arg, uk_bytes data, uint8_t out[BANK_VAULT_KEY])
{
	struct bank_vault *v = arg;
	uk_buf b = uk_buf_over(out, BANK_VAULT_KEY);

	return uk_hmac(
	    v->crypto, UK_HASH_SHA256, UK_ARRAY(v->master), &data, 1, &b);
}

/* SP 800-108, 4.1: 00000001 || label || 00 || 00000100 */
static uk_err derive(bank_vault_prf *prf, void *arg, const char *label,
    uint8_t key[BANK_VAULT_KEY])
{
	uint8_t storage[64];
	uk_buf b = UK_BUF(storage);

	uk_put_u32(&b, 1);
	uk_put_str(&b, label);
	uk_put_u8(&b, 0);
	uk_put_u32(&b, 8 * BANK_VAULT_KEY);
	UK_TRY(uk_buf_result(&b));
	return prf(arg, uk_buf_view(&b), key);
}

static uk_err derive_all(struct bank_vault *v, bank_vault_prf *prf, void *arg)
{
	UK_TRY(derive(prf, arg, "pos fields", v->fields));
	UK_TRY(derive(prf, arg, "pos card index", v->index));
	UK_TRY(derive(prf, arg, "pos pin values", v->pins));
	UK_TRY(derive(prf, arg, "pos terminals aes", v->base_aes));
	return derive(prf, arg, "pos terminals tdes", v->base_tdes);
}

/* Nobody needs the master key once all is derived. */
static uk_err load(struct bank_vault *v, const char *dir)
{
	char path[BANK_PATH_MAX];
	uk_err err;

	UK_TRY(bank_path(dir, BANK_FILE_POS_KEY, path));
	err = bank_vault_master(v->crypto, path, v->master);
	if (uk_is_ok(err))
		err = derive_all(v, own_prf, v);
	uk_wipe(v->master, sizeof(v->master));
	return err;
}

static uk_err open_vault(uk_crypto *c, const char *dir, bank_vault_prf *prf,
    void *arg, struct bank_vault **out)
{
	struct bank_vault *v = uk_secret_new(sizeof(*v));
	uk_err err;

	*out = NULL;
	if (v == NULL)
		return uk_fail(UK_ERR_MEMORY);
	v->crypto = c;
	err = prf == NULL ? load(v, dir) : derive_all(v, prf, arg);
	if (uk_is_ok(err)) {
		*out = v;
		v = NULL; /* handed over */
	}
	bank_vault_close(&v);
	return err;
}

uk_err bank_vault_open(uk_crypto *c, const char *dir, struct bank_vault **out)
{
	return open_vault(c, dir, NULL, NULL, out);
}

uk_err bank_vault_open_with(
    uk_crypto *c, bank_vault_prf *prf, void *arg, struct bank_vault **out)
{
	return open_vault(c, NULL, prf, arg, out);
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
