/*
 * Keys made on the card, and keys put there.
 *
 * A key on a curve is kept as EC and the objects that it was made from, in the
 * order of tags below; RSA as vc_keys.h has it.
 */
#include "vc_iso.h"

#include "der.h"
#include "secret.h"
#include "tlv.h"

enum {
	KIND_CURVE = 0xec, /* no enum vc_key_kind */
	STORED_MAX = 1 + 8 * (2 + 2 + 2 * VC_CURVE_FIELD_MAX),
	P1_RSA = 0x42,
	TAG_PUBLIC = 0x7f49,
	TAG_RSA = 0x7f48,
	TAG_CURVE = 0xe0,
	TAG_P = 0x81,
	TAG_A = 0x82,
	TAG_B = 0x83,
	TAG_G = 0x84,
	TAG_N = 0x85,
	TAG_POINT = 0x86,
	TAG_COFACTOR = 0x87,
	TAG_SCALAR = 0x88
};

/* Lengths of p that a Java Card has keys for (bits: 192 224 256 320 384 512
 * 521). */
static const uint8_t fields[] = { 24, 28, 32, 40, 48, 64, 66 };

static bool has_field(size_t n)
{
	for (size_t i = 0; i < sizeof(fields); i++) {
		if (fields[i] == n)
			return true;
	}
	return false;
}

/* --- curves by tags --------------------------------------------------------
 */

/* 9000; 6984: something is missing; 6A81: not a field for this card. */
static uint16_t get_curve(uk_bytes data, struct vc_curve *out)
{
	uk_bytes cofactor;
	uk_reader r = uk_read(data);
	uk_tlv t;

	*out = (struct vc_curve){ .cofactor = 0 };
	UK_TLV_EACH (r, t)
		;
	if (!uk_is_ok(uk_read_end(&r)) || !uk_tlv_find(data, TAG_P, &out->p))
		return VC_ISO_SW_INVALID;
	if (!has_field(out->p.n))
		return UK_SW_FUNCTION;
	if (!uk_tlv_find(data, TAG_A, &out->a) ||
	    !uk_tlv_find(data, TAG_B, &out->b) ||
	    !uk_tlv_find(data, TAG_G, &out->g) ||
	    !uk_tlv_find(data, TAG_N, &out->n) ||
	    !uk_tlv_find(data, TAG_COFACTOR, &cofactor) || cofactor.n == 0 ||
	    cofactor.n > 2)
		return VC_ISO_SW_INVALID;
	r = uk_read(cofactor);
	out->cofactor = cofactor.n == 1 ? uk_get_u8(&r) : uk_get_u16(&r);
	return UK_SW_OK;
}

static void put_padded(uk_buf *out, uint8_t tag, uk_bytes v, size_t n)
{
	uk_put_tag(out, tag);
	uk_put_length(out, n);
	uk_put_padded(out, v, n);
}

/* In the order of their tags, each as long as p. */
static void put_curve(uk_buf *out, const struct vc_curve_key *key)
{
	const struct vc_curve *k = &key->curve;

	put_padded(out, TAG_P, k->p, k->p.n);
	put_padded(out, TAG_A, k->a, k->p.n);
	put_padded(out, TAG_B, k->b, k->p.n);
	uk_put_tlv(out, TAG_G, k->g);
	put_padded(out, TAG_N, k->n, k->p.n);
	uk_put_tlv(out, TAG_POINT, key->point);
	uk_put_tlv_u16(out, TAG_COFACTOR, k->cofactor);
}

/* --- what is stored --------------------------------------------------------
 */

bool vc_iso_key(const struct vc_iso *a, uint8_t ref, struct vc_iso_key *out)
{
	const struct vc_home *h = &a->app.home;
	uk_bytes stored, v;

	*out = (struct vc_iso_key){ 0 };
	if (!vc_nv_get(h->nv, vc_home_id(h, VC_NV_KEY, ref), &stored) ||
	    stored.n == 0)
		return false;
	out->rsa = stored.p[0] != KIND_CURVE;
	out->stored = stored;
	if (out->rsa)
		return true;
	v = uk_bytes_from(stored, 1);
	return get_curve(v, &out->curve.curve) == UK_SW_OK &&
	       uk_tlv_find(v, TAG_SCALAR, &out->curve.scalar) &&
	       uk_tlv_find(v, TAG_POINT, &out->curve.point);
}

