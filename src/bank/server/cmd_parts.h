/* What the subcommands of ukey-bankd share; only for cmd_*.c and commands.c. */
#ifndef BANK_CMD_PARTS_H
#define BANK_CMD_PARTS_H

#include "commands.h"
#include "store.h"

/* Says on standard error what is wrong with what; the code. */
enum bank_exit bank_complain(
    enum bank_exit code, const char *what, const char *why);
enum bank_exit bank_failed(uk_err err, const char *what);
enum bank_exit bank_exit_of(uk_err err);
enum bank_exit bank_bad_name(const char *option);
/* The database of --dir, which must be there. */
enum bank_exit bank_open_store(
    const struct bank_options *o, struct bank_store **out);

#endif
