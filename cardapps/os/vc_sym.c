/* OpenSSL's EVP ciphers and MACs in the shape of vc_sym.h. */
#include "vc_sym.h"

#include "secret.h"
#include "vc_crypto_priv.h"

#include <openssl/core_names.h>

enum { DES_KEY = 8, TRIPLE_KEY = 24 };

static const struct row {
	enum vc_sym_alg alg;
	size_t key; /* as OpenSSL takes it */
	const char *cbc, *ecb;
} rows[] = {
	{ VC_SYM_DES, TRIPLE_KEY, "DES-EDE3-CBC", "DES-EDE3-ECB" },
	{ VC_SYM_AES, 16, "AES-128-CBC", "AES-128-ECB" },
	{ VC_SYM_AES, 24, "AES-192-CBC", "AES-192-ECB" },
	{ VC_SYM_AES, 32, "AES-256-CBC", "AES-256-ECB" },
	{ VC_SYM_SM4, 16, "SM4-CBC", "SM4-ECB" },
};

size_t vc_sym_block(enum vc_sym_alg alg)
{
	return alg == VC_SYM_DES ? VC_DES_BLOCK : 16;
}

/* Three keys of DES from one, two or three. */
static bool put_key(uk_buf *out, const struct vc_sym *key)
{
	uk_put(out, key->key);
	if (key->alg != VC_SYM_DES)
		return uk_is_ok(uk_buf_result(out));
	if (key->key.n == DES_KEY)
		uk_put(out, key->key);
	if (key->key.n < TRIPLE_KEY)
		uk_put(out, uk_bytes_first(key->key, DES_KEY));
	return key->key.n % DES_KEY == 0 && out->len == TRIPLE_KEY;
}

static const struct row *find(enum vc_sym_alg alg, size_t key)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].alg == alg && rows[i].key == key)
			return &rows[i];
	}
	return NULL;
}

static uk_err run(struct vc_crypto *c, const char *name, const uint8_t *key,
    const uint8_t *iv, enum vc_sym_way way, uk_bytes in, uint8_t *out)
{
	EVP_CIPHER *evp = EVP_CIPHER_fetch(c->lib, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, good;

	good = evp != NULL && ctx != NULL &&
	       EVP_CipherInit_ex2(
		   ctx, evp, key, iv, way == VC_SYM_ENCIPHER, NULL) == 1 &&
	       EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	       EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 &&
	       n == (int)in.n;
	EVP_CIPHER_CTX_free(ctx); /* wipes the key */
	EVP_CIPHER_free(evp);
	return vc_from_openssl(good);
}

static uk_err crypt(struct vc_crypto *c, const struct vc_sym *key,
    enum vc_sym_way way, const uk_bytes *iv, uk_bytes in, uint8_t *out)
{
	static const uint8_t zeros[VC_SYM_BLOCK_MAX];
	uint8_t whole[VC_SYM_KEY_MAX] = { 0 };
	uk_buf b = UK_BUF(whole);
	size_t block = vc_sym_block(key->alg);
	const struct row *row = NULL;
	uk_err err = uk_fail(UK_ERR_ARGUMENT);

	if (put_key(&b, key))
		row = find(key->alg, b.len);
	if (row == NULL || in.n % block != 0 || in.n > INT32_MAX)
		goto out;
	if (iv != NULL && iv->n != 0 && iv->n != block)
		goto out;
	err = uk_ok();
	if (in.n > 0 && iv != NULL)
		err = run(c, row->cbc, whole, iv->n == 0 ? zeros : iv->p, way,
		    in, out);
	else if (in.n > 0)
		err = run(c, row->ecb, whole, NULL, way, in, out);
out:
	uk_wipe(whole, sizeof(whole));
	return err;
}

uk_err vc_sym_cbc(struct vc_crypto *c, const struct vc_sym *key,
    enum vc_sym_way way, uk_bytes iv, uk_bytes in, uint8_t *out)
{
	return crypt(c, key, way, &iv, in, out);
}

uk_err vc_sym_ecb(struct vc_crypto *c, const struct vc_sym *key,
    enum vc_sym_way way, uk_bytes in, uint8_t *out)
{
	return crypt(c, key, way, NULL, in, out);
}

/* --- MACs ------------------------------------------------------------------
 */

uk_err vc_cmac(struct vc_crypto *c, uk_bytes key, const uk_bytes *parts,
    size_t count, uint8_t mac[VC_SYM_BLOCK_MAX])
{
	const struct row *row = find(VC_SYM_AES, key.n);
	EVP_MAC *evp = EVP_MAC_fetch(c->lib, "CMAC", NULL);
	EVP_MAC_CTX *ctx = evp == NULL ? NULL : EVP_MAC_CTX_new(evp);
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end() };
	size_t n = 0;
	int good = row != NULL && ctx != NULL;

	if (good) {
		/* OpenSSL's type is not const; it only reads the name. */
		params[0] = OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_CIPHER, (char *)(uintptr_t)row->cbc, 0);
		good = EVP_MAC_init(ctx, key.p, key.n, params);
	}
	for (size_t i = 0; good == 1 && i < count; i++)
		good = parts[i].n == 0 ||
		       EVP_MAC_update(ctx, parts[i].p, parts[i].n) == 1;
	if (good == 1)
		good = EVP_MAC_final(ctx, mac, &n, VC_SYM_BLOCK_MAX);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(evp);
	return vc_from_openssl(good == 1 && n == VC_SYM_BLOCK_MAX);
}

