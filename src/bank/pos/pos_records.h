/* Payments with their goods, to be looked through by their owner. */
#ifndef BANK_POS_RECORDS_H
#define BANK_POS_RECORDS_H

#include "authorise.h"

struct bank_pos_filter {
	uk_bytes text;         /* in number, goods or merchant; any case */
	uk_bytes merchant;     /* exactly */
	int64_t from, until;   /* time of the payment: from <= t < until */
	int64_t least, most;   /* amount */
	int64_t before, limit; /* id below this; newest first */
};

struct bank_pos_record {
	int64_t id, time, ended, amount;
	enum bank_pos_state state;
	uk_bytes number, merchant, goods, terms, currency, masked, code;
	bool has_signature;
};
typedef void bank_pos_record_fn(void *arg, const struct bank_pos_record *r);
/* *more: there are older ones. UK_ERR_ARGUMENT: a text of more than 64 bytes.
 */
UK_RESULT bank_pos_records_each(struct bank_pos *p, int64_t owner,
    const struct bank_pos_filter *f, bank_pos_record_fn *fn, void *arg,
    bool *more);

/* The handwritten signature of an order's last payment that has one, appended.
 * UK_ERR_NOT_FOUND. */
UK_RESULT bank_pos_signature(
    struct bank_pos *p, int64_t owner, uk_bytes number, uk_buf *out);

#endif
