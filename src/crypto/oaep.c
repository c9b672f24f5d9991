/*
 * OAEP for a block that a card has deciphered.
 *
 * Whoever can tell why a block was refused can read messages (Manger, CRYPTO
 * 2001), so nothing here looks at the block: OpenSSL's function does, in
 * constant time. It has no successor among OpenSSL's newer calls, which remove
 * padding only together with a private key that they hold.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto_impl.h"

#include "secret.h"

#include <openssl/rsa.h>

enum { BLOCK_MAX = 512 };

static uk_err unpad(const EVP_MD *md, const EVP_MD *mgf, uk_bytes label,
    uk_bytes block, uk_buf *out)
{
	uint8_t message[BLOCK_MAX];
	/* The block's first byte must be 0; the function counts it in num. */
	int n = RSA_padding_check_PKCS1_OAEP_mgf1(message, sizeof(message),
	    block.p, (int)block.n, (int)block.n, label.p, (int)label.n, md,
	    mgf);

	if (n >= 0)
		uk_put(out, uk_view(message, (size_t)n));
	uk_wipe(message, sizeof(message));
	return n >= 0 ? uk_buf_result(out) : uk_fail(UK_ERR_FORMAT);
}

uk_err uk_oaep_unpad(
    uk_crypto *c, const struct uk_padding *pad, uk_bytes block, uk_buf *out)
{
	const EVP_MD *md = uk_ossl_md(c, pad->hash);
	const EVP_MD *mgf = uk_ossl_md(c, pad->mgf);
	uk_err err;

	if (md == NULL || mgf == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	/* Public facts, so they may have an answer of their own. */
	if (block.n > BLOCK_MAX || block.n < 2 * uk_hash_size(pad->hash) + 2 ||
	    pad->label.n > BLOCK_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_ossl_enter();
	err = unpad(md, mgf, pad->label, block, out);
	return uk_ossl_leave(err);
}
