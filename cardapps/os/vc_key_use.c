/* What a stored key can be asked for: a row per operation. */
#include "der.h"
#include "mem.h"
#include "tlv.h"
#include "vc_keys_priv.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

enum {
	PKCS1_OVERHEAD = 11,
	ECDSA_MIN = 20,
	SM2_HASH = 32,
	SM2_POINT = 65,
	SM2_DER_OVERHEAD = 128 /* tags and lengths, generously */
};

enum family { FAMILY_RSA, FAMILY_NIST, FAMILY_SM2 };
enum hash_rule { NO_HASH, MAY_HASH, MUST_HASH };

struct op_row {
	enum family family;
	enum hash_rule hash;
	/* Is the input of a form that this key can work on? Hashes are checked
	 * before. */
	bool (*takes)(struct vc_crypto *c, uk_bytes key, uk_bytes input);
	uk_err (*run)(struct vc_crypto *c, EVP_PKEY *key,
	    const struct vc_task *task, uk_buf *out);
};

static const char *const hash_names[UK_HASH_COUNT] = {
	[UK_HASH_SHA1] = "SHA1",
	[UK_HASH_SHA224] = "SHA224",
	[UK_HASH_SHA256] = "SHA256",
	[UK_HASH_SHA384] = "SHA384",
	[UK_HASH_SHA512] = "SHA512",
};

/* --- inputs --------------------------------------------------------------- */

static bool takes_any(struct vc_crypto *c, uk_bytes key, uk_bytes input)
{
	(void)c;
	return input.n > 0 && input.n + PKCS1_OVERHEAD <= vc_key_size(key);
}

static bool takes_hash(struct vc_crypto *c, uk_bytes key, uk_bytes input)
{
	(void)c;
	(void)key;
	return input.n >= ECDSA_MIN && input.n <= UK_HASH_MAX;
}

static bool takes_sm2_hash(struct vc_crypto *c, uk_bytes key, uk_bytes input)
{
	(void)c;
	(void)key;
	return input.n == SM2_HASH;
}

/* k bytes, less than the modulus. */
static bool takes_number(struct vc_crypto *c, uk_bytes key, uk_bytes input)
{
	EVP_PKEY *rsa;
	BIGNUM *n = NULL, *x;
	bool good;

	if (input.n != vc_key_size(key))
		return false;
	rsa = vc_key_load(c, key);
	x = BN_bin2bn(input.p, (int)input.n, NULL);
	good = rsa != NULL && x != NULL &&
	       EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	       BN_ucmp(x, n) < 0;
	BN_free(x);
	BN_free(n);
	EVP_PKEY_free(rsa);
	return good;
}

static bool takes_point(struct vc_crypto *c, uk_bytes key, uk_bytes input)
{
	const struct vc_kind *kind = vc_kind_of_key(key);

	return input.n == 1 + 2 * vc_key_size(key) &&
	       uk_is_ok(vc_ec_check(c, kind->name, kind->group, input));
}

/* C1 || C3 || C2, at least one byte of C2 (GB/T 32918.4, 6.1). */
static bool takes_cipher(struct vc_crypto *c, uk_bytes key, uk_bytes input)
{
	return input.n > SM2_POINT + SM2_HASH &&
	       takes_point(c, key, uk_bytes_first(input, SM2_POINT));
}

/* --- signatures ----------------------------------------------------------- */

/* By names, so that the digest too comes from the card's library context. */
static int set_pss(EVP_PKEY_CTX *ctx, enum uk_hash hash)
{
	char pss[] = OSSL_PKEY_RSA_PAD_MODE_PSS;
	char as_digest[] = OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST;
	char name[16] = "";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_PAD_MODE, pss, sizeof(pss) - 1),
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_DIGEST, name, sizeof(name)),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
		    as_digest, sizeof(as_digest) - 1),
		OSSL_PARAM_END,
	};

	if (hash_names[hash] == NULL ||
	    !uk_is_ok(
		uk_copy_str(name, sizeof(name), uk_view_str(hash_names[hash]))))
		return 0;
	params[1].data_size = uk_view_str(name).n;
	return EVP_PKEY_CTX_set_params(ctx, params);
}

static int set_padding(EVP_PKEY_CTX *ctx, const struct vc_task *task)
{
	switch (task->op) {
	case VC_OP_PKCS1:
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	case VC_OP_PSS:
		return set_pss(ctx, task->hash);
	default:
		return 1;
	}
}

static uk_err sign_as(struct vc_crypto *c, EVP_PKEY *key,
    const struct vc_task *task, uk_bytes input, uk_buf *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, key, NULL);
	uint8_t made[VC_SIG_MAX];
	size_t n = sizeof(made);
	int good = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
		   set_padding(ctx, task) == 1 &&
		   EVP_PKEY_sign(ctx, made, &n, input.p, input.n) == 1;

	EVP_PKEY_CTX_free(ctx);
	UK_TRY(vc_from_openssl(good));
	uk_put(out, uk_view(made, n));
	return uk_buf_result(out);
}

static uk_err run_rsa_sign(
    struct vc_crypto *c, EVP_PKEY *key, const struct vc_task *task, uk_buf *out)
{
	uint8_t storage[128];
	uk_buf info = UK_BUF(storage);

	if (task->op == VC_OP_PSS || task->hash == UK_HASH_NONE)
		return sign_as(c, key, task, task->input, out);
	UK_TRY(uk_put_digest_info(&info, task->hash, task->input));
	return sign_as(c, key, task, uk_buf_view(&info), out);
}

static uk_err run_curve_sign(
    struct vc_crypto *c, EVP_PKEY *key, const struct vc_task *task, uk_buf *out)
{
	uint8_t storage[VC_SIG_MAX];
	uk_buf der = UK_BUF(storage);

