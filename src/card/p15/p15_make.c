/*
 * PKCS#15: keys made on an IsoApplet card, and certificates. Files are written
 * first and named in the directory last, so that what fails half-way is not
 * seen.
 */
#include "p15_driver.h"

#include "card_parts.h"
#include "der.h"
#include "hex.h"
#include "sw.h"
#include "tlv.h"

enum {
	FID_KEYS = 0x4402,
	FID_PUBLIC_KEYS = 0x4403,
	FID_CERTS = 0x4404,
	FID_PUBLIC_KEY = 0x3300, /* the first of each */
	FID_CERT = 0x3400,
	CHOICE_KEYS = 0xa0,
	CHOICE_PUBLIC_KEYS = 0xa1,
	CHOICE_CERTS = 0xa4,
	KEY_REF_MAX = 15,
	ALG_RSA2048 = 0xf3,
	ALG_RSA4096 = 0xf5,
	ALG_EC = 0xec,
	FEATURE_RSA4096 = 0x20,
	ENTRY_MAX = 256,
	ANSWER_MAX = 1200,
	PUBLIC_MAX = UK_MODULUS_MAX + 64
};

/* --- curves -----------------------------------------------------------------
 */

/* SEC 2, 2.4.2 and 2.5.1, as openssl ecparam -param_enc explicit prints them:
 * p, a, b, G, n. */
static const struct curve_row {
	enum uk_key_type type;
	const char *numbers[5];
} curves[] = {
	/* clang-format off */
	{ UK_KEY_P256,
	    {
		"ffffffff00000001000000000000000000000000ffffffff"
		"ffffffffffffffff",
		"ffffffff00000001000000000000000000000000ffffffff"
		"fffffffffffffffc",
		"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f6"
		"3bce3c3e27d2604b",
		"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33"
		"a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e"
		"162bce33576b315ececbb6406837bf51f5",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84"
		"f3b9cac2fc632551",
	    } },
	{ UK_KEY_P384,
	    {
		"ffffffffffffffffffffffffffffffffffffffffffffffff"
		"fffffffffffffffeffffffff0000000000000000ffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffff"
		"fffffffffffffffeffffffff0000000000000000fffffffc",
		"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112"
		"0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
		"04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b"
		"9859f741e082542a385502f25dbf55296c3a545e3872760a"
		"b73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a14"
		"7ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e"
		"5f",
		"ffffffffffffffffffffffffffffffffffffffffffffffff"
		"c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
	    } },
	/* clang-format on */
};

static uk_err put_curve(enum uk_key_type type, uk_buf *out)
{
	static const uint8_t tags[] = { 0x81, 0x82, 0x83, 0x84, 0x85 };

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (curves[i].type != type)
			continue;
		for (size_t j = 0; j < sizeof(tags); j++) {
			size_t at = uk_tlv_begin(out, tags[j]);

			UK_TRY(uk_hex_decode(
			    uk_view_str(curves[i].numbers[j]), out));
			uk_tlv_end(out, at);
		}
		uk_put_tlv_u16(out, 0x87, 1); /* cofactor */
		return uk_buf_result(out);
	}
	return uk_fail(UK_ERR_UNSUPPORTED);
}

/* --- the key ----------------------------------------------------------------
 */

static uint8_t alg_of(const struct p15 *p, enum uk_key_type type, unsigned bits)
{
	if (type != UK_KEY_RSA)
		return ALG_EC;
	if (bits == 2048)
		return ALG_RSA2048;
	return bits == 4096 && (p->features & FEATURE_RSA4096) != 0
		   ? ALG_RSA4096
		   : 0;
}

/* Reference 0 is left alone: written, it is easily taken for none. */
static uint8_t free_ref(const struct p15 *p)
{
	uint32_t taken = 1;

	for (size_t i = 0; i < p->item_count; i++) {
		if (p->items[i].kind == UK_P15_PRKEY &&
		    p->items[i].key_ref <= KEY_REF_MAX)
			taken |= (uint32_t)1 << p->items[i].key_ref;
	}
	for (uint8_t ref = 1; ref <= KEY_REF_MAX; ref++) {
		if ((taken >> ref & 1) == 0)
			return ref;
	}
	return 0;
}

static uk_err take_key(
    uk_bytes answer, enum uk_key_type type, uk_public_key *out)
{
	uk_bytes template, v, w;

	*out = (uk_public_key){ .type = type };
	UK_TRY(uk_tlv_only(answer, 0x7f49, &template));
	if (type != UK_KEY_RSA)
		return uk_tlv_find(template, 0x86, &v)
			   ? uk_public_take_point(type, v, out)
			   : uk_fail(UK_ERR_FORMAT);
	if (!uk_tlv_find(template, 0x81, &v) ||
	    !uk_tlv_find(template, 0x82, &w))
		return uk_fail(UK_ERR_FORMAT);
	return uk_public_take_rsa(v, w, out);
}

