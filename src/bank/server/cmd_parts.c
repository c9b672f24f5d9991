/* What the subcommands of ukey-bankd share. */
#include "cmd_parts.h"

#include "database.h"

#include <stdio.h>

enum bank_exit bank_complain(
    enum bank_exit code, const char *what, const char *why)
{
	fprintf(stderr, "ukey-bankd: %s: %s\n", what, why);
	return code;
}

enum bank_exit bank_exit_of(uk_err err)
{
	switch (err.code) {
	case UK_OK:
		return BANK_EXIT_OK;
	case UK_ERR_NOT_FOUND:
		return BANK_EXIT_NO_INPUT;
	case UK_ERR_FORMAT:
	case UK_ERR_ARGUMENT:
	case UK_ERR_SIGNATURE:
	case UK_ERR_UNSUPPORTED:
	case UK_ERR_TOO_SMALL:
	case UK_ERR_CONDITIONS:
		return BANK_EXIT_DATA;
	case UK_ERR_EXISTS:
		return BANK_EXIT_EXISTS;
	case UK_ERR_IO:
		return BANK_EXIT_IO;
	default:
		return BANK_EXIT_SOFTWARE;
	}
}

enum bank_exit bank_failed(uk_err err, const char *what)
{
	return bank_complain(bank_exit_of(err), what, uk_err_text(err));
}

enum bank_exit bank_open_store(
    const struct bank_options *o, struct bank_store **out)
{
	struct bank_config c;
	char why[512] = "";
	uk_err err = bank_database_of_dir(o->dir, &c, out, why, sizeof(why));

	if (uk_is_ok(err))
		return BANK_EXIT_OK;
	return bank_complain(
	    uk_is(err, UK_ERR_AGAIN) ? BANK_EXIT_UNAVAILABLE : BANK_EXIT_CONFIG,
	    o->dir, why);
}

enum bank_exit bank_bad_name(const char *option)
{
	return bank_complain(BANK_EXIT_DATA, option,
	    "1 to 64 bytes that a screen shows as they are: no < > &, no "
	    "controls, no blanks at the ends or two together");
}
