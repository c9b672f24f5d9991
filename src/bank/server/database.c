/* The bank's database, as its configuration names it. */
#include "database.h"

#include "bytes.h"
#include "files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_file(const struct bank_config *c)
{
	return c->database[0] == '\0';
}

/* A file is where the bank's other files are. */
static uk_err where_is(
    const char *dir, const struct bank_config *c, char where[BANK_PATH_MAX])
{
	if (is_file(c))
		return bank_path(dir, BANK_FILE_DATABASE, where);
	/* A mistyped URI must not become a file of that name. */
	if (!bank_store_is_remote(c->database))
		return uk_fail(UK_ERR_FORMAT);
	return uk_copy_str(where, BANK_PATH_MAX, uk_view_str(c->database));
}

uk_err bank_database_connect(const char *dir, const struct bank_config *c,
    struct bank_store **out, char *why, size_t why_cap)
{
	char where[BANK_PATH_MAX];
	uk_err err = where_is(dir, c, where);

	*out = NULL;
	if (uk_is(err, UK_ERR_FORMAT)) {
		snprintf(why, why_cap,
		    "\"database\" must be as postgresql://user@host/bank or "
		    "service=bank");
		return err;
	}
	UK_TRY(err);
	if (is_file(c) && access(where, F_OK) != 0) {
		snprintf(why, why_cap,
		    "no %s here: make one with "
		    "`ukey-bankd init --dir`",
		    BANK_FILE_DATABASE);
		return uk_fail(UK_ERR_NOT_FOUND);
	}
	err = bank_store_connect(where, out);
	if (!uk_is_ok(err))
		snprintf(why, why_cap, "the database cannot be opened (%s)",
		    uk_err_text(err));
	return err;
}

static bool may_migrate(const struct bank_config *c, const struct bank_store *s)
{
	if (c->migrate[0] == '\0')
		return bank_store_makes_steps(s);
	return strcmp(c->migrate, "yes") == 0;
}

static uk_err bring_up(const struct bank_config *c, struct bank_store *s,
    char *why, size_t why_cap)
{
	size_t made, known;
	uk_err err = bank_store_steps(s, &made, &known);

	if (uk_is_ok(err) && made > known) {
		snprintf(why, why_cap,
		    "the database was made by a later version of this "
		    "program (step %zu of %zu): use that one",
		    made, known);
		return uk_fail(UK_ERR_UNSUPPORTED);
	}
	if (uk_is_ok(err) && made < known && !may_migrate(c, s)) {
		snprintf(why, why_cap,
		    "the database is at step %zu of %zu: run `ukey-bankd "
		    "migrate`",
		    made, known);
		return uk_fail(UK_ERR_CONDITIONS);
	}
	if (uk_is_ok(err) && made < known)
		err = bank_store_migrate(s);
	if (!uk_is_ok(err))
		snprintf(why, why_cap, "the tables cannot be made (%s)",
		    uk_err_text(err));
	return err;
}

uk_err bank_database_open(const char *dir, const struct bank_config *c,
    struct bank_store **out, char *why, size_t why_cap)
{
	uk_err err;

	UK_TRY(bank_database_connect(dir, c, out, why, why_cap));
	err = bring_up(c, *out, why, why_cap);
	if (!uk_is_ok(err))
		bank_store_close(out);
	return err;
}

uk_err bank_database_of_dir(const char *dir, struct bank_config *c,
    struct bank_store **out, char *why, size_t why_cap)
{
	char path[BANK_PATH_MAX];

	*out = NULL;
	UK_TRY(bank_path(dir, BANK_FILE_CONFIG, path));
	UK_TRY(bank_config_read(path, c, why, why_cap));
	return bank_database_open(dir, c, out, why, why_cap);
}

uk_err bank_database_make(
    const char *dir, const struct bank_config *c, struct bank_store **out)
{
	char where[BANK_PATH_MAX];

	*out = NULL;
	UK_TRY(where_is(dir, c, where));
	/* Made by us first, so that it has the mode we want. */
	if (is_file(c))
		UK_TRY(bank_file_write(where, UK_NONE, false));
	return bank_store_open(where, out);
}
