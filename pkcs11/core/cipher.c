/*
 * Encrypting with public keys, in software; decrypting with the card's private
 * keys, which do the raw operation. OAEP's padding comes off here, in constant
 * time and with one answer for all that can be wrong.
 */
#include "operate.h"

#include "rv.h"
#include "secret.h"

enum {
	PLAIN_MAX = 4096, /* of SM2, which has no limit of its own */
	SM2_EXTRA = 1 + 3 * 32,
	CIPHER_MAX = PLAIN_MAX + SM2_EXTRA
};

/* --- encryption ---------------------------------------------------------- */

CK_RV p11_encrypt_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->encrypt;
	const struct p11_mech *m;
	struct p11_object *o;
	CK_RV rv = p11_op_mechanism(s, op, mechanism, CKF_ENCRYPT, &m);

	if (m == NULL)
		return rv;
	rv = p11_op_key(s, key, CKO_PUBLIC_KEY, CKA_ENCRYPT, m, &o);
	if (rv == CKR_OK)
		rv = p11_op_begin(s, op, m, mechanism);
	if (rv == CKR_OK && (rv = p11_op_public(s, op, o)) != CKR_OK)
		p11_op_end(op);
	return rv;
}

/* Longest message; RFC 8017, 7.1.1 and 7.2.1. */
static size_t plain_max(const struct p11_op *op, size_t k)
{
	size_t overhead = 2 * uk_hash_size(op->pad.hash) + 2;

	switch (op->mech->enc) {
	case UK_ENC_PKCS1:
		return k - 11;
	case UK_ENC_OAEP:
		return k > overhead ? k - overhead : 0;
	case UK_ENC_SM2:
		return PLAIN_MAX;
	default:
		return k;
	}
}

static CK_RV encrypt(
    struct p11_op *op, uk_bytes data, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	bool sm2 = op->mech->enc == UK_ENC_SM2;
	size_t k = (uk_key_size_bits(op->pub) + 7) / 8;
	uint8_t storage[CIPHER_MAX];
	uk_buf made = UK_BUF(storage);
	uk_err err;
	CK_RV rv;

	if (data.n > plain_max(op, k) || (sm2 && data.n == 0))
		return CKR_DATA_LEN_RANGE;
	rv = p11_room(out, out_len, sm2 ? SM2_EXTRA + data.n : k);
	if (rv != CKR_OK)
		return rv;
	err = uk_key_encrypt(op->pub, op->mech->enc, &op->pad, data, &made);
	if (uk_is(err, UK_ERR_ARGUMENT)) /* not below the modulus */
		return CKR_DATA_INVALID;
	return uk_is_ok(err) ? p11_give(out, out_len, uk_buf_view(&made))
			     : p11_rv(err);
}

CK_RV p11_encrypt(struct p11_session *session, const CK_BYTE *data,
    CK_ULONG data_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	struct p11_op *op = &session->encrypt;
	uk_bytes input;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = p11_take(data, data_len, &input);
	if (rv == CKR_OK)
		rv = encrypt(op, input, out, out_len);
	return p11_op_answer(op, rv);
}

CK_RV p11_cipher_no_parts(struct p11_op *op)
{
	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	p11_op_end(op);
	return CKR_FUNCTION_NOT_SUPPORTED;
}

/* --- decryption ---------------------------------------------------------- */

static enum uk_decipher_scheme decipher_of(const struct p11_mech *m)
{
	return m->enc == UK_ENC_SM2 ? UK_DECIPHER_SM2 : UK_DECIPHER_RSA;
}

CK_RV p11_decrypt_begin(struct p11_slot *s, struct p11_session *session,
    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_op *op = &session->decrypt;
	const struct p11_mech *m;
	struct p11_object *o;
	CK_RV rv = p11_op_mechanism(s, op, mechanism, CKF_DECRYPT, &m);

	if (m == NULL)
		return rv;
	rv = p11_op_key(s, key, CKO_PRIVATE_KEY, CKA_DECRYPT, m, &o);
	if (rv == CKR_OK &&
	    !uk_card_can_decipher(s->card, o->src, decipher_of(m)))
		rv = CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (rv == CKR_OK)
		rv = p11_op_begin(s, op, m, mechanism);
	if (rv == CKR_OK)
		op->key = key;
	return rv;
}

