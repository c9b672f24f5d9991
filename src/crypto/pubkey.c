/* Keys and signatures. Raw r||s outside, DER only towards OpenSSL. */
#include "crypto_impl.h"
#include "der.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string.h>

enum {
	SIG_DER_MAX = 160, /* two 66-byte integers and their headers */
	SIG_MAX = 1024     /* RSA of 8192 bits */
};

static const struct {
	const char *type, *group; /* group NULL: any */
	enum uk_key_type kind;
} kinds[] = {
	{ "RSA", NULL, UK_KEY_RSA },
	{ "SM2", NULL, UK_KEY_SM2 },
	{ "ED25519", NULL, UK_KEY_ED25519 },
	{ "EC", "prime256v1", UK_KEY_P256 },
	{ "EC", "secp384r1", UK_KEY_P384 },
	{ "EC", "secp521r1", UK_KEY_P521 },
};

static enum uk_key_type kind_of(const EVP_PKEY *pkey)
{
	char group[32] = "";

	if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
		group[0] = '\0'; /* RSA, or explicit curve parameters */
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (EVP_PKEY_is_a(pkey, kinds[i].type) &&
		    (kinds[i].group == NULL ||
			strcmp(kinds[i].group, group) == 0))
			return kinds[i].kind;
	}
	return UK_KEY_NONE;
}

uk_err uk_key_wrap(uk_crypto *c, EVP_PKEY *pkey, bool is_private, uk_key **out)
{
	enum uk_key_type kind = kind_of(pkey);
	uk_key *k = NULL;

	*out = NULL;
	if (kind != UK_KEY_NONE)
		k = uk_new(sizeof(*k));
	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return uk_fail(
		    kind == UK_KEY_NONE ? UK_ERR_UNSUPPORTED : UK_ERR_MEMORY);
	}
	*k = (uk_key){ .crypto = c,
		.pkey = pkey,
		.kind = kind,
		.is_private = is_private };
	*out = k;
	return uk_ok();
}

uk_err uk_key_from_spki(uk_crypto *c, uk_bytes der, uk_key **out)
{
	const unsigned char *p = der.p;
	EVP_PKEY *pkey;
	uk_err err;

	*out = NULL;
	if (der.n == 0 || der.n > 64 * 1024)
		return uk_fail(UK_ERR_FORMAT);
	uk_ossl_enter();
	pkey = d2i_PUBKEY_ex(NULL, &p, (long)der.n, c->lib, NULL);
	if (pkey == NULL) {
		err = uk_ossl_failed(UK_ERR_FORMAT);
	} else if (uk_bytes_from(der, (size_t)(p - der.p)).n > 0) {
		EVP_PKEY_free(pkey);
		err = uk_fail(UK_ERR_FORMAT); /* something behind it */
	} else {
		err = uk_key_wrap(c, pkey, false, out);
	}
	return uk_ossl_leave(err);
}

/* Keys under a pass phrase are refused: a library does not ask at the terminal,
 * as OpenSSL would by itself. */
static int no_pass_phrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return 0;
}

uk_err uk_key_from_pem_file(uk_crypto *c, const char *path, uk_key **out)
{
	BIO *bio = NULL;
	EVP_PKEY *pkey = NULL;
	bool is_private = true;
	uk_err err;

	*out = NULL;
	uk_ossl_enter();
	err = uk_ossl_open_file(path, &bio);
	if (!uk_is_ok(err))
		return uk_ossl_leave(err);
	pkey = PEM_read_bio_PrivateKey_ex(
	    bio, NULL, no_pass_phrase, NULL, c->lib, NULL);
	if (pkey == NULL) {
		is_private = false;
		(void)BIO_reset(bio);
		pkey = PEM_read_bio_PUBKEY_ex(
		    bio, NULL, no_pass_phrase, NULL, c->lib, NULL);
	}
	if (pkey == NULL)
		err = uk_ossl_failed(UK_ERR_FORMAT);
	else
		err = uk_key_wrap(c, pkey, is_private, out);
	BIO_free(bio);
	return uk_ossl_leave(err);
}

