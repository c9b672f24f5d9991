/* Verifying signatures: with public keys, in software. */
#include "operate.h"

#include "rv.h"

CK_RV p11_verify_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->verify;
	const struct p11_mech *m;
	struct p11_object *o;
	CK_RV rv = p11_op_mechanism(s, op, mechanism, CKF_VERIFY, &m);

	if (m == NULL)
		return rv;
	rv = p11_op_key(s, key, CKO_PUBLIC_KEY, CKA_VERIFY, m, &o);
	if (rv == CKR_OK)
		rv = p11_op_begin(s, op, m, mechanism);
	if (rv != CKR_OK)
		return rv;
	rv = p11_op_public(s, op, o);
	if (rv == CKR_OK)
		rv = p11_op_sm2_z(s, op, mechanism, o);
	if (rv != CKR_OK)
		p11_op_end(op);
	return rv;
}

static CK_RV judge(struct p11_op *op, uk_bytes sig)
{
	enum uk_key_type type = uk_key_kind(op->pub);
	size_t k = p11_signature_size(type, uk_key_size_bits(op->pub));
	uint8_t in[UK_MODULUS_MAX];
	uk_buf value = UK_BUF(in);
	CK_RV rv;

	if (sig.n != k)
		return CKR_SIGNATURE_LEN_RANGE;
	rv = p11_op_signed(op, type, k, &value);
	if (rv != CKR_OK)
		return rv;
	return p11_rv(uk_key_verify_hash(
	    op->pub, op->mech->scheme, &op->pad, uk_buf_view(&value), sig));
}

static CK_RV finish(
    struct p11_op *op, uk_bytes data, const CK_BYTE *sig, CK_ULONG sig_len)
{
	uk_bytes given;
	CK_RV rv = p11_take(sig, sig_len, &given);

	if (rv == CKR_OK)
		rv = p11_op_add(op, data);
	if (rv == CKR_OK)
		rv = judge(op, given);
	p11_op_end(op);
	return rv;
}

CK_RV p11_verify(struct p11_session *session, const CK_BYTE *data,
    CK_ULONG data_len, const CK_BYTE *sig, CK_ULONG sig_len)
{
	struct p11_op *op = &session->verify;
	uk_bytes input;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->parts) /* only C_VerifyFinal may end it */
		return CKR_OPERATION_ACTIVE;
	rv = p11_take(data, data_len, &input);
	if (rv == CKR_OK)
		return finish(op, input, sig, sig_len);
	p11_op_end(op);
	return rv;
}

CK_RV p11_verify_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len)
{
	return p11_op_part(&session->verify, part, part_len);
}

CK_RV p11_verify_end(
    struct p11_session *session, const CK_BYTE *sig, CK_ULONG sig_len)
{
	if (session->verify.mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return finish(&session->verify, UK_NONE, sig, sig_len);
}
