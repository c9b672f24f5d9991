/* The command line. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli.h"

/* Fills in cli->opt; strings are argv's. Prints help or version itself.
 * CLI_USAGE with a detail for anything wrong. */
CLI_RESULT options_parse(struct cli *cli, int argc, char **argv);

#endif
