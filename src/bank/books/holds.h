/*
 * Money that is set aside: it is still on the account, but cannot be spent.
 * A hold is open until it has been captured whole, released, or is over; parts
 * of it may be captured one after the other. All of these stand inside a
 * transaction of the caller's, who rolls back if one fails.
 */
#ifndef BANK_HOLDS_H
#define BANK_HOLDS_H

#include "ledger.h"

enum { BANK_HOLD_SECONDS_MAX = 31 * BANK_DAY, BANK_HOLDS_SWEPT = 256 };

/* Sets amount aside until `expires`. UK_ERR_CONDITIONS: not enough money;
 * UK_ERR_ARGUMENT: amount or time cannot be. */
UK_RESULT bank_hold_reserve(struct bank_store *s, int64_t account,
    int64_t amount, int64_t now, int64_t expires, uk_bytes memo, int64_t *hold);
/* Posts p->amount out of p->hold, which must be one of p->from and not be over
 * at p->time; what is left stays set aside. UK_ERR_CONDITIONS: there is not so
 * much left in it. Else as bank_ledger_post. */
UK_RESULT bank_hold_capture(
    struct bank_store *s, const struct bank_posting *p, int64_t *journal);
/* Gives back what is left. UK_ERR_NOT_FOUND: no open hold of this number. */
UK_RESULT bank_hold_release(struct bank_store *s, int64_t hold);
/* Are there any that are over? Asked without a transaction. */
UK_RESULT bank_holds_due(struct bank_store *s, int64_t now, bool *due);
/* Gives back what is left of holds that are over, at most BANK_HOLDS_SWEPT of
 * them; *count of them. */
UK_RESULT bank_holds_expire(struct bank_store *s, int64_t now, size_t *count);

#endif
