/* Transfers: checking the customer's confirmation, and posting once. */
#include "ledger.h"
#include "login.h"
#include "orders.h"
#include "receipts.h"

static enum bank_code check_owner(
    struct bank *b, const uk_cert *cert, int64_t customer)
{
	int64_t owner;
	uk_err err = bank_cert_owner(
	    b->store, b->crypto, uk_cert_der(cert), UK_FOR_TRANSACTION, &owner);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_CERT_UNKNOWN;
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	return owner == customer ? BANK_OK : BANK_WRONG_CUSTOMER;
}

static enum bank_code check_signature(
    const uk_cert *cert, const struct bank_confirm_request *r)
{
	const struct bank_alg *alg = bank_alg_by_name(
	    (const char *)r->algorithm.p);
	uk_err err;

	if (alg == NULL)
		return BANK_MALFORMED;
	if (alg->key != uk_key_kind(uk_cert_key(cert)))
		return BANK_ORDER_SIGNATURE;
	err = uk_key_verify(uk_cert_key(cert), alg->scheme, alg->hash,
	    uk_blob_view(&r->text), uk_blob_view(&r->signature));
	if (uk_is(err, UK_ERR_MEMORY))
		return BANK_INTERNAL;
	return uk_is_ok(err) ? BANK_OK : BANK_ORDER_SIGNATURE;
}

static enum bank_code check_confirmation(struct bank *b,
    const struct bank_order *o, const struct bank_confirm_request *r,
    int64_t now)
{
	const uk_cert *cert = NULL;
	enum bank_code code;

	if (!uk_bytes_eq(uk_blob_view(&r->text), uk_blob_view(&o->text)))
		return BANK_TEXT_ALTERED;
	code = bank_check_cert(
	    b, uk_blob_view(&r->certificate), UK_FOR_TRANSACTION, now, &cert);
	if (code == BANK_OK)
		code = check_owner(b, cert, o->customer);
	if (code == BANK_OK)
		code = check_signature(cert, r);
	return code;
}

static uk_err mark_posted(struct bank *b, int64_t id,
    const struct bank_confirm_request *r, uk_bytes receipt, uk_bytes signature)
{
	bank_query q = bank_query_of(b->store,
	    "UPDATE orders SET state = 'posted', algorithm = ?,"
	    " signature = ?, certificate = ?, receipt = ?,"
	    " receipt_signature = ? WHERE id = ? AND state = 'prepared'");

	bank_bind_text(&q, uk_blob_view(&r->algorithm));
	bank_bind_blob(&q, uk_blob_view(&r->signature));
	bank_bind_blob(&q, uk_blob_view(&r->certificate));
	bank_bind_blob(&q, receipt);
	bank_bind_blob(&q, signature);
	bank_bind_int(&q, id);
	UK_TRY(bank_query_run(&q));
	return bank_changes(b->store) == 1 ? uk_ok() : uk_fail(UK_ERR_INTERNAL);
}

static enum bank_code posting_code(uk_err err)
{
	if (uk_is(err, UK_ERR_CONDITIONS))
		return BANK_INSUFFICIENT_FUNDS;
	if (uk_is(err, UK_ERR_TOO_SMALL))
		return BANK_OVER_LIMIT;
	if (uk_is(err, UK_ERR_ARGUMENT))
		return BANK_AMOUNT;
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

/* Journal, balances, receipt and state: all or nothing. */
static enum bank_code post_locked(struct bank *b, const struct bank_order *o,
    const struct bank_confirm_request *r, int64_t now)
{
	uint8_t storage[UK_TX_MAX], signed_by_bank[64];
	uk_buf receipt = UK_BUF(storage), signature = UK_BUF(signed_by_bank);
	uint8_t basis[BANK_HASH];
	const struct bank_posting p = {
		.from = o->source,
		.to = o->target,
		.amount = o->amount,
		.time = now,
		.kind = "transfer",
		.memo = uk_blob_view(&o->memo),
		.order = o->id,
		.basis = UK_ARRAY(basis),
		.limited = true,
	};
	int64_t journal = 0;
	uk_err err = bank_journal_basis(
	    uk_blob_view(&o->text), uk_blob_view(&r->signature), basis);

	if (uk_is_ok(err))
		err = bank_ledger_post(b->store, &p, &journal);
	if (uk_is_ok(err))
		err = bank_receipt_make(b, o, journal, now,
		    uk_blob_view(&r->signature), &receipt, &signature);
	if (uk_is_ok(err))
		err = mark_posted(b, o->id, r, uk_buf_view(&receipt),
		    uk_buf_view(&signature));
	if (uk_is_ok(err))
		err = bank_commit(b->store);
	return posting_code(err);
}

/* The order is read again under the write lock: between the first look and now
 * another server process may have posted it. */
static enum bank_code post(struct bank *b, uk_bytes number,
    const struct bank_confirm_request *r, int64_t now, struct bank_order *o)
{
	int64_t customer = o->customer;
	enum bank_code code = BANK_INTERNAL;

	if (!uk_is_ok(bank_begin(b->store)))
		return code;
	code = bank_order_find(b, customer, number, now, o);
	if (code == BANK_OK && !o->posted)
		code = post_locked(b, o, r, now);
	bank_rollback(b->store); /* does nothing after a commit */
	if (code == BANK_OK)
		code = bank_order_find(b, customer, number, now, o);
	return code;
}

enum bank_code bank_order_confirm(struct bank *b, int64_t customer,
    uk_bytes number, const struct bank_confirm_request *r, int64_t now,
    struct bank_order *out)
{
	enum bank_code code = bank_order_find(b, customer, number, now, out);

	if (code != BANK_OK || out->posted)
		return code;
	code = check_confirmation(b, out, r, now);
	if (code == BANK_OK)
		code = post(b, number, r, now, out);
	return code;
}
