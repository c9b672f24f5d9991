/* Keys, hashes and schemes: tables. */
#include "keyalg.h"

#include "der.h"
#include "tlv.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

static const struct hash_row {
	size_t size;
	uint8_t oid_len;
	uint8_t oid[11]; /* content of the OBJECT IDENTIFIER */
} hashes[UK_HASH_COUNT] = {
	/* RFC 8017, appendix B.1 */
	[UK_HASH_SHA1] = { 20, 5, { 0x2b, 0x0e, 0x03, 0x02, 0x1a } },
	[UK_HASH_SHA224] = { 28, 9,
	    { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04 } },
	[UK_HASH_SHA256] = { 32, 9,
	    { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 } },
	[UK_HASH_SHA384] = { 48, 9,
	    { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02 } },
	[UK_HASH_SHA512] = { 64, 9,
	    { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03 } },
	/* GM/T 0006: 1.2.156.10197.1.401 */
	[UK_HASH_SM3] = { 32, 8,
	    { 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x11 } },
	/* NIST, Computer Security Objects Register: hashAlgs 7 to 10 */
	[UK_HASH_SHA3_224] = { 28, 9,
	    { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x07 } },
	[UK_HASH_SHA3_256] = { 32, 9,
	    { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x08 } },
	[UK_HASH_SHA3_384] = { 48, 9,
	    { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x09 } },
	[UK_HASH_SHA3_512] = { 64, 9,
	    { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x0a } },
};

static const struct curve_row {
	enum uk_key_type type;
	unsigned bits;
	uint8_t oid_len;
	uint8_t oid[10]; /* whole OBJECT IDENTIFIER */
} curves[] = {
	/* RFC 5480, 2.1.1.1 */
	{ UK_KEY_P256, 256, 10,
	    { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 } },
	{ UK_KEY_P384, 384, 7, { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 } },
	{ UK_KEY_P521, 521, 7, { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 } },
	/* GM/T 0006: 1.2.156.10197.1.301 */
	{ UK_KEY_SM2, 256, 10,
	    { 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d } },
};

static const struct curve_row *curve_of(enum uk_key_type type)
{
	for (size_t i = 0; i < ROWS(curves); i++) {
		if (curves[i].type == type)
			return &curves[i];
	}
	return NULL;
}

size_t uk_hash_size(enum uk_hash hash)
{
	return hash < UK_HASH_COUNT ? hashes[hash].size : 0;
}

uk_bytes uk_hash_oid(enum uk_hash hash)
{
	return hash < UK_HASH_COUNT
		   ? uk_view(hashes[hash].oid, hashes[hash].oid_len)
		   : UK_NONE;
}

unsigned uk_key_curve_bits(enum uk_key_type type)
{
	const struct curve_row *row = curve_of(type);

	return row == NULL ? 0 : row->bits;
}

size_t uk_key_field(enum uk_key_type type)
{
	return (uk_key_curve_bits(type) + 7) / 8;
}

uk_bytes uk_key_curve_oid(enum uk_key_type type)
{
	const struct curve_row *row = curve_of(type);

	return row == NULL ? UK_NONE : uk_view(row->oid, row->oid_len);
}

enum uk_key_type uk_key_from_curve_oid(uk_bytes der)
{
	for (size_t i = 0; i < ROWS(curves); i++) {
		if (uk_bytes_eq(der, uk_view(curves[i].oid, curves[i].oid_len)))
			return curves[i].type;
	}
	return UK_KEY_NONE;
}

uk_err uk_put_digest_info(uk_buf *out, enum uk_hash hash, uk_bytes value)
{
	size_t info, alg;

	if (uk_hash_size(hash) == 0 || value.n != uk_hash_size(hash))
		return uk_fail(UK_ERR_ARGUMENT);
	info = uk_tlv_begin(out, UK_DER_SEQUENCE);
	alg = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put_der(
	    out, UK_DER_OID, uk_view(hashes[hash].oid, hashes[hash].oid_len));
	uk_put_der(out, UK_DER_NULL, UK_NONE);
	uk_tlv_end(out, alg);
	uk_put_der(out, UK_DER_OCTETS, value);
	uk_tlv_end(out, info);
	return uk_buf_result(out);
}