	UK_TRY(sign_as(c, key, task, task->input, &der));
	return uk_sig_from_der(uk_buf_view(&der), vc_key_size(task->key), out);
}

/* --- secret inputs and outputs -------------------------------------------- */

/* x^d mod n; the padding, if any, is the host's business. */
static uk_err run_rsa_raw(
    struct vc_crypto *c, EVP_PKEY *key, const struct vc_task *task, uk_buf *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, key, NULL);
	size_t n = vc_key_size(task->key), size = n;
	uint8_t *room = uk_put_room(out, n);
	int good = room != NULL && ctx != NULL &&
		   EVP_PKEY_decrypt_init(ctx) == 1 &&
		   EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
		   EVP_PKEY_decrypt(
		       ctx, room, &n, task->input.p, task->input.n) == 1;

	EVP_PKEY_CTX_free(ctx);
	return vc_from_openssl(good && n == size);
}

static uk_err run_ecdh(
    struct vc_crypto *c, EVP_PKEY *key, const struct vc_task *task, uk_buf *out)
{
	const struct vc_kind *kind = vc_kind_of_key(task->key);
	EVP_PKEY *peer = vc_ec_load(
	    c, kind->name, kind->group, UK_NONE, task->input);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, key, NULL);
	size_t n = vc_key_size(task->key), field = n;
	uint8_t *room = uk_put_room(out, n);
	int good = room != NULL && peer != NULL && ctx != NULL &&
		   EVP_PKEY_derive_init(ctx) == 1 &&
		   EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
		   EVP_PKEY_derive(ctx, room, &n) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return vc_from_openssl(good && n == field);
}

/* OpenSSL wants the form of GM/T 0009, 7.2:
 * SEQUENCE { INTEGER x, INTEGER y, OCTET STRING C3, OCTET STRING C2 } */
static uk_err put_sm2_cipher(uk_bytes input, uk_buf *der)
{
	uk_reader r = uk_read(uk_bytes_from(input, 1));
	size_t seq = uk_tlv_begin(der, UK_DER_SEQUENCE);

	uk_put_der_uint(der, uk_get(&r, SM2_POINT / 2));
	uk_put_der_uint(der, uk_get(&r, SM2_POINT / 2));
	uk_put_der(der, UK_DER_OCTETS, uk_get(&r, SM2_HASH));
	uk_put_der(der, UK_DER_OCTETS, uk_get_rest(&r));
	uk_tlv_end(der, seq);
	return uk_buf_result(der);
}

static uk_err run_sm2_decipher(
    struct vc_crypto *c, EVP_PKEY *key, const struct vc_task *task, uk_buf *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, key, NULL);
	size_t cap = task->input.n + SM2_DER_OVERHEAD;
	size_t n = task->input.n - SM2_POINT - SM2_HASH, size = n;
	uint8_t *cipher = uk_new(cap), *room = uk_put_room(out, n);
	uk_buf der = uk_buf_over(cipher, cap);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (ctx == NULL || cipher == NULL || room == NULL)
		goto out;
	err = put_sm2_cipher(task->input, &der);
	if (!uk_is_ok(err))
		goto out;
	err = vc_from_openssl(
	    EVP_PKEY_decrypt_init(ctx) == 1 &&
	    EVP_PKEY_decrypt(ctx, room, &n, der.p, der.len) == 1 && n == size);
	/* The form was good and the point on the curve: C3 it is. */
	if (!uk_is_ok(err))
		err = uk_fail(UK_ERR_FORMAT);
out:
	uk_free(cipher);
	EVP_PKEY_CTX_free(ctx);
	return err;
}

/* --- the table ------------------------------------------------------------ */

static const struct op_row ops[] = {
	[VC_OP_PKCS1] = { FAMILY_RSA, MAY_HASH, takes_any, run_rsa_sign },
	[VC_OP_PSS] = { FAMILY_RSA, MUST_HASH, NULL, run_rsa_sign },
	[VC_OP_ECDSA] = { FAMILY_NIST, NO_HASH, takes_hash, run_curve_sign },
	[VC_OP_SM2] = { FAMILY_SM2, NO_HASH, takes_sm2_hash, run_curve_sign },
	[VC_OP_RSA_RAW] = { FAMILY_RSA, NO_HASH, takes_number, run_rsa_raw },
	[VC_OP_ECDH] = { FAMILY_NIST, NO_HASH, takes_point, run_ecdh },
	[VC_OP_SM2_DECIPHER] = { FAMILY_SM2, NO_HASH, takes_cipher,
	    run_sm2_decipher },
};

static enum family family_of(enum uk_key_type type)
{
	if (type == UK_KEY_RSA)
		return FAMILY_RSA;
	return type == UK_KEY_SM2 ? FAMILY_SM2 : FAMILY_NIST;
}

bool vc_key_fits(uk_bytes key, enum vc_op op, enum uk_hash hash)
{
	const struct op_row *row = &ops[op];

	if (family_of(vc_key_type(key)) != row->family)
		return false;
	return row->hash == MAY_HASH ||
	       (row->hash == MUST_HASH) == (hash != UK_HASH_NONE);
}

bool vc_key_takes(struct vc_crypto *c, const struct vc_task *task)
{
	if (task->hash != UK_HASH_NONE)
		return task->input.n == uk_hash_size(task->hash);
	return ops[task->op].takes(c, task->key, task->input);
}

uk_err vc_key_run(struct vc_crypto *c, const struct vc_task *task, uk_buf *out)
{
	EVP_PKEY *key = vc_key_load(c, task->key);
	uk_err err;

	if (key == NULL)
		return vc_from_openssl(0);
	err = ops[task->op].run(c, key, task, out);
	EVP_PKEY_free(key);
	return err;
}
