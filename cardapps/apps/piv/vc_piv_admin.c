/*
 * The management key 9B: who knows it may write. SP 800-73-4 part 2, appendix
 * A.1 (mutual authentication) and A.2 (the administrator alone).
 *
 * The card enciphers what others choose only for those who have proved first
 * that they know the key, so that no answer of the card can be turned into an
 * answer to the card.
 */
#include "vc_piv.h"

#include "secret.h"

enum {
	TAG_DYNAMIC = 0x7c,
	TAG_WITNESS = 0x80,
	TAG_CHALLENGE = 0x81,
	TAG_RESPONSE = 0x82,
	ALG_DEFAULT = 0x00 /* triple DES as well */
};

static const struct cipher {
	uint8_t alg;
	enum vc_sym_alg sym;
	uint8_t key; /* bytes */
} ciphers[] = {
	{ VC_PIV_3DES, VC_SYM_DES, 24 },
	{ VC_PIV_AES128, VC_SYM_AES, 16 },
	{ VC_PIV_AES192, VC_SYM_AES, 24 },
	{ VC_PIV_AES256, VC_SYM_AES, 32 },
};

/* As cards are delivered: 01 to 08, three times. */
static const uint8_t first_key[] = { 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6,
	7, 8, 1, 2, 3, 4, 5, 6, 7, 8 };

/* NULL: no such algorithm. */
static const struct cipher *cipher_of(uint8_t alg)
{
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
		if (ciphers[i].alg == alg)
			return &ciphers[i];
	}
	return NULL;
}

static uk_bytes stored_key(const struct vc_piv *p)
{
	return vc_piv_get(p, VC_NV_KEY, VC_PIV_REF_ADMIN);
}

uint8_t vc_piv_admin_alg(const struct vc_piv *p, bool *as_delivered)
{
	uk_bytes key = stored_key(p);

	*as_delivered = uk_equal(uk_bytes_from(key, 1), UK_ARRAY(first_key));
	return key.n == 0 ? 0 : key.p[0];
}

uk_err vc_piv_put_admin_key(struct vc_piv *p, uint8_t alg, uk_bytes key)
{
	uint8_t storage[VC_PIV_ADMIN_KEY_MAX];
	uk_buf b = UK_BUF(storage);
	const struct cipher *cipher = cipher_of(alg);
	uk_err err;

	if (cipher == NULL || key.n != cipher->key)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_u8(&b, alg);
	uk_put(&b, key);
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = vc_piv_put(
		    p, VC_NV_KEY, VC_PIV_REF_ADMIN, uk_buf_view(&b));
	uk_wipe(storage, sizeof(storage));
	return err;
}

static size_t block_of(const struct cipher *cipher)
{
	return vc_sym_block(cipher->sym);
}

/* One block. */
static uk_err encipher(
    struct vc_piv *p, const struct cipher *cipher, uk_bytes block, uk_buf *out)
{
	struct vc_sym key = { cipher->sym, uk_bytes_from(stored_key(p), 1) };
	uint8_t *room = uk_put_room(out, block.n);

	UK_TRY(uk_buf_result(out));
	return vc_sym_ecb(
	    p->app.home.crypto, &key, VC_SYM_ENCIPHER, block, room);
}

/* --- the four commands -----------------------------------------------------
 */

/* Something random, kept to be compared with. */
static uk_err ask(struct vc_piv *p, const struct cipher *cipher, int asked)
{
	struct vc_piv_question *q = &p->question;

	q->n = (uint8_t)block_of(cipher);
	UK_TRY(vc_random(p->app.home.crypto, q->bytes, q->n));
	q->asked = asked;
	return uk_ok();
}

/* The witness goes out enciphered, the challenge as it is. */
static uint16_t send_witness(
    struct vc_piv *p, const struct cipher *cipher, uk_buf *out)
{
	size_t dynamic = uk_tlv_begin(out, TAG_DYNAMIC);
	size_t witness = uk_tlv_begin(out, TAG_WITNESS);
	uk_err err = ask(p, cipher, VC_PIV_WITNESS);

	if (uk_is_ok(err))
		err = encipher(
		    p, cipher, uk_view(p->question.bytes, p->question.n), out);
	uk_tlv_end(out, witness);
	uk_tlv_end(out, dynamic);
	return vc_sw(err);
}

static uint16_t send_challenge(
    struct vc_piv *p, const struct cipher *cipher, uk_buf *out)
{
	uk_err err = ask(p, cipher, VC_PIV_CHALLENGE);
	size_t dynamic = uk_tlv_begin(out, TAG_DYNAMIC);

	uk_put_tlv(
	    out, TAG_CHALLENGE, uk_view(p->question.bytes, p->question.n));
	uk_tlv_end(out, dynamic);
	return vc_sw(err);
}

static uint16_t take_response(struct vc_piv *p, const struct cipher *cipher,
    const struct vc_piv_question *question, uk_bytes response)
{
	uint8_t storage[VC_SYM_BLOCK_MAX];
	uk_buf expected = UK_BUF(storage);
	uk_err err;

	p->admin = false;
	if (question->asked != VC_PIV_CHALLENGE)
		return UK_SW_CONDITIONS;
	err = encipher(
	    p, cipher, uk_view(question->bytes, question->n), &expected);
	p->admin = uk_is_ok(err) && uk_equal(uk_buf_view(&expected), response);
	uk_wipe(storage, sizeof(storage));
	if (!uk_is_ok(err))
		return vc_sw(err);
	return p->admin ? UK_SW_OK : UK_SW_SECURITY;
}

/* The administrator's answer, and a challenge for the card. */
static uint16_t take_witness(struct vc_piv *p, const struct cipher *cipher,
    const struct vc_piv_question *question, const struct vc_piv_dynamic *q,
    uk_buf *out)
{
	size_t dynamic, response;
	uk_err err;

	p->admin = false;
	if (question->asked != VC_PIV_WITNESS)
		return UK_SW_CONDITIONS;
	if (q->challenge.n != block_of(cipher))
		return UK_SW_DATA;
	if (!uk_equal(uk_view(question->bytes, question->n), q->witness))
		return UK_SW_SECURITY;
	dynamic = uk_tlv_begin(out, TAG_DYNAMIC);
	response = uk_tlv_begin(out, TAG_RESPONSE);
	err = encipher(p, cipher, q->challenge, out);
	uk_tlv_end(out, response);
	uk_tlv_end(out, dynamic);
	p->admin = uk_is_ok(err);
	return vc_sw(err);
}

/* Which of them it is, is said by which objects are there, and empty. */
uint16_t vc_piv_admin_auth(struct vc_piv *p, uint8_t alg,
    const struct vc_piv_dynamic *q, const struct vc_piv_question *question,
    uk_buf *out)
{
	uk_bytes key = stored_key(p);
	const struct cipher *cipher = cipher_of(
	    alg == ALG_DEFAULT ? VC_PIV_3DES : alg);

	if (cipher == NULL || key.n == 0 || key.p[0] != cipher->alg)
		return UK_SW_P1P2;
	if (q->has_point)
		return UK_SW_DATA;
	if (q->witness.n > 0 && q->challenge.n > 0 && q->response.n == 0)
		return take_witness(p, cipher, question, q, out);
	if (q->response.n > 0 && !q->has_witness && !q->has_challenge)
		return take_response(p, cipher, question, q->response);
	if (q->witness.n > 0 || q->challenge.n > 0 || q->has_response ||
	    q->has_witness == q->has_challenge)
		return UK_SW_DATA;
	return q->has_witness ? send_witness(p, cipher, out)
			      : send_challenge(p, cipher, out);
}