static uk_err store(struct vc_iso *a, uk_bytes key)
{
	const struct vc_home *h = &a->app.home;

	UK_TRY(vc_nv_put(h->nv, vc_home_id(h, VC_NV_KEY, a->ref), key));
	return vc_nv_commit(h->nv);
}

static uk_err store_curve(struct vc_iso *a, const struct vc_curve_key *key)
{
	uint8_t storage[STORED_MAX];
	uk_buf b = UK_BUF(storage);
	uk_err err;

	uk_put_u8(&b, KIND_CURVE);
	put_curve(&b, key);
	put_padded(&b, TAG_SCALAR, key->scalar, key->curve.p.n);
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = store(a, uk_buf_view(&b));
	uk_wipe(storage, sizeof(storage));
	return err;
}

/* Numbers that are no curve, or no key, are data that is not understood. */
static uint16_t sw_of_key(uk_err err)
{
	return uk_is(err, UK_ERR_FORMAT) ? VC_ISO_SW_INVALID : vc_sw(err);
}

/* --- GENERATE --------------------------------------------------------------
 */

static uint16_t make_rsa(
    struct vc_iso *a, uint8_t kind, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_crypto *c = a->app.home.crypto;
	uint8_t *storage;
	uk_buf key;
	uk_err err;

	if (cmd->p1 != P1_RSA || cmd->p2 != 0)
		return UK_SW_P1P2;
	if ((storage = uk_secret_new(VC_KEY_MAX)) == NULL)
		return UK_SW_MEMORY;
	key = uk_buf_over(storage, VC_KEY_MAX);
	err = vc_key_make(c, kind, &key);
	if (uk_is_ok(err))
		err = vc_key_put_public(c, uk_buf_view(&key), out);
	if (uk_is_ok(err))
		err = store(a, uk_buf_view(&key));
	uk_secret_free(storage, VC_KEY_MAX);
	return vc_sw(err);
}

static uint16_t make_curve(struct vc_iso *a, const uk_cmd *cmd, uk_buf *out)
{
	uint8_t scalar[VC_CURVE_FIELD_MAX], point[1 + 2 * VC_CURVE_FIELD_MAX];
	uk_buf d = UK_BUF(scalar), q = UK_BUF(point);
	struct vc_curve_key key;
	size_t template;
	uint16_t sw;
	uk_err err;

	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if ((sw = get_curve(cmd->data, &key.curve)) != UK_SW_OK)
		return sw;
	err = vc_curve_make(a->app.home.crypto, &key.curve, &d, &q);
	key.scalar = uk_buf_view(&d);
	key.point = uk_buf_view(&q);
	if (uk_is_ok(err))
		err = store_curve(a, &key);
	uk_wipe(scalar, sizeof(scalar));
	if (!uk_is_ok(err))
		return sw_of_key(err);
	template = uk_tlv_begin(out, TAG_PUBLIC);
	put_curve(out, &key);
	uk_tlv_end(out, template);
	return UK_SW_OK;
}

uint16_t vc_iso_generate(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);

	if (!a->keys_open)
		return UK_SW_SECURITY;
	switch (a->alg) {
	case VC_ISO_MAKE_RSA2048:
		return make_rsa(a, VC_RSA2048, cmd, out);
	case VC_ISO_MAKE_RSA4096:
		return make_rsa(a, VC_RSA4096, cmd, out);
	case VC_ISO_MAKE_EC:
		return make_curve(a, cmd, out);
	default:
		return UK_SW_CONDITIONS;
	}
}

/* --- PUT DATA --------------------------------------------------------------
 */

enum part { PART_P, PART_Q, PART_QINV, PART_DP, PART_DQ, PARTS };

static const uint8_t part_tags[PARTS] = { 0x92, 0x93, 0x94, 0x95, 0x96 };

/* dp and dq are those of the exponent that the card works with? RSAPrivateKey,
 * RFC 8017, A.1.2: dp is the number with index 6. p and q may have changed
 * places. */
