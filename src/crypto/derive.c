/* Keys from keys: HKDF, and Diffie-Hellman on P-256. */
#include "crypto_impl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>

enum { POINT = 65, SECRET = 32 };

/* OSSL_PARAM does not say const; what is handed over is only read. */
static OSSL_PARAM octets(const char *name, uk_bytes v)
{
	static uint8_t nothing[1];

	return OSSL_PARAM_construct_octet_string(
	    name, v.n == 0 ? nothing : (void *)(uintptr_t)v.p, v.n);
}

uk_err uk_hkdf(uk_crypto *c, uk_bytes key, uk_bytes salt, uk_bytes info,
    size_t n, uk_buf *out)
{
	char hash[] = "SHA2-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_KDF_PARAM_DIGEST, hash, 0),
		octets(OSSL_KDF_PARAM_KEY, key),
		octets(OSSL_KDF_PARAM_INFO, info),
		octets(OSSL_KDF_PARAM_SALT, salt),
		OSSL_PARAM_construct_end(),
	};
	uint8_t *room = uk_put_room(out, n);
	EVP_KDF *kdf = NULL;
	EVP_KDF_CTX *ctx = NULL;
	uk_err err = uk_ok();

	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (salt.n == 0) /* the default one: not an empty string */
		params[3] = OSSL_PARAM_construct_end();
	uk_ossl_enter();
	kdf = EVP_KDF_fetch(c->lib, "HKDF", NULL);
	if (kdf != NULL)
		ctx = EVP_KDF_CTX_new(kdf);
	if (ctx == NULL || EVP_KDF_derive(ctx, room, n, params) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return uk_ossl_leave(err);
}

/* --- P-256 --------------------------------------------------------------- */

uk_err uk_key_make_p256(uk_crypto *c, uk_key **out)
{
	EVP_PKEY *pkey;
	uk_err err;

	*out = NULL;
	uk_ossl_enter();
	pkey = EVP_PKEY_Q_keygen(c->lib, NULL, "EC", "P-256");
	err = pkey == NULL ? uk_ossl_failed(UK_ERR_CRYPTO)
			   : uk_key_wrap(c, pkey, true, out);
	return uk_ossl_leave(err);
}

/* SubjectPublicKeyInfo of any P-256 key, up to the point (RFC 5480, 2). */
static const uint8_t spki_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
	0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
	0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };

uk_err uk_key_from_point(uk_crypto *c, uk_bytes point, uk_key **out)
{
	uint8_t storage[sizeof(spki_head) + POINT];
	uk_buf spki = UK_BUF(storage);

	*out = NULL;
	if (point.n != POINT || point.p[0] != 0x04)
		return uk_fail(UK_ERR_FORMAT);
	uk_put(&spki, UK_ARRAY(spki_head));
	uk_put(&spki, point);
	UK_TRY(uk_buf_result(&spki));
	/* OpenSSL refuses points that are not on the curve. */
	return uk_key_from_spki(c, uk_buf_view(&spki), out);
}

uk_err uk_key_point(const uk_key *k, uk_buf *out)
{
	uk_blob spki = { NULL, 0 };
	uk_err err;

	/* Both have OIDs of eight bytes. */
	if (k->kind != UK_KEY_P256 && k->kind != UK_KEY_SM2)
		return uk_fail(UK_ERR_ARGUMENT);
	err = uk_key_spki(k, &spki);
	if (uk_is_ok(err) && spki.n != sizeof(spki_head) + POINT)
		err = uk_fail(UK_ERR_UNSUPPORTED); /* compressed */
	if (uk_is_ok(err)) {
		uk_put(out, uk_bytes_last(uk_blob_view(&spki), POINT));
		err = uk_buf_result(out);
	}
	uk_blob_free(&spki);
	return err;
}

uk_err uk_key_put_pem(const uk_key *k, uk_buf *out)
{
	BIO *bio = NULL;
	const char *text = NULL;
	long n = 0;
	uk_err err = uk_ok();

	if (!k->is_private)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_ossl_enter();
	bio = BIO_new(BIO_s_secmem());
	if (bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(
		bio, k->pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
	    (n = BIO_get_mem_data(bio, &text)) <= 0)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else
		uk_put(out, uk_view(text, (size_t)n));
	BIO_free(bio);
	err = uk_ossl_leave(err);
	return uk_is_ok(err) ? uk_buf_result(out) : err;
}

uk_err uk_key_agree(const uk_key *own, const uk_key *peer, uk_buf *out)
{
	uint8_t *room = uk_put_room(out, SECRET);
	EVP_PKEY_CTX *ctx = NULL;
	size_t n = SECRET;
	uk_err err = uk_ok();

	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (!own->is_private || own->kind != UK_KEY_P256 ||
	    peer->kind != UK_KEY_P256)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_ossl_enter();
	ctx = EVP_PKEY_CTX_new_from_pkey(own->crypto->lib, own->pkey, NULL);
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, peer->pkey) != 1 ||
	    EVP_PKEY_derive(ctx, room, &n) != 1 || n != SECRET)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	EVP_PKEY_CTX_free(ctx);
	return uk_ossl_leave(err);
}
