/* Keyed checksums: HMAC and CMAC. */
#include "crypto_impl.h"

#include <openssl/core_names.h>

struct mac_job {
	const char *mac;
	OSSL_PARAM params[2];
	uk_bytes key;
	const uk_bytes *parts;
	size_t n, size;
};

/* Of a context that has its key. */
static uk_err run(EVP_MAC_CTX *ctx, const uk_bytes *parts, size_t n_parts,
    size_t size, uk_buf *out)
{
	uint8_t *room;
	size_t n = 0;

	for (size_t i = 0; i < n_parts; i++) {
		if (EVP_MAC_update(ctx, parts[i].p, parts[i].n) != 1)
			return uk_ossl_failed(UK_ERR_CRYPTO);
	}
	room = uk_put_room(out, size);
	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (EVP_MAC_final(ctx, room, &n, size) != 1 || n != size)
		return uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ok();
}

static uk_err fetch(uk_crypto *c, const struct mac_job *j, EVP_MAC_CTX **out)
{
	EVP_MAC *mac = EVP_MAC_fetch(c->lib, j->mac, NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	uk_err err = uk_ok();

	*out = NULL;
	EVP_MAC_free(mac);
	if (ctx == NULL ||
	    EVP_MAC_init(ctx, j->key.p, j->key.n, j->params) != 1) {
		err = uk_ossl_failed(UK_ERR_CRYPTO);
		EVP_MAC_CTX_free(ctx);
		return err;
	}
	*out = ctx;
	return uk_ok();
}

static uk_err fetch_and_run(uk_crypto *c, const struct mac_job *j, uk_buf *out)
{
	EVP_MAC_CTX *ctx = NULL;
	uk_err err = fetch(c, j, &ctx);

	if (uk_is_ok(err))
		err = run(ctx, j->parts, j->n, j->size, out);
	EVP_MAC_CTX_free(ctx);
	return err;
}

uk_err uk_cmac_aes(
    uk_crypto *c, uk_bytes key, const uk_bytes *parts, size_t n, uk_buf *out)
{
	char cipher[] = "AES-128-CBC";
	struct mac_job j = { .mac = "CMAC",
		.key = key,
		.parts = parts,
		.n = n,
		.size = UK_CMAC_SIZE };

	if (key.n != 16)
		return uk_fail(UK_ERR_ARGUMENT);
	j.params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_MAC_PARAM_CIPHER, cipher, 0);
	j.params[1] = OSSL_PARAM_construct_end();
	uk_ossl_enter();
	return uk_ossl_leave(fetch_and_run(c, &j, out));
}

/* name is what the job refers to. */
static uk_err hmac_job(uk_crypto *c, enum uk_hash hash, uk_bytes key,
    char name[static 32], struct mac_job *out)
{
	const EVP_MD *md = uk_ossl_md(c, hash);

	if (md == NULL || key.n == 0)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(uk_copy_str(name, 32, uk_view_str(EVP_MD_get0_name(md))));
	*out = (struct mac_job){
		.mac = "HMAC", .key = key, .size = uk_hash_size(hash)
	};
	out->params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_MAC_PARAM_DIGEST, name, 0);
	out->params[1] = OSSL_PARAM_construct_end();
	return uk_ok();
}

uk_err uk_hmac(uk_crypto *c, enum uk_hash hash, uk_bytes key,
    const uk_bytes *parts, size_t n, uk_buf *out)
{
	struct mac_job j;
	char name[32];

	UK_TRY(hmac_job(c, hash, key, name, &j));
	j.parts = parts;
	j.n = n;
	uk_ossl_enter();
	return uk_ossl_leave(fetch_and_run(c, &j, out));
}

/* --- a key that is kept --------------------------------------------------- */

struct uk_hmac_key {
	EVP_MAC_CTX *ctx;
	size_t size;
};

uk_err uk_hmac_open(
    uk_crypto *c, enum uk_hash hash, uk_bytes key, uk_hmac_key **out)
{
	struct mac_job j;
	uk_hmac_key *k;
	char name[32];
	uk_err err;

	*out = NULL;
	UK_TRY(hmac_job(c, hash, key, name, &j));
	k = uk_new(sizeof(*k));
	if (k == NULL)
		return uk_fail(UK_ERR_MEMORY);
	k->size = j.size;
	uk_ossl_enter();
	err = fetch(c, &j, &k->ctx);
	if (uk_is_ok(err)) {
		*out = k;
		k = NULL; /* handed over */
	}
	uk_hmac_close(&k);
	return uk_ossl_leave(err);
}

uk_err uk_hmac_by(uk_hmac_key *k, const uk_bytes *parts, size_t n, uk_buf *out)
{
	uk_err err;

	uk_ossl_enter();
	/* Without a key: again with the one it has. */
	if (EVP_MAC_init(k->ctx, NULL, 0, NULL) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else
		err = run(k->ctx, parts, n, k->size, out);
	return uk_ossl_leave(err);
}

void uk_hmac_close(uk_hmac_key **k)
{
	if (*k == NULL)
		return;
	EVP_MAC_CTX_free((*k)->ctx); /* clears the key */
	uk_free(*k);
	*k = NULL;
}
