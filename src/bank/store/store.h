/*
 * The database: SQLite, one file, one connection, write-ahead log, every commit
 * on the disk before it is answered.
 *
 * A bank_query is a prepared statement in use. Like uk_buf it remembers its
 * first failure: bind, step and read straight through, and ask once, with
 * bank_query_end. Foreign error language: SQLite's result codes, translated in
 * bank_query_end.
 */
#ifndef BANK_STORE_H
#define BANK_STORE_H

#include "mem.h"

struct bank_store;

/* Makes the tables if the file is new. */
UK_RESULT bank_store_open(const char *path, struct bank_store **out);
void bank_store_close(struct bank_store **s); /* accepts NULL */

/* Takes the write lock at once, so that what is read next stays true. */
UK_RESULT bank_begin(struct bank_store *s);
UK_RESULT bank_commit(struct bank_store *s);
void bank_rollback(struct bank_store *s); /* also where nothing was begun */

/*
 * Group commit. The disk takes as long for one commit as for fifty, so a server
 * collects them: from bank_store_collect on, the first bank_begin opens a
 * transaction that stays open, and every begin, commit and rollback is a part
 * of it that can fail alone. Nothing is on the disk, and nothing that was read
 * since may be told to anybody, until bank_flush.
 */
void bank_store_collect(struct bank_store *s);
/* Does something wait for bank_flush? */
bool bank_store_has_collected(const struct bank_store *s);
/* On failure nothing of it has happened: also if the database took it back
 * before (SQLite does after some failures); bank_begin fails until then. */
UK_RESULT bank_flush(struct bank_store *s);

typedef struct bank_query {
	struct bank_store *store;
	void *statement; /* sqlite3_stmt, owned by the store */
	int bound;
	int rc; /* first failure */
} bank_query;

/* sql is a string literal: the prepared statement is kept under its address. */
bank_query bank_query_of(struct bank_store *s, const char *sql);
/* The next parameter. */
void bank_bind_int(bank_query *q, int64_t v);
void bank_bind_text(bank_query *q, uk_bytes v);
void bank_bind_blob(bank_query *q, uk_bytes v);
void bank_bind_null(bank_query *q);
/* The next row; false at the end and after a failure. */
bool bank_query_row(bank_query *q);
int64_t bank_col_int(const bank_query *q, int column);
bool bank_col_is_null(const bank_query *q, int column);
/* View until the next row or the end. */
uk_bytes bank_col(const bank_query *q, int column);
/* UK_ERR_EXISTS: something unique is there already. UK_ERR_IO: all else. */
UK_RESULT bank_query_end(bank_query *q);
/* For statements that answer no rows. */
UK_RESULT bank_query_run(bank_query *q);
int64_t bank_last_id(struct bank_store *s); /* of the last INSERT */
int64_t bank_changes(struct bank_store *s); /* rows of the last statement */

#endif
