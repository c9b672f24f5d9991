/* What a public key does with finished hashes and whole blocks: the other half
 * of what a card does with its private key. */
#include "crypto_impl.h"
#include "der.h"

#include <openssl/rsa.h>

#include <string.h>

enum {
	DER_MAX = 160,    /* two 66-byte integers and their headers */
	BLOCK_MAX = 2048, /* RSA of 16384 bits, OpenSSL's largest */
	SM2_EXTRA = 16    /* what DER adds to an SM2 cipher text, and more */
};

static EVP_PKEY_CTX *context(const uk_key *k)
{
	return EVP_PKEY_CTX_new_from_pkey(k->crypto->lib, k->pkey, NULL);
}

static size_t block_size(const uk_key *k)
{
	return (uk_key_size_bits(k) + 7) / 8;
}

/* --- signatures ---------------------------------------------------------- */

static int set_pss(
    EVP_PKEY_CTX *ctx, const uk_crypto *c, const struct uk_padding *pad)
{
	const EVP_MD *md = uk_ossl_md(c, pad->hash);
	const EVP_MD *mgf = uk_ossl_md(c, pad->mgf);

	if (md == NULL || mgf == NULL || pad->salt > BLOCK_MAX)
		return 0;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)pad->salt) == 1;
}

/* pad NULL: no padding to set. */
static uk_err verify(
    const uk_key *k, const struct uk_padding *pad, uk_bytes value, uk_bytes sig)
{
	EVP_PKEY_CTX *ctx = context(k);
	uk_err err = uk_ok();

	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
	    (pad != NULL && set_pss(ctx, k->crypto, pad) != 1))
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else if (EVP_PKEY_verify(ctx, sig.p, sig.n, value.p, value.n) != 1)
		err = uk_ossl_failed(UK_ERR_SIGNATURE);
	EVP_PKEY_CTX_free(ctx);
	return err;
}

static uk_err recover(const uk_key *k, int padding, uk_bytes sig, uk_buf *out)
{
	EVP_PKEY_CTX *ctx = context(k);
	uint8_t block[BLOCK_MAX];
	size_t n = sizeof(block);
	uk_err err = uk_ok();

	if (ctx == NULL || EVP_PKEY_verify_recover_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else if (EVP_PKEY_verify_recover(ctx, block, &n, sig.p, sig.n) != 1)
		err = uk_ossl_failed(UK_ERR_SIGNATURE);
	else
		uk_put(out, uk_view(block, n));
	EVP_PKEY_CTX_free(ctx);
	return uk_is_ok(err) ? uk_buf_result(out) : err;
}

uk_err uk_key_recover(
    const uk_key *k, enum uk_sig_scheme scheme, uk_bytes sig, uk_buf *out)
{
	bool raw = scheme == UK_SIG_RSA_RAW;
	uk_err err;

	if (k->kind != UK_KEY_RSA || (!raw && scheme != UK_SIG_PKCS1))
		return uk_fail(UK_ERR_ARGUMENT);
	if (sig.n != block_size(k))
		return uk_fail(UK_ERR_SIGNATURE);
	uk_ossl_enter();
	err = recover(k, raw ? RSA_NO_PADDING : RSA_PKCS1_PADDING, sig, out);
	return uk_ossl_leave(err);
}

/* RFC 8017, 8.2.2: the encodings are compared; the padding was checked whole
 * when it was taken off. */
static uk_err verify_recovered(
    const uk_key *k, enum uk_sig_scheme scheme, uk_bytes value, uk_bytes sig)
{
	uint8_t storage[BLOCK_MAX];
	uk_buf said = UK_BUF(storage);
	uk_bytes got;

	UK_TRY(uk_key_recover(k, scheme, sig, &said));
	got = uk_buf_view(&said);
	if (scheme == UK_SIG_RSA_RAW) {
		got = uk_bytes_trim_zeros(got);
		value = uk_bytes_trim_zeros(value);
	}
	return uk_bytes_eq(got, value) ? uk_ok() : uk_fail(UK_ERR_SIGNATURE);
}

static uk_err verify_curve(const uk_key *k, uk_bytes value, uk_bytes sig)
{
	uint8_t storage[DER_MAX];
	uk_buf der = UK_BUF(storage);

	if (sig.n != 2 * uk_key_field(k->kind))
		return uk_fail(UK_ERR_SIGNATURE);
	UK_TRY(uk_sig_to_der(sig, &der));
	return verify(k, NULL, value, uk_buf_view(&der));
}

uk_err uk_key_verify_hash(const uk_key *k, enum uk_sig_scheme scheme,
    const struct uk_padding *pad, uk_bytes value, uk_bytes sig)
{
	bool rsa = k->kind == UK_KEY_RSA, sm2 = k->kind == UK_KEY_SM2;
	bool curve = scheme == UK_SIG_ECDSA || scheme == UK_SIG_SM2;
	uk_err err;

	if (rsa == curve || sm2 != (scheme == UK_SIG_SM2))
		return uk_fail(UK_ERR_ARGUMENT);
	if (scheme == UK_SIG_PKCS1 || scheme == UK_SIG_RSA_RAW)
		return verify_recovered(k, scheme, value, sig);
	uk_ossl_enter();
	err = curve ? verify_curve(k, value, sig) : verify(k, pad, value, sig);
	return uk_ossl_leave(err);
}

/* --- encryption ---------------------------------------------------------- */

static int set_oaep(
    EVP_PKEY_CTX *ctx, const uk_crypto *c, const struct uk_padding *pad)
{
	const EVP_MD *md = uk_ossl_md(c, pad->hash);
	const EVP_MD *mgf = uk_ossl_md(c, pad->mgf);
	void *label;

	if (md == NULL || mgf == NULL ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) != 1)
		return 0;
	if (pad->label.n == 0)
		return 1;
	label = OPENSSL_memdup(pad->label.p, pad->label.n);
	if (label != NULL && EVP_PKEY_CTX_set0_rsa_oaep_label(
				 ctx, label, (int)pad->label.n) == 1)
		return 1; /* it has been taken over */
	OPENSSL_free(label);
	return 0;
}

