/* What operations have in common, digests, random numbers. */
#include "operate.h"

#include "rv.h"

CK_RV p11_op_begin(struct p11_slot *s, struct p11_op *op,
    const struct p11_mech *m, const CK_MECHANISM *given)
{
	enum uk_hash hash;
	uk_crypto *crypto;
	CK_RV rv = p11_mech_params(m, given, &hash);

	if (rv == CKR_OK && m->hash != UK_HASH_NONE)
		rv = p11_slot_crypto(s, &crypto);
	if (rv == CKR_OK && m->hash != UK_HASH_NONE)
		rv = p11_rv(uk_hasher_open(crypto, m->hash, &op->hasher));
	if (rv != CKR_OK)
		return rv;
	op->mech = m;
	op->hash = hash;
	return CKR_OK;
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

CK_RV p11_op_input(struct p11_op *op, uk_buf *out)
{
	if (op->hasher != NULL)
		return p11_rv(uk_hasher_finish(op->hasher, out));
	uk_put(out, uk_view(op->raw, op->raw_len));
	return out->bad ? CKR_DATA_LEN_RANGE : CKR_OK;
}

CK_RV p11_op_answer(struct p11_op *op, CK_RV rv)
{
	if (rv != P11_ASKED && rv != CKR_BUFFER_TOO_SMALL)
		p11_op_end(op);
	return rv;
}

/* --- digests ------------------------------------------------------------- */

CK_RV p11_digest_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism)
{
	const struct p11_mech *m;

	if (mechanism == NULL) { /* 3.0: ends a running one */
		bool ran = session->digest.mech != NULL;

		p11_op_end(&session->digest);
		return ran ? CKR_OK : CKR_ARGUMENTS_BAD;
	}
	if (session->digest.mech != NULL)
		return CKR_OPERATION_ACTIVE;
	if ((m = p11_mech_find(mechanism->mechanism, CKF_DIGEST)) == NULL)
		return CKR_MECHANISM_INVALID;
	return p11_op_begin(s, &session->digest, m, mechanism);
}

static CK_RV give_digest(
    struct p11_op *op, uk_bytes data, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	CK_RV rv = p11_room(out, out_len, uk_hash_size(op->hash));
	uint8_t value[UK_HASH_MAX];
	uk_buf b = UK_BUF(value);

	if (rv == CKR_OK)
		rv = p11_op_add(op, data);
	if (rv == CKR_OK)
		rv = p11_op_input(op, &b);
	if (rv == CKR_OK)
		rv = p11_give(out, out_len, uk_buf_view(&b));
	return rv;
}

CK_RV p11_digest(struct p11_session *session, const CK_BYTE *data,
    CK_ULONG data_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct p11_op *op = &session->digest;
	uk_bytes input;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->parts)
		return CKR_OPERATION_ACTIVE;
	rv = p11_take(data, data_len, &input);
	if (rv == CKR_OK)
		rv = give_digest(op, input, out, out_len);
	return p11_op_answer(op, rv);
}

static CK_RV add_part(struct p11_op *op, const CK_BYTE *part, CK_ULONG part_len)
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
		p11_op_end(op);
	return rv;
}

CK_RV p11_digest_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len)
{
	return add_part(&session->digest, part, part_len);
}

CK_RV p11_digest_end(
    struct p11_session *session, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct p11_op *op = &session->digest;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return p11_op_answer(op, give_digest(op, UK_NONE, out, out_len));
}

CK_RV p11_sign_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len)
{
	return add_part(&session->sign, part, part_len);
}

/* --- the rest ------------------------------------------------------------ */

CK_RV p11_random(struct p11_slot *s, CK_BYTE_PTR out, CK_ULONG n)
{
	uk_crypto *crypto;
	CK_RV rv = CKR_OK;

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (n > 0)
		rv = p11_slot_crypto(s, &crypto);
	if (n > 0 && rv == CKR_OK)
		rv = p11_rv(uk_random(crypto, out, n));
	return rv;
}

CK_RV p11_session_cancel(struct p11_session *session, CK_FLAGS flags)
{
	if ((flags & CKF_SIGN) != 0)
		p11_op_end(&session->sign);
	if ((flags & CKF_VERIFY) != 0)
		p11_op_end(&session->verify);
	if ((flags & CKF_DIGEST) != 0)
		p11_op_end(&session->digest);
	if ((flags & CKF_FIND_OBJECTS) != 0)
		p11_search_end(&session->search);
	return CKR_OK;
}
