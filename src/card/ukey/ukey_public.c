/*
 * U-key: public keys, profile sections 2 and 4: those of the card's own keys,
 * which it tells on request, and those that stand in the directory.
 */
#include "ukey_driver.h"

#include "der.h"
#include "tlv.h"

enum {
	PUBLIC_MAX = 1024, /* RSA-4096 is 529 bytes in its templates */
	TAG_SPKI = 0xa1
};

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

uk_err ukey_parse_public(
    uk_bytes answer, const uk_object *key, uk_public_key *out)
{
	uk_bytes template;

	*out = (uk_public_key){ .type = key->key_type };
	UK_TRY(uk_tlv_only(answer, 0x7f49, &template));
	return key->key_type == UK_KEY_RSA ? take_rsa(template, key, out)
					   : take_point(template, out);
}

static uk_err ask_card(uk_card *c, const uk_object *key, uk_buf *answer)
{
	uint8_t asked[] = { 0xac, 0x03, 0x84, 0x01, (uint8_t)key->ref };
	uk_cmd generate = { .ins = 0x46,
		.p1 = 0x81,
		.data = UK_ARRAY(asked),
		.le = key->key_type == UK_KEY_RSA ? UK_LE_MAX
						  : UK_LE_SHORT_MAX };

	return ukey_send(c, &generate, answer);
}

uk_err ukey_ask_public(uk_card *c, const uk_object *key, uk_public_key *out)
{
	uint8_t answer[PUBLIC_MAX];
	uk_buf got = UK_BUF(answer);

	UK_TRY(ask_card(c, key, &got));
	return ukey_parse_public(uk_buf_view(&got), key, out);
}

/* The same, unless it is remembered. */
static uk_err recall(uk_card *c, const uk_object *key, uk_public_key *out)
{
	uint32_t item = UKEY_CACHE_PUBLIC + key->ref;
	uint8_t answer[PUBLIC_MAX];
	uk_buf got = UK_BUF(answer);
	uk_bytes known;

	if (uk_cache_get(c->cache, item, &known) &&
	    uk_is_ok(ukey_parse_public(known, key, out)))
		return uk_ok();
	UK_TRY(ask_card(c, key, &got));
	UK_TRY(ukey_parse_public(uk_buf_view(&got), key, out));
	uk_cache_put(c->cache, item, uk_buf_view(&got));
	return uk_ok();
}

/* --- in the directory ---------------------------------------------------- */

uk_err ukey_entry_spki(const uk_p15_object *o, uk_buf *der, uk_x509 *out)
{
	uk_bytes content;

	*out = (uk_x509){ 0 };
	UK_TRY(uk_tlv_only(o->direct, TAG_SPKI, &content));
	uk_put_der(der, UK_DER_SEQUENCE, content);
	UK_TRY(uk_buf_result(der));
	UK_TRY(uk_spki_parse(uk_buf_view(der), out));
	return out->key_type == UK_KEY_NONE ? uk_fail(UK_ERR_UNSUPPORTED)
					    : uk_ok();
}

uk_err ukey_put_value(uk_buf *out, uk_bytes spki)
{
	uk_bytes content;

	UK_TRY(uk_tlv_only(spki, UK_DER_SEQUENCE, &content));
	uk_put_der(out, TAG_SPKI, content);
	return uk_buf_result(out);
}

static uk_err take_spki(const uk_x509 *x, uk_public_key *out)
{
	uk_buf point = UK_BUF(out->point);

	out->type = x->key_type;
	if (x->key_type == UK_KEY_RSA) {
		UK_TRY(take_number(out->modulus, sizeof(out->modulus),
		    &out->modulus_len, x->modulus));
		return take_number(out->exponent, sizeof(out->exponent),
		    &out->exponent_len, x->exponent);
	}
	uk_put(&point, x->point);
	out->point_len = point.len;
	return uk_buf_result(&point);
}

static uk_err look_up(uk_card *c, const uk_object *key, uk_public_key *out)
{
	uint8_t storage[PUBLIC_MAX];
	uk_buf der = UK_BUF(storage);
	struct ukey_dir d;
	struct ukey_entry e;
	uk_x509 x;

	UK_TRY(ukey_dir_look(c, UK_P15_PUKEY, &d));
	if (!ukey_dir_find(&d, ukey_pick_object, key, &e))
		return uk_fail(UK_ERR_NOT_FOUND);
	UK_TRY(ukey_entry_spki(&e.o, &der, &x));
	return take_spki(&x, out);
}

uk_err ukey_read_public(uk_card *c, const uk_object *key, uk_public_key *out)
{
	*out = (uk_public_key){ .type = key->key_type };
	if (key->kind == UK_OBJ_PUBLIC_KEY)
		return look_up(c, key, out);
	return key->kind == UK_OBJ_PRIVATE_KEY && key->ref <= 0xff
		   ? recall(c, key, out)
		   : uk_fail(UK_ERR_ARGUMENT);
}
