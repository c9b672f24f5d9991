/*
 * The books: double entry. Every journal row has two entries whose amounts add
 * up to zero, and an account's balance is the sum of its entries; so the sum of
 * all balances of a currency is zero, too. Money that comes in from outside is
 * taken from the bank's own cash account. What was posted is never altered: a
 * mistake is taken back by a row that says so (bank_ledger_reverse).
 *
 * No customer's balance less what is held goes below the account's limit,
 * whatever is posted by whomever.
 */
#ifndef BANK_LEDGER_H
#define BANK_LEDGER_H

#include "customers.h"
#include "journal.h"

enum { BANK_DAY = 24 * 60 * 60, BANK_POSTINGS_MAX = 128 };

struct bank_posting {
	int64_t from, to; /* accounts, of one currency */
	int64_t amount;   /* minor units, > 0 */
	int64_t time;     /* seconds since 1970 */
	const char *kind; /* "transfer", "deposit" ... */
	uk_bytes memo;
	int64_t order;    /* 0: none */
	int64_t reverses; /* a journal row; 0: none */
	int64_t hold;     /* so much of it is freed; 0: none */
	uk_bytes basis;   /* BANK_HASH bytes it rests on, or none */
	bool limited;     /* the account's limits of transfers apply */
};

/*
 * Inside a transaction of the caller's, who rolls back if this fails.
 * UK_ERR_CONDITIONS: not enough money. UK_ERR_TOO_SMALL: over the limit of one
 * transfer or of a day. UK_ERR_ARGUMENT: no such account, another currency, or
 * the amount is out of range, here or in the sum. UK_ERR_EXISTS: this order has
 * been posted, or the row taken back.
 */
UK_RESULT bank_ledger_post(
    struct bank_store *s, const struct bank_posting *p, int64_t *journal);

/* What a payer and a payee call the row of the journal. */
enum { BANK_RECEIPT_NUMBER = 32 };
void bank_receipt_number(int64_t journal, char out[BANK_RECEIPT_NUMBER]);

struct bank_posted {
	uk_err err;      /* as bank_ledger_post has it */
	int64_t journal; /* of UK_ERR_EXISTS for an order: that one's */
};

/*
 * Many at once, made in their order, inside a transaction of the caller's. A
 * posting that cannot be changes nothing and says so in its own result, and the
 * others go on. Returns a failure of the whole, after which the caller rolls
 * back. This is the way for whoever has several: on a database server it takes
 * little longer for fifty than for one. At most BANK_POSTINGS_MAX.
 */
UK_RESULT bank_ledger_post_many(struct bank_store *s,
    const struct bank_posting *postings, struct bank_posted *results,
    size_t count);

/* From the bank's cash account of that currency, which is made if needed.
 * Inside a transaction of the caller's. */
UK_RESULT bank_ledger_deposit(struct bank_store *s,
    const struct bank_account *to, int64_t amount, int64_t time);

/* Posts the counter-entry of a row, with the reason as its memo, in a
 * transaction of the caller's. UK_ERR_NOT_FOUND: no such row; UK_ERR_EXISTS: it
 * was taken back already; UK_ERR_ARGUMENT: it is such a counter-entry itself;
 * UK_ERR_CONDITIONS: who got the money has too little left. */
UK_RESULT bank_ledger_reverse(struct bank_store *s, int64_t journal,
    uk_bytes reason, int64_t time, int64_t *counter);

#endif
