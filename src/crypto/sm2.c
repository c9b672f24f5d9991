/* What SM2 (GB/T 32918) asks for besides a curve. */
#include "crypto_impl.h"
#include "der.h"

enum { FIELD = 32, ID_MAX = 8191 };

/* The curve, GB/T 32918.5-2017: a, b, x and y of the generator. */
static const uint8_t curve[4][FIELD] = {
	{ 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00,
	    0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc },
	{ 0x28, 0xe9, 0xfa, 0x9e, 0x9d, 0x9f, 0x5e, 0x34, 0x4d, 0x5a, 0x9e,
	    0x4b, 0xcf, 0x65, 0x09, 0xa7, 0xf3, 0x97, 0x89, 0xf5, 0x15, 0xab,
	    0x8f, 0x92, 0xdd, 0xbc, 0xbd, 0x41, 0x4d, 0x94, 0x0e, 0x93 },
	{ 0x32, 0xc4, 0xae, 0x2c, 0x1f, 0x19, 0x81, 0x19, 0x5f, 0x99, 0x04,
	    0x46, 0x6a, 0x39, 0xc9, 0x94, 0x8f, 0xe3, 0x0b, 0xbf, 0xf2, 0x66,
	    0x0b, 0xe1, 0x71, 0x5a, 0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7 },
	{ 0xbc, 0x37, 0x36, 0xa2, 0xf4, 0xf6, 0x77, 0x9c, 0x59, 0xbd, 0xce,
	    0xe3, 0x6b, 0x69, 0x21, 0x53, 0xd0, 0xa9, 0x87, 0x7c, 0xc6, 0x2a,
	    0x47, 0x40, 0x02, 0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0 },
};

/* Z = SM3(ENTL || ID || a || b || xG || yG || x || y) */
uk_err uk_sm2_z(uk_crypto *c, uk_bytes id, uk_bytes point, uk_buf *out)
{
	uint8_t bits[2];
	uk_buf entl = UK_BUF(bits);
	uk_bytes parts[] = { UK_NONE, id, UK_ARRAY(curve),
		uk_bytes_from(point, 1) };

	if (id.n == 0)
		parts[1] = uk_view_str(UK_SM2_DEFAULT_ID);
	if (parts[1].n > ID_MAX || point.n != 1 + 2 * FIELD)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_u16(&entl, (uint16_t)(8 * parts[1].n));
	parts[0] = uk_buf_view(&entl);
	return uk_hash_parts(
	    c, UK_HASH_SM3, parts, sizeof(parts) / sizeof(parts[0]), out);
}

uk_err uk_key_hash(
    const uk_key *k, enum uk_hash hash, uk_bytes msg, uk_buf *out)
{
	uint8_t z_room[UK_HASH_MAX], point_room[1 + 2 * FIELD];
	uk_buf z = UK_BUF(z_room), point = UK_BUF(point_room);

	if (k->kind != UK_KEY_SM2)
		return uk_hash_one(k->crypto, hash, msg, out);
	UK_TRY(uk_key_point(k, &point));
	UK_TRY(uk_sm2_z(k->crypto, UK_NONE, uk_buf_view(&point), &z));
	return uk_hash_parts(k->crypto, hash,
	    (const uk_bytes[]){ uk_buf_view(&z), msg }, 2, out);
}

uk_err uk_sm2_cipher_from_der(uk_bytes der, uk_buf *raw)
{
	uk_reader all = uk_read(der);
	uk_reader r = uk_der_enter(&all, UK_DER_SEQUENCE);
	uk_bytes x = uk_der_get_uint(&r);
	uk_bytes y = uk_der_get_uint(&r);
	uk_bytes c3 = uk_der_get(&r, UK_DER_OCTETS);
	uk_bytes c2 = uk_der_get(&r, UK_DER_OCTETS);

	UK_TRY(uk_read_end(&r));
	UK_TRY(uk_read_end(&all));
	if (x.n > FIELD || y.n > FIELD || c3.n != FIELD || c2.n == 0)
		return uk_fail(UK_ERR_FORMAT);
	uk_put_u8(raw, 0x04);
	uk_put_padded(raw, x, FIELD);
	uk_put_padded(raw, y, FIELD);
	uk_put(raw, c3);
	uk_put(raw, c2);
	return uk_buf_result(raw);
}
