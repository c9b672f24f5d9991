/* Paying an order: prepare, check, show, ask, prove, sign, confirm, keep. */
#ifndef CLI_PAY_H
#define CLI_PAY_H

#include "cli_keep.h"

/* k->want is complete; text and signature may be there from an earlier run.
 * Reports the payment on success. */
CLI_RESULT cli_pay(struct cli *cli, struct kept_order *k);

/* Without w->from: the only account in that currency. */
CLI_RESULT cli_choose_account(
    struct cli *cli, const struct bc_accounts *a, struct bc_transfer *w);
/* After a failure: is the note of the order still good for something? */
void cli_drop_useless_note(
    struct cli *cli, const struct kept_order *k, cli_end end);

#endif
