/* The subcommands about accounts and the books. */
#include "audit.h"
#include "cmd_parts.h"
#include "customers.h"
#include "hex.h"
#include "ledger.h"
#include "proto.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* --- account ------------------------------------------------------------- */

static uk_err deposit_into(
    struct bank_store *s, const char *number, int64_t amount)
{
	struct bank_account account;

	if (amount == 0)
		return uk_ok();
	UK_TRY(bank_account_find(s, uk_view_str(number), &account));
	return bank_ledger_deposit(s, &account, amount, time(NULL));
}

static enum bank_exit make_account(
    struct bank_store *s, const struct bank_options *o, int64_t deposit)
{
	int64_t customer, id;
	uk_err err = bank_customer_make(s, uk_view_str(o->customer), &customer);

	if (!uk_is_ok(err))
		return bank_failed(err, "--customer");
	err = bank_account_make(s, customer, uk_view_str(o->account),
	    uk_view_str(o->customer), uk_view_str(o->currency), &id);
	if (uk_is(err, UK_ERR_EXISTS))
		return bank_complain(BANK_EXIT_EXISTS, o->account,
		    "there is an account of this number: choose another");
	if (!uk_is_ok(err))
		return bank_failed(err, "--account");
	err = deposit_into(s, o->account, deposit);
	return uk_is_ok(err) ? BANK_EXIT_OK : bank_failed(err, "--deposit");
}

/* The account with its first money, or nothing. */
static enum bank_exit make_account_once(
    struct bank_store *s, const struct bank_options *o, int64_t deposit)
{
	uk_err err = bank_begin(s);
	enum bank_exit code;

	if (!uk_is_ok(err))
		return bank_failed(err, "account");
	code = make_account(s, o, deposit);
	if (code == BANK_EXIT_OK && !uk_is_ok(err = bank_commit(s)))
		code = bank_failed(err, "account");
	if (code != BANK_EXIT_OK)
		bank_rollback(s);
	return code;
}

enum bank_exit bank_cmd_account(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	int64_t deposit = 0;
	enum bank_exit code;

	if (bank_currency_decimals(uk_view_str(o->currency)) < 0)
		return bank_complain(BANK_EXIT_DATA, "--currency",
		    "not a currency of this bank (try CNY, EUR, USD)");
	if (!bank_account_number_ok(uk_view_str(o->account)))
		return bank_complain(BANK_EXIT_DATA, "--account",
		    "1 to 34 letters, digits and '-'");
	if (!bank_customer_name_ok(uk_view_str(o->customer)))
		return bank_bad_name("--customer");
	if (o->deposit != NULL &&
	    !uk_is_ok(bank_parse_amount(
		uk_view_str(o->deposit), uk_view_str(o->currency), &deposit)))
		return bank_complain(
		    BANK_EXIT_DATA, "--deposit", "an amount like 1000.00");
	code = bank_open_store(o, &store);
	if (code == BANK_EXIT_OK)
		code = make_account_once(store, o, deposit);
	bank_store_close(&store);
	if (code == BANK_EXIT_OK)
		printf("account %s of %s in %s\n", o->account, o->customer,
		    o->currency);
	return code;
}

/* --- limits --------------------------------------------------------------- */

/* An option left out changes nothing. */
static uk_err read_amount(
    const char *text, const struct bank_account *a, int64_t *out)
{
	return text == NULL ? uk_ok()
			    : bank_parse_amount(uk_view_str(text),
				  uk_view_str(a->currency), out);
}

static uk_err read_limits(const struct bank_options *o, struct bank_account *a)
{
	int64_t overdraft = -a->min_balance;

	UK_TRY(read_amount(o->per_transfer, a, &a->max_transfer));
	UK_TRY(read_amount(o->per_day, a, &a->max_day));
	UK_TRY(read_amount(o->overdraft, a, &overdraft));
	a->min_balance = -overdraft;
	return uk_ok();
}

static enum bank_exit set_limits(
    struct bank_store *s, const struct bank_options *o)
{
	struct bank_account a;
	uk_err err = bank_account_find(s, uk_view_str(o->account), &a);

	if (!uk_is_ok(err))
		return bank_failed(err, o->account);
	err = read_limits(o, &a);
	if (!uk_is_ok(err))
		return bank_complain(BANK_EXIT_DATA, "limits",
		    "amounts like 1000.00; 0: no limit, no overdraft");
	err = bank_account_limit(s, &a);
	if (uk_is(err, UK_ERR_CONDITIONS))
		return bank_complain(BANK_EXIT_DATA, "--overdraft",
		    "the account has less than that now: nothing was changed");
	if (!uk_is_ok(err))
		return bank_failed(err, "limits");
	printf("account %s: one transfer %" PRId64 ", one day %" PRId64
	       ", lowest balance %" PRId64 " (minor units of %s; 0: no "
	       "limit)\n",
	    a.number, a.max_transfer, a.max_day, a.min_balance, a.currency);
	return BANK_EXIT_OK;
}

enum bank_exit bank_cmd_limits(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	enum bank_exit code = bank_open_store(o, &store);

	if (code == BANK_EXIT_OK)
		code = set_limits(store, o);
	bank_store_close(&store);
	return code;
}

