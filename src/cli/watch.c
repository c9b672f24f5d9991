/* ukey bills --watch: bills come up by themselves. */
#include "cli_bills.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAUSE_MOST = 30 /* seconds, while the bank cannot be reached */ };

struct watch {
	bool begun;
	int64_t last; /* number of the last event heard of */
	/* What was shown of the list that it began with: such a bill may also
	 * come as an event. */
	struct bc_bills first;
	unsigned pause;
};

static bool was_listed(const struct watch *w, const char *number)
{
	for (size_t i = 0; i < w->first.n; i++) {
		if (strcmp(w->first.items[i].bill, number) == 0)
			return true;
	}
	return false;
}

/* --- telling others ------------------------------------------------------- */

/* What a program is told besides the number. No shell reads it. */
static void put_environment(const struct bc_bill *b)
{
	char money[48];
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "UKEY_BILL", b->bill },
		{ "UKEY_MERCHANT", b->merchant },
		{ "UKEY_PAYEE", b->payee },
		{ "UKEY_AMOUNT", cli_money(b->amount, b->currency, money) },
		{ "UKEY_MEMO", b->memo },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		setenv(rows[i].name, rows[i].value, 1);
}

/* Without a shell; waited for. */
static void run(struct cli *cli, const struct bc_bill *b, char *const argv[])
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		put_environment(b);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		cli_say(cli, "%s cannot be started", argv[0]);
}

static void run_program(struct cli *cli, const struct bc_bill *b)
{
	char program[512], number[BC_NAME_MAX + 1];
	char *const argv[] = { program, number, NULL };

	if (!uk_is_ok(uk_copy_str(
		program, sizeof(program), uk_view_str(cli->opt.exec))) ||
	    !uk_is_ok(
		uk_copy_str(number, sizeof(number), uk_view_str(b->bill)))) {
		cli_say(cli, "--exec: the name is too long");
		return;
	}
	run(cli, b, argv);
}

/* By notify-send (package libnotify-bin), which every desktop has. "<" and "&"
 * cannot be in a bill's texts, so none of them is markup. */
static void notify(struct cli *cli, const struct bc_bill *b)
{
	static char program[] = "notify-send", app[] = "--app-name=ukey",
		    urgency[] = "--urgency=critical", end[] = "--";
	char title[2 * BC_TEXT_MAX], body[2 * BC_TEXT_MAX], money[48];
	char *const argv[] = { program, app, urgency, end, title, body, NULL };

	snprintf(title, sizeof(title), "%s: %s", b->payee,
	    cli_money(b->amount, b->currency, money));
	snprintf(body, sizeof(body), "%s\nukey pay %s", b->memo, b->bill);
	run(cli, b, argv);
}

/* --- a bill comes up ------------------------------------------------------ */

/* A failure with one bill is said and does not end the watch. */
static void ask_what_to_do(struct cli *cli, const struct bc_bill *b,
    const struct bc_accounts *accounts)
{
	char line[16];
	cli_end end = cli_ok();

	cli_ask_line("[p]ay, [r]eject, or later (Enter)? ", line, sizeof(line));
	if (strcmp(line, "p") == 0)
		end = cli_pay_bill(cli, b, accounts);
	else if (strcmp(line, "r") == 0)
		end = cli_reject_bill(cli, b->bill);
	if (!cli_is_ok(end))
		cli_report(cli, end);
	cli->detail[0] = '\0';
}

static void come_up(struct cli *cli, const struct bc_bill *b,
    const struct bc_accounts *accounts)
{
	cli_show_bill(cli, b);
	if (cli->opt.json)
		(void)cli_print_json(cli_bill_json(b)).cause;
	fflush(stdout);
	/* Whether the bank hears of it does not matter to the person. */
	(void)bc_show_bill(cli->bank, b->bill).fault;
	if (cli->opt.notify)
		notify(cli, b);
	if (cli->opt.exec != NULL)
		run_program(cli, b);
	else if (isatty(STDIN_FILENO) && !cli->opt.json)
		ask_what_to_do(cli, b, accounts);
}

/* --- watching ------------------------------------------------------------- */

/* What waits already, the oldest first; and from where events count. */
static bc_result show_list(
    struct cli *cli, struct watch *w, const struct bc_accounts *accounts)
{
	bc_result r = bc_get_bills(cli->bank, false, 0, 0, &w->first);

	if (!bc_is_ok(r))
		return r;
	w->begun = true;
	w->last = w->first.last;
	for (size_t i = w->first.n; i-- > 0;)
		come_up(cli, &w->first.items[i], accounts);
	return r;
}

/* A bill may have been answered elsewhere before one hears of it. */
static bool waits(const struct bc_bill *b)
{
	return strcmp(b->state, "open") == 0 || strcmp(b->state, "shown") == 0;
}

/* Until the stream breaks. An event that was heard of is not asked for again,
 * whatever happens while its bill is shown. */
static bc_result follow(
    struct cli *cli, struct watch *w, const struct bc_accounts *accounts)
{
	bc_events *events = NULL;
	struct bc_event e;
	bc_result r = bc_events_open(cli->bank, w->last, &events);

	if (bc_is_ok(r))
		w->pause = 1;
	while (bc_is_ok(r)) {
		r = bc_events_next(events, &e);
		if (!bc_is_ok(r) || e.number <= w->last)
			continue;
		w->last = e.number;
		if (strcmp(e.kind, "new") == 0 && !was_listed(w, e.bill.bill) &&
		    waits(&e.bill))
			come_up(cli, &e.bill, accounts);
	}
	bc_events_close(&events);
	return r;
}

static bool will_pass(cli_end end)
{
	return end.cause == CLI_BANK_UNREACHABLE ||
	       end.cause == CLI_BANK_NO_ANSWER || end.cause == CLI_SAID_BUSY ||
	       end.cause == CLI_SAID_INTERNAL;
}

static void wait_a_little(struct cli *cli, struct watch *w)
{
	if (w->pause == 2) /* not for every short break */
		cli_say(cli, "The bank cannot be reached; trying again.");
	sleep(w->pause);
	w->pause = w->pause * 2 > PAUSE_MOST ? PAUSE_MOST : w->pause * 2;
}

/* With one session: until it ends. */
static cli_end watch(
    struct cli *cli, struct watch *w, const struct bc_accounts *accounts)
{
	cli_end end = cli_ok();

	while (cli_is_ok(end)) {
		bc_result r = bc_ok();

		if (!w->begun)
			r = show_list(cli, w, accounts);
		if (bc_is_ok(r))
			r = follow(cli, w, accounts);
		end = cli_fail_bank(cli, r);
		if (!will_pass(end))
			break;
		cli->detail[0] = '\0';
		wait_a_little(cli, w);
		end = cli_ok(); /* behind the same number */
	}
	return end;
}

cli_end cli_watch_bills(struct cli *cli)
{
	struct watch w = { .pause = 1 };
	cli_end end;

	do {
		struct bc_accounts accounts;

		end = cli_session(cli, &accounts);
		if (cli_is_ok(end))
			end = watch(cli, &w, &accounts);
		else if (w.begun && will_pass(end)) {
			wait_a_little(cli, &w);
			end = cli_fail(CLI_SAID_NO_SESSION);
		}
		bc_accounts_free(&accounts);
	} while (end.cause == CLI_SAID_NO_SESSION);
	bc_bills_free(&w.first);
	return end;
}
