/* PostgreSQL, and engines that speak its protocol, through libpq. */
#include "pg.h"

#include "log.h"
#include "sqltext.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- errors -------------------------------------------------------------- */

/* SQLSTATE, or the beginning of a class of it. */
static const struct {
	const char *state;
	enum uk_code code;
} states[] = {
	{ "23505", UK_ERR_EXISTS }, /* unique_violation */
	{ "40", UK_ERR_AGAIN },     /* serialization, deadlock, unknown end */
	{ "55P03", UK_ERR_AGAIN },  /* lock_timeout */
	{ "08", UK_ERR_AGAIN },     /* the connection */
	{ "57P", UK_ERR_AGAIN },    /* the server is stopped, or not up yet */
	{ "25006", UK_ERR_AGAIN },  /* read-only: a stand-by took over */
	{ "25P03", UK_ERR_AGAIN },  /* idle_in_transaction_session_timeout */
	{ "53200", UK_ERR_MEMORY },
};

/* libpq: a result has a status and, if that is an error, a SQLSTATE; there is
 * none (or no result) if the connection failed. Only the primary message is
 * logged: the others quote what was to be written. */
uk_err bank_pg_translate(struct bank_db *d, const PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	enum uk_code code = UK_ERR_IO;

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return uk_ok();
	if (state == NULL || PQstatus(d->pg) != CONNECTION_OK)
		code = UK_ERR_AGAIN;
	for (size_t i = 0; state != NULL && code == UK_ERR_IO &&
			   i < sizeof(states) / sizeof(states[0]);
	     i++) {
		if (strncmp(state, states[i].state, strlen(states[i].state)) ==
		    0)
			code = states[i].code;
	}
	if (code != UK_ERR_EXISTS)
		uk_log(UK_LOG_ERROR, "event=database code=%s error=\"%s\"",
		    state == NULL ? "-" : state,
		    text == NULL ? "the connection is lost" : text);
	return uk_fail(code);
}

/* --- the connection ------------------------------------------------------ */

/* Of what a session may set, what keeps one that was cut off from holding its
 * locks. An engine that does not know one of them says so and goes on. */
static const char *const settings[] = {
	"SET client_min_messages = 'warning'",
	"SET lock_timeout = '5s'",
	"SET idle_in_transaction_session_timeout = '3s'",
	"SET tcp_keepalives_idle = 5",
	"SET tcp_keepalives_interval = 2",
	"SET tcp_keepalives_count = 3",
	/* A transfer that was answered is on the disk. */
	"SELECT set_config('synchronous_commit', 'on', false)"
	" WHERE current_setting('synchronous_commit') = 'off'",
};

static void quiet(void *arg, const PGresult *r)
{
	(void)arg, (void)r; /* notices are no news, and not for stderr */
}

static uk_err set_up(struct bank_db *d)
{
	if (PQstatus(d->pg) != CONNECTION_OK)
		return uk_fail(UK_ERR_AGAIN);
	PQsetNoticeReceiver(d->pg, quiet, NULL);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		PQclear(PQexec(d->pg, settings[i]));
	return uk_ok();
}

/* PQerrorMessage has lines. */
static void log_refusal(const struct bank_db *d)
{
	const char *text = PQerrorMessage(d->pg);

	uk_log(UK_LOG_ERROR, "event=database connect=failed error=\"%.*s\"",
	    (int)strcspn(text, "\n"), text);
}

static bool has_password(const char *where)
{
	PQconninfoOption *all = PQconninfoParse(where, NULL);
	bool found = false;

	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++) {
		if (strcmp(o->keyword, "password") == 0 && o->val != NULL)
			found = true;
	}
	PQconninfoFree(all);
	return found;
}

PGconn *bank_pg_connect(const char *where)
{
	/* What `where` says of these counts: it comes last. */
	static const char *const names[] = { "connect_timeout",
		"client_encoding", "application_name", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"dbname", NULL };
	const char *const values[] = { "5", "UTF8", "ukey-bankd", "5", "2", "3",
		"5000", where, NULL };

	return PQconnectdbParams(names, values, 1);
}

