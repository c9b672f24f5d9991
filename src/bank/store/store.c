/* The database: schema, statements, transactions. */
#include "store.h"

#include "log.h"
#include "schema.h"

#include <limits.h>
#include <sqlite3.h>

enum { STATEMENTS = 64, BUSY_MS = 5000 };

struct bank_store {
	sqlite3 *db;
	bool collects;  /* bank_begin to bank_commit are parts of one */
	bool part;      /* such a part is open */
	bool collected; /* something waits for bank_flush, or was lost */
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} kept[STATEMENTS];
	size_t count;
};

static uk_err run(struct bank_store *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		return uk_ok();
	uk_log(
	    UK_LOG_ERROR, "event=database error=\"%s\"", sqlite3_errmsg(s->db));
	return uk_fail(rc == SQLITE_NOMEM ? UK_ERR_MEMORY : UK_ERR_IO);
}

/* --- opening ------------------------------------------------------------- */

static const char settings[] = "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA foreign_keys = ON;"
			       "PRAGMA trusted_schema = OFF;";

/* The first step that has not been made yet. */
static uk_err next_step(struct bank_store *s, size_t *step)
{
	bank_query q;

	UK_TRY(run(s, "CREATE TABLE IF NOT EXISTS migrations ("
		      " step INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"));
	q = bank_query_of(s, "SELECT count(*) FROM migrations");
	if (bank_query_row(&q))
		*step = (size_t)bank_col_int(&q, 0);
	UK_TRY(bank_query_end(&q));
	/* Made by a later version of this program: hands off. */
	return *step > bank_migration_count ? uk_fail(UK_ERR_UNSUPPORTED)
					    : uk_ok();
}

static uk_err make_step(struct bank_store *s, size_t step)
{
	const struct bank_migration *m = &bank_migrations[step];
	bank_query q;

	UK_TRY(run(s, m->sql));
	q = bank_query_of(
	    s, "INSERT INTO migrations (step, name) VALUES (?, ?)");
	bank_bind_int(&q, (int64_t)step + 1);
	bank_bind_text(&q, uk_view_str(m->name));
	return bank_query_run(&q);
}

/* All steps or none. */
static uk_err migrate(struct bank_store *s)
{
	size_t step = 0;
	uk_err err;

	UK_TRY(bank_begin(s));
	err = next_step(s, &step);
	for (; uk_is_ok(err) && step < bank_migration_count; step++)
		err = make_step(s, step);
	if (uk_is_ok(err))
		err = bank_commit(s);
	if (!uk_is_ok(err))
		bank_rollback(s);
	return err;
}

