/* ukey: the table of commands, and one way in and out. */
#include "cli.h"
#include "cli_options.h"
#include "cli_store.h"
#include "secret.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
	const char *name;
	cli_end (*run)(struct cli *cli);
} commands[] = {
	{ "login", cmd_login },
	{ "transfer", cmd_transfer },
	{ "records", cmd_records },
	{ "bills", cmd_bills },
	{ "pay", cmd_pay },
	{ "reject", cmd_reject },
	{ "enrol", cmd_enrol },
	{ "bind", cmd_bind },
	{ "bound", cmd_bound },
	{ "unbind", cmd_unbind },
	{ "cards", cmd_cards },
	{ "doctor", cmd_doctor },
	{ "verify-receipt", cmd_verify_receipt },
	{ "verify-evidence", cmd_verify_evidence },
	{ "logout", cmd_logout },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* A configuration that was named must be there; the usual one need not. */
static cli_end load_config(struct cli *cli)
{
	char usual[STORE_PATH_MAX];
	const char *path = cli->opt.config;
	uk_blob text = { 0 };
	unsigned line = 0;
	uk_err err;

	if (path == NULL) {
		if (!uk_is_ok(store_path(STORE_CONFIG, "config", usual)))
			return cli_ok();
		path = usual;
	}
	err = store_read_file(path, &text);
	if (uk_is(err, UK_ERR_NOT_FOUND) && cli->opt.config == NULL)
		return cli_ok();
	if (!uk_is_ok(err))
		return cli_fail_because(
		    cli, CLI_CONFIG, "%s: %s", path, uk_err_text(err));
	err = config_parse(uk_blob_view(&text), &cli->config, &line);
	uk_blob_free(&text);
	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(cli, CLI_CONFIG,
	    "%s, line %u: not `name = value` with a known name", path, line);
}

static cli_end run(struct cli *cli)
{
	const struct command *c = find_command(cli->opt.command);
	cli_end end;

	if (c == NULL)
		return cli_fail_because(cli, CLI_USAGE, "%s", cli->opt.command);
	end = load_config(cli);
	if (!cli_is_ok(end))
		return end;
	cli->pins = pin_choose(cli->opt.pin_fd, cli->opt.pinentry != NULL
						    ? cli->opt.pinentry
						    : cli->config.pinentry);
	end = cli_from_err(uk_crypto_open(&cli->crypto));
	return cli_is_ok(end) ? cli_explain(cli, c->run(cli)) : end;
}

int main(int argc, char **argv)
{
	struct cli *cli = uk_new(sizeof(*cli));
	cli_end end;
	int code;

	setlocale(LC_CTYPE, "");
	/* A pinentry that dies is an error to report, not our death. */
	signal(SIGPIPE, SIG_IGN);
	/* JSON holds the session. */
	json_set_alloc_funcs(malloc, uk_wipe_free);
	if (cli == NULL)
		return cli_row(CLI_MEMORY)->exit;
	end = options_parse(cli, argc, argv);
	if (cli_is_ok(end) && !cli->opt.help && !cli->opt.version)
		end = run(cli);
	cli_report(cli, end);
	code = cli_row(end.cause)->exit;
	cli_close(cli);
	uk_wipe(cli, sizeof(*cli));
	uk_free(cli);
	return code;
}
