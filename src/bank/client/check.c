/* Checks of certificates, challenge, order text and receipt. */
#include "bc_check.h"

#include "hex.h"

#include <string.h>

enum { SHA256 = 32 };

static bc_result not_bank(uk_err err)
{
	/* Lack of memory is no evidence against the bank. */
	return bc_fail_err(
	    uk_is(err, UK_ERR_MEMORY) ? BC_LOCAL : BC_NOT_BANK, err);
}

bc_result bc_check_bank_cert(uk_crypto *c, const uk_trust *trust, uk_bytes der,
    int64_t now, uk_cert **out)
{
	uk_cert *cert = NULL;
	uk_err err;

	*out = NULL;
	err = uk_cert_from_der(c, der, &cert);
	if (uk_is_ok(err))
		err = uk_trust_check(trust, cert, UK_FOR_BANK, now);
	if (!uk_is_ok(err)) {
		uk_cert_close(&cert);
		return not_bank(err);
	}
	*out = cert;
	return bc_ok();
}

static uk_err hash_text(uk_crypto *c, const char *text, uint8_t out[SHA256])
{
	uk_buf b = uk_buf_over(out, SHA256);

	return uk_hash_one(c, UK_HASH_SHA256, uk_view_str(text), &b);
}

bc_result bc_check_challenge(uk_crypto *c, const uk_cert *bank,
    const char *origin, const char *client_nonce,
    const struct bc_challenge *challenge)
{
	uint8_t h[3][SHA256], message[sizeof(BANK_LOGIN_CONTEXT) + 3 * SHA256];
	uk_buf m = UK_BUF(message);
	uk_err err = hash_text(c, origin, h[0]);

	if (uk_is_ok(err))
		err = hash_text(c, challenge->nonce, h[1]);
	if (uk_is_ok(err))
		err = hash_text(c, client_nonce, h[2]);
	if (!uk_is_ok(err))
		return bc_fail_err(BC_LOCAL, err);
	bank_put_challenge(&m, UK_ARRAY(h[0]), UK_ARRAY(h[1]), UK_ARRAY(h[2]));
	err = uk_buf_result(&m);
	if (!uk_is_ok(err))
		return bc_fail_err(BC_LOCAL, err);
	err = uk_key_verify(uk_cert_key(bank), UK_SIG_ECDSA, UK_HASH_SHA256,
	    uk_buf_view(&m), uk_blob_view(&challenge->signature));
	return uk_is_ok(err) ? bc_ok() : not_bank(err);
}

/* --- order text ----------------------------------------------------------- */

static uk_bytes value_of(const uk_tx *tx, const char *key)
{
	uk_bytes v = UK_NONE;

	(void)uk_tx_find(tx, key, &v); /* absent is the same as empty */
	return v;
}

/* For the message: the first line that differs between two texts. */
static const char *differing_field(
    const uk_tx *got, const uk_tx *want, const char *const *fields)
{
	for (; *fields != NULL; fields++) {
		if (!uk_bytes_eq(
			value_of(got, *fields), value_of(want, *fields)))
			return *fields;
	}
	return "layout";
}

/* Both texts must be the same; else the name of what is not. */
static bc_result same_text(enum bc_fault fault, uk_bytes text,
    const uk_buf *expected, const uk_tx *tx, const char *const *fields)
{
	uk_tx other;

	if (uk_bytes_eq(text, uk_buf_view(expected)))
		return bc_ok();
	if (!uk_is_ok(uk_tx_parse(uk_buf_view(expected), &other)))
		return bc_fail_field(fault, "layout");
	return bc_fail_field(fault, differing_field(tx, &other, fields));
}