static void drop_prepared(uk_key *k)
{
	EVP_MD_CTX_free(k->ready_sign);
	EVP_MD_CTX_free(k->ready_verify);
	k->ready_sign = k->ready_verify = NULL;
}

void uk_key_close(uk_key **k)
{
	if (*k == NULL)
		return;
	drop_prepared(*k);
	EVP_PKEY_free((*k)->pkey); /* clears private parts */
	uk_free(*k);
	*k = NULL;
}

enum uk_key_type uk_key_kind(const uk_key *k)
{
	return k->kind;
}

unsigned uk_key_size_bits(const uk_key *k)
{
	return (unsigned)EVP_PKEY_get_bits(k->pkey);
}

uk_err uk_key_spki(const uk_key *k, uk_blob *out)
{
	unsigned char *der = NULL;
	int n;
	uk_err err;

	uk_ossl_enter();
	n = i2d_PUBKEY(k->pkey, &der);
	err = n <= 0 ? uk_ossl_failed(UK_ERR_CRYPTO)
		     : uk_blob_set(out, uk_view(der, (size_t)n));
	OPENSSL_free(der);
	return uk_ossl_leave(err);
}

/* --- signatures ---------------------------------------------------------- */

static bool fits(const uk_key *k, enum uk_sig_scheme scheme, enum uk_hash hash)
{
	switch (scheme) {
	case UK_SIG_PKCS1:
	case UK_SIG_PSS:
		return k->kind == UK_KEY_RSA;
	case UK_SIG_ECDSA:
		return k->kind == UK_KEY_P256 || k->kind == UK_KEY_P384 ||
		       k->kind == UK_KEY_P521;
	case UK_SIG_SM2:
		return k->kind == UK_KEY_SM2 && hash == UK_HASH_SM3;
	case UK_SIG_EDDSA:
		return k->kind == UK_KEY_ED25519 && hash == UK_HASH_NONE;
	case UK_SIG_RSA_RAW: /* signs no message */
		return false;
	}
	return false;
}

typedef int init_fn(EVP_MD_CTX *, EVP_PKEY_CTX **, const char *, OSSL_LIB_CTX *,
    const char *, EVP_PKEY *, const OSSL_PARAM *);

/* EVP_DigestSignInit_ex or EVP_DigestVerifyInit_ex with the scheme's settings;
 * salt is RSA_PSS_SALTLEN_... */
static bool set_up(EVP_MD_CTX *md, init_fn *init, const uk_key *k,
    enum uk_sig_scheme scheme, enum uk_hash hash, int salt)
{
	static char id[] = UK_SM2_DEFAULT_ID;
	const OSSL_PARAM sm2[] = {
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_DIST_ID, id, sizeof(id) - 1),
		OSSL_PARAM_construct_end(),
	};
	const EVP_MD *algorithm = uk_ossl_md(k->crypto, hash);
	EVP_PKEY_CTX *pctx = NULL; /* owned by md */

	const char *name = NULL; /* EdDSA brings its own hash */

	if (algorithm != NULL)
		name = EVP_MD_get0_name(algorithm);
	if (md == NULL || (name == NULL && scheme != UK_SIG_EDDSA) ||
	    init(md, &pctx, name, k->crypto->lib, NULL, k->pkey,
		scheme == UK_SIG_SM2 ? sm2 : NULL) != 1)
		return false;
	if (scheme != UK_SIG_PSS)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) == 1;
}

static EVP_MD_CTX *set_up_new(init_fn *init, const uk_key *k,
    enum uk_sig_scheme scheme, enum uk_hash hash, int salt)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (set_up(md, init, k, scheme, hash, salt))
		return md;
	EVP_MD_CTX_free(md);
	return NULL;
}

