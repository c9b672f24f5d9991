/* ukey records */
#include "cli.h"

static json_t *record_json(const struct bc_record *r, const char *time)
{
	return json_pack("{s:I,s:s,s:s,s:I,s:s,s:I,s:s,s:s,s:s,s:s}", "id",
	    (json_int_t)r->id, "time", time, "account", r->account, "amount",
	    (json_int_t)r->amount, "currency", r->currency, "balance",
	    (json_int_t)r->balance, "counterparty", r->counterparty,
	    "counterpartyName", r->counterparty_name, "memo", r->memo, "order",
	    r->order);
}

struct listing {
	struct cli *cli;
	json_t *records;
	bool more;
};

static cli_end show_one(struct listing *l, const struct bc_record *r)
{
	char money[48], balance[48];
	uint8_t time[21] = { 0 };
	uk_buf b = uk_buf_over(time, sizeof(time) - 1);

	bank_put_time(&b, r->time);
	cli_print(l->cli, "%s  %-20s %16s  balance %16s  %s %s  %s", time,
	    r->account, cli_money(r->amount, r->currency, money),
	    cli_money(r->balance, r->currency, balance), r->counterparty,
	    r->counterparty_name, r->memo);
	if (json_array_append_new(
		l->records, record_json(r, (const char *)time)) != 0)
		return cli_fail(CLI_MEMORY);
	return cli_ok();
}

static cli_end show_account(struct listing *l, const char *account)
{
	unsigned limit = l->cli->opt.limit == 0 ? 20 : l->cli->opt.limit;
	struct bc_records records;
	cli_end end = cli_fail_bank(
	    l->cli, bc_get_records(l->cli->bank, account, 0, limit, &records));

	for (size_t i = 0; cli_is_ok(end) && i < records.n; i++)
		end = show_one(l, &records.items[i]);
	l->more = l->more || records.more;
	bc_records_free(&records);
	return end;
}

/* The bank answers for one account at a time. */
static cli_end show_all(struct listing *l, const struct bc_accounts *accounts)
{
	cli_end end = cli_ok();

	if (l->cli->opt.account != NULL)
		return show_account(l, l->cli->opt.account);
	for (size_t i = 0; cli_is_ok(end) && i < accounts->n; i++)
		end = show_account(l, accounts->items[i].account);
	return end;
}

static cli_end show_end(const struct listing *l)
{
	if (l->cli->opt.json)
		return cli_print_json(json_pack(
		    "{s:O,s:b}", "records", l->records, "more", l->more));
	if (json_array_size(l->records) == 0)
		cli_print(l->cli, "No records.");
	else if (l->more)
		cli_print(l->cli, "There are more: --limit N (at most 100).");
	return cli_ok();
}

cli_end cmd_records(struct cli *cli)
{
	struct listing l = { cli, json_array(), false };
	struct bc_accounts accounts;
	cli_end end = cli_session(cli, &accounts);

	if (cli_is_ok(end))
		end = show_all(&l, &accounts);
	if (cli_is_ok(end))
		end = show_end(&l);
	json_decref(l.records);
	bc_accounts_free(&accounts);
	return end;
}
