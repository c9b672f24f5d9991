/* The command line, and the help for a stranger. */
#include "cli_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "ukey - log in at the bank and pay with your bank card\n"
    "\n"
    "usage: ukey COMMAND [options]\n"
    "\n"
    "  login            log in with the card's PIN; shows your accounts\n"
    "  transfer         pay: shows the order, asks, signs with the card\n"
    "      --to ACCOUNT --payee NAME --amount 12.34 --currency CNY\n"
    "      [--from ACCOUNT] [--memo TEXT] [--yes]\n"
    "      [--order NUMBER]     take up an order again; never pays twice\n"
    "  bills            what merchants want from you\n"
    "      [--all]              also those that are answered\n"
    "      [--watch [--notify] [--exec PROGRAM]]   waits, and shows each as\n"
    "                           it comes; on the desktop; to a program\n"
    "  pay BILL         pays a bill: shows it, asks, signs with the card\n"
    "      [--from ACCOUNT] [--yes]\n"
    "  reject BILL      [--reason TEXT]; the merchant is told\n"
    "  enrol            asks the bank for a certificate for a key of the "
    "card,\n"
    "                   and puts it there once the bank has agreed\n"
    "      --purpose login|transaction --name NAME [--key ID]\n"
    "      [--fetch]            only sees what has become of it\n"
    "  bind NUMBER      keeps an account's number on the card, sealed by it\n"
    "  bound            what is bound to the card, masked\n"
    "  unbind NUMBER    takes it off the card\n"
    "  records          what came in and went out\n"
    "      [--account ACCOUNT] [--limit N]\n"
    "  cards            readers, cards, keys, certificates, PIN tries left\n"
    "      [--terminal-key]     the key of a reader with a screen (PEM)\n"
    "  doctor           finds what is broken and says what to do\n"
    "  verify-receipt FILE   checks a kept receipt, without the bank\n"
    "  verify-evidence FILE [--at TIME]   checks what a bank keeps of an "
    "order\n"
    "  logout           ends the session\n"
    "\n"
    "options for all commands:\n"
    "  --bank URL       the bank, https://host[:port]\n"
    "  --ca FILE        CA certificates trusted for this bank (PEM)\n"
    "  --binding WHAT   login bound to exporter (the connection),\n"
    "                   end-point (where a front ends TLS) or none\n"
    "  --module PATH    PKCS#11 module to use instead of the installed one\n"
    "  --token URI      PKCS#11 URI of the card, if there are several\n"
    "  --pinentry PROG  ask for the PIN with this program\n"
    "  --pin-fd N       read the PIN from descriptor N, one line each time\n"
    "  --use-last-try   let --pin-fd use the last PIN try\n"
    "  --config FILE    instead of ~/.config/ukey/config\n"
    "  --json           machine-readable output\n"
    "  --help, --version\n"
    "\n"
    "The first five can also stand in the configuration: `bank = URL` and so\n"
    "on, one to a line. The PIN is never taken from the command line.\n"
    "Exit codes: see ukey(1).\n";

enum option_id {
	O_BANK = 256,
	O_CA,
	O_BINDING,
	O_MODULE,
	O_TOKEN,
	O_PINENTRY,
	O_PIN_FD,
	O_LAST_TRY,
	O_CONFIG,
	O_JSON,
	O_TO,
	O_PAYEE,
	O_AMOUNT,
	O_CURRENCY,
	O_FROM,
	O_MEMO,
	O_ORDER,
	O_YES,
	O_TERMINAL_KEY,
	O_ACCOUNT,
	O_LIMIT,
	O_AT,
	O_ALL,
	O_WATCH,
	O_EXEC,
	O_NOTIFY,
	O_REASON,
	O_PURPOSE,
	O_NAME,
	O_KEY,
	O_FETCH,
	O_HELP,
	O_VERSION
};

