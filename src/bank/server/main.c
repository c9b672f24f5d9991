/* ukey-bankd: which subcommand, with which options. */
#include "commands.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "ukey-bankd 0.1.0";

enum option_key {
	OPT_DIR = 'd',
	OPT_NAME = 256,
	OPT_HOST,
	OPT_PORT,
	OPT_DATABASE,
	OPT_CHECK,
	OPT_TO,
	OPT_JSON,
	OPT_CUSTOMER,
	OPT_REQUEST,
	OPT_PURPOSE,
	OPT_DAYS,
	OPT_NOT_BEFORE,
	OPT_NOT_AFTER,
	OPT_ACCOUNT,
	OPT_CURRENCY,
	OPT_DEPOSIT,
	OPT_SERIAL,
	OPT_CERT,
	OPT_READY_FD,
	OPT_LOG_FORMAT,
	OPT_PER_TRANSFER,
	OPT_PER_DAY,
	OPT_OVERDRAFT,
	OPT_JOURNAL,
	OPT_REASON,
	OPT_NUMBER,
	OPT_EXPECT,
	OPT_SINCE,
	OPT_CALLBACK,
	OPT_KEY,
	OPT_ALGORITHM,
	OPT_PHONE,
	OPT_DISABLE,
	OPT_ENABLE,
	OPT_ORDER,
	OPT_REVOKE,
	OPT_IN,
	OPT_OUT,
	OPT_READER
};

#define DIR_OPTION                                                             \
	{                                                                      \
		"dir", OPT_DIR, "DIR", 0, "The bank's folder (needed)", 0      \
	}
#define OPTION(name, key, arg, doc)                                            \
	{                                                                      \
		name, key, arg, 0, doc, 0                                      \
	}
#define END                                                                    \
	{                                                                      \
		NULL, 0, NULL, 0, NULL, 0                                      \
	}

static const struct argp_option init_options[] = { DIR_OPTION,
	OPTION("name", OPT_NAME, "TEXT", "Name of the bank"),
	OPTION("host", OPT_HOST, "NAME", "Host name (localhost)"),
	OPTION("port", OPT_PORT, "N", "Port (8443)"),
	OPTION("algorithm", OPT_ALGORITHM, "NAME",
	    "Of the CA: p256 or sm2 (p256)"),
	OPTION("database", OPT_DATABASE, "URI",
	    "PostgreSQL, as postgresql://user@host/bank (a file)"),
	END };
static const struct argp_option migrate_options[] = { DIR_OPTION,
	OPTION("check", OPT_CHECK, NULL,
	    "Only say whether there is something to do"),
	END };
static const struct argp_option enroll_options[] = { DIR_OPTION,
	OPTION("customer", OPT_CUSTOMER, "NAME", "Whose certificate (needed)"),
	OPTION("request", OPT_REQUEST, "FILE",
	    "Certificate request in PEM (needed)"),
	OPTION("purpose", OPT_PURPOSE, "WHAT", "login or transaction (needed)"),
	OPTION("days", OPT_DAYS, "N", "Valid for so many days (730)"),
	OPTION("not-before", OPT_NOT_BEFORE, "TIME",
	    "Valid from, as 2026-11-20T12:00:00Z"),
	OPTION("not-after", OPT_NOT_AFTER, "TIME", "Valid until"), END };
static const struct argp_option account_options[] = { DIR_OPTION,
	OPTION("customer", OPT_CUSTOMER, "NAME", "Whose account (needed)"),
	OPTION("account", OPT_ACCOUNT, "NUMBER", "Account number (needed)"),
	OPTION("currency", OPT_CURRENCY, "CODE", "ISO 4217 code (needed)"),
	OPTION("deposit", OPT_DEPOSIT, "AMOUNT", "Paid in at once, as 100.00"),
	END };
static const struct argp_option register_options[] = { DIR_OPTION,
	OPTION("customer", OPT_CUSTOMER, "NAME", "Whose certificate (needed)"),
	OPTION("purpose", OPT_PURPOSE, "WHAT", "login or transaction (needed)"),
	OPTION("cert", OPT_CERT, "FILE", "The certificate in PEM (needed)"),
	END };
static const struct argp_option list_options[] = { DIR_OPTION,
	OPTION("customer", OPT_CUSTOMER, "NAME", "Whose (needed)"), END };
static const struct argp_option revoke_options[] = { DIR_OPTION,
	OPTION("serial", OPT_SERIAL, "HEX", "Serial number"),
	OPTION("cert", OPT_CERT, "FILE", "The certificate in PEM"),
	OPTION("days", OPT_DAYS, "N", "The new list is good for (30)"), END };
static const struct argp_option crl_options[] = { DIR_OPTION,
	OPTION("days", OPT_DAYS, "N", "The list is good for (30)"), END };
