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

/* Prints the records and, with --json, adds them to the list. */
static cli_end show(
    struct cli *cli, const struct bc_records *records, json_t *list)
{
	char money[48], balance[48];

	for (size_t i = 0; i < records->n; i++) {
		const struct bc_record *r = &records->items[i];
		uint8_t time[21] = { 0 };
		uk_buf b = uk_buf_over(time, sizeof(time) - 1);

		bank_put_time(&b, r->time);
		cli_print(cli, "%s  %-20s %16s  balance %16s  %s %s  %s", time,
		    r->account, cli_money(r->amount, r->currency, money),
		    cli_money(r->balance, r->currency, balance),
		    r->counterparty, r->counterparty_name, r->memo);
		if (cli->opt.json &&
		    json_array_append_new(
			list, record_json(r, (const char *)time)) != 0)
			return cli_fail(CLI_MEMORY);
	}
	if (records->n == 0)
		cli_print(cli, "No records.");
	else if (records->more)
		cli_print(cli, "There are more: --limit N (at most 100).");
	return cli_ok();
}

static cli_end list_account(
    struct cli *cli, const char *account, json_t *list, bool *more)
{
	unsigned limit = cli->opt.limit == 0 ? 20 : cli->opt.limit;
	struct bc_records records;
	cli_end end = cli_fail_bank(
	    cli, bc_get_records(cli->bank, account, 0, limit, &records));

	if (cli_is_ok(end))
		end = show(cli, &records, list);
	*more = *more || records.more;
	bc_records_free(&records);
	return end;
}

/* Of the account named, or of each. */
static cli_end list_all(struct cli *cli, const struct bc_accounts *accounts,
    json_t *list, bool *more)
{
	cli_end end = cli_ok();

	if (cli->opt.account != NULL)
		return list_account(cli, cli->opt.account, list, more);
	for (size_t i = 0; i < accounts->n && cli_is_ok(end); i++)
		end = list_account(cli, accounts->items[i].account, list, more);
	return end;
}

cli_end cmd_records(struct cli *cli)
{
	json_t *list = json_array();
	struct bc_accounts accounts;
	bool more = false;
	cli_end end = cli_session(cli, &accounts);

	if (cli_is_ok(end))
		end = list_all(cli, &accounts, list, &more);
	bc_accounts_free(&accounts);
	if (cli_is_ok(end) && cli->opt.json)
		return cli_print_json(
		    json_pack("{s:o,s:b}", "records", list, "more", more));
	json_decref(list);
	return end;
}
