/*
 * The tables, as the steps by which they came about.
 *
 * A database remembers which steps it has made; opening it makes the rest, all
 * or none. A step that has been released is never changed: what is to be
 * otherwise is a new row at the end.
 *
 * One text serves every engine. It is written for SQLite and translated for
 * PostgreSQL word by word (pg.c): INTEGER, TEXT and BLOB are the only types;
 * "INTEGER PRIMARY KEY" alone, with or without AUTOINCREMENT, counts by itself
 * (a key that does not count is "INTEGER NOT NULL UNIQUE"); STRICT and "STRICT,
 * WITHOUT ROWID" end a table and are left out where they are not known. Truth
 * is an INTEGER 0 or 1. What cannot be said in one text (triggers) stands in
 * .sqlite and .postgresql of the same row. Queries: see store.h.
 */
#ifndef BANK_SCHEMA_H
#define BANK_SCHEMA_H

#include <stddef.h>

struct bank_migration {
	const char *name;
	const char *sql; /* statements, each ended by ';' */
	/* run after sql by that engine alone; NULL: nothing */
	const char *sqlite, *postgresql;
};

extern const struct bank_migration bank_migrations[];
extern const size_t bank_migration_count;

/* Steps with a file of their own. */
extern const char bank_schema_shop[];

#endif