static void close_db(struct bank_db **d)
{
	if (*d == NULL)
		return;
	PQfinish((*d)->pg);
	uk_free((*d)->where);
	uk_free(*d);
	*d = NULL;
}

static uk_err open_db(const char *where, struct bank_db **out)
{
	struct bank_db *d = uk_new(sizeof(*d));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (d == NULL)
		return err;
	if (has_password(where)) {
		uk_log(UK_LOG_ERROR,
		    "event=database error=\"no password here: PGPASSFILE or a "
		    "service file\"");
		err = uk_fail(UK_ERR_ARGUMENT);
		goto out;
	}
	d->where = uk_dup_str(where);
	d->pg = bank_pg_connect(where);
	if (d->pg == NULL || d->where == NULL)
		goto out;
	err = set_up(d);
	if (!uk_is_ok(err)) {
		log_refusal(d);
		goto out;
	}
	*out = d;
	d = NULL; /* handed over */
out:
	close_db(&d);
	return err;
}

int64_t bank_pg_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* At most so often: to a host that is silent each attempt takes its time-out,
 * and meanwhile no request would be answered. */
static uk_err revive(struct bank_db *d)
{
	if (PQstatus(d->pg) == CONNECTION_OK)
		return uk_ok();
	if (d->tried_ms != 0 &&
	    bank_pg_now_ms() - d->tried_ms < BANK_PG_PAUSE_MS)
		return uk_fail(UK_ERR_AGAIN);
	PQreset(d->pg);
	d->tried_ms = bank_pg_now_ms();
	d->life++;
	if (!uk_is_ok(set_up(d))) {
		log_refusal(d);
		return uk_fail(UK_ERR_AGAIN);
	}
	uk_log(UK_LOG_INFO, "event=database connect=ok");
	return uk_ok();
}

static enum bank_tx tx(const struct bank_db *d)
{
	if (d->sent > 0 && PQstatus(d->pg) == CONNECTION_OK)
		return BANK_TX_OPEN;
	switch (PQtransactionStatus(d->pg)) {
	case PQTRANS_INTRANS:
		return BANK_TX_OPEN;
	case PQTRANS_INERROR:
		return BANK_TX_BROKEN;
	default:
		return BANK_TX_NONE;
	}
}

/* --- texts --------------------------------------------------------------- */

static const struct bank_sql_word words[] = {
	{ "INTEGER PRIMARY KEY AUTOINCREMENT",
	    "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY" },
	{ "INTEGER PRIMARY KEY",
	    "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY" },
	{ "INTEGER", "BIGINT" },
	{ "BLOB", "BYTEA" },
	{ "STRICT, WITHOUT ROWID", "" },
	{ "STRICT", "" },
};

static uk_err to_text(const char *sql, bool numbered, uk_blob *out)
{
	return bank_sql_translate(
	    words, sizeof(words) / sizeof(words[0]), numbered, sql, out);
}

/* --- what was sent ------------------------------------------------------- */

static uk_err one_row(struct bank_db *d, const PGresult *r)
{
	UK_TRY(bank_pg_translate(d, r));
	return strcmp(PQcmdTuples((PGresult *)(uintptr_t)r), "1") == 0
		   ? uk_ok()
		   : uk_fail(UK_ERR_CONDITIONS);
}

/* libpq: each statement has a result and then NULL; after one that failed the
 * others are PGRES_PIPELINE_ABORTED; the sync has a result alone. */
static uk_err take_results(struct bank_db *d)
{
	uk_err err = uk_ok();
	unsigned nothing = 0;
	bool more = true;

	while (more && nothing < 2) {
		PGresult *r = PQgetResult(d->pg);
		ExecStatusType status = PQresultStatus(r);

		nothing = r == NULL ? nothing + 1 : 0;
		more = status != PGRES_PIPELINE_SYNC &&
		       PQstatus(d->pg) == CONNECTION_OK;
		if (more && r != NULL && uk_is_ok(err) &&
		    status != PGRES_PIPELINE_ABORTED)
			err = one_row(d, r);
		PQclear(r);
	}
	return err;
}

