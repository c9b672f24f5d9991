/* The bank proves itself to the card (docs/card-profile.md, section 6), and the
 * reader tells its key. */
#include "p11vendor.h"

#include "p11display.h"
#include "rv.h"

enum { CHALLENGE_MIN = 8, CHALLENGE_MAX = 32, HASH_MIN = 20, PROOF = 64 };

CK_RV p11_challenge(struct p11_slot *s, CK_BYTE_PTR out, CK_ULONG n)
{
	CK_RV rv;
	uk_err err;

	if (out == NULL || n < CHALLENGE_MIN || n > CHALLENGE_MAX)
		return CKR_ARGUMENTS_BAD;
	if ((rv = p11_slot_begin(s)) != CKR_OK)
		return rv;
	err = uk_card_challenge(s->card, out, n);
	p11_slot_end(s);
	s->challenged = uk_is_ok(err);
	return uk_is_ok(err) ? CKR_OK : p11_slot_failed(s, err);
}

/* 63xx means here that the bank's signature is wrong, not a PIN. */
static CK_RV proof_rv(struct p11_slot *s, uk_err err)
{
	switch (err.code) {
	case UK_OK:
		return CKR_OK;
	case UK_ERR_PIN_WRONG:
	case UK_ERR_SIGNATURE:
		return CKR_SIGNATURE_INVALID;
	case UK_ERR_CONDITIONS:
		return CKR_OPERATION_NOT_INITIALIZED;
	default:
		return p11_slot_failed(s, err);
	}
}

CK_RV p11_prove_bank(struct p11_slot *s, const CK_BYTE *hash, CK_ULONG hash_len,
    const CK_BYTE *sig, CK_ULONG sig_len)
{
	CK_RV rv;
	uk_err err;

	if (hash == NULL || sig == NULL || hash_len < HASH_MIN ||
	    hash_len > UK_HASH_MAX || sig_len != PROOF)
		return CKR_ARGUMENTS_BAD;
	if ((rv = p11_slot_begin(s)) != CKR_OK)
		return rv;
	err = uk_card_prove_bank(
	    s->card, uk_view(hash, hash_len), uk_view(sig, sig_len));
	p11_slot_end(s);
	s->challenged = false;
	return proof_rv(s, err);
}

CK_RV p11_reader_key(struct p11_slot *s, CK_BYTE_PTR key, CK_ULONG *len)
{
	uk_buf out = uk_buf_over(key, UKEY_READER_KEY);
	CK_RV rv = p11_slot_token(s);

	if (key == NULL || len == NULL)
		return CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = p11_display_find(s, &out);
	*len = rv == CKR_OK ? out.len : 0;
	return rv;
}
