/*
 * PKCS#15: keys made on an IsoApplet card, and certificates. Files are written
 * first and named in the directory last, so that what fails half-way is not
 * seen.
 */
#include "p15_driver.h"

#include "card_parts.h"
#include "der.h"
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
	FEATURE_RSA4096 = 0x20,
	ENTRY_MAX = 256,
	ANSWER_MAX = 1200,
	PUBLIC_MAX = UK_MODULUS_MAX + 64
};

/* --- the key ----------------------------------------------------------------
 */

static uint8_t alg_of(const struct p15 *p, enum uk_key_type type, unsigned bits)
{
	if (type != UK_KEY_RSA)
		return P15_MAKE_EC;
	if (bits == 2048)
		return P15_MAKE_RSA2048;
	return bits == 4096 && (p->features & FEATURE_RSA4096) != 0
		   ? P15_MAKE_RSA4096
		   : 0;
}

/* Reference 0 is left alone: written, it is easily taken for none. */
uk_err p15_find_ref(uk_card *c, const struct uk_new_object *what, uint8_t *out)
{
	const struct p15 *p = p15_of(c);
	uint32_t taken = 1;

	if (!p->quirks->keys)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (what->id.n == 0 || what->id.n > UK_P15_ID_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(uk_card_load_objects(c));

	for (size_t i = 0; i < p->item_count; i++) {
		if (p->items[i].kind == UK_P15_PRKEY &&
		    p->items[i].key_ref <= KEY_REF_MAX)
			taken |= (uint32_t)1 << p->items[i].key_ref;
	}
	*out = 1;
	while (*out <= KEY_REF_MAX && (taken >> *out & 1) != 0)
		++*out;
	return *out <= KEY_REF_MAX ? uk_ok()
				   : uk_fail_sw(UK_ERR_TOO_SMALL, UK_SW_SPACE);
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

uk_err p15_name_key(uk_card *c, uint8_t alg, uint8_t ref)
{
	const uint8_t environment[] = { 0x80, 0x01, alg, 0x84, 0x01, ref };
	uk_cmd mse = { .ins = 0x22, .p1 = 0x41, .data = UK_ARRAY(environment) };

	p15_of(c)->environment.set = false;
	return p15_send(c, &mse, NULL);
}

static uk_err make_key(uk_card *c, const struct uk_new_object *what,
    uint8_t ref, uk_public_key *out)
{
	uint8_t alg = alg_of(p15_of(c), what->key_type, what->key_bits);
	uk_cmd generate = { .ins = 0x46, .p1 = 0x42, .le = UK_LE_MAX };
	uint8_t params[P15_CURVE_MAX], got[ANSWER_MAX];
	uk_buf curve = UK_BUF(params), answer = UK_BUF(got);

	if (alg == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (what->key_type != UK_KEY_RSA) {
		UK_TRY(p15_put_curve(what->key_type, &curve));
		generate.p1 = 0x00;
		generate.data = uk_buf_view(&curve);
	}
	UK_TRY(p15_name_key(c, alg, ref));
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

static uk_err append_private(uk_card *c, const struct uk_new_object *what,
    unsigned bits, uint8_t ref, uint32_t access)
{
	uk_p15_object o = { .kind = UK_P15_PRKEY,
		.flags = UK_P15_PRIVATE,
		.key_type = what->key_type,
		.bits = bits,
		.usage = what->usage,
		.access = access,
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
    const uk_public_key *k, uint8_t ref, uint32_t access)
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
		return append_private(c, what, bits, ref, access);
	UK_IGNORE(p15_delete(c, fid)); /* err tells more */
	return err;
}

uk_err p15_list_key(uk_card *c, const struct uk_new_object *what,
    const uk_public_key *k, uint8_t ref, uint32_t access, size_t *out)
{
	UK_TRY(name_pair(c, what, k, ref, access));
	return made(c, UK_OBJ_PRIVATE_KEY, what->id, ref, out);
}

uk_err p15_generate(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	uk_public_key k;
	uint8_t ref;

	UK_TRY(p15_find_ref(c, what, &ref));
	UK_TRY(p15_touch(c));
	UK_TRY(make_key(c, what, ref, &k));
	return p15_list_key(c, what, &k, ref, P15_MADE_HERE, out);
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