/* Waits for the ends of what was sent. */
static uk_err settle(struct bank_db *d)
{
	uk_err err;

	if (d->sent == 0)
		return uk_ok();
	d->sent = 0;
	if (PQpipelineSync(d->pg) != 1)
		return uk_fail(UK_ERR_AGAIN);
	err = take_results(d);
	if (PQstatus(d->pg) != CONNECTION_OK || PQexitPipelineMode(d->pg) != 1)
		return uk_fail(UK_ERR_AGAIN);
	return err;
}

/* A COMMIT of a transaction that is broken is answered by ROLLBACK. */
static bool has_committed(const char *sql, const PGresult *r)
{
	return strcmp(sql, "COMMIT;") != 0 ||
	       strcmp(PQcmdStatus((PGresult *)(uintptr_t)r), "COMMIT") == 0;
}

static uk_err run(struct bank_db *d, const char *sql)
{
	uk_blob text = { NULL, 0 };
	uk_err sent = settle(d), err = to_text(sql, false, &text);
	PGresult *r = NULL;

	/* Going back is never too late. */
	if (uk_is_ok(err) && strncmp(sql, "ROLLBACK", 8) != 0)
		err = sent;
	if (uk_is_ok(err)) {
		r = PQexec(d->pg, (const char *)text.p);
		err = bank_pg_translate(d, r);
	}
	if (uk_is_ok(err) && !has_committed(sql, r))
		err = uk_fail(UK_ERR_IO);
	PQclear(r);
	uk_blob_free(&text);
	return err;
}

/* --- statements ---------------------------------------------------------- */

/* Numbers of types that never change (pg_type.dat). */
static const Oid type_of[] = {
	[BANK_NULL] = 0, /* as the server sees it */
	[BANK_INT] = 20, /* int8 */
	[BANK_TEXT] = 25,
	[BANK_BLOB] = 17, /* bytea */
};

static uk_err prepare(struct bank_db *d, const char *sql, struct bank_st **out)
{
	struct bank_st *st = uk_new(sizeof(*st));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (st == NULL)
		return err;
	st->db = d;
	st->number = ++d->statements;
	err = to_text(sql, true, &st->text);
	if (!uk_is_ok(err)) {
		uk_free(st);
		return err;
	}
	*out = st;
	return uk_ok();
}

static void free_st(struct bank_st **st)
{
	PQclear((*st)->rows);
	uk_blob_free(&(*st)->text);
	uk_free(*st);
	*st = NULL;
}

static uk_err bind(struct bank_st *st, int at, struct bank_value v)
{
	uint64_t number = htobe64((uint64_t)v.number);
	uk_buf room;

	if (at > BANK_PG_PARAMETERS)
		return uk_fail(UK_ERR_INTERNAL);
	if (at > st->count)
		st->count = at;
	at--;
	room = uk_buf_over(&st->numbers[at], sizeof(number));
	uk_put(&room, uk_view(&number, sizeof(number)));
	st->formats[at] = 1;
	st->values[at] = NULL;
	if (v.kind == BANK_NULL)
		return uk_ok(); /* of the type it had before, or will have */
	if (st->types[at] != type_of[v.kind])
		st->life = 0; /* prepared for another type: anew */
	st->types[at] = type_of[v.kind];
	st->values[at] = v.kind == BANK_INT  ? (const char *)&st->numbers[at]
			 : v.bytes.p == NULL ? ""
					     : (const char *)v.bytes.p;
	st->lengths[at] = v.kind == BANK_INT ? 8 : (int)v.bytes.n;
	return uk_ok();
}

/* Prepared at its first use, when the types are known, and again after a
 * connection was lost. A name is never used twice. */