bc_result bc_check_order_text(uk_bytes text, const struct bc_transfer *want,
    const char *origin, uk_tx *tx)
{
	static const char *const fields[] = { "From", "To", "Payee", "Amount",
		"Memo", "Merchant", "Merchant order", "Type", "Bank", "Order",
		"Bill", NULL };
	uint8_t storage[UK_TX_MAX];
	uk_buf expected = UK_BUF(storage);
	int64_t time;
	uk_err err;

	if (!uk_is_ok(uk_tx_parse(text, tx)))
		return bc_fail_field(BC_TEXT, "layout");
	if (!uk_is_ok(bank_parse_time(value_of(tx, "Prepared"), &time)) ||
	    !uk_is_ok(bank_parse_time(value_of(tx, "Expires"), &time)))
		return bc_fail_field(BC_TEXT, "Expires");
	err = bank_put_order_text(
	    &expected, &(struct bank_order_text){
			   .from = uk_view_str(want->from),
			   .to = uk_view_str(want->to),
			   .payee = uk_view_str(want->payee),
			   .memo = uk_view_str(want->memo),
			   .amount = want->amount,
			   .currency = uk_view_str(want->currency),
			   .bank = uk_view_str(origin),
			   .order = uk_view_str(want->order),
			   .customer = value_of(tx, "Customer"),
			   .prepared = value_of(tx, "Prepared"),
			   .expires = value_of(tx, "Expires"),
			   .merchant = uk_view_str(want->merchant),
			   .merchant_order = uk_view_str(want->merchant_order),
			   .bill = uk_view_str(want->bill),
		       });
	if (!uk_is_ok(err))
		return bc_fail_err(BC_LOCAL, err);
	return same_text(BC_TEXT, text, &expected, tx, fields);
}

/* "123.45 CNY" back into its parts. */
static uk_err parse_money(uk_bytes text, struct bc_transfer *out)
{
	uk_bytes currency = uk_bytes_last(text, 3);

	if (text.n < 5 || text.p[text.n - 4] != ' ')
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_copy_str(out->currency, sizeof(out->currency), currency));
	return bank_parse_amount(
	    uk_bytes_first(text, text.n - 4), currency, &out->amount);
}

bc_result bc_read_order_text(
    uk_bytes text, struct bc_transfer *out, char origin[BC_TEXT_MAX + 1])
{
	const struct {
		const char *key;
		char *to;
		size_t cap;
	} fields[] = {
		{ "From", out->from, sizeof(out->from) },
		{ "To", out->to, sizeof(out->to) },
		{ "Payee", out->payee, sizeof(out->payee) },
		{ "Memo", out->memo, sizeof(out->memo) },
		{ "Order", out->order, sizeof(out->order) },
		{ "Merchant", out->merchant, sizeof(out->merchant) },
		{ "Merchant order", out->merchant_order,
		    sizeof(out->merchant_order) },
		{ "Bill", out->bill, sizeof(out->bill) },
		{ "Bank", origin, BC_TEXT_MAX + 1 },
	};
	uk_tx tx;

	*out = (struct bc_transfer){ 0 };
	if (!uk_is_ok(uk_tx_parse(text, &tx)))
		return bc_fail_field(BC_TEXT, "layout");
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!uk_is_ok(uk_copy_str(fields[i].to, fields[i].cap,
			value_of(&tx, fields[i].key))))
			return bc_fail_field(BC_TEXT, fields[i].key);
	}
	if (!uk_is_ok(parse_money(value_of(&tx, "Amount"), out)))
		return bc_fail_field(BC_TEXT, "Amount");
	return bc_check_order_text(text, out, origin, &tx);
}

/* --- receipt -------------------------------------------------------------- */

static bool read_hash(const uk_tx *tx, const char *key, uk_buf *out)
{
	return uk_is_ok(uk_hex_decode(value_of(tx, key), out)) &&
	       out->len == SHA256;
}

/* The receipt text that belongs to this order, with time, number and the two
 * hashes as the receipt says. */
