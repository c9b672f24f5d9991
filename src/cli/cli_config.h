/*
 * The configuration: ~/.config/ukey/config, lines of `name = value`, `#` for
 * comments. Options of the command line override it.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "mem.h"

enum { CONFIG_VALUE_MAX = 1024 };

struct config {
	char bank[CONFIG_VALUE_MAX]; /* https://host[:port] */
	char ca[CONFIG_VALUE_MAX];   /* PEM file */
	char binding[CONFIG_VALUE_MAX];
	char module[CONFIG_VALUE_MAX];
	char token[CONFIG_VALUE_MAX]; /* PKCS#11 URI */
	char pinentry[CONFIG_VALUE_MAX];
};

/* Fills in what the text names; the rest is left as it is. On UK_ERR_FORMAT
 * *line is the number of the line that is wrong, counted from 1. */
UK_RESULT config_parse(uk_bytes text, struct config *out, unsigned *line);

#endif
