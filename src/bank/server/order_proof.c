/* The bank proves to the customer's card that it has prepared an order. */
#include "orders.h"

#include "login.h"
#include "trusted.h"

/* SM2 hashes the signer's key, too: which of the customer's is it? */
static enum bank_code hash_for_sm2(struct bank *b, int64_t customer,
    const struct bank_proof_request *r, int64_t now, uk_bytes text, uk_buf *out)
{
	const uk_cert *cert = NULL;
	enum bank_code code;

	if (r->certificate.n == 0)
		return BANK_MALFORMED;
	code = bank_check_cert(
	    b, uk_blob_view(&r->certificate), UK_FOR_TRANSACTION, now, &cert);
	if (code == BANK_OK)
		code = bank_check_signer(b, cert, customer);
	if (code != BANK_OK)
		return code;
	if (uk_key_kind(uk_cert_key(cert)) != UK_KEY_SM2)
		return BANK_ORDER_SIGNATURE;
	return bank_code_of(
	    uk_key_hash(uk_cert_key(cert), UK_HASH_SM3, text, out));
}

static enum bank_code hash_for_card(struct bank *b, int64_t customer,
    const struct bank_proof_request *r, int64_t now, uk_bytes text, uk_buf *out)
{
	const struct bank_alg *alg = bank_alg_by_name(
	    (const char *)r->algorithm.p);

	if (alg == NULL)
		return BANK_MALFORMED;
	if (alg->key == UK_KEY_SM2)
		return hash_for_sm2(b, customer, r, now, text, out);
	return bank_code_of(uk_hash_one(b->crypto, alg->hash, text, out));
}

enum bank_code bank_order_proof(struct bank *b, int64_t customer,
    uk_bytes number, const struct bank_proof_request *r, int64_t now,
    uk_buf *hash, uk_buf *proof, struct bank_order *out)
{
	uint8_t storage[256];
	uk_buf message = UK_BUF(storage);
	enum bank_code code;

	if (bank_alg_by_name((const char *)r->algorithm.p) == NULL)
		return BANK_MALFORMED;
	code = bank_order_find(b, customer, number, now, out);
	if (code != BANK_OK || out->posted)
		return code;
	code = hash_for_card(
	    b, customer, r, now, uk_blob_view(&out->text), hash);
	if (code != BANK_OK)
		return code;
	bank_put_proof(&message, uk_blob_view(&r->serial),
	    uk_blob_view(&r->challenge), uk_buf_view(hash));
	if (!uk_is_ok(uk_buf_result(&message)) ||
	    !uk_is_ok(bank_sign(b, uk_buf_view(&message), proof)))
		return BANK_INTERNAL;
	return BANK_OK;
}
