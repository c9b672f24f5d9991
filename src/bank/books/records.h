/* What happened on an account, newest first. */
#ifndef BANK_RECORDS_H
#define BANK_RECORDS_H

#include "customers.h"

struct bank_record { /* views until the callback returns */
	int64_t id, time, amount, balance;
	uk_bytes counterparty, counterparty_name, memo;
	uk_bytes order; /* its number; none for a deposit */
};

typedef void bank_record_fn(void *arg, const struct bank_record *r);

/* At most limit records with an id below before (0: from the newest); *more if
 * there are older ones. */
UK_RESULT bank_records_each(struct bank_store *s, int64_t account,
    int64_t before, int64_t limit, bank_record_fn *fn, void *arg, bool *more);

#endif
