/*
 * The books: double entry. Every journal row has two entries whose amounts add
 * up to zero, and an account's balance is the sum of its entries; so the sum of
 * all balances of a currency is zero, too. Money that comes in from outside is
 * taken from the bank's own cash account.
 */
#ifndef BANK_LEDGER_H
#define BANK_LEDGER_H

#include "customers.h"

struct bank_posting {
	int64_t from, to; /* accounts */
	int64_t amount;   /* minor units, > 0 */
	int64_t time;     /* seconds since 1970 */
	const char *kind; /* "transfer", "deposit" */
	uk_bytes memo;
	int64_t order; /* 0: none */
};

/*
 * Inside a transaction of the caller's, who rolls back if this fails.
 * UK_ERR_CONDITIONS: not enough money. UK_ERR_ARGUMENT: the amount is out of
 * range, here or in the sum. UK_ERR_EXISTS: this order has been posted.
 */
UK_RESULT bank_ledger_post(
    struct bank_store *s, const struct bank_posting *p, int64_t *journal);

/* From the bank's cash account of that currency, which is made if needed. In a
 * transaction of its own. */
UK_RESULT bank_ledger_deposit(struct bank_store *s,
    const struct bank_account *to, int64_t amount, int64_t time);

struct bank_audit {
	int64_t journal_rows, entries, orders_posted;
	int64_t unbalanced_rows; /* not two entries that add up to zero */
	int64_t wrong_balances;  /* accounts unlike the sum of their entries */
	int64_t uneven_currencies; /* whose balances do not add up to zero */
	int64_t unposted_orders;   /* posted orders without one journal row */
};
UK_RESULT bank_ledger_audit(struct bank_store *s, struct bank_audit *out);
static inline bool bank_audit_good(const struct bank_audit *a)
{
	return a->unbalanced_rows == 0 && a->wrong_balances == 0 &&
	       a->uneven_currencies == 0 && a->unposted_orders == 0;
}

#endif
