/*
 * The tables, as the steps by which they came about.
 *
 * A database remembers which steps it has made; opening it makes the rest, all
 * or none. A step that has been released is never changed: what is to be
 * otherwise is a new row at the end. One text serves every engine: the types
 * are INTEGER, TEXT and BLOB, "id INTEGER PRIMARY KEY" counts by itself, STRICT
 * and WITHOUT ROWID are left out by engines that do not know them.
 */
#ifndef BANK_SCHEMA_H
#define BANK_SCHEMA_H

#include <stddef.h>

struct bank_migration {
	const char *name;
	const char *sql; /* statements, each ended by ';' */
};

extern const struct bank_migration bank_migrations[];
extern const size_t bank_migration_count;

#endif
