/* Bringing private keys to the card. */
#include "change.h"

#include "crypto.h"
#include "rv.h"
#include "secret.h"
#include "sw.h"

enum { SCALAR_MAX = 66 };

/* In locked pages. */
struct secret {
	uint8_t room[3 * UK_RSA_MAX / 2];
	struct uk_private_key key;
};

/* The exponents and the coefficient are worked out, and are the template's
 * where it has them. */
static uk_err take_rsa(uk_crypto *crypto, const struct p11_template *t,
    const uk_public_key *pub, struct secret *out)
{
	uk_buf room = UK_BUF(out->room);
	struct uk_rsa_numbers given = {
		.n = uk_view(pub->modulus, pub->modulus_len),
		.e = uk_view(pub->exponent, pub->exponent_len),
		.d = p11_given_integer(t, CKA_PRIVATE_EXPONENT),
		.p = p11_given_integer(t, CKA_PRIME_1),
		.q = p11_given_integer(t, CKA_PRIME_2),
		.dp = p11_given_integer(t, CKA_EXPONENT_1),
		.dq = p11_given_integer(t, CKA_EXPONENT_2),
		.qinv = p11_given_integer(t, CKA_COEFFICIENT),
	};
	size_t n = given.p.n;

	UK_TRY(uk_rsa_complete(crypto, &given, &room));
	out->key.p = given.p;
	out->key.q = given.q;
	out->key.dp = uk_view(out->room, n);
	out->key.dq = uk_bytes_first(uk_bytes_from(uk_buf_view(&room), n), n);
	out->key.qinv = uk_bytes_from(uk_buf_view(&room), 2 * n);
	return uk_ok();
}

/* The point is worked out, and is the template's where it has one. */
static uk_err take_curve(uk_crypto *crypto, const struct p11_template *t,
    uk_public_key *pub, struct secret *out)
{
	uint8_t storage[sizeof(pub->point)];
	uk_buf point = UK_BUF(storage), room = UK_BUF(out->room);
	uk_buf told = uk_buf_over(pub->point, sizeof(pub->point));

	uk_put_padded(
	    &room, p11_given_bytes(t, CKA_VALUE), uk_key_field(pub->type));
	out->key.d = uk_buf_view(&room);
	UK_TRY(uk_buf_result(&room));
	UK_TRY(uk_curve_public(crypto, pub->type, out->key.d, &point));
	if (pub->point_len > 0)
		return uk_bytes_eq(uk_buf_view(&point),
			   uk_view(pub->point, pub->point_len))
			   ? uk_ok()
			   : uk_fail(UK_ERR_FORMAT);
	uk_put(&told, uk_buf_view(&point));
	pub->point_len = told.len;
	return uk_buf_result(&told);
}

/* Nothing is sent before the numbers are known to be of one key: not every card
 * would notice, or tell what it has made of them. */
static CK_RV take(struct p11_slot *s, const struct p11_template *t,
    uk_public_key *pub, struct secret *out)
{
	uk_crypto *crypto;
	CK_RV rv = p11_slot_crypto(s, &crypto);
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	err = pub->type == UK_KEY_RSA ? take_rsa(crypto, t, pub, out)
				      : take_curve(crypto, t, pub, out);
	out->key.public = pub;
	return uk_is(err, UK_ERR_FORMAT) ? CKR_TEMPLATE_INCONSISTENT
					 : p11_rv(err);
}

static CK_RV send(struct p11_slot *s, const struct uk_new_object *what,
    const struct uk_private_key *key, CK_RV otherwise, size_t *place)
{
	uk_err err;
	CK_RV rv = p11_change_begin(s);

	if (rv != CKR_OK)
		return rv;
	err = uk_card_import(s->card, what, key, place);
	if (uk_is(err, UK_ERR_UNSUPPORTED) && err.sw == UK_SW_INS)
		return p11_change_end(
		    s, uk_fail(UK_ERR_UNSUPPORTED), CKR_FUNCTION_NOT_SUPPORTED);
	return p11_change_end(s, err, otherwise);
}

CK_RV p11_import(struct p11_slot *s, const struct p11_template *t,
    struct p11_object *o, CK_RV otherwise, size_t *place)
{
	struct uk_new_object what = p11_described(o);
	struct secret *secret = uk_secret_new(sizeof(*secret));
	CK_RV rv;

	if (secret == NULL)
		return CKR_HOST_MEMORY;
	rv = take(s, t, o->pub, secret);
	if (rv == CKR_OK)
		rv = send(s, &what, &secret->key, otherwise, place);
	uk_secret_free(secret, sizeof(*secret));
	return rv;
}

CK_RV p11_import_check(
    struct p11_slot *s, const uk_public_key *wanted, struct p11_object *made)
{
	const uk_public_key *pub;
	CK_RV rv = p11_object_public(s, made, &pub);
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	if (uk_bytes_eq(uk_view(pub->modulus, pub->modulus_len),
		uk_view(wanted->modulus, wanted->modulus_len)) &&
	    uk_bytes_eq(uk_view(pub->point, pub->point_len),
		uk_view(wanted->point, wanted->point_len)))
		return CKR_OK;
	if ((rv = p11_change_begin(s)) != CKR_OK)
		return rv;
	err = uk_card_destroy(s->card, made->src);
	rv = p11_change_end(s, err, CKR_DEVICE_ERROR);
	if (rv == CKR_OK)
		rv = p11_objects_changed(s, P11_NOTHING_NEW);
	return rv == CKR_OK ? CKR_DEVICE_ERROR : rv;
}
