/*
 * Operations of a session: signing, verifying, encrypting, decrypting, hashing,
 * random numbers.
 *
 * PKCS#11 3.0, 5.2: asking for a length and a buffer that is too small keep an
 * operation alive; any other answer ends it. Each kind of operation is
 * independent of the others. What needs a private key is done by the card,
 * everything else here. All expect the slot's lock.
 */
#ifndef P11_OPERATE_H
#define P11_OPERATE_H

#include "slot.h"

/* --- sign.c, recover.c --------------------------------------------------- */

CK_RV p11_sign_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_sign(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len);
CK_RV p11_sign_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len);
CK_RV p11_sign_end(struct p11_slot *s, struct p11_session *session,
    CK_BYTE_PTR sig, CK_ULONG_PTR sig_len);
CK_RV p11_sign_recover_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_sign_recover(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *data, CK_ULONG data_len, CK_BYTE_PTR sig,
    CK_ULONG_PTR sig_len);
CK_RV p11_verify_recover_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_verify_recover(struct p11_session *session, const CK_BYTE *sig,
    CK_ULONG sig_len, CK_BYTE_PTR data, CK_ULONG_PTR data_len);

/* --- verify.c ------------------------------------------------------------ */

CK_RV p11_verify_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_verify(struct p11_session *session, const CK_BYTE *data,
    CK_ULONG data_len, const CK_BYTE *sig, CK_ULONG sig_len);
CK_RV p11_verify_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len);
CK_RV p11_verify_end(
    struct p11_session *session, const CK_BYTE *sig, CK_ULONG sig_len);

/* The same with the signature given first (3.2). */
CK_RV p11_verify_first_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, const CK_BYTE *sig,
    CK_ULONG sig_len);
CK_RV p11_verify_first(
    struct p11_session *session, const CK_BYTE *data, CK_ULONG data_len);
CK_RV p11_verify_first_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len);
CK_RV p11_verify_first_end(struct p11_session *session);

/* --- message.c ----------------------------------------------------------- */

/*
 * Operations on messages (3.0): one key and mechanism, any number of messages,
 * until the operation itself is ended. Ours take no parameter with a message.
 * Each message needs a consent of its own, if its key asks for one.
 */
struct p11_message {
	const CK_BYTE *param;
	CK_ULONG param_len;
	const CK_BYTE *data;
	CK_ULONG data_len;
};

CK_RV p11_sign_messages_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_verify_messages_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
/* A whole message. */
CK_RV p11_sign_message(struct p11_slot *s, struct p11_session *session,
    const struct p11_message *m, CK_BYTE_PTR sig, CK_ULONG_PTR sig_len);
CK_RV p11_verify_message(struct p11_session *session,
    const struct p11_message *m, const CK_BYTE *sig, CK_ULONG sig_len);
/* A message in parts; m->data is not looked at. */
CK_RV p11_message_begin(struct p11_op *op, const struct p11_message *m);
/* Another part; the last one if sig_len, or sig, is not NULL. */
CK_RV p11_sign_message_part(struct p11_slot *s, struct p11_session *session,
    const struct p11_message *m, CK_BYTE_PTR sig, CK_ULONG_PTR sig_len);
CK_RV p11_verify_message_part(struct p11_session *session,
    const struct p11_message *m, const CK_BYTE *sig, CK_ULONG sig_len);
CK_RV p11_messages_end(struct p11_op *op);

/* --- cipher.c ------------------------------------------------------------ */

