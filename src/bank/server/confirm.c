/* Transfers: checking the customer's confirmation, and posting once. */
#include "bills.h"
#include "ledger.h"
#include "login.h"
#include "orders.h"
#include "receipts.h"
#include "status.h"
#include "terminals.h"
#include "trusted.h"

enum bank_code bank_check_signer(
    struct bank *b, const uk_cert *cert, int64_t customer)
{
	struct bank_owner owner;
	uk_err err = bank_cert_owner(
	    b->store, uk_cert_fingerprint(cert), UK_FOR_TRANSACTION, &owner);

	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_CERT_UNKNOWN;
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	return owner.customer == customer ? BANK_OK : BANK_WRONG_CUSTOMER;
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

/* What the bank asks for, by the amount. A terminal's statement is looked at
 * when the order is posted: it counts once. */
static enum bank_code check_display(struct bank *b, struct bank_confirm *c)
{
	const struct bank_confirm_request *r = &c->request;
	enum bank_display least = BANK_DISPLAY_NONE;

	if (c->order.amount > b->config.display_host_above)
		least = BANK_DISPLAY_HOST;
	if (c->order.amount > b->config.display_terminal_above)
		least = BANK_DISPLAY_TERMINAL;
	if (!bank_display_by_name(uk_blob_view(&r->display), &c->display))
		return BANK_MALFORMED;
	if (c->display < least)
		return BANK_DISPLAY_LEVEL;
	return (c->display == BANK_DISPLAY_TERMINAL) == (r->statement.n > 0)
		   ? BANK_OK
		   : BANK_DISPLAY_STATEMENT;
}

static enum bank_code check_confirmation(struct bank *b, struct bank_confirm *c)
{
	const struct bank_confirm_request *r = &c->request;
	const struct bank_order *o = &c->order;
	const uk_cert *cert = NULL;
	uk_bytes ocsp = UK_NONE;
	enum bank_code code;

	if (!uk_bytes_eq(uk_blob_view(&r->text), uk_blob_view(&o->text)))
		return BANK_TEXT_ALTERED;
	code = bank_check_cert(b, uk_blob_view(&r->certificate),
	    UK_FOR_TRANSACTION, c->now, &cert);
	if (code == BANK_OK)
		code = bank_check_signer(b, cert, o->customer);
	if (code == BANK_OK)
		code = check_signature(cert, r);
	if (code == BANK_OK)
		code = check_display(b, c);
	if (code == BANK_OK)
		code = bank_check_status(b, cert, NULL, UK_FOR_TRANSACTION,
		    c->now, &c->pending, &ocsp);
	if (code == BANK_OK && !c->pending.yes)
		code = bank_code_of(bank_voucher_cache_get(b->vouchers,
		    b->store, bank_trust_loaded(b, UK_FOR_TRANSACTION), cert,
		    ocsp, &c->evidence));
	return code;
}

/* --- checking ------------------------------------------------------------ */

void bank_confirm_free(struct bank_confirm *c)
{
	bank_order_free(&c->order);
	bank_free_confirm(&c->request);
}

enum bank_code bank_confirm_check(struct bank *b, int64_t customer,
    uk_bytes number, struct bank_confirm_request *r, int64_t now,
    struct bank_confirm *c)
{
	*c = (struct bank_confirm){ .request = *r, .now = now };
	*r = (struct bank_confirm_request){ 0 }; /* handed over */
	c->code = bank_order_find(b, customer, number, now, &c->order);
	if (c->code == BANK_OK && !c->order.posted)
		c->code = check_confirmation(b, c);
	return c->code;
}

/* --- posting ------------------------------------------------------------- */

static uk_err mark_posted(struct bank *b, const struct bank_confirm *c)
{
	const struct bank_confirm_request *r = &c->request;
	bank_query q = bank_query_of(b->store,
	    "UPDATE orders SET state = 'posted', algorithm = ?,"
	    " signature = ?, certificate = ?, receipt = ?,"
	    " receipt_signature = ?, evidence = ?, display = ?, statement = ?"
	    " WHERE id = ? AND state = 'prepared'");

	bank_bind_text(&q, uk_blob_view(&r->algorithm));
	bank_bind_blob(&q, uk_blob_view(&r->signature));
	bank_bind_blob(&q, uk_blob_view(&r->certificate));
	bank_bind_blob(&q, uk_blob_view(&c->order.receipt));
	bank_bind_blob(&q, uk_blob_view(&c->order.receipt_signature));
	bank_bind_int(&q, c->evidence);
	bank_bind_text(&q, uk_view_str(bank_display_name(c->display)));
	if (r->statement.n == 0)
		bank_bind_null(&q);
	else
		bank_bind_blob(&q, uk_blob_view(&r->statement));
	bank_bind_int(&q, c->order.id);
	return bank_query_later(&q);
}

static enum bank_code posting_code(uk_err err)
{
	if (uk_is(err, UK_ERR_CANCELLED))
		return BANK_BILL_CLOSED;
	if (uk_is(err, UK_ERR_CONDITIONS))
		return BANK_INSUFFICIENT_FUNDS;
	if (uk_is(err, UK_ERR_TOO_SMALL))
		return BANK_OVER_LIMIT;
	if (uk_is(err, UK_ERR_ARGUMENT))
		return BANK_AMOUNT;
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

/* Receipt and state of an order whose money has moved. */
static uk_err give_receipt(
    struct bank *b, struct bank_confirm *c, int64_t journal)
{
	uint8_t storage[UK_TX_MAX], signed_by_bank[64];
	uk_buf receipt = UK_BUF(storage), signature = UK_BUF(signed_by_bank);
	char number[BANK_RECEIPT_NUMBER];

