/* Posting many at once: the accounts are locked and read, the postings are made
 * here, one after the other, and what came of it is written. */
#include "ledger.h"

enum {
	ACCOUNTS = 2 * BANK_POSTINGS_MAX,
	ASKED = 16 /* ids in one query */
};

struct account { /* while postings are made */
	int64_t id, balance, held, min_balance, max_transfer, max_day, spent,
	    spent_day;
	char currency[BANK_CURRENCY_LEN + 1]; /* empty: there is none */
	bool changed;
};

struct desk {
	struct bank_store *store;
	const struct bank_posting *postings;
	struct bank_posted *results;
	size_t count;
	struct account accounts[ACCOUNTS]; /* in the order of their ids */
	size_t account_count;
	struct bank_head head;
};

/* --- reading what is there ----------------------------------------------- */

/* The place of this id, or where it belongs. */
static size_t place_of(const struct desk *d, int64_t id)
{
	size_t low = 0, high = d->account_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (d->accounts[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_account(struct desk *d, int64_t id)
{
	size_t at = place_of(d, id);

	if (at < d->account_count && d->accounts[at].id == id)
		return;
	for (size_t i = d->account_count; i > at; i--)
		d->accounts[i] = d->accounts[i - 1];
	d->accounts[at] = (struct account){ .id = id };
	d->account_count++;
}

static struct account *find_account(struct desk *d, int64_t id)
{
	size_t at = place_of(d, id);
	struct account *a = &d->accounts[at];

	if (at == d->account_count || a->id != id || a->currency[0] == '\0')
		return NULL;
	return a;
}

static uk_err read_account(struct desk *d, const bank_query *q)
{
	struct account *a = &d->accounts[place_of(d, bank_col_int(q, 0))];

	a->balance = bank_col_int(q, 1);
	a->held = bank_col_int(q, 2);
	a->min_balance = bank_col_int(q, 3);
	a->max_transfer = bank_col_int(q, 4);
	a->max_day = bank_col_int(q, 5);
	a->spent = bank_col_int(q, 6);
	a->spent_day = bank_col_int(q, 7);
	return uk_copy_str(a->currency, sizeof(a->currency), bank_col(q, 8));
}

/* So many ids and no other number of them: what is missing repeats the last. */
static size_t at_most(size_t i, size_t count)
{
	return i < count ? i : count - 1;
}

/* Always in the order of ids, whoever posts: so nobody waits in a ring. */
static uk_err lock_accounts(struct desk *d, size_t from)
{
	bank_query q = bank_query_of(d->store,
	    "SELECT id, balance, held, min_balance, max_transfer, max_day,"
	    " spent, spent_day, currency FROM accounts WHERE id IN"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ORDER BY id FOR UPDATE");
	uk_err err = uk_ok();

	for (size_t i = 0; i < ASKED; i++)
		bank_bind_int(
		    &q, d->accounts[at_most(from + i, d->account_count)].id);
	while (uk_is_ok(err) && bank_query_row(&q))
		err = read_account(d, &q);
	UK_TRY(bank_query_end(&q));
	return err;
}

/* Whose order was posted before. */
static void mark_posted(struct desk *d, int64_t order, int64_t journal)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->postings[i].order == order &&
		    uk_is_ok(d->results[i].err) && d->results[i].journal == 0)
			d->results[i] = (struct bank_posted){
				uk_fail(UK_ERR_EXISTS), journal
			};
	}
}

static uk_err find_posted(struct desk *d, size_t from)
{
	bank_query q = bank_query_of(d->store,
	    "SELECT order_id, id FROM journal WHERE order_id IN"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	for (size_t i = 0; i < ASKED; i++)
		bank_bind_int(
		    &q, d->postings[at_most(from + i, d->count)].order);
	while (bank_query_row(&q))
		mark_posted(d, bank_col_int(&q, 0), bank_col_int(&q, 1));
	return bank_query_end(&q);
}

static bool has_orders(const struct desk *d)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->postings[i].order != 0)
			return true;
	}
	return false;
}

