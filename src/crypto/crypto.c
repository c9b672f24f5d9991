/* The private library context, hashes, random bytes, base64. */
#include "crypto_impl.h"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#include <errno.h>
#include <limits.h>

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

/* --- base64 -------------------------------------------------------------- */

static void blob_take(uk_blob *out, uint8_t *p, size_t n)
{
	uk_blob_free(out);
	out->p = p;
	out->n = n;
}

uk_err uk_base64_encode(uk_bytes v, uk_blob *out)
{
	uint8_t *text;

	if (v.n > INT_MAX / 2)
		return uk_fail(UK_ERR_ARGUMENT);
	text = uk_new((v.n + 2) / 3 * 4 + 1);
	if (text == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (v.n > 0)
		(void)EVP_EncodeBlock(text, v.p, (int)v.n);
	blob_take(out, text, (v.n + 2) / 3 * 4);
	return uk_ok();
}

static size_t padding(uk_bytes text)
{
	size_t n = 0;

	while (n < 2 && n < text.n && text.p[text.n - 1 - n] == '=')
		n++;
	return n;
}

/* RFC 4648, 4: does it stand for six bits? Without branches, so that the
 * compiler can look at many of them at once. */
static bool is_six(uint8_t c)
{
	uint8_t letter = (uint8_t)((c | 0x20) - 'a');
	uint8_t digit = (uint8_t)(c - '0');

	return (letter < 26) | (digit < 10) | (c == '+') | (c == '/');
}

static bool only_sixes(uk_bytes text)
{
	uint8_t all = 1;

	for (size_t i = 0; i < text.n; i++)
		all &= is_six(text.p[i]);
	return all == 1;
}

/* Does the last group say nothing but these bytes (RFC 4648, 3.5)? */
static bool ends_so(uk_bytes text, uk_bytes bytes)
{
	uint8_t again[5];

	if (text.n == 0)
		return true;
	(void)EVP_EncodeBlock(again, bytes.p, (int)bytes.n);
	return uk_bytes_eq(uk_view(again, 4), uk_bytes_from(text, text.n - 4));
}

/* EVP_DecodeBlock forgives blanks, odd padding and left-over bits; we do not.
 */
uk_err uk_base64_decode(uk_bytes text, uk_blob *out)
{
	size_t odd = padding(text);
	uint8_t *p;
	size_t n = text.n / 4 * 3;
	uk_err err = uk_fail(UK_ERR_FORMAT);

	if (text.n % 4 != 0 || text.n > INT_MAX / 2)
		return err;
	p = uk_new(n + 1);
	if (p == NULL)
		return uk_fail(UK_ERR_MEMORY);
	uk_ossl_enter();
	if (!only_sixes(uk_bytes_first(text, text.n - odd)) ||
	    (text.n > 0 && EVP_DecodeBlock(p, text.p, (int)text.n) != (int)n) ||
	    !ends_so(
		text, uk_view(p + n - (n > 0 ? 3 : 0), n == 0 ? 0 : 3 - odd)))
		goto out;
	p[n - odd] = 0;
	blob_take(out, p, n - odd);
	p = NULL; /* handed over */
	err = uk_ok();
out:
	uk_free(p);
	return uk_ossl_leave(err);
}
