/* Walking down to SubjectPublicKeyInfo, RFC 5280, 4.1, in what is there. */
#include "certpeek.h"

#include "der.h"

enum { VERSION = 0xa0, LENGTH_BYTES_MAX = 3, NO_UNUSED_BITS = 0 };

/* Takes tag and length; what is there of the content is left in r. */
static uk_err take_header(uk_reader *r, uint8_t tag, size_t *length)
{
	unsigned first;

	if (uk_peek_u8(r) != -1 && uk_peek_u8(r) != tag)
		return uk_fail(UK_ERR_FORMAT);
	(void)uk_get_u8(r);
	first = uk_get_u8(r);
	*length = first;
	if (first > 0x80 && first <= 0x80 + LENGTH_BYTES_MAX) {
		*length = 0;
		for (first -= 0x80; first > 0; first--)
			*length = *length << 8 | uk_get_u8(r);
	} else if (first >= 0x80) {
		return uk_fail(UK_ERR_FORMAT);
	}
	return r->bad ? uk_fail(UK_ERR_TOO_SMALL) : uk_ok();
}

uk_err uk_certpeek_tlv(
    uk_bytes beginning, uint8_t tag, size_t *length, uk_bytes *content)
{
	uk_reader r = uk_read(beginning);

	*content = UK_NONE;
	UK_TRY(take_header(&r, tag, length));
	*content = uk_bytes_first(uk_get_rest(&r), *length);
	return uk_ok();
}

static uk_err enter(uk_reader *r, uint8_t tag)
{
	size_t length;

	return take_header(r, tag, &length);
}

static uk_err take(uk_reader *r, uint8_t tag, uk_bytes *content)
{
	size_t length;

	UK_TRY(take_header(r, tag, &length));
	*content = uk_get(r, length);
	return r->bad ? uk_fail(UK_ERR_TOO_SMALL) : uk_ok();
}

/* Everything between the beginning and the key. */
static uk_err skip_to_key(uk_reader *r)
{
	static const uint8_t before[] = {
		UK_DER_INTEGER,  /* serial number */
		UK_DER_SEQUENCE, /* signature algorithm */
		UK_DER_SEQUENCE, /* issuer */
		UK_DER_SEQUENCE, /* validity */
		UK_DER_SEQUENCE  /* subject */
	};
	uk_bytes skipped;

	UK_TRY(enter(r, UK_DER_SEQUENCE));
	UK_TRY(enter(r, UK_DER_SEQUENCE));
	if (uk_peek_u8(r) == VERSION)
		UK_TRY(take(r, VERSION, &skipped));
	for (size_t i = 0; i < sizeof(before); i++)
		UK_TRY(take(r, before[i], &skipped));
	return uk_ok();
}

/* The modulus is positive: a first byte of zeros carries the sign only. */
static uk_err peek_rsa(uk_reader *r, unsigned *bits)
{
	size_t length;
	uint8_t top;

	UK_TRY(enter(r, UK_DER_SEQUENCE));
	UK_TRY(take_header(r, UK_DER_INTEGER, &length));
	if (length < 2 || length > 0x1000)
		return uk_fail(UK_ERR_FORMAT);
	top = uk_get_u8(r);
	if (top == 0) {
		length--;
		top = uk_get_u8(r);
	}
	if (r->bad)
		return uk_fail(UK_ERR_TOO_SMALL);
	*bits = (unsigned)length * 8;
	for (; top != 0 && (top & 0x80) == 0; top = (uint8_t)(top << 1))
		--*bits;
	return top == 0 ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

/* Contents of 1.2.840.113549.1.1.1 and 1.2.840.10045.2.1. */
static const uint8_t rsa_encryption[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
	0x01, 0x01, 0x01 };
static const uint8_t ec_public_key[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
	0x01 };

uk_err uk_certpeek(uk_bytes beginning, enum uk_key_type *type, unsigned *bits)
{
	uk_reader r = uk_read(beginning), alg;
	uk_bytes algorithm, oid;

	*type = UK_KEY_NONE;
	*bits = 0;
	UK_TRY(skip_to_key(&r));
	UK_TRY(enter(&r, UK_DER_SEQUENCE));
	UK_TRY(take(&r, UK_DER_SEQUENCE, &algorithm));
	alg = uk_read(algorithm);
	oid = uk_der_get(&alg, UK_DER_OID);
	if (uk_bytes_eq(oid, UK_ARRAY(ec_public_key))) {
		*type = uk_key_from_curve_oid(uk_der_get_any(&alg));
		*bits = uk_key_curve_bits(*type);
		return *type == UK_KEY_NONE ? uk_fail(UK_ERR_UNSUPPORTED)
					    : uk_ok();
	}
	if (!uk_bytes_eq(oid, UK_ARRAY(rsa_encryption)))
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(enter(&r, UK_DER_BITS));
	if (uk_get_u8(&r) != NO_UNUSED_BITS)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(peek_rsa(&r, bits));
	*type = UK_KEY_RSA;
	return uk_ok();
}
