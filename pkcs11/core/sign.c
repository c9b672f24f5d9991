/* Signatures by the card's keys. */
#include "operate.h"

#include "p11login.h"
#include "rv.h"
#include "secret.h"
#include "sw.h"

enum { HASH_MIN = 20, SM2_INPUT = 32 };

/* --- C_SignInit ---------------------------------------------------------- */

/* May this key make this kind of signature? A mechanism that does not name its
 * hash is judged when the input is there. */
static bool allowed(const struct p11_slot *s, const struct p11_object *key,
    const struct p11_op *op)
{
	static const uint8_t zeros[UK_HASH_MAX + 32];
	uint8_t storage[sizeof(zeros)];
	uk_buf input = UK_BUF(storage);
	enum uk_hash hash = op->pad.hash;
	uk_bytes value = uk_view(zeros, uk_hash_size(hash));
	struct uk_sign_request r = { key->src, op->mech->scheme, hash,
		UK_NONE };

	if (hash == UK_HASH_NONE)
		return true;
	if (r.scheme != UK_SIG_PKCS1)
		uk_put(&input, value);
	else if (!uk_is_ok(uk_put_digest_info(&input, hash, value)))
		return false;
	r.input = uk_buf_view(&input);
	return uk_card_can_sign(s->card, &r);
}

/* A card that does not know PSS, or not with these parameters, but computes
 * x^d mod n, is given the padded block. */
static bool pads_here(const struct p11_slot *s, const struct p11_object *key,
    const struct p11_op *op)
{
	return op->mech->scheme == UK_SIG_PSS &&
	       p11_signs_raw(s->card, key->src) &&
	       !(p11_pss_is_usual(&op->pad) && allowed(s, key, op));
}

static CK_RV check(const struct p11_slot *s, const struct p11_object *key,
    const struct p11_op *op)
{
	enum uk_sig_scheme scheme = op->mech->scheme;

	if (pads_here(s, key, op))
		return uk_pss_fits(&op->pad, key->src->key_bits)
			   ? CKR_OK
			   : CKR_MECHANISM_PARAM_INVALID;

	/* Not among the key's CKA_ALLOWED_MECHANISMS. */
	if (scheme == UK_SIG_RSA_RAW && !p11_signs_raw(s->card, key->src))
		return CKR_MECHANISM_INVALID;
	if (scheme == UK_SIG_PSS && !p11_pss_is_usual(&op->pad))
		return CKR_MECHANISM_PARAM_INVALID;
	return allowed(s, key, op) ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED;
}

CK_RV p11_op_sign_begin(struct p11_slot *s, struct p11_op *op, CK_FLAGS use,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	CK_ATTRIBUTE_TYPE attribute = use == CKF_SIGN_RECOVER ? CKA_SIGN_RECOVER
							      : CKA_SIGN;
	const struct p11_mech *m;
	struct p11_object *o;
	CK_RV rv = p11_op_mechanism(s, op, mechanism, use, &m);

	if (m == NULL)
		return rv;
	rv = p11_op_key(s, key, CKO_PRIVATE_KEY, attribute, m, &o);
	if (rv == CKR_OK)
		rv = p11_op_begin(s, op, m, mechanism);
	if (rv != CKR_OK)
		return rv;
	op->key = key;
	rv = check(s, o, op);
	if (rv == CKR_OK)
		rv = p11_op_sm2_z(s, op, mechanism, o);
	if (rv != CKR_OK)
		p11_op_end(op);
	return rv;
}

CK_RV p11_sign_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return p11_op_sign_begin(s, &session->sign, CKF_SIGN, mechanism, key);
}

/* --- what is signed ------------------------------------------------------ */

size_t p11_signature_size(enum uk_key_type type, unsigned bits)
{
	size_t field = uk_key_field(type);

	return field == 0 ? (bits + 7) / 8 : 2 * field;
}

/* Any bytes: their leftmost bits are used (FIPS 186-5, 6.4.1). The card wants
 * at least a SHA-1; zeros in front do not change the number that they are. */
