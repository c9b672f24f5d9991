/* Block ciphers bare, as challenges, cryptograms and PIN blocks of cards are
 * made of. For data there are better ways. */
#include "crypto_impl.h"

enum { BLOCK_MAX = 16, CHAIN_MAX = 1 << 20 };

static const struct cipher_row {
	enum uk_cipher cipher;
	size_t key, block;
	const char *block_name, *chain_name;
} rows[] = {
	{ UK_CIPHER_3DES, 24, 8, "DES-EDE3-ECB", "DES-EDE3-CBC" },
	{ UK_CIPHER_3DES, 16, 8, "DES-EDE-ECB", "DES-EDE-CBC" },
	{ UK_CIPHER_AES, 16, 16, "AES-128-ECB", "AES-128-CBC" },
	{ UK_CIPHER_AES, 24, 16, "AES-192-ECB", "AES-192-CBC" },
	{ UK_CIPHER_AES, 32, 16, "AES-256-ECB", "AES-256-CBC" },
	{ UK_CIPHER_SM4, 16, 16, "SM4-ECB", "SM4-CBC" },
};

struct job {
	const char *name;
	bool encrypt;
	uk_bytes key, iv, in; /* iv.p NULL: none */
};

static uk_err run(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher,
    const struct job *j, uk_buf *out)
{
	uint8_t *room = uk_put_room(out, j->in.n);
	int n = 0;

	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (EVP_CipherInit_ex2(
		ctx, cipher, j->key.p, j->iv.p, j->encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    EVP_CipherUpdate(ctx, room, &n, j->in.p, (int)j->in.n) != 1 ||
	    (size_t)n != j->in.n)
		return uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ok();
}

static uk_err fetch_and_run(uk_crypto *c, const struct job *j, uk_buf *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(c->lib, j->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (cipher == NULL)
		err = uk_ossl_failed(UK_ERR_UNSUPPORTED);
	else if (ctx != NULL)
		err = run(ctx, cipher, j, out);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return err;
}

static const struct cipher_row *find(enum uk_cipher cipher, size_t key)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].cipher == cipher && rows[i].key == key)
			return &rows[i];
	}
	return NULL;
}

uk_err uk_cipher_block(uk_crypto *c, enum uk_cipher cipher, bool encrypt,
    uk_bytes key, uk_bytes in, uk_buf *out)
{
	const struct cipher_row *row = find(cipher, key.n);
	struct job j = { .encrypt = encrypt, .key = key, .in = in };

	if (row == NULL || in.n != row->block)
		return uk_fail(UK_ERR_ARGUMENT);
	j.name = row->block_name;
	uk_ossl_enter();
	return uk_ossl_leave(fetch_and_run(c, &j, out));
}

uk_err uk_cipher_cbc(uk_crypto *c, enum uk_cipher cipher, bool encrypt,
    uk_bytes key, uk_bytes iv, uk_bytes in, uk_buf *out)
{
	static const uint8_t zeros[BLOCK_MAX];
	const struct cipher_row *row = find(cipher, key.n);
	struct job j = { .encrypt = encrypt, .key = key, .iv = iv, .in = in };

	if (row == NULL || in.n == 0 || in.n % row->block != 0 ||
	    in.n > CHAIN_MAX || (iv.n != 0 && iv.n != row->block))
		return uk_fail(UK_ERR_ARGUMENT);
	if (iv.n == 0)
		j.iv = UK_ARRAY(zeros);
	j.name = row->chain_name;
	uk_ossl_enter();
	return uk_ossl_leave(fetch_and_run(c, &j, out));
}
