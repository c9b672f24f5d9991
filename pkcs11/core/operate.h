/*
 * Signing and hashing: C_Sign..., C_Digest..., C_GenerateRandom.
 *
 * PKCS#11 3.0, 5.2: asking for a length and a buffer that is too small keep an
 * operation alive; any other answer ends it. All expect the slot's lock.
 */
#ifndef P11_OPERATE_H
#define P11_OPERATE_H

#include "slot.h"

CK_RV p11_sign_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_sign(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len);
CK_RV p11_sign_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len);
CK_RV p11_sign_end(struct p11_slot *s, struct p11_session *session,
    CK_BYTE_PTR sig, CK_ULONG_PTR sig_len);

CK_RV p11_digest_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism);
CK_RV p11_digest(struct p11_session *session, const CK_BYTE *data,
    CK_ULONG data_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CK_RV p11_digest_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len);
CK_RV p11_digest_end(
    struct p11_session *session, CK_BYTE_PTR out, CK_ULONG_PTR out_len);

CK_RV p11_random(struct p11_slot *s, CK_BYTE_PTR out, CK_ULONG n);
CK_RV p11_session_cancel(struct p11_session *session, CK_FLAGS flags);

/* --- shared by the operations (operate.c) -------------------------------- */

/* Starts op; it must not be running. Opens a hash if the mechanism hashes. */
CK_RV p11_op_begin(struct p11_slot *s, struct p11_op *op,
    const struct p11_mech *m, const CK_MECHANISM *given);
/* Hashes or collects. CKR_DATA_LEN_RANGE: more than any key takes. */
CK_RV p11_op_add(struct p11_op *op, uk_bytes data);
/* The input that was collected, or its hash, appended. */
CK_RV p11_op_input(struct p11_op *op, uk_buf *out);
/* Ends op unless rv is P11_ASKED or CKR_BUFFER_TOO_SMALL; gives back rv. */
CK_RV p11_op_answer(struct p11_op *op, CK_RV rv);

#endif
