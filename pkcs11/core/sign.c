/* Signatures by the card's keys. */
#include "operate.h"

#include "p11login.h"
#include "rv.h"

/* --- C_SignInit ---------------------------------------------------------- */

static CK_RV check_key(const struct p11_object *key, const struct p11_mech *m)
{
	bool rsa;

	if (key == NULL)
		return CKR_KEY_HANDLE_INVALID;
	if (key->class != CKO_PRIVATE_KEY)
		return CKR_KEY_TYPE_INCONSISTENT;
	rsa = key->src->key_type == UK_KEY_RSA;
	if (rsa != (m->key_type == CKK_RSA))
		return CKR_KEY_TYPE_INCONSISTENT;
	if ((key->src->usage & (UK_USE_SIGN | UK_USE_NON_REPUDIATION)) == 0)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return CKR_OK;
}

/* May this key make this kind of signature? A mechanism that does not name its
 * hash is judged when the input is there. */
static bool allowed(const struct p11_slot *s, const struct p11_object *key,
    const struct p11_mech *m, enum uk_hash hash)
{
	static const uint8_t zeros[UK_HASH_MAX + 32];
	uint8_t storage[sizeof(zeros)];
	uk_buf input = UK_BUF(storage);
	uk_bytes value = uk_view(zeros, uk_hash_size(hash));
	struct uk_sign_request r = { key->src, m->scheme, hash, UK_NONE };

	if (hash == UK_HASH_NONE)
		return true;
	if (m->scheme != UK_SIG_PKCS1)
		uk_put(&input, value);
	else if (!uk_is_ok(uk_put_digest_info(&input, hash, value)))
		return false;
	r.input = uk_buf_view(&input);
	return uk_card_can_sign(s->card, &r);
}

CK_RV p11_sign_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->sign;
	const struct p11_object *o;
	const struct p11_mech *m;
	CK_RV rv;

	if (mechanism == NULL) { /* 3.0: ends a running one */
		rv = op->mech != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;
		p11_op_end(op);
		return rv;
	}
	if (op->mech != NULL)
		return CKR_OPERATION_ACTIVE;
	if ((m = p11_mech_find(mechanism->mechanism, CKF_SIGN)) == NULL)
		return CKR_MECHANISM_INVALID;
	o = p11_object_find(s, key);
	rv = check_key(o, m);
	if (rv == CKR_OK)
		rv = p11_op_begin(s, op, m, mechanism);
	if (rv != CKR_OK)
		return rv;
	op->key = key;
	if (allowed(s, o, m, op->hash))
		return CKR_OK;
	p11_op_end(op);
	return CKR_KEY_FUNCTION_NOT_PERMITTED;
}

enum { HASH_MIN = 20 };

/* --- the signature ------------------------------------------------------- */

static size_t signature_size(const uk_object *key)
{
	size_t field = uk_key_field(key->key_type);

	return field == 0 ? (key->key_bits + 7) / 8 : 2 * field;
}

/* Any bytes: their leftmost bits are used (FIPS 186-5, 6.4.1). The card wants
 * at least a SHA-1; zeros in front do not change the number that they are. */
static CK_RV ecdsa_input(const uk_object *key, uk_bytes v, uk_buf *input)
{
	v = uk_bytes_first(v, uk_key_field(key->key_type));
	if (v.n == 0 || v.n > UK_HASH_MAX)
		return CKR_DATA_LEN_RANGE;
	if (v.n < HASH_MIN)
		uk_put_fill(input, 0, HASH_MIN - v.n);
	uk_put(input, v);
	return CKR_OK;
}

/* RFC 8017, 9.2: at least eleven bytes of padding. */
static CK_RV pkcs1_input(enum uk_hash hash, size_t k, uk_bytes v, uk_buf *input)
{
	CK_RV rv = CKR_OK;

	if (hash == UK_HASH_NONE)
		uk_put(input, v);
	else
		rv = p11_rv(uk_put_digest_info(input, hash, v));
	return rv == CKR_OK && input->len + 11 > k ? CKR_DATA_LEN_RANGE : rv;
}

