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

static uk_err run(EVP_MAC_CTX *ctx, const struct mac_job *j, uk_buf *out)
{
	uint8_t *room;
	size_t n = 0;

	if (EVP_MAC_init(ctx, j->key.p, j->key.n, j->params) != 1)
		return uk_ossl_failed(UK_ERR_CRYPTO);
	for (size_t i = 0; i < j->n; i++) {
		if (EVP_MAC_update(ctx, j->parts[i].p, j->parts[i].n) != 1)
			return uk_ossl_failed(UK_ERR_CRYPTO);
	}
	room = uk_put_room(out, j->size);
	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (EVP_MAC_final(ctx, room, &n, j->size) != 1 || n != j->size)
		return uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ok();
}

static uk_err fetch_and_run(uk_crypto *c, const struct mac_job *j, uk_buf *out)
{
	EVP_MAC *mac = EVP_MAC_fetch(c->lib, j->mac, NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	uk_err err = ctx == NULL ? uk_ossl_failed(UK_ERR_CRYPTO)
				 : run(ctx, j, out);

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
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

uk_err uk_hmac(uk_crypto *c, enum uk_hash hash, uk_bytes key,
    const uk_bytes *parts, size_t n, uk_buf *out)
{
	const EVP_MD *md = uk_ossl_md(c, hash);
	struct mac_job j = { .mac = "HMAC",
		.key = key,
		.parts = parts,
		.n = n,
		.size = uk_hash_size(hash) };
	char name[32];

	if (md == NULL || key.n == 0)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(
	    uk_copy_str(name, sizeof(name), uk_view_str(EVP_MD_get0_name(md))));
	j.params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_MAC_PARAM_DIGEST, name, 0);
	j.params[1] = OSSL_PARAM_construct_end();
	uk_ossl_enter();
	return uk_ossl_leave(fetch_and_run(c, &j, out));
}
