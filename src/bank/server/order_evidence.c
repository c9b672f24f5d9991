/* The evidence of a posted order, from what the database has. */
#include "evidence.h"
#include "orders.h"

/* What was stored with an order. */
struct row {
	uk_blob text, algorithm, signature, certificate;
	int64_t set;
};

static void free_row(struct row *r)
{
	uk_blob_free(&r->text);
	uk_blob_free(&r->algorithm);
	uk_blob_free(&r->signature);
	uk_blob_free(&r->certificate);
}

void bank_proven_free(struct bank_proven *p)
{
	uk_blob_free(&p->evidence);
	uk_blob_free(&p->statement);
}

static uk_err read_row(
    const bank_query *q, struct row *r, struct bank_proven *out)
{
	r->set = bank_col_int(q, 4);
	UK_TRY(uk_blob_set(&r->text, bank_col(q, 0)));
	UK_TRY(uk_blob_set(&r->algorithm, bank_col(q, 1)));
	UK_TRY(uk_blob_set(&r->signature, bank_col(q, 2)));
	UK_TRY(uk_blob_set(&r->certificate, bank_col(q, 3)));
	UK_TRY(uk_blob_set(&out->statement, bank_col(q, 6)));
	return bank_display_by_name(bank_col(q, 5), &out->level)
		   ? uk_ok()
		   : uk_fail(UK_ERR_FORMAT);
}

static uk_err load(struct bank_store *s, int64_t customer, uk_bytes number,
    struct row *r, struct bank_proven *out)
{
	bank_query q = bank_query_of(s,
	    "SELECT text, algorithm, signature, certificate, evidence,"
	    " display, statement FROM orders WHERE customer = ? AND number = ?"
	    " AND state = 'posted' AND evidence IS NOT NULL");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bind_int(&q, customer);
	bank_bind_text(&q, number);
	if (bank_query_row(&q))
		err = read_row(&q, r, out);
	UK_TRY(bank_query_end(&q));
	return err;
}

static uk_err make(struct bank_store *s, uk_crypto *c, const struct row *r,
    struct bank_proven *out)
{
	const struct bank_alg *alg = bank_alg_by_name(
	    (const char *)r->algorithm.p);
	struct bank_vouchers vouchers = { .count = 0 };
	uk_err err;

	if (alg == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	err = bank_vouchers_load(s, r->set, &vouchers);
	if (uk_is_ok(err))
		err = bank_evidence_make(c,
		    &(struct bank_signed){
			.text = uk_blob_view(&r->text),
			.certificate = uk_blob_view(&r->certificate),
			.signature = uk_blob_view(&r->signature),
			.scheme = alg->scheme,
			.hash = alg->hash,
		    },
		    &vouchers, &out->evidence);
	bank_vouchers_free(&vouchers);
	return err;
}

enum bank_code bank_order_evidence(struct bank_store *s, uk_crypto *c,
    int64_t customer, uk_bytes number, struct bank_proven *out)
{
	struct row r = { .set = 0 };
	uk_err err = load(s, customer, number, &r, out);

	if (uk_is_ok(err))
		err = make(s, c, &r, out);
	free_row(&r);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		return BANK_NOT_FOUND;
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}
