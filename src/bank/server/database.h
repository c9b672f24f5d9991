/* The bank's database, as its configuration names it. */
#ifndef BANK_DATABASE_H
#define BANK_DATABASE_H

#include "config.h"
#include "store.h"

/*
 * Opens it and looks at its schema. Steps that are missing are made where the
 * setting "migrate" says yes, or, if it says nothing, where the engine's
 * database belongs to this server alone (SQLite); otherwise
 * UK_ERR_CONDITIONS. UK_ERR_UNSUPPORTED: made by a later version. On failure
 * why says what to do, in one line.
 */
UK_RESULT bank_database_open(const char *dir, const struct bank_config *c,
    struct bank_store **out, char *why, size_t why_cap);
/* The same after reading dir's configuration. */
UK_RESULT bank_database_of_dir(const char *dir, struct bank_config *c,
    struct bank_store **out, char *why, size_t why_cap);
/* Opens it as it is, for those who look at its schema themselves. */
UK_RESULT bank_database_connect(const char *dir, const struct bank_config *c,
    struct bank_store **out, char *why, size_t why_cap);
/* A new one, with all tables: the file is made, a server's must be there. */
UK_RESULT bank_database_make(
    const char *dir, const struct bank_config *c, struct bank_store **out);

#endif