static uk_err make_key(uk_card *c, const struct uk_new_object *what,
    uint8_t ref, uk_public_key *out)
{
	uint8_t alg = alg_of(p15_of(c), what->key_type, what->key_bits);
	const uint8_t environment[] = { 0x80, 0x01, alg, 0x84, 0x01, ref };
	uk_cmd mse = { .ins = 0x22, .p1 = 0x41, .data = UK_ARRAY(environment) };
	uk_cmd generate = { .ins = 0x46, .p1 = 0x42, .le = UK_LE_MAX };
	uint8_t params[512], got[ANSWER_MAX];
	uk_buf curve = UK_BUF(params), answer = UK_BUF(got);

	if (alg == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (what->key_type != UK_KEY_RSA) {
		UK_TRY(put_curve(what->key_type, &curve));
		generate.p1 = 0x00;
		generate.data = uk_buf_view(&curve);
	}
	p15_of(c)->environment.set = false;
	UK_TRY(p15_send(c, &mse, NULL));
	UK_TRY(p15_send(c, &generate, &answer));
	UK_TRY(take_key(uk_buf_view(&answer), what->key_type, out));
	return what->key_type != UK_KEY_RSA ||
		       out->modulus_len * 8 == what->key_bits
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

/* --- entries ----------------------------------------------------------------
 */

static uk_err name_entry(uk_p15_object *o, const struct uk_new_object *what)
{
	uk_buf id = UK_BUF(o->id);

	o->flags |= UK_P15_MODIFIABLE;
	uk_put(&id, what->id);
	o->id_len = id.len;
	if (id.bad || id.len == 0 ||
	    !uk_is_ok(uk_copy_str(
		o->label, sizeof(o->label), uk_view_str(what->label))))
		return uk_fail(UK_ERR_ARGUMENT);
	return uk_ok();
}

/* From the MF, as OpenSC writes them; fid 0: the application's folder. */
static void put_path(uk_p15_path *path, uint16_t fid)
{
	uk_buf b = UK_BUF(path->p);

	uk_put_u16(&b, 0x3f00);
	uk_put_u16(&b, 0x5015);
	if (fid != 0)
		uk_put_u16(&b, fid);
	path->n = b.len;
}

/* The PIN that is to open the key: AODF calls it so. */
static uk_err take_auth_id(uk_card *c, uk_p15_object *o)
{
	uk_buf id = UK_BUF(o->auth_id);
	uk_bytes file = UK_NONE;
	uk_p15_object pin;
	uk_err err = p15_read_fid(c, P15_FID_PINS, &file);
	uk_reader r = uk_read(file);

	if (!uk_is_ok(err) && !uk_is(err, UK_ERR_NOT_FOUND))
		return err;
	while (id.len == 0 && uk_p15_next(&r, UK_P15_PIN, &pin)) {
		if ((pin.pin_flags & (UK_P15_PIN_SO | UK_P15_PIN_UNBLOCKING)) ==
		    0)
			uk_put(&id, uk_view(pin.id, pin.id_len));
	}
	if (id.len == 0)
		uk_put_u8(&id, 0x01);
	o->auth_id_len = id.len;
	return uk_ok();
}

static uk_err append(
    uk_card *c, uint8_t choice, uint16_t fid, const uk_p15_object *o)
{
	uint8_t room[ENTRY_MAX];
	uk_buf entry = UK_BUF(room);

	UK_TRY(uk_put_p15(&entry, o));
	return p15_append(c, choice, fid, uk_buf_view(&entry));
}

static uk_err append_private(
    uk_card *c, const struct uk_new_object *what, unsigned bits, uint8_t ref)
{
	uk_p15_object o = { .kind = UK_P15_PRKEY,
		.flags = UK_P15_PRIVATE,
		.key_type = what->key_type,
		.bits = bits,
		.usage = what->usage,
		.access = UK_P15_SENSITIVE | UK_P15_ALWAYS_SENSITIVE |
			  UK_P15_NEVER_EXTRACTABLE | UK_P15_LOCAL,
		.key_ref = ref,
		.native = true };

	UK_TRY(name_entry(&o, what));
	UK_TRY(take_auth_id(c, &o));
	put_path(&o.path, 0);
	return append(c, CHOICE_KEYS, FID_KEYS, &o);
}

/* The other side of what the private key is for. */
static uint32_t public_usage(uint32_t usage)
{
	uint32_t out = 0;

	if ((usage & (UK_USE_SIGN | UK_USE_NON_REPUDIATION)) != 0)
		out |= UK_USE_VERIFY;
	if ((usage & UK_USE_DECRYPT) != 0)
		out |= UK_USE_ENCRYPT;
	return out != 0 ? out : UK_USE_VERIFY;
}

static uk_err append_public(
    uk_card *c, const struct uk_new_object *what, unsigned bits, uint16_t fid)
{
	uk_p15_object o = { .kind = UK_P15_PUKEY,
		.key_type = what->key_type,
		.bits = bits,
		.usage = public_usage(what->usage) };

	UK_TRY(name_entry(&o, what));
	put_path(&o.path, fid);
	return append(c, CHOICE_PUBLIC_KEYS, FID_PUBLIC_KEYS, &o);
}

/* RSAPublicKey, and SubjectPublicKeyInfo for curves. */
static uk_err put_public(uk_buf *out, const uk_public_key *k)
{
	size_t at;

	if (k->type != UK_KEY_RSA)
		return uk_put_spki(out, k->type, UK_NONE, UK_NONE,
		    uk_view(k->point, k->point_len));
	at = uk_tlv_begin(out, UK_DER_SEQUENCE);
	uk_put_der_uint(out, uk_view(k->modulus, k->modulus_len));
	uk_put_der_uint(out, uk_view(k->exponent, k->exponent_len));
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}

/* --- what the core asks for --------------------------------------------------
 */

static uk_err made(uk_card *c, enum uk_object_kind kind, uk_bytes id,
    uint32_t low_ref, size_t *out)
{
	c->loaded = false;
	UK_TRY(p15_load_objects(c));
	for (*out = 0; *out < c->object_count; ++*out) {
		const uk_object *o = &c->objects[*out];

		if (o->kind == kind &&
		    uk_bytes_eq(uk_view(o->id, o->id_len), id) &&
		    (kind != UK_OBJ_PRIVATE_KEY || (o->ref & 0xff) == low_ref))
			return uk_ok();
	}
	*out = 0;
	return uk_fail(UK_ERR_FORMAT);
}

static uk_err name_pair(uk_card *c, const struct uk_new_object *what,
    const uk_public_key *k, uint8_t ref)
{
	unsigned bits = k->type == UK_KEY_RSA ? what->key_bits
					      : uk_key_curve_bits(k->type);
	uint8_t room[PUBLIC_MAX];
	uk_buf value = UK_BUF(room);
	uint16_t fid;
	uk_err err;

	UK_TRY(put_public(&value, k));
	UK_TRY(p15_put_new(c, FID_PUBLIC_KEY, uk_buf_view(&value), &fid));
	err = append_public(c, what, bits, fid);
	if (uk_is_ok(err))
		return append_private(c, what, bits, ref);
	UK_IGNORE(p15_delete(c, fid)); /* err tells more */
	return err;
}

uk_err p15_generate(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	uk_public_key k;
	uint8_t ref;

	if (!p15_of(c)->quirks->keys)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (what->id.n == 0 || what->id.n > UK_P15_ID_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(uk_card_load_objects(c));
	if ((ref = free_ref(p15_of(c))) == 0)
		return uk_fail_sw(UK_ERR_TOO_SMALL, UK_SW_SPACE);
	UK_TRY(p15_touch(c));
	UK_TRY(make_key(c, what, ref, &k));
	UK_TRY(name_pair(c, what, &k, ref));
	return made(c, UK_OBJ_PRIVATE_KEY, what->id, ref, out);
}

uk_err p15_store(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	uk_p15_object o = { .kind = UK_P15_CERT };
	uint16_t fid;
	uk_err err;

	if (!p15_of(c)->quirks->keys || what->kind != UK_OBJ_CERTIFICATE)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(name_entry(&o, what));
	UK_TRY(p15_touch(c));
	UK_TRY(p15_put_new(c, FID_CERT, what->value, &fid));
	put_path(&o.path, fid);
	err = append(c, CHOICE_CERTS, FID_CERTS, &o);
	if (!uk_is_ok(err)) {
		UK_IGNORE(p15_delete(c, fid)); /* err tells more */
		return err;
	}
	return made(c, UK_OBJ_CERTIFICATE, what->id, 0, out);
}

uk_err p15_destroy(uk_card *c, const uk_object *o)
{
	const uk_p15_object *item = p15_item_of(p15_of(c), o);
	uk_p15_path path;
	uk_err err;

	if (!p15_of(c)->quirks->keys || item == NULL ||
	    o->kind != UK_OBJ_CERTIFICATE || item->path.n < 2)
		return uk_fail(UK_ERR_UNSUPPORTED);
	path = item->path;
	UK_TRY(p15_touch(c));
	UK_TRY(p15_remove(c, FID_CERTS, UK_P15_CERT, &path));
	err = p15_delete(
	    c, (uint16_t)(path.p[path.n - 2] << 8 | path.p[path.n - 1]));
	c->loaded = false;
	if (uk_is_ok(err) || uk_is(err, UK_ERR_NOT_FOUND))
		return p15_load_objects(c);
	return err;
}