static const struct argp_option serve_options[] = { DIR_OPTION,
	OPTION("port", OPT_PORT, "N",
	    "Instead of the configured one; 0: any free"),
	OPTION("ready-fd", OPT_READY_FD, "FD",
	    "Write the port there once it is open"),
	OPTION("log-format", OPT_LOG_FORMAT, "FORMAT",
	    "plain, or json: one object in each line (plain)"),
	END };
static const struct argp_option limits_options[] = { DIR_OPTION,
	OPTION("account", OPT_ACCOUNT, "NUMBER", "Account number (needed)"),
	OPTION("per-transfer", OPT_PER_TRANSFER, "AMOUNT",
	    "Most of one transfer; 0: as much as the bank allows"),
	OPTION("per-day", OPT_PER_DAY, "AMOUNT",
	    "Most of all transfers of one day (UTC); 0: no limit"),
	OPTION("overdraft", OPT_OVERDRAFT, "AMOUNT",
	    "How far the balance may go below zero"),
	END };
static const struct argp_option requests_options[] = { DIR_OPTION,
	OPTION("json", OPT_JSON, NULL, "Print JSON"), END };
static const struct argp_option approve_options[] = { DIR_OPTION,
	OPTION("number", OPT_NUMBER, "N", "Of the request (needed)"),
	OPTION("customer", OPT_CUSTOMER, "NAME", "Instead of the claimed name"),
	OPTION("days", OPT_DAYS, "N", "Valid for so many days (730)"), END };
static const struct argp_option reject_options[] = { DIR_OPTION,
	OPTION("number", OPT_NUMBER, "N", "Of the request (needed)"),
	OPTION(
	    "reason", OPT_REASON, "TEXT", "Why, as customers see it (needed)"),
	END };
static const struct argp_option reverse_options[] = { DIR_OPTION,
	OPTION("journal", OPT_JOURNAL, "N", "Row to take back (needed)"),
	OPTION(
	    "reason", OPT_REASON, "TEXT", "Why, as customers see it (needed)"),
	END };
static const struct argp_option evidence_options[] = { DIR_OPTION,
	OPTION("customer", OPT_CUSTOMER, "NAME", "Whose order (needed)"),
	OPTION("order", OPT_ORDER, "NUMBER", "Its number (needed)"), END };
static const struct argp_option terminal_options[] = { DIR_OPTION,
	OPTION("customer", OPT_CUSTOMER, "NAME", "Whose terminal (needed)"),
	OPTION("name", OPT_NAME, "TEXT", "What it is called (needed)"),
	OPTION(
	    "key", OPT_KEY, "FILE", "Register: its public key in PEM, P-256"),
	OPTION("revoke", OPT_REVOKE, NULL, "Trust it no more"), END };
static const struct argp_option audit_options[] = { DIR_OPTION,
	OPTION("expect", OPT_EXPECT, "HASH", "The head must be this one"),
	OPTION("since", OPT_SINCE, "HASH",
	    "A head noted earlier: it must be there, and the chain is followed "
	    "from it"),
	END };
static const struct argp_option check_options[] = { DIR_OPTION,
	OPTION("json", OPT_JSON, NULL, "As JSON"), END };
static const struct argp_option backup_options[] = { DIR_OPTION,
	OPTION("to", OPT_TO, "FILE", "A file that is not there yet (needed)"),
	END };
static const struct argp_option merchant_options[] = { DIR_OPTION,
	OPTION(
	    "name", OPT_NAME, "NAME", "Which one; without it, all are listed"),
	OPTION("account", OPT_ACCOUNT, "NUMBER", "Account that is paid into"),
	OPTION("callback", OPT_CALLBACK, "URL", "Where he is told (https)"),
	OPTION("key", OPT_KEY, "FILE",
	    "His public key in PEM: a new one, beside "
	    "the old"),
	OPTION("algorithm", OPT_ALGORITHM, "NAME",
	    "Of RFC 9421, if not the usual one of the key"),
	OPTION(
	    "days", OPT_DAYS, "N", "An old key is good for so long still (7)"),
	OPTION(
	    "disable", OPT_DISABLE, NULL, "Nothing from him, nothing to him"),
	OPTION("enable", OPT_ENABLE, NULL, "As before"), END };
static const struct argp_option customer_options[] = { DIR_OPTION,
	OPTION("customer", OPT_CUSTOMER, "NAME", "Whose number (needed)"),
	OPTION("phone", OPT_PHONE, "FILE",
	    "File with the number, as +8613800001234; - is standard input"),
	END };
static const struct argp_option in_options[] = { DIR_OPTION,
	OPTION("in", OPT_IN, "FILE", "What it is, in JSON (needed)"), END };
