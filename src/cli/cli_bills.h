/* Bills, one at a time: what listing, paying and watching share. */
#ifndef CLI_BILLS_H
#define CLI_BILLS_H

#include "cli.h"

void cli_show_bill(struct cli *cli, const struct bc_bill *b);
json_t *cli_bill_json(const struct bc_bill *b); /* NULL: no memory */

/* A line from the terminal, without its end; "" at the end of input. */
void cli_ask_line(const char *question, char *line, int cap);

/* Not enough money leads back to the choice, while somebody is there. */
CLI_RESULT cli_pay_bill(struct cli *cli, const struct bc_bill *bill,
    const struct bc_accounts *accounts);
CLI_RESULT cli_reject_bill(struct cli *cli, const char *number);

/* Shows each bill once, as it comes, until it is stopped. What has been shown
 * is remembered over broken connections and new logins. */
CLI_RESULT cli_watch_bills(struct cli *cli);

#endif