uk_err bank_store_open(const char *path, struct bank_store **out)
{
	struct bank_store *s = uk_new(sizeof(*s));
	uk_err err = uk_fail(UK_ERR_IO);

	*out = NULL;
	if (s == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (sqlite3_open_v2(path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		goto out;
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	err = run(s, settings);
	if (uk_is_ok(err))
		err = migrate(s);
	if (!uk_is_ok(err))
		goto out;
	*out = s;
	s = NULL; /* handed over */
out:
	bank_store_close(&s);
	return err;
}

void bank_store_close(struct bank_store **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < (*s)->count; i++)
		sqlite3_finalize((*s)->kept[i].statement);
	sqlite3_close((*s)->db);
	uk_free(*s);
	*s = NULL;
}

uk_err bank_begin(struct bank_store *s)
{
	uk_err err = uk_ok();
	bool open = sqlite3_get_autocommit(s->db) == 0;

	/* After some failures SQLite takes back the whole transaction: what was
	 * collected is lost, and nothing new may hide that. */
	if (s->collected && !open)
		return uk_fail(UK_ERR_IO);
	if (!open)
		err = run(s, "BEGIN IMMEDIATE");
	if (!s->collects || !uk_is_ok(err))
		return err;
	s->collected = true;
	err = run(s, "SAVEPOINT part");
	s->part = uk_is_ok(err);
	return err;
}

uk_err bank_commit(struct bank_store *s)
{
	if (!s->collects)
		return run(s, "COMMIT");
	UK_TRY(run(s, "RELEASE part"));
	s->part = false;
	return uk_ok();
}

void bank_rollback(struct bank_store *s)
{
	const char *sql = s->part ? "ROLLBACK TO part; RELEASE part"
				  : "ROLLBACK";
	bool open = sqlite3_get_autocommit(s->db) == 0;

	if (!open || (s->collects && !s->part)) {
		s->part = false;
		return;
	}
	s->part = false;
	UK_IGNORE(run(s, sql)); /* logged; nothing to do */
}

void bank_store_collect(struct bank_store *s)
{
	s->collects = true;
}

bool bank_store_has_collected(const struct bank_store *s)
{
	return s->collected;
}

uk_err bank_flush(struct bank_store *s)
{
	bool open = sqlite3_get_autocommit(s->db) == 0;
	uk_err err;

	if (!s->collected)
		return uk_ok();
	s->collected = s->part = false;
	if (!open)
		return uk_fail(UK_ERR_IO); /* taken back already */
	err = run(s, "COMMIT");
	if (!uk_is_ok(err) && sqlite3_get_autocommit(s->db) == 0)
		UK_IGNORE(run(s, "ROLLBACK"));
	return err;
}

/* --- statements ---------------------------------------------------------- */

static int prepare(struct bank_store *s, const char *sql, sqlite3_stmt **out)
{
	int rc;

	for (size_t i = 0; i < s->count; i++) {
		if (s->kept[i].sql == sql) {
			*out = s->kept[i].statement;
			return SQLITE_OK;
		}
	}
	if (s->count == STATEMENTS)
		return SQLITE_FULL; /* more statements than this program has */
	rc = sqlite3_prepare_v3(
	    s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
	if (rc == SQLITE_OK) {
		s->kept[s->count].sql = sql;
		s->kept[s->count++].statement = *out;
	}
	return rc;
}

bank_query bank_query_of(struct bank_store *s, const char *sql)
{
	bank_query q = { s, NULL, 0, SQLITE_OK };
	sqlite3_stmt *st = NULL;

	q.rc = prepare(s, sql, &st);
	q.statement = st;
	return q;
}

static void bound(bank_query *q, int rc)
{
	if (q->rc == SQLITE_OK)
		q->rc = rc;
}

void bank_bind_int(bank_query *q, int64_t v)
{
	bound(q, sqlite3_bind_int64(q->statement, ++q->bound, v));
}

/* An empty view may have no address, which SQLite would take for NULL. */
static const char *address(uk_bytes v)
{
	return v.n == 0 ? "" : (const char *)v.p;
}

/* SQLITE_STATIC: what is bound outlives the query, like every borrowed view. */
void bank_bind_text(bank_query *q, uk_bytes v)
{
	bound(q, sqlite3_bind_text64(q->statement, ++q->bound, address(v), v.n,
		     SQLITE_STATIC, SQLITE_UTF8));
}

void bank_bind_blob(bank_query *q, uk_bytes v)
{
	bound(q, sqlite3_bind_blob64(
		     q->statement, ++q->bound, address(v), v.n, SQLITE_STATIC));
}

void bank_bind_null(bank_query *q)
{
	bound(q, sqlite3_bind_null(q->statement, ++q->bound));
}

bool bank_query_row(bank_query *q)
{
	int rc;

	if (q->rc != SQLITE_OK)
		return false;
	rc = sqlite3_step(q->statement);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		q->rc = rc;
	return rc == SQLITE_ROW;
}

int64_t bank_col_int(const bank_query *q, int column)
{
	return sqlite3_column_int64(q->statement, column);
}

bool bank_col_is_null(const bank_query *q, int column)
{
	return sqlite3_column_type(q->statement, column) == SQLITE_NULL;
}

uk_bytes bank_col(const bank_query *q, int column)
{
	const void *p = sqlite3_column_blob(q->statement, column);

	return uk_view(p, (size_t)sqlite3_column_bytes(q->statement, column));
}

/* SQLite: SQLITE_OK, or the (extended) reason; the text is in the connection.
 */
uk_err bank_query_end(bank_query *q)
{
	if (q->rc != SQLITE_OK && q->rc != SQLITE_CONSTRAINT_UNIQUE &&
	    q->rc != SQLITE_CONSTRAINT_PRIMARYKEY)
		uk_log(UK_LOG_ERROR, "event=database code=%d error=\"%s\"",
		    q->rc, sqlite3_errmsg(q->store->db));
	if (q->statement != NULL) {
		(void)sqlite3_reset(q->statement); /* repeats q->rc */
		(void)sqlite3_clear_bindings(q->statement);
	}
	switch (q->rc) {
	case SQLITE_OK:
		return uk_ok();
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
		return uk_fail(UK_ERR_EXISTS);
	case SQLITE_NOMEM:
		return uk_fail(UK_ERR_MEMORY);
	default:
		return uk_fail(UK_ERR_IO);
	}
}

uk_err bank_query_run(bank_query *q)
{
	(void)bank_query_row(q); /* a failure is remembered in q */
	return bank_query_end(q);
}

int64_t bank_last_id(struct bank_store *s)
{
	return sqlite3_last_insert_rowid(s->db);
}

int64_t bank_changes(struct bank_store *s)
{
	return sqlite3_changes64(s->db);
}