static uk_err read_all(struct desk *d)
{
	for (size_t i = 0; i < d->count; i++) {
		add_account(d, d->postings[i].from);
		add_account(d, d->postings[i].to);
		d->results[i] = (struct bank_posted){ uk_ok(), 0 };
	}
	/* The head first: from here on nobody else posts. */
	UK_TRY(bank_journal_lock(d->store, &d->head));
	for (size_t i = 0; i < d->account_count; i += ASKED)
		UK_TRY(lock_accounts(d, i));
	for (size_t i = 0; i < d->count && has_orders(d); i += ASKED)
		UK_TRY(find_posted(d, i));
	return uk_ok();
}

/* --- may it be? ---------------------------------------------------------- */

/* A day that is over counts no more; a clock that was set back does not begin
 * a new one. */
static int64_t spent_on(const struct account *a, int64_t day)
{
	return a->spent_day >= day ? a->spent : 0;
}

static uk_err check_limits(
    const struct account *from, const struct bank_posting *p)
{
	int64_t spent;

	if (!p->limited)
		return uk_ok();
	if (from->max_transfer > 0 && p->amount > from->max_transfer)
		return uk_fail(UK_ERR_TOO_SMALL);
	if (__builtin_add_overflow(
		spent_on(from, p->time / BANK_DAY), p->amount, &spent) ||
	    (from->max_day > 0 && spent > from->max_day))
		return uk_fail(UK_ERR_TOO_SMALL);
	return uk_ok();
}

/* Held money counts as gone, unless this very posting frees it. */
static uk_err check_funds(
    const struct account *from, const struct bank_posting *p)
{
	int64_t floor = from->min_balance + from->held;

	if (p->hold != 0)
		floor -= p->amount;
	if (__builtin_add_overflow(floor, p->amount, &floor) ||
	    from->balance < floor)
		return uk_fail(UK_ERR_CONDITIONS);
	return uk_ok();
}

static uk_err check(const struct account *from, const struct account *to,
    const struct bank_posting *p)
{
	if (from == NULL || to == NULL ||
	    !uk_bytes_eq(
		uk_view_str(from->currency), uk_view_str(to->currency)))
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(check_limits(from, p));
	UK_TRY(check_funds(from, p));
	/* Too rich: an amount that cannot be, not a lack of funds. */
	return to->balance > INT64_MAX - p->amount ? uk_fail(UK_ERR_ARGUMENT)
						   : uk_ok();
}

/* Of an open hold on this account so much is used up; refused if it is less. */
static uk_err use_hold(struct bank_store *s, const struct bank_posting *p)
{
	bank_query q = bank_query_of(s,
	    "UPDATE holds SET remaining = remaining - ?,"
	    " state = CASE WHEN remaining = ? THEN 'captured' ELSE 'open' END"
	    " WHERE id = ? AND account = ? AND state = 'open' AND expires > ?"
	    " AND remaining >= ?");

	bank_bind_int(&q, p->amount);
	bank_bind_int(&q, p->amount);
	bank_bind_int(&q, p->hold);
	bank_bind_int(&q, p->from);
	bank_bind_int(&q, p->time);
	bank_bind_int(&q, p->amount);
	UK_TRY(bank_query_run(&q));
	return bank_changes(s) == 1 ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
}

/* --- making it ----------------------------------------------------------- */

static void move(
    struct account *from, struct account *to, const struct bank_posting *p)
{
	int64_t day = p->time / BANK_DAY;

	from->balance -= p->amount;
	to->balance += p->amount;
	if (p->hold != 0)
		from->held -= p->amount;
	from->spent = spent_on(from, day) + (p->limited ? p->amount : 0);
	if (from->spent_day < day)
		from->spent_day = day;
	from->changed = to->changed = true;
}

static void make_row(const struct account *from, const struct account *to,
    const struct bank_posting *p, struct bank_journal_row *row)
{
	*row = (struct bank_journal_row){
		.time = p->time,
		.kind = uk_view_str(p->kind),
		.memo = p->memo,
		.currency = uk_view_str(from->currency),
		.order = p->order,
		.reverses = p->reverses,
		.hold = p->hold,
		.basis = p->basis,
		.count = 2,
		.entries = { { p->from, -p->amount, from->balance - p->amount },
		    { p->to, p->amount, to->balance + p->amount } },
	};
}

