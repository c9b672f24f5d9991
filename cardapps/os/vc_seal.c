/* scrypt and AES-256-GCM, from OpenSSL. */
#include "vc_seal.h"

#include "secret.h"
#include "tlv.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum {
	TAG_SEALED = 0xe2,
	TAG_VERSION = 0x80,
	TAG_SALT = 0x81,
	TAG_NONCE = 0x82,
	TAG_TEXT = 0x83,
	VERSION = 1,
	NONCE_SIZE = 12,
	GCM_TAG = 16,
	HEAD_SIZE = 3 + 2 + VC_SEAL_SALT,
	/* 16 MiB and some 50 ms: a passphrase costs who guesses it */
	SCRYPT_N = 1 << 14,
	SCRYPT_R = 8,
	SCRYPT_P = 1,
	SCRYPT_MEMORY = 32 << 20
};

static uint8_t *secret;
static size_t secret_size;

uk_err vc_seal_use(uk_bytes v)
{
	uk_buf b;

	uk_secret_free(secret, secret_size);
	secret = NULL;
	secret_size = 0;
	if (v.n == 0)
		return uk_ok();
	if ((secret = uk_secret_new(v.n)) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	secret_size = v.n;
	b = uk_buf_over(secret, v.n);
	uk_put(&b, v);
	return uk_buf_result(&b);
}

void vc_seal_free(struct vc_seal *s)
{
	uk_secret_free(s->key, VC_SEAL_KEY);
	s->key = NULL;
}

static uk_err derive(struct vc_seal *s)
{
	int good;

	if ((s->key = uk_secret_new(VC_SEAL_KEY)) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	good = EVP_PBE_scrypt((const char *)secret, secret_size, s->salt,
	    sizeof(s->salt), SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY,
	    s->key, VC_SEAL_KEY);
	ERR_clear_error();
	if (good == 1)
		return uk_ok();
	vc_seal_free(s);
	return uk_fail(UK_ERR_CRYPTO);
}

uk_err vc_seal_begin(struct vc_seal *s)
{
	s->key = NULL;
	if (secret == NULL)
		return uk_ok();
	if (RAND_bytes(s->salt, sizeof(s->salt)) != 1)
		return uk_fail(UK_ERR_CRYPTO);
	return derive(s);
}

bool vc_seal_is_sealed(uk_bytes file)
{
	return file.n > 0 && file.p[0] == TAG_SEALED;
}

/* --- AES-256-GCM -----------------------------------------------------------
 */

struct gcm {
	const uint8_t *key, *nonce;
	uk_bytes head; /* authenticated as well */
	bool encrypts;
};

/* in and out are of one length; tag is read when it decrypts. */
static bool run(
    const struct gcm *g, uk_bytes in, uint8_t *out, uint8_t tag[GCM_TAG])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n, e = g->encrypts;
	bool good = ctx != NULL && in.n <= INT32_MAX &&
		    EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, g->key,
			g->nonce, e) == 1 &&
		    (e || EVP_CIPHER_CTX_ctrl(
			      ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag) == 1) &&
		    EVP_CipherUpdate(
			ctx, NULL, &n, g->head.p, (int)g->head.n) == 1 &&
		    EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 &&
		    EVP_CipherFinal_ex(ctx, out, &n) == 1 &&
		    (!e || EVP_CIPHER_CTX_ctrl(
			       ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, tag) == 1);

	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

static void put_head(const struct vc_seal *s, uk_buf *out)
{
	uk_put_tlv_u8(out, TAG_VERSION, VERSION);
	uk_put_tlv(out, TAG_SALT, UK_ARRAY(s->salt));
}

uk_err vc_seal_put(const struct vc_seal *s, uk_bytes content, uk_buf *out)
{
	uint8_t head[HEAD_SIZE], nonce[NONCE_SIZE], tag[GCM_TAG], *text;
	uk_buf b = UK_BUF(head);
	struct gcm g = { s->key, nonce, UK_ARRAY(head), true };
	size_t sealed;

	put_head(s, &b);
	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return uk_fail(UK_ERR_CRYPTO);
	sealed = uk_tlv_begin(out, TAG_SEALED);
	uk_put(out, UK_ARRAY(head));
	uk_put_tlv(out, TAG_NONCE, UK_ARRAY(nonce));
	uk_put_tag(out, TAG_TEXT);
	uk_put_length(out, content.n + GCM_TAG);
	if ((text = uk_put_room(out, content.n)) == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (!run(&g, content, text, tag))
		return uk_fail(UK_ERR_CRYPTO);
	uk_put(out, UK_ARRAY(tag));
	uk_tlv_end(out, sealed);
	return uk_buf_result(out);
}

struct parts {
	uk_bytes nonce, text, tag;
};

static uk_err take_apart(struct vc_seal *s, uk_bytes file, struct parts *out)
{
	uk_bytes in, version, salt;

	UK_TRY(uk_tlv_only(file, TAG_SEALED, &in));
	if (!uk_tlv_find(in, TAG_VERSION, &version) || version.n != 1)
		return uk_fail(UK_ERR_FORMAT);
	if (version.p[0] != VERSION)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (!uk_tlv_find(in, TAG_SALT, &salt) ||
	    !uk_tlv_find(in, TAG_NONCE, &out->nonce) ||
	    !uk_tlv_find(in, TAG_TEXT, &out->text) ||
	    out->nonce.n != NONCE_SIZE || out->text.n <= GCM_TAG)
		return uk_fail(UK_ERR_FORMAT);
	out->tag = uk_bytes_last(out->text, GCM_TAG);
	out->text = uk_bytes_first(out->text, out->text.n - GCM_TAG);
	return uk_copy_exact(s->salt, sizeof(s->salt), salt);
}

uk_err vc_seal_open(
    struct vc_seal *s, uk_bytes file, uint8_t **content, size_t *n)
{
	uint8_t head[HEAD_SIZE], tag[GCM_TAG];
	uk_buf b = UK_BUF(head);
	struct gcm g = { .head = UK_ARRAY(head) };
	struct parts p;

	*content = NULL;
	*n = 0;
	UK_TRY(take_apart(s, file, &p));
	if (secret == NULL)
		return uk_fail(UK_ERR_NO_PERMISSION);
	UK_TRY(uk_copy_exact(tag, sizeof(tag), p.tag));
	put_head(s, &b);
	UK_TRY(derive(s));
	g.key = s->key;
	g.nonce = p.nonce.p;
	if ((*content = uk_secret_new(p.text.n)) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	*n = p.text.n;
	if (run(&g, p.text, *content, tag))
		return uk_ok();
	uk_secret_free(*content, *n);
	*content = NULL;
	return uk_fail(UK_ERR_CRYPTO);
}
