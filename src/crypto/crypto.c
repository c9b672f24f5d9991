/* The private library context, hashes, random bytes. */
#include "crypto_impl.h"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include <errno.h>

static const char *const hash_names[UK_HASH_COUNT] = {
	[UK_HASH_SHA1] = "SHA1",
	[UK_HASH_SHA224] = "SHA2-224",
	[UK_HASH_SHA256] = "SHA2-256",
	[UK_HASH_SHA384] = "SHA2-384",
	[UK_HASH_SHA512] = "SHA2-512",
	[UK_HASH_SM3] = "SM3",
	[UK_HASH_SHA3_224] = "SHA3-224",
	[UK_HASH_SHA3_256] = "SHA3-256",
	[UK_HASH_SHA3_384] = "SHA3-384",
	[UK_HASH_SHA3_512] = "SHA3-512",
};

/* --- the error queue ----------------------------------------------------- */

void uk_ossl_enter(void)
{
	ERR_set_mark();
}

uk_err uk_ossl_leave(uk_err err)
{
	ERR_pop_to_mark();
	return err;
}

uk_err uk_ossl_failed(enum uk_code otherwise)
{
	unsigned long e = ERR_peek_last_error();

	if (e != 0 && ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
		return uk_fail(UK_ERR_MEMORY);
	return uk_fail(otherwise);
}

uk_err uk_ossl_open_file(const char *path, BIO **out)
{
	errno = 0;
	*out = BIO_new_file(path, "rb");
	if (*out != NULL)
		return uk_ok();
	return uk_fail(errno == ENOENT ? UK_ERR_NOT_FOUND : UK_ERR_IO);
}

/* --- the context --------------------------------------------------------- */

static uk_err load(uk_crypto *c)
{
	c->lib = OSSL_LIB_CTX_new();
	if (c->lib == NULL)
		return uk_ossl_failed(UK_ERR_MEMORY);
	/* Named, so that nobody's configuration decides what we run on. */
	c->provider = OSSL_PROVIDER_load(c->lib, "default");
	if (c->provider == NULL)
		return uk_ossl_failed(UK_ERR_CRYPTO);
	for (int i = 1; i < UK_HASH_COUNT; i++)
		c->md[i] = EVP_MD_fetch(c->lib, hash_names[i], NULL);
	if (c->md[UK_HASH_SHA256] == NULL)
		return uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ok();
}

uk_err uk_crypto_open(uk_crypto **out)
{
	uk_crypto *c = uk_new(sizeof(*c));
	uk_err err;

	*out = NULL;
	if (c == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_ossl_enter();
	err = load(c);
	if (uk_is_ok(err)) {
		*out = c;
		c = NULL; /* handed over */
	}
	uk_crypto_close(&c);
	return uk_ossl_leave(err);
}

void uk_crypto_close(uk_crypto **c)
{
	if (*c == NULL)
		return;
	for (int i = 0; i < UK_HASH_COUNT; i++)
		EVP_MD_free((*c)->md[i]);
	if ((*c)->provider != NULL)
		OSSL_PROVIDER_unload((*c)->provider);
	OSSL_LIB_CTX_free((*c)->lib);
	uk_free(*c);
	*c = NULL;
}

/* --- hashes -------------------------------------------------------------- */

struct uk_hasher {
	EVP_MD_CTX *md;
	size_t size;
};

const EVP_MD *uk_ossl_md(const uk_crypto *c, enum uk_hash hash)
{
	if (hash <= UK_HASH_NONE || hash >= UK_HASH_COUNT)
		return NULL;
	return c->md[hash];
}

uk_err uk_hasher_open(uk_crypto *c, enum uk_hash hash, uk_hasher **out)
{
	const EVP_MD *md = uk_ossl_md(c, hash);
	uk_hasher *h;
	uk_err err = uk_ok();

	*out = NULL;
	if (md == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	h = uk_new(sizeof(*h));
	if (h == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_ossl_enter();
	h->size = uk_hash_size(hash);
	h->md = EVP_MD_CTX_new();
	if (h->md == NULL || EVP_DigestInit_ex2(h->md, md, NULL) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	if (uk_is_ok(err)) {
		*out = h;
		h = NULL; /* handed over */
	}
	uk_hasher_close(&h);
	return uk_ossl_leave(err);
}

uk_err uk_hasher_copy(const uk_hasher *h, uk_hasher **out)
{
	uk_hasher *copy = uk_new(sizeof(*copy));
	uk_err err = uk_ok();

	*out = NULL;
	if (copy == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_ossl_enter();
	copy->size = h->size;
	copy->md = EVP_MD_CTX_new();
	if (copy->md == NULL || EVP_MD_CTX_copy_ex(copy->md, h->md) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	if (uk_is_ok(err)) {
		*out = copy;
		copy = NULL; /* handed over */
	}
	uk_hasher_close(&copy);
	return uk_ossl_leave(err);
}

uk_err uk_hasher_add(uk_hasher *h, uk_bytes v)
{
	uk_err err = uk_ok();

	uk_ossl_enter();
	if (v.n > 0 && EVP_DigestUpdate(h->md, v.p, v.n) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ossl_leave(err);
}

uk_err uk_hasher_finish(uk_hasher *h, uk_buf *out)
{
	uint8_t *room = uk_put_room(out, h->size);
	uk_err err = uk_ok();

	if (room == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	uk_ossl_enter();
	if (EVP_DigestFinal_ex(h->md, room, NULL) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ossl_leave(err);
}

void uk_hasher_close(uk_hasher **h)
{
	if (*h == NULL)
		return;
	EVP_MD_CTX_free((*h)->md);
	uk_free(*h);
	*h = NULL;
}

uk_err uk_hash_parts(uk_crypto *c, enum uk_hash hash, const uk_bytes *parts,
    size_t n, uk_buf *out)
{
	uk_hasher *h = NULL;
	uk_err err = uk_hasher_open(c, hash, &h);

	for (size_t i = 0; i < n && uk_is_ok(err); i++)
		err = uk_hasher_add(h, parts[i]);
	if (uk_is_ok(err))
		err = uk_hasher_finish(h, out);
	uk_hasher_close(&h);
	return err;
}

uk_err uk_random(uk_crypto *c, uint8_t *out, size_t n)
{
	uk_err err = uk_ok();

	uk_ossl_enter();
	if (RAND_bytes_ex(c->lib, out, n, 0) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ossl_leave(err);
}