/* The first DES of the retail MAC: CBC with the left key, of which only the
 * last block is kept. */
struct retail {
	struct vc_crypto *crypto;
	struct vc_sym left;
	uk_buf block; /* not yet full */
	uint8_t *mac;
};

static uk_err absorb(struct retail *r)
{
	r->block.len = 0;
	return vc_sym_cbc(r->crypto, &r->left, VC_SYM_ENCIPHER,
	    uk_view(r->mac, VC_DES_BLOCK), uk_view(r->block.p, VC_DES_BLOCK),
	    r->mac);
}

static uk_err add(struct retail *r, uk_bytes data)
{
	while (data.n > 0) {
		uk_bytes part = uk_bytes_first(data, uk_buf_left(&r->block));

		uk_put(&r->block, part);
		data = uk_bytes_from(data, part.n);
		if (uk_buf_left(&r->block) == 0)
			UK_TRY(absorb(r));
	}
	return uk_ok();
}

uk_err vc_retail_mac(struct vc_crypto *c, uk_bytes key, uk_bytes iv,
    const uk_bytes *parts, size_t count, uint8_t mac[VC_DES_BLOCK])
{
	uint8_t storage[VC_DES_BLOCK];
	struct retail r = { c, { VC_SYM_DES, uk_bytes_first(key, DES_KEY) },
		UK_BUF(storage), mac };
	struct vc_sym right = { VC_SYM_DES, uk_bytes_from(key, DES_KEY) };
	uk_buf start = uk_buf_over(mac, VC_DES_BLOCK);
	uk_bytes made = uk_view(mac, VC_DES_BLOCK);

	uk_put(&start, iv);
	uk_put_fill(&start, 0, iv.n == 0 ? VC_DES_BLOCK : 0);
	if (key.n != 2 * DES_KEY || start.len != VC_DES_BLOCK)
		return uk_fail(UK_ERR_ARGUMENT);
	for (size_t i = 0; i < count; i++)
		UK_TRY(add(&r, parts[i]));
	uk_put_u8(&r.block, 0x80);
	uk_put_fill(&r.block, 0, uk_buf_left(&r.block));
	UK_TRY(absorb(&r));
	UK_TRY(vc_sym_ecb(c, &right, VC_SYM_DECIPHER, made, mac));
	return vc_sym_ecb(c, &r.left, VC_SYM_ENCIPHER, made, mac);
}

uk_err vc_sym_kcv(
    struct vc_crypto *c, const struct vc_sym *key, uint8_t kcv[VC_KCV_SIZE])
{
	uint8_t block[VC_SYM_BLOCK_MAX];
	uk_buf b = UK_BUF(block);

	uk_put_fill(&b, key->alg == VC_SYM_AES ? 0x01 : 0x00, sizeof(block));
	UK_TRY(vc_sym_ecb(c, key, VC_SYM_ENCIPHER,
	    uk_view(block, vc_sym_block(key->alg)), block));
	return uk_copy_exact(kcv, VC_KCV_SIZE, uk_view(block, VC_KCV_SIZE));
}
