/* Digests. */
#include "operate.h"

#include "rv.h"

CK_RV p11_digest_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism)
{
	struct p11_op *op = &session->digest;
	const struct p11_mech *m;
	CK_RV rv = p11_op_mechanism(s, op, mechanism, CKF_DIGEST, &m);

	return m == NULL ? rv : p11_op_begin(s, op, m, mechanism);
}

static CK_RV give_digest(
    struct p11_op *op, uk_bytes data, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	CK_RV rv = p11_room(out, out_len, uk_hash_size(op->pad.hash));
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

CK_RV p11_digest_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len)
{
	return p11_op_part(&session->digest, part, part_len);
}

/* Only a secret key that may be read can be hashed: the value would be known
 * by its hash. */
static CK_RV key_value(struct p11_slot *s, CK_OBJECT_HANDLE key, uk_bytes *out)
{
	struct p11_object *o = p11_object_find(s, key);

	*out = UK_NONE;
	if (o == NULL)
		return CKR_KEY_HANDLE_INVALID;
	if (o->class != CKO_SECRET_KEY || o->sensitive || !o->extractable)
		return CKR_KEY_INDIGESTIBLE;
	return p11_object_value(s, o, out);
}

CK_RV p11_digest_add_key(
    struct p11_slot *s, struct p11_session *session, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->digest;
	uk_bytes value;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = key_value(s, key, &value);
	if (rv == CKR_OK)
		return p11_op_part(op, value.p, value.n);
	p11_op_end(op);
	return rv;
}

CK_RV p11_digest_end(
    struct p11_session *session, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct p11_op *op = &session->digest;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	return p11_op_answer(op, give_digest(op, UK_NONE, out, out_len));
}
