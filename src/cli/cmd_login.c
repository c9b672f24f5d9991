/* ukey login, ukey logout */
#include "cli.h"

static void print_accounts(const struct cli *cli, const struct bc_accounts *a)
{
	char money[48];

	for (size_t i = 0; i < a->n; i++)
		cli_print(cli, "  %-24s %20s  %s", a->items[i].account,
		    cli_money(a->items[i].balance, a->items[i].currency, money),
		    a->items[i].name);
}

static cli_end show(struct cli *cli, const struct bc_login *l)
{
	uint8_t time[21] = { 0 };
	uk_buf b = uk_buf_over(time, sizeof(time) - 1);

	bank_put_time(&b, l->expires);
	if (cli->opt.json)
		return cli_print_json(json_pack("{s:s,s:s,s:s,s:o}", "bank",
		    bc_origin(cli->bank), "customer", l->customer, "expiresAt",
		    (const char *)time, "accounts",
		    cli_accounts_json(&l->accounts)));
	cli_print(
	    cli, "Logged in at %s as %s.", bc_origin(cli->bank), l->customer);
	print_accounts(cli, &l->accounts);
	return cli_ok();
}

cli_end cmd_login(struct cli *cli)
{
	struct bc_login login;
	cli_end end = cli_login(cli, &login);

	if (cli_is_ok(end))
		end = show(cli, &login);
	bc_login_free(&login);
	return end;
}

cli_end cmd_logout(struct cli *cli)
{
	cli_end end = cli_open_bank(cli), forgotten;

	if (!cli_is_ok(end))
		return end;
	end = cli_load_session(cli);
	if (cli_is_ok(end))
		end = cli_fail_bank(cli, bc_logout(cli->bank));
	/* Not logged in is what was wanted. */
	if (end.cause == CLI_NO_SESSION_KEPT ||
	    end.cause == CLI_SAID_NO_SESSION)
		end = cli_ok();
	forgotten = cli_forget_session(cli);
	if (cli_is_ok(end))
		end = forgotten;
	if (!cli_is_ok(end))
		return end;
	if (cli->opt.json)
		return cli_print_json(json_pack("{s:b}", "loggedOut", 1));
	cli_print(cli, "Logged out.");
	return cli_ok();
}
