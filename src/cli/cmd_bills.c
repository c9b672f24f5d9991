/* ukey bills, pay and reject: what merchants want, and what one says to it. */
#include "cli.h"

#include "cli_bound.h"
#include "cli_keep.h"
#include "cli_pay.h"
#include "secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	WAIT_SECONDS = 20, /* for one answer; then it is asked again */
	SEEN = 256,
	PAUSE_MOST = 30 /* seconds, while the bank cannot be reached */
};

/* --- showing -------------------------------------------------------------- */

static json_t *bill_json(const struct bc_bill *b, const char *expires)
{
	return json_pack(
	    "{s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "bill",
	    b->bill, "merchant", b->merchant, "orderNumber", b->merchant_order,
	    "payee", b->payee, "to", b->to, "amount", (json_int_t)b->amount,
	    "currency", b->currency, "memo", b->memo, "state", b->state,
	    "reason", b->reason, "receipt", b->receipt, "expiresAt", expires,
	    "merchantTold", b->merchant_told);
}

static const char *time_text(int64_t seconds, uint8_t out[21])
{
	uk_buf b = uk_buf_over(out, 20);

	out[0] = out[20] = '\0';
	bank_put_time(&b, seconds);
	return (const char *)out;
}

static void show(struct cli *cli, const struct bc_bill *b)
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
	uint8_t until[21];
	cli_end end = cli_fail_bank(
	    cli, bc_get_bills(cli->bank, cli->opt.all, 0, 0, &bills));

	for (size_t i = 0; cli_is_ok(end) && i < bills.n; i++) {
		const struct bc_bill *b = &bills.items[i];

		show(cli, b);
		if (json_array_append_new(
			array, bill_json(b, time_text(b->expires, until))) != 0)
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

/* A line from the terminal, without its end; "" at the end of input. */
static void ask(const char *question, char *line, int cap)
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
		ask("Which (Enter: none)? ", line, sizeof(line));
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

/* Not enough money leads back to the choice, while somebody is there. */
static cli_end pay_bill(struct cli *cli, const struct bc_bill *bill,
    const struct bc_accounts *accounts)
{
	char account[BC_NAME_MAX + 2];
	const char *wanted = cli->opt.from;
	cli_end end = pay_from(cli, bill, accounts);

	while (end.cause == CLI_SAID_INSUFFICIENT_FUNDS && accounts->n > 1 &&
	       isatty(STDIN_FILENO)) {
		cli_say(cli, "Not enough money there, and nothing was paid.");
		ask("Another account (Enter: none): ", account,
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
		end = pay_bill(cli, &bill, &accounts);
	bc_accounts_free(&accounts);
	return end;
}

/* --- rejecting ------------------------------------------------------------ */

static cli_end reject(struct cli *cli, const char *number)
{
	struct bc_bill bill;
	uint8_t until[21];
	cli_end end = cli_fail_bank(
	    cli, bc_reject_bill(cli->bank, number,
		     cli->opt.reason == NULL ? "" : cli->opt.reason, &bill));

	if (!cli_is_ok(end))
		return end;
	show(cli, &bill);
	if (cli->opt.json)
		return cli_print_json(
		    bill_json(&bill, time_text(bill.expires, until)));
	return cli_ok();
}

cli_end cmd_reject(struct cli *cli)
{
	struct bc_accounts accounts;
	cli_end end = cli_session(cli, &accounts);

	bc_accounts_free(&accounts);
	return cli_is_ok(end) ? reject(cli, cli->opt.argument) : end;
}

/* --- watching ------------------------------------------------------------- */

struct seen {
	char numbers[SEEN][BC_NAME_MAX + 1];
	size_t next;
};

/* Told already? Now it is. The oldest are forgotten. */
static bool is_new(struct seen *s, const char *number)
{
	for (size_t i = 0; i < SEEN; i++) {
		if (strcmp(s->numbers[i], number) == 0)
			return false;
	}
	UK_IGNORE(uk_copy_str(s->numbers[s->next], BC_NAME_MAX + 1,
	    uk_view_str(number))); /* same size */
	s->next = (s->next + 1) % SEEN;
	return true;
}

/* PROGRAM BILL, without a shell; waited for. */
static void run_program(struct cli *cli, const char *number)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execlp(cli->opt.exec, cli->opt.exec, number, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		cli_say(cli, "%s cannot be started", cli->opt.exec);
}

/* A failure with one bill is said and does not end the watch. */
static void ask_what_to_do(struct cli *cli, const struct bc_bill *b,
    const struct bc_accounts *accounts)
{
	char line[16];
	cli_end end = cli_ok();

	ask("[p]ay, [r]eject, or later (Enter)? ", line, sizeof(line));
	if (strcmp(line, "p") == 0)
		end = pay_bill(cli, b, accounts);
	else if (strcmp(line, "r") == 0)
		end = reject(cli, b->bill);
	if (!cli_is_ok(end))
		cli_report(cli, end);
	cli->detail[0] = '\0';
}

static void come_up(struct cli *cli, const struct bc_bill *b,
    const struct bc_accounts *accounts)
{
	uint8_t until[21];

	show(cli, b);
	if (cli->opt.json)
		(void)cli_print_json(bill_json(b, time_text(b->expires, until)))
		    .cause;
	fflush(stdout);
	/* Whether the bank hears of it does not matter to the person. */
	(void)bc_show_bill(cli->bank, b->bill).fault;
	if (cli->opt.exec != NULL)
		run_program(cli, b->bill);
	else if (isatty(STDIN_FILENO) && !cli->opt.json)
		ask_what_to_do(cli, b, accounts);
}

static cli_end watch(struct cli *cli, const struct bc_accounts *accounts)
{
	struct seen seen = { .next = 0 };
	struct bc_bills bills;
	int64_t after = 0;
	unsigned pause = 1, wait = 0;

	for (;;) {
		bc_result r = bc_get_bills(
		    cli->bank, false, after, wait, &bills);

		if (r.fault == BC_UNREACHABLE || r.fault == BC_NO_ANSWER) {
			sleep(pause);
			pause = pause * 2 > PAUSE_MOST ? PAUSE_MOST : pause * 2;
			continue; /* behind the same number */
		}
		if (!bc_is_ok(r))
			return cli_fail_bank(cli, r);
		pause = 1;
		wait = WAIT_SECONDS;
		after = bills.last;
		for (size_t i = bills.n; i-- > 0;) {
			if (is_new(&seen, bills.items[i].bill))
				come_up(cli, &bills.items[i], accounts);
		}
		bc_bills_free(&bills);
	}
}

cli_end cmd_bills(struct cli *cli)
{
	struct bc_accounts accounts;
	cli_end end = cli_session(cli, &accounts);

	/* A session that has ended: once more from the login. */
	while (cli_is_ok(end) && cli->opt.watch) {
		end = watch(cli, &accounts);
		if (end.cause != CLI_SAID_NO_SESSION)
			break;
		bc_accounts_free(&accounts);
		end = cli_session(cli, &accounts);
	}
	if (cli_is_ok(end))
		end = list(cli);
	bc_accounts_free(&accounts);
	return end;
}