static CK_RV ecdsa_input(enum uk_key_type type, uk_bytes v, uk_buf *input)
{
	v = uk_bytes_first(v, uk_key_field(type));
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

static CK_RV exactly(size_t n, uk_bytes v, uk_buf *input)
{
	uk_put(input, v);
	return v.n == n ? CKR_OK : CKR_DATA_LEN_RANGE;
}

static CK_RV raw_input(size_t k, uk_bytes v, uk_buf *input)
{
	if (v.n > k)
		return CKR_DATA_LEN_RANGE;
	uk_put_padded(input, v, k);
	return CKR_OK;
}

CK_RV p11_op_signed(
    struct p11_op *op, enum uk_key_type type, size_t k, uk_buf *out)
{
	uint8_t storage[UK_MODULUS_MAX];
	uk_buf b = UK_BUF(storage);
	CK_RV rv = p11_op_input(op, &b);
	uk_bytes v = uk_buf_view(&b);

	if (rv != CKR_OK)
		return rv;
	switch (op->mech->scheme) {
	case UK_SIG_PKCS1:
		return pkcs1_input(op->pad.hash, k, v, out);
	case UK_SIG_PSS:
		return exactly(uk_hash_size(op->pad.hash), v, out);
	case UK_SIG_SM2:
		return exactly(SM2_INPUT, v, out);
	case UK_SIG_RSA_RAW:
		return raw_input(k, v, out);
	default:
		return ecdsa_input(type, v, out);
	}
}

/* --- the signature ------------------------------------------------------- */

bool p11_key_dislikes(uk_err err)
{
	return err.code == UK_ERR_CARD_STATUS && err.sw == UK_SW_DATA;
}

CK_RV p11_key_refused(
    struct p11_slot *s, const struct p11_object *key, uk_err err)
{
	if (uk_is(err, UK_ERR_NOT_LOGGED_IN) && !key->src->always_auth) {
		s->reselect = true;
		p11_login_forget(s);
		return CKR_USER_NOT_LOGGED_IN;
	}
	return p11_slot_failed(s, err);
}

/* Where the card had to be selected again, what was known of its keys is no
 * longer believed. */
static CK_RV describe_again(struct p11_slot *s, struct p11_object *key)
{
	CK_RV rv = p11_object_complete(s, key);

	if (rv == CKR_OK && (key->gone || p11_object_vague(key)))
		rv = CKR_OBJECT_HANDLE_INVALID;
	if (rv != CKR_OK)
		p11_slot_end(s);
	return rv;
}

CK_RV p11_key_begin(struct p11_slot *s, struct p11_object *key)
{
	CK_RV rv = p11_objects_begin(s, key);

	if (rv == CKR_OK)
		rv = describe_again(s, key);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		return CKR_KEY_HANDLE_INVALID;
	if (rv != CKR_OK || !key->private || p11_slot_owner_in(s))
		return rv;
	p11_slot_end(s); /* the card was reset meanwhile */
	return CKR_USER_NOT_LOGGED_IN;
}

void p11_key_end(struct p11_slot *s, struct p11_object *key, uk_err err)
{
	if (!uk_is_ok(err) && p11_object_recalled(key))
		key->entry.vague = true; /* perhaps it is no longer that key */
	if (uk_is_ok(err) && key->src->always_auth)
		p11_consent_used(s);
	p11_slot_end(s);
}

static CK_RV ask_card(struct p11_slot *s, struct p11_object *key,
    const struct uk_sign_request *r, uk_buf *sig)
{
	CK_RV rv;
	uk_err err;

	if (!uk_card_can_sign(s->card, r))
		return r->hash == UK_HASH_NONE ? CKR_KEY_FUNCTION_NOT_PERMITTED
					       : CKR_DATA_LEN_RANGE;
	if ((rv = p11_key_begin(s, key)) != CKR_OK)
		return rv;
	err = uk_card_sign(s->card, r, sig);
	p11_key_end(s, key, err);
	/* A number that is not below the modulus. */
	if (r->scheme == UK_SIG_RSA_RAW && p11_key_dislikes(err))
		return CKR_DATA_INVALID;
	if (!uk_is_ok(err))
		return p11_key_refused(s, key, err);
	return sig->len ==
		       p11_signature_size(r->key->key_type, r->key->key_bits)
		   ? CKR_OK
		   : CKR_DEVICE_ERROR;
}

static CK_RV pad_here(struct p11_slot *s, const struct p11_op *op,
    struct uk_sign_request *r, uint8_t block[UK_MODULUS_MAX])
{
	uk_buf padded = uk_buf_over(block, UK_MODULUS_MAX);
	uk_crypto *crypto;
	CK_RV rv = p11_slot_crypto(s, &crypto);

	if (rv == CKR_OK)
		rv = p11_rv(uk_pss_pad(
		    crypto, &op->pad, r->key->key_bits, r->input, &padded));
	r->scheme = UK_SIG_RSA_RAW;
	r->hash = UK_HASH_NONE;
	r->input = uk_buf_view(&padded);
	return rv;
}

/* Ends with the signature in out; op has been given all its input. */
static CK_RV make_signature(struct p11_slot *s, struct p11_object *key,
    struct p11_op *op, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	uint8_t in[UK_MODULUS_MAX], block[UK_MODULUS_MAX];
	uint8_t made[UK_SIGNATURE_MAX];
	uk_buf input = UK_BUF(in), sig = UK_BUF(made);
	struct uk_sign_request r = { key->src, op->mech->scheme, op->pad.hash,
		UK_NONE };
	CK_RV rv;

	if (key->src->always_auth && !op->consent)
		return CKR_USER_NOT_LOGGED_IN;
	rv = p11_op_signed(op, r.key->key_type,
	    p11_signature_size(r.key->key_type, r.key->key_bits), &input);
	r.input = uk_buf_view(&input);
	if (rv == CKR_OK && pads_here(s, key, op))
		rv = pad_here(s, op, &r, block);
	if (rv == CKR_OK)
		rv = ask_card(s, key, &r, &sig);
	if (rv == CKR_OK)
		rv = p11_give(out, out_len, uk_buf_view(&sig));
	uk_wipe(in, sizeof(in));
	return rv;
}

CK_RV p11_op_sign(struct p11_slot *s, struct p11_op *op, uk_bytes data,
    CK_BYTE_PTR sig, CK_ULONG_PTR sig_len)
{
	struct p11_object *key = p11_object_find(s, op->key);
	CK_RV rv = CKR_KEY_HANDLE_INVALID;

	if (key != NULL)
		rv = p11_room(sig, sig_len,
		    p11_signature_size(key->src->key_type, key->src->key_bits));
	if (rv == CKR_OK)
		rv = p11_op_add(op, data);
	if (rv == CKR_OK)
		rv = make_signature(s, key, op, sig, sig_len);
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
	return p11_op_sign(s, op, input, sig, sig_len);
}

CK_RV p11_sign_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len)
{
	return p11_op_part(&session->sign, part, part_len);
}

CK_RV p11_sign_end(struct p11_slot *s, struct p11_session *session,
    CK_BYTE_PTR sig, CK_ULONG_PTR sig_len)
{
	if (session->sign.mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return p11_op_sign(s, &session->sign, UK_NONE, sig, sig_len);
}
