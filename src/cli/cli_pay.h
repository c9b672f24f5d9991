/* Paying an order: prepare, check, show, ask, prove, sign, confirm, keep. */
#ifndef CLI_PAY_H
#define CLI_PAY_H

#include "cli_keep.h"

/* k->want is complete; text and signature may be there from an earlier run.
 * Reports the payment on success. */
CLI_RESULT cli_pay(struct cli *cli, struct kept_order *k);

#endif