static uk_err build_receipt(const struct bc_transfer *order, const char *origin,
    const uk_tx *receipt, uk_bytes order_hash, uk_bytes signature_hash,
    uk_buf *out)
{
	return bank_put_receipt_text(
	    out, &(struct bank_receipt_text){
		     .from = uk_view_str(order->from),
		     .to = uk_view_str(order->to),
		     .payee = uk_view_str(order->payee),
		     .memo = uk_view_str(order->memo),
		     .amount = order->amount,
		     .currency = uk_view_str(order->currency),
		     .time = value_of(receipt, "Time"),
		     .receipt = value_of(receipt, "Receipt"),
		     .display = value_of(receipt, "Display"),
		     .bank = uk_view_str(origin),
		     .order = uk_view_str(order->order),
		     .order_sha256 = order_hash,
		     .signature_sha256 = signature_hash,
		 });
}

/* Known data whose hash is the one named? Unknown data never. */
static uk_err binds(uk_crypto *c, uk_bytes data, uk_bytes named, bool *out)
{
	uint8_t own[SHA256];
	uk_buf b = UK_BUF(own);

	*out = false;
	if (data.n == 0)
		return uk_ok();
	UK_TRY(uk_hash_one(c, UK_HASH_SHA256, data, &b));
	*out = uk_bytes_eq(uk_buf_view(&b), named);
	return uk_ok();
}

static bc_result check_receipt_text(uk_crypto *c, const char *origin,
    const struct bc_evidence *e, const uk_tx *receipt, struct bc_verdict *v)
{
	static const char *const fields[] = { "Result", "From", "To", "Payee",
		"Amount", "Memo", "Type", "Bank", "Order", NULL };
	uint8_t order[SHA256], signature[SHA256], storage[UK_TX_MAX];
	uk_buf o = UK_BUF(order), s = UK_BUF(signature);
	uk_buf expected = UK_BUF(storage);
	uk_err err;

	if (!read_hash(receipt, "Order-SHA256", &o))
		return bc_fail_field(BC_RECEIPT, "Order-SHA256");
	if (!read_hash(receipt, "Signature-SHA256", &s))
		return bc_fail_field(BC_RECEIPT, "Signature-SHA256");
	if (!uk_is_ok(build_receipt(e->order, origin, receipt, uk_buf_view(&o),
		uk_buf_view(&s), &expected)))
		return bc_fail_field(BC_RECEIPT, "layout");
	err = binds(c, e->order_text, uk_buf_view(&o), &v->binds_text);
	if (uk_is_ok(err))
		err = binds(c, e->customer_signature, uk_buf_view(&s),
		    &v->binds_signature);
	if (!uk_is_ok(err))
		return bc_fail_err(BC_LOCAL, err);
	if (e->order_text.n > 0 && !v->binds_text)
		return bc_fail_field(BC_RECEIPT, "Order-SHA256");
	return same_text(BC_RECEIPT, e->receipt, &expected, receipt, fields);
}

bc_result bc_check_receipt(uk_crypto *c, const uk_trust *trust,
    const char *origin, const struct bc_evidence *e, struct bc_verdict *verdict)
{
	uk_cert *cert = NULL;
	int64_t when;
	uk_tx receipt;
	bc_result r;
	uk_err err;

	*verdict = (struct bc_verdict){ false, false };
	if (!uk_is_ok(uk_tx_parse(e->receipt, &receipt)) ||
	    !uk_is_ok(bank_parse_time(value_of(&receipt, "Time"), &when)))
		return bc_fail_field(BC_RECEIPT, "layout");
	/* A receipt is kept for years: what counts is that the certificate was
	 * good when the bank signed. */
	r = bc_check_bank_cert(c, trust, e->certificate, when, &cert);
	if (!bc_is_ok(r))
		return r;
	err = uk_key_verify(uk_cert_key(cert), UK_SIG_ECDSA, UK_HASH_SHA256,
	    e->receipt, e->signature);
	uk_cert_close(&cert);
	if (uk_is(err, UK_ERR_SIGNATURE))
		return bc_fail_field(BC_RECEIPT, "signature");
	if (!uk_is_ok(err))
		return bc_fail_err(BC_LOCAL, err);
	return check_receipt_text(c, origin, e, &receipt, verdict);
}
