/* AlgorithmIdentifiers of signed data: RFC 3370, 4055, 5753, 5754; GM/T 0006.
 */
#include "cms.h"

#include "der.h"
#include "tlv.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

enum { PSS_SALT_MAX = 512 };

/* What stands behind the OBJECT IDENTIFIER when we write it. Reading allows
 * nothing or NULL wherever one of the two is right. */
enum params { NOTHING, NULL_VALUE, PSS_PARAMS };

static const struct alg_row {
	enum uk_sig_scheme scheme;
	enum uk_hash hash; /* NONE: as in digestAlgorithm */
	enum params params;
	uint8_t oid_len;
	uint8_t oid[9];
} algs[] = {
	/* The first row of a scheme and hash is the one we write. */
	{ UK_SIG_PKCS1, UK_HASH_NONE, NULL_VALUE, 9, /* rsaEncryption */
	    { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 } },
	{ UK_SIG_PKCS1, UK_HASH_SHA256, NULL_VALUE, 9,
	    { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b } },
	{ UK_SIG_PKCS1, UK_HASH_SHA384, NULL_VALUE, 9,
	    { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c } },
	{ UK_SIG_PKCS1, UK_HASH_SHA512, NULL_VALUE, 9,
	    { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d } },
	{ UK_SIG_PSS, UK_HASH_NONE, PSS_PARAMS, 9, /* id-RSASSA-PSS */
	    { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a } },
	{ UK_SIG_ECDSA, UK_HASH_SHA256, NOTHING, 8,
	    { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 } },
	{ UK_SIG_ECDSA, UK_HASH_SHA384, NOTHING, 8,
	    { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 } },
	{ UK_SIG_ECDSA, UK_HASH_SHA512, NOTHING, 8,
	    { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 } },
	/* GM/T 0010 names the signature SM2-1 (1.2.156.10197.1.301.1); some
	 * write SM2 with SM3 (1.2.156.10197.1.501) instead. */
	{ UK_SIG_SM2, UK_HASH_SM3, NOTHING, 9,
	    { 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x01 } },
	{ UK_SIG_SM2, UK_HASH_SM3, NOTHING, 8,
	    { 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75 } },
};

static const uint8_t mgf1[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
	0x08 };

static const enum uk_hash hashes[] = { UK_HASH_SHA256, UK_HASH_SHA384,
	UK_HASH_SHA512, UK_HASH_SM3 };

/* --- reading ------------------------------------------------------------- */

static void leave(uk_reader *outer, const uk_reader *inner)
{
	if (!uk_is_ok(uk_read_end(inner)))
		outer->bad = true;
}

/* NULL or nothing. */
static void skip_null(uk_reader *r)
{
	uk_bytes null;

	if (uk_der_opt(r, UK_DER_NULL, &null) && null.n != 0)
		r->bad = true;
}

void uk_cms_get_hash(uk_reader *r, enum uk_hash *hash, bool *known)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);
	uk_bytes oid = uk_der_get(&seq, UK_DER_OID);

	skip_null(&seq);
	leave(r, &seq);
	*hash = UK_HASH_NONE;
	for (size_t i = 0; i < ROWS(hashes) && !r->bad; i++) {
		if (uk_bytes_eq(oid, uk_hash_oid(hashes[i])))
			*hash = hashes[i];
	}
	if (*hash == UK_HASH_NONE)
		*known = false;
}

static bool get_mgf(uk_reader *r, enum uk_hash *hash, bool *known)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);
	bool ok = uk_bytes_eq(uk_der_get(&seq, UK_DER_OID), UK_ARRAY(mgf1));

	if (!ok)
		return false;
	uk_cms_get_hash(&seq, hash, known);
	leave(r, &seq);
	return true;
}

/* RFC 4055, 3.1. What is left out would be SHA-1. */
static void get_pss(uk_reader *r, struct uk_cms_alg *alg, bool *known)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);
	uk_reader part = uk_der_enter(&seq, 0xa0);
	enum uk_hash mgf = UK_HASH_NONE;

	uk_cms_get_hash(&part, &alg->hash, known);
	leave(&seq, &part);
	part = uk_der_enter(&seq, 0xa1);
	if (!get_mgf(&part, &mgf, known) || mgf != alg->hash)
		*known = false;
	else
		leave(&seq, &part);
	part = uk_der_enter(&seq, 0xa2);
	alg->salt = uk_der_get_u32(&part, UK_DER_INTEGER);
	leave(&seq, &part);
	leave(r, &seq);
	if (alg->salt > PSS_SALT_MAX || alg->hash == UK_HASH_SM3)
		*known = false;
}

