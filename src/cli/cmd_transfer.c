/* ukey transfer: from the options to a complete order. */
#include "cli.h"

#include "cli_keep.h"
#include "cli_pay.h"

#include <string.h>
#include <time.h>

/* --- what the customer asks for ------------------------------------------- */

static cli_end set(struct cli *cli, const char *option, const char *value,
    char *out, size_t cap)
{
	if (value == NULL)
		return cli_ok();
	if (uk_is_ok(uk_copy_str(out, cap, uk_view_str(value))))
		return cli_ok();
	return cli_fail_because(cli, CLI_TOO_SMALL, "%s", option);
}

static cli_end set_amount(struct cli *cli, struct bc_transfer *w)
{
	uk_bytes currency = uk_view_str(w->currency);

	if (cli->opt.amount == NULL)
		return cli_ok();
	if (bank_currency_decimals(currency) < 0)
		return cli_fail_because(
		    cli, CLI_USAGE, "--currency: three letters such as CNY");
	if (!uk_is_ok(bank_parse_amount(
		uk_view_str(cli->opt.amount), currency, &w->amount)) ||
	    w->amount <= 0)
		return cli_fail_because(cli, CLI_USAGE,
		    "--amount: like 12.34, with the decimals of %s",
		    w->currency);
	return cli_ok();
}

static cli_end take_options(struct cli *cli, struct bc_transfer *w)
{
	const struct options *o = &cli->opt;
	cli_end end = set(cli, "--to", o->to, w->to, sizeof(w->to));

	if (cli_is_ok(end))
		end = set(cli, "--payee", o->payee, w->payee, sizeof(w->payee));
	if (cli_is_ok(end))
		end = set(cli, "--from", o->from, w->from, sizeof(w->from));
	if (cli_is_ok(end))
		end = set(cli, "--memo", o->memo, w->memo, sizeof(w->memo));
	if (cli_is_ok(end))
		end = set(cli, "--currency", o->currency, w->currency,
		    sizeof(w->currency));
	return cli_is_ok(end) ? set_amount(cli, w) : end;
}

static cli_end check_complete(struct cli *cli, const struct bc_transfer *w)
{
	const struct {
		const char *option;
		bool given;
	} needed[] = {
		{ "--to", w->to[0] != '\0' },
		{ "--payee", w->payee[0] != '\0' },
		{ "--currency", w->currency[0] != '\0' },
		{ "--amount", w->amount > 0 },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (!needed[i].given)
			return cli_fail_because(cli, CLI_USAGE,
			    "transfer needs %s", needed[i].option);
	}
	return cli_ok();
}

/* What is known of an order by its number: under way, or paid. */
static cli_end look_up_order(struct cli *cli, struct kept_order *k)
{
	struct kept_receipt paid;
	cli_end end = keep_load_order(cli, cli->opt.order, k);

	if (end.cause != CLI_NOT_FOUND)
		return end;
	end = keep_find_receipt(cli, cli->opt.order, &paid);
	if (!cli_is_ok(end))
		return end;
	*k = paid.order; /* handed over */
	paid.order = (struct kept_order){ 0 };
	kept_receipt_free(&paid);
	return cli_ok();
}

/* A number of our own, or the one to take up again with what is known of it. */
static cli_end number_order(struct cli *cli, struct kept_order *k)
{
	struct timespec now;
	cli_end end;

	if (cli->opt.order == NULL) {
		clock_gettime(CLOCK_REALTIME, &now);
		return cli_from_err(bc_make_order_number(cli->crypto,
		    (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
		    k->want.order));
	}
	if (!bank_order_number_ok(uk_view_str(cli->opt.order)) ||
	    cli->opt.order[0] == '.')
		return cli_fail_because(
		    cli, CLI_USAGE, "--order: letters, digits, - _ . only");
	end = look_up_order(cli, k);
	if (end.cause != CLI_NOT_FOUND)
		return end;
	/* Not known here: the options must say it all. */
	cli->detail[0] = '\0';
	return set(cli, "--order", cli->opt.order, k->want.order,
	    sizeof(k->want.order));
}

/* Options that say something else than the order that is taken up are told by
 * the bank: order-conflict. A signature is good for the old text only. */
static cli_end read_order(struct cli *cli, struct kept_order *k)
{
	cli_end end = number_order(cli, k);

	if (cli_is_ok(end))
		end = take_options(cli, &k->want);
	return cli_is_ok(end) ? check_complete(cli, &k->want) : end;
}

/* Without --from: the only account in that currency. */
cli_end cli_choose_account(
    struct cli *cli, const struct bc_accounts *a, struct bc_transfer *w)
{
	size_t fitting = 0;

	if (w->from[0] != '\0')
		return cli_ok();
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->items[i].currency, w->currency) != 0)
			continue;
		fitting++;
		UK_IGNORE(uk_copy_str(w->from, sizeof(w->from),
		    uk_view_str(a->items[i].account))); /* same size */
	}
	if (fitting == 1)
		return cli_ok();
	return cli_fail_because(cli, CLI_USAGE,
	    "%zu accounts in %s: choose with --from", fitting, w->currency);
}

/* --- the command ---------------------------------------------------------- */

/* The bank has said a no that repeating does not change. */
static bool refused_for_good(enum cli_cause cause)
{
	return cause > CLI_SAID_NO_SESSION && cause < CLI_CAUSE_COUNT;
}

/* Nothing was paid and nobody was told the number: the note has no use. Nor has
 * one of an order that is void. */
void cli_drop_useless_note(
    struct cli *cli, const struct kept_order *k, cli_end end)
{
	bool untold = cli->opt.order == NULL &&
		      (k->signature.n == 0 || refused_for_good(end.cause));

	if (!cli_is_ok(end) && k->want.order[0] != '\0' &&
	    (untold || end.cause == CLI_SAID_ORDER_EXPIRED))
		(void)keep_forget_order(k->want.order).cause; /* tidying */
}

cli_end cmd_transfer(struct cli *cli)
{
	struct kept_order k = { 0 };
	struct bc_accounts accounts = { 0 };
	cli_end end = read_order(cli, &k);

	if (cli_is_ok(end))
		end = cli_session(cli, &accounts);
	if (cli_is_ok(end))
		end = cli_choose_account(cli, &accounts, &k.want);
	if (cli_is_ok(end))
		end = cli_pay(cli, &k);
	cli_drop_useless_note(cli, &k, end);
	bc_accounts_free(&accounts);
	kept_order_free(&k);
	return end;
}
