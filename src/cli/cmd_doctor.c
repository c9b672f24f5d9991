/* ukey doctor: goes the way from here to the bank step by step, and names the
 * first one that is broken. */
#include "cli.h"

#include "cli_module.h"
#include "cli_token.h"
#include "x509.h"

#include <string.h>
#include <time.h>

static cli_end step_module(struct cli *cli)
{
	return cli_open_module(cli);
}

static cli_end ask_service(struct cli *cli, struct ukey_status *s)
{
	CK_RV rv;

	*s = (struct ukey_status){ 0 };
	if (cli->module->vendor == NULL) /* cannot be known: later steps tell */
		return cli_ok();
	rv = cli->module->vendor->get_status(s);
	return rv == CKR_OK ? cli_ok() : cli_fail_ckr(cli, "get_status", rv);
}

static cli_end step_service(struct cli *cli)
{
	struct ukey_status s;
	cli_end end = ask_service(cli, &s);

	if (cli_is_ok(end) && (s.service == UKEY_SERVICE_NOT_RUNNING ||
				  s.service == UKEY_SERVICE_FAILED))
		return cli_fail(CLI_NO_SERVICE);
	return end;
}

static cli_end step_permission(struct cli *cli)
{
	struct ukey_status s;
	cli_end end = ask_service(cli, &s);

	if (cli_is_ok(end) && s.service == UKEY_SERVICE_NO_PERMISSION)
		return cli_fail(CLI_NO_PERMISSION);
	return end;
}

/* Readers are slots; one that was pulled out keeps its slot, so ask the service
 * as well where that is possible. */
static cli_end step_reader(struct cli *cli)
{
	struct ukey_status s;
	CK_ULONG n = 0;
	cli_end end = ask_service(cli, &s);
	CK_RV rv = cli->module->f->C_GetSlotList(CK_FALSE, NULL, &n);

	if (!cli_is_ok(end))
		return end;
	if (rv != CKR_OK)
		return cli_fail_ckr(cli, "C_GetSlotList", rv);
	if (n == 0 || (cli->module->vendor != NULL && s.readers == 0))
		return cli_fail(CLI_NO_READER);
	return cli_ok();
}

static void tell_of_screen(struct cli *cli)
{
	CK_BYTE key[UKEY_READER_KEY];

	if (module_reader_key(cli->module, cli->token->slot, key))
		cli_say(cli, "Note: the reader shows orders on its own screen; "
			     "`ukey cards` tells its key.");
}

static cli_end step_card(struct cli *cli)
{
	cli_end end = cli_open_token(cli);

	if (cli_is_ok(end))
		tell_of_screen(cli);
	return end;
}

static cli_end step_pin(struct cli *cli)
{
	int tries = token_tries_left(cli->token);

	if (tries == 0)
		return cli_fail(CLI_PIN_BLOCKED);
	if (tries == 1)
		cli_say(cli, "Note: one PIN try is left.");
	return cli_ok();
}

/* Both certificates are there, and today is between their dates. */
static cli_end check_cert(struct cli *cli, enum token_use use)
{
	char today[9] = "";
	struct token_key key;
	time_t now = time(NULL);
	struct tm tm;
	uk_x509 x;
	cli_end end = token_find_key(cli, cli->token, use, &key);

	if (!cli_is_ok(end))
		return end;
	if (!uk_is_ok(uk_x509_parse(uk_blob_view(&key.cert), &x)))
		end = cli_fail(CLI_SAID_CERT_MALFORMED);
	else if (gmtime_r(&now, &tm) != NULL &&
		 strftime(today, sizeof(today), "%Y%m%d", &tm) > 0) {
		if (strcmp(today, x.not_after) > 0)
			end = cli_fail(CLI_CERT_EXPIRED);
		else if (strcmp(today, x.not_before) < 0)
			end = cli_fail(CLI_CERT_NOT_YET);
	}
	token_key_free(&key);
	return end;
}

static cli_end step_certificates(struct cli *cli)
{
	cli_end end = check_cert(cli, TOKEN_FOR_LOGIN);

	return cli_is_ok(end) ? check_cert(cli, TOKEN_FOR_TRANSACTION) : end;
}

static cli_end step_bank(struct cli *cli)
{
	struct bc_bank_info info = { 0 };
	cli_end end = cli_open_bank(cli);

	if (cli_is_ok(end))
		end = cli_fail_bank(cli, bc_get_bank(cli->bank, &info));
	bc_bank_info_free(&info);
	return end;
}

static const struct step {
	const char *name;
	cli_end (*check)(struct cli *cli);
	bool alone; /* does not need the steps before it */
} steps[] = {
	{ "module", step_module, true },
	{ "service", step_service, false },
	{ "permission", step_permission, false },
	{ "reader", step_reader, false },
	{ "card", step_card, false },
	{ "pin", step_pin, false },
	{ "certificates", step_certificates, false },
	{ "bank", step_bank, true },
};

static json_t *show_step(
    const struct cli *cli, const struct step *s, const char *state, cli_end end)
{
	const struct cli_row *row = cli_row(end.cause);
	bool broken = !cli_is_ok(end);

	cli_print(cli, "%-13s %s%s%s%s%s%s", s->name, state, broken ? ": " : "",
	    broken ? row->text : "", cli->detail[0] != '\0' ? " (" : "",
	    cli->detail, cli->detail[0] != '\0' ? ")" : "");
	if (!cli->opt.json)
		return NULL;
	return json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "name", s->name, "state",
	    state, "code", row->name, "exit", row->exit, "message",
	    broken ? row->text : "", "detail", cli->detail);
}

cli_end cmd_doctor(struct cli *cli)
{
	cli_end first = cli_ok();
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		bool reached = cli_is_ok(first) || steps[i].alone;
		cli_end end = cli_ok();
		const char *state = "not reached";

		cli->detail[0] = '\0';
		if (reached) {
			end = steps[i].check(cli);
			state = cli_is_ok(end) ? "ok" : "BROKEN";
		}
		/* The list is only used with --json; a lost row is told by
		 * cli_print_json below. */
		(void)json_array_append_new(list,
		    show_step(cli, &steps[i],
			cli->opt.json && !cli_is_ok(end) ? "broken" : state,
			end));
		if (cli_is_ok(first))
			first = end;
	}
	cli->detail[0] = '\0';
	if (cli->opt.json) {
		cli_end printed = cli_print_json(json_pack("{s:o,s:i}", "steps",
		    list, "exit", cli_row(first.cause)->exit));

		cli->opt.json = false; /* one object is enough */
		return cli_is_ok(first) ? printed : first;
	}
	json_decref(list);
	return first;
}
