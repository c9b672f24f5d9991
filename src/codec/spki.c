/* SubjectPublicKeyInfo: RSA of RFC 8017, A.1.1, elliptic curves of RFC 5480. */
#include "spki.h"

#include "der.h"
#include "tlv.h"

enum { MODULUS_MAX = 16384 / 8, EXPONENT_MAX = 8, UNCOMPRESSED = 0x04 };

/* Whole OBJECT IDENTIFIERs. */
static const uint8_t rsa_encryption[] = { /* 1.2.840.113549.1.1.1 */
	0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01
};
static const uint8_t ec_public_key[] = { /* 1.2.840.10045.2.1 */
	0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
};

static unsigned bit_length(uk_bytes magnitude)
{
	unsigned bits = (unsigned)magnitude.n * 8;

	for (uint8_t top = 0x80; bits > 0 && (magnitude.p[0] & top) == 0;
	     top = (uint8_t)(top >> 1))
		bits--;
	return bits;
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } */
static void use_rsa(uk_reader *r, uk_bytes key, uk_x509 *out)
{
	uk_reader outer = uk_read(key);
	uk_reader seq = uk_der_enter(&outer, UK_DER_SEQUENCE);
	uk_bytes modulus = uk_der_get_uint(&seq);
	uk_bytes exponent = uk_der_get_uint(&seq);

	if (!uk_is_ok(uk_read_end(&seq)) || !uk_is_ok(uk_read_end(&outer)) ||
	    modulus.n == 0 || exponent.n == 0) {
		r->bad = true;
		return;
	}
	if (modulus.n > MODULUS_MAX || exponent.n > EXPONENT_MAX)
		return; /* nobody's key: of no kind we know */
	out->key_type = UK_KEY_RSA;
	out->key_bits = bit_length(modulus);
	out->modulus = modulus;
	out->exponent = exponent;
}

static bool is_point(enum uk_key_type type, uk_bytes point)
{
	return uk_key_field(type) > 0 &&
	       point.n == 1 + 2 * uk_key_field(type) &&
	       point.p[0] == UNCOMPRESSED;
}

static void use_ec(uk_bytes curve, uk_bytes point, uk_x509 *out)
{
	enum uk_key_type type = uk_key_from_curve_oid(curve);

	if (!is_point(type, point)) /* compressed, or another curve */
		return;
	out->key_type = type;
	out->key_bits = uk_key_curve_bits(type);
	out->point = point;
}

void uk_spki_get(uk_reader *r, uk_x509 *out)
{
	uk_bytes whole = uk_der_get_whole(r, UK_DER_SEQUENCE);
	uk_reader outer = uk_read(whole);
	uk_reader seq = uk_der_enter(&outer, UK_DER_SEQUENCE);
	uk_reader alg = uk_der_enter(&seq, UK_DER_SEQUENCE);
	uk_bytes oid = uk_der_get_whole(&alg, UK_DER_OID);
	uk_bytes params = alg.left > 0 ? uk_der_get_any(&alg) : UK_NONE;
	uk_bytes key = uk_der_get_bits(&seq);

	if (!uk_is_ok(uk_read_end(&alg)) || !uk_is_ok(uk_read_end(&seq)))
		r->bad = true;
	if (r->bad)
		return;
	out->spki = whole;
	if (uk_bytes_eq(oid, UK_ARRAY(rsa_encryption)))
		use_rsa(r, key, out);
	else if (uk_bytes_eq(oid, UK_ARRAY(ec_public_key)))
		use_ec(params, key, out);
}

uk_err uk_spki_parse(uk_bytes der, uk_x509 *out)
{
	uk_reader r = uk_read(der);

	*out = (uk_x509){ 0 };
	uk_spki_get(&r, out);
	if (!uk_is_ok(uk_read_end(&r))) {
		*out = (uk_x509){ 0 };
		return uk_fail(UK_ERR_FORMAT);
	}
	return uk_ok();
}

static void put_rsa(uk_buf *out, uk_bytes modulus, uk_bytes exponent)
{
	size_t alg = uk_tlv_begin(out, UK_DER_SEQUENCE);
	size_t bits, seq;

	uk_put(out, UK_ARRAY(rsa_encryption));
	uk_put_der(out, UK_DER_NULL, UK_NONE);
	uk_tlv_end(out, alg);
	bits = uk_tlv_begin(out, UK_DER_BITS);
	uk_put_u8(out, 0); /* no unused bits */
	seq = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put_der_uint(out, modulus);
	uk_put_der_uint(out, exponent);
	uk_tlv_end(out, seq);
	uk_tlv_end(out, bits);
}

static void put_ec(uk_buf *out, enum uk_key_type type, uk_bytes point)
{
	size_t alg = uk_tlv_begin(out, UK_DER_SEQUENCE);

	uk_put(out, UK_ARRAY(ec_public_key));
	uk_put(out, uk_key_curve_oid(type));
	uk_tlv_end(out, alg);
	uk_put_der_bits(out, point);
}

uk_err uk_put_spki(uk_buf *out, enum uk_key_type type, uk_bytes modulus,
    uk_bytes exponent, uk_bytes point)
{
	bool rsa = type == UK_KEY_RSA;
	size_t at;

	if (rsa ? uk_bytes_trim_zeros(modulus).n == 0 ||
		      uk_bytes_trim_zeros(exponent).n == 0
		: !is_point(type, point))
		return uk_fail(UK_ERR_ARGUMENT);
	at = uk_tlv_begin(out, UK_DER_SEQUENCE);
	if (rsa)
		put_rsa(out, modulus, exponent);
	else
		put_ec(out, type, point);
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}
