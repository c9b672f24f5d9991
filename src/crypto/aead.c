/* AES-GCM, and base64url. */
#include "crypto_impl.h"

#include "secret.h"

static const char *cipher_name(size_t key)
{
	switch (key) {
	case 16:
		return "AES-128-GCM";
	case 24:
		return "AES-192-GCM";
	case 32:
		return "AES-256-GCM";
	default:
		return NULL;
	}
}

struct gcm {
	bool seal;
	uk_bytes key, nonce, aad;
};

static bool begin(
    EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const struct gcm *g)
{
	int n;

	/* The nonce is 12 bytes by default. */
	return EVP_CipherInit_ex2(
		   ctx, cipher, g->key.p, g->nonce.p, g->seal, NULL) == 1 &&
	       (g->aad.n == 0 || EVP_CipherUpdate(ctx, NULL, &n, g->aad.p,
				     (int)g->aad.n) == 1);
}

/* The finished text goes to room, as long as in; tag goes out or comes in. */
static bool run(EVP_CIPHER_CTX *ctx, const struct gcm *g, uk_bytes in,
    uint8_t *room, uint8_t tag[UK_GCM_TAG])
{
	int n = 0, rest = 0;

	if (in.n > 0 && EVP_CipherUpdate(ctx, room, &n, in.p, (int)in.n) != 1)
		return false;
	if (!g->seal && EVP_CIPHER_CTX_ctrl(
			    ctx, EVP_CTRL_AEAD_SET_TAG, UK_GCM_TAG, tag) != 1)
		return false;
	if (EVP_CipherFinal_ex(ctx, room + n, &rest) != 1)
		return false;
	return !g->seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
			       UK_GCM_TAG, tag) == 1;
}

static uk_err gcm(uk_crypto *c, const struct gcm *g, uk_bytes in, uint8_t *room,
    uint8_t tag[UK_GCM_TAG])
{
	const char *name = cipher_name(g->key.n);
	EVP_CIPHER *cipher = NULL;
	EVP_CIPHER_CTX *ctx = NULL;
	uk_err err = uk_ok();

	if (name == NULL || g->nonce.n != UK_GCM_NONCE || in.n > 1 << 20 ||
	    g->aad.n > 1 << 20)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_ossl_enter();
	cipher = EVP_CIPHER_fetch(c->lib, name, NULL);
	ctx = EVP_CIPHER_CTX_new();
	if (cipher == NULL || ctx == NULL || !begin(ctx, cipher, g))
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else if (!run(ctx, g, in, room, tag))
		err = uk_ossl_failed(
		    g->seal ? UK_ERR_CRYPTO : UK_ERR_SIGNATURE);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return uk_ossl_leave(err);
}

uk_err uk_gcm_seal(uk_crypto *c, uk_bytes key, uk_bytes nonce, uk_bytes aad,
    uk_bytes plain, uk_buf *out)
{
	const struct gcm g = { true, key, nonce, aad };
	size_t before = out->len;
	uint8_t *room = uk_put_room(out, plain.n + UK_GCM_TAG);
	uk_err err;

	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	err = gcm(c, &g, plain, room, room + plain.n);
	if (!uk_is_ok(err))
		uk_buf_cut(out, before);
	return err;
}

uk_err uk_gcm_open(uk_crypto *c, uk_bytes key, uk_bytes nonce, uk_bytes aad,
    uk_bytes sealed, uk_buf *out)
{
	const struct gcm g = { false, key, nonce, aad };
	uint8_t tag[UK_GCM_TAG], *room;
	size_t before = out->len, n;
	uk_err err;

	if (sealed.n < UK_GCM_TAG)
		return uk_fail(UK_ERR_SIGNATURE);
	n = sealed.n - UK_GCM_TAG;
	UK_TRY(uk_copy_exact(tag, sizeof(tag), uk_bytes_from(sealed, n)));
	room = uk_put_room(out, n);
	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	err = gcm(c, &g, uk_bytes_first(sealed, n), room, tag);
	if (!uk_is_ok(err)) {
		uk_wipe(room, n); /* what was not proved is nobody's to see */
		uk_buf_cut(out, before);
	}
	return err;
}

/* --- base64url ----------------------------------------------------------- */

uk_err uk_base64url_encode(uk_bytes v, uk_blob *out)
{
	UK_TRY(uk_base64_encode(v, out));
	while (out->n > 0 && out->p[out->n - 1] == '=')
		out->p[--out->n] = '\0';
	for (size_t i = 0; i < out->n; i++) {
		if (out->p[i] == '+')
			out->p[i] = '-';
		else if (out->p[i] == '/')
			out->p[i] = '_';
	}
	return uk_ok();
}

static uk_err add_plain(uk_blob *b, uint8_t c)
{
	if (c == '+' || c == '/' || c == '=')
		return uk_fail(UK_ERR_FORMAT);
	c = c == '-' ? '+' : c == '_' ? '/' : c;
	return uk_blob_add(b, uk_view(&c, 1));
}

uk_err uk_base64url_decode(uk_bytes text, uk_blob *out)
{
	uk_blob plain = { NULL, 0 };
	uk_err err = uk_blob_set(&plain, UK_NONE);

	for (size_t i = 0; i < text.n && uk_is_ok(err); i++)
		err = add_plain(&plain, text.p[i]);
	while (uk_is_ok(err) && plain.n % 4 != 0)
		err = uk_blob_add(&plain, uk_view_str("="));
	if (uk_is_ok(err))
		err = uk_base64_decode(uk_blob_view(&plain), out);
	uk_blob_free(&plain);
	return err;
}
