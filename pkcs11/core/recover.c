/* Signatures that hold what was signed: RSA only. */
#include "operate.h"

#include "rv.h"

CK_RV p11_sign_recover_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return p11_op_sign_begin(
	    s, &session->sign_recover, CKF_SIGN_RECOVER, mechanism, key);
}

CK_RV p11_sign_recover(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len)
{
	struct p11_op *op = &session->sign_recover;
	uk_bytes input;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = p11_take(data, data_len, &input);
	if (rv != CKR_OK)
		return p11_op_answer(op, rv);
	return p11_op_sign(s, op, input, sig, sig_len);
}

CK_RV p11_verify_recover_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->verify_recover;
	const struct p11_mech *m;
	struct p11_object *o;
	CK_RV rv = p11_op_mechanism(s, op, mechanism, CKF_VERIFY_RECOVER, &m);

	if (m == NULL)
		return rv;
	rv = p11_op_key(s, key, CKO_PUBLIC_KEY, CKA_VERIFY_RECOVER, m, &o);
	if (rv == CKR_OK)
		rv = p11_op_begin(s, op, m, mechanism);
	if (rv == CKR_OK && (rv = p11_op_public(s, op, o)) != CKR_OK)
		p11_op_end(op);
	return rv;
}

static CK_RV recover(
    struct p11_op *op, uk_bytes sig, CK_BYTE_PTR data, CK_ULONG_PTR data_len)
{
	uint8_t said[UK_MODULUS_MAX];
	uk_buf b = UK_BUF(said);
	CK_RV rv;

	if (data_len == NULL)
		return CKR_ARGUMENTS_BAD;
	if (sig.n != (uk_key_size_bits(op->pub) + 7) / 8)
		return CKR_SIGNATURE_LEN_RANGE;
	rv = p11_rv(uk_key_recover(op->pub, op->mech->scheme, sig, &b));
	if (rv == CKR_OK)
		rv = p11_room(data, data_len, b.len);
	if (rv == CKR_OK)
		rv = p11_give(data, data_len, uk_buf_view(&b));
	return rv;
}

CK_RV p11_verify_recover(struct p11_session *session, const CK_BYTE *sig,
    CK_ULONG sig_len, CK_BYTE_PTR data, CK_ULONG_PTR data_len)
{
	struct p11_op *op = &session->verify_recover;
	uk_bytes given;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = p11_take(sig, sig_len, &given);
	if (rv == CKR_OK)
		rv = recover(op, given, data, data_len);
	return p11_op_answer(op, rv);
}
