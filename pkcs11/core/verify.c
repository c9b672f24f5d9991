/* Verifying signatures: with public keys, in software. */
#include "operate.h"

#include "rv.h"

CK_RV p11_op_verify_begin(struct p11_slot *s, struct p11_op *op, CK_FLAGS use,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	const struct p11_mech *m;
	struct p11_object *o;
	CK_RV rv = p11_op_mechanism(s, op, mechanism, use, &m);

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

static size_t size_of(const struct p11_op *op)
{
	return p11_signature_size(
	    uk_key_kind(op->pub), uk_key_size_bits(op->pub));
}

static CK_RV judge(struct p11_op *op, uk_bytes sig)
{
	enum uk_key_type type = uk_key_kind(op->pub);
	size_t k = size_of(op);
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

CK_RV p11_op_verify(
    struct p11_op *op, uk_bytes data, const CK_BYTE *sig, CK_ULONG sig_len)
{
	uk_bytes given;
	CK_RV rv = p11_take(sig, sig_len, &given);

	if (rv == CKR_OK)
		rv = p11_op_add(op, data);
	if (rv == CKR_OK)
		rv = judge(op, given);
	p11_op_done(op);
	return rv;
}

/* --- the signature comes last, or first ----------------------------------- */

CK_RV p11_verify_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->verify;
	bool idle = op->mech == NULL;
	CK_RV rv = p11_op_verify_begin(s, op, CKF_VERIFY, mechanism, key);

	if (idle)
		session->signature_len = 0;
	return rv;
}

CK_RV p11_verify_first_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, const CK_BYTE *sig,
    CK_ULONG sig_len)
{
	struct p11_op *op = &session->verify;
	uk_buf keep = UK_BUF(session->signature);
	bool idle = op->mech == NULL;
	uk_bytes given;
	CK_RV rv = p11_op_verify_begin(s, op, CKF_VERIFY, mechanism, key);

	if (rv != CKR_OK || !idle) /* refused, or ended */
		return rv;
	rv = p11_take(sig, sig_len, &given);
	if (rv == CKR_OK && given.n != size_of(op))
		rv = CKR_SIGNATURE_LEN_RANGE;
	if (rv == CKR_OK)
		uk_put(&keep, given);
	session->signature_len = keep.len;
	if (rv != CKR_OK)
		p11_op_end(op);
	return rv;
}

/* The running operation, if it was begun this way. */
static struct p11_op *running(struct p11_session *session, bool first)
{
	struct p11_op *op = &session->verify;

	return op->mech != NULL && (session->signature_len > 0) == first ? op
									 : NULL;
}

static CK_RV verify_whole(struct p11_op *op, const CK_BYTE *data,
    CK_ULONG data_len, const CK_BYTE *sig, CK_ULONG sig_len)
{
	uk_bytes input;
	CK_RV rv;

	if (op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->parts) /* only the final one may end it */
		return CKR_OPERATION_ACTIVE;
	rv = p11_take(data, data_len, &input);
	if (rv == CKR_OK)
		return p11_op_verify(op, input, sig, sig_len);
	p11_op_end(op);
	return rv;
}

static CK_RV verify_end(struct p11_op *op, const CK_BYTE *sig, CK_ULONG sig_len)
{
	return op == NULL ? CKR_OPERATION_NOT_INITIALIZED
			  : p11_op_verify(op, UK_NONE, sig, sig_len);
}

static CK_RV verify_add(
    struct p11_op *op, const CK_BYTE *part, CK_ULONG part_len)
{
	return op == NULL ? CKR_OPERATION_NOT_INITIALIZED
			  : p11_op_part(op, part, part_len);
}

CK_RV p11_verify(struct p11_session *session, const CK_BYTE *data,
    CK_ULONG data_len, const CK_BYTE *sig, CK_ULONG sig_len)
{
	return verify_whole(
	    running(session, false), data, data_len, sig, sig_len);
}

CK_RV p11_verify_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len)
{
	return verify_add(running(session, false), part, part_len);
}

CK_RV p11_verify_end(
    struct p11_session *session, const CK_BYTE *sig, CK_ULONG sig_len)
{
	return verify_end(running(session, false), sig, sig_len);
}

CK_RV p11_verify_first(
    struct p11_session *session, const CK_BYTE *data, CK_ULONG data_len)
{
	return verify_whole(running(session, true), data, data_len,
	    session->signature, session->signature_len);
}

CK_RV p11_verify_first_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len)
{
	return verify_add(running(session, true), part, part_len);
}

CK_RV p11_verify_first_end(struct p11_session *session)
{
	return verify_end(
	    running(session, true), session->signature, session->signature_len);
}
