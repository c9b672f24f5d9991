/* What happened on an account, newest first. */
#include "records.h"

uk_err bank_records_each(struct bank_store *s, int64_t account, int64_t before,
    int64_t limit, bank_record_fn *fn, void *arg, bool *more)
{
	bank_query q = bank_query_of(s,
	    "SELECT e.id, j.time, e.amount, e.balance, a.number, a.name,"
	    " j.memo, coalesce(o.number, '')"
	    " FROM entries e JOIN journal j ON j.id = e.journal"
	    " JOIN entries x ON x.journal = j.id AND x.id <> e.id"
	    " JOIN accounts a ON a.id = x.account"
	    " LEFT JOIN orders o ON o.id = j.order_id"
	    " WHERE e.account = ?1 AND (?2 = 0 OR e.id < ?2)"
	    " ORDER BY e.id DESC LIMIT ?3");
	int64_t seen = 0;

	*more = false;
	bank_bind_int(&q, account);
	bank_bind_int(&q, before);
	bank_bind_int(&q, limit + 1); /* one more, to know of it */
	while (bank_query_row(&q)) {
		struct bank_record r = {
			.id = bank_col_int(&q, 0),
			.time = bank_col_int(&q, 1),
			.amount = bank_col_int(&q, 2),
			.balance = bank_col_int(&q, 3),
			.counterparty = bank_col(&q, 4),
			.counterparty_name = bank_col(&q, 5),
			.memo = bank_col(&q, 6),
			.order = bank_col(&q, 7),
		};

		if (++seen > limit) {
			*more = true;
			break;
		}
		fn(arg, &r);
	}
	return bank_query_end(&q);
}
