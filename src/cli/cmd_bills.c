/* ukey bills, pay and reject: what merchants want, and what one says to it. */
#include "cli_bills.h"

#include "cli_bound.h"
#include "cli_keep.h"
#include "cli_pay.h"
#include "secret.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- showing -------------------------------------------------------------- */

static const char *time_text(int64_t seconds, uint8_t out[21])
{
	uk_buf b = uk_buf_over(out, 20);

	out[0] = out[20] = '\0';
	bank_put_time(&b, seconds);
	return (const char *)out;
}

json_t *cli_bill_json(const struct bc_bill *b)
{
	uint8_t until[21];

	return json_pack(
	    "{s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "bill",
	    b->bill, "merchant", b->merchant, "orderNumber", b->merchant_order,
	    "payee", b->payee, "to", b->to, "amount", (json_int_t)b->amount,
	    "currency", b->currency, "memo", b->memo, "state", b->state,
	    "reason", b->reason, "receipt", b->receipt, "expiresAt",
	    time_text(b->expires, until), "merchantTold", b->merchant_told);
}

void cli_show_bill(struct cli *cli, const struct bc_bill *b)
{
	char money[48];
	uint8_t until[21];

	cli_print(cli, "%s  %-9s %16s  %s (%s)  %s  until %s%s%s", b->bill,
	    b->state, cli_money(b->amount, b->currency, money), b->payee,
	    b->merchant, b->memo, time_text(b->expires, until),
	    b->reason[0] == '\0' ? "" : "  ", b->reason);
}

static cli_end list(struct cli *cli)
{
	struct bc_bills bills;
	json_t *array = json_array();
	cli_end end = cli_fail_bank(
	    cli, bc_get_bills(cli->bank, cli->opt.all, 0, 0, &bills));

	for (size_t i = 0; cli_is_ok(end) && i < bills.n; i++) {
		const struct bc_bill *b = &bills.items[i];

		cli_show_bill(cli, b);
		if (json_array_append_new(array, cli_bill_json(b)) != 0)
			end = cli_fail(CLI_MEMORY);
	}
	if (cli_is_ok(end) && bills.n == 0)
		cli_print(cli, "No bills.");
	bc_bills_free(&bills);
	if (cli_is_ok(end) && cli->opt.json)
		return cli_print_json(json_pack("{s:o}", "bills", array));
	json_decref(array);
	return end;
}

/* --- paying --------------------------------------------------------------- */

/* The order that pays the bill; a number of its own each time, because one that
 * was refused stays refused. */
static cli_end begin_order(
    struct cli *cli, const struct bc_bill *bill, struct kept_order *k)
{
	struct timespec now;
	uk_err err = bc_bill_transfer(bill, &k->want);