static bool agrees(uk_bytes stored, const uk_bytes parts[PARTS])
{
	uk_reader outer = uk_read(uk_bytes_from(stored, 1));
	uk_reader seq = uk_der_enter(&outer, UK_DER_SEQUENCE);
	uk_bytes v[8], dp = uk_bytes_trim_zeros(parts[PART_DP]),
		       dq = uk_bytes_trim_zeros(parts[PART_DQ]);

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		v[i] = uk_der_get_uint(&seq);
	return uk_is_ok(uk_read_ok(&seq)) &&
	       ((uk_equal(dp, v[6]) && uk_equal(dq, v[7])) ||
		   (uk_equal(dp, v[7]) && uk_equal(dq, v[6])));
}

static uk_err import_parts(struct vc_iso *a, const uk_bytes parts[PARTS])
{
	const struct vc_key_parts primes = { parts[PART_P], parts[PART_Q],
		UK_NONE };
	uint8_t *storage = uk_secret_new(VC_KEY_MAX);
	uk_buf key = uk_buf_over(storage, VC_KEY_MAX);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (storage == NULL)
		return err;
	err = vc_key_import(a->app.home.crypto, VC_RSA2048, &primes, &key);
	if (uk_is_ok(err) && !agrees(uk_buf_view(&key), parts))
		err = uk_fail(UK_ERR_FORMAT);
	if (uk_is_ok(err))
		err = store(a, uk_buf_view(&key));
	uk_secret_free(storage, VC_KEY_MAX);
	return err;
}

static uint16_t import_rsa(struct vc_iso *a, uk_bytes inside)
{
	uk_bytes parts[PARTS];

	/* RSA-4096 comes as far as here, and no further. */
	if (a->alg != VC_ISO_MAKE_RSA2048)
		return UK_SW_CONDITIONS;
	for (size_t i = 0; i < PARTS; i++) {
		if (!uk_tlv_find(inside, part_tags[i], &parts[i]))
			return VC_ISO_SW_INVALID;
	}
	return sw_of_key(import_parts(a, parts));
}

static uint16_t import_curve(struct vc_iso *a, uk_bytes inside)
{
	uint8_t point[1 + 2 * VC_CURVE_FIELD_MAX];
	uk_buf q = UK_BUF(point);
	struct vc_curve_key key;
	uint16_t sw;
	uk_err err;

	if ((sw = get_curve(inside, &key.curve)) != UK_SW_OK)
		return sw;
	if (!uk_tlv_find(inside, TAG_SCALAR, &key.scalar))
		return VC_ISO_SW_INVALID;
	err = vc_curve_point(a->app.home.crypto, &key.curve, key.scalar, &q);
	key.point = uk_buf_view(&q);
	if (uk_is_ok(err))
		err = store_curve(a, &key);
	return sw_of_key(err);
}

/* The one object that the data must be: 6A80 for another, 6984 for half of it.
 */
static uint16_t open_template(uk_bytes data, uint16_t tag, uk_bytes *inside)
{
	uk_reader r = uk_read(data), in;
	uk_tlv t;

	if ((tag > 0xff ? uk_get_u16(&r) : uk_get_u8(&r)) != tag)
		return UK_SW_DATA;
	r = uk_read(data);
	if (!uk_tlv_next(&r, &t) || r.left > 0)
		return VC_ISO_SW_INVALID;
	*inside = t.value;
	in = uk_read(t.value);
	UK_TLV_EACH (in, t)
		;
	return uk_is_ok(uk_read_end(&in)) ? UK_SW_OK : VC_ISO_SW_INVALID;
}

static bool may_import(const struct vc_iso *a)
{
	const struct vc_home *h = &a->app.home;
	uk_bytes v;

	return vc_nv_get(
	    h->nv, vc_home_id(h, VC_NV_DATA, VC_ISO_SET_IMPORT), &v);
}

uint16_t vc_iso_import(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	bool curve = a->alg == VC_ISO_MAKE_EC;
	uk_bytes inside;
	uint16_t sw;

	(void)out;
	if (!a->keys_open)
		return UK_SW_SECURITY;
	if (cmd->p1 != 0x3f || cmd->p2 != 0xff)
		return UK_SW_P1P2;
	if (!may_import(a))
		return VC_ISO_SW_REFUSED;
	if (!curve && a->alg != VC_ISO_MAKE_RSA2048 &&
	    a->alg != VC_ISO_MAKE_RSA4096)
		return UK_SW_CONDITIONS;
	sw = open_template(cmd->data, curve ? TAG_CURVE : TAG_RSA, &inside);
	if (sw != UK_SW_OK)
		return sw;
	return curve ? import_curve(a, inside) : import_rsa(a, inside);
}
