/* The subcommands of ukey-bankd, and what they are told on the command line. */
#ifndef BANK_COMMANDS_H
#define BANK_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

/* Exit codes, as sysexits.h has them; each means one thing. */
enum bank_exit {
	BANK_EXIT_OK = 0,
	BANK_EXIT_AUDIT = 1, /* the books, or what was checked, are wrong */
	BANK_EXIT_USAGE = 64,
	BANK_EXIT_DATA = 65,        /* an input file or value is no good */
	BANK_EXIT_NO_INPUT = 66,    /* an input file is not there */
	BANK_EXIT_UNAVAILABLE = 69, /* cannot listen, or no database */
	BANK_EXIT_SOFTWARE = 70,
	BANK_EXIT_EXISTS = 73, /* would overwrite */
	BANK_EXIT_IO = 74,
	BANK_EXIT_CONFIG = 78 /* the bank's folder is not usable */
};

struct bank_options { /* NULL or 0: not given */
	const char *dir, *name, *host, *customer, *request, *purpose, *account,
	    *currency, *deposit, *serial, *cert, *not_before, *not_after,
	    *database, *per_transfer, *per_day, *overdraft, *reason, *expect,
	    *since, *log_format, *callback, *key, *algorithm, *phone, *order,
	    *in, *out, *to;
	int64_t port; /* -1: not given */
	int64_t days, journal, reader, number;
	int64_t ready_fd; /* -1: not given */
	bool check, json, disable, enable, revoke;
};

typedef enum bank_exit bank_command(const struct bank_options *o);

bank_command bank_cmd_register, bank_cmd_certificates, bank_cmd_requests,
    bank_cmd_approve, bank_cmd_reject;
bank_command bank_cmd_init, bank_cmd_enroll, bank_cmd_account, bank_cmd_revoke,
    bank_cmd_crl, bank_cmd_public_key, bank_cmd_migrate, bank_cmd_serve,
    bank_cmd_audit, bank_cmd_backup, bank_cmd_check, bank_cmd_limits,
    bank_cmd_reverse, bank_cmd_merchant, bank_cmd_customer,
    bank_cmd_rotate_fields, bank_cmd_vault_key, bank_cmd_evidence,
    bank_cmd_terminal, bank_cmd_pos_card, bank_cmd_pos_unblock,
    bank_cmd_pos_order, bank_cmd_pos_reader, bank_cmd_outbox;

#endif