/* --- reverse ------------------------------------------------------------- */

static enum bank_exit reversal_problem(uk_err err)
{
	switch (err.code) {
	case UK_ERR_NOT_FOUND:
		return bank_complain(BANK_EXIT_NO_INPUT, "--journal",
		    "there is no such row: nothing was posted");
	case UK_ERR_EXISTS:
		return bank_complain(BANK_EXIT_EXISTS, "--journal",
		    "this row was taken back before: nothing was posted");
	case UK_ERR_CONDITIONS:
		return bank_complain(BANK_EXIT_DATA, "--journal",
		    "who got the money has too little left: nothing was "
		    "posted");
	case UK_ERR_ARGUMENT:
		return bank_complain(BANK_EXIT_DATA, "--journal",
		    "this row takes another one back itself: nothing was "
		    "posted");
	default:
		return bank_failed(err, "reverse");
	}
}

static uk_err reverse(
    struct bank_store *s, const struct bank_options *o, int64_t *counter)
{
	uk_err err;

	UK_TRY(bank_begin(s));
	err = bank_ledger_reverse(
	    s, o->journal, uk_view_str(o->reason), time(NULL), counter);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

enum bank_exit bank_cmd_reverse(const struct bank_options *o)
{
	struct bank_store *store = NULL;
	int64_t counter = 0;
	enum bank_exit code;
	uk_err err;

	if (!uk_tx_value_ok(uk_view_str(o->reason)))
		return bank_bad_name("--reason");
	code = bank_open_store(o, &store);
	if (code != BANK_EXIT_OK)
		return code;
	err = reverse(store, o, &counter);
	bank_store_close(&store);
	if (!uk_is_ok(err))
		return reversal_problem(err);
	printf("journal row %" PRId64 " takes back row %" PRId64 "\n", counter,
	    o->journal);
	return BANK_EXIT_OK;
}

/* --- audit --------------------------------------------------------------- */

static void print_findings(const struct bank_audit *a)
{
	const struct {
		const char *what;
		int64_t count;
	} rows[] = {
		{ "unbalanced rows", a->unbalanced_rows },
		{ "accounts unlike their entries", a->wrong_balances },
		{ "currencies not adding up to zero", a->uneven_currencies },
		{ "orders not posted once", a->unposted_orders },
		{ "accounts unlike their holds", a->wrong_holds },
		{ "accounts below their limit", a->below_limit },
		{ "reversals unlike their rows", a->wrong_reversals },
		{ "entries in another currency", a->wrong_currencies },
		{ "orders unlike what was signed", a->wrong_evidence },
		{ "the chain is broken at row", a->broken_chain },
	};

	printf("THE BOOKS ARE WRONG:");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].count != 0)
			printf(" %s %" PRId64 ";", rows[i].what, rows[i].count);
	}
	printf("\n");
}

static void print_head(const struct bank_head *head)
{
	uint8_t storage[2 * BANK_HASH];
	uk_buf text = UK_BUF(storage);

	uk_put_hex(&text, UK_ARRAY(head->hash));
	printf("journal head %" PRId64 " %.*s\n", head->height, (int)text.len,
	    (const char *)text.p);
}

/* 64 hexadecimal digits, or nothing. */
static bool read_hash(const char *text, uk_buf *out)
{
	return text == NULL ||
	       (uk_is_ok(uk_hex_decode(uk_view_str(text), out)) &&
		   out->len == BANK_HASH);
}

static enum bank_exit judge(const struct bank_audit *a, uk_bytes expect)
{
	printf("journal rows %" PRId64 ", entries %" PRId64
	       ", orders posted %" PRId64 "\n",
	    a->journal_rows, a->entries, a->orders_posted);
	print_head(&a->head);
	if (!bank_audit_good(a)) {
		print_findings(a);
		return BANK_EXIT_AUDIT;
	}
	if (expect.n > 0 && !uk_bytes_eq(expect, UK_ARRAY(a->head.hash))) {
		printf("THE BOOKS ARE WRONG: the head is not the one "
		       "expected\n");
		return BANK_EXIT_AUDIT;
	}
	printf("the books balance\n");
	return BANK_EXIT_OK;
}

enum bank_exit bank_cmd_audit(const struct bank_options *o)
{
	uint8_t storage[2][BANK_HASH];
	uk_buf expect = UK_BUF(storage[0]), since = UK_BUF(storage[1]);
	struct bank_store *store = NULL;
	struct bank_audit a;
	enum bank_exit code;
	uk_err err;

	if (!read_hash(o->expect, &expect) || !read_hash(o->since, &since))
		return bank_complain(BANK_EXIT_DATA, "--expect, --since",
		    "a head that an audit printed: 64 hexadecimal digits");
	code = bank_open_store(o, &store);
	if (code != BANK_EXIT_OK)
		return code;
	err = bank_audit(store, uk_buf_view(&since), &a);
	bank_store_close(&store);
	if (uk_is(err, UK_ERR_NOT_FOUND)) {
		printf("THE BOOKS ARE WRONG: no row has the head given by "
		       "--since\n");
		return BANK_EXIT_AUDIT;
	}
	return uk_is_ok(err) ? judge(&a, uk_buf_view(&expect))
			     : bank_failed(err, "audit");
}