/* Single-part only, as the standard has it for these mechanisms. */
CK_RV p11_encrypt_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_encrypt(struct p11_session *session, const CK_BYTE *data,
    CK_ULONG data_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CK_RV p11_decrypt_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_decrypt(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *data, CK_ULONG data_len, CK_BYTE_PTR out,
    CK_ULONG_PTR out_len);
/* Update and Final: end the operation, CKR_FUNCTION_NOT_SUPPORTED. */
CK_RV p11_cipher_no_parts(struct p11_op *op);

/* --- digest.c, rng.c ----------------------------------------------------- */

CK_RV p11_digest_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism);
CK_RV p11_digest(struct p11_session *session, const CK_BYTE *data,
    CK_ULONG data_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CK_RV p11_digest_add(
    struct p11_session *session, const CK_BYTE *part, CK_ULONG part_len);
CK_RV p11_digest_add_key(
    struct p11_slot *s, struct p11_session *session, CK_OBJECT_HANDLE key);
CK_RV p11_digest_end(
    struct p11_session *session, CK_BYTE_PTR out, CK_ULONG_PTR out_len);

CK_RV p11_random(struct p11_slot *s, CK_BYTE_PTR out, CK_ULONG n);

/* --- shared by the operations (operate.c) -------------------------------- */

CK_RV p11_session_cancel(struct p11_session *session, CK_FLAGS flags);

/*
 * The first half of every C_...Init. A running operation is
 * CKR_OPERATION_ACTIVE, and the card must offer the mechanism for this use.
 * NULL instead of a mechanism ends a running operation (3.0): CKR_OK, and *m is
 * NULL.
 */
CK_RV p11_op_mechanism(struct p11_slot *s, struct p11_op *op,
    const CK_MECHANISM *given, CK_FLAGS use, const struct p11_mech **m);
/* Starts op. Opens a hash if the mechanism hashes. */
CK_RV p11_op_begin(struct p11_slot *s, struct p11_op *op,
    const struct p11_mech *m, const CK_MECHANISM *given);
/* Hashes or collects. CKR_DATA_LEN_RANGE: more than any key takes. */
CK_RV p11_op_add(struct p11_op *op, uk_bytes data);
/* C_...Update, for all that have one. */
CK_RV p11_op_part(struct p11_op *op, const CK_BYTE *part, CK_ULONG part_len);
/* The input that was collected, or its hash, appended. */
CK_RV p11_op_input(struct p11_op *op, uk_buf *out);
/* Ends op; of an operation on messages only the message, not the operation. */
void p11_op_done(struct p11_op *op);
/* The same unless rv is P11_ASKED or CKR_BUFFER_TOO_SMALL; gives back rv. */
CK_RV p11_op_answer(struct p11_op *op, CK_RV rv);

/* --- keys of operations (softkey.c) -------------------------------------- */

/* A key of the class for this mechanism whose attribute `use` is true:
 * CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
 * CKR_KEY_FUNCTION_NOT_PERMITTED. */
CK_RV p11_op_key(struct p11_slot *s, CK_OBJECT_HANDLE key,
    CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE use, const struct p11_mech *m,
    struct p11_object **out);
/* The public key, ready to compute with: op->pub. */
CK_RV p11_op_public(
    struct p11_slot *s, struct p11_op *op, struct p11_object *key);
/* SM2 with SM3: hashes Z (GB/T 32918.2, 5.5) in front of the message. Nothing
 * for other mechanisms. */
CK_RV p11_op_sm2_z(struct p11_slot *s, struct p11_op *op,
    const CK_MECHANISM *given, struct p11_object *key);

/* --- what is signed (sign.c) --------------------------------------------- */

/* Bytes of a signature. */
size_t p11_signature_size(enum uk_key_type type, unsigned bits);
/* From what was collected to what the scheme takes; k = size of a signature. */
CK_RV p11_op_signed(
    struct p11_op *op, enum uk_key_type type, size_t k, uk_buf *out);
/* What the card's refusal means: a login key's login is over for all. */
CK_RV p11_key_refused(
    struct p11_slot *s, const struct p11_object *key, uk_err err);
/* Did the card refuse what it was given, not who gave it? */
bool p11_key_dislikes(uk_err err);
/* A transaction in which the user is still logged in, if the key wants that,
 * and the key is still the one that it was. */
CK_RV p11_key_begin(struct p11_slot *s, struct p11_object *key);
/* Its end; err: what came of the key's use. */
void p11_key_end(struct p11_slot *s, struct p11_object *key, uk_err err);

/* Verifies with op; for C_Verify, C_VerifyFinal and messages. */
CK_RV p11_op_verify_begin(struct p11_slot *s, struct p11_op *op, CK_FLAGS use,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_op_verify(
    struct p11_op *op, uk_bytes data, const CK_BYTE *sig, CK_ULONG sig_len);

/* Signs with op; for C_Sign, C_SignFinal, C_SignRecover and messages. */
CK_RV p11_op_sign_begin(struct p11_slot *s, struct p11_op *op, CK_FLAGS use,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV p11_op_sign(struct p11_slot *s, struct p11_op *op, uk_bytes data,
    CK_BYTE_PTR sig, CK_ULONG_PTR sig_len);

#endif
