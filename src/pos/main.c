/* ukey-pos: which command, with which options. */
#include "pos_client.h"

#include "reader_key.h"
#include "secret.h"

#include <argp.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "ukey-pos 0.1.0";

enum {
	OPT_BANK = 256,
	OPT_CA,
	OPT_EMAIL,
	OPT_ACCOUNT,
	OPT_TOKEN,
	OPT_READER,
	OPT_SIGNATURE,
	OPT_SEARCH,
	OPT_MERCHANT,
	OPT_FROM,
	OPT_UNTIL,
	OPT_EXPORT,
	OPT_OUT,
	OPT_WAIT,
	OPT_COUNTRY,
	OPT_PIN_FD,
	OPT_JSON,
	WAIT_SECONDS = 60,
	COUNTRY = 156
};

#define OPTION(name, key, arg, doc)                                            \
	{                                                                      \
		name, key, arg, 0, doc, 0                                      \
	}

static const struct argp_option options[] = {
	OPTION("bank", OPT_BANK, "URL", "The bank: https://HOST[:PORT]"),
	OPTION("ca", OPT_CA, "FILE", "CAs trusted for it, PEM"),
	OPTION("email", OPT_EMAIL, "ADDRESS", "Whose account"),
	OPTION("account", OPT_ACCOUNT, "NUMBER",
	    "register: the account that gets the money"),
	OPTION("token", OPT_TOKEN, "TEXT", "confirm: from the message"),
	OPTION("reader", OPT_READER, "ADDRESS",
	    "pay: unix:PATH or fd:N instead of PC/SC; may be repeated"),
	OPTION("signature", OPT_SIGNATURE, "FILE",
	    "pay: strokes, where the card wants a signature"),
	OPTION("wait", OPT_WAIT, "SECONDS", "pay, serve: for the card (60)"),
	OPTION("country", OPT_COUNTRY, "NUMBER",
	    "pay: where the terminal stands, ISO 3166 (156)"),
	OPTION("search", OPT_SEARCH, "TEXT",
	    "history: in number, goods and merchant"),
	OPTION("merchant", OPT_MERCHANT, "NAME", "history: of this one"),
	OPTION("from", OPT_FROM, "DATE", "history: from this day on"),
	OPTION("until", OPT_UNTIL, "DATE", "history: before this day"),
	OPTION("export", OPT_EXPORT, "FORMAT", "history: csv or json"),
	OPTION("out", OPT_OUT, "FILE", "signature: instead of standard output"),
	OPTION("pin-fd", OPT_PIN_FD, "N",
	    "Passwords and PINs, one in a line, from this descriptor"),
	OPTION("json", OPT_JSON, NULL, "orders, history: in JSON"),
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static enum pos_exit load_reader(struct pos *p)
{
	uk_err err;

	if (p->opt.order == NULL)
		return pos_say(POS_USAGE, "which file?");
	err = pos_reader_load(p->crypto, p->opt.order);
	if (!uk_is_ok(err))
		return pos_say_err(p->opt.order, err);
	puts("The reader's keys are here now; remove the file.");
	return POS_OK;
}

static const struct command {
	const char *name;
	enum pos_exit (*run)(struct pos *p);
	bool online, session;
} commands[] = {
	{ "register", pos_register, true, false },
	{ "confirm", pos_confirm, true, false },
	{ "login", pos_login, true, false },
	{ "logout", pos_logout, true, true },
	{ "password", pos_password, true, true },
	{ "request-reader", pos_request_reader, true, true },
	{ "readers", pos_readers, true, true },
	{ "load-reader", load_reader, false, false },
	{ "orders", pos_orders, true, true },
	{ "pay", pos_pay, true, true },
	{ "serve", pos_serve, true, true },
	{ "history", pos_history, true, true },
	{ "signature", pos_get_signature, true, true },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

struct parse {
	const struct command *command;
	struct pos pos;
};

static unsigned number(const char *arg, long max, struct argp_state *state)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(arg, &end, 10);
	if (*arg == '\0' || *end != '\0' || errno != 0 || v < 0 || v > max)
		argp_error(
		    state, "\"%s\" is not a number from 0 to %ld", arg, max);
	return (unsigned)v;
}

static const char **text_option(struct pos_options *o, int key)
{
	const struct {
		int key;
		const char **to;
	} rows[] = { { OPT_BANK, &o->bank }, { OPT_CA, &o->ca },
		{ OPT_EMAIL, &o->email }, { OPT_ACCOUNT, &o->account },
		{ OPT_TOKEN, &o->token }, { OPT_SIGNATURE, &o->signature },
		{ OPT_SEARCH, &o->search }, { OPT_MERCHANT, &o->merchant },
		{ OPT_FROM, &o->from }, { OPT_UNTIL, &o->until },
		{ OPT_EXPORT, &o->export }, { OPT_OUT, &o->out } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].key == key)
			return rows[i].to;
	}
	return NULL;
}

static error_t parse_argument(
    struct parse *p, const char *arg, struct argp_state *state)
{
	if (p->command == NULL) {
		p->command = find(arg);
		if (p->command == NULL)
			argp_error(state, "no command \"%s\"", arg);
	} else if (p->pos.opt.order == NULL) {
		p->pos.opt.order = arg;
	} else {
		argp_error(state, "too many arguments");
	}
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct pos_options *o = &p->pos.opt;
	const char **text = text_option(o, key);

	if (text != NULL) {
		*text = arg;
		return 0;
	}
	switch (key) {
	case OPT_READER:
		if (o->readers == UK_LOCALS_MAX)
			argp_error(state, "too many readers");
		else
			o->reader[o->readers++] = arg;
		return 0;
	case OPT_WAIT:
		o->wait_seconds = number(arg, 3600, state);
		return 0;
	case OPT_COUNTRY:
		o->country = number(arg, 999, state);
		return 0;
	case OPT_PIN_FD:
		o->pin_fd = (int)number(arg, 65535, state);
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case ARGP_KEY_ARG:
		return parse_argument(p, arg, state);
	case ARGP_KEY_END:
		if (p->command == NULL)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static enum pos_exit run(struct parse *p)
{
	enum pos_exit code = POS_OK;

	if (!uk_is_ok(uk_crypto_open(&p->pos.crypto)))
		return pos_say(POS_FAILED, "no cryptography");
	p->pos.pins = pin_choose(p->pos.opt.pin_fd, NULL);
	if (p->command->online)
		code = pos_connect(&p->pos);
	if (code == POS_OK && p->command->session)
		code = pos_load_session(&p->pos);
	if (code == POS_OK)
		code = p->command->run(&p->pos);
	uk_wipe(p->pos.session, sizeof(p->pos.session));
	bc_http_close(&p->pos.http);
	uk_crypto_close(&p->pos.crypto);
	return code;
}

int main(int argc, char **argv)
{
	static const char doc[] =
	    "A card terminal for a bank's orders.\v"
	    "Commands: register, confirm, login, logout, password, "
	    "request-reader, readers, load-reader FILE, orders, pay ORDER, "
	    "serve, history, signature ORDER.";
	const struct argp argp = { options, parse_option,
		"COMMAND [ORDER or FILE]", doc, NULL, NULL, NULL };
	struct parse p = { .pos.opt = { .wait_seconds = WAIT_SECONDS,
			       .country = COUNTRY,
			       .pin_fd = -1 } };

	(void)setlocale(LC_CTYPE, "");
	(void)signal(SIGPIPE, SIG_IGN);
	argp_err_exit_status = POS_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &p) != 0)
		return POS_USAGE;
	return run(&p);
}
