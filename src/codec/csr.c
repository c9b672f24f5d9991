/* Certificate requests: RFC 2986. */
#include "csr.h"

#include "der.h"
#include "tlv.h"

enum { ATTRIBUTES = 0xa0, SIGNATURE_MAX = 160 };

/* id-at-commonName: 2.5.4.3 */
static const uint8_t common_name[] = { 0x55, 0x04, 0x03 };

/* RFC 4055, 5; RFC 5758, 3.2; GB/T 33560: SM2 with SM3. */
static const struct alg_row {
	enum uk_sig_scheme scheme;
	enum uk_hash hash;
	bool null; /* NULL behind the OBJECT IDENTIFIER */
	uint8_t oid_len;
	uint8_t oid[9];
} algs[] = {
	{ UK_SIG_PKCS1, UK_HASH_SHA256, true, 9,
	    { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b } },
	{ UK_SIG_ECDSA, UK_HASH_SHA256, false, 8,
	    { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 } },
	{ UK_SIG_ECDSA, UK_HASH_SHA384, false, 8,
	    { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 } },
	{ UK_SIG_ECDSA, UK_HASH_SHA512, false, 8,
	    { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 } },
	{ UK_SIG_SM2, UK_HASH_SM3, false, 8,
	    { 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75 } },
};

static void put_name(uk_buf *out, uk_bytes name)
{
	size_t rdns = uk_tlv_begin(out, UK_DER_SEQUENCE);
	size_t rdn = uk_tlv_begin(out, UK_DER_SET);
	size_t pair = uk_tlv_begin(out, UK_DER_SEQUENCE);

	uk_put_der(out, UK_DER_OID, UK_ARRAY(common_name));
	uk_put_der(out, UK_DER_UTF8, name);
	uk_tlv_end(out, pair);
	uk_tlv_end(out, rdn);
	uk_tlv_end(out, rdns);
}

uk_err uk_put_csr_info(uk_buf *out, uk_bytes name, uk_bytes spki)
{
	size_t info;

	if (name.n == 0 || name.n > UK_CSR_NAME)
		return uk_fail(UK_ERR_ARGUMENT);
	info = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put_der_u32(out, UK_DER_INTEGER, 0); /* v1 */
	put_name(out, name);
	uk_put(out, spki);
	uk_put_der(out, ATTRIBUTES, UK_NONE);
	uk_tlv_end(out, info);
	return uk_buf_result(out);
}

static const struct alg_row *row_of(
    enum uk_sig_scheme scheme, enum uk_hash hash)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		if (algs[i].scheme == scheme && algs[i].hash == hash)
			return &algs[i];
	}
	return NULL;
}

static uk_err put_signature(
    uk_buf *out, const struct alg_row *alg, uk_bytes signature)
{
	uint8_t room[SIGNATURE_MAX];
	uk_buf der = UK_BUF(room);
	size_t at = uk_tlv_begin(out, UK_DER_SEQUENCE);

	uk_put_der(out, UK_DER_OID, uk_view(alg->oid, alg->oid_len));
	if (alg->null)
		uk_put_der(out, UK_DER_NULL, UK_NONE);
	uk_tlv_end(out, at);
	if (alg->scheme != UK_SIG_PKCS1) {
		UK_TRY(uk_sig_to_der(signature, &der));
		signature = uk_buf_view(&der);
	}
	uk_put_der_bits(out, signature);
	return uk_buf_result(out);
}

uk_err uk_put_csr(uk_buf *out, uk_bytes info, enum uk_sig_scheme scheme,
    enum uk_hash hash, uk_bytes signature)
{
	const struct alg_row *alg = row_of(scheme, hash);
	size_t at;

	if (alg == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	at = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put(out, info);
	UK_TRY(put_signature(out, alg, signature));
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}
