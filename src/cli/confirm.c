/* Showing an order and asking for consent. */
#include "cli.h"

#include "pinentry.h"

#include <stdio.h>
#include <unistd.h>

/* Every line, in order, exactly: the grammar lets nothing through that a screen
 * would not show (src/codec/txtext.h). */
static void put_lines(uk_buf *out, const uk_tx_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uk_put_str(out, "  ");
		uk_put(out, items[i].key);
		uk_put_str(out, ": ");
		uk_put(out, items[i].value);
		uk_put_u8(out, '\n');
	}
	uk_put_u8(out, 0);
}

static cli_end ask_terminal(void)
{
	char line[16];

	fprintf(stderr, "Sign and pay? [y/N] ");
	fflush(stderr);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return cli_fail(CLI_DECLINED);
	if ((line[0] == 'y' || line[0] == 'Y') && line[1] == '\n')
		return cli_ok();
	return cli_fail(CLI_DECLINED);
}

static cli_end ask_pinentry(struct cli *cli, const char *lines)
{
	struct pinentry_texts t = { .title = "ukey",
		.description = lines,
		.prompt = NULL,
		.error = NULL };
	struct pinentry *p = NULL;
	uk_err err = pinentry_open(cli->pins.program, &p);

	if (uk_is_ok(err))
		err = pinentry_confirm(p, &t);
	pinentry_close(&p);
	if (uk_is(err, UK_ERR_CANCELLED) || uk_is(err, UK_ERR_TIMEOUT))
		return cli_fail(CLI_DECLINED);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		return cli_fail_because(cli, CLI_NO_PERSON,
		    "%s cannot be started", cli->pins.program);
	if (uk_is(err, UK_ERR_TOO_SMALL))
		return cli_fail_because(cli, CLI_NO_PERSON,
		    "the order is too long for the dialog: use a terminal");
	return cli_from_err(err);
}

cli_end cli_confirm(struct cli *cli, const uk_tx_item *items, size_t n)
{
	char lines[2 * UK_TX_MAX];
	uk_buf b = uk_buf_over(lines, sizeof(lines));

	put_lines(&b, items, n);
	if (b.bad)
		return cli_fail(CLI_TOO_SMALL);
	cli_say(cli, "Your order:\n%s", lines);
	if (cli->opt.yes)
		return cli_ok();
	if (isatty(STDIN_FILENO))
		return ask_terminal();
	if (cli->pins.source == PIN_FROM_PINENTRY)
		return ask_pinentry(cli, lines);
	return cli_fail_because(cli, CLI_NO_PERSON, "to confirm the order");
}
