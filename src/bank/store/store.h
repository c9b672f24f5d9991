/*
 * The database: one connection, every commit on the disk before it is answered.
 * The engine is SQLite (a file of the bank's folder; write-ahead log) or
 * PostgreSQL (several servers share it). What is said here holds for both.
 *
 * SQL is one text for both engines (schema.h has the rules for tables):
 *  - Parameters are `?`, or `?1`, `?2`... where one is used twice.
 *  - What was made is asked for by RETURNING (bank_query_id), never by a "last
 *    id"; that something may be there already is said by ON CONFLICT DO
 * NOTHING: in PostgreSQL a statement that fails spoils its whole transaction.
 *  - A row that is read in order to be changed is read with FOR UPDATE at the
 *    end. (SQLite leaves it out: its one writer has locked everything.) Several
 *    rows are locked in the order of their ids, accounts after all else.
 *  - Every write stands between bank_begin and bank_commit.
 *  - Sums are CAST(sum(x) AS BIGINT), strings are compared by =, ORDER BY is
 *    explicit, true is 1.
 *
 * A bank_query is a prepared statement in use. Like uk_buf it remembers its
 * first failure: bind, step and read straight through, and ask once, with
 * bank_query_end.
 */
#ifndef BANK_STORE_H
#define BANK_STORE_H

#include "mem.h"

struct bank_store;

/* --- opening ------------------------------------------------------------- */

/* where: "postgresql://...", "postgres://..." or "service=..." as libpq reads
 * them (a password in it is refused: PGPASSFILE or a service file); anything
 * else is the path of a file. The schema is left as it is. */
UK_RESULT bank_store_connect(const char *where, struct bank_store **out);
bool bank_store_is_remote(const char *where); /* names a database server */
/* Connects, and makes the tables that are missing. */
UK_RESULT bank_store_open(const char *where, struct bank_store **out);
void bank_store_close(struct bank_store **s); /* accepts NULL */
const char *bank_store_engine_name(const struct bank_store *s);

/* The steps of the schema that the database has made, of those that this
 * program knows. More than known: a later version has been here. */
UK_RESULT bank_store_steps(struct bank_store *s, size_t *made, size_t *known);
/* Makes the missing steps, all or none, also if several servers do so at once.
 * UK_ERR_UNSUPPORTED: a later version has been here; hands off. */
UK_RESULT bank_store_migrate(struct bank_store *s);
/* Does this engine's database make its steps without being asked? */
bool bank_store_makes_steps(const struct bank_store *s);
/* A copy of the running database in a new file; UK_ERR_UNSUPPORTED where the
 * engine has programs for that (pg_dump). */
UK_RESULT bank_store_backup(struct bank_store *s, const char *path);

/* --- transactions -------------------------------------------------------- */

/* SQLite takes the write lock at once, so that what is read next stays true;
 * with PostgreSQL that is true of what is read with FOR UPDATE. */
UK_RESULT bank_begin(struct bank_store *s);
/* All that is read until bank_rollback is of one moment; nothing is locked. Not
 * while a transaction is open. */
UK_RESULT bank_snapshot(struct bank_store *s);
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
/*
 * On failure nothing of it has happened: also if the engine took it back
 * before; bank_begin fails until then. UK_ERR_AGAIN: for the sake of others, or
 * the connection was lost (then it may have happened, if it was lost during
 * this call): do all of it again, which must not matter to what is done
 * already.
 */
UK_RESULT bank_flush(struct bank_store *s);

/* --- statements ---------------------------------------------------------- */

struct bank_kept;

typedef struct bank_query {
	struct bank_store *store;
	struct bank_kept *kept; /* owned by the store */
	int bound;
	uk_err err; /* first failure */
} bank_query;

/* sql is a string literal: the prepared statement is kept under its address,
 * and in use by one query at a time. */
bank_query bank_query_of(struct bank_store *s, const char *sql);
/* The next parameter. */
void bank_bind_int(bank_query *q, int64_t v);
void bank_bind_text(bank_query *q, uk_bytes v);
void bank_bind_blob(bank_query *q, uk_bytes v);
void bank_bind_null(bank_query *q);
/* The next row; false at the end and after a failure. */
bool bank_query_row(bank_query *q);
int64_t bank_col_int(const bank_query *q, int column); /* NULL reads as 0 */
bool bank_col_is_null(const bank_query *q, int column);
/* Of TEXT and BLOB: view until the next row or the end. */
uk_bytes bank_col(const bank_query *q, int column);
/* UK_ERR_EXISTS: something unique is there already. UK_ERR_AGAIN: as above.
 * UK_ERR_IO: all else. */
UK_RESULT bank_query_end(bank_query *q);
/* For statements that answer no rows. */
UK_RESULT bank_query_run(bank_query *q);
/* For statements that answer one number at most, as RETURNING id does;
 * UK_ERR_NOT_FOUND if they answer none. */
UK_RESULT bank_query_id(bank_query *q, int64_t *id);
/*
 * For a statement that changes exactly one row, in a transaction: it is sent,
 * and its end is waited for together with others, at the next call of another
 * kind. There its failure is told: UK_ERR_CONDITIONS if it changed none.
 * (SQLite has nothing to wait for and tells at once.)
 */
UK_RESULT bank_query_later(bank_query *q);
int64_t bank_changes(struct bank_store *s); /* rows of the last statement */

#endif