	if (uk_is_ok(err) && cli->opt.from != NULL)
		err = uk_copy_str(k->want.from, sizeof(k->want.from),
		    uk_view_str(cli->opt.from));
	clock_gettime(CLOCK_REALTIME, &now);
	if (uk_is_ok(err))
		err = bc_make_order_number(cli->crypto,
		    (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
		    k->want.order);
	return cli_from_err(err);
}

void cli_ask_line(const char *question, char *line, int cap)
{
	fprintf(stderr, "%s", question);
	fflush(stderr);
	if (fgets(line, cap, stdin) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static bool is_bound(const struct bound *b, const char *account)
{
	for (size_t i = 0; i < b->n; i++) {
		if (strcmp(b->numbers[i], account) == 0)
			return true;
	}
	return false;
}

/* Those that are bound to the card and have this currency; a bound one is
 * wanted if it is the only one, else a person is asked for its number here. */
static void choose_bound(struct cli *cli, const struct bound *bound,
    const struct bc_accounts *accounts, struct bc_transfer *w)
{
	const char *found[BOUND_MAX];
	char line[8] = "", shown[64];
	size_t n = 0;

	for (size_t i = 0; i < accounts->n && n < BOUND_MAX; i++) {
		const struct bc_account *a = &accounts->items[i];

		if (strcmp(a->currency, w->currency) == 0 &&
		    is_bound(bound, a->account))
			found[n++] = a->account;
	}
	for (size_t i = 0; n > 1 && i < n; i++)
		cli_say(cli, "%zu  %s", i + 1, cli_masked(found[i], shown));
	if (n > 1 && isatty(STDIN_FILENO))
		cli_ask_line("Which (Enter: none)? ", line, sizeof(line));
	if (n == 1)
		line[0] = '1';
	if (line[0] >= '1' && (size_t)(line[0] - '0') <= n)
		UK_IGNORE(uk_copy_str(w->from, sizeof(w->from),
		    uk_view_str(found[line[0] - '1']))); /* same size */
}

/* With several accounts and no --from: what is bound to the card. */
static cli_end offer_bound(
    struct cli *cli, const struct bc_accounts *accounts, struct bc_transfer *w)
{
	struct bound bound;
	size_t fitting = 0;
	cli_end end;

	for (size_t i = 0; i < accounts->n; i++)
		fitting += strcmp(accounts->items[i].currency, w->currency) ==
			   0;
	if (w->from[0] != '\0' || fitting < 2)
		return cli_ok();
	end = cli_read_bound(cli, &bound);
	if (cli_is_ok(end))
		choose_bound(cli, &bound, accounts, w);
	uk_wipe(&bound, sizeof(bound));
	return end;
}

static cli_end pay_from(struct cli *cli, const struct bc_bill *bill,
    const struct bc_accounts *accounts)
{
	struct kept_order k = { 0 };
	cli_end end = begin_order(cli, bill, &k);

	if (cli_is_ok(end))
		end = offer_bound(cli, accounts, &k.want);
	if (cli_is_ok(end))
		end = cli_choose_account(cli, accounts, &k.want);
	if (cli_is_ok(end))
		end = cli_pay(cli, &k);
	cli_drop_useless_note(cli, &k, end);
	kept_order_free(&k);
	return end;
}

cli_end cli_pay_bill(struct cli *cli, const struct bc_bill *bill,
    const struct bc_accounts *accounts)
{
	char account[BC_NAME_MAX + 2];
	const char *wanted = cli->opt.from;
	cli_end end = pay_from(cli, bill, accounts);

	while (end.cause == CLI_SAID_INSUFFICIENT_FUNDS && accounts->n > 1 &&
	       isatty(STDIN_FILENO)) {
		cli_say(cli, "Not enough money there, and nothing was paid.");
		cli_ask_line("Another account (Enter: none): ", account,
		    sizeof(account));
		if (account[0] == '\0')
			break;
		cli->opt.from = account;
		end = pay_from(cli, bill, accounts);
	}
	cli->opt.from = wanted;
	return end;
}

cli_end cmd_pay(struct cli *cli)
{
	struct bc_accounts accounts;
	struct bc_bill bill;
	cli_end end = cli_session(cli, &accounts);

	if (cli_is_ok(end))
		end = cli_fail_bank(
		    cli, bc_get_bill(cli->bank, cli->opt.argument, &bill));
	if (cli_is_ok(end))
		end = cli_pay_bill(cli, &bill, &accounts);
	bc_accounts_free(&accounts);
	return end;
}

/* --- rejecting ------------------------------------------------------------ */

cli_end cli_reject_bill(struct cli *cli, const char *number)
{
	struct bc_bill bill;
	cli_end end = cli_fail_bank(
	    cli, bc_reject_bill(cli->bank, number,
		     cli->opt.reason == NULL ? "" : cli->opt.reason, &bill));

	if (!cli_is_ok(end))
		return end;
	cli_show_bill(cli, &bill);
	if (cli->opt.json)
		return cli_print_json(cli_bill_json(&bill));
	return cli_ok();
}

cli_end cmd_reject(struct cli *cli)
{
	struct bc_accounts accounts;
	cli_end end = cli_session(cli, &accounts);

	bc_accounts_free(&accounts);
	return cli_is_ok(end) ? cli_reject_bill(cli, cli->opt.argument) : end;
}

/* --- the list ------------------------------------------------------------- */

cli_end cmd_bills(struct cli *cli)
{
	struct bc_accounts accounts;
	cli_end end;

	if (cli->opt.watch)
		return cli_watch_bills(cli);
	end = cli_session(cli, &accounts);
	if (cli_is_ok(end))
		end = list(cli);
	bc_accounts_free(&accounts);
	return end;
}