/* From what was collected to what the card is given. */
static CK_RV make_request(const struct p11_object *key, struct p11_op *op,
    uk_buf *input, struct uk_sign_request *r)
{
	size_t k = signature_size(key->src);
	uint8_t storage[UK_MODULUS_MAX];
	uk_buf b = UK_BUF(storage);
	CK_RV rv = p11_op_input(op, &b);
	uk_bytes v = uk_buf_view(&b);

	*r = (struct uk_sign_request){ key->src, op->mech->scheme, op->hash,
		UK_NONE };
	if (rv != CKR_OK)
		return rv;
	switch (r->scheme) {
	case UK_SIG_PKCS1:
		rv = pkcs1_input(op->hash, k, v, input);
		break;
	case UK_SIG_PSS:
		uk_put(input, v);
		if (v.n != uk_hash_size(op->hash))
			rv = CKR_DATA_LEN_RANGE;
		break;
	default:
		rv = ecdsa_input(key->src, v, input);
		break;
	}
	r->input = uk_buf_view(input);
	return rv;
}

/* What the card said about the key's login: a login key's is over for all. */
static CK_RV refused(
    struct p11_slot *s, const struct p11_object *key, uk_err err)
{
	if (uk_is(err, UK_ERR_NOT_LOGGED_IN) && !key->src->always_auth) {
		s->reselect = true;
		p11_login_forget(s);
		return CKR_USER_NOT_LOGGED_IN;
	}
	return p11_slot_failed(s, err);
}

static CK_RV ask_card(struct p11_slot *s, const struct p11_object *key,
    const struct uk_sign_request *r, uk_buf *sig)
{
	CK_RV rv;
	uk_err err;

	if (!uk_card_can_sign(s->card, r))
		return r->hash == UK_HASH_NONE ? CKR_KEY_FUNCTION_NOT_PERMITTED
					       : CKR_DATA_LEN_RANGE;
	if ((rv = p11_slot_begin(s)) != CKR_OK)
		return rv;
	if (s->login != P11_USER) { /* the card was reset meanwhile */
		p11_slot_end(s);
		return CKR_USER_NOT_LOGGED_IN;
	}
	err = uk_card_sign(s->card, r, sig);
	p11_slot_end(s);
	if (!uk_is_ok(err))
		return refused(s, key, err);
	return sig->len == signature_size(key->src) ? CKR_OK : CKR_DEVICE_ERROR;
}

/* Ends with the signature in sig; op has been given all its input. */
static CK_RV make_signature(struct p11_slot *s, struct p11_session *session,
    const struct p11_object *key, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	uint8_t in[UK_MODULUS_MAX], made[UK_SIGNATURE_MAX];
	uk_buf input = UK_BUF(in), sig = UK_BUF(made);
	struct uk_sign_request r;
	CK_RV rv;

	if (key->src->always_auth && !session->sign.consent)
		return CKR_USER_NOT_LOGGED_IN;
	rv = make_request(key, &session->sign, &input, &r);
	if (rv == CKR_OK)
		rv = ask_card(s, key, &r, &sig);
	if (rv == CKR_OK)
		rv = p11_give(out, out_len, uk_buf_view(&sig));
	uk_wipe(in, sizeof(in));
	return rv;
}

static CK_RV finish(struct p11_slot *s, struct p11_session *session,
    uk_bytes data, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct p11_op *op = &session->sign;
	const struct p11_object *key = p11_object_find(s, op->key);
	CK_RV rv = CKR_KEY_HANDLE_INVALID;

	if (key != NULL)
		rv = p11_room(out, out_len, signature_size(key->src));
	if (rv == CKR_OK)
		rv = p11_op_add(op, data);
	if (rv == CKR_OK)
		rv = make_signature(s, session, key, out, out_len);
	return p11_op_answer(op, rv);
}

CK_RV p11_sign(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len)
{
	struct p11_op *op = &session->sign;
	uk_bytes input;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->parts) /* only C_SignFinal may end it */
		return CKR_OPERATION_ACTIVE;
	rv = p11_take(data, data_len, &input);
	if (rv != CKR_OK)
		return p11_op_answer(op, rv);
	return finish(s, session, input, sig, sig_len);
}

CK_RV p11_sign_end(struct p11_slot *s, struct p11_session *session,
    CK_BYTE_PTR sig, CK_ULONG_PTR sig_len)
{
	if (session->sign.mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return finish(s, session, UK_NONE, sig, sig_len);
}
