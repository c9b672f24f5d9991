/*
 * Transfers: prepared once, posted at most once (docs/protocol.md, section 5).
 *
 * An order is "prepared" or "posted", and everything that makes it posted (the
 * journal, the balances, the receipt) is one transaction of the database. So it
 * does not matter how often, from how many clients or after which crash a step
 * is repeated.
 */
#ifndef BANK_ORDERS_H
#define BANK_ORDERS_H

#include "bank.h"
#include "customers.h"
#include "requests.h"

enum { BANK_ORDER_SECONDS = 10 * 60 };

struct bank_order {
	int64_t id, customer;
	uint8_t content[32];    /* hash of what was asked for */
	int64_t source, target; /* accounts */
	char from[BANK_ACCOUNT_MAX + 1], to[BANK_ACCOUNT_MAX + 1];
	char currency[BANK_CURRENCY_LEN + 1];
	int64_t amount, expires;
	uk_blob number, payee, memo, text;
	bool posted;
	uk_blob receipt, receipt_signature; /* once it is posted */
};

void bank_order_free(struct bank_order *o); /* what is inside */

/* All of these fill *out, to be freed by the caller in every case. */

enum bank_code bank_order_prepare(struct bank *b, int64_t customer,
    const struct bank_order_request *r, int64_t now, struct bank_order *out);

/* BANK_NOT_FOUND; BANK_ORDER_EXPIRED if it was not posted in time. */
enum bank_code bank_order_find(struct bank *b, int64_t customer,
    uk_bytes number, int64_t now, struct bank_order *out);

/* The bank's proof for the customer's card; only of an order that is prepared.
 * Of a posted one, out says so and nothing is appended. */
enum bank_code bank_order_proof(struct bank *b, int64_t customer,
    uk_bytes number, const struct bank_proof_request *r, int64_t now,
    uk_buf *hash, uk_buf *proof, struct bank_order *out);

enum bank_code bank_order_confirm(struct bank *b, int64_t customer,
    uk_bytes number, const struct bank_confirm_request *r, int64_t now,
    struct bank_order *out);

#endif