uk_err uk_key_prepare(uk_key *k, enum uk_sig_scheme scheme, enum uk_hash hash)
{
	uk_err err = uk_ok();

	if (!fits(k, scheme, hash))
		return uk_fail(UK_ERR_ARGUMENT);
	uk_ossl_enter();
	drop_prepared(k);
	k->ready_scheme = scheme;
	k->ready_hash = hash;
	k->ready_verify = set_up_new(
	    EVP_DigestVerifyInit_ex, k, scheme, hash, RSA_PSS_SALTLEN_DIGEST);
	if (k->is_private)
		k->ready_sign = set_up_new(EVP_DigestSignInit_ex, k, scheme,
		    hash, RSA_PSS_SALTLEN_DIGEST);
	if (k->ready_verify == NULL || (k->is_private && k->ready_sign == NULL))
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	return uk_ossl_leave(err);
}

/* A copy of what was prepared; false: nothing that fits. */
static bool take_prepared(EVP_MD_CTX *md, const EVP_MD_CTX *ready,
    const uk_key *k, enum uk_sig_scheme scheme, enum uk_hash hash)
{
	return md != NULL && ready != NULL && scheme == k->ready_scheme &&
	       hash == k->ready_hash && EVP_MD_CTX_copy_ex(md, ready) == 1;
}

static uk_err verify(const uk_key *k, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes msg, uk_bytes sig)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uk_err err = uk_ok();

	if (!take_prepared(md, k->ready_verify, k, scheme, hash) &&
	    !set_up(md, EVP_DigestVerifyInit_ex, k, scheme, hash,
		RSA_PSS_SALTLEN_DIGEST))
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else if (EVP_DigestVerify(md, sig.p, sig.n, msg.p, msg.n) != 1)
		err = uk_ossl_failed(UK_ERR_SIGNATURE);
	EVP_MD_CTX_free(md);
	return err;
}

uk_err uk_key_verify(const uk_key *k, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes msg, uk_bytes sig)
{
	uint8_t storage[SIG_DER_MAX];
	uk_buf der = UK_BUF(storage);
	size_t field = uk_key_field(k->kind);
	uk_err err;

	if (!fits(k, scheme, hash))
		return uk_fail(UK_ERR_ARGUMENT);
	if (field > 0) {
		if (sig.n != 2 * field)
			return uk_fail(UK_ERR_SIGNATURE);
		UK_TRY(uk_sig_to_der(sig, &der));
		sig = uk_buf_view(&der);
	}
	uk_ossl_enter();
	err = verify(k, scheme, hash, msg, sig);
	return uk_ossl_leave(err);
}

static uk_err sign(const uk_key *k, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes msg, uk_buf *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t n = out->cap;
	uk_err err = uk_ok();

	if ((!take_prepared(md, k->ready_sign, k, scheme, hash) &&
		!set_up(md, EVP_DigestSignInit_ex, k, scheme, hash,
		    RSA_PSS_SALTLEN_DIGEST)) ||
	    EVP_DigestSign(md, out->p, &n, msg.p, msg.n) != 1)
		err = uk_ossl_failed(UK_ERR_CRYPTO);
	else
		out->len = n;
	EVP_MD_CTX_free(md);
	return err;
}

uk_err uk_key_sign(const uk_key *k, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes msg, uk_buf *sig)
{
	uint8_t storage[SIG_MAX];
	uk_buf made = UK_BUF(storage);
	size_t field = uk_key_field(k->kind);
	uk_err err;

	if (!k->is_private || !fits(k, scheme, hash))
		return uk_fail(UK_ERR_ARGUMENT);
	uk_ossl_enter();
	err = sign(k, scheme, hash, msg, &made);
	err = uk_ossl_leave(err);
	UK_TRY(err);
	if (field > 0)
		return uk_sig_from_der(uk_buf_view(&made), field, sig);
	uk_put(sig, uk_buf_view(&made));
	return uk_buf_result(sig);
}
