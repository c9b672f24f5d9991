/* ukey bind, bound and unbind: numbers on the card. */
#include "cli_bound.h"

#include "proto.h"
#include "secret.h"

#include <stdio.h>
#include <string.h>

const char *cli_masked(const char *number, char out[64])
{
	uk_buf b = uk_buf_over(out, 63);

	bank_put_masked(&b, uk_view_str(number));
	out[b.len] = '\0';
	return out;
}

static cli_end show(struct cli *cli, const struct bound *b)
{
	json_t *array = json_array();
	char room[64];

	for (size_t i = 0; i < b->n; i++) {
		const char *text = cli_masked(b->numbers[i], room);

		cli_print(cli, "%s", text);
		if (json_array_append_new(array, json_string(text)) != 0) {
			json_decref(array);
			return cli_fail(CLI_MEMORY);
		}
	}
	if (b->n == 0)
		cli_print(cli, "Nothing is bound to this card.");
	if (cli->opt.json)
		return cli_print_json(json_pack("{s:o}", "bound", array));
	json_decref(array);
	return cli_ok();
}

static cli_end explain(struct cli *cli, uk_err err)
{
	if (uk_is(err, UK_ERR_ARGUMENT))
		return cli_fail_because(cli, CLI_USAGE,
		    "letters, digits and '-', 4 to %d of them",
		    BOUND_NUMBER_MAX);
	if (uk_is(err, UK_ERR_TOO_SMALL))
		return cli_fail_because(cli, CLI_TOO_SMALL,
		    "%d numbers are bound already", BOUND_MAX);
	return cli_from_err(err);
}

/* "-": a line of standard input, which no list of processes shows. */
static uk_bytes number_of(const struct cli *cli, char *line, int cap)
{
	if (strcmp(cli->opt.argument, "-") != 0)
		return uk_view_str(cli->opt.argument);
	if (fgets(line, cap, stdin) == NULL)
		return UK_NONE;
	return uk_view(line, strcspn(line, "\n"));
}

static cli_end change(
    struct cli *cli, uk_err (*how)(struct bound *b, uk_bytes number))
{
	char line[BOUND_NUMBER_MAX + 2] = "";
	uk_bytes number = number_of(cli, line, sizeof(line));
	struct bound b = { 0 };
	cli_end end = explain(
	    cli, bound_number_ok(number) ? uk_ok() : uk_fail(UK_ERR_ARGUMENT));

	if (cli_is_ok(end))
		end = cli_read_bound(cli, &b);
	if (cli_is_ok(end))
		end = explain(cli, how(&b, number));
	if (cli_is_ok(end))
		end = cli_write_bound(cli, &b);
	if (cli_is_ok(end))
		end = show(cli, &b);
	uk_wipe(&b, sizeof(b));
	uk_wipe(line, sizeof(line));
	return end;
}

cli_end cmd_bind(struct cli *cli)
{
	return change(cli, bound_add);
}

cli_end cmd_unbind(struct cli *cli)
{
	return change(cli, bound_remove);
}

cli_end cmd_bound(struct cli *cli)
{
	struct bound b;
	cli_end end = cli_read_bound(cli, &b);

	if (cli_is_ok(end))
		end = show(cli, &b);
	uk_wipe(&b, sizeof(b));
	return end;
}
