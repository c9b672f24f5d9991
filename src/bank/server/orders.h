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
#include "journal.h"
#include "requests.h"

enum {
	BANK_ORDER_SECONDS = 10 * 60,
	/* So long the number of an order that was not posted stays taken. */
	BANK_ORDER_KEPT_SECONDS = 7 * 24 * 60 * 60,
	BANK_ORDERS_SWEPT = 16 /* at most, with each new one */
};

struct bank_order {
	int64_t id, customer;
	int64_t bill;           /* that it pays; 0: none */
	uint8_t content[32];    /* hash of what was asked for */
	int64_t source, target; /* accounts */
	char from[BANK_ACCOUNT_MAX + 1], to[BANK_ACCOUNT_MAX + 1];
	char currency[BANK_CURRENCY_LEN + 1];
	int64_t amount, expires;
	uk_blob number, payee, memo, text;
	bool posted;
	char holder[BANK_NAME_MAX + 1];     /* of the account it goes to */
	enum bank_display display;          /* once it is posted */
	uk_blob receipt, receipt_signature; /* once it is posted */
};

void bank_order_free(struct bank_order *o); /* what is inside */

/* All of these fill *out, to be freed by the caller in every case. */

enum bank_code bank_order_prepare(struct bank *b, int64_t customer,
    const struct bank_order_request *r, int64_t now, struct bank_order *out);

/* BANK_NOT_FOUND; BANK_ORDER_EXPIRED if it was not posted in time. */
enum bank_code bank_order_find(struct bank *b, int64_t customer,
    uk_bytes number, int64_t now, struct bank_order *out);

/* His orders that can still be confirmed, those that end last first, at most
 * BANK_ORDERS_LISTED. */
enum { BANK_ORDERS_LISTED = 100 };
struct bank_open_order { /* views until the callback returns */
	int64_t amount, expires;
	uk_bytes number, from, to, payee, currency, memo;
	uk_bytes bill; /* number of the bill it pays; none: a transfer */
};
typedef void bank_open_order_fn(void *arg, const struct bank_open_order *o);
UK_RESULT bank_orders_each(struct bank_store *s, int64_t customer, int64_t now,
    bank_open_order_fn *fn, void *arg);

/* Is it one with which this customer signs orders? cert was found good. */
enum bank_code bank_check_signer(
    struct bank *b, const uk_cert *cert, int64_t customer);

/* The bank's proof for the customer's card; only of an order that is prepared.
 * Of a posted one, out says so and nothing is appended. */
enum bank_code bank_order_proof(struct bank *b, int64_t customer,
    uk_bytes number, const struct bank_proof_request *r, int64_t now,
    uk_buf *hash, uk_buf *proof, struct bank_order *out);

/*
 * A confirmation that was found good, from then until it is posted. Many are
 * posted together: bank_confirms_post, or bank_round_end for those that were
 * put into bank.confirms.
 */
struct bank_confirm {
	struct bank_order order;
	struct bank_confirm_request request;
	int64_t now;
	enum bank_display display;   /* how it was shown */
	struct bank_pending pending; /* not found good yet: ask again */
	int64_t evidence;            /* what vouches for the certificate */
	uint8_t basis[BANK_HASH];    /* what the journal knows of it */
	enum bank_code code;         /* once it was tried */
};

/* Checks it. *c is filled in and to be freed by the caller in every case; *r is
 * moved into it. If the order is posted already, c->order says so, and nothing
 * is left to do. */
enum bank_code bank_confirm_check(struct bank *b, int64_t customer,
    uk_bytes number, struct bank_confirm_request *r, int64_t now,
    struct bank_confirm *c);
/* Posts them in a part of their own; each gets its code, and its order with the
 * receipt if that is BANK_OK. */
void bank_confirms_post(
    struct bank *b, struct bank_confirm *const *c, size_t count);
void bank_confirm_free(struct bank_confirm *c); /* what is inside */

/* A posted order with what proves that the customer ordered it. */
struct bank_proven {
	uk_blob evidence;        /* SignedData, DER (evidence.h) */
	enum bank_display level; /* how it was shown */
	uk_blob statement;       /* of the terminal, or none */
};
void bank_proven_free(struct bank_proven *p); /* what is inside */
/* BANK_NOT_FOUND also if it was not posted, or before evidence was kept. */
enum bank_code bank_order_evidence(struct bank_store *s, uk_crypto *c,
    int64_t customer, uk_bytes number, struct bank_proven *out);

/* Both for one. */
enum bank_code bank_order_confirm(struct bank *b, int64_t customer,
    uk_bytes number, struct bank_confirm_request *r, int64_t now,
    struct bank_order *out);

#endif