static const struct option long_options[] = {
	{ "bank", required_argument, NULL, O_BANK },
	{ "ca", required_argument, NULL, O_CA },
	{ "binding", required_argument, NULL, O_BINDING },
	{ "module", required_argument, NULL, O_MODULE },
	{ "token", required_argument, NULL, O_TOKEN },
	{ "pinentry", required_argument, NULL, O_PINENTRY },
	{ "pin-fd", required_argument, NULL, O_PIN_FD },
	{ "use-last-try", no_argument, NULL, O_LAST_TRY },
	{ "config", required_argument, NULL, O_CONFIG },
	{ "json", no_argument, NULL, O_JSON },
	{ "to", required_argument, NULL, O_TO },
	{ "payee", required_argument, NULL, O_PAYEE },
	{ "amount", required_argument, NULL, O_AMOUNT },
	{ "currency", required_argument, NULL, O_CURRENCY },
	{ "from", required_argument, NULL, O_FROM },
	{ "memo", required_argument, NULL, O_MEMO },
	{ "order", required_argument, NULL, O_ORDER },
	{ "yes", no_argument, NULL, O_YES },
	{ "terminal-key", no_argument, NULL, O_TERMINAL_KEY },
	{ "account", required_argument, NULL, O_ACCOUNT },
	{ "limit", required_argument, NULL, O_LIMIT },
	{ "at", required_argument, NULL, O_AT },
	{ "all", no_argument, NULL, O_ALL },
	{ "watch", no_argument, NULL, O_WATCH },
	{ "exec", required_argument, NULL, O_EXEC },
	{ "notify", no_argument, NULL, O_NOTIFY },
	{ "reason", required_argument, NULL, O_REASON },
	{ "purpose", required_argument, NULL, O_PURPOSE },
	{ "name", required_argument, NULL, O_NAME },
	{ "key", required_argument, NULL, O_KEY },
	{ "fetch", no_argument, NULL, O_FETCH },
	{ "help", no_argument, NULL, O_HELP },
	{ "version", no_argument, NULL, O_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* Where a text goes; NULL for options that are not texts. */
static const char **text_place(struct options *o, int id)
{
	switch (id) {
	case O_BANK:
		return &o->bank;
	case O_CA:
		return &o->ca;
	case O_BINDING:
		return &o->binding;
	case O_MODULE:
		return &o->module;
	case O_TOKEN:
		return &o->token;
	case O_PINENTRY:
		return &o->pinentry;
	case O_CONFIG:
		return &o->config;
	case O_TO:
		return &o->to;
	case O_PAYEE:
		return &o->payee;
	case O_AMOUNT:
		return &o->amount;
	case O_CURRENCY:
		return &o->currency;
	case O_FROM:
		return &o->from;
	case O_MEMO:
		return &o->memo;
	case O_ORDER:
		return &o->order;
	case O_ACCOUNT:
		return &o->account;
	case O_AT:
		return &o->at;
	case O_EXEC:
		return &o->exec;
	case O_REASON:
		return &o->reason;
	case O_PURPOSE:
		return &o->purpose;
	case O_NAME:
		return &o->name;
	case O_KEY:
		return &o->key;
	default:
		return NULL;
	}
}

static bool *flag_place(struct options *o, int id)
{
	switch (id) {
	case O_LAST_TRY:
		return &o->use_last_try;
	case O_JSON:
		return &o->json;
	case O_YES:
		return &o->yes;
	case O_TERMINAL_KEY:
		return &o->terminal_key;
	case O_ALL:
		return &o->all;
	case O_WATCH:
		return &o->watch;
	case O_NOTIFY:
		return &o->notify;
	case O_FETCH:
		return &o->fetch;
	case O_HELP:
		return &o->help;
	case O_VERSION:
		return &o->version;
	default:
		return NULL;
	}
}

/* A number from low to high, and nothing behind it. */
static bool parse_number(const char *text, long low, long high, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *out >= low &&
	       *out <= high;
}

static cli_end take_number(struct cli *cli, int id)
{
	long n;

	if (id == O_PIN_FD && parse_number(optarg, 0, 1023, &n))
		cli->opt.pin_fd = (int)n;
	else if (id == O_LIMIT && parse_number(optarg, 1, 100, &n))
		cli->opt.limit = (unsigned)n;
	else
		return cli_fail_because(cli, CLI_USAGE, "%s %s",
		    id == O_PIN_FD ? "--pin-fd" : "--limit", optarg);
	return cli_ok();
}

static cli_end take_option(struct cli *cli, int id, const char *word)
{
	const char **text = text_place(&cli->opt, id);
	bool *flag = flag_place(&cli->opt, id);

	if (text != NULL)
		*text = optarg;
	else if (flag != NULL)
		*flag = true;
	else if (id == O_PIN_FD || id == O_LIMIT)
		return take_number(cli, id);
	else
		return cli_fail_because(cli, CLI_USAGE, "%s", word);
	return cli_ok();
}

/* What a command is about, if it is told; NULL: nothing. */
static const char *argument_of(const char *command)
{
	static const struct {
		const char *command, *what;
	} rows[] = {
		{ "verify-receipt", "file" },
		{ "verify-evidence", "file" },
		{ "pay", "bill" },
		{ "reject", "bill" },
		{ "bind", "number" },
		{ "unbind", "number" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(command, rows[i].command) == 0)
			return rows[i].what;
	}
	return NULL;
}

/* COMMAND, and what it is about for the commands that are told. */
static cli_end take_words(struct cli *cli, int argc, char **argv)
{
	const char *what;
	int most = 1;

	if (optind >= argc)
		return cli_fail_because(cli, CLI_USAGE, "which command?");
	cli->opt.command = argv[optind];
	what = argument_of(cli->opt.command);
	if (what != NULL) {
		most = 2;
		if (argc - optind < 2)
			return cli_fail_because(
			    cli, CLI_USAGE, "which %s?", what);
		cli->opt.argument = argv[optind + 1];
	}
	if (argc - optind > most)
		return cli_fail_because(
		    cli, CLI_USAGE, "%s", argv[optind + most]);
	return cli_ok();
}

cli_end options_parse(struct cli *cli, int argc, char **argv)
{
	int id;

	cli->opt.pin_fd = -1;
	opterr = 0; /* one line, and it is ours */
	while ((id = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		cli_end end = take_option(
		    cli, id == 'h' ? O_HELP : id, argv[optind - 1]);

		if (!cli_is_ok(end))
			return end;
	}
	if (cli->opt.help)
		fputs(help, stdout);
	else if (cli->opt.version)
		puts("ukey " UKEY_VERSION);
	else
		return take_words(cli, argc, argv);
	return cli_ok();
}