	UK_TRY(bank_receipt_make(b, &c->order, journal, c->now,
	    uk_blob_view(&c->request.signature), c->display, &receipt,
	    &signature));
	UK_TRY(uk_blob_set(&c->order.receipt, uk_buf_view(&receipt)));
	UK_TRY(
	    uk_blob_set(&c->order.receipt_signature, uk_buf_view(&signature)));
	UK_TRY(mark_posted(b, c));
	if (c->order.bill == 0)
		return uk_ok();
	bank_receipt_number(journal, number);
	return bank_bill_settle(
	    b->store, c->order.bill, uk_view_str(number), c->now);
}

/* UK_ERR_CANCELLED: it pays a bill that cannot be paid any more. */
static uk_err lock_bill(struct bank *b, const struct bank_confirm *c)
{
	uk_err err = bank_bill_lock(b->store, c->order.bill, c->now);

	return uk_is(err, UK_ERR_CONDITIONS) ? uk_fail(UK_ERR_CANCELLED) : err;
}

static uk_err posting_of(struct bank_confirm *c, struct bank_posting *p)
{
	*p = (struct bank_posting){
		.from = c->order.source,
		.to = c->order.target,
		.amount = c->order.amount,
		.time = c->now,
		.kind = "transfer",
		.memo = uk_blob_view(&c->order.memo),
		.order = c->order.id,
		.basis = UK_ARRAY(c->basis),
		.limited = true,
	};
	return bank_journal_basis(uk_blob_view(&c->order.text),
	    uk_blob_view(&c->request.signature), c->basis);
}

/* Journal, balances, receipts and states: all or nothing. */
static uk_err post_in_part(struct bank *b, struct bank_confirm *const *c,
    size_t count, struct bank_posted *results)
{
	struct bank_posting postings[BANK_ROUND] = { 0 };

	/* Who pays a bill is alone here (bank_confirms_post). */
	if (count == 1 && c[0]->order.bill != 0)
		results[0].err = lock_bill(b, c[0]);
	if (uk_is(results[0].err, UK_ERR_CANCELLED))
		return uk_ok();
	UK_TRY(results[0].err);
	for (size_t i = 0; i < count; i++)
		UK_TRY(posting_of(c[i], &postings[i]));
	UK_TRY(bank_ledger_post_many(b->store, postings, results, count));
	for (size_t i = 0; i < count; i++) {
		if (uk_is_ok(results[i].err))
			UK_TRY(give_receipt(b, c[i], results[i].journal));
	}
	return bank_commit(b->store);
}

/* Somebody else posted it since it was looked at: that one's receipt counts. */
static void read_again(struct bank *b, struct bank_confirm *c)
{
	uk_blob number = c->order.number;

	c->order.number = (uk_blob){ NULL, 0 };
	c->code = bank_order_find(
	    b, c->order.customer, uk_blob_view(&number), c->now, &c->order);
	uk_blob_free(&number);
}

static void tell(struct bank *b, struct bank_confirm *c, uk_err err)
{
	if (uk_is(err, UK_ERR_EXISTS)) {
		read_again(b, c);
		return;
	}
	c->code = posting_code(err);
	c->order.posted = c->code == BANK_OK;
	if (c->order.posted && c->order.bill != 0)
		bank_touch(b, c->order.customer);
}

/* What a terminal says counts once, with the order that it is about. */
static enum bank_code use_statement(struct bank *b, struct bank_confirm *c)
{
	const struct bank_confirm_request *r = &c->request;
	uk_err err;

