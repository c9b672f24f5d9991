/* One block of a block cipher, as challenges and responses of cards are made
 * of. For data there are better ways. */
#include "crypto_impl.h"

enum { BLOCK_MAX = 16 };

static const struct cipher_row {
	enum uk_cipher cipher;
	size_t key, block;
	const char *name;
} rows[] = {
	{ UK_CIPHER_3DES, 24, 8, "DES-EDE3-ECB" },
	{ UK_CIPHER_AES, 16, 16, "AES-128-ECB" },
	{ UK_CIPHER_AES, 24, 16, "AES-192-ECB" },
	{ UK_CIPHER_AES, 32, 16, "AES-256-ECB" },
};

static uk_err run(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, bool encrypt,
    uk_bytes key, uk_bytes in, uk_buf *out)
{
	uint8_t *room = uk_put_room(out, in.n);
	int n = 0;

	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (EVP_CipherInit_ex2(ctx, cipher, key.p, NULL, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    EVP_CipherUpdate(ctx, room, &n, in.p, (int)in.n) != 1 ||
	    (size_t)n != in.n)
		return uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ok();
}

static uk_err fetch_and_run(uk_crypto *c, const struct cipher_row *row,
    bool encrypt, uk_bytes key, uk_bytes in, uk_buf *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(c->lib, row->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (cipher == NULL)
		err = uk_ossl_failed(UK_ERR_UNSUPPORTED);
	else if (ctx != NULL)
		err = run(ctx, cipher, encrypt, key, in, out);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return err;
}

uk_err uk_cipher_block(uk_crypto *c, enum uk_cipher cipher, bool encrypt,
    uk_bytes key, uk_bytes in, uk_buf *out)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].cipher != cipher || rows[i].key != key.n ||
		    rows[i].block != in.n)
			continue;
		uk_ossl_enter();
		return uk_ossl_leave(
		    fetch_and_run(c, &rows[i], encrypt, key, in, out));
	}
	return uk_fail(UK_ERR_ARGUMENT);
}
