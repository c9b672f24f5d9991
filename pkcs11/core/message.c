/* Signing and verifying one message after the other with one key. */
#include "operate.h"

#include "rv.h"

/* The hash as it is now, which may have SM2's Z in it, is how each begins. */
static void keep_fresh(struct p11_op *op)
{
	op->messages = true;
	op->fresh = op->hasher;
	op->hasher = NULL;
}

CK_RV p11_sign_messages_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->sign_messages;
	CK_RV rv = p11_op_sign_begin(s, op, CKF_MESSAGE_SIGN, mechanism, key);

	if (rv == CKR_OK && op->mech != NULL)
		keep_fresh(op);
	return rv;
}

CK_RV p11_verify_messages_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->verify_messages;
	CK_RV rv = p11_op_verify_begin(
	    s, op, CKF_MESSAGE_VERIFY, mechanism, key);

	if (rv == CKR_OK && op->mech != NULL)
		keep_fresh(op);
	return rv;
}

/* --- one message --------------------------------------------------------- */

/* None of our mechanisms has a parameter for the single message. */
static CK_RV check(const struct p11_message *m)
{
	return m->param_len == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

static CK_RV start(struct p11_op *op, const struct p11_message *m)
{
	CK_RV rv = check(m);

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->parts)
		return CKR_OPERATION_ACTIVE;
	if (rv != CKR_OK)
		return rv;
	uk_hasher_close(&op->hasher); /* of who asked for a length */
	return op->fresh == NULL
		   ? CKR_OK
		   : p11_rv(uk_hasher_copy(op->fresh, &op->hasher));
}

CK_RV p11_message_begin(struct p11_op *op, const struct p11_message *m)
{
	CK_RV rv = start(op, m);

	if (rv == CKR_OK)
		op->parts = true;
	return rv;
}

CK_RV p11_sign_message(struct p11_slot *s, struct p11_session *session,
    const struct p11_message *m, CK_BYTE_PTR sig, CK_ULONG_PTR sig_len)
{
	struct p11_op *op = &session->sign_messages;
	CK_RV rv = start(op, m);
	uk_bytes data;

	if (rv != CKR_OK)
		return rv;
	rv = p11_take(m->data, m->data_len, &data);
	return rv == CKR_OK ? p11_op_sign(s, op, data, sig, sig_len)
			    : p11_op_answer(op, rv);
}

CK_RV p11_verify_message(struct p11_session *session,
    const struct p11_message *m, const CK_BYTE *sig, CK_ULONG sig_len)
{
	struct p11_op *op = &session->verify_messages;
	CK_RV rv = start(op, m);
	uk_bytes data;

	if (rv != CKR_OK)
		return rv;
	rv = p11_take(m->data, m->data_len, &data);
	return rv == CKR_OK ? p11_op_verify(op, data, sig, sig_len)
			    : p11_op_answer(op, rv);
}

/* --- its parts ----------------------------------------------------------- */

/* The part, in a message that was begun; CKR_OK and *data, or the message has
 * ended. */
static CK_RV take_part(
    struct p11_op *op, const struct p11_message *m, uk_bytes *data)
{
	CK_RV rv = check(m);

	*data = UK_NONE;
	if (op->mech == NULL || !op->parts)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (rv == CKR_OK)
		rv = p11_take(m->data, m->data_len, data);
	if (rv != CKR_OK)
		p11_op_done(op);
	return rv;
}

CK_RV p11_sign_message_part(struct p11_slot *s, struct p11_session *session,
    const struct p11_message *m, CK_BYTE_PTR sig, CK_ULONG_PTR sig_len)
{
	struct p11_op *op = &session->sign_messages;
	uk_bytes data;
	CK_RV rv = take_part(op, m, &data);

	if (rv != CKR_OK)
		return rv;
	return sig_len == NULL ? p11_op_part(op, data.p, data.n)
			       : p11_op_sign(s, op, data, sig, sig_len);
}

CK_RV p11_verify_message_part(struct p11_session *session,
    const struct p11_message *m, const CK_BYTE *sig, CK_ULONG sig_len)
{
	struct p11_op *op = &session->verify_messages;
	uk_bytes data;
	CK_RV rv = take_part(op, m, &data);

	if (rv != CKR_OK)
		return rv;
	return sig == NULL ? p11_op_part(op, data.p, data.n)
			   : p11_op_verify(op, data, sig, sig_len);
}

CK_RV p11_messages_end(struct p11_op *op)
{
	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	p11_op_end(op);
	return CKR_OK;
}
