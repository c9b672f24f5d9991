/* The database, whatever its engine: transactions and statements. */
#include "store.h"

#include "engine.h"
#include "queue.h"

#include <string.h>

enum { KEPT = 1024 }; /* statements; a power of two */

struct bank_kept {
	const char *sql;
	struct bank_st *st;
};

struct bank_store {
	const struct bank_engine *engine;
	struct bank_db *db;
	bool collects;  /* bank_begin to bank_commit are parts of one */
	bool part;      /* such a part is open */
	bool collected; /* something waits for bank_flush, or was lost */
	bool again;     /* something failed that may be done again */
	int64_t changes;
	struct bank_queue queue; /* said in this transaction */
	struct bank_listener *listener;
	struct bank_kept kept[KEPT];
	size_t count;
};

/* --- opening ------------------------------------------------------------- */

bool bank_store_is_remote(const char *where)
{
	static const char *const starts[] = { "postgresql://", "postgres://",
		"service=" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (strncmp(where, starts[i], strlen(starts[i])) == 0)
			return true;
	}
	return false;
}

uk_err bank_store_connect(const char *where, struct bank_store **out)
{
	struct bank_store *s = uk_new(sizeof(*s));
	uk_err err;

	*out = NULL;
	if (s == NULL)
		return uk_fail(UK_ERR_MEMORY);
	s->engine = bank_store_is_remote(where) ? &bank_postgresql
						: &bank_sqlite;
	err = s->engine->open(where, &s->db);
	if (!uk_is_ok(err))
		goto out;
	*out = s;
	s = NULL; /* handed over */
out:
	bank_store_close(&s);
	return err;
}

uk_err bank_store_open(const char *where, struct bank_store **out)
{
	uk_err err;

	UK_TRY(bank_store_connect(where, out));
	err = bank_store_migrate(*out);
	if (!uk_is_ok(err))
		bank_store_close(out);
	return err;
}

void bank_store_close(struct bank_store **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < KEPT; i++) {
		if ((*s)->kept[i].st != NULL)
			(*s)->engine->free(&(*s)->kept[i].st);
	}
	if ((*s)->db != NULL)
		(*s)->engine->close(&(*s)->db);
	uk_free(*s);
	*s = NULL;
}

const char *bank_store_engine_name(const struct bank_store *s)
{
	return s->engine->name;
}

bool bank_store_makes_steps(const struct bank_store *s)
{
	return s->engine->makes_steps;
}

const struct bank_engine *bank_store_engine(const struct bank_store *s)
{
	return s->engine;
}

struct bank_db *bank_store_db(struct bank_store *s)
{
	return s->db;
}

struct bank_queue *bank_store_queue(struct bank_store *s)
{
	return &s->queue;
}

void bank_store_set_listener(struct bank_store *s, struct bank_listener *l)
{
	s->listener = l;
}

uk_err bank_store_backup(struct bank_store *s, const char *path)
{
	return s->engine->backup(s->db, path);
}

/* --- transactions -------------------------------------------------------- */

static enum bank_tx tx(const struct bank_store *s)
{
	return s->engine->tx(s->db);
}

/* What was collected is lost, and nothing new may hide that. */
static bool is_lost(const struct bank_store *s)
{
	return s->again || (s->collected && tx(s) != BANK_TX_OPEN);
}

static uk_err noted(struct bank_store *s, uk_err err)
{
	if (uk_is(err, UK_ERR_AGAIN) && s->collects)
		s->again = true;
	return err;
}

/* Between transactions a connection that was lost is made anew. */
static uk_err revive(struct bank_store *s)
{
	if (s->collected || tx(s) != BANK_TX_NONE)
		return uk_ok();
	return noted(s, s->engine->revive(s->db));
}

uk_err bank_store_run(struct bank_store *s, const char *sql)
{
	return noted(s, s->engine->run(s->db, sql));
}

/* A connection may turn out to be lost only here, where nothing is at stake. */
static uk_err begin(struct bank_store *s)
{
	uk_err err = s->engine->run(s->db, s->engine->begin);

	if (!uk_is(err, UK_ERR_AGAIN))
		return err;
	UK_TRY(revive(s));
	return bank_store_run(s, s->engine->begin);
}

uk_err bank_begin(struct bank_store *s)
{
	if (is_lost(s))
		return uk_fail(s->again ? UK_ERR_AGAIN : UK_ERR_IO);
	UK_TRY(revive(s));
	if (tx(s) == BANK_TX_NONE)
		UK_TRY(begin(s));
	bank_queue_mark(&s->queue);
	if (!s->collects)
		return uk_ok();
	s->collected = true;
	UK_TRY(bank_store_run(s, "SAVEPOINT part;"));
	s->part = true;
	return uk_ok();
}

uk_err bank_snapshot(struct bank_store *s)
{
	UK_TRY(revive(s));
	return bank_store_run(s, s->engine->snapshot);
}

uk_err bank_commit(struct bank_store *s)
{
	if (!s->collects) {
		UK_TRY(bank_store_run(s, "COMMIT;"));
		bank_queue_deliver(&s->queue, s->listener);
		return uk_ok();
	}
	UK_TRY(bank_store_run(s, "RELEASE SAVEPOINT part;"));
	s->part = false;
	return uk_ok();
}

