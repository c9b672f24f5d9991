/* What operations have in common. */
#include "operate.h"

#include "rv.h"
#include "secret.h"

CK_RV p11_op_mechanism(struct p11_slot *s, struct p11_op *op,
    const CK_MECHANISM *given, CK_FLAGS use, const struct p11_mech **m)
{
	*m = NULL;
	if (given == NULL) {
		CK_RV rv = op->mech != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;

		p11_op_end(op);
		return rv;
	}
	if (op->mech != NULL)
		return CKR_OPERATION_ACTIVE;
	*m = p11_mech_for(s->card, given->mechanism, use);
	return *m == NULL ? CKR_MECHANISM_INVALID : CKR_OK;
}

/* The parameters are the caller's until he gets an answer; op keeps a copy. */
static CK_RV keep_params(struct p11_op *op, const struct uk_padding *pad)
{
	uk_buf label = UK_BUF(op->label);

	op->pad = *pad;
	op->pad.label = UK_NONE;
	if (op->mech->params != P11_OAEP_PARAMS)
		return CKR_OK;
	uk_put(&label, pad->label);
	op->pad.label = uk_buf_view(&label);
	return label.bad ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
}

CK_RV p11_op_begin(struct p11_slot *s, struct p11_op *op,
    const struct p11_mech *m, const CK_MECHANISM *given)
{
	struct uk_padding pad;
	uk_crypto *crypto;
	CK_RV rv = p11_mech_params(m, given, &pad);

	if (rv == CKR_OK && m->hash != UK_HASH_NONE)
		rv = p11_slot_crypto(s, &crypto);
	if (rv == CKR_OK && m->hash != UK_HASH_NONE)
		rv = p11_rv(uk_hasher_open(crypto, m->hash, &op->hasher));
	if (rv != CKR_OK)
		return rv;
	op->mech = m;
	rv = keep_params(op, &pad);
	if (rv != CKR_OK)
		p11_op_end(op);
	return rv;
}

CK_RV p11_op_add(struct p11_op *op, uk_bytes data)
{
	uk_buf raw = { op->raw, op->raw_len, sizeof(op->raw), false };

	if (op->hasher != NULL)
		return p11_rv(uk_hasher_add(op->hasher, data));
	uk_put(&raw, data);
	op->raw_len = raw.len;
	return raw.bad ? CKR_DATA_LEN_RANGE : CKR_OK;
}

CK_RV p11_op_part(struct p11_op *op, const CK_BYTE *part, CK_ULONG part_len)
{
	uk_bytes input;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = p11_take(part, part_len, &input);
	if (rv == CKR_OK)
		rv = p11_op_add(op, input);
	op->parts = true;
	if (rv != CKR_OK)
		p11_op_done(op);
	return rv;
}

CK_RV p11_op_input(struct p11_op *op, uk_buf *out)
{
	if (op->hasher != NULL)
		return p11_rv(uk_hasher_finish(op->hasher, out));
	uk_put(out, uk_view(op->raw, op->raw_len));
	return out->bad ? CKR_DATA_LEN_RANGE : CKR_OK;
}

void p11_op_done(struct p11_op *op)
{
	if (!op->messages) {
		p11_op_end(op);
		return;
	}
	uk_hasher_close(&op->hasher);
	uk_wipe(op->raw, sizeof(op->raw));
	op->raw_len = 0;
	op->parts = op->consent = false;
}

CK_RV p11_op_answer(struct p11_op *op, CK_RV rv)
{
	if (rv != P11_ASKED && rv != CKR_BUFFER_TOO_SMALL)
		p11_op_done(op);
	return rv;
}

/* 3.0, 5.6.5: what does not run is not cancelled, and that is no error. */
CK_RV p11_session_cancel(struct p11_session *session, CK_FLAGS flags)
{
	const struct {
		CK_FLAGS flag;
		struct p11_op *op;
	} ops[] = {
		{ CKF_SIGN, &session->sign },
		{ CKF_SIGN_RECOVER, &session->sign_recover },
		{ CKF_VERIFY, &session->verify },
		{ CKF_VERIFY_RECOVER, &session->verify_recover },
		{ CKF_ENCRYPT, &session->encrypt },
		{ CKF_DECRYPT, &session->decrypt },
		{ CKF_DIGEST, &session->digest },
		{ CKF_MESSAGE_SIGN, &session->sign_messages },
		{ CKF_MESSAGE_VERIFY, &session->verify_messages },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if ((flags & ops[i].flag) != 0)
			p11_op_end(ops[i].op);
	}
	if ((flags & CKF_FIND_OBJECTS) != 0)
		p11_search_end(&session->search);
	return CKR_OK;
}