static const struct argp_option reader_options[] = { DIR_OPTION,
	OPTION("reader", OPT_READER, "N", "Which reader (needed)"),
	OPTION("out", OPT_OUT, "FILE", "Where its key is written (needed)"),
	END };
static const struct argp_option dir_options[] = { DIR_OPTION, END };

static const struct command {
	const char *name, *doc;
	const struct argp_option *options;
	const char *needed; /* characters of is_given */
	bank_command *run;
} commands[] = {
	{ "init",
	    "Make a test bank: CA, keys, certificates, database, settings",
	    init_options, "d", bank_cmd_init },
	{ "enroll", "Issue and register a customer's certificate, print it",
	    enroll_options, "dcrp", bank_cmd_enroll },
	{ "account", "Open an account", account_options, "dcau",
	    bank_cmd_account },
	{ "register", "Register a certificate of another CA", register_options,
	    "dcpC", bank_cmd_register },
	{ "certificates", "List a customer's certificates", list_options, "dc",
	    bank_cmd_certificates },
	{ "revoke", "Revoke a certificate and write the revocation list",
	    revoke_options, "d", bank_cmd_revoke },
	{ "requests", "List who waits for a certificate", requests_options, "d",
	    bank_cmd_requests },
	{ "approve", "Issue a certificate that was asked for, print it",
	    approve_options, "dN", bank_cmd_approve },
	{ "reject", "Refuse a certificate that was asked for", reject_options,
	    "dNw", bank_cmd_reject },
	{ "crl", "Write a fresh revocation list", crl_options, "d",
	    bank_cmd_crl },
	{ "public-key", "Print the bank's signing key, for the cards",
	    dir_options, "d", bank_cmd_public_key },
	{ "migrate", "Bring the database's tables up to this version",
	    migrate_options, "d", bank_cmd_migrate },
	{ "check", "Is everything fit to be served?", check_options, "d",
	    bank_cmd_check },
	{ "backup", "Copy the database, also while it is in use",
	    backup_options, "dt", bank_cmd_backup },
	{ "serve", "Run the server", serve_options, "d", bank_cmd_serve },
	{ "limits", "Set the limits of an account", limits_options, "da",
	    bank_cmd_limits },
	{ "reverse", "Take a row of the journal back by a counter-entry",
	    reverse_options, "djw", bank_cmd_reverse },
	{ "merchant", "Register a merchant, change his keys, list all",
	    merchant_options, "d", bank_cmd_merchant },
	{ "customer", "Give a customer a phone number", customer_options, "dc",
	    bank_cmd_customer },
	{ "rotate-fields", "Seal sensitive fields under a new key", dir_options,
	    "d", bank_cmd_rotate_fields },
	{ "vault-key", "Move the key of cards into the security module",
	    dir_options, "d", bank_cmd_vault_key },
	{ "evidence", "Print the proof of a posted order, as signed data",
	    evidence_options, "dco", bank_cmd_evidence },
	{ "terminal", "Register or revoke a terminal that shows orders",
	    terminal_options, "dcn", bank_cmd_terminal },
	{ "audit", "Check the books", audit_options, "d", bank_cmd_audit },
	{ "pos-card", "Register a payment card", in_options, "dI",
	    bank_cmd_pos_card },
	{ "pos-unblock", "Give a payment card its PIN tries back", in_options,
	    "dI", bank_cmd_pos_unblock },
	{ "pos-order", "Put an order on a terminal", in_options, "dI",
	    bank_cmd_pos_order },
	{ "pos-reader", "Prepare a card reader that was asked for",
	    reader_options, "dRO", bank_cmd_pos_reader },
	{ "outbox", "Print the messages that wait to be sent", dir_options, "d",
	    bank_cmd_outbox },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

struct parse {
	const struct command *command;
	struct bank_options options;
};

static const char *given(
    const struct bank_options *o, char what, const char **name)
{
	switch (what) {
	case 'd':
		*name = "--dir";
		return o->dir;
	case 'c':
		*name = "--customer";
		return o->customer;
	case 'r':
		*name = "--request";
		return o->request;
	case 'p':
		*name = "--purpose";
		return o->purpose;
	case 't':
		*name = "--to";
		return o->to;
	case 'C':
		*name = "--cert";
		return o->cert;
	case 'a':
		*name = "--account";
		return o->account;
	case 'j':
		*name = "--journal";
		return o->journal > 0 ? "" : NULL;
	case 'N':
		*name = "--number";
		return o->number > 0 ? "" : NULL;
	case 'o':
		*name = "--order";
		return o->order;
	case 'n':
		*name = "--name";
		return o->name;
	case 'I':
		*name = "--in";
		return o->in;
	case 'O':
		*name = "--out";
		return o->out;
	case 'R':
		*name = "--reader";
		return o->reader > 0 ? "" : NULL;
	case 'w':
		*name = "--reason";
		return o->reason;
	default:
		*name = "--currency";
		return o->currency;
	}
}

static int64_t number(const char *arg, int64_t max, struct argp_state *state)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(arg, &end, 10);
	if (*arg == '\0' || *end != '\0' || errno != 0 || v < 0 || v > max)
		argp_error(state, "\"%s\" is not a number from 0 to %lld", arg,
		    (long long)max);
	return v;
}

