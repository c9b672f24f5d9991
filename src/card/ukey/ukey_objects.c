/*
 * U-key: files, the directory and public keys, profile sections 2 and 4.
 *
 * Two files are read to list everything: private keys and certificates. Public
 * keys are not looked up in their own directory, since the card gives every one
 * of them on request; data objects are nobody's yet.
 */
#include "ukey_driver.h"

#include "p15.h"
#include "sw.h"
#include "tlv.h"

enum {
	SFI_PRKDF = 0x02,
	SFI_CDF = 0x04,
	SFI_FIRST_CERT = 0x0b,
	FID_FIRST_CERT = 0x4331,
	FID_LAST_CERT = 0x433f,
	RSA_BITS_MIN = 1024,
	PUBLIC_MAX = 1024 /* RSA-4096 is 529 bytes in its templates */
};

/* --- files --------------------------------------------------------------- */

/* One READ BINARY, appended to file; true in *more if it filled what was asked
 * for. 6282: a shorter Le reached the end; 6B00: the end was there already. */
static uk_err read_piece(uk_card *c, uint8_t sfi, uk_buf *file, bool *more)
{
	size_t max = uk_channel_limits(c->ch).max_response, before = file->len;
	bool first = file->len == 0;
	uk_cmd read = {
		.ins = 0xb0,
		.p1 = (uint8_t)(first ? 0x80 | sfi : file->len >> 8),
		.p2 = (uint8_t)(first ? 0 : file->len),
		.le = UK_LE_MAX,
	};
	uk_err err = ukey_send(c, &read, file);

	*more = uk_is_ok(err) && file->len - before >= max;
	if (err.sw == UK_SW_EOF || (!first && err.sw == UK_SW_OFFSET))
		return uk_ok();
	return err;
}

/* The whole file; a view into the driver's buffer, good until the next one. */
static uk_err read_file(uk_card *c, uint8_t sfi, uk_bytes *content)
{
	struct ukey *k = (struct ukey *)c;
	uk_buf file = UK_BUF(k->file);
	bool more = true;

	*content = UK_NONE;
	while (more) {
		if (uk_buf_left(&file) == 0)
			return uk_fail(UK_ERR_FORMAT);
		UK_TRY(read_piece(c, sfi, &file, &more));
	}
	*content = uk_buf_view(&file);
	return uk_ok();
}

/* --- the directory ------------------------------------------------------- */

static bool take_rsa_size(const uk_p15_object *from, uk_object *to)
{
	to->key_bits = from->bits;
	return from->bits >= RSA_BITS_MIN && from->bits % 8 == 0 &&
	       from->bits <= 8 * UK_MODULUS_MAX;
}

/* By the field length; where it is not told, the profile's usual curve. */
static bool take_curve(const uk_p15_object *from, uk_object *to)
{
	static const enum uk_key_type curves[] = { UK_KEY_P256, UK_KEY_P384,
		UK_KEY_P521 };

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		to->key_type = curves[i];
		to->key_bits = uk_key_curve_bits(curves[i]);
		if (from->bits == 0 || from->bits == to->key_bits)
			return true;
	}
	return false;
}

static bool take_key(const uk_p15_object *from, uk_object *to)
{
	to->kind = UK_OBJ_PRIVATE_KEY;
	to->ref = from->key_ref;
	to->usage = from->usage;
	to->always_auth = from->user_consent > 0 ||
			  from->key_ref == UKEY_KEY_TRANSACTION;
	to->on_card = (from->access & UK_P15_LOCAL) != 0;
	to->key_type = from->key_type;
	if (to->ref < UKEY_KEY_LOGIN || to->ref > UKEY_KEY_LAST)
		return false;
	return from->key_type == UK_KEY_RSA ? take_rsa_size(from, to)
					    : take_curve(from, to);
}

static bool take_certificate(const uk_p15_object *from, uk_object *to)
{
	uk_reader path = uk_read(uk_view(from->path.p, from->path.n));

	to->kind = UK_OBJ_CERTIFICATE;
	to->ref = uk_get_u16(&path);
	return uk_is_ok(uk_read_end(&path)) && to->ref >= FID_FIRST_CERT &&
	       to->ref <= FID_LAST_CERT;
}

/* Directory entries that this profile cannot contain are left out; the others
 * of the file are still good. */
static bool take_object(const uk_p15_object *from, uk_object *to)
{
	uk_buf id = UK_BUF(to->id);

	*to = (uk_object){ 0 };
	to->is_private = (from->flags & UK_P15_PRIVATE) != 0;
	to->modifiable = (from->flags & UK_P15_MODIFIABLE) != 0;
	uk_put(&id, uk_view(from->id, from->id_len));
	to->id_len = id.len;
	if (id.bad || !uk_is_ok(uk_copy_str(to->label, sizeof(to->label),
			  uk_view_str(from->label))))
		return false;
	return from->kind == UK_P15_PRKEY ? take_key(from, to)
					  : take_certificate(from, to);
}