static int set_scheme(EVP_PKEY_CTX *ctx, const uk_key *k,
    enum uk_enc_scheme scheme, const struct uk_padding *pad)
{
	switch (scheme) {
	case UK_ENC_RSA_RAW:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING);
	case UK_ENC_PKCS1:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	case UK_ENC_OAEP:
		return set_oaep(ctx, k->crypto, pad);
	case UK_ENC_SM2:
		return 1; /* SM3 and this order are all there is */
	}
	return 0;
}

static uk_err encrypt(const uk_key *k, enum uk_enc_scheme scheme,
    const struct uk_padding *pad, uk_bytes msg, uk_buf *out)
{
	EVP_PKEY_CTX *ctx = context(k);
	uk_err err = uk_ok();
	size_t n = out->cap;

	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    set_scheme(ctx, k, scheme, pad) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else if (EVP_PKEY_encrypt(ctx, out->p, &n, msg.p, msg.n) != 1)
		err = uk_ossl_failed(UK_ERR_ARGUMENT);
	else
		out->len = n;
	EVP_PKEY_CTX_free(ctx);
	return err;
}

static uk_err encrypt_rsa(const uk_key *k, enum uk_enc_scheme scheme,
    const struct uk_padding *pad, uk_bytes msg, uk_buf *out)
{
	uint8_t storage[BLOCK_MAX], number[BLOCK_MAX];
	uk_buf made = UK_BUF(storage), block = UK_BUF(number);
	uk_err err = uk_fail(UK_ERR_ARGUMENT);

	if (scheme == UK_ENC_RSA_RAW) {
		uk_put_padded(&block, msg, block_size(k));
		if (block.bad)
			return err;
		msg = uk_buf_view(&block);
	}
	err = encrypt(k, scheme, pad, msg, &made);
	if (uk_is_ok(err))
		uk_put(out, uk_buf_view(&made));
	return uk_is_ok(err) ? uk_buf_result(out) : err;
}

static uk_err encrypt_sm2(const uk_key *k, uk_bytes msg, uk_buf *out)
{
	/* C1, C3 and C2, with DER around them */
	size_t cap = 3 * 32 + msg.n + 4 * SM2_EXTRA;
	uint8_t *storage = uk_new(cap);
	uk_buf made = uk_buf_over(storage, cap);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (storage == NULL)
		return err;
	err = encrypt(k, UK_ENC_SM2, NULL, msg, &made);
	if (uk_is_ok(err))
		err = uk_sm2_cipher_from_der(uk_buf_view(&made), out);
	uk_free(storage);
	return err;
}

uk_err uk_key_encrypt(const uk_key *k, enum uk_enc_scheme scheme,
    const struct uk_padding *pad, uk_bytes msg, uk_buf *out)
{
	bool sm2 = scheme == UK_ENC_SM2;
	uk_err err;

	if (k->kind != (sm2 ? UK_KEY_SM2 : UK_KEY_RSA) || (sm2 && msg.n == 0))
		return uk_fail(UK_ERR_ARGUMENT);
	uk_ossl_enter();
	err = sm2 ? encrypt_sm2(k, msg, out)
		  : encrypt_rsa(k, scheme, pad, msg, out);
	return uk_ossl_leave(err);
}
