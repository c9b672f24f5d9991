/* PKCS#15: public keys, from the directory, from files and from certificates.
 */
#include "p15_driver.h"

#include "card_parts.h"
#include "der.h"
#include "tlv.h"

/* In a file (8.4.3 and what tools write): SubjectPublicKeyInfo, RSAPublicKey,
 * or a point, in an OCTET STRING or bare. */
static uk_err take_public(
    enum uk_key_type type, uk_bytes file, uk_public_key *out)
{
	uk_reader r = uk_read(file), seq;
	uk_x509 x;

	if (uk_is_ok(uk_spki_parse(file, &x)))
		return uk_public_take_x509(&x, out);
	if (type == UK_KEY_RSA) {
		uk_bytes n, e;

		seq = uk_der_enter(&r, UK_DER_SEQUENCE);
		n = uk_der_get_uint(&seq);
		e = uk_der_get_uint(&seq);
		return seq.bad ? uk_fail(UK_ERR_FORMAT)
			       : uk_public_take_rsa(n, e, out);
	}
	if (uk_der_peek(&r) == UK_DER_OCTETS)
		file = uk_der_get(&r, UK_DER_OCTETS);
	return uk_public_take_point(
	    type, uk_bytes_first(file, 1 + 2 * uk_key_field(type)), out);
}

/* In the directory: [1] SubjectPublicKeyInfo, or the key as it is in a file. */
static uk_err take_direct(
    enum uk_key_type type, uk_bytes value, uk_public_key *out)
{
	uint8_t room[UK_MODULUS_MAX + 64];
	uk_buf spki = UK_BUF(room);
	uk_bytes content;

	if (!uk_is_ok(uk_tlv_only(value, 0xa1, &content)))
		return take_public(type, value, out);
	uk_put_der(&spki, UK_DER_SEQUENCE, content);
	UK_TRY(uk_buf_result(&spki));
	return take_public(type, uk_buf_view(&spki), out);
}

/* Looks for the entry of the other half in the directory. */
static uk_err find_half(
    uk_card *c, const uk_object *key, uk_p15_object *found, uk_bytes *direct)
{
	const uk_p15_path *path;
	uk_bytes file;
	size_t i = 0;

	while (p15_next_dir(p15_of(c), UK_P15_PUKEY, &i, &path)) {
		uk_reader r;

		UK_TRY(p15_read(c, path, &file));
		r = uk_read(file);
		while (uk_p15_next(&r, UK_P15_PUKEY, found)) {
			if (uk_bytes_eq(uk_view(found->id, found->id_len),
				uk_view(key->id, key->id_len))) {
				*direct = found->direct;
				return uk_ok();
			}
		}
	}
	return uk_fail(UK_ERR_NOT_FOUND);
}

uk_err p15_public_of_certificate(
    uk_card *c, const uk_object *key, uk_public_key *out)
{
	const struct p15 *p = p15_of(c);

	for (size_t i = 0; i < p->item_count; i++) {
		const uk_p15_object *o = &p->items[i];
		uk_bytes value;
		uk_x509 x;

		if (o->kind != UK_P15_CERT ||
		    !uk_bytes_eq(uk_view(o->id, o->id_len),
			uk_view(key->id, key->id_len)))
			continue;
		UK_TRY(p15_read_value(c, o, &value));
		UK_TRY(uk_x509_parse(value, &x));
		return uk_public_take_x509(&x, out);
	}
	return uk_fail(UK_ERR_UNSUPPORTED);
}

uk_err p15_find_public(uk_card *c, const uk_object *key, uk_public_key *out)
{
	uk_p15_object half;
	uk_bytes value = UK_NONE;
	uk_err err;

	*out = (uk_public_key){ 0 };
	if (key->kind != UK_OBJ_PRIVATE_KEY && key->kind != UK_OBJ_PUBLIC_KEY)
		return uk_fail(UK_ERR_ARGUMENT);
	err = find_half(c, key, &half, &value);
	if (uk_is_ok(err) && value.n > 0)
		return take_direct(key->key_type, value, out);
	if (uk_is_ok(err) && half.path.n > 0) {
		UK_TRY(p15_read(c, &half.path, &value));
		return take_public(key->key_type, value, out);
	}
	if (!uk_is_ok(err) && !uk_is(err, UK_ERR_NOT_FOUND))
		return err;
	return p15_public_of_certificate(c, key, out);
}

uk_err p15_read_public(uk_card *c, const uk_object *key, uk_public_key *out)
{
	struct p15 *p = p15_of(c);
	uk_err err = p15_find_public(c, key, out);

	p->told = p->told || p->recalled;
	return err;
}
