/* SQLite: one file, write-ahead log, every commit on the disk. */
#include "engine.h"
#include "log.h"
#include "sqltext.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

enum { BUSY_MS = 5000, BACKUP_PAGES = 256, BACKUP_PAUSE_MS = 20 };

struct bank_db {
	sqlite3 *db;
};

struct bank_st {
	sqlite3_stmt *st;
};

/* SQLite: SQLITE_OK, or the (extended) reason; the text is in the connection.
 */
static uk_err translate(sqlite3 *db, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return uk_ok();
	if (rc == SQLITE_CONSTRAINT_UNIQUE ||
	    rc == SQLITE_CONSTRAINT_PRIMARYKEY)
		return uk_fail(UK_ERR_EXISTS);
	uk_log(UK_LOG_ERROR, "event=database code=%d error=\"%s\"", rc,
	    sqlite3_errmsg(db));
	if (rc == SQLITE_NOMEM)
		return uk_fail(UK_ERR_MEMORY);
	/* another program had it for longer than BUSY_MS */
	return uk_fail((rc & 0xff) == SQLITE_BUSY ? UK_ERR_AGAIN : UK_ERR_IO);
}

static uk_err run(struct bank_db *d, const char *sql)
{
	return translate(d->db, sqlite3_exec(d->db, sql, NULL, NULL, NULL));
}

static const char settings[] = "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA foreign_keys = ON;"
			       "PRAGMA trusted_schema = OFF;";

static void close_db(struct bank_db **d)
{
	if (*d == NULL)
		return;
	sqlite3_close((*d)->db);
	uk_free(*d);
	*d = NULL;
}

static uk_err open_db(const char *path, struct bank_db **out)
{
	struct bank_db *d = uk_new(sizeof(*d));
	uk_err err = uk_fail(UK_ERR_IO);

	*out = NULL;
	if (d == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (sqlite3_open_v2(path, &d->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		goto out;
	sqlite3_extended_result_codes(d->db, 1);
	sqlite3_busy_timeout(d->db, BUSY_MS);
	err = run(d, settings);
	if (!uk_is_ok(err))
		goto out;
	*out = d;
	d = NULL; /* handed over */
out:
	close_db(&d);
	return err;
}

static uk_err revive(struct bank_db *d)
{
	(void)d;
	return uk_ok();
}

static enum bank_tx tx(const struct bank_db *d)
{
	return sqlite3_get_autocommit(d->db) != 0 ? BANK_TX_NONE : BANK_TX_OPEN;
}

/* --- statements ---------------------------------------------------------- */

static const struct bank_sql_word words[] = { { "FOR UPDATE", "" } };

static uk_err prepare(struct bank_db *d, const char *sql, struct bank_st **out)
{
	struct bank_st *st = uk_new(sizeof(*st));
	uk_blob text = { NULL, 0 };
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (st == NULL)
		goto out;
	err = bank_sql_translate(words, 1, false, sql, &text);
	if (uk_is_ok(err))
		err = translate(
		    d->db, sqlite3_prepare_v3(d->db, (const char *)text.p, -1,
			       SQLITE_PREPARE_PERSISTENT, &st->st, NULL));
	if (!uk_is_ok(err))
		goto out;
	*out = st;
	st = NULL; /* handed over */
out:
	uk_free(st);
	uk_blob_free(&text);
	return err;
}

static void free_st(struct bank_st **st)
{
	sqlite3_finalize((*st)->st);
	uk_free(*st);
	*st = NULL;
}

/* An empty view may have no address, which SQLite would take for NULL. */
static const char *address(uk_bytes v)
{
	return v.n == 0 ? "" : (const char *)v.p;
}

/* SQLITE_STATIC: what is bound outlives the query, like every borrowed view. */
static uk_err bind(struct bank_st *st, int at, struct bank_value v)
{
	int rc;

	if (v.kind == BANK_INT)
		rc = sqlite3_bind_int64(st->st, at, v.number);
	else if (v.kind == BANK_TEXT)
		rc = sqlite3_bind_text64(st->st, at, address(v.bytes),
		    v.bytes.n, SQLITE_STATIC, SQLITE_UTF8);
	else if (v.kind == BANK_BLOB)
		rc = sqlite3_bind_blob64(
		    st->st, at, address(v.bytes), v.bytes.n, SQLITE_STATIC);
	else
		rc = sqlite3_bind_null(st->st, at);
	return translate(sqlite3_db_handle(st->st), rc);
}

static uk_err step(struct bank_st *st, bool *row, int64_t *changes)
{
	sqlite3 *db = sqlite3_db_handle(st->st);
	int rc = sqlite3_step(st->st);

	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_DONE)
		*changes = sqlite3_changes64(db);
	return translate(db, rc);
}

static struct bank_value column(const struct bank_st *st, int at, int kind)
{
	struct bank_value v = { BANK_NULL, 0, UK_NONE };
	const void *p;

	if (sqlite3_column_type(st->st, at) == SQLITE_NULL)
		return v;
	if (kind == BANK_INT)
		return (struct bank_value){ BANK_INT,
			sqlite3_column_int64(st->st, at), UK_NONE };
	if (kind == BANK_NULL) /* only whether it is */
		return (struct bank_value){ BANK_BLOB, 0, UK_NONE };
	p = sqlite3_column_blob(st->st, at);
	v.kind = BANK_BLOB;
	v.bytes = uk_view(p, (size_t)sqlite3_column_bytes(st->st, at));
	return v;
}

static void reset(struct bank_st *st)
{
	(void)sqlite3_reset(st->st); /* repeats the failure of step */
	(void)sqlite3_clear_bindings(st->st);
}

/* --- backup -------------------------------------------------------------- */

/* Some pages at a time, so that the server's writer gets its turns; what it
 * writes meanwhile makes SQLite begin again by itself. */
static uk_err copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	int rc = SQLITE_OK;

	if (b == NULL)
		return translate(to, sqlite3_errcode(to));
	while (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
		rc = sqlite3_backup_step(b, BACKUP_PAGES);
		if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
			sqlite3_sleep(BACKUP_PAUSE_MS);
	}
	(void)sqlite3_backup_finish(b); /* repeats the failure of step */
	return translate(to, rc);
}

static uk_err backup(struct bank_db *d, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	sqlite3 *to = NULL;
	uk_err err = uk_fail(UK_ERR_IO);

	if (fd < 0)
		return uk_fail(UK_ERR_EXISTS);
	close(fd);
	/* One read transaction: the pages are those of one moment. */
	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK)
		err = copy_pages(d->db, to);
	if (sqlite3_close(to) != SQLITE_OK && uk_is_ok(err))
		err = uk_fail(UK_ERR_IO);
	if (!uk_is_ok(err))
		(void)unlink(path);
	return err;
}

const struct bank_engine bank_sqlite = {
	.name = "sqlite",
	.begin = "BEGIN IMMEDIATE;",
	.snapshot = "BEGIN DEFERRED;",
	.has_steps = "SELECT count(*) FROM sqlite_master"
		     " WHERE type = 'table' AND name = 'migrations'",
	.makes_steps = true,
	.open = open_db,
	.close = close_db,
	.revive = revive,
	.tx = tx,
	.run = run,
	.backup = backup,
	.prepare = prepare,
	.free = free_st,
	.bind = bind,
	.step = step,
	.column = column,
	.reset = reset,
};