static const struct alg_row *row_of_oid(uk_bytes oid)
{
	for (size_t i = 0; i < ROWS(algs); i++) {
		if (uk_bytes_eq(oid, uk_view(algs[i].oid, algs[i].oid_len)))
			return &algs[i];
	}
	return NULL;
}

void uk_cms_get_alg(uk_reader *r, struct uk_cms_alg *alg, bool *known)
{
	uk_reader seq = uk_der_enter(r, UK_DER_SEQUENCE);
	const struct alg_row *row = row_of_oid(uk_der_get(&seq, UK_DER_OID));

	*alg = (struct uk_cms_alg){ .hash = UK_HASH_NONE };
	if (row == NULL) {
		*known = false;
		return;
	}
	alg->scheme = row->scheme;
	alg->hash = row->hash;
	if (row->params == PSS_PARAMS)
		get_pss(&seq, alg, known);
	else
		skip_null(&seq);
	if (*known)
		leave(r, &seq);
}

/* --- writing ------------------------------------------------------------- */

static uk_err put_hash(uk_buf *out, enum uk_hash hash, bool null)
{
	size_t at = uk_tlv_begin(out, UK_DER_SEQUENCE);

	uk_put_der(out, UK_DER_OID, uk_hash_oid(hash));
	if (null)
		uk_put_der(out, UK_DER_NULL, UK_NONE);
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}

/* RFC 5754, 2: no parameters. */
uk_err uk_cms_put_hash(uk_buf *out, enum uk_hash hash)
{
	return put_hash(out, hash, false);
}

/* RFC 4055, 2.1: here the hash has NULL for parameters. */
static uk_err put_pss(uk_buf *out, const struct uk_cms_alg *alg)
{
	size_t seq = uk_tlv_begin(out, UK_DER_SEQUENCE), part, mgf;

	part = uk_tlv_begin(out, 0xa0);
	UK_TRY(put_hash(out, alg->hash, true));
	uk_tlv_end(out, part);
	part = uk_tlv_begin(out, 0xa1);
	mgf = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put_der(out, UK_DER_OID, UK_ARRAY(mgf1));
	UK_TRY(put_hash(out, alg->hash, true));
	uk_tlv_end(out, mgf);
	uk_tlv_end(out, part);
	part = uk_tlv_begin(out, 0xa2);
	uk_put_der_u32(out, UK_DER_INTEGER, (uint32_t)alg->salt);
	uk_tlv_end(out, part);
	uk_tlv_end(out, seq);
	return uk_buf_result(out);
}

static bool hash_ok(const struct uk_cms_alg *alg)
{
	bool sm = alg->scheme == UK_SIG_SM2;

	for (size_t i = 0; i < ROWS(hashes); i++) {
		if (hashes[i] == alg->hash)
			return sm == (alg->hash == UK_HASH_SM3);
	}
	return false;
}

static const struct alg_row *row_of_alg(const struct uk_cms_alg *alg)
{
	for (size_t i = 0; i < ROWS(algs) && hash_ok(alg); i++) {
		if (algs[i].scheme == alg->scheme &&
		    (algs[i].hash == UK_HASH_NONE || algs[i].hash == alg->hash))
			return &algs[i];
	}
	return NULL;
}

uk_err uk_cms_put_alg(uk_buf *out, const struct uk_cms_alg *alg)
{
	const struct alg_row *row = row_of_alg(alg);
	size_t at;

	if (row == NULL || alg->salt > PSS_SALT_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	at = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put_der(out, UK_DER_OID, uk_view(row->oid, row->oid_len));
	if (row->params == PSS_PARAMS)
		UK_TRY(put_pss(out, alg));
	else if (row->params == NULL_VALUE)
		uk_put_der(out, UK_DER_NULL, UK_NONE);
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}
