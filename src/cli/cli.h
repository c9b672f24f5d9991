/*
 * `ukey`, the command-line client: what all commands share.
 *
 * A command is one function in one file cmd_NAME.c, named in the table of
 * main.c. It gets a struct cli with the options and opens what it needs through
 * the functions below; main closes everything. The way to the card is the
 * public interface of a PKCS#11 module and nothing else.
 *
 * Output: results on standard output, as text or (--json) as one JSON object;
 * notes, questions and errors on standard error. An error is one line.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "bank_client.h"
#include "cli_config.h"
#include "cli_pin.h"
#include "exitcode.h"

#include <jansson.h>

struct module;
struct token;

struct options {
	const char *binding;
	/* all commands; NULL = not given */
	const char *bank, *ca, *module, *token, *pinentry, *config;
	int pin_fd; /* -1 = not given */
	bool use_last_try, json, help, version;
	/* transfer, records */
	const char *to, *payee, *amount, *currency, *from, *memo, *order;
	const char *account, *at;
	unsigned limit;
	/* bills, reject */
	const char *exec, *reason;
	bool all, watch, notify;
	bool yes, terminal_key;
	/* enrol */
	const char *purpose, *name, *key;
	bool fetch;
	/* what is left */
	const char *command, *argument;
};

struct cli {
	struct options opt;
	struct config config;
	struct pin_asker pins;
	uk_crypto *crypto;
	bc_bank *bank;         /* NULL until cli_open_bank */
	struct module *module; /* NULL until cli_open_module */
	struct token *token;   /* NULL until cli_open_token */
	char detail[320];      /* more about the error that ends us */
};

/* Once each; asked again, they have nothing to do. */
CLI_RESULT cli_open_bank(struct cli *cli);
CLI_RESULT cli_open_module(struct cli *cli);
CLI_RESULT cli_open_token(struct cli *cli);
void cli_close(struct cli *cli);

/* Was it because the card was pulled? */
CLI_RESULT cli_explain(struct cli *cli, cli_end end);

/* The one line on a failure; on standard output as well with --json. */
void cli_report(struct cli *cli, cli_end end);

/* A failure and what makes it a special one ("which account?"). */
CLI_RESULT cli_fail_because(struct cli *cli, enum cli_cause cause,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
CLI_RESULT cli_fail_ckr(struct cli *cli, const char *what, unsigned long rv);
CLI_RESULT cli_fail_bank(struct cli *cli, bc_result r);

/* Standard output, if not --json. */
void cli_print(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Standard error: a note for the person. */
void cli_say(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* --json: prints o and gives up the reference; CLI_MEMORY if it is NULL. */
CLI_RESULT cli_print_json(json_t *o);

/* "123.45 CNY" for people; a number of minor units if the currency is unknown.
 */
const char *cli_money(int64_t minor, const char *currency, char out[48]);

/* --- login.c -------------------------------------------------------------- */

/* Logs in with the card and keeps the session. */
CLI_RESULT cli_login(struct cli *cli, struct bc_login *out);
/* The accounts, with the kept session or, if there is none or it is over, after
 * a login. */
CLI_RESULT cli_session(struct cli *cli, struct bc_accounts *out);
/* The kept session of this bank, if there is one, becomes the bank's. */
CLI_RESULT cli_load_session(struct cli *cli);
CLI_RESULT cli_forget_session(struct cli *cli);
json_t *cli_accounts_json(const struct bc_accounts *a);

/* --- confirm.c ------------------------------------------------------------ */

/* Shows every line and asks, unless there was --yes; the default is no. */
CLI_RESULT cli_confirm(struct cli *cli, const uk_tx_item *items, size_t n);

/* --- commands ------------------------------------------------------------- */

CLI_RESULT cmd_login(struct cli *cli);
CLI_RESULT cmd_logout(struct cli *cli);
CLI_RESULT cmd_transfer(struct cli *cli);
CLI_RESULT cmd_records(struct cli *cli);
CLI_RESULT cmd_bills(struct cli *cli);
CLI_RESULT cmd_pay(struct cli *cli);
CLI_RESULT cmd_reject(struct cli *cli);
CLI_RESULT cmd_enrol(struct cli *cli);
CLI_RESULT cmd_bind(struct cli *cli);
CLI_RESULT cmd_bound(struct cli *cli);
CLI_RESULT cmd_unbind(struct cli *cli);
CLI_RESULT cmd_cards(struct cli *cli);
CLI_RESULT cmd_doctor(struct cli *cli);
CLI_RESULT cmd_verify_receipt(struct cli *cli);
CLI_RESULT cmd_verify_evidence(struct cli *cli);

#endif
