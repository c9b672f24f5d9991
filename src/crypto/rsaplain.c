/*
 * RSA signatures by arithmetic alone (RFC 8017, 5.2.2 and 9.2). All is public,
 * so nothing is lost beside OpenSSL's own verification; but a program that
 * wants nothing else of OpenSSL is spared its library context, which costs more
 * than the rest of such a program.
 */
#include "crypto_impl.h"

#include <openssl/bn.h>

/* sig^e mod n, as long as n. */
static bool open_block(
    BN_CTX *ctx, uk_bytes n, uk_bytes e, uk_bytes sig, uint8_t *out)
{
	BIGNUM *m = BN_CTX_get(ctx), *x = BN_CTX_get(ctx);
	BIGNUM *s = BN_CTX_get(ctx), *block = BN_CTX_get(ctx);

	return block != NULL && BN_bin2bn(n.p, (int)n.n, m) != NULL &&
	       BN_bin2bn(e.p, (int)e.n, x) != NULL &&
	       BN_bin2bn(sig.p, (int)sig.n, s) != NULL && BN_is_odd(m) &&
	       BN_cmp(s, m) < 0 && BN_mod_exp(block, s, x, m, ctx) == 1 &&
	       BN_bn2binpad(block, out, (int)n.n) == (int)n.n;
}

/* EMSA-PKCS1-v1_5 without the hashing: 00 01 FF.. 00 value. */
static uk_err put_wanted(enum uk_sig_scheme scheme, uk_bytes value, uk_buf *out)
{
	size_t k = uk_buf_left(out);

	if (scheme == UK_SIG_RSA_RAW && value.n <= k) {
		uk_put_fill(out, 0, k - value.n);
		uk_put(out, value);
		return uk_buf_result(out);
	}
	if (scheme != UK_SIG_PKCS1 || k < value.n + 11)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_u16(out, 0x0001);
	uk_put_fill(out, 0xff, k - 3 - value.n);
	uk_put_u8(out, 0);
	uk_put(out, value);
	return uk_buf_result(out);
}

uk_err uk_rsa_verify_plain(enum uk_sig_scheme scheme, uk_bytes n, uk_bytes e,
    uk_bytes value, uk_bytes sig)
{
	uint8_t storage[UK_RSA_MAX], block[UK_RSA_MAX];
	uk_buf wanted;
	BN_CTX *ctx;
	bool opened;

	if (n.n == 0 || n.n > UK_RSA_MAX || e.n > UK_RSA_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	wanted = uk_buf_over(storage, n.n);
	UK_TRY(put_wanted(scheme, value, &wanted));
	if (sig.n != n.n)
		return uk_fail(UK_ERR_SIGNATURE);
	uk_ossl_enter();
	ctx = BN_CTX_new();
	if (ctx == NULL)
		return uk_ossl_leave(uk_fail(UK_ERR_MEMORY));
	BN_CTX_start(ctx);
	opened = open_block(ctx, n, e, sig, block);
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return uk_ossl_leave(
	    opened && uk_bytes_eq(uk_view(block, n.n), uk_buf_view(&wanted))
		? uk_ok()
		: uk_fail(UK_ERR_SIGNATURE));
}