	if (r->statement.n == 0)
		return BANK_OK;
	err = bank_terminal_use(b->store, b->crypto, c->order.customer,
	    uk_blob_view(&r->statement), uk_blob_view(&r->text),
	    uk_blob_view(&r->signature), c->now);
	switch (err.code) {
	case UK_OK:
		return BANK_OK;
	case UK_ERR_FORMAT:
	case UK_ERR_NOT_FOUND:
	case UK_ERR_SIGNATURE:
	case UK_ERR_TIMEOUT:
		return BANK_DISPLAY_STATEMENT;
	default:
		return BANK_INTERNAL;
	}
}

/* Those that may be posted; the others know why not. */
static uk_err use_statements(struct bank *b, struct bank_confirm *const *c,
    size_t count, struct bank_confirm **good, size_t *n)
{
	for (size_t i = 0; i < count; i++) {
		c[i]->code = use_statement(b, c[i]);
		if (c[i]->code == BANK_INTERNAL)
			return uk_fail(UK_ERR_INTERNAL);
		if (c[i]->code == BANK_OK)
			good[(*n)++] = c[i];
	}
	return uk_ok();
}

/* The same confirmation a second time: its statement was used by the first. */
static void refuse(struct bank *b, struct bank_confirm *c)
{
	read_again(b, c);
	if (c->code == BANK_OK && !c->order.posted)
		c->code = BANK_DISPLAY_STATEMENT;
}

static uk_err post(struct bank *b, struct bank_confirm *const *c, size_t count)
{
	struct bank_posted results[BANK_ROUND] = { 0 };
	struct bank_confirm *good[BANK_ROUND];
	size_t n = 0;
	uk_err err = bank_begin(b->store);

	if (uk_is_ok(err))
		err = use_statements(b, c, count, good, &n);
	if (uk_is_ok(err))
		err = post_in_part(b, good, n, results);
	bank_rollback(b->store); /* does nothing after a commit */
	UK_TRY(err);
	for (size_t i = 0; i < n; i++)
		tell(b, good[i], results[i].err);
	for (size_t i = 0; i < count; i++) {
		if (c[i]->code == BANK_DISPLAY_STATEMENT)
			refuse(b, c[i]);
	}
	return uk_ok();
}

static void post_together(
    struct bank *b, struct bank_confirm *const *c, size_t count)
{
	uk_err err = count == 0 ? uk_ok() : post(b, c, count);

	if (uk_is_ok(err))
		return;
	bank_voucher_cache_forget(b->vouchers); /* may have been taken back */
	for (size_t i = 0; i < count; i++)
		c[i]->code = BANK_INTERNAL;
	/* What is wrong with one of them is not the fault of the others. */
	for (size_t i = 0; i < count && count > 1; i++)
		post_together(b, &c[i], 1);
}

/* Those that pay bills go one by one: two of them may pay the same one. */
void bank_confirms_post(
    struct bank *b, struct bank_confirm *const *c, size_t count)
{
	struct bank_confirm *others[BANK_ROUND];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (c[i]->order.bill != 0)
			post_together(b, &c[i], 1);
		else
			others[n++] = c[i];
	}
	post_together(b, others, n);
}

void bank_round_end(struct bank *b)
{
	size_t count = b->confirm_count;

	b->confirm_count = 0;
	if (count > 0)
		bank_confirms_post(b, b->confirms, count);
}

enum bank_code bank_order_confirm(struct bank *b, int64_t customer,
    uk_bytes number, struct bank_confirm_request *r, int64_t now,
    struct bank_order *out)
{
	struct bank_confirm c;
	struct bank_confirm *const list[] = { &c };

	bank_order_free(out);
	if (bank_confirm_check(b, customer, number, r, now, &c) == BANK_OK &&
	    !c.order.posted) {
		if (c.pending.yes)
			c.code = BANK_BUSY;
		else
			bank_confirms_post(b, list, 1);
	}
	*out = c.order;
	c.order = (struct bank_order){ 0 }; /* handed over */
	bank_confirm_free(&c);
	return c.code;
}