void bank_rollback(struct bank_store *s)
{
	const char *sql = s->part ? "ROLLBACK TO SAVEPOINT part;"
				    "RELEASE SAVEPOINT part;"
				  : "ROLLBACK;";
	bool nothing = tx(s) == BANK_TX_NONE || (s->collects && !s->part);

	if (s->part || !s->collects)
		bank_queue_back(&s->queue);
	s->part = false;
	if (!nothing)
		UK_IGNORE(bank_store_run(s, sql)); /* logged */
}

void bank_store_collect(struct bank_store *s)
{
	s->collects = true;
}

bool bank_store_has_collected(const struct bank_store *s)
{
	return s->collected || s->again;
}

uk_err bank_flush(struct bank_store *s)
{
	bool again = s->again;
	uk_err err = uk_fail(again ? UK_ERR_AGAIN : UK_ERR_IO);

	if (!bank_store_has_collected(s))
		return uk_ok();
	if (!is_lost(s))
		err = s->engine->run(s->db, "COMMIT;");
	s->collected = s->part = s->again = false;
	if (!uk_is_ok(err) && tx(s) != BANK_TX_NONE)
		UK_IGNORE(s->engine->run(s->db, "ROLLBACK;"));
	if (uk_is_ok(err))
		bank_queue_deliver(&s->queue, s->listener);
	else
		bank_queue_drop(&s->queue);
	return err;
}

/* --- statements ---------------------------------------------------------- */

/* Its place in the table, or the free one where it belongs. */
static struct bank_kept *place_of(struct bank_store *s, const char *sql)
{
	uint64_t mixed = (uint64_t)(uintptr_t)sql *
			 UINT64_C(0x9e3779b97f4a7c15); /* Fibonacci hashing */
	size_t at = (size_t)(mixed >> 54);

	while (s->kept[at].sql != NULL && s->kept[at].sql != sql)
		at = (at + 1) % KEPT;
	return &s->kept[at];
}

static uk_err prepare(
    struct bank_store *s, const char *sql, struct bank_kept **out)
{
	struct bank_kept *k = place_of(s, sql);

	if (k->sql == NULL) {
		if (s->count >= KEPT / 2)
			return uk_fail(UK_ERR_INTERNAL); /* too few places */
		UK_TRY(revive(s));
		UK_TRY(s->engine->prepare(s->db, sql, &k->st));
		k->sql = sql;
		s->count++;
	}
	*out = k;
	return uk_ok();
}

bank_query bank_query_of(struct bank_store *s, const char *sql)
{
	bank_query q = { s, NULL, 0, uk_ok() };

	q.err = noted(s, prepare(s, sql, &q.kept));
	return q;
}

static void bind(bank_query *q, struct bank_value v)
{
	int at = ++q->bound;

	if (uk_is_ok(q->err))
		q->err = q->store->engine->bind(q->kept->st, at, v);
}

void bank_bind_int(bank_query *q, int64_t v)
{
	bind(q, (struct bank_value){ BANK_INT, v, UK_NONE });
}

void bank_bind_text(bank_query *q, uk_bytes v)
{
	bind(q, (struct bank_value){ BANK_TEXT, 0, v });
}

void bank_bind_blob(bank_query *q, uk_bytes v)
{
	bind(q, (struct bank_value){ BANK_BLOB, 0, v });
}

void bank_bind_null(bank_query *q)
{
	bind(q, (struct bank_value){ BANK_NULL, 0, UK_NONE });
}

bool bank_query_row(bank_query *q)
{
	struct bank_store *s = q->store;
	bool row = false;

	if (uk_is_ok(q->err))
		q->err = revive(s);
	if (uk_is_ok(q->err))
		q->err = noted(
		    s, s->engine->step(q->kept->st, &row, &s->changes));
	return row && uk_is_ok(q->err);
}

int64_t bank_col_int(const bank_query *q, int column)
{
	return q->store->engine->column(q->kept->st, column, BANK_INT).number;
}

bool bank_col_is_null(const bank_query *q, int column)
{
	return q->store->engine->column(q->kept->st, column, BANK_NULL).kind ==
	       BANK_NULL;
}

uk_bytes bank_col(const bank_query *q, int column)
{
	return q->store->engine->column(q->kept->st, column, BANK_BLOB).bytes;
}

uk_err bank_query_end(bank_query *q)
{
	if (q->kept != NULL)
		q->store->engine->reset(q->kept->st);
	return q->err;
}

uk_err bank_query_run(bank_query *q)
{
	(void)bank_query_row(q); /* a failure is remembered in q */
	return bank_query_end(q);
}

uk_err bank_query_later(bank_query *q)
{
	struct bank_store *s = q->store;

	if (s->engine->send == NULL) {
		UK_TRY(bank_query_run(q));
		return s->changes == 1 ? uk_ok() : uk_fail(UK_ERR_CONDITIONS);
	}
	if (uk_is_ok(q->err))
		q->err = noted(s, s->engine->send(q->kept->st));
	return bank_query_end(q);
}

uk_err bank_query_id(bank_query *q, int64_t *id)
{
	bool found = bank_query_row(q);

	*id = found ? bank_col_int(q, 0) : 0;
	while (found && bank_query_row(q)) /* to the end */
		;
	UK_TRY(bank_query_end(q));
	return found ? uk_ok() : uk_fail(UK_ERR_NOT_FOUND);
}

int64_t bank_changes(struct bank_store *s)
{
	return s->changes;
}