/* The cipher text as the card takes it: SM2 in DER is taken, too. */
static CK_RV card_input(
    const struct p11_op *op, size_t k, uk_bytes data, uk_buf *in)
{
	if (op->mech->enc != UK_ENC_SM2) {
		uk_put(in, data);
		return data.n == k ? CKR_OK : CKR_ENCRYPTED_DATA_LEN_RANGE;
	}
	if (data.n > 0 && data.p[0] != 0x04)
		return uk_is_ok(uk_sm2_cipher_from_der(data, in))
			   ? CKR_OK
			   : CKR_ENCRYPTED_DATA_INVALID;
	uk_put(in, data);
	return in->bad || data.n <= SM2_EXTRA ? CKR_ENCRYPTED_DATA_LEN_RANGE
					      : CKR_OK;
}

static CK_RV ask_card(struct p11_slot *s, struct p11_object *key,
    const struct p11_op *op, uk_bytes in, uk_buf *out)
{
	CK_RV rv = p11_key_begin(s, key);
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	err = uk_card_decipher(
	    s->card, key->src, decipher_of(op->mech), in, out);
	p11_key_end(s, key, err);
	if (p11_key_dislikes(err))
		return CKR_ENCRYPTED_DATA_INVALID;
	return uk_is_ok(err) ? CKR_OK : p11_key_refused(s, key, err);
}

/* From what the card made to the message. */
static CK_RV message(
    struct p11_slot *s, const struct p11_op *op, uk_bytes block, uk_buf *out)
{
	uk_crypto *crypto;
	CK_RV rv;
	uk_err err;

	if (op->mech->enc != UK_ENC_OAEP) {
		uk_put(out, block);
		return out->bad ? CKR_DEVICE_ERROR : CKR_OK;
	}
	if ((rv = p11_slot_crypto(s, &crypto)) != CKR_OK)
		return rv;
	err = uk_oaep_unpad(crypto, &op->pad, block, out);
	return uk_is(err, UK_ERR_FORMAT) ? CKR_ENCRYPTED_DATA_INVALID
					 : p11_rv(err);
}

/* A longest answer, for who asks. */
static size_t answer_max(const struct p11_op *op, size_t k, size_t in_len)
{
	return op->mech->enc == UK_ENC_SM2 ? in_len - SM2_EXTRA
					   : plain_max(op, k);
}

static CK_RV decrypt(struct p11_slot *s, struct p11_object *key,
    struct p11_op *op, uk_bytes data, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
	size_t k = (key->src->key_bits + 7) / 8;
	uint8_t in[CIPHER_MAX], block[PLAIN_MAX], plain[PLAIN_MAX];
	uk_buf input = UK_BUF(in), made = UK_BUF(block), msg = UK_BUF(plain);
	CK_RV rv = out_len == NULL ? CKR_ARGUMENTS_BAD
				   : card_input(op, k, data, &input);

	if (rv == CKR_OK && out == NULL)
		return p11_room(out, out_len, answer_max(op, k, input.len));
	if (rv == CKR_OK && key->src->always_auth && !op->consent)
		rv = CKR_USER_NOT_LOGGED_IN;
	if (rv == CKR_OK)
		rv = ask_card(s, key, op, uk_buf_view(&input), &made);
	if (rv == CKR_OK)
		rv = message(s, op, uk_buf_view(&made), &msg);
	if (rv == CKR_OK)
		rv = p11_room(out, out_len, msg.len);
	if (rv == CKR_OK)
		rv = p11_give(out, out_len, uk_buf_view(&msg));
	uk_wipe(block, sizeof(block));
	uk_wipe(plain, sizeof(plain));
	return rv;
}

CK_RV p11_decrypt(struct p11_slot *s, struct p11_session *session,
    const CK_BYTE *data, CK_ULONG data_len, CK_BYTE_PTR out,
    CK_ULONG_PTR out_len)
{
	struct p11_op *op = &session->decrypt;
	struct p11_object *key;
	uk_bytes input;
	CK_RV rv;

	if (op->mech == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	key = p11_object_find(s, op->key);
	rv = p11_take(data, data_len, &input);
	if (rv == CKR_OK)
		rv = key == NULL ? CKR_KEY_HANDLE_INVALID
				 : decrypt(s, key, op, input, out, out_len);
	return p11_op_answer(op, rv);
}