static uk_err prepare_there(struct bank_st *st)
{
	struct bank_db *d = st->db;
	PGresult *r;
	uk_err err;

	if (st->life == d->life + 1)
		return uk_ok();
	UK_TRY(settle(d));
	(void)snprintf(
	    st->name, sizeof(st->name), "s%u_%u", st->number, ++st->versions);
	r = PQprepare(
	    d->pg, st->name, (const char *)st->text.p, st->count, st->types);
	err = bank_pg_translate(d, r);
	PQclear(r);
	if (uk_is_ok(err))
		st->life = d->life + 1;
	return err;
}

static uk_err execute(struct bank_st *st)
{
	struct bank_db *d = st->db;

	UK_TRY(settle(d));
	UK_TRY(prepare_there(st));
	st->rows = PQexecPrepared(d->pg, st->name, st->count, st->values,
	    st->lengths, st->formats, 1);
	st->row = -1;
	return bank_pg_translate(d, st->rows);
}

static uk_err send_st(struct bank_st *st)
{
	struct bank_db *d = st->db;

	UK_TRY(prepare_there(st));
	if (d->sent == BANK_PG_SENT_MAX)
		UK_TRY(settle(d));
	if (d->sent == 0 && PQenterPipelineMode(d->pg) != 1)
		return uk_fail(UK_ERR_AGAIN);
	d->sent++;
	return PQsendQueryPrepared(d->pg, st->name, st->count, st->values,
		   st->lengths, st->formats, 0) == 1
		   ? uk_ok()
		   : uk_fail(UK_ERR_AGAIN);
}

static uk_err step(struct bank_st *st, bool *row, int64_t *changes)
{
	*row = false;
	if (st->rows == NULL)
		UK_TRY(execute(st));
	*row = ++st->row < PQntuples(st->rows);
	if (!*row)
		*changes = strtoll(PQcmdTuples(st->rows), NULL, 10);
	return uk_ok();
}

/* Whole numbers of 1 (boolean), 2, 4 and 8 bytes, most significant first. */
static int64_t number_in(uk_bytes v)
{
	uint64_t n = v.n > 0 && (v.p[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < v.n && i < 8; i++)
		n = n << 8 | v.p[i];
	return (int64_t)n;
}

static struct bank_value column(const struct bank_st *st, int at, int kind)
{
	struct bank_value v = { BANK_NULL, 0, UK_NONE };

	if (st->rows == NULL || st->row < 0 || st->row >= PQntuples(st->rows) ||
	    PQgetisnull(st->rows, st->row, at) != 0)
		return v;
	v.kind = BANK_BLOB;
	v.bytes = uk_view(PQgetvalue(st->rows, st->row, at),
	    (size_t)PQgetlength(st->rows, st->row, at));
	if (kind == BANK_INT)
		v.number = number_in(v.bytes);
	return v;
}

static void reset(struct bank_st *st)
{
	PQclear(st->rows);
	st->rows = NULL;
}

static uk_err backup(struct bank_db *d, const char *path)
{
	(void)d, (void)path;
	return uk_fail(UK_ERR_UNSUPPORTED);
}

const struct bank_engine bank_postgresql = {
	.name = "postgresql",
	.begin = "BEGIN;",
	.snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;",
	/* One number of ours; whoever comes second finds the steps made. */
	.lock_schema = "SELECT pg_advisory_xact_lock(8317472613);",
	.has_steps = "SELECT count(*) FROM information_schema.tables"
		     " WHERE table_name = 'migrations'"
		     " AND table_schema = current_schema()",
	.makes_steps = false,
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
	.send = send_st,
	.column = column,
	.reset = reset,
	.notify = "SELECT pg_notify('" BANK_PG_CHANNEL "',"
		  " ?1 || ':' || CAST(?2 AS TEXT))",
	.listen = bank_pg_listen,
	.deafen = bank_pg_deafen,
	.ear_fd = bank_pg_ear_fd,
	.hear = bank_pg_hear,
};