static const char **text_option(struct bank_options *o, int key)
{
	switch (key) {
	case OPT_DIR:
		return &o->dir;
	case OPT_NAME:
		return &o->name;
	case OPT_HOST:
		return &o->host;
	case OPT_TO:
		return &o->to;
	case OPT_DATABASE:
		return &o->database;
	case OPT_CUSTOMER:
		return &o->customer;
	case OPT_REQUEST:
		return &o->request;
	case OPT_PURPOSE:
		return &o->purpose;
	case OPT_NOT_BEFORE:
		return &o->not_before;
	case OPT_NOT_AFTER:
		return &o->not_after;
	case OPT_LOG_FORMAT:
		return &o->log_format;
	case OPT_ACCOUNT:
		return &o->account;
	case OPT_CURRENCY:
		return &o->currency;
	case OPT_DEPOSIT:
		return &o->deposit;
	case OPT_SERIAL:
		return &o->serial;
	case OPT_CERT:
		return &o->cert;
	case OPT_PER_TRANSFER:
		return &o->per_transfer;
	case OPT_PER_DAY:
		return &o->per_day;
	case OPT_OVERDRAFT:
		return &o->overdraft;
	case OPT_REASON:
		return &o->reason;
	case OPT_EXPECT:
		return &o->expect;
	case OPT_IN:
		return &o->in;
	case OPT_OUT:
		return &o->out;
	case OPT_SINCE:
		return &o->since;
	case OPT_CALLBACK:
		return &o->callback;
	case OPT_KEY:
		return &o->key;
	case OPT_ALGORITHM:
		return &o->algorithm;
	case OPT_PHONE:
		return &o->phone;
	case OPT_ORDER:
		return &o->order;
	default:
		return NULL;
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	const char **text = text_option(&p->options, key);

	if (text != NULL) {
		*text = arg;
		return 0;
	}
	switch (key) {
	case OPT_PORT:
		p->options.port = number(arg, 65535, state);
		return 0;
	case OPT_DAYS:
		p->options.days = number(arg, 36500, state);
		return 0;
	case OPT_DISABLE:
		p->options.disable = true;
		return 0;
	case OPT_ENABLE:
		p->options.enable = true;
		return 0;
	case OPT_JSON:
		p->options.json = true;
		return 0;
	case OPT_CHECK:
		p->options.check = true;
		return 0;
	case OPT_REVOKE:
		p->options.revoke = true;
		return 0;
	case OPT_JOURNAL:
		p->options.journal = number(arg, INT64_MAX, state);
		return 0;
	case OPT_NUMBER:
		p->options.number = number(arg, INT64_MAX, state);
		return 0;
	case OPT_READER:
		p->options.reader = number(arg, UINT32_MAX, state);
		return 0;
	case OPT_READY_FD:
		p->options.ready_fd = number(arg, 65535, state);
		return 0;
	case ARGP_KEY_END:
		for (const char *n = p->command->needed; *n != '\0'; n++) {
			const char *name;

			if (given(&p->options, *n, &name) == NULL)
				argp_error(state, "%s is missing", name);
		}
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int usage(FILE *to)
{
	fprintf(to, "Usage: ukey-bankd COMMAND --dir DIR [OPTION...]\n"
		    "A bank's server for customers with cards.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].doc);
	fprintf(to, "\n`ukey-bankd COMMAND --help` says more.\n");
	return to == stdout ? BANK_EXIT_OK : BANK_EXIT_USAGE;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct parse p = { .options = { .port = -1, .ready_fd = -1 } };
	struct argp argp = { .parser = parse_option };
	char name[64];

	if (argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "--help") == 0)
		return usage(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		printf("%s\n", argp_program_version);
		return BANK_EXIT_OK;
	}
	p.command = find(argv[1]);
	if (p.command == NULL) {
		fprintf(stderr, "ukey-bankd: no command \"%s\"\n\n", argv[1]);
		return usage(stderr);
	}
	argp_err_exit_status = BANK_EXIT_USAGE;
	argp.options = p.command->options;
	argp.doc = p.command->doc;
	snprintf(name, sizeof(name), "ukey-bankd %s", p.command->name);
	argv[1] = name;
	if (argp_parse(&argp, argc - 1, argv + 1, 0, NULL, &p) != 0)
		return BANK_EXIT_USAGE;
	return p.command->run(&p.options);
}
