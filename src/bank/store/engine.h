/*
 * What an engine of the database does for store.c: a table of functions.
 *
 * db is a connection, st a prepared statement; both belong to the engine that
 * made them. Each engine translates its library's errors in one function:
 *   UK_ERR_EXISTS  something unique is there already
 *   UK_ERR_AGAIN   the engine took it back for the sake of others (deadlock,
 *                  serialization, a lock that did not come), or the connection
 *                  is lost: doing all of it again may help
 *   UK_ERR_MEMORY, UK_ERR_IO for all else, with a line in the log
 */
#ifndef BANK_ENGINE_H
#define BANK_ENGINE_H

#include "mem.h"

struct bank_db;
struct bank_st;
struct bank_ear; /* listens to other servers */
struct bank_news;

enum bank_tx {
	BANK_TX_NONE, /* none is open, also if one was lost */
	BANK_TX_OPEN,
	BANK_TX_BROKEN /* open, but a statement failed: only back */
};

struct bank_value {
	enum { BANK_NULL, BANK_INT, BANK_TEXT, BANK_BLOB } kind;
	int64_t number;
	uk_bytes bytes; /* borrowed until the statement is reset */
};

struct bank_engine {
	const char *name;
	const char *begin;    /* a transaction that writes */
	const char *snapshot; /* one that reads what is true at one moment */
	const char
	    *lock_schema;      /* first in the one that makes steps; or NULL */
	const char *has_steps; /* counts the tables called migrations */
	bool makes_steps;      /* without being asked to */

	UK_RESULT (*open)(const char *where, struct bank_db **out);
	void (*close)(struct bank_db **db); /* accepts NULL */
	/* Connects again if the connection is lost; not within a transaction.
	 */
	UK_RESULT (*revive)(struct bank_db *db);
	enum bank_tx (*tx)(const struct bank_db *db);
	/* Statements without parameters and rows, each ended by ';'. */
	UK_RESULT (*run)(struct bank_db *db, const char *sql);

	/* A copy in a new file; UK_ERR_UNSUPPORTED where programs do that. */
	UK_RESULT (*backup)(struct bank_db *db, const char *path);

	UK_RESULT(*prepare)
	(struct bank_db *db, const char *sql, struct bank_st **out);
	void (*free)(struct bank_st **st);
	UK_RESULT (*bind)(struct bank_st *st, int at, struct bank_value v);
	/* *changes: rows of a statement that writes, once it is at its end. */
	UK_RESULT (*step)(struct bank_st *st, bool *row, int64_t *changes);
	/* Sent without waiting; what comes next waits, and tells if it failed
	 * or changed another number of rows than one. NULL: step is as fast. */
	UK_RESULT (*send)(struct bank_st *st);
	struct bank_value (*column)(const struct bank_st *st, int at,
	    int kind); /* as what it is read */
	void (*reset)(struct bank_st *st);

	/* News (news.h); all NULL where the database is this process's alone.
	 * notify: a statement with the parameters topic and number. */
	const char *notify;
	UK_RESULT (*listen)(struct bank_db *db, struct bank_ear **out);
	void (*deafen)(struct bank_ear **ear);
	int (*ear_fd)(const struct bank_ear *ear);
	bool (*hear)(struct bank_ear *ear, struct bank_news *out);
};

extern const struct bank_engine bank_sqlite, bank_postgresql;

/* The store's own parts, for migrate.c and news.c. */
struct bank_store;
struct bank_queue;
struct bank_listener;
struct bank_db *bank_store_db(struct bank_store *s);
struct bank_queue *bank_store_queue(struct bank_store *s);
void bank_store_set_listener(struct bank_store *s, struct bank_listener *l);
const struct bank_engine *bank_store_engine(const struct bank_store *s);
UK_RESULT bank_store_run(struct bank_store *s, const char *sql);

#endif