struct listing {
	uk_object *list;
	size_t count;
};

static uk_err read_directory(
    uk_card *c, uint8_t sfi, enum uk_p15_kind kind, struct listing *found)
{
	uk_p15_object entry;
	uk_bytes content;
	uk_reader r;

	UK_TRY(read_file(c, sfi, &content));
	r = uk_read(content);
	while (uk_p15_next(&r, kind, &entry)) {
		if (found->count == UK_OBJECTS_MAX)
			return uk_fail(UK_ERR_FORMAT);
		if (take_object(&entry, &found->list[found->count]))
			found->count++;
	}
	return uk_read_ok(&r);
}

uk_err ukey_load_objects(uk_card *c)
{
	struct listing found = { NULL, 0 };
	uk_err err = uk_fail(UK_ERR_MEMORY);

	found.list = uk_new_array(UK_OBJECTS_MAX, sizeof(uk_object));
	if (found.list == NULL)
		goto out;
	err = read_directory(c, SFI_PRKDF, UK_P15_PRKEY, &found);
	if (uk_is_ok(err))
		err = read_directory(c, SFI_CDF, UK_P15_CERT, &found);
	if (!uk_is_ok(err))
		goto out;

	uk_free(c->objects);
	c->objects = found.list;
	c->object_count = found.count;
	c->loaded = true;
	found.list = NULL; /* handed over */
out:
	uk_free(found.list);
	return err;
}

uk_err ukey_read_object(uk_card *c, const uk_object *o, uk_blob *out)
{
	uk_bytes content;

	if (o->kind != UK_OBJ_CERTIFICATE || o->ref < FID_FIRST_CERT ||
	    o->ref > FID_LAST_CERT)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(read_file(
	    c, (uint8_t)(o->ref - FID_FIRST_CERT + SFI_FIRST_CERT), &content));
	return content.n == 0 ? uk_fail(UK_ERR_NOT_FOUND)
			      : uk_blob_set(out, content);
}

/* --- public keys --------------------------------------------------------- */

static uk_err take_number(uint8_t *field, size_t cap, size_t *len, uk_bytes v)
{
	uk_buf out = uk_buf_over(field, cap);

	v = uk_bytes_trim_zeros(v);
	if (v.n == 0 || v.n > cap)
		return uk_fail(UK_ERR_FORMAT);
	uk_put(&out, v);
	*len = out.len;
	return uk_buf_result(&out);
}

static uk_err take_rsa(
    uk_bytes template, const uk_object *key, uk_public_key *out)
{
	uk_bytes modulus, exponent;

	if (!uk_tlv_find(template, 0x81, &modulus) ||
	    !uk_tlv_find(template, 0x82, &exponent))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(take_number(
	    out->modulus, sizeof(out->modulus), &out->modulus_len, modulus));
	if (out->modulus_len * 8 != key->key_bits)
		return uk_fail(UK_ERR_FORMAT);
	return take_number(
	    out->exponent, sizeof(out->exponent), &out->exponent_len, exponent);
}

/* The length of the point tells the curve, apart from P-256 and SM2, where the
 * directory's word stands. */
static uk_err take_point(uk_bytes template, uk_public_key *out)
{
	static const enum uk_key_type longer[] = { UK_KEY_P384, UK_KEY_P521 };
	uk_buf point = UK_BUF(out->point);
	uk_bytes v;

	if (!uk_tlv_find(template, 0x86, &v) || v.n == 0 || v.p[0] != 0x04)
		return uk_fail(UK_ERR_FORMAT);
	for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++) {
		if (v.n == 1 + 2 * uk_key_field(longer[i]))
			out->type = longer[i];
	}
	if (v.n != 1 + 2 * uk_key_field(out->type))
		return uk_fail(UK_ERR_FORMAT);
	uk_put(&point, v);
	out->point_len = point.len;
	return uk_buf_result(&point);
}

uk_err ukey_read_public(uk_card *c, const uk_object *key, uk_public_key *out)
{
	bool rsa = key->key_type == UK_KEY_RSA;
	uint8_t asked[] = { 0xac, 0x03, 0x84, 0x01, (uint8_t)key->ref };
	uint8_t answer[PUBLIC_MAX];
	uk_buf got = UK_BUF(answer);
	uk_bytes template;
	uk_cmd generate = { .ins = 0x46,
		.p1 = 0x81,
		.data = UK_ARRAY(asked),
		.le = rsa ? UK_LE_MAX : UK_LE_SHORT_MAX };

	*out = (uk_public_key){ .type = key->key_type };
	if (key->kind == UK_OBJ_CERTIFICATE || key->kind == UK_OBJ_DATA ||
	    key->ref > 0xff)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(ukey_send(c, &generate, &got));
	UK_TRY(uk_tlv_only(uk_buf_view(&got), 0x7f49, &template));
	return rsa ? take_rsa(template, key, out) : take_point(template, out);
}
