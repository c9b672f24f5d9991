/* What all commands share: opening, messages, output. */
#include "cli.h"

#include "cli_module.h"
#include "cli_token.h"

#include <stdio.h>
#include <string.h>

/* --- opening -------------------------------------------------------------- */

static const char *first_of(const char *option, const char *configured)
{
	if (option != NULL)
		return option;
	return configured[0] != '\0' ? configured : NULL;
}

static cli_end set_binding(struct cli *cli)
{
	static const struct {
		const char *name;
		enum bc_binding binding;
	} words[] = {
		{ "exporter", BC_BIND_EXPORTER },
		{ "end-point", BC_BIND_END_POINT },
		{ "none", BC_BIND_NOTHING },
	};
	const char *word = first_of(cli->opt.binding, cli->config.binding);

	if (word == NULL)
		return cli_ok();
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(word, words[i].name) != 0)
			continue;
		bc_set_binding(cli->bank, words[i].binding);
		return cli_ok();
	}
	return cli_fail_because(
	    cli, CLI_CONFIG, "--binding is exporter, end-point or none");
}

cli_end cli_open_bank(struct cli *cli)
{
	const char *url = first_of(cli->opt.bank, cli->config.bank);
	const char *ca = first_of(cli->opt.ca, cli->config.ca);
	bc_result r;

	if (cli->bank != NULL)
		return cli_ok();
	if (url == NULL)
		return cli_fail_because(
		    cli, CLI_CONFIG, "which bank? --bank https://...");
	if (ca == NULL)
		return cli_fail_because(cli, CLI_CONFIG,
		    "which CA vouches for the bank? --ca FILE");
	r = bc_open(cli->crypto, url, ca, &cli->bank);
	if (r.fault == BC_LOCAL && uk_is(r.err, UK_ERR_ARGUMENT))
		return cli_fail_because(cli, CLI_CONFIG,
		    "\"%s\" is not of the form https://host[:port]", url);
	if (r.fault == BC_LOCAL)
		return cli_fail_because(
		    cli, cli_from_err(r.err).cause, "%s", ca);
	if (!bc_is_ok(r))
		return cli_fail_bank(cli, r);
	return set_binding(cli);
}

cli_end cli_open_module(struct cli *cli)
{
	if (cli->module != NULL)
		return cli_ok();
	return module_open(cli, &cli->module);
}

cli_end cli_open_token(struct cli *cli)
{
	cli_end end = cli_open_module(cli);

	if (!cli_is_ok(end) || cli->token != NULL)
		return end;
	return token_open(cli, cli->module, &cli->token);
}

void cli_close(struct cli *cli)
{
	token_close(&cli->token);
	module_close(&cli->module);
	bc_close(&cli->bank);
	uk_crypto_close(&cli->crypto);
}

/* --- failures ------------------------------------------------------------- */

cli_end cli_fail_because(
    struct cli *cli, enum cli_cause cause, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cli->detail, sizeof(cli->detail), format, args);
	va_end(args);
	return cli_fail(cause);
}

cli_end cli_fail_ckr(struct cli *cli, const char *what, unsigned long rv)
{
	cli_end end = cli_from_ckr(rv);

	if (end.cause == CLI_MODULE_FAILED)
		return cli_fail_because(
		    cli, end.cause, "%s: CKR 0x%lx", what, rv);
	return end;
}

cli_end cli_fail_bank(struct cli *cli, bc_result r)
{
	cli_end end = cli_from_bank(r);

	if (r.fault == BC_TEXT || r.fault == BC_RECEIPT)
		return cli_fail_because(cli, end.cause, "%s", r.field);
	if (r.fault == BC_NOT_BANK)
		return cli_fail_because(
		    cli, end.cause, "%s", uk_err_text(r.err));
	return end;
}

cli_end cli_explain(struct cli *cli, cli_end end)
{
	bool doubtful = end.cause == CLI_CARD_MUTE ||
			end.cause == CLI_CARD_UNKNOWN ||
			end.cause == CLI_CARD_STATUS ||
			end.cause == CLI_CONDITIONS ||
			end.cause == CLI_MODULE_FAILED;

	if (!doubtful || cli->module == NULL ||
	    !module_card_is_gone(
		cli->module, cli->token == NULL ? NULL : &cli->token->slot))
		return end;
	cli->detail[0] = '\0';
	return cli_fail(CLI_CARD_REMOVED);
}

void cli_report(struct cli *cli, cli_end end)
{
	const struct cli_row *row = cli_row(end.cause);
	const char *detail = cli->detail;

	if (cli_is_ok(end))
		return;
	fprintf(stderr, "ukey: %s%s%s%s\n", row->text,
	    detail[0] == '\0' ? "" : " (", detail,
	    detail[0] == '\0' ? "" : ")");
	if (!cli->opt.json)
		return;
	/* Best effort: the exit code has said it already. */
	(void)cli_print_json(
	    json_pack("{s:{s:s,s:i,s:s,s:s}}", "error", "code", row->name,
		"exit", row->exit, "message", row->text, "detail", detail))
	    .cause;
}

/* --- output --------------------------------------------------------------- */

void cli_print(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli->opt.json)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void cli_say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	(void)cli;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

cli_end cli_print_json(json_t *o)
{
	int rc;

	if (o == NULL)
		return cli_fail(CLI_MEMORY);
	rc = json_dumpf(o, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	json_decref(o);
	putchar('\n');
	return rc == 0 && fflush(stdout) == 0 ? cli_ok() : cli_fail(CLI_IO);
}

const char *cli_money(int64_t minor, const char *currency, char out[48])
{
	uint8_t text[40];
	uk_buf b = UK_BUF(text);
	bool negative = minor < 0 && minor != INT64_MIN;

	if (uk_is_ok(bank_put_money(
		&b, negative ? -minor : minor, uk_view_str(currency))))
		snprintf(out, 48, "%s%.*s", negative ? "-" : "", (int)b.len,
		    (const char *)b.p);
	else
		snprintf(out, 48, "%lld %s (minor units)", (long long)minor,
		    currency);
	return out;
}