static uk_err write_row(struct desk *d, struct bank_journal_row *row,
    const struct bank_posting *p, size_t i)
{
	UK_TRY(bank_journal_add(d->store, &d->head, row));
	d->results[i].journal = row->id; /* and so no longer marked */
	if (p->order != 0) /* whoever has the same order comes too late */
		mark_posted(d, p->order, row->id);
	return uk_ok();
}

/* May it be? Nothing is changed yet, but for the hold, which comes last. */
static uk_err judge(struct desk *d, const struct bank_posting *p,
    struct account **from, struct account **to, struct bank_journal_row *row)
{
	if (p->amount <= 0 || p->from == p->to || p->time < 0)
		return uk_fail(UK_ERR_ARGUMENT);
	*from = find_account(d, p->from);
	*to = find_account(d, p->to);
	UK_TRY(check(*from, *to, p));
	make_row(*from, *to, p, row);
	UK_TRY(bank_journal_check(row));
	return p->hold == 0 ? uk_ok() : use_hold(d->store, p);
}

static bool is_refusal(uk_err err)
{
	return uk_is(err, UK_ERR_ARGUMENT) || uk_is(err, UK_ERR_CONDITIONS) ||
	       uk_is(err, UK_ERR_TOO_SMALL);
}

/* The refusal of a posting goes into its result; a failure of the database is
 * returned. */
static uk_err post_one(struct desk *d, size_t i)
{
	const struct bank_posting *p = &d->postings[i];
	struct bank_journal_row row;
	struct account *from, *to;
	uk_err err;

	if (!uk_is_ok(d->results[i].err)) /* its order was posted */
		return uk_ok();
	err = judge(d, p, &from, &to, &row);
	if (is_refusal(err)) {
		d->results[i].err = err;
		return uk_ok();
	}
	UK_TRY(err);
	UK_TRY(write_row(d, &row, p, i));
	move(from, to, p);
	return uk_ok();
}

static uk_err write_account(struct bank_store *s, const struct account *a)
{
	bank_query q = bank_query_of(s,
	    "UPDATE accounts SET balance = ?, held = ?, spent = ?,"
	    " spent_day = ? WHERE id = ?");

	bank_bind_int(&q, a->balance);
	bank_bind_int(&q, a->held);
	bank_bind_int(&q, a->spent);
	bank_bind_int(&q, a->spent_day);
	bank_bind_int(&q, a->id);
	return bank_query_later(&q);
}

static uk_err post_all(struct desk *d)
{
	UK_TRY(read_all(d));
	for (size_t i = 0; i < d->count; i++)
		UK_TRY(post_one(d, i));
	for (size_t i = 0; i < d->account_count; i++) {
		if (d->accounts[i].changed)
			UK_TRY(write_account(d->store, &d->accounts[i]));
	}
	return bank_journal_unlock(d->store, &d->head);
}

uk_err bank_ledger_post_many(struct bank_store *s,
    const struct bank_posting *postings, struct bank_posted *results,
    size_t count)
{
	struct desk *d;
	uk_err err;

	if (count == 0)
		return uk_ok();
	if (count > BANK_POSTINGS_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	d = uk_new(sizeof(*d));
	if (d == NULL)
		return uk_fail(UK_ERR_MEMORY);
	d->store = s;
	d->postings = postings;
	d->results = results;
	d->count = count;
	err = post_all(d);
	uk_free(d);
	return err;
}

uk_err bank_ledger_post(
    struct bank_store *s, const struct bank_posting *p, int64_t *journal)
{
	struct bank_posted result = { { 0, 0 }, 0 };

	*journal = 0;
	UK_TRY(bank_ledger_post_many(s, p, &result, 1));
	UK_TRY(result.err);
	*journal = result.journal;
	return uk_ok();
}
