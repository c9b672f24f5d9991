/* Are the books as they must be? Everything is counted anew. */
#ifndef BANK_AUDIT_H
#define BANK_AUDIT_H

#include "journal.h"

struct bank_audit {
	int64_t journal_rows, entries, orders_posted;
	struct bank_head head; /* computed anew, not read */
	/* what must be zero */
	int64_t unbalanced_rows; /* not two entries that add up to zero */
	int64_t wrong_balances;  /* accounts unlike the sum of their entries */
	int64_t uneven_currencies; /* whose balances do not add up to zero */
	int64_t unposted_orders;   /* posted orders without one journal row */
	int64_t wrong_holds;       /* accounts unlike the sum of their holds */
	int64_t below_limit;       /* accounts with less than allowed */
	int64_t wrong_reversals;   /* unlike the row they take back */
	int64_t wrong_currencies;  /* entries on an account of another one */
	int64_t wrong_evidence; /* posted orders whose text or signature is not
				 * the one that the journal knows */
	int64_t broken_chain;   /* the first row (or head) that does not fit */
};

/* since: a hash noted earlier, where the chain is taken up again (what lies
 * before it is not read), or none. UK_ERR_NOT_FOUND: no row carries it. */
UK_RESULT bank_audit(
    struct bank_store *s, uk_bytes since, struct bank_audit *out);
bool bank_audit_good(const struct bank_audit *a);

#endif
